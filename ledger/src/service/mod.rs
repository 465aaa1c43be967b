//! The ledger over gRPC: `wufu.v1.LedgerService`, with health checks and reflection.

mod append;
mod door;
mod handler;
mod refusal;

use std::{
    future::Future,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::{oneshot, watch},
    time::timeout,
};
use tokio_stream::Stream;
use tonic::transport::{Server, server::Connected};
use tonic_health::{ServingStatus, server::health_reporter};
use wufu_proto::{DESCRIPTORS, v1::ledger_service_server::LedgerServiceServer};
use wufu_verifier::{VerifyingKey, key::Provenance};

use crate::{Ledger, LedgerPolicy};
use door::Door;
use handler::Handler;

/// Largest request and largest answer, in bytes: a full shard of donations is 3.7 MB, a roof 2 MiB.
pub const MAX_MESSAGE: usize = 8 << 20;
/// Most entries of one `Append`: its answer, of 0.9 kB for each, stays below [`MAX_MESSAGE`].
pub const MAX_APPEND: usize = 8192;
/// Most checkpoints of one `ListCheckpoints`: ask again from the epoch after that of the last.
pub const MAX_CHECKPOINTS: usize = 512;

/// How long what has begun may take to finish after the end was announced.
const GRACE: Duration = Duration::from_secs(10);
/// How often the clock is looked at, at least.
const TICK: Duration = Duration::from_millis(500);

/// Tells the time, in Unix seconds.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// The clock of the machine.
pub fn system_clock() -> Clock {
    Arc::new(|| SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
}

/// Why a ledger is not served, or no longer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The key for claims is of another circuit.
    #[error("the key for claims is for {got}, expected five-fu")]
    Circuit {
        /// The key's circuit.
        got: wufu_verifier::CircuitName,
    },
    /// A development key, in production.
    #[error("the key for claims is a development key, which is refused in production")]
    Development,
    /// The transport.
    #[error(transparent)]
    Transport(#[from] tonic::transport::Error),
    /// Reflection.
    #[error(transparent)]
    Reflection(#[from] tonic_reflection::server::Error),
    /// Something that had begun did not finish.
    #[error("not everything was finished within {0:?}")]
    Grace(Duration),
}

/// Serves a ledger until `shutdown`, and closes its epochs by the clock: each one as it begins.
///
/// `claims` is the key that claims must be proved under; without it none is taken. Appending needs the operator's token
/// as `authorization: Bearer …`.
///
/// # Shapes
/// `incoming`: accepted connections, of a loopback address or a Unix socket: until TLS comes, no other is to be served.
///
/// # Errors
/// When the key for claims is of another circuit, or a development key in production; when the transport fails, or something
/// that had begun does not end within ten seconds.
pub async fn run<IO, E>(
    incoming: impl Stream<Item = Result<IO, E>>,
    ledger: Ledger,
    claims: Option<VerifyingKey>,
    clock: Clock,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError>
where
    IO: AsyncRead + AsyncWrite + Connected + Unpin + Send + 'static,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    if let Some(key) = &claims {
        check(key, ledger.policy())?;
    }
    let (stop, stopping) = watch::channel(false);
    let closer = tokio::spawn(close_epochs(ledger.clone(), clock.clone(), stopping.clone()));
    let (door, mut checks) = claims
        .map(|key| Door::new(ledger.clone(), key, clock.clone()))
        .map_or_else(Default::default, |(door, checks)| (Some(door), checks));
    let handler = Handler::new(ledger, door, clock, stopping);
    let service = LedgerServiceServer::new(handler)
        .max_decoding_message_size(MAX_MESSAGE)
        .max_encoding_message_size(MAX_MESSAGE);
    let (health, health_service) = health_reporter();
    health.set_serving::<LedgerServiceServer<Handler>>().await;
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            // Only what is served here: the descriptions hold the other roles, too.
            .with_service_name("wufu.v1.LedgerService")
            .with_service_name("grpc.health.v1.Health")
    };
    let (end, ending) = oneshot::channel::<()>();
    let serving = Server::builder()
        .http2_keepalive_interval(Some(Duration::from_secs(30)))
        .http2_keepalive_timeout(Some(Duration::from_secs(10)))
        .http2_max_header_list_size(16 * 1024)
        .max_concurrent_streams(128)
        .add_service(service)
        .add_service(health_service)
        .add_service(reflection().build_v1()?)
        .add_service(reflection().build_v1alpha()?)
        .serve_with_incoming_shutdown(incoming, async {
            // A sender that is gone says the same.
            let _ = ending.await;
        });
    tokio::pin!(serving);
    let served = tokio::select! {
        served = &mut serving => served.map_err(ServeError::from),
        () = shutdown => {
            tracing::info!("ending: what has begun is finished");
            health.set_not_serving::<LedgerServiceServer<Handler>>().await;
            health.set_service_status("", ServingStatus::NotServing).await;
            stop.send_replace(true);
            let _ = end.send(());
            match timeout(GRACE, serving).await {
                Ok(served) => served.map_err(ServeError::from),
                Err(_) => Err(ServeError::Grace(GRACE)),
            }
        }
    };
    stop.send_replace(true);
    // It ends by itself; were it to panic, there would be nothing left to do.
    let _ = closer.await;
    // Nobody is left who could ask them.
    checks.shutdown().await;
    served
}

fn check(key: &VerifyingKey, policy: &LedgerPolicy) -> Result<(), ServeError> {
    let got = key.circuit();
    if got != wufu_verifier::CircuitName::FiveFu {
        return Err(ServeError::Circuit { got });
    }
    if policy.production && key.provenance() == Provenance::Development {
        return Err(ServeError::Development);
    }
    Ok(())
}

/// Closes each epoch as it begins. A failure is told and tried again.
async fn close_epochs(ledger: Ledger, clock: Clock, mut stopping: watch::Receiver<bool>) {
    let mut last = None;
    while !*stopping.borrow() {
        let now = clock();
        let epoch = ledger.policy().epoch(now);
        if last != Some(epoch) {
            match ledger.close_epoch(now).await {
                Ok(closed) => {
                    last = Some(epoch);
                    for checkpoint in closed.signed {
                        let (origin, size) = (checkpoint.origin(), checkpoint.size());
                        tracing::info!(origin, size, epoch, "signed a checkpoint");
                    }
                }
                Err(error) => tracing::error!(%error, epoch, "the epoch could not be closed"),
            }
        }
        // A stop is noticed at once; a sender that is gone is one, too.
        if let Ok(Err(_)) = timeout(TICK, stopping.changed()).await {
            break;
        }
    }
}
