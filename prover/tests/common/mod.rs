//! What the tests share: keys, engines that can be watched, and a real server.
#![allow(dead_code, reason = "each test binary uses some of it")]

use std::{
    fs,
    net::SocketAddr,
    ops::Deref,
    sync::{
        Arc, Condvar, Mutex, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use ark_bn254::{Fr, G1Affine, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{Field, UniformRand};
use prost::Message as _;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
    time::timeout,
};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{
    Code,
    codegen::{Bytes, http},
    transport::{Channel, Endpoint},
};
use wufu_analysis::samples;
use wufu_circuits::GiftInstance;
use wufu_groth16::{AssignmentRef, Engine, EngineError};
use wufu_proto::{
    connection::connect,
    v1::{self, prover_service_client::ProverServiceClient},
    witness::{Job, UncheckedWitness},
};
use wufu_prover::{
    Prover,
    service::{Limits, ServeError, run},
};
use wufu_verifier::{
    CircuitName, Proof, VerifyingKey,
    groth16::key::{KeyPoints, Provenance, Reduction},
};

pub use crate::keys::{key, rng};

/// arkworks' engine with this key.
pub fn prover(circuit: CircuitName) -> Prover {
    static PROVERS: [OnceLock<Prover>; CircuitName::ALL.len()] =
        [const { OnceLock::new() }; CircuitName::ALL.len()];
    let engine = || Prover::new(wufu_arkworks::engine(key(circuit).clone()));
    PROVERS[circuit as usize].get_or_init(engine).clone()
}

/// How long a test waits for something on a busy machine. Then it fails, and says what it waited
/// for.
pub const LONG: Duration = Duration::from_secs(300);

/// A gate in an engine: nothing is proved until it is opened.
#[derive(Default)]
pub struct Gate {
    open: Mutex<bool>,
    opened: Condvar,
    begun: AtomicUsize,
}

impl Gate {
    pub fn open(&self) {
        *self.open.lock().unwrap() = true;
        self.opened.notify_all();
    }

    /// How many proofs were begun.
    pub fn begun(&self) -> usize {
        self.begun.load(Ordering::SeqCst)
    }

    /// Waits until this many proofs were begun.
    pub async fn wait(&self, begun: usize) {
        for _ in 0..LONG.as_millis() / 10 {
            if self.begun() >= begun {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{} proofs were begun, expected {begun}", self.begun());
    }

    /// Counts one more proof, and waits until the gate is opened.
    pub fn enter(&self) {
        self.begun.fetch_add(1, Ordering::SeqCst);
        self.pass();
    }

    /// A handle that opens the gate when the test ends.
    pub fn keeper(self: &Arc<Self>) -> GateKeeper {
        GateKeeper(self.clone())
    }

    /// Waits until the gate is opened. A test that forgets to open it fails.
    fn pass(&self) {
        let open = self.open.lock().unwrap();
        let (open, _) = self.opened.wait_timeout_while(open, LONG, |open| !*open).unwrap();
        let is_open = *open;
        drop(open);
        assert!(is_open, "the gate was not opened within {LONG:?}");
    }
}

/// A test's handle to a gate. It opens the gate when the test ends, even when an assertion fails.
/// Otherwise a worker would wait on: the runtime waits for its workers when it is dropped, so the
/// test would hang instead of failing.
pub struct GateKeeper(Arc<Gate>);

impl Deref for GateKeeper {
    type Target = Gate;

    fn deref(&self) -> &Gate {
        &self.0
    }
}

impl Drop for GateKeeper {
    fn drop(&mut self) {
        self.open();
    }
}

/// Makes proofs of gifts at once, from the secrets that the maker of the key should have forgotten.
/// It is for tests of what surrounds an engine.
pub struct Simulator {
    key: VerifyingKey,
    alpha: Fr,
    beta: Fr,
    gamma: Fr,
    delta: Fr,
    inputs: Vec<Fr>,
    gate: Option<Arc<Gate>>,
}

impl Simulator {
    pub fn new(gate: Option<Arc<Gate>>) -> Self {
        let rng = &mut rng(2);
        let [alpha, beta, gamma, delta] = [(); 4].map(|()| Fr::rand(rng));
        let inputs: Vec<Fr> = (0..=4).map(|_| Fr::rand(rng)).collect();
        let g1 = |x: Fr| (G1Affine::generator() * x).into_affine();
        let g2 = |x: Fr| (G2Affine::generator() * x).into_affine();
        let points = KeyPoints {
            alpha: g1(alpha),
            beta: g2(beta),
            gamma: g2(gamma),
            delta: g2(delta),
            inputs: inputs.iter().map(|x| g1(*x)).collect(),
        };
        let (development, libsnark) = (Provenance::Development, Reduction::Libsnark);
        let key = VerifyingKey::new(CircuitName::Gift, development, libsnark, points).unwrap();
        Self { key, alpha, beta, gamma, delta, inputs, gate }
    }

    pub fn gated() -> (Prover, GateKeeper) {
        let gate = Arc::new(Gate::default());
        (Prover::new(Self::new(Some(gate.clone()))), GateKeeper(gate))
    }
}

impl Engine for Simulator {
    fn name(&self) -> &'static str {
        "simulator"
    }

    fn verifying_key(&self) -> &VerifyingKey {
        &self.key
    }

    fn rows(&self) -> usize {
        0
    }

    fn prove(&self, assignment: AssignmentRef<'_>, r: Fr, s: Fr) -> Result<Proof, EngineError> {
        if let Some(gate) = &self.gate {
            gate.enter();
        }
        let sum: Fr =
            self.inputs[1..].iter().zip(assignment.public()).map(|(point, x)| *point * x).sum();
        let sum = self.inputs[0] + sum;
        // a b = alpha beta + sum gamma + c delta
        let c = (r * s - self.alpha * self.beta - sum * self.gamma) * self.delta.inverse().unwrap();
        let g1 = |x: Fr| (G1Affine::generator() * x).into_affine();
        Ok(Proof::new(g1(r), (G2Affine::generator() * s).into_affine(), g1(c))?)
    }
}

/// A gift whose statement is true.
pub fn gift(seed: u64) -> GiftInstance {
    samples::gift(&mut rng(seed))
}

pub fn gift_request(prover: &VerifyingKey, gift: &GiftInstance) -> v1::ProveRequest {
    let witnessed = UncheckedWitness::Gift(Box::new(gift.clone()));
    (&Job { key_id: prover.id(), witnessed }).into()
}

/// A server on a free port.
pub struct Server {
    pub address: SocketAddr,
    end: Option<oneshot::Sender<()>>,
    running: JoinHandle<Result<(), ServeError>>,
}

impl Server {
    pub async fn start(provers: Vec<Prover>, limits: Limits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (end, ending) = oneshot::channel::<()>();
        let running =
            tokio::spawn(run(TcpListenerStream::new(listener), provers, limits, async move {
                drop(ending.await)
            }));
        Self { address, end: Some(end), running }
    }

    pub async fn channel(&self) -> Channel {
        let endpoint = Endpoint::from_shared(format!("http://{}", self.address)).unwrap();
        // A call that is never answered makes the test fail, and does not make it hang.
        connect(endpoint.timeout(LONG)).await.unwrap()
    }

    /// A client with a connection of its own.
    pub async fn client(&self) -> ProverServiceClient<Channel> {
        ProverServiceClient::new(self.channel().await)
    }

    pub fn end(&mut self) {
        let _ = self.end.take().unwrap().send(());
    }

    pub async fn ended(self) -> Result<(), ServeError> {
        drop(self.end);
        self.running.await.unwrap()
    }
}

/// Calls `Prove` over a plain HTTP/2 connection. The client does not enforce the deadline itself,
/// so the answer is the server's.
pub async fn prove_by(address: SocketAddr, message: &v1::ProveRequest, deadline: &str) -> Code {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut client, connection) = h2::client::handshake(stream).await.unwrap();
    let connection = tokio::spawn(connection);
    let request = http::Request::post("http://127.0.0.1/wufu.v1.ProverService/Prove")
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .header("grpc-timeout", deadline)
        .body(())
        .unwrap();
    let (answer, mut send) = client.send_request(request, false).unwrap();
    let message = message.encode_to_vec();
    let mut body = vec![0];
    body.extend_from_slice(&(message.len() as u32).to_be_bytes());
    body.extend_from_slice(&message);
    send.reserve_capacity(body.len());
    send.send_data(Bytes::from(body), true).unwrap();
    let answer = timeout(LONG, answer).await.expect("no answer").unwrap();
    let (head, mut rest) = answer.into_parts();
    let mut headers = head.headers;
    if !headers.contains_key("grpc-status") {
        while let Some(data) = timeout(LONG, rest.data()).await.expect("no data") {
            drop(data.unwrap());
        }
        let trailers = timeout(LONG, rest.trailers()).await.expect("no trailers").unwrap();
        headers = trailers.expect("no status");
    }
    connection.abort();
    Code::from_bytes(headers["grpc-status"].as_bytes())
}

/// Resident memory of this process, in bytes.
pub fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}
