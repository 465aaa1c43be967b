//! What a prover takes on.

use std::time::Duration;

/// Largest request of a call that carries no job, in bytes.
pub(super) const SMALL: usize = 1024;

/// What a prover takes on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Proofs made at the same time.
    pub workers: usize,
    /// Threads of a proof that is alone when it begins. With others at work or waiting it has one.
    pub threads: usize,
    /// Requests that may wait for a worker.
    pub queue: usize,
    /// Largest request, in bytes.
    pub request_bytes: usize,
    /// Longest time from a request's headers to its answer, whatever its caller allows. Receiving and waiting count.
    pub time: Duration,
    /// Connections, bytes and times of the transport.
    pub serve: wufu_serve::Limits,
}

impl Default for Limits {
    /// A worker a core, all cores for who is alone; 64 that wait; 64 KiB (a donation under a policy
    /// of 4,096 projects has 40); a minute.
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            workers: cores,
            threads: cores,
            queue: 64,
            request_bytes: 64 * 1024,
            time: Duration::from_secs(60),
            serve: wufu_serve::Limits::default(),
        }
    }
}
