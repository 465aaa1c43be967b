//! Logs a repeated event once, and then counts it.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How long until an event that continues is logged again, with its count: at first, and at most.
/// The time doubles with each log line.
const AGAIN: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(3600));

/// How many kinds of event are remembered. When there are more, the kind that was quiet for longest
/// is forgotten.
const KINDS: usize = 16;

/// Remembers, by kind, the events of one place in the code.
#[derive(Debug, Default)]
pub struct Repeats(Mutex<Vec<Kind>>);

#[derive(Debug)]
struct Kind {
    name: String,
    // When the last event happened, logged or not.
    seen: Instant,
    logged: Instant,
    again: Duration,
    // The number of events since the last log line.
    count: u64,
}

impl Repeats {
    /// No event has happened yet.
    pub const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// Counts an event. If it should be logged now, returns how many events came before it without
    /// being logged. The first event is logged, then one after a minute, then ever more rarely,
    /// down to one an hour. Up to 16 kinds are counted separately.
    ///
    /// `kind` says what happened. It must hold nothing that changes from one event to the next,
    /// such as a time.
    pub fn happened(&self, kind: &str) -> Option<u64> {
        self.happened_at(kind, Instant::now())
    }

    fn happened_at(&self, kind: &str, now: Instant) -> Option<u64> {
        let mut kinds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kind) = kinds.iter_mut().find(|known| known.name == kind) {
            kind.seen = now;
            if now.duration_since(kind.logged) < kind.again {
                kind.count += 1;
                return None;
            }
            kind.logged = now;
            kind.again = (kind.again * 2).min(AGAIN.1);
            return Some(std::mem::take(&mut kind.count));
        }
        if kinds.len() >= KINDS {
            let oldest = kinds.iter().enumerate().min_by_key(|(_, kind)| kind.seen);
            if let Some((oldest, _)) = oldest {
                kinds.swap_remove(oldest);
            }
        }
        let name = kind.into();
        kinds.push(Kind { name, seen: now, logged: now, again: AGAIN.0, count: 0 });
        Some(0)
    }

    /// Ends the events of every kind. Returns how many happened without being logged, if there were
    /// any.
    pub fn over(&self) -> Option<u64> {
        let mut kinds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = std::mem::take(&mut *kinds).into_iter().map(|kind| kind.count);
        counts.reduce(|sum, count| sum + count)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Rows of docs/failures.md: 41.
    /// A ledger whose clock was ahead once logged the same error twice a second for as long as it
    /// ran.
    #[test]
    fn a_repeated_event_is_logged_once_and_then_counted() {
        let repeats = Repeats::new();
        assert_eq!(repeats.over(), None);
        assert_eq!(repeats.happened("disk full"), Some(0));
        for _ in 0..1000 {
            assert_eq!(repeats.happened("disk full"), None);
        }
        assert_eq!(repeats.happened("disk gone"), Some(0));
        assert_eq!(repeats.happened("disk gone"), None);
        assert_eq!(repeats.over(), Some(1001));
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

    /// Rows of docs/failures.md: 41.
    /// Only the last kind was remembered, so a database and a socket that failed in turn were
    /// logged each time.
    #[test]
    fn events_of_two_kinds_in_turns_are_logged_once_each() {
        let repeats = Repeats::new();
        let kinds = ["disk full", "disk gone"];
        let logged = kinds.iter().cycle().take(1000).filter_map(|kind| repeats.happened(kind));
        assert_eq!(logged.collect::<Vec<_>>(), [0, 0]);
        assert_eq!(repeats.over(), Some(998));
    }

    /// The number of kinds has no natural limit, because they come from errors. Memory stays
    /// bounded all the same, and an event that continues is not forgotten.
    #[test]
    fn kinds_are_remembered_up_to_a_number() {
        let (repeats, start) = (Repeats::new(), Instant::now());
        assert_eq!(repeats.happened_at("goes on", start), Some(0));
        for n in 1..1000 {
            let now = start + Duration::from_micros(n);
            assert_eq!(repeats.happened_at(&format!("once {n}"), now), Some(0));
            assert_eq!(repeats.happened_at("goes on", now), None);
        }
        assert_eq!(repeats.0.lock().unwrap().len(), KINDS);
    }
}
