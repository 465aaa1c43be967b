//! Builds rustls's configuration from files.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    CertificateError, Error, RootCertStore, ServerConfig,
    crypto::CryptoProvider,
    pki_types::{
        CertificateDer, PrivateKeyDer, UnixTime,
        pem::{self, PemObject as _},
    },
    server::{
        NoServerSessionStorage, ParsedCertificate, WebPkiClientVerifier, danger::ClientCertVerifier,
    },
    version::TLS13,
};

use super::{
    error::{PemKind, TlsError},
    files::{ClientCertificates, TlsFiles},
};

/// The files that a configuration is made of, in the order in which [`build`] wants their contents.
pub(super) fn paths(files: &TlsFiles) -> Vec<PathBuf> {
    let mut paths = vec![files.certificate.clone(), files.key.clone()];
    match &files.clients {
        ClientCertificates::Unasked => {}
        ClientCertificates::Required(path) | ClientCertificates::ForRestricted(path) => {
            paths.push(path.clone());
        }
    }
    paths
}

/// Builds the configuration from the contents of [`paths`].
pub(super) fn build(files: &TlsFiles, contents: &[Vec<u8>]) -> Result<Arc<ServerConfig>, TlsError> {
    let part = |n: usize| contents.get(n).map_or(&[][..], Vec::as_slice);
    let chain = certificates(&files.certificate, PemKind::Certificate, part(0))?;
    let key = private_key(&files.key, part(1))?;
    // Ring, whatever else the program links: the process's default is not asked.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    if let Some(leaf) = chain.first() {
        check(leaf, &provider).map_err(|error| TlsError::Unusable {
            path: files.certificate.clone(),
            kind: PemKind::Certificate,
            error,
        })?;
    }
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[&TLS13])
        .map_err(TlsError::Config)?;
    let builder = match &files.clients {
        ClientCertificates::Unasked => builder.with_no_client_auth(),
        ClientCertificates::Required(path) => {
            builder.with_client_cert_verifier(verifier(path, part(2), provider, true)?)
        }
        ClientCertificates::ForRestricted(path) => {
            builder.with_client_cert_verifier(verifier(path, part(2), provider, false)?)
        }
    };
    let mut config = builder.with_single_cert(chain, key).map_err(|error| match error {
        Error::InconsistentKeys(_) => {
            TlsError::Mismatch { key: files.key.clone(), certificate: files.certificate.clone() }
        }
        error => TlsError::Unusable { path: files.key.clone(), kind: PemKind::Key, error },
    })?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    if files.http1 {
        config.alpn_protocols.push(b"http/1.1".to_vec());
    }
    // No ticket, and no session to come back to: see the module's documentation.
    config.send_tls13_tickets = 0;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    Ok(Arc::new(config))
}

fn certificates(
    path: &Path,
    kind: PemKind,
    bytes: &[u8],
) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(bytes).collect();
    let found = found.map_err(|error| pem_error(path, kind, error))?;
    if found.is_empty() {
        return Err(TlsError::Missing { path: path.to_path_buf(), kind });
    }
    Ok(found)
}

fn private_key(path: &Path, bytes: &[u8]) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_slice(bytes).map_err(|error| pem_error(path, PemKind::Key, error))
}

fn pem_error(path: &Path, kind: PemKind, error: pem::Error) -> TlsError {
    let path = path.to_path_buf();
    match error {
        pem::Error::NoItemsFound => TlsError::Missing { path, kind },
        error => TlsError::Pem { path, kind, error: Arc::new(error) },
    }
}

/// Whether the certificate is well formed and in its time.
fn check(leaf: &CertificateDer<'_>, provider: &CryptoProvider) -> Result<(), Error> {
    let parsed = ParsedCertificate::try_from(leaf)?;
    // rustls looks at the time before it looks for an issuer. There is none here, so every
    // certificate that is in its time ends with another error.
    let verified = rustls::client::verify_server_cert_signed_by_trust_anchor(
        &parsed,
        &RootCertStore::empty(),
        &[],
        UnixTime::now(),
        provider.signature_verification_algorithms.all,
    );
    match verified {
        Err(Error::InvalidCertificate(
            error @ (CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. }),
        )) => Err(error.into()),
        _ => Ok(()),
    }
}

fn verifier(
    path: &Path,
    bytes: &[u8],
    provider: Arc<CryptoProvider>,
    is_required: bool,
) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let kind = PemKind::ClientAuthorities;
    let unusable = |error| TlsError::Unusable { path: path.to_path_buf(), kind, error };
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path, kind, bytes)? {
        roots.add(certificate).map_err(unusable)?;
    }
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    let builder = if is_required { builder } else { builder.allow_unauthenticated() };
    builder.build().map_err(|error| unusable(Error::General(error.to_string())))
}
