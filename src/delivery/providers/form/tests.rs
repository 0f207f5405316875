//! The HTTP interface of kannel as its guide describes it, and answers by rules.

use super::*;
use crate::{
    config::{self, ProviderConfig},
    delivery::{
        peer::{self, Act, NUMBER, Peer, TEXT},
        provider::Refusal,
    },
};

const KANNEL: &str = r#"
[sms]
provider = "form"
url = "URL"
method = "METHOD"
parameters = { username = "sekisho", password = { file = "kannel" }, from = "Console", to = "{to}", text = "{text}", coding = "2", charset = "UTF-8" }

[[sms.answer]]
status = 202
body = "0: Accepted*"
outcome = "accepted"

[[sms.answer]]
status = 202
body = "3: Queued*"
outcome = "accepted"

[[sms.answer]]
status = 403
outcome = "auth_failed"

[[sms.answer]]
status = 503
body = "Temporal failure*"
outcome = "unavailable"
"#;

fn form(peer: &Peer, method: &str) -> Form {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("kannel"), "pass & word\n").unwrap();
    std::fs::set_permissions(directory.path().join("kannel"), std::os::unix::fs::PermissionsExt::from_mode(0o600))
        .unwrap();
    let text = format!(
        "public_url = \"https://h.example\"\nlisten = {{ https = \"127.0.0.1:1\", certificate = \"c\", private_key = \"k\" }}\n\
         upstream = {{ url = \"http://127.0.0.1:2\" }}\nstore = {{ url = \"sqlite:s\" }}\n{}",
        KANNEL.replace("URL", &peer.url()).replace("METHOD", method)
    );
    let file = directory.path().join("sekisho.toml");
    let config = config::parse(&text, file.to_str().unwrap()).unwrap_or_else(|problems| panic!("{problems}"));
    let Some(ProviderConfig::Form(form)) = config.sms.map(|channel| channel.provider) else { panic!("a form") };
    Form::new(&form, peer::http()).unwrap()
}

fn pairs(encoded: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(encoded.as_bytes()).into_owned().collect()
}

fn expected() -> Vec<(String, String)> {
    let pairs = [
        ("username", "sekisho"),
        ("password", "pass & word"),
        ("from", "Console"),
        ("to", NUMBER),
        ("text", TEXT),
        ("coding", "2"),
        ("charset", "UTF-8"),
    ];
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
}

#[tokio::test]
async fn parameters_travel_in_the_body_or_behind_the_url() {
    let peer = Peer::start(vec![Act::Answer(202, "", "0: Accepted for delivery")]).await;
    assert_eq!(form(&peer, "POST").send(&peer::sms()).await, Outcome::ACCEPTED);
    assert_eq!(form(&peer, "GET").send(&peer::sms()).await, Outcome::ACCEPTED);
    let received = peer.received();
    assert!(received[0].head.starts_with("POST /send HTTP/1.1"));
    assert_eq!(pairs(&received[0].body), expected());
    let target = received[1].head.split(' ').nth(1).unwrap();
    assert_eq!(pairs(target.strip_prefix("/send?").unwrap()), expected());
    assert_eq!(received[1].body, "");
}

#[tokio::test]
async fn answers_mean_what_the_rules_say_and_else_what_the_status_does() {
    let cases = [
        (Act::Answer(202, "", "3: Queued for later delivery"), Outcome::ACCEPTED),
        (Act::Answer(403, "", "Authorization failed for sendsms"), Outcome::Refused(Refusal::AuthFailed)),
        (Act::Answer(503, "", "Temporal failure, try again later."), Outcome::Unavailable),
        (Act::Answer(503, "", "from somebody between us"), Outcome::Ambiguous),
        (Act::Answer(202, "", "1: who knows"), Outcome::Ambiguous),
        (Act::Answer(200, "", ""), Outcome::Ambiguous),
        (Act::Answer(400, "", "Missing receiver number, rejected"), Outcome::Refused(Refusal::Misconfigured)),
        (Act::Silence, Outcome::Ambiguous),
        (Act::Reset, Outcome::Ambiguous),
    ];
    for (act, expected) in cases {
        let peer = Peer::start(vec![act.clone()]).await;
        assert_eq!(form(&peer, "POST").send(&peer::sms()).await, expected, "{act:?}");
        assert_eq!(peer.received().len(), 1, "{act:?}");
    }
}
