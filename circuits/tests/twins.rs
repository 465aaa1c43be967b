//! Compares the statements with their twins in circom (`circuits/twins`), an independent model
//! written from docs/spec.
//!
//! For every witness, true or false, native check, circuit and twin must agree on whether it is
//! accepted, and twin and native code on every public value. A run takes 240 witnesses for each
//! statement, 128 of the largest, and 10,000 with `WUFU_FULL=1`; `docs/reports/twins.md` describes
//! such a run.
//!
//! The answers come from circom's program. A proof is made from the rows that `--O2` leaves, so for
//! some witnesses all wires are tried on these rows, read from the `.r1cs` file by our own reader.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{ChildStdin, ChildStdout, Command, Stdio},
    time::Duration,
};

use crate::common::{
    node, shape,
    witnesses::{self, Case, Twin},
};
use ark_bn254::Fr;
use ark_ff::{BigInteger, Field, PrimeField};
use rand::{SeedableRng, rngs::StdRng};
use serde_json::Value;
use wufu_analysis::hunt::{System, read_witness};
use wufu_circuits::{Clause, DonationInstance, FiveFuInstance, GiftInstance};
use wufu_testing::Process;
use wufu_verifier::{CircuitName, Statement};

/// The number of witnesses in progress at once: enough that neither side waits, few enough for a
/// pipe.
const AHEAD: usize = 4;

/// The number of true witnesses of which all wires are tried on the compiled rows.
const COMPILED: usize = 10;

/// The number of witnesses. Five Fu's twin takes several times as long for one as the others. Each
/// sort comes in eight, so 128 have every clause false alone at least once.
fn count<C: Twin>() -> usize {
    match C::NAME {
        _ if std::env::var_os("WUFU_FULL").is_some_and(|flag| flag == "1") => 10_000,
        CircuitName::FiveFu => 128,
        _ => 240,
    }
}

/// A twin that runs.
struct Runner {
    process: Process,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Runner {
    fn start(folder: &Path, twin: &str, flags: &[&str]) -> Self {
        let mut command = Command::new("node");
        command
            .args(["run.mjs", twin])
            .args(flags)
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut process = Process::start(&mut command).unwrap();
        let questions = process.stdin.take();
        let answers = BufReader::new(process.stdout.take().unwrap());
        Self { process, questions, answers }
    }

    fn ask(&mut self, input: &Value) {
        let questions = self.questions.as_mut().unwrap();
        serde_json::to_writer(&mut *questions, input).unwrap();
        questions.write_all(b"\n").unwrap();
        questions.flush().unwrap();
    }

    fn line(&mut self) -> Value {
        let mut line = String::new();
        assert_ne!(self.answers.read_line(&mut line).unwrap(), 0, "the twin ended");
        serde_json::from_str(&line).unwrap()
    }

    /// Returns the public values in order, or `None` if the twin refuses the witness.
    fn answer(&mut self) -> Option<Vec<Fr>> {
        let answer = self.line();
        let public = answer.get("public").and_then(Value::as_array);
        assert_ne!(public.is_some(), answer.get("refused").is_some(), "{answer}");
        public.map(|values| values.iter().map(|value| from_hex(value.as_str().unwrap())).collect())
    }

    fn end(mut self) {
        drop(self.questions.take());
        assert!(self.process.ended(Duration::from_secs(120)).success());
    }
}

fn from_hex(text: &str) -> Fr {
    let bytes = hex::decode(text).unwrap();
    let value = Fr::from_be_bytes_mod_order(&bytes);
    // A value that is not canonical is not a field element.
    assert_eq!(value.into_bigint().to_bytes_be(), bytes);
    value
}

/// How often a sort of witness came, and how often it was accepted.
#[derive(Default)]
struct Tally {
    cases: usize,
    accepted: usize,
}

fn agree<C: Twin + Debug>(clauses: &[Clause]) {
    let twin = &C::NAME.as_str().replace('-', "_");
    let Some(folder) = node::ready(&[twin]) else { return };
    compiled_rows_hold::<C>(&folder, twin);
    let mut runner = Runner::start(&folder, twin, &[]);
    let mut tallies = BTreeMap::<&str, Tally>::new();
    let mut alone = BTreeSet::new();
    let mut waiting = std::collections::VecDeque::new();
    let count = count::<C>();
    for index in 0..count {
        let mut rng = StdRng::seed_from_u64(index as u64);
        let case = witnesses::case::<C>(&mut rng, index);
        runner.ask(&case.instance.signals());
        waiting.push_back((index, case));
        if waiting.len() == AHEAD || index + 1 == count {
            let keep = if index + 1 == count { 0 } else { AHEAD - 1 };
            while waiting.len() > keep {
                let (index, case) = waiting.pop_front().unwrap();
                let found = judge(index, &case, runner.answer());
                let tally = tallies.entry(case.sort).or_default();
                tally.cases += 1;
                tally.accepted += usize::from(found.is_empty());
                if let [clause] = found[..] {
                    alone.insert(clause);
                }
            }
        }
    }
    runner.end();
    for (sort, Tally { cases, accepted }) in &tallies {
        node::say(&format!(
            "{twin}: {sort}: {cases} witnesses, {accepted} accepted, twin agrees on all"
        ));
    }
    // A run that agrees on everything must have covered everything.
    assert_eq!(alone.into_iter().collect::<Vec<_>>(), clauses, "clauses that were false alone");
    assert_eq!(tallies["honest"].accepted, tallies["honest"].cases);
    let edges = &tallies["edge"];
    assert!(0 < edges.accepted && edges.accepted < edges.cases);
}

/// Tries all wires of a few true witnesses on the rows that circom compiled, and checks that no
/// public wire can have another value.
fn compiled_rows_hold<C: Twin + Debug>(folder: &Path, twin: &str) {
    let file = std::fs::read(folder.join(format!("{twin}.r1cs"))).unwrap();
    let system = System::read(&file).unwrap();
    let mut runner = Runner::start(folder, twin, &["--wtns"]);
    let mut tried = 0;
    for index in 0.. {
        let mut rng = StdRng::seed_from_u64(index as u64);
        let case = witnesses::case::<C>(&mut rng, index);
        if !case.instance.false_clauses().is_empty() {
            continue;
        }
        runner.ask(&case.instance.signals());
        let answer = runner.line();
        let mut z = read_witness(&hex::decode(answer["wtns"].as_str().unwrap()).unwrap()).unwrap();
        assert_eq!(z.len(), system.wires(), "{twin} {index}");
        assert_eq!(system.broken(&z), [0; 0], "{twin} {index} ({})", case.sort);
        let public = case.instance.public().public_inputs();
        assert_eq!(z[1..=system.public()], public, "{twin} {index}");
        for wire in 1..=system.public() {
            z[wire] += Fr::ONE;
            assert_ne!(system.broken(&z), [0; 0], "{twin} {index}: public wire {wire} is bound");
            z[wire] -= Fr::ONE;
        }
        tried += 1;
        if tried == COMPILED {
            break;
        }
    }
    runner.end();
    node::say(&format!("{twin}: {tried} witnesses hold in the {} rows", system.rows().len()));
}

/// Compares one witness. Returns the false clauses.
fn judge<C: Twin + Debug>(index: usize, case: &Case<C>, twin: Option<Vec<Fr>>) -> Vec<Clause> {
    let Case { sort, instance } = case;
    let claimed = instance.public().public_inputs();
    let found = instance.false_clauses();
    let circuit = shape::<C>().check(instance.assign().z());
    assert_eq!(circuit.is_ok(), found.is_empty(), "{} {index} ({sort}): {found:?}", C::NAME);
    if let Some(values) = &twin {
        let native = instance.values();
        assert_eq!(values, &native, "{} {index} ({sort}): public values", C::NAME);
    }
    let accepted = twin.is_some_and(|values| values == claimed);
    assert_eq!(accepted, found.is_empty(), "{} {index} ({sort}): {found:?}", C::NAME);
    found
}

/// Rows of docs/failures.md: 8.
#[test]
fn five_fu_agrees_with_its_twin() {
    use Clause::{F1, F2, F3, F4, F5, F6, F7, F8};
    agree::<FiveFuInstance>(&[F1, F2, F3, F4, F5, F6, F7, F8]);
}

/// Rows of docs/failures.md: 8.
#[test]
fn donation_agrees_with_its_twin() {
    use Clause::{D1, D2, D3, D4, D5, D6, D7, D8};
    agree::<DonationInstance>(&[D1, D2, D3, D4, D5, D6, D7, D8]);
}

/// Rows of docs/failures.md: 8.
#[test]
fn gift_agrees_with_its_twin() {
    use Clause::{G1, G2, G3, G4, G5, G6, G7};
    agree::<GiftInstance>(&[G1, G2, G3, G4, G5, G6, G7]);
}
