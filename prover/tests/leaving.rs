//! A proof that has its worker but whose caller no longer waits: the client left, or the deadline
//! passed. The checks between the stages could once be removed without any test failing, because
//! only a client that left before its turn was tested.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use ark_bn254::Fr;
use tokio::time::sleep;
use tonic::Code;
use wufu_groth16::{AssignmentRef, Engine, EngineError};
use wufu_proto::v1;
use wufu_prover::{Prover, service::Limits};
use wufu_verifier::{Proof, VerifyingKey};

use crate::common::{Gate, GateKeeper, LONG, Server, Simulator, gift, gift_request};

/// The simulator behind a door. A worker waits at the door before it looks at the witness.
struct Door {
    inner: Simulator,
    door: Arc<Gate>,
}

impl Engine for Door {
    fn name(&self) -> &'static str {
        "door"
    }

    fn verifying_key(&self) -> &VerifyingKey {
        // Only the first call by a worker waits. Other threads call this, too.
        if rayon::current_thread_index().is_some() {
            self.door.enter();
        }
        self.inner.verifying_key()
    }

    fn rows(&self) -> usize {
        self.inner.rows()
    }

    fn prove(&self, assignment: AssignmentRef<'_>, r: Fr, s: Fr) -> Result<Proof, EngineError> {
        self.inner.prove(assignment, r, s)
    }
}

/// The prover, its door, and a counter of the proofs begun behind the door.
fn behind_a_door() -> (Prover, GateKeeper, GateKeeper) {
    let (door, proofs) = (Arc::new(Gate::default()), Arc::new(Gate::default()));
    let keepers = (door.keeper(), proofs.keeper());
    proofs.open();
    let inner = Simulator::new(Some(proofs));
    (Prover::new(Door { inner, door }), keepers.0, keepers.1)
}

/// One worker, for jobs of at most this time.
fn limits(time: Duration) -> Limits {
    let mut limits = Limits::default();
    (limits.workers, limits.threads, limits.queue) = (1, 1, 4);
    limits.time = time;
    limits
}

/// What is logged on this thread.
#[derive(Clone, Default)]
struct Logged(Arc<Mutex<Vec<u8>>>);

impl io::Write for Logged {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Logged {
    async fn wait(&self, text: &str) {
        for _ in 0..LONG.as_millis() / 10 {
            if String::from_utf8_lossy(&self.0.lock().unwrap()).contains(text) {
                return;
            }
            sleep(Duration::from_millis(10)).await;
        }
        panic!("{text:?} was not logged within {LONG:?}");
    }
}

/// Client and server share one thread, so that the server logs on the test's thread.
#[tokio::test]
async fn a_client_that_leaves_has_no_proof_made() {
    let (prover, door, proofs) = behind_a_door();
    let logged = Logged::default();
    let writer = logged.clone();
    let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).finish();
    let _logging = tracing::subscriber::set_default(subscriber);
    let server = Server::start(vec![prover.clone()], limits(LONG)).await;
    let message = gift_request(prover.verifying_key(), &gift(1));
    let v1::ProveRequest { key_id, witness } = message.clone();
    let request = v1::ProveStreamRequest { key_id, witness };
    let stream = server.client().await.prove_stream(request).await.unwrap();
    door.wait(1).await;
    drop(stream);
    logged.wait("the caller left").await;
    door.open();
    // There is one worker: the next request gets it when it has finished the first.
    server.client().await.prove(message).await.unwrap();
    assert_eq!(proofs.begun(), 1, "a proof was made that nobody waited for");
    server.ended().await.unwrap();
}

/// The runtime's only thread sleeps when the deadline passes, so no timer tells the worker: it must
/// look at the clock itself.
#[tokio::test]
async fn what_is_late_has_no_proof_made() {
    const TIME: Duration = Duration::from_secs(3);
    let (prover, door, proofs) = behind_a_door();
    let server = Server::start(vec![prover.clone()], limits(TIME)).await;
    let message = gift_request(prover.verifying_key(), &gift(1));
    let mut call = None;
    // On a busy machine, a call may end before its turn.
    for _ in 0..60 {
        let (mut client, message) = (server.client().await, message.clone());
        let asked = tokio::spawn(async move { client.prove(message).await });
        while door.begun() == 0 && !asked.is_finished() {
            sleep(Duration::from_millis(10)).await;
        }
        if door.begun() > 0 {
            call = Some(asked);
            break;
        }
    }
    let call = call.expect("no call got its turn");
    std::thread::sleep(TIME);
    door.open();
    // The worker needs no runtime, and goes on from the door. It had enough time to begin a proof.
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(proofs.begun(), 0, "a proof was begun after its deadline");
    // The runtime's thread slept, so it is chance whether the server's answer or the end of the
    // call is seen first.
    let code = call.await.unwrap().unwrap_err().code();
    assert!(matches!(code, Code::DeadlineExceeded | Code::Cancelled), "{code:?}");
    server.ended().await.unwrap();
}
