//! The store: whole transactions by name, not rows. One contract for every engine; each limit and each single use is
//! decided inside one transaction by a conditional statement, and a lost race is a normal answer, not an error.

mod budget;
mod challenge;
mod email;
mod held;
mod import;
mod links;
mod notice;
mod record;
mod recovery;
mod recovery_codes;
mod rollout;
mod settings;
mod signing;
mod sqlite;
mod tokens;
mod users;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

pub use budget::{
    Budget, BudgetKind, BudgetUse, CountryUse, Pause, PauseCause, RefusedUse, Toll, Warning, Watch, Withheld,
    WithheldBy,
};
pub use challenge::{Delivery, DeliveryReport, MessageState, SendKey, SendLimit};
pub use email::{ConfirmEmail, NotConfirmed, PendingEmail};
pub use held::{Held, HeldId, HeldRequest, HoldCaps, HoldRequest};
pub use import::{AccountEdit, EditedAccount, ImportRun, ImportedAccount};
pub use record::{
    AccountSummary, BeginSignIn, CodeSpend, CompleteSignIn, Completed, Credentials, EndedSession, EndedTrust,
    EnrolledMethod, Enrolment, MethodState, NewAccount, NewAccountError, NewDevice, OutboxContent, OutboxCount,
    OutboxId, OutboxItem, OutboxOrder, OutboxOutcome, PasswordSpend, PendingSignIn, PresentDevice, PresentedDevice,
    RateLimit, RateSpend, Recipient, Resumed, SignInId, SignInPlace, Stale, StoredSession, UsedCode,
};

pub use links::{Freeze, Link, LinkId, LinkPurpose, ResetPassword};
pub use notice::Notice;
pub use recovery::{
    ApproveRecovery, Approved, EndRecovery, NoRecovery, NotDecided, OpenRecovery, RecoveryId, StoredRecovery,
};
pub use recovery_codes::{Opening, RenewRecoveryCodes, SpentCode, StoredRecoveryCode};
pub use rollout::Unenrolled;
pub use settings::{
    Acting, ChangePassword, Happened, HistoryEvent, HistoryLine, RenewSession, ReplaceMethod, StoredMethods,
};
pub use signing::{NewSigningKey, StoredSigningKey};
pub use tokens::{NewAccessToken, NoToken, StoredAccessToken};
pub use users::{
    AcceptError, AcceptInvitation, By, ChangeGroups, ChangedGroups, Invitation, InvitationId, InviteError, Member,
    NewInvitation, NewMember, NewMemberError, RemoveMember, RenewInvitation,
};

use crate::{
    account::{AccountId, LoginName, MethodId},
    authn::{Attempt, PasswordHash, SignIn, Ticket},
    clock::Timestamp,
    config::ChannelKind,
    entropy::SharedEntropy,
    keyring::Keyring,
    secret::Digest,
    session::{DeviceId, Lifetime, SessionId, TrustedDevice},
};

/// Why a transaction did not happen. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The engine failed or is out of reach.
    #[error("the store failed: {0}")]
    Engine(#[from] sqlx::Error),
    /// The schema could not be brought up to date, or is newer than this program.
    #[error("the store's schema: {0}")]
    Schema(String),
    /// A row does not decode: an incident, with its coordinates.
    #[error("bad value in {table}.{column} of row {row}")]
    Corrupt {
        /// Table.
        table: &'static str,
        /// Column.
        column: &'static str,
        /// Row identifier.
        row: String,
    },
    /// Several requests shared one failed read; this is what it said.
    #[error("{0}")]
    Shared(String),
    /// The file cannot be used as a store.
    #[error("store {path}: {reason}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

/// The result of a transaction.
pub type Result<T> = std::result::Result<T, StoreError>;

/// An open store. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Store {
    /// An SQLite file.
    Sqlite(sqlite::SqliteStore),
}

impl Store {
    /// Opens an SQLite file, makes it (0600) if it is not there, and brings its schema up to date.
    pub async fn open_sqlite(path: &Path, keyring: Arc<Keyring>, entropy: SharedEntropy) -> Result<Self> {
        Ok(Self::Sqlite(sqlite::SqliteStore::open(path, keyring, entropy).await?))
    }

    /// Makes an account; `Err` inside when a name is taken. Compared with every existing user name and e-mail address:
    /// no name may open two accounts.
    pub async fn create_account(&self, new: &NewAccount) -> Result<std::result::Result<(), NewAccountError>> {
        match self {
            Self::Sqlite(s) => s.create_account(new).await,
        }
    }

    /// All accounts by user name.
    pub async fn accounts(&self) -> Result<Vec<AccountSummary>> {
        match self {
            Self::Sqlite(s) => s.accounts().await,
        }
    }

    /// One account.
    pub async fn account(&self, id: AccountId) -> Result<Option<AccountSummary>> {
        match self {
            Self::Sqlite(s) => s.account(id).await,
        }
    }

    /// The account a name belongs to.
    pub async fn account_by_login(&self, name: &LoginName) -> Result<Option<AccountSummary>> {
        match self {
            Self::Sqlite(s) => s.account_by_login(name).await,
        }
    }

    /// Disables or enables; disabling raises the credential version and ends sessions, trust and pending sign-ins.
    /// `None`: no such account.
    pub async fn set_disabled(
        &self,
        id: AccountId,
        disabled: bool,
        now: Timestamp,
    ) -> Result<Option<Vec<EndedSession>>> {
        match self {
            Self::Sqlite(s) => s.set_disabled(id, disabled, now).await,
        }
    }

    /// Replaces the password; raises the credential version and ends sessions, trust and pending sign-ins.
    pub async fn set_password(
        &self,
        id: AccountId,
        hash: &PasswordHash,
        notices: &[OutboxItem],
        now: Timestamp,
    ) -> Result<Option<Vec<EndedSession>>> {
        match self {
            Self::Sqlite(s) => s.set_password(id, hash, notices, now).await,
        }
    }

    /// Removes both methods; the next sign-in shows the ticket and enrols. Raises the credential version and ends
    /// sessions, trust and pending sign-ins. An earlier ticket is void.
    pub async fn reset_methods(
        &self,
        id: AccountId,
        ticket: &Ticket,
        notices: &[OutboxItem],
        now: Timestamp,
    ) -> Result<Option<Vec<EndedSession>>> {
        match self {
            Self::Sqlite(s) => s.reset_methods(id, ticket, notices, now).await,
        }
    }

    /// Stores a pair proven outside a sign-in (the demo's prepared account); the account must have none.
    pub async fn enrol_directly(
        &self,
        id: AccountId,
        pair: Enrolment,
        now: Timestamp,
    ) -> Result<std::result::Result<(), Stale>> {
        match self {
            Self::Sqlite(s) => s.enrol_directly(id, pair, now).await,
        }
    }

    /// Living trust of an account, newest first.
    pub async fn devices(&self, account: AccountId, now: Timestamp) -> Result<Vec<TrustedDevice>> {
        match self {
            Self::Sqlite(s) => s.devices(account, now).await,
        }
    }

    /// Ends one trust and the sessions that rest on it; `None` where there is none such.
    pub async fn revoke_device(&self, id: DeviceId) -> Result<Option<EndedTrust>> {
        match self {
            Self::Sqlite(s) => s.revoke_device(id).await,
        }
    }

    /// Ends every trust of an account and the sessions that rest on it.
    pub async fn revoke_devices(&self, account: AccountId) -> Result<EndedTrust> {
        match self {
            Self::Sqlite(s) => s.revoke_devices(account).await,
        }
    }

    /// Living sessions, newest first; of all accounts when none is named.
    pub async fn sessions(
        &self,
        account: Option<AccountId>,
        lifetime: Lifetime,
        now: Timestamp,
    ) -> Result<Vec<StoredSession>> {
        match self {
            Self::Sqlite(s) => s.sessions(account, lifetime, now).await,
        }
    }

    /// Ends one session.
    pub async fn end_session(&self, id: SessionId) -> Result<Option<EndedSession>> {
        match self {
            Self::Sqlite(s) => s.end_session(id).await,
        }
    }

    /// Ends every session of an account.
    pub async fn end_sessions(&self, account: AccountId) -> Result<Vec<EndedSession>> {
        match self {
            Self::Sqlite(s) => s.end_sessions(account).await,
        }
    }

    // Signing in
    /// What a password is checked against; also for disabled accounts, whose password must never prove anything.
    pub async fn credentials(&self, name: &LoginName) -> Result<Option<Credentials>> {
        match self {
            Self::Sqlite(s) => s.credentials(name).await,
        }
    }

    /// Pays for one try at a password, before it is checked (`authn::throttle`): one conditional statement counts it
    /// and sets the wait it leads to.
    pub async fn spend_password_attempt(&self, key: Digest, now: Timestamp) -> Result<PasswordSpend> {
        match self {
            Self::Sqlite(s) => s.spend_password_attempt(key, now).await,
        }
    }

    /// From when the next event of this kind is allowed, where no more are now. Counts nothing.
    pub async fn rate_reached(&self, limit: RateLimit, now: Timestamp) -> Result<Option<Timestamp>> {
        match self {
            Self::Sqlite(s) => s.rate_reached(limit, now).await,
        }
    }

    /// Counts one event within a window, or says when the window of a reached limit ends. One statement decides.
    pub async fn spend_rate(&self, limit: RateLimit, now: Timestamp) -> Result<RateSpend> {
        match self {
            Self::Sqlite(s) => s.spend_rate(limit, now).await,
        }
    }

    /// Takes one event back: the password was right.
    pub async fn refund_rate(&self, key: Digest, now: Timestamp) -> Result<()> {
        match self {
            Self::Sqlite(s) => s.refund_rate(key, now).await,
        }
    }

    /// Clears password counters: the password was right and nothing else is stored for it.
    pub async fn forgive(&self, keys: &[Digest]) -> Result<()> {
        match self {
            Self::Sqlite(s) => s.forgive(keys).await,
        }
    }

    /// Stores a pending sign-in with its message; `Stale` when the account was disabled or its credentials changed
    /// since the password was read.
    pub async fn begin_sign_in(&self, begin: &BeginSignIn, now: Timestamp) -> Result<std::result::Result<(), Stale>> {
        match self {
            Self::Sqlite(s) => s.begin_sign_in(begin, now).await,
        }
    }

    /// Reads a pending sign-in by its cookie; `None` when unknown, over, or of older credentials.
    pub async fn pending_sign_in(&self, digest: &Digest, now: Timestamp) -> Result<Option<PendingSignIn>> {
        match self {
            Self::Sqlite(s) => s.pending_sign_in(digest, now).await,
        }
    }

    /// The same by name, for the delivery worker.
    pub async fn pending_sign_in_by_id(&self, id: SignInId, now: Timestamp) -> Result<Option<PendingSignIn>> {
        match self {
            Self::Sqlite(s) => s.pending_sign_in_by_id(id, now).await,
        }
    }

    /// Moves a pending sign-in on, by compare-and-swap, with its message.
    pub async fn save_sign_in(
        &self,
        id: SignInId,
        version: i64,
        sign_in: &SignIn,
        message: Option<&OutboxOrder>,
        now: Timestamp,
    ) -> Result<std::result::Result<(), Stale>> {
        match self {
            Self::Sqlite(s) => s.save_sign_in(id, version, sign_in, message, now).await,
        }
    }

    /// Ends a pending sign-in ("use another account").
    pub async fn abandon_sign_in(&self, digest: &Digest) -> Result<()> {
        match self {
            Self::Sqlite(s) => s.abandon_sign_in(digest).await,
        }
    }

    /// Pays for one try at a code of an enrolled method, before the comparison (`authn::throttle`): one conditional
    /// statement counts it, sets the pause it leads to and refuses paused and disabled methods. It also refuses a sign-in
    /// that is not at this version any more: what a code has completed takes no other, and its repetition is no guess.
    pub async fn spend_code_attempt(
        &self,
        method: MethodId,
        pending: (SignInId, i64),
        now: Timestamp,
    ) -> Result<CodeSpend> {
        match self {
            Self::Sqlite(s) => s.spend_code_attempt(method, pending, now).await,
        }
    }

    /// The code was right, but the same one had completed the sign-in meanwhile: this try leaves the count of the days. The
    /// row of wrong ones was cleared by that success, which came after this try.
    pub async fn forgive_code_attempt(&self, method: MethodId) -> Result<()> {
        match self {
            Self::Sqlite(s) => s.forgive_code_attempt(method).await,
        }
    }

    /// Pays for one try at a code of a method that is being set up, by a digest of its account and destination; the same
    /// schedule as for an enrolled one, but what would be disabled is paused to the end of the window.
    pub async fn spend_new_method_attempt(&self, key: Digest, now: Timestamp) -> Result<CodeSpend> {
        match self {
            Self::Sqlite(s) => s.spend_new_method_attempt(key, now).await,
        }
    }

    /// The code of a method that is being set up was right: its wrong ones are forgotten.
    pub async fn forgive_new_method(&self, key: Digest) -> Result<()> {
        match self {
            Self::Sqlite(s) => s.forgive_new_method(key).await,
        }
    }

    /// Pays for one try at an enrolment ticket, with what is left; `None` when none was. One conditional statement.
    pub async fn spend_enrolment_attempt(&self, id: SignInId) -> Result<Option<(Attempt, u32)>> {
        match self {
            Self::Sqlite(s) => s.spend_enrolment_attempt(id).await,
        }
    }

    /// Judges and exchanges a trusted device's value in one transaction.
    pub async fn present_device(&self, present: &PresentDevice) -> Result<PresentedDevice> {
        match self {
            Self::Sqlite(s) => s.present_device(present).await,
        }
    }

    /// Ends a sign-in: burns the code (`last_step < step`), clears the method's count, stores pair, device and session,
    /// all or nothing. `Stale` when the pending sign-in moved on, the account was disabled, its credentials changed, or
    /// it has a pair already.
    pub async fn complete_sign_in(&self, complete: &CompleteSignIn) -> Result<std::result::Result<Completed, Stale>> {
        match self {
            Self::Sqlite(s) => s.complete_sign_in(complete).await,
        }
    }

    /// The password of this account was proven by a hash that reads only its beginning: its sessions ask for a new one
    /// from now on, until there is one.
    pub async fn note_cut_short(&self, account: AccountId, now: Timestamp) -> Result<()> {
        match self {
            Self::Sqlite(s) => s.note_cut_short(account, now).await,
        }
    }

    // Sessions
    /// Reads a session by its cookie, whatever its age; `None` when unknown, disabled, or of older credentials.
    pub async fn session(&self, digest: &Digest) -> Result<Option<StoredSession>> {
        match self {
            Self::Sqlite(s) => s.session(digest).await,
        }
    }

    /// Moves `last_used_at` of many sessions forward, never back, in one transaction; those that are gone.
    pub async fn touch_sessions(&self, used: &[(SessionId, Timestamp)]) -> Result<Vec<SessionId>> {
        match self {
            Self::Sqlite(s) => s.touch_sessions(used).await,
        }
    }

    /// Ends the session of a cookie.
    pub async fn end_session_by_digest(&self, digest: &Digest) -> Result<Option<EndedSession>> {
        match self {
            Self::Sqlite(s) => s.end_session_by_digest(digest).await,
        }
    }

    // The outbox
    /// Orders a message that hangs on no sign-in.
    pub async fn enqueue(&self, item: &OutboxItem) -> Result<()> {
        match self {
            Self::Sqlite(s) => s.enqueue(item).await,
        }
    }

    /// At the start: what a process took that is gone. What it had not begun to hand over waits again.
    pub async fn resume_messages(&self, now: Timestamp) -> Result<Resumed> {
        match self {
            Self::Sqlite(s) => s.resume_messages(now).await,
        }
    }

    /// Takes due messages of one channel, or of all. Each is with one worker at a time; it may not be sent before
    /// [`hand_over`](Self::hand_over) says so.
    pub async fn claim_messages(
        &self,
        channel: Option<ChannelKind>,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<OutboxItem>> {
        match self {
            Self::Sqlite(s) => s.claim_messages(channel, limit, now).await,
        }
    }

    /// Writes down that from now on the message may be on its way: it is given out no more, come what may. The number of
    /// the attempt; `None`: it is not ours any more, or over, and must not be sent.
    pub async fn hand_over(&self, id: OutboxId, provider: &str, now: Timestamp) -> Result<Option<u32>> {
        match self {
            Self::Sqlite(s) => s.hand_over(id, provider, now).await,
        }
    }

    /// The provider certainly did not take it: it may be handed over again.
    pub async fn take_back(&self, id: OutboxId, outcome: &str) -> Result<()> {
        match self {
            Self::Sqlite(s) => s.take_back(id, outcome).await,
        }
    }

    /// Not now: it waits until then.
    pub async fn retry_message(&self, id: OutboxId, due_at: Timestamp) -> Result<()> {
        match self {
            Self::Sqlite(s) => s.retry_message(id, due_at).await,
        }
    }

    /// Records how it ended: the word for it, and the provider's own name of the message.
    pub async fn finish_message(
        &self,
        id: OutboxId,
        ended: OutboxOutcome,
        said: (&str, Option<&str>),
        now: Timestamp,
    ) -> Result<()> {
        match self {
            Self::Sqlite(s) => s.finish_message(id, ended, said, now).await,
        }
    }

    /// Messages that wait, and those that ended since then, by how they did.
    pub async fn outbox_counts(&self, since: Timestamp) -> Result<Vec<OutboxCount>> {
        match self {
            Self::Sqlite(s) => s.outbox_counts(since).await,
        }
    }

    /// Waits until a message of the channel may have been ordered by this process.
    pub async fn next_message_signal(&self, channel: ChannelKind) {
        match self {
            Self::Sqlite(s) => s.next_message_signal(channel).await,
        }
    }

    // Upkeep
    /// Deletes what has expired: sign-ins, sessions, trust, finished messages, old counters. The number of rows.
    pub async fn purge(&self, lifetime: Lifetime, now: Timestamp) -> Result<u64> {
        match self {
            Self::Sqlite(s) => s.purge(lifetime, now).await,
        }
    }

    /// Closes every connection; whatever is asked afterwards fails.
    pub async fn close(&self) {
        match self {
            Self::Sqlite(s) => s.close().await,
        }
    }

    /// One trivial read: the store answers.
    pub async fn ping(&self) -> Result<()> {
        match self {
            Self::Sqlite(s) => s.ping().await,
        }
    }
}
