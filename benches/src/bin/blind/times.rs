//! Times by name.

use std::{collections::BTreeMap, time::Duration};

use wufu_benches::processor;

/// The times of each part of a party's work, in every turn.
#[derive(Default)]
pub struct Times(BTreeMap<(&'static str, &'static str), Vec<Duration>>);

impl Times {
    /// Runs a part of a party's work, and records its time.
    pub fn take<T>(
        &mut self,
        who: &'static str,
        part: &'static str,
        work: impl FnOnce() -> T,
    ) -> T {
        let (value, took) = processor(work);
        self.0.entry((who, part)).or_default().push(took);
        value
    }

    /// The median of each part of a party's work.
    pub fn of(&self, who: &str) -> impl Iterator<Item = (&'static str, Duration)> {
        let own = self.0.iter().filter(move |((name, _), _)| *name == who);
        own.map(|((_, part), times)| (*part, median(times.clone())))
    }

    /// The median of a party's whole work in one turn.
    pub fn total(&self, who: &str) -> Duration {
        let mut turns: Vec<Duration> = Vec::new();
        for (_, times) in self.0.iter().filter(|((name, _), _)| *name == who) {
            turns.resize(times.len(), Duration::ZERO);
            turns.iter_mut().zip(times).for_each(|(turn, time)| *turn += *time);
        }
        median(turns)
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
