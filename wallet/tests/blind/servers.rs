//! Keys that are made once, honest servers, and servers in the middle that record what they see.

use std::{
    cell::Cell,
    io,
    pin::Pin,
    sync::{Arc, Mutex, OnceLock},
    task::{Context, Poll},
};

use ed25519_dalek::SigningKey;
use rand::{SeedableRng as _, rngs::StdRng};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    time::Instant,
};
use tokio_stream::{Stream, StreamExt as _, wrappers::TcpListenerStream};
use tonic::{
    Request, Response, Status, Streaming,
    transport::{Server, server::Connected},
};
use wufu_analysis::samples;
use wufu_delegation::BlindKey;
use wufu_groth16::{PreparedKey, prepared::Options};
use wufu_proto::{
    blind::FORMAT,
    v1::{
        self,
        dealer_service_server::{DealerService, DealerServiceServer},
        evaluator_service_server::{EvaluatorService, EvaluatorServiceServer},
    },
    witness::{Job, UncheckedWitness},
};
use wufu_prover::{
    blind, keys,
    service::blind::{Config, run_dealer, run_evaluator},
    setup,
};
use wufu_verifier::{CircuitName, Gift, KeyId, Proof, Statement as _, VerifyingKey};
use wufu_wallet::{
    Endpoint,
    prover::{
        BlindProver, Delay, OnStage, ProverAnswer, TokenStore,
        blind::{Dealer, blind_key},
    },
};

pub fn prepared() -> &'static Arc<PreparedKey> {
    static KEY: OnceLock<Arc<PreparedKey>> = OnceLock::new();
    KEY.get_or_init(|| {
        let key = setup::development(CircuitName::Gift, &mut StdRng::seed_from_u64(7)).unwrap();
        let options = Options { budget: 0, ..Options::default() };
        Arc::new(keys::prepare(&key, options, &|_| ()).unwrap())
    })
}

pub fn verifying() -> VerifyingKey {
    prepared().verifying_key().clone()
}

/// What a wallet has instead of a proving key.
pub fn key() -> BlindKey {
    static KIT: OnceLock<BlindKey> = OnceLock::new();
    let kit = || blind::kit(prepared()).unwrap();
    KIT.get_or_init(|| {
        let bytes = kit().encode();
        assert!(bytes.len() <= 4096, "a kit of {} bytes", bytes.len());
        blind_key(verifying(), &bytes, kit().id()).unwrap()
    })
    .clone()
}

pub fn job(seed: u64) -> Job {
    job_under(verifying().id(), seed)
}

pub fn job_under(key_id: KeyId, seed: u64) -> Job {
    let gift = samples::gift(&mut StdRng::seed_from_u64(seed));
    Job { key_id, witnessed: UncheckedWitness::Gift(Box::new(gift)) }
}

pub fn quiet() -> OnStage {
    Arc::new(|_| {})
}

pub fn signing(n: u8) -> SigningKey {
    SigningKey::from_bytes(&[n; 32])
}

pub async fn listen() -> (TcpListenerStream, Endpoint) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = listener.local_addr().unwrap().to_string().parse().unwrap();
    (TcpListenerStream::new(listener), endpoint)
}

thread_local! {
    static OPEN: Cell<isize> = const { Cell::new(0) };
}

/// The number of open connections to servers in the middle, on this thread, which runs the whole
/// test.
pub fn open_connections() -> isize {
    OPEN.get()
}

/// A connection that is counted.
struct Counted(TcpStream);

fn counted(incoming: TcpListenerStream) -> impl Stream<Item = io::Result<Counted>> {
    incoming.map(|stream| {
        OPEN.set(OPEN.get() + 1);
        stream.map(Counted)
    })
}

impl Drop for Counted {
    fn drop(&mut self) {
        OPEN.set(OPEN.get() - 1);
    }
}

impl Connected for Counted {
    type ConnectInfo = <TcpStream as Connected>::ConnectInfo;

    fn connect_info(&self) -> Self::ConnectInfo {
        self.0.connect_info()
    }
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

pub async fn dealer(n: u8) -> Dealer {
    let (incoming, endpoint) = listen().await;
    let dealer = blind::Dealer::new(prepared().clone(), signing(n)).unwrap();
    tokio::spawn(run_dealer(incoming, vec![dealer], Config::default(), std::future::pending()));
    Dealer { endpoint, key: signing(n).verifying_key() }
}

pub fn evaluating() -> blind::Evaluator {
    blind::Evaluator::new(prepared().clone()).unwrap()
}

pub async fn evaluator() -> Endpoint {
    let (incoming, endpoint) = listen().await;
    let config = Config::default();
    tokio::spawn(run_evaluator(incoming, vec![evaluating()], config, std::future::pending()));
    endpoint
}

pub fn tokens() -> Arc<TokenStore> {
    Arc::new(TokenStore::in_memory().unwrap())
}

pub fn wallet(dealers: Vec<Dealer>, evaluators: Vec<Endpoint>) -> BlindProver {
    let prover = BlindProver::new([key()], dealers, evaluators, tokens()).unwrap();
    prover.with_delay(Delay::NONE).with_batch(2)
}

/// An endpoint where nobody listens.
pub async fn nobody() -> Endpoint {
    listen().await.1
}

pub fn holds(made: &ProverAnswer) {
    let statement = Gift::decode(&made.proof.public_inputs).unwrap();
    let proof = Proof::decode(&made.proof.proof).unwrap();
    assert!(verifying().equation_holds(&statement.public_inputs(), &proof));
}

/// What a server saw of one call: all metadata, and the message without its masked part.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    pub fields: Vec<(String, Vec<u8>)>,
    pub at: Option<Instant>,
    pub masked: Vec<u8>,
    pub answer: Vec<u8>,
}

pub fn metadata<T>(request: &Request<T>) -> Vec<(String, Vec<u8>)> {
    let headers = request.metadata().clone().into_headers();
    headers.iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect()
}

/// The answers of an evaluator in the middle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conduct {
    /// The answer of the honest evaluator.
    Honest,
    /// Sums over nothing, which are valid points.
    Cheats,
    /// Bytes that are not points.
    Garbage,
    /// The format of another release.
    OtherRelease,
    /// An error.
    Refuses,
    /// No answer, and an open connection.
    Hangs,
}

#[derive(Clone)]
pub struct Spy {
    pub conduct: Arc<Mutex<Conduct>>,
    pub honest: Arc<blind::Evaluator>,
    pub seen: Arc<Mutex<Vec<Seen>>>,
}

#[tonic::async_trait]
impl EvaluatorService for Spy {
    async fn evaluate(
        &self,
        request: Request<Streaming<v1::EvaluateRequest>>,
    ) -> Result<Response<v1::EvaluateResponse>, Status> {
        let mut seen =
            Seen { fields: metadata(&request), at: Some(Instant::now()), ..Seen::default() };
        let mut stream = request.into_inner();
        let mut sizes = Vec::new();
        while let Some(message) = stream.message().await? {
            if sizes.is_empty() {
                seen.fields.push(("format".into(), message.format.to_le_bytes().to_vec()));
                seen.fields.push(("key".into(), message.key_id.clone()));
            }
            sizes.push(message.masked.len());
            seen.masked.extend_from_slice(&message.masked);
        }
        seen.fields.push(("sizes".into(), format!("{sizes:?}").into_bytes()));
        let (honest, masked) = (self.honest.clone(), seen.masked.clone());
        let sums = tokio::task::spawn_blocking(move || honest.evaluate(&masked).unwrap().encode());
        let mut sums = sums.await.unwrap();
        seen.answer = sums.clone();
        self.seen.lock().unwrap().push(seen);
        let mut format = FORMAT;
        let conduct = *self.conduct.lock().unwrap();
        match conduct {
            Conduct::Honest => {}
            Conduct::Cheats => {
                let nothing = vec![0; self.honest.shape().request_bytes()];
                sums = self.honest.evaluate(&nothing).unwrap().encode();
            }
            Conduct::Garbage => sums.fill(0xff),
            Conduct::OtherRelease => format += 1,
            Conduct::Refuses => return Err(Status::internal("no")),
            Conduct::Hangs => std::future::pending().await,
        }
        Ok(Response::new(v1::EvaluateResponse { format, sums }))
    }
}

pub async fn spy(conduct: Conduct) -> (Endpoint, Spy) {
    let (incoming, endpoint) = listen().await;
    let conduct = Arc::new(Mutex::new(conduct));
    let spy = Spy { conduct, honest: Arc::new(evaluating()), seen: Arc::default() };
    let service = EvaluatorServiceServer::new(spy.clone());
    tokio::spawn(Server::builder().add_service(service).serve_with_incoming(counted(incoming)));
    (endpoint, spy)
}

#[derive(Clone)]
pub struct DealerSpy {
    pub honest: Arc<blind::Dealer>,
    pub seen: Arc<Mutex<Vec<Seen>>>,
    pub repeats: bool,
    /// How many tokens come when so many were asked for.
    pub sends: fn(usize) -> usize,
}

#[tonic::async_trait]
impl DealerService for DealerSpy {
    async fn deal(
        &self,
        request: Request<v1::DealRequest>,
    ) -> Result<Response<v1::DealResponse>, Status> {
        let mut seen =
            Seen { fields: metadata(&request), at: Some(Instant::now()), ..Seen::default() };
        let message = request.into_inner();
        seen.fields.push(("format".into(), message.format.to_le_bytes().to_vec()));
        seen.fields.push(("key".into(), message.key_id.clone()));
        seen.fields.push(("count".into(), message.count.to_le_bytes().to_vec()));
        let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
        let mut rng = StdRng::seed_from_u64(if self.repeats { 1 } else { rand::random() });
        let deal = || self.honest.deal(&mut rng, now + 3600).unwrap().encode().to_vec();
        let tokens: Vec<Vec<u8>> =
            std::iter::repeat_with(deal).take((self.sends)(message.count as usize)).collect();
        seen.answer = tokens.concat();
        self.seen.lock().unwrap().push(seen);
        Ok(Response::new(v1::DealResponse { format: FORMAT, tokens }))
    }
}

pub async fn dealer_spy(repeats: bool) -> (Dealer, DealerSpy) {
    dealer_spy_as(3, repeats, |count| count).await
}

pub async fn dealer_spy_as(n: u8, repeats: bool, sends: fn(usize) -> usize) -> (Dealer, DealerSpy) {
    let (incoming, endpoint) = listen().await;
    let honest = Arc::new(blind::Dealer::new(prepared().clone(), signing(n)).unwrap());
    let spy = DealerSpy { honest, seen: Arc::default(), repeats, sends };
    let service = DealerServiceServer::new(spy.clone());
    tokio::spawn(Server::builder().add_service(service).serve_with_incoming(counted(incoming)));
    (Dealer { endpoint, key: signing(n).verifying_key() }, spy)
}
