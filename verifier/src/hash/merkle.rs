//! The native 4-ary Poseidon tree: how children make a parent, and how a level makes the next one.

use alloc::{boxed::Box, vec::Vec};

use ark_bn254::Fr;
use ark_ff::AdditiveGroup;
use once_cell::race::OnceBox;

use crate::hash::poseidon::{hash4, hash4_many};

/// The value of an empty place. It is not a leaf, because no commitment is ever zero.
pub const EMPTY: Fr = Fr::ZERO;

/// The number of children of a node.
pub const ARITY: usize = 4;

/// Levels of the card log's tree: 2^32 leaves.
pub const CARD_DEPTH: usize = 16;
/// Levels of the person log's tree: 2^30 leaves.
pub const PERSON_DEPTH: usize = 15;
/// Levels of a donation log's tree: 2^28 leaves.
pub const DONATION_DEPTH: usize = 14;
/// Levels of a policy's project set: 4,096 places.
pub const SET_DEPTH: usize = 6;
/// Levels inside a shard: 65,536 leaves.
pub const SHARD_DEPTH: usize = 8;
/// Leaves of a full shard.
pub const SHARD_LEAVES: usize = 1 << (2 * SHARD_DEPTH);

/// Returns the parent of four children.
pub fn parent(children: [Fr; ARITY]) -> Fr {
    hash4(children)
}

/// Returns the parents of many groups of four children, in order. It runs on the calling thread,
/// and in lanes with feature `simd`.
pub fn parents(children: &[[Fr; ARITY]]) -> Vec<Fr> {
    hash4_many(children)
}

/// Returns the root of an empty tree of `depth` levels: zero, then the hash of four of the level
/// below.
///
/// # Cost
/// Nothing up to the depth of the card log, except in the first call. Beyond that depth, one hash
/// for each level.
pub fn empty_root(depth: usize) -> Fr {
    static ROOTS: OnceBox<[Fr; CARD_DEPTH + 1]> = OnceBox::new();
    let roots = ROOTS.get_or_init(|| {
        let mut roots = [EMPTY; CARD_DEPTH + 1];
        for height in 1..roots.len() {
            roots[height] = parent([roots[height - 1]; ARITY]);
        }
        Box::new(roots)
    });
    let known = depth.min(CARD_DEPTH);
    (known..depth).fold(roots[known], |node, _| parent([node; ARITY]))
}

/// The groups of children in the level above `level`. Missing children are `empty`, the empty root
/// of their height.
fn children(level: &[Fr], empty: Fr) -> impl Iterator<Item = [Fr; ARITY]> {
    level.chunks(ARITY).map(move |chunk| {
        let mut children = [empty; ARITY];
        children[..chunk.len()].copy_from_slice(chunk);
        children
    })
}

/// Returns the level above `level`. Missing children are `empty`, the empty root of their height.
///
/// # Shapes
/// `level.len().div_ceil(4)` nodes.
pub fn fold_level(level: &[Fr], empty: Fr) -> Vec<Fr> {
    parents(&children(level, empty).collect::<Vec<_>>())
}

/// Returns the root over `leaves`, padded with empty places, or `None` if there are more than
/// `4^depth`.
///
/// # Cost
/// About a third of a hash for each leaf, plus `depth` hashes for the empty roots.
pub fn root(leaves: &[Fr], depth: usize) -> Option<Fr> {
    root_from(leaves, EMPTY, depth)
}

/// Returns the root over nodes of one height. Missing neighbours are `empty`. This computes the
/// roof over shard roots.
pub fn root_from(nodes: &[Fr], empty: Fr, depth: usize) -> Option<Fr> {
    let capacity = 1u64.checked_shl(u32::try_from(2 * depth).ok()?)?;
    if u64::try_from(nodes.len()).ok()? > capacity {
        return None;
    }
    // The empty node of every height is the last of its level, and is hashed with it.
    let mut level: Vec<Fr> = nodes.iter().copied().chain([empty]).collect();
    for _ in 0..depth {
        let (empty, nodes) = level.split_last()?;
        let last = [[*empty; ARITY]];
        level = parents(&children(nodes, *empty).chain(last).collect::<Vec<_>>());
    }
    level.first().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_is_explicit() {
        let leaves =
            [Fr::from(1u64), Fr::from(2u64), Fr::from(3u64), Fr::from(4u64), Fr::from(5u64)];
        let left = parent([leaves[0], leaves[1], leaves[2], leaves[3]]);
        let right = parent([leaves[4], EMPTY, EMPTY, EMPTY]);
        let hole = parent([EMPTY; 4]);
        assert_eq!(root(&leaves, 2), Some(parent([left, right, hole, hole])));
        assert_eq!(root(&[], 2), Some(empty_root(2)));
        assert_eq!(root(&leaves, 1), None);
        assert_eq!(root(&leaves[..1], 0), Some(leaves[0]));
    }

    #[test]
    fn shards_and_roof_make_the_same_root() {
        let leaves: Vec<Fr> = (1..=37u64).map(Fr::from).collect();
        let shards: Vec<Fr> = leaves.chunks(16).filter_map(|shard| root(shard, 2)).collect();
        assert_eq!(root_from(&shards, empty_root(2), 2), root(&leaves, 4));
    }
}
