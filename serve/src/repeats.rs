//! Events that come again and again, logged once and then counted.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How often an event that goes on is logged again, with its count.
const AGAIN: Duration = Duration::from_secs(60);

/// Remembers the last event of one place in the code.
#[derive(Debug, Default)]
pub struct Repeats(Mutex<Option<Last>>);

#[derive(Debug)]
struct Last {
    text: String,
    logged: Instant,
    // Since it was logged.
    count: u64,
}

impl Repeats {
    /// Nothing happened yet.
    pub const fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// An event happened. Returns how often it happened before without being logged, if it is to be logged now: the first time,
    /// whenever its text changes, and once a minute.
    pub fn happened(&self, text: &str) -> Option<u64> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *last {
            Some(last) if last.text == text && last.logged.elapsed() < AGAIN => {
                last.count += 1;
                None
            }
            Some(last) if last.text == text => {
                last.logged = Instant::now();
                Some(std::mem::take(&mut last.count))
            }
            _ => {
                *last = Some(Last { text: text.into(), logged: Instant::now(), count: 0 });
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
}
