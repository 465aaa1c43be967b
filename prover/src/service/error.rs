//! Why a service ended otherwise than asked.

use std::time::Duration;

use super::blind::config::ClientIdentity;

/// Why the service ended otherwise than asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The threads could not be made.
    #[error("proving threads: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
    /// The transport failed.
    #[error(transparent)]
    Serve(#[from] wufu_serve::ServeError),
    /// Work was still going on when the grace time was over. It stops at its next stage.
    #[error("work was going on {0:?} after the service was told to end")]
    Grace(Duration),
    /// A client identity is configured for a role that must not know its clients.
    #[error(
        "a {role} takes no client identity, and {identity} is configured: it would join what both servers know of a client"
    )]
    Identity {
        /// The role.
        role: &'static str,
        /// What is configured.
        identity: ClientIdentity,
    },
}
