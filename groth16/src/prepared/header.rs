//! The header of a prepared key's file.

use std::ops::Range;

use bn254x8::{Backend, G1, G2, Group as _, msm::Shape};
use wufu_verifier::{Trust, VerifyingKey};

use super::{
    PreparedFileError,
    budget::{Shapes, WINDOWS},
    fold::Sizes,
};
use crate::CircuitInfo;

const MAGIC: &[u8; 8] = b"wufu-pp1";
const HASH: usize = 32;
const LINE: usize = 64;
/// Offset of the shapes: magic, backend, length of the header, length of the file.
const SHAPES: usize = 8 + 4 + 4 + 8;
/// Offset of the single points: bases, window and step of each query come before.
const SINGLE: usize = SHAPES + 4 * 3 * 4;
/// Bytes of two points of G1.
pub(super) const SINGLE_BYTES: usize = 2 * 64;
const VERIFYING: usize = SINGLE + SINGLE_BYTES + 4;
/// Upper limit of the verifying key's length. Our keys are much shorter.
const MAX_VERIFYING: usize = 4096;

/// The header of a prepared key's file: everything but points and maps.
///
/// # Shapes
/// Integers are little-endian. The fields are `wufu-pp1` (8 bytes), backend (u32: 1 portable, 2
/// avx512ifma), length of the header (u32), length of the file (u64); for A, B in G1, B in G2 and L
/// with H: bases, window, step (u32 each); `beta` and `delta` in G1 (64 bytes each, arkworks'
/// uncompressed form); length of the verifying key (u32) and the verifying key; zeros; BLAKE3 of
/// everything after the header; BLAKE3 of the header before this hash. The header's length is a
/// multiple of 64.
#[derive(Clone, Debug)]
pub struct Header {
    pub(super) backend: Backend,
    pub(super) shapes: Shapes,
    pub(super) single: [u8; SINGLE_BYTES],
    pub(super) verifying: VerifyingKey,
    pub(super) sizes: Sizes,
    pub(super) layout: Layout,
    /// Hash of everything after the header.
    pub(super) body: [u8; HASH],
    /// Hash of the header. It covers `body`, and thereby the whole file.
    pub(super) hash: [u8; HASH],
}

/// The positions of the parts in a file.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) header: usize,
    pub(super) maps: [Range<usize>; 4],
    pub(super) tables: [Range<usize>; 4],
    pub(super) end: usize,
}

impl Layout {
    /// `None` if a size exceeds the address space.
    pub(super) fn new(verifying: usize, shapes: &Shapes) -> Option<Self> {
        let header = (VERIFYING + verifying + 2 * HASH).next_multiple_of(LINE);
        let mut end = header;
        let mut next = |bytes: usize| {
            let start = end;
            let stop = start.checked_add(bytes)?;
            end = stop.checked_next_multiple_of(LINE)?;
            Some(start..stop)
        };
        let mut map = |query: usize| next(shapes[query].bases.checked_mul(4)?);
        let maps = [map(0)?, map(1)?, map(2)?, map(3)?];
        let mut table = |query: usize| {
            let row = if query == 2 { G2::ROW } else { G1::ROW };
            let rows = shapes[query].bases.checked_mul(shapes[query].levels() as usize)?;
            next(rows.checked_mul(row)?)
        };
        let tables = [table(0)?, table(1)?, table(2)?, table(3)?];
        Some(Self { header, maps, tables, end })
    }
}

impl Header {
    /// Reads and checks the header of a file for a circuit. It is a pure function of `bytes`, and
    /// hashes only the header.
    ///
    /// # Errors
    /// Returns an error if a field is out of range or contradicts another, if the file's length is
    /// not what the header states, if the header's hash does not match, or if the verifying key is
    /// rejected or for another circuit.
    pub fn parse(
        bytes: &[u8],
        circuit: &CircuitInfo,
        trust: Trust,
    ) -> Result<Self, PreparedFileError> {
        let word = |at: usize| -> Result<u32, PreparedFileError> {
            let word = bytes.get(at..).and_then(<[u8]>::first_chunk::<4>);
            let short = PreparedFileError::Length { got: bytes.len(), expected: VERIFYING };
            Ok(u32::from_le_bytes(*word.ok_or(short)?))
        };
        if !bytes.starts_with(MAGIC) {
            return Err(PreparedFileError::Magic);
        }
        let backend = match word(8)? {
            1 => Backend::Portable,
            2 => Backend::Avx512Ifma,
            got => return Err(PreparedFileError::Field { field: "backend", got }),
        };
        let header = word(12)? as usize;
        let verifying = word(VERIFYING - 4)? as usize;
        let mut shapes = [Shape { bases: 0, window: *WINDOWS.start(), step: 1 }; 4];
        for (query, shape) in shapes.iter_mut().enumerate() {
            let at = SHAPES + 12 * query;
            let (bases, window, step) = (word(at)?, word(at + 4)?, word(at + 8)?);
            if !WINDOWS.contains(&window) {
                return Err(PreparedFileError::Field { field: "window", got: window });
            }
            *shape = Shape { bases: bases as usize, window, step };
            if step == 0 || step > shape.windows() {
                return Err(PreparedFileError::Field { field: "step", got: step });
            }
        }
        if verifying > MAX_VERIFYING {
            let got = word(VERIFYING - 4)?;
            return Err(PreparedFileError::Field { field: "length of the verifying key", got });
        }
        let layout = Layout::new(verifying, &shapes).ok_or(PreparedFileError::Bounds)?;
        if header != layout.header {
            return Err(PreparedFileError::Field { field: "length of the header", got: word(12)? });
        }
        let says = u64::from(word(16)?) | u64::from(word(20)?) << 32;
        if says != layout.end as u64 || bytes.len() != layout.end {
            return Err(PreparedFileError::Length { got: bytes.len(), expected: layout.end });
        }
        // From here on the whole header is known to be present.
        let (content, hash) = bytes[..header].split_at(header - HASH);
        if blake3::hash(content).as_bytes() != hash {
            return Err(PreparedFileError::Hash { part: "header" });
        }
        let (rest, body) = content.split_at(content.len() - HASH);
        let (key, zeros) = rest[VERIFYING..].split_at(verifying);
        if zeros.iter().any(|byte| *byte != 0) {
            return Err(PreparedFileError::Bounds);
        }
        let verifying = VerifyingKey::decode(key, trust)?;
        if verifying.circuit().id() != circuit.id {
            let (got, expected) = (verifying.circuit().as_str(), circuit.name);
            return Err(PreparedFileError::Circuit { got, expected });
        }
        let CircuitInfo { rows, wires, public_inputs, .. } = *circuit;
        let sizes = Sizes::new(rows, wires, public_inputs + 1);
        for (query, shape) in shapes.iter().enumerate() {
            let limit = if query == 3 { wires + sizes.domain() } else { wires };
            if shape.bases > limit {
                return Err(PreparedFileError::Bounds);
            }
        }
        let array =
            |slice: &[u8]| <[u8; HASH]>::try_from(slice).map_err(|_| PreparedFileError::Bounds);
        let single = bytes[SINGLE..SINGLE + SINGLE_BYTES].try_into();
        Ok(Self {
            backend,
            shapes,
            single: single.map_err(|_| PreparedFileError::Bounds)?,
            verifying,
            sizes,
            layout,
            body: array(body)?,
            hash: array(hash)?,
        })
    }

    /// Encodes the header, and computes the positions of the other parts.
    pub(super) fn encode(
        backend: Backend,
        shapes: &Shapes,
        single: &[u8; SINGLE_BYTES],
        verifying: &[u8],
        body: &[u8; HASH],
    ) -> Result<Vec<u8>, PreparedFileError> {
        let layout = Layout::new(verifying.len(), shapes).ok_or(PreparedFileError::Bounds)?;
        let word = |number: usize| u32::try_from(number).map_err(|_| PreparedFileError::Bounds);
        let backend: u32 = match backend {
            Backend::Portable => 1,
            Backend::Avx512Ifma => 2,
            _ => return Err(PreparedFileError::Bounds),
        };
        let mut out = MAGIC.to_vec();
        out.extend(backend.to_le_bytes());
        out.extend(word(layout.header)?.to_le_bytes());
        out.extend((layout.end as u64).to_le_bytes());
        for shape in shapes {
            for number in [word(shape.bases)?, shape.window, shape.step] {
                out.extend(number.to_le_bytes());
            }
        }
        out.extend(single);
        out.extend(word(verifying.len())?.to_le_bytes());
        out.extend(verifying);
        out.resize(layout.header - 2 * HASH, 0);
        out.extend(body);
        out.extend(blake3::hash(&out).as_bytes());
        Ok(out)
    }

    /// The key under which proofs verify.
    pub fn verifying_key(&self) -> &VerifyingKey {
        &self.verifying
    }
}
