//! The memory of a campaign or charity: append-only logs of cards, persons and donations, a signed checkpoint of each
//! per epoch, and the spent set.
//!
//! A [`Ledger`] lives in a folder, over SQLite. What it acknowledges is durable. Nothing that it hands out depends on
//! who asks for what: shards and roofs are the same for everybody.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

#[cfg(test)]
use wufu_testing as _;

mod append;
mod audit;
mod claims;
mod epochs;
mod folder;
pub mod generate;
pub mod import;
mod ledger;
mod log;
mod log_tree;
mod open;
mod policy;
mod random;
mod read;
pub mod service;
mod store;
mod workers;

pub use append::{AppendError, Placement, donation::Donations};
pub use audit::{
    Audit,
    entry::Problem,
    finding::{Coverage, Finding},
};
pub use claims::ClaimError;
pub use epochs::{ClosedEpoch, EpochError, summary_error::SummaryError};
pub use folder::{FolderError, secret::OperatorToken};
pub use import::owners::{Owners, OwnersError};
pub use ledger::Ledger;
pub use log::Log;
pub use open::OpenError;
pub use policy::{
    CurrencyCode, CurrencyError, LedgerPolicy, PolicyFileError,
    money::{Money, grouped},
};
pub use read::{
    grant::{GrantError, PendingEntries},
    reader::{GrantReader, LedgerReader},
    shard::ReadError,
    totals::{DonationSums, ProjectTotals},
};
pub use store::StoreError;
