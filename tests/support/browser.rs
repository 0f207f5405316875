//! A person's browser without a screen: it keeps cookies by the rules of their prefixes, reads forms, sends what a
//! browser sends, and follows redirects one by one so that a test can look at each.

use std::{cell::RefCell, time::Duration};

use bytes::Bytes;
use http_body::Frame;
use http_body_util::StreamBody;
use reqwest::{
    Method,
    header::{
        CONNECTION, COOKIE, HeaderMap, HeaderName, HeaderValue, ORIGIN, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION,
        UPGRADE,
    },
    redirect::Policy,
};
use sekisho::clock::{Clock as _, Timestamp};
use url::Url;

use super::{
    clock::TestClock,
    html::{self, Form},
};

/// Which HTTP it speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speaks {
    /// HTTP/1.1.
    Http1,
    /// HTTP/2.
    Http2,
}

/// A browser profile.
pub(crate) struct Browser {
    client: reqwest::Client,
    speaks: Speaks,
    home: Url,
    languages: String,
    clock: TestClock,
    jar: RefCell<Vec<Cookie>>,
}

/// A cookie as the browser keeps it.
#[derive(Clone, Debug)]
pub(crate) struct Cookie {
    /// Its name.
    pub(crate) name: String,
    /// Its value.
    pub(crate) value: String,
    path: String,
    expires_at: Option<Timestamp>,
}

/// A page that arrived.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    /// Where it came from, after redirects.
    pub(crate) url: Url,
    /// Its status.
    pub(crate) status: u16,
    /// Its header fields.
    pub(crate) headers: HeaderMap,
    /// Its body.
    pub(crate) body: String,
}

impl Page {
    /// Path and query it came from.
    pub(crate) fn place(&self) -> &str {
        &self.url[url::Position::BeforePath..url::Position::AfterQuery]
    }
    /// A header field as text; empty when it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
    /// What can be read.
    pub(crate) fn text(&self) -> String {
        html::text(&self.body)
    }
    /// Its links.
    pub(crate) fn links(&self) -> Vec<String> {
        html::links(&self.body)
    }
    /// Its language.
    pub(crate) fn language(&self) -> String {
        html::language(&self.body).unwrap_or_default()
    }
    /// Its forms.
    pub(crate) fn forms(&self) -> Vec<Form> {
        html::forms(&self.body)
    }
    /// The one form with a control of this name.
    pub(crate) fn form_with(&self, field: &str) -> Form {
        self.only(&format!("a field {field}"), |form| form.has(field))
    }
    /// The one form that goes to this path.
    pub(crate) fn form_to(&self, path: &str) -> Form {
        self.only(&format!("the action {path}"), |form| form.action.split('?').next() == Some(path))
    }
    fn only(&self, what: &str, fits: impl Fn(&Form) -> bool) -> Form {
        let mut fitting: Vec<Form> = self.forms().into_iter().filter(fits).collect();
        assert_eq!(fitting.len(), 1, "one form with {what} on {} ({}):\n{}", self.url, self.status, self.text());
        fitting.remove(0)
    }
}

impl Browser {
    /// A fresh profile that trusts this authority.
    pub(crate) fn new(home: &str, ca_pem: &str, clock: TestClock, speaks: Speaks, languages: &str) -> Self {
        // Another test of this process may have installed it already.
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let ca = reqwest::Certificate::from_pem(ca_pem.as_bytes()).expect("a certificate");
        let builder = reqwest::Client::builder()
            .tls_certs_only([ca])
            .redirect(Policy::none())
            // Not every resolver knows hosts below this one (RFC 6761 §6.3).
            .resolve("reports.localhost", ([127, 0, 0, 1], 0).into())
            // A connection opened while the last one became free again would hold a second place.
            .pool_max_idle_per_host(1)
            .timeout(Duration::from_secs(30))
            .user_agent("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0");
        let client = match speaks {
            Speaks::Http1 => builder.http1_only(),
            Speaks::Http2 => builder.http2_prior_knowledge(),
        };
        Self {
            client: client.build().expect("a client"),
            speaks,
            home: Url::parse(home).expect("an address"),
            languages: languages.to_owned(),
            clock,
            jar: RefCell::new(Vec::new()),
        }
    }

    /// The origin of the gateway.
    pub(crate) fn origin(&self) -> String {
        self.home.origin().ascii_serialization()
    }

    /// Types an address: a top-level navigation, redirects followed.
    pub(crate) async fn open(&self, place: &str) -> Page {
        self.try_open(place).await.unwrap_or_else(|e| panic!("{place}: {e:?}"))
    }

    /// The same where the gateway may die in the middle.
    pub(crate) async fn try_open(&self, place: &str) -> Result<Page, reqwest::Error> {
        let page = self.navigate(Method::GET, self.address(place), None, "none").await?;
        self.follow(page).await
    }

    /// Types an address and does not follow a redirect.
    pub(crate) async fn visit(&self, place: &str) -> Page {
        let page = self.navigate(Method::GET, self.address(place), None, "none").await;
        page.unwrap_or_else(|e| panic!("{place}: {e:?}"))
    }

    /// What a script on a page of the console would do.
    pub(crate) async fn fetch(&self, place: &str) -> Page {
        let mut headers = HeaderMap::new();
        headers.insert("accept", HeaderValue::from_static("application/json"));
        headers.insert("sec-fetch-mode", HeaderValue::from_static("cors"));
        headers.insert("sec-fetch-dest", HeaderValue::from_static("empty"));
        headers.insert("sec-fetch-site", HeaderValue::from_static("same-origin"));
        self.send(Method::GET, place, headers, None).await
    }

    /// Any request with these header fields beside the cookies.
    pub(crate) async fn send(&self, method: Method, place: &str, headers: HeaderMap, body: Option<String>) -> Page {
        let page = self.request(method, self.address(place), headers, body).await;
        page.unwrap_or_else(|e| panic!("{place}: {e:?}"))
    }

    /// Opens a WebSocket as a page of the console would; what follows the handshake is raw.
    pub(crate) async fn websocket(&self, place: &str) -> reqwest::Upgraded {
        let session = self.cookie("__Host-sekisho").expect("a session");
        let cookie = HeaderValue::from_str(&format!("__Host-sekisho={}", session.value)).expect("a cookie");
        let origin = HeaderValue::from_str(&self.origin()).expect("an origin");
        self.tunnel(place, [(COOKIE, cookie), (ORIGIN, origin)]).await
    }

    /// Opens a WebSocket with these header fields, as a program would.
    pub(crate) async fn tunnel<const N: usize>(
        &self,
        place: &str,
        fields: [(HeaderName, HeaderValue); N],
    ) -> reqwest::Upgraded {
        let response = self.ask_for_tunnel(place, fields).await;
        assert_eq!(response.status(), 101);
        response.upgrade().await.expect("a tunnel")
    }

    /// The status a page of the console gets that asks for a WebSocket and gets none.
    pub(crate) async fn refused_websocket(&self, place: &str) -> u16 {
        let session = self.cookie("__Host-sekisho").expect("a session");
        let cookie = HeaderValue::from_str(&format!("__Host-sekisho={}", session.value)).expect("a cookie");
        let origin = HeaderValue::from_str(&self.origin()).expect("an origin");
        self.ask_for_tunnel(place, [(COOKIE, cookie), (ORIGIN, origin)]).await.status().as_u16()
    }

    async fn ask_for_tunnel<const N: usize>(
        &self,
        place: &str,
        fields: [(HeaderName, HeaderValue); N],
    ) -> reqwest::Response {
        let request =
            self.client.get(self.address(place)).headers(HeaderMap::from_iter(fields)).headers(HeaderMap::from_iter([
                (UPGRADE, HeaderValue::from_static("websocket")),
                (CONNECTION, HeaderValue::from_static("upgrade")),
                (SEC_WEBSOCKET_KEY, HeaderValue::from_static("dGhlIHNhbXBsZSBub25jZQ==")),
                (SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13")),
            ]));
        request.send().await.expect("an answer")
    }

    /// The status of the answer to a request with these header fields beside the cookies; what follows is not read.
    pub(crate) async fn status_of(&self, place: &str, fields: HeaderMap) -> u16 {
        let cookies: Vec<String> = self.jar.borrow().iter().map(|c| format!("{}={}", c.name, c.value)).collect();
        let request = self.client.get(self.address(place)).header("cookie", cookies.join("; ")).headers(fields);
        request.send().await.expect("an answer").status().as_u16()
    }

    /// Fills a form, presses its button, and follows where it leads.
    pub(crate) async fn submit(&self, page: &Page, form: &Form, typed: &[(&str, &str)]) -> Page {
        self.try_submit(page, form, typed).await.unwrap_or_else(|e| panic!("{}: {e:?}", form.action))
    }

    /// The same where the gateway may die in the middle.
    pub(crate) async fn try_submit(
        &self,
        page: &Page,
        form: &Form,
        typed: &[(&str, &str)],
    ) -> Result<Page, reqwest::Error> {
        let mut url = page.url.join(form.goes_to(typed)).expect("an address");
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form.filled(typed)).finish();
        let answer = if form.method == "get" {
            url.set_query(Some(&body));
            self.navigate(Method::GET, url, None, "same-origin").await?
        } else {
            self.navigate(Method::POST, url, Some(body), "same-origin").await?
        };
        self.follow(answer).await
    }

    /// Follows redirects by hand, at most ten.
    pub(crate) async fn follow(&self, mut page: Page) -> Result<Page, reqwest::Error> {
        for _ in 0..10 {
            if !(300..400).contains(&page.status) {
                return Ok(page);
            }
            let next = page.url.join(page.header("location")).expect("an address");
            assert_eq!(next.origin(), self.home.origin(), "a redirect leads away from the gateway");
            page = self.navigate(Method::GET, next, None, "same-origin").await?;
        }
        panic!("redirects lead in a circle: {}", page.url);
    }

    /// The living cookie of this name.
    pub(crate) fn cookie(&self, name: &str) -> Option<Cookie> {
        let now = self.clock.now();
        self.jar.borrow().iter().find(|c| c.name == name && c.expires_at.is_none_or(|at| now < at)).cloned()
    }

    /// Every cookie there is.
    pub(crate) fn cookies(&self) -> Vec<Cookie> {
        self.jar.borrow().clone()
    }

    /// Puts a cookie into the jar as if it had been set; for stolen and forged ones.
    pub(crate) fn plant(&self, name: &str, value: &str) {
        self.plant_at("/", name, value);
    }

    /// The same at another path.
    pub(crate) fn plant_at(&self, path: &str, name: &str, value: &str) {
        self.jar.borrow_mut().retain(|c| c.name != name || c.path != path);
        let (name, value, path) = (name.to_owned(), value.to_owned(), path.to_owned());
        self.jar.borrow_mut().push(Cookie { name, value, path, expires_at: None });
    }

    /// Loses a cookie.
    pub(crate) fn forget(&self, name: &str) {
        self.jar.borrow_mut().retain(|c| c.name != name);
    }

    /// Loses all.
    pub(crate) fn forget_all(&self) {
        self.jar.borrow_mut().clear();
    }

    /// Sends a body piece by piece without saying how long it will be.
    pub(crate) async fn send_unmeasured(&self, place: &str, pieces: &'static [&'static str]) -> u16 {
        let fields = HeaderMap::from_iter([(
            HeaderName::from_static("sec-fetch-site"),
            HeaderValue::from_static("same-origin"),
        )]);
        self.send_pieces(place, fields, pieces.iter().map(|piece| (*piece).to_owned()).collect()).await
    }

    /// The same with these header fields.
    pub(crate) async fn send_pieces(&self, place: &str, fields: HeaderMap, pieces: Vec<String>) -> u16 {
        let frames = pieces.into_iter().map(|piece| Ok::<_, std::io::Error>(Frame::data(Bytes::from(piece))));
        let body = StreamBody::new(futures_util::stream::iter(frames));
        let cookies: Vec<String> = self.jar.borrow().iter().map(|c| format!("{}={}", c.name, c.value)).collect();
        let request = self.client.post(self.address(place)).header("cookie", cookies.join("; ")).headers(fields);
        let response = request.body(reqwest::Body::wrap(body)).send().await;
        response.expect("an answer").status().as_u16()
    }

    /// Closes the browser: what lives without a date is gone.
    pub(crate) fn restart(&self) {
        self.jar.borrow_mut().retain(|c| c.expires_at.is_some());
    }

    fn address(&self, place: &str) -> Url {
        self.home.join(place).expect("an address")
    }

    async fn navigate(
        &self,
        method: Method,
        url: Url,
        body: Option<String>,
        site: &'static str,
    ) -> Result<Page, reqwest::Error> {
        let mut headers = HeaderMap::new();
        let accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        headers.insert("accept", HeaderValue::from_static(accept));
        headers.insert("sec-fetch-mode", HeaderValue::from_static("navigate"));
        headers.insert("sec-fetch-dest", HeaderValue::from_static("document"));
        headers.insert("sec-fetch-user", HeaderValue::from_static("?1"));
        headers.insert("sec-fetch-site", HeaderValue::from_static(site));
        if body.is_some() {
            headers.insert("content-type", HeaderValue::from_static("application/x-www-form-urlencoded"));
            headers.insert("origin", HeaderValue::from_str(&self.origin()).expect("an origin"));
        }
        self.request(method, url, headers, body).await
    }

    async fn request(
        &self,
        method: Method,
        url: Url,
        mut headers: HeaderMap,
        body: Option<String>,
    ) -> Result<Page, reqwest::Error> {
        let now = self.clock.now();
        let sent: Vec<String> = self
            .jar
            .borrow()
            .iter()
            .filter(|c| c.expires_at.is_none_or(|at| now < at) && url.path().starts_with(&c.path))
            .map(|c| format!("{}={}", c.name, c.value))
            .collect();
        if !sent.is_empty() && !headers.contains_key("cookie") {
            headers.insert("cookie", HeaderValue::from_str(&sent.join("; ")).expect("cookies"));
        }
        if !headers.contains_key("accept-language") {
            headers.insert("accept-language", HeaderValue::from_str(&self.languages).expect("languages"));
        }
        let mut request = self.client.request(method, url.clone()).headers(headers);
        if let Some(body) = body {
            request = request.body(body);
        }
        let response = request.send().await?;
        let version = match self.speaks {
            Speaks::Http1 => reqwest::Version::HTTP_11,
            Speaks::Http2 => reqwest::Version::HTTP_2,
        };
        assert_eq!(response.version(), version, "{url} was spoken in another HTTP");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        for line in headers.get_all("set-cookie") {
            self.keep(line.to_str().expect("a cookie in ASCII"));
        }
        let body = response.text().await?;
        Ok(Page { url, status, headers, body })
    }

    /// RFC 6265bis §5.7: what the name promises, the attributes must hold.
    fn keep(&self, line: &str) {
        let mut parts = line.split(';').map(str::trim);
        let (name, value) = parts.next().and_then(|pair| pair.split_once('=')).expect("a name and a value");
        let attributes: Vec<(String, &str)> = parts
            .map(|part| part.split_once('=').unwrap_or((part, "")))
            .map(|(key, value)| (key.to_ascii_lowercase(), value))
            .collect();
        let attribute = |key: &str| attributes.iter().find(|(k, _)| k == key).map(|(_, value)| *value);
        if name.starts_with("__Host-") {
            let held = attribute("secure").is_some() && attribute("path") == Some("/") && attribute("domain").is_none();
            assert!(held, "a browser would refuse this cookie: {name}; {attributes:?}");
            assert!(attribute("httponly").is_some(), "{name} is readable by scripts");
            assert!(attribute("samesite").is_some(), "{name} does not say where it is sent");
        }
        let age: Option<i64> = attribute("max-age").map(|age| age.parse().expect("seconds"));
        let path = attribute("path").filter(|path| path.starts_with('/')).unwrap_or("/").to_owned();
        let mut jar = self.jar.borrow_mut();
        jar.retain(|c| c.name != name || c.path != path);
        if age.is_some_and(|age| age <= 0) {
            return;
        }
        let expires_at = age.map(|age| self.clock.now() + Duration::from_secs(age.unsigned_abs()));
        jar.push(Cookie { name: name.to_owned(), value: value.to_owned(), path, expires_at });
    }
}
