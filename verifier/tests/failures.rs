//! Failures that happened to other projects, tried on this verifier: forged keys, invalid points,
//! too few or too many bytes, proofs shown twice, inputs that are not bound. The rows are those of
//! `docs/failures.md`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod scene;

use ark_bn254::{Bn254, Fq, Fq2, Fr, G1Affine, G1Projective, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{AdditiveGroup, BigInteger, Field, PrimeField};
use ark_groth16::prepare_verifying_key;
use ark_snark::SNARK;
use ed25519_dalek::SigningKey;
use wufu_verifier::{
    CircuitName, GiftCheck, KeyId, Proof, Root, Statement, Trust, VerifyError, VerifyingKey,
    check::{
        PresentedProof,
        spent::{MemoryStore, SpendError},
    },
    groth16::{
        key::{KeyError, KeyPoints, Provenance, Reduction},
        point::PointError,
        proof::ProofError,
    },
    log::{
        checkpoint::{Checkpoint, LogState},
        history::{LogHistory, RootError, Window},
    },
    statement::InputsError,
};

use scene::*;

/// Rows of docs/failures.md: 1.
/// Veil Cash and FoomCash lost 2.3 million dollars to this: a key whose second phase was never
/// made.
#[test]
fn a_key_without_a_second_phase_is_refused() {
    let [alpha, beta, gamma, _] = random();
    let inputs: Vec<Fr> = [9u64, 8, 7, 6].map(Fr::from).into();
    for (delta, sign) in [(gamma, -Fr::ONE), (-gamma, Fr::ONE)] {
        let key = toxic([alpha, beta, gamma, delta]).vk;
        // e(alpha, beta) e(x, gamma) e(∓x, ±gamma) = e(alpha, beta), for whatever inputs.
        let sum: G1Projective =
            key.gamma_abc_g1[1..].iter().zip(&inputs).map(|(p, x)| *p * x).sum();
        let sum = sum + key.gamma_abc_g1[0];
        let forged =
            ark_groth16::Proof { a: key.alpha_g1, b: key.beta_g2, c: (sum * sign).into_affine() };
        let prepared = prepare_verifying_key(&key);
        let accepted = Ark::verify_with_processed_vk(&prepared, &inputs, &forged).unwrap();
        assert!(accepted, "the forgery should hold: else this test shows nothing");
        assert_eq!(verifying(points(&key)).unwrap_err(), KeyError::GammaIsDelta);
    }
    // What snarkjs writes if the second phase is left out: delta is a generator, as gamma always
    // is.
    for delta in [Fr::ONE, -Fr::ONE] {
        let key = points(&toxic([alpha, beta, gamma, delta]).vk);
        assert_eq!(verifying(key.clone()).unwrap_err(), KeyError::DeltaIsGenerator);
        let (gift, ceremony) = (CircuitName::Gift, Provenance::Ceremony);
        let refused = VerifyingKey::new(gift, ceremony, Reduction::Circom, key);
        assert_eq!(refused.unwrap_err(), KeyError::DeltaIsGenerator);
    }
    let key = points(&toxic([alpha, beta, Fr::ONE, gamma]).vk);
    assert_eq!(verifying(key).unwrap_err(), KeyError::GammaIsGenerator);
}

/// Rows of docs/failures.md: 1.
#[test]
fn unsafe_points_make_no_key() {
    let good = points(&toxic(random()).vk);
    assert!(verifying(good.clone()).is_ok());
    let identity = |point| KeyError::Point(PointError::Identity { point });
    let refused = |change: &dyn Fn(&mut KeyPoints)| {
        let mut other = good.clone();
        change(&mut other);
        verifying(other).unwrap_err()
    };
    assert_eq!(refused(&|key| key.alpha = G1Affine::identity()), identity("alpha"));
    assert_eq!(refused(&|key| key.beta = G2Affine::identity()), identity("beta"));
    assert_eq!(refused(&|key| key.gamma = G2Affine::identity()), identity("gamma"));
    assert_eq!(refused(&|key| key.delta = G2Affine::identity()), identity("delta"));
    for index in 0..5 {
        let error = refused(&|key| key.inputs[index] = G1Affine::identity());
        assert_eq!(error, identity("input point"));
    }
    let invalid = |point| KeyError::Point(PointError::Invalid { point });
    assert_eq!(refused(&|key| key.gamma = outside_subgroup()), invalid("gamma"));
    assert_eq!(refused(&|key| key.delta = outside_subgroup()), invalid("delta"));
    let off_curve = G1Affine::new_unchecked(Fq::ONE, Fq::ONE);
    assert_eq!(refused(&|key| key.inputs[2] = off_curve), invalid("input point"));
    for got in [0, 4, 6] {
        let error = refused(&|key| key.inputs.resize(got, G1Affine::generator()));
        assert_eq!(error, KeyError::InputPoints { got, expected: 5 });
    }
}

/// A point on the twist, and not in the subgroup of order r.
fn outside_subgroup() -> G2Affine {
    let mut x = Fq2::ONE;
    loop {
        if let Some(point) = G2Affine::get_point_from_x_unchecked(x, false)
            && !point.is_in_correct_subgroup_assuming_on_curve()
        {
            return point;
        }
        x += Fq2::ONE;
    }
}

fn compressed(point: &impl ark_serialize::CanonicalSerialize) -> Vec<u8> {
    let mut out = Vec::new();
    point.serialize_compressed(&mut out).unwrap();
    out
}

/// Rows of docs/failures.md: 4.
#[test]
fn points_that_are_none_are_refused() {
    let scene = Scene::new();
    let good = scene.proof.encode();
    let invalid = |point| Err(ProofError::Point(PointError::Invalid { point }));
    let identity = |point| Err(ProofError::Point(PointError::Identity { point }));
    let with = |at: usize, bytes: &[u8]| {
        let mut other = good.clone();
        other[at..at + bytes.len()].copy_from_slice(bytes);
        Proof::decode(&other)
    };
    let places: [(&str, usize, usize); 3] = [("A", 0, 32), ("B", 32, 64), ("C", 96, 32)];

    // On the curve of B, outside its subgroup: gnark and others missed it.
    let outside = outside_subgroup();
    assert!(outside.is_on_curve());
    assert_eq!(with(32, &compressed(&outside)), invalid("B"));
    assert_eq!(Proof::new(G1Affine::generator(), outside, G1Affine::generator()), invalid("B"));
    // An x that no point has.
    let mut x = Fq::ONE;
    while (x.square() * x + Fq::from(3u64)).sqrt().is_some() {
        x += Fq::ONE;
    }
    assert_eq!(with(0, &compressed(&x)), invalid("A"));
    assert_eq!(with(96, &compressed(&x)), invalid("C"));
    let off_curve = G1Affine::new_unchecked(Fq::ONE, Fq::ONE);
    let unchecked = Proof::new(off_curve, G2Affine::generator(), G1Affine::generator());
    assert_eq!(unchecked, invalid("A"));

    for (name, at, length) in places {
        // Infinity; infinity with an x, which arkworks would read; infinity with the sign's flag as
        // well.
        let mut infinity = vec![0; length];
        infinity[length - 1] = 0x40;
        assert_eq!(with(at, &infinity), identity(name));
        for first in [1, 7] {
            infinity[0] = first;
            assert_eq!(with(at, &infinity), invalid(name));
        }
        infinity[0] = 0;
        infinity[length - 1] = 0xc0;
        assert_eq!(with(at, &infinity), invalid(name));
        // Every flag on a good point: the other sign is another point, and every other combination
        // is invalid.
        let mut point = good[at..at + length].to_vec();
        let flags = point[length - 1];
        for other in [0x40, 0x80, 0xc0] {
            point[length - 1] = flags ^ other;
            match with(at, &point) {
                Ok(proof) => {
                    assert_eq!(other, 0x80);
                    assert_ne!(proof, scene.proof);
                    let inputs = scene.gift.encode();
                    let refused = scene.check(&inputs, &proof.encode());
                    assert_eq!(refused, Err(VerifyError::Equation), "{name}");
                }
                error => assert_eq!(error, invalid(name)),
            }
        }
    }
    // x + q for an x below 2^254 - q, which still fits beside the flags.
    let mut x = Fq::ONE;
    while G1Affine::get_point_from_x_unchecked(x, false).is_none() {
        x += Fq::ONE;
    }
    let point = G1Affine::get_point_from_x_unchecked(x, false).unwrap();
    let mut alias = x.into_bigint();
    assert!(!alias.add_with_carry(&Fq::MODULUS));
    let mut bytes = alias.to_bytes_le();
    bytes[31] |= compressed(&point)[31] & 0xc0;
    assert!(with(0, &compressed(&point)).is_ok());
    assert_eq!(with(0, &bytes), invalid("A"));
    assert_eq!(with(96, &bytes), invalid("C"));
}

/// Rows of docs/failures.md: 5.
#[test]
fn bytes_too_few_and_too_many_are_refused() {
    let scene = Scene::new();
    let proof = scene.proof.encode();
    assert_eq!(Proof::decode(&proof), Ok(scene.proof.clone()));
    for got in (0..128).chain(129..260) {
        let mut other = proof.clone();
        other.resize(got, 0);
        assert_eq!(Proof::decode(&other), Err(ProofError::Length { got }));
    }
    let key = scene.key.encode();
    let read = |bytes: &[u8]| VerifyingKey::decode(bytes, Trust::AcceptDevelopment);
    let again = read(&key).unwrap();
    assert_eq!((again.id(), again.encode()), (scene.key.id(), key.clone()));
    for got in (0..key.len()).chain(key.len() + 1..key.len() + 70) {
        let mut other = key.clone();
        other.resize(got, 0);
        assert!(read(&other).is_err(), "{got} bytes were read");
    }
    assert_eq!(VerifyingKey::decode(&key, Trust::CeremonyOnly).unwrap_err(), KeyError::Development);
}

/// Rows of docs/failures.md: 6.
/// A proof does not identify anything: whoever has one can make others of the same statement.
#[test]
fn a_rerandomised_proof_has_a_spent_nullifier() {
    let scene = Scene::new();
    let rng = &mut rng();
    let circuit = Squares(scene.gift.public_inputs());
    let first = Ark::create_random_proof_with_reduction(circuit, &scene.proving, rng).unwrap();
    let second = Ark::rerandomize_proof(&scene.proving.vk, &first, rng);
    let encode =
        |proof: &ark_groth16::Proof<Bn254>| Proof::new(proof.a, proof.b, proof.c).unwrap().encode();
    let (first, second) = (encode(&first), encode(&second));
    assert_ne!(first, second);

    let mut store = MemoryStore::default();
    let inputs = scene.gift.encode();
    let key_id = scene.key.id();
    let mut submit = |proof: &[u8]| {
        let (key, cards, window) = (&scene.key, &scene.log, Window::default());
        let check = GiftCheck { key, cards, org: ORG, now: NOW, window };
        let presented = PresentedProof { key_id: key_id.as_bytes(), public_inputs: &inputs, proof };
        check.verify(presented, PAYLOAD, EXPIRY).unwrap().spend(&mut store).map(|_| ())
    };
    assert_eq!(submit(&first), Ok(()));
    let [nullifier] = scene.gift.nullifiers()[..] else { panic!("a gift spends one") };
    assert_eq!(submit(&second), Err(SpendError::Spent { nullifier }));
    assert_eq!(submit(&first), Err(SpendError::Spent { nullifier }));
}

/// Rows of docs/failures.md: 7.
#[test]
fn every_public_input_and_all_payload_is_bound() {
    let scene = Scene::new();
    let (inputs, proof) = (scene.gift.encode(), scene.proof.encode());
    assert_eq!(scene.check(&inputs, &proof), Ok(()));

    // By the equation alone, and by the check as a whole.
    let values = scene.gift.public_inputs();
    assert!(scene.key.equation_holds(&values, &scene.proof));
    for index in 0..values.len() {
        // The last change negates the input, whose square is the same.
        let double = values[index].double();
        for change in [Fr::ONE, -Fr::ONE, -values[index], values[index], -double] {
            let mut other = values.clone();
            other[index] += change;
            assert!(!scene.key.equation_holds(&other, &scene.proof), "input {index}");
        }
        for bit in 0..256 {
            let mut other = inputs.clone();
            other[32 * index + bit / 8] ^= 1 << (bit % 8);
            assert!(scene.check(&other, &proof).is_err(), "input {index}, bit {bit}");
        }
    }
    for bit in 0..8 * proof.len() {
        let mut other = proof.clone();
        other[bit / 8] ^= 1 << (bit % 8);
        assert!(scene.check(&inputs, &other).is_err(), "bit {bit} of the proof");
    }
    let mut negated = scene.gift.clone();
    negated.ext = -negated.ext;
    let not_asked = Err(VerifyError::NotAsked { input: "ext" });
    assert_eq!(scene.check(&negated.encode(), &proof), not_asked);
    assert_eq!(scene.check_bound(&inputs, &proof, b"to me", EXPIRY), not_asked);
    assert_eq!(scene.check_bound(&inputs, &proof, PAYLOAD, EXPIRY + 1), not_asked);
    // No input's point is the identity, so each input counts.
    assert!(scene.key.points().inputs.iter().all(|point| !point.is_zero()));
}

/// Rows of docs/failures.md: 24.
/// ark-groth16 0.6 zips inputs with points: it ignores extra inputs, and reads missing ones as
/// zeros.
#[test]
fn an_input_count_that_arkworks_accepts_is_refused() {
    let scene = Scene::new();
    let prepared = prepare_verifying_key(&scene.proving.vk);
    let rng = &mut rng();
    // The last input is zero, so leaving it out does not change the sum.
    let values: Vec<Fr> = vec![Fr::from(3u64), Fr::from(4u64), Fr::from(5u64), Fr::ZERO];
    let circuit = Squares(values.clone());
    let proof = Ark::create_random_proof_with_reduction(circuit, &scene.proving, rng).unwrap();
    let ours = Proof::new(proof.a, proof.b, proof.c).unwrap();
    assert!(scene.key.equation_holds(&values, &ours));
    let more = [values.clone(), vec![Fr::from(6u64)]].concat();
    for other in [&values[..3], &more[..]] {
        let ark = Ark::verify_with_processed_vk(&prepared, other, &proof);
        assert!(ark.unwrap(), "arkworks has been mended: say so in docs/failures.md");
        assert!(!scene.key.equation_holds(other, &ours), "{} inputs", other.len());
    }
    assert!(!scene.key.equation_holds(&[], &ours));

    let (inputs, proof) = (scene.gift.encode(), scene.proof.encode());
    for got in [0, 32, 96, 127, 129, 160] {
        let mut other = inputs.clone();
        other.resize(got, 0);
        let circuit = CircuitName::Gift;
        let expected = Err(VerifyError::Inputs(InputsError::Length { circuit, got }));
        assert_eq!(scene.check(&other, &proof), expected);
    }
}

/// Rows of docs/failures.md: 20.
#[test]
fn a_proof_under_another_key_is_refused() {
    let scene = Scene::new();
    let mut secrets = random();
    secrets[3] += Fr::ONE;
    let other = verifying(points(&toxic(secrets).vk)).unwrap();
    assert_ne!(other.id(), scene.key.id());
    assert!(!other.equation_holds(&scene.gift.public_inputs(), &scene.proof));

    let (inputs, proof) = (scene.gift.encode(), scene.proof.encode());
    let check =
        GiftCheck { key: &other, cards: &scene.log, org: ORG, now: NOW, window: Window::default() };
    let verify = |id: KeyId| {
        let key_id = id.as_bytes();
        let presented = PresentedProof { key_id, public_inputs: &inputs, proof: &proof };
        check.verify(presented, PAYLOAD, EXPIRY).unwrap_err()
    };
    let (got, expected) = (scene.key.id(), other.id());
    assert_eq!(verify(got), VerifyError::Key { got, expected });
    // If it claims to be under the pinned key, then what it binds is not what was asked.
    assert_eq!(verify(expected), VerifyError::NotAsked { input: "ext" });
}

/// Rows of docs/failures.md: 15.
/// Everything that the check of a gift compares beside the proof: each is refused on its own, with
/// its own reason.
#[test]
fn a_gift_of_another_log_root_or_time_is_refused() {
    let scene = Scene::new();
    let (inputs, proof, id) = (scene.gift.encode(), scene.proof.encode(), scene.key.id());
    let (key, cards, window) = (&scene.key, &scene.log, Window(60));
    let check = GiftCheck { key, cards, org: ORG, now: NOW, window };
    let presented = PresentedProof { key_id: id.as_bytes(), public_inputs: &inputs, proof: &proof };
    let refused =
        |check: GiftCheck<'_>| check.verify(presented, PAYLOAD, EXPIRY).map(|_| ()).unwrap_err();
    assert_eq!(check.verify(presented, PAYLOAD, EXPIRY).map(|v| v.epoch()), Ok(3));

    // Another campaign's name, and a log of this campaign that is not its card log.
    let other =
        |got: &str, expected: &str| VerifyError::Log { got: got.into(), expected: expected.into() };
    let org = "wufu-2019";
    assert_eq!(refused(GiftCheck { org, ..check }), other("wufu/cards", "wufu-2019/cards"));
    let persons = LogHistory::new("wufu/persons");
    let cards = &persons;
    assert_eq!(refused(GiftCheck { cards, ..check }), other("wufu/persons", "wufu/cards"));

    // A root that no epoch had; one that was replaced; one whose epoch has not begun; one of a log
    // that contradicts itself.
    let signing = SigningKey::from_bytes(&[7; 32]);
    let signed = |epoch, root| {
        let origin = "wufu/cards";
        let state = LogState { origin, size: 6, root: Root(root), epoch, epoch_seconds: 600 };
        Checkpoint::sign(ORG, &signing, &state).unwrap()
    };
    let another = Fr::from(5u64);
    let mut unknown = LogHistory::new("wufu/cards");
    unknown.insert(signed(3, another)).unwrap();
    let root = VerifyError::Root;
    assert_eq!(refused(GiftCheck { cards: &unknown, ..check }), root(RootError::Unknown));
    let mut replaced = scene.log.clone();
    replaced.insert(signed(4, another)).unwrap();
    let late = GiftCheck { cards: &replaced, now: 2_461, ..check };
    assert_eq!(refused(late), root(RootError::Expired { age: 61, window: 60 }));
    let early = GiftCheck { now: 1_679, ..check };
    assert_eq!(refused(early), root(RootError::Future { ahead: 121 }));
    let mut lied = scene.log.clone();
    assert!(lied.insert(signed(3, another)).is_err());
    assert_eq!(refused(GiftCheck { cards: &lied, ..check }), root(RootError::Contradicted));

    // Expired at its last second, and not before.
    assert!(GiftCheck { now: EXPIRY - 1, ..check }.verify(presented, PAYLOAD, EXPIRY).is_ok());
    let over = VerifyError::Over { expiry: EXPIRY, now: EXPIRY };
    assert_eq!(refused(GiftCheck { now: EXPIRY, ..check }), over);

    for got in [0, 31, 33] {
        let key_id = &[7; 33][..got];
        let short = check.verify(PresentedProof { key_id, ..presented }, PAYLOAD, EXPIRY);
        assert_eq!(short.unwrap_err(), VerifyError::KeyIdLength { got });
    }
}
