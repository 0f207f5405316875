//! Which pages of other origins may call the console from a browser (the Fetch standard, CORS). A rule that says nothing
//! about it changes nothing; a rule that does speaks for the console and for the gateway's own answers alike.

use http::{HeaderMap, HeaderName, HeaderValue, Method, header};

use crate::config::CorsConfig;

/// What one rule lets other origins do. Origins are named one by one: there is no `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cors {
    origins: Vec<HeaderValue>,
    methods: Vec<Method>,
    /// In lower case.
    headers: Vec<String>,
    credentials: bool,
    max_age: HeaderValue,
    method_line: HeaderValue,
    header_line: HeaderValue,
}

/// The method a preflight asks about; `None` for any other request.
pub fn preflight_for(method: &Method, headers: &HeaderMap) -> Option<Method> {
    let asked = only(headers, &header::ACCESS_CONTROL_REQUEST_METHOD)?;
    let wanted = *method == Method::OPTIONS && headers.contains_key(header::ORIGIN);
    wanted.then(|| Method::from_bytes(asked.as_bytes()).ok()).flatten()
}

/// A field that is there exactly once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    values.next().is_none().then_some(value)
}

impl Cors {
    /// As configured; `None` for what no header can say.
    pub(super) fn read(configured: &CorsConfig) -> Option<Self> {
        let CorsConfig { origins, methods, headers, credentials, max_age } = configured;
        Some(Self {
            origins: origins.iter().map(|origin| HeaderValue::from_str(origin).ok()).collect::<Option<_>>()?,
            methods: methods.iter().map(|method| method.parse().ok()).collect::<Option<_>>()?,
            headers: headers.iter().map(|name| name.to_ascii_lowercase()).collect(),
            credentials: *credentials,
            max_age: HeaderValue::from(max_age.as_secs()),
            method_line: HeaderValue::from_str(&methods.join(", ")).ok()?,
            header_line: HeaderValue::from_str(&headers.join(", ")).ok()?,
        })
    }

    /// What an answer to this request says: nothing but `Vary` to an origin that is not named.
    pub fn answer(&self, request: &HeaderMap) -> Vec<(HeaderName, HeaderValue)> {
        let mut fields = vec![(header::VARY, HeaderValue::from_static("Origin"))];
        // `null` is every sandboxed page there is; it is never configured.
        if let Some(origin) = only(request, &header::ORIGIN).filter(|origin| self.origins.contains(origin)) {
            fields.push((header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone()));
            if self.credentials {
                fields.push((header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true")));
            }
        }
        fields
    }

    /// The answer to a preflight about `method`.
    pub fn preflight(&self, request: &HeaderMap, method: &Method) -> Vec<(HeaderName, HeaderValue)> {
        let mut fields = self.answer(request);
        let allowed = fields.len() > 1 && self.methods.contains(method) && self.allows_headers(request);
        if !allowed {
            fields.truncate(1);
            return fields;
        }
        fields.push((header::ACCESS_CONTROL_ALLOW_METHODS, self.method_line.clone()));
        if !self.headers.is_empty() {
            fields.push((header::ACCESS_CONTROL_ALLOW_HEADERS, self.header_line.clone()));
        }
        fields.push((header::ACCESS_CONTROL_MAX_AGE, self.max_age.clone()));
        fields
    }

    fn allows_headers(&self, request: &HeaderMap) -> bool {
        let lines = request.get_all(header::ACCESS_CONTROL_REQUEST_HEADERS);
        lines.iter().all(|line| {
            let Ok(line) = line.to_str() else { return false };
            let names = line.split(',').map(str::trim).filter(|name| !name.is_empty());
            names.into_iter().all(|name| self.headers.iter().any(|known| known.eq_ignore_ascii_case(name)))
        })
    }

    /// What the console says of this, and is said in its place.
    pub fn replaced() -> Vec<HeaderName> {
        vec![
            header::ACCESS_CONTROL_ALLOW_ORIGIN,
            header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
            header::ACCESS_CONTROL_ALLOW_METHODS,
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            header::ACCESS_CONTROL_MAX_AGE,
            HeaderName::from_static("access-control-allow-private-network"),
        ]
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn cors(credentials: bool) -> Cors {
        let text = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        let configured = CorsConfig {
            origins: text(&["https://shop.example.jp"]),
            methods: text(&["GET", "PUT"]),
            headers: text(&["Authorization", "content-type"]),
            credentials,
            max_age: Duration::from_mins(10),
        };
        Cors::read(&configured).unwrap()
    }

    fn request(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        fields.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    fn line(fields: &[(HeaderName, HeaderValue)]) -> String {
        let line = |(name, value): &(HeaderName, HeaderValue)| format!("{name}={}", value.to_str().unwrap());
        fields.iter().map(line).collect::<Vec<_>>().join(" | ")
    }

    #[test]
    fn only_a_named_origin_is_answered_and_by_its_own_name() {
        let ours = request(&[("origin", "https://shop.example.jp")]);
        let said = line(&cors(false).answer(&ours));
        assert_eq!(said, "vary=Origin | access-control-allow-origin=https://shop.example.jp");
        assert!(line(&cors(true).answer(&ours)).ends_with("access-control-allow-credentials=true"));
        for origin in [
            "https://shop.example.jp.evil.test",
            "http://shop.example.jp",
            "https://shop.example.jp:444",
            "https://SHOP.example.jp",
            "null",
            "*",
            "",
        ] {
            let said = cors(true).answer(&request(&[("origin", origin)]));
            assert_eq!(line(&said), "vary=Origin", "{origin}");
        }
        let mut twice = ours.clone();
        twice.append(header::ORIGIN, HeaderValue::from_static("https://shop.example.jp"));
        assert_eq!(line(&cors(true).answer(&twice)), "vary=Origin");
        assert_eq!(line(&cors(true).answer(&HeaderMap::new())), "vary=Origin");
    }

    #[test]
    fn a_preflight_is_allowed_as_a_whole_or_not_at_all() {
        let asked = |headers: &'static str, method: Method| {
            let fields = [("origin", "https://shop.example.jp"), ("access-control-request-headers", headers)];
            line(&cors(false).preflight(&request(&fields), &method))
        };
        assert_eq!(
            asked("authorization,Content-Type", Method::PUT),
            "vary=Origin | access-control-allow-origin=https://shop.example.jp | access-control-allow-methods=GET, PUT | \
             access-control-allow-headers=Authorization, content-type | access-control-max-age=600"
        );
        assert_eq!(asked("x-other", Method::PUT), "vary=Origin");
        assert_eq!(asked("authorization, x-other", Method::PUT), "vary=Origin");
        assert_eq!(asked("", Method::DELETE), "vary=Origin");
    }

    #[test]
    fn a_preflight_is_an_options_request_that_says_so() {
        let fields = [("origin", "https://shop.example.jp"), ("access-control-request-method", "PUT")];
        assert_eq!(preflight_for(&Method::OPTIONS, &request(&fields)), Some(Method::PUT));
        assert_eq!(preflight_for(&Method::GET, &request(&fields)), None);
        assert_eq!(preflight_for(&Method::OPTIONS, &request(&fields[..1])), None);
        assert_eq!(preflight_for(&Method::OPTIONS, &request(&fields[1..])), None);
    }
}
