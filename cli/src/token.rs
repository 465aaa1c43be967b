//! `wufu token`: bearer tokens for provers and ledgers.

use anyhow::Context as _;
use clap::{Args, Subcommand};
use rand::{RngCore as _, rngs::OsRng};
use serde_json::json;
use wufu_serve::token_line;
use zeroize::Zeroizing;

use crate::{files, help::usage, output::Output};

/// Arguments of `wufu token`.
#[derive(Args, Debug)]
#[command(arg_required_else_help = true)]
#[command(after_help = usage(
    "when a prover or a ledger's operator should be known by a token (wufu serve ROLE --tokens).",
    &["wufu token new laptop"],
))]
pub struct TokenArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Make a token, and print it once, with the line for the service's file of tokens
    #[command(after_help = usage(
        "for each client that a service should know. Give the client the token, and append the \
         line to the service's file. To replace a token, append a line for a new one, and delete \
         the old line when nobody uses it any more. The service needs no restart.",
        &["wufu token new laptop"],
    ))]
    New {
        /// The token's name in the service's log: 1 to 64 letters, digits, '.', '-' and '_'
        name: String,
    },
}

/// Runs the command.
pub fn run(args: TokenArgs, output: Output) -> anyhow::Result<()> {
    let Command::New { name } = args.command;
    let mut random = Zeroizing::new([0; 32]);
    OsRng.fill_bytes(&mut *random);
    let token = Zeroizing::new(files::hex(&*random));
    let line = token_line(&name, token.as_bytes()).with_context(|| {
        format!("{name:?} is not a name, expected 1 to 64 letters, digits, '.', '-' and '_'")
    })?;
    output.result(
        "token",
        format_args!(
            "token, for the client, printed only now: {}\nline, for the service's file: {line}",
            *token
        ),
        json!({ "name": name, "token": *token, "line": line }),
    );
    Ok(())
}
