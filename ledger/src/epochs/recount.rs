//! Counts and hashes the rows of the database, and compares them with the signed tally.

use wufu_verifier::log::signed_note::LogKey;

use super::{
    state::{SignedState, Summary},
    summary_error::SummaryError,
    tally::{Chain, Part, Tally, donation_row},
};
use crate::store::{
    Connection, StoreError, logs,
    rows::{self, TallyRow},
    summaries,
};

/// Counts and hashes every row of the database, or only those after `from`. Calls `seen` for each
/// row, after it was added to its part's chain.
///
/// # Cost
/// One BLAKE3 hash for each row.
pub(crate) async fn recount(
    connection: &mut Connection,
    from: Option<&Tally>,
    mut seen: impl FnMut(Part, &Chain),
) -> Result<Tally, StoreError> {
    let rules = rules(connection).await?;
    let mut tally = from.map_or_else(|| Tally::new(rules, true), Tally::clone);
    tally.rules = rules;
    for part in Part::ALL {
        let after = tally.chain(part).rows;
        let add = |row: TallyRow<'_>| {
            match row {
                TallyRow::Donation { receipt, facts, is_owned } => {
                    tally.push_donation(receipt, facts, is_owned);
                }
                TallyRow::Other(values) => tally.push(part, values),
            }
            seen(part, tally.chain(part));
        };
        rows::each(connection, part, after, add).await?;
    }
    Ok(tally)
}

/// The first part whose rows differ from the signed tally, if there is one. The rows in `from` were
/// compared before.
///
/// # Cost
/// One BLAKE3 hash for each row that is not in `from`.
pub(crate) async fn differs(
    connection: &mut Connection,
    from: Option<&Tally>,
    signed: &Tally,
) -> Result<Option<SummaryError>, StoreError> {
    let found = recount(connection, from, |_, _| ()).await?;
    let part = |part: &Part| found.chain(*part) != signed.chain(*part);
    if let Some(part) = Part::ALL.into_iter().find(part) {
        let (got, expected) = (found.chain(part).rows, signed.chain(part).rows);
        return Ok(Some(if part == Part::Checkpoints && got < expected {
            SummaryError::Checkpoints { got, expected }
        } else {
            SummaryError::Edited { part: part.name(), got, expected }
        }));
    }
    let is_pending = (found.pending, found.pending_sum) == (signed.pending, signed.pending_sum);
    // A donation that has got its owner since then no longer counts as pending, wherever its row
    // is.
    if from.is_none_or(|from| from.chain(Part::Donations).rows == 0) && !is_pending {
        let (got, expected) = (found.pending, signed.pending);
        return Ok(Some(SummaryError::Edited { part: "donations without owner", got, expected }));
    }
    if found.rules != signed.rules {
        return Ok(Some(SummaryError::Edited { part: "rules", got: 0, expected: 0 }));
    }
    Ok(None)
}

/// Compares the donations around one of them with what was signed: from the newest summary before
/// it to the oldest summary that covers it, or to the state.
///
/// # Cost
/// One BLAKE3 hash for each donation that was entered in the same epoch. The number of signatures
/// that it checks grows with the logarithm of the number of summaries.
pub(crate) async fn donation_differs(
    connection: &mut Connection,
    key: &LogKey,
    state: &SignedState,
    seq: u64,
) -> Result<Option<SummaryError>, StoreError> {
    let chain = |tally: &Tally| *tally.chain(Part::Donations);
    let (mut before, mut after) = (Chain::new(Part::Donations), chain(&state.tally));
    let (mut low, mut high) = (0, state.after + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let note = summaries::note(connection, middle).await?;
        let summary = note.and_then(|note| Summary::open(key, &note));
        let summary = summary.filter(|summary| summary.number == middle);
        let found = chain(&summary.ok_or(StoreError::State)?.tally);
        if found.rows < seq {
            (before, low) = (found, middle + 1);
        } else {
            (after, high) = (found, middle);
        }
    }
    let mut got = before;
    let add = |receipt: &[u8], facts| got.push(&donation_row(receipt, facts));
    rows::each_donation_between(connection, before.rows, after.rows, add).await?;
    let is_signed = got == after && seq <= after.rows;
    let (got, expected) = (got.rows, after.rows);
    let part = Part::Donations.name();
    Ok((!is_signed).then_some(SummaryError::Edited { part, got, expected }))
}

/// The hash of what never changes: the rules and the logs' origins.
async fn rules(connection: &mut Connection) -> Result<[u8; 32], StoreError> {
    let rows = logs::rules_and_origins(connection).await?;
    let mut hasher = blake3::Hasher::new();
    for text in rows.iter().flat_map(|(name, value)| [name, value]) {
        hasher.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
    }
    Ok(*hasher.finalize().as_bytes())
}
