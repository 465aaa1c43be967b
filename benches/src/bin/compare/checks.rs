//! Compares verification with ark-groth16, and Poseidon in lanes with the native form. It runs on
//! one thread.

use std::{cell::RefCell, time::Duration};

use anyhow::Context as _;
use ark_bn254::{Bn254, Fr, G1Affine, G2Affine};
use ark_ff::{AdditiveGroup as _, UniformRand as _};
use ark_groth16::{Groth16, PreparedVerifyingKey, r1cs_to_qap::LibsnarkReduction};
use ark_serialize::CanonicalDeserialize as _;
use bn254x8::{
    Backend,
    poseidon::{Constants, Permutation},
};
use rand::rngs::StdRng;
use serde_json::{Value, json};
use wufu_verifier::{
    CircuitName,
    check::batch::OsEntropy,
    hash::poseidon::{hash4, parameters},
    verify_batch,
};

use crate::{
    contest::interleaved,
    scene::{Scene, Shown, spoil},
};

/// The number of proofs in a batch.
const COUNT: usize = 1024;
/// The number of proofs that are checked one by one in a turn.
const FEW: usize = 32;
/// The position of the bad proof.
const BAD: usize = COUNT / 2 + 77;

/// Medians, of one proof or one hash.
pub struct Checks {
    ark: Duration,
    one: Duration,
    open: Duration,
    together: Duration,
    one_bad: Duration,
    native_hash: Duration,
    lane_hash: Duration,
}

impl Checks {
    fn part(part: Duration, of: Duration) -> f64 {
        part.as_secs_f64() / of.as_secs_f64()
    }

    /// The figures for the summary.
    pub fn figures(&self) -> [(&'static str, f64); 5] {
        [
            ("verify_one_vs_ark", Self::part(self.one, self.ark)),
            ("verify_1024_each_us", us(self.together)),
            ("verify_1024_vs_ark_verify", Self::part(self.together, self.ark)),
            ("verify_1024_one_bad_each_us", us(self.one_bad)),
            ("poseidon4_lane_ns", self.lane_hash.as_secs_f64() * 1e9),
        ]
    }

    pub fn json(&self) -> Value {
        json!({
            "step": "verify", "circuit": "five-fu", "threads": 1,
            "ark_us": us(self.ark), "one_us": us(self.one),
            "open_1024_each_us": us(self.open), "verify_1024_each_us": us(self.together),
            "one_bad_vs_clean": Self::part(self.one_bad, self.together),
            "poseidon4_native_ns": self.native_hash.as_secs_f64() * 1e9,
            "poseidon4_vs_native": Self::part(self.lane_hash, self.native_hash),
        })
    }

    pub fn text(&self) -> String {
        format!(
            "five-fu, checked on one thread\n  \
             one proof            {:.3} of ark; {:.0} us against {:.0} us\n  \
             1,024 together, each 1/{:.1} of ark; {:.1} us, reading and asking included ({:.1} \
             us)\n  \
             with a bad one, each {:.2} of a clean batch; {:.1} us\n\
             Poseidon of 4 in lanes {:.3} of native; {:.0} ns against {:.0} ns",
            Self::part(self.one, self.ark),
            us(self.one),
            us(self.ark),
            Self::part(self.ark, self.together),
            us(self.together),
            us(self.open),
            Self::part(self.one_bad, self.together),
            us(self.one_bad),
            Self::part(self.lane_hash, self.native_hash),
            self.lane_hash.as_secs_f64() * 1e9,
            self.native_hash.as_secs_f64() * 1e9,
        )
    }
}

/// Microseconds.
fn us(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// The same work with arkworks: points with their subgroups, inputs and equation, but not scope,
/// root or binding.
fn ark(key: &PreparedVerifyingKey<Bn254>, shown: &Shown) -> anyhow::Result<bool> {
    let proof = ark_groth16::Proof {
        a: G1Affine::deserialize_compressed(&shown.proof[..32])?,
        b: G2Affine::deserialize_compressed(&shown.proof[32..96])?,
        c: G1Affine::deserialize_compressed(&shown.proof[96..])?,
    };
    let inputs: Result<Vec<Fr>, _> =
        shown.inputs.chunks(32).map(Fr::deserialize_compressed).collect();
    Ok(Groth16::<Bn254, LibsnarkReduction>::verify_proof(key, &proof, &inputs?)?)
}

/// Runs everything in turns. Proofs are simulated with the secrets of a key that is made here.
pub fn checks(runs: usize, rng: &mut StdRng) -> anyhow::Result<Checks> {
    let mut scene = Scene::new(CircuitName::FiveFu, 1);
    let shown: Vec<Shown> = (0..COUNT).map(|_| scene.claim()).collect();
    let mut poisoned = shown.clone();
    spoil(&mut poisoned[BAD]);
    let points = scene.trapdoor.key.points();
    let key = ark_groth16::prepare_verifying_key(&ark_groth16::VerifyingKey {
        alpha_g1: points.alpha,
        beta_g2: points.beta,
        gamma_g2: points.gamma,
        delta_g2: points.delta,
        gamma_abc_g1: points.inputs.clone(),
    });
    let spoilers = |shown: &[Shown]| -> Option<Vec<usize>> {
        let outcome = verify_batch(scene.open_claims(shown), &mut OsEntropy).ok()?;
        Some(outcome.spoilers().collect())
    };
    let few = &shown[..FEW];

    let dense = parameters(4).context("there are no parameters for 4 inputs")?;
    let constants = Constants {
        width: dense.width,
        full_rounds: dense.full_rounds,
        partial_rounds: dense.partial_rounds,
        round_constants: dense.round_constants,
        mds: dense.mds,
    };
    let permutation = Permutation::new(Backend::best(), &constants)?;
    let inputs: Vec<[Fr; 4]> = (0..COUNT).map(|_| [(); 4].map(|()| Fr::rand(rng))).collect();
    let hashes = RefCell::new(vec![Fr::ZERO; COUNT]);
    let native = || inputs.iter().map(|inputs| hash4(*inputs)).collect::<Vec<Fr>>();

    // Both must agree, or there is nothing to compare.
    anyhow::ensure!(spoilers(&shown).is_some_and(|found| found.is_empty()), "a good one is named");
    anyhow::ensure!(spoilers(&poisoned) == Some(vec![BAD]), "the bad one is not named");
    anyhow::ensure!(!ark(&key, &poisoned[BAD])?, "ark-groth16 takes the bad one");
    for shown in few {
        anyhow::ensure!(ark(&key, shown)?, "ark-groth16 refuses a good one");
        scene.open_claim(shown).verify()?;
    }
    permutation.hash_many(&inputs, &mut hashes.borrow_mut())?;
    anyhow::ensure!(*hashes.borrow() == native(), "the lanes hash otherwise");

    let [ark, one, open, together, one_bad, native_hash, lane_hash] = interleaved(
        runs,
        [
            &|| few.iter().all(|shown| ark(&key, shown).is_ok_and(|holds| holds)),
            &|| few.iter().all(|shown| scene.open_claim(shown).verify().is_ok()),
            &|| {
                shown.iter().map(|shown| scene.open_claim(shown)).collect::<Vec<_>>().len() == COUNT
            },
            &|| spoilers(&shown).is_some(),
            &|| spoilers(&poisoned).is_some(),
            &|| native().len() == COUNT,
            &|| permutation.hash_many(&inputs, &mut hashes.borrow_mut()).is_ok(),
        ],
    );
    let (few, count) = (FEW as u32, COUNT as u32);
    Ok(Checks {
        ark: ark / few,
        one: one / few,
        open: open / count,
        together: together / count,
        one_bad: one_bad / count,
        native_hash: native_hash / count,
        lane_hash: lane_hash / count,
    })
}
