//! The whole system as a user has it: the program, its folders and its exit codes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use wufu_testing as _;

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use serde_json::Value;
use wufu_testing::Process;

const CERF: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../ledger/tests/data/cerf_contributions.csv");

/// The keys are made once for all runs of the tests. Nobody else uses them.
fn cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("wufu-cache")
}

fn wufu(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wufu"));
    command.args(args).env("WUFU_CACHE", cache()).env_remove("WUFU_LOG").output().unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn json(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn ok(args: &[&str]) -> Vec<Value> {
    let output = wufu(&[&["--json"], args].concat());
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(code(&output), 0, "{args:?}: {errors}\n{}", String::from_utf8_lossy(&output.stdout));
    json(&output)
}

struct Demo {
    _folder: tempfile::TempDir,
    dir: PathBuf,
    steps: Vec<Value>,
}

impl Demo {
    fn run() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("demo");
        let steps = ok(&["demo", "--donations", CERF, "--dir", dir.to_str().unwrap()]);
        Self { _folder: folder, dir, steps }
    }

    fn path(&self, name: &str) -> String {
        self.dir.join(name).to_str().unwrap().into()
    }

    /// Runs `wufu verify` with everything that the verifier pinned, and with `more`.
    fn verify(&self, envelope: &str, more: &[&str]) -> (i32, Value) {
        let paths = ["donation.vk", "charity.pub", "charity.notes"];
        let [key, log_key, notes] = paths.map(|name| self.path(&format!("verifier/{name}")));
        let pinned = ["--key", &key, "--dev-keys", "--log-key", &log_key, "--checkpoint", &notes];
        self.verify_with(envelope, &[&pinned, more].concat())
    }

    fn verify_with(&self, envelope: &str, args: &[&str]) -> (i32, Value) {
        let output = wufu(&[&["--json", "verify", envelope], args].concat());
        let last = json(&output).pop();
        (code(&output), last.unwrap_or(Value::Null))
    }
}

#[test]
fn the_main_job_on_real_donations() {
    let demo = Demo::run();
    let step = |name: &str| demo.steps.iter().find(|step| step["step"] == name).unwrap();
    let import = step("import");
    assert_eq!(import["records"], 1053);
    assert_eq!(import["sum"], "5145481489.14");
    let summary = demo.steps.last().unwrap();
    assert_eq!(summary["step"], "summary");
    assert_eq!((&summary["accepted"], &summary["refused"]), (&3.into(), &5.into()));
    for figure in ["five_fu_prove_ms", "donation_prove_ms", "verify_ms"] {
        assert!(summary[figure].as_f64().unwrap() > 0.0, "{figure}");
    }
    // Servers that saw nothing proved both, in their own processes, which have ended.
    for mode in ["five_fu_mode", "donation_mode"] {
        assert_eq!(summary[mode], "blind");
    }
    assert!(summary["prover_learned"].as_str().unwrap().contains("no server saw the witness"));
    let servers: Vec<&Value> = demo.steps.iter().filter(|step| step["process"].is_u64()).collect();
    assert_eq!(servers.len(), 2);
    for server in servers {
        let process = server["process"].as_u64().unwrap();
        let told = fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
        assert!(!String::from_utf8_lossy(&told).contains("serve"), "{server} is still there");
    }

    let (answer, claim) = (demo.path("answer.env"), demo.path("claim.env"));
    let request = demo.path("verifier/request.req");

    answered_what_was_asked(&demo, &answer, &request);
    an_envelope_does_not_vouch_for_itself(&demo, &answer, &request);
    another_verifiers_question_is_not_answered(&demo, &answer);
    tampered_envelopes_are_refused(&demo, &answer, &request);
    a_claim_is_checked_for_its_campaign(&demo, &claim);
    prove_again_inside_the_wallet(&demo, &request);
    nothing_is_fresh_that_was_shown(&demo, &request);
    blind_mode_that_fails_is_an_error_that_names_the_server(&demo, &request);
    a_kit_is_used_when_its_id_is_the_pinned_one(&demo, &request);
    another_keys_engine_is_no_reason_to_prove_here(&demo, &request);
    an_audit_finds_nothing(&demo);
}

fn answered_what_was_asked(demo: &Demo, answer: &str, request: &str) {
    let (code, verdict) = demo.verify(answer, &["--request", request]);
    assert_eq!((code, &verdict["outcome"]), (0, &"accepted".into()), "{verdict}");
    // With a spent set, it is accepted once.
    let spent = demo.path("spent.db");
    let shown = ["--request", request, "--spent", &spent];
    // A missing spent set is not an empty one.
    assert_eq!(demo.verify(answer, &shown).0, 2);
    let (code, verdict) = demo.verify(answer, &[&shown[..], &["--new-spent"]].concat());
    assert_eq!(code, 0, "{verdict}");
    for _ in 0..2 {
        let (code, verdict) = demo.verify(answer, &shown);
        assert_eq!(code, 1, "{verdict}");
    }
    // A question that is asked twice, or only in part, is an error and not ignored.
    for more in [&["--min-amount", "100000"][..], &["--purpose", "tax relief"], &["--expiry", "1"]]
    {
        assert_eq!(demo.verify(answer, &[&["--request", request], more].concat()).0, 2, "{more:?}");
    }
}

/// Rows of docs/failures.md: 37.
/// The offline check trusted the statement, log key and challenge in the envelope itself.
fn an_envelope_does_not_vouch_for_itself(demo: &Demo, answer: &str, request: &str) {
    // Only the file: the proof is valid, but nobody asked for it.
    let key = demo.path("verifier/donation.vk");
    let (code, verdict) = demo.verify_with(answer, &["--key", &key, "--dev-keys"]);
    assert_eq!(code, 2);
    assert!(verdict["reason"].as_str().unwrap().contains("a valid proof that you did not ask for"));
    // Without a key, an accepted development key, a log key or checkpoints, there is no verdict.
    assert_eq!(demo.verify_with(answer, &["--request", request]).0, 2);
    assert_eq!(demo.verify_with(answer, &["--request", request, "--key", &key]).0, 2);
    let log_key = demo.path("verifier/charity.pub");
    let some = ["--request", request, "--key", &key, "--dev-keys"];
    assert_eq!(demo.verify_with(answer, &some).0, 2);
    let (code, verdict) = demo.verify_with(answer, &[&some[..], &["--log-key", &log_key]].concat());
    assert_eq!(code, 2);
    assert!(verdict["reason"].as_str().unwrap().contains("no checkpoints of your own"));
    // The envelope contains no checkpoint that could be trusted, and the verifier's own checkpoints
    // must be signed by the named log key.
    let shown = fs::read(answer).unwrap();
    let signed = "\u{2014} charity ".as_bytes();
    assert!(!shown.windows(signed.len()).any(|bytes| bytes == signed));
    let other = demo.path("other-ledger");
    let made = ok(&["ledger", "init", "--dir", &other, "--org", "charity", "--currency", "USD"]);
    let other_key = made[0]["log_key"].as_str().unwrap();
    let notes = demo.path("verifier/charity.notes");
    let with_other = ["--log-key", other_key, "--checkpoint", &notes];
    let output = wufu(&[&["verify", answer], &some[..], &with_other].concat());
    assert_eq!(output.status.code(), Some(2));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("not signed by charity"), "{errors}");
}

/// Rows of docs/failures.md: 34.
/// One verifier's answer, shown to another.
fn another_verifiers_question_is_not_answered(demo: &Demo, answer: &str) {
    let (key, out) = (demo.path("second.key"), demo.path("second.req"));
    ok(&["request", "keygen", "--out", &key]);
    let id = demo.steps.iter().find(|step| step["step"] == "plan" && step["circuit"] == "donation");
    let id = id.unwrap()["key_id"].as_str().unwrap();
    let made = ["--purpose", "tax relief", "--origin", "charity/donations/1", "--project", "1:1"];
    let rest = ["--key-id", id, "--out", &out];
    ok(&[&["request", "new", "--signing-key", &key], &made[..], &rest].concat());
    let (code, verdict) = demo.verify(answer, &["--request", &out]);
    assert_eq!(code, 2, "{verdict}");
    assert!(verdict["reason"].as_str().unwrap().contains("did not ask for"), "{verdict}");
}

fn tampered_envelopes_are_refused(demo: &Demo, answer: &str, request: &str) {
    let bad = demo.path("bad.env");
    for (part, expected) in [("proof", 1), ("input", 1), ("ext", 1)] {
        ok(&["envelope", "tamper", answer, &bad, "--part", part]);
        let (code, verdict) = demo.verify(&bad, &["--request", request]);
        // No epoch had the changed root, but newer checkpoints might have it.
        let expected = if part == "input" { 2 } else { expected };
        assert_eq!(code, expected, "{part}: {verdict}");
    }
    let whole = fs::read(answer).unwrap();
    for length in [0, 1, whole.len() / 2, whole.len() - 1] {
        fs::write(&bad, &whole[..length]).unwrap();
        assert_eq!(demo.verify(&bad, &["--request", request]).0, 1, "{length} bytes");
    }
    assert_eq!(demo.verify(&demo.path("nothing.env"), &["--request", request]).0, 2);
}

fn a_claim_is_checked_for_its_campaign(demo: &Demo, claim: &str) {
    let notes = demo.path("wufu-mirror.notes");
    let info = ok(&["ledger", "info", "--dir", &demo.path("campaign")]);
    let log_key = info[0]["log_key"].as_str().unwrap();
    let pinned = ["--dev-keys", "--log-key", log_key, "--checkpoint", &notes];
    let asked = ["--org", "wufu", "--payout", "account 42 at the bank of Mei"];
    let (code, verdict) = demo.verify_with(claim, &[&pinned[..], &asked].concat());
    assert_eq!(code, 0, "{verdict}");
    let asked = ["--org", "wufu", "--payout", "account 43"];
    assert_eq!(demo.verify_with(claim, &[&pinned[..], &asked].concat()).0, 2);
    assert_eq!(verdict["nullifiers"].as_array().unwrap().len(), 6);
    let (code, _) =
        demo.verify_with(claim, &[&pinned[..], &["--org", "another", "--payout", "x"]].concat());
    assert_ne!(code, 0);
}

fn prove_again_inside_the_wallet(demo: &Demo, request: &str) {
    let again = demo.path("again.env");
    let (donor, charity) = (demo.path("donor"), demo.path("charity"));
    let mirror = demo.path("charity-mirror.notes");
    let sources = ["--ledger", &charity, "--second", &mirror];
    let steps =
        ok(&[&["wallet", "answer", request, "--dir", &donor, "--out", &again], &sources[..]]
            .concat());
    let proof = steps.last().unwrap();
    assert_eq!((&proof["mode"], &proof["anonymity"]), (&"local".into(), &1053.into()));
    let (code, verdict) = demo.verify(&again, &["--request", request]);
    assert_eq!(code, 0, "{verdict}");
}

/// With `--fresh`, a donation that had been shown was shown again. For a place that is not held,
/// the error said that nothing meets the policy.
fn nothing_is_fresh_that_was_shown(demo: &Demo, request: &str) {
    let out = demo.path("fresh.env");
    let (donor, charity) = (demo.path("donor"), demo.path("charity"));
    let answer = ["wallet", "answer", request, "--dir", &donor, "--out", &out, "--one-source"];
    let answer = [&answer[..], &["--ledger", &charity]].concat();
    let options = [
        (&["--fresh"][..], &["was shown every donation", "none is fresh", "--fresh"][..]),
        (&["--fresh"], &["none is fresh"]),
        (&["--place", "1048575"], &["holds no donation at place 1048575", "wufu wallet list"]),
        (&["--min-anonymity", "1000000"], &["1,053 public records meet", "--min-anonymity"]),
    ];
    for (options, expected) in options {
        let output = wufu(&[&answer[..], options].concat());
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(code(&output), 2, "{options:?}: {errors}");
        assert!(expected.iter().all(|part| errors.contains(part)), "{options:?}: {errors}");
        assert!(!Path::new(&out).exists());
    }
}

/// Starts a dealer or an evaluator. Returns its address, and a dealer's key.
fn server(role: &str) -> (Process, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wufu"));
    command.args(["--json", "serve", role, "--circuit", "donation", "--listen", "127.0.0.1:0"]);
    command.env("WUFU_CACHE", cache()).env("WUFU_LOG", "error").stdout(Stdio::piped());
    let mut process = Process::start(&mut command).unwrap();
    let lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let mut told = lines.map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
    let told = told.find(|step| step["step"] == "listening").unwrap();
    let text = |field: &str| told[field].as_str().unwrap_or_default().to_owned();
    (process, text("url"), text("key"))
}

/// With `--prove blind`, blind mode failed: the wallet proved by itself, succeeded, and said "no
/// server saw the witness". Now the failure is an error that names the server, what was expected
/// and what to do.
fn blind_mode_that_fails_is_an_error_that_names_the_server(demo: &Demo, request: &str) {
    let [(_dealer, dealer, key), (_evaluator, evaluator, _)] = ["dealer", "evaluator"].map(server);
    let kit = demo.steps.iter().find(|step| step["step"] == "kit" && step["circuit"] == "donation");
    let kit_id = kit.unwrap()["kit_id"].as_str().unwrap();
    let answer = |dealer: &str, evaluator: &str| {
        let mut args = blind(demo, request, "blind");
        let option = |name: &str| args.iter().position(|arg| arg == name).unwrap() + 1;
        let (at_dealer, at_evaluator) = (option("--dealer"), option("--evaluator"));
        (args[at_dealer], args[at_evaluator]) = (dealer.into(), evaluator.into());
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        wufu(&[&["--json"], &args[..], &["--kit-id", kit_id]].concat())
    };
    let nobody = "http://127.0.0.1:2";
    for (dealer, evaluator, expected) in [
        (
            format!("{GENERATOR}@{dealer}"),
            evaluator.as_str(),
            &[&*dealer, GENERATOR, "KEY@URL"][..],
        ),
        (format!("{key}@{dealer}"), nobody, &["no connection to the evaluator at", nobody]),
        (format!("{GENERATOR}@{nobody}"), &evaluator, &["no connection to the dealer at", nobody]),
        (
            format!("{GENERATOR}@{evaluator}"),
            &dealer,
            &["the dealer at", &*evaluator, "another kind", "swapped"],
        ),
    ] {
        let output = answer(&dealer, evaluator);
        let said = json(&output);
        assert_eq!(code(&output), 2, "{said:?}");
        let error = said.last().unwrap()["error"].as_str().unwrap();
        let always = ["with --prove blind no proof is made elsewhere", "--prove local"];
        for part in expected.iter().chain(&always) {
            assert!(error.contains(part), "{part}: {error}");
        }
        assert!(!Path::new(&demo.path("blind.env")).exists());
    }
    // If masks of the dealer are already stored, it is not asked again, and learns nothing.
    let output = answer(&format!("{key}@{dealer}"), &evaluator);
    let steps = json(&output);
    let proof = steps.last().unwrap();
    assert_eq!((code(&output), &proof["mode"]), (0, &"blind".into()), "{proof}");
    let asked = steps.iter().any(|step| step["step"] == "ask" && step["role"] == "dealer");
    let learned = proof["servers"][0]["learned"].as_str().unwrap();
    assert_ne!(asked, learned.contains("nothing from this proof"), "{learned}");
    fs::remove_file(demo.path("blind.env")).unwrap();
}

/// The generator of Ed25519, which is a valid key.
const GENERATOR: &str = "5866666666666666666666666666666666666666666666666666666666666666";

/// The arguments of a wallet that proves in blind mode with servers that do not exist, with the
/// demo's kit.
fn blind(demo: &Demo, request: &str, prove: &str) -> Vec<String> {
    let [dir, ledger, second, out, kit] =
        ["donor", "charity", "charity-mirror.notes", "blind.env", "donation.kit"]
            .map(|name| demo.path(name));
    let dealer = format!("{GENERATOR}@http://127.0.0.1:1");
    let args = ["wallet", "answer", request, "--dir", &dir, "--ledger", &ledger];
    let more = ["--second", &second, "--out", &out, "--prove", prove, "--dealer", &dealer];
    let rest = ["--evaluator", "http://127.0.0.1:2", "--no-delay", "--kit", &kit];
    args.iter().chain(&more).chain(&rest).map(|arg| (*arg).to_owned()).collect()
}

/// The demo prints each kit's id, as `setup dev` does. A kit that is not pinned is not used.
fn a_kit_is_used_when_its_id_is_the_pinned_one(demo: &Demo, request: &str) {
    let told = |circuit: &str| {
        let step = |step: &&Value| step["step"] == "kit" && step["circuit"] == circuit;
        let step = demo.steps.iter().find(step).expect("the kit's id is told");
        step["kit_id"].as_str().unwrap().to_owned()
    };
    let keys = ok(&["setup", "dev", "--circuit", "donation", "--export", &demo.path("keys")]);
    let key = keys.iter().find(|step| step["step"] == "key").unwrap();
    assert_eq!(key["kit_id"], told("donation"));
    let args = blind(demo, request, "blind");
    let with = |more: &[&str]| {
        let args: Vec<&str> = args.iter().map(String::as_str).chain(more.iter().copied()).collect();
        wufu(&[&["--json"], &args[..]].concat())
    };
    let output = with(&[]);
    assert_eq!(code(&output), 2);
    assert!(String::from_utf8_lossy(&output.stderr).contains("--kit-id"));
    let output = with(&["--kit-id", &told("five-fu")]);
    assert_ne!(code(&output), 0);
    let error = json(&output).pop().unwrap()["error"].as_str().unwrap().to_owned();
    assert!(error.contains(&format!("expected {}", told("five-fu"))), "{error}");
    // With the right id, the dealer is asked, which does not exist. The key's engine exists, but
    // was not asked for: here it proved, and the command succeeded.
    let output = with(&["--kit-id", &told("donation")]);
    assert_eq!(code(&output), 2, "{}", String::from_utf8_lossy(&output.stdout));
    let error = json(&output).pop().unwrap()["error"].as_str().unwrap().to_owned();
    assert!(error.contains("no connection to the dealer at http://127.0.0.1:1"), "{error}");
}

/// A prepared development key counted as the pinned one, whichever that was. So `auto` failed
/// without a key although dealer and evaluator were named, and so did `blind` after its first
/// failure.
fn another_keys_engine_is_no_reason_to_prove_here(demo: &Demo, request: &str) {
    let cache = demo.path("other-cache");
    let run = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wufu"));
        command.arg("--json").args(args).env("WUFU_CACHE", &cache).output().unwrap()
    };
    let made = run(&["setup", "dev", "--circuit", "donation"]);
    assert_eq!(code(&made), 0, "{}", String::from_utf8_lossy(&made.stdout));
    let kit = demo.steps.iter().find(|step| step["step"] == "kit" && step["circuit"] == "donation");
    let kit = kit.unwrap()["kit_id"].as_str().unwrap();
    for prove in ["auto", "blind"] {
        let args = blind(demo, request, prove);
        let args: Vec<&str> = args.iter().map(String::as_str).chain(["--kit-id", kit]).collect();
        let output = run(&args);
        assert_ne!(code(&output), 0);
        let error = json(&output).pop().unwrap()["error"].as_str().unwrap().to_owned();
        assert!(error.contains("no connection") && error.contains("127.0.0.1:1"), "{error}");
        assert!(!error.contains("no proving key"), "{error}");
    }
}

/// Rows of docs/failures.md: 32.
fn an_audit_finds_nothing(demo: &Demo) {
    for ledger in ["campaign", "charity"] {
        let steps = ok(&["ledger", "audit", "--dir", &demo.path(ledger)]);
        assert_eq!(steps.last().unwrap()["findings"], 0, "{ledger}");
    }
}

/// `demo --quiet` printed the summary of the import, and not the result.
#[test]
fn a_quiet_demo_prints_its_result_alone() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("demo");
    let output =
        wufu(&["demo", "-q", "--donations", CERF, "--crowd", "1", "--dir", dir.to_str().unwrap()]);
    let (out, errors) = (output.stdout.clone(), String::from_utf8_lossy(&output.stderr));
    assert_eq!(code(&output), 0, "{errors}");
    assert_eq!(String::from_utf8(out).unwrap(), "3 of 3 accepted, 5 of 5 refused\n");
}

/// Two demos that began without keys each made their own, and only one of the keys was kept. The
/// servers of the other demo then had no key for its wallets, and proved nothing.
#[test]
fn processes_that_make_keys_at_once_make_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let makers = [(); 3].map(|()| {
        let mut maker = Command::new(env!("CARGO_BIN_EXE_wufu"));
        maker.args(["--json", "setup", "dev", "--circuit", "gift"]).stdout(Stdio::piped());
        maker.env("WUFU_CACHE", folder.path()).spawn().unwrap()
    });
    let ids = makers.map(|maker| {
        let output = maker.wait_with_output().unwrap();
        assert_eq!(code(&output), 0);
        let key = json(&output).pop().unwrap();
        (key["key_id"].as_str().unwrap().to_owned(), key["kit_id"].as_str().unwrap().to_owned())
    });
    assert_eq!(ids[0], ids[1]);
    assert_eq!(ids[0], ids[2]);
}

/// A second demo deleted the folder of a running one.
#[test]
fn a_folder_in_which_a_demo_runs_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("demo");
    fs::create_dir(&dir).unwrap();
    let marker = dir.join(".wufu-demo");
    fs::write(&marker, "").unwrap();
    let running = fs::File::open(&marker).unwrap();
    running.lock().unwrap();
    let output = wufu(&["demo", "--dir", dir.to_str().unwrap()]);
    assert_eq!(code(&output), 2);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("another demo runs in this folder"), "{errors}");
    assert!(marker.exists());
}

#[test]
fn services_listen_on_this_machine_only() {
    for address in ["0.0.0.0:0", "192.168.1.1:0", "[::]:0"] {
        let output = wufu(&["serve", "prover", "--circuit", "gift", "--listen", address]);
        assert_eq!(code(&output), 2, "{address}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("loopback"), "{address}");
    }
}

/// Rows of docs/failures.md: 35.
#[test]
fn client_identity_or_both_roles_fail_at_the_start() {
    for role in ["dealer", "evaluator"] {
        for option in ["--client-ca", "--bearer", "--tokens"] {
            let output = wufu(&["serve", role, "--circuit", "gift", option, "file"]);
            assert_eq!(code(&output), 2, "{role} {option}");
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(errors.contains(option) && errors.contains("no client identity"), "{errors}");
        }
    }
    let output = wufu(&["serve", "both", "--circuit", "gift"]);
    assert_eq!(code(&output), 2);
    assert!(String::from_utf8_lossy(&output.stderr).contains("--insecure-both"));
}

#[test]
fn secrets_are_refused_when_others_can_read_them() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("wallet");
    let (dir, seed) = (dir.to_str().unwrap(), dir.join("seed"));
    ok(&["wallet", "new", "--dir", dir]);
    ok(&["wallet", "address", "--dir", dir, "--org", "wufu"]);
    assert_eq!(fs::metadata(&seed).unwrap().permissions().mode() & 0o777, 0o600);
    fs::set_permissions(&seed, fs::Permissions::from_mode(0o640)).unwrap();
    let output = wufu(&["wallet", "address", "--dir", dir, "--org", "wufu"]);
    assert_eq!(code(&output), 2);
    assert!(String::from_utf8_lossy(&output.stderr).contains("640"));
    // Only the command for it prints a seed.
    let output = wufu(&["wallet", "seed", "--dir", dir]);
    assert_ne!(code(&output), 0);
}
