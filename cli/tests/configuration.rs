//! Settings of a service: from one file, then the environment, then flags. And what SIGHUP changes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use wufu_testing as _;

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;
use wufu_testing::Process;

/// The command in a folder, with an environment that has no variables of this project.
fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wufu"));
    command.args(args).current_dir(folder).env_clear().env("HOME", folder);
    command.stdin(Stdio::null());
    command
}

fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

/// The settings that `--print-config` prints, with a configuration file and variables.
fn settings(file: &str, variables: &[(&str, &str)], args: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("wufu.toml"), file).unwrap();
    let args = [&["serve"], args, &["--config", "wufu.toml", "--print-config"]].concat();
    let output = command(folder.path(), &args).envs(variables.iter().copied()).output().unwrap();
    let (out, errors) = texts(&output);
    assert_eq!(output.status.code(), Some(0), "{errors}");
    out
}

/// What a service says that does not start, because of its configuration.
fn refused(file: &str, variables: &[(&str, &str)], args: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("wufu.toml"), file).unwrap();
    let args = [&["serve"], args, &["--config", "wufu.toml"]].concat();
    let output = command(folder.path(), &args).envs(variables.iter().copied()).output().unwrap();
    let (out, errors) = texts(&output);
    assert_eq!((output.status.code(), out.as_str()), (Some(2), ""), "{errors}");
    errors
}

#[test]
fn flags_win_over_variables_and_these_over_the_file() {
    let file = "queue = 7\ntimeout = \"2 min\"\nthreads = 3\nworkers = 2\n\
        [prover]\nworkers = 5\ncircuit = [\"gift\", \"donation\"]\n[dealer]\nqueue = 9\n";
    let variables = [("WUFU_TIMEOUT", "30"), ("WUFU_THREADS", "4"), ("WUFU_LOG", "")];
    let printed = settings(file, &variables, &["prover", "--threads", "6"]);
    for line in [
        "[prover]",
        "log = \"info\"  # default",
        "queue = 7  # wufu.toml:1",
        "timeout = 30  # WUFU_TIMEOUT",
        "threads = 6  # flag",
        "workers = 5  # wufu.toml:6",
        "circuit = [\"gift\", \"donation\"]  # wufu.toml:7",
        "# unix is not set",
    ] {
        assert!(printed.lines().any(|printed| printed == line), "{line}: {printed}");
    }
    // A key above all tables is for each role that knows it.
    let printed = settings(file, &[], &["ledger", "--dir", "cerf"]);
    assert!(printed.contains("dir = \"cerf\"  # flag") && !printed.contains("queue"), "{printed}");
    // What is printed is a configuration that means the same.
    let file = "[ledger]\ndir = \"a \\\"b\\\"\"\ndev-keys = true\n";
    let printed = settings(file, &[], &["ledger"]);
    let again = settings(&printed, &[], &["ledger"]);
    let values = |text: &str| {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines.map(|line| line.split("  # ").next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(values(&printed), values(&again));
    assert!(printed.contains("dir = \"a \\\"b\\\"\"") && printed.contains("dev-keys = true"));
}

#[test]
fn json_names_each_value_and_its_source() {
    let file = "[evaluator]\nqueue = 7\n";
    let variables = [("WUFU_CIRCUIT", "gift, donation")];
    let printed = settings(file, &variables, &["evaluator", "--json"]);
    let printed: Value = serde_json::from_str(&printed).unwrap();
    let of = |name: &str| {
        let all = printed["settings"].as_array().unwrap();
        all.iter().find(|setting| setting["name"] == name).unwrap().clone()
    };
    assert_eq!(printed["role"], "evaluator");
    let queue = of("queue");
    assert_eq!((&queue["value"], &queue["source"]), (&"7".into(), &"file".into()));
    assert_eq!(queue["at"], "wufu.toml:2");
    let circuit = of("circuit");
    assert_eq!(circuit["value"], serde_json::json!(["gift", "donation"]));
    assert_eq!(
        (&circuit["source"], &circuit["at"]),
        (&"environment".into(), &"WUFU_CIRCUIT".into())
    );
    assert_eq!((&of("unix")["value"], &of("unix")["source"]), (&Value::Null, &"unset".into()));
}

/// A later source hides what it excludes in earlier ones; one source may not exclude itself.
#[test]
fn options_that_exclude_each_other_follow_the_order() {
    let file = "listen = \"127.0.0.1:7181\"\n";
    let printed = settings(file, &[("WUFU_UNIX", "socket")], &["prover"]);
    assert!(printed.contains("# listen is not set"), "{printed}");
    assert!(printed.contains("unix = \"socket\"  # WUFU_UNIX"), "{printed}");
    let variables = [("WUFU_UNIX", "socket")];
    let printed = settings(file, &variables, &["prover", "--listen", "[::1]:1"]);
    assert!(printed.contains("listen = \"[::1]:1\"  # flag"), "{printed}");
    assert!(printed.contains("# unix is not set"), "{printed}");
    let both = refused("listen = \"[::1]:0\"\nunix = \"a\"\n", &[], &["prover"]);
    assert!(both.contains("wufu.toml:1") && both.contains("wufu.toml:2"), "{both}");
    assert!(both.contains("exclude each other"), "{both}");
}

#[test]
fn a_wrong_value_is_refused_with_its_place_and_range() {
    let all = "expected a whole number from 0 to 10,000";
    for (file, said) in [
        ("\nqueue = 10001", format!("wufu.toml:2: queue is 10001, {all}")),
        ("queue = \"many\"", format!("wufu.toml:1: queue is many, {all}")),
        ("queue = -1", format!("wufu.toml:1: queue is -1, {all}")),
        ("queue = true", "wufu.toml:1: queue is true, expected a text or a number".to_owned()),
        ("[dealer]\nqueue = 1e9", format!("wufu.toml:2: queue is 1e9, {all}")),
        ("timeout = \"2 d\"", "wufu.toml:1: timeout is 2 d: is 2 d, expected 1 s to 1 d".into()),
        ("circuit = [\"gift\",\n \"gifts\"]", "wufu.toml:1: circuit is gifts, expected one".into()),
        ("circuit = [1.5, [2]]", "wufu.toml:1: circuit is a list, expected a text, or a".into()),
        ("listen = \"localhost\"", "wufu.toml:1: listen is localhost, expected an addr".into()),
        ("log = \"loud=very\"", "wufu.toml:1: log is loud=very, expected a level (off".into()),
        ("[ledger]\ndev-keys = 1", "wufu.toml:2: dev-keys is 1, expected true or false".into()),
        ("ledger = 1", "wufu.toml:1: ledger is 1, expected a table: [ledger]".into()),
        ("queue = 1\nqueue = 2", "wufu.toml:2: not TOML: duplicate key".into()),
        ("queue 7", "wufu.toml:1: not TOML".into()),
    ] {
        let errors = refused(file, &[], &["prover"]);
        assert!(errors.contains(&said), "{file:?}: {errors}");
    }
    let errors = refused("", &[("WUFU_QUEUE", "many")], &["prover"]);
    assert!(errors.contains(&format!("WUFU_QUEUE is many, {all}")), "{errors}");
    let errors = refused("", &[("WUFU_DEV_KEYS", "1")], &["ledger", "--dir", "x"]);
    assert!(errors.contains("WUFU_DEV_KEYS is 1, expected true or false"), "{errors}");
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest_name() {
    for (file, said) in [
        ("queues = 1", "wufu.toml:1: unknown key queues, expected queue?"),
        (
            "[prover]\n\nthread = 1",
            "wufu.toml:3: unknown key thread of [prover], expected threads?",
        ),
        (
            "[ledger]\ndev_keys = true",
            "wufu.toml:2: unknown key dev_keys of [ledger], expected dev-",
        ),
        ("[provers]\n", "wufu.toml:1: unknown key provers, expected [prover]?"),
        ("[ledger]\nqueue = 1", "wufu.toml:2: unknown key queue of [ledger], expected "),
        ("config = \"x\"", "wufu.toml:1: unknown key config"),
        ("print-config = true", "wufu.toml:1: unknown key print-config"),
        // What an operator vouches for once would hold for ever.
        ("[ledger]\naccept-clock = true", "wufu.toml:2: accept-clock is for one start"),
    ] {
        let errors = refused(file, &[], &["prover"]);
        assert!(errors.contains(said), "{file:?}: {errors}");
    }
    let once = [("WUFU_ACCEPT_CLOCK", "true")];
    assert!(!settings("", &once, &["ledger", "--dir", "x"]).contains("accept-clock"));
}

#[test]
fn a_file_that_cannot_be_read_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |path: &str| {
        let mut command = command(folder.path(), &["serve", "prover"]);
        let output = command.env("WUFU_CONFIG", path).output().unwrap();
        let (out, errors) = texts(&output);
        assert_eq!((output.status.code(), out.as_str()), (Some(2), ""), "{errors}");
        errors
    };
    assert!(refused("none.toml").contains("none.toml"));
    let long = format!("# {}\n", "x".repeat(64 << 10));
    fs::write(folder.path().join("long.toml"), long).unwrap();
    assert!(refused("long.toml").contains("longer than 65,536 bytes"));
    fs::write(folder.path().join("bytes.toml"), [0xff, 0xfe]).unwrap();
    assert!(refused("bytes.toml").contains("not UTF-8"));
    let deep = "a = ".to_owned() + &"[".repeat(50_000);
    fs::write(folder.path().join("deep.toml"), deep).unwrap();
    assert!(refused("deep.toml").contains("not TOML"));
    // Without a file, an empty variable names none.
    let mut command = command(folder.path(), &["serve", "prover", "--print-config"]);
    assert!(command.env("WUFU_CONFIG", "").output().unwrap().status.success());
}

/// A service, killed when its test ends.
struct Service {
    process: Process,
    address: String,
    log: std::path::PathBuf,
}

impl Service {
    fn start(folder: &Path) -> Self {
        let init = ["ledger", "init", "--org", "wufu", "--dir", "ledger"];
        assert!(command(folder, &init).output().unwrap().status.success());
        let log = folder.join("log");
        let mut command = command(folder, &["serve", "ledger", "--config", "wufu.toml"]);
        command.stdout(Stdio::piped()).stderr(fs::File::create(&log).unwrap());
        let mut process = Process::start(&mut command).unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.contains(" on http://"), "{line}{}", fs::read_to_string(&log).unwrap());
        let address = line.trim().rsplit('/').next().unwrap().to_owned();
        Self { process, address, log }
    }

    /// Sends SIGHUP, and waits until the log says something.
    fn reload(&self, said: &str) {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args(["-HUP", &pid]).status().unwrap().success());
        self.says(said);
    }

    fn says(&self, said: &str) {
        let until = Instant::now() + Duration::from_secs(60);
        while !fs::read_to_string(&self.log).unwrap().contains(said) {
            let log = fs::read_to_string(&self.log).unwrap();
            assert!(Instant::now() < until, "{said:?} is not in the log: {log}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Rows of docs/failures.md: 40.
/// SIGHUP once killed every service.
#[test]
fn sighup_applies_what_can_change_and_names_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("wufu.toml");
    let write = |text: &str| fs::write(&file, text).unwrap();
    let usual = "[ledger]\ndir = \"ledger\"\nlisten = \"127.0.0.1:0\"\n";
    write(usual);
    let mut service = Service::start(folder.path());
    service.reload("settings were read again; changed: nothing");
    // A broken file changes nothing.
    write("[ledger]\ndir = \"ledger\"\nlog = 7\nlisten = 1");
    service.reload("SIGHUP: the old settings stay: wufu.toml:4: listen is 1");
    write(&format!("{usual}log = \"wufu=warn\"\nunix = \"socket\"\n"));
    service.reload("the old settings stay: listen (wufu.toml:3) and unix (wufu.toml:5)");
    write("log = \"trace\"\n[ledger]\ndir = \"other\"\nunix = \"socket\"\n");
    service.reload("restart to change: listen, unix, dir");
    service.says("settings were read again; changed: log");
    // It runs as before, and logs more.
    assert!(service.process.try_wait().unwrap().is_none());
    drop(std::net::TcpStream::connect(&service.address).unwrap());
    service.says("TRACE");
}
