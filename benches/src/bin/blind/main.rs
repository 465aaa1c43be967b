//! Compares blind proving with local proving in one run: the work of a wallet, an evaluator and a
//! dealer, and the bytes that are sent.
//!
//! It measures processor time on one thread. The compared parts take turns.
#![allow(clippy::print_stdout)]

#[cfg(test)]
use wufu_testing as _;

mod cast;
mod times;

use clap::Parser;
use rand::{SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};
use wufu_benches::{machine, ms};

use cast::Cast;
use times::Times;

/// Measure blind proving of Five Fu: the work of the wallet and the servers, and the bytes between
/// them.
#[derive(Parser)]
struct Args {
    /// Print one JSON object per line
    #[arg(long)]
    json: bool,
    /// Number of timed runs of each part, after one that does not count. The median is printed
    #[arg(long, default_value_t = 7)]
    runs: usize,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let told = |object: &Value| match args.json {
        true => println!("{object}"),
        false => println!("{object:#}"),
    };
    told(&json!({ "step": "machine", "machine": machine(1), "runs": args.runs }));

    let rng = &mut StdRng::seed_from_u64(1);
    let cast = Cast::new(rng)?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    let (times, sizes) = pool.install(|| {
        let sizes = cast.turn(&mut Times::default(), rng)?;
        let mut times = Times::default();
        for _ in 0..args.runs.max(1) {
            cast.turn(&mut times, rng)?;
        }
        anyhow::Ok((times, sizes))
    })?;

    let [portable, best] = cast.wallets().map(|wallet| {
        let parts: Value = times.of(wallet).map(|(part, took)| (part, json!(ms(took)))).collect();
        (times.total(wallet), parts)
    });
    let ratio = |of: std::time::Duration, to: std::time::Duration| {
        (1e4 * of.as_secs_f64() / to.as_secs_f64()).round() / 1e4
    };
    let [ark, engine] = ["ark-groth16", "engine"].map(|prover| times.total(prover));
    let [evaluator, dealer] = ["evaluator", "dealer"].map(|server| times.total(server));
    told(&json!({
        "step": "home", "circuit": "five-fu",
        "ark_ms": ms(ark), "engine": cast.engine(), "engine_ms": ms(engine),
        "native_check_ms": ms(times.total("check")),
    }));
    for (name, (total, parts)) in cast.wallets().into_iter().zip([&portable, &best]) {
        told(&json!({
            "step": "wallet", "backend": name, "ms": ms(*total), "parts_ms": parts,
            "vs_ark": ratio(*total, ark), "vs_engine": ratio(*total, engine),
        }));
    }
    for name in ["once", "within"] {
        let parts: Value = times.of(name).map(|(part, took)| (part, json!(ms(took)))).collect();
        told(&json!({ "step": name, "parts_ms": parts }));
    }
    told(&json!({
        "step": "servers",
        "evaluator_ms": ms(evaluator), "dealer_ms_per_token": ms(dealer),
        "evaluator_vs_engine": ratio(evaluator, engine), "dealer_vs_engine": ratio(dealer, engine),
    }));
    told(&json!({
        "step": "summary",
        "wallet_vs_ark": ratio(portable.0, ark),
        "wallet_vs_engine": ratio(best.0, engine),
        "evaluator_vs_engine": ratio(evaluator, engine),
        "sent_bytes": sizes.sent,
        "received_bytes": sizes.received,
        "kit_bytes": sizes.kit,
        "token_bytes": sizes.token,
    }));
    Ok(())
}
