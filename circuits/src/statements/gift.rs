//! A card handed to a friend without showing who gave what to whom.

use std::fmt;

use ark_bn254::Fr;
use ark_ff::Field;
use wufu_verifier::{
    CircuitName, Commitment, Gift, Nullifier, PublicKey,
    hash::{domain::Domain, merkle::CARD_DEPTH, poseidon::hash4},
};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{Circuit, Findings, Instance};
use crate::{
    card::{Card, CardVar, Kind},
    clause::Clause,
    gadgets::path::{Path, PathVar},
    keys::{SpendKey, SpendKeyVar},
    r1cs::{Builder, Declaration, Mode, Num, Size},
};

/// The private side of Gift.
///
/// `pk` and `cm` follow from the rest. They are listed nevertheless, so that each clause can be
/// false alone.
#[derive(Clone, Default, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct GiftWitness {
    /// The giver's spend key.
    pub sk: Fr,
    /// The giver's public key.
    pub pk: Fr,
    /// The card's kind, 0 to 4.
    pub kind: Fr,
    /// Makes the card unique.
    pub rho: Fr,
    /// Hides the card.
    pub rcm: Fr,
    /// The card's commitment in the log.
    pub cm: Fr,
    /// The card's path to the root of the card log.
    pub path: Path<CARD_DEPTH>,
    /// The friend's public key.
    pub pk_friend: Fr,
    /// Hides the new card.
    pub rcm_out: Fr,
    /// The bound payload.
    pub ext: Fr,
}

impl GiftWitness {
    /// Creates the witness of a giver. `rcm_out` is [`Seed::gift_rcm`](crate::keys::Seed::gift_rcm)
    /// of the card's nullifier and the friend's key.
    pub fn new(
        sk: &SpendKey,
        (card, path): (&Card, Path<CARD_DEPTH>),
        pk_friend: PublicKey,
        rcm_out: Fr,
        ext: Fr,
    ) -> Self {
        let pk = sk.public_key();
        Self {
            sk: sk.to_field(),
            pk: pk.fr(),
            kind: Fr::from(card.kind.index() as u64),
            rho: card.rho,
            rcm: card.rcm,
            cm: card.commitment(pk).fr(),
            path,
            pk_friend: pk_friend.fr(),
            rcm_out,
            ext,
        }
    }

    /// Returns the public inputs that follow from the witness.
    pub fn statement(&self) -> Gift {
        let nf_in = Card::nullifier(&SpendKey::from_field(self.sk), Commitment(self.cm));
        Gift { root: self.path.top(), nf_in: nf_in.fr(), cm_out: self.cm_out(nf_in), ext: self.ext }
    }

    /// Returns the witness with the public inputs that follow from it.
    pub fn into_instance(self) -> GiftInstance {
        Instance { public: self.statement(), private: self }
    }

    fn domain(&self) -> Fr {
        Domain::Note.value() + self.kind
    }

    fn cm_out(&self, nf_in: Nullifier) -> Fr {
        hash4([self.domain(), self.pk_friend, nf_in.fr(), self.rcm_out])
    }
}

impl fmt::Debug for GiftWitness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GiftWitness(..)")
    }
}

/// A gift with its witness.
pub type GiftInstance = Instance<Gift, GiftWitness>;

/// The circuit's wires, declared in this order.
struct Wires {
    public: Gift<Num>,
    sk: SpendKeyVar,
    pk: Num,
    kind: Num,
    opening: CardVar,
    cm: Num,
    path: PathVar<CARD_DEPTH>,
    pk_friend: Num,
    rcm_out: Num,
    ext_squared: Num,
}

impl Wires {
    fn declare(instance: &GiftInstance, mode: Mode) -> (Self, Builder) {
        let w = &instance.private;
        let public = instance.public.clone().into_inputs();
        let (mut d, public) = Declaration::new(mode, GiftInstance::SIZE, public);
        let wires = Self {
            public: Gift::from_inputs(public),
            sk: SpendKeyVar::declare(&mut d, w.sk),
            pk: d.private(w.pk),
            kind: d.private(w.kind),
            opening: CardVar::declare(&mut d, w.rho, w.rcm),
            cm: d.private(w.cm),
            path: PathVar::declare(&mut d, &w.path),
            pk_friend: d.private(w.pk_friend),
            rcm_out: d.private(w.rcm_out),
            ext_squared: d.private(w.ext.square()),
        };
        (wires, d.begin(Clause::G1))
    }
}

impl Circuit for GiftInstance {
    const NAME: CircuitName = CircuitName::Gift;
    const SIZE: Size = Size { rows: 5_894, wires: 5_949 };
    const SECRETS: Option<&'static str> =
        Some("the spend key sk, and the trapdoors rcm of both cards");

    type Public = Gift;

    fn public(&self) -> &Gift {
        &self.public
    }

    fn blank() -> Self {
        Self { public: Gift::from_inputs(Default::default()), private: Default::default() }
    }

    fn false_clauses(&self) -> Vec<Clause> {
        let Self { public, private: w } = self;
        let sk = SpendKey::from_field(w.sk);
        let mut findings = Findings::default();

        findings.expect(Clause::G1, w.pk == sk.public_key().fr());
        findings.expect(Clause::G2, w.cm == hash4([w.domain(), w.pk, w.rho, w.rcm]));
        findings.expect(Clause::G3, w.path.root(w.cm) == Some(public.root));
        findings
            .expect(Clause::G4, Nullifier(public.nf_in) == Card::nullifier(&sk, Commitment(w.cm)));
        findings.expect(Clause::G5, public.cm_out == w.cm_out(Nullifier(public.nf_in)));
        let kinds = Kind::ALL.map(|kind| Fr::from(kind.index() as u64));
        findings.expect(Clause::G6, kinds.contains(&w.kind));
        findings.expect(Clause::G7, public.ext.square() == w.ext.square());
        findings.0
    }

    fn synthesize(&self, mode: Mode) -> Builder {
        let (wires, mut builder) = Wires::declare(self, mode);
        let b = &mut builder;
        let Wires { public, sk, pk, kind, cm, .. } = &wires;
        let domain = kind.plus_constant(Domain::Note.value());

        b.clause(Clause::G1);
        sk.public_key(b, pk);

        b.clause(Clause::G2);
        wires.opening.commitment(b, &domain, pk, cm);

        b.clause(Clause::G3);
        wires.path.root(b, cm, &public.root);

        b.clause(Clause::G4);
        CardVar::nullifier(b, sk, cm, &public.nf_in);

        b.clause(Clause::G5);
        let given = CardVar::given(&public.nf_in, wires.rcm_out.clone());
        given.commitment(b, &domain, &wires.pk_friend, &public.cm_out);

        // kind (kind - 1) (kind - 2) (kind - 3) (kind - 4) = 0.
        b.clause(Clause::G6);
        let from = |k: u64| kind.plus_constant(-Fr::from(k));
        let low = b.product(kind, &from(1));
        let high = b.product(&from(2), &from(3));
        let four = b.product(&low, &high);
        b.product_is_zero(&four, &from(4));

        b.clause(Clause::G7);
        b.row(&public.ext, &public.ext, &wires.ext_squared);
        builder
    }
}
