//! iden3's `.r1cs` file.

use std::io::{self, Write};

use ark_bn254::Fr;
use ark_ff::PrimeField;
use wufu_verifier::{CircuitId, encoding::field};

use super::system::R1cs;

const MAGIC: &[u8; 4] = b"r1cs";
const VERSION: u32 = 1;
const HEADER: u32 = 1;
const CONSTRAINTS: u32 = 2;
const WIRE_TO_LABEL: u32 = 3;
pub(super) const FIELD_BYTES: usize = 32;

impl R1cs {
    /// Writes the circuit as an iden3 `.r1cs` file. The same rows always give the same bytes.
    ///
    /// # Shapes
    /// Version 1, sections header, constraints, wire-to-label. All integers are little-endian,
    /// coefficients are in standard form. Public inputs are inputs (there are no outputs); the
    /// label of a wire is its number.
    ///
    /// # Errors
    /// Returns the errors of `out`.
    ///
    /// # Source
    /// <https://github.com/iden3/r1csfile/blob/master/doc/r1cs_bin_format.md>
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let public = length(self.public_inputs())?;
        let private = length(self.private_inputs())?;
        let wires = length(self.wires())?;
        let rows = length(self.rows())?;

        out.write_all(MAGIC)?;
        out.write_all(&VERSION.to_le_bytes())?;
        out.write_all(&3u32.to_le_bytes())?;

        section(out, HEADER, 4 + FIELD_BYTES + 4 * 4 + 8 + 4)?;
        out.write_all(&length(FIELD_BYTES)?.to_le_bytes())?;
        for limb in Fr::MODULUS.0 {
            out.write_all(&limb.to_le_bytes())?;
        }
        for count in [wires, 0, public, private] {
            out.write_all(&count.to_le_bytes())?;
        }
        out.write_all(&u64::from(wires).to_le_bytes())?;
        out.write_all(&rows.to_le_bytes())?;

        let counts = 3 * 4 * self.rows();
        section(out, CONSTRAINTS, counts + (4 + FIELD_BYTES) * self.non_zeros())?;
        let mut buffer = Vec::new();
        for row in 0..self.rows() {
            buffer.clear();
            for matrix in self.matrices() {
                let terms = matrix.row(row);
                buffer.extend_from_slice(&length(terms.len())?.to_le_bytes());
                for (wire, coefficient) in terms {
                    buffer.extend_from_slice(&wire.to_le_bytes());
                    buffer.extend_from_slice(&field::encode(coefficient));
                }
            }
            out.write_all(&buffer)?;
        }

        section(out, WIRE_TO_LABEL, 8 * self.wires())?;
        for wire in 0..wires {
            out.write_all(&u64::from(wire).to_le_bytes())?;
        }
        Ok(())
    }

    /// Computes the circuit's id: the BLAKE3 hash of its `.r1cs` file.
    ///
    /// # Cost
    /// 36 bytes hashed for each term.
    pub fn id(&self) -> CircuitId {
        let mut hasher = blake3::Hasher::new();
        // A hasher never fails to take bytes, and counts beyond u32 were refused when the wires
        // were numbered.
        let written = self.write(&mut hasher);
        debug_assert!(written.is_ok());
        CircuitId(*hasher.finalize().as_bytes())
    }
}

pub(super) fn section(out: &mut impl Write, kind: u32, bytes: usize) -> io::Result<()> {
    out.write_all(&kind.to_le_bytes())?;
    let bytes = u64::try_from(bytes).map_err(io::Error::other)?;
    out.write_all(&bytes.to_le_bytes())
}

pub(super) fn length(count: usize) -> io::Result<u32> {
    u32::try_from(count).map_err(io::Error::other)
}
