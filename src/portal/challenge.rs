//! The code page and "Didn't receive the code?".

use std::time::Duration;

use askama::Template;

use super::page::{PageFrame, ShownMethod};
use crate::{
    account::{MethodKind, Role},
    authn::CodeReason,
    clock::Timestamp,
};

/// Why the code that was typed did not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeError {
    /// Not the code; with the tries left, from the second wrong one on.
    Wrong {
        /// Before the next pause.
        tries_left: Option<u32>,
    },
    /// Its time is over.
    Expired,
    /// An app code that was used before.
    Reused,
    /// Not six digits; no try was spent.
    NotSixDigits,
}

impl CodeError {
    /// The sentence; `kind` is the channel the code came by.
    pub(super) fn text(self, kind: MethodKind, frame: &PageFrame) -> String {
        match self {
            Self::Wrong { tries_left } => {
                let wrong = match kind {
                    MethodKind::App => frame.t("code-wrong-app"),
                    MethodKind::Sms | MethodKind::Voice => frame.t("code-wrong-message"),
                };
                match tries_left {
                    None => wrong,
                    Some(tries) => sentences(frame, [wrong, frame.say("code-tries-left", &[("tries", tries.into())])]),
                }
            }
            Self::Expired => frame.t("code-expired"),
            Self::Reused => frame.t("code-reused"),
            Self::NotSixDigits => frame.t("code-not-six"),
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
    /// The message's code is over.
    Expired {
        /// May a new one be sent now?
        can_send: bool,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeNotice {
    /// Sent again.
    SentAgain,
    /// Another channel or method is in use now.
    Switched,
}

/// "Enter the code".
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
    /// How long a trust lasts.
    pub trust: Duration,
    /// The box was ticked before the page was shown again.
    pub trust_ticked: bool,
}

impl CodePage {
    fn heading(&self) -> String {
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
    fn lead(&self) -> String {
        lead(&self.method, self.stage, &self.frame)
    }
    fn error_text(&self) -> Option<String> {
        self.error.map(|error| error.text(self.method.kind, &self.frame))
    }
    /// Why no code can be entered now.
    fn obstacle(&self) -> Option<String> {
        let still = |works: bool, text| match (works, self.role) {
            (false, _) => text,
            (true, Role::Primary) => sentences(&self.frame, [text, self.frame.t("code-paused-use-backup")]),
            (true, Role::Backup) => sentences(&self.frame, [text, self.frame.t("code-paused-use-primary")]),
        };
        match self.stage {
            CodeStage::Enter { .. } => None,
            CodeStage::Expired { .. } => Some(self.frame.t("code-expired")),
            CodeStage::Paused { until, other_works } => {
                Some(still(other_works, self.frame.timed("code-paused", until)))
            }
            CodeStage::Disabled { other_works } => Some(still(other_works, self.frame.t("code-disabled"))),
        }
    }
    fn can_send(&self) -> bool {
        matches!(self.stage, CodeStage::Expired { can_send: true })
    }
    fn can_switch(&self) -> bool {
        matches!(self.stage, CodeStage::Paused { other_works: true, .. } | CodeStage::Disabled { other_works: true })
    }
    fn other_way(&self) -> &'static str {
        Way::Role(self.role.other()).as_str()
    }
    fn use_other(&self) -> String {
        self.frame.say("code-use-other", &[("method", self.other.describe(&self.frame).into())])
    }
    fn news(&self) -> Option<String> {
        self.notice.map(|notice| match notice {
            CodeNotice::SentAgain => self.frame.t("code-sent-again"),
            CodeNotice::Switched => self.frame.t("code-switched"),
        })
    }
    fn why(&self) -> String {
        match self.reason {
            CodeReason::NewBrowser => self.frame.t("code-why-new-browser"),
            CodeReason::TrustEnded(at) => {
                self.frame.say("code-why-trust-ended", &[("date", self.frame.date(at).into())])
            }
            CodeReason::TrustVoid => self.frame.t("code-why-trust-void"),
        }
    }
    fn trust_text(&self) -> String {
        let days = self.trust.as_secs().div_ceil(24 * 3600);
        self.frame.say("code-trust", &[("days", days.into())])
    }
    fn help_text(&self) -> String {
        match self.method.kind {
            MethodKind::App => self.frame.t("code-help-app"),
            MethodKind::Sms | MethodKind::Voice => self.frame.t("code-help-message"),
        }
    }
}

/// Where the code comes from, and until when it works.
fn lead(method: &ShownMethod, stage: CodeStage, frame: &PageFrame) -> String {
    let CodeStage::Enter { valid_until } = stage else { return String::new() };
    message_lead(method, valid_until, frame)
}

/// The sentence for a message on its way; for an app the instruction.
pub(super) fn message_lead(method: &ShownMethod, valid_until: Option<Timestamp>, frame: &PageFrame) -> String {
    let digits = method.last_two();
    let until = frame.clock(valid_until.unwrap_or(frame.now));
    match method.kind {
        MethodKind::App => frame.t("code-lead-app"),
        MethodKind::Sms => frame.say("code-lead-sms", &[("digits", digits.into()), ("time", until.into())]),
        MethodKind::Voice => {
            let calling = frame.say("code-lead-voice", &[("digits", digits.into())]);
            sentences(frame, [calling, frame.say("code-valid-until", &[("time", until.into())])])
        }
    }
}

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
    /// All messages of this sign-in are sent.
    NoMoreSends,
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
            Self::Until(at) => frame.timed("why-not-until", at),
            Self::NoMoreSends => frame.t("why-not-no-more-sends"),
            Self::Paused(at) => frame.timed("why-not-paused", at),
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
            (Way::Channel(MethodKind::Voice), _) => frame.say("help-call-instead-hint", &digits),
            (Way::Channel(MethodKind::App | MethodKind::Sms), _) => frame.say("help-text-instead-hint", &digits),
            (Way::Role(_), MethodKind::App) => frame.say("help-use-app-hint", &method()),
            (Way::Role(_), MethodKind::Sms | MethodKind::Voice) => frame.say("help-use-phone-hint", &method()),
        }
    }
    fn why_not(&self, frame: &PageFrame) -> Option<String> {
        self.not.map(|not| not.text(frame))
    }
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
}

impl CodeHelpPage {
    #[expect(clippy::unused_self, reason = "the shared frame of all pages asks every page")]
    const fn failed(&self) -> bool {
        false
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
            MethodKind::Sms | MethodKind::Voice => self.frame.t("help-lead-message"),
        }
    }
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
