//! The files a configuration names. Reading the configuration does not need them; starting the gateway does. Their
//! contents are never shown.

use std::{fs, path::Path};

use rustls::{
    RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    sign::CertifiedKey,
};

use super::{
    problem::Report,
    raw,
    read::{At, OneOrMany},
    value::FilePath,
};

type Chain = Vec<CertificateDer<'static>>;

/// What is wrong with the certificate and key files, at the keys that name them.
pub(super) fn check(root: &raw::Root, directory: &Path, report: &mut Report<'_>) {
    if let Some(At { value: listen, .. }) = &root.listen {
        let files = |list: &Option<At<OneOrMany<FilePath>>>| list.as_ref().map_or(Vec::new(), |at| at.value.0.clone());
        let mut keys = files(&listen.private_key).into_iter();
        for certificate in files(&listen.certificate) {
            let named = keys.next();
            let chain = holds("listen.certificate", Some(&certificate), directory, CERTIFICATE, report);
            let key = holds("listen.private_key", named.as_ref(), directory, PRIVATE_KEY, report);
            if let (Some(chain), Some(key)) = (chain, key)
                && let Err(error) = CertifiedKey::from_der(chain, key, &ring::default_provider())
            {
                let span = named.as_ref().and_then(|key| key.span.as_ref());
                report.add(span, format!("listen.private_key: cannot be used with the certificate: {error}"), None);
            }
        }
        let authorities = holds("listen.client_ca", listen.client_ca.as_ref(), directory, CERTIFICATE, report);
        let mut roots = RootCertStore::empty();
        if let Some(Err(error)) = authorities.map(|all| all.into_iter().try_for_each(|one| roots.add(one))) {
            let span = listen.client_ca.as_ref().and_then(|ca| ca.span.as_ref());
            report.add(span, format!("listen.client_ca: cannot be used as an authority: {error}"), None);
        }
    }
    if let Some(At { value: branding, .. }) = &root.branding
        && let Some(named) = &branding.logo
        && let Err(error) = super::Logo::read(&directory.join(&named.value.0))
    {
        report.add(named.span.as_ref(), format!("branding.logo: {}: {error}", named.value.0.display()), None);
    }
    if let Some(At { value: admin, .. }) = &root.admin
        && let Some(group) = &admin.group
        && let Err(error) = super::SystemGroup::find(&group.value.0)
    {
        let help = "make it with groupadd, or name it by its number".to_owned();
        report.add(group.span.as_ref(), format!("admin.group: {error}"), Some(help));
    }
    if let Some(At { value: asking, .. }) = &root.forward_auth
        && let Some(secret) = &asking.secret
        && !matches!(secret.value, super::ConfiguredSecret::Here(_))
    {
        match secret.value.clone().below(directory).read() {
            Ok(read) if read.expose().len() < super::forward_auth::SHORTEST => {
                super::forward_auth::too_short(secret.span.as_ref(), report);
            }
            Ok(_) => {}
            Err(error) => report.add(secret.span.as_ref(), format!("forward_auth.secret: {error}"), None),
        }
    }
    for (table, provided) in super::check::providers(root) {
        for (key, secret) in provided.secrets() {
            if let Some(secret) = secret
                && let Err(error) = secret.value.clone().below(directory).read()
            {
                report.add(secret.span.as_ref(), format!("{table}.{key}: {error}"), None);
            }
        }
    }
    for (table, provided) in super::check::providers(root) {
        holds(&format!("{table}.private_key"), provided.private_key(), directory, PRIVATE_KEY, report);
    }
    let delivery = root.delivery.as_ref().and_then(|delivery| delivery.value.ca.as_ref());
    holds("delivery.ca", delivery, directory, CERTIFICATE, report);
    for console in root.upstream.iter().flat_map(|consoles| &consoles.value.0) {
        let console = &console.value;
        holds("upstream.ca", console.ca.as_ref(), directory, CERTIFICATE, report);
        let named = console.client_certificate.as_ref();
        let chain = holds("upstream.client_certificate", named, directory, CERTIFICATE, report);
        let key = holds("upstream.client_key", console.client_key.as_ref(), directory, PRIVATE_KEY, report);
        if let (Some(chain), Some(key)) = (chain, key)
            && let Err(error) = CertifiedKey::from_der(chain, key, &ring::default_provider())
        {
            let span = console.client_key.as_ref().and_then(|key| key.span.as_ref());
            report.add(span, format!("upstream.client_key: cannot be used with the certificate: {error}"), None);
        }
        if let Some(credentials) = &console.credential {
            super::credential::check_files(&credentials.value, directory, report);
        }
    }
}

/// What a file must hold: its name for people, and how it is read.
type Kind<T> = (&'static str, fn(&[u8]) -> Option<T>);

const CERTIFICATE: Kind<Chain> = ("certificate", |pem| {
    let chain: Result<Chain, _> = CertificateDer::pem_slice_iter(pem).collect();
    chain.ok().filter(|chain| !chain.is_empty())
});

const PRIVATE_KEY: Kind<PrivateKeyDer<'static>> = ("private key", |pem| PrivateKeyDer::from_pem_slice(pem).ok());

/// What the file holds; `None` where nothing names it, or once the reason is reported.
fn holds<T>(
    key: &str,
    named: Option<&At<FilePath>>,
    directory: &Path,
    (kind, read): Kind<T>,
    report: &mut Report<'_>,
) -> Option<T> {
    let named = named?;
    let path = directory.join(&named.value.0);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) => {
            report.add(named.span.as_ref(), format!("{key}: {} cannot be read: {error}", path.display()), None);
            return None;
        }
    };
    let value = read(&bytes);
    if value.is_none() {
        let hint = "it starts with a line -----BEGIN …-----".to_owned();
        report.add(named.span.as_ref(), format!("{key}: no {kind} in PEM form in {}", path.display()), Some(hint));
    }
    value
}
