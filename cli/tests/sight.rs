//! What an operator sees of a service: metrics, probes, its log, and `wufu top`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use wufu_testing as _;

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;
use wufu_serve::metrics::{ALL, Kind};

fn wufu(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wufu"));
    command.args(args).current_dir(folder).env("WUFU_CACHE", folder.join("cache"));
    for variable in ["WUFU_LOG", "WUFU_LOG_FORMAT", "WUFU_LOG_FILE", "WUFU_METRICS"] {
        command.env_remove(variable);
    }
    command
}

fn run(folder: &Path, args: &[&str]) -> Output {
    wufu(folder, args).output().unwrap()
}

/// A served ledger that ends with the test, and its metrics port.
struct Served {
    process: Child,
    metrics: String,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn serve(folder: &Path, more: &[&str]) -> Served {
    let init = run(folder, &["ledger", "init", "--org", "wufu", "--dir", "l"]);
    assert!(init.status.success(), "{}", String::from_utf8_lossy(&init.stderr));
    let args = ["--json", "serve", "ledger", "--dir", "l", "--listen", "127.0.0.1:0"];
    let args = [&args[..], &["--metrics", "127.0.0.1:0"], more].concat();
    let mut process =
        wufu(folder, &args).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let (mut metrics, lines) = (None, BufReader::new(process.stdout.take().unwrap()).lines());
    for line in lines {
        let told: Value = serde_json::from_str(&line.unwrap()).unwrap();
        match told["step"].as_str() {
            Some("metrics") => metrics = Some(told["url"].as_str().unwrap().to_owned()),
            Some("listening") => break,
            _ => panic!("{told}"),
        }
    }
    Served { process, metrics: metrics.unwrap() }
}

impl Served {
    fn get(&self, path: &str) -> String {
        let authority = self.metrics.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(authority.strip_suffix("/metrics").unwrap()).unwrap();
        write!(stream, "GET {path} HTTP/1.0\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Waits until an answer contains a text.
    fn says(&self, path: &str, text: &str) -> String {
        soon(|| Some(self.get(path)).filter(|answer| answer.contains(text)), text)
    }
}

fn soon<T>(mut found: impl FnMut() -> Option<T>, what: &str) -> T {
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(Instant::now() < until, "{what} never came");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Every series that a ledger exports is in the list of metrics with its labels, and those of a
/// ledger are there.
#[test]
fn a_ledger_exports_what_is_documented() {
    let folder = tempfile::tempdir().unwrap();
    let served = serve(folder.path(), &[]);
    served.says("/readyz", "ready\n");
    let scrape = served.says("/metrics", "wufu_ledger_epoch_closed_timestamp_seconds ");
    let body = scrape.split_once("\r\n\r\n").unwrap().1;
    for line in body.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let name = line.split(['{', ' ']).next().unwrap();
        let is_named = |metric: &&wufu_serve::metrics::Metric| {
            let parts = ["_bucket", "_sum", "_count"].map(|part| format!("{}{part}", metric.name));
            match metric.kind {
                Kind::Histogram => parts.iter().any(|part| part == name),
                _ => metric.name == name,
            }
        };
        let metric = ALL.iter().find(is_named);
        let metric = metric.unwrap_or_else(|| panic!("{line} is not in the list of metrics"));
        let labels = line.split_once('{').map_or("", |(_, rest)| rest.split('}').next().unwrap());
        for label in labels.split(',').filter(|label| !label.is_empty()) {
            let label = label.split('=').next().unwrap();
            assert!(metric.labels.contains(&label) || label == "le", "{line}: {label}");
        }
    }
    for metric in ALL.iter().filter(|metric| !metric.name.contains("checkpoint")) {
        let is_ledgers = metric.name.starts_with("wufu_ledger_");
        let waits = metric.name.contains("appended");
        assert!(!is_ledgers || waits || body.contains(metric.name), "no {}: {body}", metric.name);
    }
}

#[test]
fn top_shows_a_service_once() {
    let folder = tempfile::tempdir().unwrap();
    let served = serve(folder.path(), &[]);
    served.says("/readyz", "ready\n");
    let table = run(folder.path(), &["top", &served.metrics, "--once", "--every", "1"]);
    let text = String::from_utf8(table.stdout).unwrap();
    assert!(table.status.success(), "{}", String::from_utf8_lossy(&table.stderr));
    for row in
        [": serving", "requests a second", "queue wait p50, p99", "memory", "leaves of cards"]
    {
        assert!(text.contains(row), "{row}: {text}");
    }
    let args = ["--json", "top", &served.metrics, "--once", "--every", "1"];
    let json: Value = serde_json::from_slice(&run(folder.path(), &args).stdout).unwrap();
    assert_eq!(json["ready"], true, "{json}");
    assert_eq!(json["leaves"]["cards"], 0.0, "{json}");
    assert!(json["memory_bytes"].as_f64().unwrap() > 1e6, "{json}");
    drop(served);
    let none = run(folder.path(), &["top", "127.0.0.1:1", "--once"]);
    let error = String::from_utf8(none.stderr).unwrap();
    assert_eq!(none.status.code(), Some(2));
    assert!(error.contains("http://127.0.0.1:1: Connection refused"), "{error}");
}

/// A log file once held ANSI codes, and could not be moved away.
#[test]
fn a_log_file_is_plain_and_opened_again_on_sighup() {
    let folder = tempfile::tempdir().unwrap();
    let more = ["--log-file", "log", "--log-format", "text", "--log", "trace"];
    let served = serve(folder.path(), &more);
    served.says("/readyz", "ready\n");
    let (log, moved) = (folder.path().join("log"), folder.path().join("log.1"));
    fs::rename(&log, &moved).unwrap();
    let pid = served.process.id().to_string();
    assert!(Command::new("kill").args(["-s", "HUP", &pid]).status().unwrap().success());
    let again = || fs::read_to_string(&log).ok().filter(|log| log.contains("opened the log file"));
    let text = soon(again, "a new log file") + &fs::read_to_string(&moved).unwrap();
    assert!(text.contains("INFO") && !text.contains('\u{1b}'), "{text}");
}
