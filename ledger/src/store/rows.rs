//! The rows that the tally covers, in the order in which they were entered. They are read one by
//! one, so that memory is bounded.

use tokio_stream::StreamExt as _;

use super::{Connection, StoreError, signed};
use crate::{
    epochs::tally::{Part, Value, checkpoint_row, claim_row},
    log::Log,
};

/// A row, as the database stores it.
pub(crate) enum TallyRow<'a> {
    /// A donation: its receipt; its project key, amount and time; and whether it has an owner.
    Donation { receipt: &'a [u8], facts: [i64; 3], is_owned: bool },
    /// The values of any other row that are hashed.
    Other(&'a [Value<'a>]),
}

/// Reads the rows of a part, except the first `after` of them.
pub(crate) async fn each(
    connection: &mut Connection,
    part: Part,
    after: u64,
    mut seen: impl FnMut(TallyRow<'_>),
) -> Result<(), StoreError> {
    // If the database cannot hold the number, no row comes after it.
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    match part {
        Part::Cards => each_leaf(connection, Log::Cards, after, seen).await,
        Part::Persons => each_leaf(connection, Log::Persons, after, seen).await,
        Part::Records => each_leaf(connection, Log::DONATIONS, after, seen).await,
        Part::Donations => each_donation(connection, after, seen).await,
        Part::Institutions => {
            // Names belong to one log, and their ids are their numbers.
            let query = "SELECT log, institution, name FROM institutions WHERE institution > $1 \
                 ORDER BY log, institution";
            let mut rows = sqlx::query_as(query).bind(after).fetch(connection.sqlite());
            while let Some(row) = rows.next().await {
                let (log, institution, name): (i64, i64, String) = row?;
                seen(TallyRow::Other(&[log.into(), institution.into(), name.as_str().into()]));
            }
            Ok(())
        }
        Part::Projects => {
            let query = "SELECT log, project, institution, name FROM projects WHERE project > $1 \
                 ORDER BY log, project";
            let mut rows = sqlx::query_as(query).bind(after).fetch(connection.sqlite());
            while let Some(row) = rows.next().await {
                let (log, project, institution, name): (i64, i64, i64, String) = row?;
                let ids = [log, project, institution].map(Value::from);
                seen(TallyRow::Other(&[ids[0], ids[1], ids[2], name.as_str().into()]));
            }
            Ok(())
        }
        Part::Claims => each_claim(connection, after, seen).await,
        Part::Checkpoints => each_checkpoint(connection, after, seen).await,
    }
}

async fn each_leaf(
    connection: &mut Connection,
    log: Log,
    after: i64,
    mut seen: impl FnMut(TallyRow<'_>),
) -> Result<(), StoreError> {
    let query = match log {
        Log::Cards | Log::Persons => {
            "SELECT leaf FROM leaves WHERE log = $1 AND place >= $2 ORDER BY place"
        }
        Log::Donations(_) => {
            "SELECT leaf FROM records WHERE log = $1 AND place >= $2 ORDER BY place"
        }
    };
    let query = sqlx::query_scalar(query).bind(crate::log::id(log)).bind(after);
    let mut rows = query.fetch(connection.sqlite());
    while let Some(leaf) = rows.next().await {
        let leaf: Vec<u8> = leaf?;
        seen(TallyRow::Other(&[leaf.as_slice().into()]));
    }
    Ok(())
}

const DONATIONS: &str =
    "SELECT receipt, project_key, amount, time, place FROM receipts WHERE log = $1";

/// A row of [`DONATIONS`].
type Donation = (Vec<u8>, i64, i64, i64, Option<i64>);

async fn each_donation(
    connection: &mut Connection,
    after: i64,
    mut seen: impl FnMut(TallyRow<'_>),
) -> Result<(), StoreError> {
    // The ledger did not enter a row that has no number, or that has the number of a row which was
    // counted before.
    let query = match after {
        0 => format!("{DONATIONS} ORDER BY seq, receipt"),
        _ => format!("{DONATIONS} AND seq > $2 ORDER BY seq, receipt"),
    };
    let query = sqlx::query_as(sqlx::AssertSqlSafe(query)).bind(crate::log::id(Log::DONATIONS));
    let mut rows = query.bind(after).fetch(connection.sqlite());
    while let Some(row) = rows.next().await {
        let (receipt, project, amount, time, leaf_index): Donation = row?;
        let (facts, is_owned) = ([project, amount, time], leaf_index.is_some());
        seen(TallyRow::Donation { receipt: &receipt, facts, is_owned });
    }
    Ok(())
}

/// Reads the donations after the first `after`, up to number `last`. Calls `seen` with the receipt
/// of each, and with its project key, amount and time.
pub(crate) async fn each_donation_between(
    connection: &mut Connection,
    after: u64,
    last: u64,
    mut seen: impl FnMut(&[u8], [i64; 3]),
) -> Result<(), StoreError> {
    let query = format!("{DONATIONS} AND seq > $2 AND seq <= $3 ORDER BY seq, receipt");
    let query = sqlx::query_as(sqlx::AssertSqlSafe(query)).bind(crate::log::id(Log::DONATIONS));
    let query = query.bind(signed(after)?).bind(signed(last)?);
    let mut rows = query.fetch(connection.sqlite());
    while let Some(row) = rows.next().await {
        let (receipt, project, amount, time, _): Donation = row?;
        seen(&receipt, [project, amount, time]);
    }
    Ok(())
}

async fn each_claim(
    connection: &mut Connection,
    after: i64,
    mut seen: impl FnMut(TallyRow<'_>),
) -> Result<(), StoreError> {
    type Claim = (i64, Vec<u8>, Vec<u8>, Vec<u8>, Vec<u8>, i64, i64, String);
    let query = "SELECT claim, key_id, public_inputs, proof, payout, expiry, time, note \
         FROM claims WHERE claim > $1 ORDER BY claim";
    let mut rows = sqlx::query_as(query).bind(after).fetch(connection.sqlite());
    while let Some(row) = rows.next().await {
        let (claim, key_id, inputs, proof, payout, expiry, time, note): Claim = row?;
        let bytes = [key_id.as_slice(), &inputs, &proof, &payout];
        seen(TallyRow::Other(&claim_row(claim, bytes, [expiry, time], &note)));
    }
    Ok(())
}

async fn each_checkpoint(
    connection: &mut Connection,
    after: i64,
    mut seen: impl FnMut(TallyRow<'_>),
) -> Result<(), StoreError> {
    type Checkpoint = (i64, i64, i64, Option<Vec<u8>>, String);
    let query = "SELECT log, epoch, size, open_root, note FROM checkpoints ORDER BY epoch, log \
         LIMIT $1 OFFSET $2";
    let query = sqlx::query_as(query).bind(i64::MAX).bind(after);
    let mut rows = query.fetch(connection.sqlite());
    while let Some(row) = rows.next().await {
        let (log, epoch, size, open_root, note): Checkpoint = row?;
        seen(TallyRow::Other(&checkpoint_row([log, epoch, size], open_root.as_deref(), &note)));
    }
    Ok(())
}
