//! The certificate: loaded and checked here, because a bad file must be a clear message and never a panic, and swapped
//! whole while connections run. A failed reload keeps the certificate that works.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use arc_swap::ArcSwap;
use rustls::{
    ServerConfig,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, PrivateKeyDer, pem, pem::PemObject as _},
    server::{ClientHello, ResolvesServerCert, ServerSessionMemoryCache},
    sign::CertifiedKey,
};

/// Sessions of TLS 1.2 clients that can be resumed; TLS 1.3 and ticket-taking clients need no memory here.
const RESUMABLE_SESSIONS: usize = 4096;

/// Why a certificate cannot be used. Says which file.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The file cannot be read as PEM.
    #[error("{}: {source}", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: pem::Error,
    },
    /// There is no certificate in it.
    #[error("{}: no certificate in the file", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// Certificate and key do not belong together, or the key is of a kind nobody can use.
    #[error("{} with {}: {source}", certificate.display(), key.display())]
    Pair {
        /// The certificate chain.
        certificate: PathBuf,
        /// The private key.
        key: PathBuf,
        /// What does not fit.
        source: rustls::Error,
    },
    /// The provider of cryptography refuses.
    #[error("TLS: {0}")]
    Provider(#[from] rustls::Error),
}

/// The certificate in use, and where it comes from.
#[derive(Debug)]
pub struct Certificates {
    certificate: PathBuf,
    key: PathBuf,
    current: ArcSwap<CertifiedKey>,
}

impl Certificates {
    /// Loads a PEM chain, leaf first, and its key.
    pub fn load(certificate: &Path, key: &Path) -> Result<Arc<Self>, TlsError> {
        let current = ArcSwap::from_pointee(load_pair(certificate, key)?);
        Ok(Arc::new(Self { certificate: certificate.to_owned(), key: key.to_owned(), current }))
    }

    /// Reads both files again. New connections get the new certificate; on an error the old one stays.
    pub fn reload(&self) -> Result<(), TlsError> {
        let pair = load_pair(&self.certificate, &self.key)?;
        self.current.store(Arc::new(pair));
        Ok(())
    }
}

impl ResolvesServerCert for Certificates {
    /// There is one host, so one certificate, whatever name is asked for; a request for another host gets 421.
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.load_full())
    }
}

fn load_pair(certificate: &Path, key: &Path) -> Result<CertifiedKey, TlsError> {
    let chain = load_certificates(certificate)?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(|source| TlsError::Pem { path: key.to_owned(), source })?;
    CertifiedKey::from_der(chain, private, &provider()).map_err(|source| TlsError::Pair {
        certificate: certificate.to_owned(),
        key: key.to_owned(),
        source,
    })
}

/// Every certificate of a PEM file; at least one.
pub fn load_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let pem = |source| TlsError::Pem { path: path.to_owned(), source };
    let chain = CertificateDer::pem_file_iter(path).map_err(pem)?.collect::<Result<Vec<_>, _>>().map_err(pem)?;
    if chain.is_empty() { Err(TlsError::Empty { path: path.to_owned() }) } else { Ok(chain) }
}

/// The process has one provider; whoever comes first installs it.
fn provider() -> Arc<CryptoProvider> {
    if let Some(installed) = CryptoProvider::get_default() {
        return installed.clone();
    }
    let ours = rustls::crypto::ring::default_provider();
    match ours.install_default() {
        Ok(()) => {}
        Err(_already) => tracing::trace!("another thread installed the provider"),
    }
    CryptoProvider::get_default().cloned().unwrap_or_else(|| Arc::new(rustls::crypto::ring::default_provider()))
}

/// TLS 1.2 and 1.3, HTTP/2 preferred, stateless tickets whose key lives as long as the process.
pub fn server_config(certificates: Arc<Certificates>) -> Result<Arc<ServerConfig>, TlsError> {
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
        .with_no_client_auth()
        .with_cert_resolver(certificates);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.ticketer = rustls::crypto::ring::Ticketer::new()?;
    config.session_storage = ServerSessionMemoryCache::new(RESUMABLE_SESSIONS);
    Ok(Arc::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write_pair(directory: &Path, name: &str) -> (PathBuf, PathBuf) {
        let made = rcgen::generate_simple_self_signed(vec!["console.test".to_owned()]).unwrap();
        let (certificate, key) = (directory.join(format!("{name}.crt")), directory.join(format!("{name}.key")));
        std::fs::write(&certificate, made.cert.pem()).unwrap();
        std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        (certificate, key)
    }

    #[test]
    fn errors_name_the_file() {
        let directory = tempfile::tempdir().unwrap();
        let (certificate, key) = write_pair(directory.path(), "a");
        let (_, other_key) = write_pair(directory.path(), "b");
        let empty = directory.path().join("empty.pem");
        std::fs::write(&empty, "").unwrap();
        let missing = directory.path().join("missing.pem");
        let message = |certificate: &Path, key: &Path| Certificates::load(certificate, key).unwrap_err().to_string();
        assert!(message(&missing, &key).contains("missing.pem"));
        assert!(message(&empty, &key).contains("empty.pem"));
        assert!(message(&certificate, &missing).contains("missing.pem"));
        assert!(message(&certificate, &certificate).contains("a.crt"), "a certificate is not a key");
        let mismatch = message(&certificate, &other_key);
        assert!(mismatch.contains("a.crt") && mismatch.contains("b.key"), "{mismatch}");
    }

    #[test]
    fn a_reload_swaps_the_certificate_and_a_failed_one_keeps_it() {
        let directory = tempfile::tempdir().unwrap();
        let (certificate, key) = write_pair(directory.path(), "a");
        let certificates = Certificates::load(&certificate, &key).unwrap();
        let served = || certificates.current.load().cert.clone();
        let first = served();
        write_pair(directory.path(), "a");
        certificates.reload().unwrap();
        let second = served();
        assert_ne!(first, second);
        std::fs::write(&key, "not a key").unwrap();
        assert!(certificates.reload().is_err());
        assert_eq!(served(), second);
        assert!(server_config(certificates).is_ok());
    }
}
