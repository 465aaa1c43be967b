//! `wufu ledger`: what an operator does, on the ledger's own folder.

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use serde_json::json;
use wufu_circuits::{Address, Kind};
use wufu_ledger::{
    Ledger, LedgerPolicy, Log, Owners, Placed,
    generate::{self, Shape},
    import::{ImportOptions, ImportReport, amount::format_amount},
};
use wufu_proto::{
    append::{Append, CardIssue},
    v1,
};

use crate::{
    files,
    import::{self, ImportArgs},
    names,
    output::Output,
};

/// Arguments of `wufu ledger`.
#[derive(Args, Debug)]
#[command(arg_required_else_help = true)]
pub struct LedgerArgs {
    /// The ledger's folder
    #[arg(long, global = true, default_value = "ledger", value_name = "FOLDER")]
    dir: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Make a ledger for a campaign or charity
    #[command(after_help = "Example:\n  wufu ledger init --dir cerf --org cerf --currency USD")]
    Init(InitArgs),
    /// Import donations from CSV
    #[command(
        after_help = "Example:\n  wufu ledger import gifts.csv --dir cerf --map amount='Sum in USD' --owners owners.csv\n\n\
                      All rows are imported, or none. Rows that the ledger holds already are counted and passed over, so that a\n\
                      file can be imported again when rows were added to it."
    )]
    Import(ImportArgs),
    /// Make up donations of the true shape: 37 institutions, 304 projects, 747,000 transfers, 349,000,000.00 RMB
    #[command(
        after_help = "Example:\n  wufu ledger generate --dir charity --full --dev-owners trial"
    )]
    Generate {
        /// The same seed makes the same donations
        #[arg(long, default_value_t = 2018)]
        seed: u64,
        /// All 747,000 transfers; without it a tenth
        #[arg(long)]
        full: bool,
        /// Give every receipt a made-up wallet from this text (not in production)
        #[arg(long, value_name = "SEED")]
        dev_owners: Option<String>,
    },
    /// Issue cards to addresses
    #[command(after_help = "Example:\n  wufu ledger issue wufu1… --kind 和谐 --dir wufu")]
    Issue {
        /// Addresses
        #[arg(required = true)]
        address: Vec<Address>,
        /// The Fu, in English or Chinese; without it one of each
        #[arg(long, value_parser = kind)]
        kind: Option<Kind>,
    },
    /// Register persons: one per real person, which is your duty
    #[command(after_help = "Example:\n  wufu ledger register wufu1… --dir wufu")]
    Register {
        /// Addresses
        #[arg(required = true)]
        address: Vec<Address>,
    },
    /// Give a pending donation its owner
    #[command(after_help = "Example:\n  wufu ledger own 06-DC-AND-001 wufu1… --dir cerf")]
    Own {
        /// The receipt
        #[arg(value_parser = names::receipt)]
        receipt: String,
        /// The owner
        address: Address,
    },
    /// Sign the checkpoints of this epoch; a running service does it by its clock
    #[command(after_help = "Example:\n  wufu ledger close-epoch --dir cerf")]
    CloseEpoch,
    /// Write what an address was given, with its paths, for its wallet
    #[command(after_help = "Example:\n  wufu ledger grants wufu1… --out grants.msg --dir wufu")]
    Grants {
        /// The address
        address: Address,
        /// Where it goes: whoever reads it learns what the wallet holds
        #[arg(long)]
        out: PathBuf,
    },
    /// Write a donation's receipt, with its path, for its owner's wallet
    #[command(
        after_help = "Example:\n  wufu ledger receipt 06-DC-AND-001 --out receipt.msg --dir cerf"
    )]
    Receipt {
        /// The receipt
        #[arg(value_parser = names::receipt)]
        receipt: String,
        /// Where it goes
        #[arg(long)]
        out: PathBuf,
    },
    /// Write all signed checkpoints of a log, or print them
    #[command(
        after_help = "Example:\n  wufu ledger checkpoints --dir cerf --log donations > mirror.notes"
    )]
    Checkpoints {
        /// cards, persons or donations; without it, all three
        #[arg(long, value_parser = ["cards", "persons", "donations"])]
        log: Option<String>,
        /// Where they go
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Tell org, log key, logs, sums
    #[command(after_help = "Example:\n  wufu ledger info --dir cerf --json")]
    Info,
    /// Recompute every leaf, root and sum; exit 2 when something does not fit
    #[command(after_help = "Example:\n  wufu ledger audit --dir cerf")]
    Audit,
}

#[derive(Args, Debug)]
struct InitArgs {
    /// Name of the charity, or of one campaign: next year's under the same name would join its claims with this year's
    #[arg(long)]
    org: String,
    /// The one currency of its donations, ISO 4217
    #[arg(long)]
    currency: Option<String>,
    /// Seconds of an epoch: how often a log may sign a checkpoint
    #[arg(long, default_value_t = 600)]
    epoch: u64,
    /// Seconds for which a replaced root counts
    #[arg(long, default_value_t = 3600)]
    window: u64,
    /// Real people use it: development keys and made-up owners are refused
    #[arg(long)]
    production: bool,
}

fn kind(name: &str) -> Result<Kind, String> {
    Kind::from_name(name).ok_or_else(|| {
        let names: Vec<_> = Kind::ALL.iter().map(|kind| kind.to_string()).collect();
        format!("expected one of {}", names.join(", "))
    })
}

/// Runs the command.
pub async fn run(args: LedgerArgs, output: Output) -> anyhow::Result<()> {
    let dir = args.dir;
    match args.command {
        Command::Init(args) => init(&dir, args, output).await,
        Command::Import(args) => import::import(&open(&dir).await?, args, output).await,
        Command::Generate { seed, full, dev_owners } => {
            let ledger = open(&dir).await?;
            let owners = owners(&ledger, None, dev_owners)?;
            let shape = if full { Shape::FULL } else { Shape::TENTH };
            let report = generated(&ledger, seed, &shape, owners, output).await?;
            imported(&ledger, "generated", &report, output);
            Ok(())
        }
        Command::Issue { address, kind } => {
            let kinds = kind.map_or(Kind::ALL.to_vec(), |kind| vec![kind]);
            let issue = |address: &Address| {
                let address = address.clone();
                let card = move |kind| CardIssue { address: address.clone(), kind, serial: None };
                kinds.clone().into_iter().map(card)
            };
            let cards = address.iter().flat_map(issue).collect();
            append(&dir, Append { cards, ..Append::default() }, output).await
        }
        Command::Register { address } => {
            append(&dir, Append { persons: address, ..Append::default() }, output).await
        }
        Command::Own { receipt, address } => {
            let placed = open(&dir).await?.own(receipt.as_bytes(), &address).await?;
            tell_placed(&placed, output);
            Ok(())
        }
        Command::CloseEpoch => {
            let closed = open(&dir).await?.close_epoch(files::now()?).await?;
            let signed: Vec<_> = closed.signed.iter().map(|one| one.origin().to_owned()).collect();
            let waiting: Vec<_> = closed.waiting.iter().map(|log| log.name()).collect();
            let text = format!(
                "epoch {}: signed {signed:?}; waiting for the next epoch: {waiting:?}",
                closed.epoch
            );
            let fields = json!({ "epoch": closed.epoch, "signed": signed, "waiting": waiting });
            output.result("epoch", text, fields);
            Ok(())
        }
        Command::Grants { address, out } => {
            let ledger = open(&dir).await?;
            if address.org != ledger.org() {
                bail!("address is of {:?}, expected {:?}", address.org, ledger.org());
            }
            let grants = ledger.grants_of(address.pk).await?;
            let count = grants.cards.len() + grants.persons.len() + grants.donations.len();
            files::write_message(&out, &v1::AppendResponse::from(&grants), output.is_json())?;
            let text = format!("{count} grants in {}", out.display());
            output.result("grants", text, json!({ "file": out, "grants": count }));
            Ok(())
        }
        Command::Receipt { receipt, out } => {
            let found = open(&dir).await?.donation_receipt(receipt.as_bytes()).await?;
            files::write_message(&out, &v1::DonationReceipt::from(&found), output.is_json())?;
            output.result("receipt", out.display(), json!({ "file": out }));
            Ok(())
        }
        Command::Checkpoints { log, out } => checkpoints(&dir, log.as_deref(), out, output).await,
        Command::Info => info(&dir, output).await,
        Command::Audit => audit(&dir, output).await,
    }
}

/// Opens a ledger for this process alone.
pub async fn open(dir: &Path) -> anyhow::Result<Ledger> {
    Ledger::open(dir).await.with_context(|| dir.display().to_string())
}

async fn init(dir: &Path, args: InitArgs, output: Output) -> anyhow::Result<()> {
    let mut policy = LedgerPolicy::new(&args.org);
    policy.currency = args.currency.map(|code| code.parse()).transpose()?;
    policy.epoch_seconds = args.epoch;
    policy.window_seconds = args.window;
    policy.production = args.production;
    let ledger = Ledger::create(dir, &policy).await.with_context(|| dir.display().to_string())?;
    let key = ledger.log_key().to_string();
    let text = format!("ledger of {} in {}\nlog key {key}", args.org, dir.display());
    output.result("ledger", text, json!({ "dir": dir, "org": args.org, "log_key": key }));
    ledger.close().await;
    Ok(())
}

/// The owners of donations: from a file, made up, or nobody.
pub fn owners(ledger: &Ledger, file: Option<&Path>, dev: Option<String>) -> anyhow::Result<Owners> {
    match (file, dev) {
        (Some(path), _) => {
            let name = || path.display().to_string();
            let file = File::open(path).with_context(name)?;
            Owners::read(file, ledger.org()).with_context(name)
        }
        (None, Some(seed)) => Ok(Owners::Development { seed, org: ledger.org().into() }),
        (None, None) => Ok(Owners::Nobody),
    }
}

/// Makes donations up and imports them.
pub async fn generated(
    ledger: &Ledger,
    seed: u64,
    shape: &Shape,
    owners: Owners,
    output: Output,
) -> anyhow::Result<ImportReport> {
    let total = u64::from(shape.transfers);
    let donations = tokio::task::block_in_place(|| generate::generate(seed, shape))?;
    let progress = output.progress("importing donations");
    let options = ImportOptions { owners, skip_bad: false };
    Ok(ledger.import(donations.into(), options, move |rows| progress.set(rows, total)).await?)
}

/// Tells what was imported.
pub fn imported(ledger: &Ledger, step: &str, report: &ImportReport, output: Output) {
    let (sum, code) = money(ledger, report.sum);
    let text = format!(
        "{} donations, {sum} {code}; {} with an owner, {} pending\n\
         {} rows read: {} imported, {} known, {} blank, {} bad and left out",
        report.rows,
        report.leaves,
        report.pending(),
        report.read,
        report.rows,
        report.known,
        report.blank,
        report.skipped.count()
    );
    let fields = json!({
        "read": report.read,
        "records": report.rows,
        "known": report.known,
        "blank": report.blank,
        "skipped": report.skipped.count(),
        "leaves": report.leaves,
        "pending": report.pending(),
        "normalized": report.normalized,
        "unused_owners": report.unused_owners,
        "sum": sum,
        "sum_minor": u64::try_from(report.sum).ok(),
        "currency": code,
    });
    output.result(step, text, fields);
}

/// An amount as people write it, and its currency.
pub fn money(ledger: &Ledger, minor: u128) -> (String, &'static str) {
    match ledger.policy().currency {
        Some(currency) => (format_amount(minor, usize::from(currency.decimals())), currency.code()),
        None => (minor.to_string(), ""),
    }
}

async fn append(dir: &Path, what: Append, output: Output) -> anyhow::Result<()> {
    let ledger = open(dir).await?;
    let placed = ledger.append(what).await?;
    tell_placed(&placed, output);
    ledger.close().await;
    Ok(())
}

fn tell_placed(placed: &Placed, output: Output) {
    let Placed { cards, persons, donations } = placed;
    let count = |range: &std::ops::Range<u64>| range.end - range.start;
    let text = format!(
        "appended {} cards, {} persons, {} donations: in the tree from the next epoch on",
        count(cards),
        count(persons),
        count(donations)
    );
    let fields = json!({
        "cards": count(cards), "persons": count(persons), "donations": count(donations),
    });
    output.result("appended", text, fields);
}

async fn checkpoints(
    dir: &Path,
    only: Option<&str>,
    out: Option<PathBuf>,
    output: Output,
) -> anyhow::Result<()> {
    let ledger = open(dir).await?;
    let notes = notes(&ledger, only).await?;
    match out {
        Some(out) => {
            files::write(&out, notes.join("\n").as_bytes())?;
            let text = format!("{} checkpoints in {}", notes.len(), out.display());
            output.result("checkpoints", text, json!({ "file": out, "notes": notes.len() }));
        }
        None => output.result("checkpoints", notes.join("\n"), json!({ "notes": notes })),
    }
    Ok(())
}

/// All signed checkpoints of a ledger, or of one of its logs.
pub async fn notes(ledger: &Ledger, only: Option<&str>) -> anyhow::Result<Vec<String>> {
    let mut notes = Vec::new();
    for log in Log::ALL {
        if only.is_some_and(|only| !log.name().starts_with(only)) {
            continue;
        }
        let checkpoints = ledger.checkpoints(&ledger.origin(log), 0).await?;
        notes.extend(checkpoints.iter().map(|checkpoint| checkpoint.note().to_owned()));
    }
    Ok(notes)
}

async fn info(dir: &Path, output: Output) -> anyhow::Result<()> {
    let ledger = open(dir).await?;
    let (info, totals) = (ledger.info().await?, ledger.totals().await?);
    let (sum, code) = money(&ledger, totals.sum);
    let logs: Vec<_> =
        info.logs.iter().map(|log| format!("{}: {} leaves", log.origin, log.size)).collect();
    let text = format!(
        "org {}\nlog key {}\n{}\n{} donations, {sum} {code}, {} of them pending\nepoch {} s, window {} s",
        info.org,
        info.log_key,
        logs.join("\n"),
        totals.donations,
        totals.pending,
        info.epoch_seconds,
        info.window.0
    );
    let fields = json!({
        "org": info.org,
        "log_key": info.log_key.to_string(),
        "logs": info.logs.iter().map(|log| json!({ "origin": log.origin, "size": log.size })).collect::<Vec<_>>(),
        "donations": totals.donations,
        "pending": totals.pending,
        "sum": sum,
        "currency": code,
        "epoch_seconds": info.epoch_seconds,
        "window_seconds": info.window.0,
    });
    output.result("info", text, fields);
    Ok(())
}

async fn audit(dir: &Path, output: Output) -> anyhow::Result<()> {
    let ledger = open(dir).await?;
    let audit = ledger.audit().await?;
    for finding in &audit.findings {
        output.result("finding", finding, json!({ "finding": finding.to_string() }));
    }
    let (sum, code) = money(&ledger, audit.sum);
    let leaves: Vec<_> =
        audit.leaves.iter().map(|(log, leaves)| format!("{log} {leaves}")).collect();
    let text = format!(
        "looked at {} leaves, {} checkpoints, {sum} {code}, {} claims: {} findings",
        leaves.join(", "),
        audit.checkpoints,
        audit.claims,
        audit.findings.len()
    );
    let fields = json!({
        "leaves": audit.leaves, "checkpoints": audit.checkpoints, "sum": sum, "currency": code,
        "claims": audit.claims, "findings": audit.findings.len(),
    });
    output.result("audit", text, fields);
    if audit.findings.is_empty() { Ok(()) } else { bail!("{} findings", audit.findings.len()) }
}
