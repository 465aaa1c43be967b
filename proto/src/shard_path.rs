//! The path of a leaf inside its shard, as it travels: without what the receiver computes anyway.

use core::fmt;

use wufu_circuits::gadgets::path::{Children, Path};
use wufu_verifier::{
    Fr,
    encoding::field,
    hash::merkle::{ARITY, CARD_DEPTH, SHARD_DEPTH, parent},
};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{error::ConvertError, read, v1};

const SIBLINGS: usize = ARITY - 1;
const BYTES: usize = SHARD_DEPTH * SIBLINGS * 32;
/// The number of places in the largest log.
const PLACES: u64 = 1 << (2 * CARD_DEPTH);

/// The siblings on the way from a leaf to the root of its shard of 65,536 leaves.
///
/// A path names its leaf, so it is secret: wiped when dropped and never printed.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct ShardPath {
    index: u64,
    leaf: Option<Fr>,
    // On the heap, so that a move leaves no copies behind.
    siblings: Box<[[Fr; SIBLINGS]; SHARD_DEPTH]>,
}

impl ShardPath {
    /// Creates the path of the leaf at `index`, its position in the log, from 0.
    ///
    /// # Errors
    /// Returns an error if no log has so many places.
    pub fn new(index: u64, path: &Path<SHARD_DEPTH>) -> Result<Self, ConvertError> {
        let mut siblings = Box::new([[Fr::default(); SIBLINGS]; SHARD_DEPTH]);
        for ((height, out), level) in siblings.iter_mut().enumerate().zip(path.levels()) {
            let own = place(index, height);
            let others = level.iter().enumerate().filter(|(at, _)| *at != own);
            for (sibling, (_, child)) in out.iter_mut().zip(others) {
                *sibling = *child;
            }
        }
        checked(index)?;
        Ok(Self { index, leaf: None, siblings })
    }

    /// Creates a path that also names its leaf, so that anybody but the owner notices that their
    /// own key gives another leaf.
    ///
    /// # Errors
    /// Returns the errors of [`ShardPath::new`].
    pub fn addressed(index: u64, path: &Path<SHARD_DEPTH>) -> Result<Self, ConvertError> {
        let mut addressed = Self::new(index, path)?;
        addressed.leaf = path.levels().first().map(|children| children[place(index, 0)]);
        Ok(addressed)
    }

    /// The leaf that the path starts from, if the sender named it. Nothing proves it before a root
    /// is known.
    pub fn leaf(&self) -> Option<Fr> {
        self.leaf
    }

    /// The leaf's position in the log, from 0.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// The shard's number, from 0.
    pub fn shard(&self) -> u64 {
        self.index >> (2 * SHARD_DEPTH)
    }

    /// Computes the whole path from the leaf.
    ///
    /// # Cost
    /// Seven hashes.
    pub fn path(&self, leaf: Fr) -> Path<SHARD_DEPTH> {
        let mut levels: Zeroizing<Vec<Children>> = Zeroizing::new(Vec::with_capacity(SHARD_DEPTH));
        let mut node = leaf;
        for (height, siblings) in self.siblings.iter().enumerate() {
            let mut children = [node; ARITY];
            let own = place(self.index, height);
            let others = children.iter_mut().enumerate().filter(|(at, _)| *at != own);
            for ((_, child), sibling) in others.zip(siblings) {
                *child = *sibling;
            }
            node = if height + 1 < SHARD_DEPTH { parent(children) } else { node };
            levels.push(children);
        }
        // There are always as many levels as a shard has.
        Path::from_levels(&levels).unwrap_or_default()
    }
}

/// Returns which of its parent's children the ancestor at `height` is.
fn place(index: u64, height: usize) -> usize {
    // Two bits fit.
    (index >> (2 * height)) as usize % ARITY
}

fn checked(index: u64) -> Result<(), ConvertError> {
    if index >= PLACES {
        return Err(ConvertError::Choice { field: "index", got: index, expected: "below 2^32" });
    }
    Ok(())
}

impl fmt::Debug for ShardPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ShardPath(..)")
    }
}

impl TryFrom<&v1::ShardPath> for ShardPath {
    type Error = ConvertError;

    fn try_from(message: &v1::ShardPath) -> Result<Self, ConvertError> {
        checked(message.index)?;
        read::length("siblings", message.siblings.len(), BYTES, BYTES)?;
        let mut siblings = Box::new([[Fr::default(); SIBLINGS]; SHARD_DEPTH]);
        for (out, bytes) in
            siblings.as_flattened_mut().iter_mut().zip(message.siblings.chunks_exact(32))
        {
            *out = read::element("sibling", bytes)?;
        }
        let leaf = match message.leaf.as_slice() {
            [] => None,
            bytes => Some(read::element("leaf", bytes)?),
        };
        Ok(Self { index: message.index, leaf, siblings })
    }
}

impl From<&ShardPath> for v1::ShardPath {
    fn from(path: &ShardPath) -> Self {
        let mut siblings = Vec::with_capacity(BYTES);
        for sibling in path.siblings.as_flattened() {
            siblings.extend_from_slice(&field::encode(sibling));
        }
        let leaf = path.leaf.as_ref().map(|leaf| field::encode(leaf).to_vec());
        Self { index: path.index, siblings, leaf: leaf.unwrap_or_default() }
    }
}

#[cfg(test)]
mod tests {
    use wufu_circuits::tree::Tree;

    use super::*;

    #[test]
    fn the_receiver_works_out_the_path_that_was_sent() {
        let leaves: Vec<Fr> = (1..=300u64).map(Fr::from).collect();
        let mut tree = Tree::new(9);
        tree.extend(&leaves).unwrap();
        for index in [0, 1, 2, 3, 4, 63, 255, 299] {
            let path = tree.shard_path(index).unwrap();
            let sent = ShardPath::new(index as u64, &path).unwrap();
            let received = ShardPath::try_from(&v1::ShardPath::from(&sent)).unwrap();
            assert_eq!(received.path(leaves[index]), path);
            // With another leaf, the path leads to another root.
            assert_ne!(received.path(Fr::from(1000u64)).top(), path.top());
        }
    }

    /// Grants did not say whose key they were made for, so a wallet accepted other people's.
    /// Messages of earlier releases have no leaf, and are read as before.
    #[test]
    fn a_path_may_say_which_leaf_it_leads_from() {
        let leaves: Vec<Fr> = (1..=300u64).map(Fr::from).collect();
        let mut tree = Tree::new(9);
        tree.extend(&leaves).unwrap();
        let path = tree.shard_path(131).unwrap();
        let plain = ShardPath::new(131, &path).unwrap();
        assert_eq!(plain.leaf(), None);
        assert!(v1::ShardPath::from(&plain).leaf.is_empty());
        let addressed = ShardPath::addressed(131, &path).unwrap();
        assert_eq!(addressed.leaf(), Some(leaves[131]));
        let sent = v1::ShardPath::from(&addressed);
        assert_eq!(ShardPath::try_from(&sent).as_ref(), Ok(&addressed));
        for wrong in [vec![9; 31], vec![9; 33], vec![0xff; 32]] {
            let mut sent = sent.clone();
            sent.leaf = wrong;
            assert!(ShardPath::try_from(&sent).is_err());
        }
    }

    #[test]
    fn no_log_has_place_2_to_the_32() {
        let path = Path::default();
        assert!(ShardPath::new(PLACES - 1, &path).is_ok());
        let expected = ConvertError::Choice { field: "index", got: PLACES, expected: "below 2^32" };
        assert_eq!(ShardPath::new(PLACES, &path), Err(expected));
    }
}
