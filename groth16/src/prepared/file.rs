//! Prepared keys in files.

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
use wufu_verifier::Trust;

use super::{
    PrepareError, PreparedFileError, PreparedKey, Queries,
    attestation::Attestation,
    fold::Sizes,
    header::{Header, Layout, SINGLE_BYTES},
    mapped_file::MappedFile,
    queries::{Query, SinglePoints},
};
use crate::CircuitInfo;

/// How the integrity of a file was established.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Integrity {
    /// Its attestation shows that it was hashed earlier and has not changed since.
    Attested,
    /// It was hashed now.
    Hashed,
}

impl PreparedKey {
    /// Writes the key to a file atomically.
    ///
    /// # Errors
    /// Returns an error if the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), PreparedFileError> {
        Draft::private(path).replace(|file| self.write(file))?;
        sync_folder(path)?;
        // An existing attestation belongs to the previous file.
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

    /// Loads a key for a circuit from a file. The file stays mapped as long as the key exists.
    ///
    /// The whole file is hashed, unless the attestation beside it (`.checked`) shows that this was
    /// done and that the file has not changed since: size, times of the last change to the
    /// nanosecond, device and number. Points are not checked, so anyone who can write the file is
    /// trusted with the proofs. With other points, proofs fail or succeed depending on the witness,
    /// and anyone who sees which learns about the witness. A file that users other than its owner
    /// may write is refused.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read, if it is damaged, if it is for another version,
    /// circuit or backend, or if the verifying key is rejected (see
    /// [`VerifyingKey::decode`](wufu_verifier::VerifyingKey::decode)).
    ///
    /// # Cost
    /// Milliseconds with an attestation. Otherwise BLAKE3 of the whole file, on all threads of the
    /// rayon pool.
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
            // A change during hashing would be attested as no change. So would a change so soon
            // after the last one that both get the same timestamp.
            let still = Attestation::new(&header.hash, &file.metadata()?);
            let attestation = attestation.filter(|attestation| Some(attestation) == still.as_ref());
            // If the attestation cannot be written, the next start takes longer. Nothing else is
            // lost.
            if let Some(attestation) = attestation.filter(|_| Attestation::settled(&metadata))
                && let Err(error) = attestation.write_beside(path)
            {
                tracing::debug!(%error, "could not write the attestation of a prepared key");
            }
            Integrity::Hashed
        };
        let key = decode(&header, &bytes)?;
        Ok((key, checked))
    }
}

/// Refuses a file that its group or everyone may write.
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

/// Reads one query: its map, checking every entry, and its table.
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

/// Writes everything after the header, and hashes it on the way.
struct Body<'a> {
    file: &'a mut File,
    hasher: blake3::Hasher,
    written: usize,
}

impl Body<'_> {
    /// Writes a part, then zeros up to the next cache line.
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

/// Deletes a prepared key and its attestation. Either may be missing.
///
/// # Errors
/// Returns an error if an existing file cannot be deleted.
pub fn remove(path: &Path) -> io::Result<()> {
    Attestation::forget(path);
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
