//! Which requests need what. The first rule that matches decides; where none does, a session is needed.

use std::{borrow::Cow, net::IpAddr, sync::Arc, time::Duration};

use http::Method;
use ipnet::IpNet;

use super::cors::Cors;
use crate::{
    account::Group,
    config::{AccessConfig, RuleConfig},
};

/// What a request needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requirement {
    /// Nothing.
    Public,
    /// A session.
    SignedIn,
    /// A session whose code is at most this old. A trusted device does not stand in for it.
    Fresh {
        /// How old.
        within: Duration,
    },
    /// Nobody gets it.
    Deny,
}

/// What the rules look at.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Name of the host, as configured.
    pub host: &'a str,
    /// Method.
    pub method: &'a Method,
    /// Path of the request target as it is forwarded, without the query.
    pub path: &'a str,
    /// Where it comes from.
    pub address: IpAddr,
}

/// One rule.
#[derive(Clone, Debug)]
pub struct Rule {
    hosts: Vec<String>,
    path: Vec<u8>,
    /// The same without what some consoles leave out.
    bare: Vec<u8>,
    methods: Vec<Method>,
    groups: Vec<Group>,
    networks: Vec<IpNet>,
    requirement: Requirement,
    background: bool,
    hold: bool,
    passage: Passage,
    cors: Option<Arc<Cors>>,
}

/// What connections a request may make, and how long they may be silent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Passage {
    /// A WebSocket may be opened.
    pub websocket: bool,
    /// Without a byte for this long they end; `None`: as elsewhere.
    pub idle: Option<Duration>,
}

impl Rule {
    /// For everybody. `path` starts with `/` and has no trailing one (but for `/` itself); no methods means all of them.
    pub fn new(path: &str, methods: Vec<Method>, requirement: Requirement) -> Self {
        let path = as_resolved(if path == "/" { "" } else { path.trim_end_matches('/') });
        Self {
            hosts: Vec::new(),
            bare: bare(&path).unwrap_or_else(|| path.to_vec()),
            path: path.into_owned(),
            methods,
            groups: Vec::new(),
            networks: Vec::new(),
            requirement,
            background: false,
            hold: false,
            passage: Passage::default(),
            cors: None,
        }
    }

    /// Only at the hosts with these names; none means every host.
    #[must_use]
    pub fn at_hosts(self, hosts: Vec<String>) -> Self {
        Self { hosts, ..self }
    }

    /// Only for people in one of these groups; none means everybody.
    #[must_use]
    pub fn for_groups(self, groups: Vec<Group>) -> Self {
        Self { groups, ..self }
    }

    /// Only from one of these networks; none means from everywhere.
    #[must_use]
    pub fn from_networks(self, networks: Vec<IpNet>) -> Self {
        Self { networks, ..self }
    }

    /// A page asks for these by itself: they do not keep a session alive.
    #[must_use]
    pub fn in_background(self, background: bool) -> Self {
        Self { background, ..self }
    }

    /// What a form sent to these is kept until its person has signed in.
    #[must_use]
    pub fn holding(self, hold: bool) -> Self {
        Self { hold, ..self }
    }

    /// What connections may be made.
    #[must_use]
    pub fn with_passage(self, passage: Passage) -> Self {
        Self { passage, ..self }
    }

    /// What pages of other origins may do here.
    #[must_use]
    pub fn with_cors(self, cors: Option<Cors>) -> Self {
        Self { cors: cors.map(Arc::new), ..self }
    }

    /// Whatever the groups. By whole segments.
    fn matches(&self, asked: Asked<'_>, reading: Reading<'_>) -> bool {
        let (path, prefix) = match reading {
            Reading::Whole(path) => (path, &self.path),
            Reading::Bare(path) => (path, &self.bare),
        };
        let here = || path.strip_prefix(prefix.as_slice()).is_some_and(|rest| matches!(rest, [] | [b'/', ..]));
        let from = || self.networks.is_empty() || self.networks.iter().any(|network| network.contains(&asked.address));
        let at = self.hosts.is_empty() || self.hosts.iter().any(|host| host == asked.host);
        at && (self.methods.is_empty() || self.methods.contains(asked.method)) && here() && from()
    }
}

/// The path as a console resolves it that decodes and takes `;…` for a parameter of the segment: `/%61dmin;x` is
/// `/admin`. A rule that a spelling escapes is none. What would resolve to other segments is refused before any rule.
pub(super) fn as_resolved(path: &str) -> Cow<'_, [u8]> {
    if !path.contains(['%', ';']) {
        return Cow::Borrowed(path.as_bytes());
    }
    let decoded: Cow<'_, [u8]> = percent_encoding::percent_decode_str(path).into();
    let without_parameters = |segment: &[u8]| segment.iter().copied().take_while(|byte| *byte != b';').collect();
    let segments: Vec<Vec<u8>> = decoded.split(|byte| *byte == b'/').map(without_parameters).collect();
    Cow::Owned(segments.join(&b'/'))
}

/// As consoles read a path that take it for a file's name on Windows: `/admin.` and `/admin%20` are `/admin`. `None`:
/// there is nothing to leave out.
fn bare(path: &[u8]) -> Option<Vec<u8>> {
    let is_left_out = |byte: &u8| matches!(byte, b'.' | b' ');
    let segments = || path.split(|byte| *byte == b'/');
    if !segments().any(|segment| segment.last().is_some_and(is_left_out)) {
        return None;
    }
    let kept = |segment: &[u8]| {
        let end = segment.iter().rposition(|byte| !is_left_out(byte)).map_or(0, |last| last + 1);
        segment.iter().copied().take(end).collect::<Vec<u8>>()
    };
    Some(segments().map(kept).collect::<Vec<_>>().join(&b'/'))
}

/// A path as one kind of console reads it.
#[derive(Clone, Copy)]
enum Reading<'a> {
    Whole(&'a [u8]),
    Bare(&'a [u8]),
}

/// What the rules say of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// It needs this.
    Needs {
        /// What.
        requirement: Requirement,
        /// The rule that says so, counted from 0; `None`: no rule matches.
        rule: Option<usize>,
    },
    /// It depends on who it is, which nobody knows yet: a session is needed to tell.
    DependsOnWho {
        /// The first rule that is for some groups only.
        rule: usize,
    },
}

/// All rules, in order.
#[derive(Clone, Debug, Default)]
pub struct Rules(Vec<Rule>);

impl Rules {
    /// As configured. The error says what cannot be used; a checked configuration has none of it.
    pub fn read(configured: &[RuleConfig]) -> Result<Self, String> {
        let read = |rule: &RuleConfig| {
            let method = |name: &String| name.parse().map_err(|_not_a_token| format!("method {name:?}"));
            let group = |name: &String| Group::parse(name).map_err(|why| format!("group {name:?}: {why}"));
            let methods = rule.methods.iter().map(method).collect::<Result<_, _>>()?;
            let groups = rule.groups.iter().map(group).collect::<Result<_, _>>()?;
            let cors = rule.cors.as_ref().map(|cors| Cors::read(cors).ok_or("cors: what no header can say"));
            let cors = cors.transpose()?;
            let requirement = match rule.access {
                AccessConfig::Public => Requirement::Public,
                AccessConfig::SignedIn => Requirement::SignedIn,
                AccessConfig::Fresh { within } => Requirement::Fresh { within },
                AccessConfig::Deny => Requirement::Deny,
            };
            let rule = Rule::new(&rule.path, methods, requirement)
                .at_hosts(rule.hosts.clone())
                .for_groups(groups)
                .from_networks(rule.networks.clone())
                .in_background(rule.background)
                .holding(rule.hold)
                .with_passage(Passage { websocket: rule.websocket, idle: rule.idle_timeout })
                .with_cors(cors);
            Ok(rule)
        };
        configured.iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// In the order of the configuration.
    pub const fn new(rules: Vec<Rule>) -> Self {
        Self(rules)
    }

    /// Is this a request that a page makes by itself, which keeps no session alive?
    pub fn is_background(&self, ruling: Ruling) -> bool {
        let Ruling::Needs { rule: Some(rule), .. } = ruling else { return false };
        self.0.get(rule).is_some_and(|rule| rule.background)
    }

    /// Is what a form sent to this kept until its person has signed in?
    pub fn holds(&self, ruling: Ruling) -> bool {
        let (Ruling::Needs { rule: Some(rule), .. } | Ruling::DependsOnWho { rule }) = ruling else { return false };
        self.0.get(rule).is_some_and(|rule| rule.hold)
    }

    /// What connections may be made. Where no rule matches: no WebSocket.
    pub fn passage(&self, ruling: Ruling) -> Passage {
        let Ruling::Needs { rule: Some(rule), .. } = ruling else { return Passage::default() };
        self.0.get(rule).map(|rule| rule.passage).unwrap_or_default()
    }

    /// What pages of other origins may do here: the word of the first rule for the path, whoever asks.
    pub fn cors(&self, asked: Asked<'_>) -> Option<&Arc<Cors>> {
        if self.0.iter().all(|rule| rule.cors.is_none()) {
            return None;
        }
        let (Ruling::Needs { rule: Some(rule), .. } | Ruling::DependsOnWho { rule }) = self.ruling(asked, None) else {
            return None;
        };
        self.0.get(rule)?.cors.as_ref()
    }

    /// Is there a rule that keeps anything?
    pub fn any_holds(&self) -> bool {
        self.0.iter().any(|rule| rule.hold)
    }

    /// What this request needs. `groups` are those of the person behind its session; `None`: nobody is known.
    pub fn ruling(&self, asked: Asked<'_>, groups: Option<&[Group]>) -> Ruling {
        let once = as_resolved(asked.path);
        let ruling = self.ruling_at(asked, Reading::Whole(&once), groups);
        let otherwise = |reading: Reading<'_>| self.ruling_at(asked, reading, groups) != ruling;
        // A console that decodes twice, or leaves out what Windows does, takes it for another path: what the rules say must
        // be the same of all of them.
        let twice: Option<Cow<'_, [u8]>> = once.contains(&b'%').then(|| percent_encoding::percent_decode(&once).into());
        if twice.as_deref().is_some_and(|twice| otherwise(Reading::Whole(twice)))
            || [Some(&*once), twice.as_deref()]
                .into_iter()
                .flatten()
                .any(|path| bare(path).is_some_and(|bare| otherwise(Reading::Bare(&bare))))
        {
            return Ruling::Needs { requirement: Requirement::Deny, rule: None };
        }
        ruling
    }

    fn ruling_at(&self, asked: Asked<'_>, reading: Reading<'_>, groups: Option<&[Group]>) -> Ruling {
        for (index, rule) in self.0.iter().enumerate() {
            if !rule.matches(asked, reading) {
                continue;
            }
            if !rule.groups.is_empty() {
                let Some(groups) = groups else { return Ruling::DependsOnWho { rule: index } };
                if !rule.groups.iter().any(|group| groups.contains(group)) {
                    continue;
                }
            }
            return Ruling::Needs { requirement: rule.requirement, rule: Some(index) };
        }
        Ruling::Needs { requirement: Requirement::SignedIn, rule: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked<'a>(method: &'a Method, path: &'a str) -> Asked<'a> {
        Asked { host: "shop.test", method, path, address: "192.0.2.7".parse().unwrap() }
    }

    fn needs(rules: &Rules, asked: Asked<'_>, groups: Option<&[Group]>) -> Option<Requirement> {
        match rules.ruling(asked, groups) {
            Ruling::Needs { requirement, .. } => Some(requirement),
            Ruling::DependsOnWho { .. } => None,
        }
    }

    #[test]
    fn segments_match_whole_and_the_default_is_protected() {
        let rules = Rules::new(vec![
            Rule::new("/static/private", vec![], Requirement::Deny),
            Rule::new("/static", vec![Method::GET], Requirement::Public),
        ]);
        let of = |method: &Method, path: &str| needs(&rules, asked(method, path), None).unwrap();
        assert_eq!(of(&Method::GET, "/static"), Requirement::Public);
        assert_eq!(of(&Method::GET, "/static/x.css"), Requirement::Public);
        assert_eq!(of(&Method::GET, "/statics"), Requirement::SignedIn);
        assert_eq!(of(&Method::POST, "/static/x.css"), Requirement::SignedIn);
        assert_eq!(of(&Method::GET, "/static/private/x"), Requirement::Deny);
        assert_eq!(of(&Method::GET, "/"), Requirement::SignedIn);
        assert_eq!(
            Rules::default().ruling(asked(&Method::GET, "/"), None),
            Ruling::Needs { requirement: Requirement::SignedIn, rule: None }
        );
    }

    #[test]
    fn the_rule_that_decides_says_whether_a_form_is_kept() {
        let finance = Group::parse("finance").unwrap();
        let rules = Rules::new(vec![
            Rule::new("/pay", vec![], Requirement::SignedIn).for_groups(vec![finance.clone()]).holding(true),
            Rule::new("/pay", vec![], Requirement::Deny),
            Rule::new("/loose", vec![], Requirement::SignedIn),
            Rule::new("/orders", vec![Method::POST], Requirement::SignedIn).holding(true),
        ]);
        let holds = |path, groups| rules.holds(rules.ruling(asked(&Method::POST, path), groups));
        let theirs = [finance];
        assert!(holds("/orders/1", None) && holds("/pay", Some(&theirs)));
        assert!(holds("/pay", None), "it may be somebody of that group");
        assert!(!holds("/pay", Some(&[])) && !holds("/loose/orders", None), "{rules:?}");
        assert!(!holds("/", None), "by default nothing is kept");
        assert!(rules.any_holds() && !Rules::default().any_holds());
    }

    #[test]
    fn a_websocket_needs_the_rule_that_decides_to_say_so() {
        let idle = Some(Duration::from_secs(5));
        let staff = Group::parse("staff").unwrap();
        let open = Passage { websocket: true, idle };
        let rules = Rules::new(vec![
            Rule::new("/ws/staff", vec![], Requirement::SignedIn).for_groups(vec![staff.clone()]).with_passage(open),
            Rule::new("/ws/staff", vec![], Requirement::SignedIn),
            Rule::new("/ws", vec![], Requirement::Public).with_passage(open),
        ]);
        let passage = |path, groups: Option<&[Group]>| rules.passage(rules.ruling(asked(&Method::GET, path), groups));
        assert_eq!(passage("/ws/prices", None), open);
        assert_eq!(passage("/ws/staff", Some(&[staff])), open);
        assert_eq!(passage("/ws/staff", Some(&[])), Passage::default());
        assert_eq!(passage("/ws/staff", None), Passage::default(), "nobody knows yet who it is");
        assert_eq!(passage("/orders", None), Passage::default(), "no rule says so");
    }

    #[test]
    fn no_spelling_of_a_path_escapes_its_rule() {
        let rules = Rules::new(vec![Rule::new("/admin/日本", vec![], Requirement::Deny)]);
        for path in ["/admin/%E6%97%A5%E6%9C%AC", "/%61dmin/%e6%97%a5%e6%9c%ac/x", "/admin;v=1/%E6%97%A5%E6%9C%AC;x"] {
            assert_eq!(needs(&rules, asked(&Method::GET, path), None), Some(Requirement::Deny), "{path}");
        }
        for path in ["/%2561dmin/%25E6%2597%25A5%25E6%259C%25AC", "/admin/%25E6%2597%25A5%25E6%259C%25AC"] {
            assert_eq!(
                needs(&rules, asked(&Method::GET, path), None),
                Some(Requirement::Deny),
                "{path}: for who decodes twice"
            );
        }
        assert_eq!(needs(&rules, asked(&Method::GET, "/a%2525b"), None), Some(Requirement::SignedIn));
        let encoded = Rules::new(vec![Rule::new("/%61dmin", vec![], Requirement::Deny)]);
        assert_eq!(needs(&encoded, asked(&Method::GET, "/admin/x"), None), Some(Requirement::Deny));
        assert_eq!(needs(&rules, asked(&Method::GET, "/admin"), None), Some(Requirement::SignedIn));
    }

    #[test]
    fn what_windows_leaves_out_of_a_name_escapes_no_rule() {
        let rules = Rules::new(vec![
            Rule::new("/adminonly", vec![], Requirement::Deny),
            Rule::new("/wiki/U.S.", vec![], Requirement::Public),
        ]);
        let of = |path: &str| needs(&rules, asked(&Method::GET, path), None).unwrap();
        for path in
            ["/adminonly", "/adminonly.", "/adminonly%20", "/adminonly.%20./x", "/adminonly%2e/x", "/adminonly%252e"]
        {
            assert_eq!(of(path), Requirement::Deny, "{path}");
        }
        for path in
            ["/search/Inc.", "/search/a%20", "/adminonly.x", "/adminonly%20x", "/...", "/x/adminonly.", "/a%2520"]
        {
            assert_eq!(of(path), Requirement::SignedIn, "{path}: no rule is about it either way");
        }
        assert_eq!(of("/wiki/U.S."), Requirement::Public, "a rule's own path is no other spelling of it");
        assert_eq!(of("/wiki/U.S./x."), Requirement::Public);
    }

    #[test]
    fn a_rule_for_groups_needs_to_know_who_it_is() {
        let group = |name| Group::parse(name).unwrap();
        let within = Duration::from_mins(5);
        let rules = Rules::new(vec![
            Rule::new("/payouts", vec![], Requirement::Fresh { within }).for_groups(vec![group("finance")]),
            Rule::new("/payouts", vec![], Requirement::Deny),
            Rule::new("/", vec![], Requirement::Public),
        ]);
        let payouts = asked(&Method::GET, "/payouts/1");
        assert_eq!(rules.ruling(payouts, None), Ruling::DependsOnWho { rule: 0 });
        assert_eq!(needs(&rules, payouts, Some(&[group("finance")])), Some(Requirement::Fresh { within }));
        assert_eq!(needs(&rules, payouts, Some(&[group("orders")])), Some(Requirement::Deny));
        assert_eq!(needs(&rules, payouts, Some(&[])), Some(Requirement::Deny));
        assert_eq!(needs(&rules, asked(&Method::GET, "/x"), None), Some(Requirement::Public), "no group is asked for");
    }

    #[test]
    fn a_rule_for_a_host_is_for_that_host_and_a_rule_without_one_for_every_host() {
        let rules = Rules::new(vec![
            Rule::new("/x", vec![], Requirement::Public).at_hosts(vec!["reports.test".to_owned()]),
            Rule::new("/admin", vec![], Requirement::Deny),
        ]);
        let at = |host, path| needs(&rules, Asked { host, ..asked(&Method::GET, path) }, None).unwrap();
        assert_eq!(at("reports.test", "/x"), Requirement::Public);
        assert_eq!(at("shop.test", "/x"), Requirement::SignedIn);
        assert_eq!(at("a.reports.test", "/x"), Requirement::SignedIn);
        for host in ["reports.test", "shop.test"] {
            assert_eq!(at(host, "/admin"), Requirement::Deny, "{host}");
        }
    }

    #[test]
    fn a_rule_for_networks_is_for_those_addresses() {
        let office = vec!["192.0.2.0/24".parse().unwrap(), "2001:db8::/32".parse().unwrap()];
        let rules = Rules::new(vec![
            Rule::new("/admin", vec![], Requirement::SignedIn).from_networks(office),
            Rule::new("/admin", vec![], Requirement::Deny),
        ]);
        let from = |address: &str| {
            let asked = Asked { address: address.parse().unwrap(), ..asked(&Method::GET, "/admin") };
            needs(&rules, asked, None).unwrap()
        };
        assert_eq!(from("192.0.2.200"), Requirement::SignedIn);
        assert_eq!(from("2001:db8::1"), Requirement::SignedIn);
        assert_eq!(from("192.0.3.1"), Requirement::Deny);
        assert_eq!(from("2001:db9::1"), Requirement::Deny);
    }
}
