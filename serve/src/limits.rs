//! Limits on what clients may use.

use std::time::Duration;

use rustix::process::{Resource, getrlimit};

/// Limits on what a service accepts from its clients: from all of them together, unless the field
/// says otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Open connections. The limit on open files may lower this number, because the process needs
    /// descriptors for its own files.
    pub connections: usize,
    /// How long a connection may take to send HTTP/2's greeting.
    pub greeting: Duration,
    /// How long a connection may stay open without a call. While every place is taken, this is one
    /// second. Calls for health and reflection do not count: a client that watches for longer
    /// connects again.
    pub idle: Duration,
    /// Concurrent calls on one connection, including health and reflection.
    pub streams: u32,
    /// HTTP/2's windows for a connection and for a call: how many bytes of each may have been sent
    /// without having been read.
    pub windows: (u32, u32),
    /// How long a request may take to arrive, from its headers to its last byte.
    pub receive: Duration,
    /// Bytes of requests that are being received or handled. The first call of each connection is
    /// not counted: it has memory of its own, so that no client can keep the others from being
    /// heard.
    pub in_flight: usize,
    /// Bytes of answers that are not sent yet. Beyond this limit, answers are refused.
    pub unsent: usize,
    /// How long a client may take to read the next part of an answer, and the socket to accept any
    /// bytes, before the connection is closed.
    pub stall: Duration,
    /// How long a client may take to read a whole answer.
    pub answer: Duration,
    /// Replaces `stall` and `answer` while another call waits for what the answer holds
    /// ([`crate::ResponseGuard::wanted`]).
    pub wanted: (Duration, Duration),
    /// How long calls in flight may continue after the service is told to stop.
    pub grace: Duration,
}

impl Default for Limits {
    /// A thousand connections with 64 calls each. With requests of 64 KiB, clients hold less than
    /// 256 MiB: 192 KiB for each connection, and 56 MiB that all of them share.
    fn default() -> Self {
        Self {
            connections: 1024,
            greeting: Duration::from_secs(5),
            idle: Duration::from_secs(300),
            streams: 64,
            windows: (64 * 1024, 64 * 1024),
            receive: Duration::from_secs(20),
            in_flight: 32 << 20,
            unsent: 24 << 20,
            stall: Duration::from_secs(15),
            answer: Duration::from_secs(120),
            wanted: (Duration::from_secs(2), Duration::from_secs(5)),
            grace: Duration::from_secs(7),
        }
    }
}

impl Limits {
    /// How many connections this process may have open at a time: the configured number, but at
    /// most so many that a quarter of the descriptors and 32 more stay free for the database, for
    /// files, and for connections that are being refused.
    pub(crate) fn places(&self) -> usize {
        let places = self.connections.min(descriptors().map_or(usize::MAX, spared));
        if places < self.connections {
            tracing::warn!(
                places,
                configured = self.connections,
                "the limit on open files is too low for all connections: raise it (ulimit -n)"
            );
        }
        places
    }

    /// How often a connection is checked.
    pub(crate) fn tick(&self) -> Duration {
        let shortest = self.greeting.min(self.idle).min(self.stall).min(self.answer);
        let shortest = shortest.min(self.wanted.0).min(self.wanted.1);
        (shortest / 4).clamp(Duration::from_millis(10), Duration::from_secs(1))
    }
}

fn descriptors() -> Option<u64> {
    getrlimit(Resource::Nofile).current
}

fn spared(descriptors: u64) -> usize {
    let places = descriptors.saturating_sub(descriptors / 4 + 32).max(1);
    usize::try_from(places).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of docs/failures.md: 40.
    #[test]
    fn descriptors_are_kept_for_the_database() {
        for (descriptors, places) in [(1024, 736), (256, 160), (64, 16), (32, 1), (0, 1)] {
            assert_eq!(spared(descriptors), places, "{descriptors}");
        }
        assert!(Limits::default().places() <= 1024);
    }
}
