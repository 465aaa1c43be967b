//! Shared by the benches: the machine, the commit, and medians.

#[cfg(test)]
use wufu_testing as _;

use std::{
    fs,
    process::Command,
    time::{Duration, Instant},
};

use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};

/// The machine and the commit, which belong to every figure.
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

/// The peak memory of this process so far, in MB (10^6 bytes), if the system tells it.
pub fn peak_mb() -> Option<u64> {
    let text = fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find(|line| line.starts_with("VmHWM"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024 / 1_000_000)
}

/// Measures how long something takes.
pub fn time<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let value = work();
    (value, start.elapsed())
}

/// The median of `runs` times, after one that does not count.
pub fn median<T>(runs: usize, mut work: impl FnMut() -> T) -> Duration {
    let _ = work();
    let mut times: Vec<Duration> = (0..runs.max(1)).map(|_| time(&mut work).1).collect();
    times.sort_unstable();
    times[times.len() / 2]
}

/// Measures how long something keeps the processor busy, on all threads of this process. Other
/// processes do not count.
///
/// All threads count, because the sums of arkworks run in their own pools, even if there is only
/// one thread.
pub fn processor<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let now = || {
        let now = clock_gettime(ClockId::ProcessCPUTime);
        Duration::try_from(now).unwrap_or_default()
    };
    let start = now();
    let value = work();
    (value, now().saturating_sub(start))
}

/// Milliseconds, rounded to thousandths.
pub fn ms(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}
