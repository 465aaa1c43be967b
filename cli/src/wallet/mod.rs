//! `wufu wallet`: what the holder of cards or donations does.

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
    SubmitOutcome, Wallet, prover::Stage,
};

use crate::{
    files,
    help::{usage, usage_with_notes},
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
#[command(after_help = usage(
    "when you hold cards or have donated, and want to prove it. The usual order is new, address, \
     pin, receive, sync, and then claim and submit, or answer.",
    &["wufu wallet address --org wufu"],
))]
pub struct WalletArgs {
    /// The wallet's folder
    #[arg(long, global = true, default_value = "wallet", value_name = "FOLDER")]
    dir: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Create a wallet with a fresh seed
    #[command(after_help = usage(
        "once, before anything is sent to you. Then write the seed down: wufu wallet seed --show.",
        &["wufu wallet new --dir mine"],
    ))]
    New,
    /// Create the wallet of a made-up owner, for trials
    #[command(after_help = usage(
        "to prove one of the donations that wufu ledger import or generate gave a made-up owner \
         (--dev-owners).",
        &["wufu wallet dev --dir andorra --owners trial --receipt 06-DC-AND-001"],
    ))]
    Dev {
        /// The text that the ledger's --dev-owners was given
        #[arg(long)]
        owners: String,
        /// The receipt of the owner's donation
        #[arg(long, value_parser = names::receipt)]
        receipt: String,
    },
    /// Print this wallet's address at an organisation
    #[command(after_help = usage(
        "when an issuer, a registrar or a charity wants to send you cards, a place or donations.",
        &["wufu wallet address --org wufu"],
    ))]
    Address {
        /// Campaign or charity
        #[arg(long, value_parser = names::org)]
        org: String,
    },
    /// Print the seed, from which all keys of the wallet follow
    #[command(after_help = usage(
        "to write it down on paper. Show it to nobody: whoever has the seed can spend and \
         recognise everything.",
        &["wufu wallet seed --show"],
    ))]
    Seed {
        /// Confirm that the seed may be shown on this screen
        #[arg(long, required = true)]
        show: bool,
        /// Print only the 24 words
        #[arg(long)]
        words: bool,
    },
    /// Create a wallet from a seed that you kept, and say what it has forgotten
    #[command(after_help = usage_with_notes(
        "when the wallet's folder is lost or damaged.",
        &["wufu wallet restore paper.txt --dir restored"],
        "The seed is 24 words or 64 hexadecimal digits, as wufu wallet seed --show prints it. \
         Without FILE, the command asks for it, or reads it from standard input.",
    ))]
    Restore {
        /// The file that holds the seed; - is standard input. The seed itself is never an argument,
        /// because others could read it
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
        /// The words of a seed: refused
        #[arg(hide = true)]
        more: Vec<PathBuf>,
    },
    /// Pin a log key or a verifying key: the wallet believes only pinned keys
    #[command(after_help = usage(
        "before the first sync with an organisation, and before the first proof under a key. Get \
         each key from a source other than the ledger.",
        &["wufu wallet pin --log-key cerf.pub --dev-keys"],
    ))]
    Pin {
        /// The key that signs an organisation's logs: name+hash+base64, or a file of that. Repeat
        /// the flag for more
        #[arg(long, value_name = "KEY|FILE")]
        log_key: Vec<String>,
        /// A verifying key. Repeat the flag for more
        #[arg(long, value_name = "FILE")]
        key: Vec<PathBuf>,
        /// Pin this user's development keys. Whoever made one can forge proofs
        #[arg(long)]
        dev_keys: bool,
    },
    /// Take in grants and receipts
    #[command(after_help = usage(
        "when an issuer, a registrar or a charity has sent you a file.",
        &["wufu wallet receive receipt.msg grants.msg"],
    ))]
    Receive {
        /// Files, protobuf or JSON; - is standard input
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// List what the wallet holds, which claims it made and which requests it answered
    #[command(after_help = usage(
        "when you want to see what can be proved, or what became of a claim.",
        &["wufu wallet list --json"],
    ))]
    List,
    /// Forget a card, a place or a donation
    #[command(after_help = usage(
        "when wufu wallet list says that an item is not this wallet's. What was shown or claimed \
         with it is still remembered.",
        &["wufu wallet forget wufu/cards:0 --yes"],
    ))]
    Forget {
        /// The item, as `wufu wallet list` shows it
        #[arg(value_name = "LOG:PLACE")]
        item: ItemName,
        /// Do not ask for confirmation
        #[arg(long)]
        yes: bool,
    },
    /// Fetch an organisation's logs, and update the paths of your items in them
    #[command(after_help = usage(
        "when you have received something, and again from time to time.",
        &["wufu wallet sync --org cerf --ledger http://127.0.0.1:7182 --second mirror.notes"],
    ))]
    Sync {
        /// Campaign or charity
        #[arg(long, value_parser = names::org)]
        org: String,
        #[command(flatten)]
        sources: SourceArgs,
    },
    /// Search one shard that filled up while this wallet was away
    #[command(after_help = usage(
        "when wufu wallet sync names a shard to look up. Only wallets that hold something in a \
         shard ask for it, so do this by itself, long before a proof.",
        &["wufu wallet look-up --log wufu/cards --shard 3 --ledger http://127.0.0.1:7182 \\\n\
           --second mirror.notes"],
    ))]
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
    /// Prove that you hold all five Fu cards, and name the payee
    #[command(after_help = usage(
        "when you are registered and hold a card of each kind, and the campaign takes claims. \
         Submit the claim afterwards.",
        &["wufu wallet claim --org wufu --payout 'account 42' --ledger http://127.0.0.1:7182 \\\n\
           --second mirror.notes --out claim.env && \\\n\
           wufu wallet submit claim.env --ledger http://127.0.0.1:7182"],
    ))]
    Claim {
        /// The campaign
        #[arg(long, value_parser = names::org)]
        org: String,
        /// The payee, which everybody can read
        #[arg(long, value_parser = names::name)]
        payout: String,
        /// How long the claim stays valid, such as "2 h" or "7 d". A bare number is seconds
        #[arg(
            long,
            value_name = "DURATION",
            default_value = "1 d",
            value_parser = human::parse_span
        )]
        lifetime: u64,
        /// Claim again although an earlier claim was made. The campaign pays once, and anybody can
        /// link the two
        #[arg(long)]
        again: bool,
        /// Smallest number of persons in the campaign. With fewer, a claim nearly names its
        /// claimant
        #[arg(
            long,
            default_value_t = wufu_wallet::MIN_ANONYMITY,
            value_parser = human::whole::<u64, 0, { u64::MAX }>
        )]
        min_anonymity: u64,
        #[command(flatten)]
        sources: SourceArgs,
        #[command(flatten)]
        prove: ProveArgs,
    },
    /// Answer a verifier's signed request with one of your donations
    #[command(after_help = usage(
        "when a verifier has sent you a request. Look at it first: wufu request show.",
        &["wufu wallet answer ask.req --ledger http://127.0.0.1:7182 --second mirror.notes \\\n\
           --out answer.env"],
    ))]
    Answer {
        /// The request; - is standard input
        request: PathBuf,
        /// Smallest number of public records that meet the policy. With fewer, the answer nearly
        /// names its donor
        #[arg(
            long,
            default_value_t = wufu_wallet::MIN_ANONYMITY,
            value_parser = human::whole::<u64, 0, { u64::MAX }>
        )]
        min_anonymity: u64,
        /// Show only a donation that this verifier has not seen
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
    /// Submit a claim to the campaign's ledger
    #[command(after_help = usage(
        "when wufu wallet claim has written the claim. The same claim can be submitted again, and \
         gets the same number.",
        &["wufu wallet submit claim.env --ledger http://127.0.0.1:7182"],
    ))]
    Submit {
        /// The claim; - is standard input
        envelope: PathBuf,
        /// The campaign's ledger: https://HOST:PORT, http://127.0.0.1:PORT or unix:PATH
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
    bail!("no {circuit} key is pinned: run wufu wallet pin --key FILE, or --dev-keys for trials")
}

fn tell(report: &Report, among: &str, output: Output) {
    let Report { anonymity, epoch, epoch_age, compared, .. } = report;
    let compared_with = compared.as_deref().unwrap_or("nobody (--one-source)");
    let most = human::number(*anonymity);
    let text = format!(
        "{most} {among}: you are one of at most {most}; epoch {epoch}, {} old; compared with \
         {compared_with}",
        Span(*epoch_age)
    );
    output.note("plan", text, report_fields(report));
}

/// A report as JSON fields.
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
        output.note("stage", stage_text(stage), json!({ "stage": format!("{stage:?}") }))
    })
}

fn stage_text(stage: Stage) -> &'static str {
    match stage {
        Stage::Queued => "waiting for a free prover",
        Stage::Checking => "checking the witness",
        Stage::Proving => "proving",
        Stage::Verifying => "verifying the proof",
        Stage::Done => "the proof is ready",
        _ => "working on the proof",
    }
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
        let (role, endpoint, learned) = (server.role, server.endpoint, server.learned);
        output.text(format_args!("  the {role} at {endpoint} learned: {learned}"));
    }
    Ok(())
}

/// What each server learned, as JSON.
pub fn servers(mode: &ProofMode) -> Value {
    let entry = |server: wufu_wallet::prover::Server| {
        let (role, place, learned) = (server.role, server.endpoint, server.learned);
        json!({ "role": role, "place": place, "learned": learned })
    };
    mode.servers().into_iter().map(entry).collect()
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
            // The first receipt was lost on the way, or another wallet has it.
            let second = matches!(ClaimAnswer::of_checked(&note), Some(ClaimAnswer::Refused(_)));
            let which = if second {
                "\nthe ledger's signed answer to this second submission, which names the admitted \
                 claim:"
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
                "outcome": "spent", "nullifier": files::hex(&nullifier.to_bytes()),
                "earlier_payout": payout, "note": note,
            });
            let shown = text::shown(&earlier_payout);
            output.result("claim", format_args!("already claimed, for {shown}\n{note}"), fields);
            bail!("the claim is refused: an earlier claim was admitted")
        }
    }
}
