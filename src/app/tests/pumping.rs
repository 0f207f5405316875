//! What an attack costs that causes messages for money: somebody with many accounts sets up numbers of carriers that pay
//! them, and never gives a code back. The same attack, over a real store, with the limits and without; the people who
//! enrol meanwhile are there too. Its table is in `docs/abuse.md`.
//!
//! `SEKISHO_PUMPING=10000 cargo test --lib pumping -- --nocapture` prints it; without the variable a tenth of the first
//! attack runs.

use std::{fmt::Write as _, net::Ipv4Addr, time::Duration};

use super::{Bench, Jar, PASSWORD, World, config};
use crate::{
    account::MethodKind,
    app::{Browser, ChoiceForm, EnrolmentOutcome},
    store::OutboxOutcome,
};

/// Blocks of numbers the attack goes to.
const BLOCKS: u32 = 200;
/// Networks it comes from.
const NETWORKS: u32 = 100;

/// The limits as they are by default.
const GUARDED: &str = "";
/// As if there were none: what was there before them stays (waits, 10 messages an hour to what an account sets up).
const UNGUARDED: &str = "[budget]\nper_account = 100000\nnew_per_account = 1000\nnew_numbers_per_account = 1000\n\
     per_network = 1000000\nper_block = 1000000\nnew_per_block = 1000000\nper_country = 100000000\n\
     per_hour = 100000000\nmoney = \"999999999\"\n[budget.watch]\nenabled = false";

#[derive(Clone, Copy)]
struct Attack {
    name: &'static str,
    /// Enrolments that are begun.
    enrolments: u32,
    /// The accounts they are begun with, one after the other.
    accounts: u32,
    /// Over so long.
    lasts: Duration,
}

#[derive(Debug)]
struct Bill {
    /// Messages that were ordered for the attack.
    sent: u32,
    /// What they cost, in millionths.
    cost: i64,
    /// People who enrolled meanwhile, of all who tried.
    people: (u32, u32),
}

impl World {
    async fn weak(tables: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut config = config(directory.path(), tables);
        // The attack has the passwords: what they cost is no part of this.
        config.password.memory_kib = 8;
        Self(Bench::open(config, directory).await)
    }
}

fn from(browser: Browser<'_>, network: u32) -> Browser<'_> {
    Browser { address: Ipv4Addr::from_bits((10 << 24) | (network << 8) | 7).into(), ..browser }
}

/// Sends everything that was ordered.
async fn send(world: &World) {
    let (store, now) = (world.app.store(), world.app.now());
    for item in store.claim_messages(None, 1000, now).await.unwrap() {
        store.hand_over(item.id, "test", now).await.unwrap();
        store.finish_message(item.id, OutboxOutcome::Sent, ("accepted", None), now).await.unwrap();
    }
}

async fn bill(attack: Attack, tables: &str) -> Bill {
    let world = World::weak(tables).await;
    let every = attack.lasts / attack.enrolments;
    let mut bill = Bill { sent: 0, cost: 0, people: (0, 0) };
    let mut since_watch = Duration::ZERO;
    for n in 0..attack.enrolments {
        let account = n % attack.accounts;
        let name = format!("pump{account}");
        if n < attack.accounts {
            world.person(&name).await;
        }
        let mut jar = Jar::new();
        world.password(&mut jar, &name, PASSWORD).await;
        let browser = from(jar.browser(), account % NETWORKS);
        world.app.begin_enrolment(&browser).await.unwrap();
        let number = format!("+8190{:04}{:04}", 1000 + n % BLOCKS, n / BLOCKS);
        let form = ChoiceForm { kind: MethodKind::Sms, number: &number, known: None, label: "" };
        let outcome = world.app.choose(&browser, form).await.unwrap();
        if matches!(outcome, EnrolmentOutcome::Done) {
            bill.sent += 1;
            bill.cost += world.app.snapshot().config.budget.sms_price;
        }
        // Beside every hundredth there is somebody who means it.
        if n % 100 == 50 {
            bill.people.1 += 1;
            bill.people.0 += u32::from(enrols(&world, n).await);
        }
        world.pass(every);
        since_watch += every;
        if since_watch >= Duration::from_mins(1) {
            send(&world).await;
            world.app.watch_messages().await.unwrap();
            since_watch = Duration::ZERO;
        }
    }
    bill
}

/// Proves a telephone as the primary.
async fn enrols(world: &World, n: u32) -> bool {
    let name = format!("person{n}");
    world.person(&name).await;
    let mut jar = Jar::new();
    world.password(&mut jar, &name, PASSWORD).await;
    let browser = from(jar.browser(), 200 + n % 7);
    world.app.begin_enrolment(&browser).await.unwrap();
    let number = format!("+8180{:08}", 10_000_000 + n * 7_919);
    let form = ChoiceForm { kind: MethodKind::Sms, number: &number, known: None, label: "" };
    if !matches!(world.app.choose(&browser, form).await.unwrap(), EnrolmentOutcome::Done) {
        return false;
    }
    send(world).await;
    let code = world.code(&jar).await;
    world.submit(&mut jar, &code, false).await;
    true
}

fn money(millionths: i64) -> String {
    format!("{}.{:02}", millionths / 1_000_000, millionths % 1_000_000 / 10_000)
}

#[tokio::test]
#[expect(clippy::print_stderr, reason = "a table for whoever runs it")]
async fn rat_14_16_19_20_pumping_costs_a_fraction_with_the_limits() {
    let whole = std::env::var("SEKISHO_PUMPING").ok().and_then(|text| text.parse().ok());
    let enrolments: u32 = whole.unwrap_or(1_000);
    let day = Duration::from_hours(24) * enrolments / 10_000;
    let attacks = [
        Attack { name: "500 stolen accounts, over a day", enrolments, accounts: enrolments / 20, lasts: day },
        Attack { name: "one account each, over a day", enrolments, accounts: enrolments, lasts: day },
        Attack { name: "one account each, within an hour", enrolments, accounts: enrolments, lasts: day / 24 },
    ];
    let mut table = String::from(
        "| attack | sent without | cost | sent with | cost | people who enrolled with |\n|---|---|---|---|---|---|\n",
    );
    // The limits are numbers, not shares: what is small stays below most of them.
    let (attacks, most) =
        if whole.is_some() { (&attacks[..], enrolments / 5) } else { (&attacks[..1], enrolments / 2) };
    for attack in attacks.iter().copied() {
        let (without, with) = (bill(attack, UNGUARDED).await, bill(attack, GUARDED).await);
        writeln!(
            table,
            "| {} | {} | {} | {} | {} | {} of {} |",
            attack.name,
            without.sent,
            money(without.cost),
            with.sent,
            money(with.cost),
            with.people.0,
            with.people.1
        )
        .unwrap();
        assert!(without.sent >= enrolments * 9 / 10, "without limits nearly everything goes out: {without:?}");
        assert_eq!(without.people.0, without.people.1);
        assert!(with.sent <= most, "with them, little: {}: {with:?}", attack.name);
    }
    eprintln!("{enrolments} enrolments over {BLOCKS} blocks of numbers, amounts in USD\n\n{table}");
}
