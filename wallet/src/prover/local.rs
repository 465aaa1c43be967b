//! Proofs that the wallet makes in its own process.

use std::time::Instant;

use rand::rngs::OsRng;
use wufu_circuits::{Circuit, CircuitVisitor};
use wufu_proto::witness::Job;
use wufu_prover::Prover;
use wufu_verifier::{KeyId, check::UnverifiedProof};

use super::{OnStage, ProofMode, ProofSource, ProverAnswer, ProverError, Stage, Timings};
use crate::wallet::TaskStopped;

/// The engine inside the wallet, with its keys. Nothing leaves the process.
#[derive(Clone, Debug, Default)]
pub struct LocalProver {
    provers: Vec<Prover>,
}

impl LocalProver {
    /// A prover with these keys, the preferred one first.
    pub fn new(provers: impl IntoIterator<Item = Prover>) -> Self {
        Self { provers: provers.into_iter().collect() }
    }

    /// The ids of its keys.
    pub fn keys(&self) -> Vec<KeyId> {
        self.provers.iter().map(|prover| prover.verifying_key().id()).collect()
    }
}

#[tonic::async_trait]
impl ProofSource for LocalProver {
    fn mode(&self) -> ProofMode {
        ProofMode::Local
    }

    async fn prove(&self, job: Job, stage: OnStage) -> Result<ProverAnswer, ProverError> {
        let found = self.provers.iter().find(|prover| prover.verifying_key().id() == job.key_id);
        let prover = found.cloned().ok_or(ProverError::NoKey { key: job.key_id })?;
        tokio::task::spawn_blocking(move || job.witnessed.visit(Prove { prover, stage }))
            .await
            .map_err(TaskStopped::from)?
    }
}

struct Prove {
    prover: Prover,
    stage: OnStage,
}

impl CircuitVisitor for Prove {
    type Output = Result<ProverAnswer, ProverError>;

    fn visit<C: Circuit>(self, instance: &C) -> Self::Output {
        let Self { prover, stage } = self;
        let mut timings = Timings::default();
        let (mut began, mut now) = (Instant::now(), Stage::Checking);
        let mut next = |then: Stage| {
            let took = began.elapsed();
            match now {
                Stage::Checking => timings.witness = took,
                Stage::Proving => timings.prove = took,
                Stage::Verifying => timings.verify = took,
                _ => {}
            }
            (began, now) = (Instant::now(), then);
            stage(then);
        };
        let proven = prover.prove(instance, &mut OsRng, |stage| {
            match stage {
                wufu_prover::Stage::Checking => next(Stage::Checking),
                wufu_prover::Stage::Proving => next(Stage::Proving),
                wufu_prover::Stage::Verifying => next(Stage::Verifying),
            };
        })?;
        next(Stage::Done);
        let proof = UnverifiedProof::new(&proven.statement, &proven.proof, proven.key_id);
        Ok(ProverAnswer { proof, timings, mode: ProofMode::Local })
    }
}
