//! The gRPC services: `wufu.v1.ProverService` for trusted mode, and in [`blind`] those that learn nothing of a witness.
//!
//! The prover sees the witness, and says so in every answer. It keeps nothing of it: a witness is in memory from the request to the
//! end of its proof, is wiped then, and stands in no log, span, error or file.

mod admission;
pub mod blind;
mod deadline;
mod handler;
mod refusal;
mod serving;

use std::{future::Future, sync::Arc, time::Duration};

use tonic::{server::NamedService, service::Routes};
use wufu_proto::{DESCRIPTORS, v1::prover_service_server::ProverServiceServer};
use wufu_serve::{Incoming, Method, Methods, Service};

use crate::Prover;
use admission::Admission;
use handler::Handler;
use serving::serve;

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
    /// Longest time from a request's headers to its answer, whatever its caller allows. Receiving and waiting count.
    pub time: Duration,
    /// Connections, bytes and times of the transport.
    pub serve: wufu_serve::Limits,
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
            serve: wufu_serve::Limits::default(),
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
    /// The transport failed.
    #[error(transparent)]
    Serve(#[from] wufu_serve::ServeError),
    /// Work was still going on when the grace time was over. It stops at its next stage.
    #[error("work was going on {0:?} after the service was told to end")]
    Grace(Duration),
    /// A client identity is configured for a role that must not know its clients.
    #[error(
        "a {role} takes no client identity, and {identity} is configured: it would join what both servers know of a client"
    )]
    Identity {
        /// The role.
        role: &'static str,
        /// What is configured.
        identity: blind::ClientIdentity,
    },
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
pub async fn run(
    incoming: impl Incoming,
    provers: Vec<Prover>,
    limits: Limits,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let admission = Arc::new(Admission::new(&limits)?);
    let handler = Handler::new(provers, limits.clone(), admission.clone());
    let service = ProverServiceServer::new(handler).max_decoding_message_size(limits.request_bytes);
    let largest = Method::open(limits.request_bytes);
    let methods = Methods::new(SMALL).with("Prove", largest.clone()).with("ProveStream", largest);
    let service = Service {
        name: <ProverServiceServer<Handler> as NamedService>::NAME,
        routes: Routes::new(service),
        descriptors: DESCRIPTORS,
        methods,
    };
    serve(incoming, service, (&limits, &admission), shutdown).await
}

/// Largest request of a call that carries no job, in bytes.
const SMALL: usize = 1024;
