//! A budget of bytes that all clients share.

use std::{sync::Arc, time::Duration};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::metrics::{self, Reason};

/// The bytes that one permit stands for.
const UNIT: usize = 1024;
/// How long a refused client should wait before it tries again.
const AGAIN: Duration = Duration::from_secs(1);

/// A limit on the bytes in use at one time. Cloning is cheap, and all clones share one budget.
#[derive(Clone, Debug)]
pub struct Budget(Arc<Semaphore>);

impl Budget {
    /// Creates a budget of `bytes` bytes.
    pub fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new((bytes / UNIT).min(Semaphore::MAX_PERMITS))))
    }

    /// Charges `bytes`, rounded up to KiB, until the charge is dropped.
    ///
    /// # Errors
    /// RESOURCE_EXHAUSTED if fewer bytes are free.
    pub(crate) fn take(&self, bytes: usize) -> Result<Charge, Status> {
        let units = u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX);
        let permit = self.0.clone().try_acquire_many_owned(units);
        permit.map(Charge).map_err(|_| {
            metrics::refused(Reason::Memory);
            busy("the service has reached its memory limit for calls in flight", AGAIN)
        })
    }

    /// The bytes that are free.
    pub fn left(&self) -> usize {
        self.0.available_permits() * UNIT
    }
}

/// Bytes of a budget that stay in use until this is dropped.
#[derive(Debug)]
pub(crate) struct Charge(OwnedSemaphorePermit);

impl Charge {
    /// Keeps `bytes` bytes, and gives back the rest.
    pub(crate) fn shrink(&mut self, bytes: usize) {
        let more = self.0.num_permits().saturating_sub(bytes.div_ceil(UNIT));
        drop(self.0.split(more));
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.0.merge(other.0);
    }
}

/// Builds a RESOURCE_EXHAUSTED refusal that says when to try again.
pub fn busy(text: &str, after: Duration) -> Status {
    let details = ErrorDetails::with_retry_info(Some(after));
    Status::with_error_details(Code::ResourceExhausted, text, details)
}
