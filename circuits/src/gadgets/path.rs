//! Membership paths through a 4-ary tree, without path bits.

use std::fmt;

use ark_bn254::Fr;
use ark_ff::AdditiveGroup;
use wufu_verifier::hash::merkle::{ARITY, parent};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{
    gadgets::poseidon,
    r1cs::{Builder, Declaration, Num},
};

/// All four children of a node.
pub type Children = [Fr; ARITY];

/// A path of `DEPTH` levels. Each level, from the leaf's up, holds all four children of the node
/// above.
///
/// A path does not say which child is its own: the constraint is that one of them is. This is sound
/// because no nullifier depends on the position. A path names its leaf, so it is secret, wiped when
/// dropped and never printed.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Path<const DEPTH: usize> {
    // On the heap, so that a move of the witness leaves no copies behind.
    levels: Box<[Children; DEPTH]>,
}

/// Errors from building a path.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PathError {
    /// The wrong number of levels.
    Depth {
        /// The number of levels.
        got: usize,
        /// The expected number.
        expected: usize,
    },
    /// The lower path does not lead into the upper one.
    Apart,
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Depth { got, expected } => {
                write!(f, "path has {got} levels, expected {expected}")
            }
            Self::Apart => write!(f, "the lower path does not lead into the upper one"),
        }
    }
}

impl std::error::Error for PathError {}

impl<const DEPTH: usize> Path<DEPTH> {
    /// Creates the path with these levels, the leaf's first.
    ///
    /// # Errors
    /// Returns an error if there are not exactly `DEPTH` levels: the depth of a tree is part of its
    /// meaning.
    pub fn from_levels(levels: &[Children]) -> Result<Self, PathError> {
        let wrong = PathError::Depth { got: levels.len(), expected: DEPTH };
        Ok(Self { levels: Box::new(levels.try_into().map_err(|_| wrong)?) })
    }

    /// Joins the path through a shard with the path through the roof.
    ///
    /// # Errors
    /// Returns an error if the levels do not add up to `DEPTH`, or the root of `lower` is not where
    /// `upper` begins.
    pub fn join<const LOWER: usize, const UPPER: usize>(
        lower: &Path<LOWER>,
        upper: &Path<UPPER>,
    ) -> Result<Self, PathError> {
        if !upper.levels.first().is_none_or(|level| level.contains(&lower.top())) {
            return Err(PathError::Apart);
        }
        let levels = [lower.levels.as_slice(), upper.levels.as_slice()].concat();
        Self::from_levels(&Zeroizing::new(levels))
    }

    /// The levels, the leaf's first.
    pub fn levels(&self) -> &[Children; DEPTH] {
        &self.levels
    }

    /// The levels, mutable, so that a test can spoil one.
    pub fn levels_mut(&mut self) -> &mut [Children; DEPTH] {
        &mut self.levels
    }

    /// Returns the hash of the highest level, which is the root if the path is valid.
    pub fn top(&self) -> Fr {
        self.levels.last().map_or(Fr::ZERO, |children| parent(*children))
    }

    /// Returns the root that the path leads to from `leaf`, or `None` if a level does not hold the
    /// hash of the level below.
    pub fn root(&self, leaf: Fr) -> Option<Fr> {
        self.levels
            .iter()
            .try_fold(leaf, |node, children| children.contains(&node).then(|| parent(*children)))
    }
}

impl<const DEPTH: usize> Default for Path<DEPTH> {
    /// All places empty: of the right size, and not a path of any tree.
    fn default() -> Self {
        Self { levels: Box::new([[Fr::ZERO; ARITY]; DEPTH]) }
    }
}

impl<const DEPTH: usize> fmt::Debug for Path<DEPTH> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Path<{DEPTH}>(..)")
    }
}

/// A path inside a circuit.
pub struct PathVar<const DEPTH: usize> {
    levels: Vec<[Num; ARITY]>,
}

impl<const DEPTH: usize> PathVar<DEPTH> {
    /// Declares all children.
    pub fn declare(declaration: &mut Declaration, path: &Path<DEPTH>) -> Self {
        let levels =
            path.levels.iter().map(|level| level.map(|child| declaration.private(child))).collect();
        Self { levels }
    }

    /// Constrains the path to lead from `leaf` to `root`.
    ///
    /// At each level, with `x` the running value: `(c0-x)(c1-x) = u`, `(c2-x)(c3-x) = v`, `u v =
    /// 0`, and the next `x` is the hash of the children.
    ///
    /// # Cost
    /// 300 rows for each level.
    pub fn root(&self, b: &mut Builder, leaf: &Num, root: &Num) {
        const { assert!(DEPTH > 0, "without a level nothing ties the leaf to the root") };
        let mut node = leaf.clone();
        for (level, [c0, c1, c2, c3]) in self.levels.iter().enumerate() {
            let u = b.product(&c0.minus(&node), &c1.minus(&node));
            let v = b.product(&c2.minus(&node), &c3.minus(&node));
            b.product_is_zero(&u, &v);
            if level + 1 == DEPTH {
                poseidon::hash4_is(b, [c0, c1, c2, c3], root);
            } else {
                node = poseidon::hash4(b, [c0, c1, c2, c3]);
            }
        }
    }
}
