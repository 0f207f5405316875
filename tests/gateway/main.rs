//! The whole gateway over HTTP: the library's server in this process, a recording console behind it, browsers in front.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

mod access;
mod admission;
mod assertion;
mod attacks;
mod bodies;
mod callbacks;
mod codes;
mod console;
mod cors;
mod files;
mod forward_auth;
mod guards;
mod guides;
mod held;
mod hosts;
mod import;
mod large;
mod mailed;
mod mailed_links;
mod notices;
mod pages;
mod parallel;
mod proxy_protocol;
mod recovery;
mod recovery_request;
mod rollout;
mod routes;
mod rules;
mod settings;
mod steps;
mod story;
#[path = "../support/mod.rs"]
mod support;
mod tls;
mod tokens;
mod trust;
mod tunnel;
mod upstreams;
mod users;
mod ways;

use support::html;

#[test]
fn forms_are_read_as_a_browser_reads_them() {
    let page = r#"<!DOCTYPE html><html lang=ja><!-- <form> --><form id=f action="/a?x=1&amp;y=2" method="POST">
        <input type=hidden name="csrf" value="a&quot;b&#x3042;"><input name=user><input type="checkbox" name="trust" value="yes">
        <label><input type="radio" name="kind" value="app" checked>A</label><input type="radio" name="kind" value="sms" disabled>
        <select name="region"><option value="JP">日本</option><option value="US">US</option></select>
        <button name="do" value="send"> 送る </button></form><button form=f formaction="/c" name="lang" value="ja">日本語</button><style>x{}</style><p>A &lt; B</p><a href='/b'>b</a>"#;
    let form = html::forms(page).remove(0);
    assert_eq!((form.action.as_str(), form.method.as_str()), ("/a?x=1&y=2", "post"));
    assert_eq!(form.buttons().next().unwrap().label, "送る");
    assert_eq!(form.choices("kind"), ["app"]);
    let sent = form.filled(&[("user", "hana"), ("do", "send")]);
    let sent: Vec<(&str, &str)> = sent.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    assert_eq!(sent, [("csrf", "a\"bあ"), ("kind", "app"), ("region", "JP"), ("user", "hana"), ("do", "send")]);
    assert_eq!((form.goes_to(&[("do", "send")]), form.goes_to(&[("lang", "ja")])), ("/a?x=1&y=2", "/c"));
    assert_eq!(html::links(page), ["/b"]);
    assert_eq!(html::language(page).as_deref(), Some("ja"));
    assert!(html::text(page).ends_with("日本語 A < B b"), "{}", html::text(page));
}
