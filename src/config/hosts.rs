//! The hosts one gateway serves: the one of `public_url`, and those of `[[host]]`. A host is known by its name alone,
//! because cookies do not tell ports apart.

use std::{ops::Range, sync::Arc};

use super::{
    PublicUrl,
    problem::{Report, did_you_mean, quoted},
    raw,
    read::{At, OneOrMany, Refusal, Text},
};

/// All hosts, the main one first. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Hosts {
    main: Arc<PublicUrl>,
    all: Arc<[Arc<PublicUrl>]>,
}

impl Hosts {
    /// The main one, and further ones.
    pub fn new(main: PublicUrl, further: impl IntoIterator<Item = PublicUrl>) -> Self {
        let main = Arc::new(main);
        let all = std::iter::once(main.clone()).chain(further.into_iter().map(Arc::new)).collect();
        Self { main, all }
    }

    /// The one of the top-level `public_url`.
    pub const fn main(&self) -> &Arc<PublicUrl> {
        &self.main
    }

    /// All of them, the main one first.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<PublicUrl>> {
        self.all.iter()
    }

    /// The one with this name, in any case.
    pub fn named(&self, name: &[u8]) -> Option<&Arc<PublicUrl>> {
        self.iter().find(|host| name.eq_ignore_ascii_case(host.host.as_bytes()))
    }

    /// Their names, the main one's first.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.iter().map(|host| host.host.as_str())
    }

    /// Is there more than the main one?
    pub fn are_several(&self) -> bool {
        self.all.len() > 1
    }
}

/// A host as other tables name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HostName(pub(super) String);

impl Text for HostName {
    const KIND: &'static str = "a host name";

    fn parse(text: &str) -> Result<Self, Refusal> {
        let host = url::Host::parse(text).map_err(|_unreadable| {
            let help = "the host alone, without https:// and without a port, as in \"reports.example.jp\"";
            Refusal::new(format!("{} is not a host name", quoted(text)), help)
        })?;
        Ok(Self(host.to_string()))
    }
}

/// The names of all hosts, the main one's first. `None` where one of them cannot be read.
pub(super) fn names(root: &raw::Root) -> Option<Vec<&str>> {
    urls(root).into_iter().map(|(_, url)| Some(url?.value.host.as_str())).collect()
}

type PublicUrlAt<'r> = Option<&'r At<PublicUrl>>;

fn urls(root: &raw::Root) -> Vec<(&'static str, PublicUrlAt<'_>)> {
    let further = root.host.iter().flat_map(|hosts| &hosts.value.0);
    let further = further.map(|host| ("host.public_url", host.value.public_url.as_ref()));
    std::iter::once(("public_url", root.public_url.as_ref())).chain(further).collect()
}

/// No two are alike, and every name that other tables say is one of them.
pub(super) fn check(root: &raw::Root, report: &mut Report<'_>) {
    let urls: Vec<_> = urls(root).into_iter().filter_map(|(key, url)| Some((key, url?))).collect();
    for (index, (key, url)) in urls.iter().enumerate() {
        let Some((_, earlier)) = urls.iter().take(index).find(|(_, earlier)| earlier.value.host == url.value.host)
        else {
            continue;
        };
        let line = earlier.span.as_ref().map_or(0, |span| report.line(span.start));
        let message = format!("{key}: the host {} stands already at line {line}", quoted(&url.value.host));
        let help = "browsers send the cookies of one port to every other port of a host: give it a name of its own";
        report.add(url.span.as_ref(), message, Some(help.to_owned()));
    }
    let Some(known) = names(root) else { return };
    let upstreams = root.upstream.iter().flat_map(|upstreams| &upstreams.value.0);
    let rules = root.rule.iter().flat_map(|rules| &rules.value.0);
    let lists = upstreams
        .filter_map(|upstream| Some(("upstream.host", upstream.value.host.as_ref()?)))
        .chain(rules.filter_map(|rule| Some(("rule.host", rule.value.host.as_ref()?))));
    for (key, list) in lists {
        check_names(key, &list.value, &known, report);
    }
    for expected in root.expect.iter().flat_map(|expected| &expected.value.0) {
        if let Some(host) = &expected.value.host {
            check_name("expect.host", host, &known, report);
        }
    }
}

fn check_names(key: &str, OneOrMany(names): &OneOrMany<HostName>, known: &[&str], report: &mut Report<'_>) {
    for (index, name) in names.iter().enumerate() {
        check_name(key, name, known, report);
        if names.iter().take(index).any(|earlier| earlier.value == name.value) {
            let message = format!("{key}: {} twice", quoted(&name.value.0));
            report.add(name.span.as_ref(), message, Some("take one of them out".to_owned()));
        }
    }
}

fn check_name(key: &str, name: &At<HostName>, known: &[&str], report: &mut Report<'_>) {
    let host = name.value.0.as_str();
    if known.contains(&host) {
        return;
    }
    let help = did_you_mean(host, known.iter().copied())
        .unwrap_or_else(|| format!("known hosts: {}; another one needs a [[host]] of its own", known.join(", ")));
    report.add(name.span.as_ref(), format!("{key}: there is no host {}", quoted(host)), Some(help));
}

/// The hosts a table is for; `otherwise`, where it names none.
pub(super) fn named_by<'r>(list: Option<&'r At<OneOrMany<HostName>>>, otherwise: &[&'r str]) -> Vec<&'r str> {
    let named: Vec<_> = list.iter().flat_map(|list| &list.value.0).map(|name| name.value.0.as_str()).collect();
    if named.is_empty() { otherwise.to_vec() } else { named }
}

/// Where a table of the file begins, for what is missing at a host.
pub(super) fn place_of<'r>(root: &'r raw::Root, host: &str) -> Option<&'r Range<usize>> {
    let url = urls(root).into_iter().filter_map(|(_, url)| url).find(|url| url.value.host == host)?;
    url.span.as_ref()
}

/// From the raw tables.
pub(super) fn hosts(main: PublicUrl, further: Vec<At<raw::Host>>) -> Option<Hosts> {
    let further = further.into_iter().map(|host| Some(host.value.public_url?.value)).collect::<Option<Vec<_>>>()?;
    Some(Hosts::new(main, further))
}
