//! A key's points, prepared, and the proofs that are made of them.

use std::{ops::Range, sync::OnceLock};

use ark_bn254::{Bn254, Fr, G1Affine, G1Projective, G2Affine, G2Projective};
use ark_ec::CurveGroup;
use ark_ff::{BigInt, PrimeField};
use ark_groth16::Proof;
use bn254x8::{
    Backend, G1, G2, Group, Ntt, Table,
    msm::{Shape, Sum, msm_both},
};
use rayon::prelude::*;
use wufu_circuits::r1cs::{Assignment, R1cs};
use wufu_verifier::key::Reduction;

use super::{
    Options, PrepareError, Progress, Step,
    budget::{self, Shapes},
    fold::{self, Bases, Folded, Sizes},
    progress::Counter,
    schedule::{self, Part},
    workspace::{Sums, Whole, Workspaces},
};
use crate::engine::EngineError;

/// Bases and which scalar each is multiplied by.
pub(super) struct Query<G: Group> {
    pub(super) map: Vec<u32>,
    pub(super) table: Table<G>,
}

/// The points that enter a proof once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Single {
    pub(super) alpha: G1Affine,
    pub(super) beta_g1: G1Affine,
    pub(super) beta_g2: G2Affine,
    pub(super) delta_g1: G1Affine,
    pub(super) delta_g2: G2Affine,
}

/// Everything of a proving key that proofs need, in the form in which they need it. It never changes.
///
/// It knows no circuit by name: [`PreparedKey`](super::PreparedKey) does.
pub struct Queries {
    pub(super) sizes: Sizes,
    pub(super) single: Single,
    pub(super) a: Query<G1>,
    pub(super) b1: Query<G1>,
    pub(super) b2: Query<G2>,
    pub(super) lh: Query<G1>,
    /// Whether both sums of B are over the same wires, as they are but in a key that somebody made up.
    joint: bool,
    shift: Fr,
    /// Made by the first proof: its constants take longer than to load a key may.
    ntt: OnceLock<Ntt>,
}

impl<G: Group> Query<G> {
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

    /// The sum over a range of bases.
    fn sum(
        &self,
        range: Range<usize>,
        scalar: impl Fn(u32) -> BigInt<4>,
        sums: &mut Sums<G>,
    ) -> Result<Sum<G>, EngineError> {
        if range.is_empty() {
            return Ok(Sum::<G>::default());
        }
        sums.gather(&self.map[range.clone()], scalar);
        Ok(self.table.msm(range, &sums.scalars, &mut sums.scratch)?)
    }
}

/// The sums of B in both groups over the same bases.
fn sum_both(
    (one, two): (&Query<G1>, &Query<G2>),
    range: Range<usize>,
    scalar: impl Fn(u32) -> BigInt<4>,
    (g1, g2): (&mut Sums<G1>, &mut Sums<G2>),
) -> Result<(G1Projective, G2Projective), EngineError> {
    if range.is_empty() {
        return Ok(Default::default());
    }
    g1.gather(&one.map[range.clone()], scalar);
    let scratch = (&mut g1.scratch, &mut g2.scratch);
    Ok(msm_both((&one.table, &two.table), range, &g1.scalars, scratch)?)
}

/// The four sums of a proof.
#[derive(Clone, Copy, Default)]
struct Totals {
    a: G1Projective,
    b1: G1Projective,
    b2: G2Projective,
    lh: G1Projective,
}

impl Queries {
    /// Prepares arkworks' points of a circuit's key.
    ///
    /// # Shapes
    /// The H query is that of `reduction`: powers of the secret for libsnark's (one fewer than the domain), points of the coset
    /// for circom's (as many as the domain), as in a `.zkey`.
    ///
    /// # Errors
    /// When the points are not as many as the circuit needs, or the backend is not there.
    ///
    /// # Cost
    /// Two Fourier transforms of points, seconds for Five Fu, on all threads; then the tables.
    pub fn new(
        key: &ark_groth16::ProvingKey<Bn254>,
        reduction: Reduction,
        circuit: &R1cs,
        options: Options,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<Self, PrepareError> {
        let Options { backend, budget } = options;
        let sizes = Sizes::new(circuit.rows(), circuit.wires(), circuit.public_inputs() + 1);
        let [_, _, c] = circuit.matrices();
        let counter = Counter::new(Step::Points, fold::cost(sizes, reduction, c), progress);
        let Folded { a, b1, b2, lh } = fold::fold(key, reduction, sizes, c, &counter.tick())?;

        let shapes = budget::shapes([a.len(), b1.len(), b2.len(), lh.len()], budget);
        let rows = shapes.iter().map(|shape| shape.bases * shape.levels() as usize).sum();
        let counter = Counter::new(Step::Tables, rows, progress);
        let tick = &counter.tick();
        Self::assemble(
            sizes,
            reduction,
            Single {
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
        single: Single,
        a: Query<G1>,
        b1: Query<G1>,
        b2: Query<G2>,
        lh: Query<G1>,
    ) -> Result<Self, PrepareError> {
        let shift = sizes.shift(reduction).ok_or(PrepareError::Domain)?;
        let joint = b1.map == b2.map;
        Ok(Self { sizes, single, a, b1, b2, lh, joint, shift, ntt: OnceLock::new() })
    }

    /// The instructions that proofs are made with.
    pub fn backend(&self) -> Backend {
        self.a.table.backend()
    }

    /// Rows of the circuit.
    pub fn rows(&self) -> usize {
        self.sizes.rows
    }

    /// The shapes of the tables: A, B in G1, B in G2, L with H.
    pub fn shapes(&self) -> [Shape; 4] {
        [self.a.table.shape(), self.b1.table.shape(), self.b2.table.shape(), self.lh.table.shape()]
    }

    /// Bytes of the tables.
    pub fn table_bytes(&self) -> usize {
        let shapes: Shapes = self.shapes();
        let row = |query: usize| if query == 2 { G2::ROW } else { G1::ROW };
        (0..4).map(|query| shapes[query].bases * shapes[query].levels() as usize * row(query)).sum()
    }

    /// The proof of an assignment, blinded by `r` and `s`: bit for bit that of `ark-groth16` with the same reduction.
    ///
    /// # Errors
    /// When the assignment is of another circuit, or does not satisfy a row. Then no sum was begun.
    ///
    /// # Cost
    /// Four transforms and four sums, on as many threads as the rayon pool has that it is called in. Memory comes from
    /// `workspaces`.
    pub fn prove(
        &self,
        assignment: &Assignment,
        r: Fr,
        s: Fr,
        workspaces: &Workspaces,
    ) -> Result<Proof<Bn254>, EngineError> {
        self.check(assignment)?;
        let mut lent = workspaces.whole();
        let whole = lent.get();
        whole.a.clear();
        whole.a.reserve_exact(self.sizes.rows + self.sizes.public);
        whole.a.extend_from_slice(assignment.az());
        whole.a.extend_from_slice(&assignment.z()[..self.sizes.public]);
        whole.wires.clear();
        whole.wires.reserve_exact(self.sizes.wires);
        whole.wires.extend(assignment.z().iter().map(|value| value.into_bigint()));
        whole.products.resize(self.sizes.domain(), BigInt::default());

        let totals = if rayon::current_num_threads() > 1 {
            self.totals_on_all_threads(assignment.bz(), whole, workspaces)?
        } else {
            self.totals_on_one_thread(assignment.bz(), whole, workspaces)?
        };
        drop(lent);

        let Single { alpha, beta_g1, beta_g2, delta_g1, delta_g2 } = self.single;
        let a = totals.a + alpha + delta_g1 * r;
        let b1 = totals.b1 + beta_g1 + delta_g1 * s;
        let b2 = totals.b2 + beta_g2 + delta_g2 * s;
        let c = totals.lh + a * s + b1 * r - delta_g1 * (r * s);
        Ok(Proof { a: a.into_affine(), b: b2.into_affine(), c: c.into_affine() })
    }

    /// Refuses an assignment that is not of this circuit or not true.
    fn check(&self, assignment: &Assignment) -> Result<(), EngineError> {
        let Sizes { rows, wires, public, .. } = self.sizes;
        let got = assignment.z().len();
        if got != wires || assignment.public().len() + 1 != public {
            return Err(EngineError::Wires { got, expected: wires });
        }
        let [az, bz, cz] = [assignment.az(), assignment.bz(), assignment.cz()];
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

    fn ntt(&self) -> Result<&Ntt, EngineError> {
        if let Some(ntt) = self.ntt.get() {
            return Ok(ntt);
        }
        let ntt = Ntt::new(self.backend(), self.sizes.domain_log2, self.shift)?;
        // Who comes second finds the one of who came first.
        Ok(self.ntt.get_or_init(|| ntt))
    }

    /// The scalar that goes with a base: a wire, or a product.
    fn scalar(&self, wires: &[BigInt<4>], products: &[BigInt<4>], at: u32) -> BigInt<4> {
        let at = at as usize;
        if at < wires.len() { wires[at] } else { products[at - wires.len()] }
    }

    fn totals_on_one_thread(
        &self,
        b: &[Fr],
        whole: &mut Whole,
        workspaces: &Workspaces,
    ) -> Result<Totals, EngineError> {
        let Whole { a, wires, products } = whole;
        self.ntt()?.coset_products(a, b, products)?;
        let scalar = |at: u32| self.scalar(wires, products, at);
        let (mut g1, mut g2) = (workspaces.g1(), workspaces.g2());
        let (g1, g2) = (g1.get(), g2.get());
        let (b1, b2) = if self.joint {
            sum_both((&self.b1, &self.b2), 0..self.b1.map.len(), scalar, (g1, g2))?
        } else {
            let b1 = self.b1.sum(0..self.b1.map.len(), scalar, g1)?;
            (b1, self.b2.sum(0..self.b2.map.len(), scalar, g2)?)
        };
        Ok(Totals {
            a: self.a.sum(0..self.a.map.len(), scalar, g1)?,
            b1,
            b2,
            lh: self.lh.sum(0..self.lh.map.len(), scalar, g1)?,
        })
    }

    /// The same in parts, the largest first. Those that need the transforms begin when these are done.
    fn totals_on_all_threads(
        &self,
        b: &[Fr],
        whole: &mut Whole,
        workspaces: &Workspaces,
    ) -> Result<Totals, EngineError> {
        let Whole { a, wires, products } = whole;
        let wires: &[BigInt<4>] = wires;
        let of_wires = self.lh.map.partition_point(|at| (*at as usize) < wires.len());
        let threads = rayon::current_num_threads();
        let [early, late] = schedule::parts(&self.shapes(), of_wires, threads, self.joint);
        let done = schedule::Done::default();
        let done = &done;
        let sum = move |part: Part, products: &[BigInt<4>]| -> Result<Totals, EngineError> {
            let scalar = |at: u32| self.scalar(wires, products, at);
            let mut totals = Totals::default();
            let range = part.range;
            match part.query {
                0 => totals.a = self.a.sum(range, scalar, workspaces.g1().get())?,
                1 if self.joint => {
                    let (mut g1, mut g2) = (workspaces.g1(), workspaces.g2());
                    let queries = (&self.b1, &self.b2);
                    let sums = (g1.get(), g2.get());
                    (totals.b1, totals.b2) = sum_both(queries, range, scalar, sums)?;
                }
                1 => totals.b1 = self.b1.sum(range, scalar, workspaces.g1().get())?,
                2 => totals.b2 = self.b2.sum(range, scalar, workspaces.g2().get())?,
                _ => totals.lh = self.lh.sum(range, scalar, workspaces.g1().get())?,
            }
            Ok(totals)
        };
        rayon::scope_fifo(|scope| {
            scope.spawn_fifo(move |scope| {
                let made = self.ntt().and_then(|ntt| Ok(ntt.coset_products(a, b, products)?));
                if let Err(error) = made {
                    return done.put(Err(error));
                }
                let products: &[BigInt<4>] = products;
                for part in late {
                    scope.spawn_fifo(move |_| done.put(sum(part, products)));
                }
            });
            for part in early {
                scope.spawn_fifo(move |_| done.put(sum(part, &[])));
            }
        });
        done.take().try_fold(Totals::default(), |sum, part| {
            let part = part?;
            Ok(Totals {
                a: sum.a + part.a,
                b1: sum.b1 + part.b1,
                b2: sum.b2 + part.b2,
                lh: sum.lh + part.lh,
            })
        })
    }
}
