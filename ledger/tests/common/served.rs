//! A ledger's service on a free port, with a clock that the test sets.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Code, Request, Status, transport::Channel};
use wufu_ledger::{
    Ledger, Log,
    service::{Clock, Limits, MAX_MESSAGE, ServeError, run_within},
};
use wufu_proto::{
    connection::connect,
    v1::{self, ledger_service_client::LedgerServiceClient},
};
use wufu_verifier::{VerifyingKey, log::checkpoint::Checkpoint};

use super::NOW;

/// How long a test waits for something on a busy machine.
pub const LONG: Duration = Duration::from_secs(60);

pub type Client = LedgerServiceClient<Channel>;

pub struct Served {
    pub at: SocketAddr,
    pub clock: Arc<AtomicU64>,
    pub stop: oneshot::Sender<()>,
    pub ended: JoinHandle<Result<(), ServeError>>,
}

pub async fn serve(ledger: &Ledger, claims: Option<VerifyingKey>) -> Served {
    serve_within(ledger, claims, Limits::default()).await
}

pub async fn serve_within(ledger: &Ledger, claims: Option<VerifyingKey>, limits: Limits) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let clock = Arc::new(AtomicU64::new(NOW));
    let (stop, stopped) = oneshot::channel();
    let hands: Clock = {
        let clock = clock.clone();
        Arc::new(move || clock.load(Ordering::SeqCst))
    };
    let (ledger, incoming) = (ledger.clone(), TcpListenerStream::new(listener));
    let ended = tokio::spawn(async move {
        run_within(incoming, ledger, claims, hands, limits, async {
            let _ = stopped.await;
        })
        .await
    });
    Served { at, clock, stop, ended }
}

impl Served {
    pub async fn client(&self) -> Client {
        let endpoint = Channel::from_shared(format!("http://{}", self.at)).unwrap();
        // A call that is never answered makes the test fail, and does not make it hang. An append
        // that should have been refused would wait for the end of the epoch.
        let channel = connect(endpoint.timeout(LONG)).await.unwrap();
        LedgerServiceClient::new(channel)
            .max_decoding_message_size(MAX_MESSAGE)
            .max_encoding_message_size(2 * MAX_MESSAGE)
    }

    pub async fn end(self) {
        let Self { stop, ended, .. } = self;
        stop.send(()).unwrap();
        tokio::time::timeout(LONG, ended).await.expect("the service did not end").unwrap().unwrap();
    }

    /// The error that keeps it from serving. If it does serve, it is told to stop, so that the test
    /// fails and does not hang.
    pub async fn refused(self) -> ServeError {
        let Self { stop, ended, .. } = self;
        // It may have ended already.
        let _ = stop.send(());
        let ended = tokio::time::timeout(LONG, ended).await;
        ended.expect("the service did not end").unwrap().unwrap_err()
    }
}

pub fn with_token<T>(token: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", token.parse().unwrap());
    request
}

pub fn bearer(ledger: &Ledger) -> String {
    format!("Bearer {}", *ledger.operator_token().to_hex())
}

/// Waits until the newest checkpoint of a log has this size.
pub async fn covered(client: &mut Client, ledger: &Ledger, log: Log, size: u64) -> Checkpoint {
    for _ in 0..LONG.as_millis() / 50 {
        let request = v1::GetCheckpointRequest { origin: ledger.origin(log), epoch: None };
        if let Ok(answer) = client.get_checkpoint(request).await {
            let note = answer.into_inner().note;
            let checkpoint = Checkpoint::open(ledger.log_key(), &note).unwrap();
            if checkpoint.size() == size {
                return checkpoint;
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{log:?} never came to {size} leaves")
}

/// Waits until a log has this size, while `call` still waits for its answer.
pub async fn grown<T>(ledger: &Ledger, log: Log, size: u64, call: &JoinHandle<T>) {
    for _ in 0..LONG.as_millis() / 10 {
        if ledger.size(log).await.unwrap() >= size {
            return;
        }
        assert!(!call.is_finished(), "it was answered before anything was appended");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{log:?} never came to {size} leaves")
}

pub fn refused<T: std::fmt::Debug>(answer: Result<T, Status>) -> (Code, String) {
    let status = answer.unwrap_err();
    (status.code(), status.message().to_owned())
}
