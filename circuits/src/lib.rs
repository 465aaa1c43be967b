//! The statements of Wufu as circuits, and the nouns they are about.
//!
//! A noun has one file, in which the native function stands beside its gadget: [`keys`], [`address`],
//! [`card`], [`person`], [`donation`], [`tree`]. What they are made of is in [`gadgets`]. The
//! [`statements`] put them together: for each there is a witness, an [`Instance`] of public inputs and
//! witness, a native check that names the false clause, and the circuit. Both go through [`Circuit`].
//!
//! Nothing here proves or verifies: the rows ([`r1cs::R1cs`]) and their values ([`r1cs::Assignment`]) are what a prover
//! takes, the public inputs are those of `wufu-verifier`.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

#[cfg(test)]
use wufu_testing as _;

pub mod address;
pub mod card;
pub mod clause;
pub mod donation;
pub mod gadgets;
pub mod keys;
pub mod person;
pub mod r1cs;
pub mod statements;
pub mod tree;

/// Any field element.
#[cfg(test)]
fn arb_fr() -> impl proptest::strategy::Strategy<Value = wufu_verifier::Fr> {
    use proptest::strategy::Strategy as _;
    proptest::array::uniform32(proptest::num::u8::ANY)
        .prop_map(|bytes| ark_ff::PrimeField::from_le_bytes_mod_order(&bytes))
}

pub use address::Address;
pub use card::{Card, Kind};
pub use clause::{Clause, ClauseError};
pub use donation::Ownership;
pub use gadgets::path::Path;
pub use keys::{Seed, SpendKey};
pub use person::Person;
pub use r1cs::{Assignment, R1cs};
pub use statements::{
    CardWitness, Circuit, CircuitVisitor, DonationInstance, DonationWitness, FiveFuInstance,
    FiveFuWitness, GiftInstance, GiftWitness, Instance, PolicyBounds, RegistryEntry,
    registry_entry, visit_blank,
};
pub use tree::Tree;
