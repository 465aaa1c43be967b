//! How long a ledger of the true shape takes: import, checkpoint, opening, shards, receipts, audit.
//!
//! `cargo run --release -p wufu-ledger --example scale -- [full]`
#![allow(clippy::print_stdout, reason = "an example prints")]

use std::{error::Error, fs, time::Instant};

use wufu_ledger::{
    Ledger, LedgerPolicy, Log, Owners,
    generate::{Shape, generate},
    import::ImportOptions,
};

const NOW: u64 = 1_518_704_280;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let full = std::env::args().any(|arg| arg == "full");
    let shape = if full { Shape::FULL } else { Shape::TENTH };
    let folder = tempfile::TempDir::new()?;
    let mut policy = LedgerPolicy::new("charity");
    policy.currency = Some("CNY".parse()?);
    let ledger = Ledger::create(folder.path(), &policy).await?;

    let began = Instant::now();
    let donations = generate(2018, &shape)?;
    println!("{} donations made up in {:.2?}", donations.len(), began.elapsed());

    let began = Instant::now();
    let owners = Owners::Development { seed: "scale".into(), org: "charity".into() };
    let options = ImportOptions { owners, skip_bad: false };
    let report = ledger.import(donations.into(), options, |_| ()).await?;
    let rate = report.rows as f64 / began.elapsed().as_secs_f64();
    println!("imported in {:.2?}: {rate:.0} rows/s", began.elapsed());

    let began = Instant::now();
    let closed = ledger.close_epoch(NOW).await?;
    println!("epoch closed in {:.2?}", began.elapsed());

    let origin = ledger.origin(Log::Donations);
    let began = Instant::now();
    let shard = ledger.shard(&origin, closed.epoch, 0).await?;
    let bytes = wufu_proto::v1::GetShardResponse::from(&shard);
    let bytes = prost::Message::encoded_len(&bytes);
    println!("a full shard read in {:.2?}: {bytes} bytes", began.elapsed());
    let began = Instant::now();
    let roof = ledger.roof(&origin, closed.epoch).await?;
    println!("the roof read in {:.2?}: {} shards", began.elapsed(), roof.shard_roots.len());

    for (what, receipt) in [
        ("in a full shard, the first", "T00000001"),
        ("in a full shard, the next", "T00000002"),
        ("in the open shard", if full { "T00747000" } else { "T00074700" }),
    ] {
        let began = Instant::now();
        ledger.donation_receipt(receipt.as_bytes()).await?;
        println!("a receipt {what}: {:.2?}", began.elapsed());
    }
    let began = Instant::now();
    let audit = ledger.audit().await?;
    println!("audited in {:.2?}: {} findings", began.elapsed(), audit.findings.len());

    ledger.close().await;
    let began = Instant::now();
    let ledger = Ledger::open(folder.path()).await?;
    println!("opened in {:.2?}", began.elapsed());
    println!("database: {} MB", fs::metadata(folder.path().join("ledger.db"))?.len() / 1_000_000);
    if let Ok(status) = fs::read_to_string("/proc/self/status") {
        for line in status.lines().filter(|line| line.starts_with("VmHWM")) {
            println!("memory at its highest: {}", line.trim_start_matches("VmHWM:").trim());
        }
    }
    drop(ledger);
    Ok(())
}
