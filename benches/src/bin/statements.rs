//! The cost of each statement: rows, keys and times. Machines differ, so ratios within a run say
//! more than times.
#![allow(clippy::print_stdout)]

#[cfg(test)]
use wufu_testing as _;

use ark_bn254::Fr;
use clap::Parser;
use rand::{
    SeedableRng as _,
    rngs::{OsRng, StdRng},
};
use serde_json::{Value, json};
use wufu_analysis::samples::visit_sample;
use wufu_benches::{machine, median, ms, peak_mb, time};
use wufu_circuits::{Circuit, CircuitVisitor, r1cs::Matrix};
use wufu_groth16::Engine as _;
use wufu_prover::{keys, setup};
use wufu_verifier::{CircuitName, Proof, Statement as _};

/// Measure rows, non-zeros, keys and times of each statement.
#[derive(Parser)]
struct Args {
    /// Print one JSON object per line
    #[arg(long)]
    json: bool,
    /// Number of threads that prove
    #[arg(long, default_value_t = std::thread::available_parallelism().map_or(1, usize::from))]
    threads: usize,
    /// Number of timed runs of each part. The median is printed
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// Measure only this statement
    #[arg(long, value_parser = CircuitName::ALL.map(CircuitName::as_str))]
    circuit: Option<String>,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let machine = machine(args.threads);
    if args.json {
        println!("{}", json!({ "step": "machine", "machine": machine }));
    } else {
        println!("{machine}\nmedians of {} runs after one that does not count", args.runs);
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(args.threads).build()?;
    let mut rows = Vec::new();
    for circuit in CircuitName::ALL {
        if args.circuit.as_deref().is_some_and(|only| only != circuit.as_str()) {
            continue;
        }
        let rng = &mut StdRng::from_entropy();
        let row = pool.install(|| visit_sample(circuit, rng, Measure { runs: args.runs }))?;
        if args.json {
            println!("{row}");
        }
        rows.push(row);
    }
    if args.json {
        println!("{}", json!({ "step": "summary", "machine": machine, "peak_mb": peak_mb() }));
    } else {
        table(&rows);
        if let Some(peak) = peak_mb() {
            println!("peak memory of this process, set-up included: {peak} MB");
        }
    }
    Ok(())
}

/// Measures a statement with one instance.
struct Measure {
    runs: usize,
}

impl CircuitVisitor for Measure {
    type Output = anyhow::Result<Value>;

    fn visit<C: Circuit>(self, instance: &C) -> Self::Output {
        measure(instance, self.runs)
    }
}

fn measure<C: Circuit>(instance: &C, runs: usize) -> anyhow::Result<Value> {
    let (shape, shape_time) = time(C::shape);
    let (key, setup_time) = time(|| setup::development(C::NAME, &mut OsRng));
    let key = key?;
    let key_bytes = key.encode()?.len();
    let verifying_key = key.verifying_key().clone();
    let engine = wufu_arkworks::engine(key);

    let check = median(runs, || instance.check().is_ok());
    let witness = median(runs, || instance.assign());
    let assignment = instance.assign();
    let (r, s) = (Fr::from(3u64), Fr::from(5u64));
    let prove = median(runs, || engine.prove(keys::values(&assignment), r, s).is_ok());
    let proof = engine.prove(keys::values(&assignment), r, s)?;
    let inputs = instance.public().public_inputs();
    anyhow::ensure!(verifying_key.equation_holds(&inputs, &proof), "the proof does not verify");
    let bytes = proof.encode();
    let verify = median(runs * 4, || {
        Proof::decode(&bytes).is_ok_and(|proof| verifying_key.equation_holds(&inputs, &proof))
    });
    Ok(json!({
        "step": "statement",
        "circuit": C::NAME.as_str(),
        "circuit_id": shape.id().to_string(),
        "rows": shape.rows(),
        "wires": shape.wires(),
        "non_zeros": shape.matrices().map(Matrix::non_zeros),
        "public_inputs": shape.public_inputs(),
        "private_inputs": shape.private_inputs(),
        "domain_log2": shape.domain_log2(),
        "shape_ms": ms(shape_time),
        "setup_ms": ms(setup_time),
        "check_ms": ms(check),
        "synthesis_ms": ms(witness),
        "prove_ms": ms(prove),
        "verify_ms": ms(verify),
        "proving_key_bytes": key_bytes,
        "verifying_key_bytes": verifying_key.encode().len(),
        "proof_bytes": bytes.len(),
        "engine": engine.name(),
    }))
}

fn table(rows: &[Value]) {
    let columns = [
        ("rows", "rows"),
        ("wires", "wires"),
        ("public inputs", "public_inputs"),
        ("domain 2^", "domain_log2"),
        ("set-up ms", "setup_ms"),
        ("native check ms", "check_ms"),
        ("synthesis ms", "synthesis_ms"),
        ("prove ms", "prove_ms"),
        ("verify ms, decoding included", "verify_ms"),
        ("proving key bytes", "proving_key_bytes"),
        ("verifying key bytes", "verifying_key_bytes"),
        ("proof bytes", "proof_bytes"),
    ];
    let cell = |row: &Value, name: &str| match &row[name] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let line = |head: &str, name: &str| {
        let cells: String = rows.iter().map(|row| format!("{:>14}", cell(row, name))).collect();
        println!("{head:<30}{cells}");
    };
    line("", "circuit");
    for (head, name) in columns {
        line(head, name);
    }
    let cells: String = rows
        .iter()
        .map(|row| {
            format!(
                "{:>14}",
                row["non_zeros"].as_array().map_or(0, |n| n.iter().filter_map(Value::as_u64).sum())
            )
        })
        .collect();
    println!("{:<30}{cells}", "non-zeros of A, B, C");
}
