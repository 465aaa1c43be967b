//! The process itself, read from `/proc`. Where there is no such file system, nothing is written.

use std::{fmt::Write as _, fs};

use rustix::{
    param::{clock_ticks_per_second, page_size},
    process::{Resource, getrlimit},
};

use super::catalogue::{self, Kind, names as n};

/// Writes the process's metrics in Prometheus' text format. They do not go through the recorder,
/// whose counters are whole numbers.
pub(super) fn render(out: &mut String) {
    let Ok(stat) = fs::read_to_string("/proc/self/stat") else { return };
    let Some(stat) = Stat::read(&stat) else { return };
    let ticks = clock_ticks_per_second() as f64;
    write(out, n::RESIDENT, stat.resident_pages as f64 * page_size() as f64);
    write(out, n::VIRTUAL, stat.virtual_bytes as f64);
    write(out, n::THREADS, stat.threads as f64);
    write(out, n::CPU, stat.cpu_ticks as f64 / ticks);
    if let Some(booted) = booted() {
        write(out, n::STARTED, booted + stat.started_ticks as f64 / ticks);
    }
    if let Ok(open) = fs::read_dir("/proc/self/fd") {
        // One of them is the folder that is being read.
        write(out, n::OPEN_FDS, open.count().saturating_sub(1) as f64);
    }
    if let Some(most) = getrlimit(Resource::Nofile).current {
        write(out, n::MAX_FDS, most as f64);
    }
}

fn write(out: &mut String, name: &str, value: f64) {
    let Some(metric) = catalogue::ALL.iter().find(|metric| metric.name == name) else { return };
    let kind = if metric.kind == Kind::Counter { "counter" } else { "gauge" };
    let help = metric.help;
    // Writing to a string cannot fail.
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n");
}

/// When the machine was started, in Unix seconds.
fn booted() -> Option<f64> {
    let stat = fs::read_to_string("/proc/stat").ok()?;
    let line = stat.lines().find_map(|line| line.strip_prefix("btime "))?;
    line.trim().parse().ok()
}

/// Fields of `/proc/self/stat`.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    cpu_ticks: u64,
    threads: u64,
    started_ticks: u64,
    virtual_bytes: u64,
    resident_pages: u64,
}

impl Stat {
    fn read(text: &str) -> Option<Self> {
        // The second field is the program's name, which may hold spaces and parentheses.
        let fields: Vec<&str> = text.rsplit_once(") ")?.1.split_ascii_whitespace().collect();
        // The first of these is the third field of proc(5).
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        Some(Self {
            cpu_ticks: field(14)?.saturating_add(field(15)?),
            threads: field(20)?,
            started_ticks: field(22)?,
            virtual_bytes: field(23)?,
            resident_pages: field(24)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_are_found_behind_any_name() {
        let text = "7 (a) b (c) S 1 7 7 0 -1 4194560 1 2 3 4 15 16 1 2 20 0 9 0 22 2300 24 1844";
        let stat = Stat::read(text);
        let expected = Stat {
            cpu_ticks: 31,
            threads: 9,
            started_ticks: 22,
            virtual_bytes: 2300,
            resident_pages: 24,
        };
        assert_eq!(stat, Some(expected));
        for broken in ["", "7 (a) S", ") ", "7 (a) S x"] {
            assert_eq!(Stat::read(broken), None, "{broken}");
        }
    }
}
