//! Whether a client reads what it is answered.

use std::sync::{
    Mutex, PoisonError, Weak,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

use tokio::time::Instant;

use crate::{answer::Queue, limits::Limits};

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
    // Who waits for what the answer holds.
    queue: Queue,
    // Bytes that the handler gave and the socket has not taken.
    unsent: AtomicUsize,
    // When the first of them came, and when the transport last asked for more.
    since: AtomicU64,
    moved: AtomicU64,
}

impl Flow {
    pub(crate) fn new(queue: Queue) -> Self {
        let (unsent, none) = (AtomicUsize::new(0), || AtomicU64::new(0));
        Self { queue, unsent, since: none(), moved: none() }
    }

    /// The handler gave bytes.
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

    /// The transport is through with bytes.
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

/// The answers of one connection. Those that are gone are forgotten at the next look.
#[derive(Debug, Default)]
pub(crate) struct Flows(Mutex<Vec<Weak<Flow>>>);

impl Flows {
    pub(crate) fn add(&self, flow: Weak<Flow>) {
        let mut flows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        flows.retain(|flow| flow.strong_count() > 0);
        flows.push(flow);
    }

    /// Whether the client has left one of them lying.
    pub(crate) fn are_stuck(&self, limits: &Limits, now: u64) -> bool {
        let flows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        flows.iter().filter_map(Weak::upgrade).any(|flow| flow.is_stuck(limits, now))
    }
}
