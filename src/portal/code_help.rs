//! "Didn't receive the code?": the ways to get one, and why a way is not open now. It must never offer a way around the
//! second step.

use askama::Template;

use super::{
    challenge::{CodeNotice, base, code_page, gone, of_another_sign_in, pending_code, sentences},
    notice::News,
    page::{Here, PageFrame, ShownMethod, html},
    visit::{Answer, Visit},
};
use crate::{
    account::{MethodKind, PairError, Role},
    app::{
        self, CodeView, Flow, MethodView, RecoveryCodeState, SendAvailability, SendOutcome, SendRefusal, Unchoosable,
    },
    clock::Timestamp,
};

/// A way to get the code, as its button names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Once more by the same channel.
    SendAgain,
    /// The same number by another channel.
    Channel(MethodKind),
    /// The method with that role.
    Role(Role),
}

impl Way {
    /// All that a button can name.
    pub const ALL: [Self; 5] = [
        Self::SendAgain,
        Self::Channel(MethodKind::Sms),
        Self::Channel(MethodKind::Voice),
        Self::Role(Role::Primary),
        Self::Role(Role::Backup),
    ];

    /// The value of the button.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SendAgain => "again",
            Self::Channel(kind) => kind.as_str(),
            Self::Role(role) => role.as_str(),
        }
    }

    /// Reads [`as_str`](Self::as_str).
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.as_str() == word)
    }
}

/// Why a way is not open now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhyNot {
    /// It opens then.
    Until(Timestamp),
    /// All messages of this flow are sent; the next may go then.
    NoMoreSends(Timestamp),
    /// Nothing goes to the number.
    Blocked,
    /// Too many wrong codes, until then.
    Paused(Timestamp),
    /// Disabled.
    Disabled,
    /// No SMS provider.
    SmsNotOffered,
    /// No voice provider.
    VoiceNotOffered,
    /// A landline.
    Landline,
    /// A 050 number.
    Voip,
    /// A number with an extension.
    Extension,
}

impl WhyNot {
    pub(super) fn text(self, frame: &PageFrame) -> String {
        match self {
            Self::Until(at) => frame.timed_from("why-not-until", at),
            Self::NoMoreSends(at) => frame.timed_from("why-not-no-more-sends", at),
            Self::Blocked => frame.t("why-not-blocked"),
            Self::Paused(at) => frame.timed_from("why-not-paused", at),
            Self::Disabled => frame.t("why-not-disabled"),
            Self::SmsNotOffered => frame.t("why-not-sms-not-offered"),
            Self::VoiceNotOffered => frame.t("why-not-voice-not-offered"),
            Self::Landline => frame.t("why-not-landline"),
            Self::Voip => frame.t("why-not-voip"),
            Self::Extension => frame.t("why-not-extension"),
        }
    }
}

/// One way on the help page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WayOption {
    /// The way.
    pub way: Way,
    /// The method it would use, with the channel it would use.
    pub method: ShownMethod,
    /// Why not now.
    pub not: Option<WhyNot>,
}

impl WayOption {
    fn name(&self, frame: &PageFrame) -> String {
        match (self.way, self.method.kind) {
            (Way::SendAgain, MethodKind::Voice) => frame.t("help-send-again-voice"),
            (Way::SendAgain, MethodKind::App | MethodKind::Sms) => frame.t("help-send-again-sms"),
            (Way::Channel(MethodKind::Voice), _) => frame.t("help-call-instead"),
            (Way::Channel(MethodKind::App | MethodKind::Sms), _) => frame.t("help-text-instead"),
            (Way::Role(Role::Primary), _) => frame.t("help-use-primary"),
            (Way::Role(Role::Backup), _) => frame.t("help-use-backup"),
        }
    }
    fn hint(&self, frame: &PageFrame) -> String {
        let digits = [("digits", self.method.last_two().into())];
        let method = || [("method", self.method.describe(frame).into())];
        match (self.way, self.method.kind) {
            (Way::SendAgain, MethodKind::Voice) => frame.say("help-send-again-voice-hint", &digits),
            (Way::SendAgain, MethodKind::App | MethodKind::Sms) => frame.say("help-send-again-sms-hint", &digits),
            (Way::Role(_), MethodKind::App) => frame.say("help-use-app-hint", &method()),
            (Way::Channel(MethodKind::Voice), _) | (Way::Role(_), MethodKind::Voice) => {
                frame.say("help-call-instead-hint", &digits)
            }
            (Way::Channel(MethodKind::App | MethodKind::Sms), _) | (Way::Role(_), MethodKind::Sms) => {
                frame.say("help-text-instead-hint", &digits)
            }
        }
    }
    fn why_not(&self, frame: &PageFrame) -> Option<String> {
        self.not.map(|not| not.text(frame))
    }
}

/// A way that leads to a page of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastWay {
    /// Its address.
    pub url: String,
    /// Its name.
    pub name: String,
    /// What it takes.
    pub hint: String,
    /// Why it is not open now.
    pub not: Option<String>,
}

/// "Didn't receive the code?".
#[derive(Debug, Template)]
#[template(path = "code_help.html")]
pub struct CodeHelpPage {
    /// The frame.
    pub frame: PageFrame,
    /// The channel in use.
    pub kind: MethodKind,
    /// The ways, best first.
    pub ways: Vec<WayOption>,
    /// At the sign-in, or inside a session?
    pub signs_in: bool,
    /// What a recovery code would meet.
    pub recovery_code: RecoveryCodeState,
}

impl CodeHelpPage {
    /// Inside a session the person is signed in: nothing has to be recovered.
    fn last_ways(&self) -> Vec<LastWay> {
        if self.signs_in { last_ways(&self.frame, self.recovery_code) } else { Vec::new() }
    }
    #[expect(clippy::unused_self, reason = "the shared frame of all pages asks every page")]
    const fn failed(&self) -> bool {
        false
    }
    const fn base(&self) -> &'static str {
        base(self.signs_in)
    }
    fn heading(&self) -> String {
        match self.kind {
            MethodKind::App => self.frame.t("code-help-app"),
            MethodKind::Sms | MethodKind::Voice => self.frame.t("code-help-message"),
        }
    }
    fn lead(&self) -> String {
        match self.kind {
            MethodKind::App => self.frame.t("help-lead-app"),
            MethodKind::Sms => self.frame.t("help-lead-message"),
            MethodKind::Voice => self.frame.t("help-lead-call"),
        }
    }
}

/// The same for "Didn't receive the code?".
const fn help_page(visit: &Visit<'_>) -> Here {
    match visit.flow {
        Flow::SignIn => Here::CodeHelp,
        Flow::FreshCode => Here::FreshHelp,
        Flow::Replacement => Here::Replacement,
    }
}

/// Seconds until what waits for a time is possible, for a script that says so then.
pub(super) fn seconds_to_wait(not: Option<WhyNot>, frame: &PageFrame) -> Option<u64> {
    match not {
        Some(WhyNot::Until(at)) => Some(at.since(frame.now).as_secs() + 1),
        _ => None,
    }
}

/// Why a message cannot be sent now.
pub(super) const fn not_sending(availability: SendAvailability) -> Option<WhyNot> {
    match availability {
        SendAvailability::Now => None,
        SendAvailability::From(at) => Some(WhyNot::Until(at)),
        SendAvailability::Exhausted(at) => Some(WhyNot::NoMoreSends(at)),
        SendAvailability::Blocked => Some(WhyNot::Blocked),
    }
}

pub(super) async fn show(visit: &Visit<'_>) -> app::Result<Answer> {
    let view = match pending_code(visit).await? {
        Ok(view) => view,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let note = visit.note();
    let kind = view.method.kind;
    let signs_in = visit.flow == Flow::SignIn;
    let frame = PageFrame { who: visit.who(view.account), ..visit.frame(help_page(visit), &note) };
    let recovery_code = view.recovery_code;
    let page = CodeHelpPage { frame, kind, ways: ways(view), signs_in, recovery_code };
    Ok(visit.page(html(&page)))
}

/// In the order they help: once more, the same number by another channel, the other method.
fn ways(view: CodeView) -> Vec<WayOption> {
    let blocked = |method: &MethodView| match (method.disabled, method.paused_until) {
        (true, _) => Some(WhyNot::Disabled),
        (false, Some(until)) => Some(WhyNot::Paused(until)),
        (false, None) => None,
    };
    let again = blocked(&view.method).or_else(|| not_sending(view.send_again));
    let other = blocked(&view.other).or_else(|| not_sending(view.send_other));
    let in_use = ShownMethod::from(view.method);
    let mut ways = Vec::new();
    if in_use.kind != MethodKind::App {
        ways.push(WayOption { way: Way::SendAgain, method: in_use.clone(), not: again });
    }
    if in_use.kind != MethodKind::App {
        let kind = if in_use.kind == MethodKind::Sms { MethodKind::Voice } else { MethodKind::Sms };
        let not = view.no_switch.map(|why| no_channel(why, kind)).or(again);
        ways.push(WayOption { way: Way::Channel(kind), method: in_use.by(kind), not });
    }
    ways.push(WayOption { way: Way::Role(view.other.role), method: view.other.into(), not: other });
    ways
}

/// What is left when neither method works, in the order it helps.
fn last_ways(frame: &PageFrame, recovery_code: RecoveryCodeState) -> Vec<LastWay> {
    let hint = frame.t("help-recovery-code-hint");
    let (hint, not) = match recovery_code {
        RecoveryCodeState::Left(0) => (hint, Some(frame.t("help-recovery-code-none"))),
        RecoveryCodeState::Left(left) => {
            (sentences(frame, [hint, frame.say("help-recovery-code-left", &[("left", left.into())])]), None)
        }
        RecoveryCodeState::BlockedUntil(at) => (hint, Some(frame.timed_from("recovery-code-blocked", at))),
    };
    vec![
        LastWay { url: frame.url("/.sekisho/recovery-code"), name: frame.t("help-recovery-code"), hint, not },
        LastWay {
            url: frame.url("/.sekisho/recovery"),
            name: frame.t("help-recovery"),
            hint: frame.t("help-recovery-hint"),
            not: None,
        },
    ]
}

const fn no_channel(why: Unchoosable, kind: MethodKind) -> WhyNot {
    match (why, kind) {
        (Unchoosable::Pair(PairError::LandlineSms), _) => WhyNot::Landline,
        (Unchoosable::Pair(PairError::VoipSms), _) => WhyNot::Voip,
        (Unchoosable::Pair(PairError::ExtensionSms), _) => WhyNot::Extension,
        (Unchoosable::NotOffered, MethodKind::Voice) => WhyNot::VoiceNotOffered,
        (Unchoosable::NotOffered | Unchoosable::Pair(PairError::AppTwice | PairError::SameNumber), _) => {
            WhyNot::SmsNotOffered
        }
    }
}

pub(super) async fn take(visit: &Visit<'_>) -> app::Result<Answer> {
    let Some(way) = Way::parse(visit.form.text("way")) else { return Ok(visit.see(help_page(visit))) };
    if let Some(answer) = of_another_sign_in(visit).await? {
        return Ok(answer);
    }
    let view = match pending_code(visit).await? {
        Ok(view) => view,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let (app, browser) = (&visit.portal.app, visit.browser());
    let outcome = match way {
        Way::SendAgain => app.send_again(&browser).await?,
        // The button was pressed twice: the first press has done it.
        Way::Channel(kind) if kind == view.method.kind => return Ok(visit.see(code_page(visit))),
        Way::Channel(_) => app.switch_channel(&browser).await?,
        Way::Role(role) if role == view.method.role => return Ok(visit.see(code_page(visit))),
        Way::Role(role) => app.use_role(&browser, role).await?,
    };
    let notice = if way == Way::SendAgain { CodeNotice::SentAgain } else { CodeNotice::Switched };
    Ok(match outcome {
        SendOutcome::Done => visit.see_with(code_page(visit), News::Code(notice)),
        SendOutcome::Refused(SendRefusal::Stale) => visit.see(code_page(visit)),
        // Pressed twice, or on a page that was open for long: a message is on its way, and its field is here.
        SendOutcome::Refused(SendRefusal::From(at)) if way == Way::SendAgain => {
            visit.see_with(code_page(visit), News::Code(CodeNotice::NotYet(at)))
        }
        // The page says by itself what is not available, and from when.
        SendOutcome::Refused(
            SendRefusal::From(_) | SendRefusal::Exhausted(_) | SendRefusal::Blocked | SendRefusal::Unavailable,
        ) => visit.see(help_page(visit)),
        SendOutcome::Gone => gone(visit).await?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_reads_back_from_its_button() {
        for way in Way::ALL {
            assert_eq!(Way::parse(way.as_str()), Some(way));
        }
        assert_eq!(Way::parse("app"), None, "an app is no channel of a number");
    }
}
