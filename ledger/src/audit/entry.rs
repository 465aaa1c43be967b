//! The audit of one entry: its public part, and the secrets that it was made from.

use std::fmt;

use wufu_circuits::Ownership;
use wufu_verifier::{Amount, Fr, ProjectKey, PublicKey, Record, Time};

use crate::append::{
    card::{self, IssuedCard},
    person::{self, RegisteredPerson},
};

/// What is wrong with an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// The leaf is not a field element, or it is 0.
    Leaf,
    /// A number in the record is out of bounds.
    Record,
    /// The leaf does not match its public record.
    RecordLeaf,
    /// There is no record of the owner for whom the entry was made.
    Unissued,
    /// The entry does not match what was issued to its owner.
    Issued,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Leaf => "the leaf is not a field element",
            Self::Record => "a number in the record is out of bounds",
            Self::RecordLeaf => "the leaf does not match its record",
            Self::Unissued => "there is no record of its owner",
            Self::Issued => "it does not match what was issued to its owner",
        })
    }
}

/// An entry of a log.
pub(crate) struct AuditEntry {
    pub(crate) leaf_index: u64,
    pub(crate) leaf: Option<Fr>,
    pub(crate) source: EntrySource,
}

/// What the leaf was made from.
pub(crate) enum EntrySource {
    /// Nothing was issued.
    Missing,
    /// What was issued cannot be read.
    Broken,
    /// A card.
    Card(IssuedCard),
    /// A person.
    Person(RegisteredPerson),
    /// The public record, and what the operator stores about it.
    Record { public: Option<Record>, private: Option<Receipt> },
}

/// The operator's part of a record.
pub(crate) struct Receipt {
    pub(crate) name: Vec<u8>,
    pub(crate) public: Option<(ProjectKey, Amount, Time)>,
    pub(crate) owner: Option<PublicKey>,
    pub(crate) rcm: Option<Fr>,
}

/// What is wrong with the entries, each with its leaf index. Computed on the calling thread.
pub(crate) fn problems(entries: &[AuditEntry]) -> Vec<(u64, Problem)> {
    let sources = || entries.iter().map(|entry| &entry.source).enumerate();
    // What each source hashes to: the leaf and, for a record, also the owner's part of it.
    let mut leaves = vec![None; entries.len()];
    let mut owns = leaves.clone();
    let cards = sources().filter_map(|(at, source)| match source {
        EntrySource::Card(card) => Some((at, card)),
        _ => None,
    });
    let (at, cards): (Vec<usize>, Vec<&IssuedCard>) = cards.unzip();
    put(&mut leaves, &at, card::leaves(cards.into_iter()));
    let persons = sources().filter_map(|(at, source)| match source {
        EntrySource::Person(person) => Some((at, person)),
        _ => None,
    });
    let (at, persons): (Vec<usize>, Vec<&RegisteredPerson>) = persons.unzip();
    put(&mut leaves, &at, person::leaves(persons.into_iter()));
    let records = sources().filter_map(|(at, source)| match source {
        EntrySource::Record { public, .. } => Some((at, (*public)?)),
        _ => None,
    });
    let (at, records): (Vec<usize>, Vec<Record>) = records.unzip();
    put(&mut leaves, &at, Record::leaves(&records));
    let receipts = sources().filter_map(|(at, source)| match source {
        EntrySource::Record { private: Some(Receipt { name, rcm, owner, .. }), .. } => {
            Some((at, (Ownership::new(name, (*rcm)?), (*owner)?)))
        }
        _ => None,
    });
    let (at, receipts): (Vec<usize>, Vec<(Ownership, PublicKey)>) = receipts.unzip();
    let made = Ownership::own_many(receipts.iter().map(|(of, owner)| (of, *owner)));
    put(&mut owns, &at, made);
    let made = entries.iter().zip(leaves.into_iter().zip(owns));
    made.filter_map(|(entry, (leaf, own))| Some((entry.leaf_index, entry.problem(leaf, own)?)))
        .collect()
}

fn put(all: &mut [Option<Fr>], at: &[usize], made: Vec<Fr>) {
    for (at, made) in at.iter().zip(made) {
        all[*at] = Some(made);
    }
}

impl AuditEntry {
    /// What is wrong with the entry, if anything. `made` is the leaf computed from its source, and
    /// `own` is the owner's part computed from its receipt.
    fn problem(&self, made: Option<Fr>, own: Option<Fr>) -> Option<Problem> {
        let Some(leaf) = self.leaf else { return Some(Problem::Leaf) };
        match &self.source {
            EntrySource::Missing => Some(Problem::Unissued),
            EntrySource::Broken => Some(Problem::Issued),
            EntrySource::Card(_) | EntrySource::Person(_) => {
                (made != Some(leaf)).then_some(Problem::Issued)
            }
            EntrySource::Record { public: None, .. } => Some(Problem::Record),
            EntrySource::Record { .. } if made != Some(leaf) => Some(Problem::RecordLeaf),
            EntrySource::Record { private: None, .. } => Some(Problem::Unissued),
            EntrySource::Record { public: Some(record), private: Some(receipt) } => {
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
