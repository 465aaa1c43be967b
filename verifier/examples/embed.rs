//! How a verifier embeds this crate: it pins a key and a log, asks, and checks the answer.
//!
//! ```sh
//! cargo run --release -p wufu-verifier --example embed -- KEY LOG_KEY CHECKPOINT REQUEST KEY_ID_HEX INPUTS_HEX PROOF_HEX
//! ```
//!
//! The first four are files: a verifying key, a log key, a signed checkpoint, and this verifier's own request. The last
//! three are what somebody presented. (`wufu-proto` reads them from an envelope.)
#![allow(clippy::print_stdout)]

use std::{env, error::Error, fs, time::SystemTime};

use wufu_verifier::{
    DonationCheck, ProofRequest, Trust, VerifyingKey,
    checkpoint::Checkpoint,
    epochs::{LogHistory, Window},
    note::LogKey,
    spent::MemoryStore,
    verify::Presented,
};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [key, log_key, checkpoint, request, key_id, inputs, proof] = args.as_slice() else {
        return Err("seven arguments: see the head of this file".into());
    };
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs();

    // The ten lines that matter.
    let key = VerifyingKey::decode(&fs::read(key)?, Trust::AcceptDevelopment)?; // in production: CeremonyOnly
    let log_key = LogKey::parse(&fs::read_to_string(log_key)?)?;
    let request = ProofRequest::decode(&fs::read(request)?)?;
    let mut log = LogHistory::new(&request.question().origin);
    log.insert(Checkpoint::open(&log_key, &fs::read_to_string(checkpoint)?)?)?;
    let mut spent = MemoryStore::default(); // in production: a database

    let (key_id, inputs, proof) = (hex::decode(key_id)?, hex::decode(inputs)?, hex::decode(proof)?);
    let presented = Presented { key_id: &key_id, public_inputs: &inputs, proof: &proof };
    let (verifier, question) = (request.verifier(), request.question());
    let check =
        DonationCheck { key: &key, log: &log, verifier, question, now, window: Window::default() };
    let admitted = check.verify(presented)?.spend(&mut spent)?;

    println!(
        "a donation that you asked for, shown for the first time, as of epoch {}",
        admitted.verified().epoch()
    );
    Ok(())
}
