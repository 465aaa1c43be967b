//! The work of blind mode's two servers, without the network. Neither of them sees a witness or a
//! public input.
//!
//! An [`Evaluator`] computes sums over values that masks have made uniform. A [`Dealer`] computes
//! the same sums over the masks. Whoever runs both knows everything, so the two belong to operators
//! who share nothing.

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

/// Why no kit can be made for a key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MakeKitError {
    /// The key's points could not be read.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The two halves of the key do not belong together.
    #[error(transparent)]
    Kit(#[from] KitError),
}

/// Why an evaluator returns no sums.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluateError {
    /// The bytes are not a request. This is the caller's mistake.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The sums could not be computed. This is our bug.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// A key, the sizes of its sums, and memory to compute them in.
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

/// The evaluator's work with one key.
#[derive(Debug)]
pub struct Evaluator(KeyWorkspace);

impl Evaluator {
    /// Creates an evaluator for a key.
    ///
    /// # Errors
    /// Returns an error if the circuit's witness holds no secret of at least 128 bits.
    pub fn new(key: impl Into<Arc<PreparedKey>>) -> Result<Self, NotBlind> {
        KeyWorkspace::new(key.into()).map(Self)
    }

    /// The evaluator's key.
    pub fn key(&self) -> &Arc<PreparedKey> {
        &self.0.key
    }

    /// The sizes of requests.
    pub fn shape(&self) -> &Shape {
        &self.0.shape
    }

    /// Computes the sums over a request's values.
    ///
    /// # Errors
    /// Returns an error if the request has the wrong length, or if a value is not below the
    /// modulus.
    ///
    /// # Cost
    /// As [`Queries::sums`].
    pub fn evaluate(&self, request: &[u8]) -> Result<FourSums, EvaluateError> {
        let KeyWorkspace { key, shape, workspaces } = &self.0;
        evaluate(key.queries(), shape, request, workspaces)
    }
}

/// The dealer's work with one key.
pub struct Dealer {
    work: KeyWorkspace,
    signer: SigningKey,
}

impl Dealer {
    /// Creates a dealer for a key. `signer` signs its tokens.
    ///
    /// # Errors
    /// Returns an error if the circuit's witness holds no secret of at least 128 bits.
    pub fn new(key: impl Into<Arc<PreparedKey>>, signer: SigningKey) -> Result<Self, NotBlind> {
        Ok(Self { work: KeyWorkspace::new(key.into())?, signer })
    }

    /// The dealer's key.
    pub fn key(&self) -> &Arc<PreparedKey> {
        &self.work.key
    }

    /// The sizes of the sums.
    pub fn shape(&self) -> &Shape {
        &self.work.shape
    }

    /// The public key that the tokens are signed under.
    pub fn verifying_key(&self) -> ed25519_dalek::VerifyingKey {
        self.signer.verifying_key()
    }

    /// Makes a token from a fresh seed. `expiry` is in Unix seconds: [`wufu_delegation::LIFE`] from
    /// now.
    ///
    /// # Errors
    /// Returns an error if the sums cannot be computed, which is our bug.
    ///
    /// # Cost
    /// As [`Queries::sums`], and one keyed BLAKE3 output of 42 bytes for each value.
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

/// Extracts what a wallet needs of a key. It is a file of its own, so that the wallet never needs
/// the proving key.
///
/// # Errors
/// Returns an error if the two halves of the key do not belong together.
pub fn kit(key: &PreparedKey) -> Result<Kit, MakeKitError> {
    kit_of(key.queries(), key.verifying_key())
}

/// Extracts what a wallet needs of a key, given the key's points.
///
/// # Errors
/// Returns an error if the points do not belong to the verifying key.
pub fn kit_of(queries: &Queries, key: &VerifyingKey) -> Result<Kit, MakeKitError> {
    let wires = queries.public_bases()?.into_iter();
    let wires = wires.map(|WireBases { a, b1, b2, lh }| PublicBases { a, b1, b2, lh }).collect();
    let [beta_g1, delta_g1] = queries.beta_delta_g1();
    Ok(Kit::new(key, beta_g1, delta_g1, wires)?)
}

/// Computes the sums over a request's values from the points alone. [`Evaluator::evaluate`] also
/// knows which circuit they are for.
///
/// # Errors
/// As [`Evaluator::evaluate`], and if `shape` does not fit the points.
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

/// Computes the sums over a seed's masks from the points alone.
///
/// # Errors
/// Returns an error if `shape` does not fit the points.
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
