//! What goes over the wire to a trusted prover, and which of its answers the wallet accepts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex},
    time::Duration,
};

use crate::common::*;
use tokio::net::TcpListener;
use tokio_stream::{Stream, StreamExt as _, wrappers::TcpListenerStream};
use tonic::{Code, Request, Response, Status, transport::Server};
use tonic_types::{ErrorDetails, StatusExt as _};
use wufu_proto::{
    prover::{Disclosure, ReceivedProof, Stage},
    v1::{
        self,
        prover_service_server::{ProverService, ProverServiceServer},
    },
    witness::Job,
};
use wufu_wallet::{
    Endpoint, ProofMode, ProofSource as _, Sources, TrustedProver, plan::ProveError,
    prover::ProverError, source::MemoryLedger,
};

type Seen = (Option<SocketAddr>, Option<String>);

/// A prover's service, with or without a real engine behind it.
#[derive(Clone)]
struct Proving {
    answer: fn(Job) -> Result<Vec<v1::ProveStreamResponse>, Status>,
    /// Where each job came from, and its time limit.
    jobs: Arc<Mutex<Vec<Seen>>>,
    /// Whether it sends nothing more after its answer, and does not end the stream.
    stalls: bool,
}

fn proved(job: Job) -> Result<Vec<v1::ProveStreamResponse>, Status> {
    let wufu_proto::witness::UncheckedWitness::Donation(instance, _) = job.witnessed else {
        return Err(Status::invalid_argument("no donation"));
    };
    let proven = donation_prover().prove(instance.as_ref(), &mut rand::rngs::OsRng, |_| {});
    let proven = proven.map_err(|error| Status::internal(error.to_string()))?;
    let proved = ReceivedProof::new(
        &proven.statement,
        &proven.proof,
        proven.key_id,
        Disclosure::Witness,
        Default::default(),
    );
    let stage = |stage: Stage| v1::ProveStreamResponse {
        stage: v1::Stage::from(stage).into(),
        proof: None,
    };
    let done =
        v1::ProveStreamResponse { stage: v1::Stage::Done.into(), proof: Some((&proved).into()) };
    Ok(vec![stage(Stage::Queued), stage(Stage::Proving), done])
}

#[tonic::async_trait]
impl ProverService for Proving {
    type ProveStreamStream =
        Pin<Box<dyn Stream<Item = Result<v1::ProveStreamResponse, Status>> + Send>>;

    async fn get_info(
        &self,
        _: Request<v1::GetInfoRequest>,
    ) -> Result<Response<v1::GetInfoResponse>, Status> {
        let info =
            v1::GetInfoResponse { learned: v1::Learned::Witness.into(), ..Default::default() };
        Ok(Response::new(info))
    }

    async fn prove(
        &self,
        _: Request<v1::ProveRequest>,
    ) -> Result<Response<v1::ProveResponse>, Status> {
        Err(Status::unimplemented("streams only"))
    }

    async fn prove_stream(
        &self,
        request: Request<v1::ProveStreamRequest>,
    ) -> Result<Response<Self::ProveStreamStream>, Status> {
        let timeout = request.metadata().get("grpc-timeout");
        let timeout = timeout.map(|value| value.to_str().unwrap().to_owned());
        self.jobs.lock().unwrap().push((request.remote_addr(), timeout));
        let job = Job::try_from(request.into_inner());
        let answer =
            (self.answer)(job.map_err(|error| Status::invalid_argument(error.to_string()))?)?;
        let answer = tokio_stream::iter(answer.into_iter().map(Ok));
        Ok(Response::new(if self.stalls {
            Box::pin(answer.chain(tokio_stream::pending()))
        } else {
            Box::pin(answer)
        }))
    }
}

async fn serve_prover(
    answer: fn(Job) -> Result<Vec<v1::ProveStreamResponse>, Status>,
) -> (TrustedProver, Proving) {
    serve(Proving { answer, jobs: Arc::default(), stalls: false }).await
}

async fn serve(proving: Proving) -> (TrustedProver, Proving) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint: Endpoint = listener.local_addr().unwrap().to_string().parse().unwrap();
    let service = ProverServiceServer::new(proving.clone());
    let server = Server::builder().add_service(service);
    tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
    (TrustedProver::new(endpoint), proving)
}

#[tokio::test]
async fn a_trusted_prover_proves_only_what_was_planned() {
    let ledger = MemoryLedger::new(CHARITY, [1; 32]);
    let wallet = wallet(3, &ledger);
    charity(&wallet, &ledger, 1200, &[5]);
    let key = donation_prover().verifying_key();
    wallet.pin_verifying_key(key).unwrap();
    let request = ask(1, question(any(), &[key.id()]));
    let sources = Sources::one(ledger.clone());
    let plan = wallet.plan_donation(&sources, &request, &Default::default(), NOW).await.unwrap();

    let (prover, proving) = serve_prover(proved).await;
    let prover = prover.with_timeout(Duration::from_secs(30));
    assert!(prover.info().await.unwrap().circuits.is_empty());
    let stages = Arc::new(Mutex::new(Vec::new()));
    let told = stages.clone();
    let on_stage: wufu_wallet::prover::OnStage =
        Arc::new(move |stage| told.lock().unwrap().push(stage));
    for _ in 0..2 {
        let answer = plan.prove(&prover, on_stage.clone(), NOW).await.unwrap();
        assert_eq!(answer.mode, prover.mode());
        assert!(matches!(
            &answer.mode,
            ProofMode::Trusted { endpoint } if endpoint.starts_with("http://127.0.0.1:")
        ));
        assert_eq!(answer.envelope.statement(), Ok(plan.statement().clone()));
    }
    assert_eq!(stages.lock().unwrap()[..3], [Stage::Queued, Stage::Proving, Stage::Done]);
    let jobs = proving.jobs.lock().unwrap().clone();
    assert_ne!(jobs[0].0, jobs[1].0, "two proofs over one connection");
    assert!(jobs.iter().all(|(_, timeout)| timeout.is_some()), "{jobs:?}");

    let refused = |answer| {
        let plan = &plan;
        async move { plan.prove(&serve_prover(answer).await.0, quiet(), NOW).await.unwrap_err() }
    };
    let busy = refused(|_| {
        let details = ErrorDetails::with_retry_info(Some(Duration::from_millis(1500)));
        Err(Status::with_error_details(Code::ResourceExhausted, "full", details))
    });
    let ProveError::Prover(ProverError::Busy { retry, .. }) = busy.await else {
        panic!("not busy")
    };
    assert_eq!(retry, Some(Duration::from_millis(1500)));
    let failed = refused(|_| Err(Status::internal("broken"))).await;
    assert!(matches!(failed, ProveError::Prover(ProverError::Status { .. })));
    let silent = refused(|_| Ok(Vec::new())).await;
    assert!(matches!(silent, ProveError::Prover(ProverError::Silent { .. })));
    // One that begins and does not end.
    let half = |job| Ok(proved(job)?.into_iter().take(2).collect());
    let (stalled, _) = serve(Proving { answer: half, jobs: Arc::default(), stalls: true }).await;
    let stalled = stalled.with_timeout(Duration::from_millis(1500));
    let Err(ProveError::Prover(ProverError::Status { status, .. })) =
        plan.prove(&stalled, quiet(), NOW).await
    else {
        panic!("it ended");
    };
    assert_eq!(status.code(), Code::DeadlineExceeded);
    let garbage = refused(|job| {
        let mut answer = proved(job)?;
        answer[2].proof.as_mut().unwrap().proof.fill(0xff); // No coordinate is that large.
        Ok(answer)
    });
    let garbage = garbage.await;
    assert!(matches!(garbage, ProveError::Prover(ProverError::Answer { .. })), "{garbage:?}");
    // A proof for another request, which the prover saw before: valid, but not what was planned.
    let other = refused(|mut job| {
        let wufu_proto::witness::UncheckedWitness::Donation(instance, _) = &mut job.witnessed
        else {
            return Err(Status::invalid_argument("no donation"));
        };
        instance.private.ext = wufu_verifier::Fr::from(1u64);
        instance.public.ext = wufu_verifier::Fr::from(1u64);
        proved(job)
    });
    let other = other.await;
    assert!(matches!(other, ProveError::Refused(_)), "{other:?}");
}
