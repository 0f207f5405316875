//! Setting up the pair, step by step, inside the pending sign-in.

use super::{
    App, Browser, Result,
    sending::{SendAvailability, SendRefusal, Sending},
};
use crate::{
    access::Unreachable,
    account::{
        Account, AccountId, Label, MethodKind, NewMethod, PairError, PhoneError, PhoneNumber, Role, Target,
        backup_choice,
    },
    audit::{Event, Origin},
    authn::{
        Challenge, ChallengeSeed, EnrolmentDraft, EnrolmentStep, Input, OpenedBy, Refusal, Replace, SignIn,
        TicketRefusal, totp,
    },
    clock::Timestamp,
    config::Config,
    language::Language,
    secret::SecretString,
    store::{Delivery, PendingSignIn},
};

/// The enrolment pages.
#[derive(Clone, Debug)]
pub struct EnrolmentView {
    /// Whose sign-in it is; never shown.
    pub account: AccountId,
    /// Where the person is.
    pub step: EnrolmentStep,
    /// What opened it beside the password. A recovery code is used up, and the earlier pair works until the new one is proven;
    /// with a ticket there is none.
    pub opened_by: OpenedBy,
    /// In the settings: which of the two methods is being replaced, and by its side which one stays.
    pub replacing: Option<Replacing>,
    /// The proven primary.
    pub primary: Option<ChosenView>,
    /// What is being proven.
    pub proving: Option<ProvingView>,
    /// Each channel: may it be chosen in this step, or why not.
    pub choices: Vec<(MethodKind, std::result::Result<(), Unchoosable>)>,
    /// While a mailed link is waited for: its address, masked.
    pub mailed_to: Option<String>,
    /// While a method is chosen: the last two digits of the numbers that came with an import. Only the password is proven,
    /// so no page shows more of them.
    pub known: Vec<KnownNumber>,
}

impl EnrolmentView {
    /// With the number that is being proven, as it was typed.
    pub(super) fn with_typed(self, typed: Option<TypedNumber>) -> Self {
        Self { proving: self.proving.map(|proving| ProvingView { typed, ..proving }), ..self }
    }
}

/// A number that came with an import and is no method yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownNumber {
    /// Its place among the account's, as the form names it.
    pub place: usize,
    /// Its last two digits.
    pub last_two: String,
}

/// One of the two methods is being replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replacing {
    /// Which.
    pub role: Role,
    /// What it is now; it stays until the new one is proven.
    pub old: ChosenView,
    /// The other one, which stays.
    pub stays: ChosenView,
}

/// A chosen method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChosenView {
    /// Channel.
    pub kind: MethodKind,
    /// Last two digits of the number.
    pub last_two: Option<String>,
    /// The person's name for it.
    pub label: Option<Label>,
}

/// Why a channel cannot be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unchoosable {
    /// Not with this primary.
    Pair(PairError),
    /// This service does not offer it.
    NotOffered,
}

/// The method that waits for its code.
#[derive(Clone, Debug)]
pub struct ProvingView {
    /// Primary or backup.
    pub role: Role,
    /// The method.
    pub method: ChosenView,
    /// The number, where it was typed in this very flow. One that came with an import is shown by two digits only: not
    /// everybody who knows the password knows it.
    pub typed: Option<TypedNumber>,
    /// For apps: the seed in base32 and the `otpauth://` address. Shown until it is proven, never after.
    pub app: Option<AppSecretView>,
    /// Until when a message's code works.
    pub expires_at: Timestamp,
    /// Has it ended?
    pub expired: bool,
    /// Sending again.
    pub send_again: SendAvailability,
    /// What became of the message.
    pub delivery: Option<Delivery>,
}

/// A number as the person who typed it may see it again: only within the flow it was typed in.
#[derive(Clone, PartialEq, Eq)]
pub struct TypedNumber {
    /// As people of its country write it.
    pub number: String,
    /// Digits dialled after the call is answered.
    pub extension: Option<String>,
}

impl std::fmt::Debug for TypedNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TypedNumber(…)")
    }
}

/// What an authenticator app needs.
#[derive(Clone)]
pub struct AppSecretView {
    /// Base32, upper case, no padding.
    pub base32: String,
    /// `otpauth://…`.
    pub uri: String,
}

impl std::fmt::Debug for AppSecretView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AppSecretView(…)")
    }
}

/// The choice form.
#[derive(Clone, Debug)]
pub struct ChoiceForm<'a> {
    /// The channel.
    pub kind: MethodKind,
    /// The number as typed; ignored for apps.
    pub number: &'a str,
    /// Where none is typed: the place of a number that came with an import.
    pub known: Option<usize>,
    /// The label as typed; may be empty.
    pub label: &'a str,
}

/// What a choice led to.
#[derive(Debug)]
pub enum EnrolmentOutcome {
    /// Done: the code is next.
    Done,
    /// Not taken.
    Refused(ChoiceProblem),
    /// There is no such pending sign-in any more.
    Gone,
}

/// Why a choice was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChoiceProblem {
    /// The number.
    Number(PhoneError),
    /// Nothing is sent to such a number.
    Unreachable(Unreachable),
    /// The pair, or the number with this channel.
    Pair(PairError),
    /// The label.
    Label,
    /// This service does not offer the channel.
    NotOffered,
    /// The message could not be sent now.
    Send(SendRefusal),
}

/// What a typed ticket led to.
#[derive(Debug)]
pub enum TicketOutcome {
    /// Taken: enrolment begins.
    Done,
    /// Not taken.
    Refused(TicketRefusal),
    /// Too many wrong ones: the sign-in has ended.
    TooMany,
    /// There is no such pending sign-in any more.
    Gone,
}

impl App {
    /// Takes the ticket an operator handed out. The try is paid for before the comparison, like a code's.
    pub async fn submit_ticket(&self, browser: &Browser<'_>, typed: SecretString) -> Result<TicketOutcome> {
        let (now, origin) = (self.now(), Origin::Client(browser.address));
        let Some(pending) = self.pending_record(browser, now).await? else { return Ok(TicketOutcome::Gone) };
        if pending.sign_in.step() != Some(EnrolmentStep::EnterTicket) {
            // A stale page: the current one is shown, and nothing is paid for.
            return Ok(TicketOutcome::Done);
        }
        let Some((attempt, tries_left)) = self.store.spend_enrolment_attempt(pending.id).await? else {
            return Ok(TicketOutcome::TooMany);
        };
        let account = pending.account.id.to_string();
        let judged = |accepted| Event::TicketShown { account: &account, accepted }.record(origin);
        match self.advance(browser, &pending, Input::Ticket { attempt, typed }, Sending::Allowed, now).await? {
            Ok(()) => {
                judged(true);
                Ok(TicketOutcome::Done)
            }
            Err(Refusal::Ticket(refusal)) => {
                judged(false);
                if tries_left == 0 {
                    self.abandon(browser).await?;
                    return Ok(TicketOutcome::TooMany);
                }
                Ok(TicketOutcome::Refused(refusal))
            }
            Err(_out_of_step) => Ok(TicketOutcome::Done),
        }
    }

    /// From the question to the choice.
    pub async fn begin_enrolment(&self, browser: &Browser<'_>) -> Result<EnrolmentOutcome> {
        self.enrol(browser, Input::BeginEnrolment).await
    }

    /// Back to the choice.
    pub async fn choose_again(&self, browser: &Browser<'_>) -> Result<EnrolmentOutcome> {
        self.enrol(browser, Input::ChooseAgain).await
    }

    /// A method was chosen: a phone gets a message, an app gets a fresh seed.
    pub async fn choose(&self, browser: &Browser<'_>, form: ChoiceForm<'_>) -> Result<EnrolmentOutcome> {
        let snapshot = self.snapshot();
        let refuse = |problem| Ok(EnrolmentOutcome::Refused(problem));
        if !offered(form.kind, &snapshot.config) {
            return refuse(ChoiceProblem::NotOffered);
        }
        let Ok(label) = Label::parse(form.label) else { return refuse(ChoiceProblem::Label) };
        let target = match form.kind {
            MethodKind::App => Target::App(totp::seed(&*self.entropy)),
            MethodKind::Sms | MethodKind::Voice => match self.number_of(browser, &form).await? {
                Ok(number) => match (self.unreachable(&number), form.kind) {
                    (Some(why), _) => {
                        let country = number.country().unwrap_or_default();
                        self.store.count_refused(why.as_str(), &country, self.now()).await?;
                        return refuse(ChoiceProblem::Unreachable(why));
                    }
                    (None, MethodKind::Sms) => Target::Sms(number),
                    (None, _) => Target::Voice(number),
                },
                Err(problem) => return refuse(ChoiceProblem::Number(problem)),
            },
        };
        let seed = ChallengeSeed::draw(&*self.entropy, &self.keyring);
        self.enrol(browser, Input::Choose(NewMethod { target, label }, seed)).await
    }

    /// The number that was typed, else the one that came with an import and was picked. A code has to prove either.
    async fn number_of(
        &self,
        browser: &Browser<'_>,
        form: &ChoiceForm<'_>,
    ) -> Result<std::result::Result<PhoneNumber, PhoneError>> {
        if let (true, Some(place)) = (form.number.trim().is_empty(), form.known)
            && let Some(pending) = self.pending_record(browser, self.now()).await?
            && matches!(pending.sign_in, SignIn::Enrol { .. })
            && let Some(number) = self.store.imported_numbers(pending.account.id).await?.into_iter().nth(place)
        {
            return Ok(Ok(number));
        }
        Ok(PhoneNumber::parse(form.number, &self.snapshot().config.phone_region))
    }

    /// The numbers to pick from while a method is chosen; not the one that is the primary already.
    pub(super) async fn known_numbers(
        &self,
        pending: &PendingSignIn,
        draft: &EnrolmentDraft,
    ) -> Result<Vec<KnownNumber>> {
        let primary = match draft {
            EnrolmentDraft::ChoosingPrimary => None,
            EnrolmentDraft::ChoosingBackup { primary } => primary.method().target.phone(),
            _ => return Ok(Vec::new()),
        };
        let numbers = self.store.imported_numbers(pending.account.id).await?.into_iter().enumerate();
        let others = numbers.filter(|(_, number)| primary.is_none_or(|primary| primary.e164() != number.e164()));
        Ok(others.map(|(place, number)| KnownNumber { place, last_two: number.last_two().to_owned() }).collect())
    }

    /// What is being proven, as the person typed it in this flow.
    pub(super) async fn typed_number(&self, pending: &PendingSignIn) -> Result<Option<TypedNumber>> {
        let (proving, imported) = match &pending.sign_in {
            SignIn::Enrol { draft, .. } => {
                let proving = draft.proving().map(|(_, method, _)| method);
                (proving, self.store.imported_numbers(pending.account.id).await?)
            }
            SignIn::Replace(state) => (state.proving().map(|(method, _)| method), Vec::new()),
            SignIn::EnterCode(_) => (None, Vec::new()),
        };
        let number = proving.and_then(|method| method.target.phone());
        Ok(number.filter(|number| !imported.iter().any(|known| known.same_number(number))).map(|number| TypedNumber {
            number: number.spelled(&self.snapshot().config.phone_region),
            extension: number.extension().map(str::to_owned),
        }))
    }

    async fn enrol(&self, browser: &Browser<'_>, input: Input) -> Result<EnrolmentOutcome> {
        let now = self.now();
        let Some(pending) = self.pending_record(browser, now).await? else { return Ok(EnrolmentOutcome::Gone) };
        if !matches!(pending.sign_in, SignIn::Enrol { .. } | SignIn::Replace(_)) {
            return Ok(EnrolmentOutcome::Gone);
        }
        Ok(match self.advance(browser, &pending, input, Sending::Allowed, now).await? {
            Ok(()) => EnrolmentOutcome::Done,
            Err(Refusal::Pair(problem)) => EnrolmentOutcome::Refused(ChoiceProblem::Pair(problem)),
            Err(refusal) => EnrolmentOutcome::Refused(ChoiceProblem::Send(refusal.into())),
        })
    }
}

/// Does this service carry the channel?
pub(super) fn offered(kind: MethodKind, config: &Config) -> bool {
    match kind {
        MethodKind::App => true,
        MethodKind::Sms => config.sms.is_some(),
        MethodKind::Voice => config.voice.is_some(),
    }
}

fn chosen(target: &Target, label: Option<&Label>) -> ChosenView {
    ChosenView { kind: target.kind(), last_two: target.phone().map(|n| n.last_two().to_owned()), label: label.cloned() }
}

fn proving_view(
    config: &Config,
    account: &Account,
    (role, method, challenge): (Role, &NewMethod, &Challenge),
    (send_again, delivery): (SendAvailability, Option<Delivery>),
    language: Language,
    now: Timestamp,
) -> ProvingView {
    ProvingView {
        role,
        method: chosen(&method.target, method.label.as_ref()),
        typed: None,
        app: match &method.target {
            Target::App(seed) => Some(AppSecretView {
                base32: totp::base32(seed),
                uri: totp::provisioning_uri(seed, config.branding.name(language), account.user_name.as_str()),
            }),
            Target::Sms(_) | Target::Voice(_) => None,
        },
        expires_at: challenge.expires_at(),
        expired: challenge.kind() != MethodKind::App && challenge.expired(now),
        send_again,
        delivery,
    }
}

/// Each channel, beside the method that is there already.
fn choices(config: &Config, beside: Option<MethodKind>) -> Vec<(MethodKind, std::result::Result<(), Unchoosable>)> {
    let choice = |kind| match beside {
        _ if !offered(kind, config) => Err(Unchoosable::NotOffered),
        Some(beside) => backup_choice(beside, kind).map_err(Unchoosable::Pair),
        None => Ok(()),
    };
    MethodKind::ALL.into_iter().map(|kind| (kind, choice(kind))).collect()
}

pub(super) fn enrolment_view(
    config: &Config,
    pending: &PendingSignIn,
    (draft, by): (&EnrolmentDraft, OpenedBy),
    sending: (SendAvailability, Option<Delivery>),
    language: Language,
    now: Timestamp,
) -> EnrolmentView {
    let primary = match draft {
        EnrolmentDraft::AwaitingTicket
        | EnrolmentDraft::AwaitingLink
        | EnrolmentDraft::Introduced
        | EnrolmentDraft::ChoosingPrimary
        | EnrolmentDraft::ProvingPrimary { .. } => None,
        EnrolmentDraft::ChoosingBackup { primary } | EnrolmentDraft::ProvingBackup { primary, .. } => {
            Some(chosen(&primary.method().target, primary.method().label.as_ref()))
        }
    };
    EnrolmentView {
        account: pending.account.id,
        step: draft.step(),
        opened_by: by,
        replacing: None,
        primary,
        proving: draft.proving().map(|proving| proving_view(config, &pending.account, proving, sending, language, now)),
        choices: choices(config, draft.primary_kind()),
        mailed_to: match draft {
            EnrolmentDraft::AwaitingLink => pending.account.email.as_ref().map(super::first_link::masked),
            _ => None,
        },
        known: Vec::new(),
    }
}

/// The same pages for a method that is being replaced; `None` when it is gone.
pub(super) fn replacement_view(
    config: &Config,
    pending: &PendingSignIn,
    state: &Replace,
    sending: (SendAvailability, Option<Delivery>),
    language: Language,
    now: Timestamp,
) -> Option<EnrolmentView> {
    let pair = pending.pair.as_ref()?;
    let role = state.role(pair)?;
    let view = |role: Role| chosen(&pair.get(role).target, pair.get(role).label.as_ref());
    let proving = state.proving().map(|(new, challenge)| (role, new, challenge));
    Some(EnrolmentView {
        account: pending.account.id,
        step: match (role, proving.is_some()) {
            (Role::Primary, false) => EnrolmentStep::ChoosePrimary,
            (Role::Primary, true) => EnrolmentStep::ProvePrimary,
            (Role::Backup, false) => EnrolmentStep::ChooseBackup,
            (Role::Backup, true) => EnrolmentStep::ProveBackup,
        },
        opened_by: OpenedBy::Password,
        replacing: Some(Replacing { role, old: view(role), stays: view(role.other()) }),
        primary: None,
        proving: proving.map(|proving| proving_view(config, &pending.account, proving, sending, language, now)),
        choices: choices(config, Some(pair.get(role.other()).kind())),
        mailed_to: None,
        known: Vec::new(),
    })
}
