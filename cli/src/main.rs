//! `wufu`: the project's command.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

#[cfg(test)]
use wufu_testing as _;

mod cache;
mod demo;
mod envelope;
mod files;
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
mod top;
mod verify;
mod wallet;

use std::{io::Write as _, process::ExitCode};

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use output::Output;

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
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Show the whole system at work on this machine: ledgers, servers, wallets, a verifier
    Demo(demo::DemoArgs),
    /// Run a service: prover, ledger, dealer, evaluator, or both of the last two
    Serve(serve::ServeArgs),
    /// Show live what a service does, from its metrics port
    Top(top::TopArgs),
    /// Make, list or delete development keys
    Setup(setup::SetupArgs),
    /// Run a ledger: create it, import or issue, close epochs, audit it
    Ledger(ledger::LedgerArgs),
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
    let cli = match parse() {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    let output = Output::new(cli.json, cli.quiet);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return failed(output, &error.into(), 2),
    };
    let result = runtime.block_on(async {
        match cli.command {
            Command::Demo(args) => demo::run(args, output).await,
            Command::Serve(args) => serve::run(args, output).await.map(|()| ExitCode::SUCCESS),
            Command::Top(args) => top::run(args, output).await.map(|()| ExitCode::SUCCESS),
            Command::Setup(args) => setup::run(args, output).map(|()| ExitCode::SUCCESS),
            Command::Ledger(args) => ledger::run(args, output).await.map(|()| ExitCode::SUCCESS),
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

/// Parses the command line, and prints help and version. An empty environment variable counts as
/// unset.
fn parse() -> Result<Cli, ExitCode> {
    let parsed = without_empty_variables(Cli::command()).try_get_matches();
    let parsed = parsed.and_then(|mut matches| {
        let cli = Cli::from_arg_matches_mut(&mut matches);
        cli.map_err(|error| error.format(&mut Cli::command()))
    });
    parsed.map_err(|error| {
        let printed = error.print().and_then(|()| std::io::stdout().flush());
        if let Err(failure) = printed
            && !error.use_stderr()
        {
            output::keep(failure);
        }
        let code = ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        let checked = output::check();
        checked.map_or_else(|error| failed(Output::new(false, false), &error, 2), |()| code)
    })
}

fn without_empty_variables(command: clap::Command) -> clap::Command {
    let is_empty =
        |name: &std::ffi::OsStr| std::env::var_os(name).is_some_and(|value| value.is_empty());
    let command = command.mut_args(|arg| match arg.get_env() {
        Some(name) if is_empty(name) => arg.env(None::<&'static str>),
        _ => arg,
    });
    command.mut_subcommands(without_empty_variables)
}

fn failed(output: Output, error: &anyhow::Error, code: u8) -> ExitCode {
    output.failure(error);
    ExitCode::from(code)
}
