//! Where the console is: the checked values, and what must agree between the keys of `[upstream]`.

use std::path::Path;

use super::{Upstream, UpstreamAddress, problem::Report, raw};

pub(super) fn check(upstream: &raw::Upstream, report: &mut Report<'_>) {
    let Some(url) = &upstream.url else { return };
    let urls = &url.value.0;
    let Some(first) = urls.first() else {
        let help = "as in url = \"http://127.0.0.1:8080\"".to_owned();
        return report.add(url.span.as_ref(), "upstream.url: needs an address".to_owned(), Some(help));
    };
    if urls.len() > Upstream::MOST_ADDRESSES {
        let message = format!("upstream.url: at most {} addresses", Upstream::MOST_ADDRESSES);
        report.add(url.span.as_ref(), message, Some("put a load balancer of its own before so many".to_owned()));
    }
    if let Some(other) = urls.iter().find(|other| other.value.tls != first.value.tls) {
        let message = "upstream.url: some addresses with https and some without".to_owned();
        let help = "the addresses of one console are as good as each other: all https, or all http".to_owned();
        report.add(other.span.as_ref(), message, Some(help));
    }
    for (index, url) in urls.iter().enumerate() {
        let is_same =
            |other: &super::value::UpstreamUrl| (other.port, &other.host) == (url.value.port, &url.value.host);
        if urls.iter().take(index).any(|other| is_same(&other.value)) {
            let message = "upstream.url: the same address twice".to_owned();
            report.add(url.span.as_ref(), message, Some("take one of them out".to_owned()));
        }
    }
    if let Some(ca) = upstream.ca.as_ref().filter(|_| !first.value.tls) {
        let help = "take it out, or start upstream.url with https://".to_owned();
        report.add(ca.span.as_ref(), "upstream.ca: has no meaning without https".to_owned(), Some(help));
    }
}

/// From the raw table.
pub(super) fn upstream(raw: raw::Upstream, directory: &Path) -> Option<Upstream> {
    let urls = raw.url?.value.0;
    Some(Upstream {
        tls: urls.first()?.value.tls,
        addresses: urls.into_iter().map(|url| UpstreamAddress { host: url.value.host, port: url.value.port }).collect(),
        host_header: raw.host_header.map(|host| host.value.0),
        ca: raw.ca.map(|ca| directory.join(ca.value.0)),
        connect_timeout: raw.connect_timeout?.value.0,
        read_timeout: raw.read_timeout?.value.0,
        max_fails: raw.max_fails?.value.0,
        fail_timeout: raw.fail_timeout?.value.0,
    })
}
