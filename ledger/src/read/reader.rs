//! Reading a ledger without its lock: while it is served, and where nothing can be written.

use std::path::Path;

use futures_util::future::BoxFuture;
use wufu_proto::{append::AppendOutcome, grant::DonationReceipt, log::LedgerInfo};
use wufu_verifier::{
    PublicKey,
    log::{checkpoint::Checkpoint, signed_note::LogKey},
};

use crate::{
    audit::{Audit, HighWaterMarks},
    folder::Folder,
    ledger::Ledger,
    log::Log,
    open::{OpenError, read_policy},
    policy::LedgerPolicy,
    read::{
        grant::{GrantError, PendingEntries},
        shard::ReadError,
        totals::DonationSums,
    },
    store::{Store, StoreError},
};

/// A ledger as it is at one moment. Nothing can be written through it, and it keeps nobody from writing.
///
/// All that it answers is read in one transaction: what is committed after it was opened, it does not see.
#[derive(Debug)]
pub struct LedgerReader {
    ledger: Ledger,
    // Read before the database, which is never behind them then.
    marks: HighWaterMarks,
}

impl LedgerReader {
    /// Opens the ledger of a folder for reading.
    ///
    /// Where nothing can be written, as on a read-only medium, it reads the database file alone. That is the whole
    /// ledger once whoever wrote it has closed it.
    ///
    /// # Errors
    /// When there is none, the folder or a file of it belongs to another user or is open to others, the rules were
    /// changed since it was begun, or the newest changes cannot be read where nothing can be written.
    ///
    /// # Cost
    /// Little: no tree is hashed.
    pub fn open(folder: &Path) -> BoxFuture<'_, Result<Self, OpenError>> {
        Box::pin(async move {
            let folder = Folder::read(folder)?;
            let (file, policy) = (folder.database(), read_policy(&folder)?);
            let marks = HighWaterMarks::read(&folder)?;
            let database = |error| OpenError::Database { file: file.clone(), error };
            let store = match Store::open_snapshot(&file, false).await {
                Ok(store) => store,
                // SQLite keeps an index of the write-ahead log beside the database, and here it cannot.
                Err(error) if folder.is_read_only() => {
                    folder.refuse_unfinished()?;
                    tracing::debug!(%error, "nothing can be written here: reading the database alone");
                    Store::open_snapshot(&file, true).await.map_err(database)?
                }
                Err(error) => return Err(database(error)),
            };
            let ledger =
                Ledger::start(folder, policy, store).await.map_err(|error| error.of(&file))?;
            Ok(Self { ledger, marks })
        })
    }

    /// The campaign or charity.
    pub fn org(&self) -> &str {
        self.ledger.org()
    }

    /// The rules.
    pub fn policy(&self) -> &LedgerPolicy {
        self.ledger.policy()
    }

    /// What opens the org's checkpoints and other notes.
    pub fn log_key(&self) -> &LogKey {
        self.ledger.log_key()
    }

    /// The origin of one of its logs, `org/log`.
    pub fn origin(&self, log: Log) -> String {
        self.ledger.origin(log)
    }

    /// [`Ledger::info`].
    ///
    /// # Errors
    /// When the database fails.
    pub fn info(&self) -> BoxFuture<'_, Result<LedgerInfo, StoreError>> {
        Box::pin(async move { self.ledger.info().await })
    }

    /// [`Ledger::totals`].
    ///
    /// # Errors
    /// When the database fails.
    pub fn totals(&self) -> BoxFuture<'_, Result<DonationSums, StoreError>> {
        Box::pin(async move { self.ledger.totals().await })
    }

    /// [`Ledger::audit`].
    ///
    /// # Errors
    /// When the database fails. What does not fit is no error, but a finding.
    pub fn audit(&self) -> BoxFuture<'_, Result<Audit, StoreError>> {
        Box::pin(async move { self.ledger.audit_against(&self.marks).await })
    }

    /// [`Ledger::checkpoints`].
    ///
    /// # Errors
    /// When there is no such log, or the database fails.
    pub fn checkpoints<'a>(
        &'a self,
        origin: &'a str,
        from_epoch: u64,
    ) -> BoxFuture<'a, Result<Vec<Checkpoint>, ReadError>> {
        Box::pin(async move { self.ledger.checkpoints(origin, from_epoch).await })
    }

    /// [`Ledger::waiting_of`].
    ///
    /// # Errors
    /// When the database fails.
    pub fn waiting_of(
        &self,
        owner: PublicKey,
    ) -> BoxFuture<'_, Result<PendingEntries, GrantError>> {
        Box::pin(async move { self.ledger.waiting_of(owner).await })
    }

    /// [`Ledger::next_close`].
    ///
    /// # Errors
    /// When the database fails.
    pub fn next_close(&self, now: u64) -> BoxFuture<'_, Result<u64, StoreError>> {
        Box::pin(async move { self.ledger.next_close(now).await })
    }

    /// Reads the trees that paths come from: a reader that gives grants.
    ///
    /// # Errors
    /// When the leaves do not make the root that was signed last, or the database fails.
    ///
    /// # Cost
    /// At most one shard's hashes (21,845) for each log, whatever its size.
    pub fn with_trees(self) -> BoxFuture<'static, Result<GrantReader, OpenError>> {
        Box::pin(async move {
            let file = self.ledger.inner.folder.database();
            let ledger = self.ledger.with_views().await.map_err(|error| error.of(&file))?;
            Ok(GrantReader { ledger })
        })
    }
}

/// A [`LedgerReader`] that can give paths.
#[derive(Debug)]
pub struct GrantReader {
    ledger: Ledger,
}

impl GrantReader {
    /// The ledger that is read. Whatever writes to it fails.
    pub(crate) fn into_ledger(self) -> Ledger {
        self.ledger
    }

    /// [`Ledger::grants_of`].
    ///
    /// # Errors
    /// When the database fails.
    pub fn grants_of(&self, owner: PublicKey) -> BoxFuture<'_, Result<AppendOutcome, GrantError>> {
        Box::pin(async move { self.ledger.grants_of(owner).await })
    }

    /// [`Ledger::donation_receipt`].
    ///
    /// # Errors
    /// When there is no such donation, it has no owner, it is in no checkpoint yet, or the database fails.
    pub fn donation_receipt<'a>(
        &'a self,
        receipt: &'a [u8],
    ) -> BoxFuture<'a, Result<DonationReceipt, GrantError>> {
        Box::pin(async move { self.ledger.donation_receipt(receipt).await })
    }
}
