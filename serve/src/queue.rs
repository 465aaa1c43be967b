//! How many calls wait.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// How many calls wait for something that answers hold. Cheap to clone: every clone is the same queue.
#[derive(Clone, Debug, Default)]
pub struct Queue(Arc<AtomicUsize>);

impl Queue {
    /// Joins the queue until the value is dropped.
    pub fn join(&self) -> QueueGuard {
        self.0.fetch_add(1, Ordering::Relaxed);
        QueueGuard(self.clone())
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }
}

/// A call that waits, from [`Queue::join`].
#[derive(Debug)]
pub struct QueueGuard(Queue);

impl Drop for QueueGuard {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}
