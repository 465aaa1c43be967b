//! The four sums of a proof, on one thread or on all.

use std::ops::Range;

use ark_bn254::{Fr, G1Projective, G2Projective};
use ark_ff::BigInt;
use bn254x8::{
    G1, G2, Group,
    msm::{Sum, msm_both},
};

use super::{
    queries::{Queries, Query},
    schedule::{self, Part},
    workspace::{Sums, Whole, Workspaces},
};
use crate::engine::EngineError;

/// The four sums of a proof.
#[derive(Clone, Copy, Default)]
pub(super) struct Totals {
    pub(super) a: G1Projective,
    pub(super) b1: G1Projective,
    pub(super) b2: G2Projective,
    pub(super) lh: G1Projective,
}

impl Queries {
    /// The scalar that goes with a base: a wire, or a product.
    fn scalar(&self, wires: &[BigInt<4>], products: &[BigInt<4>], at: u32) -> BigInt<4> {
        let at = at as usize;
        if at < wires.len() { wires[at] } else { products[at - wires.len()] }
    }

    /// The sums over the wires, and over the products: those of the rows' factors where `b` gives the second ones, else those that are
    /// there. On as many threads as the pool has that it is called in.
    pub(super) fn totals(
        &self,
        b: Option<&[Fr]>,
        whole: &mut Whole,
        workspaces: &Workspaces,
    ) -> Result<Totals, EngineError> {
        if rayon::current_num_threads() > 1 {
            self.totals_on_all_threads(b, whole, workspaces)
        } else {
            self.totals_on_one_thread(b, whole, workspaces)
        }
    }

    fn totals_on_one_thread(
        &self,
        b: Option<&[Fr]>,
        whole: &mut Whole,
        workspaces: &Workspaces,
    ) -> Result<Totals, EngineError> {
        let Whole { a, wires, products } = whole;
        if let Some(b) = b {
            self.ntt()?.coset_products(a, b, products)?;
        }
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
        b: Option<&[Fr]>,
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
            match b {
                Some(b) => scope.spawn_fifo(move |scope| {
                    let made = self.ntt().and_then(|ntt| Ok(ntt.coset_products(a, b, products)?));
                    if let Err(error) = made {
                        return done.put(Err(error));
                    }
                    let products: &[BigInt<4>] = products;
                    for part in late {
                        scope.spawn_fifo(move |_| done.put(sum(part, products)));
                    }
                }),
                None => {
                    let products: &[BigInt<4>] = products;
                    for part in late {
                        scope.spawn_fifo(move |_| done.put(sum(part, products)));
                    }
                }
            }
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

impl<G: Group> Query<G> {
    /// The sum over a range of bases.
    pub(super) fn sum(
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
