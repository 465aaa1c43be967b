//! Hints that help, requests that can be answered, output that cannot be written, and `-` as a
//! file.

use std::{
    fs::{self, File},
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Output, Stdio},
};

use super::{HEX, command, folder, ok, said_once, texts, wufu};

/// Runs a command with these bytes on standard input.
fn piped(folder: &Path, args: &[&str], input: &[u8]) -> Output {
    let mut command = command(folder, args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = command.spawn().unwrap();
    // A command that does not read it may have ended already.
    let _ = process.stdin.take().unwrap().write_all(input);
    process.wait_with_output().unwrap()
}

/// Writes a signed request to `ask.req`.
fn ask(folder: &Path) {
    let new = ["request", "new", "--signing-key", "verifier.key", "--purpose", "tax"];
    let more = ["--origin", "cerf/donations/1", "--project", "1:1", "--key-id", HEX];
    ok(folder, &[&new[..], &more, &["--out", "ask.req"]].concat());
}

/// Some hints named no option or the wrong one, others contained words of Rust, and some said one
/// thing twice.
#[test]
fn a_failure_names_the_option_or_command_that_helps() {
    let folder = folder();
    let path = folder.path();
    ask(path);
    fs::write(path.join("long"), vec![b'x'; 3_000_000]).unwrap();
    let sync = ["wallet", "sync", "--org", "cerf"];
    let with = |more: &[&'static str]| [&sync[..], more].concat();
    let answer = ["wallet", "answer", "ask.req", "--one-source", "--ledger", "cerf", "--out", "x"];
    let answer = |more: &[&'static str]| [&answer[..], more].concat();
    for (args, expected) in [
        (with(&["--ledger", "cerf"]), &["--second <URL|FILE>", "--one-source"][..]),
        (
            with(&["--ledger", "cerf", "--second", "nope"]),
            &["--second nope: there is no such file", "a file of signed notes", "http://"],
        ),
        (
            with(&["--ledger", "no/such", "--one-source"]),
            &["--ledger no/such: there is no such file or folder", "a ledger's folder"],
        ),
        (
            with(&["--ledger", "http://10.0.0.1:1", "--one-source"]),
            &["10.0.0.1 is not this machine"],
        ),
        (
            with(&["--ledger", "ftp://ledger.example.org", "--one-source"]),
            &["only https://, a loopback address", "a ledger's folder, https://"],
        ),
        (
            vec!["wallet", "list", "--dir", "nowallet"],
            &["no wallet in nowallet", "wufu wallet new --dir nowallet", "wufu wallet restore"],
        ),
        (vec!["wallet", "seed", "--show", "--dir", "folder"], &["no wallet in folder"]),
        (vec!["wallet", "address", "--org", "a/b"], &["without a /"]),
        (answer(&["--place", "x"]), &["expected a whole number"]),
        (answer(&["--min-anonymity", "99999999999999999999"]), &["expected a whole number"]),
        (answer(&["--prove", "local"]), &["no log key of cerf is pinned", "wallet pin"]),
        (
            vec!["verify", "long", "--request", "ask.req"],
            &["long: longer than 204,800 bytes, expected an envelope (a proof"],
        ),
        (vec!["request", "show", "long"], &["longer than 204,800 bytes", "a verifier's signed"]),
        (
            vec!["wallet", "pin", "--key", "/dev/zero"],
            &["/dev/zero: longer than 16,777,216 bytes, expected a key"],
        ),
        (
            vec!["envelope", "tamper", "README.md", "folder/../README.md"],
            &["this is the envelope itself", "choose another name"],
        ),
        (vec!["serve", "ledger", "--dir", "cerf", "--listen", "x"], &["127.0.0.1:7182"]),
    ] {
        let output = wufu(path, &args);
        let (out, errors) = texts(&output);
        let told = format!("{errors}{out}");
        assert!(matches!(output.status.code(), Some(1 | 2)), "{args:?}: {told}");
        for expected in expected {
            assert!(told.contains(expected), "{args:?}: {told}, expected {expected:?}");
        }
        for rust in ["invalid digit", "number too large", "invalid socket address"] {
            assert!(!told.contains(rust), "{args:?}: {told}");
        }
        said_once(&args, &told);
    }
    assert_eq!(fs::read(path.join("README.md")).unwrap().len(), 28, "it is left as it is");
    // For a wallet that others may enter, the error says how to fix that.
    fs::set_permissions(path.join("wallet"), fs::Permissions::from_mode(0o755)).unwrap();
    let (_, errors) = texts(&wufu(path, &["wallet", "list"]));
    assert!(errors.contains("mode 755") && errors.contains("chmod go= wallet"), "{errors}");
}

/// Requests that nobody can answer were signed: for something that is not a log, under a key of
/// another circuit, or by a ledger's key instead of a verifier's.
#[test]
fn a_request_that_nobody_can_answer_is_not_written() {
    let folder = folder();
    let path = folder.path();
    ok(path, &["setup", "dev", "--circuit", "gift", "--export", "keys"]);
    fs::copy(path.join("cerf/signing.key"), path.join("copied.key")).unwrap();
    let mut copied = fs::read_to_string(path.join("copied.key")).unwrap();
    copied.truncate(65);
    fs::write(path.join("copied.key"), copied + "has signed a state\n").unwrap();
    let new = |origin: &str, key_id: &str, signing: &str| {
        let asked = ["request", "new", "--signing-key", signing, "--purpose", "tax"];
        let more = ["--origin", origin, "--project", "1:1", "--key-id", key_id, "--out", "x.req"];
        let output = wufu(path, &[&asked[..], &more].concat());
        assert_eq!(output.status.code(), Some(2), "{origin} {key_id} {signing}");
        assert!(!path.join("x.req").exists());
        texts(&output).1
    };
    for origin in ["t", "t/cards", "t/donations", "t/donations/0", "t/donations/01", "/donations/1"]
    {
        let errors = new(origin, HEX, "verifier.key");
        assert!(errors.contains("not a log of donations, expected ORG/donations/N"), "{errors}");
    }
    let errors = new("cerf/donations/1", "keys/gift.vk", "verifier.key");
    let expected = "--key-id keys/gift.vk: this is a gift key, expected a donation key";
    assert!(errors.contains(expected), "{errors}");
    for signing in ["cerf/signing.key", "copied.key"] {
        let errors = new("cerf/donations/1", HEX, signing);
        assert!(errors.contains(&format!("{signing}: this is a ledger's signing key")), "{errors}");
    }
}

/// With a full disk behind standard output, commands printed nothing and succeeded. A reader that
/// went away is not a failure.
#[test]
fn output_that_cannot_be_written_is_a_failure() {
    let folder = folder();
    let path = folder.path();
    let shown = ok(path, &["wallet", "address", "--org", "cerf"]);
    let address = shown.split_whitespace().find(|word| word.starts_with("wufu1")).unwrap();
    ok(path, &["ledger", "issue", address, "--dir", "cerf"]);
    ok(path, &["ledger", "close-epoch", "--dir", "cerf"]);
    let commands: [&[&str]; 9] = [
        &["ledger", "checkpoints", "--dir", "cerf"],
        &["ledger", "audit", "--dir", "cerf"],
        &["ledger", "info", "--dir", "cerf"],
        &["wallet", "address", "--org", "cerf"],
        &["wallet", "seed", "--show"],
        &["wallet", "list"],
        &["--json", "verify", "README.md"],
        &["--json", "wallet", "list", "--dir", "none"],
        &["--help"],
    ];
    for args in commands {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let output = command(path, args).stdout(full).stderr(Stdio::piped()).output().unwrap();
        let errors = texts(&output).1;
        assert_eq!(output.status.code(), Some(2), "{args:?}: {errors}");
        assert!(errors.contains("standard output cannot be written"), "{args:?}: {errors}");
    }
    let mut address = command(path, &["wallet", "address", "--org", "cerf"]);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = address.stdout(writer).stderr(Stdio::piped()).output().unwrap();
    assert_eq!((output.status.code(), texts(&output).1.as_str()), (Some(0), ""));
}

/// `-` could be written but not read. Output of `--json` was refused because of a field that the
/// error did not name.
#[test]
fn a_dash_is_standard_input_once() {
    let folder = folder();
    let path = folder.path();
    ask(path);
    let request = fs::read(path.join("ask.req")).unwrap();
    let shown = piped(path, &["request", "show", "-"], &request);
    let (out, errors) = texts(&shown);
    assert!(shown.status.success() && out.contains("cerf/donations/1"), "{errors}");
    for (args, expected) in [
        (&["verify", "-"][..], "standard input: "),
        (&["envelope", "show", "-"], "standard input: "),
        (&["wallet", "receive", "-"], "standard input: "),
        (
            &[
                "request",
                "new",
                "--signing-key",
                "-",
                "--purpose",
                "x",
                "--project",
                "1:1",
                "--origin",
                "cerf/donations/1",
                "--key-id",
                HEX,
                "--out",
                "x",
            ],
            "-: there is no such file",
        ),
    ] {
        let output = piped(path, args, b"text");
        let (out, errors) = texts(&output);
        assert!(matches!(output.status.code(), Some(1 | 2)), "{args:?}: {errors}{out}");
        assert!(format!("{errors}{out}").contains(expected), "{args:?}: {errors}{out}");
    }
    let printed = ok(path, &["--json", "request", "show", "ask.req"]);
    fs::write(path.join("j.req"), printed).unwrap();
    let (_, errors) = texts(&wufu(path, &["request", "show", "j.req"]));
    for part in ["j.req", "the field \"step\"", "a proof request", "--out FILE"] {
        assert!(errors.contains(part), "{errors}");
    }
}
