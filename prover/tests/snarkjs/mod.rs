//! Tests iden3's formats against snarkjs: it reads what we write, we read what it writes, and each
//! side verifies the other's proofs.
//!
//! The tests need node. Without it they say so and do nothing (see `node.rs`). Donation is tried in
//! every run, Five Fu with `WUFU_FULL=1`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../../../circuits/tests/common/node.rs"]
mod node;
pub mod ptau;
pub mod refusals;

use std::{
    fs::{self, File},
    io::{BufWriter, Write as _},
    path::PathBuf,
    process::Command,
    time::Instant,
};

use ark_bn254::{Fq, Fq2, Fr, G1Affine, G2Affine};
use rand::{SeedableRng, rngs::StdRng};
use serde_json::Value;
use wufu_analysis::samples;
use wufu_circuits::{Circuit, DonationInstance, FiveFuInstance};
use wufu_groth16::{
    KeyFileError, ProvingKey,
    iden3::{ZkeyError, json},
};
use wufu_prover::{Prover, keys};
use wufu_verifier::{
    CircuitName, Donation, FiveFu, Proof, Statement, Trust,
    groth16::key::{KeyError, Provenance, Reduction},
};

/// A folder for snarkjs to work in.
struct Snarkjs {
    cli: PathBuf,
    folder: PathBuf,
}

impl Snarkjs {
    /// A folder for exactly this circuit. What takes minutes to compute is kept in it.
    fn ready(circuit: CircuitName) -> Option<Self> {
        let twins = node::ready(&[])?;
        let folder = twins.join(format!("snarkjs-{circuit}-{}", &circuit.id().to_string()[..16]));
        fs::create_dir_all(&folder).unwrap();
        Some(Self { cli: twins.join("node_modules/snarkjs/build/cli.cjs"), folder })
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.file(name)).unwrap()
    }

    fn write(&self, name: &str, write: impl FnOnce(&mut BufWriter<File>) -> std::io::Result<()>) {
        let mut out = BufWriter::new(File::create(self.file(name)).unwrap());
        write(&mut out).unwrap();
        out.flush().unwrap();
    }

    /// Whether snarkjs succeeds, and its output.
    fn says(&self, command: &str) -> (bool, String) {
        let begun = Instant::now();
        let mut node = Command::new("node");
        node.arg(&self.cli).args(command.split(' ')).current_dir(&self.folder);
        // The output goes to a file: snarkjs loses what is still in a pipe when it exits.
        let log = File::create(self.file("said.txt")).unwrap();
        let run = node.stdout(log.try_clone().unwrap()).stderr(log).status().unwrap();
        let said = String::from_utf8(self.read("said.txt")).unwrap();
        node::say(&format!("snarkjs {command}: {:.1} s", begun.elapsed().as_secs_f32()));
        (run.success() && !said.contains("ERROR"), said)
    }

    fn run(&self, command: &str) -> String {
        let (content, said) = self.says(command);
        assert!(content, "snarkjs {command}: {said}");
        said
    }
}

/// The whole exchange with one circuit.
fn there_and_back<C: Circuit>(names: &[&str], instance: &C, other: &C) {
    let Some(snarkjs) = Snarkjs::ready(C::NAME) else { return };
    let shape = C::shape();
    let assignment = instance.assign();
    let power = shape.domain_log2();
    snarkjs.write("circuit.r1cs", |out| shape.write(out));
    snarkjs.write("circuit.sym", |out| shape.write_sym(names, out));
    snarkjs.write("witness.wtns", |out| assignment.write_wtns(out));
    snarkjs.write("powers.ptau", |out| ptau::write(power, out));

    // Circuit and witness.
    let info = snarkjs.run("r1cs info circuit.r1cs");
    for (what, count) in [
        ("Wires", shape.wires()),
        ("Constraints", shape.rows()),
        ("Private Inputs", shape.private_inputs()),
        ("Public Inputs", shape.public_inputs()),
        ("Outputs", 0),
    ] {
        assert!(info.contains(&format!("# of {what}: {count}")), "{what}: {info}");
    }
    let print = snarkjs.run("r1cs print circuit.r1cs circuit.sym");
    assert!(print.contains(&format!("main.{}", names[0])) && print.contains("main.private[0]"));
    snarkjs.run("wtns check circuit.r1cs witness.wtns");
    assert_eq!(shape.check(assignment.z()), Ok(()));
    spoil_witness(&snarkjs, shape.wires());
    assert!(!snarkjs.says("wtns check circuit.r1cs spoiled.wtns").0);

    // Key.
    if !snarkjs.file("verified").exists() {
        snarkjs.run("groth16 setup circuit.r1cs powers.ptau first.zkey");
        snarkjs.run("zkey contribute first.zkey final.zkey --name=one -e=some-entropy");
        let said = snarkjs.run("zkey verify circuit.r1cs powers.ptau final.zkey");
        assert!(said.contains("ZKey Ok!"), "{said}");
        fs::write(snarkjs.file("verified"), "").unwrap();
    }
    a_key_to_which_nobody_contributed_is_refused(&snarkjs.read("first.zkey"), C::NAME);
    let bytes = snarkjs.read("final.zkey");
    let begun = Instant::now();
    let key = keys::from_zkey(&bytes, C::NAME, Provenance::Development).unwrap();
    let time = begun.elapsed().as_secs_f32();
    node::say(&format!(".zkey of {} bytes read: {time:.1} s", bytes.len()));
    let verifying = key.verifying_key();
    assert_eq!((verifying.circuit(), verifying.reduction()), (C::NAME, Reduction::Circom));
    // Written as one of our key files and read again, it is the same.
    let again = ProvingKey::decode(
        &key.encode().unwrap(),
        &keys::circuit(C::NAME),
        Trust::AcceptDevelopment,
    )
    .unwrap();
    assert_eq!((again.id(), again.points()), (key.id(), key.points()));
    snarkjs.run("zkey export verificationkey final.zkey theirs.json");
    let ours = json::verifying_key(verifying);
    let parse = |text: &[u8]| serde_json::from_slice::<Value>(text).unwrap();
    assert_eq!(parse(ours.as_bytes()), parse(&snarkjs.read("theirs.json")));
    fs::write(snarkjs.file("key.json"), ours).unwrap();

    // One of our proofs.
    let prover = Prover::new(wufu_arkworks::engine(key.clone()));
    let proven = prover.prove(instance, &mut StdRng::seed_from_u64(3), |_| {}).unwrap();
    let inputs = proven.statement.public_inputs();
    fs::write(snarkjs.file("proof.json"), json::proof(&proven.proof)).unwrap();
    fs::write(snarkjs.file("public.json"), json::public(&inputs)).unwrap();
    assert!(snarkjs.run("groth16 verify key.json public.json proof.json").contains("OK!"));
    fs::write(snarkjs.file("other.json"), json::public(&other.public().public_inputs())).unwrap();
    assert!(!snarkjs.says("groth16 verify key.json other.json proof.json").0);

    // One of snarkjs's proofs.
    snarkjs.run("groth16 prove final.zkey witness.wtns their-proof.json their-public.json");
    let their_public = parse(&snarkjs.read("their-public.json"));
    assert_eq!(their_public, parse(json::public(&inputs).as_bytes()));
    let their_proof = read_proof(&parse(&snarkjs.read("their-proof.json")));
    assert!(verifying.equation_holds(&inputs, &their_proof));
    assert!(!verifying.equation_holds(&other.public().public_inputs(), &their_proof));
    assert_eq!(
        parse(json::proof(&their_proof).as_bytes()),
        parse(&snarkjs.read("their-proof.json"))
    );

    refusals::of(&bytes, C::NAME);
}

/// Rows of docs/failures.md: 1, 21.
/// Copies the witness with its last wire changed. gamma and delta are the generator, so anything
/// can be forged.
fn a_key_to_which_nobody_contributed_is_refused(bytes: &[u8], circuit: CircuitName) {
    assert!(matches!(
        keys::from_zkey(bytes, circuit, Provenance::Ceremony),
        Err(ZkeyError::Key(KeyFileError::Verifying(KeyError::GammaIsDelta)))
    ));
}

fn spoil_witness(snarkjs: &Snarkjs, wires: usize) {
    let mut bytes = snarkjs.read("witness.wtns");
    assert_eq!(bytes.len(), 76 + 32 * wires);
    let last = bytes.len() - 32;
    bytes[last] ^= 1;
    fs::write(snarkjs.file("spoiled.wtns"), bytes).unwrap();
}

fn read_proof(proof: &Value) -> Proof {
    let number = |value: &Value| value.as_str().unwrap().parse::<Fq>().unwrap();
    let extension = |value: &Value| Fq2::new(number(&value[0]), number(&value[1]));
    let g1 = |point: &Value| G1Affine::new(number(&point[0]), number(&point[1]));
    let b = &proof["pi_b"];
    let b = G2Affine::new(extension(&b[0]), extension(&b[1]));
    Proof::new(g1(&proof["pi_a"]), b, g1(&proof["pi_c"])).unwrap()
}

#[test]
fn donation_there_and_back() {
    let rng = |seed| StdRng::seed_from_u64(seed);
    let (instance, other) = (samples::donation(&mut rng(1)), samples::donation(&mut rng(2)));
    there_and_back::<DonationInstance>(&Donation::<Fr>::NAMES, &instance, &other);
}

#[test]
fn five_fu_there_and_back() {
    if std::env::var_os("WUFU_FULL").is_none_or(|flag| flag != "1") {
        node::say("SKIPPED: snarkjs with Five Fu takes WUFU_FULL=1");
        return;
    }
    let rng = |seed| StdRng::seed_from_u64(seed);
    let (instance, other) = (samples::five_fu(&mut rng(1)), samples::five_fu(&mut rng(2)));
    there_and_back::<FiveFuInstance>(&FiveFu::<Fr>::NAMES, &instance, &other);
}
