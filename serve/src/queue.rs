//! A count of waiting calls.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// Counts the calls that wait for something that an answer holds. Cloning is cheap, and all clones
/// share one count.
#[derive(Clone, Debug, Default)]
pub struct Queue(Arc<AtomicUsize>);

impl Queue {
    /// Counts as waiting until the returned value is dropped.
    pub fn join(&self) -> QueueGuard {
        self.0.fetch_add(1, Ordering::Relaxed);
        QueueGuard(self.clone())
    }

    /// Whether no call waits.
    pub fn is_empty(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }
}

/// A waiting call, from [`Queue::join`].
#[derive(Debug)]
pub struct QueueGuard(Queue);

impl Drop for QueueGuard {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}
