//! The database. Only this folder knows which one it is. Its functions use the ledger's terms, with
//! a file for each table or purpose.
//!
//! SQLite runs in WAL mode with synchronous FULL, so what was committed survives `kill -9` and a
//! power loss. Queries use only what PostgreSQL supports as well. A reader has a [`Connection`],
//! and a writer has a [`Transaction`].

pub(crate) mod cards;
pub(crate) mod checkpoints;
pub(crate) mod claims;
mod connection;
mod database;
pub(crate) mod entries;
mod error;
#[cfg(test)]
mod faults;
pub(crate) mod files;
pub(crate) mod leaves;
pub(crate) mod logs;
mod migrations;
pub(crate) mod persons;
pub(crate) mod projects;
pub(crate) mod receipts;
pub(crate) mod records;
pub(crate) mod rows;
pub(crate) mod summaries;
pub(crate) mod sums;
mod transaction;

use wufu_verifier::{Amount, Fr, ProjectKey, Time, encoding::field};

pub(crate) use connection::{Connection, ReadPurpose};
pub(crate) use database::Store;
pub use error::StoreError;
pub(crate) use transaction::Transaction;

/// The rows in one multi-row insert. With nine parameters each, they stay below SQLite's limit of
/// 32,766.
pub(crate) const ROWS: usize = 1024;

/// How many long reads may run at the same time.
pub(crate) const SHARD_READERS: u32 = 2;

/// The public part of a donation.
pub(crate) type Facts = (ProjectKey, Amount, Time);

/// A number as the database stores it.
pub(crate) fn signed(value: u64) -> Result<i64, StoreError> {
    i64::try_from(value).map_err(|_| StoreError::Broken { what: "number: 2^63 or more" })
}

/// A number from the database.
pub(crate) fn unsigned(what: &'static str, value: i64) -> Result<u64, StoreError> {
    u64::try_from(value).map_err(|_| StoreError::Broken { what })
}

/// A field element from the database.
pub(crate) fn element(what: &'static str, bytes: &[u8]) -> Result<Fr, StoreError> {
    field::decode(what, bytes).map_err(|_| StoreError::Broken { what })
}

/// The public part of a donation, from the database.
fn facts(project: i64, amount: i64, time: i64) -> Result<Facts, StoreError> {
    let broken = |what| StoreError::Broken { what };
    let project = ProjectKey::from_u64(unsigned("project key", project)?);
    let amount = Amount::new(unsigned("amount", amount)?);
    let time = Time::new(unsigned("time", time)?);
    Ok((
        project.map_err(|_| broken("project key"))?,
        amount.map_err(|_| broken("amount"))?,
        time.map_err(|_| broken("time"))?,
    ))
}
