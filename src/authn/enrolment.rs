//! Setting up the pair: choose and prove the primary, choose and prove the backup. Nothing counts before both are
//! proven; the draft lives in the sign-in, not in the account.

use super::{challenge::Challenge, proof::CodeProof};
use crate::account::{HasTarget, MethodKind, MethodPair, NewMethod, PairError, Role, Target, check_target};

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

/// How far somebody has come. Each stage carries only what is true in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnrolmentDraft {
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
            Self::Introduced | Self::ChoosingPrimary | Self::ChoosingBackup { .. } => None,
            Self::ProvingPrimary { new, challenge } => Some((Role::Primary, new, challenge)),
            Self::ProvingBackup { new, challenge, .. } => Some((Role::Backup, new, challenge)),
        }
    }

    /// The channel of the proven primary.
    pub const fn primary_kind(&self) -> Option<MethodKind> {
        match self {
            Self::Introduced | Self::ChoosingPrimary | Self::ProvingPrimary { .. } => None,
            Self::ChoosingBackup { primary } | Self::ProvingBackup { primary, .. } => Some(primary.proof.kind),
        }
    }

    /// May this be chosen now? The page learns it before a message is sent.
    pub(super) fn check_choice(&self, target: &Target) -> Result<(), PairError> {
        check_target(target)?;
        match self {
            Self::Introduced | Self::ChoosingPrimary | Self::ProvingPrimary { .. } => Ok(()),
            Self::ChoosingBackup { primary } | Self::ProvingBackup { primary, .. } => {
                MethodPair::new(primary.method.clone(), NewMethod { target: target.clone(), label: None }).map(drop)
            }
        }
    }
}
