//! Every guide of `docs/guides` is run as it is written: its `sh` blocks, in order, in one shell,
//! in an empty folder.
//!
//! CONTRIBUTING.md, section "Guides", lists the words that may follow the language of a block.
//! With `WUFU_GUIDES=required`, which `.ci/guides` sets, the test also runs the blocks that need
//! more than `wufu` and a shell. Without it the test names them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

use wufu_testing as _;

use std::{
    collections::BTreeSet,
    env,
    fmt::Write as _,
    fs,
    net::TcpListener,
    os::unix::{fs::symlink, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Compiling a guide's Rust program for the first time takes longest.
const LIMIT: Duration = Duration::from_secs(1500);

/// The guides' usual ports. Each run gets free ones in their place.
const PORTS: [&str; 4] = ["7181", "7182", "7183", "7184"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Keys are made once for all runs of the tests, and are nobody's.
fn cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("wufu-cache")
}

/// A fenced block of a page.
struct Block {
    /// The line of its fence, from 1.
    line: usize,
    language: String,
    /// The words after the language.
    words: Vec<String>,
    text: String,
}

impl Block {
    /// The word after `name`, as NAME in `serve NAME`.
    fn after(&self, name: &str) -> Option<&str> {
        let at = self.words.iter().position(|word| word == name)?;
        Some(self.words.get(at + 1).unwrap_or_else(|| panic!("line {}: {name} what?", self.line)))
    }

    fn has(&self, word: &str) -> bool {
        self.words.iter().any(|held| held == word)
    }

    /// Whether the block is for the shell, and the machine has what it needs beside `wufu`.
    fn is_run(&self) -> bool {
        let all = env::var("WUFU_GUIDES").is_ok_and(|set| set == "required");
        self.language == "sh" && !self.has("ignore") && (all || !self.has("needs"))
    }
}

fn blocks(page: &str) -> Vec<Block> {
    let mut found = Vec::<Block>::new();
    let mut open = false;
    for (number, line) in page.lines().enumerate() {
        match line.strip_prefix("```") {
            Some(_) if open => open = false,
            Some(info) => {
                let mut words = info.split_whitespace().map(str::to_owned);
                let language = words.next().unwrap_or_default();
                let (line, words) = (number + 1, words.collect());
                found.push(Block { line, language, words, text: String::new() });
                open = true;
            }
            None if open => writeln!(found.last_mut().unwrap().text, "{line}").unwrap(),
            None => {}
        }
    }
    assert!(!open, "the last block has no end");
    found
}

/// The shell program of a guide. What the block of line N prints goes to `.guide/N`.
fn script(guide: &str, blocks: &[Block], folder: &Path) -> String {
    let mut script = "set -euo pipefail\nmkdir .guide\n".to_owned();
    // Services end with the shell. Each has a process group of its own, as in a terminal.
    script += "services=()\nend() { for id in \"${services[@]:-}\"; do\n";
    script += "  [ -z \"$id\" ] || kill -TERM -- \"-$id\" 2> .guide/end || true\ndone; }\n";
    script += "trap end EXIT\ntrap 'exit 143' TERM\n";
    for block in blocks {
        let Block { line, text, .. } = block;
        if let Some(name) = block.after("file") {
            assert!(!name.contains("..") && !name.starts_with('/'), "line {line}: {name}");
            let path = folder.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
            continue;
        }
        if !block.is_run() {
            let Some(tool) = block.after("needs") else { continue };
            eprintln!(
                "docs/guides/{guide}.md:{line}: not run: needs {tool} (bash .ci/guides runs it)"
            );
            continue;
        }
        if let Some(name) = block.after("stop") {
            // As Ctrl-C in its terminal does; it must exit with 0.
            let id = format!("$service_{name}");
            writeln!(script, "kill -INT -- \"-{id}\"; wait \"{id}\"").unwrap();
        }
        writeln!(script, "echo {line} > .guide/now").unwrap();
        let out = format!("\"{}/.guide/{line}\"", folder.display());
        if let Some(name) = block.after("serve") {
            write!(
                script,
                "set -m\n{{\n{text}}} > {out} 2>&1 &\nservice_{name}=$!\nset +m\n\
                 services+=(\"$service_{name}\")\nfor _ in $(seq 600); do\n\
                 grep -qE ' on https?://' {out} && break\nkill -0 \"$service_{name}\"\nsleep 0.1\n\
                 done\ngrep -qE ' on https?://' {out}\n"
            )
            .unwrap();
        } else if let Some(code) = block.after("exit") {
            write!(
                script,
                "code=0\n{{\n{text}}} > {out} 2>&1 || code=$?\n[ \"$code\" = {code} ]\n"
            )
            .unwrap();
        } else {
            write!(script, "{{\n{text}}} > {out} 2>&1\n").unwrap();
        }
    }
    script + "echo done > .guide/now\n"
}

/// A shell that is ended with all that it started.
struct Shell(Child);

impl Shell {
    fn wait(&mut self) -> Option<ExitStatus> {
        let end = Instant::now() + LIMIT;
        while Instant::now() < end {
            if let Some(status) = self.0.try_wait().unwrap() {
                return Some(status);
            }
            thread::sleep(Duration::from_millis(20));
        }
        None
    }

    fn signal(&self, name: &str) {
        let group = format!("-{}", self.0.id());
        let _ = Command::new("kill").args([name, "--", &group]).stderr(Stdio::null()).status();
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        if matches!(self.0.try_wait(), Ok(None)) {
            // What it waits for ends first; then it ends the services.
            self.signal("-TERM");
            thread::sleep(Duration::from_secs(3));
            self.signal("-KILL");
            let _ = self.0.wait();
        }
    }
}

/// Whether a line is what a guide shows, where `…` stands for anything.
fn fits(line: &str, shown: &str) -> bool {
    let mut parts = shown.trim_end().split('…');
    let Some(rest) = line.trim_end().strip_prefix(parts.next().unwrap()) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    let Some(mut rest) = rest.strip_suffix(last) else { return false };
    parts.all(|part| {
        let after = rest.split_once(part).map(|(_, after)| after);
        rest = after.unwrap_or_default();
        after.is_some()
    })
}

/// The first line that a guide shows and the output does not have, or has in another order.
fn missing<'a>(output: &str, shown: &'a str) -> Option<&'a str> {
    let mut lines = output.lines();
    shown.lines().find(|wanted| !lines.any(|line| fits(line, wanted)))
}

fn run(guide: &str) {
    let page = fs::read_to_string(root().join(format!("docs/guides/{guide}.md"))).unwrap();
    let listeners = PORTS.map(|_| TcpListener::bind("127.0.0.1:0").unwrap());
    let ports = listeners.map(|listener| listener.local_addr().unwrap().port());
    let page = PORTS.iter().zip(ports).fold(page, |page, (usual, port)| {
        page.replace(&format!("127.0.0.1:{usual}"), &format!("127.0.0.1:{port}"))
    });
    let blocks = blocks(&page);
    let place = tempfile::tempdir().unwrap();
    let (folder, bin) = (place.path().join("try"), place.path().join("bin"));
    fs::create_dir(&folder).unwrap();
    fs::create_dir(&bin).unwrap();
    let wufu = Path::new(env!("CARGO_BIN_EXE_wufu"));
    // The measuring programs stand beside it, when they were built.
    for name in ["wufu", "hunt", "statements"] {
        symlink(wufu.with_file_name(name), bin.join(name)).unwrap();
    }
    let program = place.path().join("guide.sh");
    fs::write(&program, script(guide, &blocks, &folder)).unwrap();

    let mut command = Command::new("bash");
    let path = env::var("PATH").unwrap_or_default();
    command.arg(&program).current_dir(&folder).process_group(0);
    command.env("PATH", format!("{}:{path}", bin.display()));
    command.env("WUFU_SOURCE", root()).env("WUFU_LOG", "warn");
    command.env("WUFU_CACHE", cache());
    let errors = place.path().join("errors");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(fs::File::create(&errors).unwrap());
    let began = Instant::now();
    let status = Shell(command.spawn().unwrap()).wait();

    let read =
        |name: &str| fs::read_to_string(folder.join(".guide").join(name)).unwrap_or_default();
    let now = read("now").trim().to_owned();
    assert!(
        status.is_some_and(|status| status.success()) && now == "done",
        "docs/guides/{guide}.md:{now}: {}\n{}\n{}",
        status.map_or_else(|| format!("not done after {LIMIT:?}"), |status| status.to_string()),
        read(&now),
        fs::read_to_string(&errors).unwrap(),
    );
    let (mut shown, mut compared) = (0, 0);
    for pair in blocks.windows(2) {
        let [before, text] = pair else { unreachable!() };
        if before.language != "sh" || text.language != "text" {
            continue;
        }
        shown += 1;
        if before.is_run() {
            let printed = read(&before.line.to_string());
            let missing = missing(&printed, &text.text);
            assert!(
                missing.is_none(),
                "docs/guides/{guide}.md:{}: the block above does not print {missing:?}:\n{printed}",
                text.line
            );
            compared += 1;
        }
    }
    assert!(shown > 0, "docs/guides/{guide}.md shows nothing that its commands print");
    let seconds = began.elapsed().as_secs_f64();
    eprintln!("docs/guides/{guide}.md: {compared} of {shown} outputs compared, {seconds:.1} s");
}

#[test]
fn the_guide_to_verifying_works_as_written() {
    run("verify");
}

#[test]
fn the_guide_to_wallets_works_as_written() {
    run("wallet");
}

#[test]
fn the_guide_for_operators_works_as_written() {
    run("operate");
}

#[test]
fn the_guide_to_services_works_as_written() {
    run("serve");
}

#[test]
fn the_guide_for_researchers_works_as_written() {
    run("research");
}

#[test]
fn the_guide_to_blind_mode_works_as_written() {
    run("blind");
}

#[test]
fn the_readme_shows_what_the_demo_prints() {
    let page = fs::read_to_string(root().join("README.md")).unwrap();
    let shown = blocks(&page).into_iter().find(|block| block.language == "text").unwrap();
    let place = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_wufu"));
    command.args(["demo", "--donations", "ledger/tests/data/cerf_contributions.csv", "--dir"]);
    command.arg(place.path().join("demo")).current_dir(root()).env("WUFU_CACHE", cache());
    let output = command.output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{printed}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(missing(&printed, &shown.text), None, "README.md:{}: {printed}", shown.line);
}

/// A guide that no test runs stops working, and nobody notices.
#[test]
fn every_guide_is_run() {
    let files = fs::read_dir(root().join("docs/guides")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let run = ["blind.md", "operate.md", "research.md", "serve.md", "verify.md", "wallet.md"];
    assert_eq!(names.collect::<BTreeSet<_>>(), run.map(str::to_owned).into());
}

/// A comparison that accepted everything would be worth nothing.
#[test]
fn outputs_that_differ_are_noticed() {
    let output = "3 rows read: 3 imported, 0 bad\nepoch 7, from today: signed x\n";
    for same in
        ["epoch …: signed x", "3 rows …\nepoch …", "…0 bad", "3 rows read: 3 imported, 0 bad"]
    {
        assert_eq!(missing(output, same), None);
    }
    for (differs, line) in [
        ("4 rows …", "4 rows …"),
        ("epoch …: signed y", "epoch …: signed y"),
        ("epoch …\n3 rows …", "3 rows …"),
        ("3 rows read", "3 rows read"),
        ("rows …", "rows …"),
        ("3 … 4 …", "3 … 4 …"),
    ] {
        assert_eq!(missing(output, differs), Some(line));
    }
}
