//! What stands in a certificate: the names it is for and when it is good. Nothing here decides whether to trust one.

use std::{net::IpAddr, time::Duration};

use rustls::pki_types::CertificateDer;
use x509_parser::extensions::GeneralName;

use crate::clock::Timestamp;

const DAY: Duration = Duration::from_hours(24);
/// Who renews in time is never so close to the end: certificates for 90 days are renewed with 30 left.
const SOON: Duration = Duration::from_hours(21 * 24);

/// Of the first certificate in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Leaf {
    /// Lower case; `*` only as the whole first label.
    names: Vec<String>,
    addresses: Vec<IpAddr>,
    not_before: Timestamp,
    not_after: Timestamp,
}

impl Leaf {
    /// `None` where it cannot be read as X.509.
    pub(super) fn read(certificate: &CertificateDer<'_>) -> Option<Self> {
        let (_rest, read) = x509_parser::parse_x509_certificate(certificate).ok()?;
        let (mut names, mut addresses) = (Vec::new(), Vec::new());
        let alternatives = read.subject_alternative_name().ok().flatten();
        for name in alternatives.iter().flat_map(|alternatives| &alternatives.value.general_names) {
            match name {
                GeneralName::DNSName(name) => names.push(name.to_ascii_lowercase()),
                GeneralName::IPAddress(bytes) => addresses.extend(address(bytes)),
                _ => {}
            }
        }
        let validity = read.validity();
        let not_before = Timestamp::from_secs(validity.not_before.timestamp());
        let not_after = Timestamp::from_secs(validity.not_after.timestamp());
        Some(Self { names, addresses, not_before, not_after })
    }

    /// Is it for this host (RFC 6125 §6.4)? A name without a port, or an address, an IPv6 one with or without brackets.
    pub(super) fn is_for(&self, host: &str) -> bool {
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        if let Ok(address) = bare.parse::<IpAddr>() {
            return self.addresses.contains(&address);
        }
        let below = host.split_once('.').map(|(_first, rest)| rest);
        self.names.iter().any(|name| match name.strip_prefix("*.") {
            Some(domain) => below.is_some_and(|below| below.eq_ignore_ascii_case(domain)),
            None => name.eq_ignore_ascii_case(host),
        })
    }

    /// Everything it is for, in words.
    pub(super) fn names(&self) -> Vec<String> {
        let addresses = self.addresses.iter().map(ToString::to_string);
        self.names.iter().cloned().chain(addresses).collect()
    }

    /// What to say of when it is good, if anything.
    pub(super) fn time_warning(&self, now: Timestamp) -> Option<String> {
        let Self { not_before, not_after, .. } = *self;
        if now >= not_after {
            return Some(format!("the certificate has expired, at {not_after}: no browser connects any more"));
        }
        if now < not_before {
            return Some(format!("the certificate is not good before {not_before}: no browser connects"));
        }
        let (left, lifetime) = (not_after.since(now), not_after.since(not_before));
        (left < SOON.min(lifetime / 4)).then(|| {
            let days = left.as_secs() / DAY.as_secs();
            let in_days = match days {
                0 => "in less than a day".to_owned(),
                1 => "in 1 day".to_owned(),
                days => format!("in {days} days"),
            };
            format!("the certificate expires {in_days}, at {not_after}: renew it")
        })
    }
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    v4.or_else(|_longer| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    fn leaf(names: &[&str], (from, until): ((i32, u8, u8), (i32, u8, u8))) -> Leaf {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.not_before = date_time_ymd(from.0, from.1, from.2);
        params.not_after = date_time_ymd(until.0, until.1, until.2);
        Leaf::read(params.self_signed(&KeyPair::generate().unwrap()).unwrap().der()).unwrap()
    }

    const NINETY_DAYS: ((i32, u8, u8), (i32, u8, u8)) = ((2027, 1, 1), (2027, 4, 1));

    #[test]
    fn a_wildcard_is_one_label_and_the_first() {
        let leaf = leaf(&["Console.Example.jp", "*.shops.example.jp", "192.0.2.1", "2001:db8::1"], NINETY_DAYS);
        for host in [
            "console.example.jp",
            "CONSOLE.example.JP",
            "a.shops.example.jp",
            "192.0.2.1",
            "[2001:db8::1]",
            "2001:db8::1",
        ] {
            assert!(leaf.is_for(host), "{host}");
        }
        for host in ["example.jp", "a.console.example.jp", "a.b.shops.example.jp", "shops.example.jp", "192.0.2.2", ""]
        {
            assert!(!leaf.is_for(host), "{host}");
        }
        assert_eq!(leaf.names(), ["console.example.jp", "*.shops.example.jp", "192.0.2.1", "2001:db8::1"]);
        assert_eq!(Leaf::read(&CertificateDer::from(vec![0x30, 0])), None);
    }

    #[test]
    fn the_end_is_told_in_time_and_never_to_who_renews_in_time() {
        let at = |text: &str| Timestamp::from_millis(text.parse::<jiff::Timestamp>().unwrap().as_millisecond());
        let said = |leaf: &Leaf, now: &str| leaf.time_warning(at(now)).unwrap_or_default();
        let ninety = leaf(&["a.test"], NINETY_DAYS);
        assert!(said(&ninety, "2026-12-31T23:59:59Z").contains("not good before 2027-01-01T00:00:00Z"));
        for quiet in ["2027-01-01T00:00:00Z", "2027-03-02T00:00:00Z", "2027-03-11T00:00:00Z"] {
            assert_eq!(said(&ninety, quiet), "");
        }
        assert!(said(&ninety, "2027-03-11T00:00:01Z").contains("in 20 days, at 2027-04-01T00:00:00Z: renew it"));
        assert!(said(&ninety, "2027-03-30T23:59:59Z").contains("in 1 day,"));
        assert!(said(&ninety, "2027-03-31T23:59:59Z").contains("in less than a day"));
        assert!(said(&ninety, "2027-04-01T00:00:00Z").contains("has expired"));
        let six = leaf(&["a.test"], ((2027, 1, 1), (2027, 1, 7)));
        assert_eq!(said(&six, "2027-01-05T00:00:00Z"), "", "short-lived ones are always close to the end");
        assert!(said(&six, "2027-01-06T00:00:00Z").contains("in 1 day,"));
    }
}
