//! The subjects of the comparison: circuits, keys and witnesses.

use anyhow::Context as _;
use ark_bn254::{Bn254, Fr};
use ark_ff::Field as _;
use ark_groth16::{Groth16, ProvingKey as ArkKey};
use ark_relations::{
    gr1cs::{
        ConstraintSynthesizer, ConstraintSystemRef, LinearCombination, Result as R1csResult,
        Variable,
    },
    utils::matrix::Matrix,
};
use bn254x8::Backend;
use rand::rngs::StdRng;
use wufu_analysis::samples::{donation, five_fu};
use wufu_circuits::{
    Assignment, Circuit, Clause, R1cs,
    r1cs::{self, Declaration, Mode, Size},
};
use wufu_groth16::{
    PreparedKey, ProvingKey,
    prepared::{DEFAULT_BUDGET, Options, Queries},
};
use wufu_prover::{keys, setup};
use wufu_verifier::{VerifyingKey, groth16::key::Reduction};

/// A circuit, its key and a way to compute its witness.
pub struct Subject {
    pub name: &'static str,
    pub shape: R1cs,
    pub matrices: [Matrix<Fr>; 3],
    pub key: ArkKey<Bn254>,
    pub assign: Box<dyn Fn() -> Assignment + Sync>,
    /// For our own circuits.
    named: Option<ProvingKey>,
}

impl Subject {
    /// Our engine's points.
    pub fn queries(&self, backend: Backend) -> anyhow::Result<Queries> {
        let options = Options { backend, budget: DEFAULT_BUDGET };
        Ok(Queries::new(&self.key, Reduction::Libsnark, keys::rows(&self.shape), options, &|_| ())?)
    }

    /// Our engine's key.
    pub fn prepared_key(&self) -> anyhow::Result<PreparedKey> {
        let key = self.named.as_ref().context("the circuit is none of ours")?;
        Ok(keys::prepare(key, Options::default(), &|_| ())?)
    }

    /// The verifying key, if the circuit is ours.
    pub fn verifying(&self) -> Option<&VerifyingKey> {
        self.named.as_ref().map(ProvingKey::verifying_key)
    }
}

/// Five Fu and Donation.
pub fn statements(rng: &mut StdRng) -> anyhow::Result<[Subject; 2]> {
    let (claim, showing) = (five_fu(rng), donation(rng));
    Ok([statement(claim, "five-fu", rng)?, statement(showing, "donation", rng)?])
}

fn statement<C: Circuit + Sync + Send + 'static>(
    instance: C,
    name: &'static str,
    rng: &mut StdRng,
) -> anyhow::Result<Subject> {
    let shape = C::shape();
    let key = setup::development(C::NAME, rng)?;
    Ok(Subject {
        name,
        matrices: matrices(&shape),
        shape,
        key: key.points().clone(),
        assign: Box::new(move || instance.assign()),
        named: Some(key),
    })
}

/// A chain of x^5, three rows for each step, and a last row that makes the result public.
pub fn chain(steps: usize, rng: &mut StdRng) -> anyhow::Result<Subject> {
    let start = Fr::from(7u64);
    let mut end = start;
    (0..steps).for_each(|_| end = end.square().square() * end);
    let run = move |mode: Mode| {
        // One, the output, the start, and three wires for each step.
        let size = Size { rows: 3 * steps + 1, wires: 3 * steps + 3 };
        let (mut declaration, [output]) = Declaration::new(mode, size, [end]);
        let mut x = declaration.private(start);
        let mut b = declaration.begin(Clause::F1);
        for _ in 0..steps {
            let square = b.product(&x, &x);
            let fourth = b.product(&square, &square);
            x = b.product(&fourth, &x);
        }
        let one = b.constant(Fr::ONE);
        b.row(&x, &one, &output);
        b.finish()
    };
    let (shape, assignment) = run(Mode::Both);
    anyhow::ensure!(shape.check(assignment.z()).is_ok(), "the chain is false");
    let synthesis = Synthesis { shape: &shape, z: None };
    let key = Groth16::<Bn254>::generate_random_parameters_with_reduction(synthesis, rng)?;
    Ok(Subject {
        name: "chain",
        matrices: matrices(&shape),
        shape,
        key,
        assign: Box::new(move || run(Mode::Witness).1),
        named: None,
    })
}

fn matrices(shape: &R1cs) -> [Matrix<Fr>; 3] {
    shape.matrices().map(|matrix| {
        let row = |row: &[(u32, Fr)]| row.iter().map(|(wire, k)| (*k, *wire as usize)).collect();
        matrix.rows().map(row).collect()
    })
}

/// A circuit for arkworks, with or without values.
pub struct Synthesis<'a> {
    pub shape: &'a R1cs,
    pub z: Option<&'a [Fr]>,
}

impl ConstraintSynthesizer<Fr> for Synthesis<'_> {
    fn generate_constraints(self, cs: ConstraintSystemRef<Fr>) -> R1csResult<()> {
        let value = |wire: usize| self.z.map_or(Fr::default(), |z| z[wire]);
        let mut wires = vec![Variable::One];
        for wire in 1..=self.shape.public_inputs() {
            wires.push(cs.new_input_variable(|| Ok(value(wire)))?);
        }
        for wire in wires.len()..self.shape.wires() {
            wires.push(cs.new_witness_variable(|| Ok(value(wire)))?);
        }
        let combination = |matrix: &r1cs::Matrix, row: usize| {
            let terms = matrix.row(row).iter();
            LinearCombination(terms.map(|(wire, k)| (*k, wires[*wire as usize])).collect())
        };
        let [a, b, c] = self.shape.matrices();
        for row in 0..self.shape.rows() {
            cs.enforce_r1cs_constraint(
                || combination(a, row),
                || combination(b, row),
                || combination(c, row),
            )?;
        }
        Ok(())
    }
}
