//! A key's prepared points, and the proofs that are made with them.

use std::{
    collections::BTreeMap,
    sync::{Mutex, OnceLock},
};

use ark_bn254::{Bn254, Fr, G1Affine, G2Affine};
use ark_ec::CurveGroup;
use ark_ff::{BigInt, PrimeField};
use ark_groth16::Proof;
use bn254x8::{Backend, G1, G2, Group, Ntt, Scratch, Table, msm::Shape};
use rayon::prelude::*;
use wufu_verifier::groth16::key::Reduction;

use super::{
    Options, PrepareError, Progress, Step,
    budget::{self, Shapes},
    fold::{self, Bases, FoldedBases, Sizes},
    progress::Counter,
    schedule::Part,
    workspace::Workspaces,
};
use crate::{AssignmentRef, EngineError, R1csRef};

/// Bases, and for each the index of its scalar.
pub(super) struct Query<G: Group> {
    pub(super) map: Vec<u32>,
    pub(super) table: Table<G>,
}

/// The points that enter each proof once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SinglePoints {
    pub(super) alpha: G1Affine,
    pub(super) beta_g1: G1Affine,
    pub(super) beta_g2: G2Affine,
    pub(super) delta_g1: G1Affine,
    pub(super) delta_g2: G2Affine,
}

/// The parts of a proving key that proofs need, in the form in which they need it. Immutable.
///
/// It does not identify its circuit; [`PreparedKey`](super::PreparedKey) does.
pub struct Queries {
    pub(super) sizes: Sizes,
    pub(super) single: SinglePoints,
    pub(super) a: Query<G1>,
    pub(super) b1: Query<G1>,
    pub(super) b2: Query<G2>,
    pub(super) lh: Query<G1>,
    /// Whether both sums of B are over the same wires. Only a made-up key has different ones.
    pub(super) joint: bool,
    shift: Fr,
    /// Computed by the first proof, because computing its constants would make loading a key too
    /// slow.
    ntt: OnceLock<Ntt>,
    /// The schedule of a proof, by number of threads, number of wires, and whether transforms are
    /// needed.
    pub(super) parts: Mutex<BTreeMap<(usize, usize, bool), Vec<Part>>>,
}

/// The points by which the value of one wire is multiplied in the four sums of a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WireBases {
    /// The point in A.
    pub a: G1Affine,
    /// The point in B over G1.
    pub b1: G1Affine,
    /// The point in B over G2.
    pub b2: G2Affine,
    /// The point in L with H.
    pub lh: G1Affine,
}

impl<G: Group> Query<G> {
    /// The point by which a wire is multiplied.
    fn base(&self, wire: u32) -> Result<G::Affine, EngineError> {
        let Ok(at) = self.map.binary_search(&wire) else {
            return Ok(G::Affine::default());
        };
        let one = [BigInt::from(1u64)];
        Ok(self.table.msm(at..at + 1, &one, &mut Scratch::new())?.into_affine())
    }

    fn new(
        backend: Backend,
        shape: Shape,
        bases: Bases<G::Affine>,
        tick: &(dyn Fn(usize) + Sync),
    ) -> Result<Self, PrepareError> {
        let (map, points): (Vec<u32>, Vec<G::Affine>) = bases.into_iter().unzip();
        let table = Table::new(backend, shape, &points, tick)?;
        Ok(Self { map, table })
    }
}

impl Queries {
    /// Prepares the points of an arkworks key.
    ///
    /// # Shapes
    /// The H query must fit `reduction`: powers of the secret for libsnark's (one fewer than the
    /// domain), points of the coset for circom's (as many as the domain), as in a `.zkey`.
    ///
    /// # Errors
    /// Returns an error if the number of points is wrong, or if the backend is not available.
    ///
    /// # Cost
    /// Two Fourier transforms of points, which take seconds for Five Fu on all threads, and then
    /// the tables.
    pub fn new(
        key: &ark_groth16::ProvingKey<Bn254>,
        reduction: Reduction,
        rows: R1csRef<'_>,
        options: Options,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<Self, PrepareError> {
        let Options { backend, budget } = options;
        let sizes = Sizes::new(rows.rows(), rows.wires, rows.public_inputs + 1);
        let [_, _, c] = rows.matrices;
        let counter = Counter::new(Step::Points, fold::cost(sizes, reduction, c), progress);
        let FoldedBases { a, b1, b2, lh } =
            fold::fold(backend, key, reduction, sizes, c, &counter.tick())?;

        let shapes = budget::shapes([a.len(), b1.len(), b2.len(), lh.len()], budget);
        let points = shapes.iter().map(|shape| shape.bases * shape.levels() as usize).sum();
        let counter = Counter::new(Step::Tables, points, progress);
        let tick = &counter.tick();
        Self::assemble(
            sizes,
            reduction,
            SinglePoints {
                alpha: key.vk.alpha_g1,
                beta_g1: key.beta_g1,
                beta_g2: key.vk.beta_g2,
                delta_g1: key.delta_g1,
                delta_g2: key.vk.delta_g2,
            },
            Query::new(backend, shapes[0], a, tick)?,
            Query::new(backend, shapes[1], b1, tick)?,
            Query::new(backend, shapes[2], b2, tick)?,
            Query::new(backend, shapes[3], lh, tick)?,
        )
    }

    pub(super) fn assemble(
        sizes: Sizes,
        reduction: Reduction,
        single: SinglePoints,
        a: Query<G1>,
        b1: Query<G1>,
        b2: Query<G2>,
        lh: Query<G1>,
    ) -> Result<Self, PrepareError> {
        let shift = sizes.shift(reduction).ok_or(PrepareError::Domain)?;
        let joint = b1.map == b2.map;
        let (ntt, parts) = (OnceLock::new(), Mutex::default());
        Ok(Self { sizes, single, a, b1, b2, lh, joint, shift, ntt, parts })
    }

    /// The backend that computes proofs.
    pub fn backend(&self) -> Backend {
        self.a.table.backend()
    }

    /// Number of rows in the circuit.
    pub fn rows(&self) -> usize {
        self.sizes.rows
    }

    /// The shapes of the tables: A, B in G1, B in G2, L with H.
    pub fn shapes(&self) -> [Shape; 4] {
        [self.a.table.shape(), self.b1.table.shape(), self.b2.table.shape(), self.lh.table.shape()]
    }

    /// Size of all tables in bytes.
    pub fn table_bytes(&self) -> usize {
        let shapes: Shapes = self.shapes();
        let row = |query: usize| if query == 2 { G2::ROW } else { G1::ROW };
        (0..4).map(|query| shapes[query].bases * shapes[query].levels() as usize * row(query)).sum()
    }

    /// `beta` and `delta` in G1, which blind a proof.
    pub fn beta_delta_g1(&self) -> [G1Affine; 2] {
        [self.single.beta_g1, self.single.delta_g1]
    }

    /// The bases of the public wires, the constant one first.
    ///
    /// # Errors
    /// Returns an error if a base cannot be read, which is our bug.
    pub fn public_bases(&self) -> Result<Vec<WireBases>, EngineError> {
        let bases = |wire: u32| {
            Ok(WireBases {
                a: self.a.base(wire)?,
                b1: self.b1.base(wire)?,
                b2: self.b2.base(wire)?,
                lh: self.lh.base(wire)?,
            })
        };
        (0..).take(self.sizes.public).map(bases).collect()
    }

    /// Proves an assignment, blinded by `r` and `s`. The proof is bit for bit that of `ark-groth16`
    /// with the same reduction.
    ///
    /// # Errors
    /// Returns an error if the assignment belongs to another circuit or does not satisfy a row. No
    /// sum is started then.
    ///
    /// # Cost
    /// Four transforms and four sums, on all threads of the current rayon pool. Memory comes from
    /// `workspaces`.
    pub fn prove(
        &self,
        assignment: AssignmentRef<'_>,
        r: Fr,
        s: Fr,
        workspaces: &Workspaces,
    ) -> Result<Proof<Bn254>, EngineError> {
        self.check(assignment)?;
        let mut lent = workspaces.proof();
        let workspace = lent.get();
        workspace.a.clear();
        workspace.a.reserve_exact(self.sizes.rows + self.sizes.public);
        workspace.a.extend_from_slice(assignment.az);
        workspace.a.extend_from_slice(&assignment.z[..self.sizes.public]);
        workspace.wires.clear();
        workspace.wires.reserve_exact(self.sizes.wires);
        workspace.wires.extend(assignment.z.iter().map(|value| value.into_bigint()));
        workspace.products.resize(self.sizes.domain(), BigInt::default());

        let sums = self.proof_sums(Some(assignment.bz), workspace, workspaces)?;
        drop(lent);

        let SinglePoints { alpha, beta_g1, beta_g2, delta_g1, delta_g2 } = self.single;
        let a = sums.a + alpha + delta_g1 * r;
        let b1 = sums.b1 + beta_g1 + delta_g1 * s;
        let b2 = sums.b2 + beta_g2 + delta_g2 * s;
        let c = sums.lh + a * s + b1 * r - delta_g1 * (r * s);
        Ok(Proof { a: a.into_affine(), b: b2.into_affine(), c: c.into_affine() })
    }

    /// Rejects an assignment that is false or belongs to another circuit.
    fn check(&self, assignment: AssignmentRef<'_>) -> Result<(), EngineError> {
        let Sizes { rows, wires, public, .. } = self.sizes;
        let got = assignment.z.len();
        if got != wires {
            return Err(EngineError::Wires { got, expected: wires });
        }
        let (got, expected) = (assignment.public_inputs, public - 1);
        if got != expected {
            return Err(EngineError::Public { got, expected });
        }
        let [az, bz, cz] = [assignment.az, assignment.bz, assignment.cz];
        for column in [az, bz, cz] {
            if column.len() != rows {
                return Err(EngineError::Rows { got: column.len(), expected: rows });
            }
        }
        let wrong = |at: &usize| az[*at] * bz[*at] != cz[*at];
        let failing = if rayon::current_num_threads() > 1 {
            (0..rows).into_par_iter().with_min_len(4096).filter(wrong).count()
        } else {
            (0..rows).filter(wrong).count()
        };
        if failing > 0 {
            return Err(EngineError::False { failing, rows });
        }
        Ok(())
    }

    pub(super) fn ntt(&self) -> Result<&Ntt, EngineError> {
        if let Some(ntt) = self.ntt.get() {
            return Ok(ntt);
        }
        let ntt = Ntt::new(self.backend(), self.sizes.domain_log2, self.shift)?;
        // A second caller gets the value that the first one stored.
        Ok(self.ntt.get_or_init(|| ntt))
    }
}
