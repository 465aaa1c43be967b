//! Wallet and services on two machines, which share only a network: two network namespaces. The
//! services prove trusted and blind over TLS, with an authority made by the commands of
//! docs/guides/serve.md.
//!
//! It needs root and the command `ip`. Without them it says so, and fails with
//! `WUFU_NETNS=required`, which `.ci/run` sets.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

use wufu_testing as _;

use std::{
    env, fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use wufu_testing::Process;

const SERVER: &str = "10.213.77.1";
const CLIENT: &str = "10.213.77.2";
const CERF: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../ledger/tests/data/cerf_contributions.csv");

fn ip(args: &str) -> bool {
    let command = Command::new("ip").args(args.split(' ')).output();
    command.is_ok_and(|output| output.status.success())
}

/// Two network namespaces that are joined by a pair of interfaces, deleted with this value.
struct Network {
    server: String,
    client: String,
}

impl Network {
    fn new() -> Option<Self> {
        let id = std::process::id();
        let made = Self { server: format!("wufu-s{id}"), client: format!("wufu-c{id}") };
        let Self { server, client } = &made;
        let ready = ip(&format!("netns add {server}"))
            && ip(&format!("netns add {client}"))
            && ip(&format!(
                "link add veth0 netns {server} type veth peer name veth0 netns {client}"
            ))
            && [(server, SERVER), (client, CLIENT)].iter().all(|(name, address)| {
                ip(&format!("-n {name} address add {address}/24 dev veth0"))
                    && ip(&format!("-n {name} link set lo up"))
                    && ip(&format!("-n {name} link set veth0 up"))
            });
        ready.then_some(made)
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for name in [&self.server, &self.client] {
            let _ = ip(&format!("netns delete {name}"));
        }
    }
}

/// The keys are made once for all runs of the tests, and are nobody's.
fn cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("wufu-cache")
}

/// `wufu` in a folder, and in a network namespace if one is named.
fn command(namespace: Option<&str>, folder: &Path, args: &[&str]) -> Command {
    let wufu = env!("CARGO_BIN_EXE_wufu");
    let mut command = match namespace {
        Some(name) => {
            let mut command = Command::new("ip");
            command.args(["netns", "exec", name, wufu]);
            command
        }
        None => Command::new(wufu),
    };
    command.args(args).current_dir(folder).stdin(Stdio::null());
    command.env("WUFU_CACHE", cache()).env("WUFU_LOG", "warn");
    command
}

fn text(output: &Output) -> String {
    let both = [&output.stdout[..], &output.stderr[..]];
    both.map(|bytes| String::from_utf8_lossy(bytes).into_owned()).concat()
}

fn ok(namespace: Option<&str>, folder: &Path, args: &[&str]) -> String {
    let output = command(namespace, folder, args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", text(&output));
    text(&output)
}

/// A service, killed when its test ends.
struct Service {
    _process: Process,
    /// The line that says where it listens.
    line: String,
}

impl Service {
    fn start(namespace: &str, folder: &Path, args: &[&str]) -> Self {
        let tls = ["--tls-cert", "service.pem", "--tls-key", "service.key"];
        let args = [&["serve"], args, &tls].concat();
        let mut command = command(Some(namespace), folder, &args);
        let mut process = Process::start(command.stdout(Stdio::piped())).unwrap();
        let mut out = BufReader::new(process.stdout.take().unwrap()).lines();
        let line = out.find_map(|line| line.ok().filter(|line| line.contains(" on https://")));
        std::thread::spawn(move || out.for_each(drop));
        let line = line.unwrap_or_else(|| panic!("{args:?} ended before it listened"));
        Self { _process: process, line }
    }
}

/// Runs the guide's blocks that make an authority, a certificate for `SERVER` and a token.
fn run_the_guide(folder: &Path) {
    let guide = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/guides/serve.md");
    let page = fs::read_to_string(guide).unwrap();
    let blocks = page.split("```sh\n").skip(1).filter_map(|rest| rest.split("\n```").next());
    let mut wanted = ["openssl req -x509", "wufu token new laptop"].map(|text| {
        let found = blocks.clone().find(|block| block.contains(text));
        found.unwrap_or_else(|| panic!("no block of the guide has {text:?}")).to_owned()
    });
    let usual = "ADDRESS=IP:127.0.0.1";
    assert!(wanted[0].contains(usual), "{}", wanted[0]);
    wanted[0] = wanted[0].replace(usual, &format!("ADDRESS=IP:{SERVER}"));
    let bin = Path::new(env!("CARGO_BIN_EXE_wufu")).parent().unwrap();
    let path = format!("{}:{}", bin.display(), env::var("PATH").unwrap_or_default());
    for block in wanted {
        let mut shell = Command::new("bash");
        shell.args(["-euo", "pipefail", "-c", &block]).current_dir(folder).env("PATH", &path);
        let output = shell.output().unwrap();
        assert!(output.status.success(), "{block}: {}", text(&output));
    }
}

#[test]
fn a_wallet_proves_on_another_machine_over_tls() {
    let Some(network) = Network::new() else {
        let required = env::var_os("WUFU_NETNS").is_some_and(|set| set == "required");
        assert!(!required, "this test needs root and `ip netns`");
        eprintln!("SKIPPED: no network namespaces: this needs root and the command ip");
        return;
    };
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    run_the_guide(folder);
    ok(None, folder, &["--quiet", "demo", "--donations", CERF, "--dir", "demo"]);

    let server = network.server.as_str();
    let at = |port: u16| format!("{SERVER}:{port}");
    let (prover, ledger, dealer, evaluator) = (at(7181), at(7182), at(7183), at(7184));
    let only = ["--circuit", "donation"];
    let start = |args: &[&str]| Service::start(server, folder, args);
    let _ledger = start(&["ledger", "--dir", "demo/charity", "--listen", &ledger]);
    let _prover =
        start(&[&["prover", "--listen", &prover, "--tokens", "tokens"], &only[..]].concat());
    let key = ["--signing-key", "dealer.key"];
    let dealer = start(&[&["dealer", "--listen", &dealer], &key[..], &only[..]].concat());
    let _evaluator = start(&[&["evaluator", "--listen", &evaluator], &only[..]].concat());
    let dealer = dealer.line.rsplit(' ').next().unwrap();

    let client = Some(network.client.as_str());
    let url = |at: &str| format!("https://{at}");
    let (ledger, prover, evaluator) = (url(&ledger), url(&prover), url(&evaluator));
    let request = "demo/verifier/request.req";
    let asked = ["wallet", "answer", request, "--dir", "demo/donor", "--ledger", &ledger];
    let answer = [&asked[..], &["--second", "demo/charity-mirror.notes", "--no-delay"]].concat();
    let trusted = ["--prove", "trusted", "--prover", &prover];
    let token = ["--prover-token", "laptop.token"];
    let blind = ["--prove", "blind", "--dealer", dealer, "--evaluator", &evaluator];
    let authority = ["--ca", "ca.pem"];
    let out = |name: &'static str| ["--out", name];

    // Somebody who does not know the authority, or has no token, gets nothing.
    let fails = |args: &[&str], said: &str| {
        let output = command(client, folder, args).output().unwrap();
        let text = text(&output);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {text}");
        assert!(text.contains(said), "{args:?}: {text}");
        assert!(!folder.join("none.env").exists());
    };
    fails(&[&answer[..], &trusted, &token, &out("none.env")].concat(), "certificate");
    fails(&[&authority[..], &answer, &trusted, &out("none.env")].concat(), "token");

    ok(client, folder, &[&authority[..], &answer, &trusted, &token, &out("trusted.env")].concat());
    ok(client, folder, &[&authority[..], &answer, &blind, &out("blind.env")].concat());
    for envelope in ["trusted.env", "blind.env"] {
        let pinned = ["--key", "demo/verifier/donation.vk", "--dev-keys"];
        let log = ["--log-key", "demo/verifier/charity.pub"];
        let notes = ["--checkpoint", "demo/verifier/charity.notes"];
        let verify = ["verify", envelope, "--request", request];
        let said = ok(None, folder, &[&verify[..], &pinned, &log, &notes].concat());
        assert!(said.contains("accepted"), "{said}");
    }
}
