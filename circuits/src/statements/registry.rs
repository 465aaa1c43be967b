//! Every statement, once: what other crates need of a circuit that they have no type of. Nothing else there lists the statements.

use wufu_verifier::CircuitName;

use super::{Circuit, DonationInstance, FiveFuInstance, GiftInstance};
use crate::r1cs::{R1cs, Size};

/// A statement's circuit, without its type.
#[derive(Clone, Copy, Debug)]
pub struct RegistryEntry {
    /// Which statement it is.
    pub name: CircuitName,
    /// How large the circuit is.
    pub size: Size,
    /// [`Circuit::SECRETS`].
    pub secrets: Option<&'static str>,
    shape: fn() -> R1cs,
}

impl RegistryEntry {
    const fn of<C: Circuit>() -> Self {
        Self { name: C::NAME, size: C::SIZE, secrets: C::SECRETS, shape: C::shape }
    }

    /// The circuit's rows.
    pub fn shape(&self) -> R1cs {
        (self.shape)()
    }
}

const REGISTRY: [RegistryEntry; CircuitName::ALL.len()] = [
    RegistryEntry::of::<FiveFuInstance>(),
    RegistryEntry::of::<DonationInstance>(),
    RegistryEntry::of::<GiftInstance>(),
];

// In the order of the names, so that a name is an index.
const _: () = {
    let mut index = 0;
    while index < REGISTRY.len() {
        assert!(REGISTRY[index].name as usize == index);
        index += 1;
    }
};

/// What is known of a circuit.
pub const fn registry_entry(circuit: CircuitName) -> RegistryEntry {
    REGISTRY[circuit as usize]
}
