//! A campaign with gifts and claims, and a charity with a donation: the material of batches.

use ark_bn254::{Fq2, Fr, G2Affine};
use ark_ec::AffineRepr;
use ark_ff::{AdditiveGroup, Field, UniformRand};
use ark_serialize::CanonicalSerialize;
use ark_std::rand::rngs::StdRng;
use ed25519_dalek::SigningKey;
use wufu_verifier::{
    CircuitName, ClaimCheck, Donation, DonationCheck, FiveFu, Gift, GiftCheck, KeyId, OpenedProof,
    Reason, Root, Statement, Verified, VerifyError,
    check::{
        PresentedProof, SubmittedClaim,
        batch::{EntropyError, Outcome},
        request::Question,
    },
    log::{
        checkpoint::{Checkpoint, LogState},
        history::{LogHistory, Window},
    },
    statement::{self, Binding, CLAIM, ClaimRoots},
};

use super::simulate::{Trapdoor, rng};

pub const ORG: &str = "wufu";
pub const PAYLOAD: &[u8] = b"to a friend";
pub const EXPIRY: u64 = 2_000;
pub const NOW: u64 = 1_900;

/// Entropy for tests: the same in every run.
pub fn entropy() -> impl FnMut() -> Result<[u8; 32], EntropyError> {
    let mut count = 0;
    move || {
        count += 1;
        Ok([count; 32])
    }
}

/// What somebody presents.
#[derive(Clone)]
pub struct Shown {
    pub inputs: Vec<u8>,
    pub proof: Vec<u8>,
    pub expiry: u64,
}

/// A key, two logs, and who may be proved to.
pub struct Scene {
    pub trapdoor: Trapdoor,
    key_id: KeyId,
    cards: LogHistory,
    persons: LogHistory,
    root: Fr,
    rng: StdRng,
}

impl Scene {
    pub fn new(circuit: CircuitName, seed: u64) -> Self {
        let rng = rng(seed + 1_000);
        let root = Fr::from(77u64);
        let (cards, persons) = (log(ORG, "wufu/cards", root), log(ORG, "wufu/persons", root));
        let trapdoor = Trapdoor::new(circuit, seed);
        let key_id = trapdoor.key.id();
        Self { trapdoor, key_id, cards, persons, root, rng }
    }

    /// Returns a valid gift.
    pub fn gift(&mut self) -> Shown {
        let (root, ext) = (self.root, self.ext());
        let [nf_in, cm_out] = [(); 2].map(|()| Fr::rand(&mut self.rng));
        self.shown(&Gift { root, nf_in, cm_out, ext })
    }

    /// Returns a valid claim.
    pub fn claim(&mut self) -> Shown {
        let scope = statement::scope(ORG.as_bytes(), CLAIM);
        let anchor = statement::anchor(
            ClaimRoots { cards: Root(self.root), persons: Root(self.root) },
            scope,
        )
        .fr();
        let mut inputs = [(); 8].map(|()| Fr::rand(&mut self.rng));
        (inputs[0], inputs[7]) = (anchor, self.ext());
        self.shown(&FiveFu::from_inputs(inputs))
    }

    pub fn gifts(&mut self, count: usize) -> Vec<Shown> {
        (0..count).map(|_| self.gift()).collect()
    }

    /// Returns a valid answer to a question, and the log that it is about.
    pub fn donation(&mut self, verifier: &[u8; 32], question: &Question) -> Shown {
        let (payload, expiry) = (question.challenge.as_slice(), question.expiry);
        let binding = Binding { verifier, payload, expiry, key_id: self.key_id };
        let statement = Donation {
            root: self.root,
            scope: statement::scope(verifier, &question.purpose).fr(),
            nf_d: Fr::rand(&mut self.rng),
            policy: question.policy.hash(),
            ext: binding.ext(),
        };
        self.shown(&statement)
    }

    /// The verdict on an answer to this question, by this history.
    pub fn donation_by(
        &self,
        (verifier, question): (&[u8; 32], &Question),
        log: &LogHistory,
        shown: &Shown,
    ) -> Result<(), VerifyError> {
        let (key, window) = (&self.trapdoor.key, Window::default());
        let check = DonationCheck { key, log, verifier, question, now: NOW, window };
        check.verify(self.presented(shown)).map(drop)
    }

    fn ext(&self) -> Fr {
        let key_id = self.trapdoor.key.id();
        Binding { verifier: ORG.as_bytes(), payload: PAYLOAD, expiry: EXPIRY, key_id }.ext()
    }

    fn shown(&mut self, statement: &impl Statement) -> Shown {
        let proof = self.trapdoor.prove(&statement.public_inputs(), &mut self.rng);
        Shown { inputs: statement.encode(), proof: proof.encode(), expiry: EXPIRY }
    }

    pub fn open(&self, shown: &Shown) -> OpenedProof<'_, Verified<Gift>> {
        let (key, cards, window) = (&self.trapdoor.key, &self.cards, Window::default());
        let check = GiftCheck { key, cards, org: ORG, now: NOW, window };
        check.open(self.presented(shown), PAYLOAD, shown.expiry)
    }

    pub fn open_claim(&self, shown: &Shown) -> OpenedProof<'_, Verified<FiveFu>> {
        self.claim_check().open(self.presented(shown), PAYLOAD, shown.expiry)
    }

    pub fn open_claims(&self, shown: &[Shown]) -> Vec<OpenedProof<'_, Verified<FiveFu>>> {
        let claimed = |shown| SubmittedClaim {
            presented: self.presented(shown),
            payout: PAYLOAD,
            expiry: shown.expiry,
        };
        self.claim_check().open_all(shown.iter().map(claimed))
    }

    /// The verdict on a claim by these histories.
    pub fn claim_by(
        &self,
        [cards, persons]: [&LogHistory; 2],
        shown: &Shown,
    ) -> Result<(), VerifyError> {
        let check = ClaimCheck { cards, persons, ..self.claim_check() };
        check.verify(self.presented(shown), PAYLOAD, shown.expiry).map(drop)
    }

    /// The verdict on a gift by this history.
    pub fn gift_by(&self, cards: &LogHistory, shown: &Shown) -> Result<(), VerifyError> {
        let (key, window) = (&self.trapdoor.key, Window::default());
        let check = GiftCheck { key, cards, org: ORG, now: NOW, window };
        check.verify(self.presented(shown), PAYLOAD, shown.expiry).map(drop)
    }

    /// A log of any org with the root that this scene's proofs are about.
    pub fn log(&self, org: &str, origin: &str) -> LogHistory {
        log(org, origin, self.root)
    }

    fn claim_check(&self) -> ClaimCheck<'_> {
        let (key, cards, persons) = (&self.trapdoor.key, &self.cards, &self.persons);
        ClaimCheck { key, cards, persons, org: ORG, now: NOW, window: Window::default() }
    }

    fn presented<'a>(&'a self, Shown { inputs, proof, .. }: &'a Shown) -> PresentedProof<'a> {
        let key_id = &self.key_id.0;
        PresentedProof { key_id, public_inputs: inputs, proof }
    }

    pub fn open_all(&self, shown: &[Shown]) -> Vec<OpenedProof<'_, Verified<Gift>>> {
        shown.iter().map(|shown| self.open(shown)).collect()
    }
}

fn log(org: &str, origin: &str, root: Fr) -> LogHistory {
    let signing = SigningKey::from_bytes(&[7; 32]);
    let state = LogState { origin, size: 5, root: Root(root), epoch: 3, epoch_seconds: 600 };
    let mut log = LogHistory::new(origin);
    log.insert(Checkpoint::sign(org, &signing, &state).unwrap()).unwrap();
    log
}

/// Turns a proof into a proof of something else.
pub fn spoil(shown: &mut Shown) {
    // -C is as good a point as C.
    shown.proof[127] ^= 0x80;
}

/// The verdicts as reasons.
pub fn reasons<V>(outcome: &Outcome<V>) -> Vec<Option<Reason>> {
    outcome.verdicts.iter().map(|v| v.as_ref().err().map(|error| error.reason())).collect()
}

/// Points of the twist that are not in the subgroup, compressed.
pub fn outside_subgroup(count: usize) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let mut x = Fq2::ONE;
    while found.len() < count {
        x += Fq2::ONE.double() + Fq2::ONE;
        if let Some(point) = G2Affine::get_point_from_x_unchecked(x, found.len() % 2 == 0)
            && !point.is_in_correct_subgroup_assuming_on_curve()
            && !point.is_zero()
        {
            let mut bytes = Vec::new();
            point.serialize_compressed(&mut bytes).unwrap();
            found.push(bytes);
        }
    }
    found
}
