//! Codes from an authenticator app (RFC 6238, SHA-1, six digits, 30 seconds): the current step and one either side;
//! a step counts once per method, for ever.

use super::{challenge::CodeRefusal, passcode::EnteredCode};
use crate::{
    clock::Timestamp,
    entropy::Entropy,
    secret::{SecretBytes, constant_time_eq},
};

/// Seconds in a step (RFC 6238 §4.1).
pub const STEP_SECONDS: i64 = 30;
/// Steps accepted either side of now.
const SKEW: i64 = 1;
/// RFC 4226 §4 R6 recommends 160 bits.
const SEED_BYTES: usize = 20;

/// A fresh seed for an app.
pub fn seed(entropy: &dyn Entropy) -> SecretBytes {
    SecretBytes::new(crate::entropy::random_bytes::<SEED_BYTES>(entropy))
}

fn generator(seed: &SecretBytes) -> totp_rs::Totp {
    totp_rs::Builder::new()
        .with_secret(totp_rs::Secret::new(seed.expose().into()))
        .with_step_duration(STEP_SECONDS.unsigned_abs())
        .build_noncompliant()
}

/// Finds the step the code belongs to. `Reused` when that step, or a later one, was accepted before.
///
/// The step returned must still be burnt in the store by `UPDATE … WHERE last_step < step`; this check alone does not
/// decide a race.
pub fn check(
    seed: &SecretBytes,
    entered: &EnteredCode,
    now: Timestamp,
    last_step: Option<i64>,
) -> Result<i64, CodeRefusal> {
    let generator = generator(seed);
    let current = now.as_secs().div_euclid(STEP_SECONDS);
    let mut matched = None;
    // All three are computed and compared always, so the time taken does not say which one it was.
    for step in current.saturating_sub(SKEW)..=current.saturating_add(SKEW) {
        let at = u64::try_from(step.saturating_mul(STEP_SECONDS)).unwrap_or(0);
        if constant_time_eq(generator.generate(at).to_string().as_bytes(), entered.as_str().as_bytes()) {
            matched = Some(step);
        }
    }
    match (matched, last_step) {
        (None, _) => Err(CodeRefusal::Wrong),
        (Some(step), Some(last)) if step <= last => Err(CodeRefusal::Reused),
        (Some(step), _) => Ok(step),
    }
}

/// How far back a clock that is slow is recognised, in steps: ten minutes.
const SLOW_MOST: i64 = 20;

/// How many whole minutes the app's clock is slow, when a wrong code is one it showed at most ten minutes ago; the
/// nearest step counts. For help only: such a code is never accepted. Nothing is said of codes still to come: whoever
/// guessed one would know what to enter in a few minutes.
pub fn minutes_slow(seed: &SecretBytes, entered: &EnteredCode, now: Timestamp) -> Option<i64> {
    let generator = generator(seed);
    let current = now.as_secs().div_euclid(STEP_SECONDS);
    let mut nearest = None;
    for behind in (SKEW + 1..=SLOW_MOST).rev() {
        let at = u64::try_from((current - behind).saturating_mul(STEP_SECONDS)).unwrap_or(0);
        if constant_time_eq(generator.generate(at).to_string().as_bytes(), entered.as_str().as_bytes()) {
            nearest = Some(behind);
        }
    }
    nearest.map(|steps| (steps * STEP_SECONDS + 30) / 60)
}

/// The `otpauth://` address an app reads from the QR code or a tap.
pub fn provisioning_uri(seed: &SecretBytes, issuer: &str, account: &str) -> String {
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    // A colon would end the issuer part of the label (Key URI format).
    let (issuer, account) = (encode(&issuer.replace(':', " ")), encode(&account.replace(':', " ")));
    format!(
        "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}&algorithm=SHA1&digits=6&period={STEP_SECONDS}",
        base32(seed)
    )
}

/// The seed as the person types it: base32 without padding, upper case.
pub fn base32(seed: &SecretBytes) -> String {
    data_encoding::BASE32_NOPAD.encode(seed.expose())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_at(secs: i64, code: &str, last: Option<i64>) -> Result<i64, CodeRefusal> {
        check(
            &SecretBytes::new(*b"12345678901234567890"),
            &EnteredCode::parse(code).unwrap(),
            Timestamp::from_secs(secs),
            last,
        )
    }

    /// RFC 6238 appendix B, SHA-1 column, last six digits.
    #[test]
    fn the_vectors_of_the_standard_pass() {
        for (secs, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(check_at(secs, code, None), Ok(secs / 30), "at {secs}");
        }
    }

    #[test]
    fn one_step_either_side_and_no_further() {
        let step = 1_111_111_111 / 30;
        assert_eq!(check_at((step + 1) * 30 + 29, "050471", None), Ok(step));
        assert_eq!(check_at((step - 1) * 30, "050471", None), Ok(step));
        assert_eq!(check_at((step + 2) * 30, "050471", None), Err(CodeRefusal::Wrong));
        assert_eq!(check_at((step - 2) * 30 + 29, "050471", None), Err(CodeRefusal::Wrong));
    }

    #[test]
    fn a_slow_clock_is_recognised_and_a_fast_one_is_not() {
        let seed = SecretBytes::new(*b"12345678901234567890");
        let entered = EnteredCode::parse("050471").unwrap();
        let shown: i64 = 1_111_111_111 / 30 * 30;
        let slow = |secs| minutes_slow(&seed, &entered, Timestamp::from_secs(shown + secs));
        assert_eq!([0, 30, 59].map(slow), [None; 3], "accepted");
        assert_eq!([60, 300, 600, 629].map(slow), [Some(1), Some(5), Some(10), Some(10)]);
        assert_eq!(slow(630), None, "too far");
        assert_eq!([-60, -300, -600].map(slow), [None; 3], "a code still to come says nothing");
    }

    #[test]
    fn a_step_counts_once_for_ever() {
        let step = 1_111_111_111 / 30;
        assert_eq!(check_at(1_111_111_111, "050471", Some(step - 1)), Ok(step));
        assert_eq!(check_at(1_111_111_111, "050471", Some(step)), Err(CodeRefusal::Reused));
        assert_eq!(check_at(1_111_111_111, "050471", Some(step + 1)), Err(CodeRefusal::Reused));
    }

    #[test]
    fn the_provisioning_address_keeps_japanese_names_apart() {
        let uri = provisioning_uri(&SecretBytes::new([0; 20]), "出品者: コンソール", "hanako");
        assert!(uri.starts_with("otpauth://totp/%E5%87%BA"), "{uri}");
        assert_eq!(uri.matches(':').count(), 2, "scheme and label separator only: {uri}");
    }
}
