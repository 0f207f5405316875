//! Bodies as the console gets them: each request ends where the client ended it.

use crate::{
    steps,
    support::{browser::Speaks, gateway::Gateway, upstream::Recorded},
};

const PUBLIC: &str = "[[rule]]\npath = \"/public\"\naccess = \"public\"\n";
const BODIES: [(&[&str], &str); 4] =
    [(&[], ""), (&["hello"], "hello"), (&["a=1", "&b=", "2"], "a=1&b=2"), (&["x", "", "y", ""], "xy")];

/// A second end of a body would be the head of the next request on that connection, and its answer somebody else's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_without_a_length_ends_once() {
    let gateway = Gateway::start(&[], &["old"], PUBLIC).await;
    for speaks in [Speaks::Http1, Speaks::Http2] {
        let stranger = gateway.browser(speaks, "en");
        let browser = gateway.browser(speaks, "en");
        steps::sign_in(&gateway, &browser, "old", &gateway.secrets[0]).await;
        for (who, place) in [(&stranger, "/public/upload"), (&browser, "/upload")] {
            for (pieces, whole) in BODIES {
                let before = gateway.upstream.seen().len();
                assert_eq!(who.send_unmeasured(place, pieces).await, 200, "{speaks:?} {place} {whole:?}");
                assert_eq!(browser.open("/orders/1").await.status, 200, "on the same connection to the console");
                let seen = gateway.upstream.seen().split_off(before);
                let [post, next] = seen.as_slice() else { panic!("{speaks:?} {place} {whole:?}: {}", lines(&seen)) };
                assert_eq!(
                    (post.line.as_str(), post.body.as_slice()),
                    (&*format!("POST {place} HTTP/1.1"), whole.as_bytes())
                );
                assert_eq!(next.line, "GET /orders/1 HTTP/1.1");
            }
        }
        gateway.clock.advance(std::time::Duration::from_secs(30));
    }
}

fn lines(seen: &[Recorded]) -> String {
    seen.iter().map(|request| request.line.as_str()).collect::<Vec<_>>().join(" | ")
}
