//! What connections to one console over TLS trust and show: its own authority, and the certificate of the gateway. Files are
//! read once, at the start, and refused there: Pingora would panic on what it cannot read.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use pingora::{
    protocols::tls::CaType,
    upstreams::peer::HttpPeer,
    utils::tls::{CertKey, WrappedX509, parse_x509},
};
use rustls::{
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem, pem::PemObject as _},
    sign::CertifiedKey,
};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::config;

/// Why a file of a console cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConsoleTlsError {
    /// It is not PEM, or not there.
    #[error("{}: {source}", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: pem::Error,
    },
    /// It holds no certificate that can be read.
    #[error("{}: no certificate in the file, or one that cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
    },
    /// Certificate and key do not belong together, or the key is of a kind nobody can use.
    #[error("{}: {source}", key.display())]
    Pair {
        /// The private key.
        key: PathBuf,
        /// What does not fit.
        source: rustls::Error,
    },
}

/// Of one console.
#[derive(Clone, Debug, Default)]
pub(super) struct ConsoleTls {
    /// `None`: the public ones.
    authorities: Option<Arc<CaType>>,
    shown: Option<Arc<CertKey>>,
}

impl ConsoleTls {
    /// Reads the files.
    pub(super) fn load(config: &config::Upstream) -> Result<Self, ConsoleTlsError> {
        let authorities = match &config.ca {
            None => None,
            Some(path) => Some(Arc::from(wrapped(path, certificates(path)?)?)),
        };
        let shown = match &config.client_certificate {
            None => None,
            Some((certificate, key)) => Some(Arc::new(pair(certificate, key)?)),
        };
        Ok(Self { authorities, shown })
    }

    /// Puts them into a connection.
    pub(super) fn equip(&self, peer: &mut HttpPeer) {
        peer.options.ca.clone_from(&self.authorities);
        peer.client_cert_key.clone_from(&self.shown);
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, ConsoleTlsError> {
    let pem = |source| ConsoleTlsError::Pem { path: path.to_owned(), source };
    let all = CertificateDer::pem_file_iter(path).map_err(pem)?.collect::<Result<Vec<_>, _>>().map_err(pem)?;
    if all.is_empty() { Err(ConsoleTlsError::Unreadable { path: path.to_owned() }) } else { Ok(all) }
}

fn wrapped(path: &Path, all: Vec<CertificateDer<'static>>) -> Result<Vec<WrappedX509>, ConsoleTlsError> {
    let readable = |der: CertificateDer<'static>| {
        X509Certificate::from_der(&der).is_ok().then(|| WrappedX509::new(der.to_vec(), parse_x509))
    };
    let all = all.into_iter().map(readable).collect::<Option<Vec<_>>>();
    all.ok_or_else(|| ConsoleTlsError::Unreadable { path: path.to_owned() })
}

fn pair(certificate: &Path, key: &Path) -> Result<CertKey, ConsoleTlsError> {
    let chain = certificates(certificate)?;
    let private =
        PrivateKeyDer::from_pem_file(key).map_err(|source| ConsoleTlsError::Pem { path: key.to_owned(), source })?;
    let bytes = private.secret_der().to_vec();
    CertifiedKey::from_der(chain.clone(), private, &ring::default_provider())
        .map_err(|source| ConsoleTlsError::Pair { key: key.to_owned(), source })?;
    wrapped(certificate, chain.clone())?;
    Ok(CertKey::new(chain.into_iter().map(|der| der.to_vec()).collect(), bytes))
}
