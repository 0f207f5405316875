//! Access rules and what they are meant to do: the checked values, and what must agree between their keys.

use std::{net::IpAddr, ops::Range, time::Duration};

use ipnet::IpNet;

use super::{
    cors::{self, CorsConfig},
    hosts,
    problem::Report,
    raw,
    read::{At, Many, OneOrMany},
    rule_value::AccessWord,
    value::GroupName,
};

/// One access rule as configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleConfig {
    /// Where it stands in the file, from 1.
    pub line: usize,
    /// Names of hosts; empty: at every host.
    pub hosts: Vec<String>,
    /// Path prefix by whole segments: `/static` matches `/static` and `/static/x`, not `/statics`.
    pub path: String,
    /// Upper-case methods; empty: all.
    pub methods: Vec<String>,
    /// Groups; empty: everybody.
    pub groups: Vec<String>,
    /// Networks; empty: from everywhere.
    pub networks: Vec<IpNet>,
    /// What it takes.
    pub access: AccessConfig,
    /// Pages ask for these by themselves: they keep no session alive.
    pub background: bool,
    /// What a form sent is kept until its person has signed in.
    pub hold: bool,
    /// WebSockets may be opened.
    pub websocket: bool,
    /// How long a connection may be silent, where the rule says.
    pub idle_timeout: Option<Duration>,
    /// What pages of other origins may do, where the rule says.
    pub cors: Option<CorsConfig>,
}

/// What a rule asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessConfig {
    /// Nothing.
    Public,
    /// A session.
    SignedIn,
    /// A session whose code is at most this old.
    Fresh {
        /// How old.
        within: Duration,
    },
    /// Nobody gets it.
    Deny,
}

/// What the rules are meant to do with one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectConfig {
    /// Where it stands in the file, from 1.
    pub line: usize,
    /// The name of the host.
    pub host: String,
    /// The path.
    pub path: String,
    /// The method.
    pub method: String,
    /// Where it comes from.
    pub address: IpAddr,
    /// Who is signed in, if somebody is.
    pub somebody: Option<SomebodyExpected>,
    /// What is meant to happen.
    pub outcome: Outcome,
}

/// Somebody who is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SomebodyExpected {
    /// Their groups.
    pub groups: Vec<String>,
    /// How old their code is; `None`: they came with a trusted device.
    pub code_age: Option<Duration>,
}

/// What happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It reaches the console.
    Forward,
    /// It is led to the sign-in.
    SignIn,
    /// A fresh code is asked for.
    Code,
    /// It is refused.
    Deny,
}

impl Outcome {
    /// The word in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Forward => "forward",
            Self::SignIn => "sign-in",
            Self::Code => "code",
            Self::Deny => "deny",
        }
    }
}

/// What decides whether a rule matches.
struct Reach<'r> {
    span: &'r Range<usize>,
    hosts: Vec<&'r str>,
    path: &'r str,
    methods: Vec<&'static str>,
    groups: Vec<&'r str>,
    networks: Vec<IpNet>,
}

impl<'r> Reach<'r> {
    /// `None` where something of it could not be read. `all`: the names of all hosts.
    fn of(rule: &'r At<raw::Rule>, all: &[&'r str]) -> Option<Self> {
        Some(Self {
            span: rule.span.as_ref()?,
            hosts: hosts::named_by(Some(rule.value.host.as_ref()?), all),
            path: rule.value.path.as_ref()?.value.0.as_str(),
            methods: rule.value.methods.as_ref()?.value.0.iter().map(|method| method.value.0).collect(),
            groups: rule.value.groups.as_ref()?.value.0.iter().map(|group| group.value.0.as_str()).collect(),
            networks: rule.value.networks.as_ref()?.value.0.iter().map(|network| network.value.0).collect(),
        })
    }

    /// Does it match whatever `other` matches, hosts and methods aside?
    fn covers(&self, other: &Self) -> bool {
        let below = other.path.strip_prefix(self.path.trim_end_matches('/'));
        let path = below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let groups = self.groups.is_empty()
            || !other.groups.is_empty() && other.groups.iter().all(|group| self.groups.contains(group));
        let within = |network: &IpNet| self.networks.iter().any(|wider| wider.contains(network));
        let networks = self.networks.is_empty() || !other.networks.is_empty() && other.networks.iter().all(within);
        path && groups && networks
    }

    fn is_the_same_as(&self, other: &Self) -> bool {
        let all = |a: &Self, b: &Self| {
            b.methods.iter().all(|method| a.methods.contains(method))
                && b.hosts.iter().all(|host| a.hosts.contains(host))
        };
        self.covers(other) && other.covers(self) && all(self, other) && all(other, self)
    }
}

/// A rule that nothing can reach is a rule somebody believes in. `all`: the names of all hosts.
pub(super) fn check_rules(Many(rules): &Many<raw::Rule>, all: &[&str], report: &mut Report<'_>) {
    for rule in rules {
        check_access(&rule.value, report);
    }
    let read: Vec<_> = rules.iter().filter_map(|rule| Reach::of(rule, all)).collect();
    for (index, rule) in read.iter().enumerate() {
        let before = read.get(..index).unwrap_or_default();
        let covering: Option<Vec<_>> = match rule.hosts.as_slice() {
            // No host can be read: as if there were one.
            [] => covering(rule, before, None).map(|covering| vec![covering]),
            hosts => hosts.iter().map(|host| covering(rule, before, Some(host))).collect(),
        };
        if let Some(covering) = covering.iter().flatten().next() {
            let (path, line) = (rule.path, report.line(covering.span.start));
            let (message, help) = if covering.is_the_same_as(rule) {
                (format!("rule: {path} stands already at line {line}"), "take one of them out")
            } else {
                (
                    format!("rule: never reached, since the rule at line {line} covers {path}"),
                    "the first rule that matches decides: put the narrower one before the broader one",
                )
            };
            report.add(Some(rule.span), message, Some(help.to_owned()));
        }
    }
}

/// The rule, among those before it, that leaves nothing of this one at this host.
fn covering<'b, 'r>(rule: &Reach<'r>, before: &'b [Reach<'r>], host: Option<&str>) -> Option<&'b Reach<'r>> {
    let here = |earlier: &&Reach<'r>| host.is_none_or(|host| earlier.hosts.contains(&host));
    let earlier: Vec<_> = before.iter().filter(here).filter(|earlier| earlier.covers(rule)).collect();
    earlier.iter().find(|earlier| earlier.methods.is_empty()).copied().or_else(|| {
        let covered = |method| earlier.iter().any(|earlier| earlier.methods.contains(method));
        if !rule.methods.is_empty() && rule.methods.iter().all(covered) { earlier.last().copied() } else { None }
    })
}

/// Keys that have no meaning beside the rule's word.
fn check_access(rule: &raw::Rule, report: &mut Report<'_>) {
    let Some(access) = rule.access.as_ref().map(|access| access.value) else { return };
    if let Some(within) = &rule.within
        && access != AccessWord::Fresh
    {
        let message = "rule.within: has a meaning with access = \"fresh\" only".to_owned();
        report.add(within.span.as_ref(), message, Some("take it out, or say \"fresh\"".to_owned()));
    }
    if let Some(hold) = rule.hold.as_ref().filter(|hold| hold.value)
        && !matches!(access, AccessWord::SignedIn | AccessWord::Fresh)
    {
        let message = "rule.hold: nobody is asked to sign in here, so nothing has to wait".to_owned();
        let help = "take it out, or say \"signed-in\" or \"fresh\"".to_owned();
        report.add(hold.span.as_ref(), message, Some(help));
    }
    if let Some(websocket) = rule.websocket.as_ref().filter(|websocket| websocket.value)
        && access == AccessWord::Deny
    {
        let message = "rule.websocket: nobody gets anything here".to_owned();
        report.add(websocket.span.as_ref(), message, Some("take it out".to_owned()));
    }
    if let Some(groups) = rule.groups.as_ref().filter(|groups| !groups.value.0.is_empty())
        && access == AccessWord::Public
    {
        let message = "rule.groups: what is public is for everybody".to_owned();
        let help = "take groups out, or say \"signed-in\": groups are known of people who are signed in".to_owned();
        report.add(groups.span.as_ref(), message, Some(help));
    }
}

pub(super) fn check_expectations(Many(expectations): &Many<raw::Expect>, report: &mut Report<'_>) {
    for At { value: expected, .. } in expectations {
        if let (Some(age), None) = (&expected.code_age, &expected.groups) {
            let message = "expect.code_age: nobody is signed in who could have given a code".to_owned();
            let help = "say who is signed in: groups = [] for somebody in no group".to_owned();
            report.add(age.span.as_ref(), message, Some(help));
        }
    }
}

fn names(groups: OneOrMany<GroupName>) -> Vec<String> {
    groups.0.into_iter().map(|group| group.value.0).collect()
}

/// `fresh` is how old a code may be where a rule does not say. `None` where something could not be read.
pub(super) fn rules(
    Many(rules): Many<raw::Rule>,
    fresh: Duration,
    line: &dyn Fn(&Range<usize>) -> usize,
) -> Option<Vec<RuleConfig>> {
    let read = |At { value: rule, span }: At<raw::Rule>| {
        Some(RuleConfig {
            line: line(&span?),
            hosts: rule.host?.value.0.into_iter().map(|host| host.value.0).collect(),
            path: rule.path?.value.0,
            methods: rule.methods?.value.0.iter().map(|method| method.value.0.to_owned()).collect(),
            groups: names(rule.groups?.value),
            networks: rule.networks?.value.0.iter().map(|network| network.value.0).collect(),
            access: match rule.access?.value {
                AccessWord::Public => AccessConfig::Public,
                AccessWord::SignedIn => AccessConfig::SignedIn,
                AccessWord::Fresh => AccessConfig::Fresh { within: rule.within.map_or(fresh, |within| within.value.0) },
                AccessWord::Deny => AccessConfig::Deny,
            },
            background: rule.background?.value,
            hold: rule.hold?.value,
            websocket: rule.websocket?.value,
            idle_timeout: rule.idle_timeout.map(|time| time.value.0),
            cors: match rule.cors {
                Some(table) => Some(cors::cors(table.value)?),
                None => None,
            },
        })
    };
    rules.into_iter().map(read).collect()
}

/// `main` is the host where none is named. `None` where something could not be read.
pub(super) fn expectations(
    Many(expectations): Many<raw::Expect>,
    main: &str,
    line: &dyn Fn(&Range<usize>) -> usize,
) -> Option<Vec<ExpectConfig>> {
    let read = |At { value: expected, span }: At<raw::Expect>| {
        let code_age = expected.code_age.map(|age| age.value.0);
        Some(ExpectConfig {
            line: line(&span?),
            host: expected.host.map_or_else(|| main.to_owned(), |host| host.value.0),
            path: expected.path?.value.0,
            method: expected.method?.value.0.to_owned(),
            address: expected.address?.value.0,
            somebody: expected.groups.map(|groups| SomebodyExpected { groups: names(groups.value), code_age }),
            outcome: expected.outcome?.value,
        })
    };
    expectations.into_iter().map(read).collect()
}
