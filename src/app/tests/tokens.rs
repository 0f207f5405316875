//! Access tokens at the gate: where they go, and when they are over.

use std::{net::IpAddr, time::Duration};

use http::Method;

use super::World;
use crate::{
    access::{Credential, Decision, Denial, TokenFault},
    account::{Account, Group},
    app::{GateRequest, MOST_TOKENS, MadeToken, Marks, ShownToken, TokenOrder, TokenText},
    secret::ExposeSecret as _,
    session::TokenScope,
    store::AccountEdit,
};

const DAY: Duration = Duration::from_hours(24);
const OFFICE: &str = "192.0.2.7";

fn order(paths: &[&str], methods: &[&str], networks: &[&str]) -> TokenOrder {
    let text = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
    let networks = networks.iter().map(|network| network.parse().unwrap()).collect();
    let scope = TokenScope { paths: text(paths), methods: text(methods), networks };
    TokenOrder { label: "import".to_owned(), scope, lifetime: DAY }
}

impl World {
    async fn hanako(&self) -> Account {
        self.enrolled("hanako").await;
        self.account().await
    }

    async fn account(&self) -> Account {
        self.app.find_account("hanako").await.unwrap().unwrap().account
    }

    async fn token(&self, account: &Account, order: TokenOrder) -> MadeToken {
        self.app.create_token(account, order).await.unwrap().unwrap()
    }

    async fn shown(&self, made: &MadeToken, method: Method, path: &str) -> Decision {
        self.shown_from(made, method, path, OFFICE).await
    }

    async fn shown_from(&self, made: &MadeToken, method: Method, path: &str, from: &str) -> Decision {
        let address: IpAddr = from.parse().unwrap();
        let request = GateRequest {
            host: super::HOST,
            method: &method,
            path,
            address,
            session: None,
            known: None,
            marks: Marks::None,
        };
        let shown = ShownToken::One(TokenText(made.text.expose_secret()));
        self.app.decide_by_token(request, shown).await.unwrap()
    }
}

fn fault(decision: &Decision) -> Option<TokenFault> {
    match decision {
        Decision::Deny(Denial::Token(fault)) => Some(*fault),
        Decision::Forward(_) => None,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_token_goes_to_its_paths_with_its_methods_and_nowhere_else() {
    let world = World::new().await;
    let account = world.hanako().await;
    let made = world.token(&account, order(&["/api/orders", "/reports"], &["GET"], &[])).await;
    let Decision::Forward(permit) = world.shown(&made, Method::GET, "/api/orders/7").await else { panic!("its path") };
    let principal = permit.principal().unwrap();
    assert_eq!((principal.user.as_bytes(), principal.level.as_bytes()), (&b"hanako"[..], &b"1"[..]));
    assert_eq!(principal.credential, Credential::Token(made.token.id));
    assert_eq!(principal.second_step(), None);
    assert!(permit.assertion().is_some());
    for (method, path) in [
        (Method::GET, "/"),
        (Method::GET, "/api"),
        (Method::GET, "/api/ordersx"),
        (Method::GET, "/API/orders"),
        (Method::POST, "/api/orders"),
        (Method::HEAD, "/api/orders"),
        (Method::GET, "/api/%256frders"),
    ] {
        let decision = world.shown(&made, method.clone(), path).await;
        assert_eq!(fault(&decision), Some(TokenFault::Scope), "{method} {path}");
    }
    for path in ["/api/orders", "/api/%6frders;x=1/8", "/reports/2026"] {
        assert_eq!(fault(&world.shown(&made, Method::GET, path).await), None, "{path}");
    }
}

#[tokio::test]
async fn rules_still_decide_and_nothing_that_a_person_must_do_is_done_by_a_token() {
    let rules = "[[rule]]\npath = \"/payouts\"\naccess = \"fresh\"\n[[rule]]\npath = \"/closed\"\naccess = \"deny\"\n\
                 [[rule]]\npath = \"/finance\"\ngroups = \"finance\"\naccess = \"signed-in\"\n\
                 [[rule]]\npath = \"/finance\"\naccess = \"deny\"\n";
    let world = World::with(rules).await;
    let account = world.hanako().await;
    let made = world.token(&account, order(&["/"], &["GET"], &[])).await;
    let fresh = world.shown(&made, Method::GET, "/payouts/1").await;
    assert_eq!(fault(&fresh), Some(TokenFault::NeedsAPerson));
    assert!(matches!(world.shown(&made, Method::GET, "/closed").await, Decision::Deny(Denial::Rule)));
    assert!(matches!(world.shown(&made, Method::GET, "/finance").await, Decision::Deny(Denial::Rule)));
    let groups = Some(vec![Group::parse("finance").unwrap()]);
    let edit = AccountEdit { user_name: None, email: None, display_name: None, groups, language: None };
    world.app.edit_account(&account, &edit).await.unwrap().unwrap();
    let Decision::Forward(permit) = world.shown(&made, Method::GET, "/finance").await else { panic!("in the group") };
    assert_eq!(permit.principal().unwrap().groups, "finance", "as of now");
}

#[tokio::test]
async fn what_is_revoked_or_over_opens_nothing_from_the_next_request_on() {
    let world = World::new().await;
    let account = world.hanako().await;
    let first = world.token(&account, order(&["/"], &["GET"], &[])).await;
    let second = world.token(&account, order(&["/"], &["GET"], &[])).await;
    for made in [&first, &second] {
        assert_eq!(fault(&world.shown(made, Method::GET, "/").await), None);
    }
    world.app.revoke_token(first.token.id).await.unwrap().unwrap();
    assert_eq!(fault(&world.shown(&first, Method::GET, "/").await), Some(TokenFault::Unknown));
    assert_eq!(fault(&world.shown(&second, Method::GET, "/").await), None, "the other one goes on");
    assert!(world.app.revoke_token(first.token.id).await.unwrap().is_err());
    world.pass(DAY / 2);
    assert_eq!(fault(&world.shown(&second, Method::GET, "/").await), None);
    world.pass(DAY / 2);
    assert_eq!(fault(&world.shown(&second, Method::GET, "/").await), Some(TokenFault::Expired));
    let third = world.token(&account, order(&["/"], &["GET"], &[])).await;
    assert_eq!(world.app.revoke_tokens(account.id).await.unwrap(), 2, "the one that is over counts");
    assert_eq!(fault(&world.shown(&third, Method::GET, "/").await), Some(TokenFault::Unknown));
}

#[tokio::test]
async fn a_token_ends_with_its_account_and_does_not_come_back_with_it() {
    let world = World::new().await;
    let account = world.hanako().await;
    world.app.end_sessions(account.id).await.unwrap().unwrap();
    let made = world.token(&account, order(&["/"], &["GET"], &[])).await;
    assert_eq!(fault(&world.shown(&made, Method::GET, "/").await), None);
    world.app.disable_account(account.id, true).await.unwrap().unwrap();
    assert_eq!(fault(&world.shown(&made, Method::GET, "/").await), Some(TokenFault::Unknown), "and no session ended");
    assert!(world.app.create_token(&account, order(&["/"], &["GET"], &[])).await.unwrap().is_err());
    world.app.disable_account(account.id, false).await.unwrap().unwrap();
    assert_eq!(fault(&world.shown(&made, Method::GET, "/").await), Some(TokenFault::Unknown));

    let made = world.token(&account, order(&["/"], &["GET"], &[])).await;
    assert_eq!(fault(&world.shown(&made, Method::GET, "/").await), None);
    world.app.delete_account(account.id).await.unwrap().unwrap();
    assert_eq!(fault(&world.shown(&made, Method::GET, "/").await), Some(TokenFault::Unknown));
}

#[tokio::test]
async fn a_token_that_is_bound_to_networks_comes_from_there() {
    let world = World::new().await;
    let account = world.hanako().await;
    let made = world.token(&account, order(&["/"], &["GET"], &["192.0.2.0/24", "2001:db8::/32"])).await;
    for from in [OFFICE, "2001:db8::1"] {
        assert_eq!(fault(&world.shown_from(&made, Method::GET, "/", from).await), None, "{from}");
    }
    for from in ["192.0.3.7", "2001:db9::1", "127.0.0.1"] {
        let decision = world.shown_from(&made, Method::GET, "/", from).await;
        assert_eq!(fault(&decision), Some(TokenFault::Address), "{from}");
    }
}

#[tokio::test]
async fn a_forged_token_never_reaches_the_store() {
    let world = World::new().await;
    let account = world.hanako().await;
    let made = world.token(&account, order(&["/"], &["GET"], &[])).await;
    world.app.store().close().await;
    let forged = made.text.expose_secret().replacen("sekisho_1_", "sekisho_1_b", 1);
    let request = GateRequest {
        host: super::HOST,
        method: &Method::GET,
        path: "/",
        address: OFFICE.parse().unwrap(),
        session: None,
        known: None,
        marks: Marks::None,
    };
    let decide = async |text: &str| world.app.decide_by_token(request, ShownToken::One(TokenText(text))).await;
    assert_eq!(fault(&decide(&forged).await.unwrap()), Some(TokenFault::Malformed));
    assert!(decide(made.text.expose_secret()).await.is_err(), "one of ours is looked up, and an error is an error");
}

#[tokio::test]
async fn an_account_has_a_limit_and_a_token_a_longest_life() {
    let world = World::new().await;
    let account = world.hanako().await;
    for _ in 0..MOST_TOKENS {
        world.token(&account, order(&["/"], &["GET"], &[])).await;
    }
    let one_more = async || world.app.create_token(&account, order(&["/"], &["GET"], &[])).await.unwrap();
    assert!(one_more().await.is_err());
    world.pass(DAY);
    assert!(one_more().await.is_ok(), "those that are over do not count");
    for lifetime in [Duration::ZERO, DAY * 366] {
        let order = TokenOrder { lifetime, ..order(&["/"], &["GET"], &[]) };
        assert!(world.app.create_token(&account, order).await.unwrap().is_err(), "{lifetime:?}");
    }
}

#[tokio::test]
async fn the_last_use_reaches_the_list_at_most_once_a_minute() {
    let world = World::new().await;
    let account = world.hanako().await;
    let made = world.token(&account, order(&["/"], &["GET"], &[])).await;
    let listed = async || world.app.list_tokens(Some(account.id)).await.unwrap()[0].token.last_used_at;
    assert_eq!(listed().await, None);
    world.shown(&made, Method::GET, "/").await;
    let first = world.app.now();
    world.app.write_last_uses().await.unwrap();
    assert_eq!(listed().await, Some(first));
    world.pass(Duration::from_secs(59));
    world.shown(&made, Method::GET, "/").await;
    world.app.write_last_uses().await.unwrap();
    assert_eq!(listed().await, Some(first));
    world.pass(Duration::from_secs(1));
    world.shown(&made, Method::GET, "/").await;
    world.app.write_last_uses().await.unwrap();
    assert_eq!(listed().await, Some(world.app.now()));
}
