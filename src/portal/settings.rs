//! Advanced security settings: what a person sees and changes of the own account. The routes ask for a fresh code before
//! anything is changed; a page here only shows and leads.

use std::time::Duration;

use askama::Template;
use serde::{Deserialize, Serialize};

use super::{
    held::{self, ShownHeld},
    language,
    notice::{News, Note},
    page::{Here, PageFrame, ShownMethod, html},
    password::refused_password,
    users::{self, SettingsPeople},
    visit::{Answer, Visit},
};
use crate::{
    account::{Label, MethodId, MethodKind, Role},
    app::{
        self, BeginReplacement, Changed, DeviceRow, EmailRequest, EnableBy, Grant, MethodRow, PasswordChange,
        SessionRow, SettingsView,
    },
    authn::PasswordProblem,
    clock::Timestamp,
    language::Language,
    session::{DeviceId, DeviceLabel, SecondStep, SessionId},
    store::{Happened, HistoryLine},
};

/// What the settings say once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SettingsNews {
    /// Primary and backup were swapped.
    Swapped,
    /// A method has another name.
    Renamed,
    /// A method was replaced.
    Replaced,
    /// One trust was ended.
    TrustEnded,
    /// All trust was ended.
    AllTrustEnded,
    /// Another session was ended.
    SessionEnded,
    /// All other sessions were ended.
    OthersEnded,
    /// Messages and calls come in another language.
    LanguageChanged,
    /// A mail with a link went to another address.
    EmailMailed,
    /// The password was changed.
    PasswordChanged,
    /// The page was not the current one.
    Stale,
    /// The form that makes recovery codes came a second time.
    CodesOnce,
    /// The name for a method is too long.
    LabelBad,
    /// Not an e-mail address.
    EmailBad,
    /// The account has this address already.
    EmailUnchanged,
    /// Too many mails; from then on again.
    EmailWait(Timestamp),
    /// A method that works may be replaced from then on.
    LockedUntil(Timestamp),
    /// The present password is wrong.
    WrongPassword,
    /// It is wrong, and the new one cannot be used either.
    BothPasswordsBad(Refused),
    /// Too many wrong ones.
    PasswordWait(Timestamp),
    /// A field was empty.
    PasswordMissing,
    /// The two new ones differ.
    PasswordsDiffer,
    /// The new one cannot be used.
    PasswordRefused(Refused),
}

/// Why a new password was refused; see [`PasswordProblem`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refused {
    /// Too short.
    TooShort,
    /// Too long.
    TooLong,
    /// Common.
    Common,
    /// Made of names.
    Names,
    /// The one there is.
    Unchanged,
}

impl From<PasswordProblem> for Refused {
    fn from(problem: PasswordProblem) -> Self {
        match problem {
            PasswordProblem::TooShort => Self::TooShort,
            PasswordProblem::TooLong => Self::TooLong,
            PasswordProblem::Common => Self::Common,
            PasswordProblem::Names => Self::Names,
            PasswordProblem::Unchanged => Self::Unchanged,
        }
    }
}

impl From<Refused> for PasswordProblem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::TooShort => Self::TooShort,
            Refused::TooLong => Self::TooLong,
            Refused::Common => Self::Common,
            Refused::Names => Self::Names,
            Refused::Unchanged => Self::Unchanged,
        }
    }
}

impl SettingsNews {
    const fn is_trouble(self) -> bool {
        !matches!(
            self,
            Self::Swapped
                | Self::Renamed
                | Self::Replaced
                | Self::TrustEnded
                | Self::AllTrustEnded
                | Self::SessionEnded
                | Self::OthersEnded
                | Self::LanguageChanged
                | Self::EmailMailed
                | Self::PasswordChanged
        )
    }

    const fn of_email(self) -> bool {
        matches!(self, Self::EmailBad | Self::EmailUnchanged | Self::EmailWait(_))
    }

    fn text(self, frame: &PageFrame) -> String {
        match self {
            Self::Swapped => frame.t("settings-swapped"),
            Self::Renamed => frame.t("settings-renamed"),
            Self::Replaced => frame.t("settings-replaced"),
            Self::TrustEnded => frame.t("settings-trust-ended"),
            Self::AllTrustEnded => frame.t("settings-all-trust-ended"),
            Self::SessionEnded => frame.t("settings-session-ended"),
            Self::OthersEnded => frame.t("settings-others-ended"),
            Self::LanguageChanged => frame.t("settings-language-changed"),
            Self::PasswordChanged => frame.t("settings-password-changed"),
            Self::EmailMailed => frame.t("settings-email-mailed"),
            Self::EmailBad => frame.t("settings-email-bad"),
            Self::EmailUnchanged => frame.t("settings-email-unchanged"),
            Self::EmailWait(at) => frame.timed_from("settings-email-wait", at),
            Self::Stale => frame.t("settings-stale"),
            Self::CodesOnce => frame.t("settings-codes-once"),
            Self::LabelBad => frame.t("choose-label-bad"),
            Self::LockedUntil(at) => frame.timed_from("settings-locked", at),
            Self::WrongPassword | Self::BothPasswordsBad(_) => frame.t("settings-password-wrong"),
            Self::PasswordWait(at) => frame.timed_from("settings-password-wait", at),
            Self::PasswordMissing => frame.t("settings-password-missing"),
            Self::PasswordsDiffer => frame.t("settings-password-differ"),
            Self::PasswordRefused(refused) => refused_password(frame.language, refused.into()),
        }
    }
}

/// Characters of a typed address that are kept.
const MOST_ADDRESS: usize = 254;
/// Lines of the history that stand open.
const SHOWN_AT_ONCE: usize = 10;

/// The whole page.
#[derive(Debug, Template)]
#[template(path = "settings.html")]
pub struct SettingsPage {
    /// The frame.
    pub frame: PageFrame,
    /// What is shown.
    pub view: SettingsView,
    /// What has just happened.
    pub news: Option<SettingsNews>,
    /// The address that was typed and not taken.
    pub typed_email: String,
    /// What concerns the seller account.
    pub people: SettingsPeople,
    /// Back to where the person was.
    pub target: String,
    /// Forms that wait for this person's word.
    pub kept: Vec<ShownHeld>,
}

/// The name of a place in the pair.
fn role_name(role: Role, frame: &PageFrame) -> String {
    match role {
        Role::Primary => frame.t("role-primary"),
        Role::Backup => frame.t("role-backup"),
    }
}

fn browser_name(label: &DeviceLabel, frame: &PageFrame) -> String {
    if label.as_str().is_empty() { frame.t("settings-unknown-browser") } else { label.as_str().to_owned() }
}

fn last_used(method: &MethodRow, frame: &PageFrame) -> String {
    match method.method.last_used_at {
        Some(at) => frame.moment(at),
        None => frame.t("settings-never-used"),
    }
}

fn trouble(method: &MethodRow, frame: &PageFrame) -> Option<String> {
    match (method.disabled, method.paused_until) {
        (true, _) => Some(frame.t("settings-method-disabled")),
        (false, Some(until)) => Some(frame.timed_from("settings-method-paused", until)),
        (false, None) => None,
    }
}

impl SettingsPage {
    fn failed(&self) -> bool {
        self.news.is_some_and(SettingsNews::is_trouble)
    }
    fn heading(&self) -> String {
        self.frame.t("settings-heading")
    }
    fn good(&self) -> Option<String> {
        self.news.filter(|news| !news.is_trouble()).map(|news| news.text(&self.frame))
    }
    fn bad(&self) -> Option<String> {
        self.news.filter(|news| news.is_trouble() && !news.of_email()).map(|news| news.text(&self.frame))
    }
    /// What was wrong with the address; it stands beside its field.
    fn email_error(&self) -> Option<String> {
        self.news.filter(|news| news.is_trouble() && news.of_email()).map(|news| news.text(&self.frame))
    }
    fn email(&self) -> String {
        match &self.view.account.email {
            Some(address) => self.frame.say("settings-email-now", &[("address", address.as_str().into())]),
            None => self.frame.t("settings-email-none"),
        }
    }
    fn pending_email(&self) -> Option<String> {
        let pending = self.view.pending_email.as_ref()?;
        let until = self.frame.clock_until(pending.until);
        let values = [("address", pending.address.as_str().into()), ("time", until.into())];
        Some(self.frame.say("settings-email-pending", &values))
    }
    fn who(&self) -> String {
        self.frame.say("signed-in-as", &[("user", self.view.account.user_name.as_str().into())])
    }
    /// When an account without methods has to set them up.
    fn enable_by(&self) -> Option<String> {
        let frame = &self.frame;
        self.view.enable_by.map(|by| match by {
            EnableBy::AskedFrom(at) => frame.say("settings-enable-from", &[("date", frame.date(at).into())]),
            EnableBy::Deadline(at) => {
                // The deadline is a midnight: the day before it is the last one.
                let last_day = frame.date(at - Duration::from_millis(1));
                frame.say("settings-enable-until", &[("date", last_day.into())])
            }
            EnableBy::NextSignIn => frame.t("settings-enable-next"),
        })
    }
    fn codes_left(&self) -> String {
        match self.view.codes_left {
            0 => self.frame.t("settings-codes-none"),
            left => self.frame.say("settings-codes-left", &[("left", left.into())]),
        }
    }
    fn rests(&self) -> Option<String> {
        self.view.rests_until.map(|until| self.frame.timed_from("settings-rests", until))
    }
    fn change_label(&self, row: &MethodRow) -> String {
        self.frame.say("settings-change-method", &[("role", role_name(row.role, &self.frame).into())])
    }
    fn primary_id(&self) -> String {
        self.view.methods.as_ref().map(|[primary, _]| primary.method.id.to_string()).unwrap_or_default()
    }
    fn end_trust_label(&self, row: &DeviceRow) -> String {
        // Begins with the words on the button, so that who speaks to the page can name it (WCAG 2.2 §2.5.3).
        let action = self.frame.t("settings-end-trust");
        let device = browser_name(&row.label, &self.frame);
        self.frame.say("settings-end-trust-of", &[("action", action.into()), ("device", device.into())])
    }
    fn end_session_label(&self, row: &SessionRow) -> String {
        self.frame.say("settings-end-session-of", &[("device", browser_name(&row.browser, &self.frame).into())])
    }
    fn has_other_sessions(&self) -> bool {
        self.view.sessions.iter().any(|row| !row.here)
    }
    fn step_name(&self, step: SecondStep) -> String {
        match step {
            SecondStep::Code(MethodKind::App) => self.frame.t("method-app"),
            SecondStep::Code(MethodKind::Sms) => self.frame.t("method-sms"),
            SecondStep::Code(MethodKind::Voice) => self.frame.t("method-voice"),
            SecondStep::TrustedDevice => self.frame.t("settings-by-trust"),
            SecondStep::Waived => self.frame.t("settings-by-password"),
        }
    }
    fn happened(&self, line: &HistoryLine) -> String {
        let what = match line.event.what {
            Happened::SignedIn(step) => {
                self.frame.say("settings-history-signed-in", &[("step", self.step_name(step).into())])
            }
            Happened::WrongPassword => self.frame.t("settings-history-wrong-password"),
            Happened::WrongCode(kind) => {
                let step = self.step_name(SecondStep::Code(kind));
                self.frame.say("settings-history-wrong-code", &[("step", step.into())])
            }
            Happened::DeviceReplayed => self.frame.t("settings-history-device-replayed"),
            Happened::RecoveryCodeUsed => self.frame.t("settings-history-recovery-code"),
            Happened::WrongRecoveryCode => self.frame.t("settings-history-wrong-recovery-code"),
        };
        match line.times {
            0 | 1 => what,
            times => self.frame.say("settings-history-times", &[("what", what.into()), ("times", times.into())]),
        }
    }
    /// What to do about a line one does not know; the page has a button for no more trust than there is.
    fn history_lead(&self) -> String {
        let trusts = !self.view.devices.is_empty();
        self.frame.t(if trusts { "settings-history-lead" } else { "settings-history-lead-password" })
    }
    /// The newest lines, and those that are shown when asked for.
    fn history(&self) -> Vec<(&[HistoryLine], bool)> {
        let all = &self.view.history;
        let (newest, older) = all.split_at_checked(SHOWN_AT_ONCE).unwrap_or((all, &[]));
        [(newest, false), (older, true)].into_iter().filter(|(lines, _)| !lines.is_empty()).collect()
    }
    fn refused(line: &HistoryLine) -> bool {
        !matches!(line.event.what, Happened::SignedIn(_) | Happened::RecoveryCodeUsed)
    }
    fn speaks(&self, language: Language) -> bool {
        self.view.account.language == language
    }
}

/// One of the two methods.
#[derive(Debug, Template)]
#[template(path = "settings_method.html")]
pub struct MethodPage {
    /// The frame.
    pub frame: PageFrame,
    /// The method.
    pub row: MethodRow,
    /// After a reset of the password: from when on a method that works may be replaced again.
    pub rests_until: Option<Timestamp>,
    /// What was wrong.
    pub news: Option<SettingsNews>,
}

impl MethodPage {
    fn failed(&self) -> bool {
        self.news.is_some_and(SettingsNews::is_trouble)
    }
    fn heading(&self) -> String {
        match self.row.role {
            Role::Primary => self.frame.t("settings-primary-heading"),
            Role::Backup => self.frame.t("settings-backup-heading"),
        }
    }
    fn described(&self) -> String {
        ShownMethod { label: None, ..ShownMethod::from(&self.row.method) }.describe(&self.frame)
    }
    fn label(&self) -> &str {
        self.row.method.label.as_ref().map_or("", Label::as_str)
    }
    fn label_error(&self) -> Option<String> {
        self.news.filter(|news| *news == SettingsNews::LabelBad).map(|news| news.text(&self.frame))
    }
    fn good(&self) -> Option<String> {
        self.news.filter(|news| !news.is_trouble()).map(|news| news.text(&self.frame))
    }
    /// One that was disabled is set up again at any time.
    fn rests(&self) -> Option<String> {
        let until = self.rests_until.filter(|_| !self.row.disabled)?;
        Some(self.frame.timed_from("settings-rests", until))
    }
    fn replace_text(&self) -> String {
        if self.row.disabled { self.frame.t("settings-rebind") } else { self.frame.t("settings-replace") }
    }
}

/// A new password.
#[derive(Debug, Template)]
#[template(path = "settings_password.html")]
pub struct PasswordPage {
    /// The frame.
    pub frame: PageFrame,
    /// The name of the account, for password managers.
    pub user: String,
    /// The console waits for it.
    pub due: bool,
    /// What was wrong.
    pub news: Option<SettingsNews>,
}

impl PasswordPage {
    fn failed(&self) -> bool {
        self.news.is_some()
    }
    fn heading(&self) -> String {
        self.frame.t("settings-password-heading")
    }
    fn present_error(&self) -> Option<String> {
        self.news
            .filter(|news| {
                matches!(
                    news,
                    SettingsNews::WrongPassword | SettingsNews::BothPasswordsBad(_) | SettingsNews::PasswordWait(_)
                )
            })
            .map(|news| news.text(&self.frame))
    }
    fn new_error(&self) -> Option<String> {
        if let Some(SettingsNews::BothPasswordsBad(problem)) = self.news {
            return Some(SettingsNews::PasswordRefused(problem).text(&self.frame));
        }
        self.news
            .filter(|news| matches!(news, SettingsNews::PasswordRefused(_) | SettingsNews::PasswordsDiffer))
            .map(|news| news.text(&self.frame))
    }
    fn error(&self) -> Option<String> {
        self.news.filter(|news| matches!(news, SettingsNews::PasswordMissing)).map(|news| news.text(&self.frame))
    }
    /// The first field that is wrong; where one is missing, all are empty again.
    fn focus_present(&self) -> bool {
        self.present_error().is_some() || self.error().is_some()
    }
    fn focus_new(&self) -> bool {
        !self.focus_present() && self.new_error().is_some()
    }
    fn rules(&self) -> String {
        use crate::authn::password::{MAX_CHARS, MIN_CHARS};
        self.frame.say("settings-password-rules", &[("least", MIN_CHARS.into()), ("most", MAX_CHARS.into())])
    }
}

fn news(note: &Note) -> Option<SettingsNews> {
    note.settings()
}

pub(super) async fn show(visit: &Visit<'_>) -> app::Result<Answer> {
    let Some(view) = visit.portal.app.settings(&visit.browser()).await? else {
        return Ok(visit.see_first(Here::SignIn, Here::Settings));
    };
    let note = visit.note();
    let target = visit.to.as_str().to_owned();
    let people = users::settings_people(visit, &note).await?;
    let (frame, news) = (visit.frame(Here::Settings, &note), news(&note));
    let typed_email = news.filter(|news| news.of_email()).map(|_| note.user_name.clone()).unwrap_or_default();
    let kept = held::waiting_here(visit).await?;
    let page = SettingsPage { frame, view, news, typed_email, people, target, kept };
    Ok(visit.page(html(&page)))
}

pub(super) async fn show_method(visit: &Visit<'_>, role: Role) -> app::Result<Answer> {
    let Some(view) = visit.portal.app.settings(&visit.browser()).await? else {
        return Ok(visit.see_first(Here::SignIn, Here::Method(role)));
    };
    let rests_until = view.rests_until;
    let row = view.methods.into_iter().flatten().find(|row| row.role == role);
    let Some(row) = row else { return Ok(visit.see(Here::Settings)) };
    let note = visit.note();
    let page = MethodPage { frame: visit.frame(Here::Method(role), &note), row, rests_until, news: news(&note) };
    Ok(visit.page(html(&page)))
}

/// Back to the page, with what became of it.
fn told(visit: &Visit<'_>, changed: Changed, done: SettingsNews) -> Answer {
    let news = match changed {
        Changed::Done => done,
        Changed::Stale => SettingsNews::Stale,
    };
    visit.see_with(Here::Settings, News::Settings(news))
}

fn stale(visit: &Visit<'_>) -> Answer {
    told(visit, Changed::Stale, SettingsNews::Stale)
}

pub(super) async fn swap(visit: &Visit<'_>) -> app::Result<Answer> {
    let Some(primary) = MethodId::parse(visit.form.text("primary")) else { return Ok(stale(visit)) };
    let changed = visit.portal.app.swap_methods(&visit.browser(), primary).await?;
    Ok(told(visit, changed, SettingsNews::Swapped))
}

pub(super) async fn relabel(visit: &Visit<'_>) -> app::Result<Answer> {
    let app = &visit.portal.app;
    let Some(method) = MethodId::parse(visit.form.text("method")) else { return Ok(stale(visit)) };
    let Ok(label) = Label::parse(visit.form.text("label")) else {
        let view = app.settings(&visit.browser()).await?;
        let row = view.and_then(|view| view.methods).into_iter().flatten().find(|row| row.method.id == method);
        let page = row.map_or(Here::Settings, |row| Here::Method(row.role));
        return Ok(visit.see_with(page, News::Settings(SettingsNews::LabelBad)));
    };
    let changed = app.relabel_method(&visit.browser(), method, label.as_ref()).await?;
    Ok(told(visit, changed, SettingsNews::Renamed))
}

pub(super) async fn end_trust(visit: &Visit<'_>) -> app::Result<Answer> {
    let (device, done) = match visit.form.text("device") {
        "all" => (None, SettingsNews::AllTrustEnded),
        id => match DeviceId::parse(id) {
            Some(id) => (Some(id), SettingsNews::TrustEnded),
            None => return Ok(stale(visit)),
        },
    };
    let changed = visit.portal.app.end_trust(&visit.browser(), device).await?;
    Ok(told(visit, changed, done))
}

pub(super) async fn end_sessions(visit: &Visit<'_>) -> app::Result<Answer> {
    let (session, done) = match visit.form.text("session") {
        "others" => (None, SettingsNews::OthersEnded),
        id => match SessionId::parse(id) {
            Some(id) => (Some(id), SettingsNews::SessionEnded),
            None => return Ok(stale(visit)),
        },
    };
    let changed = visit.portal.app.end_others(&visit.browser(), session).await?;
    Ok(told(visit, changed, done))
}

pub(super) async fn set_language(visit: &Visit<'_>) -> app::Result<Answer> {
    let Some(language) = language::chosen(visit.form.text("messages")) else { return Ok(stale(visit)) };
    let changed = visit.portal.app.set_language(&visit.browser(), language).await?;
    Ok(told(visit, changed, SettingsNews::LanguageChanged))
}

pub(super) async fn request_email(visit: &Visit<'_>) -> app::Result<Answer> {
    let typed = visit.form.text("email");
    let news = match visit.portal.app.request_email(&visit.browser(), typed).await? {
        EmailRequest::Mailed => SettingsNews::EmailMailed,
        EmailRequest::NotAnAddress => SettingsNews::EmailBad,
        EmailRequest::Unchanged => SettingsNews::EmailUnchanged,
        EmailRequest::WaitUntil(at) => SettingsNews::EmailWait(at),
        EmailRequest::Stale => return Ok(stale(visit)),
    };
    let kept = if news.of_email() { typed.chars().take(MOST_ADDRESS).collect() } else { String::new() };
    Ok(visit.see_with(Here::Settings, Note { user_name: kept, ..News::Settings(news).into() }))
}

pub(super) async fn begin_replacement(visit: &Visit<'_>) -> app::Result<Answer> {
    let Some(method) = MethodId::parse(visit.form.text("method")) else { return Ok(stale(visit)) };
    Ok(match visit.portal.app.begin_replacement(&visit.browser(), method).await? {
        BeginReplacement::Choose => visit.see(Here::Replacement),
        BeginReplacement::LockedUntil(at) => {
            visit.see_with(Here::Settings, News::Settings(SettingsNews::LockedUntil(at)))
        }
        BeginReplacement::Stale => stale(visit),
    })
}

pub(super) async fn cancel_replacement(visit: &Visit<'_>) -> app::Result<Answer> {
    visit.portal.app.abandon(&visit.browser()).await?;
    let signed_in = visit.portal.app.session(&visit.browser()).await?.is_some();
    Ok(visit.see(if signed_in { Here::Settings } else { Here::SignIn }))
}

/// The new method is in its place.
pub(super) fn replaced(visit: &Visit<'_>, grant: &Grant) -> Answer {
    visit.see_with(Here::Settings, News::Settings(SettingsNews::Replaced)).with(Visit::session_cookie(grant))
}

/// The page of a replacement, where there is none: back after it was done, most of all. Nothing was asked to be done, and
/// the settings say by themselves how things stand.
pub(super) async fn nothing_to_replace(visit: &Visit<'_>) -> app::Result<Answer> {
    let signed_in = visit.portal.app.session(&visit.browser()).await?.is_some();
    Ok(visit.see(if signed_in { Here::Settings } else { Here::SignIn }))
}

/// No method is being replaced.
pub(super) async fn gone(visit: &Visit<'_>) -> app::Result<Answer> {
    let signed_in = visit.portal.app.session(&visit.browser()).await?.is_some();
    Ok(if signed_in { stale(visit) } else { visit.see(Here::SignIn) })
}

pub(super) async fn show_password(visit: &Visit<'_>) -> app::Result<Answer> {
    let Some(session) = visit.portal.app.session(&visit.browser()).await? else {
        return Ok(visit.see_first(Here::SignIn, Here::Password));
    };
    let note = visit.note();
    let user = session.account.user_name.as_str().to_owned();
    let due = visit.portal.app.needs_new_password(&visit.browser()).await?;
    let page = PasswordPage { frame: visit.frame(Here::Password, &note), user, due, news: news(&note) };
    Ok(visit.page(html(&page)))
}

pub(super) async fn change_password(visit: &Visit<'_>) -> app::Result<Answer> {
    let again = |news| visit.see_with(Here::Password, News::Settings(news));
    let form = &visit.form;
    if ["present", "new"].iter().any(|field| form.text(field).is_empty()) {
        return Ok(again(SettingsNews::PasswordMissing));
    }
    if !form.repeats("new", "again") {
        return Ok(again(SettingsNews::PasswordsDiffer));
    }
    let (browser, present, new) = (visit.browser(), form.secret("present"), form.secret("new"));
    let due = visit.portal.app.needs_new_password(&browser).await?;
    Ok(match visit.portal.app.change_password(&browser, &present, &new).await? {
        PasswordChange::Done(grant) if due => visit.see(Here::Target).with(Visit::session_cookie(&grant)),
        PasswordChange::Done(grant) => visit
            .see_with(Here::Settings, News::Settings(SettingsNews::PasswordChanged))
            .with(Visit::session_cookie(&grant)),
        PasswordChange::Wrong(None) => again(SettingsNews::WrongPassword),
        PasswordChange::Wrong(Some(problem)) => again(SettingsNews::BothPasswordsBad(problem.into())),
        PasswordChange::WaitUntil(at) => again(SettingsNews::PasswordWait(at)),
        PasswordChange::Refused(problem) => again(SettingsNews::PasswordRefused(problem.into())),
        PasswordChange::Stale => stale(visit),
    })
}
