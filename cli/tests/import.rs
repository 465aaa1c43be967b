//! `wufu ledger import` as an operator has it: the command, its messages and its exit codes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use wufu_testing as _;

use std::{
    io::Write,
    path::PathBuf,
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

const HEAD: &str = "receipt,institution,project,amount,date\n";

fn case(name: &str) -> String {
    let cases = concat!(env!("CARGO_MANIFEST_DIR"), "/../ledger/tests/data/cases");
    PathBuf::from(cases).join(name).to_str().unwrap().into()
}

/// A fresh ledger of one currency.
struct Ledger(TempDir);

impl Ledger {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let ledger = Self(folder);
        let done = ledger.run(&["init", "--org", "cerf", "--currency", "USD"], b"");
        assert!(done.status.success(), "{done:?}");
        ledger
    }

    /// Runs a command with `input` on standard input. It is killed after two minutes, because no
    /// input may make it hang.
    fn run(&self, args: &[&str], input: &[u8]) -> Output {
        let dir = self.0.path().join("ledger");
        // With 3 GB of address space, so that a test with endless input does not take all memory.
        let mut command = Command::new("sh");
        command.args(["-c", "ulimit -v 3000000; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_wufu")]);
        command.arg("ledger").args(args).arg("--dir").arg(dir).env_remove("WUFU_LOG");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // The command may have ended before it reads.
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_vec();
        let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let began = Instant::now();
        while child.try_wait().unwrap().is_none() {
            if began.elapsed() > Duration::from_secs(120) {
                child.kill().unwrap();
                panic!("{args:?} did not end");
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        writer.join().unwrap();
        child.wait_with_output().unwrap()
    }

    fn import(&self, args: &[&str], input: &str) -> Output {
        self.run(&[&["import"], args].concat(), input.as_bytes())
    }

    fn donations(&self) -> u64 {
        let done = self.run(&["info", "--json"], b"");
        let info: Value = serde_json::from_slice(&done.stdout).unwrap();
        info["donations"].as_u64().unwrap()
    }
}

fn errors(done: &Output) -> String {
    String::from_utf8(done.stderr.clone()).unwrap()
}

fn told(done: &Output) -> String {
    String::from_utf8(done.stdout.clone()).unwrap()
}

/// Rows of docs/failures.md: 49.
/// The exit code was 0, the text "1 donation, 0 rows left out", and two rows were lost.
#[test]
fn an_open_quote_is_an_error_that_names_its_line() {
    let ledger = Ledger::new();
    for name in ["open-quote-last-column.csv", "open-quote-closed-later.csv"] {
        for more in [&[][..], &["--skip-bad"], &["--multiline-cells"]] {
            let done = ledger.import(&[&[case(name).as_str()], more].concat(), "");
            assert_eq!(done.status.code(), Some(2), "{done:?}");
            let errors = errors(&done);
            assert!(errors.starts_with("wufu: nothing was imported: "), "{errors}");
            assert!(errors.contains(&format!("{name}:2: ")), "{errors}");
            assert_eq!(errors.lines().count(), 1, "{errors}");
        }
    }
    assert_eq!(ledger.donations(), 0);
}

/// Rows of docs/failures.md: 49.
/// `import /dev/zero` grew to 7.7 GB in 20 seconds, and aborted with a backtrace when memory was
/// limited.
#[test]
fn a_file_without_end_is_refused_in_bounded_memory() {
    let ledger = Ledger::new();
    for (file, expected) in [
        ("/dev/zero", "/dev/zero:1: the line contains a NUL byte"),
        ("/", "/:1: this is a folder, expected a CSV file"),
        ("/dev/null", "/dev/null: the file is empty"),
    ] {
        let done = ledger.import(&[file], "");
        assert_eq!(done.status.code(), Some(2), "{done:?}");
        assert!(errors(&done).contains(expected), "{done:?}");
    }
    let long = format!("{HEAD}{}", "a".repeat(3 << 20));
    let done = ledger.import(&["-"], &long);
    assert!(
        errors(&done).contains("standard input:2: the row is longer than 1048576 bytes"),
        "{done:?}"
    );
}

/// `-` was the name of a file. Known rows were an error, with a line for each of 20,000.
#[test]
fn standard_input_is_read_and_known_rows_are_one_line() {
    let ledger = Ledger::new();
    let mut text = String::from(HEAD);
    (0..2000).for_each(|n| text += &format!("r{n},I,P,1.50,2020-01-01\n"));
    let done = ledger.import(&["-"], &text);
    assert!(done.status.success(), "{done:?}");
    assert!(
        told(&done)
            .contains("2,000 rows read: 2,000 imported, 0 known, 0 blank, 0 bad and left out")
    );
    // One line had "2,000 donations" and "2000 pending".
    assert!(told(&done).contains("0 with an owner, 2,000 pending"), "{done:?}");
    text += "r2000,I,P,2,2020-01-02\n,,,,\n";
    let done = ledger.import(&["-"], &text);
    assert!(done.status.success(), "{done:?}");
    assert!(
        told(&done)
            .contains("2,002 rows read: 1 imported, 2,000 known, 1 blank, 0 bad and left out")
    );
    assert!(told(&done).lines().count() + errors(&done).lines().count() < 10, "{done:?}");
    assert_eq!(ledger.donations(), 2001);
}

/// Rows of docs/failures.md: 53.
/// Such names were imported, and printed as they came.
#[test]
fn names_that_deceive_are_refused_and_printed_escaped() {
    let ledger = Ledger::new();
    let done = ledger.import(&[&case("names-that-deceive.csv")], "");
    assert_eq!(done.status.code(), Some(2), "{done:?}");
    let errors = errors(&done);
    for expected in [
        ":2: column \"institution\": \"Red\\u{202e}Cross\" holds U+202E at character 4",
        ":3: column \"institution\": \"A\\u{200b}\" holds U+200B at character 2",
        "wufu: 2 of 3 rows are bad, and nothing was imported (--skip-bad leaves them out)",
    ] {
        assert!(errors.contains(expected), "{errors}");
    }
    assert!(!errors.contains(['\u{202e}', '\u{200b}']));
    assert_eq!(ledger.donations(), 0);
    let refused = Command::new(env!("CARGO_BIN_EXE_wufu"))
        .args(["ledger", "init", "--org", "ce\u{ad}rf", "--dir"])
        .arg(ledger.0.path().join("other"))
        .output()
        .unwrap();
    assert!(self::errors(&refused).contains("U+00AD at character 3"), "{refused:?}");
}

/// The options that `cases/README.md` asks for: a file that was refused with a hint is imported
/// when one follows the hint.
#[test]
fn what_a_message_proposes_works() {
    let ledger = Ledger::new();
    let semicolons = case("semicolons-decimal-comma.csv");
    let done = ledger.import(&[&semicolons], "");
    assert!(
        errors(&done).contains("the first line has 4 semicolons and no comma: --delimiter ';'"),
        "{done:?}"
    );
    let done = ledger.import(&[&semicolons, "--delimiter", ";"], "");
    assert!(errors(&done).contains("--decimal-comma"), "{done:?}");
    let done = ledger.import(&[&semicolons, "--delimiter", ";", "--decimal-comma"], "");
    assert!(told(&done).starts_with("1 donation, 1.50 USD"), "{done:?}");

    let times = format!("{HEAD}a,I,P,1,2018-02-15 22:18:00\nb,I,P,1,2999-01-01\n");
    let done = ledger.import(&["-"], &times);
    assert!(
        errors(&done).contains("--timezone") && errors(&done).contains("--allow-future"),
        "{done:?}"
    );
    let done = ledger.import(&["-", "--timezone", "Asia/Shanghai", "--allow-future"], &times);
    assert!(done.status.success(), "{done:?}");

    let years = ["receipts-2019.csv", "receipts-2020-same-numbers.csv"].map(case);
    assert!(ledger.import(&[&years[0]], "").status.success());
    let done = ledger.import(&[&years[1]], "");
    assert!(
        errors(&done).contains("1.00 USD of 2019-01-01")
            && errors(&done).contains("--receipt-key year"),
        "{done:?}"
    );
    assert!(ledger.import(&[&years[1], "--receipt-key", "year"], "").status.success());

    let done = ledger.import(&["-"], "No,institution,project,amount,date\n1,I,P,1,2020-01-01\n");
    assert!(errors(&done).contains("--map receipt=COLUMN"), "{done:?}");
    let twice = ["-", "--map", "receipt=No", "--map", "receipt=Nr"];
    let done = ledger.import(&twice, "No,institution,project,amount,date\n1,I,P,1,2020-01-01\n");
    assert!(errors(&done).contains("receipt is mapped twice, to \"No\" and to \"Nr\""), "{done:?}");
    let blank = case("blank-and-total-rows.csv");
    let done = ledger.import(&[&blank], "");
    let said = errors(&done);
    assert!(said.contains("a total?") && said.contains("--skip-bad leaves them out"), "{done:?}");
    let done = ledger.import(&[&blank, "--skip-bad"], "");
    assert!(
        told(&done).contains("3 rows read: 1 imported, 0 known, 1 blank, 1 bad and left out"),
        "{done:?}"
    );
}

/// Rows that a cell joined were not counted, times in the form in which the command prints them
/// were refused, and a forgotten quote was reported as another fault.
#[test]
fn multiline_cells_are_reported_and_shown_times_read() {
    let ledger = Ledger::new();
    let text = "receipt,institution,project,amount,date,note\n\
        r1,I,P,1,2020-02-03 10:00 UTC,\"two\nand\nthree\"\nr2,I,P,1,2020-02-03 18:00 +08:00,x\n";
    let done = ledger.import(&["-", "--multiline-cells", "--json"], text);
    assert!(done.status.success(), "{done:?}");
    let report: Value = serde_json::from_str(told(&done).lines().last().unwrap()).unwrap();
    assert_eq!((&report["records"], &report["multiline_cells"]), (&2.into(), &1.into()));
    assert_eq!(report["first_multiline_cell"], serde_json::json!([2, 4]));
    let done = ledger.import(&["-", "--multiline-cells"], text);
    assert!(told(&done).contains("\n1 cell spans lines: 2 to 4\n"), "{done:?}");
    let done = ledger.import(&[&case("open-quote-closed-later.csv"), "--multiline-cells"], "");
    let expected = ":2: a quote opens in cell 6 and is not closed on the same line; the next one, \
        on line 4, does not";
    assert!(errors(&done).contains(expected), "{done:?}");
}

/// A list of owners that matched nothing was reported without the reason, a list with semicolons or
/// from a pipe could not be read, and an address that was cut short was not recognised as one.
#[test]
fn an_owner_list_is_read_and_its_gaps_are_reported() {
    let ledger = Ledger::new();
    let [one, two] = [1, 2].map(|seed| wufu_circuits::Seed::from_bytes([seed; 32]).address("cerf"));
    let file = |name: &str, text: String| {
        let path = ledger.0.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let rows =
        file("rows.csv", "receipt;institution;project;amount;date\no1;I;P;1;2020-01-01\n".into());
    let bare = format!("receipt;address\no1;{one}\n");
    let import = |args: &[&str], input: &str| {
        let format = [rows.as_str(), "--delimiter", ";", "--receipt-key", "year"];
        ledger.import(&[&format, args].concat(), input)
    };
    let done = import(&["--owners", &file("bare.csv", bare.clone())], "");
    let expected = "1 owner of the list left out: neither this file nor the ledger has receipt \
        \"o1\": with --receipt-key year the list needs whole names, as in 2019/001";
    assert!(done.status.success() && told(&done).contains(expected), "{done:?}");

    let ledger = Ledger::new();
    let import = |args: &[&str], input: &str| {
        let format = [rows.as_str(), "--delimiter", ";", "--receipt-key", "year"];
        ledger.import(&[&format, args].concat(), input)
    };
    let done = import(&["--owners", "-"], &format!("receipt;address\n2020/o1;{one}\n"));
    assert!(told(&done).contains("1 with an owner, 0 pending"), "{done:?}");
    let done = import(&["--owners", "-"], &format!("receipt;address\n2020/o1;{two}\n"));
    let expected = "1 owner of the list left out: the ledger has another owner for receipt \
        \"2020/o1\", and that cannot be";
    assert!(done.status.success() && told(&done).contains(expected), "{done:?}");
    let cut = &one.to_string()[..100];
    for (owners, expected) in [
        (
            format!("receipt;address\n2020/o1;{cut}\n"),
            "standard input: owners:2: column \"address\": this address of 100 characters was cut \
             short or mistyped",
        ),
        (
            format!("receipt,address\n2020/o1,{one}\n"),
            "the first line has 1 comma and no semicolon: --delimiter ','",
        ),
    ] {
        let done = import(&["--owners", "-"], &owners);
        assert_eq!(done.status.code(), Some(2), "{done:?}");
        assert!(errors(&done).contains(expected), "{done:?}");
    }
    let done = ledger.import(&["-", "--owners", "-"], "");
    assert!(errors(&done).contains("are both standard input, expected one of them"), "{done:?}");
}

/// The demo's hints named options that it did not have, and its help had an example that failed for
/// a file without a currency.
#[test]
fn the_demo_takes_the_options_that_its_messages_name() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("f.csv"), format!("{HEAD}r1,I,P,1,2020-01-01\n")).unwrap();
    std::fs::copy(case("semicolons-decimal-comma.csv"), folder.path().join("s.csv")).unwrap();
    let demo = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wufu"));
        let done = command.arg("demo").args(args).current_dir(folder.path()).output().unwrap();
        assert_eq!(done.status.code(), Some(2), "{done:?}");
        errors(&done)
    };
    let without = demo(&["--donations", "f.csv"]);
    assert!(without.contains("say which it is with --currency CODE"), "{without}");
    let semicolons = demo(&["--donations", "s.csv"]);
    assert!(semicolons.contains("--delimiter ';'"), "{semicolons}");
    let told = demo(&["--donations", "s.csv", "--delimiter", ";"]);
    assert!(told.contains("no row names a currency"), "{told}");
    let unused = demo(&["--delimiter", ";"]);
    assert!(unused.contains("need the file: --donations FILE"), "{unused}");
    // The demo has not begun.
    assert!(!folder.path().join("wufu-demo").exists());
}
