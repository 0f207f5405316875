//! TLS of the listeners: certificates, keys and authorities are loaded and checked here, because a bad file must be a
//! clear message and never a panic, and swapped whole while connections run. A failed reload keeps what works.

mod leaf;
mod refused;
mod watch;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use arc_swap::ArcSwap;
use rustls::{
    RootCertStore, ServerConfig, SignatureScheme,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, PrivateKeyDer, pem, pem::PemObject as _},
    server::{
        ClientHello, ProducesTickets, ResolvesServerCert, ServerSessionMemoryCache, StoresServerSessions,
        VerifierBuilderError, WebPkiClientVerifier, danger::ClientCertVerifier,
    },
    sign::CertifiedKey,
};

use self::{leaf::Leaf, refused::Logged, watch::Watch};
use crate::{
    clock::Timestamp,
    config::{CertificateFiles, ClientCertificates, Hosts, Listen},
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
    /// Not a certificate of an authority.
    #[error("{}: {source}", path.display())]
    Authority {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: rustls::Error,
    },
    /// The authorities cannot judge certificates.
    #[error("{}: {source}", path.display())]
    Verifier {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: VerifierBuilderError,
    },
    /// The provider of cryptography refuses.
    #[error("TLS: {0}")]
    Provider(#[from] rustls::Error),
}

/// What the HTTPS listeners speak now, and where it comes from.
#[derive(Debug)]
pub struct Tls {
    certificates: Vec<CertificateFiles>,
    client_ca: Option<(PathBuf, ClientCertificates)>,
    current: ArcSwap<Loaded>,
    watch: Watch,
}

/// Everything that is swapped together.
#[derive(Debug)]
struct Loaded {
    server: Arc<ServerConfig>,
    leaves: Vec<Option<Leaf>>,
    authorities: Vec<CertificateDer<'static>>,
    resumption: Resumption,
}

/// How a client comes back without a whole handshake.
#[derive(Clone, Debug)]
struct Resumption {
    tickets: Arc<dyn ProducesTickets>,
    sessions: Arc<dyn StoresServerSessions>,
}

impl Resumption {
    /// Keys of tickets are new every six hours, and those before stay good for as long again.
    fn new() -> Result<Self, TlsError> {
        let tickets = rustls::crypto::ring::Ticketer::new()?;
        Ok(Self { tickets, sessions: ServerSessionMemoryCache::new(RESUMABLE_SESSIONS) })
    }
}

impl Tls {
    /// Loads what the configuration names.
    pub fn load(listen: &Listen) -> Result<Arc<Self>, TlsError> {
        let certificates = listen.certificates.clone();
        let client_ca = listen.client_ca.clone().map(|path| (path, listen.client_certificates));
        let watch = Watch::new(&certificates, client_ca.as_ref().map(|(path, _)| path));
        let current = ArcSwap::from_pointee(Loaded::read(&certificates, client_ca.as_ref(), None)?);
        Ok(Arc::new(Self { certificates, client_ca, current, watch }))
    }

    /// What a connection that begins now is held to.
    pub fn server_config(&self) -> Arc<ServerConfig> {
        self.current.load().server.clone()
    }

    /// Reads every file again. New connections get what is there now; on an error everything stays as it was.
    pub fn reload(&self) -> Result<(), TlsError> {
        self.watch.read_now();
        let now = Loaded::read(&self.certificates, self.client_ca.as_ref(), Some(&self.current.load()))?;
        self.current.store(Arc::new(now));
        Ok(())
    }

    /// The same once a file has changed and nobody writes it any more. `None`: nothing to do.
    pub fn reload_if_changed(&self) -> Option<Result<(), TlsError>> {
        self.watch.has_changed().then(|| self.reload())
    }

    /// What is worth saying of the certificates in use before browsers say it.
    pub fn warnings(&self, hosts: &Hosts, now: Timestamp) -> Vec<String> {
        said_of(self.certificates.iter().zip(&self.current.load().leaves), hosts, now)
    }
}

/// The same of the files as they are now. Those that cannot be read are for others to complain of.
pub fn warnings(listen: &Listen, hosts: &Hosts, now: Timestamp) -> Vec<String> {
    let read = |files: &CertificateFiles| load_certificates(&files.certificate).ok()?.first().and_then(Leaf::read);
    let leaves: Vec<Option<Leaf>> = listen.certificates.iter().map(read).collect();
    said_of(listen.certificates.iter().zip(&leaves), hosts, now)
}

fn said_of<'a>(
    certificates: impl Iterator<Item = (&'a CertificateFiles, &'a Option<Leaf>)>,
    hosts: &Hosts,
    now: Timestamp,
) -> Vec<String> {
    let (mut said, mut names, mut bare) = (Vec::new(), Vec::new(), hosts.names().collect::<Vec<_>>());
    let several = hosts.are_several();
    for (files, leaf) in certificates {
        let Some(leaf) = leaf else { continue };
        let warning = leaf.time_warning(now);
        said.extend(warning.map(|warning| format!("{}: {warning}", files.certificate.display())));
        if several && !hosts.names().any(|host| leaf.is_for(host)) {
            let (file, of) = (files.certificate.display(), leaf.names().join(", "));
            said.push(format!("{file}: is for none of the hosts, so nobody gets it unless it is the first: {of}"));
        }
        bare.retain(|host| !leaf.is_for(host));
        names.extend(leaf.names());
    }
    if !names.is_empty() {
        let names = names.join(", ");
        said.extend(bare.iter().map(|host| format!("no certificate is for {host}, so browsers refuse it: {names}")));
    }
    said
}

impl Loaded {
    fn read(
        certificates: &[CertificateFiles],
        client_ca: Option<&(PathBuf, ClientCertificates)>,
        before: Option<&Self>,
    ) -> Result<Self, TlsError> {
        let keys = certificates.iter().map(load_pair).collect::<Result<Vec<_>, _>>()?;
        let authorities = client_ca.map(|(path, _)| load_certificates(path)).transpose()?.unwrap_or_default();
        // Whoever comes back is not asked for a certificate again: what other authorities let in begins anew.
        let resumption = match before {
            Some(before) if before.authorities == authorities => before.resumption.clone(),
            _ => Resumption::new()?,
        };
        let builder = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?;
        let builder = match client_ca {
            None => builder.with_no_client_auth(),
            Some((path, asked)) => builder.with_client_cert_verifier(verifier(path, *asked, &authorities)?),
        };
        let leaves: Vec<_> = keys.iter().map(|key| key.end_entity_cert().ok().and_then(Leaf::read)).collect();
        let named = keys.into_iter().zip(leaves.clone()).map(|(key, leaf)| (Arc::new(key), leaf)).collect();
        let mut server = builder.with_cert_resolver(Arc::new(ByName(named)));
        // Every suite is good; scanners ask for an order all the same.
        server.ignore_client_order = true;
        server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        server.ticketer = resumption.tickets.clone();
        server.session_storage = resumption.sessions.clone();
        Ok(Self { server: Arc::new(server), leaves, authorities, resumption })
    }
}

fn verifier(
    path: &Path,
    asked: ClientCertificates,
    authorities: &[CertificateDer<'static>],
) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let mut roots = RootCertStore::empty();
    for authority in authorities {
        let path = || path.to_owned();
        roots.add(authority.clone()).map_err(|source| TlsError::Authority { path: path(), source })?;
    }
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider());
    let builder = match asked {
        ClientCertificates::Required => builder,
        ClientCertificates::Optional => builder.allow_unauthenticated(),
    };
    let verifier = builder.build().map_err(|source| TlsError::Verifier { path: path.to_owned(), source })?;
    Ok(Logged::new(verifier))
}

/// Certificates by the name the client asks for (SNI), in the order of the configuration.
#[derive(Debug)]
struct ByName(Vec<(Arc<CertifiedKey>, Option<Leaf>)>);

impl ByName {
    /// The first that is for this name and whose signature the client can check. For other names, and where none is asked
    /// for, the first of all: a request for another host gets 421.
    fn choose(&self, name: Option<&str>, schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let Self(all) = self;
        let is_for = |leaf: &Option<Leaf>| name.is_some_and(|name| leaf.as_ref().is_some_and(|leaf| leaf.is_for(name)));
        let known = all.iter().any(|(_, leaf)| is_for(leaf));
        let candidates = || all.iter().filter(|(_, leaf)| !known || is_for(leaf)).map(|(key, _)| key);
        let checked = candidates().find(|key| key.key.choose_scheme(schemes).is_some());
        checked.or_else(|| candidates().next()).cloned()
    }
}

impl ResolvesServerCert for ByName {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.choose(hello.server_name(), hello.signature_schemes())
    }
}

fn load_pair(CertificateFiles { certificate, private_key: key }: &CertificateFiles) -> Result<CertifiedKey, TlsError> {
    let chain = load_certificates(certificate)?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(|source| TlsError::Pem { path: key.clone(), source })?;
    CertifiedKey::from_der(chain, private, &provider()).map_err(|source| TlsError::Pair {
        certificate: certificate.clone(),
        key: key.clone(),
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

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
