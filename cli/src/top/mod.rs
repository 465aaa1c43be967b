//! `wufu top`: a live view of a service, from its metrics port.

mod fetch;
mod scrape;
mod view;

use std::{
    io::IsTerminal as _,
    time::{Duration, Instant},
};

use clap::Args;
use console::Term;

use crate::{
    help::usage,
    human,
    output::{self, Output},
};
use fetch::Target;
use scrape::{Measured, Scrape};
use view::View;

/// Arguments of `wufu top`.
#[derive(Args, Debug)]
#[command(after_help = usage(
    "when a service runs with --metrics, to see what it does: requests, refusals, waits, proofs, \
     memory, epochs. Ctrl-C ends it.",
    &["wufu top http://127.0.0.1:9181", "wufu top 127.0.0.1:9181 --once --json"],
))]
pub struct TopArgs {
    /// The service's metrics port, such as http://127.0.0.1:9181
    #[arg(value_name = "URL")]
    url: Target,
    /// Measure once, print one table, and end
    #[arg(long)]
    once: bool,
    /// How long to measure before each table, such as "5 s". A bare number is seconds
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "2 s",
        value_parser = human::parse_timeout
    )]
    every: u64,
}

/// Shows tables until the process is told to end, or one with `--once`.
pub async fn run(args: TopArgs, output: Output) -> anyhow::Result<()> {
    let term = Term::stdout();
    let is_live = !args.once && !output.is_json() && std::io::stdout().is_terminal();
    let mut before = measure(&args.url).await?;
    loop {
        tokio::time::sleep(Duration::from_secs(args.every)).await;
        let now = measure(&args.url).await?;
        let view = View::new(&before, &now);
        if is_live {
            term.clear_screen()?;
        }
        output.result("top", view.text(&args.url.to_string()), view.json());
        output::check()?;
        if args.once {
            return Ok(());
        }
        before = now;
    }
}

async fn measure(target: &Target) -> anyhow::Result<Measured> {
    let text = target.fetch().await?;
    Ok(Measured { at: Instant::now(), scrape: Scrape::read(&text) })
}
