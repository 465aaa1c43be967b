//! What the demo found: a table for people, a summary for machines.

use std::{fs, process::ExitCode, time::Duration};

use serde_json::json;
use wufu_wallet::Answer;

use crate::output::{Output, duration};

/// Milliseconds, to a hundredth.
pub fn ms(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e5).round() / 1e2
}

/// A statement that was proved for somebody.
pub struct ShownProof {
    pub(super) answer: Answer,
    /// From plan to verified envelope.
    pub(super) took: Duration,
    /// What a verifier sees beside the proof.
    pub(super) seen: String,
}

/// What was accepted and what was refused.
#[derive(Default)]
pub struct Findings {
    accepted: Vec<&'static str>,
    refused: Vec<(&'static str, Option<String>)>,
    /// How long one verification of a donation took.
    pub verify_time: Duration,
}

/// So many must be accepted: two proofs and a claim.
const ACCEPTED: usize = 3;
/// So many must be refused.
const REFUSED: usize = 5;

impl Findings {
    /// Something was accepted, as it must be.
    pub fn accept(&mut self, what: &'static str) {
        self.accepted.push(what);
    }

    /// Something was refused, for this reason, or was not.
    pub fn refuse(&mut self, what: &'static str, reason: Option<String>) {
        self.refused.push((what, reason));
    }

    fn refused(&self) -> usize {
        self.refused.iter().filter(|(_, reason)| reason.is_some()).count()
    }

    /// The table.
    pub fn table(&self, claim: &ShownProof, donation: &ShownProof, took: Duration, output: Output) {
        output.text("");
        for (name, shown) in [("five fu", claim), ("donation", donation)] {
            let prove = duration(shown.answer.timings.prove);
            output.text(format_args!(
                "{name:<10} proved in {prove}, {} with everything",
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
        let peak = peak_mb().map(|peak| format!(", {peak} MB at most")).unwrap_or_default();
        output.text(format_args!("{}; {}{peak}", self.counts(), duration(took)));
    }

    fn counts(&self) -> String {
        let (accepted, refused) = (self.accepted.len(), self.refused());
        format!("{accepted} of {ACCEPTED} accepted, {refused} of {REFUSED} refused")
    }

    /// The last word, and the exit code.
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
            text += ": SOMETHING WENT OTHERWISE THAN IT MUST, run wufu demo without --quiet to see what";
        }
        // The table has told it, unless it was left out.
        if output.is_json() || output.is_quiet() || !good {
            output.result("summary", text, fields);
        }
        if good { ExitCode::SUCCESS } else { ExitCode::from(1) }
    }
}

/// The largest resident size of this process so far, in MB (10^6 bytes), where the system tells.
fn peak_mb() -> Option<u64> {
    let text = fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find(|line| line.starts_with("VmHWM"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024 / 1_000_000)
}
