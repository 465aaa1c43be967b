//! Checks claims in batches. Claims that arrive while others are being checked are checked
//! together, with one pairing equation.

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

/// How many claims are checked together at most. This gains nearly all that sharing can save, and a
/// bad claim delays the others little.
const TOGETHER: usize = 256;

/// The outcome of a check.
type Verdict = Result<Verified<FiveFu>, VerifyError>;

struct QueuedClaim {
    claim: Claim,
    verdict: oneshot::Sender<Result<Verdict, EntropyError>>,
}

/// Accepts claims and has them checked together.
pub(super) struct ClaimBatcher {
    claims: mpsc::Sender<QueuedClaim>,
}

/// What claims are checked against, and the queue in which they wait.
struct CheckingTask {
    ledger: Ledger,
    key: VerifyingKey,
    clock: Clock,
    // The task that holds the lock takes the waiting claims.
    claims: Mutex<mpsc::Receiver<QueuedClaim>>,
}

impl ClaimBatcher {
    /// Makes a batcher, and one checking task for each core. The tasks end when the batcher is
    /// dropped. The queue holds four times as many claims as are checked together. When it is full,
    /// senders wait.
    pub(super) fn new(ledger: Ledger, key: VerifyingKey, clock: Clock) -> (Self, JoinSet<()>) {
        let (sender, claims) = mpsc::channel(4 * TOGETHER);
        let checks = Arc::new(CheckingTask { ledger, key, clock, claims: Mutex::new(claims) });
        let mut running = JoinSet::new();
        for _ in 0..thread::available_parallelism().map_or(1, NonZero::get) {
            running.spawn(checks.clone().run());
        }
        (Self { claims: sender }, running)
    }

    /// Checks a claim, alone or together with others.
    pub(super) async fn check(&self, claim: Claim) -> Result<Verified<FiveFu>, Status> {
        let stopped = || Status::internal("the check was stopped");
        let (verdict, told) = oneshot::channel();
        self.claims.send(QueuedClaim { claim, verdict }).await.map_err(|_| stopped())?;
        let verdict = told.await.map_err(|_| stopped())?.map_err(|error| {
            tracing::error!(%error, "could not check claims");
            Status::unavailable("the ledger could not check the claim: try again")
        })?;
        verdict.map_err(|error| refusal::verify(&error))
    }
}

impl CheckingTask {
    /// Checks the claims that are there as soon as there are any. It does not wait for more.
    async fn run(self: Arc<Self>) {
        let mut verifier = BatchVerifier::default();
        loop {
            let mut waiting = Vec::new();
            if self.claims.lock().await.recv_many(&mut waiting, TOGETHER).await == 0 {
                return;
            }
            let checks = self.clone();
            // Points and pairings take milliseconds, so this does not run on a thread that serves.
            let checked = tokio::task::spawn_blocking(move || {
                checks.check(waiting, &mut verifier);
                verifier
            });
            verifier = checked.await.unwrap_or_else(|error| {
                // The callers learn that the check was stopped.
                tracing::error!(%error, "a check of claims failed");
                BatchVerifier::default()
            });
        }
    }

    fn check(&self, mut waiting: Vec<QueuedClaim>, verifier: &mut BatchVerifier) {
        // Claims of callers that have left are dropped.
        waiting.retain(|waiting| !waiting.verdict.is_closed());
        let claims = waiting.iter().map(|waiting| &waiting.claim);
        let now = (self.clock)();
        let checked = self.ledger.check_claims(&self.key, claims, now, verifier, &mut OsEntropy);
        match checked {
            Ok(outcome) => {
                let spoilers = outcome.spoilers().count();
                if spoilers > 0 {
                    tracing::warn!(claims = waiting.len(), spoilers, "claims with invalid proofs");
                }
                for (waiting, verdict) in waiting.into_iter().zip(outcome.verdicts) {
                    // The caller may have left.
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
