//! Why there is no TLS connection.

use std::{fmt, io};

use rustls::{AlertDescription, CertificateError, Error};

use super::trust::{PublicKeyHash, TrustError};

/// Errors of a TLS connection, seen from the client.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsClientError {
    /// Nobody answers at this address.
    #[error("no connection to {host}:{port}: {error}")]
    Connect {
        /// The host.
        host: String,
        /// The port.
        port: u16,
        /// What the system says.
        error: io::Error,
    },
    /// The host is neither a DNS name nor an address.
    #[error("{host} is neither a name nor an address")]
    Host {
        /// The host.
        host: String,
    },
    /// The client does not know whom to trust.
    #[error("{0}: name a file with the certificate of the server's authority")]
    Trust(#[from] TrustError),
    /// The server's certificate is not accepted.
    #[error("the certificate of {host} is not accepted: {fault}")]
    Certificate {
        /// The host.
        host: String,
        /// Why, and what to do.
        fault: CertificateFault,
    },
    /// The server refused the client.
    #[error("{host} refused the connection: {}", refused(*alert))]
    Refused {
        /// The host.
        host: String,
        /// What the server said.
        alert: AlertDescription,
    },
    /// The server at this address does not speak TLS, or not this version.
    #[error("{host} does not speak TLS 1.3: {error}")]
    Protocol {
        /// The host.
        host: String,
        /// What rustls says.
        error: Error,
    },
    /// The server speaks TLS, but does not speak HTTP/2.
    #[error("{host} speaks TLS, but not HTTP/2: this is a server of another kind")]
    NotHttp2 {
        /// The host.
        host: String,
    },
    /// The client's own certificate cannot be used.
    #[error("the client's certificate: {0}")]
    Own(Error),
}

/// Why a server's certificate is not accepted, and what to do.
#[derive(Debug)]
#[non_exhaustive]
pub enum CertificateFault {
    /// It has expired.
    Expired,
    /// It is not valid yet.
    Early,
    /// No trusted authority issued it.
    Issuer,
    /// It is an authority's own certificate, as self-signed ones often are.
    Authority,
    /// It is for other names.
    Name {
        /// The names in the certificate.
        presented: Vec<String>,
    },
    /// The server has another key than the pinned one.
    Pin {
        /// The hash of the server's key.
        got: PublicKeyHash,
        /// The pinned hash.
        expected: PublicKeyHash,
    },
    /// Another reason.
    Other(CertificateError),
}

impl fmt::Display for CertificateFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired => f.write_str(
                "it has expired: its operator must renew it (or the clock here is wrong)",
            ),
            Self::Early => f.write_str("it is not valid yet: the clock here or there is wrong"),
            Self::Issuer => f.write_str(
                "no authority that is trusted here has issued it: name its authority's file, or \
                 pin the server's key",
            ),
            Self::Authority => f.write_str(
                "it is an authority's own certificate (self-signed): pin the server's key, or have \
                 a certificate issued for the server",
            ),
            Self::Name { presented } if presented.is_empty() => {
                f.write_str("it names no host, expected this one")
            }
            Self::Name { presented } => {
                write!(f, "it is for {}, expected this host's name", presented.join(", "))
            }
            Self::Pin { got, expected } => write!(
                f,
                "the server's key is {got}, expected the pinned {expected}: either the operator \
                 has changed the key, or this is another server"
            ),
            Self::Other(error) => error.fmt(f),
        }
    }
}

fn refused(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::CertificateRequired => "it requires a client certificate".into(),
        AlertDescription::UnknownCA | AlertDescription::BadCertificate => {
            "it does not accept this client's certificate".into()
        }
        AlertDescription::CertificateExpired => "this client's certificate has expired".into(),
        AlertDescription::NoApplicationProtocol => "it does not speak HTTP/2".into(),
        alert => format!("{alert:?}"),
    }
}

/// The pinned key is not the server's.
#[derive(Debug)]
pub(super) struct PinMismatch {
    pub(super) got: PublicKeyHash,
    pub(super) expected: PublicKeyHash,
}

impl fmt::Display for PinMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the server's key is {}, expected {}", self.got, self.expected)
    }
}

impl std::error::Error for PinMismatch {}

impl TlsClientError {
    /// The error for a handshake that failed.
    pub(super) fn of_handshake(host: &str, port: u16, error: io::Error) -> Self {
        let host = host.to_owned();
        let tls = error.get_ref().and_then(|error| error.downcast_ref::<Error>()).cloned();
        match tls {
            None => Self::Connect { host, port, error },
            Some(Error::InvalidCertificate(error)) => {
                Self::Certificate { host, fault: fault(error) }
            }
            Some(Error::AlertReceived(alert)) => Self::Refused { host, alert },
            Some(error) => Self::Protocol { host, error },
        }
    }
}

fn fault(error: CertificateError) -> CertificateFault {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            CertificateFault::Expired
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            CertificateFault::Early
        }
        CertificateError::UnknownIssuer => CertificateFault::Issuer,
        CertificateError::NotValidForName => CertificateFault::Name { presented: Vec::new() },
        CertificateError::NotValidForNameContext { presented, .. } => {
            CertificateFault::Name { presented }
        }
        CertificateError::Other(other) => match other.0.downcast_ref::<PinMismatch>() {
            Some(pin) => CertificateFault::Pin { got: pin.got, expected: pin.expected },
            // The error's type is the library's own.
            None if format!("{:?}", other.0).contains("CaUsedAsEndEntity") => {
                CertificateFault::Authority
            }
            None => CertificateFault::Other(CertificateError::Other(other)),
        },
        error => CertificateFault::Other(error),
    }
}
