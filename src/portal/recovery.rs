//! The recovery request at a sign-in whose code does not come: what happens, the button, and what has become of it.

use std::time::Duration;

use askama::Template;

use super::{
    challenge,
    notice::Note,
    page::{Here, PageFrame, html},
    sign_in::SignInNotice,
    visit::{Answer, Visit},
};
use crate::{
    app::{
        self,
        recovery::{RecoveryView, RequestOutcome, RequestView},
    },
    authn::recovery::RecoveryStage,
    clock::Timestamp,
};

/// The page.
#[derive(Debug, Template)]
#[template(path = "recovery.html")]
pub struct RecoveryPage {
    /// The frame.
    pub frame: PageFrame,
    /// The newest request.
    pub request: Option<RequestView>,
    /// How long a new one waits.
    pub wait: Duration,
    /// No new one before then.
    pub next_from: Option<Timestamp>,
}

impl RecoveryPage {
    #[expect(clippy::unused_self, reason = "the shared frame of all pages asks every page")]
    const fn failed(&self) -> bool {
        false
    }

    fn heading(&self) -> String {
        self.frame.t(if self.open().is_some() { "recovery-open-heading" } else { "recovery-heading" })
    }

    /// The request that is waited for.
    fn open(&self) -> Option<&RequestView> {
        let waits = |stage| matches!(stage, RecoveryStage::Waiting(_) | RecoveryStage::Decidable);
        self.request.as_ref().filter(|request| waits(request.stage))
    }

    fn status(&self, request: &RequestView) -> String {
        match request.stage {
            RecoveryStage::Waiting(until) => self.frame.say(
                "recovery-waiting",
                &[("service", self.frame.service().into()), ("time", self.frame.clock_from(until).into())],
            ),
            _ => self.frame.named("recovery-decidable"),
        }
    }

    /// How the last one ended.
    fn last(&self) -> Option<String> {
        let request = self.request.as_ref()?;
        let key = match request.stage {
            RecoveryStage::Refused => "recovery-refused",
            RecoveryStage::Cancelled => "recovery-cancelled",
            RecoveryStage::Expired => "recovery-expired",
            RecoveryStage::Waiting(_) | RecoveryStage::Decidable | RecoveryStage::Approved => return None,
        };
        let values = [("receipt", request.receipt.as_str().into()), ("service", self.frame.service().into())];
        Some(self.frame.say(key, &values))
    }

    fn waiting_time(&self) -> String {
        let length = self.frame.length(self.wait);
        self.frame.say("recovery-plan-wait", &[("wait", length.into()), ("service", self.frame.service().into())])
    }

    fn not_before(&self) -> Option<String> {
        self.next_from.map(|at| self.frame.timed_from("recovery-too-many", at))
    }
}

pub(super) async fn show(visit: &Visit<'_>) -> app::Result<Answer> {
    let Some(view) = visit.portal.app.recovery_view(&visit.browser()).await? else {
        return challenge::gone_saying(visit, SignInNotice::RecoveryAwaits).await;
    };
    let RecoveryView { request, wait, next_from } = view;
    let frame = visit.frame(Here::Recovery, &Note::default());
    Ok(visit.page(html(&RecoveryPage { frame, request, wait, next_from })))
}

/// The page says by itself what came of it.
pub(super) async fn request(visit: &Visit<'_>) -> app::Result<Answer> {
    match visit.portal.app.request_recovery(&visit.browser()).await? {
        RequestOutcome::Open | RequestOutcome::TooMany(_) => Ok(visit.see(Here::Recovery)),
        RequestOutcome::Gone => challenge::gone(visit).await,
    }
}
