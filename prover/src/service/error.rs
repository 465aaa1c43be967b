//! Errors of the running service.

use std::time::Duration;

use super::blind::config::ClientIdentity;

/// Errors that stop the service.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The threads could not be made.
    #[error("proving threads: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
    /// The transport failed.
    #[error(transparent)]
    Serve(#[from] wufu_serve::ServeError),
    /// Work was still running when the grace time was over. It stops before its next stage.
    #[error("work was still running {0:?} after the service was told to stop")]
    Grace(Duration),
    /// A client identity is configured for a role that must not identify its clients.
    #[error(
        "a {role} must not identify its clients, but {identity} is configured: it would link what \
         both servers know about a client"
    )]
    Identity {
        /// The role.
        role: &'static str,
        /// The configured identity.
        identity: ClientIdentity,
    },
}
