//! What the benches share: a description of the computer and the commit, and medians of times.
//!
//! ```
//! use wufu_benches::ms;
//!
//! let sum = || (0..1000u64).sum::<u64>();
//! let (result, time) = wufu_benches::time(sum);
//! assert_eq!(result, 499_500);
//! let median = wufu_benches::median(3, sum);
//! println!("{}: {} ms, {} ms", wufu_benches::machine(1), ms(time), ms(median));
//! ```
//!
//! Read next: `src/bin/statements.rs` measures each statement, `src/bin/compare` compares the
//! engine with its peers, `src/bin/blind` compares blind proving with local proving, and
//! `src/bin/hunt.rs` looks for second witnesses.

#[cfg(test)]
use wufu_testing as _;

use std::{
    fs,
    process::Command,
    time::{Duration, Instant},
};

use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};

/// The computer and the commit, to print with every figure.
pub fn machine(threads: usize) -> Value {
    let commit =
        Command::new("git").args(["describe", "--always", "--dirty", "--abbrev=12"]).output();
    let commit = commit.ok().filter(|out| out.status.success());
    let cpu = fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    });
    json!({
        "cpu": cpu,
        "cores": std::thread::available_parallelism().map_or(1, usize::from),
        "threads": threads,
        "commit": commit.map(|out| String::from_utf8_lossy(&out.stdout).trim().to_owned()),
    })
}

/// The largest resident size of this process so far, in MB (10^6 bytes), if the system reports it.
pub fn peak_mb() -> Option<u64> {
    let text = fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find(|line| line.starts_with("VmHWM"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024 / 1_000_000)
}

/// Runs `work`. Returns its result and how long it took.
pub fn time<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let value = work();
    (value, start.elapsed())
}

/// The median time of `runs` runs, after one that does not count.
pub fn median<T>(runs: usize, mut work: impl FnMut() -> T) -> Duration {
    let _ = work();
    let mut times: Vec<Duration> = (0..runs.max(1)).map(|_| time(&mut work).1).collect();
    times.sort_unstable();
    times[times.len() / 2]
}

/// How long `work` keeps the processor busy, on all threads of this process. Other work on the
/// computer does not count.
///
/// It is not only this thread's time, because arkworks' sums run in pools of their own, even if
/// there is only one thread.
pub fn processor<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let now = || {
        let now = clock_gettime(ClockId::ProcessCPUTime);
        Duration::try_from(now).unwrap_or_default()
    };
    let start = now();
    let value = work();
    (value, now().saturating_sub(start))
}

/// A time in milliseconds, rounded to a thousandth.
pub fn ms(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}
