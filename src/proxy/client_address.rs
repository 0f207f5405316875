//! Where a request comes from: the other end of its connection, unless that is a proxy the configuration names. Then it is
//! the last address in the proxies' header that is none of theirs. Nobody else's word is taken, and where something cannot
//! be read the search ends at the proxy that passed it on.

use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, HeaderName, header};
use ipnet::IpNet;

use crate::config::{Listen, ProxyHeader};

/// Whose word is taken, and where they write it.
#[derive(Clone, Debug)]
pub(crate) struct ClientAddress {
    trusted: Vec<IpNet>,
    header: ProxyHeader,
}

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

impl ClientAddress {
    /// As configured.
    pub(crate) fn new(listen: &Listen) -> Self {
        Self { trusted: listen.trusted_proxies.clone(), header: listen.client_address }
    }

    /// Is this one of the proxies? `address` is canonical.
    pub(super) fn trusts(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(&address))
    }

    /// Of a request that came over a connection from `peer`.
    pub(super) fn of(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut nearest = peer.to_canonical();
        if !self.trusts(nearest) {
            return nearest;
        }
        let name = match self.header {
            ProxyHeader::XForwardedFor => X_FORWARDED_FOR,
            ProxyHeader::Forwarded => header::FORWARDED,
        };
        // Each proxy writes behind what it got: only what trusted ones wrote is looked at.
        for line in headers.get_all(name).iter().rev() {
            let Some(nodes) = line.to_str().ok().and_then(|line| self.nodes(line)) else { return nearest };
            for node in nodes.iter().rev().map(|node| node.trim_matches([' ', '\t'])).filter(|node| !node.is_empty()) {
                let Some(address) = address_of(node) else { return nearest };
                nearest = address;
                if !self.trusts(nearest) {
                    return nearest;
                }
            }
        }
        nearest
    }

    fn nodes<'a>(&self, line: &'a str) -> Option<Vec<&'a str>> {
        match self.header {
            ProxyHeader::XForwardedFor => Some(line.split(',').collect()),
            ProxyHeader::Forwarded => forwarded_for(line),
        }
    }
}

/// An address, with or without a port, an IPv6 one with or without brackets. `None` for names, `unknown` and zones.
fn address_of(node: &str) -> Option<IpAddr> {
    if node.contains('%') {
        return None;
    }
    let bracketed = || node.strip_prefix('[')?.strip_suffix(']')?.parse::<std::net::Ipv6Addr>().ok().map(IpAddr::V6);
    let alone = node.parse::<IpAddr>().ok().or_else(bracketed);
    let address = alone.or_else(|| node.parse::<SocketAddr>().ok().map(|socket| socket.ip()))?;
    Some(address.to_canonical())
}

/// The `for` of each element (RFC 7239 §4), one that says none as `unknown`. `None` where quotes do not match: a client's
/// opening one must not swallow what a proxy wrote behind it.
fn forwarded_for(line: &str) -> Option<Vec<&str>> {
    split_outside_quotes(line, b',')?
        .into_iter()
        .map(|element| {
            if element.trim_matches([' ', '\t']).is_empty() {
                return Some("");
            }
            let mut nodes = split_outside_quotes(element, b';')?.into_iter().filter_map(|pair| {
                let (name, value) = pair.split_once('=')?;
                name.trim_matches([' ', '\t']).eq_ignore_ascii_case("for").then_some(value.trim_matches([' ', '\t']))
            });
            let node = nodes.next().unwrap_or("unknown");
            if nodes.next().is_some() {
                return None;
            }
            match node.strip_prefix('"') {
                Some(quoted) => quoted.strip_suffix('"'),
                None => Some(node),
            }
        })
        .collect()
}

/// `None` where a quoted string does not end.
fn split_outside_quotes(text: &str, separator: u8) -> Option<Vec<&str>> {
    let (mut quoted, mut escaped, mut start) = (false, false, 0);
    let mut parts = Vec::new();
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            byte if byte == separator && !quoted => {
                parts.push(text.get(start..at)?);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text.get(start..)?);
    (!quoted).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(header: ProxyHeader, peer: &str, lines: &[&str]) -> String {
        let trusted = ["10.0.0.0/8", "2001:db8:1::/48"].map(|network| network.parse().unwrap()).to_vec();
        let name = match header {
            ProxyHeader::XForwardedFor => "x-forwarded-for",
            ProxyHeader::Forwarded => "forwarded",
        };
        let headers = lines.iter().map(|line| (HeaderName::from_static(name), line.parse().unwrap())).collect();
        ClientAddress { trusted, header }.of(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn nobody_but_a_trusted_proxy_is_believed() {
        let of = |peer, line| of(ProxyHeader::XForwardedFor, peer, &[line]);
        assert_eq!(of("203.0.113.9", "198.51.100.1"), "203.0.113.9");
        assert_eq!(of("2001:db8:2::1", "198.51.100.1"), "2001:db8:2::1");
        assert_eq!(of("10.0.0.5", "198.51.100.1"), "198.51.100.1");
        assert_eq!(of("::ffff:10.0.0.5", "198.51.100.1"), "198.51.100.1", "of a listener for both families");
        assert_eq!(of("2001:db8:1::5", "::ffff:198.51.100.1"), "198.51.100.1");
    }

    #[test]
    fn addresses_are_read_from_the_right_to_the_first_that_is_no_proxy() {
        let of = |lines: &[&str]| of(ProxyHeader::XForwardedFor, "10.0.0.5", lines);
        assert_eq!(of(&["1.1.1.1, 198.51.100.1"]), "198.51.100.1", "what a client wrote itself is to the left");
        assert_eq!(of(&["1.1.1.1", "198.51.100.1, 10.9.9.9"]), "198.51.100.1", "over several lines");
        assert_eq!(of(&["198.51.100.1 ,10.1.1.1,, 10.9.9.9:4711,"]), "198.51.100.1");
        assert_eq!(of(&["[2001:db8:7::1]:443, 2001:db8:1::2"]), "2001:db8:7::1");
        assert_eq!(of(&["10.1.1.1, 10.9.9.9"]), "10.1.1.1", "a client within the proxies' network");
        assert_eq!(of(&[]), "10.0.0.5", "the proxy's own request");
        assert_eq!(of(&["1.1.1.1,".repeat(2000).as_str()]), "1.1.1.1");
    }

    #[test]
    fn what_cannot_be_read_ends_the_search_at_the_proxy_that_passed_it_on() {
        for unreadable in
            ["a", "unknown", "198.51.100.1:x", "fe80::1%eth0", "[fe80::1%1]:80", "1.1.1", "1.1.1.1 2.2.2.2"]
        {
            let of = |line: &str| of(ProxyHeader::XForwardedFor, "10.0.0.5", &[line]);
            assert_eq!(of(&format!("1.1.1.1, {unreadable}")), "10.0.0.5", "{unreadable}");
            assert_eq!(of(&format!("1.1.1.1, {unreadable}, 10.9.9.9")), "10.9.9.9", "{unreadable}");
            assert_eq!(of(&format!("{unreadable}, 198.51.100.1")), "198.51.100.1", "{unreadable}");
        }
    }

    #[test]
    fn forwarded_is_read_as_the_standard_writes_it() {
        let of = |lines: &[&str]| of(ProxyHeader::Forwarded, "10.0.0.5", lines);
        assert_eq!(of(&["for=1.1.1.1, for=198.51.100.1;proto=https;by=10.0.0.5"]), "198.51.100.1");
        assert_eq!(
            of(&["by=x; FOR=\"[2001:db8:7::1]:4711\" ;host=\"a,b;for=9.9.9.9\"", "for=10.2.2.2"]),
            "2001:db8:7::1"
        );
        assert_eq!(of(&["for=198.51.100.1,, "]), "198.51.100.1");
        for unreadable in [
            "for=unknown",
            "for=_hidden",
            "proto=https",
            "for=1.1.1.1;for=2.2.2.2",
            "for=\"1.1.1.1",
            // A client's quote before what the proxy wrote.
            "for=1.1.1.1;x=\", for=198.51.100.1",
            "for=1.1.1.1;x=\", for=\"[2001:db8:7::1]\"",
            "for=1.1.1.1;x=\"\\, for=\"[2001:db8:7::1]\"",
        ] {
            assert_eq!(of(&[unreadable]), "10.0.0.5", "{unreadable}");
        }
    }
}
