//! The type [`Ledger`].

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock, atomic::AtomicU64},
};

use ed25519_dalek::SigningKey;
use futures_util::future::BoxFuture;
use tokio::sync::{Mutex, watch};
use wufu_proto::log::{LedgerInfo, LogInfo};
use wufu_serve::Health;
use wufu_verifier::log::{history::LogHistory, signed_note::LogKey};

use crate::{
    epochs::{summary_error::SummaryError, tally::Tally},
    folder::{Folder, secret::OperatorToken},
    log::Log,
    log_tree::{LogTree, ShardCache},
    policy::LedgerPolicy,
    store::{ReadPurpose, Store, StoreError, logs},
    workers::Workers,
};

/// The ledger of an organisation: its logs, their checkpoints, and the spent set. Only one process
/// can have it open for writing.
///
/// Cloning is cheap, and all clones are the same ledger. The folder is unlocked when the last clone
/// is dropped.
#[derive(Clone)]
pub struct Ledger {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) policy: LedgerPolicy,
    pub(crate) signing: SigningKey,
    pub(crate) log_key: LogKey,
    pub(crate) token: OperatorToken,
    pub(crate) store: Store,
    pub(crate) workers: Workers,
    // What was signed. It is replaced as a whole after the commit, so a reader always sees a
    // checkpoint and its own tree.
    pub(crate) views: RwLock<BTreeMap<Log, Arc<LogView>>>,
    // Held while an epoch is closed. The tally up to which the rows were compared with what was
    // signed.
    pub(crate) closing: Mutex<Option<Tally>>,
    pub(crate) shards: ShardCache,
    // Sends the epoch whenever one is closed.
    pub(crate) closed: watch::Sender<u64>,
    // The newest epoch that this process closed, or that the operator confirmed. The clock is
    // followed from there.
    pub(crate) seen: AtomicU64,
    // How the database is behind its high-water mark. As long as it is, nothing is written.
    pub(crate) lost: RwLock<Option<SummaryError>>,
    // Whether it can be written, and whether its epochs close.
    pub(crate) health: Health,
    // The last field, so that the lock is released after everything else.
    pub(crate) folder: Folder,
}

/// What is needed to sign for an organisation.
#[derive(Clone, Copy)]
pub(crate) struct Signer<'a> {
    pub(crate) org: &'a str,
    pub(crate) signing: &'a SigningKey,
}

/// A log at its newest checkpoint.
#[derive(Clone)]
pub(crate) struct LogView {
    pub(crate) tree: LogTree,
    /// The newest checkpoints: those that can count within the window, and one more.
    pub(crate) history: LogHistory,
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ledger").field("org", &self.org()).finish_non_exhaustive()
    }
}

impl Ledger {
    /// What is needed to sign for the organisation.
    pub(crate) fn signer(&self) -> Signer<'_> {
        Signer { org: self.org(), signing: &self.inner.signing }
    }

    /// The campaign or charity.
    pub fn org(&self) -> &str {
        &self.inner.policy.org
    }

    /// The ledger's rules.
    pub fn policy(&self) -> &LedgerPolicy {
        &self.inner.policy
    }

    /// Whether the ledger can do its work, as seen while it is served.
    pub fn health(&self) -> &Health {
        &self.inner.health
    }

    /// The key that opens the organisation's checkpoints and other notes.
    pub fn log_key(&self) -> &LogKey {
        &self.inner.log_key
    }

    /// The token that an operator must show to append over the network.
    pub fn operator_token(&self) -> &OperatorToken {
        &self.inner.token
    }

    /// The origin of one of the ledger's logs, `org/log`.
    pub fn origin(&self, log: Log) -> String {
        log.origin(self.org())
    }

    /// The number of leaves in a log, including those that no checkpoint covers yet.
    ///
    /// # Errors
    /// Returns an error if the database fails.
    pub fn size(&self, log: Log) -> BoxFuture<'_, Result<u64, StoreError>> {
        Box::pin(async move {
            logs::size(&mut self.inner.store.reader(ReadPurpose::Short).await?, log).await
        })
    }

    /// Who runs this ledger, and its logs and rules.
    ///
    /// # Errors
    /// Returns an error if the database fails.
    pub fn info(&self) -> BoxFuture<'_, Result<LedgerInfo, StoreError>> {
        Box::pin(async move {
            let mut logs = Vec::new();
            for log in Log::ALL {
                let size = self.size(log).await?;
                logs.push(LogInfo { origin: self.origin(log), depth: log.depth(), size });
            }
            let policy = self.policy();
            Ok(LedgerInfo {
                version: env!("CARGO_PKG_VERSION").into(),
                org: policy.org.clone(),
                log_key: self.log_key().clone(),
                logs,
                epoch_seconds: policy.epoch_seconds,
                window: policy.window(),
                currency: policy.currency.map(String::from),
            })
        })
    }

    /// Receives each epoch when it is closed.
    pub(crate) fn closed(&self) -> watch::Receiver<u64> {
        self.inner.closed.subscribe()
    }

    /// Closes the database. This is not needed for durability, but makes the folder a little
    /// smaller.
    pub fn close(self) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            self.inner.store.close().await;
        })
    }

    /// A log at its newest checkpoint.
    pub(crate) fn view(&self, log: Log) -> Arc<LogView> {
        let views = self.inner.views.read().unwrap_or_else(PoisonError::into_inner);
        // Every log has a view from the start.
        views.get(&log).cloned().unwrap_or_else(|| {
            let (tree, history) = (LogTree::new(log), LogHistory::new(&self.origin(log)));
            Arc::new(LogView { tree, history })
        })
    }

    /// Replaces views by newer ones, all at the same time.
    pub(crate) fn replace_views(&self, fresh: Vec<(Log, LogView)>) {
        let mut views = self.inner.views.write().unwrap_or_else(PoisonError::into_inner);
        views.extend(fresh.into_iter().map(|(log, view)| (log, Arc::new(view))));
    }

    /// Runs work that must not stop when the caller goes away.
    pub(crate) async fn finish<T, E>(
        &self,
        work: impl Future<Output = Result<T, E>> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        // Boxed, so that the runtime's code is compiled once for each result type, and not for each
        // piece of work.
        let work: BoxFuture<'static, Result<T, E>> = Box::pin(work);
        tokio::spawn(work).await.unwrap_or_else(|_| Err(StoreError::Stopped.into()))
    }
}
