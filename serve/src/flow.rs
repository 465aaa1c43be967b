//! Whether a client reads its answers.

use std::sync::{
    Mutex, PoisonError, Weak,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

use tokio::time::Instant;

use crate::{limits::Limits, queue::Queue};

/// Milliseconds since a connection was accepted.
#[derive(Debug)]
pub(crate) struct Clock(Instant);

impl Clock {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn now(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// One answer on its way.
#[derive(Debug)]
pub(crate) struct Flow {
    // The calls that wait for what this answer holds.
    queue: Queue,
    // Bytes from the handler that the socket has not taken.
    unsent: AtomicUsize,
    // When the first of these bytes came, and when the transport last asked for more.
    since: AtomicU64,
    moved: AtomicU64,
}

impl Flow {
    pub(crate) fn new(queue: Queue) -> Self {
        let (unsent, none) = (AtomicUsize::new(0), || AtomicU64::new(0));
        Self { queue, unsent, since: none(), moved: none() }
    }

    /// The handler produced bytes.
    pub(crate) fn gave(&self, bytes: usize, now: u64) {
        if self.unsent.fetch_add(bytes, Ordering::Relaxed) == 0 {
            self.since.store(now, Ordering::Relaxed);
        }
        self.moved(now);
    }

    /// The transport asked for more.
    pub(crate) fn moved(&self, now: u64) {
        self.moved.store(now, Ordering::Relaxed);
    }

    /// The transport has finished with bytes.
    pub(crate) fn sent(&self, bytes: usize) {
        self.unsent.fetch_sub(bytes, Ordering::Relaxed);
    }

    fn is_stuck(&self, limits: &Limits, now: u64) -> bool {
        let longer = |since: &AtomicU64, limit: std::time::Duration| {
            u128::from(now.saturating_sub(since.load(Ordering::Relaxed))) > limit.as_millis()
        };
        let (mut stall, mut answer) = (limits.stall, limits.answer);
        if !self.queue.is_empty() {
            (stall, answer) = (stall.min(limits.wanted.0), answer.min(limits.wanted.1));
        }
        self.unsent.load(Ordering::Relaxed) > 0
            && (longer(&self.moved, stall) || longer(&self.since, answer))
    }
}

/// The answers of one connection. Finished ones are dropped at the next check.
#[derive(Debug, Default)]
pub(crate) struct Flows(Mutex<Vec<Weak<Flow>>>);

impl Flows {
    pub(crate) fn add(&self, flow: Weak<Flow>) {
        let mut flows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        flows.retain(|flow| flow.strong_count() > 0);
        flows.push(flow);
    }

    /// Whether the client has stopped reading one of its answers.
    pub(crate) fn are_stuck(&self, limits: &Limits, now: u64) -> bool {
        let flows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        flows.iter().filter_map(Weak::upgrade).any(|flow| flow.is_stuck(limits, now))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Rows of docs/failures.md: 40.
    /// A client that read a byte now and then once kept an answer, and what it held, for ever.
    #[test]
    fn an_answer_that_moves_but_never_ends_is_stuck() {
        let limits = Limits {
            stall: Duration::from_secs(10),
            answer: Duration::from_secs(60),
            ..Limits::default()
        };
        let flow = Flow::new(Queue::default());
        flow.gave(100, 5_000);
        for now in (5_000..=65_000).step_by(5_000) {
            flow.moved(now);
            assert!(!flow.is_stuck(&limits, now + 4_000) || now + 4_000 > 65_000, "{now}");
        }
        assert!(flow.is_stuck(&limits, 65_001));
        // Neither an answer that was sent nor one that has paused for less than the limit is stuck.
        flow.sent(100);
        assert!(!flow.is_stuck(&limits, 1_000_000));
        flow.gave(100, 1_000_000);
        assert!(!flow.is_stuck(&limits, 1_010_000) && flow.is_stuck(&limits, 1_010_001));
    }
}
