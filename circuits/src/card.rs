//! The five cards.

use std::fmt;

use ark_bn254::Fr;
use wufu_verifier::{
    Commitment, Nullifier, PublicKey,
    encoding::canonical::Writer,
    hash::{
        domain::Domain,
        h2f::{Context, h2f},
        poseidon::{hash3, hash4, hash4_many},
    },
};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{
    gadgets::poseidon,
    keys::{SpendKey, SpendKeyVar},
    r1cs::{Builder, Declaration, Num},
};

/// The kind of a card: one of the five Fu.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// 爱国, kind 0.
    Patriotism,
    /// 富强, kind 1.
    Prosperity,
    /// 和谐, kind 2.
    Harmony,
    /// 友善, kind 3.
    Friendliness,
    /// 敬业, kind 4.
    Dedication,
}

impl Kind {
    /// All kinds, in the order of their numbers.
    pub const ALL: [Self; 5] =
        [Self::Patriotism, Self::Prosperity, Self::Harmony, Self::Friendliness, Self::Dedication];

    /// The number, 0 to 4.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Returns the kind with this number.
    pub fn from_index(index: usize) -> Option<Self> {
        Self::ALL.get(index).copied()
    }

    /// Returns the kind with this Chinese or English name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| name == kind.chinese() || name == kind.english())
    }

    /// The Chinese name, which is on the card.
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Patriotism => "爱国",
            Self::Prosperity => "富强",
            Self::Harmony => "和谐",
            Self::Friendliness => "友善",
            Self::Dedication => "敬业",
        }
    }

    /// The English name.
    pub const fn english(self) -> &'static str {
        match self {
            Self::Patriotism => "patriotism",
            Self::Prosperity => "prosperity",
            Self::Harmony => "harmony",
            Self::Friendliness => "friendliness",
            Self::Dedication => "dedication",
        }
    }

    /// `D_NOTE + kind`.
    pub fn domain(self) -> Fr {
        Domain::Note.value() + Fr::from(self.index() as u64)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.english(), self.chinese())
    }
}

/// A card, as its owner knows it.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Card {
    /// The kind of card.
    #[zeroize(skip)]
    pub kind: Kind,
    /// Makes the card unique.
    pub rho: Fr,
    /// Hides the card.
    pub rcm: Fr,
}

impl Card {
    /// Returns a card that a campaign issues: `rho = H2F("issue", campaign, serial)`, `rcm` random.
    pub fn issued(kind: Kind, campaign: &str, serial: u64, rcm: Fr) -> Self {
        let rho = h2f(Context::Issue, Writer::new().text(campaign).u64(serial));
        Self { kind, rho, rcm }
    }

    /// Returns a card made from a given one: `rho_out = nf_in`, so that no two cards ever share
    /// one.
    pub fn given(kind: Kind, nf_in: Nullifier, rcm: Fr) -> Self {
        Self { kind, rho: nf_in.fr(), rcm }
    }

    /// Computes `cm = H(D_NOTE + kind, pk, rho, rcm)`, the leaf of the card log.
    pub fn commitment(&self, pk: PublicKey) -> Commitment {
        Commitment(hash4(self.inputs(pk)))
    }

    /// Computes [`Card::commitment`] of many, each with its owner's public key, in order. It runs
    /// on the calling thread, and in lanes with feature `simd` of the verifier.
    pub fn commitments<'a>(
        all: impl ExactSizeIterator<Item = (&'a Self, PublicKey)>,
    ) -> Vec<Commitment> {
        let mut inputs = Zeroizing::new(Vec::with_capacity(all.len()));
        inputs.extend(all.map(|(card, pk)| card.inputs(pk)));
        hash4_many(&inputs).into_iter().map(Commitment).collect()
    }

    fn inputs(&self, pk: PublicKey) -> [Fr; 4] {
        [self.kind.domain(), pk.fr(), self.rho, self.rcm]
    }

    /// Computes `nf = H(D_NF, sk, cm)`, which is shown once, when the card with this commitment is
    /// claimed or given.
    pub fn nullifier(sk: &SpendKey, cm: Commitment) -> Nullifier {
        Nullifier(hash3([Domain::Nf.value(), sk.to_field(), cm.fr()]))
    }
}

impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Card(..)")
    }
}

/// A card inside a circuit.
pub struct CardVar {
    rho: Num,
    rcm: Num,
}

impl CardVar {
    /// Declares the card's openings.
    pub fn declare(declaration: &mut Declaration, rho: Fr, rcm: Fr) -> Self {
        Self { rho: declaration.private(rho), rcm: declaration.private(rcm) }
    }

    /// A card whose `rho` is a value that the circuit already has.
    pub fn given(nf_in: &Num, rcm: Num) -> Self {
        Self { rho: nf_in.clone(), rcm }
    }

    /// Constrains `cm` to be the commitment: `cm = H(domain, pk, rho, rcm)`, where `domain` is
    /// `D_NOTE + kind`.
    ///
    /// # Cost
    /// 294 rows if the kind is a constant, otherwise 297.
    pub fn commitment(&self, b: &mut Builder, domain: &Num, pk: &Num, cm: &Num) {
        poseidon::hash4_is(b, [domain, pk, &self.rho, &self.rcm], cm);
    }

    /// Constrains `nf` to be the nullifier of `cm`: `nf = H(D_NF, sk, cm)`.
    ///
    /// # Cost
    /// 258 rows.
    pub fn nullifier(b: &mut Builder, sk: &SpendKeyVar, cm: &Num, nf: &Num) {
        let domain = b.constant(Domain::Nf.value());
        poseidon::hash3_is(b, [&domain, sk.num(), cm], nf);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::arb_fr;

    #[test]
    fn names_and_numbers_go_both_ways() {
        for (index, kind) in Kind::ALL.into_iter().enumerate() {
            assert_eq!(kind.index(), index);
            assert_eq!(Kind::from_index(index), Some(kind));
            assert_eq!(Kind::from_name(kind.chinese()), Some(kind));
            assert_eq!(Kind::from_name(kind.english()), Some(kind));
        }
        assert_eq!(Kind::from_index(5), None);
        assert_eq!(Kind::from_name("财富"), None);
    }

    /// Rows of docs/failures.md: 38.
    #[test]
    fn campaign_and_serial_are_not_run_together() {
        let rho =
            |campaign, serial| Card::issued(Kind::Harmony, campaign, serial, Fr::from(1u64)).rho;
        assert_ne!(rho("a1", 2), rho("a", 12));
        assert_ne!(rho("a", 1), rho("a", 2));
    }

    proptest! {
        /// Rows of docs/failures.md: 14.
        #[test]
        fn a_card_has_one_nullifier_under_its_key(
            sk in arb_fr(), other in arb_fr(), rho in arb_fr(), rcm in arb_fr()
        ) {
            prop_assume!(sk != other);
            let key = SpendKey::from_field(sk);
            let cards = Kind::ALL.map(|kind| Card { kind, rho, rcm });
            let mut seen = BTreeSet::new();
            for card in &cards {
                let cm = card.commitment(key.public_key());
                let nf = Card::nullifier(&key, cm);
                // The nullifier depends only on key and commitment, not on position or path.
                let cm_again = card.clone().commitment(key.public_key());
                let again = Card::nullifier(&key.clone(), cm_again);
                prop_assert_eq!(nf, again);
                prop_assert_ne!(nf, Card::nullifier(&SpendKey::from_field(other), cm));
                seen.insert(nf);
            }
            prop_assert_eq!(seen.len(), 5);
        }
    }
}
