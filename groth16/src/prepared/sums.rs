//! The four sums of a proof, on one thread or on several.

use std::{ops::Range, sync::PoisonError};

use ark_bn254::{Fr, G1Projective, G2Projective};
use ark_ff::BigInt;
use bn254x8::{
    G1, G2, Group,
    msm::{Sum, msm_both},
};

use super::{
    queries::{Queries, Query},
    schedule::{self, Part, PartQueue},
    workspace::{PoolGuard, ProofWorkspace, SumWorkspace, Workspaces},
};
use crate::EngineError;

/// The four sums of a proof, before the points that enter it once are added.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProofSums {
    /// A.
    pub a: G1Projective,
    /// B in G1.
    pub b1: G1Projective,
    /// B in G2.
    pub b2: G2Projective,
    /// L with H.
    pub lh: G1Projective,
}

impl Queries {
    /// The scalar of a base: the value of a wire, or a product.
    fn scalar(&self, wires: &[BigInt<4>], products: &[BigInt<4>], at: u32) -> BigInt<4> {
        let at = at as usize;
        if at < wires.len() { wires[at] } else { products[at - wires.len()] }
    }

    /// The sums over the private wires and products that `fill` supplies. Public wires count as
    /// zero.
    ///
    /// # Shapes
    /// `fill` gets the private wires and the products, all zero. It must leave integers below the
    /// modulus.
    ///
    /// # Errors
    /// Returns the error of `fill`, or an error if a value is not below the modulus.
    ///
    /// # Cost
    /// Four sums, on all threads of the current rayon pool. Memory comes from `workspaces`, and is
    /// wiped.
    pub fn sums<E: From<EngineError>>(
        &self,
        fill: impl FnOnce(&mut [BigInt<4>], &mut [BigInt<4>]) -> Result<(), E>,
        workspaces: &Workspaces,
    ) -> Result<ProofSums, E> {
        let mut lent = workspaces.proof();
        let workspace = lent.get();
        workspace.wires.resize(self.sizes.wires, BigInt::default());
        workspace.products.resize(self.sizes.domain(), BigInt::default());
        fill(&mut workspace.wires[self.sizes.public..], &mut workspace.products)?;
        Ok(self.proof_sums(None, workspace, workspaces)?)
    }

    /// The sums over the wires and over the products, on all threads of the current rayon pool. If
    /// `b` holds the rows' second factors, the products are computed first; otherwise those in
    /// `workspace` are used.
    pub(super) fn proof_sums(
        &self,
        b: Option<&[Fr]>,
        workspace: &mut ProofWorkspace,
        workspaces: &Workspaces,
    ) -> Result<ProofSums, EngineError> {
        if rayon::current_num_threads() > 1 {
            self.sums_on_all_threads(b, workspace, workspaces)
        } else {
            self.sums_on_one_thread(b, workspace, workspaces)
        }
    }

    fn sums_on_one_thread(
        &self,
        b: Option<&[Fr]>,
        workspace: &mut ProofWorkspace,
        workspaces: &Workspaces,
    ) -> Result<ProofSums, EngineError> {
        let ProofWorkspace { a, wires, products } = workspace;
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
        Ok(ProofSums {
            a: self.a.sum(0..self.a.map.len(), scalar, g1)?,
            b1,
            b2,
            lh: self.lh.sum(0..self.lh.map.len(), scalar, g1)?,
        })
    }

    /// The same, split into parts. Each thread takes the costliest part that can start. Parts that
    /// need the transforms wait for them.
    fn sums_on_all_threads(
        &self,
        b: Option<&[Fr]>,
        workspace: &mut ProofWorkspace,
        workspaces: &Workspaces,
    ) -> Result<ProofSums, EngineError> {
        let ProofWorkspace { a, wires, products } = workspace;
        let wires: &[BigInt<4>] = wires;
        let threads = rayon::current_num_threads();
        let queue = PartQueue::new(self.parts(threads, wires.len(), b.is_some()));
        // Each thread uses the same memory for all of its parts, so it is wiped only once.
        let work = || {
            let (mut g1, mut g2) = (None, None);
            queue.work(|part, products: Option<&[BigInt<4>]>| {
                let scalar = |at: u32| self.scalar(wires, products.unwrap_or(&[]), at);
                let g1: &mut PoolGuard<'_, _> = g1.get_or_insert_with(|| workspaces.g1());
                self.part(part, scalar, g1.get(), || {
                    let g2: &mut PoolGuard<'_, _> = g2.get_or_insert_with(|| workspaces.g2());
                    g2.get()
                })
            });
        };
        rayon::scope(|scope| {
            let others = || (1..threads).for_each(|_| scope.spawn(|_| work()));
            let made = match b {
                Some(b) => {
                    others();
                    self.ntt().and_then(|ntt| Ok(ntt.coset_products(a, b, products)?))
                }
                None => Ok(()),
            };
            let products: &[BigInt<4>] = products;
            queue.set_products(made.map(|()| products));
            // The tasks spawned earlier may have ended, because they do not wait: waiting would
            // block a thread that other work needs.
            others();
            work();
        });
        Ok(queue.finish()?.into_iter().fold(ProofSums::default(), |sum, part| ProofSums {
            a: sum.a + part.a,
            b1: sum.b1 + part.b1,
            b2: sum.b2 + part.b2,
            lh: sum.lh + part.lh,
        }))
    }

    /// The schedule for these numbers of threads and wires, with or without transforms. It is
    /// searched for once, then kept.
    fn parts(&self, threads: usize, wires: usize, transforms: bool) -> Vec<Part> {
        let mut known = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        let parts = known.entry((threads, wires, transforms)).or_insert_with(|| {
            let work = schedule::Workload {
                shapes: self.shapes(),
                of_wires: self.lh.map.partition_point(|at| (*at as usize) < wires),
                joint: self.joint,
                transforms: transforms.then_some(self.sizes.domain_log2),
            };
            work.parts(threads)
        });
        parts.clone()
    }

    /// Computes one part. `g2` is called only if memory for the second group is needed.
    fn part<'a>(
        &self,
        part: Part,
        scalar: impl Fn(u32) -> BigInt<4>,
        g1: &mut SumWorkspace<G1>,
        g2: impl FnOnce() -> &'a mut SumWorkspace<G2>,
    ) -> Result<ProofSums, EngineError> {
        let mut sums = ProofSums::default();
        let Part { query, both, range, .. } = part;
        match query {
            0 => sums.a = self.a.sum(range, scalar, g1)?,
            1 if both => {
                let queries = (&self.b1, &self.b2);
                (sums.b1, sums.b2) = sum_both(queries, range, scalar, (g1, g2()))?;
            }
            1 => sums.b1 = self.b1.sum(range, scalar, g1)?,
            2 => sums.b2 = self.b2.sum(range, scalar, g2())?,
            _ => sums.lh = self.lh.sum(range, scalar, g1)?,
        }
        Ok(sums)
    }
}

impl<G: Group> Query<G> {
    /// The sum over a range of bases.
    pub(super) fn sum(
        &self,
        range: Range<usize>,
        scalar: impl Fn(u32) -> BigInt<4>,
        workspace: &mut SumWorkspace<G>,
    ) -> Result<Sum<G>, EngineError> {
        if range.is_empty() {
            return Ok(Sum::<G>::default());
        }
        workspace.gather(&self.map[range.clone()], scalar);
        Ok(self.table.msm(range, &workspace.scalars, &mut workspace.scratch)?)
    }
}

/// The sums of B in both groups over the same bases.
fn sum_both(
    (one, two): (&Query<G1>, &Query<G2>),
    range: Range<usize>,
    scalar: impl Fn(u32) -> BigInt<4>,
    (g1, g2): (&mut SumWorkspace<G1>, &mut SumWorkspace<G2>),
) -> Result<(G1Projective, G2Projective), EngineError> {
    if range.is_empty() {
        return Ok(Default::default());
    }
    g1.gather(&one.map[range.clone()], scalar);
    let scratch = (&mut g1.scratch, &mut g2.scratch);
    Ok(msm_both((&one.table, &two.table), range, &g1.scalars, scratch)?)
}
