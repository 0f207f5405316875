//! Trusted devices: a browser on which the password alone signs one account in for a while (`product.md` R12, §2).

use std::time::Duration;

use crate::{
    account::{AccountId, CredentialVersion},
    clock::Timestamp,
    random_id,
    secret::Digest,
};

random_id!(
    /// Names one trusted device in its cookie, in lists and logs.
    DeviceId
);

/// Browser and platform in words ("Firefox, Windows"): a label for lists, never a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceLabel(String);

impl DeviceLabel {
    /// At most 60 characters of one line; anything else is cut away.
    pub fn new(text: &str) -> Self {
        Self(text.chars().filter(|c| !c.is_control()).take(60).collect())
    }

    /// Reads the `User-Agent` header coarsely. What it says is the client's claim.
    pub fn from_user_agent(header: &str) -> Self {
        let has = |part: &str| header.contains(part);
        let browser = match () {
            () if has("Edg/") || has("EdgA/") || has("EdgiOS/") => "Edge",
            () if has("OPR/") => "Opera",
            () if has("Firefox/") || has("FxiOS/") => "Firefox",
            () if has("Chrome/") || has("CriOS/") => "Chrome",
            () if has("Safari/") => "Safari",
            () if has("curl/") => "curl",
            () => "",
        };
        let platform = match () {
            () if has("iPhone") => "iPhone",
            () if has("iPad") => "iPad",
            () if has("Android") => "Android",
            () if has("Windows") => "Windows",
            () if has("Mac OS X") => "macOS",
            () if has("CrOS") => "ChromeOS",
            () if has("Linux") => "Linux",
            () => "",
        };
        match (browser, platform) {
            ("", "") => Self(String::new()),
            (one, "") | ("", one) => Self(one.to_owned()),
            (browser, platform) => Self(format!("{browser} ({platform})")),
        }
    }

    /// The words; empty when nothing was recognised.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The record behind a trusted-device cookie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedDevice {
    /// Its identifier.
    pub id: DeviceId,
    /// Whose password it completes.
    pub account: AccountId,
    /// Void as soon as the account's version is another.
    pub credential_version: CredentialVersion,
    /// Digest of the value handed out last.
    pub current: Digest,
    /// Digest of the value before it, good until `current` is first presented.
    pub previous: Option<Digest>,
    /// Browser and platform.
    pub label: DeviceLabel,
    /// When the person ticked the box.
    pub issued_at: Timestamp,
    /// When the trust ends; never moved.
    pub expires_at: Timestamp,
    /// When it last stood in for a code.
    pub last_used_at: Timestamp,
}

/// What presenting a value to a device record means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DevicePresentation {
    /// The newest value: the browser got our last answer.
    Current,
    /// The value before: our last answer was lost on the way. Not a theft.
    Previous,
    /// A value that was replaced and whose successor has been seen: somebody kept a copy. The trust ends.
    Replay,
    /// Expired, of another account, or of older credentials.
    Void,
}

impl TrustedDevice {
    /// Judges a presented value. The caller rotates on `Current` and `Previous` and revokes on `Replay`.
    pub fn present(
        &self,
        value: &Digest,
        account: AccountId,
        version: CredentialVersion,
        now: Timestamp,
    ) -> DevicePresentation {
        if self.account != account || self.credential_version != version || now >= self.expires_at {
            return DevicePresentation::Void;
        }
        if self.current == *value {
            DevicePresentation::Current
        } else if self.previous.as_ref().is_some_and(|p| p == value) {
            DevicePresentation::Previous
        } else {
            DevicePresentation::Replay
        }
    }

    /// When a trust issued `now` ends.
    pub fn expiry(now: Timestamp, lasts: Duration) -> Timestamp {
        now + lasts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    #[test]
    fn a_value_is_good_until_its_successor_is_seen() {
        let entropy = SystemEntropy::new();
        let account = AccountId::random(&entropy);
        let now = Timestamp::from_secs(1_000);
        let (one, two, three) = (Digest::new([1; 32]), Digest::new([2; 32]), Digest::new([3; 32]));
        let device = TrustedDevice {
            id: DeviceId::random(&entropy),
            account,
            credential_version: CredentialVersion(1),
            current: two,
            previous: Some(one),
            label: DeviceLabel::new("x"),
            issued_at: now,
            expires_at: now + Duration::from_mins(1),
            last_used_at: now,
        };
        let present = |value, account, version, now| device.present(value, account, CredentialVersion(version), now);
        assert_eq!(present(&two, account, 1, now), DevicePresentation::Current);
        assert_eq!(present(&one, account, 1, now), DevicePresentation::Previous);
        assert_eq!(present(&three, account, 1, now), DevicePresentation::Replay);
        assert_eq!(present(&two, AccountId::random(&entropy), 1, now), DevicePresentation::Void);
        assert_eq!(present(&two, account, 2, now), DevicePresentation::Void, "credentials changed");
        assert_eq!(present(&two, account, 1, now + Duration::from_mins(1)), DevicePresentation::Void, "expired");
    }

    #[test]
    fn labels_name_browser_and_platform() {
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36 Edg/156.0";
        assert_eq!(DeviceLabel::from_user_agent(edge).as_str(), "Edge (Windows)");
        assert_eq!(DeviceLabel::from_user_agent("").as_str(), "");
        assert_eq!(DeviceLabel::new("a\r\nb").as_str(), "ab");
    }
}
