//! Which servers a client believes.

use std::{
    fmt,
    str::FromStr,
    sync::{Arc, OnceLock},
};

use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use sha2::{Digest as _, Sha256};
use wufu_verifier::encoding::hex::{self, Hex};

/// The SHA-256 hash of a public key, in the form in which a certificate holds it
/// (SubjectPublicKeyInfo, DER). A pinned server has this key, whoever issued its certificate.
///
/// # Shapes
/// As text: `sha256:` and 64 hex digits. This prints it for a certificate:
/// `openssl x509 -in cert.pem -noout -pubkey | openssl pkey -pubin -outform der | sha256sum`
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKeyHash(pub [u8; 32]);

impl PublicKeyHash {
    /// Hashes a public key in DER form (SubjectPublicKeyInfo).
    pub fn of(der: &[u8]) -> Self {
        Self(Sha256::digest(der).into())
    }
}

impl fmt::Display for PublicKeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", Hex(&self.0))
    }
}

impl fmt::Debug for PublicKeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for PublicKeyHash {
    type Err = TrustError;

    fn from_str(text: &str) -> Result<Self, TrustError> {
        let digits = text.strip_prefix("sha256:").ok_or(TrustError::Pin)?;
        let mut hash = [0; 32];
        hex::decode(digits.as_bytes(), &mut hash).map_err(|_| TrustError::Pin)?;
        Ok(Self(hash))
    }
}

/// Errors in what a client is told to trust.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// The text is not a pinned key.
    #[error("the pinned key has another form, expected sha256: and 64 hex digits")]
    Pin,
    /// The file has no certificate.
    #[error("there is no certificate, expected -----BEGIN CERTIFICATE-----")]
    NoCertificate,
    /// The file is not PEM.
    #[error("{0}, expected certificates in PEM form")]
    Pem(String),
    /// A certificate is malformed.
    #[error("certificate {number} cannot be used: {error}")]
    Certificate {
        /// The certificate's number in its file, from 1.
        number: usize,
        /// Why it cannot be used.
        error: rustls::Error,
    },
    /// The file has no private key, or one of an unknown kind.
    #[error("the private key cannot be used: {0}")]
    Key(String),
    /// The system has no certificate authorities.
    #[error("this system has no certificate authorities{0}")]
    NoSystem(String),
}

/// The certificate authorities whose certificates are accepted.
#[derive(Clone)]
pub struct Authorities(pub(crate) Arc<RootCertStore>);

impl Authorities {
    /// The authorities in a PEM file, and no others.
    ///
    /// # Errors
    /// Returns an error if the file has no certificate, or one that is malformed.
    pub fn from_pem(pem: &[u8]) -> Result<Self, TrustError> {
        let mut roots = RootCertStore::empty();
        for (number, certificate) in (1..).zip(CertificateDer::pem_slice_iter(pem)) {
            let certificate = certificate.map_err(|error| TrustError::Pem(error.to_string()))?;
            let added = roots.add(certificate);
            added.map_err(|error| TrustError::Certificate { number, error })?;
        }
        if roots.is_empty() { Err(TrustError::NoCertificate) } else { Ok(Self(Arc::new(roots))) }
    }

    /// The authorities that this process trusts: those of [`trust_only`], or else the system's.
    pub(crate) fn of_process() -> Result<Self, TrustError> {
        static SYSTEM: OnceLock<Result<Authorities, TrustError>> = OnceLock::new();
        match ONLY.get() {
            Some(only) => Ok(only.clone()),
            None => SYSTEM.get_or_init(Self::of_system).clone(),
        }
    }

    fn of_system() -> Result<Self, TrustError> {
        let found = rustls_native_certs::load_native_certs();
        let mut roots = RootCertStore::empty();
        // Systems have old certificates that rustls cannot read; the others count.
        roots.add_parsable_certificates(found.certs);
        if roots.is_empty() {
            let why = found.errors.first().map_or_else(String::new, |error| format!(": {error}"));
            return Err(TrustError::NoSystem(why));
        }
        Ok(Self(Arc::new(roots)))
    }
}

impl fmt::Debug for Authorities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Authorities").field(&self.0.len()).finish()
    }
}

static ONLY: OnceLock<Authorities> = OnceLock::new();

/// From here on, this process trusts these authorities in place of the system's. Only a program
/// calls this, as it starts; the first call counts. Returns whether this was the first.
pub fn trust_only(authorities: Authorities) -> bool {
    ONLY.set(authorities).is_ok()
}
