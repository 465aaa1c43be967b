//! The memory of a campaign or charity: append-only logs of cards, persons and donations, a signed checkpoint of each
//! per epoch, and the spent set.
//!
//! A [`Ledger`] lives in a folder, over SQLite. What it acknowledges is durable. Nothing that it hands out depends on
//! who asks for what: shards and roofs are the same for everybody.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

#[cfg(test)]
use wufu_testing as _;

mod access;
mod append;
mod audit;
mod audit_entry;
mod audit_tally;
mod card;
mod checkpoint;
mod claim;
mod donation;
#[cfg(test)]
mod faults;
mod finding;
mod folder;
pub mod generate;
mod grant;
pub mod import;
mod leaf;
mod ledger;
mod log;
mod log_tree;
mod money;
mod owners;
mod pending;
mod person;
mod policy;
mod project;
mod random;
mod reader;
mod recount;
mod secret;
pub mod service;
mod shard;
mod store;
mod summary;
mod tally;
mod totals;
mod workers;

pub use append::{AppendError, Placement};
pub use audit::Audit;
pub use audit_entry::Problem;
pub use checkpoint::{ClosedEpoch, EpochError};
pub use claim::ClaimError;
pub use donation::Donations;
pub use finding::{Coverage, Finding};
pub use folder::FolderError;
pub use grant::{GrantError, PendingEntries};
pub use ledger::{Ledger, OpenError};
pub use log::Log;
pub use money::{Money, grouped};
pub use owners::{Owners, OwnersError};
pub use policy::{CurrencyCode, CurrencyError, LedgerPolicy, PolicyFileError};
pub use reader::{GrantReader, LedgerReader};
pub use secret::OperatorToken;
pub use shard::ReadError;
pub use store::StoreError;
pub use summary::SummaryError;
pub use totals::{DonationSums, ProjectTotals};
