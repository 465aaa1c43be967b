//! Append-only 4-ary trees in memory: whole logs, shards, roofs over shards, project sets.

use std::fmt;

use ark_bn254::Fr;
use wufu_verifier::{
    ProjectKey, ProjectSet,
    hash::merkle::{self, ARITY, EMPTY, SET_DEPTH, SHARD_DEPTH, empty_root, parent},
};
use zeroize::Zeroizing;

use crate::gadgets::path::{Children, Path, PathError};

/// An append-only tree of a fixed depth. Places after the last leaf are empty.
///
/// # Cost
/// 43 bytes of memory for each leaf. Only nodes that exist are stored: an empty subtree is a
/// constant of its height.
#[derive(Clone)]
pub struct Tree {
    // `levels[0]` are the leaves, `levels[k]` their ancestors k levels up that have a leaf below
    // them.
    levels: Vec<Vec<Fr>>,
    // The value of an empty place at each level, including the root's.
    empty: Vec<Fr>,
}

/// Errors from the operations of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TreeError {
    /// There are more leaves than places.
    Full {
        /// The number of leaves that there would be.
        got: usize,
        /// The number of levels.
        depth: usize,
    },
    /// There is no leaf at this position.
    NoLeaf {
        /// The position.
        place: usize,
        /// The number of leaves.
        leaves: usize,
    },
    /// The leaf has the value of an empty place.
    EmptyLeaf,
    /// The requested path has another depth.
    Path(PathError),
}

impl fmt::Display for TreeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full { got, depth } => {
                write!(f, "{got} leaves, expected at most 4^{depth}")
            }
            Self::NoLeaf { place, leaves } => {
                write!(f, "no leaf at place {place}, expected below {leaves}")
            }
            Self::EmptyLeaf => write!(f, "leaf is 0, which marks an empty place"),
            Self::Path(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for TreeError {}

impl From<PathError> for TreeError {
    fn from(error: PathError) -> Self {
        Self::Path(error)
    }
}

impl Tree {
    /// Creates an empty tree of `depth` levels.
    pub fn new(depth: usize) -> Self {
        let empty = (0..=depth).map(empty_root).collect();
        Self { levels: vec![Vec::new(); depth + 1], empty }
    }

    /// Creates an empty roof of `depth` levels, whose leaves are the roots of shards.
    pub fn roof(depth: usize) -> Self {
        Self::filled(depth, empty_root(SHARD_DEPTH))
    }

    /// Creates an empty tree of `depth` levels whose empty places are `fill`.
    fn filled(depth: usize, fill: Fr) -> Self {
        let empty = std::iter::successors(Some(fill), |below| Some(parent([*below; ARITY])));
        Self { levels: vec![Vec::new(); depth + 1], empty: empty.take(depth + 1).collect() }
    }

    /// Creates the tree of a project set: its members, with the last one repeated to fill.
    pub fn of_set(set: &ProjectSet) -> Self {
        let (leaves, last) = set.leaves();
        let mut tree = Self::filled(SET_DEPTH, last);
        tree.levels[0] = leaves;
        tree.rehash(0, &mut parents);
        tree
    }

    /// The number of levels between leaf and root.
    pub fn depth(&self) -> usize {
        self.levels.len() - 1
    }

    /// The number of leaves.
    pub fn len(&self) -> usize {
        self.levels[0].len()
    }

    /// Whether the tree has no leaf.
    pub fn is_empty(&self) -> bool {
        self.levels[0].is_empty()
    }

    /// The leaves in order.
    pub fn leaves(&self) -> &[Fr] {
        &self.levels[0]
    }

    /// The nodes that exist `height` levels above the leaves. Shard roots are at 8.
    pub fn level(&self, height: usize) -> &[Fr] {
        self.levels.get(height).map_or(&[], Vec::as_slice)
    }

    /// The root.
    pub fn root(&self) -> Fr {
        let depth = self.depth();
        self.levels[depth].first().copied().unwrap_or(self.empty[depth])
    }

    /// Appends leaves. The first of them goes to position [`Tree::len`].
    ///
    /// # Errors
    /// Returns an error if there is no room for all of them, or one is 0. Then none is appended.
    ///
    /// # Cost
    /// A third of a hash for each leaf, plus one for each level.
    pub fn extend(&mut self, leaves: &[Fr]) -> Result<(), TreeError> {
        self.extend_with(leaves, parents)
    }

    /// [`Tree::extend`] with the hashing of each level left to the caller, who may spread it over
    /// threads: `hash` takes the children of nodes and returns the nodes, in order (see
    /// [`parents`]).
    ///
    /// # Errors
    /// Returns the errors of [`Tree::extend`].
    pub fn extend_with(
        &mut self,
        leaves: &[Fr],
        mut hash: impl FnMut(&[Children]) -> Vec<Fr>,
    ) -> Result<(), TreeError> {
        if leaves.contains(&EMPTY) {
            return Err(TreeError::EmptyLeaf);
        }
        let (first, got) = (self.len(), self.len() + leaves.len());
        if got as u128 > 1 << (2 * self.depth()) {
            return Err(TreeError::Full { got, depth: self.depth() });
        }
        if leaves.is_empty() {
            return Ok(());
        }
        self.levels[0].extend_from_slice(leaves);
        self.rehash(first, &mut hash);
        Ok(())
    }

    /// Recomputes every node above the leaves from position `first` on.
    fn rehash(&mut self, first: usize, hash: &mut impl FnMut(&[Children]) -> Vec<Fr>) {
        let mut dirty = first;
        for height in 0..self.depth() {
            dirty /= ARITY;
            let nodes = self.levels[height].len().div_ceil(ARITY);
            let children: Vec<Children> =
                (dirty..nodes).map(|node| self.children(height, node)).collect();
            let hashed = hash(&children);
            let above = &mut self.levels[height + 1];
            above.truncate(dirty);
            above.extend(hashed);
        }
    }

    /// Returns the children, at `height`, of node `node` one level up.
    fn children(&self, height: usize, node: usize) -> Children {
        let level = &self.levels[height];
        std::array::from_fn(|child| {
            level.get(ARITY * node + child).copied().unwrap_or(self.empty[height])
        })
    }

    /// Returns the path of the leaf at `place`.
    ///
    /// # Errors
    /// Returns an error if there is no such leaf, or the tree does not have depth `DEPTH`.
    pub fn path<const DEPTH: usize>(&self, place: usize) -> Result<Path<DEPTH>, TreeError> {
        if self.depth() != DEPTH {
            return Err(PathError::Depth { got: self.depth(), expected: DEPTH }.into());
        }
        self.lowest(place)
    }

    /// Returns the path of the leaf at `place` inside its shard. Once the shard is full, it never
    /// changes.
    ///
    /// # Errors
    /// Returns an error if there is no such leaf, or the tree is lower than a shard.
    pub fn shard_path(&self, place: usize) -> Result<Path<SHARD_DEPTH>, TreeError> {
        self.lowest(place)
    }

    fn lowest<const DEPTH: usize>(&self, place: usize) -> Result<Path<DEPTH>, TreeError> {
        if place >= self.len() {
            return Err(TreeError::NoLeaf { place, leaves: self.len() });
        }
        let mut node = place;
        let levels = (0..self.depth().min(DEPTH)).map(|height| {
            // Level by level: a shift over all levels at once would be too wide where a `usize` has
            // 32 bits.
            node /= ARITY;
            self.children(height, node)
        });
        // A path names its leaf, so no copy of it is left behind.
        let levels: Zeroizing<Vec<Children>> = Zeroizing::new(levels.collect());
        Ok(Path::from_levels(&levels)?)
    }
}

impl fmt::Debug for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tree").field("depth", &self.depth()).field("leaves", &self.len()).finish()
    }
}

/// Computes the nodes over these children, on this thread.
pub fn parents(children: &[Children]) -> Vec<Fr> {
    merkle::parents(children)
}

/// Returns the path of a member of a project set, or `None` if the project is not a member.
pub fn set_path(set: &ProjectSet, project: ProjectKey) -> Option<Path<SET_DEPTH>> {
    let place = set.keys().binary_search(&project).ok()?;
    Tree::of_set(set).path(place).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use wufu_verifier::hash::merkle;

    use super::*;

    fn leaves(range: std::ops::Range<u64>) -> Vec<Fr> {
        range.map(|n| Fr::from(n + 1)).collect()
    }

    #[test]
    fn a_tree_grown_in_steps_is_the_tree_made_at_once() {
        let all = leaves(0..300);
        let mut tree = Tree::new(5);
        assert_eq!(tree.root(), merkle::empty_root(5));
        let mut at = 0;
        for step in [1, 0, 2, 5, 56, 64, 100, 72] {
            tree.extend(&all[at..at + step]).unwrap();
            at += step;
            assert_eq!(Some(tree.root()), merkle::root(&all[..at], 5));
        }
        assert_eq!(at, tree.len());
        for (place, leaf) in all.iter().enumerate() {
            let path = tree.path::<5>(place).unwrap();
            assert_eq!(path.root(*leaf), Some(tree.root()));
            assert_eq!(path.top(), tree.root());
        }
    }

    #[test]
    fn a_full_tree_takes_no_more() {
        let mut tree = Tree::new(2);
        tree.extend(&leaves(0..15)).unwrap();
        let full = Err(TreeError::Full { got: 17, depth: 2 });
        assert_eq!(tree.extend(&leaves(15..17)), full);
        assert_eq!(tree.len(), 15);
        tree.extend(&leaves(15..16)).unwrap();
        assert_eq!(tree.extend(&leaves(16..17)), full);
        assert_eq!(Some(tree.root()), merkle::root(&leaves(0..16), 2));
    }

    /// Rows of docs/failures.md: 12.
    #[test]
    fn the_empty_leaf_is_never_appended_and_has_no_path() {
        let mut tree = Tree::new(2);
        let refused = tree.extend(&[Fr::from(1u64), EMPTY]);
        assert_eq!(refused, Err(TreeError::EmptyLeaf));
        assert!(tree.is_empty());
        tree.extend(&leaves(0..1)).unwrap();
        assert_eq!(tree.path::<2>(1), Err(TreeError::NoLeaf { place: 1, leaves: 1 }));
    }

    /// Rows of docs/failures.md: 11.
    #[test]
    fn shorter_and_longer_paths_are_refused() {
        let mut tree = Tree::new(3);
        tree.extend(&leaves(0..20)).unwrap();
        let path = tree.path::<3>(7).unwrap();
        let wrong = |got, expected| PathError::Depth { got, expected };
        assert_eq!(tree.path::<2>(7), Err(wrong(3, 2).into()));
        assert_eq!(tree.path::<4>(7), Err(wrong(3, 4).into()));
        assert_eq!(Path::<4>::from_levels(path.levels()), Err(wrong(3, 4)));
        assert_eq!(Path::<2>::from_levels(path.levels()), Err(wrong(3, 2)));
        // An inner node has a path of a lower tree, not the path of a leaf.
        let inner = Path::<2>::from_levels(&path.levels()[1..]).unwrap();
        assert_eq!(inner.root(tree.level(1)[1]), Some(tree.root()));
        assert_eq!(path.root(tree.level(1)[1]), None);
    }

    #[test]
    fn a_shard_path_and_a_roof_path_make_the_whole() {
        // More than one shard, with leaves that are cheap to make.
        let all = leaves(0..(merkle::SHARD_LEAVES as u64 + 9));
        let mut tree = Tree::new(10);
        tree.extend(&all).unwrap();
        let mut roof = Tree::roof(2);
        roof.extend(tree.level(SHARD_DEPTH)).unwrap();
        assert_eq!(roof.root(), tree.root());
        for place in [0, 3, 65_535, 65_536, 65_544] {
            let lower = tree.shard_path(place).unwrap();
            let upper = roof.path::<2>(place >> 16).unwrap();
            let whole = Path::<10>::join(&lower, &upper).unwrap();
            assert_eq!(whole, tree.path::<10>(place).unwrap());
            assert_eq!(whole.root(all[place]), Some(tree.root()));
        }
        let lower = tree.shard_path(0).unwrap();
        let apart = Path::<10>::join(&lower, &Path::<2>::default());
        assert_eq!(apart, Err(PathError::Apart));
        let upper = roof.path::<2>(0).unwrap();
        let short = Path::<9>::join(&lower, &upper);
        assert_eq!(short, Err(PathError::Depth { got: 10, expected: 9 }));
    }

    /// Rows of docs/failures.md: 38.
    #[test]
    fn the_order_of_a_set_changes_neither_root_nor_paths() {
        let key = |project| ProjectKey::new(7, project).unwrap();
        let set = ProjectSet::new((1..=9).map(key)).unwrap();
        let shuffled = ProjectSet::new([4, 9, 1, 2, 2, 8, 6, 3, 5, 7, 9].map(key)).unwrap();
        assert_eq!(Tree::of_set(&shuffled).root(), set.root());
        for project in set.keys() {
            let path = set_path(&shuffled, *project).unwrap();
            assert_eq!(path.root(project.to_u64().into()), Some(set.root()));
        }
        assert_eq!(set_path(&set, key(10)), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn a_path_holds_for_its_leaf_alone(
            size in 1usize..64,
            place in 0usize..64,
            other in 0usize..64,
        ) {
            let (place, other) = (place % size, other % size);
            let all = leaves(0..size as u64);
            let mut tree = Tree::new(3);
            tree.extend(&all).unwrap();
            let path = tree.path::<3>(place).unwrap();
            let together = place / 4 == other / 4;
            prop_assert_eq!(path.root(all[other]), together.then(|| tree.root()));
        }
    }
}
