//! The person's authenticator app: oathtool, an implementation of RFC 6238 that is not ours.

use std::process::Command;

use sekisho::clock::Timestamp;

/// The code an app with this secret (base32, spaces allowed) shows at that time.
pub(crate) fn code(secret: &str, at: Timestamp) -> String {
    let output = Command::new("oathtool")
        .args(["--totp", "--base32", &format!("--now=@{}", at.as_secs())])
        .arg(secret.replace(' ', "").to_ascii_uppercase())
        .output()
        .unwrap_or_else(|e| panic!("oathtool is missing (apt-get install oathtool): {e}"));
    assert!(output.status.success(), "oathtool: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("digits").trim().to_owned()
}
