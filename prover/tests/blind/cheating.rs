//! Servers that cheat. Their answers are refused, except for the one right guess.
//!
//! Each change is tried in the evaluator's answer and in the sums of a dealer's token. The wallet
//! adds both up, so it judges both alike.

use ark_bn254::{Bn254, Fq, Fr, G1Affine, G1Projective, G2Affine, G2Projective};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{BigInteger, Field, PrimeField, UniformRand};
use ark_groth16::ProvingKey;
use ark_serialize::CanonicalSerialize;
use bn254x8::Backend;
use rand::rngs::StdRng;
use wufu_circuits::Assignment;
use wufu_delegation::{AnswerError, FourSums, RequestError, SumsError};
use wufu_groth16::prepared::Workspaces;
use wufu_prover::blind::{EvaluateError, evaluate};
use wufu_verifier::{
    Proof,
    groth16::{key::Reduction, point::PointError, proof::ProofError},
};

use crate::{
    blind::scene::{BIT, Scene, sibling, small},
    keys::rng,
};

/// A scene and a true assignment in it.
fn set(rng: &mut StdRng) -> (Scene, Assignment) {
    let (shape, assignment) = small([(); 4].map(|()| Fr::rand(rng)), Fr::rand(rng), true);
    (Scene::new(shape, Reduction::Libsnark, Backend::best(), rng), assignment)
}

/// Four sums that need not be points that a server would compute.
#[derive(Clone, Copy)]
struct Offset {
    a: G1Projective,
    b1: G1Projective,
    b2: G2Projective,
    lh: G1Projective,
}

impl Offset {
    /// These multiples of the generators.
    fn of([a, b1, b2, lh]: [Fr; 4]) -> Self {
        let (one, two) = (G1Affine::generator(), G2Affine::generator());
        Self { a: one * a, b1: one * b1, b2: two * b2, lh: one * lh }
    }

    fn sums(self) -> FourSums {
        let Self { a, b1, b2, lh } = self;
        FourSums {
            a: a.into_affine(),
            b1: b1.into_affine(),
            b2: b2.into_affine(),
            lh: lh.into_affine(),
        }
    }
}

/// The outcome of two jobs: in one the evaluator changes honest sums, in the other the dealer does.
fn cheated(
    scene: &Scene,
    assignment: &Assignment,
    rng: &mut StdRng,
    change: impl Fn(&FourSums) -> FourSums,
) -> [Result<Proof, AnswerError>; 2] {
    let blinding = (Fr::rand(rng), Fr::rand(rng));
    let shared = scene.share(assignment, vec![scene.token(1)], blinding);
    let by_evaluator = shared.pending.finish(&change(&scene.answer(shared.request.as_bytes())));

    let honest = scene.token(1);
    let token = scene.token_with(1, change(honest.sums()));
    let shared = scene.share(assignment, vec![token], blinding);
    let by_dealer = shared.pending.finish(&scene.answer(shared.request.as_bytes()));
    [by_evaluator, by_dealer]
}

/// Checks that the sums are refused because the equation does not hold.
fn refused(
    what: &str,
    scene: &Scene,
    assignment: &Assignment,
    rng: &mut StdRng,
    change: impl Fn(&FourSums) -> FourSums,
) {
    for result in cheated(scene, assignment, rng, change) {
        assert_eq!(result, Err(AnswerError::Equation), "{what}");
    }
}

#[test]
fn an_honest_answer_passes() {
    let rng = &mut rng(50);
    let (scene, assignment) = set(rng);
    for result in cheated(&scene, &assignment, rng, FourSums::clone) {
        assert!(result.is_ok(), "{result:?}");
    }
}

#[test]
fn each_sum_wrong_alone_is_refused() {
    let rng = &mut rng(51);
    let (scene, assignment) = set(rng);
    for at in 0..4 {
        for by in [Fr::rand(rng), Fr::from(1u64), -Fr::from(1u64)] {
            let mut offset = [Fr::from(0u64); 4];
            offset[at] = by;
            let wrong = Offset::of(offset).sums();
            refused(&format!("sum {at}"), &scene, &assignment, rng, |sums| sums.plus(&wrong));
        }
    }
}

#[test]
fn consistent_shifts_are_refused() {
    let rng = &mut rng(52);
    let (scene, assignment) = set(rng);
    let (zero, t, u) = (Fr::from(0u64), Fr::rand(rng), Fr::rand(rng));
    for offset in [
        // The same multiple in both sums of B: no blinding reveals it.
        [zero, t, t, zero],
        [zero, t, t, u],
        [t, t, t, t],
        [t, u, u, t * u],
        [t, zero, zero, u],
        [t, -t, -t, zero],
    ] {
        let wrong = Offset::of(offset).sums();
        refused(&format!("{offset:?}"), &scene, &assignment, rng, |sums| sums.plus(&wrong));
    }
    // Multiples of the key's own points, as they appear in the equation.
    let key = &scene.points;
    let none = Offset::of([zero; 4]);
    for (what, wrong) in [
        ("delta in A", Offset { a: key.delta_g1 * t, ..none }),
        ("alpha in A", Offset { a: key.vk.alpha_g1 * t, ..none }),
        ("delta in B", Offset { b1: key.delta_g1 * t, b2: key.vk.delta_g2 * t, ..none }),
        ("beta in B", Offset { b1: key.beta_g1 * t, b2: key.vk.beta_g2 * t, ..none }),
        ("delta in C", Offset { lh: key.delta_g1 * t, ..none }),
        ("gamma in B, in G2 alone", Offset { b2: key.vk.gamma_g2 * t, ..none }),
    ] {
        let wrong = wrong.sums();
        refused(what, &scene, &assignment, rng, |sums| sums.plus(&wrong));
    }
}

#[test]
fn wrong_or_missing_sums_are_refused() {
    let rng = &mut rng(53);
    let (scene, assignment) = set(rng);
    let zero = Offset::of([Fr::from(0u64); 4]).sums();
    type Change<'a> = (&'a str, &'a dyn Fn(FourSums) -> FourSums);
    let changes: [Change<'_>; 17] = [
        ("A negated", &|sums| FourSums { a: -sums.a, ..sums }),
        ("B in G1 negated", &|sums| FourSums { b1: -sums.b1, ..sums }),
        ("B in G2 negated", &|sums| FourSums { b2: -sums.b2, ..sums }),
        ("both B negated", &|sums| FourSums { b1: -sums.b1, b2: -sums.b2, ..sums }),
        ("A and B negated", &|sums| FourSums { a: -sums.a, b1: -sums.b1, b2: -sums.b2, ..sums }),
        ("L with H negated", &|sums| FourSums { lh: -sums.lh, ..sums }),
        ("all negated", &|sums| FourSums { a: -sums.a, b1: -sums.b1, b2: -sums.b2, lh: -sums.lh }),
        ("A and B swapped", &|sums| FourSums { a: sums.b1, b1: sums.a, ..sums }),
        ("A and L with H swapped", &|sums| FourSums { a: sums.lh, lh: sums.a, ..sums }),
        ("B and L with H swapped", &|sums| FourSums { b1: sums.lh, lh: sums.b1, ..sums }),
        ("doubled", &|sums| sums.plus(&sums)),
        ("no A", &|sums| FourSums { a: zero.a, ..sums }),
        ("no B in G1", &|sums| FourSums { b1: zero.b1, ..sums }),
        ("no B in G2", &|sums| FourSums { b2: zero.b2, ..sums }),
        ("no B", &|sums| FourSums { b1: zero.b1, b2: zero.b2, ..sums }),
        ("no L with H", &|sums| FourSums { lh: zero.lh, ..sums }),
        ("nothing", &|_| zero.clone()),
    ];
    for (what, change) in changes {
        refused(what, &scene, &assignment, rng, |sums| change(sums.clone()));
    }
}

#[test]
fn replayed_answers_and_those_of_others_are_refused() {
    let rng = &mut rng(54);
    let (scene, assignment) = set(rng);
    let blinding = (Fr::rand(rng), Fr::rand(rng));
    let job = |scene: &Scene, seed| scene.share(&assignment, vec![scene.token(seed)], blinding);
    let earlier = job(&scene, 1);
    let answer = scene.answer(earlier.request.as_bytes());
    assert!(earlier.pending.finish(&answer).is_ok());
    // The same witness under other masks.
    assert_eq!(job(&scene, 2).pending.finish(&answer), Err(AnswerError::Equation));
    // A token's own sums, and another token's.
    let pending = job(&scene, 2).pending;
    assert_eq!(pending.finish(scene.token(2).sums()), Err(AnswerError::Equation));
    let mixed = scene.token_with(2, scene.token(1).sums().clone());
    let shared = scene.share(&assignment, vec![mixed], blinding);
    let honest = scene.answer(shared.request.as_bytes());
    assert_eq!(shared.pending.finish(&honest), Err(AnswerError::Equation));
    // The answer to another witness.
    let (_, other) = small([(); 4].map(|()| Fr::rand(rng)), Fr::rand(rng), false);
    let shared = scene.share(&other, vec![scene.token(3)], blinding);
    let answer = scene.answer(shared.request.as_bytes());
    assert_eq!(job(&scene, 3).pending.finish(&answer), Err(AnswerError::Equation));
    // The same request, summed under another key of the same circuit.
    let (stranger, _) = set(rng);
    let shared = job(&scene, 4);
    let answer = stranger.answer(shared.request.as_bytes());
    assert_eq!(shared.pending.finish(&answer), Err(AnswerError::Equation));
}

#[test]
fn a_request_of_another_circuit_gives_no_proof() {
    let rng = &mut rng(55);
    let (scene, assignment) = set(rng);
    let blinding = (Fr::rand(rng), Fr::rand(rng));
    let shared = scene.share(&assignment, vec![scene.token(1)], blinding);
    let request = shared.request.as_bytes();
    for other in [&request[..request.len() - 32], &[request, &[0; 32]].concat(), &request[1..], &[]]
    {
        let got = evaluate(&scene.queries, scene.wallet.shape(), other, &Workspaces::new());
        let Err(EvaluateError::Request(RequestError::Length { got, expected, .. })) = got else {
            panic!("{got:?}")
        };
        assert_eq!((got, expected), (other.len(), request.len()));
    }
    // A circuit with as many numbers and different rows.
    let other = Scene::new(sibling(), Reduction::Libsnark, Backend::best(), rng);
    let answer = other.answer(request);
    assert_eq!(shared.pending.finish(&answer), Err(AnswerError::Equation));
}

#[test]
fn a_proof_that_would_hold_the_identity_is_refused() {
    let rng = &mut rng(56);
    let (scene, assignment) = set(rng);
    let blinding = (Fr::rand(rng), Fr::rand(rng));
    // From somebody who knows the proof, including r and s.
    let proof = scene.points_of(&assignment, blinding);
    for (point, offset) in [
        ("A", FourSums { a: -proof.a, ..none() }),
        ("B", FourSums { b2: -proof.b, ..none() }),
        ("C", FourSums { lh: -proof.c, ..none() }),
    ] {
        let shared = scene.share(&assignment, vec![scene.token(1)], blinding);
        let answer = scene.answer(shared.request.as_bytes()).plus(&offset);
        let identity = ProofError::Point(PointError::Identity { point });
        assert_eq!(shared.pending.finish(&answer), Err(AnswerError::Proof(identity)));
    }
}

fn none() -> FourSums {
    Offset::of([Fr::from(0u64); 4]).sums()
}

/// A point of the twist, which is on the curve and outside the subgroup of order r.
fn outside() -> G2Affine {
    (1u64..)
        .filter_map(|x| G2Affine::get_point_from_x_unchecked(x.into(), false))
        .find(|point| !point.is_in_correct_subgroup_assuming_on_curve())
        .unwrap()
}

/// Rows of docs/failures.md: 4.
#[test]
fn answers_with_points_that_are_none_are_refused() {
    let rng = &mut rng(57);
    let (scene, assignment) = set(rng);
    let shared = scene.share(&assignment, vec![scene.token(1)], (Fr::rand(rng), Fr::rand(rng)));
    let honest = scene.answer(shared.request.as_bytes()).encode();
    assert_eq!(FourSums::decode(&honest).unwrap().encode(), honest);
    let places = [("A", 0..32), ("B in G1", 32..64), ("B in G2", 64..128), ("L with H", 128..160)];
    let no_root =
        (1u64..).find(|x| G1Affine::get_point_from_x_unchecked((*x).into(), false).is_none());
    let mut off_curve = [0; 32];
    off_curve[..8].copy_from_slice(&no_root.unwrap().to_le_bytes());
    for (point, place) in places {
        let written = |bytes: &[u8]| {
            let mut answer = honest.clone();
            answer[place.clone()][..bytes.len()].copy_from_slice(bytes);
            answer
        };
        let last = place.end - 1;
        let with = |change: fn(&mut u8)| {
            let mut answer = honest.clone();
            change(&mut answer[last]);
            answer
        };
        let mut bad = vec![
            // Infinity with an x, both flags set, and an x of q or more.
            with(|byte| *byte |= 0x40),
            with(|byte| *byte |= 0xc0),
            written(&vec![0x3f; place.len()]),
            written(&Fq::MODULUS.to_bytes_le()),
        ];
        if place.len() == 32 {
            bad.push(written(&off_curve));
        } else {
            let mut bytes = Vec::new();
            outside().serialize_compressed(&mut bytes).unwrap();
            bad.push(written(&bytes));
        }
        for (n, answer) in bad.iter().enumerate() {
            let refused = FourSums::decode(answer);
            let Err(SumsError::Point(error)) = refused else { panic!("{point}, {n}: {refused:?}") };
            assert_eq!(error.point, point, "{n}");
        }
    }
    for length in [0, 159, 161] {
        let bytes = vec![0; length];
        assert_eq!(FourSums::decode(&bytes), Err(SumsError::Length { got: length }));
    }
    assert!(shared.pending.finish(&FourSums::decode(&honest).unwrap()).is_ok());
}

/// `A` and `B` in the first group before blinding. Whoever knows all wires can compute them.
fn unblinded(key: &ProvingKey<Bn254>, z: &[Fr]) -> (G1Projective, G1Projective) {
    let sum = |query: &[G1Affine]| -> G1Projective {
        assert_eq!(query.len(), z.len());
        query.iter().zip(z).map(|(point, value)| *point * value).sum()
    };
    (sum(&key.a_query) + key.vk.alpha_g1, sum(&key.b_g1_query) + key.beta_g1)
}

/// Asks whether `t b^ + u a^` is what these wires make of it. The question is in multiples of
/// delta, so that somebody who does not know delta can ask it.
fn question(key: &ProvingKey<Bn254>, z: &[Fr], t: Fr, u: Fr) -> Offset {
    let (a, b) = unblinded(key, z);
    Offset {
        a: key.delta_g1 * t,
        b1: key.delta_g1 * u,
        b2: key.vk.delta_g2 * u,
        lh: b * t + a * u + key.delta_g1 * (t * u),
    }
}

/// docs/blind.md, line 4: acceptance answers one question, and who knows the answer is told that it
/// is right.
#[test]
fn only_a_right_guess_of_all_wires_passes() {
    let rng = &mut rng(58);
    let (scene, assignment) = set(rng);
    let key = &scene.points;
    let (zero, t, u) = (Fr::from(0u64), Fr::rand(rng), Fr::rand(rng));
    for (t, u) in [(t, zero), (zero, u), (t, u)] {
        let right = question(key, assignment.z(), t, u);
        let wrong = right.sums();
        for result in cheated(&scene, &assignment, rng, |sums| sums.plus(&wrong)) {
            assert!(result.is_ok(), "{result:?}");
        }
        // All wires but the last, which is in neither A nor B: a wrong value of it makes no
        // difference here.
        let last = assignment.z().len() - 1;
        for wire in [1, BIT - 1, BIT, last] {
            let mut z = assignment.z().to_vec();
            z[wire] += Fr::ONE;
            let guess = question(key, &z, t, u).sums();
            assert_eq!(guess == right.sums(), wire == last);
            if wire != last {
                refused(&format!("wire {wire}"), &scene, &assignment, rng, |sums| {
                    sums.plus(&guess)
                });
            }
        }
        // The right guess, but the two sums of B are not the same multiple: r reveals it.
        for apart in [
            Offset { b1: right.b1 + G1Affine::generator(), ..right },
            Offset { b2: right.b2 + G2Affine::generator(), ..right },
        ] {
            let wrong = apart.sums();
            refused("B apart", &scene, &assignment, rng, |sums| sums.plus(&wrong));
        }
    }
}

/// A known limit (docs/blind.md, line 7): servers that share a wrong base of one wire ask whether
/// that wire is zero, masks or no masks. One that has it alone asks nothing: what it sums there is
/// a mask, or a masked value.
#[test]
fn one_altered_key_on_both_servers_asks_for_one_wire() {
    let rng = &mut rng(59);
    for bit in [false, true] {
        let (shape, assignment) = small([(); 4].map(|()| Fr::rand(rng)), Fr::rand(rng), bit);
        assert_eq!(assignment.z()[BIT], Fr::from(bit));
        let honest = Scene::new(shape, Reduction::Libsnark, Backend::best(), rng);
        let mut points = honest.points.clone();
        let base = &mut points.l_query[BIT - 1 - assignment.public().len()];
        *base = (*base + G1Affine::generator() * Fr::rand(rng)).into_affine();
        let altered = honest.altered(points);

        let blinding = (Fr::rand(rng), Fr::rand(rng));
        let outcome = |dealer: &Scene, evaluator: &Scene| {
            let shared = honest.share(&assignment, vec![dealer.token(1)], blinding);
            shared.pending.finish(&evaluator.answer(shared.request.as_bytes()))
        };
        let expected =
            if bit { Err(AnswerError::Equation) } else { Ok(honest.local(&assignment, blinding)) };
        assert_eq!(outcome(&altered, &altered), expected, "the wire is {bit}");
        assert_eq!(outcome(&altered, &honest), Err(AnswerError::Equation));
        assert_eq!(outcome(&honest, &altered), Err(AnswerError::Equation));
        assert!(outcome(&honest, &honest).is_ok());
    }
}
