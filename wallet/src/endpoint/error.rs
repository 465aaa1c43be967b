//! Why a text is not an endpoint.

/// The text is not an endpoint that a wallet may connect to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// The text has another form.
    #[error(
        "{got:?} is not an address, expected https://HOST:PORT, http://127.0.0.1:PORT or unix:PATH"
    )]
    Form {
        /// The text.
        got: String,
    },
    /// The key that is pinned after `#` has another form.
    #[error(
        "{got:?} is not a pinned key, expected https://HOST:PORT#sha256:HEX with the 64 hex digits \
         of the hash of the server's public key"
    )]
    Pin {
        /// The text after `#`.
        got: String,
    },
    /// The address is of another machine, and has no TLS.
    #[error(
        "{host} is not this machine, and http:// would cross the network unprotected: expected \
         https://{host}, a loopback address or a Unix socket"
    )]
    Remote {
        /// The host.
        host: String,
    },
}
