//! Prepared keys as files.

use std::{
    fs::{self, File},
    io::{self, Seek as _, SeekFrom, Write},
    path::Path,
    sync::Arc,
};

use ark_bn254::G1Affine;
use ark_serialize::{CanonicalDeserialize, CanonicalSerialize};
use bn254x8::{
    Backend, Group, Table,
    msm::{Shape, SharedBytes},
};
use wufu_files::{Draft, sync_folder};
use wufu_verifier::{Trust, groth16::key::KeyError};

use super::{
    PrepareError, PreparedKey, Queries,
    attestation::Attestation,
    fold::Sizes,
    header::{Header, Layout, SINGLE_BYTES},
    mapped_file::MappedFile,
    queries::{Query, SinglePoints},
};
use crate::CircuitInfo;

/// Why there is no prepared key. Make it again from the proving key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PreparedFileError {
    /// The file cannot be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It does not begin like one of this version.
    #[error("these bytes are no prepared key of version 1")]
    Magic,
    /// It has another length than its header says.
    #[error("prepared key is {got} bytes, expected {expected}")]
    Length {
        /// How many bytes it has.
        got: usize,
        /// How many it must have.
        expected: usize,
    },
    /// A number in its header that none can have.
    #[error("prepared key's {field} is {got}, which none has")]
    Field {
        /// Which.
        field: &'static str,
        /// The number.
        got: u32,
    },
    /// Numbers in it contradict each other.
    #[error("prepared key's parts do not fit together")]
    Bounds,
    /// It is changed.
    #[error("prepared key is damaged: the BLAKE3 hash of its {part} does not fit")]
    Hash {
        /// Which part.
        part: &'static str,
    },
    /// It was made for other instructions.
    #[error("prepared key is for {got}, expected one for {expected}")]
    Backend {
        /// The backend that it is for.
        got: Backend,
        /// The backend that was asked for.
        expected: Backend,
    },
    /// It is for another circuit.
    #[error("prepared key is for {got}, expected one for {expected}")]
    Circuit {
        /// Its circuit.
        got: &'static str,
        /// The circuit that was asked for.
        expected: &'static str,
    },
    /// Others than its owner may write it.
    #[error("prepared key has mode {mode:03o}, expected one that its owner alone may write")]
    Writable {
        /// Its mode.
        mode: u32,
    },
    /// The verifying key in it is refused.
    #[error(transparent)]
    Verifying(#[from] KeyError),
    /// A point in its header is none of the curve.
    #[error("prepared key has a malformed point")]
    Point,
    /// Its tables cannot be used.
    #[error(transparent)]
    Prepare(#[from] PrepareError),
}

/// How it is known that a file is as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Integrity {
    /// It was hashed before, and by its attestation it is the same file since.
    Attested,
    /// It was hashed now.
    Hashed,
}

impl PreparedKey {
    /// Writes the key to a file, whole or not at all.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), PreparedFileError> {
        Draft::private(path).replace(|file| self.write(file))?;
        sync_folder(path)?;
        // An attestation that is there is of the file before.
        Attestation::forget(path);
        Ok(())
    }

    fn write(&self, file: &mut File) -> Result<(), PreparedFileError> {
        let queries = self.queries();
        let verifying = self.verifying_key().encode();
        let shapes = queries.shapes();
        let layout = Layout::new(verifying.len(), &shapes).ok_or(PreparedFileError::Bounds)?;
        file.seek(SeekFrom::Start(layout.header as u64))?;
        let Queries { a, b1, b2, lh, .. } = queries;
        let mut body = Body { file, hasher: blake3::Hasher::new(), written: layout.header };
        for map in [&a.map, &b1.map, &b2.map, &lh.map] {
            body.write(&map.iter().flat_map(|at| at.to_le_bytes()).collect::<Vec<u8>>())?;
        }
        let tables = [&a.table, &b1.table].map(Table::as_bytes);
        for table in [tables[0], tables[1], b2.table.as_bytes(), lh.table.as_bytes()] {
            body.write(table)?;
        }
        if body.written != layout.end {
            return Err(PreparedFileError::Length { got: body.written, expected: layout.end });
        }
        let hash = *body.hasher.finalize().as_bytes();
        let mut single = [0; SINGLE_BYTES];
        let mut rest = &mut single[..];
        for point in [queries.single.beta_g1, queries.single.delta_g1] {
            point.serialize_uncompressed(&mut rest).map_err(|_| PreparedFileError::Point)?;
        }
        let header = Header::encode(queries.backend(), &shapes, &single, &verifying, &hash)?;
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&header)?;
        Ok(())
    }

    /// Loads a key for a circuit from a file, which stays mapped as long as the key lives.
    ///
    /// All of it is hashed, unless the attestation beside it (`.checked`) says that it was and that
    /// the file is the same since: size, times of its last change to the nanosecond, device and
    /// number. Points are not checked, so whoever can write the file is trusted with proofs: with
    /// other points they fail, or succeed for some witnesses only, and who sees which learns of
    /// them. A file that others than its owner may write is refused.
    ///
    /// # Errors
    /// When the file cannot be read, is damaged, or is of another version, circuit or backend; when the verifying key is refused
    /// (see [`VerifyingKey::decode`](wufu_verifier::VerifyingKey::decode)).
    ///
    /// # Cost
    /// Milliseconds with an attestation; else BLAKE3 of all of it, on all threads of the rayon pool.
    pub fn load(
        path: &Path,
        circuit: &CircuitInfo,
        backend: Backend,
        trust: Trust,
    ) -> Result<(Self, Integrity), PreparedFileError> {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        owners_alone(&metadata)?;
        let bytes: SharedBytes = Arc::new(MappedFile::open(&file)?);
        let whole: &[u8] = (*bytes).as_ref();
        let header = Header::parse(whole, circuit, trust)?;
        if header.backend != backend {
            return Err(PreparedFileError::Backend { got: header.backend, expected: backend });
        }
        let attestation = Attestation::new(&header.hash, &metadata);
        let attested = |attestation: &Attestation| attestation.stands_beside(path);
        let checked = if attestation.as_ref().is_some_and(attested) {
            Integrity::Attested
        } else {
            let mut hasher = blake3::Hasher::new();
            hasher.update_rayon(&whole[header.layout.header..]);
            if hasher.finalize() != header.body {
                return Err(PreparedFileError::Hash { part: "points" });
            }
            // A change while it was hashed, or so soon after the last one that the clock of files
            // cannot tell them apart, would be attested as no change.
            let still = Attestation::new(&header.hash, &file.metadata()?);
            let attestation = attestation.filter(|attestation| Some(attestation) == still.as_ref());
            // An attestation that cannot be written costs time at the next start, no more.
            if let Some(attestation) = attestation.filter(|_| Attestation::settled(&metadata))
                && let Err(error) = attestation.write_beside(path)
            {
                tracing::debug!(%error, "the check of a prepared key is not on record");
            }
            Integrity::Hashed
        };
        let key = decode(&header, &bytes)?;
        Ok((key, checked))
    }
}

/// Refuses a file that its group or everybody may write.
#[cfg(unix)]
fn owners_alone(metadata: &fs::Metadata) -> Result<(), PreparedFileError> {
    use std::os::unix::fs::MetadataExt as _;
    match metadata.mode() & 0o777 {
        mode if mode & 0o022 != 0 => Err(PreparedFileError::Writable { mode }),
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
fn owners_alone(_: &fs::Metadata) -> Result<(), PreparedFileError> {
    Ok(())
}

fn decode(header: &Header, bytes: &SharedBytes) -> Result<PreparedKey, PreparedFileError> {
    let Header { backend, shapes, sizes, layout, verifying, .. } = header;
    let points = verifying.points();
    let (beta_g1, delta_g1) = header.single.split_at(SINGLE_BYTES / 2);
    let single = SinglePoints {
        alpha: points.alpha,
        beta_g1: point(beta_g1)?,
        beta_g2: points.beta,
        delta_g1: point(delta_g1)?,
        delta_g2: points.delta,
    };
    let queries = Queries::assemble(
        *sizes,
        verifying.reduction(),
        single,
        query(*backend, shapes, layout, bytes, *sizes, 0)?,
        query(*backend, shapes, layout, bytes, *sizes, 1)?,
        query(*backend, shapes, layout, bytes, *sizes, 2)?,
        query(*backend, shapes, layout, bytes, *sizes, 3)?,
    )?;
    Ok(PreparedKey::from_parts(verifying.clone(), queries))
}

fn point(bytes: &[u8]) -> Result<G1Affine, PreparedFileError> {
    G1Affine::deserialize_uncompressed(bytes).map_err(|_| PreparedFileError::Point)
}

/// One query: its map, of which every entry is checked, and its table.
fn query<G: Group>(
    backend: Backend,
    shapes: &[Shape; 4],
    layout: &Layout,
    bytes: &SharedBytes,
    sizes: Sizes,
    index: usize,
) -> Result<Query<G>, PreparedFileError> {
    let whole: &[u8] = (**bytes).as_ref();
    let (entries, _) = whole[layout.maps[index].clone()].as_chunks::<4>();
    let map: Vec<u32> = entries.iter().map(|entry| u32::from_le_bytes(*entry)).collect();
    let limit = if index == 3 { sizes.wires + sizes.domain() } else { sizes.wires };
    let rising = map.is_sorted_by(|one, next| one < next);
    if !rising || map.last().is_some_and(|last| *last as usize >= limit) {
        return Err(PreparedFileError::Bounds);
    }
    let range = layout.tables[index].clone();
    let table = Table::from_bytes(backend, shapes[index], bytes.clone(), range);
    Ok(Query { map, table: table.map_err(PrepareError::from)? })
}

/// What comes after a header, hashed as it is written.
struct Body<'a> {
    file: &'a mut File,
    hasher: blake3::Hasher,
    written: usize,
}

impl Body<'_> {
    /// Writes a part, and zeros up to the next line.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let end = (self.written + bytes.len()).next_multiple_of(64);
        let zeros = &[0; 64][..end - self.written - bytes.len()];
        for part in [bytes, zeros] {
            self.file.write_all(part)?;
            self.hasher.update_rayon(part);
        }
        self.written = end;
        Ok(())
    }
}

/// Deletes a prepared key and its attestation. Neither needs to be there.
///
/// # Errors
/// When it cannot be deleted.
pub fn remove(path: &Path) -> io::Result<()> {
    Attestation::forget(path);
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
