//! The command `hunt` on files, as anybody would call it. Its exit code is its verdict.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::Command,
};

use ark_bn254::Fr;
use rand::{SeedableRng as _, rngs::StdRng};
use serde_json::Value;
use tempfile::TempDir;
use wufu_analysis::samples::gift;
use wufu_circuits::{
    Assignment, Circuit, Clause, GiftInstance, R1cs,
    r1cs::{Declaration, Mode, Size},
};

/// The exit code, and what it printed as JSON.
fn hunt(file: &Path, witness: Option<&Path>) -> (i32, Value) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hunt"));
    command.arg(file).arg("--json");
    if let Some(path) = witness {
        command.arg("--witness").arg(path);
    }
    let output = command.output().unwrap();
    (output.status.code().unwrap(), serde_json::from_slice(&output.stdout).unwrap_or_default())
}

fn written(folder: &TempDir, shape: &R1cs, assignment: &Assignment) -> [PathBuf; 2] {
    let paths = ["circuit.r1cs", "witness.wtns"].map(|name| folder.path().join(name));
    shape.write(&mut File::create(&paths[0]).unwrap()).unwrap();
    assignment.write_wtns(&mut File::create(&paths[1]).unwrap()).unwrap();
    paths
}

#[test]
fn a_circuit_of_ours_leaves_nothing_open() {
    let folder = tempfile::tempdir().unwrap();
    let assignment = gift(&mut StdRng::seed_from_u64(1)).assign();
    let [file, witness] = written(&folder, &GiftInstance::shape(), &assignment);
    for witness in [None, Some(&*witness)] {
        let (code, told) = hunt(&file, witness);
        assert_eq!((code, told["open"].as_array().map(Vec::len)), (0, Some(0)), "{told}");
        assert_eq!(told["second_witness_changes"], Value::Null);
    }
}

/// `y` is `x` as two digits, of which the lower is not a bit: exit code 3 when that is found, 4
/// when a second witness shows it.
#[test]
fn a_missing_boolean_is_told_and_with_a_witness_shown() {
    let folder = tempfile::tempdir().unwrap();
    let one = Fr::from(1u64);
    let (declaration, [x]) = Declaration::new(Mode::Both, Size::default(), [Fr::from(3u64)]);
    let mut builder = declaration.begin(Clause::G1);
    let (low, high) = (builder.wire(one), builder.wire(one));
    builder.product_is_zero(&high, &high.plus_constant(-one));
    let constant = builder.constant(one);
    builder.row(&low.plus(&high.times(Fr::from(2u64))), &constant, &x);
    let (shape, assignment) = builder.finish();
    let [file, witness] = written(&folder, &shape, &assignment);
    let (code, told) = hunt(&file, None);
    assert_eq!((code, told["open"].as_array().map(Vec::len)), (3, Some(2)), "{told}");
    let (code, told) = hunt(&file, Some(&witness));
    assert_eq!((code, &told["second_witness_changes"]), (4, &serde_json::json!([2, 3])));
}

#[test]
fn a_file_that_is_none_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let assignment = gift(&mut StdRng::seed_from_u64(1)).assign();
    let [file, witness] = written(&folder, &GiftInstance::shape(), &assignment);
    assert_eq!(hunt(&witness, None).0, 1);
    assert_eq!(hunt(&file, Some(&file)).0, 1);
}
