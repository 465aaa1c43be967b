//! Compares the prepared engine with arkworks' prover, bit for bit, on small circuits with every
//! kind of shape and witness. `prover/tests/prepared.rs` does so for the statements.
#![allow(clippy::print_stderr, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use ark_bn254::{Bn254, Fr};
use ark_ff::{Field, UniformRand};
use ark_groth16::{
    Groth16, Proof,
    r1cs_to_qap::{LibsnarkReduction, R1CSToQAP},
};
use bn254x8::Backend;
use rand::{SeedableRng as _, rngs::StdRng};
use wufu_circuits::{
    Assignment, Clause, R1cs,
    r1cs::{Builder, Declaration, Mode, Num, Size},
};
use wufu_groth16::{
    EngineError,
    prepared::{DEFAULT_BUDGET, Options, Progress, Queries, Step, Workspaces},
};
use wufu_prover::keys::{rows, values};
use wufu_verifier::groth16::key::Reduction;

use crate::matrices::{CircomReduction, Rows, matrices};

const SMALL: usize = 100_000;

fn rng(seed: u64) -> StdRng {
    StdRng::seed_from_u64(seed)
}

/// A pool of this many threads for one proof.
fn pool(threads: usize) -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap()
}

/// A hand-made circuit and one assignment of it.
fn circuit<const N: usize>(
    public: [Fr; N],
    build: impl FnOnce(&mut Builder, [Num; N]),
) -> (R1cs, Assignment) {
    let (declaration, public) = Declaration::new(Mode::Both, Size::default(), public);
    let mut b = declaration.begin(Clause::F1);
    build(&mut b, public);
    b.finish()
}

/// Chains of fifth powers whose output is public.
pub fn chain(steps: usize, start: Fr) -> (R1cs, Assignment) {
    let mut output = start;
    (0..steps).for_each(|_| output = output.square().square() * output + Fr::ONE);
    circuit([output], |b, [output]| {
        let mut x = b.wire(start);
        for step in 0..steps {
            let square = b.product(&x, &x);
            let fourth = b.product(&square, &square);
            let one = b.constant(Fr::ONE);
            if step + 1 == steps {
                b.row(&fourth, &x, &output.minus(&one));
            } else {
                let next = b.wire(fourth.value() * x.value() + Fr::ONE);
                b.row(&fourth, &x, &next.minus(&one));
                x = next;
            }
        }
    })
}

/// Equal wires, some in no row and some only in B, and repeated rows: points at infinity and equal
/// points.
pub fn awkward(value: Fr) -> (R1cs, Assignment) {
    circuit([value, value], |b, [one, two]| {
        let unused = b.wire(value);
        let _ = unused;
        let zero = b.constant(Fr::from(0u64));
        for _ in 0..3 {
            let x = b.wire(value);
            // Repeating the same combination gives equal points.
            b.row(&x.minus(&one), &two.plus_constant(Fr::from(7u64)), &zero);
            b.row(&zero, &x, &zero);
        }
        b.row(&one.minus(&two), &one.times(Fr::from(3u64)), &zero);
        let square = b.product(&one, &two);
        b.row(&square, &zero, &two.minus(&one).times(-Fr::from(2u64)));
    })
}

/// One circuit and one key: our engine with every backend and budget, and arkworks' engine once.
struct Case<'a> {
    shape: &'a R1cs,
    key: ark_groth16::ProvingKey<Bn254>,
    reduction: Reduction,
}

impl<'a> Case<'a> {
    fn new(shape: &'a R1cs, reduction: Reduction, rng: &mut StdRng) -> Self {
        let circuit = Rows(shape);
        let key = match reduction {
            Reduction::Libsnark => {
                Groth16::<Bn254, LibsnarkReduction>::generate_random_parameters_with_reduction(
                    circuit, rng,
                )
            }
            Reduction::Circom => {
                Groth16::<Bn254, CircomReduction>::generate_random_parameters_with_reduction(
                    circuit, rng,
                )
            }
        };
        Self { shape, key: key.unwrap(), reduction }
    }

    fn theirs(&self, assignment: &Assignment, r: Fr, s: Fr) -> Proof<Bn254> {
        fn prove<Q: R1CSToQAP>(case: &Case<'_>, z: &[Fr], r: Fr, s: Fr) -> Proof<Bn254> {
            Groth16::<Bn254, Q>::create_proof_with_reduction_and_matrices(
                &case.key,
                r,
                s,
                &matrices(case.shape),
                case.shape.public_inputs() + 1,
                case.shape.rows(),
                z,
            )
            .unwrap()
        }
        match self.reduction {
            Reduction::Libsnark => prove::<LibsnarkReduction>(self, assignment.z(), r, s),
            Reduction::Circom => prove::<CircomReduction>(self, assignment.z(), r, s),
        }
    }

    fn prepared(&self, backend: Backend, budget: usize) -> Queries {
        let options = Options { backend, budget };
        Queries::new(&self.key, self.reduction, rows(self.shape), options, &|_| ()).unwrap()
    }
}

/// Compares every backend and budget, with one thread and several, with random blinding and
/// without.
fn equal(shape: &R1cs, assignments: &[&Assignment], budgets: &[usize], rng: &mut StdRng) {
    for reduction in [Reduction::Libsnark, Reduction::Circom] {
        let case = Case::new(shape, reduction, rng);
        let (r, s) = (Fr::rand(rng), Fr::rand(rng));
        let zero = Fr::from(0u64);
        let mut proofs = Vec::new();
        for assignment in assignments {
            assert_eq!(shape.check(assignment.z()), Ok(()));
            for (r, s) in [(r, s), (zero, s), (zero, zero)] {
                proofs.push((*assignment, (r, s), case.theirs(assignment, r, s)));
            }
        }
        for backend in Backend::available() {
            for budget in budgets {
                let ours = case.prepared(backend, *budget);
                let workspaces = Workspaces::new();
                for (assignment, (r, s), theirs) in &proofs {
                    for threads in [1, 3] {
                        let proof = pool(threads)
                            .install(|| ours.prove(values(assignment), *r, *s, &workspaces))
                            .unwrap();
                        let what = (reduction, backend, budget, threads);
                        assert_eq!(proof, *theirs, "{what:?}, {} rows", shape.rows());
                    }
                }
            }
        }
    }
}

#[test]
fn proofs_of_small_circuits_are_those_of_arkworks() {
    let rng = &mut rng(21);
    // One row, and sizes at which the domain grows: rows plus two public wires.
    for steps in [1, 2, 5, 10, 11] {
        let (shape, one) = chain(steps, Fr::rand(rng));
        let (_, two) = chain(steps, Fr::from(0u64));
        let (_, three) = chain(steps, -Fr::ONE);
        equal(&shape, &[&one, &two, &three], &[0, SMALL, DEFAULT_BUDGET], rng);
    }
    let (shape, one) = circuit([Fr::from(6u64)], |b, [six]| {
        let (two, three) = (b.wire(Fr::from(2u64)), b.wire(Fr::from(3u64)));
        b.row(&two, &three, &six);
    });
    assert_eq!(shape.rows(), 1);
    equal(&shape, &[&one], &[0, DEFAULT_BUDGET], rng);
}

#[test]
fn zeros_ones_unused_wires_and_equal_points_are_met() {
    let rng = &mut rng(22);
    let (shape, ones) = awkward(Fr::ONE);
    let (_, zeros) = awkward(Fr::from(0u64));
    let (_, others) = awkward(Fr::rand(rng));
    equal(&shape, &[&ones, &zeros, &others], &[0, SMALL, DEFAULT_BUDGET], rng);
}

/// Chains with these numbers of steps, each with its own key.
fn long(steps: &[usize], seed: u64) {
    let rng = &mut rng(seed);
    for steps in steps {
        let (shape, one) = chain(*steps, Fr::rand(rng));
        let case = Case::new(&shape, Reduction::Libsnark, rng);
        let (r, s) = (Fr::rand(rng), Fr::rand(rng));
        let theirs = case.theirs(&one, r, s);
        let workspaces = Workspaces::new();
        for backend in Backend::available() {
            let ours = case.prepared(backend, DEFAULT_BUDGET);
            assert_eq!(ours.prove(values(&one), r, s, &workspaces).unwrap(), theirs);
            let alone = pool(1).install(|| ours.prove(values(&one), r, s, &workspaces));
            assert_eq!(alone.unwrap(), theirs);
        }
    }
}

#[test]
fn proofs_of_chains_are_those_of_arkworks() {
    long(&[100, 341, 1365], 23);
}

#[test]
fn proofs_of_long_chains_are_those_of_arkworks() {
    if std::env::var_os("WUFU_FULL").is_none() {
        eprintln!("skipped: takes minutes; set WUFU_FULL=1");
        return;
    }
    // 2^17 rows including the public wires, and likewise 2^15 and 2^16.
    long(&[10_922, 21_844, 43_690], 24);
}

#[test]
fn a_false_assignment_is_refused_and_not_revealed() {
    let rng = &mut rng(28);
    let (shape, _) = chain(5, Fr::from(3u64));
    let case = Case::new(&shape, Reduction::Libsnark, rng);
    let ours = case.prepared(Backend::best(), SMALL);
    let workspaces = Workspaces::new();
    // The output of another chain, which makes the last row false.
    let (_, false_one) = circuit([Fr::from(1u64)], |b, [output]| {
        let mut x = b.wire(Fr::from(3u64));
        for step in 0..5 {
            let square = b.product(&x, &x);
            let fourth = b.product(&square, &square);
            let one = b.constant(Fr::ONE);
            if step == 4 {
                b.row(&fourth, &x, &output.minus(&one));
            } else {
                let next = b.wire(fourth.value() * x.value() + Fr::ONE);
                b.row(&fourth, &x, &next.minus(&one));
                x = next;
            }
        }
    });
    assert!(shape.check(false_one.z()).is_err());
    for threads in [1, 2] {
        let refused = pool(threads)
            .install(|| ours.prove(values(&false_one), Fr::from(1u64), Fr::from(1u64), &workspaces))
            .unwrap_err();
        assert!(matches!(refused, EngineError::False { failing: 1, rows: 15 }), "{refused}");
        assert_eq!(refused.to_string(), "the assignment does not satisfy 1 of 15 rows");
    }
    // An assignment of another circuit.
    let (_, longer) = chain(6, Fr::from(3u64));
    let refused =
        ours.prove(values(&longer), Fr::from(1u64), Fr::from(1u64), &workspaces).unwrap_err();
    assert!(matches!(refused, EngineError::Wires { .. }), "{refused}");
    // The right number of wires, but no rows.
    let (none, other) = circuit([Fr::from(0u64)], |b, _| {
        for _ in 0..15 {
            b.wire(Fr::from(0u64));
        }
    });
    assert_eq!((none.wires(), none.rows()), (shape.wires(), 0));
    let refused =
        ours.prove(values(&other), Fr::from(1u64), Fr::from(1u64), &workspaces).unwrap_err();
    assert!(matches!(refused, EngineError::Rows { got: 0, expected: 15 }), "{refused}");
}

#[test]
fn a_key_of_another_circuit_is_not_prepared() {
    let rng = &mut rng(29);
    let ((five, _), (six, _)) = (chain(5, Fr::ONE), chain(6, Fr::ONE));
    let case = Case::new(&five, Reduction::Libsnark, rng);
    let options = Options::default();
    let refused = Queries::new(&case.key, Reduction::Libsnark, rows(&six), options, &|_| ());
    assert!(refused.is_err_and(|error| error.to_string().contains("points in A")));
    let refused = Queries::new(&case.key, Reduction::Circom, rows(&five), options, &|_| ());
    assert!(refused.is_err_and(|error| error.to_string().contains("points in H")));
}

#[test]
fn preparing_tells_how_far_it_is() {
    let rng = &mut rng(30);
    let (shape, _) = chain(40, Fr::ONE);
    let case = Case::new(&shape, Reduction::Libsnark, rng);
    let told = std::sync::Mutex::new(Vec::new());
    let tell = |progress: Progress| told.lock().unwrap().push(progress);
    Queries::new(&case.key, Reduction::Libsnark, rows(&shape), Options::default(), &tell).unwrap();
    let told = told.into_inner().unwrap();
    let points: Vec<&Progress> = told.iter().filter(|told| told.step == Step::Points).collect();
    assert_eq!(points[0].done, 0);
    let most = points.iter().map(|told| told.done).max();
    assert_eq!(most, Some(points[0].total), "the announced total is not the work that was done");
    assert!(told.iter().all(|told| told.done <= told.total));
}

#[test]
fn many_proofs_at_once_do_not_disturb_each_other() {
    let rng = &mut rng(31);
    let (shape, _) = chain(20, Fr::ONE);
    let case = Case::new(&shape, Reduction::Libsnark, rng);
    let ours = case.prepared(Backend::best(), SMALL);
    let workspaces = Workspaces::new();
    let assignments: Vec<Assignment> = (0..16).map(|k| chain(20, Fr::from(k)).1).collect();
    std::thread::scope(|scope| {
        for assignment in &assignments {
            let (ours, case, workspaces) = (&ours, &case, &workspaces);
            scope.spawn(move || {
                let (r, s) = (Fr::from(5u64), Fr::from(9u64));
                let proof =
                    pool(1).install(|| ours.prove(values(assignment), r, s, workspaces)).unwrap();
                assert_eq!(proof, case.theirs(assignment, r, s));
            });
        }
    });
}

/// The right numbers of wires and rows, but one public input more: the first private wire would be
/// treated as public.
#[test]
fn a_wrong_number_of_public_inputs_is_not_proved() {
    let steps = 5;
    let start = Fr::from(3u64);
    let (shape, _) = chain(steps, start);
    let mut output = start;
    (0..steps).for_each(|_| output = output.square().square() * output + Fr::ONE);
    let (other, assignment) = circuit([output, start], |b, [output, start]| {
        let mut x = start;
        for step in 0..steps {
            let square = b.product(&x, &x);
            let fourth = b.product(&square, &square);
            let one = b.constant(Fr::ONE);
            if step + 1 == steps {
                b.row(&fourth, &x, &output.minus(&one));
            } else {
                let next = b.wire(fourth.value() * x.value() + Fr::ONE);
                b.row(&fourth, &x, &next.minus(&one));
                x = next;
            }
        }
    });
    assert_eq!((other.wires(), other.rows()), (shape.wires(), shape.rows()));
    let case = Case::new(&shape, Reduction::Libsnark, &mut rng(51));
    let ours = case.prepared(Backend::best(), 0);
    let (r, s) = (Fr::from(1u64), Fr::from(2u64));
    let refused = ours.prove(values(&assignment), r, s, &Workspaces::new()).unwrap_err();
    assert!(matches!(refused, EngineError::Public { got: 2, expected: 1 }), "{refused}");
}
