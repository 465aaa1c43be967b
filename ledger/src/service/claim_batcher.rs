//! Checking claims in batches. Those that have come while others were checked are checked together: they share one
//! pairing equation.

use std::{num::NonZero, sync::Arc, thread};

use tokio::{
    sync::{Mutex, mpsc, oneshot},
    task::JoinSet,
};
use tonic::Status;
use wufu_proto::claim::Claim;
use wufu_verifier::{
    BatchVerifier, FiveFu, Verified, VerifyError, VerifyingKey,
    check::batch::{EntropyError, OsEntropy},
};

use super::{clock::Clock, refusal};
use crate::Ledger;

/// Most claims that are checked together: nearly all of what sharing saves, and little to wait for beside bad ones.
const TOGETHER: usize = 256;

/// What is known of a claim.
type Verdict = Result<Verified<FiveFu>, VerifyError>;

struct QueuedClaim {
    claim: Claim,
    verdict: oneshot::Sender<Result<Verdict, EntropyError>>,
}

/// Takes claims, and has them checked together.
pub(super) struct ClaimBatcher {
    claims: mpsc::Sender<QueuedClaim>,
}

/// What claims are checked against, and where they wait.
struct CheckingTask {
    ledger: Ledger,
    key: VerifyingKey,
    clock: Clock,
    // Whoever has it takes what waits.
    claims: Mutex<mpsc::Receiver<QueuedClaim>>,
}

impl ClaimBatcher {
    /// A batcher, and a task for each core that checks what it takes. The tasks end when the batcher is dropped. Four
    /// times as many claims may wait as are checked together; then senders do.
    pub(super) fn new(ledger: Ledger, key: VerifyingKey, clock: Clock) -> (Self, JoinSet<()>) {
        let (sender, claims) = mpsc::channel(4 * TOGETHER);
        let checks = Arc::new(CheckingTask { ledger, key, clock, claims: Mutex::new(claims) });
        let mut running = JoinSet::new();
        for _ in 0..thread::available_parallelism().map_or(1, NonZero::get) {
            running.spawn(checks.clone().run());
        }
        (Self { claims: sender }, running)
    }

    /// Checks a claim, now or with others.
    pub(super) async fn check(&self, claim: Claim) -> Result<Verified<FiveFu>, Status> {
        let stopped = || Status::internal("the check was stopped");
        let (verdict, told) = oneshot::channel();
        self.claims.send(QueuedClaim { claim, verdict }).await.map_err(|_| stopped())?;
        let verdict = told.await.map_err(|_| stopped())?.map_err(|error| {
            tracing::error!(%error, "claims could not be checked");
            Status::unavailable("the ledger could not tell: try again")
        })?;
        verdict.map_err(|error| refusal::verify(&error))
    }
}

impl CheckingTask {
    /// Checks what there is, whenever there is something: nobody waits for company.
    async fn run(self: Arc<Self>) {
        let mut verifier = BatchVerifier::default();
        loop {
            let mut waiting = Vec::new();
            if self.claims.lock().await.recv_many(&mut waiting, TOGETHER).await == 0 {
                return;
            }
            let checks = self.clone();
            // Points and pairings take milliseconds: not on a thread that serves.
            let checked = tokio::task::spawn_blocking(move || {
                checks.check(waiting, &mut verifier);
                verifier
            });
            verifier = checked.await.unwrap_or_else(|error| {
                // Those who waited are told that the check was stopped.
                tracing::error!(%error, "a check of claims failed");
                BatchVerifier::default()
            });
        }
    }

    fn check(&self, mut waiting: Vec<QueuedClaim>, verifier: &mut BatchVerifier) {
        // Whoever went away meanwhile costs nothing.
        waiting.retain(|waiting| !waiting.verdict.is_closed());
        let claims = waiting.iter().map(|waiting| &waiting.claim);
        let now = (self.clock)();
        let checked = self.ledger.check_claims(&self.key, claims, now, verifier, &mut OsEntropy);
        match checked {
            Ok(outcome) => {
                let spoilers = outcome.spoilers().count();
                if spoilers > 0 {
                    tracing::warn!(claims = waiting.len(), spoilers, "proofs that prove nothing");
                }
                for (waiting, verdict) in waiting.into_iter().zip(outcome.verdicts) {
                    // Whoever is gone does not want to know.
                    let _ = waiting.verdict.send(Ok(verdict));
                }
            }
            Err(error) => {
                for waiting in waiting {
                    let _ = waiting.verdict.send(Err(error));
                }
            }
        }
    }
}
