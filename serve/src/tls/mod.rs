//! TLS for a service that other machines may reach.
//!
//! Certificates are read again when the *contents* of their files change, so it does not matter
//! whether an operator rewrites a file or swaps a link. The whole configuration is replaced then,
//! the authorities of client certificates included. Connections that are open already keep theirs.
//!
//! No service sends session tickets or keeps sessions. A resumed session would link two connections
//! of one client, and blind mode promises that nothing does.

mod config;
mod error;
mod files;
mod transport;

use std::{fmt, sync::Arc, time::Duration};

use rustls::ServerConfig;

use crate::{repeats::Repeats, watched::Watched};
pub use error::{PemKind, TlsError};
pub use files::{ClientCertificates, TlsFiles};
pub(crate) use transport::TlsTransport;

/// The TLS side of a service. Cloning is cheap, and all clones share one configuration.
///
/// Hand it to a service with [`Incoming::with_tls`](crate::Incoming::with_tls). While the service
/// runs, the files are read again every 10 seconds.
#[derive(Clone)]
pub struct TlsServer(Arc<Inner>);

struct Inner {
    files: TlsFiles,
    config: Arc<Watched<Arc<ServerConfig>>>,
    handshakes: Repeats,
}

impl TlsServer {
    /// Reads the files.
    ///
    /// # Errors
    /// Returns an error that names the file, and says what is wrong with it.
    pub fn open(files: TlsFiles) -> Result<Self, TlsError> {
        let read = files.clone();
        let config = Watched::open("TLS certificates", config::paths(&files), move |contents| {
            config::build(&read, contents)
        })?;
        Ok(Self(Arc::new(Inner { files, config: Arc::new(config), handshakes: Repeats::new() })))
    }

    /// The same, but the files are read again this often.
    #[must_use]
    pub fn with_interval(self, interval: Duration) -> Self {
        self.0.config.set_interval(interval);
        self
    }

    /// Reads the files again now, and replaces the configuration if their contents have changed.
    /// Returns whether they have. After an error, the earlier configuration stays.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn reload(&self) -> Result<bool, TlsError> {
        self.0.config.reload()
    }

    /// Reads the files again now, and logs what came of it.
    pub fn refresh(&self) {
        self.0.config.reload_and_log();
    }

    /// Whether clients are asked for a certificate.
    pub fn asks_for_certificates(&self) -> bool {
        self.0.files.clients != ClientCertificates::Unasked
    }

    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        self.0.config.value()
    }

    pub(crate) fn watched(&self) -> Arc<Watched<Arc<ServerConfig>>> {
        self.0.config.clone()
    }

    /// Logs a handshake that failed, without its client's address.
    fn failed(&self, error: &std::io::Error) {
        let reason = error.to_string();
        if let Some(before) = self.0.handshakes.happened(&reason) {
            tracing::info!(reason, before, "a TLS handshake failed");
        }
    }
}

impl fmt::Debug for TlsServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsServer").field("files", &self.0.files).finish_non_exhaustive()
    }
}
