//! Cards: issued to a person under a serial number, once.

use std::collections::BTreeSet;

use sqlx::{QueryBuilder, Sqlite, SqliteConnection};
use wufu_circuits::card::{Card, Kind};
use wufu_proto::append::CardIssue;
use wufu_verifier::{Fr, encoding::field};

use crate::{
    append::AppendError,
    random,
    store::{ROWS, StoreError, element, signed, unsigned},
};

/// A card, and whose it is.
pub(crate) struct IssuedCard {
    pub(crate) card: Card,
    pub(crate) serial: u64,
    pub(crate) owner: Fr,
}

/// The leaves of cards, in their order, on the thread that calls.
pub(crate) fn leaves<'a>(cards: impl ExactSizeIterator<Item = &'a IssuedCard>) -> Vec<Fr> {
    Card::commitments(cards.map(|card| (&card.card, card.owner)))
}

/// Gives every card a serial that was not issued: its own, or the next one.
pub(crate) async fn serials(
    connection: &mut SqliteConnection,
    cards: &[CardIssue],
) -> Result<Vec<u64>, AppendError> {
    let mut asked = BTreeSet::new();
    for serial in cards.iter().filter_map(|card| card.serial) {
        let found = sqlx::query_scalar("SELECT serial FROM cards WHERE serial = $1")
            .bind(i64::try_from(serial).map_err(|_| AppendError::SerialRange { serial })?)
            .fetch_optional(&mut *connection)
            .await
            .map_err(StoreError::from)?;
        let issued: Option<i64> = found;
        if issued.is_some() || !asked.insert(serial) {
            return Err(AppendError::Serial { serial });
        }
    }
    let newest = sqlx::query_scalar("SELECT MAX(serial) FROM cards");
    let newest: Option<i64> = newest.fetch_one(connection).await.map_err(StoreError::from)?;
    let mut next = newest.map_or(Ok(1), |newest| unsigned("serial", newest).map(|n| n + 1))?;
    let mut serials = Vec::with_capacity(cards.len());
    for card in cards {
        serials.push(match card.serial {
            Some(serial) => serial,
            None => {
                while asked.contains(&next) {
                    next += 1;
                }
                if i64::try_from(next).is_err() {
                    return Err(AppendError::SerialRange { serial: next });
                }
                next += 1;
                next - 1
            }
        });
    }
    Ok(serials)
}

/// The card of an order.
pub(crate) fn issue(org: &str, order: &CardIssue, serial: u64) -> IssuedCard {
    let card = Card::issued(order.kind, org, serial, random::element());
    IssuedCard { card, serial, owner: order.address.pk }
}

/// Remembers what was issued to whom, from place `first` on.
pub(crate) async fn insert(
    connection: &mut SqliteConnection,
    first: u64,
    cards: &[IssuedCard],
) -> Result<(), StoreError> {
    let mut place = signed(first)?;
    for chunk in cards.chunks(ROWS) {
        let mut insert =
            QueryBuilder::<Sqlite>::new("INSERT INTO cards (serial, kind, owner, rcm, place) ");
        insert.push_values(chunk, |mut row, issued| {
            // Serials were checked to be below 2^63.
            row.push_bind(issued.serial as i64)
                .push_bind(issued.card.kind.index() as i64)
                .push_bind(field::encode(&issued.owner).to_vec())
                .push_bind(field::encode(&issued.card.rcm).to_vec())
                .push_bind(place);
            place += 1;
        });
        insert.build().execute(&mut *connection).await?;
    }
    Ok(())
}

/// A row of `cards`: serial, kind, owner, rcm, place.
pub(crate) type CardRow = (i64, i64, Vec<u8>, Vec<u8>, i64);

/// The card of a row, and its place.
pub(crate) fn of_row(org: &str, row: &CardRow) -> Result<(IssuedCard, u64), StoreError> {
    let (serial, kind, owner, rcm, place) = row;
    let kind = usize::try_from(*kind).ok().and_then(Kind::from_index);
    let kind = kind.ok_or(StoreError::Broken { what: "kind" })?;
    let serial = unsigned("serial", *serial)?;
    let card = Card::issued(kind, org, serial, element("rcm", rcm)?);
    let owner = element("owner", owner)?;
    Ok((IssuedCard { card, serial, owner }, unsigned("place", *place)?))
}
