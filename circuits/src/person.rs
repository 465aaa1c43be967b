//! Persons: one leaf per real person and campaign, and one claim for each.

use ark_bn254::Fr;
use wufu_verifier::{
    Nullifier, PublicKey, Scope,
    hash::{
        domain::Domain,
        poseidon::{hash3, hash3_many},
    },
};
use zeroize::Zeroizing;

use crate::{
    gadgets::poseidon,
    keys::{SpendKey, SpendKeyVar},
    r1cs::{Builder, Num},
};

/// What a registrar gives to a person: the salt that hides their leaf.
#[derive(Clone, PartialEq, Eq, zeroize::Zeroize, zeroize::ZeroizeOnDrop)]
pub struct Person {
    /// The random salt.
    pub salt: Fr,
}

impl Person {
    /// Computes `person = H(D_PERSON, pk, salt)`, the leaf of the person log.
    pub fn leaf(&self, pk: PublicKey) -> Fr {
        hash3(self.inputs(pk))
    }

    /// Computes [`Person::leaf`] of many, each with their public key, in order. It runs on the
    /// calling thread, and in lanes with feature `simd` of the verifier.
    pub fn leaves<'a>(all: impl ExactSizeIterator<Item = (&'a Self, PublicKey)>) -> Vec<Fr> {
        let mut inputs = Zeroizing::new(Vec::with_capacity(all.len()));
        inputs.extend(all.map(|(person, pk)| person.inputs(pk)));
        hash3_many(&inputs)
    }

    fn inputs(&self, pk: PublicKey) -> [Fr; 3] {
        [Domain::Person.value(), pk.fr(), self.salt]
    }

    /// Computes `nf_p = H(D_PNF, sk, scope)`: one claim for each person and campaign.
    pub fn nullifier(sk: &SpendKey, scope: Scope) -> Nullifier {
        Nullifier(hash3([Domain::Pnf.value(), sk.to_field(), scope.fr()]))
    }
}

impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Person(..)")
    }
}

/// A person inside a circuit.
pub struct PersonVar {
    /// The salt.
    pub salt: Num,
}

impl PersonVar {
    /// Computes `person = H(D_PERSON, pk, salt)`.
    ///
    /// # Cost
    /// 258 rows.
    pub fn leaf(&self, b: &mut Builder, pk: &Num) -> Num {
        let domain = b.constant(Domain::Person.value());
        poseidon::hash3(b, [&domain, pk, &self.salt])
    }

    /// Constrains `nf` to be the person's nullifier: `nf = H(D_PNF, sk, scope)`.
    ///
    /// # Cost
    /// 258 rows.
    pub fn nullifier(b: &mut Builder, sk: &SpendKeyVar, scope: &Num, nf: &Num) {
        let domain = b.constant(Domain::Pnf.value());
        poseidon::hash3_is(b, [&domain, sk.num(), scope], nf);
    }
}
