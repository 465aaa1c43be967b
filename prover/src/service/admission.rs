//! Admission: which requests are proved now, which wait, and which are refused.

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

use super::limits::Limits;

/// Why a request is not admitted.
#[derive(Debug)]
pub(super) enum AdmissionError {
    /// The queue is full. A place may be free after this time.
    Full(Duration),
    /// The deadline passed while the request waited.
    Late,
    /// The service is shutting down.
    Closing,
}

/// Workers, and a bounded queue in front of them.
///
/// Each worker has thread pools of its own, so that no proof waits for another's threads. All
/// computing happens there: the async runtime's threads only move messages.
///
/// If no other request is at work or waiting when a proof begins, the proof uses all of its
/// worker's threads, which finishes it soonest. Otherwise it uses one thread. That finishes the
/// most proofs in total, because no proof is split into parts that wait for each other.
pub(super) struct Admission {
    // One permit for each worker and for each place in the queue. A request holds it from the first
    // look at it to the end of its work.
    places: Arc<Semaphore>,
    // One permit for each worker, given out in the order of asking. A holder always finds a pool in
    // `idle`.
    workers: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Threads>>>,
    count: usize,
    // The number of places.
    capacity: usize,
    // The time that a proof takes, in microseconds: a moving average.
    typical: AtomicU64,
    stopped: AtomicBool,
}

impl Admission {
    pub(super) fn new(limits: &Limits) -> Result<Self, ThreadPoolBuildError> {
        let count = limits.workers.max(1);
        let threads = limits.threads.max(1);
        let pool = |worker: usize, threads: usize| {
            ThreadPoolBuilder::new()
                .num_threads(threads)
                .thread_name(move |thread| format!("prove-{worker}-{thread}"))
                .build()
        };
        let worker = |worker: usize| {
            let one = if threads > 1 { Some(pool(worker, 1)?) } else { None };
            Ok::<_, ThreadPoolBuildError>(Threads { all: pool(worker, threads)?, one })
        };
        let capacity = count.saturating_add(limits.queue).min(Semaphore::MAX_PERMITS);
        Ok(Self {
            places: Arc::new(Semaphore::new(capacity)),
            workers: Arc::new(Semaphore::new(count)),
            idle: Arc::new(Mutex::new((0..count).map(worker).collect::<Result<_, _>>()?)),
            count,
            capacity,
            typical: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
        })
    }

    /// Waits for a worker. A request leaves the queue when this future is dropped.
    pub(super) async fn admit(&self, deadline: Instant) -> Result<Worker, AdmissionError> {
        let place = self.place()?;
        self.turn(place, deadline).await
    }

    /// Takes a place in the queue, or to work at once. Dropping the permit gives it back.
    pub(super) fn place(&self) -> Result<QueuePermit, AdmissionError> {
        match self.places.clone().try_acquire_owned() {
            Ok(permit) => Ok(QueuePermit { _permit: permit }),
            Err(TryAcquireError::NoPermits) => Err(AdmissionError::Full(self.wait())),
            Err(TryAcquireError::Closed) => Err(AdmissionError::Closing),
        }
    }

    /// Waits for a worker, with a place already taken.
    async fn turn(&self, place: QueuePermit, deadline: Instant) -> Result<Worker, AdmissionError> {
        let turn = timeout_at(deadline, self.workers.clone().acquire_owned()).await;
        let turn = turn.map_err(|_| AdmissionError::Late)?.map_err(|_| AdmissionError::Closing)?;
        if Instant::now() >= deadline {
            return Err(AdmissionError::Late);
        }
        // There are as many pools as permits.
        let threads = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let threads = threads.ok_or(AdmissionError::Closing)?;
        let idle = self.idle.clone();
        // Each request that computes or waits has a place, and so has this one.
        let alone = self.places.available_permits() + 1 >= self.capacity;
        Ok(Worker { threads: Some(threads), alone, idle, _turn: turn, _place: place })
    }

    /// Estimates how long it takes until a worker is free.
    pub(super) fn wait(&self) -> Duration {
        let typical = Duration::from_micros(self.typical.load(Ordering::Relaxed));
        let workers = u32::try_from(self.count).unwrap_or(u32::MAX);
        (typical / workers).max(Duration::from_millis(100))
    }

    /// Records how long a proof took.
    pub(super) fn took(&self, time: Duration) {
        let new = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let old = self.typical.load(Ordering::Relaxed);
        // If two threads write at once, one sample is lost. That does no harm.
        let next = if old == 0 { new } else { old - old / 8 + new / 8 };
        self.typical.store(next, Ordering::Relaxed);
    }

    /// Admits no further request, and refuses those that wait.
    pub(super) fn close(&self) {
        self.places.close();
        self.workers.close();
    }

    /// Whether a worker is computing.
    pub(super) fn busy(&self) -> bool {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).len() < self.count
    }

    /// From now on, no work proceeds to its next stage.
    pub(super) fn stop(&self) {
        self.close();
        self.stopped.store(true, Ordering::Relaxed);
    }

    pub(super) fn stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }
}

/// The right to wait for a worker.
pub(super) struct QueuePermit {
    _permit: OwnedSemaphorePermit,
}

/// A worker's threads.
struct Threads {
    all: ThreadPool,
    /// Present if `all` has more than one thread.
    one: Option<ThreadPool>,
}

/// The right to compute, and the threads for it.
pub(super) struct Worker {
    // `None` only while the worker is being dropped.
    threads: Option<Threads>,
    alone: bool,
    idle: Arc<Mutex<Vec<Threads>>>,
    _turn: OwnedSemaphorePermit,
    _place: QueuePermit,
}

impl Worker {
    /// Runs `work` on the worker's threads, started from a thread that may block. The worker is
    /// free again when `work` ends, whether or not anyone still waits for it.
    pub(super) fn run<T: Send + 'static>(
        self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> tokio::task::JoinHandle<T> {
        tokio::task::spawn_blocking(move || match &self.threads {
            Some(Threads { one: Some(one), .. }) if !self.alone => one.install(work),
            Some(Threads { all, .. }) => all.install(work),
            // Unreachable: only `drop` takes the threads.
            None => work(),
        })
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Before the permits, which are dropped afterwards. So whoever gets a permit finds the
        // threads.
        if let Some(threads) = self.threads.take() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(threads);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;

    use super::*;

    fn limits(workers: usize, threads: usize) -> Limits {
        let mut limits = Limits::default();
        (limits.workers, limits.threads, limits.queue) = (workers, threads, 4);
        limits
    }

    async fn threads(admission: &Admission) -> (usize, Worker) {
        let deadline = Instant::now() + Duration::from_secs(60);
        let worker = admission.admit(deadline).await.unwrap();
        let pools = worker.threads.as_ref().unwrap();
        let pool = match &pools.one {
            Some(one) if !worker.alone => one,
            _ => &pools.all,
        };
        (pool.current_num_threads(), worker)
    }

    #[tokio::test]
    async fn a_lone_caller_has_all_threads_others_have_one() {
        let admission = Admission::new(&limits(2, 3)).unwrap();
        let (first, one) = threads(&admission).await;
        let (second, other) = threads(&admission).await;
        assert_eq!((first, second), (3, 1));
        drop((one, other));
        let (again, _one) = threads(&admission).await;
        assert_eq!(again, 3);

        // No other request computes, but one waits.
        let admission = Arc::new(Admission::new(&limits(1, 3)).unwrap());
        let (first, one) = threads(&admission).await;
        let waiting = |admission: &Arc<Admission>| {
            let admission = admission.clone();
            tokio::spawn(async move { threads(&admission).await })
        };
        let (second, third) = (waiting(&admission), waiting(&admission));
        let placed = async {
            while admission.places.available_permits() > 2 {
                tokio::task::yield_now().await;
            }
        };
        timeout(Duration::from_secs(60), placed).await.expect("they never got their places");
        drop(one);
        let (second, other) = second.await.unwrap();
        drop(other);
        let (third, _) = third.await.unwrap();
        assert_eq!((first, second, third), (3, 1, 3));
    }
}
