//! Bugs planted in circom: the twin of Gift with one line changed, compiled as anybody's circuit
//! is.

use std::{
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use ark_bn254::Fr;
use rand::rngs::StdRng;
use serde_json::Value;
use wufu_analysis::{
    hunt::{Determination, Hunt, Search, System, read_witness, second},
    samples::gift,
};

use crate::{
    common::{node, rngs, witnesses::Twin as _},
    hunt::{NONE, open},
};

/// Compiles the twin with `line` instead of `lacks`, under a name of its own.
fn planted(folder: &Path, name: &str, line: &str, lacks: &str) -> System {
    let source = fs::read_to_string(folder.join("gift.circom")).unwrap();
    assert_eq!(source.matches(line).count(), 1, "{line}");
    let name = format!("planted_{name}");
    let [file, rows] = ["circom", "r1cs"].map(|kind| folder.join(format!("{name}.{kind}")));
    let source = source.replace(line, lacks);
    if rows.exists() && fs::read_to_string(&file).is_ok_and(|held| held == source) {
        return System::read(&fs::read(rows).unwrap()).unwrap();
    }
    let _ = fs::remove_file(&rows);
    fs::write(file, source).unwrap();
    let compiled = Command::new("node")
        .args(["node_modules/circom2/cli.js", &format!("{name}.circom")])
        .args(["--r1cs", "--wasm", "--O2", "-l", "node_modules", "-o", "."])
        .current_dir(folder)
        .stdout(Stdio::null())
        .status();
    assert!(compiled.unwrap().success(), "{name} does not compile");
    System::read(&fs::read(rows).unwrap()).unwrap()
}

/// All wires of a true gift in a compiled circuit.
fn wires(folder: &Path, name: &str, rng: &mut StdRng) -> Vec<Fr> {
    let instance = gift(rng);
    let mut process = Command::new("node")
        .args(["run.mjs", name, "--wtns"])
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    writeln!(process.stdin.take().unwrap(), "{}", instance.signals()).unwrap();
    let output = process.wait_with_output().unwrap();
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    read_witness(&hex::decode(answer["wtns"].as_str().unwrap()).unwrap()).unwrap()
}

/// Rows of docs/failures.md: 8.
/// `<--` computes and constrains nothing: the most common hole in circom.
#[test]
fn an_unconstrained_circom_assignment_is_a_hole() {
    let Some(folder) = node::ready(&["gift"]) else { return };
    let (line, lacks) = ("two <== kind * (kind - 1)", "two <-- kind * (kind - 1)");
    let system = planted(&folder, "assignment", line, lacks);
    assert_eq!(system.rows().len(), 5_893);
    // `two`, and what is computed from it.
    let open = open(&system);
    assert_eq!(open.len(), 3);
    // For kinds 0 and 1 the product is zero by `two` alone, which is therefore unique. For the
    // others it is not.
    let hunt = Hunt::with_inputs(&system);
    let found = rngs(12).find_map(|mut rng| {
        let z = wires(&folder, "planted_assignment", &mut rng);
        assert_eq!(system.broken(&z), [0; 0]);
        Some((second(&hunt, &z, &Search::default())?, z))
    });
    let (other, z) = found.expect("there is a second witness");
    assert_eq!(system.broken(&other), [0; 0]);
    assert!(open.iter().any(|wire| other[*wire as usize] != z[*wire as usize]));
}

/// Rows of docs/failures.md: 8.
/// A dropped `===` leaves no wire open. It shows in what no longer follows, or in a wire that
/// stands in no row.
#[test]
fn an_equality_that_circom_lacks_is_told() {
    let Some(folder) = node::ready(&["gift"]) else { return };
    let twin = System::read(&fs::read(folder.join("gift.r1cs")).unwrap()).unwrap();
    let (pk, cm_in) = (7, 11);
    assert_eq!(Determination::new(&twin).private, [pk, cm_in]);
    let system = planted(&folder, "pk", "pk === owner;", "");
    assert_eq!(Determination::new(&system).private, [cm_in]);
    let system = planted(&folder, "cm_in", "cm_in === card;", "");
    assert_eq!(Determination::new(&system).private, [pk]);
    // The payload is in no row then.
    assert_eq!(twin.unused(), NONE);
    let system = planted(&folder, "ext", "ext_squared === ext * ext;", "");
    assert_eq!(system.unused().first(), Some(&(system.public() as u32)));
}
