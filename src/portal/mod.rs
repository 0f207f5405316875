//! The end-user pages: an axum router, transport-neutral, called in process. Pages are typed values rendered by compiled
//! templates; every sentence comes from a catalogue in both languages; nothing needs a script.

pub mod arriving;
mod assets;
pub mod callback;
pub mod challenge;
mod charset;
pub mod choice;
pub mod code_help;
pub mod cookie;
mod csrf;
pub mod enrolment;
pub mod error;
mod form;
pub mod fresh;
pub mod guides;
pub mod held;
mod held_contents;
pub mod invited;
mod language;
pub mod links;
mod notice;
pub mod page;
mod password;
pub mod password_reset;
mod qr;
pub mod recovery;
pub mod recovery_codes;
pub mod return_to;
pub mod rollout;
pub mod routes;
#[cfg(test)]
pub(crate) mod samples;
pub mod settings;
pub mod sign_in;
pub mod stopped;
#[cfg(test)]
pub(crate) mod story_tests;
mod style;
pub mod switched_off;
pub mod users;
mod visit;
mod wanted;
mod words;

use std::sync::Arc;

use bytes::Bytes;
pub use held::Sending;
use http::{HeaderMap, Response};
pub use password::refused_password;
pub use return_to::ReturnTo;
pub use routes::{SIGN_OUT, router};
pub use visit::Client;

use self::{
    error::{Problem, TopLevelPage},
    page::{Here, Site, html},
    visit::{Answer, Framing, Visit},
};
use crate::{
    access::Interruption,
    app::App,
    config::{Logo, PublicUrl},
    delivery::callback::Callbacks,
};

/// Everything the pages need, shared by router and proxy.
#[derive(Debug)]
pub struct Portal {
    app: Arc<App>,
    site: Arc<Site>,
    sheet: Bytes,
    logo: Option<Logo>,
    callbacks: Option<Callbacks>,
}

impl Portal {
    /// Takes the looks from the application's configuration.
    pub fn new(app: Arc<App>) -> Self {
        let config = &app.snapshot().config;
        let sheet = Bytes::from(style::sheet(&config.branding));
        // Checked when the configuration was; a file that has gone since leaves our mark in its place.
        let logo = config.branding.logo.as_deref().and_then(|file| match Logo::read(file) {
            Ok(logo) => Some(logo),
            Err(reason) => {
                tracing::error!(file = %file.display(), %reason, "the logo cannot be shown");
                None
            }
        });
        let site = Arc::new(Site::new(config, &sheet, logo.as_ref()));
        Self { app, site, sheet, logo, callbacks: None }
    }

    /// Takes what providers report, too.
    #[must_use]
    pub fn with_callbacks(self, callbacks: Callbacks) -> Self {
        Self { callbacks: Some(callbacks), ..self }
    }

    /// The application behind the pages.
    pub const fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// Where a navigation that is stopped is sent: the sign-in page, which leads back to `target` (path and query) and
    /// says why the session ended; the page that asks a session for a fresh code; or the one that takes a new password.
    pub fn sign_in_location(&self, host: &PublicUrl, target: &str, why: Interruption) -> String {
        let to = ReturnTo::parse(target).unwrap_or_default().sealed(
            host,
            self.app.keyring(),
            &**self.app.entropy(),
            self.app.now(),
        );
        let page = match why {
            Interruption::NoSession | Interruption::Idle | Interruption::Ended => Here::SignIn,
            Interruption::CodeTooOld { .. } => Here::Fresh,
            Interruption::NewPassword => Here::Password,
        };
        visit::address(page.path(), &to, "", Some(why))
    }

    /// An error page for a request that is not to our pages. `target` is its path and query.
    pub fn error(&self, headers: &HeaderMap, problem: Problem, target: &str, client: &Client) -> Response<Bytes> {
        self.problem_page(headers, problem, target, client).into_response()
    }

    /// The page that leads a whole window to the sign-in, for a request from inside a frame.
    pub fn top_level(&self, headers: &HeaderMap, client: &Client, target: &str, why: Interruption) -> Response<Bytes> {
        let visit = self.passing(headers, client, target);
        let page = TopLevelPage {
            frame: visit.frame(Here::Target, &notice::Note::default()),
            target: self.sign_in_location(&client.host, target, why),
            fresh: matches!(why, Interruption::CodeTooOld { .. }),
        };
        let status = http::StatusCode::UNAUTHORIZED;
        Answer { status, framing: Framing::OurHost, ..visit.page(html(&page)) }.into_response()
    }

    fn problem_page(&self, headers: &HeaderMap, problem: Problem, target: &str, client: &Client) -> Answer {
        self.passing(headers, client, target).problem(problem, Here::Target)
    }

    /// A request on its way somewhere else.
    fn passing<'a>(&'a self, headers: &'a HeaderMap, client: &'a Client, target: &str) -> Visit<'a> {
        let to = ReturnTo::parse(target).unwrap_or_default();
        let uri = http::Uri::from_static("/");
        Visit { to, ..Visit::new(self, &uri, headers, client, form::Form::default()) }
    }
}
