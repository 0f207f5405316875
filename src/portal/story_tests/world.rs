//! The browser of the stories and the application it visits. It decides nothing: each story says what it expects.

use std::{collections::BTreeMap, sync::Arc};

use axum::{Router, body::Body};
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use super::super::{Client, Portal, ReturnTo, cookie, routes::router};
use crate::{
    access::Interruption,
    app::tests::bench::{Bench, PASSWORD},
    config::PublicUrl,
    keyring::Purpose,
};

pub(super) const ORIGIN: &str = "https://console.example.jp";

pub(crate) struct World {
    pub(crate) portal: Arc<Portal>,
    pub(super) router: Router,
    bench: Bench,
}

impl std::ops::Deref for World {
    type Target = Bench;
    fn deref(&self) -> &Bench {
        &self.bench
    }
}

const COHORTS: &str = r#"
    [[rollout.cohort]]
    groups = ["asked"]
    from = "2020-01-01"
    [[rollout.cohort]]
    groups = ["unasked"]
    from = "2100-01-01"
"#;

impl World {
    pub(crate) async fn new() -> Self {
        let bench = Bench::with(COHORTS).await;
        let portal = Arc::new(Portal::new(bench.app.clone()));
        let router = router(portal.clone());
        bench.person("hanako").await;
        Self { portal, router, bench }
    }

    /// The host all of it happens at.
    pub(crate) fn host(&self) -> Arc<PublicUrl> {
        self.app.snapshot().config.hosts.main().clone()
    }

    /// Where a sign-in address leads back to.
    pub(crate) fn target_of(&self, location: &str) -> String {
        let sealed = location.strip_prefix("/.sekisho/sign-in").unwrap().trim_start_matches("?to=");
        ReturnTo::open(sealed, &self.host(), self.app.keyring(), self.app.now()).unwrap_or_default().as_str().to_owned()
    }

    /// The code that was sent, or that the app shows.
    pub(super) async fn code(&self, browser: &Browser<'_>) -> String {
        let cookie = browser.cookie(cookie::SIGN_IN).unwrap();
        let token = self.app.keyring().genuine(Purpose::SignInCookie, "console.example.jp", &cookie).unwrap();
        let digest = self.app.keyring().token_digest(&token).unwrap();
        let pending = self.app.store().pending_sign_in(&digest, self.app.now()).await.unwrap().unwrap();
        self.shown(&pending)
    }
}

pub(super) struct Browser<'a> {
    pub(super) world: &'a World,
    pub(super) jar: BTreeMap<String, String>,
    pub(super) language: &'static str,
}

#[derive(Debug)]
pub(super) struct Page {
    pub(super) place: String,
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Page {
    pub(super) fn location(&self) -> &str {
        self.headers.get(header::LOCATION).map(|v| v.to_str().unwrap()).unwrap_or_default()
    }
    pub(super) fn h1(&self) -> &str {
        self.body.split("<h1>").nth(1).and_then(|rest| rest.split('<').next()).unwrap_or_default()
    }
    /// Hidden and filled fields of the form with this action.
    pub(super) fn form(&self, action: &str) -> Vec<(String, String)> {
        let start =
            self.body.find(&format!("action=\"{action}\"")).unwrap_or_else(|| panic!("{action}: {}", self.body));
        let form = self.body.split_at(start).1.split("</form>").next().unwrap();
        let value = |tag: &str, name: &str| {
            Some(tag.split_once(&format!(" {name}=\""))?.1.split('"').next().unwrap().to_owned())
        };
        let inputs = form.split("<input ").skip(1).map(|rest| format!(" {}", rest.split('>').next().unwrap()));
        inputs
            .filter(|tag| {
                tag.contains("type=\"hidden\"")
                    || (tag.contains(" value=") && !tag.contains("type=\"radio\"") && !tag.contains("checkbox"))
            })
            .map(|tag| (value(&tag, "name").unwrap(), value(&tag, "value").unwrap()))
            .collect()
    }
}

impl<'a> Browser<'a> {
    pub(super) fn new(world: &'a World) -> Self {
        Self { world, jar: BTreeMap::new(), language: "en" }
    }

    pub(super) fn cookie(&self, name: &str) -> Option<String> {
        self.jar.get(name).cloned()
    }

    pub(super) async fn send(&mut self, method: Method, place: &str, extra: &[(&str, &str)], body: String) -> Page {
        let mut request = Request::builder().method(&method).uri(place).header(header::ACCEPT_LANGUAGE, self.language);
        if !self.jar.is_empty() {
            let pairs: Vec<String> = self.jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(header::COOKIE, pairs.join("; "));
        }
        for (name, value) in extra {
            request = request.header(*name, *value);
        }
        let client =
            Client { host: self.world.host(), address: [192, 0, 2, 7].into(), reference: "reference".to_owned() };
        let request = request.extension(client).body(Body::from(body)).unwrap();
        let response = self.world.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        for line in parts.headers.get_all(header::SET_COOKIE) {
            let line = line.to_str().unwrap();
            assert!(line.ends_with("; Path=/; Secure; HttpOnly; SameSite=Lax"), "{line}");
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            if line.contains("Max-Age=0") {
                self.jar.remove(name);
            } else {
                self.jar.insert(name.to_owned(), value.to_owned());
            }
        }
        let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        Page { place: place.to_owned(), status: parts.status, headers: parts.headers, body }
    }

    pub(super) async fn get(&mut self, place: &str) -> Page {
        self.send(Method::GET, place, &[], String::new()).await
    }

    /// Follows redirects within our own pages.
    pub(super) async fn follow(&mut self, mut page: Page) -> Page {
        for _ in 0..5 {
            if page.status != StatusCode::SEE_OTHER || !page.location().starts_with("/.sekisho/") {
                return page;
            }
            let next = page.location().to_owned();
            page = self.get(&next).await;
        }
        panic!("in a circle: {page:?}")
    }

    pub(super) async fn open(&mut self, place: &str) -> Page {
        let page = self.get(place).await;
        self.follow(page).await
    }

    pub(super) async fn post(&mut self, place: &str, fields: &[(String, String)]) -> Page {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("origin", ORIGIN),
            ("sec-fetch-site", "same-origin"),
        ];
        self.send(Method::POST, place, &headers, body).await
    }

    /// Fills in the form with this action and follows where it leads.
    pub(super) async fn submit(&mut self, page: &Page, action: &str, typed: &[(&str, &str)]) -> Page {
        let answer = self.submit_once(page, action, typed).await;
        self.follow(answer).await
    }

    pub(super) async fn submit_once(&mut self, page: &Page, action: &str, typed: &[(&str, &str)]) -> Page {
        let answer = self.post(action, &filled(page.form(action), typed)).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "a post leads to a page: {}", answer.body);
        answer
    }

    pub(super) async fn sign_in(&mut self, place: &str) -> Page {
        self.sign_in_as("hanako", place).await
    }

    pub(super) async fn sign_in_as(&mut self, name: &str, place: &str) -> Page {
        let page = self.open(place).await;
        self.submit(&page, "/.sekisho/sign-in", &[("user_name", name), ("password", PASSWORD)]).await
    }

    /// From nothing to a session, an app and a voice call enrolled.
    pub(super) async fn enrol(&mut self, place: &str) -> Page {
        let page = self.sign_in(place).await;
        assert_eq!(page.h1(), "Protect your account with two-step verification");
        let page = self.submit(&page, "/.sekisho/enrolment/begin", &[]).await;
        assert_eq!(page.h1(), "Choose your primary");
        let page =
            self.submit(&page, "/.sekisho/enrolment/choose", &[("kind", "app"), ("phone", ""), ("label", "")]).await;
        assert!(page.body.contains("<svg class=\"qr\" role=\"img\""), "{}", page.body);
        let code = self.world.code(self).await;
        let page = self.submit(&page, "/.sekisho/enrolment/prove", &[("code", &code)]).await;
        assert_eq!(page.h1(), "Choose a backup");
        let backup = [("kind", "voice"), ("phone", "03-1234-5678"), ("label", "Office")];
        let page = self.submit(&page, "/.sekisho/enrolment/choose", &backup).await;
        assert_eq!(page.h1(), "Check that calls reach you");
        let code = self.world.code(self).await;
        self.submit(&page, "/.sekisho/enrolment/prove", &[("code", &code)]).await
    }
}

pub(super) fn filled(mut fields: Vec<(String, String)>, typed: &[(&str, &str)]) -> Vec<(String, String)> {
    for (name, value) in typed {
        fields.retain(|(known, _)| known != name);
        fields.push(((*name).to_owned(), (*value).to_owned()));
    }
    fields
}

pub(super) fn sign_in_to(world: &World, target: &str) -> String {
    world.portal.sign_in_location(&world.host(), target, Interruption::NoSession)
}
