//! How far a key's preparation is.

use std::sync::atomic::{AtomicUsize, Ordering};

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The points are transformed.
    Points,
    /// The tables are computed.
    Tables,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub step: Step,
    /// Points that are done.
    pub done: usize,
    /// Points that there are.
    pub total: usize,
}

/// Counts points from several threads.
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
