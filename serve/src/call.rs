//! A call, from its headers to the last byte of its answer.

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use http::HeaderMap;
use tokio::{sync::Notify, time::Instant};
use tokio_util::sync::CancellationToken;
use tonic::Status;

use crate::{
    budget::{Budget, Charge},
    limits::Limits,
    methods::Method,
    metrics::names,
    peer::Peer,
};

/// The least that a call is charged, in bytes: for its stream, its tasks and a first buffer.
pub const CALL: usize = 16 * 1024;
/// What a header takes in addition to its text.
const HEADER: usize = 128;

/// The time when a call's headers arrived. Deadlines count from it. Every request has it in its
/// extensions.
#[derive(Clone, Copy, Debug)]
pub struct ArrivalTime(pub Instant);

/// What a call is charged for its request. Every request has it in its extensions. A handler that
/// has read its request and then waits for long can release it early.
#[derive(Clone)]
pub struct RequestCharge(pub(crate) Arc<Call>);

impl RequestCharge {
    /// Takes the charge out of a request's extensions.
    pub fn of<T>(request: &mut tonic::Request<T>) -> Option<Self> {
        request.extensions_mut().remove()
    }

    /// Gives back the charge: the request is no longer in memory.
    pub fn release(self) {
        self.0.release();
    }
}

impl fmt::Debug for RequestCharge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestCharge").finish_non_exhaustive()
    }
}

/// What all calls of a service share.
pub(crate) struct CallLimiter {
    pub(crate) limits: Limits,
    pub(crate) in_flight: Budget,
    pub(crate) unsent: Budget,
    pub(crate) ending: CancellationToken,
    open: AtomicUsize,
    working: AtomicUsize,
    left: Notify,
}

impl CallLimiter {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            limits: limits.clone(),
            in_flight: Budget::new(limits.in_flight),
            unsent: Budget::new(limits.unsent),
            ending: CancellationToken::new(),
            open: AtomicUsize::new(0),
            working: AtomicUsize::new(0),
            left: Notify::new(),
        }
    }

    /// Waits until no call is open.
    pub(crate) async fn empty(&self) {
        loop {
            let left = self.left.notified();
            tokio::pin!(left);
            // From here on, no call can end unnoticed.
            left.as_mut().enable();
            if self.open.load(Ordering::SeqCst) == 0 {
                return;
            }
            left.await;
        }
    }

    /// The number of calls whose request has arrived and whose answer is not ready.
    pub(crate) fn working(&self) -> usize {
        self.working.load(Ordering::SeqCst)
    }
}

/// A call and the resources that it holds.
pub(crate) struct Call {
    pub(crate) desk: Arc<CallLimiter>,
    pub(crate) peer: Peer,
    budget: Budget,
    // The first call of a connection is not charged.
    free: bool,
    fixed: usize,
    charge: Mutex<(usize, Option<Charge>)>,
    working: AtomicBool,
    // A call for health or reflection, which does not keep its connection open.
    attends: bool,
}

impl Call {
    /// Admits a call.
    ///
    /// # Errors
    /// RESOURCE_EXHAUSTED if the memory limit is reached.
    pub(crate) fn begin(
        desk: &Arc<CallLimiter>,
        peer: &Peer,
        method: &Method,
        headers: &HeaderMap,
        attends: bool,
    ) -> Result<Arc<Self>, Status> {
        let text: usize =
            headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        let budget = method.budget.clone().unwrap_or_else(|| desk.in_flight.clone());
        let first = peer.enter() == 0;
        if attends {
            peer.attend();
        }
        desk.open.fetch_add(1, Ordering::SeqCst);
        let call = Self {
            desk: desk.clone(),
            peer: peer.clone(),
            budget,
            free: first && method.budget.is_none(),
            fixed: CALL + text + HEADER * headers.len(),
            charge: Mutex::new((0, None)),
            working: AtomicBool::new(false),
            attends,
        };
        call.message(0)?;
        Ok(Arc::new(call))
    }

    /// Charges a message of `bytes` bytes twice: as it arrives, and as it is decoded. If a call has
    /// several messages, only the longest counts.
    pub(crate) fn message(&self, bytes: usize) -> Result<(), Status> {
        if self.free {
            return Ok(());
        }
        let mut charge = self.charge.lock().unwrap_or_else(PoisonError::into_inner);
        let (charged, held) = &mut *charge;
        let wanted = self.fixed.saturating_add(bytes.saturating_mul(2));
        if wanted > *charged {
            let more = self.budget.take(wanted - *charged)?;
            metrics::gauge!(names::IN_FLIGHT_BYTES).increment((wanted - *charged) as f64);
            *charged = wanted;
            match held {
                Some(held) => held.merge(more),
                None => *held = Some(more),
            }
        }
        Ok(())
    }

    /// Gives back everything above the least that any call is charged.
    fn release(&self) {
        let mut charge = self.charge.lock().unwrap_or_else(PoisonError::into_inner);
        let (charged, held) = &mut *charge;
        if let Some(held) = held {
            held.shrink(self.fixed);
            let less = charged.saturating_sub(self.fixed);
            metrics::gauge!(names::IN_FLIGHT_BYTES).decrement(less as f64);
            *charged = self.fixed;
        }
    }

    /// The whole request has arrived.
    pub(crate) fn received(&self) {
        if !self.working.swap(true, Ordering::SeqCst) {
            self.desk.working.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// The handler has answered.
    pub(crate) fn answered(&self) {
        if self.working.swap(false, Ordering::SeqCst) {
            self.desk.working.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.answered();
        let charged = self.charge.get_mut().unwrap_or_else(PoisonError::into_inner).0;
        metrics::gauge!(names::IN_FLIGHT_BYTES).decrement(charged as f64);
        if self.attends {
            self.peer.attended();
        }
        self.peer.leave();
        if self.desk.open.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.desk.left.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An operator's append once kept its request's charge until the epoch ended.
    #[test]
    fn a_call_releases_its_memory_after_its_request() -> Result<(), Status> {
        const KIB: usize = 1024;
        let (desk, peer) = (Arc::new(CallLimiter::new(&Limits::default())), Peer::new());
        let budget = Budget::new(1024 * KIB);
        let method = Method { budget: Some(budget.clone()), ..Method::open(1024 * KIB) };
        let call = Call::begin(&desk, &peer, &method, &HeaderMap::new(), false)?;
        assert_eq!(budget.left(), 1024 * KIB - CALL);
        call.message(300 * KIB)?;
        assert_eq!(budget.left(), 1024 * KIB - CALL - 600 * KIB);
        call.release();
        assert_eq!(budget.left(), 1024 * KIB - CALL);
        drop(call);
        assert_eq!(budget.left(), 1024 * KIB);
        Ok(())
    }
}
