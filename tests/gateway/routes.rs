//! Every address of ours in every sign-in state. An address that is added without a line here fails the test, and so
//! does a line for an address that is gone.

use reqwest::{
    Method,
    header::{HeaderMap, HeaderValue},
};
use sekisho::portal::{
    callback::CALLBACK,
    routes::{ROUTES, Verb},
};

use crate::{
    steps,
    support::{
        browser::{Browser, Page, Speaks},
        gateway::Gateway,
    },
};

/// How far a browser has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Nobody,
    AtCode,
    AtEnrolment,
    SignedIn,
}

const STATES: [State; 4] = [State::Nobody, State::AtCode, State::AtEnrolment, State::SignedIn];

/// What a visitor gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gets {
    /// The page, or the file.
    Shown,
    /// 303, which ends at this path.
    LedTo(&'static str),
    /// 403: it is another one's.
    Refused,
    /// 404 without a page: it is not for browsers.
    Nothing,
}

use Gets::{LedTo, Nothing, Refused, Shown};

const SIGN_IN: Gets = LedTo("/.sekisho/sign-in");
const CODE: Gets = LedTo("/.sekisho/code");
const WAYS: Gets = LedTo("/.sekisho/code/help");
const ENROLMENT: Gets = LedTo("/.sekisho/enrolment");
const SETTINGS: Gets = LedTo("/.sekisho/settings");
const CONSOLE: Gets = LedTo("/");
const USERS: Gets = LedTo("/.sekisho/users");
const INVITATION: Gets = LedTo("/.sekisho/invitation");
const LINK: Gets = LedTo("/.sekisho/link");
const RESET: Gets = LedTo("/.sekisho/password-reset");
const NEW_CODES: Gets = LedTo("/.sekisho/recovery-codes");
const CODE_OF_RECOVERY: Gets = LedTo("/.sekisho/recovery-code");

/// For GET: what each state gets. For POST: what each state gets when the form is genuine and empty.
const TABLE: &[(Verb, &str, [Gets; 4])] = &[
    (Verb::Get, "/.sekisho/style.css", [Shown; 4]),
    (Verb::Get, "/.sekisho/mark.svg", [Shown; 4]),
    (Verb::Get, "/.sekisho/logo", [Shown; 4]),
    (Verb::Get, "/.sekisho/app.js", [Shown; 4]),
    (Verb::Get, "/.sekisho/state", [Shown; 4]),
    (Verb::Get, "/.sekisho/jwks.json", [Shown; 4]),
    (Verb::Get, "/.sekisho/", [SIGN_IN, SIGN_IN, SIGN_IN, SETTINGS]),
    (Verb::Get, "/.sekisho/sign-in", [Shown; 4]),
    (Verb::Post, "/.sekisho/sign-in", [SIGN_IN; 4]),
    (Verb::Get, "/.sekisho/code", [SIGN_IN, Shown, ENROLMENT, CONSOLE]),
    (Verb::Post, "/.sekisho/code", [SIGN_IN, CODE, ENROLMENT, CONSOLE]),
    (Verb::Get, "/.sekisho/code/help", [SIGN_IN, Shown, ENROLMENT, CONSOLE]),
    (Verb::Post, "/.sekisho/code/way", [SIGN_IN, WAYS, ENROLMENT, CONSOLE]),
    (Verb::Post, "/.sekisho/code/other-account", [SIGN_IN; 4]),
    (Verb::Get, "/.sekisho/recovery", [SIGN_IN, Shown, ENROLMENT, CONSOLE]),
    (Verb::Post, "/.sekisho/recovery", [SIGN_IN, LedTo("/.sekisho/recovery"), ENROLMENT, CONSOLE]),
    (Verb::Get, "/.sekisho/enrolment", [SIGN_IN, CODE, Shown, CONSOLE]),
    (Verb::Post, "/.sekisho/enrolment/begin", [SIGN_IN, CODE, ENROLMENT, CONSOLE]),
    (Verb::Post, "/.sekisho/enrolment/ticket", [SIGN_IN, CODE, ENROLMENT, CONSOLE]),
    (Verb::Post, "/.sekisho/enrolment/choose", [SIGN_IN, CODE, ENROLMENT, CONSOLE]),
    (Verb::Post, "/.sekisho/enrolment/prove", [SIGN_IN, CODE, ENROLMENT, CONSOLE]),
    (Verb::Post, "/.sekisho/enrolment/send-again", [SIGN_IN, CODE, ENROLMENT, CONSOLE]),
    (Verb::Post, "/.sekisho/enrolment/choose-again", [SIGN_IN, CODE, ENROLMENT, CONSOLE]),
    (Verb::Post, "/.sekisho/later", [SIGN_IN, CODE, ENROLMENT, CONSOLE]),
    (Verb::Get, "/.sekisho/enable", [SIGN_IN, SIGN_IN, SIGN_IN, CONSOLE]),
    (Verb::Post, "/.sekisho/enable", [SIGN_IN, SIGN_IN, SIGN_IN, CONSOLE]),
    (Verb::Get, "/.sekisho/switched-off", [SIGN_IN, SIGN_IN, SIGN_IN, Shown]),
    // The session of this table is no owner's.
    (Verb::Get, "/.sekisho/users", [SIGN_IN, SIGN_IN, SIGN_IN, Refused]),
    (Verb::Get, "/.sekisho/users/edit", [SIGN_IN, SIGN_IN, SIGN_IN, Refused]),
    (Verb::Get, "/.sekisho/users/remove", [SIGN_IN, SIGN_IN, SIGN_IN, Refused]),
    (Verb::Post, "/.sekisho/users/ask", [SIGN_IN, SIGN_IN, SIGN_IN, SETTINGS]),
    (Verb::Post, "/.sekisho/users/invite", [SIGN_IN, SIGN_IN, SIGN_IN, USERS]),
    (Verb::Post, "/.sekisho/users/invitation", [SIGN_IN, SIGN_IN, SIGN_IN, USERS]),
    (Verb::Post, "/.sekisho/users/groups", [SIGN_IN, SIGN_IN, SIGN_IN, USERS]),
    (Verb::Post, "/.sekisho/users/remove", [SIGN_IN, SIGN_IN, SIGN_IN, USERS]),
    (Verb::Get, "/.sekisho/invitation", [Shown; 4]),
    (Verb::Post, "/.sekisho/invitation", [INVITATION; 4]),
    (Verb::Get, "/.sekisho/enrolment/done", [SIGN_IN, SIGN_IN, SIGN_IN, Shown]),
    // The session of this table has just given a code: nothing is asked again.
    (Verb::Get, "/.sekisho/fresh", [SIGN_IN, SIGN_IN, SIGN_IN, CONSOLE]),
    (Verb::Post, "/.sekisho/fresh", [SIGN_IN, SIGN_IN, SIGN_IN, CONSOLE]),
    (Verb::Post, "/.sekisho/fresh/begin", [SIGN_IN, SIGN_IN, SIGN_IN, CONSOLE]),
    (Verb::Get, "/.sekisho/fresh/help", [SIGN_IN, SIGN_IN, SIGN_IN, CONSOLE]),
    (Verb::Post, "/.sekisho/fresh/way", [SIGN_IN, SIGN_IN, SIGN_IN, CONSOLE]),
    (Verb::Get, "/.sekisho/settings", [SIGN_IN, SIGN_IN, SIGN_IN, Shown]),
    (Verb::Get, "/.sekisho/settings/primary", [SIGN_IN, SIGN_IN, SIGN_IN, Shown]),
    (Verb::Get, "/.sekisho/settings/backup", [SIGN_IN, SIGN_IN, SIGN_IN, Shown]),
    (Verb::Post, "/.sekisho/settings/swap", [SIGN_IN, SIGN_IN, SIGN_IN, SETTINGS]),
    (Verb::Post, "/.sekisho/settings/label", [SIGN_IN, SIGN_IN, SIGN_IN, SETTINGS]),
    (Verb::Post, "/.sekisho/settings/replace/begin", [SIGN_IN, SIGN_IN, SIGN_IN, SETTINGS]),
    (Verb::Get, "/.sekisho/settings/replace", [SIGN_IN, SIGN_IN, SIGN_IN, SETTINGS]),
    (Verb::Post, "/.sekisho/settings/replace/choose", [SIGN_IN, SIGN_IN, SIGN_IN, SETTINGS]),
    (Verb::Post, "/.sekisho/settings/replace/prove", [SIGN_IN, SIGN_IN, SIGN_IN, SETTINGS]),
    (Verb::Post, "/.sekisho/settings/replace/send-again", [SIGN_IN, SIGN_IN, SIGN_IN, SETTINGS]),
    (Verb::Post, "/.sekisho/settings/replace/choose-again", [SIGN_IN, SIGN_IN, SIGN_IN, SETTINGS]),
    (Verb::Post, "/.sekisho/settings/replace/cancel", [SIGN_IN, SIGN_IN, SIGN_IN, SETTINGS]),
    (Verb::Post, "/.sekisho/settings/trust", [SIGN_IN, SIGN_IN, SIGN_IN, SETTINGS]),
    (Verb::Post, "/.sekisho/settings/sessions", [SIGN_IN, SIGN_IN, SIGN_IN, SETTINGS]),
    (Verb::Post, "/.sekisho/settings/language", [SIGN_IN, SIGN_IN, SIGN_IN, SETTINGS]),
    (Verb::Get, "/.sekisho/settings/password", [SIGN_IN, SIGN_IN, SIGN_IN, Shown]),
    (Verb::Post, "/.sekisho/settings/email", [SIGN_IN, SIGN_IN, SIGN_IN, SETTINGS]),
    (Verb::Post, "/.sekisho/settings/password", [SIGN_IN, SIGN_IN, SIGN_IN, LedTo("/.sekisho/settings/password")]),
    (Verb::Get, "/.sekisho/not-recognised", [SIGN_IN, SIGN_IN, SIGN_IN, Shown]),
    (Verb::Get, "/.sekisho/sign-out", [SIGN_IN, SIGN_IN, SIGN_IN, Shown]),
    (Verb::Post, "/.sekisho/sign-out", [SIGN_IN; 4]),
    (Verb::Post, "/.sekisho/enrolment/link", [SIGN_IN, CODE, ENROLMENT, CONSOLE]),
    (Verb::Get, "/.sekisho/link/token", [LINK; 4]),
    (Verb::Get, "/.sekisho/link", [Shown; 4]),
    (Verb::Post, "/.sekisho/link", [LINK; 4]),
    (Verb::Get, "/.sekisho/password-reset", [Shown; 4]),
    (Verb::Post, "/.sekisho/password-reset/open", [RESET; 4]),
    (Verb::Post, "/.sekisho/password-reset", [RESET; 4]),
    (Verb::Get, "/.sekisho/recovery-code", [SIGN_IN, Shown, ENROLMENT, CONSOLE]),
    (Verb::Post, "/.sekisho/recovery-code", [SIGN_IN, CODE_OF_RECOVERY, ENROLMENT, CONSOLE]),
    (Verb::Get, "/.sekisho/held", [SIGN_IN, SIGN_IN, SIGN_IN, Shown]),
    (Verb::Get, "/.sekisho/held/file", [SIGN_IN, SIGN_IN, SIGN_IN, CONSOLE]),
    (Verb::Get, "/.sekisho/held/discard", [SIGN_IN, SIGN_IN, SIGN_IN, CONSOLE]),
    (Verb::Post, "/.sekisho/held/discard", [SIGN_IN, SIGN_IN, SIGN_IN, CONSOLE]),
    (Verb::Post, "/.sekisho/recovery-code/renew", [SIGN_IN, SIGN_IN, SIGN_IN, NEW_CODES]),
    (Verb::Get, "/.sekisho/recovery-codes", [SIGN_IN, SIGN_IN, SIGN_IN, Shown]),
    (Verb::Post, "/.sekisho/recovery-codes", [SIGN_IN, SIGN_IN, SIGN_IN, SETTINGS]),
    (Verb::Post, "/.sekisho/recovery-codes/file", [SIGN_IN, SIGN_IN, SIGN_IN, NEW_CODES]),
    (Verb::Post, "/.sekisho/language", [SIGN_IN, SIGN_IN, SIGN_IN, CONSOLE]),
    (Verb::Post, "/.sekisho/callback/provider/token", [Nothing; 4]),
    (Verb::Get, "/.sekisho/guides", [Shown; 4]),
    (Verb::Get, "/.sekisho/guides/enabling", [Shown; 4]),
    (Verb::Get, "/.sekisho/guides/authenticator-app", [Shown; 4]),
    (Verb::Get, "/.sekisho/guides/no-code", [Shown; 4]),
    (Verb::Get, "/.sekisho/guides/cannot-change", [Shown; 4]),
    (Verb::Get, "/.sekisho/guides/asked-often", [Shown; 4]),
];

/// A browser in this state, and a page of ours it is looking at.
async fn reach(gateway: &Gateway, state: State) -> (Browser, Page) {
    let browser = gateway.browser(Speaks::Http1, "en");
    let page = browser.open("/").await;
    let page = match state {
        State::Nobody => page,
        State::AtCode => steps::password(&browser, &page, "old").await,
        State::AtEnrolment => steps::password(&browser, &page, "fresh").await,
        State::SignedIn => {
            // A code of the app counts once.
            gateway.clock.advance(std::time::Duration::from_secs(30));
            steps::sign_in(gateway, &browser, "old", &gateway.secrets[0]).await;
            browser.open("/.sekisho/sign-out").await
        }
    };
    (browser, page)
}

async fn post(browser: &Browser, path: &str, token: &str) -> Page {
    post_with(browser, path, token, HeaderMap::new()).await
}

async fn post_with(browser: &Browser, path: &str, token: &str, mut headers: HeaderMap) -> Page {
    let origin = browser.origin();
    headers.insert("origin", HeaderValue::from_str(&origin).unwrap());
    headers.insert("sec-fetch-site", HeaderValue::from_static("same-origin"));
    headers.insert("content-type", HeaderValue::from_static("application/x-www-form-urlencoded"));
    let body = form_urlencoded::Serializer::new(String::new()).append_pair("csrf", token).finish();
    browser.send(Method::POST, path, headers, Some(body)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_that_says_it_is_packed_does_nothing() {
    let gateway = Gateway::start(&[], &["old"], "").await;
    let browser = gateway.browser(Speaks::Http2, "en");
    steps::sign_in(&gateway, &browser, "old", &gateway.secrets[0]).await;
    let page = browser.open("/.sekisho/sign-out").await;
    let token = page.form_with("csrf").fields.into_iter().find(|field| field.name == "csrf").unwrap().value;
    for coding in ["gzip", "identity, gzip", "br", "x"] {
        let headers = HeaderMap::from_iter([(http::header::CONTENT_ENCODING, HeaderValue::from_static(coding))]);
        let answer = post_with(&browser, "/.sekisho/sign-out", &token, headers).await;
        assert_eq!(answer.status, 415, "{coding}: {}", answer.text());
        assert!(answer.text().contains("That came packed in a way we don't unpack"), "{}", answer.text());
        assert_eq!(browser.open("/orders").await.status, 200, "{coding}: still signed in");
    }
    let headers = HeaderMap::from_iter([(http::header::CONTENT_ENCODING, HeaderValue::from_static("Identity"))]);
    assert_eq!(post_with(&browser, "/.sekisho/sign-out", &token, headers).await.status, 303);
}

#[test]
fn every_address_has_a_line() {
    let mut listed: Vec<String> = TABLE.iter().map(|(verb, path, _)| format!("{verb:?} {path}")).collect();
    let mut there: Vec<String> =
        ROUTES.iter().map(|route| format!("{:?} {}", route.verb, route.path.replace("{token}", "token"))).collect();
    there.push(format!("{:?} {}", Verb::Post, CALLBACK.replace("{provider}", "provider").replace("{token}", "token")));
    listed.sort();
    there.sort();
    assert_eq!(listed, there);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_state_gets_what_the_table_says() {
    let gateway = Gateway::start(&["fresh"], &["old"], "[session]\nper_account = 100\n").await;
    let mut wrong = Vec::new();
    for (place, state) in STATES.into_iter().enumerate() {
        for (verb, path, expected) in TABLE {
            let (browser, page) = reach(&gateway, state).await;
            let answer = match verb {
                Verb::Get => browser.visit(&path.replace("{token}", "none")).await,
                Verb::Post => {
                    let token = page.forms().iter().flat_map(|f| f.fields.clone()).find(|field| field.name == "csrf");
                    post(&browser, path, &token.expect("our pages carry a token").value).await
                }
            };
            let first = answer.status;
            let last = browser.follow(answer).await.expect("the gateway lives");
            let (status, end, found) = match expected[place] {
                Shown => (200, 200, *path),
                Refused => (403, 403, *path),
                Nothing => (404, 404, *path),
                // A page of owners that refuses whoever is led to it.
                USERS => (303, 403, "/.sekisho/users"),
                LedTo(path) => (303, 200, path),
            };
            if first != status || last.status != end || last.url.path() != found {
                let (place, end) = (last.url.path(), last.status);
                wrong.push(format!(
                    "{verb:?} {path} as {state:?}: {first}, then {place} ({end}); not {status}, {found}"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_form_acts_without_its_token_or_from_elsewhere() {
    let gateway = Gateway::start(&["fresh"], &["old"], "[session]\nper_account = 100\n").await;
    let acting = || {
        TABLE
            .iter()
            .filter(|(verb, path, gets)| *verb == Verb::Post && *path != "/.sekisho/language" && *gets != [Nothing; 4])
    };
    for state in STATES {
        let (browser, page) = reach(&gateway, state).await;
        let cookies = format!("{:?}", browser.cookies());
        let token = page.forms().iter().flat_map(|f| f.fields.clone()).find(|field| field.name == "csrf").unwrap();
        for (_, path, _) in acting() {
            for guess in ["", "x", &token.value[1..]] {
                let answer = post(&browser, path, guess).await;
                assert_eq!(answer.status, 400, "{path} as {state:?} with the token {guess:?}");
            }
            let mut headers = HeaderMap::new();
            headers.insert("origin", HeaderValue::from_static("https://evil.example"));
            headers.insert("sec-fetch-site", HeaderValue::from_static("cross-site"));
            headers.insert("content-type", HeaderValue::from_static("application/x-www-form-urlencoded"));
            let body = format!("csrf={}", token.value);
            let answer = browser.send(Method::POST, path, headers, Some(body)).await;
            assert_eq!(answer.status, 400, "{path} as {state:?} from another site");
        }
        assert_eq!(format!("{:?}", browser.cookies()), cookies, "{state:?}: refused forms change no cookie");
    }
}
