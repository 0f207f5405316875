//! Setting up the pair: choose and prove the primary, choose and prove the backup. Nothing counts before both are
//! proven; the draft lives in the sign-in, not in the account.

use super::{challenge::Challenge, proof::CodeProof};
use crate::{
    account::{HasTarget, MethodKind, MethodPair, NewMethod, PairError, Role, Target, check_target},
    clock::Timestamp,
    keyring::{KeyId, Keyring, Purpose},
    secret::{Digest, SecretString},
};

/// A method and the code that proved it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenMethod {
    pub(super) method: NewMethod,
    pub(super) proof: CodeProof,
}

impl ProvenMethod {
    /// Channel, destination and label.
    pub const fn method(&self) -> &NewMethod {
        &self.method
    }
    /// The proof; for apps its step is the first `last_step`.
    pub const fn proof(&self) -> &CodeProof {
        &self.proof
    }
}

impl HasTarget for ProvenMethod {
    fn target(&self) -> &Target {
        &self.method.target
    }
}

/// What an operator hands to a person whose methods were removed: without it the password alone would set up new ones.
/// It is typed once, on one sign-in, and gone when both methods are proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// Keyed digest of the text.
    pub digest: Digest,
    /// The key of the digest.
    pub key: KeyId,
    /// Not good from then on.
    pub expires_at: Timestamp,
}

/// Why a ticket was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TicketRefusal {
    /// Not the one that was handed out last.
    #[error("the ticket is not right")]
    Wrong,
    /// Its time is over.
    #[error("the ticket has expired")]
    Expired,
}

/// Base32 as people type it: full-width letters, any case, spaces and dashes.
pub(super) fn folded(typed: &str) -> String {
    use unicode_normalization::UnicodeNormalization as _;
    typed
        .chars()
        .take(64)
        .nfkc()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| match c.to_ascii_uppercase() {
            // Not in the base32 alphabet (RFC 4648 §6): people read them for their twins.
            '0' => 'O',
            '1' => 'I',
            '8' => 'B',
            other => other,
        })
        .collect()
}

impl Ticket {
    /// A fresh ticket of 80 random bits, with the text to hand over: sixteen base32 characters in groups of four.
    /// `None` when the key ring lacks its active key.
    pub fn draw(
        entropy: &dyn crate::entropy::Entropy,
        keyring: &Keyring,
        expires_at: Timestamp,
    ) -> Option<(Self, SecretString)> {
        let text = data_encoding::BASE32_NOPAD.encode(&crate::entropy::random_bytes::<10>(entropy));
        let key = keyring.active();
        let digest = keyring.mac(key, Purpose::Ticket, &[text.as_bytes()])?;
        let groups: Vec<&str> = [0..4, 4..8, 8..12, 12..16].into_iter().filter_map(|range| text.get(range)).collect();
        Some((Self { digest, key, expires_at }, groups.join("-").into()))
    }

    /// Compares what was typed, as people type it: full-width letters, any case, spaces and dashes.
    pub(super) fn check(&self, typed: &str, keyring: &Keyring, now: Timestamp) -> Result<(), TicketRefusal> {
        let folded = folded(typed);
        let digest = keyring.mac(self.key, Purpose::Ticket, &[folded.as_bytes()]).ok_or(TicketRefusal::Expired)?;
        if digest != self.digest {
            Err(TicketRefusal::Wrong)
        } else if now >= self.expires_at {
            Err(TicketRefusal::Expired)
        } else {
            Ok(())
        }
    }
}

/// What opened an enrolment beside the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OpenedBy {
    /// Nothing: an account without an address that mail reaches.
    #[default]
    Password,
    /// The ticket an operator handed out.
    Ticket,
    /// The link mailed to the account's address.
    MailedLink,
    /// A recovery code or a recovery ticket: the pair takes the place of the earlier one.
    Recovery,
}

impl OpenedBy {
    const ALL: [Self; 4] = [Self::Password, Self::Ticket, Self::MailedLink, Self::Recovery];

    /// Reads [`as_str`](Self::as_str).
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|opened| opened.as_str() == word)
    }

    /// Its name in the log and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Ticket => "ticket",
            Self::MailedLink => "mailed_link",
            Self::Recovery => "recovery",
        }
    }
}

/// How far somebody has come. Each stage carries only what is true in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnrolmentDraft {
    /// An operator removed the methods: the ticket comes first.
    AwaitingTicket,
    /// A link was mailed: it comes first.
    AwaitingLink,
    /// Asked to enable two-step verification; nothing chosen.
    Introduced,
    /// Choosing the primary.
    ChoosingPrimary,
    /// A code has to prove the primary.
    ProvingPrimary {
        /// What was chosen.
        new: NewMethod,
        /// The pending code.
        challenge: Challenge,
    },
    /// The primary is proven; choosing the backup.
    ChoosingBackup {
        /// The primary.
        primary: ProvenMethod,
    },
    /// A code has to prove the backup.
    ProvingBackup {
        /// The primary.
        primary: ProvenMethod,
        /// What was chosen.
        new: NewMethod,
        /// The pending code.
        challenge: Challenge,
    },
}

/// The steps a page shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EnrolmentStep {
    /// The ticket.
    EnterTicket,
    /// The mailed link.
    OpenLink,
    /// The question.
    Introduced,
    /// First choice.
    ChoosePrimary,
    /// First proof.
    ProvePrimary,
    /// Second choice.
    ChooseBackup,
    /// Second proof.
    ProveBackup,
}

impl EnrolmentDraft {
    /// Where the person is.
    pub const fn step(&self) -> EnrolmentStep {
        match self {
            Self::AwaitingTicket => EnrolmentStep::EnterTicket,
            Self::AwaitingLink => EnrolmentStep::OpenLink,
            Self::Introduced => EnrolmentStep::Introduced,
            Self::ChoosingPrimary => EnrolmentStep::ChoosePrimary,
            Self::ProvingPrimary { .. } => EnrolmentStep::ProvePrimary,
            Self::ChoosingBackup { .. } => EnrolmentStep::ChooseBackup,
            Self::ProvingBackup { .. } => EnrolmentStep::ProveBackup,
        }
    }

    /// The method being proven and its pending code.
    pub const fn proving(&self) -> Option<(Role, &NewMethod, &Challenge)> {
        match self {
            Self::AwaitingTicket
            | Self::AwaitingLink
            | Self::Introduced
            | Self::ChoosingPrimary
            | Self::ChoosingBackup { .. } => None,
            Self::ProvingPrimary { new, challenge } => Some((Role::Primary, new, challenge)),
            Self::ProvingBackup { new, challenge, .. } => Some((Role::Backup, new, challenge)),
        }
    }

    /// Is this the method that is being proven now, by a code that still works? An app's key is drawn once.
    pub(super) fn proves(&self, target: &Target, now: Timestamp) -> bool {
        self.proving().is_some_and(|(_, proving, challenge)| proves(proving, challenge, target, now))
    }

    /// The channel of the proven primary.
    pub const fn primary_kind(&self) -> Option<MethodKind> {
        match self {
            Self::AwaitingTicket
            | Self::AwaitingLink
            | Self::Introduced
            | Self::ChoosingPrimary
            | Self::ProvingPrimary { .. } => None,
            Self::ChoosingBackup { primary } | Self::ProvingBackup { primary, .. } => Some(primary.proof.kind),
        }
    }

    /// May this be chosen now? The page learns it before a message is sent.
    pub(super) fn check_choice(&self, target: &Target) -> Result<(), PairError> {
        check_target(target)?;
        match self {
            Self::AwaitingTicket
            | Self::AwaitingLink
            | Self::Introduced
            | Self::ChoosingPrimary
            | Self::ProvingPrimary { .. } => Ok(()),
            Self::ChoosingBackup { primary } | Self::ProvingBackup { primary, .. } => {
                MethodPair::new(primary.method.clone(), NewMethod { target: target.clone(), label: None }).map(drop)
            }
        }
    }
}

/// Is this what is being proven now, by a code that still works? An app's key is drawn once.
pub(super) fn proves(proving: &NewMethod, challenge: &Challenge, target: &Target, now: Timestamp) -> bool {
    match (&proving.target, target) {
        (Target::App(_), Target::App(_)) => true,
        (chosen, target) => chosen == target && !challenge.expired(now),
    }
}
