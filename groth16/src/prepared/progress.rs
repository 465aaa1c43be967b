//! Progress of preparing a key.

use std::sync::atomic::{AtomicUsize, Ordering};

/// A step of the preparation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Transforming the points.
    Points,
    /// Computing the tables.
    Tables,
}

/// How far the preparation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The current step.
    pub step: Step,
    /// Number of finished points.
    pub done: usize,
    /// Number of all points.
    pub total: usize,
}

/// Counts points on several threads.
pub(super) struct Counter<'a> {
    step: Step,
    total: usize,
    done: AtomicUsize,
    tell: &'a (dyn Fn(Progress) + Sync),
}

impl<'a> Counter<'a> {
    pub(super) fn new(step: Step, total: usize, tell: &'a (dyn Fn(Progress) + Sync)) -> Self {
        tell(Progress { step, done: 0, total });
        Self { step, total, done: AtomicUsize::new(0), tell }
    }

    pub(super) fn tick(&self) -> impl Fn(usize) + Sync + '_ {
        |count| {
            let done = self.done.fetch_add(count, Ordering::Relaxed) + count;
            (self.tell)(Progress { step: self.step, done, total: self.total });
        }
    }
}
