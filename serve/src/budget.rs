//! Bytes that all clients share.

use std::{sync::Arc, time::Duration};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

/// What a permit stands for, in bytes.
const UNIT: usize = 1024;
/// When a client that is refused may try again.
const AGAIN: Duration = Duration::from_secs(1);

/// A number of bytes of which no more are in use than it has. Cheap to clone: every clone is the same budget.
#[derive(Clone, Debug)]
pub struct Budget(Arc<Semaphore>);

impl Budget {
    /// A budget of so many bytes.
    pub fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new((bytes / UNIT).min(Semaphore::MAX_PERMITS))))
    }

    /// Takes bytes, rounded up to KiB, until the charge is dropped.
    ///
    /// # Errors
    /// RESOURCE_EXHAUSTED if fewer are left.
    pub(crate) fn take(&self, bytes: usize) -> Result<Charge, Status> {
        let units = u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX);
        let permit = self.0.clone().try_acquire_many_owned(units);
        permit.map(Charge).map_err(|_| busy("the service holds as many bytes as it may", AGAIN))
    }

    /// Bytes that nobody uses.
    pub fn left(&self) -> usize {
        self.0.available_permits() * UNIT
    }
}

/// Bytes of a budget that are in use until this is dropped.
#[derive(Debug)]
pub(crate) struct Charge(OwnedSemaphorePermit);

impl Charge {
    /// Gives back all but so many bytes.
    pub(crate) fn shrink(&mut self, bytes: usize) {
        let more = self.0.num_permits().saturating_sub(bytes.div_ceil(UNIT));
        drop(self.0.split(more));
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.0.merge(other.0);
    }
}

/// A refusal that says when to try again.
pub fn busy(text: &str, after: Duration) -> Status {
    let details = ErrorDetails::with_retry_info(Some(after));
    Status::with_error_details(Code::ResourceExhausted, text, details)
}
