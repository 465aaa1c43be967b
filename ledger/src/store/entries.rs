//! Entries for the audit: each leaf, together with what it was made from. A row that cannot be read
//! is part of the result, and not an error.

use std::ops::Range;

use sqlx::{Row as _, sqlite::SqliteRow};
use wufu_verifier::{Fr, PublicKey, Record, hash::merkle::EMPTY};

use super::{Connection, Facts, StoreError, cards, element, facts, persons, signed, unsigned};
use crate::{
    audit::entry::{AuditEntry, EntrySource, Receipt},
    log::Log,
};

/// The entries of a log of `org` in a range of leaf indices.
pub(crate) async fn read(
    connection: &mut Connection,
    log: Log,
    org: &str,
    indices: Range<u64>,
) -> Result<Vec<AuditEntry>, StoreError> {
    match log {
        Log::Cards => of_cards(connection, org, indices).await,
        Log::Persons => of_persons(connection, indices).await,
        Log::Donations(_) => of_records(connection, indices).await,
    }
}

async fn of_cards(
    connection: &mut Connection,
    org: &str,
    indices: Range<u64>,
) -> Result<Vec<AuditEntry>, StoreError> {
    type Row =
        (i64, Vec<u8>, Option<i64>, Option<i64>, Option<Vec<u8>>, Option<Vec<u8>>, Option<i64>);
    let query = "SELECT l.place, l.leaf, c.serial, c.kind, c.owner, c.rcm, c.place \
         FROM leaves l LEFT JOIN cards c ON c.place = l.place \
         WHERE l.log = $1 AND l.place >= $2 AND l.place < $3 ORDER BY l.place";
    let query = sqlx::query_as(query).bind(crate::log::id(Log::Cards)).bind(signed(indices.start)?);
    let rows: Vec<Row> = query.bind(signed(indices.end)?).fetch_all(connection.sqlite()).await?;
    let entry = |(leaf_index, leaf, serial, kind, owner, rcm, at): Row| {
        let source = match (serial, kind, owner, rcm, at) {
            (Some(serial), Some(kind), Some(owner), Some(rcm), Some(at)) => {
                let row = cards::of_row(org, &(serial, kind, owner, rcm, at));
                row.map_or(EntrySource::Broken, |(card, _)| EntrySource::Card(card))
            }
            _ => EntrySource::Missing,
        };
        Ok(AuditEntry { leaf_index: unsigned("place", leaf_index)?, leaf: nonzero(&leaf), source })
    };
    rows.into_iter().map(entry).collect()
}

async fn of_persons(
    connection: &mut Connection,
    indices: Range<u64>,
) -> Result<Vec<AuditEntry>, StoreError> {
    type Row = (i64, Vec<u8>, Option<Vec<u8>>, Option<Vec<u8>>, Option<i64>);
    let query = "SELECT l.place, l.leaf, p.owner, p.salt, p.place \
         FROM leaves l LEFT JOIN persons p ON p.place = l.place \
         WHERE l.log = $1 AND l.place >= $2 AND l.place < $3 ORDER BY l.place";
    let query =
        sqlx::query_as(query).bind(crate::log::id(Log::Persons)).bind(signed(indices.start)?);
    let rows: Vec<Row> = query.bind(signed(indices.end)?).fetch_all(connection.sqlite()).await?;
    let entry = |(leaf_index, leaf, owner, salt, at): Row| {
        let source = match (owner, salt, at) {
            (Some(owner), Some(salt), Some(at)) => {
                let row = persons::of_row(&(owner, salt, at));
                row.map_or(EntrySource::Broken, |(person, _)| EntrySource::Person(person))
            }
            _ => EntrySource::Missing,
        };
        Ok(AuditEntry { leaf_index: unsigned("place", leaf_index)?, leaf: nonzero(&leaf), source })
    };
    rows.into_iter().map(entry).collect()
}

async fn of_records(
    connection: &mut Connection,
    indices: Range<u64>,
) -> Result<Vec<AuditEntry>, StoreError> {
    let query = "SELECT e.place, e.leaf, e.project_key, e.amount, e.time, e.own, \
         r.receipt, r.project_key, r.amount, r.time, r.owner, r.rcm \
         FROM records e LEFT JOIN receipts r ON r.log = e.log AND r.place = e.place \
         WHERE e.log = $1 AND e.place >= $2 AND e.place < $3 ORDER BY e.place";
    let query =
        sqlx::query(query).bind(crate::log::id(Log::DONATIONS)).bind(signed(indices.start)?);
    let rows = query.bind(signed(indices.end)?).fetch_all(connection.sqlite()).await?;
    let entry = |row: SqliteRow| {
        let (leaf, own): (Vec<u8>, Vec<u8>) = (row.try_get(1)?, row.try_get(5)?);
        let public = triple(row.try_get(2)?, row.try_get(3)?, row.try_get(4)?);
        let public = public.zip(element("own", &own).ok());
        let public =
            public.map(|((project, amount, time), own)| Record { project, amount, time, own });
        let private = match row.try_get::<Option<Vec<u8>>, _>(6)? {
            None => None,
            Some(name) => Some(Receipt {
                name,
                public: triple(row.try_get(7)?, row.try_get(8)?, row.try_get(9)?),
                owner: optional(row.try_get(10)?).map(PublicKey),
                rcm: optional(row.try_get(11)?),
            }),
        };
        let source = EntrySource::Record { public, private };
        Ok(AuditEntry {
            leaf_index: unsigned("place", row.try_get(0)?)?,
            leaf: nonzero(&leaf),
            source,
        })
    };
    rows.into_iter().map(entry).collect()
}

fn triple(project: i64, amount: i64, time: i64) -> Option<Facts> {
    facts(project, amount, time).ok()
}

fn optional(bytes: Option<Vec<u8>>) -> Option<Fr> {
    element("element", &bytes?).ok()
}

fn nonzero(leaf: &[u8]) -> Option<Fr> {
    element("leaf", leaf).ok().filter(|leaf| *leaf != EMPTY)
}
