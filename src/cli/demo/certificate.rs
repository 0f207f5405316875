//! A certificate for this machine, made anew at each start: an authority and a leaf under it, because browsers refuse
//! an authority's own certificate as a server's. The authority's key is forgotten at once.

use std::{fs, io::Write as _, os::unix::fs::OpenOptionsExt as _, time::Duration};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};

use super::place::Place;
use crate::{cli::Failed, clock::Timestamp};

const DAY: Duration = Duration::from_hours(24);

/// Writes `demo.ca.pem`, `demo.certificate.pem` and `demo.key.pem` for `localhost` and 127.0.0.1.
pub(super) fn issue(place: &Place, now: Timestamp) -> Result<(), Failed> {
    let (authority, certificate, key) =
        pair(now).map_err(|error| Failed::refused(format!("the certificate: {error}")))?;
    for (name, mode, text) in
        [("ca.pem", 0o644, authority), ("certificate.pem", 0o644, certificate), ("key.pem", 0o600, key)]
    {
        let written = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(mode)
            .open(place.file(name))
            .and_then(|mut file| file.write_all(text.as_bytes()));
        written.map_err(|error| place.failed(name, &error))?;
    }
    Ok(())
}

/// The authority's certificate, the leaf and its key, all PEM.
fn pair(now: Timestamp) -> Result<(String, String, String), rcgen::Error> {
    // Midnight (UTC) of the day of `at`.
    let date = |at: Timestamp| {
        let at =
            jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or_default().to_zoned(jiff::tz::TimeZone::UTC);
        rcgen::date_time_ymd(at.year().into(), at.month().unsigned_abs(), at.day().unsigned_abs())
    };
    let (from, until) = (date(now - DAY), date(now + 90 * DAY));
    let authority_key = KeyPair::generate()?;
    let mut authority = CertificateParams::new(Vec::new())?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    authority.distinguished_name.push(DnType::CommonName, "Sekisho demonstration");
    (authority.not_before, authority.not_after) = (from, until);
    let authority_pem = authority.self_signed(&authority_key)?.pem();
    let issuer = Issuer::new(authority, authority_key);

    let key = KeyPair::generate()?;
    let mut leaf = CertificateParams::new(["localhost".to_owned(), "127.0.0.1".to_owned()])?;
    leaf.is_ca = IsCa::ExplicitNoCa;
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    leaf.distinguished_name.push(DnType::CommonName, "localhost");
    leaf.use_authority_key_identifier_extension = true;
    (leaf.not_before, leaf.not_after) = (from, until);
    Ok((authority_pem, leaf.signed_by(&key, &issuer)?.pem(), key.serialize_pem()))
}
