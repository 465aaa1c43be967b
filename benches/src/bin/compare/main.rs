//! Compares the engine with its peers in one run, and prints ratios first. Machines and their load
//! differ, so the compared programs take turns.
#![allow(clippy::print_stdout)]

#[cfg(test)]
use wufu_testing as _;

mod checks;
mod contest;
mod kernels;
#[allow(dead_code, clippy::unwrap_used, reason = "a test's means, of which this takes a part")]
#[path = "../../../../verifier/tests/batch/scene.rs"]
mod scene;
#[allow(dead_code, clippy::unwrap_used, reason = "as above")]
#[path = "../../../../verifier/tests/batch/simulate.rs"]
mod simulate;
mod subject;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use bn254x8::Backend;
use clap::Parser;
use rand::{SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};
use wufu_analysis::samples::five_fu;
use wufu_benches::{machine, median, ms, peak_mb};
use wufu_circuits::Circuit as _;
use wufu_groth16::{
    Engine as _, PreparedEngine, PreparedKey,
    prepared::{Integrity, Workspaces},
};
use wufu_prover::keys;
use wufu_verifier::{CircuitName, Trust};

use checks::{Checks, checks};
use contest::{Contest, contest};
use subject::{Subject, chain, statements};

/// Compare our engine, ark-groth16 and taceo-groth16 on the same circuits, keys and witnesses, and
/// our verifier with ark-groth16's.
#[derive(Parser)]
struct Args {
    /// Number of threads that prove
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=2))]
    threads: u8,
    /// Print one JSON object per line
    #[arg(long)]
    json: bool,
    /// Number of timed runs of each part, after one that does not count. The median is printed
    #[arg(long, default_value_t = 7)]
    runs: usize,
    /// Load this prepared key, make one proof and print the memory that it took. The bench calls
    /// itself with this
    #[arg(long, hide = true)]
    peak_of: Option<PathBuf>,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let threads = usize::from(args.threads);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    if let Some(path) = &args.peak_of {
        println!("{}", pool.install(|| peak_of(path))?);
        return Ok(());
    }
    let told = |object: &Value, text: String| match args.json {
        true => println!("{object}"),
        false => println!("{text}"),
    };
    let machine = machine(threads);
    told(
        &json!({ "step": "machine", "machine": machine, "runs": args.runs }),
        format!("{machine}\nmedians of {} runs after one that does not count, in turns", args.runs),
    );

    let rng = &mut StdRng::seed_from_u64(1);
    let folder = tempfile::tempdir()?;
    let mut contests = Vec::new();
    let mut load = None;
    for subject in statements(rng)?.into_iter().chain([chain(7_333, rng)?]) {
        let contest = pool.install(|| contest(&subject, args.runs, rng))?;
        told(&contest.json(), contest.text());
        if subject.name == "five-fu" {
            let file = pool.install(|| key_file(&subject, folder.path(), args.runs))?;
            let peak = peak(&folder.path().join("key"), threads)?;
            told(&file.json(peak), file.text(peak));
            if threads > 1 {
                let ratio = speed_up(&subject, &pool, args.runs)?;
                let text = format!("five-fu, one thread against {threads}: {ratio:.2} times");
                told(&json!({ "step": "threads", "threads": threads, "speed_up": ratio }), text);
            }
            load = Some((file, peak));
        }
        contests.push(contest);
    }
    for kernel in pool.install(|| kernels::all(args.runs, rng))? {
        told(&kernel.json(), kernel.text());
    }
    let (file, peak) = load.context("Five Fu was not among the subjects")?;
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    let checks = alone.install(|| checks(args.runs, rng))?;
    told(&checks.json(), checks.text());
    let summary = summary(threads, &contests, &file, peak, &checks);
    told(&summary, format!("{summary:#}"));
    Ok(())
}

fn summary(
    threads: usize,
    contests: &[Contest],
    file: &KeyFile,
    peak: Option<u64>,
    checks: &Checks,
) -> Value {
    let of = |name: &str| contests.iter().find(|contest| contest.name == name);
    let ratio = |name: &str| of(name).map(|contest| contest.ratio(&contest.ark));
    let taceo = of("five-fu").map(|contest| contest.ratio(&contest.taceo));
    let thousandth = |x: f64| (x * 1e4).round() / 1e4;
    let mut summary = json!({
        "step": "summary",
        "backend": Backend::best().name(),
        "threads": threads,
        "prove_five_fu_vs_ark": ratio("five-fu").map(thousandth),
        "prove_donation_vs_ark": ratio("donation").map(thousandth),
        "prove_chain_vs_ark": ratio("chain").map(thousandth),
        "prove_five_fu_vs_taceo": taceo.map(thousandth),
        "prove_five_fu_ms": of("five-fu").map(|contest| contest.best().total_ms()),
        "witness_share": of("five-fu").map(|contest| thousandth(contest.best().witness_share())),
        "key_load_ms": file.on_record_ms,
        "key_mb": file.bytes as f64 / 1e6,
        "peak_mb": peak,
    });
    for (name, figure) in checks.figures() {
        summary[name] = thousandth(figure).into();
    }
    summary
}

/// The cost of a prepared key's file.
struct KeyFile {
    bytes: u64,
    on_record_ms: f64,
    hashed_ms: f64,
    summary: String,
}

impl KeyFile {
    fn json(&self, peak: Option<u64>) -> Value {
        json!({
            "step": "key", "circuit": "five-fu", "bytes": self.bytes, "engine": self.summary,
            "load_on_record_ms": self.on_record_ms, "load_hashed_ms": self.hashed_ms,
            "peak_mb": peak,
        })
    }

    fn text(&self, peak: Option<u64>) -> String {
        let peak = peak.map_or("unknown".into(), |mb| format!("{mb} MB"));
        format!(
            "five-fu, prepared key: {:.1} MB, loaded in {:.2} ms on record, {:.1} ms hashed; peak \
             memory of one proof {peak}; {}",
            self.bytes as f64 / 1e6,
            self.on_record_ms,
            self.hashed_ms,
            self.summary
        )
    }
}

fn load(path: &Path) -> anyhow::Result<(PreparedKey, Integrity)> {
    let trust = Trust::AcceptDevelopment;
    Ok(PreparedKey::load(path, &keys::circuit(CircuitName::FiveFu), Backend::best(), trust)?)
}

fn key_file(subject: &Subject, folder: &Path, runs: usize) -> anyhow::Result<KeyFile> {
    let key = subject.prepared_key()?;
    let path = folder.join("key");
    key.save(&path)?;
    let summary = key.summary();
    drop(key);
    // A file that has just changed is not put on record.
    std::thread::sleep(std::time::Duration::from_millis(3_100));
    let record = folder.join("key.checked");
    let hashed = median(runs, || {
        // The first time, there is no file to remove.
        let _ = std::fs::remove_file(&record);
        load(&path).is_ok_and(|(_, checked)| checked == Integrity::Hashed)
    });
    let on_record = median(runs, || load(&path).is_ok());
    let (_, checked) = load(&path)?;
    anyhow::ensure!(checked == Integrity::Attested, "the check is not attested");
    let bytes = std::fs::metadata(&path)?.len();
    Ok(KeyFile { bytes, on_record_ms: ms(on_record), hashed_ms: ms(hashed), summary })
}

/// The peak memory of a separate process that loads the key and proves.
fn peak(path: &Path, threads: usize) -> anyhow::Result<Option<u64>> {
    let mut command = std::process::Command::new(std::env::current_exe()?);
    let out =
        command.arg("--peak-of").arg(path).args(["--threads", &threads.to_string()]).output()?;
    anyhow::ensure!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    Ok(String::from_utf8_lossy(&out.stdout).trim().parse().ok())
}

fn peak_of(path: &Path) -> anyhow::Result<u64> {
    let (key, _) = load(path)?;
    let engine = PreparedEngine::new(key);
    let instance = five_fu(&mut StdRng::seed_from_u64(2));
    let assignment = instance.assign();
    engine.prove(keys::values(&assignment), 3.into(), 5.into())?;
    peak_mb().context("the system does not tell")
}

/// How many times as fast all threads are as one.
fn speed_up(subject: &Subject, pool: &rayon::ThreadPool, runs: usize) -> anyhow::Result<f64> {
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    let queries = subject.queries(Backend::best())?;
    // Each has its own memory: what a proof leaves behind is wiped, and it is larger for one thread
    // than for several.
    let workspaces = [Workspaces::new(), Workspaces::new()];
    let prove = |workspaces: &Workspaces| {
        let assignment = (subject.assign)();
        queries.prove(keys::values(&assignment), 3.into(), 5.into(), workspaces).is_ok()
    };
    let [one, many] = contest::interleaved(
        3 * runs,
        [&|| alone.install(|| prove(&workspaces[0])), &|| pool.install(|| prove(&workspaces[1]))],
    );
    Ok(ms(one) / ms(many))
}
