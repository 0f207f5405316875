//! One request to our pages and the answer to it: what the browser brought, read once, and what every answer carries.
//! Nothing here decides who may do what.

use std::{net::IpAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, Uri, header};

use super::{
    Portal, cookie,
    cookie::Keep,
    csrf::Seed,
    form::Form,
    guides,
    held::StoppedForm,
    language, links,
    notice::{self, Carrier, Note},
    page::{Here, PageFrame},
    return_to::ReturnTo,
};
use crate::{
    access::Interruption,
    app::{Browser, Cookie, DeviceCookie, Flow, Grant, HeldId, KEPT_FOR, TokenText},
    clock::Timestamp,
    config::PublicUrl,
    keyring::CookieToken,
    language::Language,
};

/// Whoever asks, as the proxy sees it; travels with the request as an extension. Without it no page is served: an
/// unknown address would share one budget of wrong passwords with everybody.
#[derive(Clone, Debug)]
pub struct Client {
    /// The host it asked.
    pub host: Arc<PublicUrl>,
    /// Address of the client.
    pub address: IpAddr,
    /// The request's identifier: what an error page shows and the log says.
    pub reference: String,
}

/// A request to one of our pages.
#[derive(Clone)]
pub(super) struct Visit<'a> {
    pub(super) portal: &'a Portal,
    pub(super) headers: &'a HeaderMap,
    pub(super) client: &'a Client,
    pub(super) language: Language,
    pub(super) seed: Seed,
    pub(super) to: ReturnTo,
    /// What a fresh code is asked for, sealed.
    pub(super) errand: String,
    /// The cookie of a session that was renewed in this very request.
    pub(super) renewed: Option<CookieToken>,
    pub(super) was: Option<Interruption>,
    /// The kept form the page is about: the one the address names, else the one the person is on the way to.
    pub(super) held: Option<HeldId>,
    /// What a form sent was not kept, as the address says.
    pub(super) unkept: Option<StoppedForm>,
    /// The page a guide was opened from.
    pub(super) back: Option<Here>,
    pub(super) form: Form,
    /// Whom a page of an owner is about.
    pub(super) user: String,
    /// Which of the browser's pending steps the page is about.
    pub(super) flow: Flow,
    pub(super) now: Timestamp,
    /// The token of a mailed link: in the address, else in the cookie.
    pub(super) link: Option<String>,
}

impl<'a> Visit<'a> {
    /// Reads head and form. A place to return to is taken from the form, else from the address.
    pub(super) fn new(portal: &'a Portal, uri: &Uri, headers: &'a HeaderMap, client: &'a Client, form: Form) -> Self {
        let query = |name| {
            let pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
            pairs.into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
        };
        let (keyring, now) = (portal.app.keyring(), portal.app.now());
        let to = match form.text("to") {
            "" => {
                let waiting =
                    || cookie::read(headers, cookie::TO).filter(|_| uri.path().starts_with(Here::Link.path()));
                let sealed = query("to").or_else(|| waiting().map(Into::into));
                sealed.and_then(|sealed| ReturnTo::open(&sealed, &client.host, keyring, now))
            }
            sealed => ReturnTo::open(sealed, &client.host, keyring, now),
        };
        let back = match form.text("back") {
            "" => query("back").and_then(|word| Here::parse(&word)),
            word => Here::parse(word),
        };
        let seed = Seed::of(headers, &client.host, &**portal.app.entropy());
        let link = match uri.path().strip_prefix(links::PREFIX) {
            Some(token) => Some(token.to_owned()),
            None => cookie::read(headers, cookie::LINK).and_then(|sealed| links::held(sealed, &seed, keyring)),
        };
        let to = to.unwrap_or_default();
        Self {
            portal,
            headers,
            client,
            language: language::of(headers),
            seed,
            link,
            held: query("id").map_or_else(|| to.held(), |id| HeldId::parse(&id)),
            unkept: query("unkept").and_then(|word| StoppedForm::parse(&word)),
            to,
            errand: match form.text("errand") {
                "" => query("errand").unwrap_or_default().into_owned(),
                sealed => sealed.to_owned(),
            },
            renewed: None,
            was: query("was").and_then(|word| was(&word)).or_else(|| {
                let seconds = match form.text("within") {
                    "" => query("within")?.parse(),
                    seconds => seconds.parse(),
                };
                Some(Interruption::CodeTooOld { within: Duration::from_secs(seconds.ok()?) })
            }),
            user: query("user").unwrap_or_default().into_owned(),
            back: back.filter(|here| !matches!(here, Here::Guide(_))),
            form,
            flow: Flow::SignIn,
            now: portal.app.now(),
        }
    }

    /// The same visit about another of the browser's pending steps.
    pub(super) fn asking(&self, flow: Flow) -> Self {
        Self { flow, ..self.clone() }
    }

    /// What the use cases look at.
    pub(super) fn browser(&self) -> Browser<'_> {
        let host = self.client.host.host.as_str();
        let cookie = |name| cookie::read(self.headers, name).map(|text| Cookie { host, text });
        let renewed = self.renewed.as_ref().map(|token| Cookie { host, text: token.expose() });
        Browser {
            host,
            session: renewed.or_else(|| cookie(cookie::SESSION)),
            sign_in: cookie(cookie::SIGN_IN),
            device: cookie(cookie::DEVICE),
            known: cookie(cookie::KNOWN),
            marks: cookie::marks(self.headers),
            link: self.link.as_deref().map(TokenText),
            seed: self.seed.was_brought().then(|| *self.seed.bytes()),
            address: self.client.address,
            user_agent: self.headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default(),
            language: self.language,
            chosen_language: language::chosen_by(self.headers),
            flow: self.flow,
        }
    }

    /// The note that waits for this page.
    pub(super) fn note(&self) -> Note {
        let sealed = cookie::read(self.headers, cookie::NOTE).unwrap_or_default();
        Note::open(sealed, Carrier::Cookie, &self.seed, self.portal.app.keyring(), self.now).unwrap_or_default()
    }

    /// The note a page was showing when its language was switched.
    pub(super) fn carried_note(&self) -> Note {
        let sealed = self.form.text("note");
        Note::open(sealed, Carrier::Field, &self.seed, self.portal.app.keyring(), self.now).unwrap_or_default()
    }

    fn seal(&self, note: Note, by: Carrier) -> Option<String> {
        let app = &self.portal.app;
        note.sealed(by, &self.seed, app.keyring(), &**app.entropy(), self.now)
    }

    /// The frame of a page. What the page says once goes into its forms too, for the language switch.
    pub(super) fn frame(&self, here: Here, note: &Note) -> PageFrame {
        let app = &self.portal.app;
        let said = note.news.map(|news| Note {
            choice: note.choice.clone(),
            invitation: note.invitation.clone(),
            ..news.into()
        });
        let note = said.and_then(|said| self.seal(said, Carrier::Field)).unwrap_or_default();
        PageFrame {
            site: self.portal.site.clone(),
            language: self.language,
            now: self.now,
            form_token: self.seed.token(app.keyring()),
            to: self.to.sealed(&self.client.host, app.keyring(), &**app.entropy(), self.now),
            note,
            who: String::new(),
            errand: if self.flow == Flow::FreshCode { self.errand.clone() } else { String::new() },
            here,
            stopped: self.unkept,
            back: self.back.filter(|_| matches!(here, Here::Guide(_))),
        }
    }

    /// An account as this browser's pages and their script name it; it means nothing elsewhere.
    pub(super) fn who(&self, account: crate::account::AccountId) -> String {
        let keyring = self.portal.app.keyring();
        let parts: [&[u8]; 3] = [b"who", self.seed.bytes(), account.as_bytes()];
        let mac = keyring.mac(keyring.active(), crate::keyring::Purpose::Csrf, &parts);
        mac.map(|mac| data_encoding::BASE64URL_NOPAD.encode(mac.as_bytes())).unwrap_or_default()
    }

    /// A page. The note it was made from is gone with it.
    pub(super) fn page(&self, html: String) -> Answer {
        let answer =
            Answer { body: html, cookies: self.seed.cookie().into_iter().collect(), ..Answer::new(StatusCode::OK) };
        if cookie::read(self.headers, cookie::NOTE).is_some() {
            return answer.with(cookie::set(cookie::NOTE, "", Keep::Remove));
        }
        answer
    }

    /// On to one of our own pages, remembering where to go after the sign-in.
    pub(super) fn see(&self, here: Here) -> Answer {
        let app = &self.portal.app;
        let place = match here {
            Here::Target => self.to.as_str().to_owned(),
            Here::Guide(guide) => guides::address(
                guide,
                &self.to.sealed(&self.client.host, app.keyring(), &**app.entropy(), self.now),
                self.back,
            ),
            here => {
                let errand = if matches!(here, Here::Fresh | Here::FreshHelp) { self.errand.as_str() } else { "" };
                address(
                    here.path(),
                    &self.to.sealed(&self.client.host, app.keyring(), &**app.entropy(), self.now),
                    errand,
                    None,
                )
            }
        };
        Answer { location: Some(place), ..Answer::new(StatusCode::SEE_OTHER) }
    }

    /// First to `here`, where a person signs in or enrols, and from there back to our page `then`.
    pub(super) fn see_first(&self, here: Here, then: Here) -> Answer {
        let to = ReturnTo::parse(then.path()).unwrap_or_else(|| self.to.clone());
        Self { to, ..self.clone() }.see(here)
    }

    /// The same, with something to say there.
    pub(super) fn see_with(&self, here: Here, note: impl Into<Note>) -> Answer {
        let keep = Keep::Seconds(notice::LASTS.as_secs());
        let sealed = self.seal(note.into(), Carrier::Cookie);
        self.see(here).with(sealed.and_then(|value| cookie::set(cookie::NOTE, &value, keep))).with(self.seed.cookie())
    }

    /// The sign-in is complete: new session, no pending sign-in, the device's trust where it changed.
    pub(super) fn signed_in(&self, grant: &Grant) -> Answer {
        let here = match (grant.enrolled, grant.rebind) {
            (true, _) => Here::EnrolmentDone,
            (false, true) => Here::Rebind,
            (false, false) => Here::Target,
        };
        let answer = self.see(here);
        let answer = if grant.changed_hands { self.without_console_cookies(answer) } else { answer };
        answer
            .with(Self::session_cookie(grant))
            .with(cookie::set(cookie::SIGN_IN, "", Keep::Remove))
            .with(self.portal.sent_on(self.headers, &self.client.host))
            .with(grant.device.as_ref().and_then(|device| self.device(device)))
            .with(
                grant
                    .known
                    .as_ref()
                    .and_then(|known| cookie::set(cookie::KNOWN, known.expose(), Keep::Seconds(KEPT_FOR.as_secs()))),
            )
            .with(grant.mark.iter().flat_map(|mark| cookie::with_mark(self.headers, mark)))
    }

    /// Without the session, a pending sign-in and what waits for a session to arrive.
    pub(super) fn forgetting(&self, answer: Answer) -> Answer {
        let names = [cookie::SESSION, cookie::SIGN_IN, cookie::CODES];
        let arriving = cookie::read(self.headers, cookie::ARRIVING).map(|_| cookie::ARRIVING);
        names.into_iter().chain(arriving).fold(answer, |answer, name| answer.with(cookie::set(name, "", Keep::Remove)))
    }

    /// With the console's cookies expired: the next person must not find them.
    pub(super) fn without_console_cookies(&self, mut answer: Answer) -> Answer {
        let app = &self.portal.app;
        let only = &app.snapshot().config.console.expired_cookies;
        let came = cookie::foreign_names(self.headers);
        let lines = app.seen_cookies().expired(came, only);
        answer.cookies.extend(lines.iter().filter_map(|line| HeaderValue::from_str(line).ok()));
        answer
    }

    /// The cookie of a new session.
    pub(super) fn session_cookie(grant: &Grant) -> Option<HeaderValue> {
        cookie::set(cookie::SESSION, grant.session.expose(), Keep::WhileOpen)
    }

    /// The cookie of a pending sign-in.
    pub(super) fn pending(token: &CookieToken) -> Option<HeaderValue> {
        cookie::set(cookie::SIGN_IN, token.expose(), Keep::WhileOpen)
    }

    /// The cookie of the trusted devices.
    pub(super) fn device(&self, device: &DeviceCookie) -> Option<HeaderValue> {
        let lasts = self.portal.app.snapshot().config.trusted_device.lifetime;
        let kept = lasts + REMEMBERED;
        let keep = if device.expose().is_empty() { Keep::Remove } else { Keep::Seconds(kept.as_secs()) };
        cookie::set(cookie::DEVICE, device.expose(), keep)
    }
}

fn was(word: &str) -> Option<Interruption> {
    match word {
        "idle" => Some(Interruption::Idle),
        "ended" => Some(Interruption::Ended),
        _ => None,
    }
}

/// One of our addresses with what it carries.
pub(super) fn address(path: &str, to: &str, errand: &str, why: Option<Interruption>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    if !to.is_empty() {
        query.append_pair("to", to);
    }
    if !errand.is_empty() {
        query.append_pair("errand", errand);
    }
    match why {
        Some(Interruption::Idle) => drop(query.append_pair("was", "idle")),
        Some(Interruption::Ended) => drop(query.append_pair("was", "ended")),
        Some(Interruption::CodeTooOld { within }) => drop(query.append_pair("within", &within.as_secs().to_string())),
        Some(Interruption::NoSession | Interruption::NewPassword) | None => {}
    }
    match query.finish() {
        query if query.is_empty() => path.to_owned(),
        query => format!("{path}?{query}"),
    }
}

/// How long a browser keeps the cookie of a trust that is over, so that its person can be told when it ended.
const REMEMBERED: Duration = Duration::from_hours(30 * 24);

/// Who may show a page inside a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    Nobody,
    /// The page that leads out of a frame has to be shown in one.
    OurHost,
}

/// An answer, before its headers.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) location: Option<String>,
    pub(super) body: String,
    pub(super) cookies: Vec<HeaderValue>,
    pub(super) framing: Framing,
    /// Forget what was shown to the person who leaves.
    pub(super) clear_cache: bool,
    /// Methods the address takes.
    pub(super) allow: Option<&'static str>,
    /// The address itself is a secret: the browser names it to nobody.
    pub(super) no_referrer: bool,
    /// A text file of this name, not a page.
    pub(super) file: Option<&'static str>,
    /// What a person sent, as a file of this name.
    pub(super) attachment: Option<(&'static str, Bytes)>,
    /// A form on it is answered by the console, which may lead on to another host.
    pub(super) leads_on: bool,
}

impl Answer {
    pub(super) const fn new(status: StatusCode) -> Self {
        Self {
            status,
            location: None,
            body: String::new(),
            cookies: Vec::new(),
            framing: Framing::Nobody,
            clear_cache: false,
            allow: None,
            no_referrer: false,
            file: None,
            attachment: None,
            leads_on: false,
        }
    }

    /// With one more cookie.
    pub(super) fn with(mut self, cookie: impl IntoIterator<Item = HeaderValue>) -> Self {
        self.cookies.extend(cookie);
        self
    }

    /// The whole answer. Every answer of ours carries the same protections, whatever its status.
    pub(super) fn into_response(self) -> Response<Bytes> {
        let (attachment, body) =
            self.attachment.map_or((None, Bytes::from(self.body)), |(name, bytes)| (Some(name), bytes));
        let length = HeaderValue::from(body.len());
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        protect(headers, self.framing);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::CONTENT_LENGTH, length);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        if let Some(Ok(location)) = self.location.map(|location| HeaderValue::from_str(&location)) {
            headers.insert(header::LOCATION, location);
        }
        if let Some(allow) = self.allow {
            headers.insert(header::ALLOW, HeaderValue::from_static(allow));
        }
        if self.no_referrer {
            headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        }
        if let Some(name) = self.file {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
            let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""));
            headers.extend(disposition.ok().map(|value| (header::CONTENT_DISPOSITION, value)));
        }
        if self.leads_on {
            // Browsers hold where a form's answer leads to this as well.
            let policy = POLICY.replace("form-action 'self'", "form-action https:");
            if let Ok(policy) = HeaderValue::from_str(&policy) {
                headers.insert(header::CONTENT_SECURITY_POLICY, policy);
            }
        }
        if let Some(name) = attachment {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
            let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""));
            headers.extend(disposition.ok().map(|value| (header::CONTENT_DISPOSITION, value)));
        }
        if self.clear_cache {
            headers.insert(CLEAR_SITE_DATA, HeaderValue::from_static("\"cache\""));
        }
        for cookie in self.cookies {
            headers.append(header::SET_COOKIE, cookie);
        }
        response
    }
}

const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");

/// Of a page that nobody may frame.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; \
                      form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// What no page of ours goes without.
pub(super) fn protect(headers: &mut HeaderMap, framing: Framing) {
    let (policy, frames) = match framing {
        Framing::Nobody => (POLICY, "DENY"),
        Framing::OurHost => (
            "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'self'; base-uri 'none'",
            "SAMEORIGIN",
        ),
    };
    let fixed = [
        ("content-security-policy", policy),
        ("x-frame-options", frames),
        ("x-content-type-options", "nosniff"),
        // Not `no-referrer`: browsers then post forms with `Origin: null`, which is refused.
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        (
            "permissions-policy",
            "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=(), interest-cohort=(), \
             otp-credentials=(self)",
        ),
    ];
    for (name, value) in fixed {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
}
