//! A log's tree at its newest checkpoint, in little memory.
//!
//! A full shard never changes, so only its root is kept. The open shard is kept completely. The
//! levels above the shards, the roof, are computed on demand.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use wufu_circuits::tree::{Tree, TreeError};
use wufu_verifier::{
    Fr,
    hash::merkle::{SHARD_DEPTH, SHARD_LEAVES, empty_root, root_from},
};

use crate::{log::Log, workers::parents};

/// The roots of the full shards, and the open shard.
///
/// # Cost
/// Memory: 32 bytes for each full shard and at most 2.8 MB for the open one, whatever the log's
/// size.
#[derive(Clone, Debug)]
pub(crate) struct LogTree {
    depth: usize,
    full: Vec<Fr>,
    open: Tree,
}

impl LogTree {
    /// A log without leaves.
    pub(crate) fn new(log: Log) -> Self {
        Self::with_full(log, Vec::new())
    }

    /// A log that consists of full shards with these roots.
    pub(crate) fn with_full(log: Log, full: Vec<Fr>) -> Self {
        Self { depth: log.depth(), full, open: Tree::new(SHARD_DEPTH) }
    }

    /// The number of leaves.
    pub(crate) fn size(&self) -> u64 {
        (self.full.len() * SHARD_LEAVES + self.open.len()) as u64
    }

    /// How many leaves fit into the open shard.
    pub(crate) fn room(&self) -> usize {
        SHARD_LEAVES - self.open.len()
    }

    /// The roots of the full shards.
    pub(crate) fn full(&self) -> &[Fr] {
        &self.full
    }

    /// The root of the open shard, if it holds a leaf.
    pub(crate) fn open_root(&self) -> Option<Fr> {
        (!self.open.is_empty()).then(|| self.open.root())
    }

    /// The open shard.
    pub(crate) fn open(&self) -> &Tree {
        &self.open
    }

    /// Appends leaves, at most as many as [`LogTree::room`] allows.
    ///
    /// # Cost
    /// A third of a hash for each leaf, on all threads of the calling pool.
    pub(crate) fn extend(&mut self, leaves: &[Fr]) -> Result<(), TreeError> {
        self.open.extend_with(leaves, parents)?;
        if self.open.len() == SHARD_LEAVES {
            self.full.push(self.open.root());
            self.open = Tree::new(SHARD_DEPTH);
        }
        Ok(())
    }

    /// The root of the whole tree.
    ///
    /// # Cost
    /// A third of a hash for each shard, and one for each level.
    pub(crate) fn root(&self) -> Option<Fr> {
        let roof: Vec<Fr> = self.full.iter().copied().chain(self.open_root()).collect();
        root_from(&roof, empty_root(SHARD_DEPTH), self.depth - SHARD_DEPTH)
    }
}

/// The trees of full shards that were requested recently. Computing such a tree takes 21,845
/// hashes.
///
/// # Cost
/// 2.8 MB for each of at most eight trees.
#[derive(Default)]
pub(crate) struct ShardCache {
    // The newest is last. The lock is held only to look up and to insert, never while hashing.
    trees: Mutex<VecDeque<CachedShard>>,
}

/// The tree of a shard, by its log and number.
type CachedShard = ((Log, u64), Arc<Tree>);

impl ShardCache {
    const CAPACITY: usize = 8;

    pub(crate) fn get(&self, log: Log, shard: u64) -> Option<Arc<Tree>> {
        let mut trees = self.trees.lock().unwrap_or_else(PoisonError::into_inner);
        let at = trees.iter().position(|(key, _)| *key == (log, shard))?;
        let found = trees.remove(at)?;
        let tree = found.1.clone();
        trees.push_back(found);
        Some(tree)
    }

    pub(crate) fn insert(&self, log: Log, shard: u64, tree: Arc<Tree>) {
        let mut trees = self.trees.lock().unwrap_or_else(PoisonError::into_inner);
        trees.retain(|(key, _)| *key != (log, shard));
        trees.push_back(((log, shard), tree));
        while trees.len() > Self::CAPACITY {
            trees.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use wufu_verifier::hash::merkle;

    use super::*;

    /// Rows of docs/failures.md: 31.
    #[test]
    fn a_full_shard_is_final_and_roots_cover_all_leaves() {
        let all: Vec<Fr> = (1..=(SHARD_LEAVES as u64 + 40)).map(Fr::from).collect();
        let mut tree = LogTree::new(Log::Persons);
        assert_eq!(tree.root(), Some(empty_root(Log::Persons.depth())));
        for upto in [1, 7, 65_535, 65_536, 65_537, 65_576] {
            let from = tree.size() as usize;
            tree.extend(&all[from..upto]).unwrap();
            assert_eq!(tree.size(), upto as u64);
            assert_eq!(tree.root(), merkle::root(&all[..upto], Log::Persons.depth()), "{upto}");
            let first = merkle::root(&all[..SHARD_LEAVES], SHARD_DEPTH);
            assert_eq!(tree.full().first().copied(), first.filter(|_| upto >= SHARD_LEAVES));
        }
        assert_eq!(tree.room(), SHARD_LEAVES - 40);
    }

    #[test]
    fn the_cache_keeps_what_was_used_last() {
        let cache = ShardCache::default();
        for shard in 0..8 {
            cache.insert(Log::Cards, shard, Arc::new(Tree::new(1)));
        }
        assert!(cache.get(Log::Cards, 0).is_some());
        cache.insert(Log::Cards, 8, Arc::new(Tree::new(1)));
        assert!(cache.get(Log::Cards, 0).is_some());
        assert!(cache.get(Log::Cards, 1).is_none());
        assert!(cache.get(Log::Persons, 0).is_none());
    }
}
