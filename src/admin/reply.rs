//! What an operator is told. Times are RFC 3339 in UTC; of a telephone number the last two digits; no digest, no seed.

use serde::{Deserialize, Serialize};

use super::delivery::{BudgetView, DeliveryView, PauseView, TestedView};
use crate::{
    account::{Account, Membership, Method, MethodPair},
    app::{ObserveReport, administration::SecondStepReset},
    authn::recovery::{Operator, RecoveryStage},
    clock::Timestamp,
    secret::ExposeSecret as _,
    session::{AccessToken, Sharing, TrustedDevice},
    store::{AccountSummary, StoredRecovery, StoredSession},
};

/// The answer to a command that was carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// One account.
    User(Box<UserView>),
    /// What became of the accounts of an import.
    Imported(ImportView),
    /// The account is deleted; this many sessions ended with it.
    UserDeleted(usize),
    /// Accounts by user name.
    Users(Vec<UserView>),
    /// Trusted devices, newest first within an account.
    Devices(Vec<DeviceView>),
    /// Living sessions, newest first.
    Sessions(Vec<SessionView>),
    /// Done; this many sessions ended with it.
    SessionsEnded(usize),
    /// Both methods are removed.
    SecondStepReset(ResetView),
    /// Done; this many devices are no longer trusted.
    DevicesRevoked(u32),
    /// What enforcing would break.
    Observed(Box<ObserveReport>),
    /// Somebody is invited.
    Invited(InvitedView),
    /// Recovery requests, newest first.
    RecoveryRequests(Vec<RecoveryView>),
    /// The approval counts; more operators are needed.
    RecoveryApproved(ApprovalView),
    /// The request with this receipt number is refused.
    RecoveryRefused(String),
    /// Accounts that look shared, by user name.
    Shared(Vec<SharedView>),
    /// A token was made.
    TokenCreated(Box<CreatedTokenView>),
    /// Access tokens, by account and then newest first.
    Tokens(Vec<TokenView>),
    /// Done; this many tokens open nothing any more.
    TokensRevoked(usize),
    /// How delivery has been going.
    Delivery(DeliveryView),
    /// What there is left of the budgets.
    DeliveryBudget(Box<BudgetView>),
    /// Something is paused.
    DeliveryPaused(PauseView),
    /// It goes on; `false`: it was not paused.
    DeliveryResumed(bool),
    /// How a test went.
    DeliveryTested(TestedView),
}

/// The text of an enrolment ticket. It travels over the private socket to the operator who asked, and is not printed by
/// accident.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TicketText(pub String);

impl std::fmt::Debug for TicketText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TicketText(…)")
    }
}

/// What became of the accounts of one command.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportView {
    /// How many were made; of a dry run, how many would have been.
    pub imported: usize,
    /// Those that were not, and why.
    pub refused: Vec<LineView>,
    /// Those that were made without something, and why.
    pub left_out: Vec<LineView>,
    /// How long checking a password takes, by kind of hash.
    pub checks: Vec<CheckView>,
    /// No answer to a password comes before this many milliseconds.
    pub minimum_delay: u64,
}

/// What is to be said of one account of an import, without its hash or numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineView {
    /// Its place in the command, from 0.
    pub index: usize,
    /// The reason, for the operator.
    pub reason: String,
}

/// A kind of hash and the time its check takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckView {
    /// `bcrypt`, `Argon2`, …
    pub kind: String,
    /// Of the costliest one seen, on this machine, with the costliest password.
    pub milliseconds: u64,
}

/// An account that looks as if several people use it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedView {
    /// Its identifier.
    pub id: String,
    /// User name.
    pub name: String,
    /// Hours of the last two weeks in which its browsers alternated.
    pub hours: usize,
    /// On so many days (UTC).
    pub days: usize,
    /// The most browsers in use in one of those hours.
    pub browsers: usize,
}

impl SharedView {
    pub(super) fn new(summary: &AccountSummary, sharing: Sharing) -> Self {
        let Sharing { hours, days, browsers } = sharing;
        let account = &summary.account;
        Self { id: account.id.to_string(), name: account.user_name.to_string(), hours, days, browsers }
    }
}

/// A token that was just made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreatedTokenView {
    /// Its text; shown this once.
    pub token: TicketText,
    /// What lists say of it.
    #[serde(flatten)]
    pub about: TokenView,
}

/// An access token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenView {
    /// Its identifier; it opens nothing.
    pub id: String,
    /// User name of the account it acts as.
    pub user: String,
    /// What it is for.
    pub label: String,
    /// Where it may go.
    pub paths: Vec<String>,
    /// By which methods.
    pub methods: Vec<String>,
    /// From where; empty: from everywhere.
    pub networks: Vec<String>,
    /// When it was made.
    pub created_at: String,
    /// Not good from then on.
    pub expires_at: String,
    /// Its time is over.
    pub expired: bool,
    /// Its last request, to the minute.
    pub last_used_at: Option<String>,
}

impl TokenView {
    pub(super) fn new(token: &AccessToken, user: &str, now: Timestamp) -> Self {
        Self {
            id: token.id.to_string(),
            user: user.to_owned(),
            label: token.label.clone(),
            paths: token.scope.paths.clone(),
            methods: token.scope.methods.clone(),
            networks: token.scope.networks.iter().map(ToString::to_string).collect(),
            created_at: token.created_at.to_string(),
            expires_at: token.expires_at.to_string(),
            expired: token.expired(now),
            last_used_at: token.last_used_at.map(|at| at.to_string()),
        }
    }
}

/// An invitation an operator made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitedView {
    /// Where the mail went.
    pub email: String,
    /// Until when the link works.
    pub expires_at: String,
    /// The address to hand over, where it could not be mailed; shown this once.
    pub address: Option<TicketText>,
}

/// A reset of the second step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResetView {
    /// What the person types at the next sign-in; shown this once.
    pub ticket: TicketText,
    /// The ticket is not good from then on.
    pub expires_at: String,
    /// This many sessions ended with it.
    pub sessions_ended: usize,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserView {
    /// Its identifier, the `sub` the console may see.
    pub id: String,
    /// The name it signs in by.
    pub name: String,
    /// Its e-mail address.
    pub email: Option<String>,
    /// What the console may show.
    pub display_name: Option<String>,
    /// Its groups.
    pub groups: Vec<String>,
    /// `ja` or `en`.
    pub language: String,
    /// Can it not sign in?
    pub disabled: bool,
    /// The seller account it belongs to.
    #[serde(default)]
    pub seller: Option<String>,
    /// Is it an owner of that seller account?
    #[serde(default)]
    pub owner: bool,
    /// When it was made.
    pub created_at: String,
    /// Its two methods, once it has them.
    pub methods: Option<PairView>,
    /// The last digits of the numbers that came with its import and that nobody has proven.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unproven_numbers: Vec<String>,
    /// It was frozen then by "this wasn't me": the password proves nothing until it is chosen anew.
    #[serde(default)]
    pub frozen_since: Option<String>,
    /// The methods were removed, and the ticket to set up new ones is good until then (or was).
    #[serde(default)]
    pub ticket_until: Option<String>,
    /// Receipt number of its open recovery request.
    #[serde(default)]
    pub recovery_request: Option<String>,
    /// What opened the set-up of its methods beside the password: `password` (nothing did), `mailed_link`, `ticket` or
    /// `recovery`.
    #[serde(default)]
    pub enrolled_by: Option<String>,
    /// Its sessions; those over by age count until the next clean-up.
    pub sessions: u32,
    /// Its trusted devices, counted likewise.
    pub devices: u32,
}

/// A recovery request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryView {
    /// Receipt number.
    pub receipt: String,
    /// User name of the account.
    pub user: String,
    /// `waiting`, `decidable`, `approved`, `refused`, `cancelled` or `expired`.
    pub state: String,
    /// When it was made.
    pub requested_at: String,
    /// Nobody can approve it before then.
    pub ready_at: String,
    /// Undecided, it is over then.
    pub expires_at: String,
    /// User identifiers of the operators who approve it.
    pub approved_by: Vec<u32>,
}

/// Approvals of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalView {
    /// So many different operators approved.
    pub given: u32,
    /// So many are needed.
    pub needed: u32,
}

/// The two methods of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairView {
    /// Normally used.
    pub primary: MethodView,
    /// For when the primary is out of reach.
    pub backup: MethodView,
}

/// A method.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MethodView {
    /// `app`, `sms` or `voice`.
    pub kind: String,
    /// The last two digits of the number.
    pub ending: Option<String>,
    /// Its owner's name for it.
    pub label: Option<String>,
    /// When it was proven.
    pub added_at: String,
    /// When it last gave the right code.
    pub last_used_at: Option<String>,
}

/// A trusted device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceView {
    /// Its identifier.
    pub id: String,
    /// User name of its account.
    pub user: String,
    /// Browser and platform, as the browser claims.
    pub browser: String,
    /// When the person ticked the box.
    pub trusted_at: String,
    /// When it last stood in for a code.
    pub last_used_at: String,
    /// When the trust ends.
    pub expires_at: String,
}

/// A session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionView {
    /// Its identifier; it opens nothing.
    pub id: String,
    /// User name of its account.
    pub user: String,
    /// Browser and platform, as the browser claims.
    pub browser: String,
    /// `app`, `sms`, `voice` or `trusted_device`.
    pub second_step: String,
    /// The sign-in.
    pub started_at: String,
    /// Last request, to the minute.
    pub last_used_at: String,
}

impl UserView {
    /// An account as it was just made: no methods, no sessions, no devices.
    pub(super) fn of_account(account: &Account) -> Self {
        Self {
            id: account.id.to_string(),
            name: account.user_name.to_string(),
            email: account.email.as_ref().map(ToString::to_string),
            display_name: account.display_name.clone(),
            groups: account.groups.iter().map(ToString::to_string).collect(),
            language: account.language.tag().to_owned(),
            disabled: account.disabled,
            seller: None,
            owner: false,
            created_at: account.created_at.to_string(),
            methods: None,
            unproven_numbers: Vec::new(),
            frozen_since: None,
            ticket_until: None,
            recovery_request: None,
            enrolled_by: None,
            sessions: 0,
            devices: 0,
        }
    }

    pub(super) fn new(summary: &AccountSummary) -> Self {
        Self {
            methods: summary.pair.as_ref().map(PairView::new),
            frozen_since: summary.frozen_at.map(|at| at.to_string()),
            ticket_until: summary.ticket_until.map(|at| at.to_string()),
            recovery_request: summary.recovery.as_ref().map(ToString::to_string),
            enrolled_by: summary.enrolled_by.map(|opened| opened.as_str().to_owned()),
            sessions: summary.sessions,
            devices: summary.devices,
            ..Self::of_account(&summary.account)
        }
    }
}

impl UserView {
    pub(super) fn belonging(self, membership: Option<&Membership>) -> Self {
        Self {
            seller: membership.map(|membership| membership.seller.name.to_string()),
            owner: membership.is_some_and(|membership| membership.owner),
            ..self
        }
    }
}

impl RecoveryView {
    pub(super) fn new(request: &StoredRecovery, now: Timestamp) -> Self {
        let recovery = &request.recovery;
        let state = match recovery.stage(now) {
            RecoveryStage::Waiting(_) => "waiting",
            RecoveryStage::Decidable => "decidable",
            RecoveryStage::Approved => "approved",
            RecoveryStage::Refused => "refused",
            RecoveryStage::Cancelled => "cancelled",
            RecoveryStage::Expired => "expired",
        };
        Self {
            receipt: request.receipt.to_string(),
            user: request.user_name.to_string(),
            state: state.to_owned(),
            requested_at: recovery.requested_at().to_string(),
            ready_at: recovery.ready_at().to_string(),
            expires_at: recovery.expires_at().to_string(),
            approved_by: recovery.approvals().into_iter().map(Operator::uid).collect(),
        }
    }
}

impl ResetView {
    pub(super) fn new(reset: &SecondStepReset) -> Self {
        Self {
            ticket: TicketText(reset.ticket.expose_secret().to_owned()),
            expires_at: reset.expires_at.to_string(),
            sessions_ended: reset.sessions_ended,
        }
    }
}

impl PairView {
    fn new(pair: &MethodPair) -> Self {
        Self { primary: MethodView::new(pair.primary()), backup: MethodView::new(pair.backup()) }
    }
}

impl MethodView {
    fn new(method: &Method) -> Self {
        Self {
            kind: method.kind().as_str().to_owned(),
            ending: method.target.phone().map(|number| number.last_two().to_owned()),
            label: method.label.as_ref().map(ToString::to_string),
            added_at: method.added_at.to_string(),
            last_used_at: method.last_used_at.map(|at| at.to_string()),
        }
    }
}

impl DeviceView {
    pub(super) fn new(device: &TrustedDevice, user: &str) -> Self {
        Self {
            id: device.id.to_string(),
            user: user.to_owned(),
            browser: device.label.as_str().to_owned(),
            trusted_at: device.issued_at.to_string(),
            last_used_at: device.last_used_at.to_string(),
            expires_at: device.expires_at.to_string(),
        }
    }
}

impl SessionView {
    pub(super) fn new(stored: &StoredSession) -> Self {
        let session = &stored.session;
        Self {
            id: session.id().to_string(),
            user: stored.account.user_name.to_string(),
            browser: session.browser().as_str().to_owned(),
            second_step: session.second_step().as_str().to_owned(),
            started_at: session.created_at().to_string(),
            last_used_at: session.last_used_at().to_string(),
        }
    }
}
