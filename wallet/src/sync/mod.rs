//! How a wallet reads logs. Every wallet fetches the same: the newest checkpoint, the whole roof
//! and the whole open shard; of donation logs, every shard once.

pub(crate) mod cache;
pub mod view;

use std::sync::Arc;

use wufu_proto::log::Roof;
use wufu_verifier::{
    Record,
    encoding::readable::Span,
    log::{
        checkpoint::{Checkpoint, CheckpointError},
        history::{CLOCK_SKEW, HistoryError, LogHistory},
        name::LogName,
        signed_note::LogKey,
    },
};

use crate::{
    source::{CheckpointSource, SecondSource, SourceError, Sources},
    store::{Evidence, StoreError},
    sync::view::{OwnLeafError, RoofView, ShardView, ViewError},
    wallet::{TaskStopped, Wallet},
};

/// Why a log could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SyncError {
    /// No log key of the organisation is pinned.
    #[error(
        "no log key of {org} is pinned: get it from a source other than the ledger, and pin it \
         (wufu wallet pin --log-key KEY)"
    )]
    NoLogKey {
        /// The organisation.
        org: String,
    },
    /// The ledger has no log of the organisation, or has not signed one yet.
    #[error(
        "{place} has no checkpoint of a log of {org}: it is another organisation's ledger, or has \
         not signed anything yet"
    )]
    NoLog {
        /// The source that was asked.
        place: String,
        /// The organisation.
        org: String,
    },
    /// The operator lied earlier, so the log is not used any more.
    #[error("{log} contradicted itself, so it is not used any more; the evidence is kept")]
    Contradicted {
        /// The log.
        log: LogName,
    },
    /// A checkpoint contradicts one that was seen. The evidence is kept.
    #[error("{0}: the evidence is kept")]
    Contradiction(#[source] HistoryError),
    /// A full shard changed, which must never happen. The evidence is kept.
    #[error("full shard {shard} of {log} changed, which must never happen: the evidence is kept")]
    ChangedShard {
        /// The log.
        log: LogName,
        /// The shard.
        shard: u64,
    },
    /// A source did not answer.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A checkpoint is not signed by the pinned key, or is malformed.
    #[error("{place}: {error}")]
    Checkpoint {
        /// The source that sent it.
        place: String,
        /// What is wrong with it.
        #[source]
        error: CheckpointError,
    },
    /// A source sent a checkpoint of another log than the requested one.
    #[error("{place} sent a checkpoint of {got:?}, expected {expected}")]
    OtherLog {
        /// The source that sent it.
        place: String,
        /// The log of the checkpoint.
        got: String,
        /// The requested log.
        expected: LogName,
    },
    /// A checkpoint is of another epoch than the requested one, is older than one that was seen, or
    /// was withheld by the ledger although the second source has it.
    #[error("{place} has {log} at epoch {got}, expected {expected}")]
    Epoch {
        /// The source that sent it.
        place: String,
        /// The log.
        log: LogName,
        /// The epoch of the checkpoint.
        got: u64,
        /// The epoch that was requested or seen.
        expected: u64,
    },
    /// A checkpoint's epoch begins in the future.
    #[error(
        "{log} is at an epoch that begins {ahead} from now: the clock here or there is wrong",
        ahead = Span(*ahead)
    )]
    Future {
        /// The log.
        log: LogName,
        /// How long until it begins, in seconds.
        ahead: u64,
    },
    /// The data does not match what was signed.
    #[error(transparent)]
    View(#[from] ViewError),
    /// There is no path for one of the wallet's own leaves.
    #[error(transparent)]
    OwnLeaf(#[from] OwnLeafError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The computation was stopped, because the program ends.
    #[error(transparent)]
    Stopped(#[from] TaskStopped),
}

/// A log at an epoch, as everybody sees it.
#[derive(Clone, Debug)]
pub struct LogView {
    pub(crate) roof: RoofView,
    pub(crate) open: Option<Arc<ShardView>>,
    pub(crate) history: LogHistory,
    pub(crate) compared: Option<String>,
}

impl LogView {
    /// The log.
    pub fn log(&self) -> &LogName {
        self.roof.log()
    }

    /// The checkpoint.
    pub fn checkpoint(&self) -> &Checkpoint {
        self.roof.checkpoint()
    }

    /// The second source that had the same checkpoint, if there was one.
    pub fn compared(&self) -> Option<&str> {
        self.compared.as_deref()
    }
}

/// A campaign: its two logs, in force at one epoch.
#[derive(Clone, Debug)]
pub struct CampaignView {
    /// The card log.
    pub cards: LogView,
    /// The person log.
    pub persons: LogView,
}

impl CampaignView {
    /// The epoch at which both logs are in force.
    pub fn epoch(&self) -> u64 {
        self.cards.checkpoint().epoch().max(self.persons.checkpoint().epoch())
    }
}

/// A donation log with all its records.
#[derive(Clone, Debug)]
pub struct DonationView {
    /// The log.
    pub view: LogView,
    pub(crate) shards: Vec<Arc<Vec<Record>>>,
}

impl DonationView {
    /// All records, in order.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.shards.iter().flat_map(|shard| shard.iter())
    }
}

impl Wallet {
    /// Reads a campaign, which is its card log and person log at one epoch, and renews the paths of
    /// the wallet's items there.
    ///
    /// # Errors
    /// Returns an error if a source does not answer, or contradicts what was signed.
    pub async fn campaign(
        &self,
        sources: &Sources,
        org: &str,
        now: u64,
    ) -> Result<CampaignView, SyncError> {
        let (cards, persons) = (LogName::cards(org), LogName::persons(org));
        let newest_cards = self.checkpoint(sources, &cards, None, now).await?;
        let newest_persons = self.checkpoint(sources, &persons, None, now).await?;
        // Use a root of each log at the same epoch: the log that is behind may have moved since it
        // was asked.
        let epoch = newest_cards.epoch().max(newest_persons.epoch());
        let cards = self.view(sources, &cards, newest_cards, Some(epoch), now).await?;
        let persons = self.view(sources, &persons, newest_persons, Some(epoch), now).await?;
        let view = CampaignView { cards, persons };
        let renewed = view.clone();
        let org = org.to_owned();
        self.blocking(move |wallet| wallet.renew_campaign(&org, &renewed)).await??;
        Ok(view)
    }

    /// Reads a log at its newest checkpoint: its roof and its open shard.
    pub(crate) async fn look(
        &self,
        sources: &Sources,
        log: &LogName,
        now: u64,
    ) -> Result<LogView, SyncError> {
        let newest = self.checkpoint(sources, log, None, now).await?;
        self.view(sources, log, newest, None, now).await
    }

    /// Reads all records of a donation log, and renews the paths of the wallet's donations there.
    ///
    /// # Errors
    /// Returns an error if a source does not answer, or contradicts what was signed.
    ///
    /// # Cost
    /// Two and a third hashes for every new record. Full shards are kept on disk.
    pub async fn donation_log(
        &self,
        sources: &Sources,
        log: &LogName,
        now: u64,
    ) -> Result<DonationView, SyncError> {
        let newest = self.checkpoint(sources, log, None, now).await?;
        let view = self.view(sources, log, newest, None, now).await?;
        let mut shards = Vec::new();
        for shard in 0..view.roof.full_shards() {
            let roof = view.roof.clone();
            let kept = self.blocking(move |wallet| wallet.kept_shard(&roof, shard)).await??;
            shards.push(match kept {
                Some(records) => records,
                None => {
                    let checked = self.shard(sources, &view.roof, shard).await?;
                    let roof = view.roof.clone();
                    self.blocking(move |wallet| wallet.keep_new_shard(&roof, &checked)).await??
                }
            });
        }
        shards.extend(view.open.as_ref().map(|open| open.records().clone()));
        let view = DonationView { view, shards };
        let renewed = view.clone();
        self.blocking(move |wallet| wallet.renew_donations(&renewed)).await??;
        Ok(view)
    }

    /// Fetches one full shard, and renews the paths of the wallet's items in it. This is for leaves
    /// whose shard was filled while the wallet was away ([`OwnLeafError::Away`]).
    ///
    /// This is the only fetch that is not the same for everybody. Make it at a random time, long
    /// before it is needed, and not close to another one.
    ///
    /// # Errors
    /// Returns an error if a source does not answer, or contradicts what was signed.
    pub async fn look_up(
        &self,
        sources: &Sources,
        log: &LogName,
        shard: u64,
        now: u64,
    ) -> Result<(), SyncError> {
        let newest = self.checkpoint(sources, log, None, now).await?;
        let (roof, ..) = self.roof(sources, log, newest, None).await?;
        let found = self.shard(sources, &roof, shard).await?;
        self.blocking(move |wallet| wallet.renew(&roof, Some(&found))).await??;
        Ok(())
    }

    /// Fetches a source's checkpoint of a log, checks it and stores it.
    async fn checkpoint_of(
        &self,
        source: &dyn CheckpointSource,
        log: &LogName,
        epoch: Option<u64>,
    ) -> Result<(Checkpoint, LogHistory), SyncError> {
        let name = log.clone();
        let key = self.blocking(move |wallet| wallet.key_of_honest(&name)).await??;
        let note = source.checkpoint(log, epoch).await?;
        self.opened(source.name(), log, key, &note, epoch).await
    }

    async fn opened(
        &self,
        place: String,
        log: &LogName,
        key: LogKey,
        note: &str,
        epoch: Option<u64>,
    ) -> Result<(Checkpoint, LogHistory), SyncError> {
        let opened = Checkpoint::open(&key, note);
        let checkpoint =
            opened.map_err(|error| SyncError::Checkpoint { place: place.clone(), error })?;
        if checkpoint.origin() != log.to_string() {
            let got = checkpoint.origin().into();
            return Err(SyncError::OtherLog { place, got, expected: log.clone() });
        }
        if let Some(expected) = epoch.filter(|epoch| checkpoint.epoch() > *epoch) {
            let got = checkpoint.epoch();
            return Err(SyncError::Epoch { place, log: log.clone(), got, expected });
        }
        let (name, came) = (log.clone(), checkpoint.clone());
        let seen =
            self.blocking(move |wallet| wallet.store().observe(&name, &key, &came)).await??;
        Ok((checkpoint, seen.map_err(SyncError::Contradiction)?))
    }

    /// The ledger's checkpoint of a log: the newest, or the one in force at an epoch. It must not
    /// be older than one that was seen.
    async fn checkpoint(
        &self,
        sources: &Sources,
        log: &LogName,
        epoch: Option<u64>,
        now: u64,
    ) -> Result<Checkpoint, SyncError> {
        let (checkpoint, history) = self.checkpoint_of(sources.ledger.as_ref(), log, epoch).await?;
        let seen = match epoch {
            Some(epoch) => history.in_force(epoch),
            None => history.newest(),
        };
        let got = checkpoint.epoch();
        if let Some(expected) = seen.map(Checkpoint::epoch).filter(|seen| *seen > got) {
            let place = sources.ledger.name();
            return Err(SyncError::Epoch { place, log: log.clone(), got, expected });
        }
        match checkpoint.time().checked_sub(now.saturating_add(CLOCK_SKEW)) {
            None | Some(0) => Ok(checkpoint),
            Some(_) => {
                let ahead = checkpoint.time() - now;
                Err(SyncError::Future { log: log.clone(), ahead })
            }
        }
    }

    /// The roof of a log at a checkpoint of the ledger. The checkpoint is first compared with the
    /// one that the second source has in force at `epoch`, or with its newest one, so that the
    /// ledger cannot choose an older one for this wallet.
    async fn roof(
        &self,
        sources: &Sources,
        log: &LogName,
        checkpoint: Checkpoint,
        epoch: Option<u64>,
    ) -> Result<(RoofView, LogHistory, Option<String>), SyncError> {
        let compared = match &sources.second {
            SecondSource::OneSource => None,
            SecondSource::Compare(second) => {
                let (other, _) = self.checkpoint_of(second.as_ref(), log, epoch).await?;
                // When it was stored, it was checked that both agree about an epoch.
                let (got, expected) = (other.epoch(), checkpoint.epoch());
                if got != expected {
                    let place = second.name();
                    return Err(SyncError::Epoch { place, log: log.clone(), got, expected });
                }
                Some(second.name())
            }
        };
        let roof = sources.ledger.roof(log, checkpoint.epoch()).await?;
        let name = log.clone();
        let key = self.blocking(move |wallet| wallet.key_of_honest(&name)).await??;
        let place = sources.ledger.name();
        let epoch = Some(checkpoint.epoch());
        let (said, history) = self.opened(place, log, key.clone(), &roof.note, epoch).await?;
        if said.epoch() != checkpoint.epoch() {
            let (got, expected) = (said.epoch(), checkpoint.epoch());
            let place = sources.ledger.name();
            return Err(SyncError::Epoch { place, log: log.clone(), got, expected });
        }
        let name = log.clone();
        let roof = self
            .blocking(move |wallet| wallet.checked_roof(&name, &key, checkpoint, &roof))
            .await??;
        Ok((roof, history, compared))
    }

    /// A log with its open shard: at its newest checkpoint, or at the checkpoint in force at
    /// `epoch`, which may be later.
    async fn view(
        &self,
        sources: &Sources,
        log: &LogName,
        newest: Checkpoint,
        epoch: Option<u64>,
        now: u64,
    ) -> Result<LogView, SyncError> {
        let checkpoint = match epoch.filter(|epoch| *epoch != newest.epoch()) {
            Some(epoch) => self.checkpoint(sources, log, Some(epoch), now).await?,
            None => newest,
        };
        let (roof, history, compared) = self.roof(sources, log, checkpoint, epoch).await?;
        let open = match roof.open_shard() {
            Some(shard) => Some(Arc::new(self.shard(sources, &roof, shard).await?)),
            None => None,
        };
        Ok(LogView { roof, open, history, compared })
    }

    /// Fetches and checks a shard.
    async fn shard(
        &self,
        sources: &Sources,
        roof: &RoofView,
        shard: u64,
    ) -> Result<ShardView, SyncError> {
        let epoch = roof.checkpoint().epoch();
        let came = sources.ledger.shard(roof.log(), epoch, shard).await?;
        let roof = roof.clone();
        Ok(self.blocking(move |_| roof.check_shard(shard, came.content)).await??)
    }

    fn keep_new_shard(
        &self,
        roof: &RoofView,
        shard: &ShardView,
    ) -> Result<Arc<Vec<Record>>, SyncError> {
        self.renew(roof, Some(shard))?;
        Ok(self.keep_shard(roof.log(), shard)?)
    }

    /// The pinned key of a log, unless there is evidence that its operator lied.
    pub(crate) fn key_of_honest(&self, log: &LogName) -> Result<LogKey, SyncError> {
        let key = self.store().log_key(&log.org)?;
        let key = key.ok_or_else(|| SyncError::NoLogKey { org: log.org.clone() })?;
        match self.store().evidence(log)? {
            None => Ok(key),
            Some(_) => Err(SyncError::Contradicted { log: log.clone() }),
        }
    }

    fn checked_roof(
        &self,
        log: &LogName,
        key: &LogKey,
        checkpoint: Checkpoint,
        roof: &Roof,
    ) -> Result<RoofView, SyncError> {
        let checked = RoofView::check(log, checkpoint, roof)?;
        let newer = checked.checkpoint().epoch();
        if let Some(known) = self.store().roof(log, key)? {
            let same_or_older = known.checkpoint.epoch() <= newer;
            let changed = checked.changed_shard(&known.roots, known.checkpoint.size());
            if let Some(shard) = changed.filter(|_| same_or_older) {
                let note = known.checkpoint.note().to_owned();
                let held = Roof { note, shard_roots: known.roots };
                let evidence = Evidence::Shard { shard, held, came: roof.clone() };
                self.store().keep_evidence(log, &evidence)?;
                return Err(SyncError::ChangedShard { log: log.clone(), shard });
            }
            if known.checkpoint.epoch() >= newer {
                return Ok(checked);
            }
        }
        self.store().keep_roof(log, checked.checkpoint(), checked.roots())?;
        Ok(checked)
    }
}

#[cfg(test)]
mod tests;
