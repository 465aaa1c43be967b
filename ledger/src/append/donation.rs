//! Donations that are about to be entered.

use std::collections::HashMap;

use wufu_proto::grant::MAX_RECEIPT;
use wufu_verifier::{
    Amount, Fr, ProjectKey, PublicKey, Time, encoding::text, log::directory::Directory,
};

use crate::{append::error::AppendError, import::ReceiptKey};

/// Donations that are not in the ledger yet. Each name of an institution or project is stored once.
///
/// # Cost
/// 56 bytes for each row, and the receipt's name.
#[derive(Clone, Debug, Default)]
pub struct Donations {
    institutions: Names,
    // Institution and project, as indices into the list of names.
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
    /// Where the donation came from, for messages: a line of a file, counted from 1.
    pub(crate) line: u64,
    pub(crate) cell: ReceiptCell,
}

/// What a receipt's name was made from. It suffices to find the other names that the same row could
/// have had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ReceiptCell {
    /// The length of the receipt's cell, which is the end of the name.
    pub(crate) length: u16,
    /// The year in the date's cell. 0 for rows that do not come from a file: they have no other
    /// names.
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
        // There are at most as many names as rows, and far fewer than 2^32 of them.
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
    /// Returns an error if the receipt is empty, too long or not UTF-8, or if one of the three is
    /// not a displayable name: see [`text::check_name`].
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

    /// Adds a donation whose names have been checked.
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

    /// The number of donations.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no donations.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The sum of all donations, in minor units.
    pub fn sum(&self) -> u128 {
        self.rows.iter().map(|row| u128::from(row.amount.minor())).sum()
    }

    /// Prepends `prefix` to the name of every receipt, because two sources may use the same names.
    pub fn rename_receipts(&mut self, prefix: &str) {
        for row in &mut self.rows {
            row.receipt = [prefix.as_bytes(), &row.receipt].concat().into();
        }
    }

    /// The names that a row's receipt would have in the other forms. There are none for rows that
    /// do not come from a file.
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

    /// The institution of a row's project.
    pub(crate) fn institution(&self, project: u32) -> &str {
        &self.institutions.names[self.projects[project as usize].0 as usize]
    }

    /// The institution and the project of a row.
    pub(crate) fn names(&self, row: &DonationRow) -> (&str, &str) {
        let (institution, project) = self.projects[row.project as usize];
        (
            &self.institutions.names[institution as usize],
            &self.project_names.names[project as usize],
        )
    }

    /// The key of each project that the directory contains.
    pub(crate) fn known_keys(&self, directory: &Directory) -> Vec<Option<ProjectKey>> {
        let (institutions, projects) = (&self.institutions.names, &self.project_names.names);
        let key = |(institution, project): &(u32, u32)| {
            directory.key(&institutions[*institution as usize], &projects[*project as usize])
        };
        self.projects.iter().map(key).collect()
    }

    /// Gives every row's project its key, in the order of first appearance.
    pub(super) fn keys(
        &self,
        directory: &mut Directory,
    ) -> Result<Vec<Option<ProjectKey>>, AppendError> {
        let mut keys = vec![None; self.projects.len()];
        for row in &self.rows {
            if keys[row.project as usize].is_none() {
                let (institution, project) = self.names(row);
                let key = directory.add(institution, project)?;
                keys[row.project as usize] = Some(key);
            }
        }
        Ok(keys)
    }
}

/// The project and the leaf of a donation.
pub(crate) struct HashedDonation {
    pub(crate) project: ProjectKey,
    /// A donation without an owner has no leaf.
    pub(crate) leaf: Option<OwnedLeaf>,
}

/// The hashes of a row that has an owner.
pub(crate) struct OwnedLeaf {
    pub(crate) owner: PublicKey,
    pub(crate) rcm: Fr,
    pub(crate) own: Fr,
    pub(crate) leaf: Fr,
}

impl DonationRow {
    /// Project key, amount and time, as the database stores them.
    pub(crate) fn facts(&self, project: ProjectKey) -> [i64; 3] {
        // All three are below 2^63: the ids are, and the types limit the others.
        [project.to_u64(), self.amount.minor(), self.time.seconds()].map(|fact| fact as i64)
    }
}

/// A receipt's name, for a message.
pub(crate) fn lossy(receipt: &[u8]) -> String {
    String::from_utf8_lossy(receipt).into_owned()
}
