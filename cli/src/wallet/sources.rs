//! The ledger that a wallet's command reads, and the second source that it compares with.

use std::path::Path;

use anyhow::bail;
use clap::{ArgGroup, Args};
use serde_json::json;
use wufu_wallet::{GrpcSource, NoteFile, Sources};

use super::notes;
use crate::{
    output::Output,
    source::{self, LedgerSession},
};

/// The ledger to read, and the second source to compare with.
#[derive(Args, Clone, Debug)]
#[command(
    next_help_heading = "Ledger",
    group = ArgGroup::new("comparison").required(true).args(["second", "one_source"])
)]
pub struct SourceArgs {
    /// The ledger: https://HOST:PORT, http://127.0.0.1:PORT, unix:PATH, or a ledger's own folder
    #[arg(long, value_name = "URL|FOLDER")]
    ledger: String,
    /// A second source for the same checkpoints: a URL or a file of signed notes. Choose one that
    /// another operator runs, because two URLs of one operator prove nothing
    #[arg(long, value_name = "URL|FILE")]
    second: Option<String>,
    /// Compare with no second source. The operator could show you a root that nobody else sees, and
    /// recognise you by it
    #[arg(long)]
    one_source: bool,
}

impl SourceArgs {
    /// Opens both. A ledger in a folder is served for as long as the second value lives.
    pub async fn open(&self, output: Output) -> anyhow::Result<(Sources, LedgerSession)> {
        let opened = source::open(&self.ledger).await?;
        let ledger = GrpcSource::new(opened.endpoint()?).with_waits(notes::waits(output));
        let sources = match &self.second {
            None => Sources::one(ledger),
            Some(second) if Path::new(second).is_file() => {
                if source::is_within(Path::new(second), Path::new(&self.ledger)) {
                    bail!(
                        "--second {second} is in the ledger's own folder, expected checkpoints \
                         from another source, or --one-source"
                    );
                }
                Sources::compared(ledger, NoteFile::new(second))
            }
            Some(second) => {
                let endpoint = source::endpoint_in("--second", second, "a file of signed notes")?;
                if endpoint.is_same(&opened.endpoint()?) {
                    bail!(
                        "--second {second} is the ledger itself ({}), expected another source, or \
                         --one-source",
                        opened.endpoint()?
                    );
                }
                let text = format!(
                    "comparing checkpoints with {endpoint}: this shows whether both addresses give \
                     the same log, but not whether two operators run them"
                );
                output.note("second", text, json!({ "second": endpoint.to_string() }));
                Sources::compared(
                    ledger,
                    GrpcSource::new(endpoint).with_waits(notes::waits(output)),
                )
            }
        };
        Ok((sources, opened))
    }
}
