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

/// A ledger as it was at one moment. Nothing can be written through this value, and it does not
/// keep others from writing.
///
/// Everything is read in one transaction, so nothing that is committed later is visible.
#[derive(Debug)]
pub struct LedgerReader {
    ledger: Ledger,
    // Read before the database, so that the database cannot be behind them.
    marks: HighWaterMarks,
}

impl LedgerReader {
    /// Opens the ledger in a folder for reading.
    ///
    /// Where nothing can be written, as on a read-only medium, only the database file is read. It
    /// holds the whole ledger once its writer has closed it.
    ///
    /// # Errors
    /// Returns an error if there is no ledger, if the folder or one of its files belongs to another
    /// user or is open to others, if the rules have changed since the ledger was started, or if
    /// nothing can be written and the newest changes cannot be read.
    ///
    /// # Cost
    /// Little, because no tree is hashed.
    pub fn open(folder: &Path) -> BoxFuture<'_, Result<Self, OpenError>> {
        Box::pin(async move {
            let folder = Folder::read(folder)?;
            let (file, policy) = (folder.database(), read_policy(&folder)?);
            let marks = HighWaterMarks::read(&folder)?;
            let database = |error| OpenError::Database { file: file.clone(), error };
            let store = match Store::open_snapshot(&file, false).await {
                Ok(store) => store,
                // SQLite keeps an index of the write-ahead log beside the database, which is not
                // possible here.
                Err(error) if folder.is_read_only() => {
                    folder.refuse_unfinished()?;
                    tracing::debug!(%error, "read-only folder: reading the database file alone");
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

    /// The ledger's rules.
    pub fn policy(&self) -> &LedgerPolicy {
        self.ledger.policy()
    }

    /// The key that opens the organisation's checkpoints and other notes.
    pub fn log_key(&self) -> &LogKey {
        self.ledger.log_key()
    }

    /// The origin of one of the ledger's logs, `org/log`.
    pub fn origin(&self, log: Log) -> String {
        self.ledger.origin(log)
    }

    /// [`Ledger::info`].
    ///
    /// # Errors
    /// Returns an error if the database fails.
    pub fn info(&self) -> BoxFuture<'_, Result<LedgerInfo, StoreError>> {
        Box::pin(async move { self.ledger.info().await })
    }

    /// [`Ledger::totals`].
    ///
    /// # Errors
    /// Returns an error if the database fails.
    pub fn totals(&self) -> BoxFuture<'_, Result<DonationSums, StoreError>> {
        Box::pin(async move { self.ledger.totals().await })
    }

    /// [`Ledger::audit`].
    ///
    /// # Errors
    /// Returns an error if the database fails. A mismatch is not an error but a finding.
    pub fn audit(&self) -> BoxFuture<'_, Result<Audit, StoreError>> {
        Box::pin(async move { self.ledger.audit_against(&self.marks).await })
    }

    /// [`Ledger::checkpoints`].
    ///
    /// # Errors
    /// Returns an error if there is no such log, or the database fails.
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
    /// Returns an error if the database fails.
    pub fn waiting_of(
        &self,
        owner: PublicKey,
    ) -> BoxFuture<'_, Result<PendingEntries, GrantError>> {
        Box::pin(async move { self.ledger.waiting_of(owner).await })
    }

    /// [`Ledger::next_close`].
    ///
    /// # Errors
    /// Returns an error if the database fails.
    pub fn next_close(&self, now: u64) -> BoxFuture<'_, Result<u64, StoreError>> {
        Box::pin(async move { self.ledger.next_close(now).await })
    }

    /// Reads the trees that paths come from. The resulting reader can give grants.
    ///
    /// # Errors
    /// Returns an error if the leaves do not match the root that was signed last, or if the
    /// database fails.
    ///
    /// # Cost
    /// At most the hashes of one shard (21,845) for each log, whatever its size.
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
    /// The ledger that is being read. Writing to it fails.
    pub(crate) fn into_ledger(self) -> Ledger {
        self.ledger
    }

    /// [`Ledger::grants_of`].
    ///
    /// # Errors
    /// Returns an error if the database fails.
    pub fn grants_of(&self, owner: PublicKey) -> BoxFuture<'_, Result<AppendOutcome, GrantError>> {
        Box::pin(async move { self.ledger.grants_of(owner).await })
    }

    /// [`Ledger::donation_receipt`].
    ///
    /// # Errors
    /// Returns an error if there is no such donation, if it has no owner or is not in a checkpoint
    /// yet, or if the database fails.
    pub fn donation_receipt<'a>(
        &'a self,
        receipt: &'a [u8],
    ) -> BoxFuture<'a, Result<DonationReceipt, GrantError>> {
        Box::pin(async move { self.ledger.donation_receipt(receipt).await })
    }
}
