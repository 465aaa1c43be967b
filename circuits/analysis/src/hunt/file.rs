//! iden3's `.r1cs` and `.wtns` files, read strictly.

use std::fmt;

use ark_bn254::Fr;
use ark_ff::PrimeField;
use wufu_verifier::encoding::field;

use super::system::{Form, Row, System, canonical};

const FIELD_BYTES: usize = 32;
/// More wires or rows than this are refused: the hunt works in memory.
const MOST: u32 = 1 << 26;

/// Errors from reading a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileError {
    /// It does not begin with the right letters.
    Magic {
        /// The expected letters.
        expected: &'static str,
    },
    /// An unknown version.
    Version {
        /// The version.
        got: u32,
        /// The known version.
        expected: u32,
    },
    /// It ends before it should.
    Short {
        /// The number of bytes that were needed.
        expected: usize,
        /// The number of bytes that were left.
        got: usize,
    },
    /// Bytes follow the end of a section or of the file.
    Trailing {
        /// The number of bytes.
        bytes: usize,
    },
    /// An unknown section, such as custom gates.
    Section {
        /// The number of the section.
        got: u32,
    },
    /// A section is missing or is there twice.
    Sections {
        /// The number of the section.
        section: u32,
        /// How often it is there.
        got: usize,
    },
    /// The field is not BN254's scalar field.
    Field,
    /// A coefficient is not below the modulus.
    Coefficient,
    /// A count is too large.
    TooMany {
        /// The count.
        got: u32,
        /// The largest count.
        most: u32,
    },
    /// A wire does not exist.
    Wire {
        /// The number of the wire.
        got: u32,
        /// The number of wires.
        wires: u32,
    },
    /// A wire stands twice in one combination.
    Twice {
        /// The number of the wire.
        wire: u32,
    },
    /// There are more inputs and outputs than wires.
    Inputs,
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Magic { expected } => write!(f, "file does not begin with {expected:?}"),
            Self::Version { got, expected } => write!(f, "version is {got}, expected {expected}"),
            Self::Short { expected, got } => write!(f, "{got} bytes are left, expected {expected}"),
            Self::Trailing { bytes } => write!(f, "{bytes} bytes too many"),
            Self::Section { got } => write!(f, "section {got} is not known, expected 1 to 3"),
            Self::Sections { section, got } => {
                write!(f, "section {section} is there {got} times, expected 1")
            }
            Self::Field => write!(f, "field is not that of BN254's scalars"),
            Self::Coefficient => write!(f, "coefficient is not below the modulus"),
            Self::TooMany { got, most } => write!(f, "count is {got}, expected at most {most}"),
            Self::Wire { got, wires } => write!(f, "wire is {got}, expected below {wires}"),
            Self::Twice { wire } => write!(f, "wire {wire} stands twice in one combination"),
            Self::Inputs => write!(f, "more inputs and outputs than wires"),
        }
    }
}

impl std::error::Error for FileError {}

/// The rest of a file.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], FileError> {
        let short = FileError::Short { expected: count, got: self.0.len() };
        let (taken, rest) = self.0.split_at_checked(count).ok_or(short)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], FileError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn u32(&mut self) -> Result<u32, FileError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn count(&mut self) -> Result<u32, FileError> {
        let got = self.u32()?;
        if got > MOST { Err(FileError::TooMany { got, most: MOST }) } else { Ok(got) }
    }

    fn element(&mut self) -> Result<Fr, FileError> {
        field::decode("element", self.take(FIELD_BYTES)?).map_err(|_| FileError::Coefficient)
    }

    fn prime(&mut self) -> Result<(), FileError> {
        if self.u32()? as usize != FIELD_BYTES {
            return Err(FileError::Field);
        }
        let prime: Vec<u8> = Fr::MODULUS.0.iter().flat_map(|limb| limb.to_le_bytes()).collect();
        if self.take(FIELD_BYTES)? == prime { Ok(()) } else { Err(FileError::Field) }
    }

    fn end(&self) -> Result<(), FileError> {
        match self.0.len() {
            0 => Ok(()),
            bytes => Err(FileError::Trailing { bytes }),
        }
    }
}

/// Reads the sections 1 to `N`, each once, in any order.
fn sections<'a, const N: usize>(
    file: &'a [u8],
    magic: &'static str,
    version: u32,
) -> Result<[Bytes<'a>; N], FileError> {
    let mut file = Bytes(file);
    if !file.0.starts_with(magic.as_bytes()) {
        return Err(FileError::Magic { expected: magic });
    }
    file.take(magic.len())?;
    match file.u32()? {
        got if got != version => return Err(FileError::Version { got, expected: version }),
        _ => {}
    }
    let mut found: [Vec<&[u8]>; N] = std::array::from_fn(|_| Vec::new());
    for _ in 0..file.u32()? {
        let section = file.u32()?;
        let length = u64::from_le_bytes(file.array()?);
        let bytes = file.take(usize::try_from(length).unwrap_or(usize::MAX))?;
        let place = (section as usize).checked_sub(1).and_then(|place| found.get_mut(place));
        place.ok_or(FileError::Section { got: section })?.push(bytes);
    }
    file.end()?;
    let mut each = [const { Bytes(&[]) }; N];
    for ((place, found), section) in each.iter_mut().zip(&found).zip(1..) {
        match found.as_slice() {
            [bytes] => *place = Bytes(bytes),
            _ => return Err(FileError::Sections { section, got: found.len() }),
        }
    }
    Ok(each)
}

impl System {
    /// Reads an iden3 `.r1cs` file.
    ///
    /// # Shapes
    /// Version 1 over BN254's scalar field, sections 1, 2 and 3 in any order and no others. Outputs
    /// count as public. Terms may stand in any order.
    ///
    /// # Errors
    /// Returns what is wrong with the file. Nothing is guessed, and no more memory is allocated
    /// than the file is long.
    ///
    /// # Source
    /// <https://github.com/iden3/r1csfile/blob/master/doc/r1cs_bin_format.md>
    pub fn read(file: &[u8]) -> Result<Self, FileError> {
        let [mut header, mut body, mut labels] = sections::<3>(file, "r1cs", 1)?;
        header.prime()?;
        let [wires, outputs, inputs, private] =
            [header.count()?, header.count()?, header.count()?, header.count()?];
        let _labels = u64::from_le_bytes(header.array()?);
        let count = header.count()?;
        header.end()?;
        // Each is below 2^26, so the sum does not wrap.
        if 1 + outputs + inputs + private > wires {
            return Err(FileError::Inputs);
        }
        let mut rows = Vec::new();
        for _ in 0..count {
            let mut row = Row::default();
            for form in &mut row {
                *form = read_form(&mut body, wires)?;
            }
            rows.push(row);
        }
        body.end()?;
        labels.take(8 * wires as usize)?;
        labels.end()?;
        let public = (outputs + inputs) as usize;
        Ok(Self { wires: wires as usize, public, private: private as usize, rows })
    }
}

fn read_form(body: &mut Bytes<'_>, wires: u32) -> Result<Form, FileError> {
    let mut form = Form::new();
    for _ in 0..body.count()? {
        let (wire, coefficient) = (body.u32()?, body.element()?);
        if wire >= wires {
            return Err(FileError::Wire { got: wire, wires });
        }
        form.push((wire, coefficient));
    }
    form.sort_by_key(|(wire, _)| *wire);
    match form.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        Some(pair) => Err(FileError::Twice { wire: pair[0].0 }),
        None => Ok(canonical(form)),
    }
}

/// Reads the wires of an iden3 `.wtns` file, the constant one first.
///
/// # Shapes
/// Version 2 over BN254's scalar field, sections 1 and 2.
///
/// # Errors
/// Returns what is wrong with the file.
pub fn read_witness(file: &[u8]) -> Result<Vec<Fr>, FileError> {
    let [mut header, mut body] = sections::<2>(file, "wtns", 2)?;
    header.prime()?;
    let count = header.count()?;
    header.end()?;
    let values = (0..count).map(|_| body.element()).collect::<Result<_, _>>()?;
    body.end()?;
    Ok(values)
}
