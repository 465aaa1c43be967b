//! A small service, and clients that attack it.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod wire;

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};
use tokio_stream::{Stream, wrappers::TcpListenerStream};
use tonic::{Code, Request, Response, Status, async_trait, service::Routes, transport::Endpoint};
use wufu_proto::{
    DESCRIPTORS,
    connection::connect,
    v1::{
        self,
        prover_service_client::ProverServiceClient,
        prover_service_server::{ProverService, ProverServiceServer},
    },
};
use wufu_serve::{
    Health, Incoming, Limits, Method, Methods, Principal, ResponseGuard, ServeError, Service,
    ServiceEnd, serve,
};

use wire::within;

pub const SERVICE: &str = "wufu.v1.ProverService";
pub const SMALL: &str = "/wufu.v1.ProverService/GetInfo";
pub const LARGE: &str = "/wufu.v1.ProverService/Prove";
/// The largest request of `Prove`, in bytes.
pub const BYTES: usize = 64 * 1024;
/// The length of an answer of `Prove`, in bytes.
pub const ANSWER: usize = 256 * 1024;

/// A service with two calls. Anybody may call `GetInfo`. `Prove` needs a token, takes up to 64 KiB
/// and answers 256 KiB.
#[derive(Clone, Default)]
pub struct Toy {
    pub calls: Arc<AtomicUsize>,
    // Each unsent answer holds one more reference.
    pub answers: Arc<()>,
    // Who called `Prove`.
    seen: Arc<Mutex<Vec<Principal>>>,
}

impl Toy {
    /// Who has called `Prove`, in order.
    pub fn principals(&self) -> Vec<Principal> {
        self.seen.lock().unwrap().clone()
    }
}

#[async_trait]
impl ProverService for Toy {
    async fn get_info(
        &self,
        _: Request<v1::GetInfoRequest>,
    ) -> Result<Response<v1::GetInfoResponse>, Status> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        Ok(Response::new(v1::GetInfoResponse::default()))
    }

    async fn prove(
        &self,
        request: Request<v1::ProveRequest>,
    ) -> Result<Response<v1::ProveResponse>, Status> {
        let principal = request.extensions().get::<Principal>().cloned();
        self.seen.lock().unwrap().push(principal.unwrap());
        self.calls.fetch_add(1, Ordering::SeqCst);
        let proof = vec![7; ANSWER];
        let mut response = Response::new(v1::ProveResponse { proof, ..Default::default() });
        response.extensions_mut().insert(ResponseGuard::new(self.answers.clone()));
        Ok(response)
    }

    type ProveStreamStream =
        std::pin::Pin<Box<dyn Stream<Item = Result<v1::ProveStreamResponse, Status>> + Send>>;

    async fn prove_stream(
        &self,
        _: Request<v1::ProveStreamRequest>,
    ) -> Result<Response<Self::ProveStreamStream>, Status> {
        Err(Status::unimplemented("the toy has no stream"))
    }
}

pub fn methods() -> Methods {
    let authorise = |headers: &tonic::codegen::http::HeaderMap| match headers
        .get("authorization")
        .map(|value| value.as_bytes())
    {
        Some(b"Bearer toy") => Ok(()),
        _ => Err(Status::unauthenticated("no token")),
    };
    let large =
        Method { authorise: Some(Arc::new(authorise)), fields: Some(100), ..Method::open(BYTES) };
    Methods::new(1024).with("Prove", large)
}

pub struct Running {
    pub at: SocketAddr,
    pub toy: Toy,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<Result<ServiceEnd, ServeError>>,
}

impl Running {
    pub async fn start(change: impl FnOnce(&mut Limits)) -> Self {
        Self::start_with(change, Health::default()).await
    }

    pub async fn start_with(change: impl FnOnce(&mut Limits), health: Health) -> Self {
        let mut limits = Limits::default();
        change(&mut limits);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        Self::over_with(at, TcpListenerStream::new(listener).into(), limits, health)
    }

    /// Serves these connections.
    pub fn over(at: SocketAddr, incoming: Incoming, limits: Limits) -> Self {
        Self::over_with(at, incoming, limits, Health::default())
    }

    fn over_with(at: SocketAddr, incoming: Incoming, limits: Limits, health: Health) -> Self {
        let toy = Toy::default();
        let (stop, stopped) = oneshot::channel::<()>();
        let routes = Routes::new(ProverServiceServer::new(toy.clone()));
        let service =
            Service { name: SERVICE, routes, descriptors: DESCRIPTORS, methods: methods(), health };
        let ended = tokio::spawn(async move {
            let shutdown = Box::pin(async { drop(stopped.await) });
            serve(incoming, service, &limits, shutdown, Box::new(|| ())).await
        });
        Self { at, toy, stop, ended }
    }

    /// Makes an honest client's call, on a connection of its own.
    pub async fn serves(&self) -> Result<(), Status> {
        let endpoint = Endpoint::from_shared(format!("http://{}", self.at)).unwrap();
        let channel = within("a connection", connect(endpoint)).await;
        let channel = channel.map_err(|error| Status::unavailable(error.to_string()))?;
        let call =
            async { ProverServiceClient::new(channel).get_info(v1::GetInfoRequest {}).await };
        within("an honest client's answer", call).await.map(drop)
    }

    /// Retries until an honest client is served.
    pub async fn serves_soon(&self) {
        within("an honest client to be served", async {
            while self.serves().await.is_err() {
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        })
        .await
    }

    pub async fn end(self) -> ServiceEnd {
        let _ = self.stop.send(());
        within("the service to end", self.ended).await.unwrap().unwrap()
    }
}

/// How many answers are neither sent nor abandoned.
pub fn unsent(toy: &Toy) -> usize {
    // Two references are the toy's own: the handler's and the test's.
    Arc::strong_count(&toy.answers) - 2
}

pub fn code(result: Result<(), Status>) -> Option<Code> {
    result.err().map(|status| status.code())
}
