//! The verdicts of a batch.

use ark_bn254::{Bn254, Fq12, Fr};
use ark_ec::pairing::Pairing;
use ark_ff::{Field, UniformRand};
use wufu_verifier::{
    BatchVerifier, CircuitName, OpenedProof, Reason, Statement, Verified,
    check::{
        AnyVerified,
        batch::{EntropyError, MAX, Outcome},
    },
    verify_batch,
};

use crate::batch::{
    scene::{Scene, Shown, entropy, outside_subgroup, reasons, spoil},
    simulate::proof,
};

fn alone<V>(pending: OpenedProof<'_, V>) -> Option<Reason> {
    pending.verify().err().map(|error| error.reason())
}

/// Checks a batch, and that each verdict is the one that the proof gets by itself.
fn agree(scene: &Scene, shown: &[Shown]) -> Vec<Option<Reason>> {
    let batch = verify_batch(scene.open_all(shown), &mut entropy()).unwrap();
    let one_by_one: Vec<_> = shown.iter().map(|shown| alone(scene.open(shown))).collect();
    assert_eq!(reasons(&batch), one_by_one);
    assert_eq!(batch.verdicts.len(), shown.len());
    one_by_one
}

fn gifts(count: usize) -> (Scene, Vec<Shown>) {
    let mut scene = Scene::new(CircuitName::Gift, 3);
    let shown = scene.gifts(count);
    (scene, shown)
}

/// Rows of docs/failures.md: 19.
#[test]
fn sizes_from_none_up() {
    let (scene, shown) = gifts(9);
    for size in [0, 1, 2, 3, 8, 9] {
        assert_eq!(agree(&scene, &shown[..size]), vec![None; size]);
        let mut bad = shown[..size].to_vec();
        bad.iter_mut().for_each(spoil);
        assert_eq!(agree(&scene, &bad), vec![Some(Reason::Equation); size]);
    }
}

/// Rows of docs/failures.md: 19.
#[test]
fn a_bad_one_is_named_at_every_position() {
    let (scene, shown) = gifts(41);
    for size in [2, 9, 41] {
        for bad in 0..size {
            let mut shown = shown[..size].to_vec();
            spoil(&mut shown[bad]);
            let outcome = verify_batch(scene.open_all(&shown), &mut entropy()).unwrap();
            assert_eq!(outcome.spoilers().collect::<Vec<_>>(), [bad], "of {size}");
            let accepted = outcome.verdicts.iter().filter(|verdict| verdict.is_ok()).count();
            assert_eq!(accepted, size - 1);
        }
    }
}

/// Rows of docs/failures.md: 19.
#[test]
fn every_set_of_bad_ones_is_named() {
    let (scene, shown) = gifts(5);
    for set in 0u32..1 << shown.len() {
        let mut shown = shown.clone();
        let bad: Vec<usize> = (0..shown.len()).filter(|at| set >> at & 1 == 1).collect();
        bad.iter().for_each(|at| spoil(&mut shown[*at]));
        let outcome = verify_batch(scene.open_all(&shown), &mut entropy()).unwrap();
        assert_eq!(outcome.spoilers().collect::<Vec<_>>(), bad);
    }
}

/// Rows of docs/failures.md: 19.
/// Groth16BatchVerifier#1: what is added to one proof is taken from another, and without
/// coefficients nobody notices.
#[test]
fn two_bad_proofs_that_cancel_are_both_named() {
    let mut scene = Scene::new(CircuitName::Gift, 5);
    let mut shown = scene.gifts(9);
    let rng = &mut crate::batch::simulate::rng(6);
    let values =
        |shown: &Shown| wufu_verifier::Gift::decode(&shown.inputs).unwrap().public_inputs();
    let inputs: Vec<Vec<Fr>> = shown.iter().map(values).collect();
    for (one, other) in [(0, 1), (2, 8), (7, 3)] {
        let [first, second] = [one, other].map(|at| scene.trapdoor.scalars(&inputs[at], rng));
        let change = Fr::rand(rng);
        let [first, second] = [(first, change), (second, -change)]
            .map(|([a, b, c], change)| proof([a, b, c + change]));
        // The product of both equations holds, which is all that a batch without coefficients would
        // check.
        let mut product = Fq12::ONE;
        for (at, proof) in [(one, &first), (other, &second)] {
            assert!(!scene.trapdoor.key.equation_holds(&inputs[at], proof));
            let key = scene.trapdoor.key.points();
            let sum = inputs[at].iter().zip(&key.inputs[1..]).map(|(x, point)| *point * x);
            let sum = sum.fold(key.inputs[0].into(), |sum: ark_bn254::G1Projective, x| sum + x);
            let (a, b, c) = proof.points();
            let (left, right) =
                ([a, -key.alpha, (-sum).into(), -c], [b, key.beta, key.gamma, key.delta]);
            product *= Bn254::multi_pairing(left, right).0;
        }
        assert_eq!(product, Fq12::ONE, "they do not cancel: this test shows nothing");
        (shown[one].proof, shown[other].proof) = (first.encode(), second.encode());
    }
    let verdicts = agree(&scene, &shown);
    let bad: Vec<usize> = (0..9).filter(|at| verdicts[*at].is_some()).collect();
    assert_eq!(bad, [0, 1, 2, 3, 7, 8]);
    assert!(verdicts.iter().flatten().all(|reason| *reason == Reason::Equation));
}

/// Rows of docs/failures.md: 19.
/// Errors that cancel under one choice of coefficients do not under another, and nobody knows the
/// coefficients beforehand.
#[test]
fn without_entropy_nothing_is_verified() {
    let (scene, shown) = gifts(3);
    let mut door = BatchVerifier::default();
    let mut closed = || Err(EntropyError::new());
    for size in [1, 3] {
        let refused = door.verify(scene.open_all(&shown[..size]), &mut closed);
        assert_eq!(refused.unwrap_err().reason(), Reason::Entropy);
    }
    // It is drawn once, however many equations there are.
    let mut asked = 0;
    let mut source = || {
        asked += 1;
        Ok([9; 32])
    };
    assert!(door.verify(scene.open_all(&shown), &mut source).is_ok());
    assert_eq!(asked, 1);
}

#[cfg(feature = "std")]
#[test]
fn the_operating_system_has_entropy() {
    use wufu_verifier::check::batch::{Entropy, OsEntropy};
    assert_ne!(OsEntropy.draw().unwrap(), OsEntropy.draw().unwrap());
}

/// Rows of docs/failures.md: 4.
#[test]
fn b_outside_its_subgroup_is_named_at_any_position() {
    let (scene, shown) = gifts(9);
    let outside = outside_subgroup(9);
    for (bad, point) in outside.iter().enumerate() {
        let mut shown = shown.clone();
        shown[bad].proof[32..96].copy_from_slice(point);
        let mut expected = vec![None; 9];
        expected[bad] = Some(Reason::PointInvalid);
        assert_eq!(agree(&scene, &shown), expected);
        let outcome = verify_batch(scene.open_all(&shown), &mut entropy()).unwrap();
        assert_eq!(outcome.spoilers().count(), 0, "in no equation");
    }
    let mut all = shown;
    for (shown, point) in all.iter_mut().zip(&outside) {
        shown.proof[32..96].copy_from_slice(point);
    }
    assert_eq!(agree(&scene, &all), vec![Some(Reason::PointInvalid); 9]);
}

/// Rows of docs/failures.md: 4.
/// In one part of the batch, and in several: the one is taken out, the other is searched for.
#[test]
fn a_bad_subgroup_and_a_wrong_equation_in_one_batch() {
    let (scene, shown) = gifts(41);
    let point = &outside_subgroup(1)[0];
    for (outside, bad) in [(0, 1), (1, 0), (40, 0), (5, 6), (31, 32), (7, 40)] {
        let mut shown = shown.clone();
        shown[outside].proof[32..96].copy_from_slice(point);
        spoil(&mut shown[bad]);
        let mut expected = vec![None; 41];
        (expected[outside], expected[bad]) = (Some(Reason::PointInvalid), Some(Reason::Equation));
        let outcome = verify_batch(scene.open_all(&shown), &mut entropy()).unwrap();
        assert_eq!(reasons(&outcome), expected);
        assert_eq!(outcome.spoilers().collect::<Vec<_>>(), [bad]);
    }
}

/// Rows of docs/failures.md: 4.
/// B's subgroup is checked late and reported early: the reason follows the order of checks, not the
/// order of work.
#[test]
fn what_is_wrong_first_is_the_reason() {
    let (scene, shown) = gifts(1);
    let point = &outside_subgroup(1)[0];
    let with = |change: &dyn Fn(&mut Shown)| {
        let mut shown = shown[0].clone();
        change(&mut shown);
        let inside = agree(&scene, &[shown.clone()])[0];
        shown.proof[32..96].copy_from_slice(point);
        (inside, agree(&scene, &[shown])[0])
    };
    let (invalid, identity) = (Some(Reason::PointInvalid), Some(Reason::PointIdentity));
    assert_eq!(with(&|_| {}), (None, invalid));
    // For errors that come later in the order, B comes first.
    assert_eq!(with(&|shown| shown.expiry += 1), (Some(Reason::ExtNotAsked), invalid));
    assert_eq!(with(&|shown| shown.inputs[0] ^= 1), (Some(Reason::RootUnknown), invalid));
    assert_eq!(with(&spoil), (Some(Reason::Equation), invalid));
    let infinity = |at: usize| {
        move |shown: &mut Shown| {
            shown.proof[at..at + 32].fill(0);
            shown.proof[at + 31] = 0x40;
        }
    };
    assert_eq!(with(&infinity(96)), (identity, invalid));
    // For errors that come earlier in the order, B comes later.
    assert_eq!(with(&infinity(0)), (identity, identity));
    assert_eq!(with(&|shown| shown.inputs.truncate(96)).1, Some(Reason::InputsLength));
}

#[test]
fn several_keys_and_statements_in_one_batch() {
    let circuits = [CircuitName::Gift, CircuitName::FiveFu, CircuitName::Gift, CircuitName::FiveFu];
    let mut scenes: Vec<Scene> =
        (20..).zip(circuits).map(|(seed, c)| Scene::new(c, seed)).collect();
    let mut shown: Vec<(usize, Shown)> = Vec::new();
    for round in 0..12 {
        let (at, scene) = (round % 4, &mut scenes[round % 4]);
        let gift = circuits[at] == CircuitName::Gift;
        shown.push((at, if gift { scene.gift() } else { scene.claim() }));
    }
    let open = |(at, shown): &(usize, Shown)| -> OpenedProof<'_, AnyVerified> {
        match circuits[*at] {
            CircuitName::Gift => scenes[*at].open(shown).into(),
            _ => scenes[*at].open_claim(shown).into(),
        }
    };
    let check = |shown: &[(usize, Shown)]| -> Outcome<AnyVerified> {
        verify_batch(shown.iter().map(open).collect(), &mut entropy()).unwrap()
    };
    let clean = check(&shown);
    assert!(clean.verdicts.iter().all(|verdict| matches!(verdict, Ok(v) if v.epoch() == 3)));
    // One equation: a loop for each proof and three for each key.
    assert_eq!((clean.work.miller_loops, clean.work.final_exponentiations), (12 + 3 * 4, 1));
    for bad in 0..shown.len() {
        let mut shown = shown.clone();
        spoil(&mut shown[bad].1);
        assert_eq!(check(&shown).spoilers().collect::<Vec<_>>(), [bad]);
    }
    // A proof under the one key, presented for the other of the same circuit.
    let mut swapped = shown.clone();
    (swapped[0].0, swapped[2].0) = (2, 0);
    let outcome = check(&swapped);
    let refused: Vec<_> = reasons(&outcome).iter().map(Option::is_some).collect();
    let expected: Vec<_> = (0..12).map(|at| at == 0 || at == 2).collect();
    assert_eq!(refused, expected);
}

/// What claims of one campaign share is hashed once, and this changes no verdict.
#[test]
fn claims_have_one_verdict_together_and_alone() {
    let mut scene = Scene::new(CircuitName::FiveFu, 12);
    let mut shown: Vec<Shown> = (0..9).map(|_| scene.claim()).collect();
    shown[1].inputs[0] ^= 1;
    shown[2].inputs[7 * 32] ^= 1;
    shown[3].expiry = 1_000;
    shown[4].inputs.truncate(96);
    shown[5].proof.truncate(127);
    shown[6].inputs[32] ^= 1;
    spoil(&mut shown[7]);
    let together: Vec<_> = scene.open_claims(&shown).into_iter().map(alone).collect();
    let one_by_one: Vec<_> = shown.iter().map(|shown| alone(scene.open_claim(shown))).collect();
    assert_eq!(together, one_by_one);
    let refused = |at: usize| together[at].is_some();
    assert!((1..8).all(refused) && !refused(0) && !refused(8));
    let batch = verify_batch(scene.open_claims(&shown), &mut entropy()).unwrap();
    assert_eq!(reasons(&batch), one_by_one);
}

/// Each verdict stands at the position of its proof.
#[test]
fn batches_of_1024_and_of_more_than_share_an_equation() {
    let mut scene = Scene::new(CircuitName::Gift, 8);
    let shown = scene.gifts(MAX + 9);
    let check = |shown: &[Shown]| verify_batch(scene.open_all(shown), &mut entropy()).unwrap();
    let statements = |outcome: &Outcome<Verified<wufu_verifier::Gift>>| -> Vec<Vec<u8>> {
        outcome.verdicts.iter().map(|v| v.as_ref().unwrap().statement().encode()).collect()
    };
    let clean = check(&shown[..MAX]);
    assert_eq!((clean.work.miller_loops, clean.work.final_exponentiations), (MAX as u64 + 3, 1));
    assert_eq!(
        statements(&clean),
        shown[..MAX].iter().map(|s| s.inputs.clone()).collect::<Vec<_>>()
    );
    let more = check(&shown);
    let both = MAX as u64 + 3 + 9 + 3;
    assert_eq!((more.work.miller_loops, more.work.final_exponentiations), (both, 2));
    assert_eq!(more.spoilers().count(), 0);
}

/// The coefficients of all remaining proofs went with the first 1,024 points. Lanes refused lists
/// of unequal lengths, and every multiple was computed by itself, at five times the cost. Only the
/// clock showed it.
#[cfg(feature = "simd")]
#[test]
fn lanes_refuse_no_batch_whatever_it_is_cut_into() {
    let (scene, shown) = gifts(64);
    let many = |count: usize| shown.iter().cycle().take(count).cloned().collect::<Vec<_>>();
    let mut door = BatchVerifier::default();
    let mut check = |shown: &[Shown]| door.verify(scene.open_all(shown), &mut entropy()).unwrap();
    // Split at the most that share an equation, then at what the credit covers after a flood.
    assert_eq!(check(&many(MAX + 70)).spoilers().count(), 0);
    let mut bad = many(MAX);
    bad.iter_mut().for_each(spoil);
    for count in [MAX, MAX, MAX, 300, 64] {
        assert_eq!(check(&bad[..count]).spoilers().count(), count);
    }
    let after = check(&many(400)).work;
    assert!(after.final_exponentiations > 1, "the flood left credit for all: {after:?}");
    assert_eq!(wufu_verifier::check::batch::refused_by_lanes(), 0);
}
