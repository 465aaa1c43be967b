//! The status of a wallet: what it holds, in which logs, and at which epoch.

use wufu_verifier::log::name::LogName;

use crate::{
    holdings::{item::ItemName, renew::own_leaf},
    source::{SourceError, Sources},
    store::{Holding, InclusionStatus},
    sync::{LogView, SyncError, view::OwnLeafError},
    wallet::Wallet,
};

/// A log and what the wallet holds in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogStatus {
    /// The log.
    pub log: LogName,
    /// The epoch of the log's checkpoint.
    pub epoch: u64,
    /// Seconds since the epoch began.
    pub epoch_age: u64,
    /// The number of leaves in the log.
    pub size: u64,
    /// The second source that had the same checkpoint, if there was one.
    pub compared: Option<String>,
    /// How many of the wallet's leaves are in the log and may be proved.
    pub ready: u64,
    /// How many are not in the log yet and wait for the next epoch.
    pub not_yet: u64,
    /// How many belong to other people: the grants were made for another address.
    pub foreign: u64,
    /// The names of these items.
    pub foreign_items: Vec<ItemName>,
    /// Full shards to look up once ([`Wallet::look_up`]), because they were filled while the wallet
    /// was away.
    pub away: Vec<u64>,
}

impl Wallet {
    /// Reads the logs of an organisation in which the wallet holds something, renews the paths of
    /// its items, and returns their status. If it holds nothing yet, it reads those of the
    /// organisation's first logs that exist.
    ///
    /// # Errors
    /// Returns an error if a source does not answer, has no log of the organisation, or contradicts
    /// what was signed.
    pub async fn sync(
        &self,
        sources: &Sources,
        org: &str,
        now: u64,
    ) -> Result<Vec<LogStatus>, SyncError> {
        let name = org.to_owned();
        let held = self.blocking(move |wallet| {
            // Without a key no answer could be believed, so nobody is asked.
            wallet.key_of_honest(&LogName::cards(&name))?;
            wallet.logs(&name)
        });
        let held = held.await??;
        let mut views = Vec::new();
        if held.is_empty() {
            views = self.logs_there(sources, org, now).await?;
        }
        if held.iter().any(|log| !log.is_donations()) {
            let view = self.campaign(sources, org, now).await?;
            views.extend([view.cards, view.persons]);
        }
        for log in held.iter().filter(|log| log.is_donations()) {
            views.push(self.donation_log(sources, log, now).await?.view);
        }
        let mut found = Vec::new();
        for view in views {
            found.push(self.blocking(move |wallet| wallet.status(&view, now)).await??);
        }
        Ok(found)
    }

    /// The first logs of an organisation that exist. The wallet holds nothing in them.
    async fn logs_there(
        &self,
        sources: &Sources,
        org: &str,
        now: u64,
    ) -> Result<Vec<LogView>, SyncError> {
        let mut views = Vec::new();
        let logs = [LogName::cards(org), LogName::persons(org), LogName::donations(org, 1)];
        for log in logs {
            match self.look(sources, &log, now).await {
                Ok(view) => views.push(view),
                Err(SyncError::Source(error)) if has_none(&error, &sources.ledger.name()) => {}
                Err(error) => return Err(error),
            }
        }
        if views.is_empty() {
            return Err(SyncError::NoLog { place: sources.ledger.name(), org: org.into() });
        }
        Ok(views)
    }

    /// The logs of an organisation in which the wallet holds something.
    fn logs(&self, org: &str) -> Result<Vec<LogName>, SyncError> {
        let items = self.items()?.into_iter().map(|item| item.name().log.clone());
        let mut logs: Vec<LogName> = items.filter(|log| log.org == org).collect();
        logs.sort();
        logs.dedup();
        Ok(logs)
    }

    fn status(&self, view: &LogView, now: u64) -> Result<LogStatus, SyncError> {
        let (log, checkpoint) = (view.log(), view.checkpoint());
        let mut status = LogStatus {
            log: log.clone(),
            epoch: checkpoint.epoch(),
            epoch_age: now.saturating_sub(checkpoint.time()),
            size: checkpoint.size(),
            compared: view.compared().map(str::to_owned),
            ready: 0,
            not_yet: 0,
            foreign: 0,
            foreign_items: Vec::new(),
            away: Vec::new(),
        };
        let mut changed = Vec::new();
        for item in self.items()?.into_iter().filter(|item| item.name().log == *log) {
            let name = item.name().clone();
            let mut holding = item.into_holding();
            let standing = match self.found(view, &holding)? {
                Ok(()) => {
                    status.ready += 1;
                    InclusionStatus::Found
                }
                Err(OwnLeafError::NotYet { .. }) => {
                    status.not_yet += 1;
                    continue;
                }
                Err(OwnLeafError::Away { shard, .. }) => {
                    status.away.push(shard);
                    continue;
                }
                Err(_) => {
                    status.foreign += 1;
                    status.foreign_items.push(name);
                    InclusionStatus::Foreign
                }
            };
            if standing != holding.standing() {
                holding.stand(standing);
                changed.push(holding);
            }
        }
        self.store().update(&changed)?;
        status.away.sort_unstable();
        status.away.dedup();
        Ok(status)
    }

    /// Whether an item is in its log.
    fn found(
        &self,
        view: &LogView,
        holding: &Holding,
    ) -> Result<Result<(), OwnLeafError>, SyncError> {
        let leaf = own_leaf(holding.leaf())?;
        let (path, epoch) = holding.path();
        let log = view.log();
        let held = path.path(leaf);
        let found = view.roof.inner_path((path.index(), leaf), &held, view.open.as_deref());
        let Err(OwnLeafError::Away { .. }) = found else { return Ok(found.map(drop)) };
        // Either the shard was already full when the path was made, so that a path that misses its
        // root belongs to another leaf; or the shard was searched.
        let key = self.key_of_honest(log)?;
        let full_then = self.known_root(log, &key, path.shard(), epoch)?.is_some();
        if full_then || holding.standing() == InclusionStatus::Foreign {
            return Ok(Err(OwnLeafError::Other { log: log.clone() }));
        }
        Ok(found.map(drop))
    }
}

/// Whether the ledger answered that it has no such log.
fn has_none(error: &SourceError, ledger: &str) -> bool {
    match error {
        SourceError::Status { endpoint, status } => {
            endpoint == ledger && status.code() == tonic::Code::NotFound
        }
        SourceError::NoCheckpoint { from, .. } => from == ledger,
        _ => false,
    }
}
