//! Measures how long it takes to prepare a development key of each circuit, step by step.
//!
//! `RAYON_NUM_THREADS=1 cargo run --release -p wufu-prover --example prepare`
#![allow(clippy::print_stdout)]

use std::{error::Error, sync::Mutex, time::Instant};

use bn254x8::Backend;
use rand::rngs::OsRng;
use wufu_groth16::prepared::{Options, Progress, Step};
use wufu_prover::{keys, setup};
use wufu_verifier::CircuitName;

fn main() -> Result<(), Box<dyn Error>> {
    for circuit in CircuitName::ALL {
        let key = setup::development(circuit, &mut OsRng)?;
        for backend in Backend::available() {
            let options = Options { backend, ..Options::default() };
            let start = Instant::now();
            let tables = Mutex::new(start);
            keys::prepare(&key, options, &|Progress { step, done, .. }| {
                if step == Step::Tables && done == 0 {
                    *tables.lock().unwrap_or_else(|lock| lock.into_inner()) = Instant::now();
                }
            })?;
            let tables = *tables.lock().unwrap_or_else(|lock| lock.into_inner());
            println!(
                "{circuit} {backend}: points {:?}, tables {:?}",
                tables - start,
                tables.elapsed()
            );
        }
    }
    Ok(())
}
