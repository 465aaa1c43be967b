//! Summaries: the tally, signed at the end of an epoch, each with the hash of the previous summary.
//!
//! The newest summary is also kept in a file beside the database, the high-water mark. So is the
//! newest state. If a database has lost its newest summaries or rows, or all of them, it is behind
//! these files. Then the ledger neither writes nor signs anything.

use std::sync::PoisonError;

use futures_util::future::BoxFuture;
use wufu_verifier::log::signed_note::{self, LogKey};

use super::{
    error::EpochError,
    recount::{differs, recount},
    state::{SignedState, Summary},
    summary_error::SummaryError,
    tally::Part,
};
use crate::{
    folder::FolderError,
    ledger::{Ledger, Signer},
    store::{Connection, StoreError, Transaction, checkpoints, summaries},
};

impl Ledger {
    /// The signed state that a transaction builds on.
    ///
    /// # Errors
    /// Returns an error if the database is behind its high-water mark, because it then does not
    /// know what was spent since.
    pub(crate) async fn state(&self, tx: &mut Transaction<'_>) -> Result<SignedState, StoreError> {
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
        tx: &mut Transaction<'_>,
        state: &SignedState,
    ) -> Result<(), StoreError> {
        let note = write_state(tx, &self.signer(), state).await?;
        tx.leaves_state(note);
        Ok(())
    }

    /// Checks that a transaction finds every checkpoint and summary that was ever signed. Returns
    /// the newest summary and its note.
    pub(crate) async fn refuse_lost(
        &self,
        tx: &mut Transaction<'_>,
        state: &SignedState,
    ) -> Result<(Summary, String), EpochError> {
        let connection = tx.connection()?;
        let got = checkpoints::count(connection).await?;
        let expected = state.tally.chain(Part::Checkpoints).rows;
        if got != expected {
            return Err(SummaryError::Checkpoints { got, expected }.into());
        }
        let newest = summaries::newest_note(connection).await?;
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

    /// Writes the high-water mark again if it is missing or not signed by this ledger's key. If the
    /// signed state is missing too, or if the rows differ from it, all rows are signed as they are
    /// now. The caller knows that the database is the newest copy.
    ///
    /// # Errors
    /// Returns an error if the database fails, or if a file cannot be written. If there is a signed
    /// file, nothing happens.
    pub fn accept_database(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
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
                    summaries::delete_all(&mut tx).await?;
                    let note = begin(&mut tx, &self.signer(), 0, false).await?;
                    tx.commit().await?;
                    note
                }
            };
            self.write_mark(note).await?;
            self.inner.folder.mark_signed_state()?;
            self.remember_lost(None);
            Ok(())
        })
    }

    /// The newest summary's note, if the state that was signed after it matches the rows.
    async fn accepted(&self, tx: &mut Transaction<'_>) -> Result<Option<String>, StoreError> {
        let connection = tx.connection()?;
        let state = match load_state(connection, self.log_key()).await {
            Err(StoreError::State) => return Ok(None),
            state => state?,
        };
        if differs(connection, None, &state.tally).await?.is_some() {
            return Ok(None);
        }
        let note = summaries::newest_note(connection).await?;
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

/// Signs the first summary of a ledger, whatever rows it has. Returns its note.
pub(crate) async fn begin(
    tx: &mut Transaction<'_>,
    signer: &Signer<'_>,
    epoch: u64,
    from_start: bool,
) -> Result<String, StoreError> {
    let mut tally = recount(tx.connection()?, None, |_, _| ()).await?;
    tally.from_start = from_start;
    let first = Summary { number: 0, epoch, previous: [0; 32], tally };
    let note = insert(tx, signer, &first).await?;
    let state = SignedState { after: 0, tally: first.tally };
    write_state(tx, signer, &state).await?;
    Ok(note)
}

/// How a database whose newest summary is `newest` is behind the high-water mark in `file`, or
/// contradicts it. `None` if it is neither, or if the file is not a signed summary and so proves
/// nothing.
pub(crate) async fn lost(
    connection: &mut Connection,
    key: &LogKey,
    newest: Option<u64>,
    file: &str,
) -> Result<Option<SummaryError>, StoreError> {
    let Some(mark) = Summary::open(key, file) else { return Ok(None) };
    if newest.is_none_or(|newest| mark.number > newest) {
        return Ok(Some(SummaryError::Behind { got: newest, expected: mark.number }));
    }
    // The file may be behind: the process may have ended after the commit and before it wrote the
    // file.
    let held = summaries::note(connection, mark.number).await?;
    let is_held = held.as_deref() == Some(file);
    Ok((!is_held).then_some(SummaryError::Forked { number: mark.number }))
}

/// The signed state.
pub(crate) async fn load_state(
    connection: &mut Connection,
    key: &LogKey,
) -> Result<SignedState, StoreError> {
    let note = summaries::state_note(connection).await?;
    note.and_then(|note| SignedState::open(key, &note)).ok_or(StoreError::State)
}

async fn write_state(
    tx: &mut Transaction<'_>,
    signer: &Signer<'_>,
    state: &SignedState,
) -> Result<String, StoreError> {
    let note = sign(signer, &state.text(signer.org))?;
    summaries::write_state(tx, &note).await?;
    Ok(note)
}

/// Signs a summary and writes it. Returns its note.
pub(crate) async fn insert(
    tx: &mut Transaction<'_>,
    signer: &Signer<'_>,
    summary: &Summary,
) -> Result<String, StoreError> {
    let note = sign(signer, &summary.text(signer.org))?;
    summaries::insert(tx, summary.number, summary.epoch, &note).await?;
    Ok(note)
}

fn sign(signer: &Signer<'_>, text: &str) -> Result<String, StoreError> {
    let note = signed_note::sign(signer.org, signer.signing, text);
    // The org's name was checked when the rules were read, and all else is numbers.
    note.map_err(|_| StoreError::Broken { what: "summary" })
}
