//! Compares the engine with arkworks' prover, and tests what a prover refuses.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use ark_bn254::{Bn254, Fr};
use ark_ff::UniformRand;
use ark_groth16::{Groth16, r1cs_to_qap::LibsnarkReduction};
use ark_relations::gr1cs::{
    ConstraintSynthesizer, ConstraintSystemRef, LinearCombination, Result as R1csResult, Variable,
};
use wufu_analysis::samples::visit_sample;
use wufu_circuits::{Assignment, Circuit, CircuitVisitor, Clause, R1cs};
use wufu_groth16::{AssignmentRef, Engine, EngineError, KeyFileError, ProvingKey};
use wufu_prover::{ProveError, Prover, Stage, keys};
use wufu_verifier::{
    CircuitName, Proof, Statement, Trust, VerifyingKey,
    groth16::key::{KeyError, Provenance},
};

use crate::common::{gift, key, prover, rng};

/// A circuit with its values, in arkworks' form. It is written again here, and not taken from the
/// crate.
struct WithValues {
    shape: R1cs,
    assignment: Assignment,
}

impl ConstraintSynthesizer<Fr> for WithValues {
    fn generate_constraints(self, cs: ConstraintSystemRef<Fr>) -> R1csResult<()> {
        let z = self.assignment.z();
        let mut wires = vec![Variable::One];
        for value in self.assignment.public() {
            wires.push(cs.new_input_variable(|| Ok(*value))?);
        }
        for value in &z[wires.len()..] {
            wires.push(cs.new_witness_variable(|| Ok(*value))?);
        }
        let [a, b, c] = self.shape.matrices().map(|matrix| {
            let row = |row: &[(u32, Fr)]| {
                LinearCombination(row.iter().map(|(w, k)| (*k, wires[*w as usize])).collect())
            };
            matrix.rows().map(row).collect::<Vec<_>>()
        });
        for ((a, b), c) in a.into_iter().zip(b).zip(c) {
            cs.enforce_r1cs_constraint(|| a, || b, || c)?;
        }
        assert!(cs.is_satisfied()?);
        Ok(())
    }
}

/// Our proof and arkworks' proof of one instance with the same r and s.
fn both<C: Circuit>(instance: &C, r: Fr, s: Fr) -> (Proof, Proof) {
    let ours = prover(C::NAME).engine().prove(keys::values(&instance.assign()), r, s).unwrap();
    let circuit = WithValues { shape: C::shape(), assignment: instance.assign() };
    let theirs = Groth16::<Bn254, LibsnarkReduction>::create_proof_with_reduction(
        circuit,
        key(C::NAME).points(),
        r,
        s,
    );
    let theirs = theirs.unwrap();
    (ours, Proof::new(theirs.a, theirs.b, theirs.c).unwrap())
}

struct Both {
    r: Fr,
    s: Fr,
}

impl CircuitVisitor for Both {
    type Output = (Proof, Proof);

    fn visit<C: Circuit>(self, instance: &C) -> Self::Output {
        both(instance, self.r, self.s)
    }
}

#[test]
fn proofs_are_those_of_arkworks_bit_for_bit() {
    let rng = &mut rng(3);
    let (r, s) = (Fr::rand(rng), Fr::rand(rng));
    let check = |(ours, theirs): (Proof, Proof)| assert_eq!(ours.encode(), theirs.encode());
    check(both(&gift(1), Fr::from(0u64), Fr::from(0u64)));
    for circuit in CircuitName::ALL {
        check(visit_sample(circuit, rng, Both { r, s }));
    }
}

fn proved<C: Circuit>(instance: &C) {
    let mut stages = Vec::new();
    let proven = prover(C::NAME).prove(instance, &mut rng(4), |stage| stages.push(stage)).unwrap();
    assert_eq!(stages, [Stage::Checking, Stage::Proving, Stage::Verifying]);
    assert_eq!(&proven.statement, instance.public());
    let key = key(C::NAME).verifying_key();
    assert_eq!(proven.key_id, key.id());
    let inputs = instance.public().public_inputs();
    assert!(key.equation_holds(&inputs, &proven.proof));
    // Rows 7 and 24, with real keys: every input counts, and so does their number. The circuits
    // square `ext`, the last input, so a witness for `ext` satisfies their rows with `-ext` as
    // well. Only the equation distinguishes the two.
    for index in 0..inputs.len() {
        for value in [inputs[index] + Fr::from(1u64), -inputs[index], Fr::from(0u64)] {
            let mut other = inputs.clone();
            other[index] = value;
            assert!(!key.equation_holds(&other, &proven.proof), "input {index}");
        }
    }
    assert!(!key.equation_holds(&inputs[1..], &proven.proof));
    assert!(!key.equation_holds(&[inputs, vec![Fr::from(0u64)]].concat(), &proven.proof));
}

struct Proved;

impl CircuitVisitor for Proved {
    type Output = ();

    fn visit<C: Circuit>(self, instance: &C) {
        proved(instance);
    }
}

/// Rows of docs/failures.md: 7, 24.
#[test]
fn a_proof_is_of_its_public_inputs_and_no_others() {
    for circuit in CircuitName::ALL {
        visit_sample(circuit, &mut rng(1), Proved);
    }
}

#[test]
fn every_proof_has_randomness_of_its_own() {
    let (prover, gift, rng) = (prover(CircuitName::Gift), gift(1), &mut rng(5));
    let one = prover.prove(&gift, rng, |_| ()).unwrap();
    let two = prover.prove(&gift, rng, |_| ()).unwrap();
    assert_eq!(one.statement, two.statement);
    assert_ne!(one.proof, two.proof);
}

#[test]
fn a_false_witness_is_refused_before_any_work() {
    let mut false_gift = gift(1);
    false_gift.private.rcm += Fr::from(1u64);
    let mut stages = Vec::new();
    let refused =
        prover(CircuitName::Gift).prove(&false_gift, &mut rng(6), |stage| stages.push(stage));
    let Err(ProveError::False(error)) = refused else { panic!("{refused:?}") };
    assert_eq!(error.clause, Clause::G2);
    assert_eq!(stages, [Stage::Checking]);
}

/// An engine that proves another statement.
struct Wrong(Prover);

impl Engine for Wrong {
    fn name(&self) -> &'static str {
        "wrong"
    }

    fn verifying_key(&self) -> &VerifyingKey {
        self.0.verifying_key()
    }

    fn rows(&self) -> usize {
        self.0.engine().rows()
    }

    fn prove(&self, _: AssignmentRef<'_>, r: Fr, s: Fr) -> Result<Proof, EngineError> {
        self.0.engine().prove(keys::values(&gift(99).assign()), r, s)
    }
}

#[test]
fn a_proof_that_does_not_verify_is_not_handed_out() {
    let wrong = Prover::new(Wrong(prover(CircuitName::Gift)));
    let refused = wrong.prove(&gift(1), &mut rng(7), |_| ());
    assert!(matches!(refused, Err(ProveError::Unverified)), "{refused:?}");
}

#[test]
fn a_proof_of_a_false_assignment_does_not_verify() {
    // The engine may do anything with a false instance. The equation must not hold.
    let mut false_gift = gift(1);
    false_gift.private.rcm += Fr::from(1u64);
    let rng = &mut rng(8);
    let proof = prover(CircuitName::Gift).engine().prove(
        keys::values(&false_gift.assign()),
        Fr::rand(rng),
        Fr::rand(rng),
    );
    let inputs = false_gift.public.public_inputs();
    assert!(!key(CircuitName::Gift).verifying_key().equation_holds(&inputs, &proof.unwrap()));
}

#[test]
fn what_is_told_to_stop_does_not_go_on() {
    let prover = prover(CircuitName::Gift);
    for stop in [Stage::Checking, Stage::Proving, Stage::Verifying] {
        let refused = prover.prove_while(&gift(1), &mut rng(9), |stage| stage != stop);
        let Err(ProveError::Stopped(stage)) = refused else { panic!("{refused:?}") };
        assert_eq!(stage, stop);
    }
}

/// Rows of docs/failures.md: 20.
#[test]
fn no_key_proves_or_verifies_for_another_circuit() {
    let gift = gift(1);
    let proven = prover(CircuitName::Gift).prove(&gift, &mut rng(10), |_| ()).unwrap();
    let inputs = gift.public.public_inputs();
    for circuit in CircuitName::ALL {
        let verifying = key(circuit).verifying_key();
        assert_eq!(verifying.circuit(), circuit);
        let same = circuit == CircuitName::Gift;
        assert_eq!(verifying.equation_holds(&inputs, &proven.proof), same);
        let answer = prover(circuit).prove(&gift, &mut rng(11), |_| ());
        match answer {
            Ok(_) => assert!(same),
            Err(ProveError::Circuit { got, expected }) => {
                assert_eq!((got, expected), (circuit, CircuitName::Gift));
            }
            Err(other) => panic!("{other}"),
        }
        let assignment = prover(circuit).engine().prove(
            keys::values(&gift.assign()),
            Fr::from(1u64),
            Fr::from(1u64),
        );
        assert_eq!(assignment.is_ok(), same);
    }
}

/// The file with some bytes changed, and with a new hash.
fn changed(bytes: &[u8], change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = bytes[..bytes.len() - 32].to_vec();
    change(&mut out);
    let hash = blake3::hash(&out);
    out.extend_from_slice(hash.as_bytes());
    out
}

// Where the fields are in the file: magic, length of the verifying key, its magic, provenance,
// reduction, circuit id.
const PROVENANCE: usize = 8 + 4 + 8;
const CIRCUIT: usize = PROVENANCE + 2;
const VERIFYING: usize = 426;

/// Rows of docs/failures.md: 20.
#[test]
fn keys_of_other_versions_or_circuits_are_refused() {
    let bytes = key(CircuitName::Gift).encode().unwrap();
    let read = |bytes: &[u8]| {
        ProvingKey::decode(bytes, &keys::circuit(CircuitName::Gift), Trust::AcceptDevelopment)
    };
    assert_eq!(read(&bytes).unwrap().id(), key(CircuitName::Gift).id());

    let other = changed(&bytes, |bytes| bytes[7] = b'2');
    assert!(matches!(read(&other), Err(KeyFileError::Magic)));
    let other = changed(&bytes, |bytes| bytes[8 + 4 + 7] = b'2');
    assert!(matches!(read(&other), Err(KeyFileError::Verifying(KeyError::Magic))));
    let other = changed(&bytes, |bytes| bytes[CIRCUIT] ^= 1);
    assert!(matches!(read(&other), Err(KeyFileError::Verifying(KeyError::UnknownCircuit { .. }))));
    // The id of another circuit of this release: the verifying key no longer fits it.
    let id = *CircuitName::Donation.id().as_bytes();
    let other = changed(&bytes, |bytes| bytes[CIRCUIT..CIRCUIT + 32].copy_from_slice(&id));
    assert!(matches!(read(&other), Err(KeyFileError::Verifying(KeyError::Length { .. }))));
    // If another circuit is asked for, the unchanged key is refused.
    let asked =
        ProvingKey::decode(&bytes, &keys::circuit(CircuitName::Donation), Trust::AcceptDevelopment);
    let Err(KeyFileError::Circuit { got, expected }) = asked else { panic!("{asked:?}") };
    assert_eq!((got, expected), ("gift", "donation"));
    // The verifying half of another key of the same circuit.
    let second = wufu_prover::setup::development(CircuitName::Gift, &mut rng(12)).unwrap();
    let half = second.verifying_key().encode();
    assert_eq!(half.len(), VERIFYING);
    let other = changed(&bytes, |bytes| bytes[12..12 + VERIFYING].copy_from_slice(&half));
    assert!(matches!(read(&other), Err(KeyFileError::Halves)));
}

/// Rows of docs/failures.md: 5.
#[test]
fn truncated_extended_or_changed_keys_are_refused() {
    let bytes = key(CircuitName::Gift).encode().unwrap();
    let read = |bytes: &[u8]| {
        ProvingKey::decode(bytes, &keys::circuit(CircuitName::Gift), Trust::AcceptDevelopment)
    };
    for end in [0, 7, 8, 12, 39, 40, 100, 438, 1000, bytes.len() - 33, bytes.len() - 1] {
        assert!(read(&bytes[..end]).is_err(), "{end} bytes were read");
        // With a hash that matches what is left.
        let cut = changed(&bytes, |bytes| bytes.truncate(end.min(bytes.len() - 1)));
        assert!(read(&cut).is_err(), "{end} bytes with a new hash were read");
    }
    let long = changed(&bytes, |bytes| bytes.push(0));
    assert!(matches!(read(&long), Err(KeyFileError::Points)));
    for at in (0..bytes.len()).step_by(bytes.len() / 50) {
        let mut other = bytes.clone();
        other[at] ^= 1;
        assert!(read(&other).is_err(), "byte {at} may change");
    }
}

/// Rows of docs/failures.md: 4.
#[test]
fn a_proving_key_with_a_bad_point_is_refused() {
    let bytes = key(CircuitName::Gift).encode().unwrap();
    let read = |bytes: &[u8]| {
        ProvingKey::decode(bytes, &keys::circuit(CircuitName::Gift), Trust::AcceptDevelopment)
    };
    let points = 12 + VERIFYING;
    // Flipped bits of coordinates in every part of the key: the point is off the curve or out of
    // the subgroup.
    for part in 0..12 {
        let at = points + (bytes.len() - 32 - points) / 12 * part + 3;
        let other = changed(&bytes, |bytes| bytes[at] ^= 4);
        assert!(read(&other).is_err(), "byte {at} may change");
    }
}

#[test]
fn a_development_key_says_so_and_can_be_refused() {
    let key = key(CircuitName::Gift);
    assert_eq!(key.verifying_key().provenance(), Provenance::Development);
    let bytes = key.encode().unwrap();
    let refused =
        ProvingKey::decode(&bytes, &keys::circuit(CircuitName::Gift), Trust::CeremonyOnly);
    assert!(matches!(refused, Err(KeyFileError::Verifying(KeyError::Development))));
    // The mark is part of what is hashed into the key id.
    let unmarked = changed(&bytes, |bytes| bytes[PROVENANCE] = 0);
    let passed_off =
        ProvingKey::decode(&unmarked, &keys::circuit(CircuitName::Gift), Trust::CeremonyOnly)
            .unwrap();
    assert_ne!(passed_off.id(), key.id());
}

#[test]
fn a_key_is_saved_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gift");
    let key = key(CircuitName::Gift);
    key.save(&path).unwrap();
    let read = ProvingKey::load(&path, &keys::circuit(CircuitName::Gift), Trust::AcceptDevelopment)
        .unwrap();
    assert_eq!(read.encode().unwrap(), key.encode().unwrap());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    // If the file cannot be written, nothing is left behind, and the old file stays.
    assert!(key.save(&folder.path().join("none").join("gift")).is_err());
    assert!(key.save(folder.path()).is_err());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    let missing = ProvingKey::load(
        &folder.path().join("none"),
        &keys::circuit(CircuitName::Gift),
        Trust::AcceptDevelopment,
    );
    assert!(matches!(missing, Err(KeyFileError::Io(_))));
}
