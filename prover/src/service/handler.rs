//! The three gRPC calls.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use rand::rngs::OsRng;
use tokio::{
    sync::mpsc::{self, UnboundedSender},
    time::{Instant, timeout_at},
};
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::{Request, Response, Status};
use tracing::{Instrument as _, Span, field};
use wufu_circuits::{Circuit, CircuitVisitor};
use wufu_proto::{
    prover::{Disclosure, Progress, ProverInfo, ProvingCircuit, ReceivedProof, Stage, Timings},
    v1::{self, prover_service_server::ProverService},
    witness::Job,
};
use wufu_serve::metrics;
use wufu_verifier::KeyId;

use super::{admission::Admission, deadline::deadline, limits::Limits, refusal};
use crate::{ProveError, Prover};

/// What all calls share.
#[derive(Clone)]
pub(super) struct Handler {
    provers: Arc<HashMap<KeyId, Prover>>,
    info: Arc<ProverInfo>,
    limits: Limits,
    admission: Arc<Admission>,
}

/// Sends a call its progress: at most six messages.
#[derive(Clone)]
struct ProgressSender(UnboundedSender<Result<v1::ProveStreamResponse, Status>>);

impl ProgressSender {
    fn tell(&self, progress: &Progress) {
        // The caller may have left.
        let _ = self.0.send(Ok(progress.into()));
    }
}

/// Sets the flag when the caller stops waiting. Work that has not begun is then skipped.
struct CancelOnDrop(Arc<AtomicBool>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Handler {
    pub(super) fn new(provers: Vec<Prover>, limits: Limits, admission: Arc<Admission>) -> Self {
        let provers: HashMap<KeyId, Prover> =
            provers.into_iter().map(|prover| (prover.verifying_key().id(), prover)).collect();
        let mut circuits: Vec<ProvingCircuit> = provers.values().map(describe).collect();
        circuits.sort_by_key(|circuit| (circuit.circuit, circuit.key_id));
        let mut engines: Vec<&str> =
            provers.values().map(|prover| prover.engine().name()).collect();
        engines.sort_unstable();
        engines.dedup();
        for prover in provers.values() {
            let circuit = prover.verifying_key().circuit();
            tracing::info!(%circuit, engine = prover.engine().name(), "ready");
        }
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let info = ProverInfo {
            version: env!("CARGO_PKG_VERSION").into(),
            circuits,
            workers: number(limits.workers),
            queue: number(limits.queue),
            max_request_bytes: u64::try_from(limits.request_bytes).unwrap_or(u64::MAX),
            learned: Disclosure::Witness,
            engine: engines.join(", "),
        };
        Self { provers: Arc::new(provers), info: Arc::new(info), limits, admission }
    }

    /// Handles a request from its first byte to its proof. Dropping the future ends the request:
    /// its place in the queue is given back, and work that has not begun is skipped.
    async fn admitted(
        &self,
        message: v1::ProveRequest,
        deadline: Instant,
        told: Option<ProgressSender>,
    ) -> Result<ReceivedProof, Status> {
        let came = Instant::now();
        // Checked before the request is queued, so that an unknown key takes no one's turn.
        let key_id = <[u8; 32]>::try_from(message.key_id.as_slice()).map(KeyId);
        let prover = match key_id {
            Ok(key) => self.provers.get(&key).ok_or_else(|| refusal::unknown_key(key))?.clone(),
            Err(_) => {
                let got = message.key_id.len();
                return Err(Status::invalid_argument(format!(
                    "key id is {got} bytes, expected 32"
                )));
            }
        };
        let circuit = prover.verifying_key().circuit();
        Span::current().record("circuit", circuit.as_str());
        if let Some(told) = &told {
            told.tell(&Progress::Stage(Stage::Queued));
        }
        let worker = self.admission.admit(deadline).await?;
        let queued = came.elapsed();
        metrics::queue_wait(queued);

        let gone = Arc::new(AtomicBool::new(false));
        let _guard = CancelOnDrop(gone.clone());
        let admission = self.admission.clone();
        let go_on = move || {
            !gone.load(Ordering::Relaxed) && !admission.stopped() && Instant::now() < deadline
        };
        let span = Span::current();
        let work = move || span.in_scope(|| work(message, &prover, go_on, told));
        let done = timeout_at(deadline, worker.run(work)).await.map_err(|_| refusal::late())?;
        let mut proved = done.map_err(|_| Status::internal("the prover failed"))??;
        proved.timings.queued = queued;
        self.admission.took(came.elapsed() - queued);
        metrics::jobs(circuit.as_str(), "proof", 1);
        Ok(proved)
    }
}

fn describe(prover: &Prover) -> ProvingCircuit {
    let key = prover.verifying_key();
    let circuit = key.circuit();
    ProvingCircuit {
        circuit,
        circuit_id: circuit.id(),
        key_id: key.id(),
        verifying_key: key.encode(),
        rows: u64::try_from(prover.engine().rows()).unwrap_or(u64::MAX),
        public_inputs: u32::try_from(circuit.public_inputs()).unwrap_or(u32::MAX),
    }
}

/// A worker's part: reads the witness, checks it, proves and verifies. The message and the witness
/// are wiped at the end.
fn work(
    message: v1::ProveRequest,
    prover: &Prover,
    go_on: impl Fn() -> bool,
    told: Option<ProgressSender>,
) -> Result<ReceivedProof, Status> {
    if !go_on() {
        return Err(refusal::unproved(&ProveError::Stopped(crate::Stage::Checking)));
    }
    let began = Instant::now();
    let job = Job::try_from(message).map_err(|error| refusal::malformed(&error))?;
    let circuit = prover.verifying_key().circuit().as_str();
    let timings = Timings::default();
    let clock = Clock { circuit, began, now: Stage::Checking, timings, told };
    job.witnessed.visit(Prove { prover, clock, go_on }).map_err(|error| refusal::unproved(&error))
}

struct Prove<'a, F> {
    prover: &'a Prover,
    clock: Clock,
    go_on: F,
}

impl<F: Fn() -> bool> CircuitVisitor for Prove<'_, F> {
    type Output = Result<ReceivedProof, ProveError>;

    fn visit<C: Circuit>(self, instance: &C) -> Self::Output {
        let Self { prover, mut clock, go_on } = self;
        let proven = prover.prove_while(instance, &mut OsRng, |stage| {
            clock.next(match stage {
                crate::Stage::Checking => Stage::Checking,
                crate::Stage::Proving => Stage::Proving,
                crate::Stage::Verifying => Stage::Verifying,
            });
            go_on()
        })?;
        clock.next(Stage::Done);
        let (learned, timings) = (Disclosure::Witness, clock.timings);
        Ok(ReceivedProof::new(&proven.statement, &proven.proof, proven.key_id, learned, timings))
    }
}

/// Reports the stages, and records how long each takes.
struct Clock {
    circuit: &'static str,
    began: Instant,
    now: Stage,
    timings: Timings,
    told: Option<ProgressSender>,
}

impl Clock {
    fn next(&mut self, stage: Stage) {
        let (name, took) = match self.now {
            Stage::Proving => ("prove", &mut self.timings.prove),
            Stage::Verifying => ("verify", &mut self.timings.verify),
            _ => ("witness", &mut self.timings.witness),
        };
        let time = self.began.elapsed();
        *took += time;
        // The first stage begins with nothing behind it.
        if stage != Stage::Checking {
            metrics::stage(self.circuit, name, time);
        }
        (self.began, self.now) = (Instant::now(), stage);
        match &self.told {
            // The last stage is reported together with the proof.
            Some(told) if stage != Stage::Done => told.tell(&Progress::Stage(stage)),
            _ => {}
        }
    }
}

fn span(call: &'static str) -> Span {
    tracing::info_span!("prove", call, circuit = field::Empty)
}

/// Logs how a call ended, and nothing that came from its witness.
fn ended(result: &Result<ReceivedProof, Status>) {
    match result {
        Ok(proved) => tracing::info!(timings = ?proved.timings, "proved"),
        Err(status) => tracing::info!(code = ?status.code(), reason = status.message(), "refused"),
    }
}

#[tonic::async_trait]
impl ProverService for Handler {
    async fn get_info(
        &self,
        _: Request<v1::GetInfoRequest>,
    ) -> Result<Response<v1::GetInfoResponse>, Status> {
        Ok(Response::new(self.info.as_ref().into()))
    }

    async fn prove(
        &self,
        request: Request<v1::ProveRequest>,
    ) -> Result<Response<v1::ProveResponse>, Status> {
        let deadline = deadline(&request, self.limits.time);
        let span = span("Prove");
        let proved = self.admitted(request.into_inner(), deadline, None);
        let proved = proved.instrument(span.clone()).await;
        span.in_scope(|| ended(&proved));
        Ok(Response::new((&proved?).into()))
    }

    type ProveStreamStream = UnboundedReceiverStream<Result<v1::ProveStreamResponse, Status>>;

    async fn prove_stream(
        &self,
        request: Request<v1::ProveStreamRequest>,
    ) -> Result<Response<Self::ProveStreamStream>, Status> {
        let deadline = deadline(&request, self.limits.time);
        let v1::ProveStreamRequest { key_id, witness } = request.into_inner();
        let message = v1::ProveRequest { key_id, witness };
        let (out, stream) = mpsc::unbounded_channel();
        let (handler, told) = (self.clone(), ProgressSender(out));
        let call = async move {
            let proving = handler.admitted(message, deadline, Some(told.clone()));
            tokio::select! {
                // A caller that drops the stream has left. Then the future in the other branch is
                // dropped.
                () = told.0.closed() => tracing::info!("the caller left"),
                proved = proving => {
                    ended(&proved);
                    match proved {
                        Ok(proved) => told.tell(&Progress::Done(Box::new(proved))),
                        Err(status) => drop(told.0.send(Err(status))),
                    }
                }
            }
        };
        tokio::spawn(call.instrument(span("ProveStream")));
        Ok(Response::new(UnboundedReceiverStream::new(stream)))
    }
}
