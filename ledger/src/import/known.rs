//! Rows whose donation is already in the ledger, or in an earlier row of the file.

use std::collections::HashMap;

use jiff::{Timestamp, tz::TimeZone};
use wufu_verifier::{Amount, ProjectKey, PublicKey, Time, log::directory::Directory};

use super::{
    bad::{RecordedDonation, RowError},
    format::ReceiptKey,
    line_index::LineIndex,
    receipt_sample::ReceiptSample,
};
use crate::{
    append::donation::{DonationRow, Donations, lossy},
    import::owners::Owners,
    policy::CurrencyCode,
    store::{
        ROWS, StoreError, Transaction,
        receipts::{self, EnteredDonation},
    },
};

/// Rows that need not be entered, and rows that cannot be.
#[derive(Default)]
pub(super) struct KnownRows {
    /// Rows whose donation the ledger holds with the same value in every field.
    pub(super) rows: u64,
    /// How many of these are pending in the ledger and have an owner in the list.
    pub(super) pending: u64,
    /// How many of these have an owner in the list.
    pub(super) listed: u64,
    /// The receipts of those that have one owner in the list and another in the ledger.
    pub(super) other_owners: ReceiptSample,
    /// Rows whose receipt belongs to another donation or another row, and rows whose donation has
    /// another receipt.
    pub(super) bad: Vec<(DonationRow, RowError)>,
}

/// What is needed to look up a file's rows.
#[derive(Clone, Copy)]
pub(super) struct RowLookup<'a> {
    pub(super) currency: CurrencyCode,
    pub(super) directory: &'a Directory,
    pub(super) owners: &'a Owners,
    /// How many donations the ledger held before this file. Those with higher numbers come from the
    /// file.
    pub(super) before: u64,
    /// Whether a receipt in the file was converted to normal form NFC.
    pub(super) is_normalized: bool,
}

impl EnteredDonation {
    /// Whether a row is this donation.
    fn is_same(&self, row: &DonationRow, key: Option<ProjectKey>) -> bool {
        let (amount, time) = (row.amount.minor() as i64, row.time.seconds() as i64);
        let project = key.map(|key| key.to_u64() as i64);
        project == Some(self.project) && (amount, time) == (self.amount, self.time)
    }

    /// Whether the donation has an owner other than this one.
    pub(super) fn has_other_owner(&self, owner: Option<PublicKey>) -> bool {
        let Some(owner) = owner.filter(|_| self.leaf_index.is_some()) else { return false };
        self.owner.as_deref() != Some(owner.to_bytes().as_slice())
    }
}

/// The first row of a file that has a certain receipt.
struct FirstRow {
    line: u64,
    year: u16,
    project: u32,
}

impl KnownRows {
    /// Removes from `donations` the rows that are known, and those that conflict with other
    /// donations.
    pub(super) async fn sort_out(
        tx: &mut Transaction<'_>,
        look_up: RowLookup<'_>,
        donations: &mut Donations,
        lines: &mut LineIndex,
    ) -> Result<Self, StoreError> {
        let RowLookup { currency, directory, owners, before, is_normalized } = look_up;
        let receipts: Vec<&[u8]> = donations.rows.iter().map(|row| row.receipt.as_ref()).collect();
        let held = receipts::entered(tx.connection()?, &receipts).await?;
        let keys = donations.known_keys(directory);
        let is_known = |row: &DonationRow| {
            let entered = held.get(row.receipt.as_ref());
            entered.is_some_and(|entered| entered.is_same(row, keys[row.project as usize]))
        };
        let mut others = HashMap::new();
        if before > 0 {
            // If a row is known under its own receipt, the other forms of the receipt do not
            // matter.
            let rows: Vec<_> = donations.rows.iter().filter(|row| !is_known(row)).collect();
            others = other_forms(tx, before, donations, &keys, &rows).await?;
        }
        let mut known = Self::default();
        let mut first_rows = HashMap::with_capacity(donations.rows.len());
        let mut fresh = Vec::with_capacity(donations.rows.len());
        for row in std::mem::take(&mut donations.rows) {
            let FirstRow { line, year, project } =
                *first_rows.entry(row.receipt.clone()).or_insert(FirstRow::of(&row));
            if line != row.line {
                let institution = |project| donations.institution(project);
                let year = year != row.cell.year;
                let institution = institution(project) != institution(row.project);
                let way = ReceiptKey { year, institution };
                known.bad.push((row, RowError::Twice { line, is_normalized, way }));
                continue;
            }
            let entered = held.get(row.receipt.as_ref());
            if let Some((entered, line)) =
                entered.and_then(|entered| Some((entered, lines.line(entered.number)?)))
            {
                let way = way(entered, &row, donations, directory)?;
                known.bad.push((row, RowError::Twice { line, is_normalized, way }));
            } else if let Some(entered) = entered.filter(|_| is_known(&row)) {
                let owner = owners.listed_owner(&row.receipt);
                known.listed += u64::from(owner.is_some());
                if entered.has_other_owner(owner) {
                    known.other_owners.push(&row.receipt);
                }
                let is_owned = || owners.owner(&row.receipt).is_some();
                known.pending += u64::from(entered.leaf_index.is_none() && is_owned());
                known.rows += 1;
                lines.push(entered.number, row.line);
            } else if let Some((receipt, key)) = others.remove(&row.line) {
                known.bad.push((row, RowError::OtherForm { receipt, key }));
            } else if let Some(entered) = entered {
                let way = way(entered, &row, donations, directory)?;
                let held = Box::new(describe(entered, currency, directory)?);
                known.bad.push((row, RowError::Held { held, way }));
            } else {
                fresh.push(row);
            }
        }
        donations.rows = fresh;
        Ok(known)
    }
}

impl FirstRow {
    fn of(row: &DonationRow) -> Self {
        Self { line: row.line, year: row.cell.year, project: row.project }
    }
}

/// The rows whose donation the ledger already held under another form of its receipt, by line, with
/// that form and how it was requested.
///
/// # Cost
/// Three receipts are looked up for each row, many at a time.
async fn other_forms(
    tx: &mut Transaction<'_>,
    before: u64,
    donations: &Donations,
    keys: &[Option<ProjectKey>],
    rows: &[&DonationRow],
) -> Result<HashMap<u64, (String, ReceiptKey)>, StoreError> {
    let mut found = HashMap::new();
    for rows in rows.chunks(ROWS / (ReceiptKey::FORMS.len() - 1)) {
        let mut names: HashMap<Vec<u8>, Vec<_>> = HashMap::new();
        // If the ledger does not have the project, it has none of its donations.
        for row in rows.iter().filter(|row| keys[row.project as usize].is_some()) {
            for (name, form) in donations.other_names(row) {
                names.entry(name.into_bytes()).or_default().push((*row, form));
            }
        }
        let receipts: Vec<&[u8]> = names.keys().map(Vec::as_slice).collect();
        let entered = receipts::entered(tx.connection()?, &receipts).await?;
        for (name, entered) in entered {
            let is_old = u64::try_from(entered.number).is_ok_and(|number| number <= before);
            for (row, form) in names.remove(&name).unwrap_or_default() {
                if is_old && entered.is_same(row, keys[row.project as usize]) {
                    found.insert(row.line, (lossy(&name), form));
                }
            }
        }
    }
    Ok(found)
}

/// The form of the receipt that would distinguish a row from a donation with the same receipt.
fn way(
    entered: &EnteredDonation,
    row: &DonationRow,
    donations: &Donations,
    directory: &Directory,
) -> Result<ReceiptKey, StoreError> {
    let (institution, _) = entered.names(directory)?;
    // The date's cell of the entered donation is not stored, so its year is taken in UTC.
    let year = |seconds: i64| {
        Timestamp::from_second(seconds).map(|time| time.to_zoned(TimeZone::UTC).year()).ok()
    };
    Ok(ReceiptKey {
        year: year(entered.time) != year(row.time.seconds() as i64),
        institution: institution != donations.institution(row.project),
    })
}

impl EnteredDonation {
    /// The names of the donation's institution and project.
    fn names<'d>(&self, directory: &'d Directory) -> Result<(&'d str, &'d str), StoreError> {
        let broken = || StoreError::Broken { what: "receipt" };
        let key = u64::try_from(self.project).map_err(|_| broken())?;
        let key = ProjectKey::from_u64(key).map_err(|_| broken())?;
        directory.names(key).ok_or_else(broken)
    }
}

fn describe(
    entered: &EnteredDonation,
    currency: CurrencyCode,
    directory: &Directory,
) -> Result<RecordedDonation, StoreError> {
    let broken = || StoreError::Broken { what: "receipt" };
    let number = |value: i64| u64::try_from(value).map_err(|_| broken());
    let (institution, project) = entered.names(directory)?;
    Ok(RecordedDonation {
        amount: Amount::new(number(entered.amount)?).map_err(|_| broken())?,
        currency,
        time: Time::new(number(entered.time)?).map_err(|_| broken())?,
        institution: institution.into(),
        project: project.into(),
        leaf_index: entered.leaf_index.map(number).transpose()?,
    })
}
