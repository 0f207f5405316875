//! The code page: one code, of one method.

use askama::Template;
use serde::{Deserialize, Serialize};

use super::{
    code_help::{Way, WhyNot, not_sending, seconds_to_wait},
    fresh,
    notice::{News, Note},
    page::{Here, PageFrame, ShownMethod, html},
    settings,
    sign_in::SignInNotice,
    visit::{Answer, Visit},
};
use crate::{
    account::{MethodKind, Role},
    app::{self, CodeOutcome, CodeProblem, CodeView, Delivery, Flow, Grant, MethodView, PendingView, SendAvailability},
    authn::{CodeReason, throttle},
    clock::Timestamp,
    secret::constant_time_eq,
};

/// Why the code that was typed did not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CodeError {
    /// Not the code; with the tries left, from the second wrong one on.
    Wrong {
        /// Before the next pause.
        tries_left: Option<u32>,
        /// The clock of the app is slow by so many minutes.
        minutes_slow: Option<i64>,
    },
    /// Its time is over.
    Expired,
    /// An app code that was used before.
    Reused,
    /// Not six digits; no try was spent.
    NotSixDigits,
    /// Too many wrong ones for a method that is being set up; again from then on.
    Paused(Timestamp),
}

impl CodeError {
    /// The sentence; `kind` is the channel the code came by.
    pub(super) fn text(self, kind: MethodKind, frame: &PageFrame) -> String {
        match self {
            Self::Wrong { tries_left, minutes_slow } => {
                let wrong = match (kind, minutes_slow) {
                    (MethodKind::App, Some(minutes)) => frame.say("code-clock-slow", &[("minutes", minutes.into())]),
                    (MethodKind::App, None) => frame.t("code-wrong-app"),
                    (MethodKind::Sms, _) => frame.t("code-wrong-message"),
                    (MethodKind::Voice, _) => frame.t("code-wrong-call"),
                };
                match tries_left {
                    None => wrong,
                    Some(tries) => sentences(frame, [wrong, frame.say("code-tries-left", &[("tries", tries.into())])]),
                }
            }
            Self::Expired => frame.t("code-expired"),
            Self::Reused => frame.t("code-reused"),
            Self::NotSixDigits => frame.t("code-not-six"),
            Self::Paused(until) => frame.timed_from("code-paused", until),
        }
    }
}

/// Two sentences after each other: Japanese needs no space between them.
pub(super) fn sentences(frame: &PageFrame, [one, other]: [String; 2]) -> String {
    match frame.language {
        crate::language::Language::Ja => format!("{one}{other}"),
        crate::language::Language::En => format!("{one} {other}"),
    }
}

/// What the code page can offer now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeStage {
    /// A code can be entered; for messages until then.
    Enter {
        /// `None` for apps.
        valid_until: Option<Timestamp>,
    },
    /// There is no code by message that works now.
    NoCode {
        /// Was there one in this sign-in? Not where a wait from an earlier one still runs.
        sent: bool,
        /// May a new one be sent?
        send: SendAvailability,
        /// Does the other method work?
        other_works: bool,
    },
    /// Too many wrong codes.
    Paused {
        /// Until then.
        until: Timestamp,
        /// Does the other method work?
        other_works: bool,
    },
    /// The method was disabled.
    Disabled {
        /// Does the other method work?
        other_works: bool,
    },
}

/// Good news for the code page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CodeNotice {
    /// Sent again.
    SentAgain,
    /// Another channel or method is in use now.
    Switched,
    /// A message went out a moment ago; the next one may go then.
    NotYet(Timestamp),
    /// The form was of another sign-in, which this browser has left since.
    AnotherSignIn,
}

/// "Enter the code".
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own that the page tells")]
#[derive(Debug, Template)]
#[template(path = "code.html")]
pub struct CodePage {
    /// The frame.
    pub frame: PageFrame,
    /// The method in use; its kind is the channel in use.
    pub method: ShownMethod,
    /// Its role.
    pub role: Role,
    /// The other one of the pair.
    pub other: ShownMethod,
    /// Why a code is asked.
    pub reason: CodeReason,
    /// What can be done.
    pub stage: CodeStage,
    /// What was wrong with the last code.
    pub error: Option<CodeError>,
    /// What has just happened.
    pub notice: Option<CodeNotice>,
    /// How long a trust lasts; `None`: no browser is trusted for this account.
    pub trust_days: Option<u64>,
    /// The box was ticked before the page was shown again.
    pub trust_ticked: bool,
    /// Why the message cannot be sent again now.
    pub again: Option<WhyNot>,
    /// What became of the message.
    pub delivery: Option<Delivery>,
    /// Did the message take the place of one whose code still worked?
    pub supersedes: bool,
    /// Was a code sent for a sign-in in another browser, too?
    pub elsewhere: bool,
    /// Does the other method work now?
    pub other_works: bool,
    /// Inside a session: what the code is asked for.
    pub wanted: Option<String>,
    /// Inside a session: where a person who gives no code goes on.
    pub cancel: Option<String>,
    /// Several people seem to use this sign-in.
    pub shared: bool,
}

impl CodePage {
    fn heading(&self) -> String {
        if !self.enters() {
            return self.frame.t("code-heading-over");
        }
        match self.method.kind {
            MethodKind::App => self.frame.t("code-heading-app"),
            MethodKind::Sms => self.frame.t("code-heading-sms"),
            MethodKind::Voice => self.frame.t("code-heading-voice"),
        }
    }
    fn failed(&self) -> bool {
        self.error.is_some() || !self.enters()
    }
    fn enters(&self) -> bool {
        matches!(self.stage, CodeStage::Enter { .. })
    }
    /// Nothing was sent where sending failed, and nobody is being called any more: the line below says so.
    fn lead(&self) -> Option<String> {
        match self.delivery {
            Some(
                Delivery::Failed | Delivery::NotSms | Delivery::Refused | Delivery::Unanswered | Delivery::Undelivered,
            ) => None,
            Some(Delivery::Queued | Delivery::Sent | Delivery::Delivered(_)) | None => {
                Some(lead(&self.method, self.stage, &self.frame))
            }
        }
    }
    /// An earlier message was said to be good for longer than it is.
    fn newest_counts(&self) -> Option<String> {
        (self.enters() && self.supersedes).then(|| self.frame.t("code-newest-counts"))
    }
    /// Two codes came and one of them works here; the other may be a stranger's doing.
    fn elsewhere(&self) -> Option<String> {
        (self.enters() && self.elsewhere).then(|| self.frame.t("code-elsewhere"))
    }
    fn unanswered(&self) -> bool {
        self.enters() && self.delivery == Some(Delivery::Unanswered)
    }
    /// The call may turn out to have rung for nobody: the ways on from there stand ready for the script.
    fn may_ring_out(&self) -> bool {
        self.method.kind == MethodKind::Voice && self.delivery_line().is_some()
    }
    /// The button to be called again would do nothing for hours. Where it waits for seconds, the script shows it in time.
    const fn never_again(&self) -> bool {
        !matches!(self.again, None | Some(WhyNot::Until(_)))
    }
    const fn signs_in(&self) -> bool {
        !matches!(self.reason, CodeReason::FreshCode)
    }
    const fn by(&self) -> &'static str {
        self.method.kind.as_str()
    }
    /// Where the forms of the page go.
    const fn base(&self) -> &'static str {
        base(self.signs_in())
    }
    const fn help_path(&self) -> &'static str {
        if self.signs_in() { Here::CodeHelp.path() } else { Here::FreshHelp.path() }
    }
    fn error_text(&self) -> Option<String> {
        self.error.map(|error| error.text(self.method.kind, &self.frame))
    }
    /// Why no code can be entered now.
    fn obstacle(&self) -> Option<String> {
        let still = |works, text| self.still(works, text);
        match self.stage {
            CodeStage::Enter { .. } => None,
            CodeStage::NoCode { sent, send, other_works } => Some(self.no_code(sent, send, other_works)),
            CodeStage::Paused { until, other_works } => {
                Some(still(other_works, self.frame.timed_from("code-paused", until)))
            }
            CodeStage::Disabled { other_works } => Some(still(other_works, self.frame.t("code-disabled"))),
        }
    }
    /// The text, and that the other method works, where it does.
    fn still(&self, works: bool, text: String) -> String {
        match (works, self.role) {
            (false, _) => text,
            (true, Role::Primary) => sentences(&self.frame, [text, self.frame.t("code-paused-use-backup")]),
            (true, Role::Backup) => sentences(&self.frame, [text, self.frame.t("code-paused-use-primary")]),
        }
    }
    fn no_code(&self, sent: bool, next: SendAvailability, other_works: bool) -> String {
        let frame = &self.frame;
        let digits = self.method.last_two();
        match (sent, next) {
            (true, SendAvailability::Now) => frame.t("code-expired"),
            (false, SendAvailability::Now) => frame.say("code-unsent", &[("digits", digits.into())]),
            (true, SendAvailability::From(at)) => {
                let over = frame.t("code-over");
                self.still(other_works, sentences(frame, [over, frame.timed_from("code-new-from", at)]))
            }
            (false, SendAvailability::From(at)) => {
                let time = frame.clock_from(at);
                let wait = frame.say("code-unsent-from", &[("digits", digits.into()), ("time", time.into())]);
                self.still(other_works, wait)
            }
            (_, SendAvailability::Blocked) => self.still(other_works, frame.t("code-blocked")),
            (_, SendAvailability::Exhausted(at)) => self.still(other_works, frame.timed_from("code-no-more-sends", at)),
        }
    }
    fn can_send(&self) -> bool {
        matches!(self.stage, CodeStage::NoCode { send: SendAvailability::Now, .. })
    }
    /// Codes of an app are refused again and again: its clock may be off, whichever way.
    fn clock_hint(&self) -> bool {
        clock_hint(self.method.kind, self.error)
    }
    /// From when the message can be sent again, beside the field.
    fn again_from(&self) -> Option<String> {
        let not = (self.enters() && self.method.kind != MethodKind::App).then_some(self.again)??;
        match (not, self.method.kind) {
            (WhyNot::Until(at), MethodKind::Voice) => Some(self.frame.timed_from("prove-send-again-voice-from", at)),
            (WhyNot::Until(at), MethodKind::App | MethodKind::Sms) => {
                Some(self.frame.timed_from("prove-send-again-sms-from", at))
            }
            (other, _) => Some(other.text(&self.frame)),
        }
    }
    fn again_in(&self) -> Option<u64> {
        seconds_to_wait(self.again, &self.frame)
    }
    /// What became of the message, in each state a script may learn of.
    fn delivery_line(&self) -> Option<DeliveryLine> {
        let delivery = self.delivery.filter(|_| self.enters())?;
        Some(DeliveryLine::new(self.method.kind, delivery, &self.frame))
    }
    fn can_switch(&self) -> bool {
        match self.stage {
            CodeStage::Enter { .. } => false,
            CodeStage::NoCode { send, other_works, .. } => other_works && send != SendAvailability::Now,
            CodeStage::Paused { other_works, .. } | CodeStage::Disabled { other_works } => other_works,
        }
    }
    fn other_way(&self) -> &'static str {
        Way::Role(self.role.other()).as_str()
    }
    fn use_other(&self) -> String {
        self.frame.say("code-use-other", &[("method", self.other.describe(&self.frame).into())])
    }
    /// The script's words once the wait is over.
    fn again_now(&self) -> String {
        match self.method.kind {
            MethodKind::App | MethodKind::Sms => self.frame.t("code-send-again-now"),
            MethodKind::Voice => self.frame.t("code-call-again-now"),
        }
    }
    fn news(&self) -> Option<String> {
        let notice = self.notice.filter(|_| self.news_stays() || !self.unanswered())?;
        Some(match (notice, self.method.kind) {
            (CodeNotice::SentAgain, kind) => sent_again(kind, &self.frame),
            (CodeNotice::Switched, _) => self.frame.t("code-switched"),
            (CodeNotice::AnotherSignIn, _) => self.frame.t("code-another-sign-in"),
            (CodeNotice::NotYet(at), MethodKind::Voice) => self.frame.timed_from("code-not-yet-voice", at),
            (CodeNotice::NotYet(at), MethodKind::App | MethodKind::Sms) => self.frame.timed_from("code-not-yet", at),
        })
    }
    /// Good news of a call is over once nobody answered it.
    const fn news_stays(&self) -> bool {
        matches!(self.notice, Some(CodeNotice::NotYet(_)))
    }
    fn why(&self) -> String {
        match self.reason {
            CodeReason::NewBrowser => self.frame.t("code-why-new-browser"),
            CodeReason::TrustEnded(at) => {
                self.frame.say("code-why-trust-ended", &[("date", self.frame.date(at).into())])
            }
            CodeReason::TrustVoid => self.frame.t("code-why-trust-void"),
            CodeReason::FreshCode => self.frame.t("code-why-fresh"),
        }
    }
    /// The box, where there is one.
    fn trust_text(&self) -> Option<String> {
        let days = self.trust_days.filter(|_| self.signs_in())?;
        Some(self.frame.say("code-trust", &[("days", days.into())]))
    }
    fn help_text(&self) -> String {
        match self.method.kind {
            MethodKind::App => self.frame.t("code-help-app"),
            MethodKind::Sms | MethodKind::Voice => self.frame.t("code-help-message"),
        }
    }
}

/// The code page at the sign-in, and the same inside a session.
pub(super) const fn base(signs_in: bool) -> &'static str {
    if signs_in { Here::Code.path() } else { Here::Fresh.path() }
}

/// The second wrong code of an app in a row, and none that an app with a slow clock shows.
pub(super) const fn clock_hint(kind: MethodKind, error: Option<CodeError>) -> bool {
    matches!(kind, MethodKind::App)
        && matches!(error, Some(CodeError::Wrong { tries_left: Some(_), minutes_slow: None }))
}

/// What became of a message, as its page says it and as a script may say it later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryLine {
    /// Now.
    pub now: Delivery,
    /// The sentences for each state.
    pub queued: String,
    /// It went out.
    pub sent: String,
    /// It did not.
    pub failed: String,
    /// A call: nobody picked up.
    pub unanswered: Option<String>,
    /// A text message: the number takes none.
    pub not_sms: Option<String>,
    /// Nobody sends to the number.
    pub refused: String,
    /// The provider could not deliver it.
    pub undelivered: String,
    /// It arrived then. There is no such sentence before.
    pub delivered: Option<String>,
}

impl DeliveryLine {
    pub(super) fn new(kind: MethodKind, now: Delivery, frame: &PageFrame) -> Self {
        let (keys, arrived) = match kind {
            MethodKind::App | MethodKind::Sms => (
                ["delivery-sms-queued", "delivery-sms-sent", "delivery-sms-failed", "delivery-sms-undelivered"],
                "delivery-sms-delivered",
            ),
            MethodKind::Voice => (
                ["delivery-voice-queued", "delivery-voice-sent", "delivery-voice-failed", "delivery-voice-undelivered"],
                "delivery-voice-delivered",
            ),
        };
        let [queued, sent, failed, undelivered] = keys.map(|key| frame.t(key));
        let delivered = match now {
            Delivery::Delivered(at) => Some(frame.say(arrived, &[("time", frame.clock_until(at).into())])),
            _ => None,
        };
        let unanswered = (kind == MethodKind::Voice).then(|| frame.t("delivery-voice-unanswered"));
        let not_sms = (kind == MethodKind::Sms).then(|| frame.t("delivery-not-sms"));
        let refused = frame.t("delivery-refused");
        Self { now, queued, sent, failed, unanswered, not_sms, refused, undelivered, delivered }
    }
    pub(super) fn text(&self) -> &str {
        match self.now {
            Delivery::Queued => &self.queued,
            Delivery::Sent => &self.sent,
            Delivery::Failed => &self.failed,
            Delivery::Unanswered => self.unanswered.as_deref().unwrap_or_default(),
            Delivery::NotSms => self.not_sms.as_deref().unwrap_or(&self.failed),
            Delivery::Refused => &self.refused,
            Delivery::Undelivered => &self.undelivered,
            Delivery::Delivered(_) => self.delivered.as_deref().unwrap_or_default(),
        }
    }
    pub(super) const fn word(&self) -> &'static str {
        delivery_word(self.now)
    }
}

/// As the state of a page names it for scripts.
pub(super) const fn delivery_word(delivery: Delivery) -> &'static str {
    match delivery {
        Delivery::Queued => "queued",
        Delivery::Sent => "sent",
        Delivery::Unanswered => "unanswered",
        Delivery::Failed => "failed",
        Delivery::NotSms => "notsms",
        Delivery::Refused => "refused",
        Delivery::Undelivered => "undelivered",
        Delivery::Delivered(_) => "delivered",
    }
}

/// Where the code comes from, and until when it works.
fn lead(method: &ShownMethod, stage: CodeStage, frame: &PageFrame) -> String {
    let CodeStage::Enter { valid_until } = stage else { return String::new() };
    message_lead(method, valid_until, frame)
}

/// The same code goes out once more.
pub(super) fn sent_again(kind: MethodKind, frame: &PageFrame) -> String {
    match kind {
        MethodKind::App | MethodKind::Sms => frame.t("code-sent-again"),
        MethodKind::Voice => frame.t("code-called-again"),
    }
}

/// The sentence for a message on its way; for an app the instruction.
pub(super) fn message_lead(method: &ShownMethod, valid_until: Option<Timestamp>, frame: &PageFrame) -> String {
    let digits = method.last_two();
    let until = frame.clock_until(valid_until.unwrap_or(frame.now));
    match method.kind {
        MethodKind::App => frame.t("code-lead-app"),
        MethodKind::Sms => frame.say("code-lead-sms", &[("digits", digits.into()), ("time", until.into())]),
        MethodKind::Voice => {
            let calling = frame.say("code-lead-voice", &[("digits", digits.into())]);
            sentences(frame, [calling, frame.say("code-valid-until", &[("time", until.into())])])
        }
    }
}

impl From<MethodView> for ShownMethod {
    /// Before the second step nothing but channel and two digits is shown.
    fn from(view: MethodView) -> Self {
        Self { kind: view.kind, digits: view.last_two, label: None }
    }
}

/// The code page of what the visitor has pending.
pub(super) const fn code_page(visit: &Visit<'_>) -> Here {
    match visit.flow {
        Flow::SignIn => Here::Code,
        Flow::FreshCode => Here::Fresh,
        Flow::Replacement => Here::Replacement,
    }
}

/// What the script of a waiting page may know: the session that another tab has got lets this page go on, if it is of
/// the person the page waits for, and what became of the message.
pub(super) async fn state(visit: &Visit<'_>) -> app::Result<serde_json::Value> {
    let app = &visit.portal.app;
    let who = visit.headers.get("x-sekisho-who").and_then(|who| who.to_str().ok()).unwrap_or_default();
    let session = app.watch(&visit.browser()).await?;
    let go = session
        .is_some_and(|account| who.is_empty() || constant_time_eq(who.as_bytes(), visit.who(account).as_bytes()));
    let sending = match app.pending(&visit.browser()).await? {
        Some(PendingView::Code(view)) => Some((view.delivery, view.send_again, view.method.kind)),
        Some(PendingView::Enrol(view)) => {
            view.proving.map(|proving| (proving.delivery, proving.send_again, proving.method.kind))
        }
        None => None,
    };
    let delivery = sending.and_then(|(delivery, ..)| delivery);
    // Only now is it known when it arrived; every other sentence stands on the page.
    let arrived = match (delivery, sending) {
        (Some(now @ Delivery::Delivered(_)), Some((.., kind))) => {
            DeliveryLine::new(kind, now, &visit.frame(code_page(visit), &Note::default())).delivered
        }
        _ => None,
    };
    // In seconds; 0: now, none: not as long as anybody looks at the page.
    let again_in = sending.filter(|_| delivery.is_some()).and_then(|(_, again, _)| match again {
        SendAvailability::Now => Some(0),
        SendAvailability::From(at) => Some(at.since(visit.now).as_secs() + 1),
        SendAvailability::Exhausted(_) | SendAvailability::Blocked => None,
    });
    let mut told = serde_json::json!({ "go": go, "delivery": delivery.map(delivery_word), "again_in": again_in });
    if let (Some(arrived), Some(told)) = (arrived, told.as_object_mut()) {
        told.insert("delivered".to_owned(), arrived.into());
    }
    Ok(told)
}

/// Nothing waits for what was sent: on to what does wait, else where a session leads, else to the sign-in.
pub(super) async fn gone(visit: &Visit<'_>) -> app::Result<Answer> {
    gone_saying(visit, SignInNotice::SignInEnded).await
}

/// The same; the sign-in says this.
pub(super) async fn gone_saying(visit: &Visit<'_>, notice: SignInNotice) -> app::Result<Answer> {
    match visit.flow {
        Flow::SignIn => {}
        Flow::FreshCode => return fresh::gone(visit).await,
        Flow::Replacement => return settings::gone(visit).await,
    }
    match visit.portal.app.pending(&visit.browser()).await? {
        Some(PendingView::Code(_)) => return Ok(visit.see(Here::Code)),
        Some(PendingView::Enrol(_)) => return Ok(visit.see(Here::Enrolment)),
        None => {}
    }
    if visit.portal.app.session(&visit.browser()).await?.is_some() {
        return Ok(visit.see(Here::Target));
    }
    Ok(visit.see_with(Here::SignIn, News::SignIn(notice)))
}

/// The pending code, or the page that belongs to this visitor instead.
pub(super) async fn pending_code(visit: &Visit<'_>) -> app::Result<Result<CodeView, Answer>> {
    Ok(match visit.portal.app.pending(&visit.browser()).await? {
        Some(PendingView::Code(view)) => Ok(view),
        Some(PendingView::Enrol(_)) => Err(visit.see(Here::Enrolment)),
        None => Err(gone(visit).await?),
    })
}

pub(super) async fn show(visit: &Visit<'_>) -> app::Result<Answer> {
    match pending_code(visit).await? {
        Ok(view) => Ok(show_code(visit, view, None)),
        Err(elsewhere) => Ok(elsewhere),
    }
}

/// `wanted`: inside a session, what the code is asked for.
pub(super) fn show_code(visit: &Visit<'_>, view: CodeView, wanted: Option<String>) -> Answer {
    let note = visit.note();
    let other_works = works(&view.other) && view.send_other == SendAvailability::Now;
    let stage = match (view.method.disabled, view.method.paused_until) {
        (true, _) => CodeStage::Disabled { other_works },
        (false, Some(until)) => CodeStage::Paused { until, other_works },
        (false, None) if view.expired => CodeStage::NoCode { sent: view.sent, send: view.send_again, other_works },
        (false, None) => {
            CodeStage::Enter { valid_until: (view.method.kind != MethodKind::App).then_some(view.expires_at) }
        }
    };
    let page = CodePage {
        frame: PageFrame { who: visit.who(view.account), ..visit.frame(code_page(visit), &note) },
        role: view.method.role,
        method: view.method.into(),
        other: view.other.into(),
        reason: view.reason,
        stage,
        error: note.code_error(),
        notice: note.code(),
        trust_days: view.trust_days,
        trust_ticked: note.trust,
        again: not_sending(view.send_again),
        delivery: view.delivery,
        supersedes: view.supersedes,
        elsewhere: view.elsewhere,
        other_works,
        wanted,
        cancel: (visit.flow == Flow::FreshCode).then(|| fresh::cancel(visit)),
        shared: view.shared,
    };
    visit.page(html(&page))
}

const fn works(method: &MethodView) -> bool {
    !method.disabled && method.paused_until.is_none()
}

pub(super) async fn submit(visit: &Visit<'_>) -> app::Result<Answer> {
    match enter(visit).await? {
        Ok(grant) => Ok(visit.signed_in(&grant)),
        Err(answer) => Ok(answer),
    }
}

/// A form of a page that another tab has left behind: what was typed there is not for the account that waits now.
pub(super) async fn of_another_sign_in(visit: &Visit<'_>) -> app::Result<Option<Answer>> {
    let who = visit.form.text("who");
    if visit.flow != Flow::SignIn || who.is_empty() {
        return Ok(None);
    }
    let Some(PendingView::Code(view)) = visit.portal.app.pending(&visit.browser()).await? else { return Ok(None) };
    let same = constant_time_eq(who.as_bytes(), visit.who(view.account).as_bytes());
    Ok((!same).then(|| visit.see_with(Here::Code, News::Code(CodeNotice::AnotherSignIn))))
}

/// What a right code gave, or the answer to any other.
pub(super) async fn enter(visit: &Visit<'_>) -> app::Result<Result<Grant, Answer>> {
    if let Some(answer) = of_another_sign_in(visit).await? {
        return Ok(Err(answer));
    }
    let trust = visit.form.text("trust") == "yes";
    let outcome = visit.portal.app.submit_code(&visit.browser(), visit.form.text("code"), trust).await?;
    let page = code_page(visit);
    Ok(Err(match outcome {
        CodeOutcome::SignedIn(grant) => return Ok(Ok(grant)),
        CodeOutcome::Continue => visit.see(page),
        CodeOutcome::Refused(problem) => match code_error(problem) {
            Some(error) => visit.see_with(page, Note { trust, ..News::CodeError(error).into() }),
            None => visit.see(page),
        },
        CodeOutcome::Gone => gone(visit).await?,
    }))
}

/// What the page says of a refused code. Of a pause or a stale page the page speaks by itself.
pub(super) fn code_error(problem: CodeProblem) -> Option<CodeError> {
    match problem {
        CodeProblem::NotSixDigits => Some(CodeError::NotSixDigits),
        // Tries are counted aloud from the second wrong one on.
        CodeProblem::Wrong { tries_left, minutes_slow } => Some(CodeError::Wrong {
            tries_left: (tries_left + 2 <= throttle::CODE_TRIES).then_some(tries_left),
            minutes_slow,
        }),
        CodeProblem::Expired => Some(CodeError::Expired),
        CodeProblem::Reused => Some(CodeError::Reused),
        CodeProblem::Paused(_) | CodeProblem::Disabled | CodeProblem::Stale => None,
    }
}
