//! `wufu wallet`: what a user does.

mod holdings;
mod list;
mod notes;
mod prove;
mod restore;
mod sources;

use std::{path::PathBuf, sync::Arc};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use wufu_ledger::CurrencyCode;
use wufu_proto::v1;
use wufu_verifier::{
    CircuitName, ProofRequest, VerifyingKey, encoding::text, log::receipt::ClaimAnswer,
};
use wufu_wallet::{
    Answer, ClaimAsk, DonationOptions, Endpoint, ItemName, LogName, ProofMode, Report,
    SubmitOutcome, Wallet,
};

use crate::{
    files,
    human::{self, Span},
    names,
    output::{Output, duration},
};
use notes::{reading, waits};
use prove::ProveArgs;
use sources::SourceArgs;

/// Arguments of `wufu wallet`.
#[derive(Args, Debug)]
#[command(arg_required_else_help = true)]
pub struct WalletArgs {
    /// The wallet's folder
    #[arg(long, global = true, default_value = "wallet", value_name = "FOLDER")]
    dir: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Make a wallet with a fresh seed
    #[command(after_help = "Example:\n  wufu wallet new --dir mine")]
    New,
    /// Make the wallet of a made-up owner, for trials (see `wufu ledger import --dev-owners`)
    #[command(
        after_help = "Example:\n  wufu wallet dev --dir andorra --owners trial --receipt 06-DC-AND-001"
    )]
    Dev {
        /// The text that the ledger's owners come from
        #[arg(long)]
        owners: String,
        /// The owner's receipt
        #[arg(long, value_parser = names::receipt)]
        receipt: String,
    },
    /// Print this wallet's address at an organisation, to which cards and donations can be sent
    #[command(after_help = "Example:\n  wufu wallet address --org wufu")]
    Address {
        /// Campaign or charity
        #[arg(long, value_parser = names::org)]
        org: String,
    },
    /// Print the seed. Whoever has it can spend and recognise everything, so show it to nobody
    #[command(after_help = "Example:\n  wufu wallet seed --show")]
    Seed {
        /// Confirm that the seed may be shown on this screen
        #[arg(long, required = true)]
        show: bool,
        /// Print only the 24 words
        #[arg(long)]
        words: bool,
    },
    /// Make a wallet from a seed that was kept elsewhere, and say what it has forgotten
    #[command(
        after_help = "Example:\n  wufu wallet restore paper.txt --dir restored\n\nThe seed is 24 words or 64 hexadecimal digits, as wufu wallet seed --show prints it. Without FILE it is asked for, or read from standard input."
    )]
    Restore {
        /// File that holds the seed; - is standard input. The seed itself is never an argument:
        /// others could read it
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
        /// Words of a seed, which are refused
        #[arg(hide = true)]
        more: Vec<PathBuf>,
    },
    /// Pin a log key or a verifying key. Get it from a source other than the ledger
    #[command(after_help = "Example:\n  wufu wallet pin --log-key cerf.pub --dev-keys")]
    Pin {
        /// Key that signs an org's logs: name+hash+base64, or a file of it. Repeat the flag for
        /// more
        #[arg(long, value_name = "KEY|FILE")]
        log_key: Vec<String>,
        /// Verifying key. Repeat the flag for more
        #[arg(long, value_name = "FILE")]
        key: Vec<PathBuf>,
        /// Pin this user's development keys. Whoever made one can forge proofs
        #[arg(long)]
        dev_keys: bool,
    },
    /// Take in grants and receipts
    #[command(after_help = "Example:\n  wufu wallet receive receipt.msg grants.msg")]
    Receive {
        /// Files, protobuf or JSON; - is standard input
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// List what is held, which claims were made and which requests were answered
    #[command(after_help = "Example:\n  wufu wallet list --json")]
    List,
    /// Forget a card, a place or a donation. What was shown or claimed with it is still remembered
    #[command(after_help = "Example:\n  wufu wallet forget wufu/cards:0 --yes")]
    Forget {
        /// The item, as `wufu wallet list` shows it
        #[arg(value_name = "LOG:PLACE")]
        item: ItemName,
        /// Do not ask for confirmation
        #[arg(long)]
        yes: bool,
    },
    /// Fetch an organisation's logs, and update the paths of what this wallet holds in them
    #[command(
        after_help = "Example:\n  wufu wallet sync --org cerf --ledger http://127.0.0.1:7182 --second mirror.notes"
    )]
    Sync {
        /// Campaign or charity
        #[arg(long, value_parser = names::org)]
        org: String,
        #[command(flatten)]
        sources: SourceArgs,
    },
    /// Search a shard that filled up while this wallet was away. Only wallets that hold something
    /// in it ask for it, so do this by itself, long before a proof
    #[command(
        after_help = "Example:\n  wufu wallet look-up --log wufu/cards --shard 3 --ledger http://127.0.0.1:7182 --second mirror.notes"
    )]
    LookUp {
        /// The log
        #[arg(long, value_name = "ORG/cards|ORG/persons|ORG/donations/N")]
        log: LogName,
        /// The shard, as `wufu wallet sync` names it
        #[arg(long, value_parser = human::whole::<u64, 0, { u64::MAX }>)]
        shard: u64,
        #[command(flatten)]
        sources: SourceArgs,
    },
    /// Prove that you hold all five Fu, and name the payee
    #[command(
        after_help = "Example:\n  wufu wallet claim --org wufu --payout 'account 42' --ledger http://127.0.0.1:7182 \\\n    --second mirror.notes --out claim.env && wufu wallet submit claim.env --ledger http://127.0.0.1:7182"
    )]
    Claim {
        /// The campaign
        #[arg(long, value_parser = names::org)]
        org: String,
        /// The payee. Everybody can read it
        #[arg(long, value_parser = names::name)]
        payout: String,
        /// How long the claim stays valid, such as "2 h" or "7 d"; a bare number is seconds
        #[arg(long, value_name = "DURATION", default_value = "1 d", value_parser = human::parse_span)]
        lifetime: u64,
        /// Make a claim although one was made before. The campaign pays once, and anybody can link
        /// the two
        #[arg(long)]
        again: bool,
        /// Smallest number of persons in the campaign. With fewer, a claim nearly names its
        /// claimant
        #[arg(long, default_value_t = wufu_wallet::MIN_ANONYMITY, value_parser = human::whole::<u64, 0, { u64::MAX }>)]
        min_anonymity: u64,
        #[command(flatten)]
        sources: SourceArgs,
        #[command(flatten)]
        prove: ProveArgs,
    },
    /// Answer a verifier's signed request with a donation
    #[command(
        after_help = "Example:\n  wufu wallet answer ask.req --ledger http://127.0.0.1:7182 --second mirror.notes --out answer.env"
    )]
    Answer {
        /// The request; - is standard input
        request: PathBuf,
        /// Smallest number of public records that meet the policy. With fewer, the answer nearly
        /// names its donor
        #[arg(long, default_value_t = wufu_wallet::MIN_ANONYMITY, value_parser = human::whole::<u64, 0, { u64::MAX }>)]
        min_anonymity: u64,
        /// Show a donation that this verifier has not seen, or none
        #[arg(long)]
        fresh: bool,
        /// Show the donation at this place in the log
        #[arg(long, value_parser = human::whole::<u64, 0, { u64::MAX }>)]
        place: Option<u64>,
        #[command(flatten)]
        sources: SourceArgs,
        #[command(flatten)]
        prove: ProveArgs,
    },
    /// Submit a claim
    #[command(
        after_help = "Example:\n  wufu wallet submit claim.env --ledger http://127.0.0.1:7182"
    )]
    Submit {
        /// The claim; - is standard input
        envelope: PathBuf,
        /// The campaign's ledger: http://127.0.0.1:PORT or unix:PATH
        #[arg(long, value_name = "URL")]
        ledger: Endpoint,
    },
}

/// Runs the command.
pub async fn run(args: WalletArgs, output: Output) -> anyhow::Result<()> {
    let dir = &args.dir;
    match args.command {
        Command::New => {
            let wallet = Wallet::create(dir)?;
            drop(wallet);
            output.result(
                "wallet",
                format_args!("wallet in {}", dir.display()),
                json!({ "dir": dir }),
            );
        }
        Command::Dev { owners, receipt } => {
            restore::dev(dir, &owners, &receipt, output)?;
        }
        Command::Address { org } => {
            let address = Wallet::open(dir)?.address(&org).to_string();
            output.result("address", &address, json!({ "org": org, "address": address }));
        }
        Command::Seed { show: _, words } => restore::show(dir, words, output)?,
        Command::Restore { file, more } => {
            let named: Vec<PathBuf> = file.into_iter().chain(more).collect();
            restore::restore(dir, &named, output)?;
        }
        Command::Pin { log_key, key, dev_keys } => {
            holdings::pin(&Wallet::open(dir)?, &log_key, &key, dev_keys, output)?;
        }
        Command::Receive { files } => holdings::receive(&Wallet::open(dir)?, &files, output)?,
        Command::List => list::list(&Wallet::open(dir)?, output)?,
        Command::Forget { item, yes } => list::forget(&Wallet::open(dir)?, &item, yes, output)?,
        Command::LookUp { log, shard, sources } => {
            holdings::look_up(&Wallet::open(dir)?, &log, shard, &sources, output).await?;
        }
        Command::Sync { org, sources } => {
            holdings::sync(&Wallet::open(dir)?, &org, &sources, output).await?;
        }
        Command::Claim { org, payout, lifetime, again, min_anonymity, sources, prove } => {
            let wallet = Wallet::open(dir)?;
            files::write::check(&prove.out, files::write::ENVELOPE)?;
            let key = pinned(&wallet, CircuitName::FiveFu)?;
            let now = files::now()?;
            let expiry = now.saturating_add(lifetime);
            let ask = ClaimAsk::new(&org, payout.as_bytes(), expiry, key.id());
            let ask = ClaimAsk { again, min_anonymity, ..ask };
            let (sources, opened) = sources.open(output).await?;
            reading(&org, &sources, output);
            let plan = wallet.plan_claim(&sources, &ask, now).await;
            drop(opened);
            let plan = plan?;
            tell(plan.report(), "persons are in the campaign, not all with five cards", output);
            let prover = prove.prover(&wallet, key, output)?;
            let answer = plan.prove(&*prover, stages(output), files::now()?).await;
            finish(&answer.map_err(|error| prove.failed(error))?, &prove.out, output)?;
        }
        Command::Answer { request, min_anonymity, fresh, place, sources, prove } => {
            let wallet = Wallet::open(dir)?;
            files::write::check(&prove.out, files::write::ENVELOPE)?;
            let request = files::read_request(&request)?;
            crate::request::tell(&request, currency(&wallet, &request)?, output);
            let options = DonationOptions { min_anonymity, fresh, place };
            let (sources, opened) = sources.open(output).await?;
            reading(&request.question().origin, &sources, output);
            let plan = wallet.plan_donation(&sources, &request, &options, files::now()?).await;
            drop(opened);
            let plan = plan?;
            tell(plan.report(), "public records meet the policy", output);
            let id = plan.report().key;
            let key =
                wallet.verifying_key(id)?.with_context(|| format!("key {id} is not pinned"))?;
            let prover = prove.prover(&wallet, key, output)?;
            let answer = plan.prove(&*prover, stages(output), files::now()?).await;
            finish(&answer.map_err(|error| prove.failed(error))?, &prove.out, output)?;
        }
        Command::Submit { envelope: file, ledger } => {
            let wallet = Wallet::open(dir)?;
            let claim = files::read_envelope(&file)?;
            submit(&wallet, &ledger, &claim, output).await?;
        }
    }
    Ok(())
}

/// The currency of the log that a request asks about, as its ledger named it at a sync.
fn currency(wallet: &Wallet, request: &ProofRequest) -> anyhow::Result<Option<CurrencyCode>> {
    let Ok(log) = LogName::parse_donations(&request.question().origin) else { return Ok(None) };
    Ok(wallet.currency(&log.org)?.and_then(|code| code.parse().ok()))
}

fn pinned(wallet: &Wallet, circuit: CircuitName) -> anyhow::Result<VerifyingKey> {
    for id in wallet.verifying_keys()? {
        if let Some(key) = wallet.verifying_key(id)?.filter(|key| key.circuit() == circuit) {
            return Ok(key);
        }
    }
    bail!("no {circuit} key is pinned: wufu wallet pin --key FILE, or --dev-keys")
}

fn tell(report: &Report, among: &str, output: Output) {
    let Report { anonymity, epoch, epoch_age, compared, .. } = report;
    let compared_with = compared.as_deref().unwrap_or("nobody (--one-source)");
    let text = format!(
        "you are one of at most {anonymity}: so many {among}; epoch {epoch}, {} old; compared with {compared_with}",
        Span(*epoch_age)
    );
    output.note("plan", text, report_fields(report));
}

/// A report for machines.
pub fn report_fields(report: &Report) -> Value {
    json!({
        "anonymity": report.anonymity,
        "epoch": report.epoch,
        "epoch_age": report.epoch_age,
        "compared": report.compared,
        "key_id": report.key.to_string(),
    })
}

fn stages(output: Output) -> wufu_wallet::prover::OnStage {
    Arc::new(move |stage| {
        output.note("stage", format_args!("{stage:?}"), json!({ "stage": format!("{stage:?}") }))
    })
}

fn finish(answer: &Answer, out: &std::path::Path, output: Output) -> anyhow::Result<()> {
    let output = output.beside(out);
    files::write_message(out, &v1::Envelope::from(&answer.envelope), output.is_json())?;
    let mut fields = report_fields(&answer.report);
    if let Value::Object(fields) = &mut fields {
        fields.insert("file".into(), json!(out));
        fields.insert("mode".into(), answer.mode.name().into());
        fields.insert("learned".into(), answer.mode.learned().into());
        fields.insert("servers".into(), servers(&answer.mode));
        fields.insert("failure".into(), answer.mode.failure().into());
        fields.insert("prove_ms".into(), json!(answer.timings.prove.as_secs_f64() * 1e3));
    }
    let took = duration(answer.timings.prove);
    let mut text =
        format!("{}: proved in {took}, verified; {}", out.display(), answer.mode.learned());
    if let Some(failure) = answer.mode.failure() {
        text += &format!("\nblind mode failed: {failure}");
    }
    output.result("proof", text, fields);
    for server in answer.mode.servers() {
        let text = format!("  {} {} learned {}", server.role, server.endpoint, server.learned);
        output.text(text);
    }
    Ok(())
}

/// What each server learned, for machines.
pub fn servers(mode: &ProofMode) -> Value {
    let server = |server: wufu_wallet::prover::Server| json!({ "role": server.role, "place": server.endpoint, "learned": server.learned });
    mode.servers().into_iter().map(server).collect()
}

async fn submit(
    wallet: &Wallet,
    endpoint: &Endpoint,
    claim: &wufu_proto::Envelope,
    output: Output,
) -> anyhow::Result<()> {
    let fields = json!({ "ledger": endpoint.to_string(), "limit_seconds": 60 });
    let text = format!("submitting the claim to {endpoint}; the answer may take up to 60 s");
    output.note("submitting", text, fields);
    match wallet.submit_telling(endpoint, claim, waits(output)).await? {
        SubmitOutcome::Admitted { claim, note } => {
            let fields = json!({ "outcome": "admitted", "claim": claim, "note": note });
            // The receipt was lost on the way, or another wallet has it.
            let second = matches!(ClaimAnswer::of_checked(&note), Some(ClaimAnswer::Refused(_)));
            let which = if second {
                "\nthe ledger's signed answer to this second submission, which names the claim that was admitted:"
            } else {
                ""
            };
            output.result(
                "claim",
                format_args!("admitted as claim {claim}{which}\n{note}"),
                fields,
            );
            Ok(())
        }
        SubmitOutcome::Spent { nullifier, earlier_payout, note } => {
            let payout = String::from_utf8_lossy(&earlier_payout).into_owned();
            let fields = json!({
                "outcome": "spent", "nullifier": files::hex(&nullifier), "earlier_payout": payout, "note": note,
            });
            let shown = text::shown(&earlier_payout);
            output.result("claim", format_args!("claimed before, for {shown}\n{note}"), fields);
            bail!("the claim is refused: it was made before")
        }
    }
}
