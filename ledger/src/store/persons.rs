//! Registered persons: the table `persons`.

use std::ops::Range;

use sqlx::{QueryBuilder, Sqlite};
use wufu_circuits::Person;
use wufu_verifier::{PublicKey, encoding::field};

use super::{Connection, ROWS, StoreError, Transaction, element, signed, unsigned};
use crate::append::person::RegisteredPerson;

const SELECT: &str = "SELECT owner, salt, place FROM persons ";

/// A row: owner, salt, place.
pub(super) type Row = (Vec<u8>, Vec<u8>, i64);

/// Whether a person is registered with this public key.
pub(crate) async fn is_registered(
    connection: &mut Connection,
    owner: &PublicKey,
) -> Result<bool, StoreError> {
    let query = sqlx::query_scalar("SELECT place FROM persons WHERE owner = $1");
    let query = query.bind(owner.to_bytes().to_vec());
    let leaf_index: Option<i64> = query.fetch_optional(connection.sqlite()).await?;
    Ok(leaf_index.is_some())
}

/// Writes persons, with leaves from index `first` on.
pub(crate) async fn insert(
    tx: &mut Transaction<'_>,
    first: u64,
    persons: &[RegisteredPerson],
) -> Result<(), StoreError> {
    let mut leaf_index = signed(first)?;
    for chunk in persons.chunks(ROWS) {
        let mut insert = QueryBuilder::<Sqlite>::new("INSERT INTO persons (owner, salt, place) ");
        insert.push_values(chunk, |mut row, registered| {
            row.push_bind(registered.owner.to_bytes().to_vec())
                .push_bind(field::encode(&registered.person.salt).to_vec())
                .push_bind(leaf_index);
            leaf_index += 1;
        });
        insert.build().execute(tx.sqlite()?).await?;
    }
    Ok(())
}

/// The persons in a range of leaf indices, each with the index, in order.
pub(crate) async fn between(
    connection: &mut Connection,
    indices: &Range<u64>,
) -> Result<Vec<(RegisteredPerson, u64)>, StoreError> {
    let query = format!("{SELECT} WHERE place >= $1 AND place < $2 ORDER BY place");
    let query = sqlx::query_as(sqlx::AssertSqlSafe(query)).bind(signed(indices.start)?);
    let rows: Vec<Row> = query.bind(signed(indices.end)?).fetch_all(connection.sqlite()).await?;
    rows.iter().map(of_row).collect()
}

/// What was registered for an owner at leaf indices below `end`, each with its index, in order.
pub(crate) async fn of_owner(
    connection: &mut Connection,
    owner: &PublicKey,
    end: u64,
) -> Result<Vec<(RegisteredPerson, u64)>, StoreError> {
    let query = format!("{SELECT} WHERE owner = $1 ORDER BY place");
    let query = sqlx::query_as(sqlx::AssertSqlSafe(query)).bind(owner.to_bytes().to_vec());
    let rows: Vec<Row> = query.fetch_all(connection.sqlite()).await?;
    let rows =
        rows.iter().filter(|row| u64::try_from(row.2).is_ok_and(|leaf_index| leaf_index < end));
    rows.map(of_row).collect()
}

/// The number of persons.
pub(crate) async fn count(connection: &mut Connection) -> Result<u64, StoreError> {
    let query = sqlx::query_scalar("SELECT COUNT(*) FROM persons");
    unsigned("count", query.fetch_one(connection.sqlite()).await?)
}

/// The person in a row, and the leaf index.
pub(super) fn of_row(row: &Row) -> Result<(RegisteredPerson, u64), StoreError> {
    let (owner, salt, leaf_index) = row;
    let person = Person { salt: element("salt", salt)? };
    Ok((
        RegisteredPerson { person, owner: PublicKey(element("owner", owner)?) },
        unsigned("place", *leaf_index)?,
    ))
}
