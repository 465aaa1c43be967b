//! Configuration of a dealer or an evaluator.

use std::{fmt, time::Duration};

use crate::service::limits::Limits;

/// One call for the job, and some for health and reflection.
const STREAMS: u32 = 4;

/// How a client could be identified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientIdentity {
    /// Not at all.
    #[default]
    None,
    /// By a certificate.
    Certificate,
    /// By a token that the client sends.
    Bearer,
}

impl fmt::Display for ClientIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Certificate => "a client certificate",
            Self::Bearer => "a bearer token",
        })
    }
}

/// Configuration of a dealer or an evaluator.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// Limits on the work. (The protocol fixes the largest request.)
    pub limits: Limits,
    /// The most bytes of masked numbers that are held at one time.
    pub held: usize,
    /// How long an evaluator waits for all bytes of a job. Until they have arrived, the job takes
    /// memory, but no worker.
    pub receive: Duration,
    /// How the transport in front of the service identifies clients. Any value other than
    /// [`ClientIdentity::None`] is an error at start: silently ignoring it would mislead whoever
    /// set it.
    pub identity: ClientIdentity,
}

impl Default for Config {
    /// [`Limits::default`] with 256 connections; 256 MiB of masked numbers, of which a Five Fu job
    /// takes 2.1 MB; 20 seconds to receive, which is about 0.9 Mbit/s.
    fn default() -> Self {
        let mut limits = Limits::default();
        limits.serve.connections = 256;
        limits.serve.streams = STREAMS;
        let receive = Duration::from_secs(20);
        Self { limits, held: 256 << 20, receive, identity: ClientIdentity::None }
    }
}
