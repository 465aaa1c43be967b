//! Which card was issued to whom: the table `cards`.

use std::ops::Range;

use sqlx::{QueryBuilder, Sqlite};
use wufu_circuits::card::{Card, Kind};
use wufu_verifier::{PublicKey, encoding::field};

use super::{Connection, ROWS, StoreError, Transaction, element, signed, unsigned};
use crate::append::card::IssuedCard;

const SELECT: &str = "SELECT serial, kind, owner, rcm, place FROM cards ";

/// A row: serial, kind, owner, rcm, place.
pub(super) type Row = (i64, i64, Vec<u8>, Vec<u8>, i64);

/// Whether a card with this serial was issued.
pub(crate) async fn is_issued(
    connection: &mut Connection,
    serial: u64,
) -> Result<bool, StoreError> {
    let query = sqlx::query_scalar("SELECT serial FROM cards WHERE serial = $1");
    let found: Option<i64> =
        query.bind(signed(serial)?).fetch_optional(connection.sqlite()).await?;
    Ok(found.is_some())
}

/// The highest serial, if there are cards.
pub(crate) async fn highest_serial(connection: &mut Connection) -> Result<Option<u64>, StoreError> {
    let query = sqlx::query_scalar("SELECT MAX(serial) FROM cards");
    let highest: Option<i64> = query.fetch_one(connection.sqlite()).await?;
    highest.map(|serial| unsigned("serial", serial)).transpose()
}

/// Writes cards, with leaves from index `first` on. Their serials are below 2^63.
pub(crate) async fn insert(
    tx: &mut Transaction<'_>,
    first: u64,
    cards: &[IssuedCard],
) -> Result<(), StoreError> {
    let mut leaf_index = signed(first)?;
    for chunk in cards.chunks(ROWS) {
        let mut insert =
            QueryBuilder::<Sqlite>::new("INSERT INTO cards (serial, kind, owner, rcm, place) ");
        insert.push_values(chunk, |mut row, issued| {
            // The serials were checked: they are below 2^63.
            row.push_bind(issued.serial as i64)
                .push_bind(issued.card.kind.index() as i64)
                .push_bind(issued.owner.to_bytes().to_vec())
                .push_bind(field::encode(&issued.card.rcm).to_vec())
                .push_bind(leaf_index);
            leaf_index += 1;
        });
        insert.build().execute(tx.sqlite()?).await?;
    }
    Ok(())
}

/// The cards in a range of leaf indices, each with its index, in order.
pub(crate) async fn between(
    connection: &mut Connection,
    org: &str,
    indices: &Range<u64>,
) -> Result<Vec<(IssuedCard, u64)>, StoreError> {
    let query = format!("{SELECT} WHERE place >= $1 AND place < $2 ORDER BY place");
    let query = sqlx::query_as(sqlx::AssertSqlSafe(query)).bind(signed(indices.start)?);
    let rows: Vec<Row> = query.bind(signed(indices.end)?).fetch_all(connection.sqlite()).await?;
    rows.iter().map(|row| of_row(org, row)).collect()
}

/// An owner's cards with leaf indices below `end`, each with its index, in order.
pub(crate) async fn of_owner(
    connection: &mut Connection,
    org: &str,
    owner: &PublicKey,
    end: u64,
) -> Result<Vec<(IssuedCard, u64)>, StoreError> {
    let query = format!("{SELECT} WHERE owner = $1 ORDER BY place");
    let query = sqlx::query_as(sqlx::AssertSqlSafe(query)).bind(owner.to_bytes().to_vec());
    let rows: Vec<Row> = query.fetch_all(connection.sqlite()).await?;
    let rows =
        rows.iter().filter(|row| u64::try_from(row.4).is_ok_and(|leaf_index| leaf_index < end));
    rows.map(|row| of_row(org, row)).collect()
}

/// The number of cards.
pub(crate) async fn count(connection: &mut Connection) -> Result<u64, StoreError> {
    let query = sqlx::query_scalar("SELECT COUNT(*) FROM cards");
    unsigned("count", query.fetch_one(connection.sqlite()).await?)
}

/// The card in a row, and its leaf index.
pub(super) fn of_row(org: &str, row: &Row) -> Result<(IssuedCard, u64), StoreError> {
    let (serial, kind, owner, rcm, leaf_index) = row;
    let kind = usize::try_from(*kind).ok().and_then(Kind::from_index);
    let kind = kind.ok_or(StoreError::Broken { what: "kind" })?;
    let serial = unsigned("serial", *serial)?;
    let card = Card::issued(kind, org, serial, element("rcm", rcm)?);
    let owner = PublicKey(element("owner", owner)?);
    Ok((IssuedCard { card, serial, owner }, unsigned("place", *leaf_index)?))
}
