//! All metrics of all services, in one list: `docs/metrics.md` is made from it.

use std::fmt::Write as _;

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

/// How a metric behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows. A restart sets it to zero.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts observations in buckets, in seconds.
    Histogram,
}

/// A metric.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// The name, as Prometheus sees it.
    pub name: &'static str,
    /// How it behaves.
    pub kind: Kind,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// What it measures.
    pub help: &'static str,
}

/// The names of the metrics.
#[allow(missing_docs)]
pub mod names {
    pub const BUILD: &str = "wufu_build_info";
    pub const READY: &str = "wufu_ready";
    pub const CONDITION: &str = "wufu_condition";
    pub const CONNECTIONS: &str = "wufu_connections";
    pub const CONNECTIONS_TOTAL: &str = "wufu_connections_total";
    pub const REQUESTS: &str = "wufu_requests_total";
    pub const REQUEST_SECONDS: &str = "wufu_request_seconds";
    pub const REFUSALS: &str = "wufu_refusals_total";
    pub const IN_FLIGHT: &str = "wufu_requests_in_flight";
    pub const IN_FLIGHT_BYTES: &str = "wufu_requests_in_flight_bytes";
    pub const UNSENT_BYTES: &str = "wufu_unsent_bytes";
    pub const QUEUE_WAIT: &str = "wufu_queue_wait_seconds";
    pub const STAGE: &str = "wufu_stage_seconds";
    pub const JOBS: &str = "wufu_jobs_total";
    pub const KEY_BYTES: &str = "wufu_key_bytes";
    pub const LEAVES: &str = "wufu_ledger_leaves";
    pub const UNSIGNED: &str = "wufu_ledger_unsigned_leaves";
    pub const APPENDED: &str = "wufu_ledger_appended_total";
    pub const CLAIMS: &str = "wufu_ledger_claims_total";
    pub const DATABASE_BYTES: &str = "wufu_ledger_database_bytes";
    pub const WAL_BYTES: &str = "wufu_ledger_wal_bytes";
    pub const FREE_BYTES: &str = "wufu_ledger_free_bytes";
    pub const EPOCH_SECONDS: &str = "wufu_ledger_epoch_length_seconds";
    pub const CLOSED_AT: &str = "wufu_ledger_epoch_closed_timestamp_seconds";
    pub const CHECKPOINT_AT: &str = "wufu_ledger_checkpoint_timestamp_seconds";
    pub const CLOSE_SECONDS: &str = "wufu_ledger_close_seconds";
    pub const CLOSE_FAILURES: &str = "wufu_ledger_close_failures_total";
    pub const RESIDENT: &str = "process_resident_memory_bytes";
    pub const VIRTUAL: &str = "process_virtual_memory_bytes";
    pub const CPU: &str = "process_cpu_seconds_total";
    pub const OPEN_FDS: &str = "process_open_fds";
    pub const MAX_FDS: &str = "process_max_fds";
    pub const THREADS: &str = "process_threads";
    pub const STARTED: &str = "process_start_time_seconds";
}

use names as n;

const fn metric(
    name: &'static str,
    kind: Kind,
    labels: &'static [&'static str],
    help: &'static str,
) -> Metric {
    Metric { name, kind, labels, help }
}

/// All metrics.
pub const ALL: &[Metric] = &[
    metric(n::BUILD, Kind::Gauge, &["version", "role"], "1, with the release and the role"),
    metric(n::READY, Kind::Gauge, &[], "1 while every service of the process serves, else 0"),
    metric(n::CONDITION, Kind::Gauge, &["condition"], "services that do not serve because of this"),
    metric(n::CONNECTIONS, Kind::Gauge, &[], "open connections"),
    metric(n::CONNECTIONS_TOTAL, Kind::Counter, &[], "connections that found a place"),
    metric(n::REQUESTS, Kind::Counter, &["method", "code"], "finished calls, by their gRPC code"),
    metric(n::REQUEST_SECONDS, Kind::Histogram, &["method"], "from a call's headers to its end"),
    metric(n::REFUSALS, Kind::Counter, &["reason"], "refused connections and calls"),
    metric(n::IN_FLIGHT, Kind::Gauge, &[], "open calls, without those for health and reflection"),
    metric(n::IN_FLIGHT_BYTES, Kind::Gauge, &[], "bytes charged for requests that are handled"),
    metric(n::UNSENT_BYTES, Kind::Gauge, &[], "bytes of answers that wait for their clients"),
    metric(n::QUEUE_WAIT, Kind::Histogram, &[], "how long requests waited for a worker"),
    metric(n::STAGE, Kind::Histogram, &["circuit", "stage"], "how long a stage of a job took"),
    metric(n::JOBS, Kind::Counter, &["circuit", "kind"], "finished proofs, tokens and sums"),
    metric(n::KEY_BYTES, Kind::Gauge, &["circuit"], "memory of a circuit's key and its tables"),
    metric(n::LEAVES, Kind::Gauge, &["log"], "leaves of a log"),
    metric(n::UNSIGNED, Kind::Gauge, &["log"], "leaves that no checkpoint covers yet"),
    metric(n::APPENDED, Kind::Counter, &["log"], "entries appended over the network"),
    metric(n::CLAIMS, Kind::Counter, &["verdict"], "claims, by what became of them"),
    metric(n::DATABASE_BYTES, Kind::Gauge, &[], "size of the database file"),
    metric(n::WAL_BYTES, Kind::Gauge, &[], "size of the database's write-ahead log"),
    metric(n::FREE_BYTES, Kind::Gauge, &[], "free space where the ledger's folder is"),
    metric(n::EPOCH_SECONDS, Kind::Gauge, &[], "length of an epoch"),
    metric(n::CLOSED_AT, Kind::Gauge, &[], "when an epoch was last closed, in Unix seconds"),
    metric(n::CHECKPOINT_AT, Kind::Gauge, &[], "begin of the newest checkpoint's epoch"),
    metric(n::CLOSE_SECONDS, Kind::Histogram, &[], "how long it took to close an epoch"),
    metric(n::CLOSE_FAILURES, Kind::Counter, &[], "failed attempts to close an epoch"),
    metric(n::RESIDENT, Kind::Gauge, &[], "resident memory"),
    metric(n::VIRTUAL, Kind::Gauge, &[], "virtual memory, mapped keys included"),
    metric(n::CPU, Kind::Counter, &[], "CPU time of all threads"),
    metric(n::OPEN_FDS, Kind::Gauge, &[], "open descriptors"),
    metric(n::MAX_FDS, Kind::Gauge, &[], "limit on open descriptors"),
    metric(n::THREADS, Kind::Gauge, &[], "threads"),
    metric(n::STARTED, Kind::Gauge, &[], "when the process started, in Unix seconds"),
];

impl Metric {
    /// The unit, which the name ends with.
    fn unit(&self) -> Unit {
        let name = self.name.trim_end_matches("_total");
        if name.ends_with("_seconds") {
            Unit::Seconds
        } else if name.ends_with("_bytes") {
            Unit::Bytes
        } else {
            Unit::Count
        }
    }
}

/// Tells the recorder what the metrics are.
pub(super) fn describe() {
    for metric in ALL {
        let unit = metric.unit();
        match metric.kind {
            Kind::Counter => describe_counter!(metric.name, unit, metric.help),
            Kind::Gauge => describe_gauge!(metric.name, unit, metric.help),
            Kind::Histogram => describe_histogram!(metric.name, unit, metric.help),
        }
    }
}

/// All metrics as a table in Markdown.
pub fn table() -> String {
    let mut text =
        String::from("| Metric | Kind | Labels | What it measures |\n|---|---|---|---|\n");
    for Metric { name, kind, labels, help } in ALL {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        let labels: Vec<String> = labels.iter().map(|label| format!("`{label}`")).collect();
        // Writing to a string cannot fail.
        let _ = writeln!(text, "| `{name}` | {kind} | {} | {help} |", labels.join(", "));
    }
    text
}
