//! Random walks through the machine, held against a model that knows only the rules of `product.md`: no session
//! without the password and a right code (or a trust of the same account), no illegal pair by any path.

use std::time::Duration;

use proptest::prelude::*;

use super::{
    Challenge, ChallengeSeed, CodeReason, Context, EnteredCode, Input, Messages, Password, PasswordProof, Policy,
    SecondStepProof, SignIn, Standing, Step, Ticket, Transition, WaivedBecause, password, proof::Attempt,
    proof::DeviceProof, totp,
};
use crate::{
    account::{
        AccountId, CredentialVersion, HasTarget, Method, MethodId, MethodKind, MethodPair, NewMethod, NumberKind,
        PhoneNumber, Role, Target,
    },
    clock::Timestamp,
    entropy::{Entropy, SystemEntropy},
    keyring::Keyring,
    secret::SecretBytes,
    session::DeviceId,
};

/// Numbers with the traps of R5: the same one in three spellings, a landline, a VoIP number, extensions.
const NUMBERS: [&str; 7] = [
    "090-1234-5678",
    "０９０－１２３４－５６７８",
    "+81 090 1234 5678 ext. 9",
    "080-9876-5432",
    "03-1234-5678",
    "03-1234-5678 内線12",
    "050-1234-5678",
];

const POLICY: Policy = Policy { code_lifetime: Duration::from_mins(5), sign_in_lifetime: Duration::from_mins(10) };

#[derive(Debug, Clone)]
enum Move {
    RightCode,
    WrongCode,
    SendAgain,
    Switch(MethodKind),
    Use(Role),
    Begin,
    Choose(MethodKind, usize),
    Back,
    Later,
    SignInAnew,
    Wait(u64),
}

/// The code by message that counts for each method, as the store keeps it.
#[derive(Default)]
struct Codes {
    primary: Option<Challenge>,
    backup: Option<Challenge>,
}

impl Codes {
    fn messages(&self) -> Messages<'_> {
        Messages { primary: self.primary.as_ref(), backup: self.backup.as_ref(), withheld: false }
    }

    fn pass(&mut self, now: Timestamp) {
        for code in [&mut self.primary, &mut self.backup] {
            code.take_if(|code| code.expired(now));
        }
    }

    /// A message goes out for this state: its code is the one of the method from now on.
    fn order(&mut self, state: &SignIn, now: Timestamp) -> Result<(), TestCaseError> {
        let SignIn::EnterCode(code) = state else { return Ok(()) };
        let kept = match code.role() {
            Role::Primary => &mut self.primary,
            Role::Backup => &mut self.backup,
        };
        if let Some(kept) = kept.as_ref().filter(|kept| kept.id() != code.challenge().id()) {
            let left = kept.expires_at().since(now);
            prop_assert!(left <= POLICY.code_lifetime / 2, "a code with {left:?} left gave way");
            prop_assert!(code.challenge().supersedes(), "and the page does not know");
        }
        *kept = Some(code.challenge().clone());
        Ok(())
    }
}

fn kind() -> impl Strategy<Value = MethodKind> {
    prop_oneof![Just(MethodKind::App), Just(MethodKind::Sms), Just(MethodKind::Voice)]
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        3 => Just(Move::RightCode),
        2 => Just(Move::WrongCode),
        1 => Just(Move::SendAgain),
        1 => kind().prop_map(Move::Switch),
        1 => prop_oneof![Just(Role::Primary), Just(Role::Backup)].prop_map(Move::Use),
        2 => Just(Move::Begin),
        3 => (kind(), 0..NUMBERS.len()).prop_map(|(k, n)| Move::Choose(k, n)),
        1 => Just(Move::Back),
        1 => Just(Move::Later),
        1 => Just(Move::SignInAnew),
        2 => prop_oneof![Just(1_u64), Just(31), Just(149), Just(151), Just(299), Just(301)].prop_map(Move::Wait),
    ];
    proptest::collection::vec(one, 0..24)
}

fn number(index: usize) -> PhoneNumber {
    PhoneNumber::parse(NUMBERS[index], "JP").unwrap()
}

/// R5 in its own words, written apart from `MethodPair`.
fn legal(primary: &Target, backup: &Target) -> bool {
    let receives = |target: &Target| match target {
        Target::Sms(n) => !matches!(n.kind(), NumberKind::FixedLine | NumberKind::Voip) && n.extension().is_none(),
        Target::App(_) | Target::Voice(_) => true,
    };
    let numbers: Vec<&str> = [primary, backup].into_iter().filter_map(|t| t.phone()).map(PhoneNumber::e164).collect();
    receives(primary) && receives(backup) && !numbers.is_empty() && (numbers.len() < 2 || numbers[0] != numbers[1])
}

struct World {
    entropy: SystemEntropy,
    keyring: Keyring,
    account: AccountId,
    pair: Option<MethodPair>,
    standing: Standing,
    ticket: Option<Ticket>,
    now: Timestamp,
}

impl World {
    fn new(pair: Option<(Target, Target)>) -> Option<Self> {
        let entropy = SystemEntropy::new();
        let now = Timestamp::from_secs(1_800_000_000);
        let method =
            |target| Method { id: MethodId::random(&entropy), target, label: None, added_at: now, last_used_at: None };
        let pair = match pair {
            Some((primary, backup)) => Some(MethodPair::new(method(primary), method(backup)).ok()?),
            None => None,
        };
        let keyring = Keyring::generate(&entropy, now).unwrap();
        let account = AccountId::random(&entropy);
        Some(Self { entropy, keyring, account, pair, standing: Standing::Enforced, ticket: None, now })
    }

    fn password_proof(&self) -> PasswordProof {
        let scheme = password::Scheme::argon2id(16, 1, 1).unwrap();
        let password = Password::typed("correct horse").unwrap();
        let hash = scheme.hash(&password, &self.entropy).unwrap();
        let candidate =
            password::Candidate { account: self.account, credential_version: CredentialVersion(1), hash: hash.clone() };
        password::verify(Some(&candidate), Some(&password), &hash, self.now).unwrap()
    }

    fn ctx(&self) -> Context<'_> {
        self.ctx_with(Messages::default())
    }

    fn ctx_with<'a>(&'a self, messages: Messages<'a>) -> Context<'a> {
        Context {
            policy: &POLICY,
            keyring: &self.keyring,
            pair: self.pair.as_ref(),
            app_last_step: None,
            ticket: self.ticket.as_ref(),
            standing: self.standing,
            messages,
            now: self.now,
        }
    }

    fn seed(&self) -> ChallengeSeed {
        ChallengeSeed::draw(&self.entropy, &self.keyring)
    }

    /// What the phone or the app shows, if it shows anything that works now.
    fn right_code(&self, state: &SignIn) -> Option<String> {
        let challenge = state.challenge()?;
        let target = match state {
            SignIn::EnterCode(code) => self.pair.as_ref()?.get(code.role()).target(),
            SignIn::Enrol { draft, .. } => &draft.proving()?.1.target,
            SignIn::Replace(state) => &state.proving()?.0.target,
        };
        match target {
            Target::App(seed) => Some(app_code(seed, self.now)),
            Target::Sms(_) | Target::Voice(_) => {
                challenge.code(&self.keyring, self.now).map(|code| code.expose().to_owned())
            }
        }
    }

    fn begin(&self, device: Option<DeviceProof>) -> Transition {
        SignIn::begin(self.password_proof(), device, CodeReason::NewBrowser, &self.ctx(), self.seed()).unwrap()
    }

    /// The same while these codes count.
    fn begin_with(&self, messages: Messages<'_>) -> Transition {
        let ctx = self.ctx_with(messages);
        SignIn::begin(self.password_proof(), None, CodeReason::NewBrowser, &ctx, self.seed()).unwrap()
    }
}

/// Finds the app's code by trying; the module itself never says one.
fn app_code(seed: &SecretBytes, now: Timestamp) -> String {
    let at = u64::try_from(now.as_secs()).unwrap();
    totp_rs::Builder::new()
        .with_secret(totp_rs::Secret::new(seed.expose().into()))
        .build_noncompliant()
        .generate(at)
        .to_string()
}

fn other_than(code: Option<&str>) -> EnteredCode {
    let wrong = ["000000", "111111", "222222", "333333"].into_iter().find(|w| Some(*w) != code).unwrap();
    EnteredCode::parse(wrong).unwrap()
}

/// Walks, and returns how the walk ended with what the model knows of it.
fn walk(world: &mut World, mut state: SignIn, moves: Vec<Move>) -> Result<(), TestCaseError> {
    let mut proven = 0_u32;
    let mut codes = Codes::default();
    codes.order(&state, world.now)?;
    for step in moves {
        codes.pass(world.now);
        state = state.following(world.pair.as_ref(), &codes.messages());
        let right = world.right_code(&state);
        let was_right = matches!(step, Move::RightCode) && right.is_some();
        let input = match step {
            Move::RightCode => match &right {
                Some(code) => Input::Code { attempt: Attempt::spent(), entered: EnteredCode::parse(code).unwrap() },
                None => continue,
            },
            Move::WrongCode => Input::Code { attempt: Attempt::spent(), entered: other_than(right.as_deref()) },
            Move::SendAgain => Input::SendAgain(world.seed()),
            Move::Switch(kind) => Input::SwitchChannel(kind, world.seed()),
            Move::Use(role) => Input::UseRole(role, world.seed()),
            Move::Begin => Input::BeginEnrolment,
            Move::Choose(kind, index) => {
                let target = match kind {
                    MethodKind::App => Target::App(totp::seed(&world.entropy)),
                    MethodKind::Sms => Target::Sms(number(index)),
                    MethodKind::Voice => Target::Voice(number(index)),
                };
                Input::Choose(NewMethod { target, label: None }, world.seed())
            }
            Move::Back => Input::ChooseAgain,
            Move::Later => Input::Later,
            Move::SignInAnew => {
                let Transition { step, send } = world.begin_with(codes.messages());
                let Step::Continue(next) = step else { return Err(TestCaseError::fail("the code was skipped")) };
                if send.is_some() {
                    codes.order(&next, world.now)?;
                }
                (state, proven) = (next, 0);
                continue;
            }
            Move::Wait(secs) => {
                world.now = world.now + Duration::from_secs(secs);
                continue;
            }
        };
        let before = state.clone();
        match state.advance(input, &world.ctx_with(codes.messages())) {
            Err(_refused) => {
                state = before;
                // Wrong codes may collide with the app's neighbouring steps; right ones are never refused.
                prop_assert!(!was_right, "a right code was refused");
            }
            Ok(Transition { step: Step::Continue(next), send }) => {
                if was_right {
                    proven += 1;
                }
                if let Some(order) = send {
                    let to = next.challenge().map(super::Challenge::id);
                    prop_assert_eq!(Some(order.challenge), to, "a message for another challenge");
                    prop_assert!(order.kind != MethodKind::App);
                    codes.order(&next, world.now)?;
                }
                prop_assert!(next.account() == before.account(), "the proof of the password changed hands");
                prop_assert_eq!(&SignIn::from_record(&next.to_record().unwrap()).unwrap(), &next);
                state = next;
            }
            Ok(Transition { step: Step::Renew(_) | Step::Replaced(_), .. }) => {
                return Err(TestCaseError::fail("a sign-in renewed a session"));
            }
            Ok(Transition { step: Step::Complete(done), .. }) => {
                prop_assert_eq!(done.authenticated.who().account(), world.account);
                let SecondStepProof::Code(_) = done.authenticated.second() else {
                    return Err(TestCaseError::fail("completed without a code"));
                };
                if was_right {
                    proven += 1;
                } else {
                    // Only an app's neighbouring step can make a guess right.
                    prop_assert!(before.challenge().is_some_and(|c| c.kind() == MethodKind::App));
                    return Ok(());
                }
                match done.enrolled {
                    Some(pair) => {
                        prop_assert!(world.pair.is_none());
                        prop_assert!(proven >= 2, "a pair after {} right codes", proven);
                        prop_assert!(legal(pair.primary().target(), pair.backup().target()), "{:?}", pair);
                    }
                    None => prop_assert!(world.pair.is_some(), "a session without a pair"),
                }
                return Ok(());
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_walk_through_enrolment_skips_a_proof(moves in moves()) {
        let mut world = World::new(None).unwrap();
        let Step::Continue(state) = world.begin(None).step else { panic!("enrolment was skipped") };
        walk(&mut world, state, moves)?;
    }

    #[test]
    fn no_walk_through_the_code_page_skips_the_code(
        moves in moves(), primary in (kind(), 0..NUMBERS.len()), backup in (kind(), 0..NUMBERS.len()),
    ) {
        let target = |(kind, index): (MethodKind, usize)| match kind {
            MethodKind::App => Target::App(SecretBytes::new([7; 20])),
            MethodKind::Sms => Target::Sms(number(index)),
            MethodKind::Voice => Target::Voice(number(index)),
        };
        let (primary, backup) = (target(primary), target(backup));
        let is_legal = legal(&primary, &backup);
        let world = World::new(Some((primary, backup)));
        prop_assert_eq!(world.is_some(), is_legal, "MethodPair and R5 disagree");
        if let Some(mut world) = world {
            let Step::Continue(state) = world.begin(None).step else { panic!("the code was skipped") };
            walk(&mut world, state, moves)?;
        }
    }
}

#[test]
fn a_trust_of_another_account_is_no_second_step() {
    let app = Target::App(SecretBytes::new([7; 20]));
    let world = World::new(Some((app, Target::Sms(number(0))))).unwrap();
    let trust = |account| DeviceProof::rotated(DeviceId::random(&world.entropy), account, world.now);
    assert!(matches!(world.begin(Some(trust(world.account))).step, Step::Complete(_)));
    let stranger = AccountId::random(&world.entropy);
    assert!(matches!(world.begin(Some(trust(stranger))).step, Step::Continue(SignIn::EnterCode(_))));
}

#[test]
fn a_trust_without_methods_leads_to_enrolment() {
    let world = World::new(None).unwrap();
    let trust = DeviceProof::rotated(DeviceId::random(&world.entropy), world.account, world.now);
    assert!(matches!(world.begin(Some(trust)).step, Step::Continue(SignIn::Enrol { .. })));
}

fn asked(world: &World) -> Standing {
    Standing::Asked(super::Grace { deadline: world.now + Duration::from_hours(1), laters_left: 1 })
}

#[test]
fn r10_the_rollout_excuses_only_an_account_that_never_had_methods() {
    let because = |step: Step| match step {
        Step::Complete(done) => match done.authenticated.second() {
            SecondStepProof::Waived(waiver) => Some(waiver.because()),
            SecondStepProof::Code(_) | SecondStepProof::TrustedDevice(_) => panic!("by what?"),
        },
        Step::Continue(_) | Step::Renew(_) | Step::Replaced(_) => None,
    };
    let mut world = World::new(None).unwrap();
    world.standing = Standing::NotYet;
    assert_eq!(because(world.begin(None).step), Some(WaivedBecause::NotYet));
    let Step::Complete(done) = world.begin(None).step else { panic!() };
    let new = super::NewSession {
        id: crate::session::SessionId::random(&world.entropy),
        digest: crate::secret::Digest::new([1; 32]),
        trusted: None,
        browser: crate::session::DeviceLabel::new(""),
    };
    let session = done.authenticated.establish(new, world.now);
    assert_eq!((session.second_step().level(), session.mfa_at(), session.device()), (1, None, None));

    world.standing = asked(&world);
    let Step::Continue(state) = world.begin(None).step else { panic!("it is asked") };
    let later = state.clone().advance(Input::Later, &world.ctx()).unwrap().step;
    assert_eq!(because(later), Some(WaivedBecause::Later));
    world.standing = Standing::Enforced;
    assert!(state.advance(Input::Later, &world.ctx()).is_err(), "after the deadline");

    // Whoever had methods and lost them, or has them, is never excused.
    let expires_at = world.now + Duration::from_hours(24);
    world.ticket = Some(Ticket::draw(&world.entropy, &world.keyring, expires_at).unwrap().0);
    for standing in [Standing::NotYet, asked(&world)] {
        world.standing = standing;
        let Step::Continue(state) = world.begin(None).step else { panic!("the ticket comes first") };
        assert!(state.advance(Input::Later, &world.ctx()).is_err());
    }
    let mut enrolled = World::new(Some((Target::Sms(number(0)), Target::Voice(number(4))))).unwrap();
    for standing in [Standing::NotYet, asked(&enrolled)] {
        enrolled.standing = standing;
        let Step::Continue(state) = enrolled.begin(None).step else { panic!("a code is asked") };
        assert!(state.advance(Input::Later, &enrolled.ctx()).is_err());
    }
}

#[test]
fn the_same_code_goes_out_again_while_it_works_and_a_new_one_after() {
    let mut world = World::new(Some((Target::Sms(number(0)), Target::Voice(number(4))))).unwrap();
    let Step::Continue(state) = world.begin(None).step else { panic!() };
    let first = world.right_code(&state).unwrap();
    let good = |state: &SignIn| state.challenge().unwrap().clone();
    let again = |world: &World, state: SignIn, good: &Challenge, withheld| {
        let ctx = world.ctx_with(Messages { primary: Some(good), backup: None, withheld });
        state.advance(Input::SendAgain(world.seed()), &ctx)
    };

    world.now = world.now + Duration::from_secs(30);
    assert!(again(&world, state.clone(), &good(&state), true).is_err(), "the store withholds messages");
    let ours = good(&state);
    let Step::Continue(state) = again(&world, state, &ours, false).unwrap().step else { panic!() };
    assert_eq!(world.right_code(&state), Some(first.clone()), "the same code");
    world.now = world.now + Duration::from_secs(270);
    assert_eq!(world.right_code(&state), None, "five minutes are over");
    let over = good(&state);
    let Step::Continue(state) = again(&world, state, &over, false).unwrap().step else { panic!() };
    assert_ne!(world.right_code(&state), None);
    let entered = EnteredCode::parse(&first).unwrap();
    let fresh = world.right_code(&state).unwrap();
    if fresh != first {
        assert!(state.advance(Input::Code { attempt: Attempt::spent(), entered }, &world.ctx()).is_err());
    }
}

#[test]
fn a_sign_in_without_a_message_joins_the_code_that_is_good_or_has_none() {
    let world = World::new(Some((Target::Sms(number(0)), Target::Voice(number(4))))).unwrap();
    let Step::Continue(first) = world.begin(None).step else { panic!() };
    let begin = |messages| {
        let reason = CodeReason::NewBrowser;
        SignIn::begin(world.password_proof(), None, reason, &world.ctx_with(messages), world.seed()).unwrap()
    };
    let withheld = true;
    let joined = begin(Messages { primary: first.challenge(), backup: None, withheld });
    assert_eq!(joined.send, None);
    let Step::Continue(joined) = joined.step else { panic!() };
    assert_eq!(world.right_code(&joined), world.right_code(&first));

    // The backup's code is none of the primary.
    for messages in
        [Messages { withheld, ..Messages::default() }, Messages { primary: None, backup: first.challenge(), withheld }]
    {
        let unsent = begin(messages);
        assert_eq!(unsent.send, None);
        let Step::Continue(unsent) = unsent.step else { panic!() };
        assert!(!unsent.challenge().unwrap().was_sent());
        assert_eq!(world.right_code(&unsent), None, "nobody can meet it");
    }
}

#[test]
fn a_new_sign_in_joins_a_code_in_the_first_half_of_its_time_only() {
    let mut world = World::new(Some((Target::Sms(number(0)), Target::Voice(number(4))))).unwrap();
    let half = POLICY.code_lifetime / 2;
    let Step::Continue(first) = world.begin(None).step else { panic!() };
    let good = first.challenge().unwrap();
    let begin = |world: &World, withheld| {
        let Transition { step, send } = world.begin_with(Messages { primary: Some(good), backup: None, withheld });
        let Step::Continue(state) = step else { panic!("a code is asked") };
        (state, send)
    };
    world.now = world.now + half.saturating_sub(Duration::from_millis(1));
    let (joined, send) = begin(&world, false);
    assert_eq!((joined.challenge(), send.map(|order| order.challenge)), (Some(good), Some(good.id())));
    assert!(!joined.challenge().unwrap().supersedes());

    world.now = world.now + Duration::from_millis(1);
    let (anew, send) = begin(&world, false);
    let newest = anew.challenge().unwrap();
    assert!(newest.id() != good.id() && newest.supersedes() && send.unwrap().challenge == newest.id());
    assert_eq!(newest.expires_at(), world.now + POLICY.code_lifetime);
    assert_eq!(
        begin(&world, true).0.challenge(),
        Some(good),
        "where no message may go out the old one is better than none"
    );

    // On the older page "send again" sends its own code for as long as it is the one that counts; then the newest.
    let resend = |state: SignIn, messages| {
        let ctx = world.ctx_with(messages);
        let Step::Continue(state) = state.advance(Input::SendAgain(world.seed()), &ctx).unwrap().step else { panic!() };
        state.challenge().unwrap().id()
    };
    let counts = |primary| Messages { primary: Some(primary), ..Messages::default() };
    assert_eq!(resend(first.clone(), counts(good)), good.id());
    let following = first.clone().following(world.pair.as_ref(), &counts(newest));
    assert_eq!(following.challenge(), Some(newest), "one code of a method counts, on every page");
    assert_eq!(resend(following, counts(newest)), newest.id());
    let backups = Messages { backup: Some(newest), ..Messages::default() };
    assert_eq!(first.clone().following(world.pair.as_ref(), &backups), first, "of the same method");
}

#[test]
fn a_choice_sent_twice_is_one_choice() {
    let world = World::new(None).unwrap();
    let Step::Continue(state) = world.begin(None).step else { panic!() };
    let take = |state: SignIn, input| state.advance(input, &world.ctx()).unwrap();
    let Step::Continue(state) = take(state, Input::BeginEnrolment).step else { panic!() };
    let sms = || NewMethod { target: Target::Sms(number(0)), label: None };
    let app = || NewMethod { target: Target::App(totp::seed(&world.entropy)), label: None };
    for choice in [&sms as &dyn Fn() -> NewMethod, &app] {
        let first = take(state.clone(), Input::Choose(choice(), world.seed()));
        let Step::Continue(once) = first.step else { panic!() };
        let again = take(once.clone(), Input::Choose(choice(), world.seed()));
        assert_eq!((again.step, again.send), (Step::Continue(once), None));
    }
}

#[test]
fn entropy_is_a_parameter_of_every_seed() {
    #[derive(Debug)]
    struct Fixed;
    impl Entropy for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(9);
        }
    }
    assert_eq!(totp::seed(&Fixed), SecretBytes::new([9; 20]));
}
