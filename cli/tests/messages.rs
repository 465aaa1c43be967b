//! What commands print for people: the file, what was found, what was expected and what to do, each
//! once. And which files they write.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use wufu_testing as _;

#[path = "messages/hints.rs"]
mod hints;
#[path = "messages/inputs.rs"]
mod inputs;

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _},
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use serde_json::Value;

/// An id of a key, which can be any 32 bytes.
const HEX: &str = "3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f";
/// A note of somebody else.
const NOTE: &str = "cerf/donations/1\n5\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE=\nepoch 3 of \
    600 s\ntime 1800\n\n\u{2014} cerf AAAAAAAA\n";

/// The keys are made once for all runs of the tests. Nobody else uses them.
fn cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("wufu-cache")
}

/// The command, to be run in a folder.
fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wufu"));
    command.args(args).current_dir(folder).env("WUFU_CACHE", cache()).env_remove("WUFU_LOG");
    command.stdin(Stdio::null());
    command
}

fn wufu(folder: &Path, args: &[&str]) -> Output {
    command(folder, args).output().unwrap()
}

fn ok(folder: &Path, args: &[&str]) -> String {
    let output = wufu(folder, args);
    let (out, errors) = texts(&output);
    assert_eq!(output.status.code(), Some(0), "{args:?}: {errors}\n{out}");
    out
}

fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

/// A folder with a wallet, two ledgers, a verifier's key and files that are not what they should
/// be.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    ok(path, &["wallet", "new"]);
    ok(path, &["ledger", "init", "--dir", "cerf", "--org", "cerf", "--currency", "USD"]);
    ok(path, &["ledger", "init", "--dir", "wufu", "--org", "wufu"]);
    ok(path, &["request", "keygen", "--out", "verifier.key"]);
    let crlf = NOTE.replace('\n', "\r\n");
    let files: [(&str, &[u8]); 9] = [
        ("empty", b""),
        ("README.md", b"# A text\n\nwith a paragraph.\n"),
        ("good.notes", NOTE.as_bytes()),
        ("crlf.notes", crlf.as_bytes()),
        ("bom.notes", &[b"\xef\xbb\xbf", NOTE.as_bytes()].concat()),
        ("cut.notes", &NOTE.as_bytes()[..60]),
        ("cut.sig", &NOTE.as_bytes()[..NOTE.len() - 5]),
        ("binary", &[0xff; 40]),
        ("bom.pub", "\u{feff}cerf+00000000+AAAA\n".as_bytes()),
    ];
    for (name, bytes) in files {
        fs::write(path.join(name), bytes).unwrap();
    }
    fs::create_dir(path.join("folder")).unwrap();
    folder
}

/// The log key of a ledger in the folder.
fn log_key(folder: &Path, ledger: &str) -> String {
    let info = ok(folder, &["--json", "ledger", "info", "--dir", ledger]);
    let info: Value = serde_json::from_str(&info).unwrap();
    info["log_key"].as_str().unwrap().to_owned()
}

/// A message was `README.md: README.md: No such file or directory (os error 2): No such file …`,
/// and others named no file, did not say what was found or expected, or gave no next step.
#[test]
fn a_failure_names_its_file_and_expectation_once() {
    let folder = folder();
    let path = folder.path();
    let key = log_key(path, "cerf");
    let longer_hash = key.replacen('+', "+0", 1);
    let (name, rest) = key.split_once('+').unwrap();
    let wrong_hash =
        format!("{name}+{}{}", if rest.starts_with('0') { '1' } else { '0' }, &rest[1..]);
    let address = ok(path, &["wallet", "address", "--org", "cerf"]);
    let address = address.trim();
    let (cut, longer) = (&address[..address.len() - 7], &address[..address.len() - 6]);
    let new = ["request", "new", "--signing-key", "verifier.key", "--purpose", "tax", "--origin"];
    let new = [&new[..], &["cerf/donations/1", "--out", "ask.req"]].concat();
    let asked = [&new[..], &["--project", "1:1", "--key-id", HEX]].concat();
    ok(path, &asked);
    let verify = |envelope: &'static str| vec!["verify", envelope, "--request", "ask.req"];
    let mut cases: Vec<(Vec<&str>, &[&str])> = vec![
        (vec!["envelope", "show", "missing"], &["missing: there is no such file"]),
        (vec!["envelope", "show", "folder"], &["folder: this is a folder, expected a file"]),
        (vec!["envelope", "show", "README.md"], &["README.md: "]),
        (vec!["request", "show", "missing"], &["missing: there is no such file"]),
        (vec!["request", "show", "README.md"], &["README.md: "]),
        (verify("missing"), &["missing: there is no such file"]),
        (verify("folder"), &["folder: this is a folder"]),
        (vec!["verify", "ask.req", "--request", "missing"], &["ask.req: "]),
        (vec!["request", "show", "binary"], &["binary: "]),
        (
            vec!["wallet", "answer", "missing", "--one-source", "--ledger", "cerf", "--out", "x"],
            &["missing: "],
        ),
        (vec!["wallet", "receive", "missing"], &["missing: "]),
        (vec!["wallet", "list", "--dir", "nothing"], &["nothing"]),
        (vec!["ledger", "info", "--dir", "nothing"], &["nothing"]),
        (vec!["ledger", "init", "--dir", "cerf", "--org", "cerf"], &["cerf"]),
        (vec!["ledger", "import", "missing.csv", "--dir", "cerf"], &["missing.csv: "]),
        (
            vec!["ledger", "issue", cut, "--dir", "wufu"],
            &["was cut short or mistyped", "expected a whole address", "wufu wallet address"],
        ),
        (vec!["ledger", "issue", longer, "--dir", "wufu"], &["was cut short or mistyped"]),
        (
            vec!["ledger", "issue", "wuf", "--dir", "wufu"],
            &["does not begin with wufu1", "3 characters"],
        ),
        (vec!["ledger", "close-epoch", "--dir", "README.md"], &["README.md"]),
        (
            vec!["wallet", "pin", "--log-key", &wrong_hash],
            &["log key's hash is", "mistyped", "wufu ledger info"],
        ),
        (vec!["wallet", "pin", "--log-key", &longer_hash], &["log key's hash is", "expected"]),
        (vec!["wallet", "pin", "--log-key", "charity.pub"], &["charity.pub: neither a log key"]),
        (
            vec!["wallet", "pin", "--log-key", "README.md"],
            &["README.md: log key is not of the form"],
        ),
        (
            vec!["wallet", "pin", "--log-key", "bom.pub"],
            &["bom.pub: begins with a byte-order mark"],
        ),
        (vec!["wallet", "pin", "--key", "README.md"], &["README.md: ", "expected a verifying key"]),
        (vec!["wallet", "pin", "--key", "empty"], &["empty: ", "expected a verifying key"]),
        (vec!["wallet", "pin"], &["nothing to pin, expected --log-key"]),
        (vec!["wallet", "submit", "ask.req", "--ledger", "http://127.0.0.1:1"], &["expected"]),
        (
            [&asked[..], &["--ledger", "http://127.0.0.1:1"]].concat(),
            &["no connection to http://127.0.0.1:1, expected a running service: "],
        ),
        (
            [&asked[..], &["--ledger", "http://10.0.0.1:1"]].concat(),
            &["expected https://10.0.0.1, a loopback address"],
        ),
        ([&new[..], &["--key-id", HEX]].concat(), &["no project is named, expected --project"]),
        (
            [&new[..], &["--project", "1", "--key-id", HEX]].concat(),
            &["--project is \"1\", expected INSTITUTION:PROJECT"],
        ),
        (
            [&new[..], &["--project", "1:1", "--key-id", "3f"]].concat(),
            &["3f: neither a key id nor the file of a verifying key", "expected 64"],
        ),
        ([&asked[..], &["--lifetime", "0"]].concat(), &["--lifetime is 0 s, expected more"]),
        ([&asked[..], &["--lifetime", "soon"]].concat(), &["expected a duration such as"]),
        (
            [&asked[..], &["--min-amount", "1,000"]].concat(),
            &["expected an amount with its currency"],
        ),
        ([&asked[..], &["--min-amount", "1 XXQ"]].concat(), &["\"XXQ\" is not a currency"]),
        ([&asked[..], &["--from", "2018"]].concat(), &["ambiguous: write @2018 for Unix seconds"]),
        ([&asked[..], &["--from", "2018-02-15 22:18"]].concat(), &["has no time zone"]),
        (
            [&asked[..], &["--from", "2018-02-15", "--until", "2018-02-14"]].concat(),
            &["--from is 2018-02-15 00:00 UTC and --until 2018-02-14 23:59:59 UTC, expected the \
                 earlier one first"],
        ),
        (
            [&asked[..], &["--min-amount", "2 USD", "--max-amount", "1 USD"]].concat(),
            &["--min-amount is 2.00 USD and --max-amount 1.00 USD, expected the smaller one first"],
        ),
        (
            [&asked[..], &["--min-amount", "1 USD", "--max-amount", "2 CNY"]].concat(),
            &["--max-amount is in CNY, expected USD as for --min-amount"],
        ),
        (
            vec!["request", "keygen", "--out", "verifier.key"],
            &["verifier.key: exists, expected a new file"],
        ),
        (
            vec!["request", "keygen", "--out", "no/where.key"],
            &["no/where.key: there is no folder no to write to: make it first"],
        ),
    ];
    for out in ["wallet/seed", "verifier.key", "cerf/signing.key", "README.md", "good.notes"] {
        let at = asked.iter().position(|arg| *arg == "ask.req").unwrap();
        let mut args = asked.clone();
        args[at] = out;
        cases.push((args, &["expected a new file or a request to replace"]));
    }
    for (args, expected) in cases {
        let before = fs::read(path.join("wallet/seed")).unwrap();
        let output = wufu(path, &args);
        let (out, errors) = texts(&output);
        let told = format!("{errors}{out}");
        assert!(matches!(output.status.code(), Some(1 | 2)), "{args:?}: {told}");
        for expected in expected {
            let told = told.replace('\n', " ");
            assert!(told.contains(expected), "{args:?}: {told}, expected {expected:?}");
        }
        said_once(&args, &told);
        assert_eq!(fs::read(path.join("wallet/seed")).unwrap(), before);
    }
}

/// No part of a message repeats, and it contains no system codes and no empty layers.
fn said_once(args: &[&str], told: &str) {
    for noise in ["panicked", "(os error", "transport error", "RUST_BACKTRACE", "\u{1b}["] {
        assert!(!told.contains(noise), "{args:?}: {told}");
    }
    for line in told.lines().filter(|line| line.starts_with("wufu: ")) {
        let parts: Vec<&str> = line.split(": ").collect();
        for (at, part) in parts.iter().enumerate() {
            assert!(!parts[..at].contains(part), "{args:?} says {part:?} twice: {line}");
        }
    }
}

/// For a file of notes that came from Windows, was cut off or was empty, the error was "no
/// checkpoint in force".
#[test]
fn what_is_wrong_with_a_file_of_notes_is_told() {
    let folder = folder();
    let path = folder.path();
    // An item to hold, and a checkpoint to compare.
    let address = ok(path, &["wallet", "address", "--org", "wufu"]);
    for what in ["register", "issue"] {
        ok(path, &["ledger", what, address.trim(), "--dir", "wufu"]);
    }
    ok(path, &["ledger", "close-epoch", "--dir", "wufu"]);
    ok(path, &["ledger", "grants", address.trim(), "--dir", "wufu", "--out", "grants.msg"]);
    ok(path, &["wallet", "pin", "--log-key", &log_key(path, "wufu")]);
    ok(path, &["wallet", "receive", "grants.msg"]);
    for (notes, expected) in [
        ("crlf.notes", "crlf.notes: line 1 has a carriage return"),
        ("bom.notes", "bom.notes: begins with a byte-order mark"),
        ("cut.notes", "cut.notes: 60 bytes without a signature"),
        // Cut within a signature, in a note of another log.
        ("cut.sig", "cut.sig: signed note 1 is cut off"),
        ("good.notes", "good.notes has no checkpoint of wufu/"),
        ("empty", "empty: empty, expected signed notes"),
        ("README.md", "README.md: 28 bytes without a signature"),
        ("binary", "binary: not UTF-8"),
    ] {
        let source = ["--org", "wufu", "--ledger", "wufu", "--second", notes];
        let output = wufu(path, &[&["wallet", "sync"], &source[..]].concat());
        let (out, errors) = texts(&output);
        assert!(format!("{out}{errors}").contains(expected), "{errors}{out}, expected {expected}");
        said_once(&["sync", notes], &errors);
    }
}

/// The error was "This is a development key", without saying how to accept it.
#[test]
fn a_development_key_says_how_it_is_accepted() {
    let folder = folder();
    let path = folder.path();
    ok(path, &["setup", "dev", "--circuit", "gift", "--export", "keys"]);
    let mode = |name: &str| fs::metadata(path.join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!([mode("keys/gift.vk"), mode("keys/gift.kit")], [mode("README.md") & 0o644; 2]);
    for args in [
        &["wallet", "pin", "--key", "keys/gift.vk"][..],
        &["serve", "ledger", "--dir", "cerf", "--key", "keys/gift.vk"],
    ] {
        let (_, errors) = texts(&wufu(path, args));
        assert!(errors.contains("keys/gift.vk: this is a development key"), "{errors}");
        assert!(errors.contains("accept it with --dev-keys"), "{errors}");
        said_once(args, &errors);
    }
    // A new cache, which is empty.
    let empty = path.join("cache");
    for args in
        [&["serve", "ledger", "--dir", "cerf", "--dev-keys"][..], &["wallet", "pin", "--dev-keys"]]
    {
        let output = command(path, args).env("WUFU_CACHE", &empty).output().unwrap();
        let (_, errors) = texts(&output);
        assert_eq!(output.status.code(), Some(2));
        assert!(errors.contains("wufu setup dev"), "{errors}");
    }
}

/// Bounds were read and printed in minor units and Unix seconds, and ids were base64 although
/// commands take hexadecimal digits.
#[test]
fn requests_are_asked_and_shown_as_people_write_them() {
    let folder = folder();
    let path = folder.path();
    let new = |out: &str, more: &[&str]| {
        let asked = ["request", "new", "--signing-key", "verifier.key", "--purpose", "tax relief"];
        let about = ["--origin", "cerf/donations/1", "--project", "1:1", "--key-id", HEX];
        ok(path, &[&asked[..], &about, more, &["--out", out]].concat())
    };
    let bounds =
        ["--min-amount", "1,000.00 USD", "--max-amount", "USD 2000", "--from", "2018-02-15"];
    let text = new("ask.req", &[&bounds[..], &["--until", "2018-02-16 22:18 +08:00"]].concat());
    let expected =
        "1,000.00 USD to 2,000.00 USD, from 2018-02-15 00:00 UTC until 2018-02-16 14:18 UTC";
    assert!(text.contains(expected) && text.contains("1 project, "), "{text}");
    assert!(text.contains("make sure that cerf/donations/1 is in USD"), "{text}");
    let text = ok(path, &["request", "show", "ask.req"]);
    // The request does not name its log's currency, and this looked like an amount without a
    // currency.
    let bare = "100,000 minor units to 200,000 minor units of the log's currency";
    assert!(text.contains(bare), "{text}");
    let shown = ok(path, &["request", "show", "ask.req", "--currency", "usd"]);
    assert!(shown.contains("1,000.00 USD to 2,000.00 USD"), "{shown}");
    assert!(text.contains(HEX) && text.contains(" UTC, in "), "{text}");
    let text = new("open.req", &["--lifetime", "1 h 30 min"]);
    assert!(text.contains("any amount, any time"), "{text}");
    // Bare numbers and JSON have kept their meaning.
    new("old.req", &["--min-amount", "100000", "--until", "1518790680", "--lifetime", "60"]);
    let json = |name: &str| -> Value {
        serde_json::from_str(&ok(path, &["--json", "request", "show", name])).unwrap()
    };
    let (people, plain) = (json("ask.req"), json("old.req"));
    assert_eq!(people["policy"]["amountMin"], "100000");
    assert_eq!(people["policy"]["amountMin"], plain["policy"]["amountMin"]);
    assert_eq!(people["policy"]["timeMax"], plain["policy"]["timeMax"]);
    // The verifier is named as keygen named it.
    ok(path, &["request", "keygen", "--out", "other.key"]);
    let told = ok(path, &["request", "keygen", "--out", "-"]);
    assert_eq!(told.trim().len(), 64, "{told}");
}

#[test]
fn a_file_on_standard_output_is_all_that_is_there() {
    let folder = folder();
    let path = folder.path();
    let new =
        ["request", "new", "--signing-key", "verifier.key", "--purpose", "x", "--project", "1:1"];
    let rest = ["--origin", "cerf/donations/1", "--key-id", HEX, "--out"];
    for stdout in ["-", "/dev/stdout"] {
        let output = wufu(path, &[&new[..], &rest, &[stdout]].concat());
        assert_eq!(output.status.code(), Some(0));
        fs::write(path.join("out.req"), &output.stdout).unwrap();
        assert!(ok(path, &["request", "show", "out.req"]).contains("cerf/donations/1"));
        assert!(texts(&output).1.contains("request in "));
        assert!(!path.join("-").exists());
    }
    // A link is followed, and nothing else is written.
    symlink("target.req", path.join("link.req")).unwrap();
    for _ in 0..2 {
        ok(path, &[&new[..], &rest, &["link.req"]].concat());
    }
    assert!(fs::symlink_metadata(path.join("link.req")).unwrap().is_symlink());
    assert!(ok(path, &["request", "show", "target.req"]).contains("purpose"));
}

/// Rows of docs/failures.md: 50.
/// `WUFU_CACHE= wufu setup clear` deleted `./keys` in the current folder, with everything in it.
#[test]
fn empty_cache_path_is_unset_clear_deletes_only_keys() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let clear = |cache: &str| {
        let mut clear = command(path, &["setup", "clear"]);
        let clear = clear.env("WUFU_CACHE", cache).env("XDG_CACHE_HOME", path.join("xdg"));
        clear.env("HOME", path).output().unwrap()
    };
    let precious = path.join("keys/donation-4e5433a90a32f6e3.vk");
    fs::create_dir(path.join("keys")).unwrap();
    fs::write(&precious, "precious").unwrap();
    assert_eq!(clear("").status.code(), Some(0));
    assert!(precious.exists());
    // Files that set-up made are deleted; other files, and folders and links of such names, stay.
    let keys = path.join("cache/keys");
    fs::create_dir_all(keys.join("donation-4e5433a90a32f6e3.kit")).unwrap();
    for name in ["donation-4e5433a90a32f6e3.vk", "gift-0000000000000000.portable.pp", "id_ed25519"]
    {
        fs::write(keys.join(name), "x").unwrap();
    }
    symlink(&precious, keys.join("donation-4e5433a90a32f6e3.pk")).unwrap();
    let cleared = clear("cache");
    let (out, _) = texts(&cleared);
    assert_eq!(cleared.status.code(), Some(0));
    assert!(
        out.contains("deleted 2 files") && out.contains("donation-4e5433a90a32f6e3.vk"),
        "{out}"
    );
    assert!(out.contains("left 3 other files"), "{out}");
    assert_eq!(fs::read_dir(&keys).unwrap().count(), 3);
    assert!(precious.exists() && keys.join("id_ed25519").exists());
    // A folder that is a link was arranged by somebody, and is left alone.
    fs::create_dir(path.join("linked")).unwrap();
    symlink(path.join("keys"), path.join("linked/keys")).unwrap();
    let refused = clear("linked");
    assert_eq!(refused.status.code(), Some(2));
    assert!(texts(&refused).1.contains("this is a link"));
    assert!(precious.exists());
    // If the key is the only file, the folder is deleted too.
    assert_eq!(clear(path.to_str().unwrap()).status.code(), Some(0));
    assert!(!path.join("keys").exists());
}

/// An empty variable counts as unset. `WUFU_CLIENT_CA=` stopped a dealer, as if it named a
/// certificate.
#[test]
fn empty_variables_are_unset() {
    let folder = tempfile::tempdir().unwrap();
    let run = |value: &str| {
        let args = ["serve", "dealer", "--circuit", "gift", "--listen", "0.0.0.0:0"];
        let mut dealer = command(folder.path(), &args);
        let dealer = dealer.env("WUFU_CLIENT_CA", value).env("WUFU_LOG", value);
        texts(&dealer.output().unwrap()).1
    };
    let errors = run("");
    assert!(!errors.contains("no client identity"), "{errors}");
    let errors = run("file");
    assert!(errors.contains("no client identity"), "{errors}");
}

/// A log in a file was full of colour codes.
#[test]
fn a_log_that_is_no_terminal_has_no_colours() {
    let folder = folder();
    let args = ["serve", "ledger", "--dir", "cerf", "--listen", "127.0.0.1:0"];
    let mut serve = command(folder.path(), &args);
    let serve = serve.env("WUFU_LOG", "trace").stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = serve.spawn().unwrap();
    // It is ended below, and killed if it does not end.
    let id = process.id().to_string();
    let killed = id.clone();
    let (done, ended) = mpsc::channel::<()>();
    let watch = thread::spawn(move || {
        if ended.recv_timeout(Duration::from_secs(60)) == Err(mpsc::RecvTimeoutError::Timeout) {
            let _ = Command::new("kill").args(["-KILL", &killed]).status();
        }
    });
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let listening = lines.next().unwrap().unwrap();
    assert!(listening.starts_with("ledger on http://127.0.0.1:"), "{listening}");
    // A connection, so that it logs something.
    let address = listening.rsplit('/').next().unwrap();
    drop(std::net::TcpStream::connect(address).unwrap());
    // Once it logs, it is serving, and ends when it is told to.
    let (mut log, mut errors) = (String::new(), BufReader::new(process.stderr.take().unwrap()));
    errors.read_line(&mut log).unwrap();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    errors.read_to_string(&mut log).unwrap();
    assert!(process.wait().unwrap().success(), "it had to be killed: {log}");
    drop(done);
    watch.join().unwrap();
    assert!(!log.is_empty() && !log.contains('\u{1b}'), "{log}");
}
