//! Who makes a call, as far as a service knows.

use std::{fmt, sync::Arc};

use rustls::{pki_types::CertificateDer, server::ParsedCertificate};
use sha2::{Digest as _, Sha256};

/// Who makes a call. Every request has it in its extensions, so that a service can be fair between
/// its clients. It holds a name, and no secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Principal {
    /// The service knows nothing about the caller. It is the only value that a dealer or an
    /// evaluator sees.
    #[default]
    Unknown,
    /// The caller showed a token. This is the name that the operator gave it.
    Token(Arc<str>),
    /// The caller showed a certificate. This is the SHA-256 hash of its public key, which stays
    /// the same when the certificate is renewed.
    Certificate([u8; 32]),
}

impl Principal {
    /// The owner of a chain of certificates, whose first one is the client's.
    pub(crate) fn of_certificate(chain: &[CertificateDer<'_>]) -> Self {
        let parsed = chain.first().and_then(|leaf| ParsedCertificate::try_from(leaf).ok());
        parsed.map_or(Self::Unknown, |parsed| {
            Self::Certificate(Sha256::digest(parsed.subject_public_key_info()).into())
        })
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("unknown"),
            Self::Token(name) => write!(f, "token {name}"),
            Self::Certificate(hash) => {
                f.write_str("certificate ")?;
                hash.iter().take(8).try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }
    }
}
