//! Proving keys, in memory and as files.

use std::{
    fmt, fs,
    io::{self, Read as _, Write as _},
    path::Path,
};

use ark_bn254::{Bn254, Fr};
use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
use ark_serialize::{CanonicalDeserialize, CanonicalSerialize};
use wufu_files::{Draft, sync_folder};
use wufu_verifier::{
    KeyId, Trust, VerifyingKey,
    groth16::key::{KeyError, KeyPoints, Reduction},
};

use crate::CircuitInfo;

/// How a proving key's file begins.
const MAGIC: &[u8; 8] = b"wufu-pk1";
/// The hash at its end.
const HASH: usize = 32;
/// No key of ours is larger, so a larger file is not read.
const MAX_BYTES: u64 = 1 << 30;

/// Why there is no proving key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// The file cannot be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is too large to be one.
    #[error("proving key is {got} bytes, expected at most {MAX_BYTES}")]
    Large {
        /// How many bytes it has.
        got: u64,
    },
    /// It does not begin like one of this version.
    #[error("these bytes are no proving key of version 1")]
    Magic,
    /// It is cut off or changed.
    #[error("proving key is damaged: its BLAKE3 hash does not fit")]
    Hash,
    /// The verifying key in it is refused.
    #[error(transparent)]
    Verifying(#[from] KeyError),
    /// It is for another circuit.
    #[error("proving key is for {got}, expected one for {expected}")]
    Circuit {
        /// Its circuit.
        got: &'static str,
        /// The circuit that was asked for.
        expected: &'static str,
    },
    /// A point in it is not on its curve or outside its group, or the points do not end where the file does.
    #[error("proving key has a malformed point, or bytes too few or too many")]
    Points,
    /// It has another number of points than its circuit needs.
    #[error("proving key has {got} points in {query}, expected {expected}")]
    Count {
        /// Which of its vectors.
        query: &'static str,
        /// How many points that has.
        got: usize,
        /// How many it must have.
        expected: usize,
    },
    /// Its proving half belongs to another verifying key.
    #[error("the two halves of the proving key do not belong together")]
    Halves,
    /// The circuit has too many rows, or a row of a wire that it does not have, or a secret was zero.
    #[error("the key generator failed")]
    Generator,
}

/// A proving key: its points are on their curves and in their groups, as many as its circuit needs, and belong to its
/// verifying key.
///
/// # Shapes
/// As a file: `wufu-pk1` (8 bytes), length of the verifying key (u32 little-endian), the verifying key (which says circuit,
/// provenance and reduction), arkworks' uncompressed proving key, BLAKE3 of all before (32 bytes).
#[derive(Clone)]
pub struct ProvingKey {
    verifying: VerifyingKey,
    points: ark_groth16::ProvingKey<Bn254>,
}

impl fmt::Debug for ProvingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ProvingKey").field(&self.verifying).finish()
    }
}

impl ProvingKey {
    /// A key from its verifying half and arkworks' points.
    ///
    /// # Errors
    /// Returns an error if the verifying key is for another circuit than `circuit` or has other
    /// points, or if there are too few or too many points.
    pub fn new(
        verifying: VerifyingKey,
        circuit: &CircuitInfo,
        points: ark_groth16::ProvingKey<Bn254>,
    ) -> Result<Self, KeyFileError> {
        if verifying.circuit().id() != circuit.id {
            let (got, expected) = (verifying.circuit().as_str(), circuit.name);
            return Err(KeyFileError::Circuit { got, expected });
        }
        check_counts(circuit, verifying.reduction(), &points)?;
        if key_points(&points.vk) != *verifying.points() {
            return Err(KeyFileError::Halves);
        }
        Ok(Self { verifying, points })
    }

    /// The fingerprint.
    pub fn id(&self) -> KeyId {
        self.verifying.id()
    }

    /// The key that its proofs verify under.
    pub fn verifying_key(&self) -> &VerifyingKey {
        &self.verifying
    }

    /// The points, as arkworks has them.
    pub fn points(&self) -> &ark_groth16::ProvingKey<Bn254> {
        &self.points
    }

    /// Encodes the key.
    ///
    /// # Errors
    /// When a point cannot be written, which in memory does not happen.
    pub fn encode(&self) -> Result<Vec<u8>, KeyFileError> {
        let verifying = self.verifying.encode();
        let mut out = MAGIC.to_vec();
        let length = u32::try_from(verifying.len()).map_err(|_| KeyFileError::Points)?;
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&verifying);
        self.points.serialize_uncompressed(&mut out).map_err(|_| KeyFileError::Points)?;
        let hash = blake3::hash(&out);
        out.extend_from_slice(hash.as_bytes());
        Ok(out)
    }

    /// Decodes a key for a circuit. Every point is checked.
    ///
    /// # Errors
    /// When the bytes are damaged or have another form, the verifying key is refused (see
    /// [`VerifyingKey::decode`]) or is for another circuit, a point is wrong, or the points are not
    /// as many as the circuit needs.
    ///
    /// # Cost
    /// A subgroup check for every point of G2: seconds for Five Fu.
    pub fn decode(bytes: &[u8], circuit: &CircuitInfo, trust: Trust) -> Result<Self, KeyFileError> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(KeyFileError::Magic)?;
        let body = rest.len().checked_sub(HASH).ok_or(KeyFileError::Hash)?;
        let (body, hash) = rest.split_at(body);
        if blake3::hash(&bytes[..MAGIC.len() + body.len()]).as_bytes() != hash {
            return Err(KeyFileError::Hash);
        }
        let (length, body) = body.split_first_chunk::<4>().ok_or(KeyFileError::Points)?;
        let length =
            usize::try_from(u32::from_le_bytes(*length)).map_err(|_| KeyFileError::Points)?;
        let (verifying, encoded) = body.split_at_checked(length).ok_or(KeyFileError::Points)?;
        let verifying = VerifyingKey::decode(verifying, trust)?;
        let points = ark_groth16::ProvingKey::<Bn254>::deserialize_uncompressed(encoded);
        let points = points.map_err(|_| KeyFileError::Points)?;
        // arkworks drops x when the infinity flag is set, and stops where the points end.
        let mut again = Vec::with_capacity(encoded.len());
        let written = points.serialize_uncompressed(&mut again);
        if written.is_err() || again != encoded {
            return Err(KeyFileError::Points);
        }
        Self::new(verifying, circuit, points)
    }

    /// Loads a key for a circuit from a file.
    ///
    /// # Errors
    /// As [`ProvingKey::decode`], and when the file cannot be read.
    pub fn load(path: &Path, circuit: &CircuitInfo, trust: Trust) -> Result<Self, KeyFileError> {
        let got = fs::metadata(path)?.len();
        if got > MAX_BYTES {
            return Err(KeyFileError::Large { got });
        }
        // A device says that it is empty, and has no end.
        let mut bytes = Vec::new();
        fs::File::open(path)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
        Self::decode(&bytes, circuit, trust)
    }

    /// Writes the key to a file, whole or not at all.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), KeyFileError> {
        let bytes = self.encode()?;
        Draft::private(path).replace(|file| file.write_all(&bytes))?;
        // The name, too, is to survive a power cut.
        sync_folder(path)?;
        Ok(())
    }
}

/// The points of arkworks' verifying key.
pub fn key_points(key: &ark_groth16::VerifyingKey<Bn254>) -> KeyPoints {
    KeyPoints {
        alpha: key.alpha_g1,
        beta: key.beta_g2,
        gamma: key.gamma_g2,
        delta: key.delta_g2,
        inputs: key.gamma_abc_g1.clone(),
    }
}

fn check_counts(
    circuit: &CircuitInfo,
    reduction: Reduction,
    points: &ark_groth16::ProvingKey<Bn254>,
) -> Result<(), KeyFileError> {
    let CircuitInfo { rows, wires, .. } = *circuit;
    let public = circuit.public_inputs + 1;
    let domain = Radix2EvaluationDomain::<Fr>::compute_size_of_domain(rows + public);
    let domain = domain.ok_or(KeyFileError::Generator)?;
    // libsnark's quotient is a polynomial of degree `domain - 2`, snarkjs's its values on a coset.
    let quotient = match reduction {
        Reduction::Libsnark => domain - 1,
        Reduction::Circom => domain,
    };
    let counts = [
        ("A", points.a_query.len(), wires),
        ("B in G1", points.b_g1_query.len(), wires),
        ("B in G2", points.b_g2_query.len(), wires),
        ("L", points.l_query.len(), wires - public),
        ("H", points.h_query.len(), quotient),
    ];
    for (query, got, expected) in counts {
        if got != expected {
            return Err(KeyFileError::Count { query, got, expected });
        }
    }
    Ok(())
}
