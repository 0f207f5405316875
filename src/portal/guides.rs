//! The guides (`product.md` R11): what each step is for and what to do when it does not go on. They are the same for
//! everybody, readable before the sign-in, and read no account. Words of buttons and pages stand in them by reference to
//! the messages of those pages (the catalogues `guides.ftl`), lengths of time come from the configuration.

mod contents;

use std::time::Duration;

use askama::Template;
use fluent_bundle::FluentValue;
use http::StatusCode;

use self::contents::{ASKED_OFTEN, AUTHENTICATOR_APP, Block, CANNOT_CHANGE, ENABLING, NO_CODE, Section};
use super::{
    notice::Note,
    page::{Here, PageFrame, html},
    visit::{Answer, Visit},
};
use crate::{
    authn::{throttle, totp},
    config::Config,
};

/// One guide, or the list of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guide {
    /// The list.
    Index,
    /// Enabling two-step verification.
    Enabling,
    /// Using an authenticator app, on a phone and on a computer.
    AuthenticatorApp,
    /// When no code comes.
    NoCode,
    /// When the settings cannot be changed because neither method works.
    CannotChange,
    /// Why a code is asked often.
    AskedOften,
}

impl Guide {
    /// All of them, the list first.
    pub const ALL: [Self; 6] =
        [Self::Index, Self::Enabling, Self::AuthenticatorApp, Self::NoCode, Self::CannotChange, Self::AskedOften];

    /// Its address.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Index => "/.sekisho/guides",
            Self::Enabling => "/.sekisho/guides/enabling",
            Self::AuthenticatorApp => "/.sekisho/guides/authenticator-app",
            Self::NoCode => "/.sekisho/guides/no-code",
            Self::CannotChange => "/.sekisho/guides/cannot-change",
            Self::AskedOften => "/.sekisho/guides/asked-often",
        }
    }

    /// The word in the forms.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Index => "guides",
            Self::Enabling => "guide-enabling",
            Self::AuthenticatorApp => "guide-authenticator-app",
            Self::NoCode => "guide-no-code",
            Self::CannotChange => "guide-cannot-change",
            Self::AskedOften => "guide-asked-often",
        }
    }

    /// Its heading.
    pub(super) fn title(self, frame: &PageFrame) -> String {
        match self {
            Self::Index => frame.t("guides-title"),
            Self::Enabling => frame.t("guide-enabling-title"),
            Self::AuthenticatorApp => frame.t("guide-app-title"),
            Self::NoCode => frame.t("guide-no-code-title"),
            Self::CannotChange => frame.t("guide-cannot-change-title"),
            Self::AskedOften => frame.t("guide-asked-often-title"),
        }
    }

    /// The words of a link at the foot of a page.
    pub(super) fn footer(self, frame: &PageFrame) -> String {
        match self {
            Self::Index => frame.t("guides-all"),
            _ => frame.say("footer-guide", &[("title", self.title(frame).into())]),
        }
    }

    /// Its address on a page; it leads back to that page, or to where that guide was opened from.
    pub(super) fn url(self, frame: &PageFrame) -> String {
        let back = if matches!(frame.here, Here::Guide(_)) { frame.back } else { Some(frame.here) };
        address(self, &frame.to, back)
    }

    const fn lead(self) -> &'static str {
        match self {
            Self::Index => "guides-lead",
            Self::Enabling => "guide-enabling-lead",
            Self::AuthenticatorApp => "guide-app-lead",
            Self::NoCode => "guide-no-code-lead",
            Self::CannotChange => "guide-cannot-change-lead",
            Self::AskedOften => "guide-asked-often-lead",
        }
    }

    const fn sections(self) -> &'static [Section] {
        match self {
            Self::Index => &[],
            Self::Enabling => ENABLING,
            Self::AuthenticatorApp => AUTHENTICATOR_APP,
            Self::NoCode => NO_CODE,
            Self::CannotChange => CANNOT_CHANGE,
            Self::AskedOften => ASKED_OFTEN,
        }
    }
}

/// The address of a guide that leads back to `back` and keeps the sealed place to go after the sign-in.
pub(super) fn address(guide: Guide, to: &str, back: Option<Here>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    if !to.is_empty() {
        query.append_pair("to", to);
    }
    if let Some(back) = back {
        query.append_pair("back", back.as_str());
    }
    match query.finish() {
        query if query.is_empty() => guide.path().to_owned(),
        query => format!("{}?{query}", guide.path()),
    }
}

/// The lengths of time and numbers the guides name, as they are in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lengths {
    /// A trusted device.
    pub trust: Duration,
    /// Trusted devices of one account.
    pub devices: u32,
    /// A code by message.
    pub code: Duration,
    /// Between the first message and the next.
    pub wait: Duration,
    /// Messages that may follow the first.
    pub sends: usize,
    /// A sign-in that is not finished.
    pub sign_in: Duration,
    /// A code is fresh.
    pub fresh: Duration,
    /// A session without a request.
    pub idle: Duration,
    /// A session.
    pub absolute: Duration,
}

impl From<&Config> for Lengths {
    fn from(config: &Config) -> Self {
        Self {
            trust: config.trusted_device.lifetime,
            devices: config.trusted_device.per_account,
            code: config.sign_in.code_lifetime,
            wait: config.sign_in.resend_waits.first().copied().unwrap_or(config.sign_in.resend_rest),
            sends: config.sign_in.resend_waits.len(),
            sign_in: config.sign_in.lifetime,
            fresh: config.sign_in.fresh,
            idle: config.session.idle,
            absolute: config.session.absolute,
        }
    }
}

impl Lengths {
    #[cfg(test)]
    pub(super) const fn sample() -> Self {
        Self {
            trust: Duration::from_hours(30 * 24),
            devices: 10,
            code: Duration::from_mins(5),
            wait: Duration::from_secs(30),
            sends: 5,
            sign_in: Duration::from_mins(10),
            fresh: Duration::from_mins(5),
            idle: Duration::from_hours(1),
            absolute: Duration::from_hours(12),
        }
    }
}

/// A guide.
#[derive(Debug, Template)]
#[template(path = "guide.html")]
pub struct GuidePage {
    /// The frame.
    pub frame: PageFrame,
    /// Which.
    pub guide: Guide,
    /// What it names.
    pub lengths: Lengths,
}

impl GuidePage {
    #[expect(clippy::unused_self, reason = "the shared frame of all pages asks every page")]
    const fn failed(&self) -> bool {
        false
    }
    fn heading(&self) -> String {
        self.guide.title(&self.frame)
    }
    fn lead(&self) -> String {
        self.words(self.guide.lead())
    }
    const fn sections(&self) -> &'static [Section] {
        self.guide.sections()
    }
    /// The guides on the list, each with what it is about.
    fn list(&self) -> Vec<(String, String, String)> {
        let guides = Guide::ALL.into_iter().filter(|guide| self.guide == Guide::Index && *guide != Guide::Index);
        let shown = |guide: Guide| (guide.url(&self.frame), guide.title(&self.frame), self.words(guide.lead()));
        guides.map(shown).collect()
    }
    /// Where the link at the end leads, and what it says.
    fn back(&self) -> (String, String) {
        match self.frame.back {
            Some(Here::Target) | None => ("/".to_owned(), self.frame.named("error-back")),
            Some(here) => (self.frame.url(here.path()), self.frame.t("guide-back")),
        }
    }
    /// A message with everything a guide may name.
    fn words(&self, key: &str) -> String {
        let (frame, lengths) = (&self.frame, &self.lengths);
        let values: [(&str, FluentValue<'_>); 14] = [
            ("service", frame.service().into()),
            ("trust", frame.length(lengths.trust).into()),
            ("days", (lengths.trust.as_secs() / 86_400).into()),
            ("devices", lengths.devices.into()),
            ("code", frame.length(lengths.code).into()),
            ("pending", frame.length(lengths.sign_in).into()),
            ("fresh", frame.length(lengths.fresh).into()),
            ("idle", frame.length(lengths.idle).into()),
            ("absolute", frame.length(lengths.absolute).into()),
            ("step", frame.length(Duration::from_secs(totp::STEP_SECONDS.unsigned_abs())).into()),
            ("wait", frame.length(lengths.wait).into()),
            ("sends", lengths.sends.into()),
            ("tries", throttle::CODE_TRIES.into()),
            ("pause", frame.length(throttle::CODE_PAUSE_FIRST).into()),
        ];
        frame.say(key, &values)
    }
}

/// Reads nothing but the address and sets no cookie: what waits in other tabs stays there.
pub(super) fn show(visit: &Visit<'_>, guide: Guide) -> Answer {
    let lengths = Lengths::from(&visit.portal.app.snapshot().config);
    let page = GuidePage { frame: visit.frame(Here::Guide(guide), &Note::default()), guide, lengths };
    Answer { body: html(&page), ..Answer::new(StatusCode::OK) }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::{
        language::Language,
        portal::{samples, words},
    };

    const GUIDES: [(Language, &str, [char; 2]); 2] = [
        (Language::Ja, include_str!("locales/ja/guides.ftl"), ['「', '」']),
        (Language::En, include_str!("locales/en/guides.ftl"), ['“', '”']),
    ];

    /// Words in quotation marks that stand on no page of ours: what other software calls them.
    const WORDS_OF_OTHERS: [&str; 1] = ["パスワード"];

    /// Each message of a source with the text behind its key.
    fn messages(source: &str) -> BTreeMap<&str, &str> {
        source.lines().filter(|line| line.starts_with("guide")).filter_map(|line| line.split_once(" = ")).collect()
    }

    /// The messages a text refers to.
    fn references(text: &str) -> BTreeSet<&str> {
        let inside = text.split('{').skip(1).filter_map(|rest| rest.split('}').next()).map(str::trim);
        inside.filter(|word| !word.starts_with('$')).collect()
    }

    #[test]
    fn words_in_quotation_marks_are_words_of_our_pages() {
        for (language, source, [open, close]) in GUIDES {
            for (key, text) in messages(source) {
                for quoted in text.split(open).skip(1).filter_map(|rest| rest.split(close).next()) {
                    if WORDS_OF_OTHERS.contains(&quoted) {
                        continue;
                    }
                    let known = quoted.strip_prefix("{ ").and_then(|rest| rest.strip_suffix(" }"));
                    let known = known.unwrap_or_else(|| panic!("{key}: {quoted} is written out"));
                    assert!(!known.starts_with("guide"), "{key}: {known} is on no page");
                }
                for known in references(text) {
                    assert!(!words::say(language, known, &[]).starts_with('⟦'), "{key}: there is no message {known}");
                }
            }
        }
    }

    #[test]
    fn both_languages_name_the_same_buttons() {
        let [(_, ja, _), (_, en, _)] = GUIDES;
        let (ja, en) = (messages(ja), messages(en));
        for (key, text) in &en {
            assert_eq!(references(text), references(ja[key]), "{key}");
        }
    }

    #[test]
    fn every_guide_is_filled_in_and_steps_are_numbered() {
        for language in Language::ALL {
            for guide in Guide::ALL {
                let frame = PageFrame { here: Here::Guide(guide), ..samples::frame(language) };
                let page = html(&GuidePage { frame, guide, lengths: Lengths::sample() });
                assert!(!page.contains(['{', '}', '⟦']), "{guide:?}: {page}");
                let steps = guide.sections().iter().flat_map(|s| s.blocks).filter(|b| matches!(b, Block::Steps(_)));
                assert_eq!(page.matches("<ol class=\"instructions\">").count(), steps.count(), "{guide:?}");
                assert!(guide == Guide::Index || page.contains("<ol class="), "{guide:?} says what to do");
            }
        }
    }

    #[test]
    fn lengths_are_those_in_force() {
        let short = Lengths {
            trust: Duration::from_hours(7 * 24),
            devices: 3,
            wait: Duration::from_secs(30),
            sends: 5,
            code: Duration::from_secs(150),
            sign_in: Duration::from_mins(1),
            fresh: Duration::from_mins(5),
            idle: Duration::from_mins(90),
            absolute: Duration::from_hours(1),
        };
        let text = |language, guide| {
            let frame = PageFrame { here: Here::Guide(guide), ..samples::frame(language) };
            html(&GuidePage { frame, guide, lengths: short })
        };
        let english = text(Language::En, Guide::AskedOften);
        for word in ["7 days", "3 trusted devices", "90 minutes", "1 hour after"] {
            assert!(english.contains(word), "{word}: {english}");
        }
        assert!(!english.contains("30 days") && !english.contains("12 hours"), "{english}");
        let japanese = text(Language::Ja, Guide::NoCode);
        assert!(japanese.contains("コードの有効期間は150秒です。"), "{japanese}");
        assert!(text(Language::En, Guide::Enabling).contains("for 1 minute after"));
    }

    #[test]
    fn a_guide_leads_back_to_the_page_it_was_opened_from() {
        let page = |back| {
            let frame = PageFrame { here: Here::Guide(Guide::NoCode), back, ..samples::frame(Language::En) };
            html(&GuidePage { frame, guide: Guide::NoCode, lengths: Lengths::sample() })
        };
        let from_help = page(Some(Here::CodeHelp));
        assert!(from_help.contains("href=\"/.sekisho/code/help?to=c2VhbGVk\">Back to where you were<"), "{from_help}");
        assert!(from_help.contains("/.sekisho/guides/cannot-change?to=c2VhbGVk&#38;back=code-help\""), "{from_help}");
        assert!(page(None).contains("href=\"/\">Go to Seller Console<"));
    }
}
