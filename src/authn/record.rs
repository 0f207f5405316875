//! The stored form of a pending sign-in. The store seals it as one column: it holds seeds and nonces. Reading it back
//! rebuilds proofs, so only `store` may call `from_record` (the architecture test says so).

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};

use super::{
    challenge::{Challenge, ChallengeId},
    enrolment::{EnrolmentDraft, OpenedBy, ProvenMethod},
    proof::{Asked, CodeProof, PasswordProof, SessionProof},
    sign_in::{CodeReason, EnterCode, Replace, SignIn},
};
use crate::{
    account::{AccountId, CredentialVersion, Label, MethodId, MethodKind, NewMethod, PhoneNumber, Role, Target},
    clock::Timestamp,
    keyring::KeyId,
    secret::SecretBytes,
};

/// The column does not hold a sign-in this version wrote.
#[derive(Debug, thiserror::Error)]
#[error("the stored sign-in cannot be read")]
pub struct RecordError;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    account: AccountId,
    credential_version: CredentialVersion,
    /// When the password was given; none where a session is asked.
    password_at: Option<Timestamp>,
    /// What opened an enrolment.
    #[serde(default)]
    opened_by: OpenedBy,
    state: State,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case", deny_unknown_fields)]
enum State {
    EnterCode { reason: CodeReason, role: Role, challenge: ChallengeRecord },
    FreshCode { role: Role, challenge: ChallengeRecord },
    Replacing { old: MethodId },
    ProvingNew { old: MethodId, new: MethodRecord, challenge: ChallengeRecord },
    AwaitingTicket,
    AwaitingLink,
    Introduced,
    ChoosingPrimary,
    ProvingPrimary { new: MethodRecord, challenge: ChallengeRecord },
    ChoosingBackup { primary: ProvenRecord },
    ProvingBackup { primary: ProvenRecord, new: MethodRecord, challenge: ChallengeRecord },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChallengeRecord {
    id: ChallengeId,
    method: Option<MethodId>,
    kind: MethodKind,
    nonce: String,
    key: KeyId,
    created_at: Timestamp,
    expires_at: Timestamp,
    #[serde(default)]
    supersedes: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MethodRecord {
    target: TargetRecord,
    label: Option<Label>,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
enum TargetRecord {
    App { seed: String },
    Sms { number: PhoneNumber },
    Voice { number: PhoneNumber },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProvenRecord {
    method: MethodRecord,
    totp_step: Option<i64>,
    at: Timestamp,
}

impl From<&Challenge> for ChallengeRecord {
    fn from(c: &Challenge) -> Self {
        Self {
            id: c.id,
            method: c.method,
            kind: c.kind,
            nonce: BASE64.encode(c.nonce.expose()),
            key: c.key,
            created_at: c.created_at,
            expires_at: c.expires_at,
            supersedes: c.supersedes,
        }
    }
}

fn secret(text: &str) -> Result<SecretBytes, RecordError> {
    BASE64.decode(text.as_bytes()).map(SecretBytes::new).map_err(|_not_base64| RecordError)
}

impl TryFrom<ChallengeRecord> for Challenge {
    type Error = RecordError;
    fn try_from(r: ChallengeRecord) -> Result<Self, RecordError> {
        let ChallengeRecord { id, method, kind, nonce, key, created_at, expires_at, supersedes } = r;
        Ok(Self { id, method, kind, nonce: secret(&nonce)?, key, created_at, expires_at, supersedes })
    }
}

impl From<&NewMethod> for MethodRecord {
    fn from(m: &NewMethod) -> Self {
        let target = match &m.target {
            Target::App(seed) => TargetRecord::App { seed: BASE64.encode(seed.expose()) },
            Target::Sms(number) => TargetRecord::Sms { number: number.clone() },
            Target::Voice(number) => TargetRecord::Voice { number: number.clone() },
        };
        Self { target, label: m.label.clone() }
    }
}

impl TryFrom<MethodRecord> for NewMethod {
    type Error = RecordError;
    fn try_from(r: MethodRecord) -> Result<Self, RecordError> {
        let target = match r.target {
            TargetRecord::App { seed } => Target::App(secret(&seed)?),
            TargetRecord::Sms { number } => Target::Sms(number),
            TargetRecord::Voice { number } => Target::Voice(number),
        };
        Ok(Self { target, label: r.label })
    }
}

impl From<&ProvenMethod> for ProvenRecord {
    fn from(p: &ProvenMethod) -> Self {
        Self { method: (&p.method).into(), totp_step: p.proof.totp_step, at: p.proof.at }
    }
}

impl TryFrom<ProvenRecord> for ProvenMethod {
    type Error = RecordError;
    fn try_from(r: ProvenRecord) -> Result<Self, RecordError> {
        let method = NewMethod::try_from(r.method)?;
        let kind = method.target.kind();
        let proof = CodeProof { kind, method: None, challenge: None, totp_step: r.totp_step, at: r.at };
        Ok(Self { method, proof })
    }
}

impl Challenge {
    /// The bytes to seal and store, for the code of a method.
    pub(crate) fn to_record(&self) -> Result<SecretBytes, RecordError> {
        let record = ChallengeRecord::from(self);
        serde_json::to_vec(&record).map(SecretBytes::new).map_err(|_unwritable| RecordError)
    }

    /// Rebuilds what [`to_record`](Self::to_record) wrote; only the store calls this.
    pub(crate) fn from_record(bytes: &SecretBytes) -> Result<Self, RecordError> {
        let record: ChallengeRecord = serde_json::from_slice(bytes.expose()).map_err(|_unreadable| RecordError)?;
        record.try_into()
    }
}

impl SignIn {
    /// The bytes to seal and store.
    pub(crate) fn to_record(&self) -> Result<SecretBytes, RecordError> {
        let state = match self {
            Self::EnterCode(s) => match s.who {
                Asked::SigningIn(_) => {
                    State::EnterCode { reason: s.reason, role: s.role, challenge: (&s.challenge).into() }
                }
                Asked::InSession(_) => State::FreshCode { role: s.role, challenge: (&s.challenge).into() },
            },
            Self::Replace(Replace { old, proving: None, .. }) => State::Replacing { old: *old },
            Self::Replace(Replace { old, proving: Some((new, challenge)), .. }) => {
                State::ProvingNew { old: *old, new: new.into(), challenge: challenge.into() }
            }
            Self::Enrol { draft, .. } => match draft {
                EnrolmentDraft::AwaitingTicket => State::AwaitingTicket,
                EnrolmentDraft::AwaitingLink => State::AwaitingLink,
                EnrolmentDraft::Introduced => State::Introduced,
                EnrolmentDraft::ChoosingPrimary => State::ChoosingPrimary,
                EnrolmentDraft::ProvingPrimary { new, challenge } => {
                    State::ProvingPrimary { new: new.into(), challenge: challenge.into() }
                }
                EnrolmentDraft::ChoosingBackup { primary } => State::ChoosingBackup { primary: primary.into() },
                EnrolmentDraft::ProvingBackup { primary, new, challenge } => {
                    State::ProvingBackup { primary: primary.into(), new: new.into(), challenge: challenge.into() }
                }
            },
        };
        let password_at = match self {
            Self::EnterCode(EnterCode { who: Asked::SigningIn(who), .. }) | Self::Enrol { who, .. } => Some(who.at),
            Self::EnterCode(EnterCode { who: Asked::InSession(_), .. }) | Self::Replace(_) => None,
        };
        let (account, credential_version) = (self.account(), self.credential_version());
        let opened_by = match self {
            Self::Enrol { by, .. } => *by,
            Self::EnterCode(_) | Self::Replace(_) => OpenedBy::Password,
        };
        let record = Record { account, credential_version, password_at, opened_by, state };
        serde_json::to_vec(&record).map(SecretBytes::new).map_err(|_unwritable| RecordError)
    }

    /// Rebuilds what [`to_record`](Self::to_record) wrote; only the store calls this.
    pub(crate) fn from_record(bytes: &SecretBytes) -> Result<Self, RecordError> {
        let record: Record = serde_json::from_slice(bytes.expose()).map_err(|_unreadable| RecordError)?;
        let (account, credential_version) = (record.account, record.credential_version);
        let in_session = SessionProof { account, credential_version };
        let replace = |old, proving| Ok(Self::Replace(Replace { who: in_session.clone(), old, proving }));
        let password =
            |at: Option<Timestamp>| at.map(|at| PasswordProof { account, credential_version, at }).ok_or(RecordError);
        let draft = match record.state {
            State::FreshCode { role, challenge } => {
                let (reason, challenge) = (CodeReason::FreshCode, challenge.try_into()?);
                let who = Asked::InSession(in_session);
                return Ok(Self::EnterCode(EnterCode { who, reason, role, challenge }));
            }
            State::Replacing { old } => return replace(old, None),
            State::ProvingNew { old, new, challenge } => {
                return replace(old, Some((new.try_into()?, challenge.try_into()?)));
            }
            State::EnterCode { reason, role, challenge } => {
                let who = Asked::SigningIn(password(record.password_at)?);
                return Ok(Self::EnterCode(EnterCode { who, reason, role, challenge: challenge.try_into()? }));
            }
            State::AwaitingTicket => EnrolmentDraft::AwaitingTicket,
            State::AwaitingLink => EnrolmentDraft::AwaitingLink,
            State::Introduced => EnrolmentDraft::Introduced,
            State::ChoosingPrimary => EnrolmentDraft::ChoosingPrimary,
            State::ProvingPrimary { new, challenge } => {
                EnrolmentDraft::ProvingPrimary { new: new.try_into()?, challenge: challenge.try_into()? }
            }
            State::ChoosingBackup { primary } => EnrolmentDraft::ChoosingBackup { primary: primary.try_into()? },
            State::ProvingBackup { primary, new, challenge } => EnrolmentDraft::ProvingBackup {
                primary: primary.try_into()?,
                new: new.try_into()?,
                challenge: challenge.try_into()?,
            },
        };
        Ok(Self::Enrol { who: password(record.password_at)?, draft, by: record.opened_by })
    }
}
