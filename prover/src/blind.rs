//! Blind mode's two servers, without what serves them: neither sees a witness or a public input.
//!
//! An [`Evaluator`] makes sums over values that masks have made uniform; a [`Dealer`] makes them over masks. Who is both knows
//! everything, so they belong to operators who share nothing.

use std::{fmt, sync::Arc};

use ark_ec::CurveGroup as _;
use ed25519_dalek::SigningKey;
use rand::{CryptoRng, RngCore};
use wufu_delegation::{
    FourSums, Kit, KitError, MaskSeed, Masks, NotBlind, PublicBases, RequestError, Shape, Token,
    secrets,
};
use wufu_groth16::{
    EngineError, PreparedKey,
    prepared::{ProofSums, Queries, WireBases, Workspaces},
};
use wufu_verifier::VerifyingKey;

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

/// Why an evaluator gives no sums.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluateError {
    /// The bytes are no request. This is the caller's mistake.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The sums failed. This is our bug.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// A key, its sizes, and memory for sums under it.
struct KeyWorkspace {
    key: Arc<PreparedKey>,
    shape: Shape,
    workspaces: Workspaces,
}

impl KeyWorkspace {
    fn new(key: Arc<PreparedKey>) -> Result<Self, NotBlind> {
        secrets(key.verifying_key().circuit())?;
        let shape = Shape::of(key.verifying_key());
        Ok(Self { key, shape, workspaces: Workspaces::new() })
    }
}

impl fmt::Debug for KeyWorkspace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.key.fmt(f)
    }
}

/// The evaluator's work under one key.
#[derive(Debug)]
pub struct Evaluator(KeyWorkspace);

impl Evaluator {
    /// For a key.
    ///
    /// # Errors
    /// When the witness of its circuit holds no secret of 128 bits.
    pub fn new(key: impl Into<Arc<PreparedKey>>) -> Result<Self, NotBlind> {
        KeyWorkspace::new(key.into()).map(Self)
    }

    /// The key.
    pub fn key(&self) -> &Arc<PreparedKey> {
        &self.0.key
    }

    /// The sizes of requests.
    pub fn shape(&self) -> &Shape {
        &self.0.shape
    }

    /// The sums over a request's values.
    ///
    /// # Errors
    /// When the request has another length, or a value is not below the modulus.
    ///
    /// # Cost
    /// As [`Queries::sums`].
    pub fn evaluate(&self, request: &[u8]) -> Result<FourSums, EvaluateError> {
        let KeyWorkspace { key, shape, workspaces } = &self.0;
        evaluate(key.queries(), shape, request, workspaces)
    }
}

/// The dealer's work under one key.
pub struct Dealer {
    work: KeyWorkspace,
    signer: SigningKey,
}

impl Dealer {
    /// For a key. `signer` signs its tokens.
    ///
    /// # Errors
    /// When the witness of its circuit holds no secret of 128 bits.
    pub fn new(key: impl Into<Arc<PreparedKey>>, signer: SigningKey) -> Result<Self, NotBlind> {
        Ok(Self { work: KeyWorkspace::new(key.into())?, signer })
    }

    /// The key.
    pub fn key(&self) -> &Arc<PreparedKey> {
        &self.work.key
    }

    /// The sizes of the sums.
    pub fn shape(&self) -> &Shape {
        &self.work.shape
    }

    /// The key that verifies its tokens.
    pub fn verifying_key(&self) -> ed25519_dalek::VerifyingKey {
        self.signer.verifying_key()
    }

    /// A token with a fresh seed. `expiry` in Unix seconds: [`wufu_delegation::LIFE`] from now.
    ///
    /// # Errors
    /// When the sums fail, which is our bug.
    ///
    /// # Cost
    /// As [`Queries::sums`], and one keyed BLAKE3 output of 42 bytes a value.
    pub fn deal(
        &self,
        rng: &mut (impl CryptoRng + RngCore),
        expiry: u64,
    ) -> Result<Token, EngineError> {
        let KeyWorkspace { key, shape, workspaces } = &self.work;
        let seed = MaskSeed::random(rng);
        let sums = over_masks(key.queries(), shape, &seed, workspaces)?;
        Ok(Token::issue(&self.signer, shape.key_id(), seed, sums, expiry))
    }
}

impl fmt::Debug for Dealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dealer").field("key", &self.work).finish_non_exhaustive()
    }
}

/// What a wallet needs of a key: a file of its own, so that the wallet never needs the proving key.
///
/// # Errors
/// When the key's halves do not belong together.
pub fn kit(key: &PreparedKey) -> Result<Kit, MakeKitError> {
    kit_of(key.queries(), key.verifying_key())
}

/// What a wallet needs of the key whose points these are.
///
/// # Errors
/// When the points are not those of the verifying key.
pub fn kit_of(queries: &Queries, key: &VerifyingKey) -> Result<Kit, MakeKitError> {
    let wires = queries.public_bases()?.into_iter();
    let wires = wires.map(|WireBases { a, b1, b2, lh }| PublicBases { a, b1, b2, lh }).collect();
    let [beta_g1, delta_g1] = queries.beta_delta_g1();
    Ok(Kit::new(key, beta_g1, delta_g1, wires)?)
}

/// The sums over a request's values, by points alone. [`Evaluator::evaluate`] knows which circuit's they are.
///
/// # Errors
/// As there, or when `shape` is of other points.
pub fn evaluate(
    queries: &Queries,
    shape: &Shape,
    request: &[u8],
    workspaces: &Workspaces,
) -> Result<FourSums, EvaluateError> {
    let fill = |private: &mut [_], products: &mut [_]| -> Result<(), EvaluateError> {
        Ok(shape.read(request, private, products)?)
    };
    queries.sums(fill, workspaces).map(affine)
}

/// The sums over a seed's masks, by points alone.
///
/// # Errors
/// When `shape` is of other points.
pub fn over_masks(
    queries: &Queries,
    shape: &Shape,
    seed: &MaskSeed,
    workspaces: &Workspaces,
) -> Result<FourSums, EngineError> {
    let fill = |private: &mut [_], products: &mut [_]| {
        let masks = Masks::new(seed, shape);
        let (got, expected) = (masks.wires.len(), private.len());
        if got != expected {
            return Err(EngineError::Wires { got, expected });
        }
        let (got, expected) = (masks.products.len(), products.len());
        if got != expected {
            return Err(EngineError::Rows { got, expected });
        }
        private.copy_from_slice(&masks.wires);
        products.copy_from_slice(&masks.products);
        Ok(())
    };
    queries.sums(fill, workspaces).map(affine)
}

fn affine(ProofSums { a, b1, b2, lh }: ProofSums) -> FourSums {
    FourSums {
        a: a.into_affine(),
        b1: b1.into_affine(),
        b2: b2.into_affine(),
        lh: lh.into_affine(),
    }
}
