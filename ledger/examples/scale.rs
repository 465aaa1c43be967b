//! Measures a ledger of realistic size: import, checkpoint, opening, shards, receipts and audit.
//!
//! `cargo run --release -p wufu-ledger --example scale -- [full]`
#![allow(clippy::print_stdout, reason = "an example prints")]

use std::{error::Error, fs, time::Instant};

use wufu_ledger::{
    Ledger, LedgerPolicy, Log, Owners,
    generate::{LogShape, generate},
    import::ImportOptions,
};

const NOW: u64 = 1_518_704_280;

/// Wall time, and the processor time of all threads. The second does not change on a busy computer.
struct Clock(Instant, f64);

impl Clock {
    fn start() -> Self {
        Self(Instant::now(), processor())
    }

    fn stop(&self) -> String {
        format!("{:.2?} ({:.2} s of processor)", self.0.elapsed(), processor() - self.1)
    }
}

/// Seconds of processor time so far, if the system reports it.
fn processor() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks = stat.rsplit(')').next().unwrap_or_default().split_ascii_whitespace();
    let used = ticks.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>();
    used / 100.0
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let full = std::env::args().any(|arg| arg == "full");
    let shape = if full { LogShape::FULL } else { LogShape::TENTH };
    let folder = tempfile::TempDir::new()?;
    let mut policy = LedgerPolicy::new("charity");
    policy.currency = Some("CNY".parse()?);
    let ledger = Ledger::create(folder.path(), &policy, NOW).await?;

    let began = Clock::start();
    let donations = generate(2018, &shape)?;
    println!("{} donations made up in {}", donations.len(), began.stop());

    let began = Clock::start();
    let owners = Owners::Development { seed: "scale".into(), org: "charity".into() };
    let options = ImportOptions { owners, skip_bad: false };
    let report = ledger.import(donations.into(), options, |_| ()).await?;
    let rate = report.rows as f64 / began.0.elapsed().as_secs_f64();
    println!("imported in {}: {rate:.0} rows/s", began.stop());

    let began = Clock::start();
    let closed = ledger.close_epoch(NOW).await?;
    println!("epoch closed in {}", began.stop());

    let origin = ledger.origin(Log::DONATIONS);
    let began = Clock::start();
    let shard = ledger.shard(&origin, closed.epoch, 0).await?;
    let bytes = wufu_proto::v1::GetShardResponse::from(&shard);
    let bytes = prost::Message::encoded_len(&bytes);
    println!("a full shard read in {}: {bytes} bytes", began.stop());
    let began = Clock::start();
    let roof = ledger.roof(&origin, closed.epoch).await?;
    println!("the roof read in {}: {} shards", began.stop(), roof.shard_roots.len());

    for (what, receipt) in [
        ("in a full shard, the first", "T00000001"),
        ("in a full shard, the next", "T00000002"),
        ("in the open shard", if full { "T00747000" } else { "T00074700" }),
    ] {
        let began = Clock::start();
        ledger.donation_receipt(receipt.as_bytes()).await?;
        println!("a receipt {what}: {}", began.stop());
    }
    let began = Clock::start();
    let audit = ledger.audit().await?;
    println!("audited in {}: {} findings", began.stop(), audit.findings.len());

    ledger.close().await;
    let began = Clock::start();
    let ledger = Ledger::open(folder.path()).await?;
    println!("opened in {}", began.stop());
    println!("database: {} MB", fs::metadata(folder.path().join("ledger.db"))?.len() / 1_000_000);
    if let Ok(status) = fs::read_to_string("/proc/self/status") {
        for line in status.lines().filter(|line| line.starts_with("VmHWM")) {
            println!("peak memory: {}", line.trim_start_matches("VmHWM:").trim());
        }
    }
    drop(ledger);
    Ok(())
}
