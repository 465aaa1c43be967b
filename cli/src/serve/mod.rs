//! `wufu serve`: the services.

mod blind;
mod listening;
mod log_file;
mod notify;
mod reload;
mod sight;
mod signals;
mod tls;

use std::{future::Future, path::PathBuf, time::Duration};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use wufu_ledger::{GrantReader, Ledger, service::system_clock};
use wufu_prover::{Prover, service};
use wufu_serve::ClientCertificates;
use wufu_verifier::{CircuitName, Trust, VerifyingKey};

use crate::{
    configuration::Settings,
    files,
    help::usage,
    human,
    listen::{ListenArgs, Listener},
    output::{self, Output},
    setup,
};
use listening::{LEDGER_PORT, PROVER_PORT, listening};
use reload::Reload;
use sight::SightArgs;
use signals::Signals;
pub use tls::Security;
use tls::{ClientArgs, TlsArgs};

/// Arguments of `wufu serve`.
#[derive(Args, Debug)]
#[command(arg_required_else_help = true)]
#[command(after_help = usage(
    "when wallets and verifiers need a ledger, or servers that make proofs. Without --tls-cert, \
     only programs on this machine can connect. A service runs until SIGINT (Ctrl-C) or SIGTERM, \
     and then finishes the requests in flight.",
    &["wufu serve ledger --dir cerf --listen 127.0.0.1:7182"],
))]
pub struct ServeArgs {
    /// Read settings from this file, in TOML. A variable of the environment wins over the file, and
    /// a flag wins over both
    #[arg(long, global = true, env = "WUFU_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print every setting and where it comes from, and exit
    #[arg(long, global = true)]
    print_config: bool,
    #[command(flatten)]
    sight: SightArgs,
    #[command(subcommand)]
    role: Role,
}

#[derive(Subcommand, Debug)]
enum Role {
    /// Make proofs for wallets in trusted mode: the service sees every witness
    #[command(after_help = usage(
        "when devices are too small to prove by themselves, and their owners trust you with \
         everything that they hold. Otherwise let wallets prove locally or in blind mode.",
        &["wufu serve prover --listen 127.0.0.1:7181 --circuit donation"],
    ))]
    Prover(ProverArgs),
    /// Serve the logs of a campaign or charity
    #[command(after_help = usage(
        "from the ledger's first epoch on, for as long as wallets and verifiers read it. The \
         service also closes the epochs, and admits claims when it has a key (--key).",
        &["wufu serve ledger --dir cerf --listen 127.0.0.1:7182"],
    ))]
    Ledger(ServeLedgerArgs),
    /// Deal tokens, which are one-time masks, for blind mode
    #[command(after_help = usage(
        "when wallets prove in blind mode, and you run one of its two servers. Another operator \
         must run the evaluator. The dealer learns which circuit, when and from where, and nothing \
         else.",
        &["wufu serve dealer --listen 127.0.0.1:7183 --circuit donation --signing-key dealer.key"],
    ))]
    Dealer(blind::DealerArgs),
    /// Compute sums over masked numbers, for blind mode
    #[command(after_help = usage(
        "when wallets prove in blind mode, and you run one of its two servers. Another operator \
         must run the dealer. The evaluator learns which circuit, when and from where, and nothing \
         else.",
        &["wufu serve evaluator --listen 127.0.0.1:7184 --circuit donation"],
    ))]
    Evaluator(blind::EvaluatorArgs),
    /// Run dealer and evaluator in one process, for trials: it knows every witness
    #[command(after_help = usage(
        "to try blind mode on one machine, where nothing needs to be hidden from anybody.",
        &["wufu serve both --insecure-both --circuit donation"],
    ))]
    Both(blind::BothArgs),
}

#[derive(Args, Debug)]
struct ProverArgs {
    #[command(flatten)]
    listen: ListenArgs,
    /// Serve this circuit only, with this user's development key. Repeat the flag for more
    #[arg(long, value_parser = setup::circuit)]
    circuit: Vec<CircuitName>,
    #[command(flatten)]
    memory: setup::Memory,
    /// Number of proofs to make at the same time. Without it, the number of cores
    #[arg(long, value_parser = human::whole::<u16, 1, 256>)]
    workers: Option<u16>,
    /// Number of threads for a proof that runs alone. Without it, all cores. Proofs that run
    /// together use one each
    #[arg(long, value_parser = human::whole::<u16, 1, 1024>)]
    threads: Option<u16>,
    /// Number of requests that may wait
    #[arg(long, default_value_t = 64, value_parser = human::whole::<u16, 0, 10_000>)]
    queue: u16,
    /// Time limit for a request, such as "90 s". A bare number is seconds
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "1 min",
        value_parser = human::parse_timeout
    )]
    timeout: u64,
    #[command(flatten)]
    tls: TlsArgs,
    #[command(flatten)]
    clients: ClientArgs,
}

#[derive(Args, Debug)]
struct ServeLedgerArgs {
    #[command(flatten)]
    listen: ListenArgs,
    /// The ledger's folder
    #[arg(long, value_name = "FOLDER")]
    dir: PathBuf,
    /// The Five Fu verifying key, to check claims. Without it, no claim is accepted
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Check claims under this user's development key. Whoever made it can forge claims
    #[arg(long, conflicts_with = "key")]
    dev_keys: bool,
    /// Accept the clock although no epoch was signed for more than a day, because the ledger was
    /// switched off
    #[arg(long)]
    accept_clock: bool,
    #[command(flatten)]
    tls: TlsArgs,
    #[command(flatten)]
    clients: ClientArgs,
}

/// Runs the service until it is told to end.
pub async fn run(
    args: ServeArgs,
    settings: Option<Settings>,
    output: Output,
) -> anyhow::Result<()> {
    let settings = settings.context("no settings")?;
    if args.print_config {
        settings.print(output);
        return output::check();
    }
    let reload = Reload::new(settings);
    args.sight.begin_log(output, &reload)?;
    // Before anything slow: from here on no signal ends the process half-way.
    let signals = Signals::install()?;
    signals.on_hangup(move || reload.now());
    args.sight.begin_metrics(output).await?;
    match args.role {
        Role::Prover(args) => prover(args, signals, output).await,
        Role::Ledger(args) => ledger(args, signals, output).await,
        Role::Dealer(args) => blind::dealer(args, signals, output).await,
        Role::Evaluator(args) => blind::evaluator(args, signals, output).await,
        Role::Both(args) => blind::both(args, signals, output).await,
    }
}

async fn prover(args: ProverArgs, signals: Signals, output: Output) -> anyhow::Result<()> {
    let kind = ClientCertificates::Required;
    let security = args.tls.open_for(&args.clients, kind, &signals)?;
    let circuits = if args.circuit.is_empty() { CircuitName::ALL.to_vec() } else { args.circuit };
    let mut provers = Vec::new();
    for circuit in circuits {
        provers.push(tokio::task::block_in_place(|| setup::prover(circuit, args.memory, output))?);
    }
    let mut limits = service::Limits::default();
    limits.workers = args.workers.map_or(limits.workers, usize::from);
    limits.threads = args.threads.map_or(limits.threads, usize::from);
    limits.queue = args.queue.into();
    limits.time = Duration::from_secs(args.timeout);
    let listener = args.listen.bind(PROVER_PORT, security).await?;
    listening("prover", &listener, output)?;
    serve_prover(listener, provers, limits, signals.told_to_end()).await
}

/// Serves a prover on a listener until `shutdown`.
pub async fn serve_prover(
    listener: Listener,
    provers: Vec<Prover>,
    limits: service::Limits,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    service::run(listener.into_incoming(), provers, limits, shutdown).await?;
    Ok(())
}

async fn ledger(args: ServeLedgerArgs, signals: Signals, output: Output) -> anyhow::Result<()> {
    let kind = ClientCertificates::ForRestricted;
    let security = args.tls.open_for(&args.clients, kind, &signals)?;
    let ledger = crate::ledger::open(&args.dir).await?;
    let key = match &args.key {
        Some(path) => Some(setup::verifying_key(path, Trust::CeremonyOnly).context("--key")?),
        None if args.dev_keys && ledger.policy().production => {
            bail!(
                "--dev-keys is refused, because this ledger is in production and the maker of a \
                 development key could forge claims: expected --key FILE"
            )
        }
        None if args.dev_keys => Some(setup::development_key(CircuitName::FiveFu)?),
        None => None,
    };
    let listener = args.listen.bind(LEDGER_PORT, security).await?;
    listening("ledger", &listener, output)?;
    if args.accept_clock {
        ledger.accept_clock(files::now()?);
    }
    let served = serve_ledger(listener, ledger.clone(), key, signals.told_to_end()).await;
    // Moves everything into the one file of the database. It does not wait for a connection that is
    // still in use after five seconds.
    let _ = tokio::time::timeout(Duration::from_secs(5), ledger.close()).await;
    served
}

/// Serves a ledger on a listener until `shutdown`.
pub async fn serve_ledger(
    listener: Listener,
    ledger: Ledger,
    key: Option<VerifyingKey>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    let incoming = listener.into_incoming();
    wufu_ledger::service::run(incoming, ledger, key, system_clock(), shutdown).await?;
    Ok(())
}

/// Serves a read-only ledger on a listener until `shutdown`.
pub async fn serve_reader(
    listener: Listener,
    reader: GrantReader,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    let incoming = listener.into_incoming();
    wufu_ledger::service::run_reader(incoming, reader, system_clock(), shutdown).await?;
    Ok(())
}

/// A free port of 127.0.0.1, and its URL.
pub async fn loopback() -> anyhow::Result<(Listener, String)> {
    let listener = ListenArgs { listen: None, unix: None }.bind(0, Security::default()).await?;
    let url = listener.url()?;
    Ok((listener, url))
}
