//! Metrics of the services: what is measured, and how it is read.
//!
//! Everything goes through the facade `metrics`, whose recorder belongs to the process. Without a
//! recorder, which [`install`] sets, nothing is kept and recording costs next to nothing.
//!
//! Label values come from closed sets: methods from the service's descriptors, codes from gRPC,
//! reasons from [`Reason`]. A path that no service has counts as `other`. So no metric can hold
//! what a client sent, or tell clients apart.

mod catalogue;
mod endpoint;
mod methods;
mod outcome;
mod process;

use std::time::Duration;

use metrics::{counter, gauge, histogram};

pub use catalogue::{ALL, Kind, Metric, names, table};
pub use endpoint::{EndpointLimits, Exporter, InstallError, install, serve};
pub(crate) use methods::MethodNames;
pub(crate) use outcome::Outcome;

use names as n;

/// Why a request or a connection was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// Every place for a connection is taken.
    Connections,
    /// The memory limit for calls in flight is reached.
    Memory,
    /// The queue for work is full, or the wait would be too long.
    Queue,
    /// The deadline passed, or would have passed before the work is done.
    Deadline,
    /// The service is shutting down.
    Ending,
    /// The caller has no valid token or certificate.
    Identity,
    /// The request identifies its caller to a role that must not know.
    Linkable,
    /// The request is too large.
    Size,
    /// The request did not arrive in time.
    Slow,
    /// The request is malformed.
    Malformed,
    /// The statement is false, or the claim does not verify.
    False,
    /// No key, log or entry has this name.
    Unknown,
    /// The database failed.
    Storage,
}

impl Reason {
    /// All reasons.
    pub const ALL: [Self; 13] = [
        Self::Connections,
        Self::Memory,
        Self::Queue,
        Self::Deadline,
        Self::Ending,
        Self::Identity,
        Self::Linkable,
        Self::Size,
        Self::Slow,
        Self::Malformed,
        Self::False,
        Self::Unknown,
        Self::Storage,
    ];

    /// The value of the label `reason`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::Memory => "memory",
            Self::Queue => "queue",
            Self::Deadline => "deadline",
            Self::Ending => "ending",
            Self::Identity => "identity",
            Self::Linkable => "linkable",
            Self::Size => "size",
            Self::Slow => "slow",
            Self::Malformed => "malformed",
            Self::False => "false",
            Self::Unknown => "unknown",
            Self::Storage => "storage",
        }
    }
}

/// Counts a refusal.
pub fn refused(reason: Reason) {
    counter!(n::REFUSALS, "reason" => reason.as_str()).increment(1);
}

/// Records how long a request waited for a worker.
pub fn queue_wait(time: Duration) {
    histogram!(n::QUEUE_WAIT).record(time.as_secs_f64());
}

/// Records how long a stage of a job took. Both names must come from closed sets.
pub fn stage(circuit: &'static str, stage: &'static str, time: Duration) {
    histogram!(n::STAGE, "circuit" => circuit, "stage" => stage).record(time.as_secs_f64());
}

/// Counts finished jobs of a circuit: proofs, tokens or sums.
pub fn jobs(circuit: &'static str, kind: &'static str, count: u64) {
    counter!(n::JOBS, "circuit" => circuit, "kind" => kind).increment(count);
}

/// Sets how much memory a circuit's key takes, with its tables.
pub fn key_bytes(circuit: &'static str, bytes: usize) {
    gauge!(n::KEY_BYTES, "circuit" => circuit).set(bytes as f64);
}

/// Sets what is true from the start: the version, and zero for every refusal and condition, so that
/// a rate is defined before the first one happens.
pub(crate) fn start(role: &'static str) {
    gauge!(n::BUILD, "version" => env!("CARGO_PKG_VERSION"), "role" => role).set(1.0);
    for reason in Reason::ALL {
        counter!(n::REFUSALS, "reason" => reason.as_str()).increment(0);
    }
    for condition in crate::Condition::ALL {
        gauge!(n::CONDITION, "condition" => condition.as_str()).increment(0.0);
    }
    counter!(n::CONNECTIONS_TOTAL).increment(0);
    for name in [n::CONNECTIONS, n::IN_FLIGHT, n::IN_FLIGHT_BYTES, n::UNSENT_BYTES] {
        gauge!(name).increment(0.0);
    }
}
