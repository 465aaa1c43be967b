//! Rank-1 constraint systems: one pass over a circuit writes its rows down, computes its wires, or both.
//!
//! A circuit is a function over a [`Builder`]. Under [`Mode::Shape`] the builder keeps the rows `A·z ∘ B·z = C·z` as
//! sparse combinations of wires, an [`R1cs`]. Under [`Mode::Witness`] it keeps the wires `z` and, since they are known on
//! the way, the values of `A·z`, `B·z` and `C·z`, an [`Assignment`]. The second is what a prover does for every proof,
//! so it allocates nothing per value and never multiplies a sparse matrix.
//!
//! Wires are in the order of iden3's `.r1cs`: one, public inputs, declared private inputs, the rest. The types enforce
//! it: a [`Declaration`] hands out inputs, and only what follows it, a `Builder`, hands out other wires.

mod assignment;
mod builder;
mod file;
mod num;
mod sym;
mod system;
mod wtns;

pub use assignment::Assignment;
pub use builder::{Builder, Declaration, Mode, Size};
pub use num::Num;
pub use system::{Matrix, R1cs, Site, Unsatisfied};
