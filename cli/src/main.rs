//! `wufu`: the project's command.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

#[cfg(test)]
use wufu_testing as _;

mod cache;
mod configuration;
mod demo;
mod envelope;
mod environment;
mod files;
mod health;
mod help;
mod human;
mod ledger;
mod listen;
mod names;
mod output;
mod request;
mod serve;
mod setup;
mod source;
mod spent;
mod token;
mod top;
mod verify;
mod wallet;

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context as _;
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use configuration::{Failure, Settings};
use output::Output;
use wufu_proto::connection::{Authorities, trust_only};

/// The largest file of certificate authorities, in bytes.
const MAX_AUTHORITIES: u64 = 1 << 20;

/// Prove that you hold all five Fu cards, or that a donation of yours is in a ledger, without
/// saying who you are
#[derive(Parser, Debug)]
#[command(name = "wufu", version, arg_required_else_help = true)]
#[command(after_help = help::usage(
    "start with the demo, which shows every part at work. `wufu COMMAND --help` says when a \
     command is needed.",
    &["wufu demo", "wufu wallet new --dir mine", "wufu verify --help"],
))]
struct Cli {
    /// Print one JSON object per line, for programs
    #[arg(long, global = true)]
    json: bool,
    /// Print only the result
    #[arg(long, short, global = true)]
    quiet: bool,
    /// Trust the certificate authorities in this file (PEM), in place of the system's, for servers
    /// at https://
    #[arg(long, global = true, value_name = "FILE", env = "WUFU_CA")]
    ca: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

// There is one value in a process, so its size does not matter.
#[allow(clippy::large_enum_variant)]
#[derive(Subcommand, Debug)]
enum Command {
    /// Show the whole system at work on this machine: ledgers, servers, wallets, a verifier
    Demo(demo::DemoArgs),
    /// Run a service: prover, ledger, dealer, evaluator, or both of the last two
    Serve(serve::ServeArgs),
    /// Ask a service whether it is ready; exit 0 if it is, 2 if not
    Health(health::HealthArgs),
    /// Show live what a service does, from its metrics port
    Top(top::TopArgs),
    /// Make, list or delete development keys
    Setup(setup::SetupArgs),
    /// Run a ledger: create it, import or issue, close epochs, audit it
    Ledger(ledger::LedgerArgs),
    /// Make a token for a client of a prover or a ledger
    Token(token::TokenArgs),
    /// Use a wallet: receive cards and donations, prove, submit
    Wallet(wallet::WalletArgs),
    /// Ask for a proof of a donation: make a verifier's key, sign a request
    Request(request::RequestArgs),
    /// Check a proof against what you asked; exit 0 accepted, 1 refused, 2 could not tell
    Verify(Box<verify::VerifyArgs>),
    /// Print an envelope, or change one bit of it to see it refused
    Envelope(envelope::EnvelopeArgs),
}

fn main() -> ExitCode {
    let (cli, settings) = match parse() {
        Ok(parsed) => parsed,
        Err(code) => return code,
    };
    let output = Output::new(cli.json, cli.quiet);
    if let Err(error) = cli.ca.as_deref().map_or(Ok(()), trust) {
        return failed(output, &error, 2);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return failed(output, &error.into(), 2),
    };
    let result = runtime.block_on(async {
        match cli.command {
            Command::Demo(args) => demo::run(args, output).await,
            Command::Serve(args) => {
                serve::run(args, settings, output).await.map(|()| ExitCode::SUCCESS)
            }
            Command::Health(args) => health::run(args, output).await.map(|()| ExitCode::SUCCESS),
            Command::Top(args) => top::run(args, output).await.map(|()| ExitCode::SUCCESS),
            Command::Setup(args) => setup::run(args, output).map(|()| ExitCode::SUCCESS),
            Command::Ledger(args) => ledger::run(args, output).await.map(|()| ExitCode::SUCCESS),
            Command::Token(args) => token::run(args, output).map(|()| ExitCode::SUCCESS),
            Command::Wallet(args) => wallet::run(args, output).await.map(|()| ExitCode::SUCCESS),
            Command::Request(args) => request::run(args, output).await.map(|()| ExitCode::SUCCESS),
            Command::Verify(args) => verify::run(*args, output).await,
            Command::Envelope(args) => envelope::run(args, output).map(|()| ExitCode::SUCCESS),
        }
    });
    // Exit code 1 is a refusal, which only `verify` and `demo` give. Other failures exit with 2.
    let code = result.unwrap_or_else(|error| failed(output, &error, 2));
    // An answer that could not be printed does not count.
    output::check().map_or_else(|error| failed(output, &error, 2), |()| code)
}

/// From here on, trusts the authorities in this file.
fn trust(path: &Path) -> anyhow::Result<()> {
    let pem = files::read_at_most(path, MAX_AUTHORITIES, "certificates in PEM form");
    let pem = pem.context("--ca")?;
    let authorities = Authorities::from_pem(&pem);
    trust_only(authorities.with_context(|| format!("--ca {}", path.display()))?);
    Ok(())
}

/// Parses the command line, with values of environment and configuration file, and prints help and
/// version. An empty environment variable counts as unset.
fn parse() -> Result<(Cli, Option<Settings>), ExitCode> {
    let parsed = configuration::parse(Cli::command, std::env::args_os().collect());
    let parsed = parsed.and_then(|(mut matches, settings)| {
        let cli = Cli::from_arg_matches_mut(&mut matches);
        Ok((cli.map_err(|error| error.format(&mut Cli::command()))?, settings))
    });
    let error = match parsed {
        Ok(parsed) => return Ok(parsed),
        Err(Failure::Usage(error)) => error,
        Err(Failure::Value { error, json }) => {
            return Err(failed(Output::new(json, false), &error, 2));
        }
    };
    let printed = error.print().and_then(|()| std::io::stdout().flush());
    if let Err(failure) = printed
        && !error.use_stderr()
    {
        output::keep(failure);
    }
    let code = ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
    let checked = output::check();
    Err(checked.map_or_else(|error| failed(Output::new(false, false), &error, 2), |()| code))
}

fn failed(output: Output, error: &anyhow::Error, code: u8) -> ExitCode {
    output.failure(error);
    ExitCode::from(code)
}
