//! The results of the demo: a table for people, and a summary for programs.

use std::{fs, process::ExitCode, time::Duration};

use serde_json::json;
use wufu_wallet::Answer;

use crate::output::{Output, duration};

/// Milliseconds, rounded to hundredths.
pub fn ms(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e5).round() / 1e2
}

/// A proof that was made for one of the wallets.
pub struct ShownProof {
    pub(super) answer: Answer,
    /// The time from the plan to the verified envelope.
    pub(super) took: Duration,
    /// What a verifier learns from the proof.
    pub(super) seen: String,
}

/// What was accepted and what was refused.
#[derive(Default)]
pub struct Findings {
    accepted: Vec<&'static str>,
    refused: Vec<(&'static str, Option<String>)>,
    /// The time of one verification of a donation.
    pub verify_time: Duration,
}

/// How many must be accepted: two proofs and a claim.
const ACCEPTED: usize = 3;
/// How many must be refused.
const REFUSED: usize = 5;

impl Findings {
    /// Records that something was accepted, as it must be.
    pub fn accept(&mut self, what: &'static str) {
        self.accepted.push(what);
    }

    /// Records that something was refused, with the reason, or was not refused.
    pub fn refuse(&mut self, what: &'static str, reason: Option<String>) {
        self.refused.push((what, reason));
    }

    fn refused(&self) -> usize {
        self.refused.iter().filter(|(_, reason)| reason.is_some()).count()
    }

    /// Prints the table.
    pub fn table(&self, claim: &ShownProof, donation: &ShownProof, took: Duration, output: Output) {
        output.text("");
        for (name, shown) in [("five fu", claim), ("donation", donation)] {
            let prove = duration(shown.answer.timings.prove);
            output.text(format_args!(
                "{name:<10} proved in {prove}, {} in total",
                duration(shown.took)
            ));
            output.text(format_args!("{:<10} {}", "", shown.answer.mode.learned()));
            for server in shown.answer.mode.servers() {
                let (role, learned) = (server.role, server.learned);
                output.text(format_args!("{:<10} the {role} learned: {learned}", ""));
            }
            output.text(format_args!("{:<10} the verifier learned: {}", "", shown.seen));
        }
        for what in &self.accepted {
            output.text(format_args!("{:<10} {what}", "accepted"));
        }
        for (what, reason) in &self.refused {
            let word = if reason.is_some() { "refused" } else { "ACCEPTED" };
            output.text(format_args!("{word:<10} {what}"));
        }
        let peak = peak_mb().map(|peak| format!(", {peak} MB of memory")).unwrap_or_default();
        output.text(format_args!("{}; {}{peak}", self.counts(), duration(took)));
    }

    fn counts(&self) -> String {
        let (accepted, refused) = (self.accepted.len(), self.refused());
        format!("{accepted} of {ACCEPTED} accepted, {refused} of {REFUSED} refused")
    }

    /// Prints the summary, and gives the exit code.
    pub fn summary(&self, claim: &ShownProof, donation: &ShownProof, output: Output) -> ExitCode {
        let (accepted, refused) = (self.accepted.len(), self.refused());
        let fields = json!({
            "accepted": accepted,
            "refused": refused,
            "five_fu_prove_ms": ms(claim.answer.timings.prove),
            "donation_prove_ms": ms(donation.answer.timings.prove),
            "verify_ms": ms(self.verify_time),
            "prover_learned": donation.answer.mode.learned(),
            "five_fu_mode": claim.answer.mode.name(),
            "donation_mode": donation.answer.mode.name(),
            "peak_mb": peak_mb(),
        });
        let good = accepted == ACCEPTED && refused == REFUSED;
        let mut text = self.counts();
        if !good {
            text += ": UNEXPECTED, run wufu demo without --quiet to see what went wrong";
        }
        // The table shows the same, unless it was left out.
        if output.is_json() || output.is_quiet() || !good {
            output.result("summary", text, fields);
        }
        if good { ExitCode::SUCCESS } else { ExitCode::from(1) }
    }
}

/// The peak memory of this process so far, in MB (10^6 bytes), if the system tells it.
fn peak_mb() -> Option<u64> {
    let text = fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find(|line| line.starts_with("VmHWM"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024 / 1_000_000)
}
