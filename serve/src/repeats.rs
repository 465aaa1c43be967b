//! Events that come again and again, logged once and then counted.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// After how long an event that goes on is logged again, with its count: at first and at most. It doubles each time.
const AGAIN: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(3600));

/// Remembers the last event of one place in the code.
#[derive(Debug, Default)]
pub struct Repeats(Mutex<Option<Last>>);

#[derive(Debug)]
struct Last {
    kind: String,
    logged: Instant,
    again: Duration,
    // Since it was logged.
    count: u64,
}

impl Repeats {
    /// Nothing happened yet.
    pub const fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// An event happened. Returns how often it happened before without being logged, if it is to be logged now: the first time,
    /// whenever its kind changes, after a minute, and then ever more rarely, up to once an hour.
    ///
    /// `kind` says what happened and holds nothing that changes from one time to the next, such as a time.
    pub fn happened(&self, kind: &str) -> Option<u64> {
        self.happened_at(kind, Instant::now())
    }

    fn happened_at(&self, kind: &str, now: Instant) -> Option<u64> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *last {
            Some(last) if last.kind == kind && now.duration_since(last.logged) < last.again => {
                last.count += 1;
                None
            }
            Some(last) if last.kind == kind => {
                last.logged = now;
                last.again = (last.again * 2).min(AGAIN.1);
                Some(std::mem::take(&mut last.count))
            }
            _ => {
                *last = Some(Last { kind: kind.into(), logged: now, again: AGAIN.0, count: 0 });
                Some(0)
            }
        }
    }

    /// The event is over. Returns how often it happened without being logged, if it happened at all.
    pub fn over(&self) -> Option<u64> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.take().map(|last| last.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A ledger whose clock was ahead logged the same error twice a second, for as long as it ran.
    #[test]
    fn f41_an_event_that_repeats_is_logged_once_and_then_counted() {
        let repeats = Repeats::new();
        assert_eq!(repeats.over(), None);
        assert_eq!(repeats.happened("disk full"), Some(0));
        for _ in 0..1000 {
            assert_eq!(repeats.happened("disk full"), None);
        }
        assert_eq!(repeats.happened("disk gone"), Some(0));
        assert_eq!(repeats.happened("disk gone"), None);
        assert_eq!(repeats.over(), Some(1));
        assert_eq!(repeats.over(), None);
        assert_eq!(repeats.happened("disk gone"), Some(0));
    }

    #[test]
    fn an_event_that_goes_on_is_logged_ever_more_rarely() {
        let (repeats, start) = (Repeats::new(), Instant::now());
        let logged = |minute: &u64| {
            repeats.happened_at("disk full", start + Duration::from_secs(60 * minute)).is_some()
        };
        let minutes: Vec<u64> = (0..=250).filter(logged).collect();
        assert_eq!(minutes, [0, 1, 3, 7, 15, 31, 63, 123, 183, 243]);
    }
}
