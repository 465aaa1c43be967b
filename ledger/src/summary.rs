//! Summaries: the tally, signed at the end of an epoch, each with the hash of the one before.
//!
//! The newest one is also kept in a file beside the database, the high-water mark, and so is the newest state. A
//! database that lost its newest summaries or rows, or all of them, is behind its files, and the ledger writes and
//! signs nothing more in it.

use std::{cmp::Ordering, sync::PoisonError};

use sqlx::SqliteConnection;
use wufu_verifier::log::signed_note::{self, LogKey};

use crate::{
    checkpoint::EpochError,
    folder::{FolderError, hex},
    ledger::{Ledger, Signer},
    recount::{differs, recount},
    store::{StoreError, WriteTx, signed, unsigned},
    tally::{Part, Tally, unhex},
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
    /// Rows that were acknowledged since the newest summary are gone: the state in the database is older than the
    /// file's.
    #[error(
        "ledger.db is older than state.note, which holds the newest signed state outside the database: {part} has {got} \
         rows, but {expected} were signed. Nothing is written or signed on top of it: run `wufu ledger audit`, then restore \
         the newest copy of ledger.db. If there is none, move state.note away and run the command again; that is safe only \
         when nobody was given what was admitted or appended since"
    )]
    Older {
        /// The part of the database.
        part: &'static str,
        /// How many rows the signed state in the database has.
        got: u64,
        /// How many the file has.
        expected: u64,
    },
    /// The file and the database hold different states of the same number of rows.
    #[error(
        "state.note and ledger.db hold different signed states of the same {part}: one of them is from another copy of this \
         ledger, and nothing is written or signed. Run `wufu ledger audit`, then restore ledger.db, summary.note and \
         state.note from one copy, the one that was served. If the database is known to be that copy, move state.note away"
    )]
    OtherState {
        /// The part of the database.
        part: &'static str,
    },
    /// Rows are not those that were signed.
    #[error(
        "the rows of {part} in ledger.db are not those that were signed ({}), so nothing is signed on top of them: run \
         `wufu ledger audit`, which names them, then restore the folder from a backup. If there is none, and the database is \
         to be taken as it is, move summary.note and state.note away and run `wufu ledger close-epoch --accept-database`; the \
         audit then says that what was changed before cannot be told",
        if got == expected { "at least one was changed".into() } else { format!("there are {got}, but {expected} were signed") }
    )]
    Edited {
        /// The part of the database.
        part: &'static str,
        /// How many rows there are.
        got: u64,
        /// How many were signed.
        expected: u64,
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

    /// How this state, of the database, is behind the one in the file, or contradicts it. `None` when it does not, or
    /// when the file is no signed state and tells nothing.
    ///
    /// Every transaction adds rows, so the later one of two states has more of some part, and less of none.
    pub(crate) fn lost(&self, key: &LogKey, file: Option<&str>) -> Option<SummaryError> {
        let file = Self::open(key, file?)?;
        Part::ALL.into_iter().find_map(|part| {
            let (got, expected) = (self.tally.chain(part), file.tally.chain(part));
            let (part, got, expected, same) =
                (part.name(), got.rows, expected.rows, got.hash == expected.hash);
            match got.cmp(&expected) {
                Ordering::Less => Some(SummaryError::Older { part, got, expected }),
                Ordering::Equal if !same => Some(SummaryError::OtherState { part }),
                _ => None,
            }
        })
    }
}

/// The state at the end of an epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Summary {
    /// From 0, which is signed when the ledger is made, or migrated from the first release.
    pub(crate) number: u64,
    /// The epoch in which it was signed. 0 in the first summary of a ledger that was taken over, and of older ones.
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
        let note = write_state(tx.connection()?, &self.signer(), state).await?;
        tx.leaves_state(note);
        Ok(())
    }

    /// Checks that a transaction finds every checkpoint and summary that was ever signed. Gives the newest summary and
    /// its note.
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
        let kept = self.inner.folder.state().map_err(StoreError::from)?;
        let lost = lost.or_else(|| state.lost(self.log_key(), kept.as_deref()));
        self.remember_lost(lost.clone());
        match lost {
            None => Ok(newest),
            Some(lost) => Err(lost.into()),
        }
    }

    /// Writes the high-water mark anew when it is missing or not signed by this ledger's key. When the signed state is
    /// missing too, or the rows are not those that it was signed over, all rows are signed as they are now. The caller
    /// knows that the database is the newest copy.
    ///
    /// # Errors
    /// When the database fails, or a file cannot be written. Nothing happens when there is a signed file.
    pub async fn accept_database(&self) -> Result<(), StoreError> {
        let file = self.inner.folder.summary()?;
        if file.is_some_and(|file| Summary::open(self.log_key(), &file).is_some()) {
            return Ok(());
        }
        let mut tx = self.inner.store.begin().await?;
        let note = match self.accepted(&mut tx).await? {
            Some(note) => {
                tx.refuse().await?;
                note
            }
            None => {
                let connection = tx.connection()?;
                sqlx::query("DELETE FROM summaries").execute(&mut *connection).await?;
                let note = begin(connection, &self.signer(), 0, false).await?;
                tx.commit().await?;
                note
            }
        };
        self.write_mark(note).await?;
        self.inner.folder.mark_signed_state()?;
        self.remember_lost(None);
        Ok(())
    }

    /// The newest summary's note, when the state after it was signed over the rows that there are.
    async fn accepted(&self, tx: &mut WriteTx<'_>) -> Result<Option<String>, StoreError> {
        let connection = tx.connection()?;
        let state = match load_state(connection, self.log_key()).await {
            Err(StoreError::State) => return Ok(None),
            state => state?,
        };
        if differs(connection, None, &state.tally).await?.is_some() {
            return Ok(None);
        }
        let note = newest_note(connection).await?;
        let newest = note.as_deref().and_then(|note| Summary::open(self.log_key(), note));
        Ok(note.filter(|_| newest.is_some_and(|newest| newest.number == state.after)))
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
    epoch: u64,
    from_start: bool,
) -> Result<String, StoreError> {
    let mut tally = recount(connection, None, |_, _| ()).await?;
    tally.from_start = from_start;
    let first = Summary { number: 0, epoch, previous: [0; 32], tally };
    let note = insert(connection, signer, &first).await?;
    let state = State { after: 0, tally: first.tally };
    write_state(connection, signer, &state).await?;
    Ok(note)
}

/// How a database, whose newest summary is `newest`, is behind the high-water mark in `file` or contradicts it. `None`
/// when it does not, or when the file is no signed summary and tells nothing.
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

/// Whether no summary and no state is in the database.
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
) -> Result<String, StoreError> {
    let note = sign(signer, &state.text(signer.org))?;
    let insert = "INSERT INTO state (state, note) VALUES (1, $1) \
         ON CONFLICT (state) DO UPDATE SET note = excluded.note";
    sqlx::query(insert).bind(&note).execute(connection).await?;
    Ok(note)
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
    let note = signed_note::sign(signer.org, signer.signing, text);
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
