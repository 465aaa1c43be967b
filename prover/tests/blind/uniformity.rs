//! What an evaluator receives is uniform, for many proofs of one witness and for proofs of many
//! witnesses. If a mask is used twice, it is not.

use ark_bn254::{Fr, G1Affine, G2Affine};
use ark_ff::{AdditiveGroup, BigInt, PrimeField, UniformRand};
use bn254x8::Backend;
use ed25519_dalek::SigningKey;
use rand::{Rng, RngCore, rngs::StdRng};
use wufu_analysis::samples;
use wufu_circuits::{Assignment, Circuit};
use wufu_delegation::{BlindKey, Blinding, FourSums, Shape, Token};
use wufu_groth16::prepared::Options;
use wufu_proto::{
    blind::{Head, messages},
    v1::EvaluateRequest,
};
use wufu_prover::{blind::kit, keys};
use wufu_verifier::{CircuitName, groth16::key::Reduction};

use crate::{
    blind::{
        scene::{Scene, numbered, small},
        uniform::{Trace, uniform},
    },
    keys::{key, rng},
};

const JOBS: u64 = 1000;

/// Enough jobs to see two that are near each other, which depends on no statistic. `WUFU_FULL`
/// takes all.
fn few() -> u64 {
    if std::env::var_os("WUFU_FULL").is_some() { JOBS } else { 200 }
}

/// A token with this seed. Its sums do not appear in any request.
fn token(key: &BlindKey, seed: u64) -> Token {
    let sums = FourSums {
        a: G1Affine::default(),
        b1: G1Affine::default(),
        b2: G2Affine::default(),
        lh: G1Affine::default(),
    };
    let signer = SigningKey::from_bytes(&[7; 32]);
    Token::issue(&signer, key.kit().key_id(), numbered(seed), sums, u64::MAX)
}

/// The values of a request that reach an evaluator. Everything else in the request is the same for
/// each job, which is checked here.
fn received(shape: &Shape, request: &[u8]) -> Vec<Fr> {
    let sent = messages(shape.key_id(), request);
    assert_eq!(sent[0], EvaluateRequest::from(Head { key_id: shape.key_id() }));
    let mut bytes = Vec::new();
    for message in &sent[1..] {
        bytes.extend_from_slice(&message.masked);
        let mut rest = message.clone();
        rest.masked.clear();
        assert_eq!(rest, EvaluateRequest::default());
    }
    assert_eq!(bytes.len(), shape.request_bytes());
    let mut private = vec![BigInt::default(); shape.private()];
    let mut products = vec![BigInt::default(); shape.domain()];
    shape.read(&bytes, &mut private, &mut products).unwrap();
    private.into_iter().chain(products).map(|value| Fr::from_bigint(value).unwrap()).collect()
}

/// What an evaluator receives of a job whose tokens have these seeds.
fn job(key: &BlindKey, assignment: &Assignment, seeds: &[u64], rng: &mut StdRng) -> Vec<Fr> {
    let tokens = seeds.iter().map(|seed| token(key, *seed)).collect();
    let blinding = Blinding::new(Fr::rand(rng), Fr::rand(rng));
    let shared = key.share_with(assignment, tokens, blinding).unwrap();
    received(key.shape(), shared.request.as_bytes())
}

/// A wallet and assignments of many witnesses.
fn set(rng: &mut StdRng, witnesses: u64) -> (BlindKey, Vec<Assignment>) {
    let assignments = (0..witnesses).map(|_| {
        let public = [(); 4].map(|()| Fr::rand(rng));
        small(public, Fr::rand(rng), rng.r#gen()).1
    });
    let assignments = assignments.collect();
    let (shape, _) = small([Fr::ZERO; 4], Fr::ZERO, false);
    let scene = Scene::new(shape, Reduction::Libsnark, Backend::Portable, rng);
    (scene.wallet, assignments)
}

#[test]
fn requests_of_one_witness_are_uniform() {
    let rng = &mut rng(60);
    let (key, assignments) = set(rng, 1);
    let jobs: Vec<_> = (0..JOBS).map(|seed| job(&key, &assignments[0], &[seed], rng)).collect();
    assert_eq!(uniform(&jobs), Ok(()));
}

#[test]
fn requests_of_many_witnesses_are_uniform() {
    let rng = &mut rng(61);
    let (key, assignments) = set(rng, JOBS);
    let jobs: Vec<_> =
        (0..).zip(&assignments).map(|(seed, one)| job(&key, one, &[seed], rng)).collect();
    assert_eq!(uniform(&jobs), Ok(()));
    // The same for a witness of zeros only.
    let (_, zeros) = small([Fr::ZERO; 4], Fr::ZERO, false);
    let jobs: Vec<_> = (0..JOBS).map(|seed| job(&key, &zeros, &[seed], rng)).collect();
    assert_eq!(uniform(&jobs), Ok(()));
}

#[test]
fn requests_for_gifts_are_uniform() {
    let rng = &mut rng(62);
    let proving = key(CircuitName::Gift);
    let prepared = keys::prepare(proving, Options::default(), &|_| ()).unwrap();
    let kit = kit(&prepared).unwrap();
    let key = BlindKey::new(proving.verifying_key().clone(), kit, Backend::best()).unwrap();
    let one = samples::gift(rng).assign();
    let mut jobs: Vec<_> = (0..16).map(|seed| job(&key, &one, &[seed], rng)).collect();
    jobs.extend((16..32).map(|seed| job(&key, &samples::gift(rng).assign(), &[seed], rng)));
    assert_eq!(uniform(&jobs), Ok(()));
}

/// Rows of docs/failures.md: 26.
#[test]
fn a_mask_used_twice_is_seen() {
    let rng = &mut rng(63);
    let few = few();
    let (key, assignments) = set(rng, few);
    let seed_of = |job: u64| if job == few - 20 { 20 } else { job };
    // For one witness, the same request.
    let again = (0..few).map(|n| job(&key, &assignments[0], &[seed_of(n)], rng));
    assert_eq!(uniform(&again.collect::<Vec<_>>()), Err(Trace::Near { of: "values" }));
    // For two witnesses, their bits are the same or differ by one.
    let others = (0..few).zip(&assignments).map(|(n, one)| job(&key, one, &[seed_of(n)], rng));
    assert_eq!(uniform(&others.collect::<Vec<_>>()), Err(Trace::Near { of: "values" }));
    // One of two dealers repeats itself. The other's masks hide it.
    let two = (0..few).map(|n| job(&key, &assignments[0], &[seed_of(n), few + n], rng));
    assert_eq!(uniform(&two.collect::<Vec<_>>()), Ok(()));
    // Both dealers repeat themselves.
    let both = (0..few).map(|n| job(&key, &assignments[0], &[seed_of(n), few + seed_of(n)], rng));
    assert_eq!(uniform(&both.collect::<Vec<_>>()), Err(Trace::Near { of: "values" }));
}

#[test]
fn the_test_itself_sees_what_is_not_uniform() {
    let rng = &mut rng(64);
    let draw = |one: fn(&mut StdRng) -> Fr, rng: &mut StdRng| -> Vec<Vec<Fr>> {
        (0..JOBS).map(|_| (0..32).map(|_| one(rng)).collect()).collect()
    };
    assert_eq!(uniform(&draw(Fr::rand, rng)), Ok(()));
    let skewed = |jobs: Vec<Vec<Fr>>, of: &str| {
        let traced = uniform(&jobs);
        let Err(Trace::Skewed { of: got, where_, chi_square, limit }) = &traced else {
            panic!("{traced:?}")
        };
        assert_eq!((*got, where_.is_empty(), chi_square > limit), (of, false, true));
    };
    // Numbers of 254 bits taken modulo r, as if that were uniform: a third of the field then
    // appears twice as often.
    let reduced = |rng: &mut StdRng| {
        let mut bytes = [0; 32];
        rng.fill_bytes(&mut bytes);
        bytes[31] &= 0x3f;
        Fr::from_le_bytes_mod_order(&bytes)
    };
    skewed(draw(reduced, rng), "values");
    // Even values appear too often.
    let even = |rng: &mut StdRng| {
        let value = Fr::rand(rng);
        if rng.gen_range(0..4) == 0 && value.into_bigint().0[0] % 2 == 1 {
            return value + Fr::from(1u64);
        }
        value
    };
    skewed(draw(even, rng), "values");
    // One position is skewed, and the others are not.
    let mut jobs = draw(Fr::rand, rng);
    for job in &mut jobs {
        if job[7].into_bigint().0[3] > Fr::MODULUS.0[3] / 2 {
            job[7] = Fr::rand(rng);
        }
    }
    skewed(jobs, "values");
    // A counter under one mask: each value is uniform, but the differences are not.
    let (mask, mut jobs) = (Fr::rand(rng), draw(Fr::rand, rng));
    jobs[500][3] = mask;
    jobs[700][3] = mask + Fr::from(1u64 << 40);
    assert_eq!(uniform(&jobs), Err(Trace::Near { of: "values" }));
    // Masks that grow by a constant step: the values differ, but all differences are the same.
    let mut jobs = draw(Fr::rand, rng);
    let step = Fr::rand(rng);
    for n in 1..jobs.len() {
        jobs[n][5] = jobs[n - 1][5] + step;
    }
    assert_eq!(uniform(&jobs), Err(Trace::Near { of: "differences" }));
}
