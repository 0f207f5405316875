//! The certificates of the listeners, each with its key, and whether clients show certificates of their own.

use std::path::{Path, PathBuf};

use super::{
    problem::Report,
    raw,
    read::{At, OneOrMany, Refusal, Text},
    value::{FilePath, word, words},
};

/// A certificate and what it is used with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The chain, PEM, leaf first.
    pub certificate: PathBuf,
    /// Its private key, PEM.
    pub private_key: PathBuf,
}

/// What becomes of a client without a certificate, where certificates of clients are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientCertificates {
    /// It cannot connect.
    Required,
    /// It connects like any other.
    Optional,
}

const WORDS: [(&str, ClientCertificates); 2] =
    [("required", ClientCertificates::Required), ("optional", ClientCertificates::Optional)];

impl Text for ClientCertificates {
    const KIND: &'static str = "a word for certificates of clients";

    fn parse(text: &str) -> Result<Self, Refusal> {
        word(text, "a word for certificates of clients", &WORDS)
    }
    fn constraint() -> serde_json::Value {
        words(&WORDS)
    }
}

/// A key for each certificate, and no word about certificates of clients that nobody can judge.
pub(super) fn check(root: &raw::Root, report: &mut Report<'_>) {
    let Some(At { value: listen, .. }) = &root.listen else { return };
    if let (Some(certificates), Some(keys)) = (&listen.certificate, &listen.private_key) {
        let (certificates, count) = (certificates.value.0.len(), keys.value.0.len());
        if certificates == 0 {
            let help = "as in certificate = \"/etc/sekisho/tls/fullchain.pem\"".to_owned();
            let span = listen.certificate.as_ref().and_then(|at| at.span.as_ref());
            report.add(span, "listen.certificate: needs a file".to_owned(), Some(help));
        } else if certificates != count {
            let message = format!("listen.private_key: {count} for {certificates} in listen.certificate");
            let help = "the key of each certificate, in the same order".to_owned();
            report.add(keys.span.as_ref(), message, Some(help));
        }
    }
    if let (Some(At { span: Some(span), .. }), None) = (&listen.client_certificates, &listen.client_ca) {
        let message = "listen.client_certificates: no authority says which are good".to_owned();
        report.add(Some(span), message, Some("name its certificate in listen.client_ca".to_owned()));
    }
}

/// In the order of the file.
pub(super) fn pairs(
    certificates: OneOrMany<FilePath>,
    keys: OneOrMany<FilePath>,
    directory: &Path,
) -> Vec<CertificateFiles> {
    let pair = |(certificate, key): (At<FilePath>, At<FilePath>)| CertificateFiles {
        certificate: directory.join(certificate.value.0),
        private_key: directory.join(key.value.0),
    };
    certificates.0.into_iter().zip(keys.0).map(pair).collect()
}
