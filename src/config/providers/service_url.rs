//! Where providers are. Codes go there, so nothing but https will do, save to this machine itself.

use serde_json::json;
use url::{Host, Url};

use crate::config::{
    read::{Refusal, Text},
    value::bare_url,
};

/// An address of a provider. It may hold a token of the operator's, so it is never shown.
#[derive(Clone)]
pub(in crate::config) struct ServiceUrl(pub(in crate::config) Url);

impl std::fmt::Debug for ServiceUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ServiceUrl(…)")
    }
}

impl Text for ServiceUrl {
    const KIND: &'static str = "an https URL";

    fn parse(text: &str) -> Result<Self, Refusal> {
        let example = "as in \"https://sms.example.jp/send\"";
        let url = Url::parse(text).map_err(|_unreadable| Refusal::new("is not a URL".to_owned(), example))?;
        let here = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => return Err(Refusal::new("has no host".to_owned(), example)),
        };
        match url.scheme() {
            "https" => {}
            "http" if here => {}
            "http" => {
                let help = "whoever sees the traffic reads every code: https, or http to this machine alone";
                return Err(Refusal::new("starts with http://".to_owned(), help));
            }
            _ => return Err(Refusal::new("does not start with https://".to_owned(), example)),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refusal::new("has a user name or password in the URL".to_owned(), "take them out"));
        }
        if url.fragment().is_some() {
            return Err(Refusal::new("has a fragment".to_owned(), "take out the # and what follows it"));
        }
        Ok(Self(url))
    }

    fn constraint() -> serde_json::Value {
        json!({ "pattern": "^https?://" })
    }
}

/// A proxy towards providers.
#[derive(Clone, Debug)]
pub(in crate::config) struct ProxyUrl(pub(in crate::config) Url);

impl Text for ProxyUrl {
    const KIND: &'static str = "an http or https URL without a path";

    fn parse(text: &str) -> Result<Self, Refusal> {
        bare_url(text, &["http", "https"]).map(|(url, ..)| Self(url))
    }

    fn constraint() -> serde_json::Value {
        json!({ "pattern": "^https?://[^/]+/?$" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_leave_the_machine_over_https_only() {
        for good in [
            "https://sms.example.jp/send?to=x",
            "https://192.0.2.1:8443/",
            "http://127.0.0.1:13013/cgi-bin/sendsms",
            "http://[::1]:1/",
            "http://localhost/",
        ] {
            assert!(ServiceUrl::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "http://sms.example.jp/send",
            "http://10.0.0.1/",
            "http://localhost.example.jp/",
            "http://127.0.0.1.example.jp/",
            "ftp://sms.example.jp/",
            "https://me:hunter2@sms.example.jp/",
            "https://sms.example.jp/#x",
            "sms.example.jp",
        ] {
            let refusal = ServiceUrl::parse(bad).unwrap_err().words();
            assert!(!refusal.contains("hunter2"), "{refusal}");
        }
    }
}
