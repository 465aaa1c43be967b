//! Hunts for second witnesses in any iden3 `.r1cs` file: which wires do the inputs leave open, and
//! can one of them have another value? The exit code is 3 if a wire is open, and 4 if a second
//! witness was built.
#![allow(clippy::print_stdout)]

#[cfg(test)]
use wufu_testing as _;

use std::{collections::BTreeMap, fs, path::PathBuf, process::ExitCode};

use anyhow::{Context as _, bail, ensure};
use ark_bn254::Fr;
use clap::Parser;
use rand::{SeedableRng as _, rngs::StdRng};
use serde_json::json;
use wufu_analysis::hunt::{Determination, Hunt, Search, System, read_witness, second};
use wufu_analysis::samples::visit_sample;
use wufu_benches::{machine, ms, time};
use wufu_circuits::{Circuit, CircuitVisitor};
use wufu_verifier::CircuitName;

/// Larger files are not read.
const MOST_BYTES: u64 = 1 << 31;

/// Find the wires of a rank-1 system that its inputs leave open
#[derive(Parser)]
struct Args {
    /// The system, over BN254
    #[arg(required_unless_present = "circuit", conflicts_with = "circuit")]
    file: Option<PathBuf>,
    /// One of our circuits instead of a file, with its own witness
    #[arg(long, value_parser = CircuitName::ALL.map(CircuitName::as_str))]
    circuit: Option<String>,
    /// How many wires after the public ones are given, instead of the number in the file
    #[arg(long, conflicts_with = "declared")]
    inputs: Option<u32>,
    /// The private wires that are given, as in 9-12,40, instead of those in the file
    #[arg(long)]
    declared: Option<String>,
    /// A witness, from which to build another one
    #[arg(long)]
    witness: Option<PathBuf>,
    /// Number of open wires to list
    #[arg(long, default_value_t = 20)]
    list: usize,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

fn main() -> anyhow::Result<ExitCode> {
    let args = Args::parse();
    let (system, mut witness, what) = read(&args)?;
    let commit = machine(1)["commit"].take();
    if let Some(path) = &args.witness {
        witness = Some(read_witness(&bytes(path)?).context(path.display().to_string())?);
    }
    if let Some(z) = &witness {
        let (got, expected) = (z.len(), system.wires());
        ensure!(got == expected, "witness has {got} wires, expected {expected}");
        let broken = system.broken(z);
        ensure!(
            broken.is_empty(),
            "witness breaks {} rows, the first is {}",
            broken.len(),
            broken[0]
        );
    }
    let given = given(&args, &system)?;
    let (hunt, hunt_time) = time(|| {
        let mut hunt = Hunt::new(&system);
        (1..=system.public() as u32).chain(given.iter().copied()).for_each(|wire| hunt.give(wire));
        hunt.run();
        hunt
    });
    let open = hunt.undetermined();
    let mut how: BTreeMap<String, usize> = BTreeMap::new();
    for found in (0..system.wires() as u32).filter_map(|wire| hunt.how(wire)) {
        *how.entry(format!("{found:?}").to_lowercase()).or_default() += 1;
    }
    let follows = Determination::new(&system);
    let other = witness.as_ref().and_then(|z| second(&hunt, z, &Search::default()));
    let changed: Option<Vec<usize>> = other
        .as_ref()
        .zip(witness.as_ref())
        .map(|(other, z)| (0..z.len()).filter(|wire| other[*wire] != z[*wire]).collect());

    if args.json {
        let open: Vec<_> =
            open.iter().map(|wire| json!({ "wire": wire, "hint": hunt.hint(*wire) })).collect();
        let report = json!({
            "commit": commit, "of": what,
            "rows": system.rows().len(), "wires": system.wires(), "public": system.public(),
            "given": given.len(), "determined": how, "unused": system.unused(), "open": open,
            "follow": follows.private, "public_that_follow": follows.public,
            "public_that_do_not": follows.free_public, "second_witness_changes": changed,
            "ms": ms(hunt_time),
        });
        println!("{report}");
    } else {
        println!("{what}, commit {}", commit.as_str().unwrap_or("unknown"));
        println!(
            "{} rows, {} wires, {} public, {} private ones given",
            system.rows().len(),
            system.wires(),
            system.public(),
            given.len()
        );
        println!("determined, by rule: {how:?}, in {} ms", ms(hunt_time));
        println!("in no row: {:?}", system.unused());
        println!("private inputs that follow from those before them: {:?}", follows.private);
        println!("public wires that follow from the private inputs: {:?}", follows.public);
        println!("public wires that do not: {:?}", follows.free_public);
        println!("open: {}", open.len());
        for wire in open.iter().take(args.list) {
            println!("  wire {wire}: {}", hunt.hint(*wire));
        }
        match (&witness, &changed) {
            (None, _) => println!("second witness: not tried without --witness"),
            (_, None) => println!("second witness: none found"),
            (_, Some(changed)) => {
                println!("SECOND WITNESS: all rows hold with other values of wires {changed:?}");
            }
        }
    }
    Ok(ExitCode::from(match (open.is_empty(), changed) {
        (_, Some(_)) => 4,
        (false, None) => 3,
        (true, None) => 0,
    }))
}

/// The system, a witness if there is one, and a description from which the run can be repeated.
type Subject = (System, Option<Vec<Fr>>, String);

const SEED: u64 = 0;

/// A circuit of the registry, with the wires of an instance.
struct Ours;

impl CircuitVisitor for Ours {
    type Output = anyhow::Result<Subject>;

    fn visit<C: Circuit>(self, instance: &C) -> Self::Output {
        let (shape, mut file) = (C::shape(), Vec::new());
        shape.write(&mut file)?;
        let what = format!("{} {}, witness of seed {SEED}", C::NAME, shape.id());
        Ok((System::read(&file)?, Some(instance.assign().z().to_vec()), what))
    }
}

fn read(args: &Args) -> anyhow::Result<Subject> {
    if let Some(path) = &args.file {
        let system = System::read(&bytes(path)?).context(path.display().to_string())?;
        return Ok((system, None, path.display().to_string()));
    }
    let circuit = args.circuit.as_deref().and_then(CircuitName::from_name);
    let rng = &mut StdRng::seed_from_u64(SEED);
    visit_sample(circuit.unwrap_or(CircuitName::Gift), rng, Ours)
}

fn bytes(path: &PathBuf) -> anyhow::Result<Vec<u8>> {
    let length = fs::metadata(path).with_context(|| path.display().to_string())?.len();
    ensure!(length <= MOST_BYTES, "file is {length} bytes, expected at most {MOST_BYTES}");
    Ok(fs::read(path)?)
}

/// The private wires that are given.
fn given(args: &Args, system: &System) -> anyhow::Result<Vec<u32>> {
    let first = 1 + system.public() as u32;
    let mut given = Vec::new();
    match (&args.declared, args.inputs) {
        (Some(list), _) => {
            for part in list.split(',').filter(|part| !part.is_empty()) {
                let (low, high) = part.split_once('-').unwrap_or((part, part));
                given.extend(low.trim().parse::<u32>()?..=high.trim().parse()?);
            }
        }
        (None, Some(count)) => given.extend(first..first.saturating_add(count)),
        (None, None) => given.extend(first..first + system.private() as u32),
    }
    match given.iter().find(|wire| **wire as usize >= system.wires()) {
        Some(wire) => bail!("wire is {wire}, expected below {}", system.wires()),
        None => Ok(given),
    }
}
