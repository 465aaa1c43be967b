//! A wallet as a user has it: what it takes in and refuses, how it is restored from its seed, and
//! what it prints.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use wufu_testing as _;

use std::{
    fs,
    io::Write as _,
    os::unix::{
        fs::{PermissionsExt, symlink},
        net::UnixListener,
    },
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use serde_json::Value;

struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn name(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    /// Runs the command in the folder, with `input` as standard input.
    fn run_with(&self, input: &[u8], args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wufu"));
        command.args(args).current_dir(self.folder.path());
        command.env("WUFU_CACHE", self.path("cache")).env_remove("WUFU_LOG");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that does not read it may have ended already.
        let _ = child.stdin.take().unwrap().write_all(input);
        child.wait_with_output().unwrap()
    }

    fn run(&self, args: &[&str]) -> Output {
        self.run_with(b"", args)
    }

    fn ok(&self, args: &[&str]) -> Vec<Value> {
        let output = self.run(&[&["--json"], args].concat());
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", said(&output));
        lines(&output)
    }

    /// The output of a command that must fail.
    fn fails(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", said(&output));
        said(&output)
    }

    fn wallet(&self, name: &str) -> String {
        self.ok(&["wallet", "new", "--dir", name]);
        let address = self.ok(&["wallet", "address", "--dir", name, "--org", "wufu"]);
        address[0]["address"].as_str().unwrap().to_owned()
    }
}

fn said(output: &Output) -> String {
    let [out, err] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    format!("{out}{err}")
}

fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn standings(list: &[Value]) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    list.iter().map(|item| (text(&item["item"]), text(&item["standing"]))).collect()
}

/// `wallet receive` accepted items that were made for somebody else, and succeeded. The wallet then
/// listed them as its own.
#[test]
fn our_items_are_found_and_those_of_others_refused() {
    let home = Home::new();
    let (ann, bob) = (home.wallet("ann"), home.wallet("bob"));
    let made = home.ok(&["ledger", "init", "--dir", "campaign", "--org", "wufu"]);
    let log_key = made[0]["log_key"].as_str().unwrap();
    home.ok(&["ledger", "issue", &ann, &bob, "--dir", "campaign"]);
    home.ok(&["ledger", "register", &ann, &bob, "--dir", "campaign"]);
    home.ok(&["ledger", "close-epoch", "--dir", "campaign"]);
    home.ok(&["ledger", "grants", &ann, "--out", "ann.msg", "--dir", "campaign"]);
    home.ok(&["ledger", "grants", &bob, "--out", "bob.msg", "--dir", "campaign"]);
    home.ok(&["wallet", "pin", "--log-key", log_key, "--dir", "bob"]);

    // An empty list says so, and how to get something.
    let empty = String::from_utf8(home.run(&["wallet", "list", "--dir", "bob"]).stdout).unwrap();
    assert!(empty.contains("holds nothing") && empty.contains("wallet receive"), "{empty}");

    let refused = home.fails(&["wallet", "receive", "ann.msg", "--dir", "bob"]);
    assert!(refused.contains("another address") && refused.contains("6 refused"), "{refused}");
    assert_eq!(home.ok(&["wallet", "list", "--dir", "bob"])[0]["step"], "empty");

    // The wallet's own items are still taken in, and the log confirms them.
    home.ok(&["wallet", "receive", "bob.msg", "--dir", "bob"]);
    let list = standings(&home.ok(&["wallet", "list", "--dir", "bob"]));
    assert_eq!(list.len(), 6);
    assert!(list.iter().all(|(_, standing)| standing == "unconfirmed"), "{list:?}");
    let sync = ["wallet", "sync", "--org", "wufu", "--ledger", "campaign", "--one-source"];
    let looked = home.ok(&[&sync[..], &["--dir", "bob"]].concat());
    let logs: Vec<_> = looked.iter().filter(|line| line["step"] == "log").collect();
    assert_eq!((&logs[0]["ready"], &logs[1]["ready"]), (&5.into(), &1.into()));
    let list = standings(&home.ok(&["wallet", "list", "--dir", "bob"]));
    assert!(list.iter().all(|(_, standing)| standing == "found"), "{list:?}");
    let again = home.fails(&["wallet", "receive", "bob.msg", "--dir", "bob"]);
    assert!(again.contains("already holds leaf"), "{again}");

    // Nothing is forgotten without confirmation.
    let item = list[0].0.as_str();
    let asked = home.fails(&["wallet", "forget", item, "--dir", "bob"]);
    assert!(asked.contains("--yes") && asked.contains("sends it again"), "{asked}");
    assert_eq!(home.ok(&["wallet", "list", "--dir", "bob"]).len(), 6);
    let forgot = home.ok(&["wallet", "forget", item, "--yes", "--dir", "bob"]);
    assert_eq!((&forgot[0]["item"], &forgot[0]["standing"]), (&item.into(), &"found".into()));
    assert_eq!(home.ok(&["wallet", "list", "--dir", "bob"]).len(), 5);
    assert!(home.fails(&["wallet", "forget", item, "--yes", "--dir", "bob"]).contains(item));
    let claims = home.fails(&["wallet", "forget", "wufu/claims:1", "--yes", "--dir", "bob"]);
    assert!(claims.contains("never forgotten"), "{claims}");
    let received = home.run(&["wallet", "receive", "bob.msg", "--dir", "bob"]);
    assert!(said(&received).contains("found in its log"), "what was forgotten comes back");
}

/// `wallet seed` printed a seed, but no command read one.
#[test]
fn a_wallet_restored_from_seed_says_what_it_forgot() {
    let home = Home::new();
    let address = home.wallet("mine");
    let seed = home.ok(&["wallet", "seed", "--show", "--dir", "mine"]).remove(0);
    let [digits, words] = ["seed", "words"].map(|field| seed[field].as_str().unwrap().to_owned());
    assert_eq!(words.split(' ').count(), 24);
    let printed = home.run(&["wallet", "seed", "--show", "--dir", "mine"]).stdout;
    let only = home.run(&["wallet", "seed", "--show", "--words", "--dir", "mine"]).stdout;
    assert_eq!(only, format!("{words}\n").into_bytes());

    let forms = [
        digits.clone().into_bytes(),
        digits.replace('\n', "\r\n").into_bytes(),
        digits.lines().next().unwrap().into(),
        format!("  {}\r\n", words.to_uppercase()).into_bytes(),
        printed,
        only,
    ];
    for (number, form) in forms.iter().enumerate() {
        let (file, dir) = (format!("paper{number}"), format!("restored{number}"));
        fs::write(home.path(&file), form).unwrap();
        let restored = home.ok(&["wallet", "restore", &file, "--dir", &dir]).pop().unwrap();
        let forgotten = restored["forgotten"].as_array().unwrap();
        for what in ["items", "answers", "claims", "masks", "checkpoints", "pins"] {
            assert!(forgotten.contains(&what.into()), "{restored}");
        }
        let found = home.ok(&["wallet", "address", "--dir", &dir, "--org", "wufu"]);
        assert_eq!(found[0]["address"], address.as_str(), "form {number}");
    }
    // From standard input, named or not; and the text for people says the same.
    for (dir, more) in [("piped", &[][..]), ("dashed", &["-"])] {
        let args = [&["wallet", "restore", "--dir", dir], more].concat();
        let output = home.run_with(words.as_bytes(), &args);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        assert!(said(&output).contains("has forgotten"), "{}", said(&output));
    }
    // An existing wallet is not replaced.
    let refused = home.fails(&["wallet", "restore", "paper0", "--dir", "mine"]);
    assert!(refused.contains("already holds a wallet"), "{refused}");
    assert_eq!(home.ok(&["wallet", "seed", "--show", "--dir", "mine"])[0], seed);

    // A seed on the command line is refused, because others could read it, and no error repeats it.
    let hex = digits.lines().next().unwrap();
    let separate: Vec<&str> = words.split(' ').collect();
    for args in [&separate[..], &[words.as_str()], &[hex]] {
        let refused = home.fails(&[&["wallet", "restore", "--dir", "never"], args].concat());
        assert!(refused.contains("command line"), "{refused}");
        assert!(!refused.contains(hex) && !refused.contains(&words), "{refused}");
    }
    // With a mistyped seed, nothing is created.
    fs::write(home.path("mistyped"), words.replacen(separate[0], "abandom", 1)).unwrap();
    let refused = home.fails(&["wallet", "restore", "mistyped", "--dir", "never"]);
    assert!(refused.contains("word 1") && refused.contains("mistyped"), "{refused}");
    assert!(!refused.contains("abandom"), "{refused}");
    assert!(!home.path("never").exists());
    for length in [0, 5000] {
        fs::write(home.path("odd"), vec![b'a'; length]).unwrap();
        assert!(home.fails(&["wallet", "restore", "odd", "--dir", "never"]).contains("expected"));
    }
}

/// `wallet sync` printed nothing and succeeded when it had read nothing.
#[test]
fn a_look_at_nothing_says_so() {
    let home = Home::new();
    home.wallet("mine");
    let sync = |org: &str, ledger: &str| {
        let args = ["wallet", "sync", "--dir", "mine", "--one-source", "--org", org];
        home.fails(&[&args[..], &["--ledger", ledger]].concat())
    };
    let made = home.ok(&["ledger", "init", "--dir", "campaign", "--org", "wufu"]);
    let unknown = sync("wufu", "campaign");
    assert!(unknown.contains("wufu") && unknown.contains("wallet pin"), "{unknown}");
    home.ok(&["wallet", "pin", "--log-key", made[0]["log_key"].as_str().unwrap(), "--dir", "mine"]);
    let dead = sync("wufu", "unix:nobody.sock");
    assert!(dead.contains("nobody.sock"), "{dead}");
    let early = sync("wufu", "campaign");
    assert!(early.contains("no checkpoint of a log of wufu"), "{early}");
    // Somebody else holds a card there.
    let other = home.wallet("other");
    home.ok(&["ledger", "issue", &other, "--dir", "campaign"]);
    home.ok(&["ledger", "close-epoch", "--dir", "campaign"]);
    let args = ["wallet", "sync", "--dir", "mine", "--one-source", "--org", "wufu"];
    let looked = home.run(&[&args[..], &["--ledger", "campaign"]].concat());
    assert_eq!(looked.status.code(), Some(0));
    assert!(said(&looked).contains("holds nothing in them"), "{}", said(&looked));
}

/// `--second` accepted the ledger itself under another name, and "compared" it.
#[test]
fn the_ledger_by_another_name_is_no_second_source() {
    let home = Home::new();
    home.wallet("mine");
    fs::create_dir(home.path("d")).unwrap();
    let _ledger = UnixListener::bind(home.path("d/l.sock")).unwrap();
    symlink(home.path("d/l.sock"), home.path("link.sock")).unwrap();
    fs::hard_link(home.path("d/l.sock"), home.path("hard.sock")).unwrap();
    symlink(home.path("d"), home.path("e")).unwrap();
    let own = format!("unix:{}", home.name("d/l.sock"));
    let refused = |ledger: &str, second: &str| {
        let args = ["wallet", "sync", "--dir", "mine", "--org", "wufu", "--ledger", ledger];
        let refused = home.fails(&[&args[..], &["--second", second]].concat());
        assert!(refused.contains("the ledger itself"), "{second}: {refused}");
    };
    let absolute = format!("unix:{}", home.name("d/../d/l.sock"));
    let names = [
        "unix:d/l.sock",
        "unix:./d/../d/l.sock",
        "unix:link.sock",
        "unix:hard.sock",
        "unix:e/l.sock",
    ];
    for second in names.into_iter().chain([absolute.as_str()]) {
        refused(&own, second);
        refused(second, &own);
    }
    for second in
        ["http://localhost:7182", "127.0.0.1:07182", "http://[::1]:7182/", "LOCALHOST:7182"]
    {
        refused("http://127.0.0.1:7182", second);
    }
    // Checkpoints from the ledger's own folder.
    home.ok(&["ledger", "init", "--dir", "campaign", "--org", "wufu"]);
    fs::write(home.path("campaign/own.notes"), "").unwrap();
    let args = ["wallet", "sync", "--dir", "mine", "--org", "wufu", "--ledger", "campaign"];
    let refused = home.fails(&[&args[..], &["--second", "campaign/own.notes"]].concat());
    assert!(refused.contains("own folder"), "{refused}");
}

/// Rows of docs/failures.md: 51.
/// A file of 0 bytes opened as an empty wallet, which had forgotten what it had shown.
#[test]
fn an_empty_or_cut_off_store_is_named_and_refused() {
    let home = Home::new();
    home.wallet("mine");
    let store = home.path("mine/wallet.redb");
    let whole = fs::read(&store).unwrap();
    for length in [0, 1, 4096, whole.len() / 2] {
        fs::write(&store, &whole[..length]).unwrap();
        for command in [&["list"][..], &["receive", "some.msg"], &["address", "--org", "wufu"]] {
            let refused = home.fails(&[&["wallet"], command, &["--dir", "mine"]].concat());
            assert!(refused.contains("wallet.redb"), "{refused}");
        }
        assert_eq!(fs::metadata(&store).unwrap().len(), length as u64, "left as it is");
    }
    fs::remove_file(&store).unwrap();
    assert!(home.fails(&["wallet", "list", "--dir", "mine"]).contains("wallet.redb"));
    assert!(!store.exists());
    fs::write(&store, &whole).unwrap();
    fs::set_permissions(&store, PermissionsExt::from_mode(0o600)).unwrap();
    home.ok(&["wallet", "list", "--dir", "mine"]);
    assert!(Path::new(&home.name("mine/seed")).exists());
}
