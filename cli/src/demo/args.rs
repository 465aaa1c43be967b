//! The arguments of `wufu demo`.

use std::path::PathBuf;

use clap::Args;
use wufu_ledger::CurrencyCode;

use crate::{help::usage_with_notes, ledger::import::FormatArgs};

/// Arguments of `wufu demo`.
#[derive(Args, Debug)]
#[command(after_help = usage_with_notes(
    "to see what Wufu does, or to check that an installation works. It needs neither files nor \
     keys, and leaves everything in one folder.",
    &[
        "wufu demo",
        "wufu demo --donations gifts.csv --map amount='Sum in USD' --currency USD",
        "wufu demo --full --json",
    ],
    "A file of donations needs the columns receipt, institution, project, amount and\n\
     date, and a column currency or --currency: see wufu ledger import --help.",
))]
pub struct DemoArgs {
    /// Import donations from this CSV file. Without it, make up a tenth of the real number
    #[arg(long, value_name = "FILE")]
    pub(super) donations: Option<PathBuf>,
    /// The currency of the file's donations, ISO 4217. Without it, the first row's
    #[arg(long, requires = "donations")]
    pub(super) currency: Option<CurrencyCode>,
    /// Leave out bad rows of the file, and list them
    #[arg(long, requires = "donations")]
    pub(super) skip_bad: bool,
    /// Make up the real number of donations: 747,000 transfers, 349,000,000.00 CNY in total
    #[arg(long, conflicts_with = "donations")]
    pub(super) full: bool,
    /// Number of other persons in the campaign. Each gets all five cards
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(super) crowd: u32,
    /// Smallest number of public records that meet the policy. With fewer, the answer nearly names
    /// its donor
    #[arg(long, default_value_t = wufu_wallet::MIN_ANONYMITY)]
    pub(super) min_anonymity: u64,
    /// Keep everything in this folder. What an earlier demo left there is replaced
    #[arg(long, env = "WUFU_DEMO_DIR", default_value = "wufu-demo", value_name = "FOLDER")]
    pub(super) dir: PathBuf,
    // The options that error messages about the file refer to. Last, because they have a heading of
    // their own.
    #[command(flatten)]
    pub(super) format: FormatArgs,
}
