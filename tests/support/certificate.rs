//! A certificate authority for one test and certificates under it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, KeyUsagePurpose};

/// An authority.
pub(crate) struct Authority {
    /// Its certificate, PEM.
    pub(crate) pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// One that nobody has heard of.
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut ca = CertificateParams::new(Vec::new()).expect("parameters");
        ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        ca.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        ca.distinguished_name.push(rcgen::DnType::CommonName, "Test authority");
        let pem = ca.self_signed(&key).expect("a certificate").pem();
        Self { pem, issuer: Issuer::new(ca, key) }
    }

    /// Writes `name.pem` and `name.key` for these hosts.
    pub(crate) fn write(&self, directory: &Path, name: &str, hosts: &[&str]) -> (PathBuf, PathBuf) {
        self.write_until(directory, name, hosts, 4096)
    }

    /// The same, good until a year begins.
    pub(crate) fn write_until(&self, directory: &Path, name: &str, hosts: &[&str], year: i32) -> (PathBuf, PathBuf) {
        let key = KeyPair::generate().expect("a key");
        let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
        let mut leaf = CertificateParams::new(hosts).expect("parameters");
        leaf.not_after = rcgen::date_time_ymd(year, 1, 1);
        let leaf = leaf.signed_by(&key, &self.issuer).expect("a certificate");
        let (certificate, private) = (directory.join(format!("{name}.pem")), directory.join(format!("{name}.key")));
        fs::write(&certificate, leaf.pem()).expect("written");
        fs::write(&private, key.serialize_pem()).expect("written");
        (certificate, private)
    }
}

/// Another name in the certificate of the gateways, of which they know nothing.
pub(crate) const ANOTHER_NAME: &str = "b.example";

/// The authority's certificate, PEM: what the test's browsers trust. Writes `server.pem` and `server.key` beside it.
pub(crate) fn issue(directory: &Path) -> String {
    let authority = Authority::new();
    authority.write(directory, "server", &["localhost", "127.0.0.1", ANOTHER_NAME, "reports.localhost"]);
    authority.pem
}
