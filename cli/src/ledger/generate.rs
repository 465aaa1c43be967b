//! `wufu ledger generate`: made-up donations, for trials only.

use std::path::Path;

use anyhow::bail;
use clap::Args;
use wufu_ledger::{
    Ledger, Owners,
    generate::{self, LogShape},
    import::{ImportOptions, ImportReport},
};

use super::report::imported;
use crate::{human::count, output::Output};

/// The currency of made-up donations.
const CURRENCY: &str = "CNY";

/// Arguments of `wufu ledger generate`.
#[derive(Args, Debug)]
pub struct GenerateArgs {
    /// A number: the same seed makes the same donations
    #[arg(long, default_value_t = 2018)]
    seed: u64,
    /// Make up all 747,000 transfers. Without it, a tenth
    #[arg(long)]
    full: bool,
    /// Give every receipt a made-up owner, derived from this text
    #[arg(long, value_name = "SEED")]
    dev_owners: Option<String>,
}

/// Runs the command.
pub async fn run(
    ledger: &Ledger,
    dir: &Path,
    args: GenerateArgs,
    output: Output,
) -> anyhow::Result<()> {
    check(ledger, dir).await?;
    let shape = if args.full { LogShape::FULL } else { LogShape::TENTH };
    let owners = args
        .dev_owners
        .map_or(Owners::Nobody, |seed| Owners::Development { seed, org: ledger.org().into() });
    let report = generated(ledger, args.seed, &shape, owners, output).await?;
    imported(ledger, "generated", &report, output);
    Ok(())
}

/// Refuses a ledger in which made-up donations could be mistaken for real ones, or mixed with them.
async fn check(ledger: &Ledger, dir: &Path) -> anyhow::Result<()> {
    let (dir, policy) = (dir.display(), ledger.policy());
    let instead = format!(
        "expected a new ledger for a trial: wufu ledger init --dir trial --org trial --currency \
         {CURRENCY}"
    );
    if policy.production {
        bail!("{dir} is in production, where no donations may be made up; {instead}");
    }
    match policy.currency {
        Some(currency) if currency.code() == CURRENCY => {}
        Some(currency) => {
            bail!("{dir} is in {currency}, and made-up donations are in {CURRENCY}; {instead}")
        }
        None => bail!("{dir} has no currency, so it takes no donations; {instead}"),
    }
    let held = ledger.totals().await?.donations;
    if held > 0 {
        bail!(
            "{dir} already holds {}, and made-up ones must not be mixed with them; {instead}",
            count(held, "donation")
        );
    }
    Ok(())
}

/// Makes up donations and imports them.
pub async fn generated(
    ledger: &Ledger,
    seed: u64,
    shape: &LogShape,
    owners: Owners,
    output: Output,
) -> anyhow::Result<ImportReport> {
    let total = u64::from(shape.transfers);
    let donations = tokio::task::block_in_place(|| generate::generate(seed, shape))?;
    let progress = output.progress("importing donations");
    let options = ImportOptions { owners, skip_bad: false };
    Ok(ledger.import(donations.into(), options, move |rows| progress.set(rows, total)).await?)
}
