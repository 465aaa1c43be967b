//! `wufu ledger`: what an operator does, on the ledger's own folder.

pub mod generate;
pub mod import;
pub mod read;
pub mod report;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::json;
use wufu_circuits::{Address, Kind};
use wufu_ledger::{Ledger, LedgerPolicy, Placement};
use wufu_proto::append::{Append, CardIssue};

use crate::{
    files,
    human::{self, Span, Utc, count},
    names,
    output::Output,
};
use generate::GenerateArgs;
use import::ImportArgs;

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
        after_help = "Example:\n  wufu ledger import gifts.csv --dir cerf --map amount='Sum in USD' --timezone UTC --owners owners.csv\n\n\
            The first line has the names of the columns: receipt, institution, project,\n\
            amount, date and, if there is one, currency. Without --map a column is found\n\
            by its field's name, in capitals or not.\n\
            \x20 amount  1234.50, in the ledger's currency, without sign or thousands\n\
            \x20         separator; with --decimal-comma 1234,50\n\
            \x20 date    2019-03-01, 2019-03-01 10:00 UTC, 2019-03-01T18:00:00+08:00; a\n\
            \x20         time of day needs an offset at its end, or --timezone\n\
            \x20 owners  a file of two columns, receipt and address, where an address is\n\
            \x20         what wufu wallet address prints\n\n\
            All rows are imported, or none. Rows that the ledger holds already are counted\n\
            and passed over: a file can be imported again when rows were added to it."
    )]
    Import(ImportArgs),
    /// Make up donations of the true shape: 37 institutions, 304 projects, 747,000 transfers,
    /// 349,000,000.00 RMB
    #[command(after_help = "Example:\n  wufu ledger generate --dir charity --dev-owners trial\n\n\
            For trials: the ledger must be one without --production, in CNY, and\n\
            without donations.")]
    Generate(GenerateArgs),
    /// Issue cards to addresses
    #[command(
        after_help = "Example:\n  wufu ledger issue $(wufu wallet address --org wufu) --kind 和谐 --dir wufu"
    )]
    Issue {
        /// Addresses, as `wufu wallet address` prints them
        #[arg(required = true, value_parser = human::parse_address)]
        address: Vec<Address>,
        /// The Fu, in English or Chinese; without it one of each
        #[arg(long, value_parser = kind)]
        kind: Option<Kind>,
    },
    /// Register persons: one per real person, which is your duty
    #[command(
        after_help = "Example:\n  wufu ledger register $(wufu wallet address --org wufu) --dir wufu"
    )]
    Register {
        /// Addresses, as `wufu wallet address` prints them
        #[arg(required = true, value_parser = human::parse_address)]
        address: Vec<Address>,
    },
    /// Give a pending donation its owner
    #[command(
        after_help = "Example:\n  wufu ledger own 06-DC-AND-001 $(wufu wallet address --org cerf) --dir cerf"
    )]
    Own {
        /// The receipt
        #[arg(value_parser = names::receipt)]
        receipt: String,
        /// The owner
        #[arg(value_parser = human::parse_address)]
        address: Address,
    },
    /// Sign the checkpoints of this epoch; a running service does it by its clock
    #[command(after_help = "Example:\n  wufu ledger close-epoch --dir cerf")]
    CloseEpoch(CloseArgs),
    /// Write what an address was given, with its paths, for its wallet; exit 2 while all of it
    /// waits for the epoch's end
    #[command(
        after_help = "Example:\n  wufu ledger grants $(wufu wallet address --org wufu) --out grants.msg --dir wufu"
    )]
    Grants {
        /// The address
        #[arg(value_parser = human::parse_address)]
        address: Address,
        /// Write the grants to this file, mode 0600: whoever reads it learns what the wallet holds.
        /// - is standard output
        #[arg(long, value_name = "FILE")]
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
        /// Write the receipt to this file, mode 0600. - is standard output
        #[arg(long, value_name = "FILE")]
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
        /// Write the checkpoints to this file
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Show the organisation, its log key, its logs and their totals
    #[command(after_help = "Example:\n  wufu ledger info --dir cerf --json")]
    Info,
    /// Recompute every leaf, root and sum, and compare all rows with what was signed; exit 2 when
    /// something does not fit
    #[command(after_help = "Example:\n  wufu ledger audit --dir cerf")]
    Audit,
}

#[derive(Args, Debug)]
struct InitArgs {
    /// Name of the charity, or of one campaign: next year's under the same name would join its
    /// claims with this year's
    #[arg(long, value_parser = names::org)]
    org: String,
    /// The one currency of its donations, ISO 4217. Without it the ledger takes no donations, then
    /// or later
    #[arg(long)]
    currency: Option<String>,
    /// Length of an epoch, in which a log signs one checkpoint, such as "10 min", at most 1 d; a
    /// bare number is seconds
    #[arg(long, value_name = "DURATION", default_value = "10 min", value_parser = human::parse_timeout)]
    epoch: u64,
    /// How long a replaced root still counts, such as "1 h", at most 30 d; a bare number is seconds
    #[arg(long, value_name = "DURATION", default_value = "1 h", value_parser = window)]
    window: u64,
    /// Real people use it: development keys and made-up owners are refused
    #[arg(long)]
    production: bool,
}

#[derive(Args, Debug)]
struct CloseArgs {
    /// Accept the clock after more than a day without a signed epoch: the ledger was switched off
    #[arg(long)]
    accept_clock: bool,
    /// Take the database as it is, when summary.note is lost, damaged or moved away: writes the
    /// file anew, and signs all rows afresh where they are not those that were signed. Only for the
    /// newest copy of the database
    #[arg(long)]
    accept_database: bool,
}

fn window(text: &str) -> Result<u64, String> {
    match human::parse_span(text)? {
        seconds @ 0..=2_592_000 => Ok(seconds),
        seconds => Err(format!("is {}, expected at most 30 d", Span(seconds))),
    }
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
        Command::Import(args) => {
            let ledger = open(&dir).await?;
            let done = import::import(&ledger, args, output).await;
            closing(ledger, done).await
        }
        Command::Generate(args) => {
            let ledger = open(&dir).await?;
            let done = generate::run(&ledger, &dir, args, output).await;
            closing(ledger, done).await
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
            let ledger = open(&dir).await?;
            let done = async {
                let placed = ledger.own(receipt.as_bytes(), &address).await?;
                tell_placed(&ledger, &placed, output).await
            };
            let done = done.await;
            closing(ledger, done).await
        }
        Command::CloseEpoch(args) => close_epoch(&dir, &args, output).await,
        Command::Grants { address, out } => read::grants(&dir, &address, &out, output).await,
        Command::Receipt { receipt, out } => read::receipt(&dir, &receipt, &out, output).await,
        Command::Checkpoints { log, out } => {
            read::checkpoints(&dir, log.as_deref(), out, output).await
        }
        Command::Info => read::info(&dir, output).await,
        Command::Audit => read::audit(&dir, output).await,
    }
}

/// Opens a ledger for this process alone. Every error names the folder or the file.
pub async fn open(dir: &Path) -> anyhow::Result<Ledger> {
    Ok(Ledger::open(dir).await?)
}

/// Closes a ledger after work on it, whether that succeeded or not: then one file holds all of it.
async fn closing<T>(ledger: Ledger, done: anyhow::Result<T>) -> anyhow::Result<T> {
    ledger.close().await;
    done
}

async fn close_epoch(dir: &Path, args: &CloseArgs, output: Output) -> anyhow::Result<()> {
    let ledger = open(dir).await?;
    let now = files::now()?;
    if args.accept_clock {
        ledger.accept_clock(now);
    }
    let closed = async {
        if args.accept_database {
            ledger.accept_database().await?;
        }
        Ok(ledger.close_epoch(now).await?)
    };
    let closed = closed.await;
    let epoch_seconds = ledger.policy().epoch_seconds;
    let closed = closing(ledger, closed).await?;
    let signed: Vec<_> = closed.signed.iter().map(|one| one.origin().to_owned()).collect();
    let waiting: Vec<_> = closed.waiting.iter().map(ToString::to_string).collect();
    let begun = closed.epoch.saturating_mul(epoch_seconds);
    let text = format!(
        "epoch {}, from {}: signed {}; waiting for the next epoch: {}",
        closed.epoch,
        Utc(begun),
        human::list(&signed),
        human::list(&waiting)
    );
    let fields = json!({
        "epoch": closed.epoch, "began": begun, "signed": signed, "waiting": waiting, "summary": closed.summary,
    });
    output.result("epoch", text, fields);
    Ok(())
}

async fn init(dir: &Path, args: InitArgs, output: Output) -> anyhow::Result<()> {
    let mut policy = LedgerPolicy::new(&args.org);
    policy.currency = args.currency.map(|code| code.parse()).transpose()?;
    policy.epoch_seconds = args.epoch;
    policy.window_seconds = args.window;
    policy.production = args.production;
    let now = files::now()?;
    let ledger = Ledger::create(dir, &policy, now).await?;
    let key = ledger.log_key().to_string();
    // Whoever reads the time notices a clock that is wrong from the start.
    let text =
        format!("ledger of {} in {}, made at {}\nlog key {key}", args.org, dir.display(), Utc(now));
    let fields = json!({ "dir": dir, "org": args.org, "log_key": key, "made": now });
    output.result("ledger", text, fields);
    ledger.close().await;
    Ok(())
}

async fn append(dir: &Path, what: Append, output: Output) -> anyhow::Result<()> {
    let ledger = open(dir).await?;
    let done = async {
        let placed = ledger.append(what).await?;
        tell_placed(&ledger, &placed, output).await
    };
    let done = done.await;
    closing(ledger, done).await
}

/// Tells what was appended, and what it waits for: without a checkpoint that covers it, it has no
/// path.
async fn tell_placed(ledger: &Ledger, placed: &Placement, output: Output) -> anyhow::Result<()> {
    let Placement { cards, persons, donations } = placed;
    let length = |range: &std::ops::Range<u64>| range.end - range.start;
    let now = files::now()?;
    let close = ledger.next_close(now).await?;
    let text = format!(
        "appended {}, {}, {}; {}",
        count(length(cards), "card"),
        count(length(persons), "person"),
        count(length(donations), "donation"),
        read::when(close, now)
    );
    let fields = json!({
        "cards": length(cards), "persons": length(persons), "donations": length(donations),
        "next_close": close,
    });
    output.result("appended", text, fields);
    Ok(())
}
