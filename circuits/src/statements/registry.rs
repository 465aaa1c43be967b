//! Every statement, once: what other crates need of a circuit that they have no type of. Nothing else there lists the statements.
//!
//! What a verifier must know of a statement too (its public inputs, what a proof of it answers, its
//! logs, the circuit's id) stands in the entries of [`CircuitName`]; how a witness travels, in
//! `wufu_proto::witness`.

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

/// Work on an instance, whichever statement it is of: a closure that is generic over circuits.
pub trait CircuitVisitor {
    /// What the work gives.
    type Output;

    /// Does the work.
    fn visit<C: Circuit>(self, instance: &C) -> Self::Output;
}

macro_rules! registry {
    ($($instance:ident),+ $(,)?) => {
        const REGISTRY: [RegistryEntry; CircuitName::ALL.len()] =
            [$(RegistryEntry::of::<$instance>()),+];

        /// Does some work on the blank instance of a circuit: for what depends on its type alone.
        pub fn visit_blank<V: CircuitVisitor>(circuit: CircuitName, visitor: V) -> V::Output {
            match circuit {
                $(<$instance as Circuit>::NAME => visitor.visit(&$instance::blank()),)+
            }
        }
    };
}

registry![FiveFuInstance, DonationInstance, GiftInstance];

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
