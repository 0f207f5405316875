//! Codes of oathtool (an RFC 6238 implementation that is not ours), each accepted by us as that very step's.

use std::process::Command;

use sekisho::{
    authn::{EnteredCode, totp},
    clock::Timestamp,
};

use super::entropy::SeededEntropy;

const SEEDS: i64 = 20;
const STEPS: i64 = 500;

/// The codes an app with this secret shows in `STEPS` steps from `start` on.
fn codes(secret: &str, start: i64) -> Vec<String> {
    let output = Command::new("oathtool")
        .args(["--totp", "--base32", &format!("--now=@{start}"), &format!("--window={}", STEPS - 1), secret])
        .output()
        .unwrap_or_else(|e| panic!("oathtool is missing (apt-get install oathtool): {e}"));
    assert!(output.status.success(), "oathtool: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("digits");
    let codes: Vec<String> = text.lines().map(str::to_owned).collect();
    assert_eq!(codes.len(), usize::try_from(STEPS).expect("a small number"));
    codes
}

#[test]
fn ten_thousand_codes_are_those_of_oathtool() {
    let entropy = SeededEntropy::new(6238);
    let mut compared = 0;
    for round in 0..SEEDS {
        let seed = totp::seed(&entropy);
        // From the first hour of the epoch over today to beyond 32-bit times.
        let start = 59 + round * 1_000_000_007;
        for (place, code) in codes(&totp::base32(&seed), start).iter().enumerate() {
            let at = start + i64::try_from(place).expect("a small number") * totp::STEP_SECONDS;
            let entered = EnteredCode::parse(code).expect("six digits");
            let step = at / totp::STEP_SECONDS;
            assert_eq!(
                totp::check(&seed, &entered, Timestamp::from_secs(at), None),
                Ok(step),
                "{round}: {code} at {at}"
            );
            // Two steps away it is another's; a chance of one in a million, which these seeds do not meet.
            let later = Timestamp::from_secs(at + 2 * totp::STEP_SECONDS);
            assert!(totp::check(&seed, &entered, later, None).is_err(), "{round}: {code} two steps after {at}");
            compared += 1;
        }
    }
    assert_eq!(compared, 10_000);
}
