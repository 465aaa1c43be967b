//! Where a wallet stands: what it holds, in which logs, at which epoch.

use crate::{
    log::{LogKind, LogName},
    renew::own_leaf,
    source::Sources,
    sync::{LogView, SyncError},
    view::OwnLeafError,
    wallet::Wallet,
};

/// A log and what the wallet holds in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogStatus {
    /// The log.
    pub log: LogName,
    /// Its epoch.
    pub epoch: u64,
    /// Seconds since the epoch began.
    pub epoch_age: u64,
    /// Its leaves.
    pub size: u64,
    /// The second source that had the same checkpoint.
    pub compared: Option<String>,
    /// How many of the wallet's leaves are in the log and may be proved.
    pub ready: u64,
    /// How many are not in the log yet: wait for the next epoch.
    pub not_yet: u64,
    /// How many are other people's: the grants were made for another address.
    pub foreign: u64,
    /// Full shards to look up once ([`Wallet::look_up`]): they were filled while the wallet was away.
    pub away: Vec<u64>,
}

impl Wallet {
    /// Looks at the logs of an org in which the wallet holds something, renews the paths of it, and says how it stands.
    ///
    /// # Errors
    /// When a source does not answer, or lies.
    pub async fn sync(
        &self,
        sources: &Sources,
        org: &str,
        now: u64,
    ) -> Result<Vec<LogStatus>, SyncError> {
        let name = org.to_owned();
        let held = self.blocking(move |wallet| wallet.logs(&name)).await??;
        let mut found = Vec::new();
        if held.iter().any(|log| !matches!(log.kind, LogKind::Donations(_))) {
            let view = self.campaign(sources, org, now).await?;
            for log in [view.cards, view.persons] {
                found.push(self.blocking(move |wallet| wallet.status(&log, now)).await??);
            }
        }
        for log in held.iter().filter(|log| matches!(log.kind, LogKind::Donations(_))) {
            let view = self.donation_log(sources, log, now).await?.view;
            found.push(self.blocking(move |wallet| wallet.status(&view, now)).await??);
        }
        Ok(found)
    }

    /// The logs of an org in which the wallet holds something.
    fn logs(&self, org: &str) -> Result<Vec<LogName>, SyncError> {
        let mut logs = Vec::new();
        if self.cards()?.iter().any(|card| card.grant.org == org) {
            logs.push(LogName::cards(org));
        }
        if self.store().person(org)?.is_some() {
            logs.push(LogName::persons(org));
        }
        for donation in self.donations()? {
            // Checked when it was received.
            if let Ok(log) = donation.receipt.origin.parse::<LogName>() {
                logs.push(log);
            }
        }
        logs.retain(|log| log.org == org);
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
            away: Vec::new(),
        };
        let origin = log.to_string();
        let leaves: Vec<_> = match log.kind {
            LogKind::Cards => {
                let cards = self.cards()?.into_iter().filter(|card| card.grant.org == log.org);
                cards.map(|card| (card.leaf, card.grant.path)).collect()
            }
            LogKind::Persons => {
                let person = self.store().person(&log.org)?.into_iter();
                person.map(|person| (person.leaf, person.grant.path)).collect()
            }
            LogKind::Donations(_) => {
                let held = self.donations()?.into_iter();
                let held = held.filter(|donation| donation.receipt.origin == origin);
                held.map(|donation| (donation.leaf, donation.receipt.path.clone())).collect()
            }
        };
        for (leaf, path) in leaves {
            let leaf = own_leaf(&leaf)?;
            let held = path.path(leaf);
            match view.roof.inner_path((path.index(), leaf), &held, view.open.as_deref()) {
                Ok(_) => status.ready += 1,
                Err(OwnLeafError::NotYet { .. }) => status.not_yet += 1,
                Err(OwnLeafError::Away { shard, .. }) => status.away.push(shard),
                Err(_) => status.foreign += 1,
            }
        }
        status.away.sort_unstable();
        status.away.dedup();
        Ok(status)
    }
}
