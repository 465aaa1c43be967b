//! Proving keys, in memory and in files.

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

/// The first bytes of a proving key's file.
const MAGIC: &[u8; 8] = b"wufu-pk1";
/// Length of the hash at the end of the file.
const HASH: usize = 32;
/// Larger files are not read. None of our keys is this large.
const MAX_BYTES: u64 = 1 << 30;

/// Why a proving key was rejected or could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// The file could not be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The file is larger than any proving key.
    #[error("proving key is {got} bytes, expected at most {MAX_BYTES}")]
    Large {
        /// Size of the file in bytes.
        got: u64,
    },
    /// The file is not a proving key of this version.
    #[error("not a proving key of version 1: the file does not begin with wufu-pk1")]
    Magic,
    /// The file is truncated or was changed.
    #[error("proving key is damaged: its BLAKE3 hash does not match")]
    Hash,
    /// The verifying key in the file was rejected.
    #[error(transparent)]
    Verifying(#[from] KeyError),
    /// The key is for another circuit.
    #[error("proving key is for {got}, expected one for {expected}")]
    Circuit {
        /// The key's circuit.
        got: &'static str,
        /// The requested circuit.
        expected: &'static str,
    },
    /// A point is not on its curve or not in its group, or the points do not end where the file
    /// does.
    #[error("proving key has an invalid point or the wrong length")]
    Points,
    /// The key has another number of points than its circuit needs.
    #[error("proving key has {got} points in {query}, expected {expected}")]
    Count {
        /// The name of the query.
        query: &'static str,
        /// Number of points in the query.
        got: usize,
        /// Number of points that the circuit needs.
        expected: usize,
    },
    /// The points belong to another verifying key.
    #[error("the proving key's points do not match its verifying key")]
    Halves,
    /// The circuit has too many rows, a row has an unknown wire, or a secret was zero.
    #[error("key generation failed: too many rows, a wire out of range, or a zero secret")]
    Generator,
}

/// A proving key. Its points are on their curves and in their groups, there are as many as the
/// circuit needs, and they belong to the verifying key.
///
/// # Shapes
/// The file consists of `wufu-pk1` (8 bytes), the length of the verifying key (u32 little-endian),
/// the verifying key (which names the circuit, provenance and reduction), arkworks' uncompressed
/// proving key, and the BLAKE3 hash of everything before it (32 bytes).
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
    /// Makes a key from its verifying key and arkworks' points.
    ///
    /// # Errors
    /// Returns an error if the verifying key is for another circuit than `circuit` or has other
    /// points, or if the number of points is wrong.
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

    /// The fingerprint of the verifying key.
    pub fn id(&self) -> KeyId {
        self.verifying.id()
    }

    /// The key under which proofs verify.
    pub fn verifying_key(&self) -> &VerifyingKey {
        &self.verifying
    }

    /// The points, as an arkworks key.
    pub fn points(&self) -> &ark_groth16::ProvingKey<Bn254> {
        &self.points
    }

    /// Encodes the key.
    ///
    /// # Errors
    /// Returns an error if a point cannot be written, which does not happen in memory.
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

    /// Decodes a key for a circuit. Checks every point.
    ///
    /// # Errors
    /// Returns an error if the bytes are damaged or malformed, if the verifying key is rejected
    /// (see [`VerifyingKey::decode`]) or for another circuit, if a point is invalid, or if the
    /// number of points is wrong.
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
        // Encode again and compare: arkworks ignores x if the infinity flag is set, and ignores any
        // bytes after the points.
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
    /// Returns an error if the file cannot be read, and the errors of [`ProvingKey::decode`].
    pub fn load(path: &Path, circuit: &CircuitInfo, trust: Trust) -> Result<Self, KeyFileError> {
        let got = fs::metadata(path)?.len();
        if got > MAX_BYTES {
            return Err(KeyFileError::Large { got });
        }
        // The limit also covers devices, which report a size of zero but have no end.
        let mut bytes = Vec::new();
        fs::File::open(path)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
        Self::decode(&bytes, circuit, trust)
    }

    /// Writes the key to a file atomically.
    ///
    /// # Errors
    /// Returns an error if the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), KeyFileError> {
        let bytes = self.encode()?;
        Draft::private(path).replace(|file| file.write_all(&bytes))?;
        // Sync the folder, so that the new name also survives a power failure.
        sync_folder(path)?;
        Ok(())
    }
}

/// The points of an arkworks verifying key.
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
    // libsnark's quotient has `domain - 1` coefficients (degree `domain - 2`). snarkjs uses the
    // values of the quotient on a coset.
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
