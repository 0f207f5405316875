//! Which console a request goes to. The first entry that matches decides, as with rules; a checked configuration has one
//! for every path.

use super::rule::as_resolved;
use crate::config;

/// Hosts, paths and their consoles, in order.
#[derive(Clone, Debug)]
pub struct Routes(Vec<Route>);

#[derive(Clone, Debug)]
struct Route {
    hosts: Vec<String>,
    prefix: Vec<u8>,
}

impl Routes {
    /// As configured.
    pub fn read(configured: &[config::Upstream]) -> Self {
        let route = |console: &config::Upstream| Route {
            hosts: console.hosts.clone(),
            prefix: as_resolved(console.path.trim_end_matches('/')).into_owned(),
        };
        Self(configured.iter().map(route).collect())
    }

    /// The console for the path of a request to the host of this name, counted from 0. By whole segments, and whatever the
    /// spelling, so that no spelling leads past a console to another one. `None`: there is none.
    pub fn console(&self, host: &str, path: &str) -> Option<usize> {
        let here = |route: &Route| route.hosts.iter().any(|name| name == host);
        if let [everything] = self.0.as_slice()
            && everything.prefix.is_empty()
        {
            return here(everything).then_some(0);
        }
        let path = as_resolved(path);
        let below = |prefix: &[u8]| path.strip_prefix(prefix).is_some_and(|rest| matches!(rest, [] | [b'/', ..]));
        self.0.iter().position(|route| here(route) && below(&route.prefix))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STARTER: &str = include_str!("../../config/sekisho.toml");

    fn routes(tables: &str) -> Routes {
        let text = STARTER.replace("[upstream]\nurl = \"http://127.0.0.1:8080\"", tables);
        Routes::read(&config::parse(&text, "sekisho.toml").unwrap_or_else(|problems| panic!("{problems}")).upstreams)
    }

    #[test]
    fn one_console_gets_everything() {
        let routes = routes("[upstream]\nurl = \"http://127.0.0.1:8080\"");
        for path in ["/", "/orders", "/%61pi"] {
            assert_eq!(routes.console("localhost", path), Some(0), "{path}");
        }
    }

    #[test]
    fn the_first_path_that_covers_a_request_decides_however_it_is_spelled() {
        let routes = routes(
            "[[upstream]]\npath = \"/api/v2\"\nurl = \"http://10.0.0.1\"\n\
             [[upstream]]\npath = \"/api\"\nurl = \"http://10.0.0.2\"\n\
             [[upstream]]\nurl = \"http://10.0.0.3\"",
        );
        for (path, console) in [
            ("/api/v2", 0),
            ("/api/v2/orders", 0),
            ("/%61pi/v%32;x=1/orders", 0),
            ("/api/v20", 1),
            ("/api", 1),
            ("/api/", 1),
            ("/api;v=1/x", 1),
            ("/apis", 2),
            ("/API", 2),
            ("/", 2),
            ("/orders/api", 2),
        ] {
            assert_eq!(routes.console("localhost", path), Some(console), "{path}");
        }
    }

    #[test]
    fn each_host_has_its_own_consoles_and_none_of_another() {
        let routes = routes(
            "[[host]]\npublic_url = \"https://reports.example.jp\"\n\
             [[host]]\npublic_url = \"https://beta.example.jp\"\n\
             [[upstream]]\nhost = \"reports.example.jp\"\npath = \"/api\"\nurl = \"http://10.0.0.1\"\n\
             [[upstream]]\nhost = [\"reports.example.jp\", \"beta.example.jp\"]\nurl = \"http://10.0.0.2\"\n\
             [[upstream]]\nurl = \"http://10.0.0.3\"",
        );
        for (host, path, console) in [
            ("reports.example.jp", "/api/x", Some(0)),
            ("reports.example.jp", "/orders", Some(1)),
            ("beta.example.jp", "/api/x", Some(1)),
            ("localhost", "/api/x", Some(2)),
            ("localhost", "/", Some(2)),
            ("other.example.jp", "/", None),
        ] {
            assert_eq!(routes.console(host, path), console, "{host}{path}");
        }
    }
}
