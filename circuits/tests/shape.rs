//! The circuits, pinned: any change of a row is a visible difference here, and needs new keys.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{collections::BTreeSet, fmt::Debug, io::Cursor};

use crate::common::{accepted, rngs, shape};
use ark_bn254::{Bn254, Fr};
use proptest::prelude::*;
use taceo_circom_types::R1CS;
use wufu_analysis::samples::visit_sample;
use wufu_analysis::samples::{arb_donation, arb_five_fu, arb_gift, donation, five_fu, gift};
use wufu_circuits::{
    Circuit, CircuitVisitor, Clause, DonationInstance, FiveFuInstance, GiftInstance,
    r1cs::{Matrix, Mode},
    registry_entry, visit_blank,
};
use wufu_verifier::{CircuitName, Statement};

/// What is pinned of a circuit.
#[derive(Debug, PartialEq, Eq)]
struct Pin {
    rows: usize,
    wires: usize,
    public: usize,
    private: usize,
    non_zeros: [usize; 3],
    domain_log2: u32,
    id: String,
}

fn pin<C: Circuit>() -> Pin {
    let shape = shape::<C>();
    // The capacity of a witness and the number of public inputs are stated elsewhere too.
    assert_eq!((shape.rows(), shape.wires()), (C::SIZE.rows, C::SIZE.wires));
    assert_eq!(shape.public_inputs(), C::NAME.public_inputs());
    // Rows and public wires, the constant one included, fit the domain.
    assert!(shape.rows() + shape.public_inputs() < 1 << shape.domain_log2());
    Pin {
        rows: shape.rows(),
        wires: shape.wires(),
        public: shape.public_inputs(),
        private: shape.private_inputs(),
        non_zeros: shape.matrices().map(Matrix::non_zeros),
        domain_log2: shape.domain_log2(),
        id: shape.id().to_string(),
    }
}

#[test]
fn five_fu_is_pinned() {
    let expected = Pin {
        rows: 32_308,
        wires: 32_604,
        public: 8,
        private: 402,
        non_zeros: [306_060, 579_622, 32_640],
        domain_log2: 15,
        id: "e05b0b8bd6b6df22da525a3a0e51bbc1b77fc3de34e3f58f3cb130bb340ecb34".into(),
    };
    assert_eq!(pin::<FiveFuInstance>(), expected);
}

#[test]
fn donation_is_pinned() {
    let expected = Pin {
        rows: 8_113,
        wires: 8_182,
        public: 5,
        private: 94,
        non_zeros: [75_555, 142_773, 8_017],
        domain_log2: 13,
        id: "4e5433a90a32f6e34ff4d2b96f4d0112dbeaff0c048832a4f31d4ce00040c9a7".into(),
    };
    assert_eq!(pin::<DonationInstance>(), expected);
}

#[test]
fn gift_is_pinned() {
    let expected = Pin {
        rows: 5_894,
        wires: 5_949,
        public: 4,
        private: 73,
        non_zeros: [55_809, 105_693, 5_954],
        domain_log2: 13,
        id: "3fd85c868df5db6930cec447f030b74761066493a0c5b4aa57b599e8fe6671b2".into(),
    };
    assert_eq!(pin::<GiftInstance>(), expected);
}

/// Rows of docs/failures.md: 20.
/// The ids that verifiers know are those of these circuits.
#[test]
fn ids_are_the_verifiers() {
    for name in CircuitName::ALL {
        assert_eq!(name.id(), registry_entry(name).shape().id(), "{name}");
    }
}

#[test]
fn every_clause_has_rows_in_its_own_circuit() {
    let letter = |clause: &Clause| clause.tag().chars().next();
    let mut seen = BTreeSet::new();
    for name in CircuitName::ALL {
        let tags: BTreeSet<Clause> =
            registry_entry(name).shape().clauses().iter().copied().collect();
        let own = tags.first().and_then(letter);
        let all = Clause::ALL.iter().copied().filter(|clause| letter(clause) == own);
        assert_eq!(tags, all.collect(), "{name}");
        seen.extend(tags);
    }
    assert_eq!(seen, Clause::ALL.iter().copied().collect());
}

/// Reads the `.r1cs` file back with somebody else's reader and compares everything.
fn read_back<C: Circuit>() {
    let shape = shape::<C>();
    let mut file = Vec::new();
    shape.write(&mut file).unwrap();
    let mut again = Vec::new();
    C::shape().write(&mut again).unwrap();
    assert!(file == again, "the file of {} is not always the same", C::NAME);
    assert_eq!(shape.id().as_bytes(), blake3::hash(&file).as_bytes());

    let length = u64::try_from(file.len()).unwrap();
    let mut reader = Cursor::new(file);
    let read = R1CS::<Bn254>::from_reader(&mut reader).unwrap();
    assert_eq!(reader.position(), length);
    assert_eq!(read.num_variables, shape.wires());
    assert_eq!(read.num_inputs, 1 + shape.public_inputs());
    assert_eq!((read.n_pub_out, read.n_pub_in), (0, u32::try_from(shape.public_inputs()).unwrap()));
    assert_eq!(read.n_prv_in, u32::try_from(shape.private_inputs()).unwrap());
    assert_eq!(read.n_labels, u64::try_from(shape.wires()).unwrap());
    assert_eq!(read.wire_mapping, (0..shape.wires()).collect::<Vec<_>>());
    assert_eq!(read.n_constraints, shape.rows());
    assert_eq!(read.constraints.len(), shape.rows());
    for (row, (a, b, c)) in read.constraints.iter().enumerate() {
        for (matrix, terms) in shape.matrices().into_iter().zip([a, b, c]) {
            let ours = matrix.row(row).iter().map(|(wire, k)| (*wire as usize, *k));
            assert!(ours.eq(terms.iter().copied()), "row {row} differs");
        }
    }
}

/// Runs `act` for every circuit of the registry.
fn each(act: impl FnMut(CircuitName)) {
    CircuitName::ALL.into_iter().for_each(act);
}

struct ReadBack;

impl CircuitVisitor for ReadBack {
    type Output = ();

    fn visit<C: Circuit>(self, _: &C) {
        read_back::<C>();
    }
}

#[test]
fn r1cs_files_read_back() {
    each(|name| visit_blank(name, ReadBack));
}

#[test]
fn rows_are_canonical() {
    for name in CircuitName::ALL {
        let shape = registry_entry(name).shape();
        for terms in shape.matrices().into_iter().flat_map(Matrix::rows) {
            assert!(terms.is_sorted_by(|one, next| one.0 < next.0));
            assert!(terms.iter().all(|(_, k)| *k != Fr::from(0u64)));
        }
    }
}

/// Checks that a pass gives the same rows and wires in every mode, and that the values of the rows
/// are the products.
fn modes_agree<C: Circuit>(instance: &C) {
    let shape = shape::<C>();
    let (both_shape, both) = instance.synthesize(Mode::Both).finish();
    assert!(both_shape == *shape, "rows depend on the witness");
    let alone = instance.assign();
    assert!(both.z() == alone.z() && both.az() == alone.az());
    assert!(both.bz() == alone.bz() && both.cz() == alone.cz());
    assert_eq!(alone.public(), instance.public().public_inputs());
    assert_eq!(1 + alone.public().len() + alone.private().len(), shape.wires());
    let products = |matrix: &Matrix| -> Vec<Fr> {
        matrix
            .rows()
            .map(|terms| terms.iter().map(|(wire, k)| alone.z()[*wire as usize] * k).sum())
            .collect()
    };
    let [a, b, c] = shape.matrices();
    assert!(alone.az() == products(a) && alone.bz() == products(b) && alone.cz() == products(c));
}

struct ModesAgree;

impl CircuitVisitor for ModesAgree {
    type Output = ();

    fn visit<C: Circuit>(self, instance: &C) {
        modes_agree(instance);
    }
}

#[test]
fn modes_agree_on_rows_and_values() {
    for mut rng in rngs(2) {
        each(|name| visit_sample(name, &mut rng, ModesAgree));
    }
}

/// Rows of docs/failures.md: 16.
#[test]
fn a_witness_is_never_printed() {
    fn silent<C: Circuit + Debug>(instance: &C, digits: &str) {
        assert!(!format!("{instance:?} {:?}", instance.assign()).contains(digits));
    }
    for mut rng in rngs(1) {
        let (claim, showing, given) = (five_fu(&mut rng), donation(&mut rng), gift(&mut rng));
        silent(&claim, &claim.private.sk.to_string());
        silent(&showing, &showing.private.sk.to_string());
        silent(&given, &given.private.sk.to_string());
    }
}

struct Accepted;

impl CircuitVisitor for Accepted {
    type Output = ();

    fn visit<C: Circuit>(self, instance: &C) {
        accepted(instance);
    }
}

/// Every statement of the registry, also one that has no strategy below.
#[test]
fn samples_of_every_statement_satisfy() {
    for mut rng in rngs(2) {
        each(|name| visit_sample(name, &mut rng, Accepted));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]

    #[test]
    fn true_claims_satisfy(claim in arb_five_fu()) {
        accepted(&claim);
    }

    #[test]
    fn true_showings_satisfy(showing in arb_donation()) {
        accepted(&showing);
    }

    #[test]
    fn true_gifts_satisfy(given in arb_gift()) {
        accepted(&given);
    }
}
