//! Group A over HTTP/2: what one connection may cost, and what may become of its fields in HTTP/1.1.

use crate::{
    frames::{
        CONTINUATION, DATA, END_HEADERS, END_STREAM, Ending, HEADERS, PING, PRIORITY, Peer, RST_STREAM, SETTINGS,
        WINDOW_UPDATE, block, frame,
    },
    siege::{Siege, Verdict, hold, memory, statuses},
};

const INITIAL_WINDOW: u16 = 4;

pub(crate) async fn run(siege: &mut Siege) {
    cost(siege).await;
    smuggling(siege).await;
}

/// The pseudo-fields of a request, then these.
fn fields<'a>(siege: &'a Siege, host: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![(":method", "GET"), (":scheme", "https"), (":authority", host), (":path", "/x")];
    for (name, value) in more {
        match fields.iter_mut().find(|(known, _)| known == name && name.starts_with(':')) {
            Some(known) => known.1 = value,
            None => fields.push((name, value)),
        }
    }
    fields.push(("cookie", &siege.cookie));
    fields
}

/// One request with these fields; how its stream ends.
async fn ends(siege: &Siege, fields: &[(&str, &str)]) -> Ending {
    let mut peer = Peer::open(siege, &[]).await;
    peer.send(&frame(HEADERS, END_HEADERS | END_STREAM, 1, &block(fields))).await;
    peer.ending(1).await
}

async fn cost(siege: &mut Siege) {
    siege
        .case(
            "HTTP-38",
            "fields of the static table by one byte each, and answers nobody lets through",
            async |siege| {
                let host = siege.host();
                let before = memory();
                // RFC 7541 appendix A: 15 is `accept-charset`, 32 a crumb of `cookie`, 51 `range`; none has a value.
                let mut peers = Vec::new();
                for crumb in [0x8f_u8, 0xa0, 0xb3] {
                    let mut peer = Peer::open(siege, &[(INITIAL_WINDOW, 0)]).await;
                    // As many as fit into a list of 64 KiB, and many more.
                    for (stream, count) in (1..201).step_by(2).zip([100, 1000, 10_000].into_iter().cycle()) {
                        let mut bomb = block(&fields(siege, &host, &[]));
                        bomb.extend(vec![crumb; count]);
                        peer.send(&frame(HEADERS, END_HEADERS | END_STREAM, stream, &bomb)).await;
                    }
                    peers.push(peer);
                }
                // While all of them wait for a window, others are served.
                for _ in 0..20 {
                    let alive = siege.get("/x").await;
                    hold(alive.len() == 1 && alive[0].status == 200, || format!("others get {:?}", statuses(&alive)))?;
                }
                let grown = memory().saturating_sub(before);
                hold(grown < 50 * 1024 * 1024, || format!("{grown} bytes"))
            },
        )
        .await;
    siege
        .case("HTTP-39", "a large table of fields, referred to by one byte each, and no window", async |siege| {
            let host = siege.host();
            let before = memory();
            let mut opening = block(&fields(siege, &host, &[]));
            // With incremental indexing (RFC 7541 §6.2.1): 4000 bytes that one byte repeats.
            opening.extend([0x40, 1, b'x', 0x7f, 0xa1, 0x1e]);
            opening.extend(vec![b'y'; 4000]);
            let mut peer = Peer::open(siege, &[(INITIAL_WINDOW, 0)]).await;
            peer.send(&frame(HEADERS, END_HEADERS | END_STREAM, 1, &opening)).await;
            let streams = (3..2001).step_by(2).map(|stream| {
                let mut repeated = block(&fields(siege, &host, &[]));
                repeated.extend(vec![0xbe; 8 * 1024]);
                frame(HEADERS, END_HEADERS | END_STREAM, stream, &repeated)
            });
            let whole = peer.flood(streams).await;
            let grown = memory().saturating_sub(before);
            hold(grown < 50 * 1024 * 1024, || format!("{grown} bytes, all sent: {whole}"))
        })
        .await;
    siege
        .case("HTTP-41", "streams that are opened and reset", async |siege| {
            let host = siege.host();
            let fields = block(&fields(siege, &host, &[]));
            let streams = (1..20_001).step_by(2).map(|stream| {
                let mut bytes = frame(HEADERS, END_HEADERS | END_STREAM, stream, &fields);
                bytes.extend(frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes()));
                bytes
            });
            let whole = Peer::open(siege, &[]).await.flood(streams).await;
            hold(!whole, || "ten thousand resets were taken".to_owned())?;
            // Resets that we make the gateway send: a window that overflows.
            let streams = (1..20_001).step_by(2).map(|stream| {
                let mut bytes = frame(HEADERS, END_HEADERS, stream, &fields);
                bytes.extend(frame(WINDOW_UPDATE, 0, stream, &0x7fff_ffff_u32.to_be_bytes()));
                bytes
            });
            let whole = Peer::open(siege, &[]).await.flood(streams).await;
            hold(!whole, || "ten thousand resets were made".to_owned())
        })
        .await;
    siege
        .case("HTTP-42", "a head without an end", async |siege| {
            let host = siege.host();
            let mut peer = Peer::open(siege, &[]).await;
            peer.send(&frame(HEADERS, 0, 1, &block(&fields(siege, &host, &[])))).await;
            let piece = block(&[("x", &"a".repeat(1000))]);
            let endless = (0..50_000).map(|_| frame(CONTINUATION, 0, 1, &piece));
            hold(!peer.flood(endless).await, || "fifty megabytes of a head were taken".to_owned())
        })
        .await;
    siege
        .case("HTTP-44", "frames that only cost", async |siege| {
            // Each ends with the connection or with an answer to every one; that others are served follows.
            for (kind, payload) in [
                (PING, vec![0; 8]),
                (SETTINGS, vec![0, 3, 0, 0, 0, 100]),
                (WINDOW_UPDATE, 1_u32.to_be_bytes().to_vec()),
                (PRIORITY, vec![0, 0, 0, 0, 16]),
            ] {
                let stream = u32::from(kind == PRIORITY);
                let before = memory();
                let flood = (0..50_000).map(|_| frame(kind, 0, stream, &payload));
                Peer::open(siege, &[]).await.flood(flood).await;
                let grown = memory().saturating_sub(before);
                hold(grown < 20 * 1024 * 1024, || format!("frames of kind {kind}: {grown} bytes"))?;
                let alive = siege.get("/x").await;
                hold(alive.len() == 1 && alive[0].status == 200, || format!("after frames of kind {kind}"))?;
            }
            Ok(())
        })
        .await;
}

async fn refused(siege: &Siege, what: &str, fields: &[(&str, &str)]) -> Verdict {
    let (ending, seen) = siege.arriving(ends(siege, fields)).await;
    hold(ending.is_refusal(), || format!("{what}: {ending:?}"))?;
    hold(seen.is_empty(), || format!("{what} reached the console: {}", seen[0].line))
}

async fn smuggling(siege: &mut Siege) {
    siege
        .case("HTTP-45", "fields that would break out of HTTP/1.1", async |siege| {
            let host = siege.host();
            for more in [
                [("x", "a\r\nx-sekisho-user: admin")],
                [("x", "a\nb")],
                [("x", "a\0b")],
                [("X-Upper", "a")],
                [("a:b", "c")],
                [("x\r\ny", "c")],
                [("", "c")],
                [("transfer-encoding", "chunked")],
                [("connection", "x-sekisho-user")],
                [("te", "gzip")],
                [("keep-alive", "1")],
                [("upgrade", "websocket")],
                [("proxy-connection", "x")],
                [(":path", "/x HTTP/1.1\r\nx: y")],
                [(":path", "/a b")],
                [(":path", "")],
                [(":path", "x")],
                [(":path", "http://evil.example/")],
                [(":method", "GET / HTTP/1.1\r\nx")],
                [(":method", "CONNECT")],
                [(":method", "TRACE")],
                [(":scheme", "http\r\n")],
                [(":authority", "evil.example")],
                [(":authority", "a@localhost")],
                [(":evil", "x")],
                [("host", "evil.example")],
            ] {
                refused(siege, &format!("{:?}", more[0]), &fields(siege, &host, &more)).await?;
            }
            let mut twice = fields(siege, &host, &[]);
            twice.insert(1, (":path", "/admin"));
            refused(siege, "two paths", &twice).await?;
            let mut late = fields(siege, &host, &[]);
            late.push((":path", "/x"));
            late.remove(3);
            refused(siege, "a path after the fields", &late).await?;
            let websocket = fields(siege, &host, &[(":method", "CONNECT"), (":protocol", "websocket")]);
            refused(siege, "extended CONNECT", &websocket).await
        })
        .await;
    siege
        .case("HTTP-46", "a length that is not the body's", async |siege| {
            let host = siege.host();
            for (length, data) in [("5", "hello hello"), ("10", "hello"), ("-1", ""), ("5, 5", "hello"), ("0", "x")] {
                let fields = fields(siege, &host, &[(":method", "POST"), ("content-length", length)]);
                let (ending, seen) = siege
                    .arriving(async {
                        let mut peer = Peer::open(siege, &[]).await;
                        let mut bytes = frame(HEADERS, END_HEADERS, 1, &block(&fields));
                        bytes.extend(frame(DATA, END_STREAM, 1, data.as_bytes()));
                        peer.send(&bytes).await;
                        peer.ending(1).await
                    })
                    .await;
                hold(ending.is_refusal(), || format!("{length}: {ending:?}"))?;
                // A request without a body is whole before what follows it is looked at; that goes nowhere.
                let whole = seen.iter().any(|request| length != "0" || !request.body.is_empty());
                hold(!whole, || format!("{length}: the console got a whole request"))?;
            }
            Ok(())
        })
        .await;
}
