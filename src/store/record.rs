//! What goes into the store's transactions and comes out of them.

use super::SendKey;
use super::{EndRecovery, Link, MessageState, Notice, SendLimit, Toll, Withheld};
use crate::{
    account::{Account, AccountId, EmailAddress, Method, MethodId, MethodPair, PhoneNumber},
    authn::recovery::Receipt,
    authn::{Attempt, ChallengeId, CodeProof, DeviceProof, OpenedBy, PasswordHash, SendOrder, SignIn, Ticket},
    clock::Timestamp,
    language::Language,
    random_id,
    secret::Digest,
    session::{DeviceId, DeviceLabel, Session, SessionId},
};
use std::time::Duration;

random_id!(
    /// Names one pending sign-in in the outbox and the logs; it is not the cookie and opens nothing.
    SignInId
);
random_id!(
    /// Names one message in the outbox.
    OutboxId
);

/// An account to be made, with its password.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// Everything but credentials.
    pub account: Account,
    /// The first password.
    pub hash: PasswordHash,
}

/// Why an account was not made or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NewAccountError {
    /// Another account has that user name.
    #[error("another account has that user name")]
    UserNameTaken,
    /// Another account has that e-mail address.
    #[error("another account has that e-mail address")]
    EmailTaken,
}

/// An account for lists.
#[derive(Clone, Debug)]
pub struct AccountSummary {
    /// The account.
    pub account: Account,
    /// Its methods, when it has them.
    pub pair: Option<MethodPair>,
    /// Sessions of its current credentials; those that are over by age count until they are purged.
    pub sessions: u32,
    /// Trusted devices, counted likewise.
    pub devices: u32,
    /// It was frozen then; the password proves nothing until it is chosen anew.
    pub frozen_at: Option<Timestamp>,
    /// An enrolment ticket was handed out and is good until then.
    pub ticket_until: Option<Timestamp>,
    /// Its open recovery request.
    pub recovery: Option<Receipt>,
    /// What opened the enrolment of its methods beside the password; `None` where that is not known.
    pub enrolled_by: Option<OpenedBy>,
}

/// What a password is checked against.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The account.
    pub account: Account,
    /// Its hash.
    pub hash: PasswordHash,
    /// Its methods, when it has them.
    pub pair: Option<MethodPair>,
    /// The last accepted step of its app, where it has one.
    pub app_last_step: Option<i64>,
    /// What an enrolment has to show first, after an operator removed the methods.
    pub ticket: Option<Ticket>,
    /// The password proves nothing until it is chosen anew.
    pub frozen: bool,
}

/// A try at a password, paid for before the hash is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordSpend {
    /// Go on; it counts until a success forgets it.
    Granted,
    /// No try before then.
    Wait(Timestamp),
}

/// A counter within a window, for addresses and prefixes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// Whose.
    pub key: Digest,
    /// How many are allowed.
    pub limit: u32,
    /// Within how long; the window begins with the first.
    pub window: Duration,
}

/// One event within a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateSpend {
    /// Counted.
    Granted,
    /// The limit is reached; the window ends then.
    Wait(Timestamp),
}

/// A try at a code, paid for before the comparison.
#[derive(Debug)]
pub enum CodeSpend {
    /// Compare once. `consecutive` counts this one as wrong until a success clears it.
    Granted {
        /// Evidence.
        attempt: Attempt,
        /// Wrong codes in a row, this one included.
        consecutive: u32,
    },
    /// The method pauses until then.
    Paused(Timestamp),
    /// The method is disabled until it is set up again.
    Disabled,
    /// The sign-in it was for has moved on: nothing is compared, and nothing counted.
    MovedOn,
}

/// What a page says of a method besides what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct MethodState {
    /// Wrong codes in a row.
    pub consecutive: u32,
    /// It pauses until then.
    pub paused_until: Option<Timestamp>,
    /// Too many wrong codes; it must be set up again.
    pub disabled: bool,
}

/// A message to send with a state change, in the language of the page.
#[derive(Clone, Debug)]
pub struct OutboxOrder {
    /// Row id.
    pub id: OutboxId,
    /// Which code, channel, number, until when.
    pub order: SendOrder,
    /// Name of the host where the code is asked for.
    pub host: String,
    /// Of the text.
    pub language: Language,
    /// What pays for it.
    pub limit: SendLimit,
    /// Where its code is good.
    pub place: SignInPlace,
    /// What else has to have room, and what it costs; `None` where nothing is counted.
    pub toll: Option<Toll>,
}

/// Where a sign-in takes place.
#[derive(Clone, Copy, Debug)]
pub struct SignInPlace {
    /// Keyed digest of the seed of the browser's forms: a code by message is good in the browser that ordered it alone.
    pub browser: Digest,
    /// Keyed digest of what the account knows the browser by. It then has waits of its own: nobody who only has the
    /// password makes its person wait for a message.
    pub known: Option<Digest>,
}

impl SignInPlace {
    /// Whose messages are counted together with one to this method.
    pub const fn counts(&self, method: MethodId) -> SendKey {
        match self.known {
            None => SendKey::Method(method),
            Some(known) => SendKey::Known(method, known),
        }
    }
}

/// A sign-in that begins: the password was right and a code or an enrolment is due.
#[derive(Clone, Debug)]
pub struct BeginSignIn {
    /// Its name.
    pub id: SignInId,
    /// Keyed digest of its cookie.
    pub digest: Digest,
    /// Where it takes place.
    pub place: SignInPlace,
    /// The state.
    pub sign_in: SignIn,
    /// When it ends.
    pub expires_at: Timestamp,
    /// A message to send.
    pub message: Option<OutboxOrder>,
    /// The browser's earlier pending sign-in, which this one replaces.
    pub replaces: Option<Digest>,
    /// Password counters this success clears.
    pub forgive: Vec<Digest>,
    /// The hash to store in place of one with older costs.
    pub rehash: Option<PasswordHash>,
}

/// A pending sign-in as read back, with all that a page or `advance` looks at.
#[derive(Clone, Debug)]
pub struct PendingSignIn {
    /// Its name.
    pub id: SignInId,
    /// For compare-and-swap.
    pub version: i64,
    /// Where it takes place.
    pub place: SignInPlace,
    /// The state.
    pub sign_in: SignIn,
    /// Whose it is.
    pub account: Account,
    /// The account's methods, when it has them.
    pub pair: Option<MethodPair>,
    /// State of the primary.
    pub primary: MethodState,
    /// State of the backup.
    pub backup: MethodState,
    /// Messages to the primary.
    pub primary_messages: MessageState,
    /// Messages to the backup.
    pub backup_messages: MessageState,
    /// The last accepted step of the account's app, where it has one.
    pub app_last_step: Option<i64>,
    /// What an enrolment has to show first, after an operator removed the methods.
    pub ticket: Option<Ticket>,
    /// Tries left at enrolment codes in this sign-in.
    pub enrolment_tries_left: u32,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// The sign-in moved on meanwhile (another tab, a double click), ended, or the account changed: nothing was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Stale {
    /// Another state is stored now, or none.
    #[error("the sign-in has moved on")]
    MovedOn,
    /// The app's time step, or the code of the message, was used by somebody faster.
    #[error("the code was used meanwhile")]
    StepUsed,
    /// No message may go to the method or number before then.
    #[error("the next message may be sent at {0}")]
    SendAgainAt(Timestamp),
    /// All messages of the flow are sent; it begins again then.
    #[error("no more messages until {0}")]
    NoMoreSends(Timestamp),
    /// A count, the money or a pause keeps the message.
    #[error("the message is withheld: {}", .0.by.as_str())]
    Withheld(Withheld),
}

/// A method to store with its first burnt step.
#[derive(Clone, Debug)]
pub struct EnrolledMethod {
    /// The method.
    pub method: Method,
    /// For apps: the step of the code that proved it.
    pub last_step: Option<i64>,
}

impl crate::account::HasTarget for EnrolledMethod {
    fn target(&self) -> &crate::account::Target {
        &self.method.target
    }
}

/// The pair proven in this sign-in.
pub type Enrolment = MethodPair<EnrolledMethod>;

/// A device to trust from now on.
#[derive(Clone, Debug)]
pub struct NewDevice {
    /// Its identifier.
    pub id: DeviceId,
    /// Digest of its first value.
    pub digest: Digest,
    /// Browser and platform.
    pub label: DeviceLabel,
    /// When the trust ends.
    pub expires_at: Timestamp,
}

/// A right code of an enrolled method, to be used up with what it opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsedCode {
    /// The method.
    pub method: MethodId,
    /// For apps the step to burn.
    pub step: Option<i64>,
    /// For messages the challenge to take.
    pub challenge: Option<ChallengeId>,
}

impl UsedCode {
    /// Of a proof; `None` for a method that is only being set up.
    pub fn of(proof: &CodeProof) -> Option<Self> {
        let method = proof.method()?;
        Some(Self { method, step: proof.totp_step(), challenge: proof.challenge() })
    }
}

/// The end of a sign-in: burn the code, store the pair, make the session, all or nothing.
#[derive(Clone, Debug)]
pub struct CompleteSignIn {
    /// The pending sign-in this consumes; `None` when the password and a trusted device completed at once.
    pub pending: Option<(SignInId, i64)>,
    /// The session to store.
    pub session: Session,
    /// The code of an enrolled method that was right.
    pub used: Option<UsedCode>,
    /// The pair to store; the account must have none, unless this is a recovery.
    pub enrolled: Option<Enrolment>,
    /// The language of messages from now on: whoever enrols has read the pages in it.
    pub language: Option<Language>,
    /// What opened that enrolment beside the password.
    pub opened_by: OpenedBy,
    /// Keyed digest of the network it comes from; never an address.
    pub network: Option<Digest>,
    /// The pair takes the place of the earlier one: sessions, trust, recovery codes and requests end with it.
    pub recovered: bool,
    /// Count one "later" of the rollout, of at most so many; it is over where none is left.
    pub later: Option<u32>,
    /// The device to trust.
    pub trust: Option<NewDevice>,
    /// The browser's earlier session, which ends.
    pub replaces: Option<Digest>,
    /// Password counters this success clears.
    pub forgive: Vec<Digest>,
    /// The hash to store in place of one with older costs.
    pub rehash: Option<PasswordHash>,
    /// What the person is told.
    pub notices: Vec<OutboxItem>,
    /// The open recovery request that a right code ends.
    pub ends_recovery: Option<EndRecovery>,
    /// At most this many sessions an account.
    pub max_sessions: u32,
    /// At most this many trusted devices an account.
    pub max_devices: u32,
    /// The time.
    pub now: Timestamp,
}

/// What else a completed sign-in did.
#[derive(Clone, Debug, Default)]
pub struct Completed {
    /// Sessions that ended: the replaced one and those over the cap.
    pub ended: Vec<EndedSession>,
}

/// A session that is no more; caches must forget it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedSession {
    /// Which.
    pub id: SessionId,
    /// Whose.
    pub account: AccountId,
    /// Digest of its cookie.
    pub digest: Digest,
}

/// Trust that is no more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndedTrust {
    /// How many devices.
    pub devices: u32,
    /// The sessions in which it stood in for a code.
    pub sessions: Vec<EndedSession>,
}

/// A live session with what the console is told of its account.
#[derive(Clone, Debug)]
pub struct StoredSession {
    /// The session.
    pub session: Session,
    /// Its account.
    pub account: Account,
    /// Its password was proven by a hash that reads only its beginning: a new one is due.
    pub cut_short: bool,
}

/// A browser shows the value of a trusted device after the right password.
#[derive(Clone, Debug)]
pub struct PresentDevice {
    /// Which device.
    pub id: DeviceId,
    /// Digest of the value shown.
    pub shown: Digest,
    /// Digest of the value it gets in exchange.
    pub next: Digest,
    /// Whose password was given.
    pub account: AccountId,
    /// The account's credentials.
    pub credential_version: crate::account::CredentialVersion,
    /// Who is told if there is a copy of the value.
    pub if_copied: Vec<OutboxItem>,
    /// The time.
    pub now: Timestamp,
}

/// What showing it meant. The exchange and the verdict are one transaction.
#[derive(Clone, Debug)]
pub enum PresentedDevice {
    /// Trusted; the value was exchanged.
    Trusted {
        /// Stands in for the code.
        proof: DeviceProof,
        /// When the trust ends.
        expires_at: Timestamp,
    },
    /// The trust ended at that time by age.
    Expired(Timestamp),
    /// There is no such trust for this account and its credentials.
    Void,
    /// An old value: somebody has a copy. The trust has ended, and these sessions that rested on it.
    Replayed(Vec<EndedSession>),
}

/// Where a message goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recipient {
    /// A text message.
    Sms(PhoneNumber),
    /// A call.
    Voice(PhoneNumber),
    /// A mail.
    Mail(EmailAddress),
}

/// What a message says. Codes are derived when it is sent; they are never stored.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum OutboxContent {
    /// The code of a challenge, as long as its sign-in is pending on it.
    Code {
        /// The sign-in.
        sign_in: SignInId,
        /// The challenge.
        challenge: ChallengeId,
        /// Name of the host where it is asked for; `None`: the main one.
        #[serde(default)]
        host: Option<String>,
    },
    /// Something happened to the account.
    Notice {
        /// What.
        notice: Notice,
    },
    /// The link the message carries is what it is about; without the link it is not sent.
    Link,
}

/// One message to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxItem {
    /// Its name; the idempotency key towards providers.
    pub id: OutboxId,
    /// Whose account it is about.
    pub account: AccountId,
    /// Where it goes.
    pub to: Recipient,
    /// Of the text.
    pub language: Language,
    /// What it says.
    pub content: OutboxContent,
    /// When it was ordered; a notice states it.
    pub created_at: Timestamp,
    /// Not worth sending after this.
    pub expires_at: Timestamp,
    /// A link stored with it. Read back: `None` once it is used or over.
    pub link: Option<Link>,
}

/// How sending ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutboxOutcome {
    /// The provider took it.
    Sent,
    /// Its time, its challenge or its sign-in was over.
    Expired,
    /// The provider refused it for good.
    Failed,
}

/// What a process left behind that took messages and is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resumed {
    /// They wait again.
    pub queued: u64,
    /// They may have gone out: they are not sent again.
    pub unknown: u64,
}

/// So many messages of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxCount {
    /// `sms`, `voice` or `mail`.
    pub channel: String,
    /// The one last asked.
    pub provider: Option<String>,
    /// `queued`, `claimed`, `sent`, `expired` or `failed`.
    pub state: String,
    /// The provider's last word.
    pub outcome: Option<String>,
    /// How many.
    pub messages: u32,
    /// When the oldest of them was ordered.
    pub oldest: Timestamp,
}
