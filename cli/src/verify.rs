//! `wufu verify`: does a proof answer what you asked?

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context as _, bail};
use clap::Args;
use serde_json::{Value, json};
use wufu_proto::{Envelope, envelope::Binding, v1};
use wufu_verifier::{
    CircuitName, ClaimCheck, DonationCheck, KeyId, Proof, ProofRequest, Statement, Time, Trust,
    Verified, VerifyError, VerifyingKey,
    check::{request::Question, spent::SpendError},
    encoding::text,
    log::{
        checkpoint::Checkpoint,
        history::{LogHistory, RootError, Window},
        notes,
    },
};

use crate::{
    files,
    files::ReadFailure,
    help::usage_with_notes,
    human, names,
    output::{Output, chain},
    request::PolicyArgs,
    setup,
    source::LedgerSourceArgs,
    spent::SpentFile,
};

/// Arguments of `wufu verify`.
#[derive(Args, Debug)]
#[command(after_help = usage_with_notes(
    "when the answer to your request has arrived, or a claim that you expect.",
    &["wufu verify answer.env --request ask.req --key donation.vk --dev-keys \\\n\
       --log-key cerf.pub --checkpoint mirror.notes --spent shown.db --new-spent"],
    "Exit code: 0 the proof answers what you asked; 1 refused; 2 could not tell, or a valid proof \
     that you did not ask for.\n\n\
     --dev-keys is for trials. Leave it out if the maker of the key must not be able to forge.\n\n\
     --new-spent creates the file of nullifiers. Leave it out from the second time on.",
))]
pub struct VerifyArgs {
    /// The envelope; - is standard input
    envelope: PathBuf,
    /// Your request, from your own files and not from the answer
    #[arg(long, help_heading = "What you asked")]
    request: Option<PathBuf>,
    #[command(flatten)]
    asked: AskedArgs,
    /// The campaign of the claim that you expect
    #[arg(
        long,
        help_heading = "What you asked",
        conflicts_with = "request",
        requires = "payout",
        value_parser = names::org
    )]
    org: Option<String>,
    /// The payee that you expect
    #[arg(long, help_heading = "What you asked", requires = "org", value_parser = names::name)]
    payout: Option<String>,
    /// The verifying key that you pinned
    #[arg(long, value_name = "FILE", help_heading = "Whom you trust")]
    key: Option<PathBuf>,
    /// Accept development keys, whose makers can forge proofs. Without --key, use your own
    #[arg(long, help_heading = "Whom you trust")]
    dev_keys: bool,
    #[command(flatten)]
    ledger: LedgerSourceArgs,
    /// A file of signed checkpoints; - is standard input. Repeat the flag for more
    #[arg(long, value_name = "FILE", help_heading = "Whom you trust")]
    checkpoint: Vec<PathBuf>,
    /// How long a replaced root still counts, such as "1 h 30 min". A bare number is seconds
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "1 h",
        value_parser = human::parse_span
    )]
    window: u64,
    /// The file of nullifiers that were shown to you before. The nullifiers of this proof are added
    #[arg(long, value_name = "FILE")]
    spent: Option<PathBuf>,
    /// Create the file of nullifiers. Without this flag, a missing file is an error, because it may
    /// have been lost
    #[arg(long, requires = "spent")]
    new_spent: bool,
}

/// What was asked, on the command line instead of in a request file.
#[derive(Args, Debug)]
#[command(next_help_heading = "What you asked")]
struct AskedArgs {
    /// Your verifier's key, 64 hexadecimal digits
    #[arg(
        long,
        value_name = "HEX",
        requires_all = ["purpose", "origin", "challenge", "expiry"],
        conflicts_with_all = ["request", "org"]
    )]
    verifier: Option<String>,
    /// The purpose that you asked for
    #[arg(
        long,
        requires = "verifier",
        conflicts_with_all = ["request", "org"],
        value_parser = names::name
    )]
    purpose: Option<String>,
    /// The donation log that you asked about
    #[arg(
        long,
        requires = "verifier",
        conflicts_with_all = ["request", "org"],
        value_parser = names::donation_log
    )]
    origin: Option<String>,
    /// The challenge that you sent, 64 hexadecimal digits
    #[arg(
        long,
        value_name = "HEX",
        requires = "verifier",
        conflicts_with_all = ["request", "org"]
    )]
    challenge: Option<String>,
    /// When your request expires, such as "2026-11-30 21:22:05 UTC", or in Unix seconds
    #[arg(
        long,
        value_name = "TIME",
        value_parser = human::parse_until,
        requires = "verifier",
        conflicts_with_all = ["request", "org"]
    )]
    expiry: Option<Time>,
    #[command(flatten)]
    policy: PolicyArgs,
}

/// The verdict.
enum Outcome {
    /// The proof answers what was asked.
    Accepted { epoch: u64, nullifiers: Vec<String> },
    /// The proof does not answer it, or proves nothing.
    Refused(String),
    /// Undecided: something to check the proof with is missing, or nobody asked for it.
    Unknown(String),
}

/// What this verifier asked.
enum VerifierQuestion {
    Donation { verifier: [u8; 32], question: Box<Question> },
    Claim { org: String, payout: String },
    Nothing,
}

/// Runs the command.
pub async fn run(args: VerifyArgs, output: Output) -> anyhow::Result<ExitCode> {
    let outcome = check(&args).await?;
    let (code, word, reason, fields) = match outcome {
        Outcome::Accepted { epoch, nullifiers } => {
            let spent = if args.spent.is_some() {
                "shown for the first time"
            } else {
                "not compared with earlier proofs (--spent FILE does that)"
            };
            let shown_before = args.spent.as_ref().map(|_| false);
            let fields =
                json!({ "epoch": epoch, "nullifiers": nullifiers, "shown_before": shown_before });
            (
                0,
                "accepted",
                format!("the proof answers what you asked, as of epoch {epoch}; {spent}"),
                fields,
            )
        }
        Outcome::Refused(reason) => (1, "refused", reason, json!({})),
        Outcome::Unknown(reason) => (2, "unknown", reason, json!({})),
    };
    let mut all = json!({ "outcome": word, "reason": reason, "exit": code });
    if let (Value::Object(all), Value::Object(fields)) = (&mut all, fields) {
        all.extend(fields);
    }
    output.result("verify", format_args!("{word}: {reason}"), all);
    Ok(ExitCode::from(code))
}

async fn check(args: &VerifyArgs) -> anyhow::Result<Outcome> {
    let message: v1::Envelope = match files::read_message(&args.envelope) {
        Ok(message) => message,
        // There is no file, so there is no verdict.
        Err(error) if error.downcast_ref::<ReadFailure>().is_some() => return Err(error),
        Err(error) => return Ok(Outcome::Refused(chain(&error))),
    };
    let envelope = match Envelope::try_from(message) {
        Ok(envelope) => envelope,
        Err(error) => {
            let name = files::name(&args.envelope);
            return Ok(Outcome::Refused(format!("{name}: {error}: expected a whole envelope")));
        }
    };
    let asked = asked(args).await?;
    let Some(key) = pinned_key(args, envelope.circuit())? else {
        return Ok(Outcome::Unknown(
            "no verifying key is named, expected --key FILE, or --dev-keys for trials".into(),
        ));
    };
    let origins: Vec<String> = match &asked {
        VerifierQuestion::Nothing => return Ok(unasked(&key, &envelope)),
        VerifierQuestion::Donation { question, .. } => vec![question.origin.clone()],
        VerifierQuestion::Claim { org, .. } => {
            vec![format!("{org}/cards"), format!("{org}/persons")]
        }
    };

    let Some(log_key) = args.ledger.log_key()? else {
        return Ok(Outcome::Unknown(
            "no log key is named, expected --log-key with the key that you pinned".into(),
        ));
    };
    if args.checkpoint.is_empty() && !args.ledger.given() {
        return Ok(Outcome::Unknown(
            "no checkpoints of your own, expected --checkpoint FILE, or --ledger URL".into(),
        ));
    }
    let mut histories = Vec::new();
    for origin in &origins {
        let mut history = LogHistory::new(origin);
        let asked = args.ledger.checkpoints(origin, &log_key).await?;
        let ledger = args.ledger.ledger.as_deref().unwrap_or_default();
        let asked = asked.into_iter().map(|note| (ledger.to_owned(), note));
        for (place, note) in asked.chain(own_notes(args)?) {
            let checkpoint = Checkpoint::open(&log_key, &note)
                .with_context(|| format!("{place}: expected checkpoints that --log-key signed"))?;
            if checkpoint.origin() == origin {
                let inserted = history.insert(checkpoint);
                inserted.with_context(|| format!("{place}: do not trust this log"))?;
            }
        }
        histories.push(history);
    }

    let now = files::now()?;
    let window = Window(args.window);
    let presented = envelope.presented();
    match (asked, histories.as_slice()) {
        (VerifierQuestion::Donation { verifier, question }, [log]) => {
            let check = DonationCheck {
                key: &key,
                log,
                verifier: &verifier,
                question: &question,
                now,
                window,
            };
            conclude(args, &key, &envelope, check.verify(presented))
        }
        (VerifierQuestion::Claim { org, payout }, [cards, persons]) => {
            let Binding::Claim(claim) = envelope.binding() else {
                return Ok(Outcome::Refused(format!(
                    "{} proof, expected a claim, which is a five-fu proof",
                    envelope.circuit()
                )));
            };
            if claim.payout != payout.as_bytes() {
                let payee = text::shown(&claim.payout);
                return Ok(Outcome::Unknown(format!(
                    "a claim that you did not ask for: its payee is {payee}, expected {payout:?}"
                )));
            }
            let check = ClaimCheck { key: &key, cards, persons, org: &org, now, window };
            conclude(args, &key, &envelope, check.verify(presented, &claim.payout, claim.expiry))
        }
        _ => bail!("the logs do not match the question"),
    }
}

async fn asked(args: &VerifyArgs) -> anyhow::Result<VerifierQuestion> {
    if args.asked.verifier.is_none() && args.asked.policy.is_some() {
        bail!(
            "a policy needs the rest of the question, expected --verifier, --purpose, --origin, \
             --challenge and --expiry as well"
        );
    }
    if let Some(path) = &args.request {
        let message: v1::ProofRequest = files::read_message(path).context("--request")?;
        let request = ProofRequest::try_from(message)
            .with_context(|| format!("--request {}", files::name(path)))?;
        let question = Box::new(request.question().clone());
        return Ok(VerifierQuestion::Donation { verifier: *request.verifier(), question });
    }
    if let (Some(org), Some(payout)) = (&args.org, &args.payout) {
        return Ok(VerifierQuestion::Claim { org: org.clone(), payout: payout.clone() });
    }
    let AskedArgs { verifier, purpose, origin, challenge, expiry, policy } = &args.asked;
    let (Some(verifier), Some(purpose), Some(origin), Some(challenge), Some(expiry)) =
        (verifier, purpose, origin, challenge, expiry)
    else {
        return Ok(VerifierQuestion::Nothing);
    };
    let projects =
        if policy.all_projects { args.ledger.projects().await? } else { policy.named()? };
    policy.currency(args.ledger.currency().await?)?;
    let Some(key) = pinned_key(args, CircuitName::Donation)? else {
        return Ok(VerifierQuestion::Nothing);
    };
    let question = Question {
        purpose: purpose.clone(),
        origin: origin.clone(),
        policy: policy.policy(projects)?,
        challenge: files::unhex("--challenge", challenge)?,
        expiry: expiry.seconds(),
        key_ids: vec![key.id()],
    };
    Ok(VerifierQuestion::Donation {
        verifier: files::unhex("--verifier", verifier)?,
        question: Box::new(question),
    })
}

fn pinned_key(args: &VerifyArgs, circuit: CircuitName) -> anyhow::Result<Option<VerifyingKey>> {
    let trust = if args.dev_keys { Trust::AcceptDevelopment } else { Trust::CeremonyOnly };
    match &args.key {
        Some(path) => setup::verifying_key(path, trust).context("--key").map(Some),
        None if args.dev_keys => setup::development_key(circuit).map(Some),
        None => Ok(None),
    }
}

/// The notes of the files, each with the name of its file.
fn own_notes(args: &VerifyArgs) -> anyhow::Result<Vec<(String, String)>> {
    let mut notes = Vec::new();
    for path in &args.checkpoint {
        let (name, max) = (files::name(path), notes::MAX_BYTES as u64);
        let bytes = files::read_at_most(path, max, "signed checkpoints").context("--checkpoint")?;
        let split = notes::decode(&bytes).with_context(|| name.clone())?;
        notes.extend(split.into_iter().map(|note| (name.clone(), note.to_owned())));
    }
    Ok(notes)
}

/// The verdict on a proof that nobody asked for: it may be valid, but it is not accepted.
fn unasked(key: &VerifyingKey, envelope: &Envelope) -> Outcome {
    if proves(key, envelope) {
        Outcome::Unknown(
            "a valid proof that you did not ask for, expected --request FILE, or --org and \
             --payout for a claim"
                .into(),
        )
    } else {
        Outcome::Refused("the proof does not prove its statement under this key".into())
    }
}

/// Whether the equation holds, whatever the proof is about.
fn proves(key: &VerifyingKey, envelope: &Envelope) -> bool {
    let presented = envelope.presented();
    let inputs = envelope.circuit().decode_inputs(presented.public_inputs);
    let (Ok(inputs), Ok(proof)) = (inputs, Proof::decode(presented.proof)) else { return false };
    KeyId::eq(&envelope.key_id(), &key.id()) && key.equation_holds(&inputs, &proof)
}

fn conclude<S: Statement>(
    args: &VerifyArgs,
    key: &VerifyingKey,
    envelope: &Envelope,
    verified: Result<Verified<S>, VerifyError>,
) -> anyhow::Result<Outcome> {
    let verified = match verified {
        Ok(verified) => verified,
        Err(error @ VerifyError::NotAsked { .. }) if proves(key, envelope) => {
            return Ok(Outcome::Unknown(format!(
                "a valid proof that you did not ask for: {error}"
            )));
        }
        // Checkpoints from files may be old, while a ledger gives all that there are.
        Err(error @ VerifyError::Root(RootError::Unknown)) if !args.ledger.given() => {
            let said: Vec<String> = envelope
                .epochs()
                .iter()
                .map(|log| format!("epoch {} of {}", log.epoch, log.origin))
                .collect();
            return Ok(Outcome::Unknown(format!(
                "{error}; the envelope names {}, expected a checkpoint of that epoch: get newer \
                 checkpoints",
                said.join(" and ")
            )));
        }
        Err(error @ VerifyError::Question { .. }) => {
            return Ok(Outcome::Unknown(error.to_string()));
        }
        Err(error) => return Ok(Outcome::Refused(error.to_string())),
    };
    let epoch = verified.epoch();
    let nullifiers =
        verified.statement().nullifiers().iter().map(|nf| files::hex(&nf.to_bytes())).collect();
    if let Some(path) = &args.spent {
        match verified.spend(&mut SpentFile::open(path, args.new_spent)?) {
            Ok(_) => {}
            Err(SpendError::Spent { .. }) => {
                return Ok(Outcome::Refused(
                    "the proof was shown before: its nullifier is spent".into(),
                ));
            }
            // A store that fails must not count as "not seen".
            Err(error) => return Err(error).context(format!("{}", path.display())),
        }
    }
    Ok(Outcome::Accepted { epoch, nullifiers })
}
