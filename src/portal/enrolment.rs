//! Setting up the two methods: the question, the choice, the proof, the success.

use askama::Template;
use serde::{Deserialize, Serialize};

use super::{
    challenge::{CodeError, CodeNotice, DeliveryLine, clock_hint, code_error, gone, message_lead, sent_again},
    choice,
    code_help::{WhyNot, not_sending, seconds_to_wait},
    cookie::{self, Keep},
    guides::Guide,
    notice::{News, Note},
    page::{Here, PageFrame, ShownMethod, html},
    qr, return_to,
    rollout::grace_text,
    settings,
    sign_in::SignInNotice,
    visit::{Answer, Visit},
};
use crate::{
    account::{Label, MethodKind, Role},
    app::{
        self, ChosenView, CodeOutcome, CodeProblem, Delivery, EnrolmentOutcome, EnrolmentView, Flow, LinkMailOutcome,
        PendingView, ProvingView, SendOutcome, TicketOutcome, TypedNumber,
    },
    authn::{EnrolmentStep, Grace, OpenedBy, TicketRefusal},
    clock::Timestamp,
};

/// The list of steps above each enrolment page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    at: usize,
}

const STEP_NAMES: [&str; 5] = [
    "enrol-step-primary",
    "enrol-step-prove-primary",
    "enrol-step-backup",
    "enrol-step-prove-backup",
    "enrol-step-done",
];

impl Progress {
    /// All steps done.
    const DONE: Self = Self { at: STEP_NAMES.len() - 1 };

    pub(super) const fn of(step: EnrolmentStep) -> Self {
        let at = match step {
            EnrolmentStep::EnterTicket
            | EnrolmentStep::OpenLink
            | EnrolmentStep::Introduced
            | EnrolmentStep::ChoosePrimary => 0,
            EnrolmentStep::ProvePrimary => 1,
            EnrolmentStep::ChooseBackup => 2,
            EnrolmentStep::ProveBackup => 3,
        };
        Self { at }
    }

    pub(super) fn position(self, frame: &PageFrame) -> String {
        let name = STEP_NAMES.get(self.at).map(|key| frame.t(key)).unwrap_or_default();
        let (number, total) = (self.at + 1, STEP_NAMES.len());
        frame.say("enrol-step", &[("number", number.into()), ("total", total.into()), ("name", name.into())])
    }

    /// Name, done, current.
    pub(super) fn steps(self, frame: &PageFrame) -> Vec<(String, bool, bool)> {
        let steps = STEP_NAMES.iter().enumerate();
        steps.map(|(i, key)| (frame.t(key), i < self.at, i == self.at)).collect()
    }
}

/// The question.
#[derive(Debug, Template)]
#[template(path = "enrol_intro.html")]
pub struct EnrolIntroPage {
    /// The frame.
    pub frame: PageFrame,
    /// What led here beside the password.
    pub opened_by: OpenedBy,
    /// How long it may still be put off, where the rollout allows it.
    pub grace: Option<Grace>,
}

impl EnrolIntroPage {
    #[expect(clippy::unused_self, reason = "the shared frame of all pages asks every page")]
    const fn failed(&self) -> bool {
        false
    }
    fn heading(&self) -> String {
        self.frame.t(if self.again() { "enrol-again-heading" } else { "enrol-intro-heading" })
    }
    /// Not for the first time: the person knows what two-step verification is, and lost the ways to get a code.
    const fn again(&self) -> bool {
        matches!(self.opened_by, OpenedBy::Recovery | OpenedBy::Ticket)
    }
    fn lead(&self) -> String {
        match self.opened_by {
            OpenedBy::Recovery => self.frame.t("enrol-intro-recovered"),
            OpenedBy::Ticket => self.frame.t("enrol-intro-ticket"),
            OpenedBy::Password | OpenedBy::MailedLink => self.frame.named("enrol-intro-lead"),
        }
    }
    fn what(&self) -> String {
        self.frame.t(if self.again() { "enrol-again-what" } else { "enrol-intro-what" })
    }
    fn begin(&self) -> String {
        self.frame.t(if self.again() { "enrol-again" } else { "enrol-begin" })
    }
    fn grace_text(&self) -> Option<String> {
        self.grace.filter(|grace| grace.laters_left > 0).map(|grace| grace_text(grace, &self.frame))
    }
    fn grace_over(&self) -> Option<String> {
        self.grace.filter(|grace| grace.laters_left == 0).map(|grace| grace_text(grace, &self.frame))
    }
}

/// What asking for another mail led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EnrolmentLinkNews {
    /// Sent again.
    Sent,
    /// Not before then.
    From(Timestamp),
}

/// Waiting for the link that was mailed.
#[derive(Debug, Template)]
#[template(path = "enrol_link.html")]
pub struct EnrolLinkPage {
    /// The frame.
    pub frame: PageFrame,
    /// The address, masked.
    pub mailed_to: String,
    /// What asking for another mail led to.
    pub news: Option<EnrolmentLinkNews>,
    /// How long enrolling may still be put off, where the rollout allows it.
    pub grace: Option<Grace>,
}

impl EnrolLinkPage {
    #[expect(clippy::unused_self, reason = "the shared frame of all pages asks every page")]
    const fn failed(&self) -> bool {
        false
    }
    fn heading(&self) -> String {
        self.frame.t("enrol-link-heading")
    }
    fn lead(&self) -> String {
        self.frame.say("enrol-link-lead", &[("address", self.mailed_to.as_str().into())])
    }
    fn news(&self) -> Option<String> {
        self.news.map(|news| match news {
            EnrolmentLinkNews::Sent => self.frame.t("enrol-link-sent"),
            EnrolmentLinkNews::From(at) => self.frame.timed_from("enrol-link-from", at),
        })
    }
    fn grace_text(&self) -> Option<String> {
        self.grace.filter(|grace| grace.laters_left > 0).map(|grace| grace_text(grace, &self.frame))
    }
    fn grace_over(&self) -> Option<String> {
        self.grace.filter(|grace| grace.laters_left == 0).map(|grace| grace_text(grace, &self.frame))
    }
}

/// Why a ticket was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TicketError {
    /// Not the one that was handed out last.
    Wrong,
    /// Its time is over.
    Expired,
}

/// The ticket an operator handed out.
#[derive(Debug, Template)]
#[template(path = "enrol_ticket.html")]
pub struct EnrolTicketPage {
    /// The frame.
    pub frame: PageFrame,
    /// What was wrong with the last one.
    pub error: Option<TicketError>,
}

impl EnrolTicketPage {
    const fn failed(&self) -> bool {
        self.error.is_some()
    }
    fn heading(&self) -> String {
        self.frame.t("ticket-heading")
    }
    fn error_text(&self) -> Option<String> {
        self.error.map(|error| match error {
            TicketError::Wrong => self.frame.t("ticket-wrong"),
            TicketError::Expired => self.frame.named("ticket-expired"),
        })
    }
}

/// Where the forms of these pages go.
pub(super) fn base(frame: &PageFrame) -> &'static str {
    if frame.here == Here::Replacement { Here::Replacement.path() } else { Here::Enrolment.path() }
}

/// The app's seed, as its page shows it.
#[derive(Clone)]
pub struct ShownSeed {
    /// `otpauth://totp/…`.
    pub uri: String,
    /// Base32.
    pub key: String,
}

impl std::fmt::Debug for ShownSeed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ShownSeed(…)")
    }
}

impl ShownSeed {
    /// The key in groups of four.
    fn groups(&self) -> Vec<String> {
        let letters: Vec<char> = self.key.chars().collect();
        letters.chunks(4).map(|group| group.iter().collect()).collect()
    }
    fn qr(&self) -> qr::QrPath {
        qr::path(&self.uri)
    }
}

/// Proving an app: the seed and the code field.
#[derive(Debug, Template)]
#[template(path = "enrol_prove_app.html")]
pub struct ProveAppPage {
    /// The frame.
    pub frame: PageFrame,
    /// Primary or backup.
    pub role: Role,
    /// The seed.
    pub seed: ShownSeed,
    /// What was wrong with the last code.
    pub error: Option<CodeError>,
}

impl ProveAppPage {
    fn base(&self) -> &'static str {
        base(&self.frame)
    }
    fn heading(&self) -> String {
        self.frame.t("prove-heading-app")
    }
    const fn progress(&self) -> Progress {
        proving(self.role)
    }
    fn failed(&self) -> bool {
        self.error.is_some()
    }
    fn error_text(&self) -> Option<String> {
        self.error.map(|error| error.text(MethodKind::App, &self.frame))
    }
    fn clock_hint(&self) -> bool {
        clock_hint(MethodKind::App, self.error)
    }
}

/// Proving a phone: a message is on its way.
#[derive(Debug, Template)]
#[template(path = "enrol_prove_phone.html")]
pub struct ProvePhonePage {
    /// The frame.
    pub frame: PageFrame,
    /// Primary or backup.
    pub role: Role,
    /// The number and its channel.
    pub method: ShownMethod,
    /// The number as it was typed, to be checked; one that came with an import is not shown.
    pub typed: Option<TypedNumber>,
    /// Until when the code works.
    pub valid_until: Timestamp,
    /// Why it cannot be sent again now.
    pub send_again: Option<WhyNot>,
    /// It was just sent again.
    pub sent_again: bool,
    /// What became of the message.
    pub delivery: Option<Delivery>,
    /// What was wrong with the last code.
    pub error: Option<CodeError>,
}

impl ProvePhonePage {
    fn base(&self) -> &'static str {
        base(&self.frame)
    }
    fn heading(&self) -> String {
        match self.method.kind {
            MethodKind::App | MethodKind::Sms => self.frame.t("prove-heading-sms"),
            MethodKind::Voice => self.frame.t("prove-heading-voice"),
        }
    }
    const fn progress(&self) -> Progress {
        proving(self.role)
    }
    fn failed(&self) -> bool {
        self.error.is_some()
    }
    /// Nobody is being called any more where nobody answered: the line below says so.
    fn lead(&self) -> Option<String> {
        let rang = matches!(self.delivery, Some(Delivery::Unanswered));
        (!rang).then(|| message_lead(&self.method, Some(self.valid_until), &self.frame))
    }
    fn news(&self) -> Option<String> {
        let told = self.sent_again && !matches!(self.delivery, Some(Delivery::Unanswered));
        told.then(|| sent_again(self.method.kind, &self.frame))
    }
    fn typed(&self) -> Option<String> {
        self.typed.as_ref().map(|typed| spelled(typed, &self.frame))
    }
    fn choose_again(&self) -> String {
        self.frame.t(if self.typed.is_some() { "prove-change-number" } else { "prove-choose-again" })
    }
    fn error_text(&self) -> Option<String> {
        self.error.map(|error| error.text(self.method.kind, &self.frame))
    }
    const fn by(&self) -> &'static str {
        self.method.kind.as_str()
    }
    fn delivery_line(&self) -> Option<DeliveryLine> {
        self.delivery.map(|delivery| DeliveryLine::new(self.method.kind, delivery, &self.frame))
    }
    fn again(&self) -> String {
        match self.method.kind {
            MethodKind::App | MethodKind::Sms => self.frame.t("prove-send-again-sms"),
            MethodKind::Voice => self.frame.t("prove-send-again-voice"),
        }
    }
    fn again_in(&self) -> Option<u64> {
        seconds_to_wait(self.send_again, &self.frame)
    }
    fn not_again(&self) -> Option<String> {
        self.send_again.map(|not| match not {
            WhyNot::Until(at) => self.frame.timed_from(
                match self.method.kind {
                    MethodKind::App | MethodKind::Sms => "prove-send-again-sms-from",
                    MethodKind::Voice => "prove-send-again-voice-from",
                },
                at,
            ),
            WhyNot::NoMoreSends(at) => self.frame.timed_from("prove-no-more-sends", at),
            WhyNot::Blocked => self.frame.t("choose-not-reached"),
            other => other.text(&self.frame),
        })
    }
}

/// A number with its extension, as the form takes it too.
pub(super) fn spelled(typed: &TypedNumber, frame: &PageFrame) -> String {
    match &typed.extension {
        None => typed.number.clone(),
        Some(extension) => frame.say(
            "number-with-extension",
            &[("number", typed.number.as_str().into()), ("extension", extension.as_str().into())],
        ),
    }
}

const fn proving(role: Role) -> Progress {
    Progress::of(match role {
        Role::Primary => EnrolmentStep::ProvePrimary,
        Role::Backup => EnrolmentStep::ProveBackup,
    })
}

/// Both methods are proven.
#[derive(Debug, Template)]
#[template(path = "enrol_done.html")]
pub struct EnrolDonePage {
    /// The frame.
    pub frame: PageFrame,
    /// The primary.
    pub primary: ShownMethod,
    /// The backup.
    pub backup: ShownMethod,
    /// Where to go on.
    pub target: String,
    /// When recovery codes were made, if there are any already.
    pub codes_made_at: Option<Timestamp>,
}

impl EnrolDonePage {
    #[expect(clippy::unused_self, reason = "the shared frame of all pages asks every page")]
    const fn failed(&self) -> bool {
        false
    }
    fn heading(&self) -> String {
        self.frame.t("done-heading")
    }
    #[expect(clippy::unused_self, reason = "the template asks the page, as on the pages before")]
    const fn progress(&self) -> Progress {
        Progress::DONE
    }
}

impl From<ChosenView> for ShownMethod {
    fn from(view: ChosenView) -> Self {
        Self {
            kind: view.kind,
            digits: view.last_two,
            label: view.label.as_ref().map(Label::as_str).map(str::to_owned),
        }
    }
}

/// The page of what is being set up: both methods, or a new one for an old one.
pub(super) const fn page_of(visit: &Visit<'_>) -> Here {
    match visit.flow {
        Flow::SignIn | Flow::FreshCode => Here::Enrolment,
        Flow::Replacement => Here::Replacement,
    }
}

pub(super) async fn show(visit: &Visit<'_>) -> app::Result<Answer> {
    let view = match visit.portal.app.pending(&visit.browser()).await? {
        Some(PendingView::Enrol(view)) => view,
        Some(PendingView::Code(_)) => return Ok(visit.see(Here::Code)),
        None if visit.flow == Flow::Replacement => return settings::nothing_to_replace(visit).await,
        None => return gone(visit).await,
    };
    let note = visit.note();
    let frame = PageFrame { who: visit.who(view.account), ..visit.frame(page_of(visit), &note) };
    let page = match (view.step, view.proving) {
        (EnrolmentStep::EnterTicket, _) => {
            let error = note.ticket();
            html(&EnrolTicketPage { frame, error })
        }
        (EnrolmentStep::OpenLink, _) => {
            if visit.portal.app.holds_enrolment_link(&visit.browser()).await? {
                return Ok(visit.see(Here::Link));
            }
            let grace = visit.portal.app.grace(&visit.browser()).await?;
            let news = note.enrolment_link();
            let to = frame.to.clone();
            let page = html(&EnrolLinkPage { frame, mailed_to: view.mailed_to.unwrap_or_default(), news, grace });
            let keep = if to.is_empty() { Keep::Remove } else { Keep::Seconds(return_to::GOOD_FOR.as_secs()) };
            return Ok(visit.page(page).with(cookie::set(cookie::TO, &to, keep)));
        }
        (EnrolmentStep::Introduced, _) => {
            let grace = visit.portal.app.grace(&visit.browser()).await?;
            html(&EnrolIntroPage { frame, opened_by: view.opened_by, grace })
        }
        (_, Some(proving)) => prove_page(frame, &note, proving),
        (_, None) => html(&choice::page(frame, note, EnrolmentView { proving: None, ..view })),
    };
    Ok(visit.page(page))
}

fn prove_page(frame: PageFrame, note: &Note, view: ProvingView) -> String {
    let error = note.code_error();
    let sent_again = note.code() == Some(CodeNotice::SentAgain);
    if let Some(app) = view.app {
        let seed = ShownSeed { uri: app.uri, key: app.base32 };
        return html(&ProveAppPage { frame, role: view.role, seed, error });
    }
    html(&ProvePhonePage {
        frame,
        role: view.role,
        method: view.method.into(),
        typed: view.typed,
        valid_until: view.expires_at,
        send_again: not_sending(view.send_again),
        sent_again,
        delivery: view.delivery.filter(|_| !view.expired),
        error: error.or_else(|| view.expired.then_some(CodeError::Expired)),
    })
}

pub(super) async fn ticket(visit: &Visit<'_>) -> app::Result<Answer> {
    let typed = visit.form.text("ticket").to_owned().into();
    Ok(match visit.portal.app.submit_ticket(&visit.browser(), typed).await? {
        TicketOutcome::Done => visit.see(page_of(visit)),
        TicketOutcome::Refused(TicketRefusal::Wrong) => {
            visit.see_with(page_of(visit), News::Ticket(TicketError::Wrong))
        }
        TicketOutcome::Refused(TicketRefusal::Expired) => {
            visit.see_with(page_of(visit), News::Ticket(TicketError::Expired))
        }
        TicketOutcome::TooMany => visit.see_with(Here::SignIn, News::SignIn(SignInNotice::TooManyTries)),
        TicketOutcome::Gone => gone(visit).await?,
    })
}

/// "Send the mail again".
pub(super) async fn mail_link(visit: &Visit<'_>) -> app::Result<Answer> {
    let say = |news| visit.see_with(Here::Enrolment, News::EnrolmentLink(news));
    Ok(match visit.portal.app.mail_enrolment_link(&visit.browser()).await? {
        LinkMailOutcome::Sent => say(EnrolmentLinkNews::Sent),
        LinkMailOutcome::From(at) => say(EnrolmentLinkNews::From(at)),
        LinkMailOutcome::Gone => gone(visit).await?,
    })
}

pub(super) async fn begin(visit: &Visit<'_>) -> app::Result<Answer> {
    let outcome = visit.portal.app.begin_enrolment(&visit.browser()).await?;
    after(visit, outcome).await
}

/// A stale page needs no words: the current one is shown.
pub(super) async fn after(visit: &Visit<'_>, outcome: EnrolmentOutcome) -> app::Result<Answer> {
    match outcome {
        EnrolmentOutcome::Done | EnrolmentOutcome::Refused(_) => Ok(visit.see(page_of(visit))),
        EnrolmentOutcome::Gone => gone(visit).await,
    }
}

pub(super) async fn prove(visit: &Visit<'_>) -> app::Result<Answer> {
    // The trust box belongs to the code page: a method that was set up a moment ago is no reason to trust a browser.
    let outcome = visit.portal.app.submit_code(&visit.browser(), visit.form.text("code"), false).await?;
    Ok(match outcome {
        CodeOutcome::SignedIn(grant) if visit.flow == Flow::Replacement => settings::replaced(visit, &grant),
        CodeOutcome::SignedIn(grant) => visit.signed_in(&grant),
        CodeOutcome::Continue => visit.see(page_of(visit)),
        CodeOutcome::Refused(CodeProblem::Paused(until)) => {
            visit.see_with(page_of(visit), News::CodeError(CodeError::Paused(until)))
        }
        CodeOutcome::Refused(problem) => match code_error(problem) {
            Some(error) => visit.see_with(page_of(visit), News::CodeError(error)),
            None => visit.see(page_of(visit)),
        },
        CodeOutcome::Gone => gone(visit).await?,
    })
}

pub(super) async fn prove_again(visit: &Visit<'_>) -> app::Result<Answer> {
    Ok(match visit.portal.app.send_again(&visit.browser()).await? {
        SendOutcome::Done => visit.see_with(page_of(visit), News::Code(CodeNotice::SentAgain)),
        SendOutcome::Refused(_) => visit.see(page_of(visit)),
        SendOutcome::Gone => gone(visit).await?,
    })
}

pub(super) async fn show_done(visit: &Visit<'_>) -> app::Result<Answer> {
    let Some(session) = visit.portal.app.session(&visit.browser()).await? else {
        return Ok(visit.see(Here::SignIn));
    };
    let Some(pair) = session.pair else { return Ok(visit.see(Here::Target)) };
    let page = EnrolDonePage {
        frame: visit.frame(Here::EnrolmentDone, &Note::default()),
        primary: pair.primary().into(),
        backup: pair.backup().into(),
        target: visit.to.as_str().to_owned(),
        codes_made_at: visit.portal.app.recovery_codes_made_at(session.account.id).await?,
    };
    Ok(visit.page(html(&page)))
}
