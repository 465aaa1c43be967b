//! A hunt for second witnesses, in any rank-1 system over BN254.
//!
//! A circuit is sound if its inputs leave nothing open: the public and the declared private inputs
//! determine every other wire. A cheating prover chooses what they leave open. The hunt reads a
//! system from iden3's `.r1cs` ([`System::read`]), ours or anybody's, and asks three questions.
//!
//! - Which wires do the inputs determine? [`Hunt`] goes from wire to wire by rules that hold for
//!   every witness. A rule never calls a wire determined if two witnesses agree on the inputs and
//!   differ in it. The converse is not promised: a wire that stays open may have only one value.
//! - Is what stays open a hole? [`second`] builds another witness with the same inputs and checks
//!   all rows. If it succeeds, there is a hole.
//! - Which declared inputs follow from the others? [`Determination`] shows that a nullifier is a
//!   function of the secrets, or that a row is missing that made it one.
//!
//! # Source
//! The rules are those of uniqueness propagation, as in Ecne (ePrint 2022/1170) and Picus (ePrint
//! 2023/512), without a solver.

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
