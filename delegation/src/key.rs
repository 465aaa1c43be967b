//! The key that a wallet proves under in blind mode.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use bn254x8::{Backend, Ntt};
use wufu_circuits::r1cs::Size;
use wufu_verifier::VerifyingKey;

use crate::{
    kit::{Kit, KitError},
    shape::Shape,
    share_error::ShareError,
};

/// A key for a wallet that does not have the proving key: the verifying key, its kit, and constants
/// of the transforms. Clones share them.
#[derive(Clone)]
pub struct BlindKey(Arc<Inner>);

struct Inner {
    shape: Shape,
    verifying: VerifyingKey,
    kit: Kit,
    backend: Backend,
    /// Created by the first proof, since its constants take milliseconds.
    ntt: OnceLock<Ntt>,
}

impl BlindKey {
    /// Creates the key from both halves. `backend` computes the transforms.
    ///
    /// # Errors
    /// Returns an error if the kit belongs to another key.
    pub fn new(verifying: VerifyingKey, kit: Kit, backend: Backend) -> Result<Self, KitError> {
        let shape = Shape::of(&verifying);
        Self::with_shape(shape, verifying, kit, backend)
    }

    /// Creates a key for another number of rows than its circuit has, with as many public inputs:
    /// small ones, for tests.
    ///
    /// # Errors
    /// Returns an error if the kit belongs to another key.
    pub fn with_size(
        size: Size,
        verifying: VerifyingKey,
        kit: Kit,
        backend: Backend,
    ) -> Result<Self, KitError> {
        let shape = Shape::with_size(&verifying, size);
        Self::with_shape(shape, verifying, kit, backend)
    }

    fn with_shape(
        shape: Shape,
        verifying: VerifyingKey,
        kit: Kit,
        backend: Backend,
    ) -> Result<Self, KitError> {
        if kit.key_id != verifying.id() {
            return Err(KitError::Key { got: kit.key_id, expected: verifying.id() });
        }
        let ntt = OnceLock::new();
        Ok(Self(Arc::new(Inner { shape, verifying, kit, backend, ntt })))
    }

    /// The sizes of its sums.
    pub fn shape(&self) -> &Shape {
        &self.0.shape
    }

    /// The key that its proofs verify under.
    pub fn verifying_key(&self) -> &VerifyingKey {
        &self.0.verifying
    }

    /// The kit.
    pub fn kit(&self) -> &Kit {
        &self.0.kit
    }

    /// The backend that computes the transforms.
    pub fn backend(&self) -> Backend {
        self.0.backend
    }

    pub(crate) fn ntt(&self) -> Result<&Ntt, ShareError> {
        if let Some(ntt) = self.0.ntt.get() {
            return Ok(ntt);
        }
        let shape = &self.0.shape;
        let shift = shape.shift().ok_or(ShareError::Domain)?;
        let ntt = Ntt::new(self.0.backend, shape.domain_log2(), shift)?;
        // A second caller gets the value that the first one stored.
        Ok(self.0.ntt.get_or_init(|| ntt))
    }
}

impl fmt::Debug for BlindKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlindKey")
            .field("verifying", &self.0.verifying)
            .field("backend", &self.0.backend)
            .finish_non_exhaustive()
    }
}
