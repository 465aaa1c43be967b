//! Keys of the project's statements: gives `wufu-groth16` what it asks about a circuit, from
//! `wufu-circuits`.
//!
//! To read an existing key, call the engine itself: `ProvingKey::load(path, &keys::circuit(name),
//! trust)`.

use ark_bn254::Bn254;
use wufu_circuits::{Assignment, R1cs, r1cs::Size, registry_entry};
use wufu_groth16::{
    AssignmentRef, CircuitInfo, KeyFileError, MatrixRef, PreparedKey, ProvingKey, R1csRef,
    iden3::{ZkeyError, zkey},
    key_points,
    prepared::{Options, PrepareError, Progress},
};
use wufu_verifier::{
    CircuitName, VerifyingKey,
    groth16::key::{Provenance, Reduction},
};

/// Describes a statement's circuit, for the engine to compare a key with.
pub fn circuit(name: CircuitName) -> CircuitInfo {
    let Size { rows, wires } = registry_entry(name).size;
    let public_inputs = name.public_inputs();
    CircuitInfo { name: name.as_str(), id: name.id(), rows, wires, public_inputs }
}

/// A circuit's rows, in the engine's form.
pub fn rows(shape: &R1cs) -> R1csRef<'_> {
    R1csRef {
        public_inputs: shape.public_inputs(),
        wires: shape.wires(),
        matrices: shape.matrices().map(|matrix| MatrixRef::new(matrix.terms(), matrix.ends())),
    }
}

/// An assignment's values, in the engine's form.
pub fn values(assignment: &Assignment) -> AssignmentRef<'_> {
    AssignmentRef {
        public_inputs: assignment.public().len(),
        z: assignment.z(),
        az: assignment.az(),
        bz: assignment.bz(),
        cz: assignment.cz(),
    }
}

/// Makes a statement's proving key from arkworks' points.
///
/// # Errors
/// Returns an error if the verifying half is unsafe, or if there are too few or too many points.
pub fn proving_key(
    name: CircuitName,
    provenance: Provenance,
    reduction: Reduction,
    points: ark_groth16::ProvingKey<Bn254>,
) -> Result<ProvingKey, KeyFileError> {
    let verifying = VerifyingKey::new(name, provenance, reduction, key_points(&points.vk))?;
    ProvingKey::new(verifying, &circuit(name), points)
}

/// Reads a statement's proving key from a `.zkey`.
///
/// # Errors
/// As [`zkey::read`] and [`proving_key`]. A set-up without contributions is refused by its `delta`.
///
/// # Cost
/// As [`zkey::read`].
pub fn from_zkey(
    bytes: &[u8],
    name: CircuitName,
    provenance: Provenance,
) -> Result<ProvingKey, ZkeyError> {
    let points = zkey::read(bytes, rows(&registry_entry(name).shape()))?;
    Ok(proving_key(name, provenance, Reduction::Circom, points)?)
}

/// Prepares a statement's key.
///
/// # Errors
/// As [`PreparedKey::new`].
///
/// # Cost
/// As [`PreparedKey::new`], and one pass over the circuit.
pub fn prepare(
    key: &ProvingKey,
    options: Options,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<PreparedKey, PrepareError> {
    let shape = registry_entry(key.verifying_key().circuit()).shape();
    PreparedKey::new(key, rows(&shape), options, progress)
}
