//! A wallet that is killed while an evaluator works.

use std::{
    env, fs,
    path::PathBuf,
    process::Command,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use wufu_prover::blind;
use wufu_testing::Process;
use wufu_verifier::{Gift, Proof, Statement as _, Trust, VerifyingKey};
use wufu_wallet::{
    ProofSource as _,
    prover::{
        BlindProver, Delay, TokenStore,
        blind::{Dealer, KitId, blind_key},
    },
};

use super::servers::*;

/// How long the test waits for an event, on a machine that may be busy.
const LONG: Duration = Duration::from_secs(120);

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// The process that is killed: this test binary, run again. It proves blind, with tokens on disk.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by another test as a process of its own"]
async fn prove_once() {
    let path = |name: &str| PathBuf::from(env::var_os(name).unwrap());
    let endpoint = |name: &str| env::var(name).unwrap().parse().unwrap();
    let read = |name: &str| fs::read(path("FILES").join(name)).unwrap();
    let verifying = VerifyingKey::decode(&read("vk"), Trust::AcceptDevelopment).unwrap();
    let id = KitId(read("kit-id").try_into().unwrap());
    let key = blind_key(verifying.clone(), &read("kit"), id).unwrap();
    let dealer = Dealer { endpoint: endpoint("DEALER"), key: signing(1).verifying_key() };
    let tokens = TokenStore::open(&path("WALLET"), &path("OUTSIDE"), now()).unwrap();
    let evaluators = vec![endpoint("EVALUATOR")];
    let prover = BlindProver::new([key], vec![dealer], evaluators, Arc::new(tokens)).unwrap();
    let prover = prover.with_delay(Delay::NONE).with_batch(4);
    let made = prover.prove(job_under(verifying.id(), 1), quiet()).await.unwrap();
    let statement = Gift::decode(&made.proof.public_inputs).unwrap();
    let proof = Proof::decode(&made.proof.proof).unwrap();
    assert!(verifying.equation_holds(&statement.public_inputs(), &proof));
}

/// Rows of docs/failures.md: 26.
/// A wallet that was killed after it sent the request and before the answer came takes another
/// token the next time.
#[tokio::test(flavor = "multi_thread")]
async fn a_job_sent_by_a_killed_wallet_is_never_sent_again() {
    let (base, memory) = (tempfile::tempdir().unwrap(), tempfile::tempdir_in("/dev/shm").unwrap());
    let (home, outside) = (base.path().join("wallet"), memory.path().join("outside"));
    wufu_wallet::file::private_folder(&home).unwrap();
    let kit = blind::kit(prepared()).unwrap();
    let files =
        [("vk", verifying().encode()), ("kit", kit.encode()), ("kit-id", kit.id().0.to_vec())];
    for (name, bytes) in files {
        fs::write(base.path().join(name), bytes).unwrap();
    }
    let dealer = dealer(1).await;
    let (endpoint, spy) = spy(Conduct::Hangs).await;
    let start = || {
        let mut command = Command::new(env::current_exe().unwrap());
        command
            .args(["--exact", "blind::kill::prove_once", "--ignored"])
            .env("FILES", base.path())
            .env("WALLET", &home)
            .env("OUTSIDE", &outside)
            .env("DEALER", dealer.endpoint.to_string())
            .env("EVALUATOR", endpoint.to_string());
        Process::start(&mut command).unwrap()
    };
    let left = || {
        let store = TokenStore::open(&home, &outside, now()).unwrap();
        store.left(&dealer.key, verifying().id(), now()).unwrap()
    };
    for killed in 1..=2 {
        let mut child = start();
        // The whole request has arrived, and the evaluator does not answer.
        let seen = async {
            while spy.seen.lock().unwrap().len() < killed {
                assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(LONG, seen).await.expect("the evaluator saw no request");
        // After SIGKILL, no part of it runs any more.
        child.kill();
        assert_eq!(left(), 4 - killed);
    }
    *spy.conduct.lock().unwrap() = Conduct::Honest;
    let mut child = start();
    let ended = tokio::task::spawn_blocking(move || child.ended(LONG)).await.unwrap();
    assert!(ended.success());
    assert_eq!(left(), 1);
    // One witness and three masks: if two masks were equal, or bytes were sent again, some numbers
    // would be equal in the same positions.
    let seen = spy.seen.lock().unwrap();
    assert_eq!(seen.len(), 3);
    for (n, one) in seen.iter().enumerate() {
        for other in &seen[..n] {
            let pairs = one.masked.chunks(32).zip(other.masked.chunks(32));
            assert_eq!(pairs.filter(|(a, b)| a == b).count(), 0, "two jobs share a mask");
        }
    }
}
