//! What the commands say: text for people, one JSON object a line for machines, nothing when quiet.

use std::{
    fmt::Display,
    io::{self, IsTerminal as _},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Map, Value};

/// How a command speaks.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    json: bool,
    quiet: bool,
}

impl Output {
    /// Text or JSON, results alone when quiet.
    pub fn new(json: bool, quiet: bool) -> Self {
        Self { json, quiet }
    }

    /// Whether machines listen.
    pub fn is_json(self) -> bool {
        self.json
    }

    /// A result: the text for people, the fields for machines.
    pub fn result(self, step: &str, text: impl Display, fields: Value) {
        if self.json {
            self.object(step, fields);
        } else {
            line(&mut io::stdout(), text);
        }
    }

    /// Something by the way, which quiet leaves out.
    pub fn note(self, step: &str, text: impl Display, fields: Value) {
        if !self.quiet {
            self.result(step, text, fields);
        }
    }

    /// Only for people.
    pub fn text(self, text: impl Display) {
        if !self.quiet && !self.json {
            line(&mut io::stdout(), text);
        }
    }

    /// Why a command failed.
    pub fn failure(self, error: &anyhow::Error) {
        if self.json {
            self.object("error", serde_json::json!({ "error": format!("{error:#}") }));
        } else {
            line(&mut io::stderr(), format_args!("wufu: {error:#}"));
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
        line(&mut io::stdout(), Value::Object(object));
    }

    /// Progress of something long: a bar on a terminal, lines otherwise.
    pub fn progress(self, what: &'static str) -> Progress {
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
        Progress { what, lines: show && bar.is_none(), bar, told: AtomicU64::new(0) }
    }
}

/// A closed pipe ends the reader's interest, not our work.
fn line(out: &mut impl io::Write, text: impl Display) {
    let _ = writeln!(out, "{text}");
    let _ = out.flush();
}

/// How far something is.
pub struct Progress {
    what: &'static str,
    bar: Option<ProgressBar>,
    lines: bool,
    /// Quarters that were told in lines.
    told: AtomicU64,
}

impl Progress {
    /// `done` of `total`.
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

impl Progress {
    /// `done`, of nobody knows how many.
    pub fn at(&self, done: u64) {
        if let Some(bar) = &self.bar {
            bar.set_position(done);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Seconds or milliseconds, as a person reads them.
pub fn duration(time: Duration) -> String {
    if time.as_secs() >= 10 {
        format!("{:.0} s", time.as_secs_f64())
    } else if time.as_millis() >= 1000 {
        format!("{:.1} s", time.as_secs_f64())
    } else {
        format!("{:.1} ms", time.as_secs_f64() * 1000.0)
    }
}
