//! Rank-1 constraint systems. One pass over a circuit records its rows, computes its wires, or does
//! both.
//!
//! A circuit is a function over a [`Builder`]. Under [`Mode::Shape`] the builder keeps the rows
//! `A·z ∘ B·z = C·z` as sparse combinations of wires: an [`R1cs`]. Under [`Mode::Witness`] it keeps
//! the wires `z` and the values of `A·z`, `B·z` and `C·z`, which are known on the way: an
//! [`Assignment`]. A prover does the second for every proof, so it allocates nothing for single
//! values and never multiplies a sparse matrix.
//!
//! Wires are in the order of iden3's `.r1cs`: one, public inputs, declared private inputs, the
//! rest. The types enforce it: a [`Declaration`] hands out inputs, and only the `Builder` that
//! follows it hands out other wires.

mod assignment;
mod builder;
mod file;
mod num;
mod size;
mod sym;
mod system;
mod wtns;

pub use assignment::Assignment;
pub use builder::{Builder, Declaration, Mode};
pub use num::Num;
pub use size::Size;
pub use system::{Matrix, R1cs, Site, Unsatisfied};
