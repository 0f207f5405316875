//! Accounts as an operator makes them, put into the store before the gateway opens it.

use sekisho::{
    account::{
        Account, EmailAddress, Group, Label, Method, MethodId, MethodPair, PhoneNumber, SellerName, Target, UserName,
    },
    app::{App, administration::NewPerson},
    authn::{Password, totp},
    clock::SharedClock,
    config::Config,
    entropy::SharedEntropy,
    language::Language,
    store::EnrolledMethod,
};

/// The password of everybody.
pub(crate) const PASSWORD: &str = "correct horse 関所";

/// The application on this configuration's store; makes the key file and the store when there are none.
pub(crate) async fn application(config: &Config, clock: SharedClock, entropy: SharedEntropy) -> App {
    App::open(config.clone(), clock, entropy).await.expect("the store opens")
}

fn person(user: &str) -> NewPerson {
    NewPerson {
        user_name: UserName::parse(user).expect("a user name"),
        email: Some(EmailAddress::parse(&format!("{user}@example.jp")).expect("an address")),
        display_name: None,
        groups: vec![Group::parse("sellers").expect("a group"), Group::parse("payments").expect("a group")],
        language: Language::Ja,
        password: Password::typed(PASSWORD).expect("a password"),
    }
}

/// An account without two-step verification.
pub(crate) async fn add(app: &App, user: &str) -> Account {
    app.add_account(person(user)).await.expect("the store works").expect("the name is free")
}

/// The same without an address.
pub(crate) async fn add_without_mail(app: &App, user: &str) -> Account {
    let person = NewPerson { email: None, ..person(user) };
    app.add_account(person).await.expect("the store works").expect("the name is free")
}

/// An enrolled account of a seller account; the secret of its app.
pub(crate) async fn add_member(app: &App, user: &str, seller: &str, owner: bool) -> String {
    let seller = SellerName::parse(seller).expect("a name");
    let made = app.add_member(person(user), seller, owner).await.expect("the store works");
    enrol(app, &made.expect("the name is free"), "090-1234-5678").await
}

/// An account with an authenticator app and a mobile; the secret of the app as a person types it.
pub(crate) async fn add_enrolled(app: &App, user: &str, mobile: &str) -> String {
    let account = add(app, user).await;
    enrol(app, &account, mobile).await
}

/// An account with an authenticator app and a landline; the secret of the app.
pub(crate) async fn add_with_landline(app: &App, user: &str, landline: &str) -> String {
    let account = add(app, user).await;
    let number = PhoneNumber::parse(landline, "JP").expect("a number");
    enrol_by(app, &account, Target::Voice(number)).await
}

async fn enrol(app: &App, account: &Account, mobile: &str) -> String {
    let number = PhoneNumber::parse(mobile, "JP").expect("a number");
    enrol_by(app, account, Target::Sms(number)).await
}

async fn enrol_by(app: &App, account: &Account, backup: Target) -> String {
    let seed = totp::seed(&**app.entropy());
    let secret = totp::base32(&seed);
    let method = |target, label: &str| EnrolledMethod {
        method: Method {
            id: MethodId::random(&**app.entropy()),
            target,
            label: Label::parse(label).expect("a label"),
            added_at: app.now(),
            last_used_at: None,
        },
        last_step: None,
    };
    let primary = method(Target::App(seed), "スマートフォン");
    let pair = MethodPair::new(primary, method(backup, "")).expect("a legal pair");
    app.enrol_directly(account.id, pair).await.expect("the store works").expect("it had none");
    secret
}
