//! Invalid files.

use ark_bn254::Fr;
use ark_ff::{Field, PrimeField};
use wufu_analysis::hunt::{FileError, System, read_witness};
use wufu_circuits::{
    Clause,
    r1cs::{Declaration, Mode, Size},
};
use wufu_verifier::encoding::field;

use crate::hunt::row;

#[test]
fn files_that_are_none_are_refused() {
    let mut file = Vec::new();
    let (declaration, [x]) = Declaration::new(Mode::Shape, Size::default(), [Fr::ONE]);
    let mut builder = declaration.begin(Clause::F1);
    builder.product(&x, &x);
    builder.finish().0.write(&mut file).unwrap();
    let read = |file: &[u8]| System::read(file).unwrap_err();
    let changed = |at: usize, byte: u8| {
        let mut changed = file.clone();
        changed[at] = byte;
        read(&changed)
    };
    assert_eq!(System::read(&file).unwrap().rows(), [row(&[(1, 1)], &[(1, 1)], &[(2, 1)])]);
    // Every shorter file, and a longer one.
    for length in 0..file.len() {
        let error = read(&file[..length]);
        let magic = matches!(error, FileError::Magic { .. });
        assert!(matches!(error, FileError::Short { .. }) != magic && magic == (length < 4));
    }
    assert_eq!(read(&[&file[..], &[0]].concat()), FileError::Trailing { bytes: 1 });
    // Magic, version, sections; the header begins at 24.
    assert_eq!(changed(0, b'R'), FileError::Magic { expected: "r1cs" });
    assert_eq!(changed(4, 2), FileError::Version { got: 2, expected: 1 });
    assert_eq!(changed(12, 2), FileError::Sections { section: 1, got: 0 });
    assert_eq!(changed(12, 4), FileError::Section { got: 4 });
    assert_eq!(changed(24, 31), FileError::Field);
    assert_eq!(changed(28, 2), FileError::Field);
    // Wires, outputs, public and private inputs from 60.
    assert_eq!(changed(63, 255), FileError::TooMany { got: 0xff00_0003, most: 1 << 26 });
    assert_eq!(changed(72, 9), FileError::Inputs);
    // The first row from 100: a count, a wire, its coefficient.
    assert_eq!(changed(104, 3), FileError::Wire { got: 3, wires: 3 });
    assert_eq!(changed(139, 255), FileError::Coefficient);
    assert!(matches!(changed(103, 1), FileError::Short { .. }));
    let mut twice = file.clone();
    // Both terms of one combination, where there was one in each of two.
    twice[100] = 2;
    twice.drain(140..144);
    twice.splice(176..176, [0; 4]);
    assert_eq!(read(&twice), FileError::Twice { wire: 1 });
}

#[test]
fn witnesses_are_read_strictly() {
    let mut file = b"wtns\x02\0\0\0\x02\0\0\0\x01\0\0\0\x28\0\0\0\0\0\0\0\x20\0\0\0".to_vec();
    file.extend(Fr::MODULUS.0.iter().flat_map(|limb| limb.to_le_bytes()));
    file.extend(b"\x02\0\0\0\x02\0\0\0\x40\0\0\0\0\0\0\0");
    file.extend(field::encode(&Fr::ONE));
    file.extend(field::encode(&-Fr::ONE));
    assert_eq!(read_witness(&file), Ok(vec![Fr::ONE, -Fr::ONE]));
    for length in 0..file.len() {
        assert!(read_witness(&file[..length]).is_err());
    }
    let last = file.len() - 1;
    file[last] = 255;
    assert_eq!(read_witness(&file), Err(FileError::Coefficient));
}
