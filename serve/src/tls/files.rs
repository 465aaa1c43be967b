//! The files of a TLS server.

use std::path::PathBuf;

/// Which clients must show a certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientCertificates {
    /// None is asked for, so a client's certificate never reaches the service.
    #[default]
    Unasked,
    /// Every connection needs one that an authority in this file has issued.
    Required(PathBuf),
    /// Only callers of restricted methods need one; see [`Method`](crate::Method). Others may
    /// connect without.
    ForRestricted(PathBuf),
}

/// The files of a TLS server, all in PEM form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The server's certificate, followed by those of the authorities between it and the root.
    pub certificate: PathBuf,
    /// The certificate's private key.
    pub key: PathBuf,
    /// Which clients must show a certificate, and who issues them.
    pub clients: ClientCertificates,
    /// Accept HTTP/1.1 as well, which browsers may need. gRPC itself needs HTTP/2.
    pub http1: bool,
}

impl TlsFiles {
    /// A server that asks no client for a certificate, and speaks only HTTP/2.
    pub fn new(certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        let (certificate, key) = (certificate.into(), key.into());
        Self { certificate, key, clients: ClientCertificates::default(), http1: false }
    }
}
