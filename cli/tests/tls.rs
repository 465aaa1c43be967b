//! A ledger over TLS, as an operator runs it and a client reads it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use wufu_testing as _;

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use wufu_testing::TestCa;

/// How long a test waits for anything before it fails.
const LONG: Duration = Duration::from_secs(60);

/// A `wufu serve ledger` over TLS.
struct Ledger {
    process: Child,
    url: String,
    log: PathBuf,
}

fn wufu(folder: &Path) -> Command {
    let mut wufu = Command::new(env!("CARGO_BIN_EXE_wufu"));
    wufu.current_dir(folder).env("HOME", folder).env_remove("WUFU_CA");
    wufu.env("XDG_DATA_HOME", folder).env("XDG_CACHE_HOME", folder).env("WUFU_LOG", "info");
    wufu
}

fn text(output: &Output) -> String {
    let (out, error) = (&output.stdout, &output.stderr);
    format!("{}{}", String::from_utf8_lossy(out), String::from_utf8_lossy(error))
}

impl Ledger {
    fn start(folder: &Path) -> Self {
        let init = wufu(folder).args(["ledger", "init", "--org", "wufu", "--dir", "l"]).output();
        let init = init.unwrap();
        assert!(init.status.success(), "{}", text(&init));
        let log = folder.join("log");
        let mut process = wufu(folder)
            .args(["serve", "ledger", "--dir", "l", "--listen", "0.0.0.0:0"])
            .args(["--tls-cert", "cert.pem", "--tls-key", "key.pem"])
            .stdout(Stdio::piped())
            .stderr(fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim().strip_prefix("ledger on https://0.0.0.0:");
        let port =
            port.unwrap_or_else(|| panic!("{line:?}: {}", fs::read_to_string(&log).unwrap()));
        Self { url: format!("https://localhost:{port}"), process, log }
    }

    fn says(&self, text: &str) {
        let until = Instant::now() + LONG;
        loop {
            let log = fs::read_to_string(&self.log).unwrap();
            if log.contains(text) {
                return;
            }
            assert!(Instant::now() < until, "{text:?} is not in the log: {log}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn hang_up(&self) {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args(["-s", "HUP", &pid]).status().unwrap().success());
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_ledger_is_read_over_tls_and_reloads_on_sighup() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let [one, two] = ["one", "two"].map(|name| TestCa::new(name).unwrap());
    let put = |ca: &TestCa, names: &[&str]| {
        let certificate = ca.server(names).unwrap();
        certificate.write(&folder.join("cert.pem"), &folder.join("key.pem")).unwrap();
    };
    put(&one, &["localhost"]);
    fs::write(folder.join("one.pem"), one.pem()).unwrap();
    fs::write(folder.join("two.pem"), two.pem()).unwrap();
    let key = wufu(folder).args(["request", "keygen", "--out", "v.key"]).output().unwrap();
    assert!(key.status.success(), "{}", text(&key));
    let ledger = Ledger::start(folder);
    let info = |url: &str, ca: &str| {
        let _ = fs::remove_file(folder.join("ask"));
        // It asks the ledger for its currency.
        let read = wufu(folder)
            .args([
                "request",
                "new",
                "--signing-key",
                "v.key",
                "--purpose",
                "x",
                "--project",
                "1:1",
            ])
            .args([
                "--origin",
                "wufu/donations/1",
                "--min-amount",
                "1.00 USD",
                "--key-id",
                &"0".repeat(64),
            ])
            .args(["--out", "ask", "--ledger", url, "--ca", ca])
            .output()
            .unwrap();
        (read.status.success(), text(&read))
    };
    let (read, said) = info(&ledger.url, "one.pem");
    assert!(read, "{said}");
    for (url, ca, expected) in [
        (ledger.url.clone(), "two.pem", "no authority that is trusted here has issued it"),
        (ledger.url.replace("localhost", "127.0.0.1"), "one.pem", "is not accepted: it is for"),
        (format!("{}#sha256:{}", ledger.url, "00".repeat(32)), "one.pem", "expected the pinned"),
        (ledger.url.clone(), "key.pem", "--ca key.pem: there is no certificate"),
        (ledger.url.clone(), "none.pem", "none.pem"),
    ] {
        let (read, said) = info(&url, ca);
        assert!(!read && said.contains(expected), "{expected:?} is not in: {said}");
    }
    // A broken file is reported, and the old certificate stays.
    let good = fs::read(folder.join("cert.pem")).unwrap();
    fs::write(folder.join("cert.pem"), "").unwrap();
    ledger.hang_up();
    ledger.says("keeping the earlier ones");
    ledger.says("cert.pem: the file is empty");
    assert!(info(&ledger.url, "one.pem").0);
    fs::write(folder.join("cert.pem"), good).unwrap();
    put(&two, &["localhost"]);
    ledger.hang_up();
    ledger.says("are in use from now on");
    let (read, said) = info(&ledger.url, "two.pem");
    assert!(read, "{said}");
    assert!(!info(&ledger.url, "one.pem").0);
}

#[test]
fn a_service_without_tls_stays_on_this_machine() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let certificate = TestCa::new("one").unwrap().server(&["localhost"]).unwrap();
    certificate.write(&folder.join("cert.pem"), &folder.join("key.pem")).unwrap();
    let init = wufu(folder).args(["ledger", "init", "--org", "wufu", "--dir", "l"]).output();
    assert!(init.unwrap().status.success());
    let tls = ["--tls-cert", "cert.pem", "--tls-key", "key.pem"];
    for (args, expected) in [
        (&["--listen", "0.0.0.0:0"][..], "--tls-cert FILE"),
        (&["--tls-cert", "cert.pem"], "--tls-key"),
        (&["--tls-cert", "key.pem", "--tls-key", "key.pem"], "key.pem: there is no certificate"),
        (&[&tls[..], &["--unix", "s"]].concat(), "a Unix socket needs no TLS"),
        (&[&tls[..], &["--client-ca", "key.pem"]].concat(), "no authority's certificate"),
        (&["--tokens", "cert.pem"], "cert.pem: line 1 has another form"),
    ] {
        let served = wufu(folder).args(["serve", "ledger", "--dir", "l"]).args(args).output();
        let served = served.unwrap();
        assert!(!served.status.success());
        let said = text(&served);
        assert!(said.contains(expected), "{expected:?} is not in: {said}");
    }
}

#[test]
fn a_token_is_printed_once_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let made = || {
        let made = wufu(folder.path()).args(["--json", "token", "new", "laptop"]).output().unwrap();
        assert!(made.status.success(), "{}", text(&made));
        serde_json::from_slice::<serde_json::Value>(&made.stdout).unwrap()
    };
    let (one, two) = (made(), made());
    assert_ne!(one["token"], two["token"]);
    let token = one["token"].as_str().unwrap();
    assert_eq!(token.len(), 64);
    assert_eq!(one["line"], wufu_serve::token_line("laptop", token.as_bytes()).unwrap());
    let bad = wufu(folder.path()).args(["token", "new", "a b"]).output().unwrap();
    assert!(!bad.status.success() && text(&bad).contains("is not a name"), "{}", text(&bad));
}
