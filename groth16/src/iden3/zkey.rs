//! Reads snarkjs's `.zkey` files.

use ark_bn254::{Bn254, Fq, Fq2, Fr, G1Affine, G2Affine};
use ark_ec::{AffineRepr, pairing::Pairing};
use ark_ff::{BigInt, PrimeField, Zero};
use rayon::prelude::*;

use crate::{KeyFileError, R1csRef};

const MAGIC: &[u8; 4] = b"zkey";
const VERSION: u32 = 1;
const GROTH16: u32 = 1;
/// Bytes of a field element.
const FIELD: usize = 32;
const G1: usize = 2 * FIELD;
const G2: usize = 4 * FIELD;
/// Bytes of a coefficient: matrix, row, wire, value.
const COEFFICIENT: usize = 3 * 4 + FIELD;

/// Number of sections that are read. Those after them hold the transcript of the ceremony.
const SECTIONS: usize = 9;

/// Why bytes are not a `.zkey` of the circuit.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ZkeyError {
    /// The bytes are not a `.zkey` of version 1, or the key is not for Groth16.
    #[error("not a .zkey of version 1 for Groth16")]
    Magic,
    /// A section occurs twice or is missing, or the file is truncated or too long.
    #[error("section {section} is missing, duplicated or truncated")]
    Section {
        /// Number of the section; 0 is the file itself.
        section: u32,
    },
    /// The length of a section does not fit its contents.
    #[error("section {section} is {got} bytes, expected {expected}")]
    Length {
        /// Number of the section.
        section: u32,
        /// Length of the section in bytes.
        got: usize,
        /// Length that its contents require.
        expected: usize,
    },
    /// The key is for another curve.
    #[error("the key is not for BN254")]
    Curve,
    /// The key is for a circuit of another size.
    #[error("the key has {got} {what}, expected {expected}")]
    Size {
        /// The quantity that differs.
        what: &'static str,
        /// Its value in the key.
        got: usize,
        /// Its value in the circuit.
        expected: usize,
    },
    /// The key is for a circuit with other rows.
    #[error("the key's rows are not those of the circuit")]
    Rows,
    /// A coordinate is not canonical, or a point is not on its curve or not in its group.
    #[error("point {index} of section {section} is malformed")]
    Point {
        /// Number of the section.
        section: u32,
        /// Position of the point in the section.
        index: usize,
    },
    /// The points in G1 and G2 belong to different secrets, or `gamma` is not the generator, which
    /// it is after phase 1.
    #[error("the key's {what} contradicts its other points")]
    Halves {
        /// The name of the secret.
        what: &'static str,
    },
    /// The key was rejected for a reason that applies to every proving key.
    #[error(transparent)]
    Key(#[from] KeyFileError),
}

/// Reads the points of a `.zkey` as those of a key for a circuit.
///
/// Checks every point, and that the rows are those of the circuit. The file does not show whether
/// its ceremony was honest and whether its points belong to these rows. Before calling the key a
/// ceremony key, run `snarkjs zkey verify` with the circuit's `.r1cs` and the powers of tau.
///
/// # Shapes
/// Each section has a type (u32) and a length (u64): 1 protocol; 2 moduli, sizes, `alpha`, `beta`,
/// `gamma`, `delta`; 3 input points; 4 coefficients of A and B; 5 to 9 A, B in G1, B in G2, L, H.
/// Coordinates are little-endian in Montgomery form, and the identity is (0, 0). Coefficients are
/// in Montgomery form twice over.
///
/// # Errors
/// Returns an error if the bytes are malformed, if a point is invalid, or if sizes or rows are not
/// those of the circuit. That the key does not allow forgery is checked when a verifying key is
/// made from the points.
///
/// # Cost
/// A subgroup check for every point of G2, on all threads of the pool.
///
/// # Source
/// `src/zkey_utils.js` of snarkjs.
pub fn read(
    bytes: &[u8],
    circuit: R1csRef<'_>,
) -> Result<ark_groth16::ProvingKey<Bn254>, ZkeyError> {
    let sections = split(bytes)?;
    let section = |number: u32| Reader { section: number, rest: sections[number as usize - 1] };
    if section(1).rest != GROTH16.to_le_bytes() {
        return Err(ZkeyError::Magic);
    }
    let (wires, public) = (circuit.wires, circuit.public_inputs);
    let domain = (circuit.rows() + public + 1).next_power_of_two();

    let mut header = section(2);
    header.expect_length(2 * (4 + FIELD) + 3 * 4 + 3 * G1 + 3 * G2)?;
    for modulus in [Fq::MODULUS, Fr::MODULUS] {
        if header.u32()? as usize != FIELD || header.integer()? != modulus {
            return Err(ZkeyError::Curve);
        }
    }
    for (what, expected) in
        [("wires", wires), ("public inputs", public), ("domain elements", domain)]
    {
        let got = header.u32()? as usize;
        if got != expected {
            return Err(ZkeyError::Size { what, got, expected });
        }
    }
    let [alpha_g1, beta_g1] = [header.g1(0)?, header.g1(1)?];
    let [beta_g2, gamma_g2] = [header.g2(2)?, header.g2(3)?];
    let (delta_g1, delta_g2) = (header.g1(4)?, header.g2(5)?);
    if gamma_g2 != G2Affine::generator() {
        return Err(ZkeyError::Halves { what: "gamma" });
    }
    for (what, one, other) in [("beta", beta_g1, beta_g2), ("delta", delta_g1, delta_g2)] {
        let left = Bn254::pairing(one, G2Affine::generator());
        if left != Bn254::pairing(G1Affine::generator(), other) {
            return Err(ZkeyError::Halves { what });
        }
    }
    check_rows(section(4), circuit)?;
    Ok(ark_groth16::ProvingKey {
        vk: ark_groth16::VerifyingKey {
            alpha_g1,
            beta_g2,
            gamma_g2,
            delta_g2,
            gamma_abc_g1: section(3).points_g1(public + 1)?,
        },
        beta_g1,
        delta_g1,
        a_query: section(5).points_g1(wires)?,
        b_g1_query: section(6).points_g1(wires)?,
        b_g2_query: section(7).points_g2(wires)?,
        h_query: section(9).points_g1(domain)?,
        l_query: section(8).points_g1(wires - public - 1)?,
    })
}

/// Splits a file into its sections, by number. Ignores those of the transcript.
fn split(bytes: &[u8]) -> Result<[&[u8]; SECTIONS], ZkeyError> {
    let mut file = Reader { section: 0, rest: bytes };
    if file.take(4)? != MAGIC || file.u32()? != VERSION {
        return Err(ZkeyError::Magic);
    }
    let mut sections = [None; SECTIONS];
    for _ in 0..file.u32()? {
        let section = file.u32()?;
        let cut = || ZkeyError::Section { section };
        let length = usize::try_from(file.u64()?).map_err(|_| cut())?;
        let body = file.take(length).map_err(|_| cut())?;
        let place = (section as usize).checked_sub(1).and_then(|at| sections.get_mut(at));
        if place.is_some_and(|place| place.replace(body).is_some()) {
            return Err(cut());
        }
    }
    if !file.rest.is_empty() {
        return Err(ZkeyError::Section { section: 0 });
    }
    let mut found = [&[][..]; SECTIONS];
    for ((number, found), section) in (1..).zip(&mut found).zip(sections) {
        *found = section.ok_or(ZkeyError::Section { section: number })?;
    }
    Ok(found)
}

/// Checks that the coefficients are those of A and B, with the rows `1 · 0 = 0` of the public
/// wires. A `.zkey` does not contain C.
fn check_rows(mut section: Reader<'_>, circuit: R1csRef<'_>) -> Result<(), ZkeyError> {
    let [a, b, _] = circuit.matrices;
    let mut expected =
        Vec::with_capacity(a.non_zeros() + b.non_zeros() + circuit.public_inputs + 1);
    for (number, matrix) in [(0, a), (1, b)] {
        for (row, terms) in matrix.rows().enumerate() {
            expected.extend(terms.iter().map(|(wire, factor)| (number, row, *wire, *factor)));
        }
    }
    for (wire, row) in (0..=circuit.public_inputs).zip(circuit.rows()..) {
        expected.push((0, row, wire as u32, Fr::from(1u64)));
    }
    let got = section.u32()? as usize;
    if got != expected.len() {
        return Err(ZkeyError::Size { what: "coefficients", got, expected: expected.len() });
    }
    section.expect_length(got * COEFFICIENT)?;
    let mut coefficients = Vec::with_capacity(got);
    for _ in 0..got {
        let (matrix, row, wire) = (section.u32()?, section.u32()? as usize, section.u32()?);
        let once = section.integer()?;
        if once >= Fr::MODULUS {
            return Err(ZkeyError::Rows);
        }
        let factor = Fr::new_unchecked(Fr::new_unchecked(once).into_bigint());
        coefficients.push((matrix, row, wire, factor));
    }
    expected.sort_unstable();
    coefficients.sort_unstable();
    if coefficients == expected { Ok(()) } else { Err(ZkeyError::Rows) }
}

/// The rest of a section.
#[derive(Clone, Copy)]
struct Reader<'a> {
    section: u32,
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], ZkeyError> {
        let cut = ZkeyError::Section { section: self.section };
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(cut)?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ZkeyError> {
        let cut = ZkeyError::Section { section: self.section };
        let (taken, rest) = self.rest.split_first_chunk().ok_or(cut)?;
        self.rest = rest;
        Ok(*taken)
    }

    fn expect_length(&self, expected: usize) -> Result<(), ZkeyError> {
        let (section, got) = (self.section, self.rest.len());
        if got == expected { Ok(()) } else { Err(ZkeyError::Length { section, got, expected }) }
    }

    fn u32(&mut self) -> Result<u32, ZkeyError> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, ZkeyError> {
        self.array().map(u64::from_le_bytes)
    }

    fn integer(&mut self) -> Result<BigInt<4>, ZkeyError> {
        Ok(BigInt(limbs(self.take(FIELD)?)))
    }

    fn g1(&mut self, index: usize) -> Result<G1Affine, ZkeyError> {
        let malformed = ZkeyError::Point { section: self.section, index };
        point_g1(self.take(G1)?).ok_or(malformed)
    }

    fn g2(&mut self, index: usize) -> Result<G2Affine, ZkeyError> {
        let malformed = ZkeyError::Point { section: self.section, index };
        point_g2(self.take(G2)?).ok_or(malformed)
    }

    fn points_g1(self, count: usize) -> Result<Vec<G1Affine>, ZkeyError> {
        self.points(count, G1, point_g1)
    }

    fn points_g2(self, count: usize) -> Result<Vec<G2Affine>, ZkeyError> {
        self.points(count, G2, point_g2)
    }

    fn points<P: Send>(
        self,
        count: usize,
        size: usize,
        point: impl Fn(&[u8]) -> Option<P> + Sync,
    ) -> Result<Vec<P>, ZkeyError> {
        self.expect_length(count * size)?;
        let malformed = |index| ZkeyError::Point { section: self.section, index };
        let chunks = self.rest.par_chunks_exact(size).enumerate();
        chunks.map(|(index, chunk)| point(chunk).ok_or_else(|| malformed(index))).collect()
    }
}

fn limbs(bytes: &[u8]) -> [u64; 4] {
    let mut limbs = [0; 4];
    for (limb, chunk) in limbs.iter_mut().zip(bytes.chunks_exact(8)) {
        *limb = chunk.iter().rfold(0, |limb, byte| (limb << 8) | u64::from(*byte));
    }
    limbs
}

/// Decodes a coordinate from Montgomery form. `None` if it is not below the modulus.
fn coordinate(bytes: &[u8]) -> Option<Fq> {
    let integer = BigInt(limbs(bytes));
    (integer < Fq::MODULUS).then(|| Fq::new_unchecked(integer))
}

fn point_g1(bytes: &[u8]) -> Option<G1Affine> {
    let (x, y) = bytes.split_at_checked(FIELD)?;
    let (x, y) = (coordinate(x)?, coordinate(y)?);
    if x.is_zero() && y.is_zero() {
        return Some(G1Affine::identity());
    }
    // Every point of the curve is in the group.
    let point = G1Affine::new_unchecked(x, y);
    point.is_on_curve().then_some(point)
}

fn point_g2(bytes: &[u8]) -> Option<G2Affine> {
    let mut values = bytes.chunks_exact(FIELD).map(coordinate);
    let mut next = || values.next().flatten();
    let (x, y) = (Fq2::new(next()?, next()?), Fq2::new(next()?, next()?));
    if x.is_zero() && y.is_zero() {
        return Some(G2Affine::identity());
    }
    let point = G2Affine::new_unchecked(x, y);
    (point.is_on_curve() && point.is_in_correct_subgroup_assuming_on_curve()).then_some(point)
}
