//! Donations: the owner's side of a record in the charity ledger.

use std::fmt;

use ark_bn254::Fr;
use wufu_verifier::{
    Nullifier, PublicKey, Scope,
    encoding::canonical::Writer,
    hash::{
        domain::Domain,
        h2f::{Context, h2f},
        poseidon::{hash4, hash4_many},
    },
};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{
    gadgets::poseidon,
    keys::{SpendKey, SpendKeyVar},
    r1cs::{Builder, Declaration, Num},
};

/// What ties a donation to its owner: the receipt, and the blinding that hides both.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Ownership {
    /// `H2F("receipt", receipt bytes)`.
    pub receipt: Fr,
    /// Random blinding.
    pub rcm: Fr,
}

impl Ownership {
    /// Creates the ownership of the donation with this receipt.
    pub fn new(receipt: &[u8], rcm: Fr) -> Self {
        Self { receipt: h2f(Context::Receipt, Writer::new().bytes(receipt)), rcm }
    }

    /// Computes `own = H(D_OWN, pk, receipt, rcm)`, the owner's part of the public record. The rest
    /// of the leaf is [`Record::body`](wufu_verifier::Record::body) and
    /// [`Record::leaf`](wufu_verifier::Record::leaf).
    pub fn own(&self, pk: PublicKey) -> Fr {
        hash4(self.inputs(pk))
    }

    /// Computes [`Ownership::own`] of many, each with its owner's public key, in order. It runs on
    /// the calling thread, and in lanes with feature `simd` of the verifier.
    pub fn own_many<'a>(all: impl ExactSizeIterator<Item = (&'a Self, PublicKey)>) -> Vec<Fr> {
        let mut inputs = Zeroizing::new(Vec::with_capacity(all.len()));
        inputs.extend(all.map(|(ownership, pk)| ownership.inputs(pk)));
        hash4_many(&inputs)
    }

    fn inputs(&self, pk: PublicKey) -> [Fr; 4] {
        [Domain::Own.value(), pk.fr(), self.receipt, self.rcm]
    }

    /// Computes `nf_d = H(D_DNF, sk, scope, don)`: one showing for each donation and scope.
    pub fn nullifier(sk: &SpendKey, scope: Scope, don: Fr) -> Nullifier {
        Nullifier(hash4([Domain::Dnf.value(), sk.to_field(), scope.fr(), don]))
    }
}

impl fmt::Debug for Ownership {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ownership(..)")
    }
}

/// A donation's ownership inside a circuit.
pub struct OwnershipVar {
    receipt: Num,
    rcm: Num,
}

impl OwnershipVar {
    /// Declares receipt and blinding.
    pub fn declare(declaration: &mut Declaration, ownership: &Ownership) -> Self {
        Self {
            receipt: declaration.private(ownership.receipt),
            rcm: declaration.private(ownership.rcm),
        }
    }

    /// Computes `own = H(D_OWN, pk, receipt, rcm)`.
    ///
    /// # Cost
    /// 294 rows.
    pub fn own(&self, b: &mut Builder, pk: &Num) -> Num {
        let domain = b.constant(Domain::Own.value());
        poseidon::hash4(b, [&domain, pk, &self.receipt, &self.rcm])
    }

    /// Constrains `nf` to be the nullifier: `nf_d = H(D_DNF, sk, scope, don)`.
    ///
    /// # Cost
    /// 294 rows.
    pub fn nullifier(b: &mut Builder, sk: &SpendKeyVar, scope: &Num, don: &Num, nf: &Num) {
        let domain = b.constant(Domain::Dnf.value());
        poseidon::hash4_is(b, [&domain, sk.num(), scope, don], nf);
    }
}

/// The public part of a record inside a circuit.
pub struct RecordVar {
    /// The project that received the donation.
    pub project_key: Num,
    /// The amount.
    pub amount: Num,
    /// When the donation was made.
    pub time: Num,
}

impl RecordVar {
    /// Computes `body = H(D_BODY, project_key, amount, time)`.
    ///
    /// # Cost
    /// 294 rows.
    pub fn body(&self, b: &mut Builder) -> Num {
        let domain = b.constant(Domain::Body.value());
        poseidon::hash4(b, [&domain, &self.project_key, &self.amount, &self.time])
    }

    /// Constrains `don` to be the leaf: `don = H(D_DON, body, own)`.
    ///
    /// # Cost
    /// 552 rows, including those of the body.
    pub fn leaf(&self, b: &mut Builder, own: &Num, don: &Num) {
        let body = self.body(b);
        let domain = b.constant(Domain::Don.value());
        poseidon::hash3_is(b, [&domain, &body, own], don);
    }
}
