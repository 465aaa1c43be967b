//! Watches a ledger while it is served: whether it can write, and whether its epochs close. Sets
//! the service's health, and records metrics.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use metrics::{counter, gauge, histogram};
use tokio::{sync::watch, time::timeout};
use wufu_serve::{Condition, Health, metrics::names as n};

use crate::{EpochError, Ledger, Log, StoreError};

/// How often the conditions are looked at.
const TICK: Duration = Duration::from_millis(500);
/// How many ticks pass between two looks at the disk and the tables.
const SELDOM: u32 = 10;
/// How many attempts to close an epoch may fail before the service reports it.
const ATTEMPTS: u32 = 3;
/// What is written to find out whether the disk takes anything, in bytes.
const TRIAL: usize = 64 * 1024;

/// Watches a ledger. Cloning is cheap, and all clones share what was seen.
#[derive(Clone)]
pub(super) struct Watch(Arc<Inner>);

struct Inner {
    ledger: Ledger,
    health: Health,
    // The least free space, in bytes.
    free: u64,
    closing: Mutex<Closing>,
}

/// How it goes with the newest epoch that must be closed.
#[derive(Default)]
struct Closing {
    // When the first attempt began that has not succeeded yet.
    since: Option<Instant>,
    failures: u32,
}

impl Watch {
    pub(super) fn new(ledger: Ledger, free: u64) -> Self {
        let health = ledger.health().clone();
        let length = ledger.policy().epoch_seconds;
        gauge!(n::EPOCH_SECONDS).set(length as f64);
        counter!(n::CLOSE_FAILURES).increment(0);
        for verdict in ["admitted", "spent", "refused", "failed"] {
            counter!(n::CLAIMS, "verdict" => verdict).increment(0);
        }
        Self(Arc::new(Inner { ledger, health, free, closing: Mutex::default() }))
    }

    pub(super) fn health(&self) -> Health {
        self.0.health.clone()
    }

    /// Notes a failure of the database that a caller met.
    pub(super) fn failed(&self, error: &StoreError) {
        if let Some(condition) = error.condition() {
            self.0.health.set(condition);
        }
    }

    /// Notes that closing an epoch begins.
    pub(super) fn closes(&self) {
        self.closing(|closing| {
            closing.since.get_or_insert_with(Instant::now);
        });
    }

    /// Notes how closing an epoch ended.
    pub(super) fn closed<T>(&self, result: &Result<T, EpochError>, now: u64) {
        let Err(error) = result else {
            let closing = self.closing(std::mem::take);
            let took = closing.since.map_or(Duration::ZERO, |since| since.elapsed());
            histogram!(n::CLOSE_SECONDS).record(took.as_secs_f64());
            gauge!(n::CLOSED_AT).set(now as f64);
            self.0.health.clear(Condition::EpochsStuck);
            return;
        };
        counter!(n::CLOSE_FAILURES).increment(1);
        if let EpochError::Store(error) = error {
            self.failed(error);
        }
        self.closing(|closing| closing.failures += 1);
        self.look_at_closing();
    }

    fn closing<T>(&self, act: impl FnOnce(&mut Closing) -> T) -> T {
        act(&mut self.0.closing.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Epochs are stuck after several failures, or if closing one takes longer than it lasts.
    fn look_at_closing(&self) {
        let length = Duration::from_secs(self.0.ledger.policy().epoch_seconds);
        let is_stuck = self.closing(|closing| {
            let is_late = closing.since.is_some_and(|since| since.elapsed() > length);
            closing.failures >= ATTEMPTS || is_late
        });
        if is_stuck {
            self.0.health.set(Condition::EpochsStuck);
        }
    }

    /// Looks at the ledger regularly until `stopping`. A ledger that is only read is not looked at
    /// for what it could write.
    pub(super) async fn run(self, is_written: bool, mut stopping: watch::Receiver<bool>) {
        let mut tick = 0;
        while !*stopping.borrow() {
            if is_written {
                if self.0.ledger.inner.store.is_halted() {
                    self.0.health.set(Condition::Halted);
                }
                self.look_at_closing();
            }
            if tick % SELDOM == 0 {
                if is_written {
                    self.look_at_disk().await;
                }
                self.record().await;
            }
            tick = tick.wrapping_add(1);
            // A shutdown is noticed at once, and so is a sender that is gone.
            if let Ok(Err(_)) = timeout(TICK, stopping.changed()).await {
                break;
            }
        }
    }

    /// Looks for free space. After a failure, tries whether the disk takes anything again.
    async fn look_at_disk(&self) {
        let (folder, health) = (self.0.ledger.inner.store.folder(), &self.0.health);
        let held = health.conditions();
        let failed = held.contains(&Condition::DiskFull) || held.contains(&Condition::DiskFailed);
        let looked = tokio::task::spawn_blocking(move || {
            let free = free(&folder);
            (free, if failed { trial(&folder) } else { Ok(()) })
        });
        let Ok((free, tried)) = looked.await else { return };
        if let Some(free) = free {
            gauge!(n::FREE_BYTES).set(free as f64);
        }
        if free.is_some_and(|free| free < self.0.free) {
            health.set(Condition::DiskFull);
        } else if failed && tried.is_ok() {
            health.clear(Condition::DiskFull);
            health.clear(Condition::DiskFailed);
        }
    }

    /// Records sizes. If the database cannot be read, the last values stay.
    async fn record(&self) {
        let ledger = &self.0.ledger;
        let (database, wal) = ledger.inner.store.bytes();
        gauge!(n::DATABASE_BYTES).set(database as f64);
        gauge!(n::WAL_BYTES).set(wal as f64);
        let mut newest = None;
        for log in Log::ALL {
            let Ok(size) = ledger.size(log).await else { return };
            let view = ledger.view(log);
            let checkpoint = view.history.newest();
            let signed = checkpoint.map_or(0, wufu_verifier::log::checkpoint::Checkpoint::size);
            newest = newest.max(checkpoint.map(|checkpoint| checkpoint.epoch()));
            let label = label(log);
            gauge!(n::LEAVES, "log" => label).set(size as f64);
            gauge!(n::UNSIGNED, "log" => label).set(size.saturating_sub(signed) as f64);
        }
        if let Some(epoch) = newest {
            let begin = epoch.saturating_mul(ledger.policy().epoch_seconds);
            gauge!(n::CHECKPOINT_AT).set(begin as f64);
        }
    }
}

/// Counts entries that were appended to a log.
pub(super) fn appended(log: Log, count: u64) {
    if count > 0 {
        counter!(n::APPENDED, "log" => label(log)).increment(count);
    }
}

/// Counts a claim by what became of it.
pub(super) fn claimed(verdict: &'static str) {
    counter!(n::CLAIMS, "verdict" => verdict).increment(1);
}

/// The value of the label `log`.
fn label(log: Log) -> &'static str {
    match log {
        Log::Cards => "cards",
        Log::Persons => "persons",
        Log::Donations(_) => "donations",
    }
}

/// The free space where a folder is, in bytes. `None` if the system does not say.
fn free(folder: &Path) -> Option<u64> {
    let found = rustix::fs::statvfs(folder).ok()?;
    Some(found.f_bavail.saturating_mul(found.f_frsize))
}

/// Writes a little into a folder, durably, and removes it.
fn trial(folder: &Path) -> io::Result<()> {
    let file: PathBuf = folder.join(".trial");
    let written = (|| {
        let mut out = fs::File::create(&file)?;
        out.write_all(&[0; TRIAL])?;
        out.sync_all()
    })();
    let removed = fs::remove_file(&file);
    written.and(removed)
}

#[cfg(test)]
#[path = "watch_tests.rs"]
mod tests;
