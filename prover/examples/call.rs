//! Calls a prover as a wallet does: asks for its circuits, sends a witness for each one, and
//! verifies the proofs.
//!
//! Start `wufu serve prover`, then run
//! `cargo run --release -p wufu-prover --example call -- http://127.0.0.1:7181 3`.
#![allow(clippy::print_stdout)]

use std::{error::Error, time::Instant};

use rand::rngs::OsRng;
use wufu_analysis::samples;
use wufu_proto::{
    prover::{ProverInfo, ReceivedProof},
    v1::{self, prover_service_client::ProverServiceClient},
    witness::{Job, UncheckedWitness},
};
use wufu_verifier::{CircuitName, Proof, Trust};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().unwrap_or_else(|| "http://127.0.0.1:7181".into());
    let times: usize = arguments.next().map_or(Ok(1), |times| times.parse())?;
    let mut client = ProverServiceClient::connect(url).await?;

    let info = client.get_info(v1::GetInfoRequest {}).await?.into_inner();
    let info = ProverInfo::try_from(info)?;
    println!("{} {}; it learns: {:?}", info.engine, info.version, info.learned);

    for circuit in info.circuits {
        // A wallet pins the key's id. This example takes whatever key the prover has.
        let key = circuit
            .key(Trust::AcceptDevelopment)?
            .ok_or("the prover's key does not match its key id")?;
        for _ in 0..times {
            let witnessed = match circuit.circuit {
                CircuitName::FiveFu => {
                    UncheckedWitness::FiveFu(Box::new(samples::five_fu(&mut OsRng)))
                }
                CircuitName::Gift => UncheckedWitness::Gift(Box::new(samples::gift(&mut OsRng))),
                // A donation also needs its policy: see the wallet.
                _ => continue,
            };
            let inputs = witnessed.public_inputs();
            let job = Job { key_id: circuit.key_id, witnessed };
            let start = Instant::now();
            let answer = client.prove(v1::ProveRequest::from(&job)).await?.into_inner();
            let took = start.elapsed();
            let proved = ReceivedProof::try_from(answer)?;
            let proof = Proof::decode(proved.presented().proof)?;
            if !key.equation_holds(&inputs, &proof) {
                return Err("the proof does not verify".into());
            }
            println!("{}: {took:?}, {:?}", circuit.circuit, proved.timings);
        }
    }
    Ok(())
}
