//! A log at an epoch, checked against its signed root.

use std::{fmt, sync::Arc};

use rayon::prelude::*;
use wufu_circuits::{
    Path, Tree,
    gadgets::path::{Children, PathError},
    tree::{self, TreeError},
};
use wufu_proto::log::{Roof, ShardContent};
use wufu_verifier::{
    Fr, Record,
    hash::merkle::{SHARD_DEPTH, SHARD_LEAVES},
    log::{checkpoint::Checkpoint, name::LogName},
};

const LEAVES: u64 = SHARD_LEAVES as u64;

/// A path inside a shard.
pub type InnerPath = Path<SHARD_DEPTH>;

/// Why the data of a source does not match the signed log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ViewError {
    /// The roof has the wrong number of shard roots.
    #[error("the roof of {log} has {got} shards, expected {expected}")]
    Shards {
        /// The log.
        log: LogName,
        /// How many came.
        got: u64,
        /// How many a log of this size has.
        expected: u64,
    },
    /// The roof does not hash to the signed root.
    #[error("the roof of {log} does not hash to the root that was signed at epoch {epoch}")]
    Root {
        /// The log.
        log: LogName,
        /// The checkpoint's epoch.
        epoch: u64,
    },
    /// The shard has the wrong number of leaves.
    #[error("shard {shard} of {log} has {got} leaves, expected {expected}")]
    Leaves {
        /// The log.
        log: LogName,
        /// The shard.
        shard: u64,
        /// How many came.
        got: usize,
        /// How many there must be.
        expected: usize,
    },
    /// The shard has records instead of leaves, or leaves instead of records.
    #[error(
        "shard {shard} of {log} has the wrong kind of content, expected leaves for cards and \
         persons, and records for donations"
    )]
    Content {
        /// The log.
        log: LogName,
        /// The shard.
        shard: u64,
    },
    /// The leaves do not hash to the root in the roof.
    #[error("shard {shard} of {log} does not hash to its root in the roof")]
    Shard {
        /// The log.
        log: LogName,
        /// The shard.
        shard: u64,
    },
    /// The log does not fit into a tree.
    #[error("{log}: {error}")]
    Tree {
        /// The log.
        log: LogName,
        /// What is wrong with the tree.
        #[source]
        error: TreeError,
    },
}

/// Why there is no path for one of the wallet's own leaves. It does not name the leaf, because
/// proofs hide it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OwnLeafError {
    /// The epoch is older than the leaf.
    #[error("{log} does not have the leaf at epoch {epoch} yet: wait for the next epoch")]
    NotYet {
        /// The log.
        log: LogName,
        /// The epoch.
        epoch: u64,
    },
    /// The log has another leaf at that place.
    #[error(
        "{log} has another leaf where this wallet's should be: it was made for another address"
    )]
    Other {
        /// The log.
        log: LogName,
    },
    /// The shard was filled while the wallet was away, and the stored path is older.
    #[error(
        "shard {shard} of {log} was filled after the leaf's path was stored: look it up once (wufu \
         wallet look-up --log {log} --shard {shard})"
    )]
    Away {
        /// The log.
        log: LogName,
        /// The shard.
        shard: u64,
    },
    /// The parts of the path do not match.
    #[error("{log}: {error}")]
    Path {
        /// The log.
        log: LogName,
        /// What is wrong with the path.
        #[source]
        error: PathError,
    },
}

/// The roots of all shards of a log, checked against a signed checkpoint.
#[derive(Clone)]
pub struct RoofView {
    log: LogName,
    checkpoint: Checkpoint,
    tree: Tree,
}

impl fmt::Debug for RoofView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (log, epoch) = (&self.log, self.checkpoint.epoch());
        write!(f, "RoofView({log} at epoch {epoch}, {} shards)", self.tree.len())
    }
}

impl RoofView {
    /// Checks the roof of a log at a checkpoint of that log.
    ///
    /// # Errors
    /// Returns an error if the roof has the wrong number of shards, or does not hash to the
    /// checkpoint's root.
    ///
    /// # Cost
    /// A third of a hash for each shard.
    pub fn check(log: &LogName, checkpoint: Checkpoint, roof: &Roof) -> Result<Self, ViewError> {
        let (got, expected) = (roof.shard_roots.len() as u64, checkpoint.size().div_ceil(LEAVES));
        if got != expected {
            return Err(ViewError::Shards { log: log.clone(), got, expected });
        }
        let mut tree = Tree::roof(log.log.roof_depth());
        extend(log, &mut tree, &roof.shard_roots)?;
        if tree.root() != checkpoint.root().fr() {
            return Err(ViewError::Root { log: log.clone(), epoch: checkpoint.epoch() });
        }
        Ok(Self { log: log.clone(), checkpoint, tree })
    }

    /// The log.
    pub fn log(&self) -> &LogName {
        &self.log
    }

    /// The checkpoint.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The roots of the shards. The open shard's is the last.
    pub fn roots(&self) -> &[Fr] {
        self.tree.leaves()
    }

    /// The number of full shards, which never change.
    pub fn full_shards(&self) -> u64 {
        self.checkpoint.size() / LEAVES
    }

    /// The number of the open shard. There is none if the log is empty, or if its last shard is
    /// exactly full.
    pub fn open_shard(&self) -> Option<u64> {
        (!self.checkpoint.size().is_multiple_of(LEAVES)).then_some(self.full_shards())
    }

    /// The first full shard whose root differs from the one in `older`, a roof of the same log.
    pub fn changed_shard(&self, older: &[Fr], older_size: u64) -> Option<u64> {
        let full = usize::try_from(older_size / LEAVES).unwrap_or(usize::MAX);
        let mut pairs = older.iter().take(full).enumerate();
        let changed = pairs.find(|(shard, root)| self.roots().get(*shard) != Some(*root));
        changed.map(|(shard, _)| shard as u64)
    }

    /// The number of leaves of a shard at this epoch.
    fn shard_len(&self, shard: u64) -> usize {
        let rest = self.checkpoint.size().saturating_sub(shard.saturating_mul(LEAVES));
        rest.min(LEAVES) as usize
    }

    /// Checks a shard of this log.
    ///
    /// # Errors
    /// Returns an error if the shard has the wrong kind of content or the wrong length, or does not
    /// hash to its root in the roof.
    ///
    /// # Cost
    /// A third of a hash for each leaf, and two more for each record, spread over the threads of
    /// the current rayon pool.
    pub fn check_shard(&self, shard: u64, content: ShardContent) -> Result<ShardView, ViewError> {
        let log = || self.log.clone();
        let donations = self.log.is_donations();
        let (leaves, records) = match content {
            ShardContent::Leaves(leaves) if !donations => (leaves, Vec::new()),
            ShardContent::Records(records) if donations => (leaves(&records), records),
            _ => return Err(ViewError::Content { log: log(), shard }),
        };
        let (got, expected) = (leaves.len(), self.shard_len(shard));
        if got != expected || got == 0 {
            return Err(ViewError::Leaves { log: log(), shard, got, expected });
        }
        let mut tree = Tree::new(SHARD_DEPTH);
        extend(&self.log, &mut tree, &leaves)?;
        let root = usize::try_from(shard).ok().and_then(|shard| self.roots().get(shard));
        if root != Some(&tree.root()) {
            return Err(ViewError::Shard { log: log(), shard });
        }
        Ok(ShardView { shard, tree, records: Arc::new(records) })
    }

    /// The path of a leaf inside its shard: the stored path if the shard is full, or else the path
    /// in the open shard.
    ///
    /// # Errors
    /// Returns an error if the leaf is not in the log yet, if the log has another leaf there, or if
    /// the stored path is from an earlier state of a shard that is full now.
    pub fn inner_path(
        &self,
        (place, leaf): (u64, Fr),
        held: &InnerPath,
        open: Option<&ShardView>,
    ) -> Result<InnerPath, OwnLeafError> {
        let log = || self.log.clone();
        let epoch = self.checkpoint.epoch();
        if place >= self.checkpoint.size() {
            return Err(OwnLeafError::NotYet { log: log(), epoch });
        }
        let shard = place / LEAVES;
        if let Some(open) = open.filter(|open| open.shard == shard) {
            return open.path(place, leaf).ok_or_else(|| OwnLeafError::Other { log: log() });
        }
        let root = usize::try_from(shard).ok().and_then(|shard| self.roots().get(shard));
        if root.is_some() && held.root(leaf).as_ref() == root {
            Ok(held.clone())
        } else {
            Err(OwnLeafError::Away { log: log(), shard })
        }
    }

    /// The whole path of the leaf at `place`; `inner` is its path inside the shard.
    ///
    /// # Shapes
    /// `DEPTH` and `ROOF` are those of the log's kind; 8 less for the roof.
    ///
    /// # Errors
    /// Returns an error if the depths are not the log's, or `inner` does not lead into the roof.
    pub fn whole_path<const DEPTH: usize, const ROOF: usize>(
        &self,
        place: u64,
        inner: &InnerPath,
    ) -> Result<Path<DEPTH>, OwnLeafError> {
        let wrong = |error| OwnLeafError::Path { log: self.log.clone(), error };
        let shard = usize::try_from(place / LEAVES).unwrap_or(usize::MAX);
        let upper = self.tree.path::<ROOF>(shard).map_err(|error| match error {
            TreeError::Path(error) => wrong(error),
            _ => wrong(PathError::Apart),
        })?;
        Path::join(inner, &upper).map_err(wrong)
    }
}

/// A shard, checked against its roof.
#[derive(Clone)]
pub struct ShardView {
    shard: u64,
    tree: Tree,
    records: Arc<Vec<Record>>,
}

impl fmt::Debug for ShardView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ShardView({}, {} leaves)", self.shard, self.tree.len())
    }
}

impl ShardView {
    /// The number of the shard.
    pub fn shard(&self) -> u64 {
        self.shard
    }

    /// The leaves of the shard, in order.
    pub fn leaves(&self) -> &[Fr] {
        self.tree.leaves()
    }

    /// The root of the shard, as the roof must contain it.
    pub fn root(&self) -> Fr {
        self.tree.root()
    }

    /// The records, if it is a shard of a donation log.
    pub fn records(&self) -> &Arc<Vec<Record>> {
        &self.records
    }

    /// The path of the leaf at this place of the log, if the leaf is there.
    pub fn path(&self, place: u64, leaf: Fr) -> Option<InnerPath> {
        let inside = usize::try_from(place.checked_sub(self.shard * LEAVES)?).ok()?;
        (self.leaves().get(inside) == Some(&leaf)).then(|| self.tree.shard_path(inside).ok())?
    }
}

/// How many hashes a thread computes at once: whole vectors of lanes, and enough work for a thread.
const HASHES: usize = 64;

/// The parents of these children. The hashes are spread over the threads of the current rayon pool.
pub(crate) fn parents(children: &[Children]) -> Vec<Fr> {
    children.par_chunks(HASHES).flat_map_iter(tree::parents).collect()
}

/// The leaves of these records. The hashes are spread over the threads of the current rayon pool.
pub(crate) fn leaves(records: &[Record]) -> Vec<Fr> {
    records.par_chunks(HASHES).flat_map_iter(Record::leaves).collect()
}

/// Appends leaves. The hashes are spread over the threads of the current rayon pool.
fn extend(log: &LogName, tree: &mut Tree, leaves: &[Fr]) -> Result<(), ViewError> {
    tree.extend_with(leaves, parents).map_err(|error| ViewError::Tree { log: log.clone(), error })
}

#[cfg(test)]
mod tests {
    use std::sync::OnceLock;

    use proptest::prelude::*;
    use wufu_verifier::hash::merkle::CARD_DEPTH;

    use super::*;
    use crate::source::{CheckpointSource, LedgerSource, MemoryLedger};

    const SIZE: u64 = LEAVES + 1000;

    /// A card log with a full shard and an open shard, as everybody sees it, and its tree.
    fn log() -> &'static (RoofView, ShardView, Tree) {
        static LOG: OnceLock<(RoofView, ShardView, Tree)> = OnceLock::new();
        LOG.get_or_init(|| {
            let (ledger, log) = (MemoryLedger::new("wufu", [1; 32]), LogName::cards("wufu"));
            let leaves: Vec<Fr> = (1..=SIZE).map(Fr::from).collect();
            ledger.append(&log, &leaves);
            ledger.seal(3);
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let (note, roof, open) = runtime.block_on(async {
                let note = ledger.checkpoint(&log, None).await.unwrap();
                (note, ledger.roof(&log, 3).await.unwrap(), ledger.shard(&log, 3, 1).await.unwrap())
            });
            let checkpoint = Checkpoint::open(&ledger.log_key(), &note).unwrap();
            let roof = RoofView::check(&log, checkpoint, &roof).unwrap();
            let open = roof.check_shard(1, open.content).unwrap();
            let mut tree = Tree::new(CARD_DEPTH);
            extend(&log, &mut tree, &leaves).unwrap();
            (roof, open, tree)
        })
    }

    proptest! {
        #[test]
        fn every_leaf_has_a_path_to_the_signed_root(place in 0..SIZE) {
            let (roof, open, tree) = log();
            let leaf = Fr::from(place + 1);
            let held = tree.shard_path(place as usize).unwrap();
            let inner = roof.inner_path((place, leaf), &held, Some(open)).unwrap();
            let path: Path<CARD_DEPTH> = roof.whole_path::<CARD_DEPTH, 8>(place, &inner).unwrap();
            prop_assert_eq!(path.root(leaf), Some(roof.checkpoint().root().fr()));
            prop_assert_eq!(path, tree.path::<CARD_DEPTH>(place as usize).unwrap());
        }

        #[test]
        fn another_leaf_or_an_older_path_is_told(place in 0..SIZE, other in SIZE + 1..2 * SIZE) {
            let (roof, open, tree) = log();
            let held = tree.shard_path(place as usize).unwrap();
            let told = roof.inner_path((place, Fr::from(other)), &held, Some(open));
            let log = roof.log().clone();
            let expected = if place < LEAVES {
                OwnLeafError::Away { log, shard: 0 }
            } else {
                OwnLeafError::Other { log }
            };
            prop_assert_eq!(told, Err(expected));
            let late = roof.inner_path((SIZE + other, Fr::from(other)), &held, Some(open));
            prop_assert_eq!(late, Err(OwnLeafError::NotYet { log: roof.log().clone(), epoch: 3 }));
        }
    }

    /// Rows of docs/failures.md: 31.
    #[test]
    fn the_first_changed_full_shard_is_named() {
        let (roof, ..) = log();
        let mut older = roof.roots().to_vec();
        assert_eq!(roof.changed_shard(&older, SIZE), None);
        // The open shard may change, a full one may not.
        older[1] += Fr::from(1u64);
        assert_eq!(roof.changed_shard(&older, SIZE), None);
        assert_eq!(roof.changed_shard(&older, 2 * LEAVES), Some(1));
        older[0] += Fr::from(1u64);
        assert_eq!(roof.changed_shard(&older, SIZE), Some(0));
        assert_eq!(roof.changed_shard(&[], 0), None);
        // A full shard may not go missing either.
        let longer = [roof.roots(), &[Fr::from(1u64)]].concat();
        assert_eq!(roof.changed_shard(&longer, 3 * LEAVES), Some(2));
    }
}
