//! The gRPC services: `wufu.v1.ProverService` for trusted mode, and in [`blind`] those that learn nothing of a witness.
//!
//! The prover sees the witness, and says so in every answer. It keeps nothing of it: a witness is in memory from the request to the
//! end of its proof, is wiped then, and stands in no log, span, error or file.

mod admission;
pub mod blind;
mod deadline;
mod error;
mod handler;
mod limits;
mod refusal;
mod serving;

use std::{future::Future, sync::Arc};

use futures_util::future::BoxFuture;
use tonic::{server::NamedService, service::Routes};
use wufu_proto::{DESCRIPTORS, v1::prover_service_server::ProverServiceServer};
use wufu_serve::{Incoming, Method, Methods, Service};

use crate::Prover;
use admission::Admission;
pub use error::ServeError;
use handler::Handler;
pub use limits::Limits;
use limits::SMALL;
use serving::serve;

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
pub fn run<'a>(
    incoming: impl Into<Incoming>,
    provers: Vec<Prover>,
    limits: Limits,
    shutdown: impl Future<Output = ()> + Send + 'a,
) -> BoxFuture<'a, Result<(), ServeError>> {
    serve_provers(incoming.into(), provers, limits, Box::pin(shutdown))
}

/// [`run`], compiled in this crate.
fn serve_provers<'a>(
    incoming: Incoming,
    provers: Vec<Prover>,
    limits: Limits,
    shutdown: BoxFuture<'a, ()>,
) -> BoxFuture<'a, Result<(), ServeError>> {
    Box::pin(async move {
        let admission = Arc::new(Admission::new(&limits)?);
        let handler = Handler::new(provers, limits.clone(), admission.clone());
        let service =
            ProverServiceServer::new(handler).max_decoding_message_size(limits.request_bytes);
        let largest = Method::open(limits.request_bytes);
        let methods =
            Methods::new(SMALL).with("Prove", largest.clone()).with("ProveStream", largest);
        let service = Service {
            name: <ProverServiceServer<Handler> as NamedService>::NAME,
            routes: Routes::new(service),
            descriptors: DESCRIPTORS,
            methods,
        };
        serve(incoming, service, (&limits, &admission), shutdown).await
    })
}
