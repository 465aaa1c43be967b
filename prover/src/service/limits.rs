//! Limits on the work of a prover.

use std::time::Duration;

/// The largest request of a call that carries no job, in bytes.
pub(super) const SMALL: usize = 1024;

/// Limits on the work of a prover.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// How many proofs are made at the same time.
    pub workers: usize,
    /// How many threads a proof uses if no other request is at work or waiting when it begins.
    /// Otherwise it uses one.
    pub threads: usize,
    /// How many requests may wait for a worker.
    pub queue: usize,
    /// The largest request, in bytes.
    pub request_bytes: usize,
    /// The longest time from a request's headers to its answer, whatever deadline the caller
    /// allows. It includes receiving and waiting.
    pub time: Duration,
    /// The transport's limits.
    pub serve: wufu_serve::Limits,
}

impl Default for Limits {
    /// A worker for each core, and all cores for a proof that is alone; 64 waiting requests; 64 KiB
    /// (a donation under a policy of 4,096 projects takes 40); one minute.
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
