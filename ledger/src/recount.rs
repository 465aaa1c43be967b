//! Counting and hashing the rows of the database, and comparing them with the tally that was signed.

use sqlx::SqliteConnection;
use tokio_stream::StreamExt as _;
use wufu_verifier::log::signed_note::LogKey;

use crate::{
    log::Log,
    store::{StoreError, signed},
    summary::{State, Summary, SummaryError},
    tally::{Chain, Part, Tally, Value, donation_row},
};

/// The values of a checkpoint's row that are hashed, in the order of its columns.
pub(crate) fn checkpoint_row<'a>(
    numbers: [i64; 3],
    open_root: Option<&'a [u8]>,
    note: &'a str,
) -> [Value<'a>; 5] {
    let [log, epoch, size] = numbers.map(Value::from);
    [log, epoch, size, open_root.map_or(Value::Null, Value::from), note.into()]
}

/// The values of a claim's row that are hashed, in the order of its columns.
pub(crate) fn claim_row<'a>(
    number: i64,
    bytes: [&'a [u8]; 4],
    times: [i64; 2],
    note: &'a str,
) -> [Value<'a>; 8] {
    let [key_id, inputs, proof, payout] = bytes.map(Value::from);
    let [expiry, time] = times.map(Value::from);
    [number.into(), key_id, inputs, proof, payout, expiry, time, note.into()]
}

/// Counts and hashes every row of the database, or those that came after `from`. `seen` hears of each row, after it was
/// added to its part's chain.
///
/// # Cost
/// One blake3 hash of each row.
pub(crate) async fn recount(
    connection: &mut SqliteConnection,
    from: Option<&Tally>,
    mut seen: impl FnMut(Part, &Chain),
) -> Result<Tally, StoreError> {
    let rules = rules(connection).await?;
    let mut tally = from.map_or_else(|| Tally::new(rules, true), Tally::clone);
    tally.rules = rules;
    let rows = Part::ALL.map(|part| signed(tally.chain(part).rows));
    let after = |part: Part| rows[part as usize].as_ref().copied().unwrap_or(i64::MAX);
    for log in Log::ALL {
        let query = match log {
            Log::Cards | Log::Persons => {
                "SELECT leaf FROM leaves WHERE log = $1 AND place >= $2 ORDER BY place"
            }
            Log::Donations => {
                "SELECT leaf FROM records WHERE log = $1 AND place >= $2 ORDER BY place"
            }
        };
        let query = sqlx::query_scalar(query).bind(log.id()).bind(after(Part::of(log)));
        let mut rows = query.fetch(&mut *connection);
        while let Some(leaf) = rows.next().await {
            let leaf: Vec<u8> = leaf?;
            tally.push_leaf(log, &leaf);
            seen(Part::of(log), tally.chain(Part::of(log)));
        }
    }
    // A row without a number, or with one of a row that was counted, is one that the ledger did not enter.
    let query = match after(Part::Donations) {
        0 => format!("{DONATIONS} ORDER BY seq, receipt"),
        _ => format!("{DONATIONS} AND seq > $2 ORDER BY seq, receipt"),
    };
    let query = sqlx::query_as(sqlx::AssertSqlSafe(query)).bind(Log::Donations.id());
    let query = query.bind(after(Part::Donations));
    let mut rows = query.fetch(&mut *connection);
    while let Some(row) = rows.next().await {
        let (receipt, project, amount, time, place): Donation = row?;
        tally.push_donation(&receipt, [project, amount, time], place.is_some());
        seen(Part::Donations, tally.chain(Part::Donations));
    }
    drop(rows);
    // Names belong to one log, and their ids are their numbers.
    let query = "SELECT log, institution, name FROM institutions WHERE institution > $1 \
         ORDER BY log, institution";
    let mut rows = sqlx::query_as(query).bind(after(Part::Institutions)).fetch(&mut *connection);
    while let Some(row) = rows.next().await {
        let (log, institution, name): (i64, i64, String) = row?;
        tally.push(Part::Institutions, &[log.into(), institution.into(), name.as_str().into()]);
        seen(Part::Institutions, tally.chain(Part::Institutions));
    }
    drop(rows);
    let query = "SELECT log, project, institution, name FROM projects WHERE project > $1 \
         ORDER BY log, project";
    let mut rows = sqlx::query_as(query).bind(after(Part::Projects)).fetch(&mut *connection);
    while let Some(row) = rows.next().await {
        let (log, project, institution, name): (i64, i64, i64, String) = row?;
        let ids = [log, project, institution].map(Value::from);
        tally.push(Part::Projects, &[ids[0], ids[1], ids[2], name.as_str().into()]);
        seen(Part::Projects, tally.chain(Part::Projects));
    }
    drop(rows);
    type Claim = (i64, Vec<u8>, Vec<u8>, Vec<u8>, Vec<u8>, i64, i64, String);
    let query = "SELECT claim, key_id, public_inputs, proof, payout, expiry, time, note \
         FROM claims WHERE claim > $1 ORDER BY claim";
    let mut rows = sqlx::query_as(query).bind(after(Part::Claims)).fetch(&mut *connection);
    while let Some(row) = rows.next().await {
        let (claim, key_id, inputs, proof, payout, expiry, time, note): Claim = row?;
        let bytes = [key_id.as_slice(), &inputs, &proof, &payout];
        tally.push(Part::Claims, &claim_row(claim, bytes, [expiry, time], &note));
        seen(Part::Claims, tally.chain(Part::Claims));
    }
    drop(rows);
    type Row = (i64, i64, i64, Option<Vec<u8>>, String);
    let query = "SELECT log, epoch, size, open_root, note FROM checkpoints ORDER BY epoch, log \
         LIMIT $1 OFFSET $2";
    let query = sqlx::query_as(query).bind(i64::MAX).bind(after(Part::Checkpoints));
    let mut rows = query.fetch(&mut *connection);
    while let Some(row) = rows.next().await {
        let (log, epoch, size, open_root, note): Row = row?;
        let row = checkpoint_row([log, epoch, size], open_root.as_deref(), &note);
        tally.push(Part::Checkpoints, &row);
        seen(Part::Checkpoints, tally.chain(Part::Checkpoints));
    }
    drop(rows);
    Ok(tally)
}

/// The first part, if any, whose rows are not those of the signed tally. Those of `from` were compared before.
///
/// # Cost
/// One blake3 hash of each row that is not in `from`.
pub(crate) async fn differs(
    connection: &mut SqliteConnection,
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
    // A donation that was given its owner since is not counted as pending any more, wherever its row stands.
    if from.is_none_or(|from| from.chain(Part::Donations).rows == 0) && !is_pending {
        let (got, expected) = (found.pending, signed.pending);
        return Ok(Some(SummaryError::Edited { part: "donations without owner", got, expected }));
    }
    if found.rules != signed.rules {
        return Ok(Some(SummaryError::Edited { part: "rules", got: 0, expected: 0 }));
    }
    Ok(None)
}

/// Compares the donations around one of them with what was signed: those since the newest summary before it, up to the
/// oldest summary that covers it, or the state.
///
/// # Cost
/// One blake3 hash of each donation that was entered in the same epoch, and a signature for each doubling of the
/// summaries.
pub(crate) async fn donation_differs(
    connection: &mut SqliteConnection,
    key: &LogKey,
    state: &State,
    seq: u64,
) -> Result<Option<SummaryError>, StoreError> {
    let chain = |tally: &Tally| *tally.chain(Part::Donations);
    let (mut before, mut after) = (Chain::new(Part::Donations), chain(&state.tally));
    let (mut low, mut high) = (0, state.after + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let query = sqlx::query_scalar("SELECT note FROM summaries WHERE number = $1");
        let query = query.bind(signed(middle)?).fetch_optional(&mut *connection);
        let note: Option<String> = query.await?;
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
    let query = format!("{DONATIONS} AND seq > $2 AND seq <= $3 ORDER BY seq, receipt");
    let query = sqlx::query_as(sqlx::AssertSqlSafe(query)).bind(Log::Donations.id());
    let query = query.bind(signed(before.rows)?).bind(signed(after.rows)?);
    let mut rows = query.fetch(connection);
    while let Some(row) = rows.next().await {
        let (receipt, project, amount, time, _): Donation = row?;
        got.push(&donation_row(&receipt, [project, amount, time]));
    }
    let is_signed = got == after && seq <= after.rows;
    let (got, expected) = (got.rows, after.rows);
    let part = Part::Donations.name();
    Ok((!is_signed).then_some(SummaryError::Edited { part, got, expected }))
}

const DONATIONS: &str =
    "SELECT receipt, project_key, amount, time, place FROM receipts WHERE log = $1";

/// A row of [`DONATIONS`].
type Donation = (Vec<u8>, i64, i64, i64, Option<i64>);

/// Hash of what never changes: the rules and the logs' origins.
async fn rules(connection: &mut SqliteConnection) -> Result<[u8; 32], StoreError> {
    let query = "SELECT name, value FROM settings UNION ALL \
         SELECT CAST(log AS TEXT), origin FROM logs ORDER BY 1, 2";
    let rows: Vec<(String, String)> = sqlx::query_as(query).fetch_all(connection).await?;
    let mut hasher = blake3::Hasher::new();
    for text in rows.iter().flat_map(|(name, value)| [name, value]) {
        hasher.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
    }
    Ok(*hasher.finalize().as_bytes())
}
