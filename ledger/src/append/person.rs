//! Persons. Each has one leaf, and none is added after the first claim.

use wufu_circuits::{Address, Person};
use wufu_verifier::{Fr, PublicKey};

use crate::random;

/// A person and their key.
pub(crate) struct RegisteredPerson {
    pub(crate) person: Person,
    pub(crate) owner: PublicKey,
}

/// The persons' leaves, in order. Computed on the calling thread.
pub(crate) fn leaves<'a>(persons: impl ExactSizeIterator<Item = &'a RegisteredPerson>) -> Vec<Fr> {
    Person::leaves(persons.map(|person| (&person.person, person.owner)))
}

impl RegisteredPerson {
    /// Hides a person's leaf with a fresh salt.
    pub(crate) fn new(address: &Address) -> Self {
        Self { person: Person { salt: random::element() }, owner: address.pk }
    }
}
