//! The files a configuration names. Reading the configuration does not need them; starting the gateway does.

use std::{fs, path::Path};

use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};

use super::{Config, Problem};

impl Config {
    /// What is wrong with the certificate and key files, before anything is started. Their contents are never shown.
    pub fn check_files(&self) -> Vec<Problem> {
        let listen = &self.listen;
        let mut problems = Vec::new();
        problems.extend(check("listen.certificate", &listen.certificate, "certificate", has_certificates));
        problems.extend(check("listen.private_key", &listen.private_key, "private key", has_private_key));
        if let Some(ca) = &self.upstream.ca {
            problems.extend(check("upstream.ca", ca, "certificate", has_certificates));
        }
        problems
    }
}

fn check(key: &str, path: &Path, kind: &str, holds: impl Fn(&[u8]) -> bool) -> Option<Problem> {
    let file = path.to_string_lossy();
    match fs::read(path) {
        Err(error) => Some(Problem::with_file(&file, format!("{key}: cannot be read: {error}"), None)),
        Ok(bytes) if !holds(&bytes) => {
            let help = "it starts with a line -----BEGIN …-----".to_owned();
            Some(Problem::with_file(&file, format!("{key}: no {kind} in PEM form in it"), Some(help)))
        }
        Ok(_) => None,
    }
}

fn has_certificates(pem: &[u8]) -> bool {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    certificates.is_ok_and(|certificates| !certificates.is_empty())
}

fn has_private_key(pem: &[u8]) -> bool {
    PrivateKeyDer::from_pem_slice(pem).is_ok()
}
