//! What the rules are meant to do, held against what they do: the operator's own tests of the rules.

use std::{fmt, time::Duration};

use http::Method;

use super::rule::{Asked, Requirement, Rules, Ruling};
use crate::{
    account::Group,
    config::{ExpectConfig, Outcome},
};

/// Who asks, as far as rules can tell people apart.
#[derive(Clone, Copy, Debug)]
pub enum Who<'a> {
    /// Nobody is signed in.
    Nobody,
    /// Somebody is.
    Somebody {
        /// Their groups.
        groups: &'a [Group],
        /// How old their code is; `None`: they came with a trusted device.
        code_age: Option<Duration>,
    },
}

impl Rules {
    /// What happens to a request, and the rule that says so, counted from 0.
    pub fn outcome(&self, asked: Asked<'_>, who: Who<'_>) -> (Outcome, Option<usize>) {
        let groups = match who {
            Who::Nobody => None,
            Who::Somebody { groups, .. } => Some(groups),
        };
        let (requirement, rule) = match self.ruling(asked, groups) {
            Ruling::Needs { requirement, rule } => (requirement, rule),
            Ruling::DependsOnWho { rule } => (Requirement::SignedIn, Some(rule)),
        };
        let outcome = match (requirement, who) {
            (Requirement::Deny, _) => Outcome::Deny,
            (Requirement::Public, _) | (Requirement::SignedIn, Who::Somebody { .. }) => Outcome::Forward,
            (Requirement::SignedIn | Requirement::Fresh { .. }, Who::Nobody) => Outcome::SignIn,
            (Requirement::Fresh { within }, Who::Somebody { code_age, .. }) => {
                if code_age.is_some_and(|age| age <= within) { Outcome::Forward } else { Outcome::Code }
            }
        };
        (outcome, rule)
    }
}

/// An expectation the rules do not meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmet {
    /// Where it stands in the file, from 1.
    pub line: usize,
    /// The request.
    pub request: String,
    /// What was meant to happen.
    pub expected: Outcome,
    /// What happens.
    pub outcome: Outcome,
    /// The rule that says so, counted from 0; `None`: no rule matches.
    pub rule: Option<usize>,
}

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { request, expected, outcome, .. } = self;
        write!(f, "expect: {request} is {}, not {}", outcome.as_str(), expected.as_str())
    }
}

/// The expectations these rules do not meet. The error says what cannot be used.
pub fn unmet(rules: &Rules, expectations: &[ExpectConfig]) -> Result<Vec<Unmet>, String> {
    let mut unmet = Vec::new();
    for expected in expectations {
        let ExpectConfig { line, host, path, method, address, somebody, outcome: meant } = expected;
        let method: Method = method.parse().map_err(|_not_a_token| format!("method {method:?}"))?;
        let names = somebody.iter().flat_map(|somebody| &somebody.groups);
        let group = |name: &String| Group::parse(name).map_err(|why| format!("group {name:?}: {why}"));
        let groups = names.map(group).collect::<Result<Vec<_>, _>>()?;
        let who = match somebody {
            None => Who::Nobody,
            Some(somebody) => Who::Somebody { groups: &groups, code_age: somebody.code_age },
        };
        let (outcome, rule) = rules.outcome(Asked { host, method: &method, path, address: *address }, who);
        if outcome != *meant {
            let request = format!("{method} {host}{path} from {address}");
            unmet.push(Unmet { line: *line, request, expected: *meant, outcome, rule });
        }
    }
    Ok(unmet)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    const STARTER: &str = include_str!("../../config/sekisho.toml");

    fn found(more: &str) -> Vec<String> {
        let config = config::parse(&format!("{STARTER}\n{more}"), "sekisho.toml").unwrap();
        let rules = Rules::read(&config.rules).unwrap();
        unmet(&rules, &config.expectations).unwrap().iter().map(|unmet| format!("{}: {unmet}", unmet.line)).collect()
    }

    const RULES: &str = r#"
[[rule]]
path = "/payouts"
groups = ["finance"]
access = "fresh"
within = "10m"
[[rule]]
path = "/payouts"
access = "deny"
[[rule]]
path = "/admin"
networks = ["192.0.2.0/24"]
access = "signed-in"
[[rule]]
path = "/admin"
access = "deny"
[[rule]]
path = "/static"
methods = "GET"
access = "public"
"#;

    #[test]
    fn expectations_that_are_met_say_nothing() {
        let met = r#"
[[expect]]
path = "/payouts"
outcome = "sign-in"
[[expect]]
path = "/payouts/1"
method = "POST"
groups = "finance"
code_age = "10m"
outcome = "forward"
[[expect]]
path = "/payouts"
groups = "finance"
code_age = "601s"
outcome = "code"
[[expect]]
path = "/payouts"
groups = "finance"
outcome = "code"
[[expect]]
path = "/payouts"
groups = []
code_age = "1s"
outcome = "deny"
[[expect]]
path = "/admin/x"
address = "192.0.2.9"
groups = []
outcome = "forward"
[[expect]]
path = "/%61dmin;x"
outcome = "deny"
[[expect]]
path = "/static/x.css"
outcome = "forward"
[[expect]]
path = "/static/x.css"
method = "POST"
outcome = "sign-in"
"#;
        assert_eq!(found(&format!("{RULES}{met}")), Vec::<String>::new());
    }

    #[test]
    fn an_expectation_that_is_not_met_says_what_happens() {
        let unmet = "[[expect]]\npath = \"/admin\"\ngroups = []\noutcome = \"forward\"\n";
        let line = STARTER.lines().count() + RULES.lines().count() + 2;
        let said = format!("{line}: expect: GET localhost/admin from 198.51.100.1 is deny, not forward");
        assert_eq!(found(&format!("{RULES}{unmet}")), [said]);
    }
}
