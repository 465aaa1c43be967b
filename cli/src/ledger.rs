//! `wufu ledger`: what an operator does in the ledger's own folder.

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
    help::{usage, usage_with_notes},
    human::{self, Span, Utc, count},
    names,
    output::Output,
};
use generate::GenerateArgs;
use import::ImportArgs;

/// Arguments of `wufu ledger`.
#[derive(Args, Debug)]
#[command(arg_required_else_help = true)]
#[command(after_help = usage(
    "when you run a campaign or charity. While a service serves the ledger, you can still run \
     grants, receipt, checkpoints, info and audit; the other commands need the ledger to \
     themselves.",
    &["wufu ledger info --dir cerf"],
))]
pub struct LedgerArgs {
    /// The ledger's folder
    #[arg(long, global = true, default_value = "ledger", value_name = "FOLDER")]
    dir: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Create a ledger for a campaign or charity
    #[command(after_help = usage(
        "once for each campaign or charity, before anything is issued or imported.",
        &["wufu ledger init --dir cerf --org cerf --currency USD"],
    ))]
    Init(InitArgs),
    /// Import donations from a CSV file
    #[command(after_help = usage_with_notes(
        "whenever there are new donations. Rows that the ledger already holds are counted and \
         skipped, so a file that has grown can be imported again.",
        &["wufu ledger import gifts.csv --dir cerf --map amount='Sum in USD' --timezone UTC \\\n\
           --owners owners.csv"],
        "The first line has the names of the columns: receipt, institution, project,\n\
         amount, date and, if there is one, currency. Without --map a column is found\n\
         by its field's name, in upper or lower case.\n\
         \x20 amount  1234.50, in the ledger's currency, without sign or thousands\n\
         \x20         separator; with --decimal-comma 1234,50\n\
         \x20 date    2019-03-01, 2019-03-01 10:00 UTC, 2019-03-01T18:00:00+08:00; a\n\
         \x20         time of day needs an offset at its end, or --timezone\n\
         \x20 owners  a file of two columns, receipt and address, where an address is\n\
         \x20         what wufu wallet address prints\n\n\
         Either all rows are imported, or none.",
    ))]
    Import(ImportArgs),
    /// Make up donations, for trials
    #[command(after_help = usage_with_notes(
        "to try a ledger of realistic size without real data. The made-up donations have the shape \
         of real ones: 37 institutions, 304 projects, 747,000 transfers, 349,000,000.00 CNY.",
        &["wufu ledger generate --dir charity --dev-owners trial"],
        "The ledger must be in CNY, hold no donations, and have been made without --production.",
    ))]
    Generate(GenerateArgs),
    /// Issue cards to addresses
    #[command(after_help = usage(
        "when somebody has won a card, and has sent you an address.",
        &["wufu ledger issue $(wufu wallet address --org wufu) --kind 和谐 --dir wufu"],
    ))]
    Issue {
        /// Addresses, as `wufu wallet address` prints them
        #[arg(required = true, value_parser = human::parse_address)]
        address: Vec<Address>,
        /// The card's kind, in English or Chinese. Without it, one card of each kind
        #[arg(long, value_parser = kind)]
        kind: Option<Kind>,
    },
    /// Register persons, so that they can claim: once for each real person
    #[command(after_help = usage(
        "when somebody joins the campaign, and you have checked who they are. Nobody else checks \
         that each real person is registered only once.",
        &["wufu ledger register $(wufu wallet address --org wufu) --dir wufu"],
    ))]
    Register {
        /// Addresses, as `wufu wallet address` prints them
        #[arg(required = true, value_parser = human::parse_address)]
        address: Vec<Address>,
    },
    /// Give a pending donation its owner
    #[command(after_help = usage(
        "when a donation was imported without an owner, and its donor has sent you an address.",
        &["wufu ledger own 06-DC-AND-001 $(wufu wallet address --org cerf) --dir cerf"],
    ))]
    Own {
        /// The donation's receipt
        #[arg(value_parser = names::receipt)]
        receipt: String,
        /// The owner's address
        #[arg(value_parser = human::parse_address)]
        address: Address,
    },
    /// Sign the checkpoints of this epoch
    #[command(after_help = usage(
        "when nobody serves the ledger, and new entries should become usable now. A running \
         service closes each epoch by its clock.",
        &["wufu ledger close-epoch --dir cerf"],
    ))]
    CloseEpoch(CloseArgs),
    /// Write a file for a wallet with everything that its address was given
    #[command(after_help = usage(
        "when the epoch has closed, and a person needs their cards, place and donations with the \
         paths to the newest checkpoint. While everything still waits for the epoch's end, the \
         command exits with 2.",
        &["wufu ledger grants $(wufu wallet address --org wufu) --out grants.msg --dir wufu"],
    ))]
    Grants {
        /// The wallet's address
        #[arg(value_parser = human::parse_address)]
        address: Address,
        /// Write the grants to this file, with mode 0600: whoever reads it learns what the wallet
        /// holds; - is standard output
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Write a file for a donor's wallet with one donation's receipt
    #[command(after_help = usage(
        "when the epoch has closed, and a donor needs the receipt of one donation.",
        &["wufu ledger receipt 06-DC-AND-001 --out receipt.msg --dir cerf"],
    ))]
    Receipt {
        /// The donation's receipt
        #[arg(value_parser = names::receipt)]
        receipt: String,
        /// Write the receipt to this file, with mode 0600. - is standard output
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Write or print all signed checkpoints of the logs
    #[command(after_help = usage(
        "when wallets and verifiers need a second source. Publish the file somewhere other than \
         on the ledger's own server.",
        &["wufu ledger checkpoints --dir cerf --log donations > mirror.notes"],
    ))]
    Checkpoints {
        /// cards, persons or donations. Without it, all three
        #[arg(long, value_parser = ["cards", "persons", "donations"])]
        log: Option<String>,
        /// Write the checkpoints to this file. Without it, print them
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Show the organisation, its log key, its logs and their totals
    #[command(after_help = usage(
        "when you need the log key to publish it, or want to see what the ledger holds.",
        &["wufu ledger info --dir cerf --json"],
    ))]
    Info,
    /// Recompute every leaf, root and total, and compare them with what was signed
    #[command(after_help = usage(
        "regularly, and after a crash, a restore or a move to another disk. The audit changes \
         nothing. When something does not match, it exits with 2.",
        &["wufu ledger audit --dir cerf"],
    ))]
    Audit,
}

#[derive(Args, Debug)]
struct InitArgs {
    /// Name of the charity or campaign. Give next year's campaign another name: under the same
    /// name, its claims could be linked with this year's
    #[arg(long, value_parser = names::org)]
    org: String,
    /// The currency of all donations, ISO 4217. Without it, the ledger never takes donations
    #[arg(long)]
    currency: Option<String>,
    /// Length of an epoch, such as "10 min", at most 1 d. A log signs one checkpoint in each epoch.
    /// A bare number is seconds
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "10 min",
        value_parser = human::parse_timeout
    )]
    epoch: u64,
    /// How long a replaced root still counts, such as "1 h", at most 30 d. A bare number is seconds
    #[arg(long, value_name = "DURATION", default_value = "1 h", value_parser = window)]
    window: u64,
    /// Refuse development keys and made-up owners, because real people use the ledger
    #[arg(long)]
    production: bool,
}

#[derive(Args, Debug)]
struct CloseArgs {
    /// Accept the clock although no epoch was signed for more than a day, because the ledger was
    /// switched off
    #[arg(long)]
    accept_clock: bool,
    /// Accept the database as it is although summary.note is lost or damaged: write that file
    /// again, and sign all rows again if they differ from what was signed. Use this only on the
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

/// Opens a ledger for this process only. Every error names the folder or the file.
pub async fn open(dir: &Path) -> anyhow::Result<Ledger> {
    Ok(Ledger::open(dir).await?)
}

/// Closes a ledger, whether the work on it succeeded or not, so that one file holds everything.
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
        "epoch": closed.epoch, "began": begun, "signed": signed, "waiting": waiting,
        "summary": closed.summary,
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
    // Printing the time shows a wrong clock from the start.
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

/// Prints what was appended and what it waits for: an entry has a path once a checkpoint covers it.
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
