//! Says in the log why the certificate a client showed was refused: who shows it learns little more than that the connection
//! is closed. What is refused is for the verifier alone to decide.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use rustls::{
    DigitallySignedStruct, DistinguishedName, Error, SignatureScheme,
    client::danger::HandshakeSignatureValid,
    pki_types::{CertificateDer, UnixTime},
    server::danger::{ClientCertVerified, ClientCertVerifier},
};

/// A subject is as long as whoever made the certificate wants.
const LONGEST: usize = 200;

#[derive(Debug)]
pub(super) struct Logged {
    verifier: Arc<dyn ClientCertVerifier>,
    refused: AtomicU64,
}

impl Logged {
    pub(super) fn new(verifier: Arc<dyn ClientCertVerifier>) -> Arc<Self> {
        Arc::new(Self { verifier, refused: AtomicU64::new(0) })
    }

    /// Passes on what the verifier says, and tells the log where it refuses.
    fn noted<T>(&self, certificate: &CertificateDer<'_>, verdict: Result<T, Error>) -> Result<T, Error> {
        verdict.inspect_err(|reason| self.note(certificate, reason))
    }

    fn note(&self, certificate: &CertificateDer<'_>, reason: &Error) {
        let refused = self.refused.fetch_add(1, Ordering::Relaxed) + 1;
        // Whoever shows us certificates must not fill the log.
        if refused.is_power_of_two() {
            let subject = subject(certificate);
            tracing::warn!(%reason, subject, refused, "TLS: the certificate of a client was refused");
        }
    }
}

/// Whose it says it is; empty where it cannot be read.
fn subject(certificate: &CertificateDer<'_>) -> String {
    let read = x509_parser::parse_x509_certificate(certificate);
    let subject = read.map(|(_rest, read)| read.subject().to_string()).unwrap_or_default();
    subject.chars().filter(|c| !c.is_control()).take(LONGEST).collect()
}

impl ClientCertVerifier for Logged {
    fn offer_client_auth(&self) -> bool {
        self.verifier.offer_client_auth()
    }

    fn client_auth_mandatory(&self) -> bool {
        self.verifier.client_auth_mandatory()
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.verifier.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.noted(certificate, self.verifier.verify_client_cert(certificate, intermediates, now))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.noted(certificate, self.verifier.verify_tls12_signature(message, certificate, signature))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.noted(certificate, self.verifier.verify_tls13_signature(message, certificate, signature))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }

    fn requires_raw_public_keys(&self) -> bool {
        self.verifier.requires_raw_public_keys()
    }
}
