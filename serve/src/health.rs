//! Whether a service can do its work. Health checks and probes report it.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use tokio::sync::watch;

use crate::metrics::names;

/// Why a service cannot do its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Condition {
    /// The disk is full, or nearly.
    DiskFull,
    /// The disk failed.
    DiskFailed,
    /// Epochs cannot be closed.
    EpochsStuck,
    /// It is not known whether the last commit happened, so nothing more is accepted.
    Halted,
    /// The service is shutting down.
    Ending,
}

impl Condition {
    /// All conditions.
    pub const ALL: [Self; 5] =
        [Self::DiskFull, Self::DiskFailed, Self::EpochsStuck, Self::Halted, Self::Ending];

    /// The name, for probes and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DiskFull => "disk-full",
            Self::DiskFailed => "disk-failed",
            Self::EpochsStuck => "epochs-stuck",
            Self::Halted => "halted",
            Self::Ending => "ending",
        }
    }
}

/// The health of a service. While any condition holds, the service reports NOT_SERVING. Cloning is
/// cheap, and all clones are the same.
#[derive(Clone, Debug)]
pub struct Health(Arc<watch::Sender<BTreeSet<Condition>>>);

impl Default for Health {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(BTreeSet::new())))
    }
}

impl Health {
    /// From here on, the condition holds. Returns whether it did not hold before.
    pub fn set(&self, condition: Condition) -> bool {
        self.0.send_if_modified(|held| held.insert(condition))
    }

    /// From here on, the condition does not hold. Returns whether it held before.
    pub fn clear(&self, condition: Condition) -> bool {
        self.0.send_if_modified(|held| held.remove(&condition))
    }

    /// The conditions that hold.
    pub fn conditions(&self) -> BTreeSet<Condition> {
        self.0.borrow().clone()
    }

    /// Follows the conditions.
    pub(crate) fn watch(&self) -> watch::Receiver<BTreeSet<Condition>> {
        self.0.subscribe()
    }
}

/// The services that run in this process.
static RUNNING: Mutex<Vec<Weak<watch::Sender<BTreeSet<Condition>>>>> = Mutex::new(Vec::new());

/// A service that runs, from [`register`]. When it is dropped, the service no longer counts.
pub(crate) struct Running(Arc<watch::Sender<BTreeSet<Condition>>>);

impl Drop for Running {
    fn drop(&mut self) {
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = running.iter().position(|one| one.as_ptr() == Arc::as_ptr(&self.0)) {
            running.swap_remove(at);
        }
    }
}

/// Counts a service as running.
pub(crate) fn register(health: &Health) -> Running {
    let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    running.push(Arc::downgrade(&health.0));
    Running(health.0.clone())
}

/// The conditions of all services that run in this process. `None` if none runs.
pub(crate) fn conditions() -> Option<Vec<Condition>> {
    let running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    if running.is_empty() {
        return None;
    }
    let running = running.iter().filter_map(Weak::upgrade);
    Some(running.flat_map(|health| health.borrow().clone()).collect())
}

/// Records the conditions as metrics.
pub(crate) fn record() {
    let conditions = conditions();
    let ready = conditions.as_ref().is_some_and(Vec::is_empty);
    metrics::gauge!(names::READY).set(f64::from(u8::from(ready)));
    for condition in Condition::ALL {
        let held = conditions.iter().flatten().filter(|held| **held == condition).count();
        metrics::gauge!(names::CONDITION, "condition" => condition.as_str()).set(held as f64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of docs/failures.md: 40.
    #[test]
    fn conditions_are_set_and_cleared_one_by_one() {
        let health = Health::default();
        assert!(health.set(Condition::DiskFull) && !health.set(Condition::DiskFull));
        assert!(health.clone().set(Condition::Halted));
        assert!(health.clear(Condition::DiskFull) && !health.clear(Condition::DiskFull));
        assert_eq!(health.conditions(), BTreeSet::from([Condition::Halted]));
    }
}
