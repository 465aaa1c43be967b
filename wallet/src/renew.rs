//! Paths of what a wallet holds, renewed from shards that were checked: so that a path is final when its shard closes.

use wufu_proto::{log::ShardContent, shard_path::ShardPath};
use wufu_verifier::{Fr, field};

use crate::{
    log::LogKind,
    store::{CardEntry, DonationEntry, PersonEntry, StoreError},
    sync::{CampaignView, DonationView, SyncError},
    view::{OwnLeafError, RoofView, ShardView},
    wallet::Wallet,
};

impl Wallet {
    pub(crate) fn renew_campaign(&self, org: &str, view: &CampaignView) -> Result<(), SyncError> {
        debug_assert_eq!(view.cards.log().org, org);
        self.renew(&view.cards.roof, view.cards.open.as_deref())?;
        self.renew(&view.persons.roof, view.persons.open.as_deref())
    }

    /// Of a donation log every record is at hand, so no leaf of one's own is ever missed.
    pub(crate) fn renew_donations(&self, view: &DonationView) -> Result<(), SyncError> {
        let roof = &view.view.roof;
        self.renew(roof, view.view.open.as_deref())?;
        let origin = roof.log().to_string();
        let held = self.store().donations()?.into_iter();
        for entry in held.filter(|entry| entry.receipt.origin == origin) {
            let leaf = own_leaf(&entry.leaf)?;
            let path = &entry.receipt.path;
            let place = path.index();
            let found = roof.inner_path((place, leaf), &path.path(leaf), view.view.open.as_deref());
            if let Err(OwnLeafError::Away { shard, .. }) = found {
                let records = usize::try_from(shard).ok().and_then(|shard| view.shards.get(shard));
                let records = records.map(|records| records.to_vec()).unwrap_or_default();
                let found = roof.check_shard(shard, ShardContent::Records(records))?;
                self.renew(roof, Some(&found))?;
            }
        }
        Ok(())
    }

    /// Renews the paths of what the wallet holds in a shard.
    pub(crate) fn renew(
        &self,
        roof: &RoofView,
        shard: Option<&ShardView>,
    ) -> Result<(), SyncError> {
        let Some(shard) = shard else { return Ok(()) };
        let log = roof.log();
        let epoch = roof.checkpoint().epoch();
        let newer = |leaf: &[u8; 32], held: &ShardPath| -> Result<Option<ShardPath>, SyncError> {
            let (leaf, place) = (own_leaf(leaf)?, held.index());
            if held.shard() != shard.shard() || place >= roof.checkpoint().size() {
                return Ok(None);
            }
            // Another leaf at the place is told when the leaf is used: one bad receipt must not stop the others.
            let found = shard.path(place, leaf).and_then(|path| ShardPath::new(place, &path).ok());
            Ok(found.filter(|found| found != held))
        };
        let (mut cards, mut persons, mut donations) = (Vec::new(), Vec::new(), Vec::new());
        match log.kind {
            LogKind::Cards => {
                for CardEntry { leaf, mut grant } in self.store().cards()? {
                    if let Some(path) = newer(&leaf, &grant.path)?.filter(|_| grant.org == log.org)
                    {
                        (grant.path, grant.epoch) = (path, epoch);
                        cards.push(CardEntry { leaf, grant });
                    }
                }
            }
            LogKind::Persons => {
                if let Some(PersonEntry { leaf, mut grant }) = self.store().person(&log.org)?
                    && let Some(path) = newer(&leaf, &grant.path)?
                {
                    (grant.path, grant.epoch) = (path, epoch);
                    persons.push(PersonEntry { leaf, grant });
                }
            }
            LogKind::Donations(_) => {
                let origin = log.to_string();
                for DonationEntry { leaf, mut receipt } in self.store().donations()? {
                    let path = newer(&leaf, &receipt.path)?;
                    if let Some(path) = path.filter(|_| receipt.origin == origin) {
                        (receipt.path, receipt.epoch) = (path, epoch);
                        donations.push(DonationEntry { leaf, receipt });
                    }
                }
            }
        }
        Ok(self.store().update(&cards, &persons, &donations)?)
    }
}

/// A leaf as it is kept.
pub(crate) fn own_leaf(leaf: &[u8; 32]) -> Result<Fr, StoreError> {
    field::decode("leaf", leaf).map_err(|_| StoreError::Damaged { entry: "a leaf" })
}
