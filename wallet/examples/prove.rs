//! Answers a verifier's request with one of the wallet's donations, with a prover that is trusted
//! with the witness: `prove WALLET REQUEST LEDGER MIRROR PROVER ENVELOPE`. LEDGER, MIRROR and
//! PROVER are addresses such as `http://127.0.0.1:PORT`.
#![allow(clippy::print_stdout)]

use std::{env, path::PathBuf, sync::Arc, time::SystemTime};

use wufu_wallet::{
    DonationOptions, EnvelopeFormat, GrpcSource, Sources, TrustedProver, Wallet, envelope,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [folder, request, ledger, mirror, prover, out] = &args[..] else {
        return Err("expected WALLET REQUEST LEDGER MIRROR PROVER ENVELOPE".into());
    };
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs();

    let wallet = Wallet::open(&PathBuf::from(folder))?;
    let request = envelope::read_request(&PathBuf::from(request))?;
    let sources =
        Sources::compared(GrpcSource::new(ledger.parse()?), GrpcSource::new(mirror.parse()?));
    let plan = wallet.plan_donation(&sources, &request, &DonationOptions::default(), now).await?;
    println!("{} records meet the policy: yours is one of them", plan.report().anonymity);
    let prover = TrustedProver::new(prover.parse()?);
    let answer = plan.prove(&prover, Arc::new(|stage| println!("{stage:?}")), now).await?;
    println!("{}: {}", answer.mode, answer.mode.learned());
    envelope::write(&PathBuf::from(out), &answer.envelope, EnvelopeFormat::Protobuf)?;
    Ok(())
}
