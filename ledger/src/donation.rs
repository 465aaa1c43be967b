//! Donations: rows that came from somewhere, hashed on all cores and written in one transaction.

use std::{collections::HashMap, sync::Arc};

use rayon::prelude::*;
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};
use wufu_circuits::Ownership;
use wufu_proto::grant::MAX_RECEIPT;
use wufu_verifier::{
    Amount, Fr, ProjectKey, Record, Time,
    encoding::{field, text},
    log::directory::Directory,
};

use crate::{
    append::AppendError,
    import::ReceiptKey,
    log::Log,
    owners::Owners,
    project, random,
    store::{ROWS, StoreError, signed},
    tally::{Part, Tally},
    workers::{HASHES, Workers},
};

/// Rows that are hashed while those before are written.
const BATCH: usize = 4096;

/// Donations that are not in the ledger yet. Names of institutions and projects are kept once.
///
/// # Cost
/// 56 bytes a row and the receipt's name.
#[derive(Clone, Debug, Default)]
pub struct Donations {
    institutions: Names,
    // Institution and project, each a place in its list of names.
    projects: Vec<(u32, u32)>,
    project_names: Names,
    project_places: HashMap<(u32, u32), u32>,
    pub(crate) rows: Vec<DonationRow>,
}

/// One donation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DonationRow {
    pub(crate) receipt: Box<[u8]>,
    pub(crate) project: u32,
    pub(crate) amount: Amount,
    pub(crate) time: Time,
    /// Where it came from, for messages: a line of a file, from 1.
    pub(crate) line: u64,
    pub(crate) cell: ReceiptCell,
}

/// What a receipt's name was made of: enough to tell which other names the same row would have had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ReceiptCell {
    /// The length of the receipt's cell, which ends the name.
    pub(crate) length: u16,
    /// The year that the date's cell shows. 0 for rows that come from no file: they have no other names.
    pub(crate) year: u16,
}

#[derive(Clone, Debug, Default)]
struct Names {
    names: Vec<String>,
    places: HashMap<String, u32>,
}

impl Names {
    fn place(&mut self, name: &str) -> u32 {
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        // As many names as rows, which are far fewer than 2^32.
        let place = self.names.len() as u32;
        self.names.push(name.into());
        self.places.insert(name.into(), place);
        place
    }
}

impl Donations {
    /// Adds a donation. `line` says where it came from, for messages.
    ///
    /// # Errors
    /// When the receipt is empty, too long or not UTF-8, or one of the three is no name that may be shown: see
    /// [`text::check_name`].
    pub fn push(
        &mut self,
        receipt: &[u8],
        names: (&str, &str),
        amount: Amount,
        time: Time,
        line: u64,
    ) -> Result<(), AppendError> {
        if receipt.is_empty() || receipt.len() > MAX_RECEIPT {
            return Err(AppendError::ReceiptLength { got: receipt.len() });
        }
        let name = std::str::from_utf8(receipt).map_err(|_| AppendError::ReceiptText)?;
        for (field, name) in [("receipt", name), ("institution", names.0), ("project", names.1)] {
            let wrong = |error| AppendError::Name { field, name: name.into(), error };
            text::check_name(name).map_err(wrong)?;
        }
        self.add((receipt, ReceiptCell::default()), names, amount, time, line);
        Ok(())
    }

    /// Adds a donation whose names were checked.
    pub(crate) fn add(
        &mut self,
        (receipt, cell): (&[u8], ReceiptCell),
        (institution, project): (&str, &str),
        amount: Amount,
        time: Time,
        line: u64,
    ) {
        let pair = (self.institutions.place(institution), self.project_names.place(project));
        let projects = &mut self.projects;
        let project = *self.project_places.entry(pair).or_insert_with(|| {
            projects.push(pair);
            projects.len() as u32 - 1
        });
        let receipt = receipt.into();
        self.rows.push(DonationRow { receipt, project, amount, time, line, cell });
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Their sum, in minor units.
    pub fn sum(&self) -> u128 {
        self.rows.iter().map(|row| u128::from(row.amount.minor())).sum()
    }

    /// Puts something before the name of every receipt: rows of two sources may have the same names.
    pub fn rename_receipts(&mut self, prefix: &str) {
        for row in &mut self.rows {
            row.receipt = [prefix.as_bytes(), &row.receipt].concat().into();
        }
    }

    /// The names that a row's receipt has under the other forms. None for rows that come from no file.
    pub(crate) fn other_names(&self, row: &DonationRow) -> Vec<(String, ReceiptKey)> {
        let ReceiptCell { length, year } = row.cell;
        let cell =
            row.receipt.len().checked_sub(length.into()).and_then(|at| row.receipt.get(at..));
        let cell = cell.and_then(|cell| std::str::from_utf8(cell).ok()).filter(|_| year > 0);
        let Some(cell) = cell else { return Vec::new() };
        let (institution, year) = (self.institution(row.project), format!("{year:04}"));
        let names = ReceiptKey::FORMS.map(|form| (form.name(cell, institution, &year), form));
        names.into_iter().filter(|(name, _)| name.as_bytes() != row.receipt.as_ref()).collect()
    }

    /// The institution's name of a row's project.
    pub(crate) fn institution(&self, project: u32) -> &str {
        &self.institutions.names[self.projects[project as usize].0 as usize]
    }

    /// Institution's and project's name of a row.
    pub(crate) fn names(&self, row: &DonationRow) -> (&str, &str) {
        let (institution, project) = self.projects[row.project as usize];
        (
            &self.institutions.names[institution as usize],
            &self.project_names.names[project as usize],
        )
    }

    /// The key of each project, where the directory has it.
    pub(crate) fn known_keys(&self, directory: &Directory) -> Vec<Option<ProjectKey>> {
        let (institutions, projects) = (&self.institutions.names, &self.project_names.names);
        let key = |(institution, project): &(u32, u32)| {
            directory.key(&institutions[*institution as usize], &projects[*project as usize])
        };
        self.projects.iter().map(key).collect()
    }

    /// Gives every project of a row its key, in order of first appearance.
    fn keys(&self, directory: &mut Directory) -> Result<Vec<Option<ProjectKey>>, AppendError> {
        let mut keys = vec![None; self.projects.len()];
        for row in &self.rows {
            if keys[row.project as usize].is_none() {
                let (institution, project) = self.names(row);
                keys[row.project as usize] = Some(directory.add(institution, project)?);
            }
        }
        Ok(keys)
    }
}

/// How many rows were written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RowsWritten {
    /// All of them.
    pub(crate) rows: u64,
    /// Those with an owner, which are leaves.
    pub(crate) leaves: u64,
}

/// An owned row, hashed.
struct Leaf {
    owner: Fr,
    rcm: Fr,
    own: Fr,
    leaf: Fr,
}

/// Writes donations from place `first` on, and adds them and their projects to directory and tally. `progress` hears
/// how many rows are written.
pub(crate) async fn insert(
    connection: &mut SqliteConnection,
    workers: &Workers,
    first: u64,
    (donations, owners): (Arc<Donations>, Arc<Owners>),
    (directory, tally): (&mut Directory, &mut Tally),
    mut progress: impl FnMut(u64),
) -> Result<RowsWritten, AppendError> {
    let before = directory.clone();
    let keys = Arc::new(donations.keys(directory)?);
    project::save(connection, directory, &before, tally).await?;
    let mut written = RowsWritten::default();
    let batch = |start: usize| {
        let (donations, owners, keys) = (donations.clone(), owners.clone(), keys.clone());
        workers.run(move || {
            let end = donations.rows.len().min(start + BATCH);
            let rows = donations.rows[start..end].par_chunks(HASHES);
            let hashed = rows.map(|rows| hash(rows, &keys, &owners)).collect::<Option<Vec<_>>>();
            Some(hashed?.into_iter().flatten().collect::<Vec<_>>())
        })
    };
    // The batch after is hashed while this one is written.
    let mut hashed = batch(0).await?;
    let mut start = 0;
    while start < donations.rows.len() {
        let end = donations.rows.len().min(start + BATCH);
        let (rows, records) = (&donations.rows[start..end], hashed);
        let records = records.ok_or(StoreError::Broken { what: "project" })?;
        let place = first + written.leaves;
        let write = write(connection, place, rows, &records, tally);
        let (next, done) = tokio::join!(batch(end), write);
        done?;
        hashed = next?;
        written.rows += rows.len() as u64;
        written.leaves += records.iter().filter(|(_, leaf)| leaf.is_some()).count() as u64;
        progress(written.rows);
        start = end;
    }
    Ok(written)
}

/// The projects of rows, and the leaves of those with an owner, in their order.
fn hash(
    rows: &[DonationRow],
    keys: &[Option<ProjectKey>],
    owners: &Owners,
) -> Option<Vec<(ProjectKey, Option<Leaf>)>> {
    let project = |row: &DonationRow| *keys.get(row.project as usize)?;
    let projects = rows.iter().map(project).collect::<Option<Vec<ProjectKey>>>()?;
    let owned = rows.iter().zip(&projects).enumerate().filter_map(|(at, (row, project))| {
        let owner = owners.owner(&row.receipt)?;
        let ownership = Ownership::new(&row.receipt, random::element());
        Some((at, (row, *project), (ownership, owner)))
    });
    let owned: Vec<_> = owned.collect();
    let owns = Ownership::own_many(owned.iter().map(|(.., (of, owner))| (of, *owner)));
    let records = owned.iter().zip(owns).map(|((_, (row, project), _), own)| Record {
        project: *project,
        amount: row.amount,
        time: row.time,
        own,
    });
    let records: Vec<Record> = records.collect();
    let leaves = Record::leaves(&records).into_iter().zip(&records);
    let mut hashed: Vec<_> = projects.iter().map(|project| (*project, None)).collect();
    for ((at, _, (ownership, owner)), (leaf, record)) in owned.iter().zip(leaves) {
        let made = Leaf { owner: *owner, rcm: ownership.rcm, own: record.own, leaf };
        hashed[*at].1 = Some(made);
    }
    Some(hashed)
}

async fn write(
    connection: &mut SqliteConnection,
    first: u64,
    rows: &[DonationRow],
    hashed: &[(ProjectKey, Option<Leaf>)],
    tally: &mut Tally,
) -> Result<(), StoreError> {
    let log = Log::Donations.id();
    let mut place = signed(first)?;
    let mut seq = signed(tally.chain(Part::Donations).rows)?;
    for (rows, hashed) in rows.chunks(ROWS).zip(hashed.chunks(ROWS)) {
        let mut receipts = QueryBuilder::<Sqlite>::new(
            "INSERT INTO receipts \
             (log, receipt, project_key, amount, time, seq, owner, rcm, place) ",
        );
        let mut next = place;
        receipts.push_values(rows.iter().zip(hashed), |mut out, (row, (project, leaf))| {
            out.push_bind(log).push_bind(row.receipt.to_vec());
            push_public(&mut out, *project, row);
            seq += 1;
            out.push_bind(seq);
            tally.push_donation(&row.receipt, facts(*project, row), leaf.is_some());
            let bytes = |value: &Fr| field::encode(value).to_vec();
            let owner = leaf.as_ref().map(|leaf| bytes(&leaf.owner));
            let rcm = leaf.as_ref().map(|leaf| bytes(&leaf.rcm));
            out.push_bind(owner).push_bind(rcm).push_bind(leaf.as_ref().map(|_| next));
            next += i64::from(leaf.is_some());
        });
        receipts.build().execute(&mut *connection).await?;
        if next == place {
            continue;
        }
        let mut records = QueryBuilder::<Sqlite>::new(
            "INSERT INTO records (log, place, project_key, amount, time, own, leaf) ",
        );
        let owned = rows
            .iter()
            .zip(hashed)
            .filter_map(|(row, (project, leaf))| leaf.as_ref().map(|leaf| (row, project, leaf)));
        records.push_values(owned, |mut out, (row, project, leaf)| {
            out.push_bind(log).push_bind(place);
            push_public(&mut out, *project, row);
            out.push_bind(field::encode(&leaf.own).to_vec());
            let hash = field::encode(&leaf.leaf);
            tally.push_leaf(Log::Donations, &hash);
            out.push_bind(hash.to_vec());
            place += 1;
        });
        records.build().execute(&mut *connection).await?;
    }
    Ok(())
}

/// Project key, amount and time as the database has them.
fn facts(project: ProjectKey, row: &DonationRow) -> [i64; 3] {
    // All three are below 2^63: ids are, and so are the bounds of the types.
    [project.to_u64(), row.amount.minor(), row.time.seconds()].map(|fact| fact as i64)
}

fn push_public(
    out: &mut sqlx::query_builder::Separated<'_, Sqlite, &'static str>,
    project: ProjectKey,
    row: &DonationRow,
) {
    for fact in facts(project, row) {
        out.push_bind(fact);
    }
}
