//! The sums that blind mode's servers make, over values that are not a witness.

use ark_ec::CurveGroup;
use ark_ff::BigInt;
use bn254x8::{Group, Scratch};
use wufu_blind::{FourSums, Kit, KitError, PublicBases};
use wufu_verifier::VerifyingKey;

use super::{
    Workspaces,
    queries::{Queries, Query},
    totals::ProofSums,
};
use crate::engine::EngineError;

/// Why a key has no kit.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MakeKitError {
    /// Its points could not be read.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// Its halves do not belong together.
    #[error(transparent)]
    Kit(#[from] KitError),
}

impl Queries {
    /// The sums over private wires and products that `fill` writes; public wires are zero.
    ///
    /// # Shapes
    /// `fill` gets the private wires, then the products, all zero: integers that it leaves below the modulus.
    ///
    /// # Errors
    /// What `fill` says, or when a value is not below the modulus.
    ///
    /// # Cost
    /// Four sums, on as many threads as the rayon pool has that it is called in. Memory comes from `workspaces`, and is wiped.
    pub fn sums<E: From<EngineError>>(
        &self,
        fill: impl FnOnce(&mut [BigInt<4>], &mut [BigInt<4>]) -> Result<(), E>,
        workspaces: &Workspaces,
    ) -> Result<FourSums, E> {
        let mut lent = workspaces.whole();
        let whole = lent.get();
        whole.wires.resize(self.sizes.wires, BigInt::default());
        whole.products.resize(self.sizes.domain(), BigInt::default());
        fill(&mut whole.wires[self.sizes.public..], &mut whole.products)?;
        let ProofSums { a, b1, b2, lh } = self.totals(None, whole, workspaces)?;
        Ok(FourSums {
            a: a.into_affine(),
            b1: b1.into_affine(),
            b2: b2.into_affine(),
            lh: lh.into_affine(),
        })
    }

    /// What a wallet needs of the key whose points these are.
    ///
    /// # Errors
    /// When the points are not those of the verifying key.
    pub fn kit(&self, key: &VerifyingKey) -> Result<Kit, MakeKitError> {
        let bases = |wire: u32| -> Result<PublicBases, EngineError> {
            Ok(PublicBases {
                a: self.a.base(wire)?,
                b1: self.b1.base(wire)?,
                b2: self.b2.base(wire)?,
                lh: self.lh.base(wire)?,
            })
        };
        let wires = (0..).take(self.sizes.public).map(bases).collect::<Result<_, _>>()?;
        Ok(Kit::new(key, self.single.beta_g1, self.single.delta_g1, wires)?)
    }
}

impl<G: Group> Query<G> {
    /// What a wire is multiplied with.
    fn base(&self, wire: u32) -> Result<G::Affine, EngineError> {
        let Ok(at) = self.map.binary_search(&wire) else {
            return Ok(G::Affine::default());
        };
        let one = [BigInt::from(1u64)];
        Ok(self.table.msm(at..at + 1, &one, &mut Scratch::new())?.into_affine())
    }
}
