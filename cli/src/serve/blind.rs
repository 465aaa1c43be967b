//! `wufu serve dealer`, `evaluator` and `both`: the servers of blind mode.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context as _, bail};
use clap::Args;
use ed25519_dalek::SigningKey;
use rand::{RngCore as _, rngs::OsRng};
use serde_json::json;
use wufu_prover::{
    blind::{Dealer, Evaluator},
    service::{
        Limits,
        blind::{ClientIdentity, Config, run_dealer, run_evaluator},
    },
};
use wufu_verifier::CircuitName;
use wufu_wallet::file;
use zeroize::Zeroizing;

use super::{
    listening::{DEALER_PORT, EVALUATOR_PORT, listening},
    notify,
    signals::Signals,
    tls::{Security, TlsArgs},
};
use crate::{
    cache, files, human,
    listen::{ListenArgs, Listener},
    output::{self, Output},
    setup,
};

/// The options of both roles.
#[derive(Args, Debug)]
pub struct RoleArgs {
    /// Serve this circuit only, with this user's development key. Repeat the flag for more
    #[arg(long, value_parser = setup::circuit)]
    circuit: Vec<CircuitName>,
    #[command(flatten)]
    memory: setup::Memory,
    /// Number of jobs to run at the same time. Without it, the number of cores
    #[arg(long, value_parser = human::whole::<u16, 1, 256>)]
    workers: Option<u16>,
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
    /// Always refused, even when it comes from an environment that services share: this role
    /// accepts no client certificates
    #[arg(long, value_name = "FILE", env = "WUFU_CLIENT_CA")]
    client_ca: Option<PathBuf>,
    /// Always refused: this role accepts no client tokens
    #[arg(long, value_name = "FILE", env = "WUFU_BEARER")]
    bearer: Option<PathBuf>,
    /// Always refused, as --bearer is
    #[arg(long, value_name = "FILE", env = "WUFU_TOKENS")]
    tokens: Option<PathBuf>,
}

/// The additional options of a dealer.
#[derive(Args, Debug)]
pub struct KeyArgs {
    /// File of the key that signs tokens. It is created if it does not exist
    #[arg(long, value_name = "FILE")]
    signing_key: Option<PathBuf>,
}

/// Arguments of `wufu serve dealer`.
#[derive(Args, Debug)]
pub struct DealerArgs {
    #[command(flatten)]
    listen: ListenArgs,
    #[command(flatten)]
    key: KeyArgs,
    #[command(flatten)]
    role: RoleArgs,
    #[command(flatten)]
    tls: TlsArgs,
}

/// Arguments of `wufu serve evaluator`.
#[derive(Args, Debug)]
pub struct EvaluatorArgs {
    #[command(flatten)]
    listen: ListenArgs,
    #[command(flatten)]
    role: RoleArgs,
    #[command(flatten)]
    tls: TlsArgs,
}

/// Arguments of `wufu serve both`.
#[derive(Args, Debug)]
pub struct BothArgs {
    /// Confirm that this process may know every mask and everything masked with it, and so every
    /// witness
    #[arg(long)]
    insecure_both: bool,
    #[command(flatten)]
    key: KeyArgs,
    #[command(flatten)]
    role: RoleArgs,
}

impl RoleArgs {
    fn circuits(&self) -> Vec<CircuitName> {
        if self.circuit.is_empty() { CircuitName::ALL.to_vec() } else { self.circuit.clone() }
    }

    /// # Errors
    /// Returns an error if a client identity is asked for. The service would refuse it too; this
    /// error names the option.
    fn config(&self) -> anyhow::Result<Config> {
        let mut config = Config::default();
        let options = [
            ("--client-ca", &self.client_ca, ClientIdentity::Certificate),
            ("--bearer", &self.bearer, ClientIdentity::Bearer),
            ("--tokens", &self.tokens, ClientIdentity::Bearer),
        ];
        for (option, given, identity) in options {
            if given.is_some() {
                bail!(
                    "{option} is {identity}, and dealers and evaluators take no client identity: \
                     it would link what each of them knows about a client"
                );
            }
        }
        let Limits { workers, .. } = config.limits;
        config.limits.workers = self.workers.map_or(workers, usize::from);
        config.limits.queue = self.queue.into();
        config.limits.time = Duration::from_secs(self.timeout);
        Ok(config)
    }

    fn dealers(&self, signing: &SigningKey, output: Output) -> anyhow::Result<Vec<Dealer>> {
        let dealer = |circuit| {
            let key =
                tokio::task::block_in_place(|| setup::prepared(circuit, self.memory, output))?;
            Ok(Dealer::new(key, signing.clone())?)
        };
        self.circuits().into_iter().map(dealer).collect()
    }

    fn evaluators(&self, output: Output) -> anyhow::Result<Vec<Evaluator>> {
        let evaluator = |circuit| {
            let key =
                tokio::task::block_in_place(|| setup::prepared(circuit, self.memory, output))?;
            Ok(Evaluator::new(key)?)
        };
        self.circuits().into_iter().map(evaluator).collect()
    }
}

impl KeyArgs {
    /// The signing key; a new one if the file does not exist. The file appears complete or not at
    /// all, and only its owner can read it.
    fn signing(&self) -> anyhow::Result<SigningKey> {
        let path = match &self.signing_key {
            Some(path) => path.clone(),
            None => {
                let folder = cache::folder()?;
                std::fs::create_dir_all(&folder)?;
                folder.join("dealer.key")
            }
        };
        if !path.exists() {
            let mut fresh = Zeroizing::new([0; 32]);
            OsRng.fill_bytes(&mut *fresh);
            match file::write_secret(&path, &*fresh) {
                Ok(()) | Err(file::FileError::Exists { .. }) => {}
                Err(error) => return Err(error).context("--signing-key"),
            }
        }
        let bytes = file::read_secret(&path, 32).context("--signing-key")?;
        let bytes: Zeroizing<[u8; 32]> = Zeroizing::new(bytes.as_slice().try_into()?);
        Ok(SigningKey::from_bytes(&bytes))
    }
}

fn dealing(listener: &Listener, key: &SigningKey, output: Output) -> anyhow::Result<()> {
    let (url, key) = (listener.url()?, files::hex(key.verifying_key().as_bytes()));
    let text = format!("dealer on {url}; wallets pin it as {key}@{url}");
    output.result("listening", text, json!({ "role": "dealer", "url": url, "key": key }));
    output::check()?;
    notify::ready();
    Ok(())
}

/// Deals tokens until the process is told to end.
pub async fn dealer(args: DealerArgs, signals: Signals, output: Output) -> anyhow::Result<()> {
    let config = args.role.config()?;
    let security = args.tls.open(&signals)?;
    let signing = args.key.signing()?;
    let dealers = args.role.dealers(&signing, output)?;
    let listener = args.listen.bind(DEALER_PORT, security).await?;
    dealing(&listener, &signing, output)?;
    drop(signing);
    run_dealer(listener.into_incoming(), dealers, config, signals.told_to_end()).await?;
    Ok(())
}

/// Computes sums until the process is told to end.
pub async fn evaluator(
    args: EvaluatorArgs,
    signals: Signals,
    output: Output,
) -> anyhow::Result<()> {
    let config = args.role.config()?;
    let security = args.tls.open(&signals)?;
    let evaluators = args.role.evaluators(output)?;
    let listener = args.listen.bind(EVALUATOR_PORT, security).await?;
    listening("evaluator", &listener, output)?;
    run_evaluator(listener.into_incoming(), evaluators, config, signals.told_to_end()).await?;
    Ok(())
}

/// Runs both roles, for trials.
pub async fn both(args: BothArgs, signals: Signals, output: Output) -> anyhow::Result<()> {
    if !args.insecure_both {
        bail!(
            "a dealer and an evaluator in one process know every witness: let two operators run \
             one each, or confirm with --insecure-both"
        );
    }
    let config = args.role.config()?;
    let signing = args.key.signing()?;
    let (dealers, evaluators) =
        (args.role.dealers(&signing, output)?, args.role.evaluators(output)?);
    let anywhere = ListenArgs { listen: None, unix: None };
    let one = anywhere.bind(DEALER_PORT, Security::default()).await?;
    let two = anywhere.bind(EVALUATOR_PORT, Security::default()).await?;
    dealing(&one, &signing, output)?;
    listening("evaluator", &two, output)?;
    let deal = run_dealer(one.into_incoming(), dealers, config.clone(), signals.told_to_end());
    let evaluate = run_evaluator(two.into_incoming(), evaluators, config, signals.told_to_end());
    tokio::try_join!(deal, evaluate)?;
    Ok(())
}
