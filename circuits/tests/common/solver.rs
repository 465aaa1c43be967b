//! Wires as somebody would choose them who wants a false statement to pass.

use ark_bn254::Fr;
use ark_ff::Field;
use wufu_circuits::{R1cs, r1cs::Matrix};

/// How the wires of a circuit follow from the declared inputs.
///
/// An honest prover gives every wire the value that it should have. A row that computes into a
/// stray wire, compared with nothing, then looks like one that computes into what is claimed. Here
/// only the declared inputs come from the prover; every other wire is computed from the rows.
pub struct Solver {
    // A row, the wire that it gives, and the inverse of the wire's coefficient in C; each after
    // those it needs.
    steps: Vec<(usize, usize, Fr)>,
    // Wires that no row gives.
    free: Vec<usize>,
}

impl Solver {
    /// Solves each wire from the first row in which it alone is open and stands in C. When no row
    /// is left that gives one, the first open wire is taken as free.
    pub fn new(shape: &R1cs) -> Self {
        Self::from_known(shape, &vec![true; 1 + shape.public_inputs() + shape.private_inputs()])
    }

    /// As [`Solver::new`], starting from the wires that are `known`.
    pub fn from_known(shape: &R1cs, known: &[bool]) -> Self {
        let known = known.iter().copied().chain(std::iter::repeat(false));
        let mut known: Vec<bool> = known.take(shape.wires()).collect();
        let mut rows: Vec<usize> = (0..shape.rows()).collect();
        let (mut steps, mut free) = (Vec::new(), Vec::new());
        let [a, b, c] = shape.matrices();
        loop {
            let before = steps.len();
            rows.retain(|row| {
                let open = |matrix: &Matrix| {
                    let mut terms = matrix.row(*row).iter().filter(|(w, _)| !known[*w as usize]);
                    (terms.next().copied(), terms.next().is_some())
                };
                match [open(a), open(b), open(c)] {
                    [(None, _), (None, _), (None, _)] => false,
                    [(None, _), (None, _), (Some((wire, factor)), false)] => {
                        let wire = wire as usize;
                        known[wire] = true;
                        steps.push((*row, wire, factor.inverse().unwrap()));
                        false
                    }
                    _ => true,
                }
            });
            if steps.len() > before {
                continue;
            }
            let Some(wire) = known.iter().position(|known| !known) else {
                return Self { steps, free };
            };
            known[wire] = true;
            free.push(wire);
        }
    }

    /// The wires that no row gives. Unless all of them are constrained otherwise, the circuit has a
    /// second witness.
    pub fn free(&self) -> &[usize] {
        &self.free
    }

    /// Computes all wires from the declared inputs and free wires of `honest`.
    pub fn solve(&self, shape: &R1cs, honest: &[Fr]) -> Vec<Fr> {
        self.solve_with(shape, honest, 0, Fr::ONE)
    }

    /// As [`Solver::solve`], with one wire held at a value whatever the rows say.
    pub fn solve_with(&self, shape: &R1cs, honest: &[Fr], held: usize, value: Fr) -> Vec<Fr> {
        let mut z = honest.to_vec();
        z[held] = value;
        for (row, wire, inverse) in self.steps.iter().filter(|(_, wire, _)| *wire != held) {
            let sum = |m: &Matrix| m.row(*row).iter().map(|(w, k)| z[*w as usize] * k).sum::<Fr>();
            let [a, b, c] = shape.matrices().map(sum);
            z[*wire] += (a * b - c) * inverse;
        }
        z
    }
}
