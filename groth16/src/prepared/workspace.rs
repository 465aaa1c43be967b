//! Memory that proofs reuse.

use std::sync::{Mutex, PoisonError};

use ark_bn254::Fr;
use ark_ff::BigInt;
use bn254x8::{G1, G2, Group, Scratch};
use zeroize::Zeroize;

/// Working memory for proofs. It holds scalars of a witness only while a proof is being made, and
/// is wiped afterwards.
#[derive(Default)]
pub struct Workspaces {
    proof: Pool<ProofWorkspace>,
    g1: Pool<SumWorkspace<G1>>,
    g2: Pool<SumWorkspace<G2>>,
}

impl Workspaces {
    /// Empty pools. The first proofs fill them.
    pub fn new() -> Self {
        Self::default()
    }

    pub(super) fn proof(&self) -> PoolGuard<'_, ProofWorkspace> {
        self.proof.lend()
    }

    pub(super) fn g1(&self) -> PoolGuard<'_, SumWorkspace<G1>> {
        self.g1.lend()
    }

    pub(super) fn g2(&self) -> PoolGuard<'_, SumWorkspace<G2>> {
        self.g2.lend()
    }
}

/// Working memory for one proof.
#[derive(Default)]
pub(super) struct ProofWorkspace {
    /// The first factors of all rows, followed by the public wires.
    pub(super) a: Vec<Fr>,
    /// The wires as integers.
    pub(super) wires: Vec<BigInt<4>>,
    /// The products on the coset.
    pub(super) products: Vec<BigInt<4>>,
}

/// Working memory for one sum.
pub(super) struct SumWorkspace<G: Group> {
    /// The scalars of a range of bases.
    pub(super) scalars: Vec<BigInt<4>>,
    pub(super) scratch: Scratch<G>,
}

impl<G: Group> SumWorkspace<G> {
    /// Collects the scalars of some bases.
    pub(super) fn gather(&mut self, map: &[u32], scalar: impl Fn(u32) -> BigInt<4>) {
        if self.scalars.capacity() < map.len() {
            // The old allocation is returned, so it must be wiped first.
            self.scalars.zeroize();
            self.scalars.reserve_exact(map.len());
        }
        self.scalars.clear();
        self.scalars.extend(map.iter().map(|at| scalar(*at)));
    }
}

impl<G: Group> Default for SumWorkspace<G> {
    fn default() -> Self {
        Self { scalars: Vec::new(), scratch: Scratch::new() }
    }
}

/// Overwrites the numbers, and keeps the allocations.
pub(super) trait Wipe {
    fn wipe(&mut self);
}

impl Wipe for ProofWorkspace {
    fn wipe(&mut self) {
        self.a.zeroize();
        self.wires.zeroize();
        self.products.zeroize();
    }
}

impl<G: Group> Wipe for SumWorkspace<G> {
    fn wipe(&mut self) {
        self.scalars.zeroize();
        self.scratch.wipe();
    }
}

struct Pool<T>(Mutex<Vec<T>>);

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self(Mutex::new(Vec::new()))
    }
}

impl<T: Default + Wipe> Pool<T> {
    fn lend(&self) -> PoolGuard<'_, T> {
        let free = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        PoolGuard { value: Some(free.unwrap_or_default()), pool: self }
    }
}

/// A value borrowed from a pool. When dropped, it is wiped and returned.
pub(super) struct PoolGuard<'a, T: Wipe> {
    // `None` only while it is being dropped.
    value: Option<T>,
    pool: &'a Pool<T>,
}

impl<T: Default + Wipe> PoolGuard<'_, T> {
    pub(super) fn get(&mut self) -> &mut T {
        self.value.get_or_insert_default()
    }
}

impl<T: Wipe> Drop for PoolGuard<'_, T> {
    fn drop(&mut self) {
        if let Some(mut value) = self.value.take() {
            value.wipe();
            self.pool.0.lock().unwrap_or_else(PoisonError::into_inner).push(value);
        }
    }
}
