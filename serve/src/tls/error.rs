//! What is wrong with a file of certificates, keys or tokens.

use std::{fmt, io, path::PathBuf, sync::Arc};

use rustls::pki_types::pem;

/// What a PEM file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PemKind {
    /// The server's certificate.
    Certificate,
    /// Its private key.
    Key,
    /// The authorities that issue client certificates.
    ClientAuthorities,
}

impl PemKind {
    /// The header of what the file must contain.
    fn header(self) -> &'static str {
        match self {
            Self::Key => "-----BEGIN PRIVATE KEY-----",
            Self::Certificate | Self::ClientAuthorities => "-----BEGIN CERTIFICATE-----",
        }
    }
}

impl fmt::Display for PemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Certificate => "certificate",
            Self::Key => "private key",
            Self::ClientAuthorities => "authority's certificate",
        })
    }
}

/// Errors in the files of a listener: certificates, keys and tokens. None of them quotes a key or a
/// token. Cloning is cheap.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The file cannot be read.
    #[error("{}: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: Arc<io::Error>,
    },
    /// The path leads to something that is not a file, such as a folder.
    #[error("{}: not a file", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// The file is empty, as one is that is just being written.
    #[error("{}: the file is empty", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The file is larger than any file of its kind.
    #[error("{}: the file has more than {most} bytes", path.display())]
    Large {
        /// The file.
        path: PathBuf,
        /// The limit.
        most: usize,
    },
    /// The file is not PEM.
    #[error("{}: {error}, expected a {kind} in PEM form ({})", path.display(), kind.header())]
    Pem {
        /// The file.
        path: PathBuf,
        /// What it must contain.
        kind: PemKind,
        /// What the parser says.
        error: Arc<pem::Error>,
    },
    /// The file is PEM, and contains other things.
    #[error("{}: there is no {kind} in this file, expected {}", path.display(), kind.header())]
    Missing {
        /// The file.
        path: PathBuf,
        /// What it must contain.
        kind: PemKind,
    },
    /// A certificate or key is malformed, of an unknown kind, expired or not valid yet.
    #[error("{}: the {kind} cannot be used: {error}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What cannot be used.
        kind: PemKind,
        /// What rustls says.
        error: rustls::Error,
    },
    /// The key is another certificate's.
    #[error("{}: this key does not belong to the certificate in {}", key.display(), certificate.display())]
    Mismatch {
        /// The key's file.
        key: PathBuf,
        /// The certificate's file.
        certificate: PathBuf,
    },
    /// rustls refuses the configuration.
    #[error("TLS configuration: {0}")]
    Config(rustls::Error),
    /// A line of a token file has another form. The line itself is not quoted, because somebody may
    /// have written a token there.
    #[error(
        "{}: line {line} has another form, expected NAME:HASH, as wufu token new prints it: a \
         name of 1 to 64 letters, digits, '.', '-' and '_', and a SHA-256 hash of 64 lower-case \
         hex digits", path.display()
    )]
    TokenLine {
        /// The file.
        path: PathBuf,
        /// The line's number, from 1.
        line: usize,
    },
    /// Two lines of a token file are about one token.
    #[error("{}: line {line} has the hash of an earlier line", path.display())]
    TokenTwice {
        /// The file.
        path: PathBuf,
        /// The line's number, from 1.
        line: usize,
    },
}
