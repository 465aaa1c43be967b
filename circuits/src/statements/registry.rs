//! The list of all statements: what other crates need of a circuit whose type they do not have. No
//! other file in those crates lists the statements.
//!
//! What a verifier must know of a statement as well (its public inputs, what a proof of it answers,
//! its logs, the circuit's id) stands in the entries of [`CircuitName`]; how a witness travels, in
//! `wufu_proto::witness`.

use wufu_verifier::CircuitName;

use super::{Circuit, DonationInstance, FiveFuInstance, GiftInstance};
use crate::r1cs::{R1cs, Size};

/// The circuit of a statement, without its type.
#[derive(Clone, Copy, Debug)]
pub struct RegistryEntry {
    /// The statement.
    pub name: CircuitName,
    /// The size of the circuit.
    pub size: Size,
    /// [`Circuit::SECRETS`].
    pub secrets: Option<&'static str>,
    shape: fn() -> R1cs,
}

impl RegistryEntry {
    const fn of<C: Circuit>() -> Self {
        Self { name: C::NAME, size: C::SIZE, secrets: C::SECRETS, shape: C::shape }
    }

    /// Records the circuit's rows.
    pub fn shape(&self) -> R1cs {
        (self.shape)()
    }
}

/// Work on an instance of any statement: a closure that is generic over circuits.
pub trait CircuitVisitor {
    /// The result of the work.
    type Output;

    /// Does the work.
    fn visit<C: Circuit>(self, instance: &C) -> Self::Output;
}

macro_rules! registry {
    ($($instance:ident),+ $(,)?) => {
        const REGISTRY: [RegistryEntry; CircuitName::ALL.len()] =
            [$(RegistryEntry::of::<$instance>()),+];

        /// Works on the blank instance of a circuit, for what depends only on its type.
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

/// Returns the entry of a circuit.
pub const fn registry_entry(circuit: CircuitName) -> RegistryEntry {
    REGISTRY[circuit as usize]
}
