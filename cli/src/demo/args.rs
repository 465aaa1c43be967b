//! The arguments of `wufu demo`.

use std::path::PathBuf;

use clap::Args;
use wufu_ledger::CurrencyCode;

use crate::ledger::import::FormatArgs;

/// Arguments of `wufu demo`.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  wufu demo\n  wufu demo --donations gifts.csv --map amount='Sum in USD' --currency USD\n  wufu demo --full --json\n\n\
        A file of donations needs the columns receipt, institution, project, amount and\n\
        date, and a column currency or --currency: see wufu ledger import --help."
)]
pub struct DemoArgs {
    /// Import donations from this CSV file. Without it, make up a tenth of the true number
    #[arg(long, value_name = "FILE")]
    pub(super) donations: Option<PathBuf>,
    /// The currency of the file's donations, ISO 4217. Without it, what the first row says
    #[arg(long, requires = "donations")]
    pub(super) currency: Option<CurrencyCode>,
    /// Leave bad rows of the file out, and list them
    #[arg(long, requires = "donations")]
    pub(super) skip_bad: bool,
    /// Use the true numbers: 747,000 transfers, 349,000,000.00 RMB
    #[arg(long, conflicts_with = "donations")]
    pub(super) full: bool,
    /// Number of persons in the campaign who get all five cards
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(super) crowd: u32,
    /// Smallest number of public records that meet the policy. With fewer, the answer nearly names
    /// its donor
    #[arg(long, default_value_t = wufu_wallet::MIN_ANONYMITY)]
    pub(super) min_anonymity: u64,
    /// Keep everything in this folder. What an earlier demo left there is replaced
    #[arg(long, env = "WUFU_DEMO_DIR", default_value = "wufu-demo", value_name = "FOLDER")]
    pub(super) dir: PathBuf,
    // The options that messages about the file name. Last, since it has a heading of its own.
    #[command(flatten)]
    pub(super) format: FormatArgs,
}
