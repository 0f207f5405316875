//! Which requests need what. The first rule that matches decides; where none does, a session is needed.

use http::Method;

/// What a request needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requirement {
    /// Nothing.
    Public,
    /// A session.
    SignedIn,
    /// Nobody gets it.
    Deny,
}

/// One rule.
#[derive(Clone, Debug)]
pub struct Rule {
    path: String,
    methods: Vec<Method>,
    requirement: Requirement,
}

impl Rule {
    /// `path` starts with `/` and has no trailing one (but for `/` itself); no methods means all of them.
    pub fn new(path: &str, methods: Vec<Method>, requirement: Requirement) -> Self {
        let path = if path == "/" { "" } else { path.trim_end_matches('/') };
        Self { path: path.to_owned(), methods, requirement }
    }

    /// By whole segments, on exactly the bytes that are forwarded.
    fn matches(&self, method: &Method, path: &str) -> bool {
        (self.methods.is_empty() || self.methods.contains(method))
            && path.strip_prefix(self.path.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

/// All rules, in order.
#[derive(Clone, Debug, Default)]
pub struct Rules(Vec<Rule>);

impl Rules {
    /// In the order of the configuration.
    pub const fn new(rules: Vec<Rule>) -> Self {
        Self(rules)
    }
    /// What this request needs. `path` is the path of the request target, without the query.
    pub fn requirement(&self, method: &Method, path: &str) -> Requirement {
        self.0.iter().find(|rule| rule.matches(method, path)).map_or(Requirement::SignedIn, |rule| rule.requirement)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_match_whole_and_the_default_is_protected() {
        let rules = Rules::new(vec![
            Rule::new("/static/private", vec![], Requirement::Deny),
            Rule::new("/static", vec![Method::GET], Requirement::Public),
        ]);
        let of = |method: &Method, path: &str| rules.requirement(method, path);
        assert_eq!(of(&Method::GET, "/static"), Requirement::Public);
        assert_eq!(of(&Method::GET, "/static/x.css"), Requirement::Public);
        assert_eq!(of(&Method::GET, "/statics"), Requirement::SignedIn);
        assert_eq!(of(&Method::POST, "/static/x.css"), Requirement::SignedIn);
        assert_eq!(of(&Method::GET, "/static/private/x"), Requirement::Deny);
        assert_eq!(of(&Method::GET, "/"), Requirement::SignedIn);
        assert_eq!(Rules::default().requirement(&Method::GET, "/"), Requirement::SignedIn);
    }
}
