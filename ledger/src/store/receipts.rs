//! Donations, with and without an owner: the table `receipts`, and the records of donations that
//! have an owner.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
};

use sqlx::{QueryBuilder, Sqlite};
use wufu_verifier::{Amount, Fr, ProjectKey, PublicKey, Time, encoding::field};

use super::{Connection, Facts, ROWS, StoreError, Transaction, element, facts, signed, unsigned};
use crate::{
    append::donation::{DonationRow, HashedDonation},
    log::Log,
};

const SELECT: &str = "SELECT receipt, project_key, amount, time, owner, rcm, place FROM receipts ";

/// A row: receipt, project key, amount, time, owner, rcm, place.
type Row = (Vec<u8>, i64, i64, i64, Option<Vec<u8>>, Option<Vec<u8>>, Option<i64>);

/// A donation that the ledger holds.
pub(crate) enum HeldDonation {
    /// A donation without an owner.
    Pending { receipt: Vec<u8> },
    /// A donation with an owner.
    Owned(OwnedDonation),
}

/// A donation that is a leaf.
pub(crate) struct OwnedDonation {
    pub(crate) receipt: Vec<u8>,
    pub(crate) project: ProjectKey,
    pub(crate) amount: Amount,
    pub(crate) time: Time,
    pub(crate) rcm: Fr,
    pub(crate) leaf_index: u64,
}

/// A donation's row. Its numbers have not been checked.
pub(crate) struct EnteredDonation {
    pub(crate) project: i64,
    pub(crate) amount: i64,
    pub(crate) time: i64,
    pub(crate) leaf_index: Option<i64>,
    /// The donation's number, in the order in which donations were entered.
    pub(crate) number: i64,
    pub(crate) owner: Option<Vec<u8>>,
}

/// What is needed to give a donation its owner.
pub(crate) struct OwnableDonation {
    /// The leaf index, if the donation already has an owner.
    pub(crate) leaf_index: Option<u64>,
    /// The donation's number, in the order in which donations were entered. 0 if it has none.
    pub(crate) number: u64,
    /// The public part, if its numbers are within their bounds.
    pub(crate) facts: Result<Facts, StoreError>,
}

/// Whether there are any donations.
async fn is_any(connection: &mut Connection) -> Result<bool, StoreError> {
    let query = sqlx::query_scalar("SELECT 1 FROM receipts WHERE log = $1 LIMIT 1");
    let query = query.bind(crate::log::id(Log::DONATIONS));
    let any: Option<i64> = query.fetch_optional(connection.sqlite()).await?;
    Ok(any.is_some())
}

/// Which of these receipts the ledger holds.
pub(crate) async fn held(
    connection: &mut Connection,
    receipts: &[&[u8]],
) -> Result<HashSet<Box<[u8]>>, StoreError> {
    let mut known = HashSet::new();
    let count = sqlx::query_scalar("SELECT COUNT(*) FROM receipts WHERE log = $1");
    let count: i64 =
        count.bind(crate::log::id(Log::DONATIONS)).fetch_one(connection.sqlite()).await?;
    if count == 0 {
        return Ok(known);
    }
    for receipts in receipts.chunks(ROWS) {
        let mut query = listed("SELECT receipt FROM receipts WHERE log = ", receipts);
        let query = query.build_query_scalar();
        let found: Vec<Vec<u8>> = query.fetch_all(connection.sqlite()).await?;
        known.extend(found.into_iter().map(Vec::into_boxed_slice));
    }
    Ok(known)
}

/// The donations that the ledger holds under these receipts.
pub(crate) async fn entered(
    connection: &mut Connection,
    receipts: &[&[u8]],
) -> Result<HashMap<Vec<u8>, EnteredDonation>, StoreError> {
    type Row = (Vec<u8>, i64, i64, i64, Option<i64>, Option<i64>, Option<Vec<u8>>);
    let mut held = HashMap::new();
    if !is_any(connection).await? {
        return Ok(held);
    }
    for receipts in receipts.chunks(ROWS) {
        let select = "SELECT receipt, project_key, amount, time, place, seq, owner FROM receipts \
                      WHERE log = ";
        let mut query = listed(select, receipts);
        let rows: Vec<Row> = query.build_query_as().fetch_all(connection.sqlite()).await?;
        for (receipt, project, amount, time, leaf_index, number, owner) in rows {
            let number = number.unwrap_or(0);
            let entered = EnteredDonation { project, amount, time, leaf_index, number, owner };
            held.insert(receipt, entered);
        }
    }
    Ok(held)
}

/// A query for the donations with these receipts.
fn listed(select: &str, receipts: &[&[u8]]) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::<Sqlite>::new(select);
    query.push_bind(crate::log::id(Log::DONATIONS)).push(" AND receipt IN (");
    let mut list = query.separated(", ");
    for receipt in receipts {
        list.push_bind(receipt.to_vec());
    }
    query.push(")");
    query
}

/// What is needed to give a donation its owner.
pub(crate) async fn ownable(
    connection: &mut Connection,
    receipt: &[u8],
) -> Result<Option<OwnableDonation>, StoreError> {
    type Row = (i64, i64, i64, Option<i64>, Option<i64>);
    let query = "SELECT project_key, amount, time, seq, place FROM receipts \
         WHERE log = $1 AND receipt = $2";
    let query = sqlx::query_as(query).bind(crate::log::id(Log::DONATIONS)).bind(receipt);
    let row: Option<Row> = query.fetch_optional(connection.sqlite()).await?;
    let Some((project, amount, time, seq, leaf_index)) = row else { return Ok(None) };
    let leaf_index = leaf_index.map(|leaf_index| unsigned("place", leaf_index)).transpose()?;
    let (number, facts) = (unsigned("seq", seq.unwrap_or(0))?, facts(project, amount, time));
    Ok(Some(OwnableDonation { leaf_index, number, facts }))
}

/// Gives a pending donation its owner and its leaf index.
pub(crate) async fn set_owner(
    tx: &mut Transaction<'_>,
    receipt: &[u8],
    (owner, rcm): (&PublicKey, &Fr),
    leaf_index: u64,
) -> Result<(), StoreError> {
    let update = "UPDATE receipts SET owner = $1, rcm = $2, place = $3 \
         WHERE log = $4 AND receipt = $5 AND place IS NULL";
    sqlx::query(update)
        .bind(owner.to_bytes().to_vec())
        .bind(field::encode(rcm).to_vec())
        .bind(signed(leaf_index)?)
        .bind(crate::log::id(Log::DONATIONS))
        .bind(receipt)
        .execute(tx.sqlite()?)
        .await?;
    Ok(())
}

/// Writes donations, with leaves from index `first` on. There are `before` donations already.
pub(crate) async fn insert(
    tx: &mut Transaction<'_>,
    (first, before): (u64, u64),
    rows: &[DonationRow],
    hashed: &[HashedDonation],
) -> Result<(), StoreError> {
    let log = crate::log::id(Log::DONATIONS);
    let (mut leaf_index, mut seq) = (signed(first)?, signed(before)?);
    for (rows, hashed) in rows.chunks(ROWS).zip(hashed.chunks(ROWS)) {
        let mut receipts = QueryBuilder::<Sqlite>::new(
            "INSERT INTO receipts \
             (log, receipt, project_key, amount, time, seq, owner, rcm, place) ",
        );
        let mut next = leaf_index;
        receipts.push_values(rows.iter().zip(hashed), |mut out, (row, hashed)| {
            out.push_bind(log).push_bind(row.receipt.to_vec());
            for fact in row.facts(hashed.project) {
                out.push_bind(fact);
            }
            seq += 1;
            out.push_bind(seq);
            let (leaf, bytes) = (hashed.leaf.as_ref(), |value: &Fr| field::encode(value).to_vec());
            out.push_bind(leaf.map(|leaf| leaf.owner.to_bytes().to_vec()));
            out.push_bind(leaf.map(|leaf| bytes(&leaf.rcm))).push_bind(leaf.map(|_| next));
            next += i64::from(leaf.is_some());
        });
        receipts.build().execute(tx.sqlite()?).await?;
        if next == leaf_index {
            continue;
        }
        let mut records = QueryBuilder::<Sqlite>::new(
            "INSERT INTO records (log, place, project_key, amount, time, own, leaf) ",
        );
        let owned = rows.iter().zip(hashed);
        let owned = owned.filter_map(|(row, hashed)| Some((row, hashed, hashed.leaf.as_ref()?)));
        records.push_values(owned, |mut out, (row, hashed, leaf)| {
            out.push_bind(log).push_bind(leaf_index);
            for fact in row.facts(hashed.project) {
                out.push_bind(fact);
            }
            out.push_bind(field::encode(&leaf.own).to_vec());
            out.push_bind(field::encode(&leaf.leaf).to_vec());
            leaf_index += 1;
        });
        records.build().execute(tx.sqlite()?).await?;
    }
    Ok(())
}

/// Reads one donation.
pub(crate) async fn read(
    connection: &mut Connection,
    receipt: &[u8],
) -> Result<Option<HeldDonation>, StoreError> {
    let query = format!("{SELECT} WHERE log = $1 AND receipt = $2");
    let query = sqlx::query_as(sqlx::AssertSqlSafe(query)).bind(crate::log::id(Log::DONATIONS));
    let row: Option<Row> = query.bind(receipt).fetch_optional(connection.sqlite()).await?;
    row.map(of_row).transpose()
}

/// The donations in a range of leaf indices, in order.
pub(crate) async fn between(
    connection: &mut Connection,
    indices: &Range<u64>,
) -> Result<Vec<HeldDonation>, StoreError> {
    let query = format!("{SELECT} WHERE place >= $1 AND place < $2 ORDER BY place");
    let query = sqlx::query_as(sqlx::AssertSqlSafe(query)).bind(signed(indices.start)?);
    let rows: Vec<Row> = query.bind(signed(indices.end)?).fetch_all(connection.sqlite()).await?;
    rows.into_iter().map(of_row).collect()
}

/// An owner's donations with leaf indices below `end`, in order.
pub(crate) async fn of_owner(
    connection: &mut Connection,
    owner: &PublicKey,
    end: u64,
) -> Result<Vec<HeldDonation>, StoreError> {
    let query = format!("{SELECT} WHERE owner = $1 ORDER BY place");
    let query = sqlx::query_as(sqlx::AssertSqlSafe(query)).bind(owner.to_bytes().to_vec());
    let rows: Vec<Row> = query.fetch_all(connection.sqlite()).await?;
    let is_before =
        |leaf_index: i64| u64::try_from(leaf_index).is_ok_and(|leaf_index| leaf_index < end);
    let rows = rows.into_iter().filter(|row| row.6.is_some_and(is_before));
    rows.map(of_row).collect()
}

/// The donation in a row.
fn of_row(
    (receipt, project, amount, time, _, rcm, leaf_index): Row,
) -> Result<HeldDonation, StoreError> {
    let (Some(rcm), Some(leaf_index)) = (rcm, leaf_index) else {
        return Ok(HeldDonation::Pending { receipt });
    };
    let (project, amount, time) = facts(project, amount, time)?;
    let (rcm, leaf_index) = (element("rcm", &rcm)?, unsigned("place", leaf_index)?);
    Ok(HeldDonation::Owned(OwnedDonation { receipt, project, amount, time, rcm, leaf_index }))
}
