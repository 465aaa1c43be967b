//! A time limit for test binaries. Every test binary of the workspace links this crate:
//!
//! ```
//! use wufu_testing as _;
//! ```
//!
//! Nothing else is needed. A watchdog thread starts before `main`. When the binary has run for
//! [`DEFAULT_LIMIT`], the watchdog prints to standard error what the binary was doing: its threads,
//! the tests that they run, and its child processes. It then ends the binary with exit code
//! [`EXIT_CODE`] and has the child processes killed. So a test that hangs fails, and the output
//! says where it hung.
//!
//! `WUFU_TEST_LIMIT` sets another limit, in seconds. `WUFU_FULL=1` turns on the long forms of tests
//! and raises the default limit to [`FULL_LIMIT`]. `.ci/tests.py` checks that every test binary has
//! the line above.
//!
//! Read next: [`Process`], a child process that is killed when its test ends.

#[cfg(feature = "ca")]
mod ca;
mod process;
mod report;

use std::{
    env,
    io::{self, Write as _},
    process::{abort, exit},
    thread,
    time::Duration,
};

#[cfg(feature = "ca")]
pub use ca::{TestCa, TestCertificate};
pub use process::Process;

/// How long a test binary may run.
pub const DEFAULT_LIMIT: Duration = Duration::from_secs(30 * 60);

/// How long a test binary may run with `WUFU_FULL=1`.
pub const FULL_LIMIT: Duration = Duration::from_secs(6 * 60 * 60);

/// The exit code of a test binary that reached its limit. It is the code that `timeout` of
/// coreutils uses.
pub const EXIT_CODE: i32 = 124;

/// The variable that sets the limit, in seconds.
const VARIABLE: &str = "WUFU_TEST_LIMIT";

/// How long writing the report may take. After that, the binary ends without one.
const REPORT_LIMIT: Duration = Duration::from_secs(20);

// SAFETY: runs before `main`, on the main thread. It reads the environment, which nothing changes
// at that time, and starts a thread. Neither depends on anything that the standard library sets up
// in `main`.
ctor::declarative::ctor! {
    #[ctor(unsafe)]
    fn before_main() {
        start();
    }
}

/// Starts the watchdog.
fn start() {
    let limit = match limit(env::var(VARIABLE).ok().as_deref(), env::var_os("WUFU_FULL").is_some())
    {
        Ok(limit) => limit,
        Err(message) => {
            let _ = writeln!(io::stderr(), "{message}");
            exit(2)
        }
    };
    let started = thread::Builder::new().name("time limit".into()).spawn(move || {
        thread::sleep(limit);
        expire(limit)
    });
    if let Err(error) = started {
        let _ =
            writeln!(io::stderr(), "could not start the time limit of this test binary: {error}");
        exit(2)
    }
}

/// The limit that the two variables ask for.
fn limit(variable: Option<&str>, full: bool) -> Result<Duration, String> {
    match variable {
        None if full => Ok(FULL_LIMIT),
        None => Ok(DEFAULT_LIMIT),
        Some(text) => match text.parse() {
            Ok(seconds @ 1..) => Ok(Duration::from_secs(seconds)),
            _ => Err(format!("{VARIABLE} is {text:?}, expected a number of seconds, at least 1")),
        },
    }
}

/// Writes a report and ends the process. It ends even if another thread holds the lock of standard
/// error, or if nobody reads standard error.
fn expire(limit: Duration) -> ! {
    let reporting = thread::Builder::new().name("report".into()).spawn(move || {
        report::print(limit);
        exit(EXIT_CODE)
    });
    if reporting.is_ok() {
        thread::sleep(REPORT_LIMIT);
    }
    thread::spawn(|| exit(EXIT_CODE));
    // Exit handlers may hang, too.
    thread::sleep(Duration::from_secs(5));
    abort()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_a_number_of_seconds() {
        assert_eq!(limit(None, false), Ok(DEFAULT_LIMIT));
        assert_eq!(limit(None, true), Ok(FULL_LIMIT));
        assert_eq!(limit(Some("90"), true), Ok(Duration::from_secs(90)));
        // No value turns off the limit.
        for wrong in ["", "0", "-1", "1.5", "20 min", "none"] {
            let expected =
                format!("WUFU_TEST_LIMIT is {wrong:?}, expected a number of seconds, at least 1");
            assert_eq!(limit(Some(wrong), false), Err(expected));
        }
    }
}
