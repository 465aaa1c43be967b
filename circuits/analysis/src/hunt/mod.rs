//! A hunt for second witnesses, in any rank-1 system over BN254.
//!
//! A circuit is sound when its inputs leave nothing open: whoever knows the public and the declared private inputs can
//! say what every other wire is. What they leave open, a cheating prover chooses. The hunt reads a system from iden3's
//! `.r1cs` ([`System::read`]), ours or anybody's, and asks three things.
//!
//! - Which wires do the inputs determine? [`Hunt`] goes from wire to wire by rules that each hold for every witness: a
//!   rule never says of a wire that it is determined when there are two witnesses that agree on the inputs and differ
//!   in it. The converse is not promised: a wire that stays open may have one value only.
//! - Is what stays open a hole? [`second`] builds another witness with the same inputs and checks all rows: then it is.
//! - Which declared inputs follow from the others? [`Determination`] tells, and so sees that a nullifier is a function of the
//!   secrets, or that a row is missing that made it one.
//!
//! # Source
//! The rules are those of uniqueness propagation as in Ecne (ePrint 2022/1170) and Picus (ePrint 2023/512), without a solver.

mod cases;
mod digits;
mod file;
mod follows;
mod polynomial;
mod propagation;
mod second;
mod sets;
mod space;
mod system;

pub use file::{FileError, read_witness};
pub use follows::Determination;
pub use propagation::{DeterminedBy, Hunt};
pub use second::{Search, second};
pub use system::{Form, Row, System};
