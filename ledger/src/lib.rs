//! The ledger of a campaign or charity: append-only logs of cards, persons and donations, a signed
//! checkpoint of each log per epoch, and the spent set.
//!
//! A [`Ledger`] lives in a folder and uses SQLite. What it acknowledges is durable. What it serves
//! is the same for everybody: shards and roofs do not depend on who asks.
//!
//! ```
//! use wufu_circuits::{Kind, Seed};
//! use wufu_ledger::{Ledger, LedgerPolicy, Log};
//! use wufu_proto::append::{Append, CardIssue};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! let now = 1_518_704_280;
//! let ledger = Ledger::create(folder.path(), &LedgerPolicy::new("wufu"), now).await?;
//!
//! // The issuer appends a card for a friend's address. It is durable now.
//! let address = Seed::from_bytes([7; 32]).address("wufu");
//! let owner = address.pk;
//! let card = CardIssue { address, kind: Kind::Harmony, serial: None };
//! let placed = ledger.append(Append { cards: vec![card], ..Append::default() }).await?;
//! assert_eq!(placed.cards, 0..1);
//!
//! // At the end of the epoch, the ledger signs a checkpoint that covers the card.
//! let closed = ledger.close_epoch(now).await?;
//! assert_eq!(closed.signed[0].origin(), ledger.origin(Log::Cards));
//!
//! // From now on, the owner can get the card and its path.
//! let grants = ledger.grants_of(owner).await?;
//! assert_eq!(grants.cards[0].path.index(), 0);
//! # Ok(())
//! # }
//! ```
//!
//! Read next: [`Ledger::append`] and [`Ledger::close_epoch`], [`import`] for donations from CSV,
//! [`service::run`] for the gRPC service, and [`Ledger::audit`] for checking a ledger.
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
pub use policy::{CurrencyCode, CurrencyError, LedgerPolicy, PolicyFileError, money::Money};
pub use read::{
    grant::{GrantError, PendingEntries},
    reader::{GrantReader, LedgerReader},
    shard::ReadError,
    totals::{DonationSums, ProjectTotals},
};
pub use store::StoreError;
