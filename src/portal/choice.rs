//! Choosing a method: which channels there are, which the pair allows, and the number. It serves the enrolment and the
//! replacement of a method.

use askama::Template;
use serde::{Deserialize, Serialize};

use super::{
    challenge::gone,
    enrolment::{Progress, after, base, page_of, spelled},
    form::Form,
    notice::{News, Note},
    page::{Here, PageFrame, ShownMethod},
    visit::{Answer, Visit},
};
use crate::{
    access::Unreachable,
    account::{MethodKind, PairError, PhoneError, Role},
    app::{
        self, ChoiceForm, ChoiceProblem, EnrolmentOutcome, EnrolmentView, KnownNumber, PendingView, ProvingView,
        SendRefusal, Unchoosable,
    },
    authn::EnrolmentStep,
    clock::Timestamp,
};

/// Why the choice was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChooseError {
    /// No channel was chosen.
    Nothing,
    /// The number cannot be read or used.
    Phone(PhoneError),
    /// Nothing is sent to such a number.
    Unreachable(Unreachable),
    /// The method, or the pair, is not allowed.
    Pair(PairError),
    /// The name for it is too long.
    Label,
    /// The channel has no provider.
    NotOffered(MethodKind),
    /// The next message may be sent then.
    Wait(Timestamp),
    /// All messages to the number are sent; the next may go then.
    NoMoreSends(Timestamp),
}

/// The field an error stands at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ChooseField {
    Kind,
    Phone,
    Label,
}

impl ChooseError {
    const fn field(self) -> ChooseField {
        match self {
            Self::Phone(_)
            | Self::Unreachable(_)
            | Self::Pair(
                PairError::SameNumber | PairError::LandlineSms | PairError::VoipSms | PairError::ExtensionSms,
            ) => ChooseField::Phone,
            Self::Label => ChooseField::Label,
            Self::Nothing
            | Self::NotOffered(_)
            | Self::Wait(_)
            | Self::NoMoreSends(_)
            | Self::Pair(PairError::AppTwice) => ChooseField::Kind,
        }
    }

    pub(super) fn text(self, frame: &PageFrame) -> String {
        match self {
            Self::Nothing => frame.t("choose-nothing"),
            Self::Phone(PhoneError::Empty) => frame.t("choose-phone-empty"),
            Self::Phone(PhoneError::NotANumber) => frame.t("choose-not-a-number"),
            Self::Phone(PhoneError::KindRefused) => frame.t("choose-kind-refused"),
            Self::Phone(PhoneError::Extension) => frame.t("choose-extension-bad"),
            Self::Unreachable(Unreachable::Country) => frame.t("choose-other-country"),
            Self::Unreachable(Unreachable::Kind | Unreachable::Prefix) => frame.t("choose-not-reached"),
            Self::Pair(error) => pair_text(error, frame),
            Self::Label => frame.t("choose-label-bad"),
            Self::NotOffered(MethodKind::Voice) => frame.t("why-not-voice-not-offered"),
            Self::NotOffered(MethodKind::App | MethodKind::Sms) => frame.t("why-not-sms-not-offered"),
            Self::Wait(at) => frame.timed_from("choose-wait", at),
            Self::NoMoreSends(at) => frame.timed_from("choose-no-more-sends", at),
        }
    }
}

fn pair_text(error: PairError, frame: &PageFrame) -> String {
    match error {
        PairError::AppTwice => frame.t("choose-app-twice"),
        PairError::SameNumber => frame.t("choose-same-number"),
        PairError::LandlineSms => frame.t("choose-landline-sms"),
        PairError::VoipSms => frame.t("choose-voip-sms"),
        PairError::ExtensionSms => frame.t("choose-extension-sms"),
    }
}

/// One channel on the choice page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindOption {
    /// The channel.
    pub kind: MethodKind,
    /// Why it cannot be chosen.
    pub not: Option<Unchoosable>,
}

impl KindOption {
    fn recommended(&self) -> bool {
        self.kind == MethodKind::App && self.not.is_none()
    }
}

/// What was typed into the choice form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypedChoice {
    /// The channel.
    pub kind: Option<MethodKind>,
    /// The number, as typed.
    pub phone: String,
    /// The number that came with an import: its place, or `none`.
    pub known: String,
    /// The name for it, as typed.
    pub label: String,
}

/// Longest number or name that is kept for the form.
const MOST_TYPED: usize = 64;

impl TypedChoice {
    /// As it was made: a number only where it was typed in this flow.
    fn of(proving: &ProvingView, frame: &PageFrame) -> Self {
        let phone = proving.typed.as_ref().map(|typed| spelled(typed, frame));
        Self {
            kind: Some(proving.method.kind),
            known: if phone.is_some() { "none".to_owned() } else { String::new() },
            phone: phone.unwrap_or_default(),
            label: proving.method.label.as_ref().map(|label| label.as_str().to_owned()).unwrap_or_default(),
        }
    }
    /// As the form brought it.
    pub(super) fn read(form: &Form) -> Self {
        let kept = |name| form.text(name).chars().take(MOST_TYPED).collect();
        Self {
            kind: MethodKind::parse(form.text("kind")),
            phone: kept("phone"),
            known: kept("known"),
            label: kept("label"),
        }
    }
}

/// A method that is being replaced, and the one that stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownReplacing {
    /// Its place.
    pub role: Role,
    /// What it is now.
    pub old: ShownMethod,
    /// The other one.
    pub stays: ShownMethod,
}

/// Choosing the primary or the backup.
#[derive(Debug, Template)]
#[template(path = "enrol_choose.html")]
pub struct ChoosePage {
    /// The frame.
    pub frame: PageFrame,
    /// In the settings: which method is being replaced.
    pub replacing: Option<ShownReplacing>,
    /// The proven primary, while the backup is chosen.
    pub primary: Option<ShownMethod>,
    /// The channels.
    pub options: Vec<KindOption>,
    /// Numbers that came with an import.
    pub known: Vec<KnownNumber>,
    /// What was typed before.
    pub typed: TypedChoice,
    /// What was wrong with it.
    pub error: Option<ChooseError>,
}

impl ChoosePage {
    fn base(&self) -> &'static str {
        base(&self.frame)
    }
    fn heading(&self) -> String {
        match self.replacing.as_ref().map(|replacing| replacing.role) {
            Some(Role::Primary) => return self.frame.t("replace-primary-heading"),
            Some(Role::Backup) => return self.frame.t("replace-backup-heading"),
            None => {}
        }
        match self.primary {
            None => self.frame.t("choose-primary-heading"),
            Some(_) => self.frame.t("choose-backup-heading"),
        }
    }
    fn lead(&self) -> String {
        if let Some(replacing) = &self.replacing {
            return self.frame.say("replace-lead", &[("method", replacing.old.describe(&self.frame).into())]);
        }
        match &self.primary {
            None => self.frame.t("choose-primary-lead"),
            Some(primary) => self.frame.say("choose-backup-lead", &[("primary", primary.describe(&self.frame).into())]),
        }
    }
    const fn progress(&self) -> Progress {
        Progress::of(match self.primary {
            None => EnrolmentStep::ChoosePrimary,
            Some(_) => EnrolmentStep::ChooseBackup,
        })
    }
    fn failed(&self) -> bool {
        self.error.is_some()
    }
    fn error_at(&self, field: ChooseField) -> Option<String> {
        self.error.filter(|error| error.field() == field).map(|error| match error {
            ChooseError::Pair(error) => self.pair_text(error),
            error => error.text(&self.frame),
        })
    }
    /// While the primary is replaced it is the backup that stands in the way.
    fn pair_text(&self, error: PairError) -> String {
        let beside_backup = self.replacing.as_ref().is_some_and(|replacing| replacing.role == Role::Primary);
        match error {
            PairError::AppTwice if beside_backup => self.frame.t("replace-app-twice"),
            PairError::SameNumber if beside_backup => self.frame.t("replace-same-number"),
            error => pair_text(error, &self.frame),
        }
    }
    fn kind_error(&self) -> Option<String> {
        self.error_at(ChooseField::Kind)
    }
    fn phone_error(&self) -> Option<String> {
        self.error_at(ChooseField::Phone)
    }
    fn label_error(&self) -> Option<String> {
        self.error_at(ChooseField::Label)
    }
    /// The first channel that can be chosen is chosen, until the person says otherwise.
    fn checked(&self, option: &KindOption) -> bool {
        let first = self.options.iter().find(|option| option.not.is_none()).map(|option| option.kind);
        option.not.is_none() && self.typed.kind.or(first) == Some(option.kind)
    }
    /// Where it cannot be chosen, the page does not say that it is the safer one.
    fn offers_app(&self) -> bool {
        self.options.iter().any(|option| option.kind == MethodKind::App && option.not.is_none())
    }
    /// The first number is picked, until the person says otherwise.
    fn picked(&self, place: Option<&usize>) -> bool {
        match (self.typed.known.as_str(), place) {
            ("", place) => self.known.first().map(|first| &first.place) == place,
            (word, Some(place)) => word == place.to_string(),
            (word, None) => word == "none",
        }
    }
    fn known_name(&self, number: &KnownNumber) -> String {
        self.frame.say("choose-known-number", &[("digits", number.last_two.as_str().into())])
    }
    fn name(&self, option: &KindOption) -> String {
        match option.kind {
            MethodKind::App => self.frame.t("method-app"),
            MethodKind::Sms => self.frame.t("method-sms"),
            MethodKind::Voice => self.frame.t("method-voice"),
        }
    }
    fn hint(&self, option: &KindOption) -> String {
        match option.kind {
            MethodKind::App => self.frame.t("choose-app-hint"),
            MethodKind::Sms => self.frame.t("choose-sms-hint"),
            MethodKind::Voice => self.frame.t("choose-voice-hint"),
        }
    }
    fn why_not(&self, option: &KindOption) -> Option<String> {
        option.not.map(|not| match (not, option.kind) {
            (Unchoosable::Pair(error), _) => self.pair_text(error),
            (Unchoosable::NotOffered, MethodKind::Voice) => self.frame.t("why-not-voice-not-offered"),
            (Unchoosable::NotOffered, MethodKind::App | MethodKind::Sms) => self.frame.t("why-not-sms-not-offered"),
        })
    }
}

pub(super) fn page(frame: PageFrame, note: Note, view: EnrolmentView) -> ChoosePage {
    let error = note.choose();
    ChoosePage {
        frame,
        replacing: view.replacing.map(|replacing| ShownReplacing {
            role: replacing.role,
            old: replacing.old.into(),
            stays: replacing.stays.into(),
        }),
        primary: view.primary.map(ShownMethod::from),
        options: view.choices.into_iter().map(|(kind, choice)| KindOption { kind, not: choice.err() }).collect(),
        known: view.known,
        typed: note.choice.unwrap_or_default(),
        error,
    }
}

/// Back to the choice, with what was typed there before.
pub(super) async fn again(visit: &Visit<'_>) -> app::Result<Answer> {
    let chosen = match visit.portal.app.pending(&visit.browser()).await? {
        Some(PendingView::Enrol(EnrolmentView { proving: Some(proving), .. })) => {
            let frame = visit.frame(page_of(visit), &Note::default());
            Some(TypedChoice::of(&proving, &frame))
        }
        Some(_) | None => None,
    };
    match visit.portal.app.choose_again(&visit.browser()).await? {
        EnrolmentOutcome::Done => Ok(visit.see_with(page_of(visit), Note { choice: chosen, ..Note::default() })),
        outcome => after(visit, outcome).await,
    }
}

pub(super) async fn submit(visit: &Visit<'_>) -> app::Result<Answer> {
    let form = &visit.form;
    let typed = TypedChoice::read(form);
    let again = |error| {
        let note = Note { choice: Some(typed.clone()), ..News::Choose(error).into() };
        visit.see_with(page_of(visit), note)
    };
    let Some(kind) = typed.kind else { return Ok(again(ChooseError::Nothing)) };
    let choice = ChoiceForm {
        kind,
        number: form.text("phone"),
        known: form.text("known").parse().ok(),
        label: form.text("label"),
    };
    Ok(match visit.portal.app.choose(&visit.browser(), choice).await? {
        EnrolmentOutcome::Done => visit.see(page_of(visit)),
        EnrolmentOutcome::Gone => gone(visit).await?,
        EnrolmentOutcome::Refused(problem) => match problem {
            ChoiceProblem::Number(problem) => again(ChooseError::Phone(problem)),
            ChoiceProblem::Unreachable(why) => again(ChooseError::Unreachable(why)),
            ChoiceProblem::Send(SendRefusal::Blocked) => again(ChooseError::Unreachable(Unreachable::Prefix)),
            ChoiceProblem::Pair(problem) => again(ChooseError::Pair(problem)),
            ChoiceProblem::Label => again(ChooseError::Label),
            ChoiceProblem::NotOffered => again(ChooseError::NotOffered(kind)),
            ChoiceProblem::Send(SendRefusal::From(at)) => again(ChooseError::Wait(at)),
            ChoiceProblem::Send(SendRefusal::Exhausted(at)) => again(ChooseError::NoMoreSends(at)),
            ChoiceProblem::Send(SendRefusal::Unavailable | SendRefusal::Stale) => visit.see(page_of(visit)),
        },
    })
}
