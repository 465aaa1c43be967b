//! Renews the paths of a wallet's items from checked shards, so that a path is final when its shard
//! closes.

use wufu_proto::{log::ShardContent, shard_path::ShardPath};
use wufu_verifier::{Fr, encoding::field};

use crate::{
    store::{DonationHolding, InclusionStatus, StoreError},
    sync::{
        CampaignView, DonationView, SyncError,
        view::{OwnLeafError, RoofView, ShardView},
    },
    wallet::Wallet,
};

impl Wallet {
    pub(crate) fn renew_campaign(&self, org: &str, view: &CampaignView) -> Result<(), SyncError> {
        debug_assert_eq!(view.cards.log().org, org);
        self.renew(&view.cards.roof, view.cards.open.as_deref())?;
        self.renew(&view.persons.roof, view.persons.open.as_deref())
    }

    /// A wallet has every record of a donation log, so it never misses a leaf of its own.
    pub(crate) fn renew_donations(&self, view: &DonationView) -> Result<(), SyncError> {
        let roof = &view.view.roof;
        self.renew(roof, view.view.open.as_deref())?;
        let origin = roof.log().to_string();
        let held = self.store().donations()?.into_iter();
        // A full shard never changes, so an item that was not found in it never will be.
        let unknown = |entry: &DonationHolding| entry.standing != InclusionStatus::Foreign;
        for entry in held.filter(|entry| entry.receipt.origin == origin && unknown(entry)) {
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

    /// Renews the paths of the wallet's items in a shard, and records which of them are in the log.
    pub(crate) fn renew(
        &self,
        roof: &RoofView,
        shard: Option<&ShardView>,
    ) -> Result<(), SyncError> {
        let Some(shard) = shard else { return Ok(()) };
        let (epoch, size) = (roof.checkpoint().epoch(), roof.checkpoint().size());
        let mut changed = Vec::new();
        for item in self.items()?.into_iter().filter(|item| item.name().log == *roof.log()) {
            let mut holding = item.into_holding();
            let (path, _) = holding.path();
            let place = path.index();
            if path.shard() != shard.shard() || place >= size {
                continue;
            }
            let found = shard.path(place, own_leaf(holding.leaf())?);
            let found = found.and_then(|path| ShardPath::addressed(place, &path).ok());
            // One bad receipt must not stop the others.
            let standing =
                if found.is_some() { InclusionStatus::Found } else { InclusionStatus::Foreign };
            let newer = found.filter(|found| found != path);
            if newer.is_none() && standing == holding.standing() {
                continue;
            }
            holding.stand(standing);
            if let Some(path) = newer {
                holding.renew((path, epoch));
            }
            changed.push(holding);
        }
        Ok(self.store().update(&changed)?)
    }
}

/// Decodes a leaf from the store.
pub(crate) fn own_leaf(leaf: &[u8; 32]) -> Result<Fr, StoreError> {
    field::decode("leaf", leaf).map_err(|_| StoreError::Damaged { entry: "a leaf" })
}
