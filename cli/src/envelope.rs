//! `wufu envelope`: look into one, or spoil one.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;
use wufu_proto::v1;

use crate::{files, output::Output};

/// Arguments of `wufu envelope`.
#[derive(Args, Debug)]
#[command(arg_required_else_help = true)]
pub struct EnvelopeArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Print an envelope as JSON, unverified
    #[command(after_help = "Example:\n  wufu envelope show answer.env")]
    Show {
        /// The envelope
        file: PathBuf,
    },
    /// Change one bit, to see the result refused
    #[command(
        after_help = "Example:\n  wufu envelope tamper answer.env bad.env && wufu verify bad.env --request ask.req"
    )]
    Tamper {
        /// The envelope
        file: PathBuf,
        /// Where the changed one goes
        out: PathBuf,
        /// What to change
        #[arg(long, value_enum, default_value = "proof")]
        part: Part,
    },
}

/// Which part is changed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Part {
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
            output.result("envelope", serde_json::to_string_pretty(&value)?, value);
        }
        Command::Tamper { file, out, part } => {
            let mut envelope: v1::Envelope = files::read_message(&file)?;
            tamper(&mut envelope, part)?;
            files::write_message(&out, &envelope, false)?;
            output.note("tampered", out.display(), json!({ "file": out }));
        }
    }
    Ok(())
}

/// Changes an envelope so that it still can be read.
pub fn tamper(envelope: &mut v1::Envelope, part: Part) -> anyhow::Result<()> {
    match part {
        Part::Proof => {
            // The sign bit of C: the point stays on the curve and in its group.
            let byte = envelope.proof.last_mut().context("proof is 0 bytes, expected 128")?;
            *byte ^= 0x80;
        }
        Part::Input | Part::Ext => {
            let inputs = &mut envelope.public_inputs;
            if inputs.len() < 32 {
                bail!("public inputs are {} bytes, expected 32 each", inputs.len());
            }
            let at = if matches!(part, Part::Input) { 0 } else { inputs.len() - 32 };
            inputs[at] ^= 1;
        }
    }
    Ok(())
}
