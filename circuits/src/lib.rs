//! The statements of Wufu as circuits, and the cards, persons, donations and keys that they are
//! about.
//!
//! A true instance passes the native check and satisfies every row of the circuit. A false one
//! fails both:
//!
//! ```
//! use rand::{SeedableRng as _, rngs::StdRng};
//! use wufu_analysis::samples;
//! use wufu_circuits::{Circuit as _, Clause, GiftInstance};
//! use wufu_verifier::Fr;
//!
//! let mut gift: GiftInstance = samples::gift(&mut StdRng::seed_from_u64(1));
//! let rows = GiftInstance::shape();
//! assert_eq!(rows.rows(), 5_894);
//! gift.check()?;
//! assert!(rows.check(gift.assign().z()).is_ok());
//!
//! // The new card no longer is the one that the gift shows: clause G5 is false.
//! gift.private.rcm_out += Fr::from(1u64);
//! assert_eq!(gift.false_clauses(), [Clause::G5]);
//! assert!(rows.check(gift.assign().z()).is_err());
//! # Ok::<(), wufu_circuits::ClauseError>(())
//! ```
//!
//! Each noun has one file, with the native function beside its gadget: [`keys`], [`address`],
//! [`card`], [`person`], [`donation`], [`tree`]. The [`statements`] combine them. Each statement
//! has a witness, an [`Instance`] of public inputs and witness, a native check that names the false
//! clause, and the circuit. The native check and the circuit are both reached through [`Circuit`].
//!
//! Nothing here proves or verifies. A prover takes the rows ([`r1cs::R1cs`]) and their values
//! ([`r1cs::Assignment`]); the public inputs are those of [`wufu_verifier`].
//!
//! # What to read next
//! - [`statements`]: Five Fu, Donation and Gift, with their witnesses.
//! - [`Clause`]: every condition of every statement.
//! - [`r1cs`]: how a circuit becomes rows.
//! - `circuits/twins`: the same statements in circom, written independently.
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
