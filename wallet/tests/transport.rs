//! What goes over the wire to ledgers, dealers and evaluators, and which answers of a ledger the
//! wallet accepts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use crate::common::*;
use ed25519_dalek::SigningKey;
use prost::Message as _;
use rand::{SeedableRng as _, rngs::StdRng};
use tokio::net::{TcpListener, UnixListener};
use tokio_stream::wrappers::{TcpListenerStream, UnixListenerStream};
use tonic::{
    Code, Request, Response, Status, Streaming, metadata::KeyAndValueRef, transport::Server,
};
use tonic_types::{ErrorDetails, StatusExt as _};
use wufu_groth16::prepared::Options;
use wufu_proto::{
    blind::FORMAT,
    claim::{Claim, ClaimOutcome},
    log::{CheckpointQuery, RoofQuery, ShardQuery},
    v1::{
        self,
        dealer_service_server::{DealerService, DealerServiceServer},
        evaluator_service_server::{EvaluatorService, EvaluatorServiceServer},
        ledger_service_server::{LedgerService, LedgerServiceServer},
    },
};
use wufu_prover::{blind, keys, setup};
use wufu_verifier::{
    CircuitName, Statement as _,
    log::receipt::{ClaimReceipt, ClaimRefusal},
};
use wufu_wallet::{
    BlindProver, Delay, DonationOptions, Endpoint, GrpcSource, LogName, NoteFile, Sources,
    SubmitOutcome, TokenStore, Wallet,
    prover::blind::{Dealer, blind_key},
    source::{CheckpointSource as _, LedgerSource as _, MemoryLedger, SourceError},
};

/// Everything by which a server could tell callers apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) method: &'static str,
    pub(crate) peer: Option<SocketAddr>,
    headers: BTreeSet<(String, String)>,
    /// All messages of the call.
    body: Vec<u8>,
}

impl Seen {
    fn new<T>(method: &'static str, request: &Request<T>, body: Vec<u8>) -> Self {
        let header = |entry: KeyAndValueRef<'_>| match entry {
            KeyAndValueRef::Ascii(key, value) => {
                (key.to_string(), value.to_str().unwrap().to_owned())
            }
            KeyAndValueRef::Binary(key, value) => (key.to_string(), format!("{value:?}")),
        };
        let headers = request.metadata().iter().map(header).collect();
        Self { method, peer: request.remote_addr(), headers, body }
    }
}

/// A ledger's service over a ledger in memory. It records who asked for what.
#[derive(Clone)]
pub(crate) struct Recorder {
    pub(crate) ledger: MemoryLedger,
    pub(crate) seen: Arc<Mutex<Vec<Seen>>>,
    pub(crate) admitted: Arc<Mutex<Vec<Claim>>>,
    /// Changes the answer to a claim.
    pub(crate) twist: fn(&MemoryLedger, ClaimOutcome) -> ClaimOutcome,
    /// How many calls are refused before one is answered, and when to try again.
    pub(crate) busy: Arc<AtomicU32>,
    pub(crate) again: Duration,
}

impl Recorder {
    pub(crate) fn new(ledger: &MemoryLedger) -> Self {
        let (seen, admitted, busy) = Default::default();
        let (ledger, twist, again) = (ledger.clone(), |_: &_, outcome| outcome, Duration::ZERO);
        Self { ledger, seen, admitted, twist, busy, again }
    }

    fn saw<T: prost::Message>(
        &self,
        method: &'static str,
        request: Request<T>,
    ) -> Result<T, Status> {
        let seen = Seen::new(method, &request, request.get_ref().encode_to_vec());
        self.seen.lock().unwrap().push(seen);
        let fewer = |left: u32| left.checked_sub(1);
        if self.busy.fetch_update(Ordering::SeqCst, Ordering::SeqCst, fewer).is_ok() {
            let details = ErrorDetails::with_retry_info(Some(self.again));
            let words = "too many shards are being read";
            return Err(Status::with_error_details(Code::ResourceExhausted, words, details));
        }
        Ok(request.into_inner())
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn outcome(&self, claim: Claim) -> ClaimOutcome {
        let org = self.ledger.org();
        let mut admitted = self.admitted.lock().unwrap();
        let nullifiers = claim.statement().nullifiers();
        for earlier in admitted.iter() {
            let spent = earlier.statement().nullifiers();
            if let Some(nullifier) = nullifiers.iter().find(|nf| spent.contains(nf)) {
                let refusal = ClaimRefusal { nullifier: *nullifier, claim: 1, time: NOW };
                let note = self.ledger.sign(&refusal.text(org));
                let earlier = Box::new(earlier.clone());
                return ClaimOutcome::Spent { nullifier: *nullifier, earlier, note };
            }
        }
        let receipt = ClaimReceipt {
            claim: 1,
            nullifiers: ClaimReceipt::nullifiers_of(claim.statement()),
            key_id: claim.key_id(),
            payout: claim.payout().to_vec(),
            expiry: claim.expiry(),
            time: NOW,
        };
        admitted.push(claim);
        ClaimOutcome::Admitted { claim: 1, note: self.ledger.sign(&receipt.text(org)) }
    }
}

fn refused(error: SourceError) -> Status {
    Status::not_found(error.to_string())
}

fn log(origin: &str) -> Result<LogName, Status> {
    origin.parse().map_err(|_| Status::invalid_argument("no log"))
}

#[tonic::async_trait]
impl LedgerService for Recorder {
    async fn get_ledger_info(
        &self,
        request: Request<v1::GetLedgerInfoRequest>,
    ) -> Result<Response<v1::GetLedgerInfoResponse>, Status> {
        self.saw("info", request)?;
        Ok(Response::new(v1::GetLedgerInfoResponse {
            version: "test".into(),
            org: self.ledger.org().into(),
            log_key: self.ledger.log_key().to_string(),
            logs: Vec::new(),
            epoch_seconds: 600,
            window_seconds: 3600,
            currency: String::new(),
        }))
    }

    async fn get_checkpoint(
        &self,
        request: Request<v1::GetCheckpointRequest>,
    ) -> Result<Response<v1::GetCheckpointResponse>, Status> {
        let query = CheckpointQuery::try_from(self.saw("checkpoint", request)?).unwrap();
        let note = self.ledger.checkpoint(&log(&query.origin)?, query.epoch).await;
        Ok(Response::new(v1::GetCheckpointResponse { note: note.map_err(refused)? }))
    }

    async fn list_checkpoints(
        &self,
        _: Request<v1::ListCheckpointsRequest>,
    ) -> Result<Response<v1::ListCheckpointsResponse>, Status> {
        Err(Status::unimplemented("a wallet does not say what it saw last"))
    }

    async fn get_roof(
        &self,
        request: Request<v1::GetRoofRequest>,
    ) -> Result<Response<v1::GetRoofResponse>, Status> {
        let query = RoofQuery::try_from(self.saw("roof", request)?).unwrap();
        let roof = self.ledger.roof(&log(&query.origin)?, query.epoch).await;
        Ok(Response::new((&roof.map_err(refused)?).into()))
    }

    async fn get_shard(
        &self,
        request: Request<v1::GetShardRequest>,
    ) -> Result<Response<v1::GetShardResponse>, Status> {
        let query = ShardQuery::try_from(self.saw("shard", request)?).unwrap();
        let shard = self.ledger.shard(&log(&query.origin)?, query.epoch, query.shard).await;
        Ok(Response::new((&shard.map_err(refused)?).into()))
    }

    async fn get_projects(
        &self,
        _: Request<v1::GetProjectsRequest>,
    ) -> Result<Response<v1::GetProjectsResponse>, Status> {
        Err(Status::unimplemented("no projects"))
    }

    async fn append(
        &self,
        _: Request<v1::AppendRequest>,
    ) -> Result<Response<v1::AppendResponse>, Status> {
        Err(Status::permission_denied("not the operator"))
    }

    async fn list_grants(
        &self,
        _: Request<v1::ListGrantsRequest>,
    ) -> Result<Response<v1::ListGrantsResponse>, Status> {
        Err(Status::permission_denied("not the operator"))
    }

    async fn submit_claim(
        &self,
        request: Request<v1::SubmitClaimRequest>,
    ) -> Result<Response<v1::SubmitClaimResponse>, Status> {
        let claim = Claim::try_from(self.saw("submit", request)?);
        let claim = claim.map_err(|error| Status::invalid_argument(error.to_string()))?;
        let outcome = (self.twist)(&self.ledger, self.outcome(claim));
        Ok(Response::new((&outcome).into()))
    }
}

pub(crate) async fn serve_ledger(recorder: &Recorder) -> Endpoint {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = listener.local_addr().unwrap().to_string().parse().unwrap();
    let service = LedgerServiceServer::new(recorder.clone());
    let server = Server::builder().add_service(service);
    tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
    endpoint
}

pub(crate) fn trial(seed: u8) -> (Wallet, MemoryLedger) {
    let ledger = MemoryLedger::new(CAMPAIGN, [1; 32]);
    let wallet = wallet(seed, &ledger);
    crowd(&ledger, 100, 50);
    give(&ledger, &wallet, 5);
    wallet.pin_verifying_key(claim_prover().verifying_key()).unwrap();
    (wallet, ledger)
}

/// Rows of docs/failures.md: 29.
#[tokio::test]
async fn nothing_links_two_look_ups_or_one_and_a_claim() {
    let mut runs = Vec::new();
    for seed in [3, 4] {
        let (wallet, ledger) = trial(seed);
        let (recorder, mirror) = (Recorder::new(&ledger), Recorder::new(&ledger));
        let endpoint = serve_ledger(&recorder).await;
        let sources = Sources::compared(
            GrpcSource::new(endpoint.clone()),
            GrpcSource::new(serve_ledger(&mirror).await),
        );
        let ask = claim_ask(claim_prover().verifying_key().id());
        wallet.sync(&sources, CAMPAIGN, NOW).await.unwrap();
        let plan = wallet.plan_claim(&sources, &ask, NOW).await.unwrap();
        let planned = recorder.seen().len();
        let answer = plan.prove(&local(claim_prover()), quiet(), NOW).await.unwrap();
        let submitted = wallet.submit(&endpoint, &answer.envelope).await.unwrap();
        assert!(matches!(submitted, SubmitOutcome::Admitted { claim: 1, .. }));

        // A claim triggers no look-up, and certainly not of a shard.
        let seen = recorder.seen();
        let after: Vec<_> = seen[planned..].iter().map(|seen| seen.method).collect();
        assert_eq!(after, ["submit"]);
        // Each call has its own connection.
        let mut peers: Vec<_> = seen.iter().map(|seen| seen.peer.unwrap()).collect();
        let calls = peers.len();
        peers.sort();
        peers.dedup();
        assert_eq!(peers.len(), calls);
        // Headers say nothing about the caller: there are only these, and they are the same for
        // every method and wallet.
        for seen in seen.iter().chain(&mirror.seen()) {
            let names: Vec<_> = seen.headers.iter().map(|(name, _)| name.as_str()).collect();
            let expected = ["content-type", "te", "user-agent"];
            let told: Vec<_> = names
                .iter()
                .filter(|name| !matches!(**name, "grpc-accept-encoding" | "grpc-timeout"))
                .collect();
            assert_eq!(told, expected.iter().collect::<Vec<_>>(), "{names:?}");
        }
        let shape = |seen: &Seen| (seen.method, seen.headers.clone());
        runs.push(seen.iter().map(shape).collect::<Vec<_>>());
        assert!(mirror.seen().iter().all(|seen| seen.method == "checkpoint"));
    }
    assert_eq!(runs[0], runs[1]);
}

/// A dealer and an evaluator of one key, which record who asked for what.
#[derive(Clone)]
struct Pair {
    dealer: Arc<blind::Dealer>,
    evaluator: Arc<blind::Evaluator>,
    pub(crate) seen: Arc<Mutex<Vec<Seen>>>,
}

#[tonic::async_trait]
impl DealerService for Pair {
    async fn deal(
        &self,
        request: Request<v1::DealRequest>,
    ) -> Result<Response<v1::DealResponse>, Status> {
        let seen = Seen::new("deal", &request, request.get_ref().encode_to_vec());
        self.seen.lock().unwrap().push(seen);
        let end = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs() + 3600;
        let token = || self.dealer.deal(&mut rand::rngs::OsRng, end).unwrap().encode().to_vec();
        let count = request.get_ref().count as usize;
        let tokens = std::iter::repeat_with(token).take(count).collect();
        Ok(Response::new(v1::DealResponse { format: FORMAT, tokens }))
    }
}

#[tonic::async_trait]
impl EvaluatorService for Pair {
    async fn evaluate(
        &self,
        request: Request<Streaming<v1::EvaluateRequest>>,
    ) -> Result<Response<v1::EvaluateResponse>, Status> {
        let mut seen = Seen::new("evaluate", &request, Vec::new());
        let mut masked = Vec::new();
        let mut stream = request.into_inner();
        while let Some(message) = stream.message().await? {
            masked.extend_from_slice(&message.masked);
            seen.body.extend(message.encode_to_vec());
        }
        self.seen.lock().unwrap().push(seen);
        let sums = self.evaluator.evaluate(&masked).unwrap().encode();
        Ok(Response::new(v1::EvaluateResponse { format: FORMAT, sums }))
    }
}

async fn serve_pair(pair: &Pair) -> [Endpoint; 2] {
    let [one, two] = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0"));
    let (one, two) = (one.await.unwrap(), two.await.unwrap());
    let endpoints =
        [&one, &two].map(|bound| bound.local_addr().unwrap().to_string().parse().unwrap());
    let dealing = Server::builder().add_service(DealerServiceServer::new(pair.clone()));
    let evaluating = Server::builder().add_service(EvaluatorServiceServer::new(pair.clone()));
    tokio::spawn(dealing.serve_with_incoming(TcpListenerStream::new(one)));
    tokio::spawn(evaluating.serve_with_incoming(TcpListenerStream::new(two)));
    endpoints
}

/// Rows of docs/failures.md: 29.
/// Ledger, dealer and evaluator compare what they saw of a wallet that read logs and proved blind.
/// Every call had its own connection, the headers are the same for every wallet, and no part of a
/// request to one party is in a request to another.
#[tokio::test]
async fn nothing_joins_look_ups_and_blind_proofs() {
    let made = setup::development(CircuitName::Donation, &mut StdRng::seed_from_u64(7)).unwrap();
    let options = Options { budget: 0, ..Options::default() };
    let prepared = Arc::new(keys::prepare(&made, options, &|_| ()).unwrap());
    let (key, kit) = (prepared.verifying_key().clone(), blind::kit(&prepared).unwrap());
    let signing = SigningKey::from_bytes(&[1; 32]);
    let pair = Pair {
        dealer: Arc::new(blind::Dealer::new(prepared.clone(), signing.clone()).unwrap()),
        evaluator: Arc::new(blind::Evaluator::new(prepared.clone()).unwrap()),
        seen: Arc::default(),
    };
    let mut shapes = Vec::new();
    let mut calls = Vec::new();
    for seed in [3, 4] {
        let ledger = MemoryLedger::new(CHARITY, [1; 32]);
        let wallet = wallet(seed, &ledger);
        charity(&wallet, &ledger, 1200, &[5]);
        wallet.pin_verifying_key(&key).unwrap();
        let recorder = Recorder::new(&ledger);
        let sources = Sources::one(GrpcSource::new(serve_ledger(&recorder).await));
        let request = ask(1, question(any(), &[key.id()]));
        let options = DonationOptions { min_anonymity: 1, ..Default::default() };
        let plan = wallet.plan_donation(&sources, &request, &options, NOW).await.unwrap();

        let [dealing, evaluating] = serve_pair(&pair).await;
        let dealer = Dealer { endpoint: dealing, key: signing.verifying_key() };
        let blind = blind_key(key.clone(), &kit.encode(), kit.id()).unwrap();
        let tokens = Arc::new(TokenStore::in_memory().unwrap());
        let prover = BlindProver::new([blind], vec![dealer], vec![evaluating], tokens).unwrap();
        let prover = prover.with_delay(Delay::NONE).with_batch(2);
        let before = recorder.seen().len();
        // The second proof takes a stored token.
        for _ in 0..2 {
            plan.prove(&prover, quiet(), NOW).await.unwrap();
        }
        assert_eq!(recorder.seen().len(), before, "a proof triggers a look-up");
        let blind = std::mem::take(&mut *pair.seen.lock().unwrap());
        let methods: Vec<_> = blind.iter().map(|seen| seen.method).collect();
        assert_eq!(methods, ["deal", "evaluate", "evaluate"]);
        let of_wallet: Vec<Seen> = recorder.seen().into_iter().chain(blind).collect();
        shapes.push(
            of_wallet.iter().map(|seen| (seen.method, seen.headers.clone())).collect::<Vec<_>>(),
        );
        calls.extend(of_wallet);
    }
    // Both wallets did the same, and no header tells them apart.
    assert!(shapes[0].len() > 3);
    assert_eq!(shapes[0], shapes[1]);
    let gone = ["grpc-accept-encoding", "grpc-timeout"];
    for seen in &calls {
        let names = seen.headers.iter().map(|(name, _)| name.as_str());
        let told: Vec<_> = names.filter(|name| !gone.contains(name)).collect();
        assert_eq!(told, ["content-type", "te", "user-agent"], "{}", seen.method);
    }
    let peers: BTreeSet<_> = calls.iter().map(|seen| seen.peer.unwrap()).collect();
    assert_eq!(peers.len(), calls.len(), "two calls share a connection");
    // The only part that is in requests to two parties is the key's id, at dealer and evaluator.
    let party = |seen: &Seen| match seen.method {
        "deal" => 1,
        "evaluate" => 2,
        _ => 0,
    };
    let pieces = |of: u8| -> BTreeSet<&[u8]> {
        calls
            .iter()
            .filter(|seen| party(seen) == of)
            .flat_map(|seen| seen.body.windows(8))
            .collect()
    };
    let id = key.id();
    let [ledger, dealer, evaluator] = [pieces(0), pieces(1), pieces(2)];
    assert!(!ledger.is_empty() && evaluator.len() > 10_000);
    assert_eq!(ledger.intersection(&dealer).count() + ledger.intersection(&evaluator).count(), 0);
    let head: Vec<u8> = [&[8, 1, 18, 32][..], id.as_bytes(), &[24]].concat();
    for piece in dealer.intersection(&evaluator) {
        assert!(head.windows(8).any(|window| window == *piece), "{piece:?}");
    }
    assert!(dealer.intersection(&evaluator).count() >= 25, "the search finds what it is for");
}

#[tokio::test]
async fn a_ledger_is_asked_over_tcp_and_unix_sockets() {
    let (wallet, ledger) = trial(3);
    let recorder = Recorder::new(&ledger);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sock");
    let incoming = UnixListenerStream::new(UnixListener::bind(&path).unwrap());
    let service = LedgerServiceServer::new(recorder.clone());
    tokio::spawn(Server::builder().add_service(service).serve_with_incoming(incoming));
    let socket: Endpoint = format!("unix:{}", path.display()).parse().unwrap();
    let tcp = serve_ledger(&recorder).await;
    for endpoint in [socket, tcp] {
        let source = GrpcSource::new(endpoint);
        let info = source.info().await.unwrap();
        assert_eq!((info.org.as_str(), &info.log_key), (CAMPAIGN, &ledger.log_key()));
        let view = wallet.campaign(&Sources::one(source.clone()), CAMPAIGN, NOW).await.unwrap();
        assert_eq!(view.cards.checkpoint().size(), 105);
        let none = source.checkpoint(&LogName::donations(CAMPAIGN, 1), None).await;
        assert!(matches!(none, Err(SourceError::Status { .. })));
    }
    let nobody = GrpcSource::new(Endpoint::Socket(folder.path().join("nobody")));
    let none = nobody.checkpoint(&LogName::cards(CAMPAIGN), None).await;
    assert!(matches!(none, Err(SourceError::Connect { .. })));
    let none = NoteFile::new(folder.path().join("nobody"));
    let none = none.checkpoint(&LogName::cards(CAMPAIGN), None).await;
    assert!(matches!(none, Err(SourceError::File { .. })));
}
