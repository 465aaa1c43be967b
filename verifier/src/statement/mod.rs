//! What proofs are about: the circuits by name, their public inputs, and what these are made from.

mod binding;
pub(crate) mod id;
pub mod policy;
mod public_inputs;
pub mod record;

pub use binding::{Binding, CLAIM, ClaimRoots, anchor, scope};
pub use id::{CircuitId, KeyId};
pub use public_inputs::{BindingKind, CircuitName, Donation, FiveFu, Gift, InputsError, Statement};
