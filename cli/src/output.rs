//! What the commands print: text for people, or one JSON object per line for programs; with
//! `--quiet` only the result.

use std::{
    fmt::Display,
    io::{self, IsTerminal as _, Write as _},
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Map, Value};

use crate::{environment::variable, files};

/// How a command prints.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    json: bool,
    quiet: bool,
    /// Whether standard output is the file that the command writes, so that texts go to standard
    /// error.
    aside: bool,
    /// Whether results are only steps of a larger command.
    steps: bool,
}

impl Output {
    /// Prints text or JSON, and with `quiet` only the result.
    pub fn new(json: bool, quiet: bool) -> Self {
        Self { json, quiet, aside: false, steps: false }
    }

    /// The same, but on standard error if `out` is standard output.
    pub fn beside(self, out: &Path) -> Self {
        Self { aside: self.aside || files::is_stdout(out), ..self }
    }

    /// The same, for a part of a larger command, whose results are not the command's.
    pub fn for_a_step(self) -> Self {
        Self { steps: true, ..self }
    }

    /// Whether only the result is printed.
    pub fn is_quiet(self) -> bool {
        self.quiet
    }

    /// Whether JSON is printed.
    pub fn is_json(self) -> bool {
        self.json
    }

    /// Prints a result: the text for people, or the fields for programs.
    pub fn result(self, step: &str, text: impl Display, fields: Value) {
        if self.steps && self.quiet {
            return;
        }
        if self.json {
            self.object(step, fields);
        } else {
            self.line(text);
        }
    }

    /// Prints a remark, which `--quiet` leaves out.
    pub fn note(self, step: &str, text: impl Display, fields: Value) {
        if !self.quiet {
            self.result(step, text, fields);
        }
    }

    /// Prints a text that only people need.
    pub fn text(self, text: impl Display) {
        if !self.quiet && !self.json {
            self.line(text);
        }
    }

    /// Prints why a command failed.
    pub fn failure(self, error: &anyhow::Error) {
        if self.json {
            self.object("error", serde_json::json!({ "error": chain(error) }));
        }
        // If standard output failed, a program finds the error here.
        if !self.json || has_failed() {
            line(&mut io::stderr(), format_args!("wufu: {}", chain(error)));
        }
    }

    fn line(self, text: impl Display) {
        if self.aside {
            return line(&mut io::stderr(), text);
        }
        if let Err(error) = to_stdout(|out| writeln!(out, "{text}")) {
            keep(error);
        }
    }

    fn object(self, step: &str, fields: Value) {
        let mut object = Map::new();
        object.insert("step".into(), step.into());
        match fields {
            Value::Object(fields) => object.extend(fields),
            Value::Null => {}
            other => {
                object.insert("value".into(), other);
            }
        }
        self.line(Value::Object(object));
    }

    /// Shows the progress of something long: a bar on a terminal, lines otherwise.
    pub fn progress(self, what: &'static str) -> ProgressLine {
        let show = !self.quiet && !self.json;
        let bar = (show && io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::new(0).with_message(what);
            let template = "{msg:28} {bar:32} {human_pos}/{human_len} {eta}";
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        ProgressLine { what, lines: show && bar.is_none(), bar, told: AtomicU64::new(0) }
    }
}

/// Whether standard error shows colours: only on a terminal, and not if `NO_COLOR` is set.
pub fn has_colour() -> bool {
    io::stderr().is_terminal() && variable("NO_COLOR").is_none()
}

/// An error with its causes, each printed once: a cause that its parent quotes is left out, and a
/// cause that begins with its parent's text replaces it.
pub fn chain(error: &anyhow::Error) -> String {
    let mut texts: Vec<String> = Vec::new();
    for cause in error.chain() {
        let text = match status(cause) {
            // The whole text of a status is its message with a code around it.
            Some(status) => status.message().to_owned(),
            None => without_codes(&cause.to_string()),
        };
        if texts.iter().any(|said| said.contains(&text)) {
            continue;
        }
        if texts.last().is_some_and(|last| text.starts_with(last.as_str())) {
            texts.pop();
        }
        texts.push(text);
    }
    let whole = texts.join(": ");
    let mut said: Vec<&str> = Vec::new();
    for part in whole.split(": ") {
        // Skip the layers of the transport that print only their name.
        if !said.contains(&part) && !matches!(part, "transport error" | "tcp connect error") {
            said.push(part);
        }
    }
    if said.is_empty() { whole } else { said.join(": ") }
}

fn status<'a>(cause: &'a (dyn std::error::Error + 'static)) -> Option<&'a tonic::Status> {
    let boxed = cause.downcast_ref::<Box<tonic::Status>>().map(AsRef::as_ref);
    boxed.or_else(|| cause.downcast_ref())
}

/// The text without the numbers of system errors, whose names stand before them.
fn without_codes(text: &str) -> String {
    let mut parts = text.split(" (os error ");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let after = part.trim_start_matches(|c: char| c.is_ascii_digit());
        out += after.strip_prefix(')').unwrap_or(after);
    }
    out
}

/// The first failure of standard output, other than a closed pipe.
static FAILURE: Mutex<Option<io::Error>> = Mutex::new(None);

/// Writes to standard output and flushes. All output goes through here.
pub fn to_stdout(write: impl FnOnce(&mut io::StdoutLock<'_>) -> io::Result<()>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    write(&mut out)?;
    out.flush()
}

/// Keeps a failure of standard output for [`check`]. A closed pipe is not a failure: the reader
/// wants no more.
pub fn keep(error: io::Error) {
    if error.kind() != io::ErrorKind::BrokenPipe {
        FAILURE.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }
}

fn has_failed() -> bool {
    FAILURE.lock().unwrap_or_else(PoisonError::into_inner).is_some()
}

/// Returns an error if some output could not be written, unless its reader went away.
pub fn check() -> anyhow::Result<()> {
    match &*FAILURE.lock().unwrap_or_else(PoisonError::into_inner) {
        None => Ok(()),
        Some(error) => Err(anyhow::anyhow!(
            "standard output cannot be written ({error}), so some or all of this command's output \
             is lost: free space there, or redirect the output elsewhere"
        )),
    }
}

/// Writes to standard error. A failure here is ignored, because nothing could report it.
fn line(out: &mut impl io::Write, text: impl Display) {
    let _ = writeln!(out, "{text}");
    let _ = out.flush();
}

/// The progress of something long.
pub struct ProgressLine {
    what: &'static str,
    bar: Option<ProgressBar>,
    lines: bool,
    /// The quarters that were printed as lines.
    told: AtomicU64,
}

impl ProgressLine {
    /// Shows that `done` of `total` is finished.
    pub fn set(&self, done: u64, total: u64) {
        if let Some(bar) = &self.bar {
            bar.set_length(total);
            bar.set_position(done);
        } else if self.lines && total > 0 {
            let quarter = done.saturating_mul(4) / total;
            if self.told.fetch_max(quarter, Ordering::Relaxed) < quarter {
                line(&mut io::stderr(), format_args!("{}: {done} of {total}", self.what));
            }
        }
    }
}

impl ProgressLine {
    /// Shows that `done` is finished, of an unknown total.
    pub fn at(&self, done: u64) {
        if let Some(bar) = &self.bar {
            bar.set_position(done);
        }
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// A duration in seconds or milliseconds, for people.
pub fn duration(time: Duration) -> String {
    if time.as_secs() >= 10 {
        format!("{:.0} s", time.as_secs_f64())
    } else if time.as_millis() >= 1000 {
        format!("{:.1} s", time.as_secs_f64())
    } else {
        format!("{:.1} ms", time.as_secs_f64() * 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use anyhow::{Context as _, anyhow};

    use super::*;

    /// `README.md: README.md: No such file or directory (os error 2): No such file or directory (os
    /// error 2)`.
    #[test]
    fn nothing_is_said_twice() {
        let io = || io::Error::from_raw_os_error(2);
        let source = io();
        let quoted = anyhow!(io()).context(format!("README.md: {source}")).context("README.md");
        assert_eq!(chain(&quoted), "README.md: No such file or directory");
        let refused = anyhow!("tcp connect error: refused").context("transport error");
        let refused = refused.context("no connection to x: transport error");
        assert_eq!(chain(&refused), "no connection to x: refused");
        let plain = Err::<(), _>(anyhow!("inner")).context("outer").unwrap_err();
        assert_eq!(chain(&plain), "outer: inner");
        assert_eq!(chain(&anyhow!("transport error")), "transport error");
        let answered = anyhow!(tonic::Status::not_found("no checkpoint"));
        let answered = answered.context("http://127.0.0.1:1 answered NotFound: no checkpoint");
        assert_eq!(chain(&answered), "http://127.0.0.1:1 answered NotFound: no checkpoint");
    }
}
