//! Ten thousand people who are signed in, made through the application itself before the gateway starts.

use std::{net::IpAddr, sync::Arc, time::Duration};

use sekisho::{
    app::{App, Browser, CodeOutcome, Cookie, Grant, Marks, PasswordForm, PasswordOutcome},
    config::Config,
    entropy::SystemEntropy,
    language::Language,
    secret::SecretString,
};

use super::support::{authenticator, clock::TestClock, people};

/// Where the bench has its gateway.
const HOST: &str = "localhost";
/// Sessions of one account; the gateway allows ten.
const EACH: usize = 10;

/// Signs in until there are `count` sessions, and returns their cookie values.
pub(crate) async fn make(config: &Config, clock: TestClock, count: usize) -> Vec<String> {
    let app = people::application(config, Arc::new(clock.clone()), Arc::new(SystemEntropy::new())).await;
    let mut cookies = Vec::with_capacity(count);
    for person in 0..count.div_ceil(EACH) {
        let user = format!("bench-{person}");
        let secret = people::add_enrolled(&app, &user, "090-1234-5678").await;
        let first = sign_in(&app, &user, None).await;
        let Step::Code(pending) = first else { panic!("{user} was not asked for a code") };
        let code = authenticator::code(&secret, app.now());
        let browser = browser(Some(&pending), None);
        let outcome = app.submit_code(&browser, &code, true).await.expect("the store works");
        let CodeOutcome::SignedIn(grant) = outcome else { panic!("{user}: {outcome:?}") };
        let mut device = keep(&mut cookies, &grant).expect("the box was ticked");
        for _ in 1..EACH {
            let Step::SignedIn(grant) = sign_in(&app, &user, Some(&device)).await else { panic!("trust was lost") };
            device = keep(&mut cookies, &grant).unwrap_or(device);
        }
        clock.advance(Duration::from_millis(1));
    }
    cookies.truncate(count);
    cookies
}

enum Step {
    Code(String),
    SignedIn(Grant),
}

async fn sign_in(app: &App, user: &str, device: Option<&str>) -> Step {
    let browser = browser(None, device);
    let (login, password) = (SecretString::from(user), SecretString::from(people::PASSWORD));
    let outcome = app.sign_in(PasswordForm { login, password, browser: &browser }).await.expect("the store works");
    match outcome {
        PasswordOutcome::Pending { cookie, .. } => Step::Code(cookie.expect("a fresh browser").expose().to_owned()),
        PasswordOutcome::SignedIn(grant) => Step::SignedIn(grant),
        PasswordOutcome::Refused(why) => panic!("{user}: {why:?}"),
    }
}

/// Notes the session; returns the device's new cookie.
fn keep(cookies: &mut Vec<String>, grant: &Grant) -> Option<String> {
    cookies.push(grant.session.expose().to_owned());
    grant.device.as_ref().map(|device| device.expose().to_owned())
}

fn browser<'a>(sign_in: Option<&'a str>, device: Option<&'a str>) -> Browser<'a> {
    Browser {
        host: HOST,
        known: None,
        marks: Marks::None,
        link: None,
        seed: None,
        session: None,
        sign_in: sign_in.map(|text| Cookie { host: HOST, text }),
        device: device.map(|text| Cookie { host: HOST, text }),
        address: IpAddr::from([127, 0, 0, 1]),
        user_agent: "bench",
        language: Language::En,
        chosen_language: None,
        flow: sekisho::app::Flow::SignIn,
    }
}
