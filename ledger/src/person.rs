//! Persons: one leaf for each, until the first claim.

use std::collections::HashSet;

use sqlx::{QueryBuilder, Sqlite, SqliteConnection};
use wufu_circuits::{Address, Person};
use wufu_verifier::{Fr, encoding::field};

use crate::{
    append::AppendError,
    random,
    store::{ROWS, StoreError, element, signed, unsigned},
};

/// A person, and their key.
pub(crate) struct RegisteredPerson {
    pub(crate) person: Person,
    pub(crate) owner: Fr,
}

/// The leaves of persons, in their order, on the thread that calls.
pub(crate) fn leaves<'a>(persons: impl ExactSizeIterator<Item = &'a RegisteredPerson>) -> Vec<Fr> {
    Person::leaves(persons.map(|person| (&person.person, person.owner)))
}

impl RegisteredPerson {
    /// Hides a person's leaf behind a fresh salt.
    pub(crate) fn new(address: &Address) -> Self {
        Self { person: Person { salt: random::element() }, owner: address.pk }
    }
}

/// Checks that persons may still be registered, and that none of these is.
pub(crate) async fn check(
    connection: &mut SqliteConnection,
    persons: &[Address],
) -> Result<(), AppendError> {
    if persons.is_empty() {
        return Ok(());
    }
    let claims = sqlx::query_scalar("SELECT COUNT(*) FROM claims");
    let claims: i64 = claims.fetch_one(&mut *connection).await.map_err(StoreError::from)?;
    if claims > 0 {
        return Err(AppendError::Frozen);
    }
    let mut seen = HashSet::new();
    for address in persons {
        let owner = field::encode(&address.pk);
        let query = sqlx::query_scalar("SELECT place FROM persons WHERE owner = $1");
        let query = query.bind(owner.to_vec()).fetch_optional(&mut *connection);
        let place: Option<i64> = query.await.map_err(StoreError::from)?;
        if place.is_some() || !seen.insert(owner) {
            return Err(AppendError::Registered { address: address.to_string() });
        }
    }
    Ok(())
}

/// Remembers who was registered, from place `first` on.
pub(crate) async fn insert(
    connection: &mut SqliteConnection,
    first: u64,
    persons: &[RegisteredPerson],
) -> Result<(), StoreError> {
    let mut place = signed(first)?;
    for chunk in persons.chunks(ROWS) {
        let mut insert = QueryBuilder::<Sqlite>::new("INSERT INTO persons (owner, salt, place) ");
        insert.push_values(chunk, |mut row, registered| {
            row.push_bind(field::encode(&registered.owner).to_vec())
                .push_bind(field::encode(&registered.person.salt).to_vec())
                .push_bind(place);
            place += 1;
        });
        insert.build().execute(&mut *connection).await?;
    }
    Ok(())
}

/// A row of `persons`: owner, salt, place.
pub(crate) type PersonRow = (Vec<u8>, Vec<u8>, i64);

/// The person of a row, and their place.
pub(crate) fn of_row(row: &PersonRow) -> Result<(RegisteredPerson, u64), StoreError> {
    let (owner, salt, place) = row;
    let person = Person { salt: element("salt", salt)? };
    Ok((RegisteredPerson { person, owner: element("owner", owner)? }, unsigned("place", *place)?))
}
