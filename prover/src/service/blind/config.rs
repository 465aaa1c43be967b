//! How a dealer or an evaluator is run.

use std::{fmt, time::Duration};

use crate::service::limits::Limits;

/// One call, and room for health and reflection.
const STREAMS: u32 = 4;

/// How a client might be known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientIdentity {
    /// Not at all.
    #[default]
    None,
    /// By a certificate.
    Certificate,
    /// By a token that it shows.
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

/// How a dealer or an evaluator is run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// What it takes on. (The largest request is what the protocol says.)
    pub limits: Limits,
    /// Masked numbers that are held at the same time, in bytes.
    pub held: usize,
    /// How long an evaluator waits for all of a job's bytes. Until they are there the job takes
    /// memory and no worker's time.
    pub receive: Duration,
    /// How the transport in front of it knows clients. Anything but [`ClientIdentity::None`] is an
    /// error at the start, and not passed over: who asks for it should learn why there is none.
    pub identity: ClientIdentity,
}

impl Default for Config {
    /// [`Limits::default`] with 256 connections; 256 MiB, of which a job of Five Fu takes 2.1 MB;
    /// 20 seconds, some 0.9 Mbit/s.
    fn default() -> Self {
        let mut limits = Limits::default();
        limits.serve.connections = 256;
        limits.serve.streams = STREAMS;
        let receive = Duration::from_secs(20);
        Self { limits, held: 256 << 20, receive, identity: ClientIdentity::None }
    }
}
