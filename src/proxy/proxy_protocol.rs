//! The PROXY protocol, versions 1 and 2: what a proxy in front of the gateway writes before anything else of a connection
//! it passes on. It says where the connection comes from, and nothing else is taken from it. It is read strictly, within
//! bounds of time and size, and only from proxies the configuration names: whoever may write it may be anybody.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use bytes::{Buf as _, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _};

const V1_START: &[u8] = b"PROXY ";
/// With its line end; the longest that version 1 can be.
const V1_BYTES: usize = 107;
const V2_START: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
const V2_FIXED: usize = 16;
/// With everything that proxies add behind the addresses (client certificates included). The protocol allows 64 KiB.
const V2_BYTES: usize = 4096;

/// What stands at the start of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Header {
    bytes: usize,
    /// `None`: the connection is the proxy's own, or comes from somewhere without an address.
    source: Option<SocketAddr>,
}

/// Reads the header, and says where the connection comes from. What was read behind it goes on in `rest`. The error is why
/// the connection is to be closed; an empty one: it was closed without a byte, as some proxies look whether we are there.
pub(super) async fn read(
    stream: &mut (impl AsyncRead + Unpin),
    within: Duration,
    rest: &mut BytesMut,
) -> Result<Option<SocketAddr>, &'static str> {
    let header = async {
        loop {
            if let Some(Header { bytes, source }) = scan(rest)? {
                rest.advance(bytes);
                return Ok(source);
            }
            match stream.read_buf(rest).await {
                Ok(0) if rest.is_empty() => return Err(""),
                Ok(0) => return Err("ends within the header"),
                Ok(_) => {}
                Err(_gone) => return Err(""),
            }
        }
    };
    tokio::time::timeout(within, header).await.unwrap_or(Err("header took too long"))
}

/// `None`: not all of it is there yet. What cannot become a header any more is refused at once.
fn scan(received: &[u8]) -> Result<Option<Header>, &'static str> {
    let starts = |start: &[u8]| received.iter().zip(start).all(|(received, wanted)| received == wanted);
    if starts(V2_START) {
        return if received.len() < V2_START.len() { Ok(None) } else { scan_v2(received) };
    }
    if !starts(V1_START) {
        return Err("no PROXY header");
    }
    let within = received.get(..V1_BYTES).unwrap_or(received);
    let Some(end) = within.windows(2).position(|pair| pair == b"\r\n") else {
        return if received.len() < V1_BYTES { Ok(None) } else { Err("header of version 1 without an end") };
    };
    let line = within.get(V1_START.len()..end).and_then(|line| std::str::from_utf8(line).ok());
    let line = line.ok_or("header of version 1 that is not text")?;
    // Whatever stands behind it is to be skipped (§2.1).
    let unknown = line == "UNKNOWN" || line.starts_with("UNKNOWN ");
    let source = if unknown { None } else { Some(v1_source(line).ok_or("unreadable header of version 1")?) };
    Ok(Some(Header { bytes: end + 2, source }))
}

/// Behind `PROXY `. `None`: unreadable.
fn v1_source(line: &str) -> Option<SocketAddr> {
    let mut words = line.split(' ');
    let mut next = || words.next();
    let (family, source, target, source_port, target_port) = (next()?, next()?, next()?, next()?, next()?);
    if words.next().is_some() {
        return None;
    }
    let address = |text: &str| -> Option<IpAddr> {
        match family {
            "TCP4" => text.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
            "TCP6" => text.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
            _ => None,
        }
    };
    let (source, _) = (address(source)?, address(target)?);
    let (source_port, _) = (port(source_port)?, port(target_port)?);
    Some(SocketAddr::new(source, source_port))
}

/// Without the `+` and the zeros in front that `parse` allows.
fn port(text: &str) -> Option<u16> {
    let canonical = text == "0" || text.starts_with(|first: char| matches!(first, '1'..='9'));
    text.parse().ok().filter(|_| canonical)
}

fn scan_v2(received: &[u8]) -> Result<Option<Header>, &'static str> {
    let Some((fixed, behind)) = received.split_first_chunk::<V2_FIXED>() else {
        return Ok(None);
    };
    let [.., command, family, high, low] = *fixed;
    let length = usize::from(u16::from_be_bytes([high, low]));
    let bytes = V2_FIXED + length;
    if bytes > V2_BYTES {
        return Err("header of version 2 too long");
    }
    let proxied = match command {
        0x20 => false,
        0x21 => true,
        _ => return Err("unknown command in a header of version 2"),
    };
    // The addresses come first: both of them, then both ports.
    let least = match family {
        0x00 => 0,
        0x11 => 12,
        0x21 => 36,
        0x31 => 216,
        // Of a connection of the proxy's own whatever stands there is to be skipped (§2.2).
        _ if !proxied => 0,
        _ => return Err("unknown family in a header of version 2"),
    };
    if proxied && length < least {
        return Err("header of version 2 shorter than its addresses");
    }
    let Some(block) = behind.get(..length) else {
        return Ok(None);
    };
    let source = match family {
        0x11 if proxied => v4(block),
        0x21 if proxied => v6(block),
        _ => None,
    };
    Ok(Some(Header { bytes, source }))
}

fn v4(block: &[u8]) -> Option<SocketAddr> {
    let (address, rest) = block.split_first_chunk::<4>()?;
    let (_target, rest) = rest.split_first_chunk::<4>()?;
    let (port, _) = rest.split_first_chunk::<2>()?;
    Some(SocketAddr::new(IpAddr::from(*address), u16::from_be_bytes(*port)))
}

fn v6(block: &[u8]) -> Option<SocketAddr> {
    let (address, rest) = block.split_first_chunk::<16>()?;
    let (_target, rest) = rest.split_first_chunk::<16>()?;
    let (port, _) = rest.split_first_chunk::<2>()?;
    Some(SocketAddr::new(IpAddr::from(*address), u16::from_be_bytes(*port)))
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt as _;

    use super::*;

    fn v2(command: u8, family: u8, block: &[u8]) -> Vec<u8> {
        let length = u16::try_from(block.len()).unwrap().to_be_bytes();
        [V2_START, &[command, family], &length, block].concat()
    }

    const TO_V4: [u8; 12] = [198, 51, 100, 7, 10, 0, 0, 1, 0x11, 0x5c, 1, 0xbb];

    fn source(bytes: &[u8]) -> Option<String> {
        let header = scan(bytes).unwrap().unwrap();
        assert_eq!(header.bytes, bytes.len());
        header.source.map(|source| source.to_string())
    }

    fn sources() -> Vec<(Vec<u8>, Option<&'static str>)> {
        let mut to_v6 = vec![0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7];
        to_v6.extend([0; 15]);
        to_v6.extend([1, 0x11, 0x5c, 1, 0xbb]);
        let with_more = [&TO_V4[..], &[0x02, 0, 4], b"host", &[0x04, 0, 1, 0]].concat();
        let text = |line: &str| line.as_bytes().to_vec();
        vec![
            (text("PROXY TCP4 198.51.100.7 10.0.0.1 4444 443\r\n"), Some("198.51.100.7:4444")),
            (text("PROXY TCP6 2001:db8::7 ::1 65535 0\r\n"), Some("[2001:db8::7]:65535")),
            (text("PROXY TCP6 ::ffff:198.51.100.7 ::1 1 2\r\n"), Some("[::ffff:198.51.100.7]:1")),
            (text("PROXY UNKNOWN\r\n"), None),
            (text("PROXY UNKNOWN ffff:: anything 1 x\r\n"), None),
            (v2(0x21, 0x11, &TO_V4), Some("198.51.100.7:4444")),
            (v2(0x21, 0x11, &with_more), Some("198.51.100.7:4444")),
            (v2(0x21, 0x21, &to_v6), Some("[2001:db8::7]:4444")),
            (v2(0x21, 0x31, &[b'/'; 216]), None),
            (v2(0x21, 0x00, b"whatever"), None),
            // The proxy's own connection, whatever it says of addresses.
            (v2(0x20, 0x00, b""), None),
            (v2(0x20, 0x11, &TO_V4), None),
            (v2(0x20, 0xff, b"whatever"), None),
        ]
    }

    #[test]
    fn it_says_where_a_connection_comes_from() {
        for (bytes, from) in sources() {
            assert_eq!(source(&bytes).as_deref(), from, "{bytes:?}");
        }
    }

    #[test]
    fn no_part_of_it_is_enough_and_nothing_behind_it_is_taken() {
        for (bytes, from) in sources() {
            for length in 0..bytes.len() {
                assert_eq!(scan(&bytes[..length]), Ok(None), "{length} bytes of {bytes:?}");
            }
            for behind in ["GET / HTTP/1.1\r\n\r\n", "PROXY TCP4 192.0.2.1 10.0.0.1 1 2\r\n", "\r\n"] {
                let header = scan(&[&bytes, behind.as_bytes()].concat()).unwrap().unwrap();
                assert_eq!(header.bytes, bytes.len());
                assert_eq!(header.source.map(|source| source.to_string()).as_deref(), from);
            }
        }
    }

    #[test]
    fn what_is_not_exactly_one_is_refused_as_soon_as_it_shows() {
        for line in [
            "GET / HTTP/1.1\r\n",
            "\r\n\r\nGET",
            "\x16\x03\x01",
            "PROXX",
            "proxy TCP4 198.51.100.7 10.0.0.1 4444 443\r\n",
            "PROXY\tTCP4",
            "PROXY TCP5 198.51.100.7 10.0.0.1 4444 443\r\n",
            "PROXY TCP4 2001:db8::7 10.0.0.1 4444 443\r\n",
            "PROXY TCP6 198.51.100.7 10.0.0.1 4444 443\r\n",
            "PROXY TCP4 198.51.100.7 nowhere 4444 443\r\n",
            "PROXY TCP4 198.51.100.07 10.0.0.1 4444 443\r\n",
            "PROXY TCP4  198.51.100.7 10.0.0.1 4444 443\r\n",
            "PROXY TCP4 198.51.100.7 10.0.0.1 4444 443 \r\n",
            "PROXY TCP4 198.51.100.7 10.0.0.1 4444\r\n",
            "PROXY TCP4 198.51.100.7 10.0.0.1 +444 443\r\n",
            "PROXY TCP4 198.51.100.7 10.0.0.1 0444 443\r\n",
            "PROXY TCP4 198.51.100.7 10.0.0.1 4444 65536\r\n",
            "PROXY TCP4 198.51.100.7 10.0.0.1 4444 443\nGET / HTTP/1.1\r\n",
            "PROXY UNKNOWNS\r\n",
            "PROXY \r\n",
        ] {
            assert!(scan(line.as_bytes()).is_err(), "{line}");
        }
        let endless = format!("PROXY UNKNOWN {}", "x".repeat(V1_BYTES));
        assert_eq!(scan(&endless.as_bytes()[..V1_BYTES - 1]), Ok(None));
        assert!(scan(&endless.as_bytes()[..V1_BYTES]).is_err() && scan(format!("{endless}\r\n").as_bytes()).is_err());

        for (command, family, block) in [
            (0x11, 0x11, &TO_V4[..]),
            (0x22, 0x11, &TO_V4),
            (0x2f, 0x11, &TO_V4),
            // Datagrams do not come over a connection.
            (0x21, 0x12, &TO_V4),
            (0x21, 0x13, &TO_V4),
            (0x21, 0x41, &TO_V4),
            (0x21, 0x11, &TO_V4[..11]),
            (0x21, 0x21, &TO_V4),
            (0x21, 0x31, &[0; 215]),
            (0x21, 0x11, &[0; V2_BYTES - V2_FIXED + 1]),
        ] {
            let bytes = v2(command, family, block);
            assert!(scan(&bytes[..V2_FIXED]).is_err(), "before the rest is waited for: {:?}", &bytes[..V2_FIXED]);
        }
        assert!(scan(&v2(0x21, 0x11, &[0; V2_BYTES - V2_FIXED])).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn it_has_to_come_whole_and_in_time() {
        let within = Duration::from_secs(10);
        let line = b"PROXY TCP4 198.51.100.7 10.0.0.1 4444 443\r\n";
        let (mut client, mut server) = tokio::io::duplex(4096);
        let drip = async {
            for byte in line {
                client.write_all(&[*byte]).await.unwrap();
            }
            client.write_all(b"hello").await.unwrap();
            let mut rest = BytesMut::new();
            let source = read(&mut server, within, &mut rest).await.unwrap().unwrap();
            assert_eq!((source.to_string().as_str(), &rest[..]), ("198.51.100.7:4444", &b"hello"[..]));
        };
        drip.await;
        for (sent, closed, why) in [
            (&line[..20], true, "ends within"),
            (b"", true, ""),
            (&line[..20], false, "too long"),
            (b"GET", false, "no"),
        ] {
            let (mut client, mut server) = tokio::io::duplex(4096);
            client.write_all(sent).await.unwrap();
            let _open = (!closed).then_some(client);
            let fault = read(&mut server, within, &mut BytesMut::new()).await.unwrap_err();
            assert!(fault.contains(why) && fault.is_empty() == why.is_empty(), "{fault}");
        }
    }
}
