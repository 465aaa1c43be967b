//! One entry under audit: what is public, and the secrets from which it was made.

use std::{fmt, ops::Range};

use sqlx::{Row as _, SqliteConnection, sqlite::SqliteRow};
use wufu_circuits::Ownership;
use wufu_verifier::{Amount, Fr, ProjectKey, Record, Time, hash::merkle::EMPTY};

use crate::{
    card::{self, IssuedCard},
    grant,
    log::Log,
    person::{self, RegisteredPerson},
    store::{StoreError, element, signed, unsigned},
};

/// What is wrong with an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// The leaf is no field element, or 0.
    Leaf,
    /// A number of the record is out of its bounds.
    Record,
    /// The public record does not make the leaf.
    RecordLeaf,
    /// Nothing says for whom the entry was made.
    Unissued,
    /// What was issued does not make the entry.
    Issued,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Leaf => "the leaf is no field element",
            Self::Record => "a number of the record is out of its bounds",
            Self::RecordLeaf => "the record does not make the leaf",
            Self::Unissued => "nothing says for whom it was made",
            Self::Issued => "what was issued to its owner does not make it",
        })
    }
}

/// An entry of a log.
pub(crate) struct Entry {
    pub(crate) place: u64,
    pub(crate) leaf: Option<Fr>,
    source: Source,
}

/// What the leaf must come from.
enum Source {
    /// Nothing was issued.
    Missing,
    /// What was issued cannot be read.
    Broken,
    /// A card.
    Card(IssuedCard),
    /// A person.
    Person(RegisteredPerson),
    /// The public record, and what the operator knows of it.
    Record { public: Option<Record>, private: Option<Receipt> },
}

/// The operator's side of a record.
struct Receipt {
    name: Vec<u8>,
    public: Option<(ProjectKey, Amount, Time)>,
    owner: Option<Fr>,
    rcm: Option<Fr>,
}

/// What is wrong with entries, each by its place. On the thread that calls.
pub(crate) fn problems(entries: &[Entry]) -> Vec<(u64, Problem)> {
    let sources = || entries.iter().map(|entry| &entry.source).enumerate();
    // What each source makes: the leaf, and for a record also the owner's part of it.
    let mut leaves = vec![None; entries.len()];
    let mut owns = leaves.clone();
    let cards = sources().filter_map(|(at, source)| match source {
        Source::Card(card) => Some((at, card)),
        _ => None,
    });
    let (at, cards): (Vec<usize>, Vec<&IssuedCard>) = cards.unzip();
    put(&mut leaves, &at, card::leaves(cards.into_iter()));
    let persons = sources().filter_map(|(at, source)| match source {
        Source::Person(person) => Some((at, person)),
        _ => None,
    });
    let (at, persons): (Vec<usize>, Vec<&RegisteredPerson>) = persons.unzip();
    put(&mut leaves, &at, person::leaves(persons.into_iter()));
    let records = sources().filter_map(|(at, source)| match source {
        Source::Record { public, .. } => Some((at, (*public)?)),
        _ => None,
    });
    let (at, records): (Vec<usize>, Vec<Record>) = records.unzip();
    put(&mut leaves, &at, Record::leaves(&records));
    let receipts = sources().filter_map(|(at, source)| match source {
        Source::Record { private: Some(Receipt { name, rcm, owner, .. }), .. } => {
            Some((at, (Ownership::new(name, (*rcm)?), (*owner)?)))
        }
        _ => None,
    });
    let (at, receipts): (Vec<usize>, Vec<(Ownership, Fr)>) = receipts.unzip();
    let made = Ownership::own_many(receipts.iter().map(|(of, owner)| (of, *owner)));
    put(&mut owns, &at, made);
    let made = entries.iter().zip(leaves.into_iter().zip(owns));
    made.filter_map(|(entry, (leaf, own))| Some((entry.place, entry.problem(leaf, own)?))).collect()
}

fn put(all: &mut [Option<Fr>], at: &[usize], made: Vec<Fr>) {
    for (at, made) in at.iter().zip(made) {
        all[*at] = Some(made);
    }
}

impl Entry {
    /// What is wrong with the entry, if anything. `made` is the leaf that its source makes, `own` the owner's part that its receipt makes.
    fn problem(&self, made: Option<Fr>, own: Option<Fr>) -> Option<Problem> {
        let Some(leaf) = self.leaf else { return Some(Problem::Leaf) };
        match &self.source {
            Source::Missing => Some(Problem::Unissued),
            Source::Broken => Some(Problem::Issued),
            Source::Card(_) | Source::Person(_) => (made != Some(leaf)).then_some(Problem::Issued),
            Source::Record { public: None, .. } => Some(Problem::Record),
            Source::Record { .. } if made != Some(leaf) => Some(Problem::RecordLeaf),
            Source::Record { private: None, .. } => Some(Problem::Unissued),
            Source::Record { public: Some(record), private: Some(receipt) } => {
                let (public, own) = (receipt.public, own);
                let issued = public.zip(own).map(|((project, amount, time), own)| Record {
                    project,
                    amount,
                    time,
                    own,
                });
                (issued != Some(*record)).then_some(Problem::Issued)
            }
        }
    }
}

/// Entries of the card log.
pub(crate) async fn cards(
    reader: &mut SqliteConnection,
    org: &str,
    places: Range<u64>,
) -> Result<Vec<Entry>, StoreError> {
    type Row =
        (i64, Vec<u8>, Option<i64>, Option<i64>, Option<Vec<u8>>, Option<Vec<u8>>, Option<i64>);
    let query = "SELECT l.place, l.leaf, c.serial, c.kind, c.owner, c.rcm, c.place \
         FROM leaves l LEFT JOIN cards c ON c.place = l.place \
         WHERE l.log = $1 AND l.place >= $2 AND l.place < $3 ORDER BY l.place";
    let query = sqlx::query_as(query).bind(Log::Cards.id()).bind(signed(places.start)?);
    let rows: Vec<Row> = query.bind(signed(places.end)?).fetch_all(reader).await?;
    let entry = |(place, leaf, serial, kind, owner, rcm, at): Row| {
        let source = match (serial, kind, owner, rcm, at) {
            (Some(serial), Some(kind), Some(owner), Some(rcm), Some(at)) => {
                let row = card::of_row(org, &(serial, kind, owner, rcm, at));
                row.map_or(Source::Broken, |(card, _)| Source::Card(card))
            }
            _ => Source::Missing,
        };
        Ok(Entry { place: unsigned("place", place)?, leaf: nonzero(&leaf), source })
    };
    rows.into_iter().map(entry).collect()
}

/// Entries of the person log.
pub(crate) async fn persons(
    reader: &mut SqliteConnection,
    places: Range<u64>,
) -> Result<Vec<Entry>, StoreError> {
    type Row = (i64, Vec<u8>, Option<Vec<u8>>, Option<Vec<u8>>, Option<i64>);
    let query = "SELECT l.place, l.leaf, p.owner, p.salt, p.place \
         FROM leaves l LEFT JOIN persons p ON p.place = l.place \
         WHERE l.log = $1 AND l.place >= $2 AND l.place < $3 ORDER BY l.place";
    let query = sqlx::query_as(query).bind(Log::Persons.id()).bind(signed(places.start)?);
    let rows: Vec<Row> = query.bind(signed(places.end)?).fetch_all(reader).await?;
    let entry = |(place, leaf, owner, salt, at): Row| {
        let source = match (owner, salt, at) {
            (Some(owner), Some(salt), Some(at)) => {
                let row = person::of_row(&(owner, salt, at));
                row.map_or(Source::Broken, |(person, _)| Source::Person(person))
            }
            _ => Source::Missing,
        };
        Ok(Entry { place: unsigned("place", place)?, leaf: nonzero(&leaf), source })
    };
    rows.into_iter().map(entry).collect()
}

/// Entries of the donation log.
pub(crate) async fn records(
    reader: &mut SqliteConnection,
    places: Range<u64>,
) -> Result<Vec<Entry>, StoreError> {
    let query = "SELECT e.place, e.leaf, e.project_key, e.amount, e.time, e.own, \
         r.receipt, r.project_key, r.amount, r.time, r.owner, r.rcm \
         FROM records e LEFT JOIN receipts r ON r.log = e.log AND r.place = e.place \
         WHERE e.log = $1 AND e.place >= $2 AND e.place < $3 ORDER BY e.place";
    let query = sqlx::query(query).bind(Log::Donations.id()).bind(signed(places.start)?);
    let rows = query.bind(signed(places.end)?).fetch_all(reader).await?;
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
                owner: optional(row.try_get(10)?),
                rcm: optional(row.try_get(11)?),
            }),
        };
        let source = Source::Record { public, private };
        Ok(Entry { place: unsigned("place", row.try_get(0)?)?, leaf: nonzero(&leaf), source })
    };
    rows.into_iter().map(entry).collect()
}

fn triple(project: i64, amount: i64, time: i64) -> Option<(ProjectKey, Amount, Time)> {
    grant::public(project, amount, time).ok()
}

fn optional(bytes: Option<Vec<u8>>) -> Option<Fr> {
    element("element", &bytes?).ok()
}

fn nonzero(leaf: &[u8]) -> Option<Fr> {
    element("leaf", leaf).ok().filter(|leaf| *leaf != EMPTY)
}
