//! `wufu ledger` as an operator uses it.
//!
//! While a ledger was served, `info`, `audit` and `checkpoints` were refused, because another
//! process had it open. Before the epoch closed, `grants` wrote "0 grants" into a file and exited
//! with 0, without a hint. For a folder without a ledger, the error was "nothing: nothing holds no
//! ledger".
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use wufu_testing as _;

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use serde_json::Value;
use wufu_circuits::Seed;

fn wufu(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wufu"));
    command.args(args).current_dir(folder).env("WUFU_CACHE", folder.join("cache"));
    command.env_remove("WUFU_LOG");
    command
}

fn run(folder: &Path, args: &[&str]) -> Output {
    wufu(folder, args).output().unwrap()
}

fn ok(folder: &Path, args: &[&str]) -> Vec<Value> {
    let output = run(folder, &[&["--json"], args].concat());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{args:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The error of a command that must fail with exit code 2.
fn refused(folder: &Path, args: &[&str]) -> String {
    let output = run(folder, args);
    assert_eq!(output.status.code(), Some(2), "{args:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// A service that ends with the test.
struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn serve(folder: &Path, dir: &str) -> Served {
    let args = ["--json", "serve", "ledger", "--dir", dir, "--listen", "127.0.0.1:0"];
    let mut child =
        wufu(folder, &args).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    // It prints its address once it has opened the ledger. If it fails, its output ends.
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains("listening"), "{line}");
    Served(child)
}

#[test]
fn pending_rows_are_shown_and_served_ledgers_readable() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let address = Seed::from_bytes([1; 32]).address("wufu").to_string();
    let made = ok(folder, &["ledger", "init", "--dir", "l", "--org", "wufu"]);
    let grants = ["ledger", "grants", &address, "--dir", "l", "--out", "grants.msg"];
    let none = refused(folder, &grants);
    assert!(none.contains("nothing was appended for this address"), "{none}");
    let placed = run(folder, &["ledger", "issue", &address, "--dir", "l"]);
    let placed = String::from_utf8(placed.stdout).unwrap();
    assert!(placed.contains("in no checkpoint until `wufu ledger close-epoch`"), "{placed}");
    let early = refused(folder, &grants);
    for part in
        ["no grant yet", "grants.msg is not written", "5 entries", "wufu ledger close-epoch"]
    {
        assert!(early.contains(part), "{part}: {early}");
    }
    assert!(!folder.join("grants.msg").exists());
    let closed = ok(folder, &["ledger", "close-epoch", "--dir", "l"]);
    assert_eq!((&closed[0]["signed"][0], &closed[0]["summary"]), (&"wufu/cards".into(), &1.into()));
    assert_eq!(ok(folder, &grants)[0]["grants"], 5);
    // In the same epoch, new entries wait for the next one, and the command prints its time.
    let more = ok(folder, &["ledger", "issue", &address, "--kind", "和谐", "--dir", "l"]);
    let next = more[0]["next_close"].as_u64().unwrap();
    let again = ok(folder, &grants);
    assert_eq!((again[0]["grants"].as_u64(), again[0]["waiting"].as_u64()), (Some(5), Some(1)));
    assert!(next > 1_700_000_000, "{next}");
    // After a clean exit one file holds everything.
    let wal = folder.join("l/ledger.db-wal");
    assert!(fs::metadata(&wal).map_or(0, |wal| wal.len()) == 0, "the write-ahead log was left");

    let _served = serve(folder, "l");
    let info = ok(folder, &["ledger", "info", "--dir", "l"]);
    assert_eq!(info[0]["logs"][0]["size"], 6);
    let audit = ok(folder, &["ledger", "audit", "--dir", "l"]);
    assert_eq!(audit.last().unwrap()["findings"], 0);
    let notes = ok(folder, &["ledger", "checkpoints", "--dir", "l"]);
    assert!(!notes[0]["notes"].as_array().unwrap().is_empty());
    assert!(ok(folder, &grants)[0]["grants"].as_u64().unwrap() >= 5);
    // A wallet can read it too. It used to open the folder for writing, and was refused.
    ok(folder, &["wallet", "new", "--dir", "w"]);
    ok(folder, &["wallet", "pin", "--log-key", made[0]["log_key"].as_str().unwrap(), "--dir", "w"]);
    let sync = ["wallet", "sync", "--dir", "w", "--org", "wufu", "--ledger", "l", "--one-source"];
    let synced = run(folder, &sync);
    let said = String::from_utf8_lossy(&synced.stderr).into_owned();
    assert!(!said.contains("open in another process"), "{said}");
    assert!(synced.status.success(), "{said}");
    let second = refused(folder, &["ledger", "issue", &address, "--dir", "l"]);
    assert!(second.contains("l is open in another process"), "{second}");
}

#[test]
fn an_audit_with_findings_names_them_and_exits_with_2() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    ok(folder, &["ledger", "init", "--dir", "l", "--org", "wufu"]);
    fs::write(folder.join("l/summary.note"), "planted").unwrap();
    let output = run(folder, &["ledger", "audit", "--dir", "l"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("summary.note is not signed by this ledger's key"), "{text}");
    let closed = refused(folder, &["ledger", "close-epoch", "--dir", "l"]);
    assert!(
        closed.contains("summary.note is not a summary signed by this ledger's key"),
        "{closed}"
    );
}

#[test]
fn a_folder_that_is_no_ledger_is_told_once() {
    let folder = tempfile::tempdir().unwrap();
    for args in [
        ["ledger", "info", "--dir", "nothing"],
        ["ledger", "audit", "--dir", "nothing"],
        ["ledger", "close-epoch", "--dir", "nothing"],
    ] {
        let error = refused(folder.path(), &args);
        assert!(error.contains("nothing holds no ledger: expected a folder"), "{error}");
        assert!(error.contains("wufu ledger init --dir nothing"), "{error}");
        assert!(!error.contains("nothing: nothing"), "{error}");
    }
    assert!(!folder.path().join("nothing").exists());
}

/// Made-up donations were imported into a ledger in production, as yuan into one in dollars, and
/// beside real ones.
#[test]
fn donations_are_made_up_only_where_nobody_is_misled() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let init = |dir: &str, more: &[&str]| {
        ok(folder, &[&["ledger", "init", "--dir", dir, "--org", "wufu"], more].concat());
    };
    init("true", &["--currency", "CNY", "--production"]);
    init("dollars", &["--currency", "USD"]);
    init("none", &[]);
    init("held", &["--currency", "CNY"]);
    let csv = "receipt,institution,project,amount,date\nr1,I,P,1,2020-01-01\n";
    fs::write(folder.join("f.csv"), csv).unwrap();
    ok(folder, &["ledger", "import", "f.csv", "--dir", "held"]);
    for (dir, expected) in [
        ("true", "true is in production, where no donations may be made up"),
        ("dollars", "dollars is in USD, and made-up donations are in CNY"),
        ("none", "none has no currency, so it takes no donations"),
        ("held", "held already holds 1 donation, and made-up ones must not be mixed with them"),
    ] {
        let told = refused(folder, &["ledger", "generate", "--dir", dir]);
        assert!(told.contains(expected), "{told}");
        assert!(told.contains("wufu ledger init --dir trial --org trial --currency CNY"), "{told}");
        let held = &ok(folder, &["ledger", "info", "--dir", dir])[0]["donations"];
        assert_eq!(held, &Value::from(u64::from(dir == "held")));
    }
    let told = refused(folder, &["ledger", "import", "f.csv", "--dir", "none"]);
    assert!(
        told.contains("make one for donations with `wufu ledger init --currency CODE`"),
        "{told}"
    );
}

/// If nothing was signed yet, an empty file replaced a good one, and the exit code was 0.
#[test]
fn without_a_checkpoint_none_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    ok(folder, &["ledger", "init", "--dir", "l", "--org", "wufu"]);
    fs::write(folder.join("good.notes"), "good").unwrap();
    let write = ["ledger", "checkpoints", "--dir", "l", "--out", "good.notes"];
    let told = refused(folder, &write);
    for part in
        ["no checkpoint yet", "good.notes is not written", "there are no entries in wufu/cards"]
    {
        assert!(told.contains(part), "{part}: {told}");
    }
    let address = Seed::from_bytes([1; 32]).address("wufu").to_string();
    ok(folder, &["ledger", "issue", &address, "--dir", "l"]);
    for args in [&write[..], &write[..4]] {
        let told = refused(folder, args);
        assert!(
            told.contains("5 entries in ") && told.contains("wufu ledger close-epoch"),
            "{told}"
        );
    }
    assert_eq!(fs::read_to_string(folder.join("good.notes")).unwrap(), "good");
    ok(folder, &["ledger", "close-epoch", "--dir", "l"]);
    let persons = refused(folder, &["ledger", "checkpoints", "--dir", "l", "--log", "persons"]);
    assert!(persons.contains("there are no entries in wufu/persons"), "{persons}");
    fs::remove_file(folder.join("good.notes")).unwrap();
    assert_eq!(ok(folder, &write)[0]["notes"], 1);
}

/// Errors named a key of a file instead of the option, and an audit printed "what no checkpoint
/// covers: signed since the ledger was made".
#[test]
fn an_operator_is_told_in_the_words_of_the_command() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let init = ["ledger", "init", "--dir", "l", "--org", "wufu"];
    for (option, value, expected) in [
        ("--epoch", "1000 d", "'--epoch <DURATION>': is 1000 d, expected 1 s to 1 d"),
        ("--epoch", "0", "expected 1 s to 1 d"),
        ("--window", "31 d", "'--window <DURATION>': is 31 d, expected at most 30 d"),
    ] {
        let told = refused(folder, &[&init[..], &[option, value]].concat());
        assert!(told.contains(expected), "{told}");
    }
    ok(folder, &init);
    let audit = String::from_utf8(run(folder, &["ledger", "audit", "--dir", "l"]).stdout).unwrap();
    let expected = "all other rows (donations without an owner, names, claims): compared with what \
        was signed since the ledger was made";
    assert!(audit.contains(expected), "{audit}");
}
