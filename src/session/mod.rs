//! What a browser holds after signing in: the session, and the trust that lets it skip the code (pure values).

mod access_token;
mod device;
mod lifetime;
mod shared;

pub use access_token::{AccessToken, AccessTokenId, TokenScope};
pub use device::{DeviceId, DeviceLabel, DevicePresentation, TrustedDevice};
pub use lifetime::{Lifetime, SessionEnd};
pub use shared::{BrowserHour, SHARED_WINDOW, Sharing, hour_and_minute};

use crate::{
    account::{AccountId, CredentialVersion, MethodKind},
    clock::Timestamp,
    random_id,
    secret::Digest,
};

random_id!(
    /// Names one session in lists, logs and the administration; it is not the cookie and opens nothing.
    SessionId
);

/// How the second step was passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecondStep {
    /// A code by this channel.
    Code(MethodKind),
    /// A trusted device stood in for the code.
    TrustedDevice,
    /// The rollout did not ask for one yet.
    Waived,
}

impl SecondStep {
    /// 2 with a code, 1 without (NIST SP 800-63B-4 §5.1: a remembered browser is not a second factor).
    pub const fn level(self) -> u8 {
        match self {
            Self::Code(_) => 2,
            Self::TrustedDevice | Self::Waived => 1,
        }
    }
    /// What was proven, in the words of RFC 8176.
    pub const fn amr(self) -> &'static [&'static str] {
        match self {
            Self::Code(MethodKind::App) => &["pwd", "otp", "mfa"],
            Self::Code(MethodKind::Sms) => &["pwd", "sms", "mfa"],
            Self::Code(MethodKind::Voice) => &["pwd", "tel", "mfa"],
            Self::TrustedDevice | Self::Waived => &["pwd"],
        }
    }
    /// The word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Code(kind) => kind.as_str(),
            Self::TrustedDevice => "trusted_device",
            Self::Waived => "waived",
        }
    }
    /// Reads [`as_str`](Self::as_str).
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "trusted_device" => Some(Self::TrustedDevice),
            "waived" => Some(Self::Waived),
            channel => MethodKind::parse(channel).map(Self::Code),
        }
    }
}

/// A signed-in browser. Made only by [`Authenticated::establish`](crate::authn::Authenticated::establish), rebuilt only
/// by the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    id: SessionId,
    digest: Digest,
    account: AccountId,
    credential_version: CredentialVersion,
    second_step: SecondStep,
    device: Option<DeviceId>,
    browser: DeviceLabel,
    created_at: Timestamp,
    last_used_at: Timestamp,
    mfa_at: Option<Timestamp>,
}

/// The columns of a session, for the store and for [`Authenticated::establish`](crate::authn::Authenticated::establish).
#[derive(Clone, Debug)]
pub struct SessionRecord {
    /// Its public name.
    pub id: SessionId,
    /// Keyed digest of the cookie.
    pub digest: Digest,
    /// Whose it is.
    pub account: AccountId,
    /// The credentials it was made under.
    pub credential_version: CredentialVersion,
    /// How the second step was passed.
    pub second_step: SecondStep,
    /// The trusted device it was made on or with.
    pub device: Option<DeviceId>,
    /// Browser and platform, for lists.
    pub browser: DeviceLabel,
    /// Start; the absolute lifetime counts from here.
    pub created_at: Timestamp,
    /// Last request, to the minute.
    pub last_used_at: Timestamp,
    /// Last time a code was given, in this session or the one that trusted the device.
    pub mfa_at: Option<Timestamp>,
}

impl Session {
    /// Rebuilds a session from its row (only `store`) or completes a sign-in (only `authn`); the architecture test
    /// holds both.
    pub(crate) fn from_record(r: SessionRecord) -> Self {
        let SessionRecord {
            id,
            digest,
            account,
            credential_version,
            second_step,
            device,
            browser,
            created_at,
            last_used_at,
            mfa_at,
        } = r;
        Self { id, digest, account, credential_version, second_step, device, browser, created_at, last_used_at, mfa_at }
    }
    /// Its public name.
    pub const fn id(&self) -> SessionId {
        self.id
    }
    /// Keyed digest of the cookie.
    pub const fn digest(&self) -> &Digest {
        &self.digest
    }
    /// Whose it is.
    pub const fn account(&self) -> AccountId {
        self.account
    }
    /// The credentials it was made under.
    pub const fn credential_version(&self) -> CredentialVersion {
        self.credential_version
    }
    /// How the second step was passed.
    pub const fn second_step(&self) -> SecondStep {
        self.second_step
    }
    /// The trusted device it was made on or with.
    pub const fn device(&self) -> Option<DeviceId> {
        self.device
    }
    /// Browser and platform, for lists.
    pub const fn browser(&self) -> &DeviceLabel {
        &self.browser
    }
    /// Start; the absolute lifetime counts from here.
    pub const fn created_at(&self) -> Timestamp {
        self.created_at
    }
    /// Last request, to the minute.
    pub const fn last_used_at(&self) -> Timestamp {
        self.last_used_at
    }
    /// Last time a code was given.
    pub const fn mfa_at(&self) -> Option<Timestamp> {
        self.mfa_at
    }
    /// When its own code was given. A trusted device stands in for the code at a sign-in, never where a fresh one is
    /// asked for.
    pub const fn code_given_at(&self) -> Option<Timestamp> {
        match self.second_step {
            SecondStep::Code(_) => self.mfa_at,
            SecondStep::TrustedDevice | SecondStep::Waived => None,
        }
    }
}
