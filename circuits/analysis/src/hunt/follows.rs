//! Which inputs follow from the others.

use std::collections::BTreeSet;

use super::{propagation::Hunt, system::System};

/// The declared inputs, by whether they follow from those before them: first the private ones that
/// no row gives as its product, then the other private ones, then the public ones.
///
/// A witness declares `pk` beside `sk`, so that a clause can be false alone. If the row that
/// computes one from the other is missing, no wire is open, but `pk` no longer follows: this
/// detects it. A public nullifier that follows from the private inputs is the only one that they
/// have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Determination {
    /// Private inputs that follow from private inputs before them.
    pub private: Vec<u32>,
    /// Public wires that follow from the private inputs and public wires before them.
    pub public: Vec<u32>,
    /// Public wires that do not follow.
    pub free_public: Vec<u32>,
}

impl Determination {
    /// Gives the inputs of a system one after the other.
    ///
    /// # Cost
    /// Nearly that of one hunt.
    pub fn new(system: &System) -> Self {
        let mut hunt = Hunt::new(system);
        let (public, inputs) = (1..1 + system.public as u32, system.inputs());
        let products: BTreeSet<u32> =
            system.rows.iter().flat_map(|[_, _, c]| c).map(|(wire, _)| *wire).collect();
        let (last, first): (Vec<u32>, Vec<u32>) =
            (public.end..inputs.end).partition(|wire| products.contains(wire));
        // What no row gives as its product seldom follows, and is cheap to test.
        let mut private: Vec<u32> = Vec::new();
        for wire in first {
            hunt.simple_rules();
            match hunt.how(wire) {
                Some(_) => private.push(wire),
                None => hunt.give(wire),
            }
        }
        let mut followed = |wires: &mut dyn Iterator<Item = u32>| -> Vec<u32> {
            wires
                .filter(|wire| {
                    hunt.run();
                    let follows = hunt.how(*wire).is_some();
                    if !follows {
                        hunt.give(*wire);
                    }
                    follows
                })
                .collect()
        };
        private.extend(followed(&mut last.into_iter()));
        private.sort_unstable();
        let followed = followed(&mut public.clone());
        let free_public = public.filter(|wire| !followed.contains(wire)).collect();
        Self { private, public: followed, free_public }
    }
}
