//! A cache of full shards of donation logs, after they were fetched and checked. They are public
//! and never change.

use std::{
    fs,
    path::PathBuf,
    sync::{Arc, PoisonError},
};

use wufu_verifier::{Fr, Record, log::name::LogName};

use crate::{
    file,
    store::StoreError,
    sync::view::{RoofView, ShardView},
    wallet::{SHARD_FOLDER, Wallet},
};

impl Wallet {
    /// A full shard from the cache, if it was checked before and has the root that the roof names.
    pub(crate) fn kept_shard(
        &self,
        roof: &RoofView,
        shard: u64,
    ) -> Result<Option<Arc<Vec<Record>>>, StoreError> {
        let log = roof.log();
        let root = usize::try_from(shard).ok().and_then(|shard| roof.roots().get(shard));
        let Some(root) = root else { return Ok(None) };
        let memory = self.shard_memory().lock().unwrap_or_else(PoisonError::into_inner);
        let found = memory.get(&(log.clone(), shard)).filter(|(kept, _)| kept == root).cloned();
        drop(memory);
        if let Some((_, records)) = found {
            return Ok(Some(records));
        }
        let Some(path) = self.shard_path(log, shard) else { return Ok(None) };
        let Some((kept, hash)) = self.store().shard(log, shard)? else { return Ok(None) };
        if kept != *root {
            return Ok(None);
        }
        // A missing or damaged file is fetched again.
        let Ok(bytes) = fs::read(path) else { return Ok(None) };
        if *blake3::hash(&bytes).as_bytes() != hash {
            return Ok(None);
        }
        let records: Result<Vec<_>, _> = bytes.chunks(Record::BYTES).map(Record::decode).collect();
        let Ok(records) = records.map(Arc::new) else { return Ok(None) };
        self.remember(log, shard, kept, &records);
        Ok(Some(records))
    }

    /// Stores a checked full shard.
    pub(crate) fn keep_shard(
        &self,
        log: &LogName,
        shard: &ShardView,
    ) -> Result<Arc<Vec<Record>>, StoreError> {
        let records = shard.records();
        if let Some(path) = self.shard_path(log, shard.shard()) {
            if let Some(folder) = path.parent() {
                file::private_folder(folder)?;
            }
            let bytes: Vec<u8> = records.iter().flat_map(Record::encode).collect();
            file::replace(&path, &bytes)?;
            let hash = *blake3::hash(&bytes).as_bytes();
            self.store().keep_shard(log, shard.shard(), shard.root(), hash)?;
        }
        self.remember(log, shard.shard(), shard.root(), records);
        Ok(records.clone())
    }

    fn remember(&self, log: &LogName, shard: u64, root: Fr, records: &Arc<Vec<Record>>) {
        let mut memory = self.shard_memory().lock().unwrap_or_else(PoisonError::into_inner);
        memory.insert((log.clone(), shard), (root, records.clone()));
    }

    fn shard_path(&self, log: &LogName, shard: u64) -> Option<PathBuf> {
        // An organisation's name may contain any character except spaces, so its hash is the file
        // name.
        let name = blake3::hash(log.to_string().as_bytes()).to_hex();
        let folder = self.folder()?.join(SHARD_FOLDER).join(&name[..16]);
        Some(folder.join(shard.to_string()))
    }
}
