//! "I hold all five Fu cards of this campaign, I have not claimed before, and here is where my
//! share goes."

use std::fmt;

use ark_bn254::Fr;
use ark_ff::Field;
use wufu_verifier::{
    Anchor, CircuitName, Commitment, FiveFu, Nullifier, PublicKey, Root, Scope,
    hash::{
        domain::Domain,
        merkle::{CARD_DEPTH, PERSON_DEPTH},
    },
    statement::{ClaimRoots, anchor},
};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{Circuit, Findings, Instance};
use crate::{
    card::{Card, CardVar, Kind},
    clause::Clause,
    gadgets::{
        path::{Path, PathVar},
        poseidon,
    },
    keys::{SpendKey, SpendKeyVar},
    person::{Person, PersonVar},
    r1cs::{Builder, Declaration, Mode, Num, Size},
};

/// One of the five cards in a witness. Its kind is its position among the five.
#[derive(Clone, Default, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct CardWitness {
    /// Makes the card unique.
    pub rho: Fr,
    /// Hides the card.
    pub rcm: Fr,
    /// The card's commitment in the log.
    pub cm: Fr,
    /// The card's path to the root of the card log.
    pub path: Path<CARD_DEPTH>,
}

/// The private side of Five Fu.
///
/// `pk`, `cm` and both roots follow from the rest. They are listed nevertheless, so that each
/// clause can be false alone.
#[derive(Clone, Default, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct FiveFuWitness {
    /// The spend key.
    pub sk: Fr,
    /// The public key.
    pub pk: Fr,
    /// The cards, by kind.
    pub cards: [CardWitness; 5],
    /// The root of the card log at an epoch.
    pub cards_root: Fr,
    /// Hides the person's leaf.
    pub salt: Fr,
    /// The path of the person's leaf to the root of the person log.
    pub person: Path<PERSON_DEPTH>,
    /// The root of the person log at the same epoch.
    pub persons_root: Fr,
    /// The campaign's scope.
    pub scope: Fr,
    /// The bound payload.
    pub ext: Fr,
}

impl FiveFuWitness {
    /// Creates the witness of an owner. The roots are those that the first card's and the person's
    /// paths lead to.
    ///
    /// # Shapes
    /// `cards` by kind: the card at position k must be of kind k.
    pub fn new(
        sk: &SpendKey,
        cards: [(Card, Path<CARD_DEPTH>); 5],
        (person, person_path): (Person, Path<PERSON_DEPTH>),
        scope: Scope,
        ext: Fr,
    ) -> Self {
        let pk = sk.public_key();
        Self {
            sk: sk.to_field(),
            pk: pk.fr(),
            cards_root: cards[0].1.top(),
            cards: cards.map(|(card, path)| CardWitness {
                rho: card.rho,
                rcm: card.rcm,
                cm: card.commitment(pk).fr(),
                path,
            }),
            salt: person.salt,
            persons_root: person_path.top(),
            person: person_path,
            scope: scope.fr(),
            ext,
        }
    }

    /// Returns the public inputs that follow from the witness.
    pub fn statement(&self) -> FiveFu {
        let sk = SpendKey::from_field(self.sk);
        let [nf_0, nf_1, nf_2, nf_3, nf_4] =
            self.cards.each_ref().map(|card| Card::nullifier(&sk, Commitment(card.cm)).fr());
        FiveFu {
            anchor: self.anchor().fr(),
            nf_p: Person::nullifier(&sk, Scope(self.scope)).fr(),
            nf_0,
            nf_1,
            nf_2,
            nf_3,
            nf_4,
            ext: self.ext,
        }
    }

    fn anchor(&self) -> Anchor {
        let (cards, persons) = (Root(self.cards_root), Root(self.persons_root));
        anchor(ClaimRoots { cards, persons }, Scope(self.scope))
    }

    /// Returns the witness with the public inputs that follow from it.
    pub fn into_instance(self) -> FiveFuInstance {
        Instance { public: self.statement(), private: self }
    }
}

impl fmt::Debug for CardWitness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CardWitness(..)")
    }
}

impl fmt::Debug for FiveFuWitness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FiveFuWitness(..)")
    }
}

/// A Five Fu claim with its witness.
pub type FiveFuInstance = Instance<FiveFu, FiveFuWitness>;

/// A card's wires.
struct CardWires {
    opening: CardVar,
    cm: Num,
    path: PathVar<CARD_DEPTH>,
}

/// The circuit's wires, declared in this order.
struct Wires {
    public: FiveFu<Num>,
    sk: SpendKeyVar,
    pk: Num,
    cards: [CardWires; 5],
    cards_root: Num,
    person: PersonVar,
    person_path: PathVar<PERSON_DEPTH>,
    persons_root: Num,
    scope: Num,
    ext_squared: Num,
}

impl Wires {
    fn declare(instance: &FiveFuInstance, mode: Mode) -> (Self, Builder) {
        let w = &instance.private;
        let public = instance.public.clone().into_inputs();
        let (mut d, public) = Declaration::new(mode, FiveFuInstance::SIZE, public);
        let wires = Self {
            public: FiveFu::from_inputs(public),
            sk: SpendKeyVar::declare(&mut d, w.sk),
            pk: d.private(w.pk),
            cards: w.cards.each_ref().map(|card| CardWires {
                opening: CardVar::declare(&mut d, card.rho, card.rcm),
                cm: d.private(card.cm),
                path: PathVar::declare(&mut d, &card.path),
            }),
            cards_root: d.private(w.cards_root),
            person: PersonVar { salt: d.private(w.salt) },
            person_path: PathVar::declare(&mut d, &w.person),
            persons_root: d.private(w.persons_root),
            scope: d.private(w.scope),
            ext_squared: d.private(w.ext.square()),
        };
        (wires, d.begin(Clause::F1))
    }
}

impl Circuit for FiveFuInstance {
    const NAME: CircuitName = CircuitName::FiveFu;
    const SIZE: Size = Size { rows: 32_308, wires: 32_604 };
    // Derived from the wallet's seed of 256 random bits; each card's trapdoor was drawn, or derived
    // from another such seed.
    const SECRETS: Option<&'static str> =
        Some("the spend key sk, and the trapdoor rcm of each card");

    type Public = FiveFu;

    fn public(&self) -> &FiveFu {
        &self.public
    }

    fn blank() -> Self {
        Self { public: FiveFu::from_inputs(Default::default()), private: Default::default() }
    }

    fn false_clauses(&self) -> Vec<Clause> {
        let Self { public, private: w } = self;
        let sk = SpendKey::from_field(w.sk);
        let nullifiers = [public.nf_0, public.nf_1, public.nf_2, public.nf_3, public.nf_4];
        let cards = || Kind::ALL.into_iter().zip(&w.cards);
        let mut findings = Findings::default();

        findings.expect(Clause::F1, w.pk == sk.public_key().fr());
        for (kind, card) in cards() {
            let opening = Card { kind, rho: card.rho, rcm: card.rcm };
            findings.expect(Clause::F2, Commitment(card.cm) == opening.commitment(PublicKey(w.pk)));
        }
        for (_, card) in cards() {
            findings.expect(Clause::F3, card.path.root(card.cm) == Some(w.cards_root));
        }
        for ((_, card), nf) in cards().zip(nullifiers) {
            findings.expect(Clause::F4, Nullifier(nf) == Card::nullifier(&sk, Commitment(card.cm)));
        }
        let leaf = Person { salt: w.salt }.leaf(PublicKey(w.pk));
        findings.expect(Clause::F5, w.person.root(leaf) == Some(w.persons_root));
        findings
            .expect(Clause::F6, Nullifier(public.nf_p) == Person::nullifier(&sk, Scope(w.scope)));
        findings.expect(Clause::F7, Anchor(public.anchor) == w.anchor());
        findings.expect(Clause::F8, public.ext.square() == w.ext.square());
        findings.0
    }

    fn synthesize(&self, mode: Mode) -> Builder {
        let (wires, mut builder) = Wires::declare(self, mode);
        let b = &mut builder;
        let Wires { public, sk, pk, cards, cards_root, .. } = &wires;
        let nullifiers = [&public.nf_0, &public.nf_1, &public.nf_2, &public.nf_3, &public.nf_4];

        b.clause(Clause::F1);
        sk.public_key(b, pk);

        b.clause(Clause::F2);
        for (kind, card) in Kind::ALL.into_iter().zip(cards) {
            let domain = b.constant(kind.domain());
            card.opening.commitment(b, &domain, pk, &card.cm);
        }

        // All five paths end in one wire, so the five cards are in one log at one epoch.
        b.clause(Clause::F3);
        for card in cards {
            card.path.root(b, &card.cm, cards_root);
        }

        b.clause(Clause::F4);
        for (card, nf) in cards.iter().zip(nullifiers) {
            CardVar::nullifier(b, sk, &card.cm, nf);
        }

        b.clause(Clause::F5);
        let leaf = wires.person.leaf(b, pk);
        wires.person_path.root(b, &leaf, &wires.persons_root);

        b.clause(Clause::F6);
        PersonVar::nullifier(b, sk, &wires.scope, &public.nf_p);

        b.clause(Clause::F7);
        let domain = b.constant(Domain::Anc.value());
        let inputs = [&domain, cards_root, &wires.persons_root, &wires.scope];
        poseidon::hash4_is(b, inputs, &public.anchor);

        b.clause(Clause::F8);
        b.row(&public.ext, &public.ext, &wires.ext_squared);
        builder
    }
}
