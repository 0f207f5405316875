//! Where the consoles are: the checked values, and what must agree between the keys of `[upstream]`.

use std::path::Path;

use super::{
    HealthCheck, Hosts, Upstream, credential, hosts,
    problem::{Report, quoted},
    raw,
    read::{At, OneOrMore},
    value::UpstreamUrl,
};

/// `identity`: the names under which the gateway tells consoles who is there.
pub(super) fn check(root: &raw::Root, identity: &[&str], report: &mut Report<'_>) {
    let Some(At { value: OneOrMore(consoles), span }) = &root.upstream else { return };
    for console in consoles {
        check_addresses(&console.value, report);
        if let Some(credentials) = &console.value.credential {
            credential::check(credentials, identity, report);
        }
    }
    let Some(last) = consoles.last() else {
        let help = "as in [upstream] and url = \"http://127.0.0.1:8080\"".to_owned();
        return report.add(span.as_ref(), "upstream: needs a console".to_owned(), Some(help));
    };
    let Some(known) = hosts::names(root) else { return };
    let Some(main) = known.first() else { return };
    // One whose hosts cannot be read may be at any of them.
    if consoles.iter().any(|console| console.value.host.is_none()) {
        return;
    }
    check_paths(consoles, main, report);
    for host in &known {
        let of_it = |console: &&At<raw::Upstream>| hosts::named_by(console.value.host.as_ref(), &[main]).contains(host);
        let everything =
            |console: &At<raw::Upstream>| console.value.path.as_ref().is_none_or(|path| path.value.0 == "/");
        let mut consoles = consoles.iter().filter(of_it).peekable();
        if consoles.peek().is_none() {
            let message = format!("upstream: no console for the host {}", quoted(host));
            let help = format!("give it one: [[upstream]] with host = \"{host}\"");
            report.add(hosts::place_of(root, host), message, Some(help));
        } else if !consoles.any(everything) {
            let at_it = if known.len() > 1 { format!(" at the host {}", quoted(host)) } else { String::new() };
            let help = "give the last one no path: it gets what no other does".to_owned();
            let message = format!("upstream: no console for /{at_it}, and every path needs one");
            report.add(last.span.as_ref(), message, Some(help));
        }
    }
}

/// A console that nothing can reach is one somebody believes in.
fn check_paths(consoles: &[At<raw::Upstream>], main: &str, report: &mut Report<'_>) {
    let mut before: Vec<(Vec<&str>, &str, usize)> = Vec::new();
    for console in consoles {
        let (Some(path), Some(span)) = (&console.value.path, &console.span) else { continue };
        let path = path.value.0.as_str();
        let at = hosts::named_by(console.value.host.as_ref(), &[main]);
        let covers = |wider: &str| {
            let rest = path.strip_prefix(wider.trim_end_matches('/'));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let covering = |host: &str| before.iter().find(|(hosts, wider, _)| hosts.contains(&host) && covers(wider));
        let covering: Option<Vec<_>> = at.iter().map(|host| covering(host)).collect();
        if let Some((_, _, start)) = covering.iter().flatten().next() {
            let line = report.line(*start);
            let message = format!("upstream: never reached, since the one at line {line} covers {}", quoted(path));
            let help = "the first that matches decides: put the narrower one before the broader one".to_owned();
            report.add(Some(span), message, Some(help));
        }
        before.push((at, path, span.start));
    }
}

fn check_addresses(upstream: &raw::Upstream, report: &mut Report<'_>) {
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
        let is_same = |other: &UpstreamUrl| other.address == url.value.address;
        if urls.iter().take(index).any(|other| is_same(&other.value)) {
            let message = "upstream.url: the same address twice".to_owned();
            report.add(url.span.as_ref(), message, Some("take one of them out".to_owned()));
        }
    }
    let (certificate, key) = (upstream.client_certificate.as_ref(), upstream.client_key.as_ref());
    for (name, file) in [("ca", upstream.ca.as_ref()), ("client_certificate", certificate), ("client_key", key)] {
        if let Some(file) = file.filter(|_| !first.value.tls) {
            let help = "take it out, or start upstream.url with https://".to_owned();
            report.add(file.span.as_ref(), format!("upstream.{name}: has no meaning without https"), Some(help));
        }
    }
    let alone = match (certificate, key) {
        (Some(certificate), None) => Some((certificate, "client_certificate: needs client_key")),
        (None, Some(key)) => Some((key, "client_key: needs client_certificate")),
        _ => None,
    };
    if let Some((file, message)) = alone {
        report.add(file.span.as_ref(), format!("upstream.{message}"), Some("both, or neither".to_owned()));
    }
}

/// From the raw tables. `audience` is the one of the console for `/` of the main host where it has none of its own; a
/// statement for one console is of no use at another.
pub(super) fn upstreams(
    OneOrMore(raw): OneOrMore<raw::Upstream>,
    all: &Hosts,
    audience: &str,
    directory: &Path,
) -> Option<Vec<Upstream>> {
    raw.into_iter().map(|console| upstream(console.value, all, audience, directory)).collect()
}

fn upstream(raw: raw::Upstream, all: &Hosts, audience: &str, directory: &Path) -> Option<Upstream> {
    let urls = raw.url?.value.0;
    let path = raw.path?.value.0;
    let main = all.names().next()?;
    let at = hosts::named_by(raw.host.as_ref(), &[main]);
    let audience = match at.first() {
        Some(host) if !at.contains(&main) => all.named(host.as_bytes())?.origin(),
        _ => audience.to_owned(),
    };
    let at = at.into_iter().map(str::to_owned).collect();
    let below = format!("{audience}{}", path.trim_end_matches('/'));
    let health = match raw.health {
        None => None,
        Some(check) => Some(health(check.value)?),
    };
    Some(Upstream {
        hosts: at,
        audience: raw.audience.map_or(below, |audience| audience.value.0),
        path,
        tls: urls.first()?.value.tls,
        addresses: urls.into_iter().map(|url| url.value.address).collect(),
        balance: raw.balance?.value,
        host_header: raw.host_header.map(|host| host.value.0),
        ca: raw.ca.map(|ca| directory.join(ca.value.0)),
        client_certificate: raw
            .client_certificate
            .zip(raw.client_key)
            .map(|(certificate, key)| (directory.join(certificate.value.0), directory.join(key.value.0))),
        h2: raw.h2?.value,
        connect_timeout: raw.connect_timeout?.value.0,
        read_timeout: raw.read_timeout?.value.0,
        max_fails: raw.max_fails?.value.0,
        fail_timeout: raw.fail_timeout?.value.0,
        health,
        credentials: credential::credentials(raw.credential?.value, directory)?,
    })
}

fn health(raw: raw::HealthCheck) -> Option<HealthCheck> {
    Some(HealthCheck {
        path: raw.path?.value.0,
        every: raw.every?.value.0,
        timeout: raw.timeout?.value.0,
        fails: raw.fails?.value.0,
        passes: raw.passes?.value.0,
    })
}
