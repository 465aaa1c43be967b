//! The evaluator's gRPC call.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError},
    time::{Instant, timeout_at},
};
use tonic::{Request, Response, Status, Streaming};
use wufu_proto::{
    blind::{self, EvaluatedSums, Head},
    v1::{self, evaluator_service_server::EvaluatorService},
};
use wufu_serve::metrics;
use wufu_verifier::CircuitId;
use zeroize::Zeroizing;

use super::{
    anonymous,
    config::Config,
    roles::{ByKey, CancelOnDrop, ended},
};
use crate::{
    blind::{EvaluateError, Evaluator},
    service::{
        admission::{Admission, AdmissionError},
        deadline::{came, deadline},
        limits::Limits,
        refusal,
    },
};

/// The bytes of memory that one permit stands for.
const UNIT: usize = 1024;

/// What all calls share.
#[derive(Clone)]
pub(super) struct EvaluatorHandler {
    evaluators: ByKey<Evaluator>,
    limits: Limits,
    admission: Arc<Admission>,
    // One permit for each KiB of masked numbers that may be held.
    memory: Arc<Semaphore>,
    receive: Duration,
}

impl EvaluatorHandler {
    pub(super) fn new(
        evaluators: ByKey<Evaluator>,
        config: &Config,
        admission: Arc<Admission>,
    ) -> Self {
        let units = (config.held / UNIT).min(Semaphore::MAX_PERMITS);
        let limits = config.limits.clone();
        let memory = Arc::new(Semaphore::new(units));
        Self { evaluators, limits, admission, memory, receive: config.receive }
    }

    /// Handles a request from its first message to its answer. Dropping the future ends the
    /// request, and nothing of it is kept.
    async fn evaluated(
        &self,
        request: Request<Streaming<v1::EvaluateRequest>>,
        circuit: &mut Option<CircuitId>,
    ) -> Result<EvaluatedSums, Status> {
        anonymous::begin(&request)?;
        let deadline = deadline(&request, self.limits.time);
        // A caller that would be refused learns so before it sends all of its numbers.
        drop(self.admission.place()?);
        let received = deadline.min(came(&request) + self.receive);
        let mut stream = request.into_inner();
        let head = next(&mut stream, received).await?;
        let head = head.ok_or_else(|| Status::invalid_argument("the request is empty"))?;
        let head = Head::try_from(head).map_err(|error| refusal::malformed(&error))?;
        let evaluator = self.evaluators.get(&head.key_id);
        let evaluator = evaluator.ok_or_else(|| refusal::unknown(head.key_id))?.clone();
        let name = evaluator.shape().circuit();
        *circuit = Some(name.id());

        let total = evaluator.shape().request_bytes();
        let held = self.hold(total)?;
        let masked = receive(&mut stream, total, received).await?;
        // Wait for a worker only now that all bytes have arrived. So a caller that sends slowly, or
        // nothing, keeps no other from working.
        let arrived = Instant::now();
        let worker = self.admission.admit(deadline).await?;
        let began = Instant::now();
        metrics::queue_wait(began - arrived);
        let gone = CancelOnDrop::default();
        let (left, admission) = (gone.0.clone(), self.admission.clone());
        let work = worker.run(move || {
            // The memory is free when the numbers are dropped, and not before.
            let _held = held;
            let stopped = left.load(Ordering::Relaxed) || admission.stopped();
            if stopped || Instant::now() >= deadline {
                return Err(Status::cancelled("the caller no longer waits for the sums"));
            }
            evaluate(&evaluator, &masked)
        });
        let done = timeout_at(deadline, work).await.map_err(|_| refusal::late())?;
        let evaluated = done.map_err(|_| Status::internal("the evaluator failed"))??;
        self.admission.took(began.elapsed());
        metrics::stage(name.as_str(), "evaluate", began.elapsed());
        metrics::jobs(name.as_str(), "sum", 1);
        Ok(evaluated)
    }

    /// Reserves memory for one request.
    fn hold(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Status> {
        let units = u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX);
        self.memory.clone().try_acquire_many_owned(units).map_err(|error| match error {
            TryAcquireError::NoPermits => AdmissionError::Full(self.admission.wait()).into(),
            TryAcquireError::Closed => AdmissionError::Closing.into(),
        })
    }
}

async fn next(
    stream: &mut Streaming<v1::EvaluateRequest>,
    deadline: Instant,
) -> Result<Option<v1::EvaluateRequest>, Status> {
    timeout_at(deadline, stream.message()).await.map_err(|_| refusal::late())?
}

/// Receives all masked numbers of a request, and refuses any beyond the declared total.
async fn receive(
    stream: &mut Streaming<v1::EvaluateRequest>,
    total: usize,
    deadline: Instant,
) -> Result<Zeroizing<Vec<u8>>, Status> {
    // The buffer never grows, so no copy is left behind in freed memory.
    let mut masked = Zeroizing::new(Vec::with_capacity(total));
    while let Some(message) = next(stream, deadline).await? {
        blind::append(&mut masked, total, &message).map_err(|error| refusal::malformed(&error))?;
    }
    blind::complete(masked.len(), total).map_err(|error| refusal::malformed(&error))?;
    Ok(masked)
}

fn evaluate(evaluator: &Evaluator, masked: &[u8]) -> Result<EvaluatedSums, Status> {
    let sums = evaluator.evaluate(masked).map_err(|error| match error {
        EvaluateError::Request(error) => Status::invalid_argument(error.to_string()),
        error => {
            tracing::error!(%error, "could not compute the sums");
            Status::internal("the evaluator failed")
        }
    })?;
    let mut bytes = Zeroizing::new([0; blind::SUMS]);
    bytes.copy_from_slice(&sums.encode());
    Ok(EvaluatedSums(bytes))
}

#[tonic::async_trait]
impl EvaluatorService for EvaluatorHandler {
    async fn evaluate(
        &self,
        request: Request<Streaming<v1::EvaluateRequest>>,
    ) -> Result<Response<v1::EvaluateResponse>, Status> {
        let mut circuit = None;
        let evaluated = self.evaluated(request, &mut circuit).await;
        ended(circuit, &evaluated);
        Ok(Response::new((&evaluated?).into()))
    }
}
