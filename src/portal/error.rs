//! Pages for when something is not as it should be. They say what to do; what went wrong inside is in the log, under the
//! reference number.

use askama::Template;

use super::{
    notice::Note,
    page::{Here, PageFrame, html},
    visit::{Answer, Visit},
};

/// What happened, in the person's terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// 400: the request cannot be read.
    BadRequest,
    /// 400: the form's token is missing, old or of another window.
    FormExpired,
    /// 403.
    Forbidden,
    /// 404.
    NotFound,
    /// 405.
    MethodNotAllowed,
    /// 408.
    TooSlow,
    /// 413.
    TooLarge,
    /// 415: a form that is compressed.
    Packed,
    /// 421: for a host that is not ours.
    Misdirected,
    /// 500.
    Internal,
    /// 502: no connection to the console.
    BadGateway,
    /// 503: too much to do.
    Unavailable,
    /// 503: no address of the console passes its checks.
    ConsoleDown,
    /// 504: the console does not answer in time.
    GatewayTimeout,
}

impl Problem {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::BadRequest,
        Self::FormExpired,
        Self::Forbidden,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::TooSlow,
        Self::TooLarge,
        Self::Packed,
        Self::Misdirected,
        Self::Internal,
        Self::BadGateway,
        Self::Unavailable,
        Self::ConsoleDown,
        Self::GatewayTimeout,
    ];

    /// The page for a status; one without a page of its own gets the general one of its kind.
    pub fn of(status: http::StatusCode) -> Self {
        let general = if status.is_server_error() { Self::Internal } else { Self::BadRequest };
        Self::ALL.into_iter().find(|problem| problem.status() == status).unwrap_or(general)
    }

    /// The status of the answer.
    pub const fn status(self) -> http::StatusCode {
        match self {
            Self::BadRequest | Self::FormExpired => http::StatusCode::BAD_REQUEST,
            Self::Forbidden => http::StatusCode::FORBIDDEN,
            Self::NotFound => http::StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => http::StatusCode::METHOD_NOT_ALLOWED,
            Self::TooSlow => http::StatusCode::REQUEST_TIMEOUT,
            Self::Misdirected => http::StatusCode::MISDIRECTED_REQUEST,
            Self::TooLarge => http::StatusCode::PAYLOAD_TOO_LARGE,
            Self::Packed => http::StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Internal => http::StatusCode::INTERNAL_SERVER_ERROR,
            Self::BadGateway => http::StatusCode::BAD_GATEWAY,
            Self::Unavailable | Self::ConsoleDown => http::StatusCode::SERVICE_UNAVAILABLE,
            Self::GatewayTimeout => http::StatusCode::GATEWAY_TIMEOUT,
        }
    }
}

/// Any error page.
#[derive(Debug, Template)]
#[template(path = "error.html")]
pub struct ErrorPage {
    /// The frame.
    pub frame: PageFrame,
    /// What happened.
    pub problem: Problem,
    /// What the log calls it.
    pub reference: Option<String>,
    /// Where the link leads: the page again, or the console.
    pub target: String,
}

impl ErrorPage {
    #[expect(clippy::unused_self, reason = "the shared frame of all pages asks every page")]
    const fn failed(&self) -> bool {
        false
    }
    fn heading(&self) -> String {
        let frame = &self.frame;
        match self.problem {
            Problem::BadRequest => frame.t("error-request-heading"),
            Problem::Packed => frame.t("error-packed-heading"),
            Problem::FormExpired => frame.t("error-form-expired-heading"),
            Problem::Forbidden => frame.t("error-forbidden-heading"),
            Problem::NotFound => frame.t("error-not-found-heading"),
            Problem::MethodNotAllowed => frame.t("error-method-heading"),
            Problem::TooSlow => frame.t("error-too-slow-heading"),
            Problem::TooLarge => frame.t("error-too-large-heading"),
            Problem::Misdirected => frame.t("error-misdirected-heading"),
            Problem::Internal => frame.t("error-internal-heading"),
            Problem::BadGateway => frame.named("error-bad-gateway-heading"),
            Problem::Unavailable => frame.t("error-unavailable-heading"),
            Problem::ConsoleDown => frame.named("error-console-down-heading"),
            Problem::GatewayTimeout => frame.named("error-gateway-timeout-heading"),
        }
    }
    fn text(&self) -> String {
        let frame = &self.frame;
        match self.problem {
            Problem::BadRequest | Problem::Packed => frame.t("error-request"),
            Problem::FormExpired => frame.t("error-form-expired"),
            Problem::Forbidden => frame.named("error-forbidden"),
            Problem::NotFound => frame.t("error-not-found"),
            Problem::MethodNotAllowed => frame.t("error-method"),
            Problem::TooSlow => frame.t("error-too-slow"),
            Problem::TooLarge => frame.t("error-too-large"),
            Problem::Misdirected => frame.t("error-misdirected"),
            Problem::Internal => frame.t("error-internal"),
            Problem::BadGateway => frame.named("error-bad-gateway"),
            Problem::Unavailable => frame.t("error-unavailable"),
            Problem::ConsoleDown => frame.named("error-console-down"),
            Problem::GatewayTimeout => frame.named("error-gateway-timeout"),
        }
    }
    fn link(&self) -> String {
        match self.problem {
            Problem::FormExpired
            | Problem::Internal
            | Problem::BadGateway
            | Problem::Unavailable
            | Problem::ConsoleDown
            | Problem::GatewayTimeout => self.frame.t("error-open-again"),
            Problem::BadRequest
            | Problem::Forbidden
            | Problem::NotFound
            | Problem::MethodNotAllowed
            | Problem::TooSlow
            | Problem::TooLarge
            | Problem::Packed
            | Problem::Misdirected => self.frame.named("error-back"),
        }
    }
}

/// Inside a frame: the sign-in belongs into the whole window.
#[derive(Debug, Template)]
#[template(path = "top_level.html")]
pub struct TopLevelPage {
    /// The frame around the page (not the browser's).
    pub frame: PageFrame,
    /// The sign-in page, or the one that asks for a fresh code.
    pub target: String,
    /// Somebody is signed in, and a fresh code is wanted.
    pub fresh: bool,
}

impl TopLevelPage {
    #[expect(clippy::unused_self, reason = "the shared frame of all pages asks every page")]
    const fn failed(&self) -> bool {
        false
    }
    fn heading(&self) -> String {
        self.frame.t(if self.fresh { "top-heading-fresh" } else { "top-heading" })
    }
    fn lead(&self) -> String {
        self.frame.t(if self.fresh { "top-lead-fresh" } else { "top-lead" })
    }
    fn go_on(&self) -> String {
        self.frame.t(if self.fresh { "top-continue-fresh" } else { "top-continue" })
    }
}

/// As much of a request's identifier as a person reads out on the telephone: its beginning, so that a search of the log
/// for it finds the whole. 40 bits tell the requests of a log apart.
pub(super) fn read_out(identifier: &str) -> String {
    identifier.chars().take(8).collect()
}

impl Visit<'_> {
    /// The page for a problem; its link opens `again`, or the console where opening again would not help.
    pub(super) fn problem(&self, problem: Problem, again: Here) -> Answer {
        let target = match problem {
            Problem::FormExpired
            | Problem::Internal
            | Problem::BadGateway
            | Problem::Unavailable
            | Problem::ConsoleDown
            | Problem::GatewayTimeout => self.see(again).location,
            Problem::BadRequest
            | Problem::Forbidden
            | Problem::NotFound
            | Problem::MethodNotAllowed
            | Problem::TooSlow
            | Problem::TooLarge
            | Problem::Packed
            | Problem::Misdirected => None,
        };
        let page = ErrorPage {
            frame: self.frame(again, &Note::default()),
            problem,
            reference: Some(read_out(&self.client.reference)).filter(|id| !id.is_empty()),
            target: target.unwrap_or_else(|| "/".to_owned()),
        };
        Answer { status: problem.status(), ..self.page(html(&page)) }
    }
}
