//! Runs every example of every help text, and fails for a command that has none. `envelope tamper
//! --help` showed an example that failed, and others could not be typed at all: they had "wufu1…"
//! in place of an address.
//!
//! Each example runs in a copy of one folder, which holds the files that the examples name:
//! gifts.csv, the ledgers `cerf` and `wufu`, a wallet and a verifier's request. [`prepare`] has
//! what a command needs in addition, and removes what must not exist yet.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

use wufu_testing as _;

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    io::{BufRead as _, BufReader, Read as _},
    net::TcpListener,
    os::unix::{fs::symlink, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use wufu_circuits::Seed;

const CERF: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../ledger/tests/data/cerf_contributions.csv");

/// Examples that are not run, and why.
const NOT_RUN: [(&str, &str); 4] = [
    ("wufu demo", ".ci/readme runs it: 74,700 made-up donations take long on a slow machine"),
    ("wufu health 127.0.0.1:9181", "it needs a service that has its metrics on this port"),
    ("wufu demo --full --json", "747,000 made-up donations take minutes"),
    (
        "wufu wallet look-up --log wufu/cards --shard 3 --ledger http://127.0.0.1:7182 --second \
         mirror.notes",
        "a fourth shard begins after 196,608 cards",
    ),
];

/// No example takes longer, even on a slow machine.
const LIMIT: Duration = Duration::from_secs(240);

/// The keys are made once for all runs of the tests. Nobody else uses them.
fn cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("wufu-cache")
}

/// A process and everything that it started. It ends with this value, or at the time limit.
struct Bounded {
    child: Child,
    // When this is dropped, the watching thread ends and kills nothing.
    _done: mpsc::Sender<()>,
}

impl Bounded {
    fn start(mut command: Command, name: &str) -> Self {
        let child = command.process_group(0).spawn().unwrap();
        let (done, ended) = mpsc::channel();
        let (id, name) = (child.id(), name.to_owned());
        thread::spawn(move || {
            if ended.recv_timeout(LIMIT) == Err(mpsc::RecvTimeoutError::Timeout) {
                eprintln!("{name}: took longer than {LIMIT:?}, and is killed");
                signal("KILL", id);
            }
        });
        Self { child, _done: done }
    }

    fn wait(mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }
}

impl Drop for Bounded {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            signal("KILL", self.child.id());
            let _ = self.child.wait();
        }
    }
}

fn signal(name: &str, group: u32) {
    let group = format!("-{group}");
    let _ = Command::new("kill").args([&format!("-{name}"), "--", &group]).status();
}

/// A line for the shell in a folder, with `wufu` on its path.
fn shell(folder: &Path, line: &str) -> Command {
    let mut command = Command::new("bash");
    let path = std::env::var("PATH").unwrap_or_default();
    command.args(["-euo", "pipefail", "-c", line]).current_dir(folder);
    command.env("PATH", format!("{}:{path}", folder.join(".bin").display()));
    command.env("WUFU_CACHE", cache()).env("WUFU_LOG", "warn").env("COLUMNS", "1000");
    command.stdin(Stdio::null());
    command
}

fn run(folder: &Path, line: &str) -> String {
    let mut command = shell(folder, line);
    let errors = folder.join(".errors");
    command.stdout(Stdio::piped()).stderr(fs::File::create(&errors).unwrap());
    let mut process = Bounded::start(command, line);
    let mut out = String::new();
    process.child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    let status = process.wait();
    let errors = fs::read_to_string(&errors).unwrap();
    assert!(status.success(), "{line}\n{status}\n{errors}\n{out}");
    out
}

/// Starts a service, and waits until it listens.
fn serve(folder: &Path, line: &str) -> Bounded {
    let mut command = shell(folder, &format!("exec {line}"));
    let errors = folder.join(".service");
    command.stdout(Stdio::piped()).stderr(fs::File::create(&errors).unwrap());
    let mut process = Bounded::start(command, line);
    let mut lines = BufReader::new(process.child.stdout.take().unwrap()).lines();
    // The metrics port is announced first.
    let is_service = |said: String| said.contains(" on http://") && !said.starts_with("metrics");
    let listening = lines.any(|said| said.is_ok_and(is_service));
    // Reads what it prints later, so that it never blocks.
    thread::spawn(move || lines.for_each(drop));
    let errors = fs::read_to_string(&errors).unwrap();
    assert!(listening, "{line} ended before it listened: {errors}");
    process
}

/// Collects the help text of each command, by the words of the command.
fn help(folder: &Path, words: &[String], found: &mut BTreeMap<String, String>) {
    let text = run(folder, &format!("wufu {} --help", words.join(" ")));
    let commands = text.lines().skip_while(|line| *line != "Commands:").skip(1);
    for line in commands.take_while(|line| !line.is_empty()) {
        let name = line.split_whitespace().next().unwrap();
        // Lines of a wrapped description are indented further.
        if line.starts_with("  ") && !line.starts_with("   ") && name != "help" {
            help(folder, &[words, &[name.to_owned()]].concat(), found);
        }
    }
    found.insert(words.join(" "), text);
}

/// The commands under `Example:` or `Examples:`, one line each.
fn examples(help: &str) -> Vec<String> {
    let lines = help.lines().skip_while(|line| !matches!(*line, "Example:" | "Examples:")).skip(1);
    let (mut found, mut open) = (Vec::<String>::new(), false);
    for line in lines.take_while(|line| !line.trim().is_empty()) {
        let text = line.trim().trim_end_matches('\\').trim_end();
        match found.last_mut() {
            Some(last) if open => write!(last, " {text}").unwrap(),
            _ => found.push(text.to_owned()),
        }
        open = line.ends_with('\\');
    }
    found
}

/// Ports that were free a moment ago, instead of the default ones: several tests may run on one
/// machine.
struct Ports([u16; 5]);

impl Ports {
    fn free() -> Self {
        let listeners = [(); 5].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        Self(listeners.map(|listener| listener.local_addr().unwrap().port()))
    }

    fn replace(&self, line: &str) -> String {
        let usual = ["7181", "7182", "7183", "7184", "9181"];
        usual.iter().zip(self.0).fold(line.to_owned(), |line, (usual, port)| {
            line.replace(&format!("127.0.0.1:{usual}"), &format!("127.0.0.1:{port}"))
        })
    }
}

/// Makes the files that the examples name.
fn build(folder: &Path, ports: &Ports) {
    let bin = folder.join(".bin");
    fs::create_dir_all(&bin).unwrap();
    symlink(env!("CARGO_BIN_EXE_wufu"), bin.join("wufu")).unwrap();
    let csv = fs::read_to_string(CERF).unwrap();
    let (head, rows) = csv.split_once('\n').unwrap();
    let head = head.replacen("amount", "Sum in USD", 1);
    assert!(head.contains("Sum in USD"), "{head}");
    fs::write(folder.join("gifts.csv"), format!("{head}\n{rows}")).unwrap();
    for line in [
        "wufu setup dev --circuit donation --export .",
        "wufu setup dev --circuit five-fu",
        "wufu ledger init --dir cerf --org cerf --currency USD",
        "wufu ledger import gifts.csv --dir cerf --map amount='Sum in USD' --timezone UTC \
         --dev-owners trial",
        "wufu ledger close-epoch --dir cerf",
        "wufu ledger init --dir wufu --org wufu",
        "wufu wallet dev --owners trial --receipt 06-DC-AND-001",
        "echo receipt,address > owners.csv",
        "echo 06-DC-AND-001,$(wufu wallet address --org cerf) >> owners.csv",
        "wufu request keygen --out verifier.key",
    ] {
        run(folder, line);
    }
    // Other persons, among whom a claimant can hide.
    let crowd = (0..1000u32).map(|n| Seed::dev_owner("crowd", &n.to_le_bytes()).address("wufu"));
    let crowd: Vec<String> = crowd.map(|address| address.to_string()).collect();
    fs::write(folder.join("crowd"), crowd.join("\n")).unwrap();
    for line in [
        "wufu ledger register $(cat crowd) $(wufu wallet address --org wufu) --dir wufu",
        "wufu ledger issue $(wufu wallet address --org wufu) --dir wufu",
        "wufu ledger close-epoch --dir wufu",
        "wufu ledger info --dir cerf | sed -n 's/^log key //p' > cerf.pub",
        "wufu ledger info --dir wufu | sed -n 's/^log key //p' > wufu.pub",
        "wufu ledger checkpoints --dir cerf --out mirror.notes",
        "(echo; wufu ledger checkpoints --dir wufu) >> mirror.notes",
        "wufu ledger receipt 06-DC-AND-001 --dir cerf --out receipt.msg",
        "wufu ledger grants $(wufu wallet address --org wufu) --dir wufu --out grants.msg",
        "wufu wallet pin --log-key cerf.pub --log-key wufu.pub --dev-keys",
        "wufu wallet receive receipt.msg grants.msg",
    ] {
        run(folder, line);
    }
    let line = "wufu serve ledger --dir cerf --listen 127.0.0.1:7182";
    let service = serve(folder, &ports.replace(line));
    let asked = "wufu request new --signing-key verifier.key --purpose 'tax relief 2026' \
        --origin cerf/donations/1 --all-projects --ledger http://127.0.0.1:7182 --log-key cerf.pub \
        --key-id donation.vk --out ask.req";
    let answer = "wufu wallet answer ask.req --ledger http://127.0.0.1:7182 --second mirror.notes \
        --out answer.env";
    for line in [asked, answer] {
        run(folder, &ports.replace(line));
    }
    drop(service);
}

/// What a command needs in addition to the common folder: lines to run first, and the ledger to
/// serve on its default port.
fn prepare(command: &str) -> (&'static [&'static str], Option<&'static str>) {
    const CLAIMED: &str = "wufu wallet claim --org wufu --payout 'account 42' --ledger wufu \
        --second mirror.notes --out claim.env";
    match command {
        "ledger init" => (&["rm -r cerf"], None),
        "ledger import" | "ledger own" => {
            (&["rm -r cerf", "wufu ledger init --dir cerf --org cerf --currency USD", "true"], None)
        }
        "ledger register" => (&["rm -r wufu", "wufu ledger init --dir wufu --org wufu"], None),
        "wallet restore" => (&["wufu wallet seed --show --words > paper.txt"], None),
        "ledger generate" => {
            (&["wufu ledger init --dir charity --org charity --currency CNY"], None)
        }
        "wallet sync" | "wallet answer" => (&["rm answer.env"], Some("cerf")),
        "wallet claim" => (&[], Some("wufu")),
        // They ask a service's metrics port.
        "top" | "health" => (&[], Some("wufu")),
        "wallet submit" => (&[CLAIMED], Some("wufu")),
        "wallet receive" => {
            (&["rm -r wallet", "wufu wallet dev --owners trial --receipt 06-DC-AND-001"], None)
        }
        // Only the checkpoints of this log.
        "verify" => (&["wufu ledger checkpoints --dir cerf --out mirror.notes"], None),
        "request keygen" => (&["rm verifier.key"], None),
        _ => (&[], None),
    }
}

fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap();
    assert!(copied.success());
}

#[test]
fn every_example_of_every_help_text_works() {
    let base = tempfile::tempdir().unwrap();
    let folder = base.path().join("folder");
    let ports = Ports::free();
    fs::create_dir(&folder).unwrap();
    build(&folder, &ports);
    let mut found = BTreeMap::new();
    help(&folder, &[], &mut found);
    assert!(found.len() > 30, "{} commands, expected more: {:?}", found.len(), found.keys());
    let mut tried = 0;
    for (command, text) in &found {
        check_layout(command, text);
        let shown = examples(text);
        assert!(!shown.is_empty(), "{command} has no example");
        for example in shown {
            assert!(example.starts_with("wufu ") && !example.contains('…'), "{command}: {example}");
            if NOT_RUN.iter().any(|(not_run, _)| *not_run == example) {
                continue;
            }
            eprintln!("{command}: {example}");
            let copied = base.path().join("copy");
            copy(&folder, &copied);
            try_one(&copied, command, &example, &ports);
            fs::remove_dir_all(&copied).unwrap();
            tried += 1;
        }
    }
    assert!(tried > 30, "{tried} examples, expected more");
}

/// A help text says what the command does, in one line, and when it is needed. Commands in a list
/// have one line each.
fn check_layout(command: &str, help: &str) {
    let about = help.lines().next().unwrap_or_default();
    assert!(!about.is_empty() && !about.starts_with("Usage"), "{command} says not what it does");
    let when = help.lines().find_map(|line| line.strip_prefix("When to use it: "));
    let when = when.unwrap_or_else(|| panic!("{command} says not when it is needed:\n{help}"));
    assert!(when.ends_with('.'), "{command}: {when}");
    for line in help.lines().filter(|line| line.starts_with("  wufu ")) {
        assert!(line.chars().count() <= 100, "{command}: a terminal breaks this example: {line}");
    }
    let list = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    for line in list.take_while(|line| !line.is_empty()) {
        assert!(line.chars().count() <= 100, "{command} lists a command in two lines: {line}");
    }
}

#[test]
fn serve_lists_its_five_services() {
    let folder = tempfile::tempdir().unwrap();
    let bin = folder.path().join(".bin");
    fs::create_dir(&bin).unwrap();
    symlink(env!("CARGO_BIN_EXE_wufu"), bin.join("wufu")).unwrap();
    let text = run(folder.path(), "wufu serve --help");
    let list = text.lines().skip_while(|line| *line != "Commands:").skip(1);
    let names: Vec<_> = list.map_while(|line| line.split_whitespace().next()).collect();
    assert_eq!(names, ["prover", "ledger", "dealer", "evaluator", "both", "help"]);
    // The description stands beside the option, or below it.
    let mut quiet = text.lines().skip_while(|line| !line.contains("--quiet")).take(2);
    assert!(quiet.any(|line| line.ends_with("Print only the result")), "{text}");
}

fn try_one(folder: &Path, command: &str, example: &str, ports: &Ports) {
    let (lines, ledger) = prepare(command);
    for line in lines {
        run(folder, line);
    }
    if command == "ledger own" {
        run(
            folder,
            "wufu ledger import gifts.csv --dir cerf --map amount='Sum in USD' --timezone UTC",
        );
    }
    let _service = ledger.map(|ledger| {
        let line = format!(
            "wufu serve ledger --dir {ledger} --dev-keys --listen 127.0.0.1:7182 \
             --metrics 127.0.0.1:9181"
        );
        serve(folder, &ports.replace(&line))
    });
    let line = ports.replace(example);
    match command {
        _ if example.starts_with("wufu serve ") => end(serve(folder, &line), example),
        // Without `--once` it goes on until Ctrl-C.
        "top" if !example.contains("--once") => {
            run(folder, &format!("{line} --once"));
        }
        // Not the keys that all tests share.
        "setup clear" => {
            let cache = folder.join("cache");
            fs::create_dir_all(cache.join("keys")).unwrap();
            let line = format!("export WUFU_CACHE={}; {line}", cache.display());
            run(folder, &line);
            assert!(!cache.join("keys").exists());
        }
        _ => {
            run(folder, &line);
        }
    }
}

/// Ends a service as an operator does.
fn end(service: Bounded, example: &str) {
    signal("TERM", service.child.id());
    let status = service.wait();
    assert!(status.success(), "{example}: {status}");
}
