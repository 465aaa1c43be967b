//! Who may prove now, who waits, who is sent away.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError},
    time::{Instant, timeout_at},
};

use super::Limits;

/// Why a request is not served.
#[derive(Debug)]
pub(super) enum Refused {
    /// As many wait as may. There may be a place after this time.
    Full(Duration),
    /// Its deadline came before its turn.
    Late,
    /// The service is ending.
    Closing,
}

/// Workers, and a bounded queue before them.
///
/// A worker is a thread pool of its own, so that one proof never waits for the threads of another. Computing happens there
/// alone: the threads of the async runtime only move messages.
pub(super) struct Admission {
    // A permit for each worker and each place in the queue. Held from the first look at a request to the end of its work.
    places: Arc<Semaphore>,
    // A permit for each worker, in the order of asking. Who holds one finds a pool in `idle`.
    workers: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<ThreadPool>>>,
    count: usize,
    // How long a proof takes, in microseconds: an average that forgets.
    typical: AtomicU64,
    stopped: AtomicBool,
}

impl Admission {
    pub(super) fn new(limits: &Limits) -> Result<Self, ThreadPoolBuildError> {
        let count = limits.workers.max(1);
        let pool = |worker: usize| {
            ThreadPoolBuilder::new()
                .num_threads(limits.threads.max(1))
                .thread_name(move |thread| format!("prove-{worker}-{thread}"))
                .build()
        };
        Ok(Self {
            places: Arc::new(Semaphore::new(count.saturating_add(limits.queue))),
            workers: Arc::new(Semaphore::new(count)),
            idle: Arc::new(Mutex::new((0..count).map(pool).collect::<Result<_, _>>()?)),
            count,
            typical: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
        })
    }

    /// A worker, when it is this request's turn. Who stops waiting leaves the queue.
    pub(super) async fn admit(&self, deadline: Instant) -> Result<Worker, Refused> {
        let place = match self.places.clone().try_acquire_owned() {
            Ok(place) => place,
            Err(TryAcquireError::NoPermits) => return Err(Refused::Full(self.turn())),
            Err(TryAcquireError::Closed) => return Err(Refused::Closing),
        };
        let turn = timeout_at(deadline, self.workers.clone().acquire_owned()).await;
        let turn = turn.map_err(|_| Refused::Late)?.map_err(|_| Refused::Closing)?;
        if Instant::now() >= deadline {
            return Err(Refused::Late);
        }
        // There are as many pools as permits.
        let pool = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let pool = pool.ok_or(Refused::Closing)?;
        let idle = self.idle.clone();
        Ok(Worker { pool: Some(pool), idle, _turn: turn, _place: place })
    }

    /// How long it takes, roughly, until the next worker is free.
    fn turn(&self) -> Duration {
        let typical = Duration::from_micros(self.typical.load(Ordering::Relaxed));
        let workers = u32::try_from(self.count).unwrap_or(u32::MAX);
        (typical / workers).max(Duration::from_millis(100))
    }

    /// Learns how long a proof took.
    pub(super) fn took(&self, time: Duration) {
        let new = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let old = self.typical.load(Ordering::Relaxed);
        // Two writers at once lose a sample, no more.
        let next = if old == 0 { new } else { old - old / 8 + new / 8 };
        self.typical.store(next, Ordering::Relaxed);
    }

    /// From here on nobody is admitted, and who waits is sent away.
    pub(super) fn close(&self) {
        self.places.close();
        self.workers.close();
    }

    /// Whether a worker computes.
    pub(super) fn busy(&self) -> bool {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).len() < self.count
    }

    /// From here on no work goes on to its next stage.
    pub(super) fn stop(&self) {
        self.close();
        self.stopped.store(true, Ordering::Relaxed);
    }

    pub(super) fn stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }
}

/// The right to compute, and the threads for it.
pub(super) struct Worker {
    // `None` only while it is dropped.
    pool: Option<ThreadPool>,
    idle: Arc<Mutex<Vec<ThreadPool>>>,
    _turn: OwnedSemaphorePermit,
    _place: OwnedSemaphorePermit,
}

impl Worker {
    /// Runs `work` on the worker's threads, on a thread that may block. The worker is free again when `work` ends, whether or
    /// not anybody still waits for it.
    pub(super) fn run<T: Send + 'static>(
        self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> tokio::task::JoinHandle<T> {
        tokio::task::spawn_blocking(move || match &self.pool {
            Some(pool) => pool.install(work),
            // Never: only `drop` takes the pool.
            None => work(),
        })
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Before the permits, which are dropped after this: who gets one finds the pool.
        if let Some(pool) = self.pool.take() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(pool);
        }
    }
}
