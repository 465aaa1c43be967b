//! A real server on a loopback port: admission, deadlines, clients that leave, shutdown, and
//! whether each client gets its own proof.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use tokio::{task::JoinSet, time::timeout};
use tonic::{Code, Status, Streaming, transport::Channel};
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
};
use tonic_types::StatusExt as _;
use wufu_circuits::GiftInstance;
use wufu_proto::{
    prover::{Disclosure, Progress, ProverInfo, ReceivedProof, Stage},
    v1::{self, prover_service_client::ProverServiceClient},
};
use wufu_prover::{
    Prover,
    service::{Limits, ServeError},
};
use wufu_verifier::{CircuitName, Gift, Proof, Statement, Trust, VerifyingKey};

use crate::common::{LONG, Server, Simulator, gift, gift_request, prove_by, prover};

type Client = ProverServiceClient<Channel>;

fn limits(workers: usize, queue: usize) -> Limits {
    let mut limits = Limits::default();
    (limits.workers, limits.threads, limits.queue) = (workers, 1, queue);
    // Proofs for many clients take long on a busy machine.
    limits.time = LONG;
    limits
}

async fn prove(mut client: Client, request: v1::ProveRequest) -> Result<ReceivedProof, Status> {
    let answer = client.prove(request).await?;
    Ok(ReceivedProof::try_from(answer.into_inner()).unwrap())
}

/// Asks for a proof until the request waits in the queue. A client that left may still hold the
/// place.
async fn queued(server: &Server, message: &v1::ProveRequest) -> Streaming<v1::ProveStreamResponse> {
    for _ in 0..LONG.as_millis() / 10 {
        match try_queue(server, message).await {
            Ok(stream) => return stream,
            Err(status) => assert_eq!(status.code(), Code::ResourceExhausted, "{status}"),
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("there was no place in the queue within {LONG:?}");
}

/// A call that waits in the queue, or the error that it got.
async fn try_queue(
    server: &Server,
    message: &v1::ProveRequest,
) -> Result<Streaming<v1::ProveStreamResponse>, Status> {
    let v1::ProveRequest { key_id, witness } = message.clone();
    let request = v1::ProveStreamRequest { key_id, witness };
    let mut stream = server.client().await.prove_stream(request).await?.into_inner();
    let first = stream.message().await?.expect("no progress");
    assert_eq!(Progress::try_from(first), Ok(Progress::Stage(Stage::Queued)));
    // The server now looks for a place. A refusal comes at once, and a call that waits for a closed
    // gate receives nothing.
    match timeout(Duration::from_millis(500), stream.message()).await {
        Ok(answer) => Err(answer.expect_err("it did not wait")),
        Err(_) => Ok(stream),
    }
}

/// The last message of a stream.
async fn proved(stream: &mut Streaming<v1::ProveStreamResponse>) -> Result<ReceivedProof, Status> {
    loop {
        let next = timeout(LONG, stream.message()).await.expect("the stream is silent");
        let next = next?.expect("it ended without a proof");
        if let Ok(Progress::Done(proved)) = Progress::try_from(next) {
            return Ok(*proved);
        }
    }
}

/// Checks that an answer is a proof of this gift, under this key.
fn check(key: &VerifyingKey, gift: &GiftInstance, proved: &ReceivedProof) {
    assert_eq!(proved.statement::<Gift>().as_ref(), Ok(&gift.public));
    assert_eq!(proved.key_id(), key.id());
    assert_eq!(proved.learned, Disclosure::Witness);
    let proof = Proof::decode(proved.presented().proof).unwrap();
    assert!(key.equation_holds(&gift.public.public_inputs(), &proof));
}

#[tokio::test(flavor = "multi_thread")]
async fn says_what_it_can_and_proves_it() {
    let provers = vec![prover(CircuitName::Gift), prover(CircuitName::Donation)];
    let server = Server::start(provers.clone(), limits(1, 4)).await;
    let mut client = server.client().await;
    let info = client.get_info(v1::GetInfoRequest {}).await.unwrap().into_inner();
    let info = ProverInfo::try_from(info).unwrap();
    assert_eq!((info.workers, info.queue, info.learned), (1, 4, Disclosure::Witness));
    assert_eq!(info.engine, "ark-groth16");
    assert_eq!(info.circuits.len(), 2);
    for (circuit, prover) in info.circuits.iter().zip([&provers[1], &provers[0]]) {
        let key = circuit.key(Trust::AcceptDevelopment).unwrap().unwrap();
        assert_eq!(key.id(), prover.verifying_key().id());
        assert!(circuit.key(Trust::CeremonyOnly).is_err());
        assert_eq!(circuit.rows as usize, prover.engine().rows());
    }

    let (key, gift) = (provers[0].verifying_key(), gift(1));
    let proved = prove(client.clone(), gift_request(key, &gift)).await.unwrap();
    check(key, &gift, &proved);
    assert!(proved.timings.prove > Duration::ZERO && proved.timings.witness > Duration::ZERO);

    // Under another circuit's key, under no key, and without a witness.
    let mut other = gift_request(key, &gift);
    other.key_id = provers[1].verifying_key().id().as_bytes().to_vec();
    let status = prove(client.clone(), other.clone()).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(status.message(), "the key is for donation, expected one for gift");
    other.key_id = vec![9; 32];
    assert_eq!(prove(client.clone(), other.clone()).await.unwrap_err().code(), Code::NotFound);
    other.key_id = vec![9; 31];
    let status = prove(client.clone(), other.clone()).await.unwrap_err();
    assert_eq!(status.message(), "key id is 31 bytes, expected 32");
    let nothing = v1::ProveRequest { key_id: key.id().as_bytes().to_vec(), witness: None };
    let status = prove(client, nothing).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::InvalidArgument, "witness is missing"));
    server.ended().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_false_witness_gets_its_clause_and_nothing_else() {
    let prover = Prover::new(Simulator::new(None));
    let server = Server::start(vec![prover.clone()], limits(1, 4)).await;
    let request = gift_request(prover.verifying_key(), &gift(1));
    let changed = |change: &dyn Fn(&mut v1::GiftWitness)| {
        let mut request = request.clone();
        let statement = request.witness.as_mut().unwrap().statement.as_mut().unwrap();
        let v1::witness::Statement::Gift(gift) = statement else { panic!() };
        change(gift);
        request
    };
    let client = server.client().await;
    let status = prove(client.clone(), changed(&|g| g.sk[0] ^= 1)).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(status.message(), "clause G3 is false: the card is in the card log");
    let status = prove(client.clone(), changed(&|g| g.kind = 7)).await.unwrap_err();
    assert_eq!(status.message(), "kind is not 0 to 4");
    let status = prove(client, changed(&|g| g.rcm_out = vec![0xff; 32])).await.unwrap_err();
    let canonical = "rcm out is not canonical: the 32-byte integer is not below the modulus";
    assert_eq!(status.message(), canonical);
    server.ended().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_tells_the_stages_and_ends_with_the_proof() {
    let prover = Prover::new(Simulator::new(None));
    let server = Server::start(vec![prover.clone()], limits(1, 4)).await;
    let gift = gift(1);
    let v1::ProveRequest { key_id, witness } = gift_request(prover.verifying_key(), &gift);
    let request = v1::ProveStreamRequest { key_id, witness };
    let mut stream =
        server.client().await.prove_stream(request.clone()).await.unwrap().into_inner();
    for expected in [Stage::Queued, Stage::Checking, Stage::Proving, Stage::Verifying] {
        let progress = stream.message().await.unwrap().unwrap();
        assert_eq!(Progress::try_from(progress), Ok(Progress::Stage(expected)));
    }
    let Ok(Progress::Done(proved)) = Progress::try_from(stream.message().await.unwrap().unwrap())
    else {
        panic!("no proof at the end");
    };
    check(prover.verifying_key(), &gift, &proved);
    assert!(stream.message().await.unwrap().is_none());

    let mut nothing = request;
    nothing.witness = None;
    let mut stream = server.client().await.prove_stream(nothing).await.unwrap().into_inner();
    let queued = Progress::try_from(stream.message().await.unwrap().unwrap());
    assert_eq!(queued, Ok(Progress::Stage(Stage::Queued)));
    assert_eq!(stream.message().await.unwrap_err().code(), Code::InvalidArgument);
    server.ended().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_sends_away_with_the_time_to_come_back() {
    let (prover, gate) = Simulator::gated();
    let server = Server::start(vec![prover.clone()], limits(1, 1)).await;
    let gift = gift(1);
    let request = gift_request(prover.verifying_key(), &gift);
    let begun = tokio::spawn(prove(server.client().await, request.clone()));
    gate.wait(1).await;
    // One place for three calls: while the gate is closed, two of them are refused. Which two is a
    // matter of chance.
    let mut calls = JoinSet::new();
    for _ in 0..3 {
        calls.spawn(prove(server.client().await, request.clone()));
    }
    let mut refused = Vec::new();
    while refused.len() < 2 {
        let answer = timeout(LONG, calls.join_next()).await.expect("no refusal");
        refused.push(answer.unwrap().unwrap().unwrap_err());
    }
    for status in refused {
        assert_eq!(status.code(), Code::ResourceExhausted);
        let after = status.get_details_retry_info().unwrap().retry_delay.unwrap();
        assert!(after >= Duration::from_millis(100), "{after:?}");
    }
    gate.open();
    check(prover.verifying_key(), &gift, &begun.await.unwrap().unwrap());
    let waited = calls.join_next().await.unwrap().unwrap().unwrap();
    assert!(waited.timings.queued > Duration::ZERO);
    // There is room again.
    assert!(prove(server.client().await, request).await.is_ok());
    server.ended().await.unwrap();
}

/// This test once hung for ever on a busy machine. The client had a timer of its own, which could
/// end the call before the server did, with another code. The assertion that expected one code then
/// failed while the gate was closed, and the runtime waited for the worker behind it. Now a gate
/// opens when its test ends, and the client here has no timer.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_begin_in_time_is_not_begun() {
    let (prover, gate) = Simulator::gated();
    let server = Server::start(vec![prover.clone()], limits(1, 1)).await;
    let message = gift_request(prover.verifying_key(), &gift(1));
    let first = tokio::spawn(prove(server.client().await, message.clone()));
    gate.wait(1).await;
    assert_eq!(prove_by(server.address, &message, "500m").await, Code::DeadlineExceeded);
    gate.open();
    assert!(first.await.unwrap().is_ok());
    // The place is free again, and the proof was never begun.
    assert!(prove(server.client().await, message).await.is_ok());
    assert_eq!(gate.begun(), 2);
    server.ended().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_in_the_middle_of_a_proof_is_kept() {
    let (prover, gate) = Simulator::gated();
    let mut limits = limits(1, 1);
    limits.time = Duration::from_millis(700);
    let server = Server::start(vec![prover.clone()], limits).await;
    let message = gift_request(prover.verifying_key(), &gift(1));
    assert_eq!(prove_by(server.address, &message, "500m").await, Code::DeadlineExceeded);
    gate.open();
    // The server's own limit, for a caller without a deadline.
    let (other, shut) = Simulator::gated();
    let mut limits = Limits::default();
    limits.time = Duration::from_millis(300);
    let second = Server::start(vec![other.clone()], limits).await;
    let message = gift_request(other.verifying_key(), &gift(1));
    let status = prove(second.client().await, message).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
    shut.open();
    server.ended().await.unwrap();
    second.ended().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_is_gone_stops_what_has_not_begun() {
    let (prover, gate) = Simulator::gated();
    let server = Server::start(vec![prover.clone()], limits(1, 1)).await;
    let message = gift_request(prover.verifying_key(), &gift(1));
    let first = tokio::spawn(prove(server.client().await, message.clone()));
    gate.wait(1).await;

    // The call waits, and then the client leaves: by dropping the call, and by dropping the stream.
    let gone = loop {
        let gone = tokio::spawn(prove(server.client().await, message.clone()));
        match try_queue(&server, &message).await {
            // The place is taken.
            Err(status) if status.code() == Code::ResourceExhausted && !gone.is_finished() => {
                break gone;
            }
            Err(status) => assert_eq!(status.code(), Code::ResourceExhausted, "{status}"),
            // This call came first.
            Ok(stream) => drop(stream),
        }
        gone.abort();
    };
    gone.abort();
    drop(queued(&server, &message).await);

    // So there is room for another call, and no worker computed for those that left.
    let mut last = queued(&server, &message).await;
    gate.open();
    assert!(first.await.unwrap().is_ok());
    assert!(proved(&mut last).await.is_ok());
    assert_eq!(gate.begun(), 2);
    server.ended().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn at_the_end_what_has_begun_is_finished() {
    let (prover, gate) = Simulator::gated();
    let mut server = Server::start(vec![prover.clone()], limits(1, 4)).await;
    let gift = gift(1);
    let message = gift_request(prover.verifying_key(), &gift);
    let begun = tokio::spawn(prove(server.client().await, message.clone()));
    gate.wait(1).await;
    let mut waiting = queued(&server, &message).await;
    let late = server.client().await;
    server.end();
    let waiting = proved(&mut waiting).await.unwrap_err();
    assert_eq!(waiting.code(), Code::Unavailable, "{waiting}");
    assert!(prove(late, message).await.is_err());
    assert!(!begun.is_finished());
    gate.open();
    check(prover.verifying_key(), &gift, &begun.await.unwrap().unwrap());
    server.ended().await.unwrap();
    assert_eq!(gate.begun(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_waits_no_longer_than_the_grace_time() {
    let (prover, gate) = Simulator::gated();
    let mut limits = limits(1, 4);
    limits.serve.grace = Duration::from_millis(300);
    let mut server = Server::start(vec![prover.clone()], limits).await;
    let message = gift_request(prover.verifying_key(), &gift(1));
    let begun = tokio::spawn(prove(server.client().await, message));
    gate.wait(1).await;
    server.end();
    let ended = server.ended().await;
    assert!(matches!(ended, Err(ServeError::Grace(_))), "{ended:?}");
    gate.open();
    assert!(begun.await.unwrap().is_err());
}

/// Sends requests from this many clients at once. Each has its own gift and its own connection.
async fn crowd(prover: Prover, clients: u64, limits: Limits) {
    let server = Server::start(vec![prover.clone()], limits).await;
    let mut calls = Vec::new();
    for seed in 0..clients {
        let gift = gift(1000 + seed);
        let request = gift_request(prover.verifying_key(), &gift);
        let client = server.client().await;
        calls.push((gift, tokio::spawn(prove(client, request))));
    }
    for (gift, call) in calls {
        check(prover.verifying_key(), &gift, &call.await.unwrap().unwrap());
    }
    server.ended().await.unwrap();
}

/// Rows of docs/failures.md: 17.
#[tokio::test(flavor = "multi_thread")]
async fn each_of_100_clients_gets_its_own_proof() {
    crowd(Prover::new(Simulator::new(None)), 100, limits(4, 100)).await;
}

/// Rows of docs/failures.md: 17.
#[tokio::test(flavor = "multi_thread")]
async fn each_client_of_the_real_engine_gets_its_own_proof() {
    crowd(prover(CircuitName::Gift), 12, limits(2, 12)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn health_and_reflection() {
    let prover = Prover::new(Simulator::new(None));
    let server = Server::start(vec![prover], limits(1, 1)).await;
    let mut health = HealthClient::new(server.channel().await);
    for service in ["", "wufu.v1.ProverService"] {
        let request = HealthCheckRequest { service: service.into() };
        let status = health.check(request).await.unwrap().into_inner().status();
        assert_eq!(status, ServingStatus::Serving, "{service:?}");
    }
    let mut reflection = ServerReflectionClient::new(server.channel().await);
    let request = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut answers = reflection
        .server_reflection_info(tokio_stream::iter([request]))
        .await
        .unwrap()
        .into_inner();
    let answer = answers.message().await.unwrap().unwrap().message_response.unwrap();
    let MessageResponse::ListServicesResponse(list) = answer else { panic!("{answer:?}") };
    let names: Vec<_> = list.service.into_iter().map(|service| service.name).collect();
    assert!(names.contains(&"wufu.v1.ProverService".to_string()), "{names:?}");
    // A client that watches the health is told of the shutdown, and does not delay it.
    let mut server = server;
    let request = HealthCheckRequest { service: "wufu.v1.ProverService".into() };
    let mut watch = health.watch(request).await.unwrap().into_inner();
    let first = watch.message().await.unwrap().unwrap().status();
    assert_eq!(first, ServingStatus::Serving);
    server.end();
    let then = watch.message().await.unwrap().unwrap().status();
    assert_eq!(then, ServingStatus::NotServing);
    assert!(watch.message().await.unwrap().is_none());
    drop((answers, reflection));
    server.ended().await.unwrap();
}
