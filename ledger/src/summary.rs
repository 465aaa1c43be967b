//! Summaries: the tally, signed at the end of an epoch, each with the hash of the one before.
//!
//! The newest one is also kept in a file beside the database, the high-water mark. A database that lost its newest summaries,
//! or all of them, is behind its file, and the ledger writes and signs nothing more in it.

use std::sync::PoisonError;

use sqlx::SqliteConnection;
use tokio_stream::StreamExt as _;
use wufu_verifier::note::{self, LogKey};

use crate::{
    checkpoint::EpochError,
    folder::{FolderError, hex},
    ledger::{Ledger, Signer},
    log::Log,
    store::{StoreError, WriteTx, signed, unsigned},
    tally::{Chain, Part, Tally, Value, unhex},
};

/// Why the ledger's own database is not signed from. Nothing was signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SummaryError {
    /// Checkpoints that were signed are gone.
    #[error(
        "the database holds {got} checkpoints, but {expected} were signed; none is signed afresh: run \
         `wufu ledger audit`, then restore the folder from a backup"
    )]
    Checkpoints {
        /// How many there are.
        got: u64,
        /// How many were signed.
        expected: u64,
    },
    /// Summaries that were signed are gone.
    #[error(
        "the newest summary in the database is {}, but number {expected} was signed; nothing is written or signed on top \
         of it: run `wufu ledger audit`, then restore the folder from a backup whose ledger.db holds number {expected}. \
         If there is none, move summary.note away and run `wufu ledger close-epoch --accept-database`; that is safe only \
         when nobody was given what was signed or admitted since the newest summary in the database",
        .got.map_or("missing".into(), |got| format!("number {got}"))
    )]
    Behind {
        /// The newest in the database.
        got: Option<u64>,
        /// The newest that was signed.
        expected: u64,
    },
    /// The file and the database hold different summaries under one number.
    #[error(
        "summary.note and the database hold different summaries of number {number}: one of them is from another copy of \
         this ledger, and nothing is written or signed. Run `wufu ledger audit`, then restore ledger.db and summary.note \
         from one copy, the one that was served. If the database is known to be that copy, move summary.note away and run \
         `wufu ledger close-epoch --accept-database`"
    )]
    Forked {
        /// The number.
        number: u64,
    },
    /// The file is gone.
    #[error(
        "summary.note is missing: it holds the newest signed summary outside the database. Restore it from a backup; if it \
         is lost, and the database is known to be the newest copy, run `wufu ledger close-epoch --accept-database`"
    )]
    FileMissing,
    /// The file is not a summary that this ledger signed.
    #[error(
        "summary.note is not a summary signed by this ledger's key: it is cut short, or not this ledger's. Restore it from \
         a backup of this folder; if there is none, and the database is known to be the newest copy, run \
         `wufu ledger close-epoch --accept-database`, which replaces it"
    )]
    FileUnsigned,
}

/// The signed state after the newest transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct State {
    /// The number of the newest summary.
    pub(crate) after: u64,
    pub(crate) tally: Tally,
}

impl State {
    /// # Shapes
    /// `ORG/state`, `after summary N`, and [`Tally::text`].
    fn text(&self, org: &str) -> String {
        format!("{org}/state\nafter summary {}\n{}", self.after, self.tally.text())
    }

    /// Reads a state that `key` signed.
    pub(crate) fn open(key: &LogKey, note: &str) -> Option<Self> {
        let text = key.open(note).ok()?;
        let rest = text.strip_prefix(key.name())?.strip_prefix("/state\nafter summary ")?;
        let (after, tally) = rest.split_once('\n')?;
        let state = Self { after: after.parse().ok()?, tally: Tally::parse(tally)? };
        (state.text(key.name()) == text).then_some(state)
    }
}

/// The state at the end of an epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Summary {
    /// From 0, which is signed when the ledger is made, or migrated from the first release.
    pub(crate) number: u64,
    /// The epoch in which it was signed.
    pub(crate) epoch: u64,
    /// blake3 of the note of the summary before; zeros for the first.
    pub(crate) previous: [u8; 32],
    pub(crate) tally: Tally,
}

impl Summary {
    /// # Shapes
    /// `ORG/summary`, `number N`, `epoch E`, `previous HASH`, and [`Tally::text`].
    fn text(&self, org: &str) -> String {
        let Self { number, epoch, previous, tally } = self;
        let previous = hex(previous);
        format!(
            "{org}/summary\nnumber {number}\nepoch {epoch}\nprevious {previous}\n{}",
            tally.text()
        )
    }

    /// Reads a summary that `key` signed.
    pub(crate) fn open(key: &LogKey, note: &str) -> Option<Self> {
        let text = key.open(note).ok()?;
        let rest = text.strip_prefix(key.name())?.strip_prefix("/summary\nnumber ")?;
        let (number, rest) = rest.split_once("\nepoch ")?;
        let (epoch, rest) = rest.split_once("\nprevious ")?;
        let (previous, tally) = rest.split_once('\n')?;
        let (number, epoch) = (number.parse().ok()?, epoch.parse().ok()?);
        let summary =
            Self { number, epoch, previous: unhex(previous)?, tally: Tally::parse(tally)? };
        (summary.text(key.name()) == text).then_some(summary)
    }
}

impl Ledger {
    /// The signed state, as a transaction finds it that writes on top of it.
    ///
    /// # Errors
    /// When the database is behind its high-water mark: what was spent since is not known.
    pub(crate) async fn state(&self, tx: &mut WriteTx<'_>) -> Result<State, StoreError> {
        let state = load_state(tx.connection()?, self.log_key()).await?;
        let lost = self.inner.lost.read().unwrap_or_else(PoisonError::into_inner).clone();
        match lost {
            None => Ok(state),
            Some(lost) => Err(FolderError::from(lost).into()),
        }
    }

    /// Remembers whether the database is behind its high-water mark.
    pub(crate) fn remember_lost(&self, lost: Option<SummaryError>) {
        *self.inner.lost.write().unwrap_or_else(PoisonError::into_inner) = lost;
    }

    /// Signs the state that a transaction leaves.
    pub(crate) async fn sign_state(
        &self,
        tx: &mut WriteTx<'_>,
        state: &State,
    ) -> Result<(), StoreError> {
        write_state(tx.connection()?, &self.signer(), state).await
    }

    /// Checks that a transaction finds every checkpoint and summary that was ever signed. Gives the newest summary and its
    /// note.
    pub(crate) async fn refuse_lost(
        &self,
        tx: &mut WriteTx<'_>,
        state: &State,
    ) -> Result<(Summary, String), EpochError> {
        let connection = tx.connection()?;
        let count = sqlx::query_scalar("SELECT COUNT(*) FROM checkpoints");
        let count = count.fetch_one(&mut *connection).await.map_err(StoreError::from)?;
        let got = unsigned("count", count)?;
        let expected = state.tally.chain(Part::Checkpoints).rows;
        if got != expected {
            return Err(SummaryError::Checkpoints { got, expected }.into());
        }
        let newest = newest_note(connection).await?;
        let newest = newest.and_then(|note| Some((Summary::open(self.log_key(), &note)?, note)));
        let got = newest.as_ref().map(|(summary, _)| summary.number);
        let newest = newest.filter(|(summary, _)| summary.number == state.after);
        let newest = newest.ok_or(SummaryError::Behind { got, expected: state.after })?;
        let file = self.inner.folder.summary().map_err(StoreError::from)?;
        let file = file.ok_or(SummaryError::FileMissing)?;
        if Summary::open(self.log_key(), &file).is_none() {
            return Err(SummaryError::FileUnsigned.into());
        }
        let lost = lost(connection, self.log_key(), Some(newest.0.number), &file).await?;
        self.remember_lost(lost.clone());
        match lost {
            None => Ok(newest),
            Some(lost) => Err(lost.into()),
        }
    }

    /// Writes the high-water mark anew when it is missing or not signed by this ledger's key. The caller knows that the
    /// database is the newest copy.
    ///
    /// # Errors
    /// When the database holds no summary, or the file cannot be written. Nothing happens when there is a signed file.
    pub async fn accept_database(&self) -> Result<(), StoreError> {
        let file = self.inner.folder.summary()?;
        if file.is_some_and(|file| Summary::open(self.log_key(), &file).is_some()) {
            return Ok(());
        }
        let mut reader = self.inner.store.readers().acquire().await?;
        let note = newest_note(&mut reader).await?;
        self.write_mark(note.ok_or(StoreError::Broken { what: "list of summaries" })?).await?;
        self.remember_lost(None);
        Ok(())
    }

    /// Replaces the high-water mark.
    pub(crate) async fn write_mark(&self, note: String) -> Result<(), StoreError> {
        let inner = self.inner.clone();
        let written = tokio::task::spawn_blocking(move || inner.folder.write_summary(&note));
        Ok(written.await.map_err(|_| StoreError::Stopped)??)
    }
}

/// Signs the first summary of a ledger, over whatever it holds. Gives its note.
pub(crate) async fn begin(
    connection: &mut SqliteConnection,
    signer: &Signer<'_>,
    from_start: bool,
) -> Result<String, StoreError> {
    let mut tally = recount(connection, |_, _| ()).await?;
    tally.from_start = from_start;
    let first = Summary { number: 0, epoch: 0, previous: [0; 32], tally };
    let note = insert(connection, signer, &first).await?;
    let state = State { after: 0, tally: first.tally };
    write_state(connection, signer, &state).await?;
    Ok(note)
}

/// How a database, whose newest summary is `newest`, is behind the high-water mark in `file` or contradicts it. `None` when it
/// does not, or when the file is no signed summary and tells nothing.
pub(crate) async fn lost(
    connection: &mut SqliteConnection,
    key: &LogKey,
    newest: Option<u64>,
    file: &str,
) -> Result<Option<SummaryError>, StoreError> {
    let Some(mark) = Summary::open(key, file) else { return Ok(None) };
    if newest.is_none_or(|newest| mark.number > newest) {
        return Ok(Some(SummaryError::Behind { got: newest, expected: mark.number }));
    }
    // The file may be behind: the process ended between the commit and the file.
    let query = sqlx::query_scalar("SELECT note FROM summaries WHERE number = $1");
    let query = query.bind(signed(mark.number)?).fetch_optional(connection);
    let held: Option<String> = query.await?;
    let is_held = held.as_deref() == Some(file);
    Ok((!is_held).then_some(SummaryError::Forked { number: mark.number }))
}

/// Whether a ledger was never summarised: it is new, or comes from the first release.
pub(crate) async fn is_unsummarised(connection: &mut SqliteConnection) -> Result<bool, StoreError> {
    let query = "SELECT (SELECT COUNT(*) FROM state) + (SELECT COUNT(*) FROM summaries)";
    let rows: i64 = sqlx::query_scalar(query).fetch_one(connection).await?;
    Ok(rows == 0)
}

/// The signed state.
pub(crate) async fn load_state(
    connection: &mut SqliteConnection,
    key: &LogKey,
) -> Result<State, StoreError> {
    let note: Option<String> =
        sqlx::query_scalar("SELECT note FROM state").fetch_optional(connection).await?;
    note.and_then(|note| State::open(key, &note)).ok_or(StoreError::State)
}

async fn write_state(
    connection: &mut SqliteConnection,
    signer: &Signer<'_>,
    state: &State,
) -> Result<(), StoreError> {
    let note = sign(signer, &state.text(signer.org))?;
    let insert = "INSERT INTO state (state, note) VALUES (1, $1) \
         ON CONFLICT (state) DO UPDATE SET note = excluded.note";
    sqlx::query(insert).bind(note).execute(connection).await?;
    Ok(())
}

/// Signs a summary and writes it. Gives its note.
pub(crate) async fn insert(
    connection: &mut SqliteConnection,
    signer: &Signer<'_>,
    summary: &Summary,
) -> Result<String, StoreError> {
    let note = sign(signer, &summary.text(signer.org))?;
    sqlx::query("INSERT INTO summaries (number, epoch, note) VALUES ($1, $2, $3)")
        .bind(signed(summary.number)?)
        .bind(signed(summary.epoch)?)
        .bind(&note)
        .execute(connection)
        .await?;
    Ok(note)
}

fn sign(signer: &Signer<'_>, text: &str) -> Result<String, StoreError> {
    let note = note::sign(signer.org, signer.signing, text);
    // The org's name was checked when the policy was read, and the rest are numbers.
    note.map_err(|_| StoreError::Broken { what: "summary" })
}

/// The note of the newest summary.
pub(crate) async fn newest_note(
    connection: &mut SqliteConnection,
) -> Result<Option<String>, StoreError> {
    let query = sqlx::query_scalar("SELECT note FROM summaries ORDER BY number DESC LIMIT 1");
    Ok(query.fetch_optional(connection).await?)
}

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

/// Counts and hashes every row of the database. `seen` hears of each row, after it was added to its part's chain.
///
/// # Cost
/// One blake3 hash of each row of the ledger.
pub(crate) async fn recount(
    connection: &mut SqliteConnection,
    mut seen: impl FnMut(Part, &Chain),
) -> Result<Tally, StoreError> {
    let mut tally = Tally::new(rules(connection).await?, true);
    for log in Log::ALL {
        let query = match log {
            Log::Cards | Log::Persons => "SELECT leaf FROM leaves WHERE log = $1 ORDER BY place",
            Log::Donations => "SELECT leaf FROM records WHERE log = $1 ORDER BY place",
        };
        let mut rows = sqlx::query_scalar(query).bind(log.id()).fetch(&mut *connection);
        while let Some(leaf) = rows.next().await {
            let leaf: Vec<u8> = leaf?;
            tally.push_leaf(log, &leaf);
            seen(Part::of(log), tally.chain(Part::of(log)));
        }
    }
    type Donation = (Vec<u8>, i64, i64, i64, Option<i64>);
    let query = "SELECT receipt, project_key, amount, time, place FROM receipts WHERE log = $1 \
         ORDER BY seq, receipt";
    let mut rows = sqlx::query_as(query).bind(Log::Donations.id()).fetch(&mut *connection);
    while let Some(row) = rows.next().await {
        let (receipt, project, amount, time, place): Donation = row?;
        tally.push_donation(&receipt, [project, amount, time], place.is_some());
        seen(Part::Donations, tally.chain(Part::Donations));
    }
    drop(rows);
    let query = "SELECT log, institution, name FROM institutions ORDER BY log, institution";
    let mut rows = sqlx::query_as(query).fetch(&mut *connection);
    while let Some(row) = rows.next().await {
        let (log, institution, name): (i64, i64, String) = row?;
        tally.push(Part::Institutions, &[log.into(), institution.into(), name.as_str().into()]);
        seen(Part::Institutions, tally.chain(Part::Institutions));
    }
    drop(rows);
    let query = "SELECT log, project, institution, name FROM projects ORDER BY log, project";
    let mut rows = sqlx::query_as(query).fetch(&mut *connection);
    while let Some(row) = rows.next().await {
        let (log, project, institution, name): (i64, i64, i64, String) = row?;
        let ids = [log, project, institution].map(Value::from);
        tally.push(Part::Projects, &[ids[0], ids[1], ids[2], name.as_str().into()]);
        seen(Part::Projects, tally.chain(Part::Projects));
    }
    drop(rows);
    type Claim = (i64, Vec<u8>, Vec<u8>, Vec<u8>, Vec<u8>, i64, i64, String);
    let query = "SELECT claim, key_id, public_inputs, proof, payout, expiry, time, note \
         FROM claims ORDER BY claim";
    let mut rows = sqlx::query_as(query).fetch(&mut *connection);
    while let Some(row) = rows.next().await {
        let (claim, key_id, inputs, proof, payout, expiry, time, note): Claim = row?;
        let bytes = [key_id.as_slice(), &inputs, &proof, &payout];
        tally.push(Part::Claims, &claim_row(claim, bytes, [expiry, time], &note));
        seen(Part::Claims, tally.chain(Part::Claims));
    }
    drop(rows);
    type Row = (i64, i64, i64, Option<Vec<u8>>, String);
    let query = "SELECT log, epoch, size, open_root, note FROM checkpoints ORDER BY epoch, log";
    let mut rows = sqlx::query_as(query).fetch(&mut *connection);
    while let Some(row) = rows.next().await {
        let (log, epoch, size, open_root, note): Row = row?;
        let row = checkpoint_row([log, epoch, size], open_root.as_deref(), &note);
        tally.push(Part::Checkpoints, &row);
        seen(Part::Checkpoints, tally.chain(Part::Checkpoints));
    }
    drop(rows);
    Ok(tally)
}

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
