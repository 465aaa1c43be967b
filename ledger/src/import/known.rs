//! Rows whose donation stands somewhere already: in the ledger, or further up in the file.

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

/// What does not have to be entered.
#[derive(Default)]
pub(super) struct KnownRows {
    /// Rows whose donation the ledger holds, the same in every field.
    pub(super) rows: u64,
    /// How many of them are pending there, and have an owner in the list.
    pub(super) pending: u64,
    /// How many of them have an owner in the list.
    pub(super) listed: u64,
    /// Those of them that have another owner in the list than in the ledger.
    pub(super) other_owners: ReceiptSample,
    /// Rows whose receipt is that of another donation, or of another row, or whose donation has another receipt.
    pub(super) bad: Vec<(DonationRow, RowError)>,
}

/// How a file's rows are looked up.
#[derive(Clone, Copy)]
pub(super) struct RowLookup<'a> {
    pub(super) currency: CurrencyCode,
    pub(super) directory: &'a Directory,
    pub(super) owners: &'a Owners,
    /// How many donations the ledger held before the file: those after them are the file's own.
    pub(super) before: u64,
    /// Whether a receipt of the file was brought to normal form NFC.
    pub(super) is_normalized: bool,
}

impl EnteredDonation {
    /// Whether a row is this donation.
    fn is_same(&self, row: &DonationRow, key: Option<ProjectKey>) -> bool {
        let (amount, time) = (row.amount.minor() as i64, row.time.seconds() as i64);
        let project = key.map(|key| key.to_u64() as i64);
        project == Some(self.project) && (amount, time) == (self.amount, self.time)
    }

    /// Whether it has an owner, and this is another one.
    pub(super) fn has_other_owner(&self, owner: Option<PublicKey>) -> bool {
        let Some(owner) = owner.filter(|_| self.leaf_index.is_some()) else { return false };
        self.owner.as_deref() != Some(owner.to_bytes().as_slice())
    }
}

/// The row of a file on which a receipt stands first.
struct FirstRow {
    line: u64,
    year: u16,
    project: u32,
}

impl KnownRows {
    /// Takes out of `donations` what is known, and what cannot be entered beside what is.
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
            // Of rows that are known under their own receipt it does not matter what other receipts say.
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

/// The rows whose donation the ledger held before the file under another form of the receipt, by their lines: that
/// form, and how it was asked for.
///
/// # Cost
/// Three receipts are looked up for each row, so many at a time.
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
        // A project that is not in the ledger has no donations there.
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

/// What would tell a row from a donation of the same receipt.
fn way(
    entered: &EnteredDonation,
    row: &DonationRow,
    donations: &Donations,
    directory: &Directory,
) -> Result<ReceiptKey, StoreError> {
    let (institution, _) = entered.names(directory)?;
    // The cell of the donation that was entered is not known, so that its year is that of UTC.
    let year = |seconds: i64| {
        Timestamp::from_second(seconds).map(|time| time.to_zoned(TimeZone::UTC).year()).ok()
    };
    Ok(ReceiptKey {
        year: year(entered.time) != year(row.time.seconds() as i64),
        institution: institution != donations.institution(row.project),
    })
}

impl EnteredDonation {
    /// Its institution and its project.
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
