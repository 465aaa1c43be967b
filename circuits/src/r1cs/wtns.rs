//! iden3's `.wtns` file.

use std::io::{self, Write};

use ark_bn254::Fr;
use ark_ff::PrimeField;
use wufu_verifier::encoding::field;
use zeroize::Zeroizing;

use super::{
    assignment::Assignment,
    file::{FIELD_BYTES, length, section},
};

const MAGIC: &[u8; 4] = b"wtns";
const VERSION: u32 = 2;
const HEADER: u32 = 1;
const WITNESS: u32 = 2;

impl Assignment {
    /// Writes every wire as an iden3 `.wtns` file. **This is the witness**: whoever reads it can
    /// spend, show and recognise everything under its key, for ever. Use it for tests and tools,
    /// and never keep the file.
    ///
    /// # Shapes
    /// Version 2, sections header (length of an element, modulus, number of wires) and witness.
    /// Everything is little-endian, elements are in standard form.
    ///
    /// # Errors
    /// Returns the errors of `out`.
    ///
    /// # Source
    /// `src/wtns_utils.js` of snarkjs.
    pub fn write_wtns(&self, out: &mut impl Write) -> io::Result<()> {
        let wires = length(self.z().len())?;
        out.write_all(MAGIC)?;
        out.write_all(&VERSION.to_le_bytes())?;
        out.write_all(&2u32.to_le_bytes())?;

        section(out, HEADER, 4 + FIELD_BYTES + 4)?;
        out.write_all(&length(FIELD_BYTES)?.to_le_bytes())?;
        for limb in Fr::MODULUS.0 {
            out.write_all(&limb.to_le_bytes())?;
        }
        out.write_all(&wires.to_le_bytes())?;

        section(out, WITNESS, FIELD_BYTES * self.z().len())?;
        for value in self.z() {
            out.write_all(&*Zeroizing::new(field::encode(value)))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use wufu_verifier::{Fr, encoding::field};

    use crate::{
        clause::Clause,
        r1cs::{Declaration, Mode, Size},
    };

    #[test]
    fn a_witness_file_holds_every_wire() {
        let inputs = [2u64, 3, 5, 7].map(Fr::from);
        let (declaration, _) = Declaration::new(Mode::Both, Size::default(), inputs);
        let (_, assignment) = declaration.begin(Clause::F1).finish();
        let mut file = Vec::new();
        assignment.write_wtns(&mut file).unwrap();
        let header = 12 + 12 + 4 + 32 + 4;
        assert_eq!(assignment.z().len(), 5);
        assert_eq!(file.len(), header + 12 + 32 * assignment.z().len());
        for (chunk, value) in file[header + 12..].chunks_exact(32).zip(assignment.z()) {
            assert_eq!(field::decode("wire", chunk), Ok(*value));
        }
    }
}
