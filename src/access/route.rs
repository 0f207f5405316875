//! Which console a request goes to. The first entry that matches decides, as with rules; a checked configuration has one
//! for every path.

use super::rule::as_resolved;
use crate::config;

/// Paths and their consoles, in order.
#[derive(Clone, Debug)]
pub struct Routes(Vec<Vec<u8>>);

impl Routes {
    /// As configured.
    pub fn read(configured: &[config::Upstream]) -> Self {
        let prefix = |console: &config::Upstream| as_resolved(console.path.trim_end_matches('/')).into_owned();
        Self(configured.iter().map(prefix).collect())
    }

    /// The console for the path of a request, counted from 0. By whole segments, and whatever the spelling, so that no
    /// spelling leads past a console to another one. `None`: there is none.
    pub fn console(&self, path: &str) -> Option<usize> {
        if let [everything] = self.0.as_slice()
            && everything.is_empty()
        {
            return Some(0);
        }
        let path = as_resolved(path);
        let below =
            |prefix: &Vec<u8>| path.strip_prefix(prefix.as_slice()).is_some_and(|rest| matches!(rest, [] | [b'/', ..]));
        self.0.iter().position(below)
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
            assert_eq!(routes.console(path), Some(0), "{path}");
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
            assert_eq!(routes.console(path), Some(console), "{path}");
        }
    }
}
