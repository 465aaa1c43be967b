//! `wufu envelope`: prints an envelope, or changes one bit of it.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;
use wufu_proto::{
    Envelope,
    v1::{self, envelope::Binding},
};
use wufu_verifier::ProofRequest;
use wufu_wallet::endpoint::is_same_file;

use crate::{
    files,
    help::usage,
    human,
    output::Output,
    request::{described, expiring},
};

/// Arguments of `wufu envelope`.
#[derive(Args, Debug)]
#[command(arg_required_else_help = true)]
#[command(after_help = usage(
    "to look into an answer or a claim, or to see what a verifier does with a changed one.",
    &["wufu envelope show answer.env"],
))]
pub struct EnvelopeArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Print what an envelope says, without verifying any of it
    #[command(after_help = usage(
        "to see what a proof is about, and until when it is valid.",
        &["wufu envelope show answer.env"],
    ))]
    Show {
        /// The envelope; - is standard input
        file: PathBuf,
    },
    /// Change one bit of an envelope, to see it refused
    #[command(after_help = usage(
        "to test a verifier: it must refuse the changed envelope.",
        &["wufu envelope tamper answer.env bad.env --part ext"],
    ))]
    Tamper {
        /// The envelope
        file: PathBuf,
        /// Write the changed envelope to this file; - is standard output
        out: PathBuf,
        /// What to change
        #[arg(long, value_enum, default_value = "proof")]
        part: EnvelopePart,
    },
}

/// The part that is changed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum EnvelopePart {
    /// The proof: C becomes -C, another point of the curve
    Proof,
    /// The first public input
    Input,
    /// The last public input, which binds the payload
    Ext,
}

/// Runs the command.
pub fn run(args: EnvelopeArgs, output: Output) -> anyhow::Result<()> {
    match args.command {
        Command::Show { file } => {
            let envelope: v1::Envelope = files::read_message(&file)?;
            let text = wufu_proto::json::to_json(&envelope)?;
            let value: serde_json::Value = serde_json::from_str(&text)?;
            output.result("envelope", text_of(&envelope, files::now()?), value);
            // A broken envelope is shown as far as it can be read, and then reported.
            let name = || format!("{}: not a whole envelope", files::name(&file));
            Envelope::try_from(envelope).with_context(name)?;
        }
        Command::Tamper { file, out, part } => {
            if !files::is_stdin(&file) && !files::is_stdout(&out) && is_same_file(&file, &out) {
                bail!(
                    "{}: this is the envelope itself, expected another file for the changed one: \
                     choose another name",
                    out.display()
                );
            }
            let mut envelope: v1::Envelope = files::read_message(&file)?;
            tamper(&mut envelope, part).with_context(|| files::name(&file))?;
            files::write_message(&out, &envelope, false)?;
            let output = output.beside(&out);
            let text = format!("changed one bit of the {}: {}", part.name(), out.display());
            output.result("tampered", text, json!({ "file": out }));
        }
    }
    Ok(())
}

impl EnvelopePart {
    fn name(self) -> &'static str {
        match self {
            Self::Proof => "proof",
            Self::Input => "first public input",
            Self::Ext => "last public input",
        }
    }
}

/// An envelope as text for people. Ids are in hexadecimal digits, as commands take them.
fn text_of(envelope: &v1::Envelope, now: u64) -> String {
    let v1::Envelope { version: _, circuit, public_inputs, proof, key_id, epochs, binding } =
        envelope;
    let logs = epochs.iter().map(|log| format!("epoch {} of {:?}", log.epoch, log.origin));
    let inputs: Vec<String> = public_inputs.chunks(32).map(files::hex).collect();
    let mut text = format!(
        "circuit    {circuit:?}\nkey        {}\nlogs       {}\ninputs     {}\nproof      {}",
        files::hex(key_id),
        human::list(logs),
        inputs.join("\n           "),
        files::hex(proof),
    );
    match binding {
        None => text += "\nanswers    nothing",
        Some(Binding::Claim(claim)) => {
            let payout = String::from_utf8_lossy(&claim.payout);
            let expiry = expiring(claim.expiry, now);
            text += &format!(
                "\nanswers    a claim at {:?}\npayout     {payout:?}\nexpires    {expiry}",
                claim.org
            );
        }
        Some(Binding::Request(request)) => match ProofRequest::try_from(request.clone()) {
            Ok(request) => {
                text += &format!("\nanswers    this request\n{}", described(&request, now, None))
            }
            Err(error) => text += &format!("\nanswers    a faulty request: {error}"),
        },
    }
    text + "\nnone of this is verified: wufu verify does that"
}

/// Changes an envelope so that it can still be read.
pub fn tamper(envelope: &mut v1::Envelope, part: EnvelopePart) -> anyhow::Result<()> {
    match part {
        EnvelopePart::Proof => {
            // The sign bit of C: the point stays on the curve and in its group.
            let byte = envelope.proof.last_mut().context("proof is 0 bytes, expected 128")?;
            *byte ^= 0x80;
        }
        EnvelopePart::Input | EnvelopePart::Ext => {
            let inputs = &mut envelope.public_inputs;
            if inputs.len() < 32 {
                bail!("public inputs are {} bytes, expected 32 each", inputs.len());
            }
            let at = if matches!(part, EnvelopePart::Input) { 0 } else { inputs.len() - 32 };
            inputs[at] ^= 1;
        }
    }
    Ok(())
}
