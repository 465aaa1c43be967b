//! Rows whose receipt stands somewhere already: in the ledger, or further up in the file.

use std::collections::{BTreeMap, HashMap};

use sqlx::{QueryBuilder, Sqlite};
use wufu_verifier::{Amount, ProjectKey, Time};

use super::bad::{RecordedDonation, RowError};
use crate::{
    donation::{DonationRow, Donations},
    log::Log,
    owners::Owners,
    policy::CurrencyCode,
    project::Directory,
    store::{ROWS, StoreError, WriteTx},
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
    /// Rows whose receipt is that of another donation, or of another row.
    pub(super) bad: Vec<(DonationRow, RowError)>,
}

/// The lines of a file on which donations stand, by the donations' numbers in the ledger.
///
/// # Cost
/// Memory: one entry for each run of donations whose numbers and lines both grow by one. A file that is new, or was imported
/// before, is one run but for its blank and bad rows.
#[derive(Debug, Default)]
pub(super) struct Lines {
    // The first number, its line, and how many there are.
    runs: BTreeMap<i64, (u64, u64)>,
}

impl Lines {
    /// The line of a donation, if it stands in the file.
    pub(super) fn line(&self, number: i64) -> Option<u64> {
        let (first, (line, count)) = self.runs.range(..=number).next_back()?;
        let at = number.abs_diff(*first);
        (at < *count).then_some(line + at)
    }

    /// A donation, which is not here yet, stands on a line.
    pub(super) fn push(&mut self, number: i64, line: u64) {
        if let Some((first, (start, count))) = self.runs.range_mut(..=number).next_back()
            && number.abs_diff(*first) == *count
            && *start + *count == line
        {
            *count += 1;
            return;
        }
        self.runs.insert(number, (line, 1));
    }
}

/// A donation that the ledger holds.
struct Entered {
    project: i64,
    amount: i64,
    time: i64,
    place: Option<i64>,
    /// Its number, in the order in which donations were entered.
    number: i64,
}

/// A row of `receipts`: receipt, project key, amount, time, place, number.
type ReceiptRow = (Vec<u8>, i64, i64, i64, Option<i64>, Option<i64>);

/// Takes out of `donations` what is known, and what cannot be entered beside what is.
pub(super) async fn sort_out(
    tx: &mut WriteTx<'_>,
    currency: CurrencyCode,
    directory: &Directory,
    donations: &mut Donations,
    owners: &Owners,
    (lines, is_normalized): (&mut Lines, bool),
) -> Result<KnownRows, StoreError> {
    let held = held(tx, donations).await?;
    let mut known = KnownRows::default();
    let mut first_lines = HashMap::with_capacity(donations.rows.len());
    let mut fresh = Vec::with_capacity(donations.rows.len());
    for row in std::mem::take(&mut donations.rows) {
        let first = *first_lines.entry(row.receipt.clone()).or_insert(row.line);
        if first != row.line {
            known.bad.push((row, RowError::Twice { line: first, is_normalized }));
            continue;
        }
        let Some(entered) = held.get(&row.receipt) else {
            fresh.push(row);
            continue;
        };
        if let Some(line) = lines.line(entered.number) {
            known.bad.push((row, RowError::Twice { line, is_normalized }));
            continue;
        }
        let (institution, project) = donations.names(&row);
        let key = directory.key(institution, project).map(|key| key.to_u64() as i64);
        let (amount, time) = (row.amount.minor() as i64, row.time.seconds() as i64);
        if key == Some(entered.project) && (amount, time) == (entered.amount, entered.time) {
            let has_owner = || owners.owner(&row.receipt).is_some();
            known.listed += u64::from(owners.is_listed(&row.receipt));
            known.pending += u64::from(entered.place.is_none() && has_owner());
            known.rows += 1;
            lines.push(entered.number, row.line);
        } else {
            let held = Box::new(describe(entered, currency, directory)?);
            known.bad.push((row, RowError::Held { held }));
        }
    }
    donations.rows = fresh;
    Ok(known)
}

/// What the ledger holds under these receipts.
async fn held(
    tx: &mut WriteTx<'_>,
    donations: &Donations,
) -> Result<HashMap<Box<[u8]>, Entered>, StoreError> {
    let mut held = HashMap::new();
    let receipts: Vec<&[u8]> = donations.rows.iter().map(|row| row.receipt.as_ref()).collect();
    for (receipt, project, amount, time, place, number) in entered(tx, &receipts).await? {
        let number = number.unwrap_or(0);
        let entered = Entered { project, amount, time, place, number };
        held.insert(receipt.into_boxed_slice(), entered);
    }
    Ok(held)
}

async fn entered(tx: &mut WriteTx<'_>, receipts: &[&[u8]]) -> Result<Vec<ReceiptRow>, StoreError> {
    let mut rows = Vec::new();
    let any = sqlx::query_scalar("SELECT 1 FROM receipts WHERE log = $1 LIMIT 1");
    let any: Option<i64> = any.bind(Log::Donations.id()).fetch_optional(tx.connection()?).await?;
    if any.is_none() {
        return Ok(rows);
    }
    for receipts in receipts.chunks(ROWS) {
        let mut query = QueryBuilder::<Sqlite>::new(
            "SELECT receipt, project_key, amount, time, place, seq FROM receipts WHERE log = ",
        );
        query.push_bind(Log::Donations.id()).push(" AND receipt IN (");
        let mut list = query.separated(", ");
        for receipt in receipts {
            list.push_bind(receipt.to_vec());
        }
        query.push(")");
        rows.extend(query.build_query_as().fetch_all(tx.connection()?).await?);
    }
    Ok(rows)
}

/// Listed owners of receipts that no row of the file has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Unused {
    /// Those whose donation the ledger holds, pending.
    pub(super) pending: u64,
    /// Those whose donation nobody knows.
    pub(super) unknown: u64,
    /// The first of these, in the order of their names.
    pub(super) examples: Vec<String>,
}

/// Most receipts that are named as examples.
const EXAMPLES: usize = 3;

impl Unused {
    /// Looks for the receipts of owners that no row of the file has.
    pub(super) async fn find(
        tx: &mut WriteTx<'_>,
        owners: &Owners,
        lines: &Lines,
    ) -> Result<Self, StoreError> {
        let mut unused = Self::default();
        let Owners::Listed(listed) = owners else { return Ok(unused) };
        let mut first = std::collections::BTreeSet::new();
        let receipts: Vec<&[u8]> = listed.keys().map(AsRef::as_ref).collect();
        for chunk in receipts.chunks(ROWS) {
            let rows = entered(tx, chunk).await?;
            let held: HashMap<Vec<u8>, (Option<i64>, Option<i64>)> = rows
                .into_iter()
                .map(|(name, _, _, _, place, number)| (name, (place, number)))
                .collect();
            for &receipt in chunk {
                match held.get(receipt) {
                    Some((_, Some(number))) if lines.line(*number).is_some() => {}
                    Some((None, _)) => unused.pending += 1,
                    Some(_) => {}
                    None => {
                        unused.unknown += 1;
                        first.insert(receipt);
                        if first.len() > EXAMPLES {
                            first.pop_last();
                        }
                    }
                }
            }
        }
        unused.examples = first.into_iter().map(crate::append::lossy).collect();
        Ok(unused)
    }
}

fn describe(
    entered: &Entered,
    currency: CurrencyCode,
    directory: &Directory,
) -> Result<RecordedDonation, StoreError> {
    let broken = || StoreError::Broken { what: "receipt" };
    let number = |value: i64| u64::try_from(value).map_err(|_| broken());
    let key = ProjectKey::from_u64(number(entered.project)?).map_err(|_| broken())?;
    let (institution, project) = directory.names(key).ok_or_else(broken)?;
    Ok(RecordedDonation {
        amount: Amount::new(number(entered.amount)?).map_err(|_| broken())?,
        currency,
        time: Time::new(number(entered.time)?).map_err(|_| broken())?,
        institution: institution.into(),
        project: project.into(),
        place: entered.place.map(number).transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_by_number_in_whatever_order_they_came() {
        let mut lines = Lines::default();
        let pairs = [(5, 2), (6, 3), (8, 4), (1, 5), (2, 6), (7, 9), (3, 7), (9, 5)];
        for (number, line) in pairs {
            assert_eq!(lines.line(number), None, "{number}");
            lines.push(number, line);
        }
        for (number, line) in pairs {
            assert_eq!(lines.line(number), Some(line), "{number}");
        }
        assert_eq!([0, 4, 10].map(|number| lines.line(number)), [None; 3]);
        // 5 to 6, 8 to 9, 1 to 3, 7.
        assert_eq!(lines.runs.len(), 4);
    }
}
