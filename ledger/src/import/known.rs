//! Rows whose receipt stands somewhere already: in the ledger, or further up in the file.

use std::collections::HashMap;

use sqlx::{QueryBuilder, Sqlite};
use wufu_verifier::{Amount, ProjectKey, Time};

use super::bad::{RecordedDonation, RowError};
use crate::{
    append::AppendError,
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
    /// Receipts of rows whose donation the ledger holds, the same in every field.
    pub(super) receipts: Vec<Box<[u8]>>,
    /// How many of them are pending there, and have an owner in the list.
    pub(super) pending: u64,
    /// Rows whose receipt is that of another donation, or of another row.
    pub(super) bad: Vec<(DonationRow, RowError)>,
}

/// What a row of `receipts` holds: project key, amount, time, place.
type Public = (i64, i64, i64, Option<i64>);
/// The receipt before it.
type ReceiptRow = (Vec<u8>, i64, i64, i64, Option<i64>);

/// Takes out of `donations` what is known, and what cannot be entered beside what is.
pub(super) async fn sort_out(
    tx: &mut WriteTx<'_>,
    currency: Option<CurrencyCode>,
    donations: &mut Donations,
    owners: &Owners,
) -> Result<KnownRows, AppendError> {
    let currency = currency.ok_or(AppendError::NoCurrency)?;
    let directory = Directory::load(tx.connection()?).await?;
    let held = held(tx, donations).await?;
    let mut known = KnownRows::default();
    let mut first_lines = HashMap::with_capacity(donations.rows.len());
    let mut fresh = Vec::with_capacity(donations.rows.len());
    for row in std::mem::take(&mut donations.rows) {
        let first = *first_lines.entry(row.receipt.clone()).or_insert(row.line);
        if first != row.line {
            known.bad.push((row, RowError::Twice { line: first }));
            continue;
        }
        let Some(public) = held.get(&row.receipt) else {
            fresh.push(row);
            continue;
        };
        let (institution, project) = donations.names(&row);
        let key = directory.key(institution, project).map(|key| key.to_u64() as i64);
        let (amount, time) = (row.amount.minor() as i64, row.time.seconds() as i64);
        if key == Some(public.0) && (amount, time) == (public.1, public.2) {
            let is_pending = public.3.is_none() && owners.owner(&row.receipt).is_some();
            known.pending += u64::from(is_pending);
            known.receipts.push(row.receipt);
        } else {
            let held = Box::new(describe(public, currency, &directory)?);
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
) -> Result<HashMap<Box<[u8]>, Public>, StoreError> {
    let mut held = HashMap::new();
    let count = sqlx::query_scalar("SELECT COUNT(*) FROM receipts WHERE log = $1");
    let count: i64 = count.bind(Log::Donations.id()).fetch_one(tx.connection()?).await?;
    if count == 0 {
        return Ok(held);
    }
    for chunk in donations.rows.chunks(ROWS) {
        let mut query = QueryBuilder::<Sqlite>::new(
            "SELECT receipt, project_key, amount, time, place FROM receipts WHERE log = ",
        );
        query.push_bind(Log::Donations.id()).push(" AND receipt IN (");
        let mut list = query.separated(", ");
        for row in chunk {
            list.push_bind(row.receipt.to_vec());
        }
        query.push(")");
        let found: Vec<ReceiptRow> = query.build_query_as().fetch_all(tx.connection()?).await?;
        held.extend(found.into_iter().map(|(receipt, key, amount, time, place)| {
            (receipt.into_boxed_slice(), (key, amount, time, place))
        }));
    }
    Ok(held)
}

fn describe(
    (key, amount, time, place): &Public,
    currency: CurrencyCode,
    directory: &Directory,
) -> Result<RecordedDonation, StoreError> {
    let broken = || StoreError::Broken { what: "receipt" };
    let number = |value: &i64| u64::try_from(*value).map_err(|_| broken());
    let key = ProjectKey::from_u64(number(key)?).map_err(|_| broken())?;
    let (institution, project) = directory.names(key).ok_or_else(broken)?;
    Ok(RecordedDonation {
        amount: Amount::new(number(amount)?).map_err(|_| broken())?,
        currency,
        time: Time::new(number(time)?).map_err(|_| broken())?,
        institution: institution.into(),
        project: project.into(),
        place: place.as_ref().map(number).transpose()?,
    })
}
