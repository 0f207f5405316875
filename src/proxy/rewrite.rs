//! Addresses in the console's answers, where it believes it lives elsewhere: its own origin, as the configuration knows it,
//! becomes ours, and a cookie is not tied to a host that browsers never see. Everything else, and the rest of each value,
//! stays byte for byte. Paths are never changed: the console has the paths that browsers see.

use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::identity::Changes;
use crate::config::{Config, PublicUrl, Upstream, UpstreamAddress};

const CONTENT_LOCATION: HeaderName = header::CONTENT_LOCATION;

/// A value as it should be; `None`: as it is.
type Rewrite = fn(&OwnAddresses, &[u8]) -> Option<Vec<u8>>;

/// What the console believes, of one configuration.
#[derive(Clone, Debug)]
pub(crate) struct OwnAddresses {
    /// Its origins, lower case, and `//host[:port]` for each.
    origins: Vec<String>,
    /// Its hosts, lower case.
    hosts: Vec<String>,
    /// `https://host[:port]`
    public: String,
    public_host: String,
    secure: bool,
}

impl OwnAddresses {
    /// Of one console at one of its hosts, from its `url` and `host_header`, and from `console.origins`.
    pub(crate) fn new(config: &Config, upstream: &Upstream, host: &PublicUrl) -> Self {
        let public_host = host.host.clone();
        let public_authority = host.authority();
        let mut origins = Vec::new();
        let mut hosts = Vec::new();
        let bracketed = |host: &str| if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let default_port = if upstream.tls { 443 } else { 80 };
        let mut authorities = Vec::new();
        let on_the_network = upstream.addresses.iter().filter_map(|address| match address {
            UpstreamAddress::Host { host, port } => Some((host, *port)),
            UpstreamAddress::Socket(_) => None,
        });
        for (host, port) in on_the_network.clone() {
            hosts.push(host.to_ascii_lowercase());
            authorities.push(format!("{}:{port}", bracketed(host)));
            if port == default_port {
                authorities.push(bracketed(host));
            }
        }
        if let Some(given) = upstream.host_header.as_deref().and_then(|host| host.parse::<http::uri::Authority>().ok())
        {
            hosts.push(given.host().to_ascii_lowercase());
            authorities.push(given.as_str().to_owned());
            // One that adds the port it listens on.
            authorities.extend(on_the_network.map(|(_, port)| format!("{}:{port}", given.host())));
        }
        for authority in authorities.iter().map(|authority| authority.to_ascii_lowercase()) {
            // Behind a proxy it may believe in either scheme.
            origins.extend(["http://", "https://", "//"].map(|scheme| format!("{scheme}{authority}")));
        }
        // The right host and the wrong scheme: it does not know that there is TLS in front of it.
        origins.push(format!("http://{public_authority}"));
        for origin in &config.console.origins {
            let scheme = if origin.tls { "https" } else { "http" };
            let host = bracketed(&origin.host.to_ascii_lowercase());
            origins.push(format!("{scheme}://{host}:{}", origin.port));
            if origin.port == if origin.tls { 443 } else { 80 } {
                origins.push(format!("{scheme}://{host}"));
            }
            hosts.push(origin.host.to_ascii_lowercase());
        }
        let public = host.origin();
        let ours = [public.clone(), format!("//{public_authority}")];
        origins.retain(|origin| !ours.contains(origin));
        origins.sort();
        origins.dedup();
        Self { origins, hosts, public, public_host, secure: config.console.secure_cookies }
    }

    /// What has to change in an answer; nothing, as a rule.
    pub(crate) fn changes(&self, headers: &HeaderMap) -> Changes {
        let mut changes = Changes::default();
        let fields: [(HeaderName, Rewrite); 4] = [
            (header::LOCATION, |own, value| own.led_to_us(value)),
            (CONTENT_LOCATION, |own, value| own.led_to_us(value)),
            (header::REFRESH, |own, value| own.refresh(value)),
            (header::SET_COOKIE, |own, value| own.cookie(value)),
        ];
        for (name, rewrite) in fields {
            let values = headers.get_all(&name);
            let read = |value: &HeaderValue| rewrite(self, value.as_bytes()).map(|new| HeaderValue::from_bytes(&new));
            let rewritten: Vec<_> = values.iter().map(read).collect();
            if !rewritten.iter().any(Option::is_some) {
                continue;
            }
            let kept = values.iter().zip(rewritten);
            changes.set.extend(kept.map(|(old, new)| (name.clone(), new.and_then(Result::ok).unwrap_or(old.clone()))));
            changes.remove.push(name);
        }
        changes
    }

    /// A URL of the console's own, at our origin. `None` for any other.
    fn led_to_us(&self, url: &[u8]) -> Option<Vec<u8>> {
        let rest = self.origins.iter().find_map(|origin| {
            let (start, rest) = url.split_at_checked(origin.len())?;
            let ends = matches!(rest.first(), None | Some(b'/' | b'?' | b'#'));
            (ends && start.eq_ignore_ascii_case(origin.as_bytes())).then_some(rest)
        })?;
        Some([self.public.as_bytes(), rest].concat())
    }

    /// `5; url=http://…` (HTML §4.2.5.3): the URL in it.
    fn refresh(&self, value: &[u8]) -> Option<Vec<u8>> {
        let after = value.iter().position(|byte| matches!(byte, b';' | b','))? + 1;
        let skip = |from: usize| {
            let rest = value.get(from..).unwrap_or_default();
            from + rest.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(rest.len())
        };
        let mut at = skip(after);
        if value.get(at..at + 3).is_some_and(|word| word.eq_ignore_ascii_case(b"url")) {
            let equals = skip(at + 3);
            if value.get(equals) == Some(&b'=') {
                at = skip(equals + 1);
            }
        }
        let quote = value.get(at).copied().filter(|byte| matches!(byte, b'"' | b'\''));
        at += usize::from(quote.is_some());
        let rest = value.get(at..)?;
        let end = quote.and_then(|quote| rest.iter().position(|byte| *byte == quote)).unwrap_or(rest.len());
        let led = self.led_to_us(rest.get(..end)?)?;
        Some([value.get(..at)?, &led, rest.get(end..)?].concat())
    }

    /// A cookie tied to a host of the console's own that is not ours is tied to ours, which is what no `Domain` means; and
    /// `Secure` where it is wanted.
    fn cookie(&self, line: &[u8]) -> Option<Vec<u8>> {
        let attribute = |part: &[u8], name: &str| {
            let (key, value) = match part.iter().position(|byte| *byte == b'=') {
                Some(at) => (part.get(..at)?, part.get(at + 1..)?),
                None => (part, &b""[..]),
            };
            key.trim_ascii().eq_ignore_ascii_case(name.as_bytes()).then(|| value.trim_ascii().to_ascii_lowercase())
        };
        let mut parts = line.split(|byte| *byte == b';');
        let pair = parts.next()?;
        let (mut kept, mut secure, mut changed) = (vec![pair], false, false);
        for part in parts {
            if attribute(part, "domain").is_some_and(|domain| self.is_elsewhere(&domain)) {
                changed = true;
                continue;
            }
            secure |= attribute(part, "secure").is_some();
            kept.push(part);
        }
        if self.secure && !secure {
            changed = true;
            kept.push(b" Secure");
        }
        changed.then(|| kept.join(&b";"[..]))
    }

    /// A domain that holds a host of the console's own and not ours: browsers would refuse the cookie.
    fn is_elsewhere(&self, domain: &[u8]) -> bool {
        let Ok(domain) = std::str::from_utf8(domain.strip_prefix(b".").unwrap_or(domain)) else { return false };
        let within = |host: &str| host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
        !within(&self.public_host) && self.hosts.iter().any(|host| within(host))
    }
}

/// What each console believes at each of its hosts.
#[derive(Clone, Debug)]
pub(crate) struct OwnAddressesAt(Vec<Vec<(String, OwnAddresses)>>);

impl OwnAddressesAt {
    /// As configured.
    pub(crate) fn new(config: &Config) -> Self {
        let at = |console: &Upstream| {
            let hosts = config.hosts.iter().filter(|host| console.hosts.contains(&host.host));
            hosts.map(|host| (host.host.clone(), OwnAddresses::new(config, console, host))).collect()
        };
        Self(config.upstreams.iter().map(at).collect())
    }

    /// Of the console with this number, at this host.
    pub(crate) fn get(&self, console: usize, host: &PublicUrl) -> Option<&OwnAddresses> {
        self.0.get(console)?.iter().find(|(name, _)| *name == host.host).map(|(_, addresses)| addresses)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(upstream: &str, console: &str) -> OwnAddresses {
        let text = format!(
            r#"
            public_url = "https://shop.example.jp:8443"
            [listen]
            https = "127.0.0.1:8443"
            certificate = "c.pem"
            private_key = "k.pem"
            [upstream]
            {upstream}
            [console]
            {console}
            [store]
            url = "sqlite:store.db"
            [sms]
            provider = "inbox"
            [insecure]
            inbox_provider = true
            "#
        );
        let config = crate::config::parse(&text, "sekisho.toml").unwrap_or_else(|problems| panic!("{problems}"));
        OwnAddresses::new(&config, &config.upstreams[0], &config.public_url)
    }

    fn internal() -> OwnAddresses {
        let upstream = "url = \"http://127.0.0.1:8080\"\nhost_header = \"console.internal\"";
        own(upstream, "origins = [\"https://old.example.jp\", \"http://[::1]:9000\"]")
    }

    #[test]
    fn the_consoles_own_addresses_become_ours_and_no_other_does() {
        let own = internal();
        let led = |url: &str| own.led_to_us(url.as_bytes()).map(|led| String::from_utf8(led).unwrap());
        for (theirs, rest) in [
            ("http://127.0.0.1:8080/orders?to=http://127.0.0.1:8080/", "/orders?to=http://127.0.0.1:8080/"),
            ("HTTP://127.0.0.1:8080", ""),
            ("https://127.0.0.1:8080/%2F..#a", "/%2F..#a"),
            ("//127.0.0.1:8080//x", "//x"),
            ("http://Console.Internal?a", "?a"),
            ("https://console.internal/", "/"),
            ("http://console.internal:8080/", "/"),
            ("http://shop.example.jp:8443/x", "/x"),
            ("https://old.example.jp:443/x", "/x"),
            ("https://old.example.jp/x", "/x"),
            ("http://[::1]:9000/x", "/x"),
        ] {
            assert_eq!(led(theirs), Some(format!("https://shop.example.jp:8443{rest}")), "{theirs}");
        }
        for other in [
            "/orders",
            "orders",
            "",
            "https://shop.example.jp:8443/x",
            "//shop.example.jp:8443/x",
            "http://127.0.0.1:80801/",
            "http://127.0.0.1/",
            "http://127.0.0.1:8080@evil.example/",
            "http://127.0.0.1:8080.evil.example/",
            "http://127.0.0.1:8080\\@evil.example/",
            "http://console.internal.evil.example/",
            "http://old.example.jp/x",
            "https://sso.example.jp/?back=http://console.internal/",
        ] {
            assert_eq!(led(other), None, "{other}");
        }
        let plain = own_at_port_80();
        assert!(plain.led_to_us(b"http://console.internal/x").is_some());
        assert!(plain.led_to_us(b"https://console.internal:80/x").is_some());
    }

    fn own_at_port_80() -> OwnAddresses {
        own("url = \"http://console.internal\"", "")
    }

    #[test]
    fn a_refresh_keeps_all_but_the_origin() {
        let own = internal();
        let read = |value: &str| own.refresh(value.as_bytes()).map(|new| String::from_utf8(new).unwrap());
        let public = "https://shop.example.jp:8443";
        for (value, expected) in [
            ("5; url=http://console.internal/a", format!("5; url={public}/a")),
            ("0;URL = 'http://127.0.0.1:8080/a' x", format!("0;URL = '{public}/a' x")),
            ("0,\"http://console.internal\"", format!("0,\"{public}\"")),
            ("1; http://console.internal/?b", format!("1; {public}/?b")),
        ] {
            assert_eq!(read(value), Some(expected), "{value}");
        }
        for value in
            ["5", "5;", "5; url=", "5; url=/a", "5; url=https://elsewhere.example/", "http://console.internal/"]
        {
            assert_eq!(read(value), None, "{value}");
        }
    }

    #[test]
    fn cookies_lose_a_domain_that_browsers_never_see_and_nothing_else() {
        let own = internal();
        let read = |line: &str| own.cookie(line.as_bytes()).map(|new| String::from_utf8(new).unwrap());
        for (line, expected) in [
            ("ID=a=\"b\" ; Domain=console.internal; Path=/x;  HttpOnly", "ID=a=\"b\" ; Path=/x;  HttpOnly"),
            ("ID=1;domain = .INTERNAL ;Secure", "ID=1;Secure"),
            ("ID=1; Domain=127.0.0.1", "ID=1"),
        ] {
            assert_eq!(read(line).as_deref(), Some(expected), "{line}");
        }
        for line in [
            "ID=1; Path=/; SameSite=None",
            "ID=Domain=console.internal",
            "ID=1; Domain=example.jp",
            "ID=1; Domain=shop.example.jp",
            "ID=1; Domain=elsewhere.example",
            "ID=1; Domain=nsole.internal",
            "ID=1; Domain=",
        ] {
            assert_eq!(read(line), None, "{line}");
        }
        let secure = super::tests::own("url = \"http://127.0.0.1:8080\"", "secure_cookies = true");
        assert_eq!(secure.cookie(b"ID=1; Path=/"), Some(b"ID=1; Path=/; Secure".to_vec()));
        assert_eq!(secure.cookie(b"ID=1; SECURE; Path=/"), None);
    }

    #[test]
    fn an_answer_keeps_the_order_of_its_cookies() {
        let own = internal();
        let mut headers = HeaderMap::new();
        for line in ["A=1", "B=1; Domain=console.internal", "C=1"] {
            headers.append(header::SET_COOKIE, line.parse().unwrap());
        }
        headers.insert(header::LOCATION, "/relative".parse().unwrap());
        let Changes { remove, set } = own.changes(&headers);
        assert_eq!(remove, [header::SET_COOKIE]);
        let set: Vec<_> = set.iter().map(|(_, value)| value.to_str().unwrap()).collect();
        assert_eq!(set, ["A=1", "B=1", "C=1"]);
        headers.remove(header::SET_COOKIE);
        assert!(own.changes(&headers).remove.is_empty());
    }
}
