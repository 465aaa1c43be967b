//! The gRPC service `wufu.v1.ProverService`: trusted mode.
//!
//! It sees the witness, and says so in every answer. It keeps nothing of it: a witness is in memory from the request to the
//! end of its proof, is wiped then, and stands in no log, span, error or file.

mod admission;
mod connection;
mod deadline;
mod handler;
mod refusal;

use std::{future::Future, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::oneshot,
    time::timeout,
};
use tokio_stream::Stream;
use tonic::{
    server::NamedService,
    transport::server::{Connected, Server},
};
use tonic_health::{ServingStatus, server::health_reporter};
use wufu_proto::{DESCRIPTORS, v1::prover_service_server::ProverServiceServer};

use crate::Prover;
use admission::Admission;
use handler::Handler;

/// What a prover takes on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Proofs made at the same time.
    pub workers: usize,
    /// Threads of a proof that is alone when it begins. With others at work or waiting it has one.
    pub threads: usize,
    /// Requests that may wait for a worker.
    pub queue: usize,
    /// Largest request, in bytes.
    pub request_bytes: usize,
    /// Longest time that a request may take, waiting included, whatever its caller allows.
    pub time: Duration,
    /// Connections at the same time.
    pub connections: usize,
    /// How long a connection may take to say something.
    pub greeting: Duration,
    /// How long work that has begun may go on when the service ends.
    pub grace: Duration,
}

impl Default for Limits {
    /// A worker a core, all cores for who is alone; 64 that wait; 64 KiB (a donation under a policy of 4,096 projects has 40);
    /// a minute.
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            workers: cores,
            threads: cores,
            queue: 64,
            request_bytes: 64 * 1024,
            time: Duration::from_secs(60),
            connections: 1024,
            greeting: Duration::from_secs(10),
            grace: Duration::from_secs(30),
        }
    }
}

/// Why the service ended otherwise than asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The threads could not be made.
    #[error("proving threads: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
    /// The description of the service is malformed. This is our bug.
    #[error("reflection: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// The transport failed.
    #[error(transparent)]
    Transport(#[from] tonic::transport::Error),
    /// Work was still going on when the grace time was over. It stops at its next stage.
    #[error("work was going on {0:?} after the service was told to end")]
    Grace(Duration),
}

/// Serves proofs, one prover per key, until `shutdown`. Then nobody is admitted any more, who waits is sent away
/// (UNAVAILABLE), and what has begun is finished within the grace time.
///
/// With it run health checks (`grpc.health.v1`) and reflection.
///
/// # Shapes
/// `incoming`: accepted connections, of a loopback address or a Unix socket: until TLS comes, no other is to be served.
///
/// # Errors
/// When threads or transport fail, or the grace time is over.
pub async fn run<IO, E>(
    incoming: impl Stream<Item = Result<IO, E>>,
    provers: Vec<Prover>,
    limits: Limits,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError>
where
    IO: AsyncRead + AsyncWrite + Connected + Unpin + Send + 'static,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let admission = Arc::new(Admission::new(&limits)?);
    let handler = Handler::new(provers, limits.clone(), admission.clone());
    let service = ProverServiceServer::new(handler).max_decoding_message_size(limits.request_bytes);
    let (mut health, health_service) = health_reporter();
    health.set_serving::<ProverServiceServer<Handler>>().await;
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            // Only what is served here: the descriptions hold the other roles, too.
            .with_service_name("wufu.v1.ProverService")
            .with_service_name("grpc.health.v1.Health")
    };

    let (end, ending) = oneshot::channel::<()>();
    let incoming = connection::bounded(incoming, limits.connections, limits.greeting);
    let serving = Server::builder()
        .http2_keepalive_interval(Some(Duration::from_secs(30)))
        .http2_keepalive_timeout(Some(Duration::from_secs(10)))
        .http2_max_header_list_size(16 * 1024)
        // What a connection may have sent that nobody has read: a thousand of them stay below 256 MiB.
        .initial_connection_window_size(256 * 1024)
        .initial_stream_window_size(64 * 1024)
        .max_concurrent_streams(64)
        .add_service(service)
        .add_service(health_service)
        .add_service(reflection().build_v1()?)
        .add_service(reflection().build_v1alpha()?)
        .serve_with_incoming_shutdown(incoming, async {
            // A sender that is gone says the same.
            let _ = ending.await;
        });
    tokio::pin!(serving);
    tokio::select! {
        served = &mut serving => return Ok(served?),
        () = shutdown => {}
    }

    tracing::info!("ending: nobody is admitted any more");
    admission.close();
    health.set_not_serving::<ProverServiceServer<Handler>>().await;
    health.set_service_status("", ServingStatus::NotServing).await;
    // Ends the streams of those who watch: else they would be waited for.
    for service in [<ProverServiceServer<Handler> as NamedService>::NAME, ""] {
        health.clear_service_status(service).await;
    }
    let _ = end.send(());
    match timeout(limits.grace, serving).await {
        Ok(served) => Ok(served?),
        // A connection that somebody keeps open is no work.
        Err(_) if !admission.busy() => Ok(()),
        Err(_) => {
            admission.stop();
            Err(ServeError::Grace(limits.grace))
        }
    }
}
