//! What all pages have in common: the frame around a page, times and dates as people read them, and how a page becomes
//! HTML. Pages hold values that are ready to show; they decide nothing.

use std::{sync::Arc, time::Duration};

use askama::Template;
use fluent_bundle::FluentValue;

use super::{guides::Guide, held::StoppedForm, words};
use crate::{
    account::{Method, MethodKind, NewMethod, PhoneNumber, Role, Target},
    clock::Timestamp,
    config::{Branding, Config, GroupLabels, Logo},
    language::Language,
};

/// Milliseconds.
const MINUTE: u64 = 60_000;
/// The same.
const SECOND: u64 = 1_000;

/// Looks and links, the same for every request; made once from the configuration.
#[derive(Clone, Debug)]
pub struct Site {
    branding: Branding,
    time_zone: jiff::tz::TimeZone,
    time_zone_name: String,
    stylesheet: String,
    script: String,
    logo: Option<String>,
    offers_reset: bool,
    labels: GroupLabels,
}

impl Site {
    /// Takes what the pages show. The address of the style sheet names its content, so that browsers may keep it.
    pub(super) fn new(config: &Config, sheet: &[u8], logo: Option<&Logo>) -> Self {
        Self {
            branding: config.branding.clone(),
            time_zone: config.time_zone.clone(),
            time_zone_name: config.time_zone_name.clone(),
            stylesheet: versioned("/.sekisho/style.css", sheet),
            offers_reset: config.mail.is_some(),
            labels: config.users.labels.clone(),
            script: versioned(Here::SCRIPT, super::style::SCRIPT.as_bytes()),
            logo: logo.map(|logo| versioned("/.sekisho/logo", &logo.bytes)),
        }
    }

    /// Is this the address of something as it is now, whose name says its content?
    pub(super) fn is_current(&self, path_and_query: &str) -> bool {
        let all = [Some(&self.stylesheet), Some(&self.script), self.logo.as_ref()];
        all.into_iter().flatten().any(|address| address == path_and_query)
    }

    #[cfg(test)]
    pub(super) fn sample(branding: Branding) -> Self {
        Self {
            branding,
            time_zone: jiff::tz::TimeZone::get("Asia/Tokyo").unwrap(),
            time_zone_name: "Asia/Tokyo".to_owned(),
            stylesheet: "/.sekisho/style.css".to_owned(),
            script: Here::SCRIPT.to_owned(),
            logo: None,
            offers_reset: true,
            labels: [("orders".to_owned(), ("受注".to_owned(), "Orders".to_owned()))].into_iter().collect(),
        }
    }
}

/// An address that names the content, so that browsers may keep it.
fn versioned(path: &str, content: &[u8]) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, content);
    let version = digest.as_ref().first_chunk::<8>().map(|bytes| data_encoding::HEXLOWER.encode(bytes));
    format!("{path}?v={}", version.unwrap_or_default())
}

/// One of our pages, or the place the person is on the way to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Here {
    /// The password page.
    SignIn,
    /// The code page.
    Code,
    /// "Didn't receive the code?".
    CodeHelp,
    /// The current step of the enrolment.
    Enrolment,
    /// The password page before enrolling out of a session.
    Enable,
    /// Its end.
    EnrolmentDone,
    /// A method was switched off and has to be set up again.
    Rebind,
    /// The question before signing out.
    SignOut,
    /// One of the guides.
    Guide(Guide),
    /// A fresh code inside a session.
    Fresh,
    /// The same: when it does not come.
    FreshHelp,
    /// The recovery request.
    Recovery,
    /// The security settings.
    Settings,
    /// One of the two methods.
    Method(Role),
    /// Replacing one: the choice and the proof.
    Replacement,
    /// Changing the password.
    Password,
    /// The people of a seller account.
    Users,
    /// An invited person's first page.
    Invited,
    /// The page of a mailed link.
    Link,
    /// "Forgot your password?".
    PasswordReset,
    /// The page that takes a recovery code.
    RecoveryCode,
    /// New recovery codes, once.
    RecoveryCodes,
    /// The forms that wait for their person's word.
    Held,
    /// Where the person goes after the sign-in.
    Target,
}

impl Here {
    /// The script of all pages.
    pub const SCRIPT: &str = "/.sekisho/app.js";
    /// All but the guides.
    const STEPS: &[Self] = &[
        Self::SignIn,
        Self::Code,
        Self::CodeHelp,
        Self::Enrolment,
        Self::Enable,
        Self::EnrolmentDone,
        Self::Rebind,
        Self::SignOut,
        Self::Fresh,
        Self::FreshHelp,
        Self::Recovery,
        Self::Settings,
        Self::Method(Role::Primary),
        Self::Method(Role::Backup),
        Self::Replacement,
        Self::Password,
        Self::Users,
        Self::Invited,
        Self::Link,
        Self::PasswordReset,
        Self::RecoveryCode,
        Self::RecoveryCodes,
        Self::Held,
        Self::Target,
    ];

    /// Its address; for the target, the console's first page.
    pub const fn path(self) -> &'static str {
        match self {
            Self::SignIn => "/.sekisho/sign-in",
            Self::Code => "/.sekisho/code",
            Self::CodeHelp => "/.sekisho/code/help",
            Self::Enrolment => "/.sekisho/enrolment",
            Self::Enable => "/.sekisho/enable",
            Self::EnrolmentDone => "/.sekisho/enrolment/done",
            Self::Rebind => "/.sekisho/switched-off",
            Self::SignOut => "/.sekisho/sign-out",
            Self::Guide(guide) => guide.path(),
            Self::Fresh => "/.sekisho/fresh",
            Self::FreshHelp => "/.sekisho/fresh/help",
            Self::Recovery => "/.sekisho/recovery",
            Self::Settings => "/.sekisho/settings",
            Self::Method(Role::Primary) => "/.sekisho/settings/primary",
            Self::Method(Role::Backup) => "/.sekisho/settings/backup",
            Self::Replacement => "/.sekisho/settings/replace",
            Self::Password => "/.sekisho/settings/password",
            Self::Users => "/.sekisho/users",
            Self::Invited => "/.sekisho/invitation",
            Self::Link => "/.sekisho/link",
            Self::PasswordReset => "/.sekisho/password-reset",
            Self::RecoveryCode => "/.sekisho/recovery-code",
            Self::RecoveryCodes => "/.sekisho/recovery-codes",
            Self::Held => "/.sekisho/held",
            Self::Target => "/",
        }
    }

    /// The word in the forms.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::Code => "code",
            Self::CodeHelp => "code-help",
            Self::Enrolment => "enrolment",
            Self::Enable => "enable",
            Self::EnrolmentDone => "enrolment-done",
            Self::Rebind => "switched-off",
            Self::SignOut => "sign-out",
            Self::Guide(guide) => guide.as_str(),
            Self::Fresh => "fresh",
            Self::FreshHelp => "fresh-help",
            Self::Recovery => "recovery",
            Self::Settings => "settings",
            Self::Method(Role::Primary) => "settings-primary",
            Self::Method(Role::Backup) => "settings-backup",
            Self::Replacement => "replacement",
            Self::Password => "password",
            Self::Users => "users",
            Self::Invited => "invitation",
            Self::Link => "link",
            Self::PasswordReset => "password-reset",
            Self::RecoveryCode => "recovery-code",
            Self::RecoveryCodes => "recovery-codes",
            Self::Held => "held",
            Self::Target => "target",
        }
    }

    /// Reads [`as_str`](Self::as_str).
    pub fn parse(word: &str) -> Option<Self> {
        let guides = Guide::ALL.into_iter().map(Self::Guide);
        Self::STEPS.iter().copied().chain(guides).find(|here| here.as_str() == word)
    }

    /// The guide that explains this page; `None` on the list of all of them.
    const fn guide(self) -> Option<Guide> {
        match self {
            Self::Code | Self::Fresh => Some(Guide::AskedOften),
            Self::CodeHelp | Self::FreshHelp => Some(Guide::NoCode),
            Self::Enrolment | Self::Enable | Self::EnrolmentDone => Some(Guide::Enabling),
            Self::Recovery | Self::Settings | Self::Method(_) => Some(Guide::CannotChange),
            Self::Replacement => Some(Guide::AuthenticatorApp),
            Self::Guide(Guide::Index) => None,
            _ => Some(Guide::Index),
        }
    }
}

/// The frame around one page.
#[derive(Clone, Debug)]
pub struct PageFrame {
    /// Looks and links.
    pub site: Arc<Site>,
    /// The language of the page.
    pub language: Language,
    /// The time the page is made; times of the same day are shown without their date.
    pub now: Timestamp,
    /// The token every form sends back (`csrf.rs`); empty on pages whose only form switches the language.
    pub form_token: String,
    /// The sealed place to go after the sign-in (`return_to.rs`).
    pub to: String,
    /// What the page says once, sealed, so that switching the language keeps it.
    pub note: String,
    /// Who is signing in, for the page's script: means nothing outside this browser. Empty where nobody is.
    pub who: String,
    /// On the pages of the fresh code: what it is asked for, sealed (`fresh.rs`).
    pub errand: String,
    /// The page itself, as the language form names it.
    pub here: Here,
    /// What a form sent that has to wait for this page.
    pub stopped: Option<StoppedForm>,
    /// On a guide: the page it was opened from.
    pub back: Option<Here>,
}

impl PageFrame {
    /// A message without values.
    pub fn t(&self, key: &str) -> String {
        words::say(self.language, key, &[])
    }

    /// A message with values.
    pub fn say(&self, key: &str, values: &[(&str, FluentValue<'_>)]) -> String {
        words::say(self.language, key, values)
    }

    /// A message that names the service.
    pub fn named(&self, key: &str) -> String {
        self.say(key, &[("service", self.service().into())])
    }

    /// A message with the time from which something is possible again.
    pub fn timed_from(&self, key: &str, at: Timestamp) -> String {
        self.say(key, &[("time", self.clock_from(at).into())])
    }

    /// The service's name in the page's language.
    pub fn service(&self) -> &str {
        self.site.branding.name(self.language)
    }

    /// What the pages call a group.
    pub fn group<'a>(&'a self, name: &'a str) -> &'a str {
        self.site.labels.of(name, self.language)
    }

    /// The same of several.
    pub fn groups(&self, names: &[String]) -> String {
        self.site.labels.list(names, self.language)
    }

    /// The `<title>`.
    pub fn title(&self, heading: impl AsRef<str>, error: bool) -> String {
        let key = if error { "page-title-error" } else { "page-title" };
        self.say(key, &[("page", heading.as_ref().into()), ("service", self.service().into())])
    }

    /// The BCP 47 tag of the page.
    pub fn tag(&self) -> &'static str {
        self.language.tag()
    }

    /// Is this the language of the page?
    pub fn speaks(&self, tag: &str) -> bool {
        self.language.tag() == tag
    }

    /// The address of the style sheet.
    pub fn stylesheet(&self) -> &str {
        &self.site.stylesheet
    }

    /// The operator's logo, where there is one; else the pages show a mark of ours.
    pub fn logo(&self) -> Option<&str> {
        self.site.logo.as_deref()
    }

    /// The address of the script.
    pub fn script(&self) -> &str {
        &self.site.script
    }

    /// Is it on the way to where the person was going? Then its script keeps the page part of that address.
    pub const fn carries(&self) -> bool {
        self.waits() || matches!(self.here, Here::EnrolmentDone | Here::Rebind | Here::RecoveryCodes)
    }

    /// Does another tab's sign-in let this page go on? Then its script looks for it.
    pub const fn waits(&self) -> bool {
        matches!(self.here, Here::SignIn | Here::Code | Here::CodeHelp | Here::Enrolment)
    }

    /// Can a link to a new password be mailed?
    pub fn offers_reset(&self) -> bool {
        self.site.offers_reset
    }

    /// Where "Help" leads.
    pub fn help_url(&self) -> Option<&str> {
        self.site.branding.help_url.as_deref()
    }

    /// Where "Privacy" leads.
    pub fn privacy_url(&self) -> Option<&str> {
        self.site.branding.privacy_url.as_deref()
    }

    /// The guide that explains this page.
    pub fn guide(&self) -> Option<Guide> {
        self.here.guide()
    }

    /// A length of time in the largest unit that leaves no rest: `30 days`, `90 minutes`.
    pub fn length(&self, length: Duration) -> String {
        let (key, count) = match length.as_secs() {
            secs if secs.is_multiple_of(86_400) => ("length-days", secs / 86_400),
            secs if secs.is_multiple_of(3600) => ("length-hours", secs / 3600),
            secs if secs.is_multiple_of(60) => ("length-minutes", secs / 60),
            secs => ("length-seconds", secs),
        };
        self.say(key, &[("count", count.into())])
    }

    /// What became of what a form sent that has to wait for this page.
    pub fn stopped(&self) -> Option<String> {
        self.stopped.map(|stopped| stopped.text(self))
    }

    /// The sentence that names the time zone.
    pub fn zone(&self) -> String {
        self.say("footer-zone", &[("zone", self.site.time_zone_name.as_str().into())])
    }

    /// One of our pages, remembering where to go after the sign-in and what a fresh code is asked for.
    pub fn url(&self, path: &str) -> String {
        super::visit::address(path, &self.to, &self.errand, None)
    }

    fn zoned(&self, at: Timestamp) -> jiff::Zoned {
        let at = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        at.to_zoned(self.site.time_zone.clone())
    }

    /// The time FROM which something is possible, rounded up: nobody who comes then comes too early. A wait of less than
    /// two minutes is told to the second: rounded to minutes it would look up to three times as long.
    pub fn clock_from(&self, at: Timestamp) -> String {
        if at.since(self.now) < Duration::from_millis(2 * MINUTE) {
            return self.clock_as(at + Duration::from_millis(SECOND - 1), "%H:%M:%S");
        }
        self.clock(at.next_minute())
    }

    /// The time UNTIL which something works, rounded down: nobody who comes before it comes too late.
    pub fn clock_until(&self, at: Timestamp) -> String {
        self.clock(at)
    }

    /// `14:25`, with the date when it is not today; the seconds are cut off.
    fn clock(&self, at: Timestamp) -> String {
        self.clock_as(at, "%H:%M")
    }

    fn clock_as(&self, at: Timestamp, format: &str) -> String {
        let then = self.zoned(at);
        let time = then.strftime(format).to_string();
        let today = self.zoned(self.now);
        if then.date() == today.date() {
            return time;
        }
        let format = match self.language {
            Language::Ja => "%-m月%-d日",
            Language::En => "%-d %B",
        };
        let date = then.strftime(format).to_string();
        self.say("clock-other-day", &[("time", time.into()), ("date", date.into())])
    }

    /// When something happened: `today 14:20`, `18 November 09:02`, with the year when it is another.
    pub fn moment(&self, at: Timestamp) -> String {
        let (then, today) = (self.zoned(at), self.zoned(self.now));
        let time = then.strftime("%H:%M").to_string();
        if then.date() == today.date() {
            return self.say("clock-today", &[("time", time.into())]);
        }
        let format = match (self.language, then.year() == today.year()) {
            (Language::Ja, true) => "%-m月%-d日",
            (Language::Ja, false) => "%Y年%-m月%-d日",
            (Language::En, true) => "%-d %B",
            (Language::En, false) => "%-d %B %Y",
        };
        let date = then.strftime(format).to_string();
        self.say("clock-moment", &[("date", date.into()), ("time", time.into())])
    }

    /// `22 November 2026`, `2026年11月22日`.
    pub fn date(&self, at: Timestamp) -> String {
        let format = match self.language {
            Language::Ja => "%Y年%-m月%-d日",
            Language::En => "%-d %B %Y",
        };
        self.zoned(at).strftime(format).to_string()
    }
}

/// A method as pages show it: channel, the last two digits, the person's name for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownMethod {
    /// The channel.
    pub kind: MethodKind,
    /// The last two digits of its number.
    pub digits: Option<String>,
    /// The person's name for it.
    pub label: Option<String>,
}

impl ShownMethod {
    /// A method by another channel to the same number, or itself.
    #[must_use]
    pub fn by(&self, kind: MethodKind) -> Self {
        Self { kind, ..self.clone() }
    }

    /// The last two digits; empty for an app.
    pub fn last_two(&self) -> &str {
        self.digits.as_deref().unwrap_or_default()
    }

    /// `Text message to the number ending 78 (Office phone)`.
    pub fn describe(&self, frame: &PageFrame) -> String {
        let digits: [(&str, FluentValue<'_>); 1] = [("digits", self.last_two().into())];
        let method = match self.kind {
            MethodKind::App => frame.t("method-app"),
            MethodKind::Sms => frame.say("method-sms-number", &digits),
            MethodKind::Voice => frame.say("method-voice-number", &digits),
        };
        match &self.label {
            None => method,
            Some(label) => frame.say("method-labelled", &[("method", method.into()), ("label", label.as_str().into())]),
        }
    }

    fn new(target: &Target, label: Option<&crate::account::Label>) -> Self {
        Self {
            kind: target.kind(),
            digits: target.phone().map(PhoneNumber::last_two).map(str::to_owned),
            label: label.map(|label| label.as_str().to_owned()),
        }
    }
}

impl From<&Method> for ShownMethod {
    fn from(method: &Method) -> Self {
        Self::new(&method.target, method.label.as_ref())
    }
}

impl From<&NewMethod> for ShownMethod {
    fn from(method: &NewMethod) -> Self {
        Self::new(&method.target, method.label.as_ref())
    }
}

/// The finished page. Writing to a string cannot fail, and the templates call nothing that can.
pub(super) fn html(page: &impl Template) -> String {
    page.render().unwrap_or_else(|problem| {
        tracing::error!(%problem, "a page could not be rendered");
        String::new()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::portal::{challenge::message_lead, choice::ChooseError, code_help::WhyNot, samples};

    #[test]
    fn times_are_in_the_configured_zone_and_dated_when_not_today() {
        // 2026-11-22T05:00:00Z is 14:00 in Tokyo.
        let frame = |language| PageFrame { now: Timestamp::from_secs(1_795_323_600), ..samples::frame(language) };
        let at = |minutes: u64| Timestamp::from_secs(1_795_323_600) + Duration::from_secs(minutes * 60);
        assert_eq!(frame(Language::Ja).clock_until(at(25)), "14:25");
        assert_eq!(frame(Language::En).clock_until(at(25)), "14:25");
        assert_eq!(frame(Language::Ja).clock_until(at(11 * 60)), "11月23日01:00");
        assert_eq!(frame(Language::En).clock_until(at(11 * 60)), "01:00 on 23 November");
        assert_eq!(frame(Language::En).clock_from(at(10 * 60) - Duration::from_secs(1)), "00:00 on 23 November");
        assert_eq!(frame(Language::Ja).date(at(0)), "2026年11月22日");
        assert_eq!(frame(Language::En).date(at(0)), "22 November 2026");
    }

    #[test]
    fn a_time_to_wait_for_is_never_early_and_a_time_to_be_ready_by_never_late() {
        let frame = samples::frame(Language::En);
        // 14:20 in Tokyo.
        let at = |millis: u64| frame.now + Duration::from_millis(millis);
        for (millis, from, until) in [
            (0, "14:20:00", "14:20"),
            (1, "14:20:01", "14:20"),
            (1_000, "14:20:01", "14:20"),
            (30_000, "14:20:30", "14:20"),
            (59_999, "14:21:00", "14:20"),
            (90_000, "14:21:30", "14:21"),
            (119_999, "14:22:00", "14:21"),
            (120_000, "14:22", "14:22"),
            (120_001, "14:23", "14:22"),
        ] {
            assert_eq!((frame.clock_from(at(millis)), frame.clock_until(at(millis))), (from.into(), until.into()));
        }
        for language in Language::ALL {
            let frame = samples::frame(language);
            let half_past = frame.now + Duration::from_secs(90);
            let waits = [
                WhyNot::Until(half_past).text(&frame),
                WhyNot::Paused(half_past).text(&frame),
                ChooseError::Wait(half_past).text(&frame),
            ];
            assert!(waits.iter().all(|text| text.contains("14:21:30")), "{waits:?}");
            let sms = ShownMethod { kind: MethodKind::Sms, digits: Some("78".to_owned()), label: None };
            let works = message_lead(&sms, Some(half_past), &frame);
            assert!(works.contains("14:21"), "{works}");
        }
    }
}
