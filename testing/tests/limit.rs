//! `cargo test` once hung for ever in a test of the prover: a failed assertion left a gate closed,
//! and a thread waited at it. Nothing ended the process, and nothing said which test it was. The
//! tests here hang on purpose.

use std::{
    env, fs,
    io::Write as _,
    path::Path,
    process::{Command, Output, Stdio},
    thread,
    time::Duration,
};

use wufu_testing::{EXIT_CODE, Process};

const LONG: Duration = Duration::from_secs(120);

/// Runs one ignored test of this binary with a limit in seconds.
fn run(test: &str, limit: &str) -> Output {
    let mut child = Process::start(
        Command::new(env::current_exe().unwrap())
            .args(["--exact", test, "--ignored"])
            .env("WUFU_TEST_LIMIT", limit)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped()),
    )
    .unwrap();
    let reader = |mut source: Box<dyn std::io::Read + Send>| {
        thread::spawn(move || {
            let mut bytes = Vec::new();
            source.read_to_end(&mut bytes).unwrap();
            bytes
        })
    };
    let stdout = reader(Box::new(child.stdout.take().unwrap()));
    let stderr = reader(Box::new(child.stderr.take().unwrap()));
    let status = child.ended(LONG);
    Output { status, stdout: stdout.join().unwrap(), stderr: stderr.join().unwrap() }
}

#[track_caller]
fn ended_by_its_limit(output: &Output) -> String {
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(EXIT_CODE), "{text}");
    assert!(text.contains("this test binary has run for 2 s, its limit"), "{text}");
    text
}

#[test]
#[ignore = "hangs on purpose"]
fn a_test_that_hangs_with_a_child_process() {
    let mut child = Command::new("sleep").arg("1000").stdout(Stdio::null()).spawn().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_hanging_test_is_named_and_its_child_killed() {
    let output = run("limit::a_test_that_hangs_with_a_child_process", "2");
    let text = ended_by_its_limit(&output);
    // Its end of the pipe is closed, so the output could be read to the end.
    let killed = text.lines().find_map(|line| line.trim().strip_prefix("child process "));
    let (id, command) = killed.expect(&text).split_once(", killed now: ").unwrap();
    assert_eq!(command, "sleep 1000");
    if cfg!(target_os = "linux") {
        // The process has ended, or is a zombie that nobody has waited for yet.
        let stat = || fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        let ended = |stat: String| stat.is_empty() || stat.contains(") Z ");
        let mut tries = 0..1000;
        while !ended(stat()) {
            assert!(tries.next().is_some(), "the process still runs: {}", stat());
            thread::sleep(Duration::from_millis(10));
        }
        let name = "limit::a_test_that_hangs_with_a_child_process";
        let thread = text.lines().find(|line| line.contains(name)).expect(&text);
        assert!(thread.contains("\"limit::a_test_t\": sleeping"), "{thread}");
        assert!(!thread.contains("limit::a_limit"), "{thread}");
    }
}

#[test]
#[ignore = "hangs on purpose"]
fn spins_while_it_holds_the_lock_of_standard_error() {
    let mut lock = std::io::stderr().lock();
    lock.flush().unwrap();
    loop {
        std::hint::spin_loop();
    }
}

#[test]
fn a_busy_test_that_locks_stderr_is_ended_and_named() {
    let output = run("limit::spins_while_it_holds_the_lock_of_standard_error", "2");
    let text = ended_by_its_limit(&output);
    if cfg!(target_os = "linux") {
        let name = "runs the test limit::spins_while_it_holds_the_lock_of_standard_error";
        let thread = text.lines().find(|line| line.contains(name)).expect(&text);
        assert!(thread.contains(": running") || thread.contains(": sleeping"), "{thread}");
        assert!(!thread.contains(" 0.0 s of CPU time"), "{thread}");
    }
}

#[test]
#[ignore = "run by another test as a process of its own"]
fn passes() {}

#[test]
fn a_quick_test_passes_and_a_wrong_limit_is_refused() {
    let output = run("limit::passes", "600");
    assert!(output.status.success(), "{output:?}");
    let refused = run("limit::passes", "20 min");
    assert_eq!(refused.status.code(), Some(2));
    let expected = "WUFU_TEST_LIMIT is \"20 min\", expected a number of seconds, at least 1\n";
    assert_eq!(String::from_utf8(refused.stderr).unwrap(), expected);
}

/// A thread that libtest did not start waits for ever at a gate that nobody opens, and the test
/// waits for the thread.
#[test]
#[ignore = "hangs on purpose"]
fn waits_for_a_thread() {
    let (_open, gate) = std::sync::mpsc::channel::<()>();
    let worker = thread::Builder::new().name("worker".into()).spawn(move || gate.recv());
    let _ = worker.unwrap().join();
}

#[test]
fn threads_that_are_not_tests_are_listed() {
    let output = run("limit::waits_for_a_thread", "2");
    let text = ended_by_its_limit(&output);
    if cfg!(target_os = "linux") {
        assert!(text.contains(" \"worker\": sleeping"), "{text}");
        assert!(text.contains("runs the test limit::waits_for_a_thread"), "{text}");
    }
}

/// The report shows the first 15 bytes of a thread's name, which is all that Linux keeps, and the
/// tests whose names begin so. libtest prints the whole name itself after a minute. The limit here
/// is far longer than that.
#[test]
fn libtest_names_a_test_that_runs_for_over_a_minute() {
    assert!(wufu_testing::DEFAULT_LIMIT > Duration::from_secs(120));
    if env::var_os("WUFU_FULL").is_none() {
        return;
    }
    let output = run("limit::waits_for_a_thread", "65");
    assert_eq!(output.status.code(), Some(EXIT_CODE));
    let text = String::from_utf8(output.stdout).unwrap();
    let expected = "test limit::waits_for_a_thread has been running for over 60 seconds";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn a_child_process_does_not_outlive_its_test() {
    let mut sleeping = Command::new("sleep");
    sleeping.arg("1000");
    let child = Process::start(&mut sleeping).unwrap();
    let id = child.id();
    let late = thread::spawn(move || {
        let mut child = child;
        child.ended(Duration::from_millis(50))
    });
    let panic = late.join().unwrap_err();
    let message = panic.downcast_ref::<String>().unwrap();
    assert_eq!(message, "the process did not end within 50ms: \"sleep\" \"1000\"");
    assert!(!Path::new(&format!("/proc/{id}")).exists());
}
