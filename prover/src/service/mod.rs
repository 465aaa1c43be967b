//! The gRPC services: `wufu.v1.ProverService` for trusted mode, and in [`blind`] the two services
//! that learn nothing about a witness.
//!
//! The prover sees the witness, and says so in every answer. It keeps nothing of it: the witness is
//! in memory until its proof is finished and is then wiped. It never appears in a log, span, error
//! or file.

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
use wufu_serve::{Health, Incoming, Method, Methods, Service};

use crate::Prover;
use admission::Admission;
pub use error::ServeError;
use handler::Handler;
pub use limits::Limits;
use limits::SMALL;
use serving::serve;

/// Serves proofs until `shutdown` resolves, with one prover for each key. From then
/// on, new requests are not admitted, waiting requests are refused (UNAVAILABLE), and requests in
/// flight finish within the grace time.
///
/// Health checks (`grpc.health.v1`) and reflection are served as well.
///
/// # Shapes
/// `incoming`: accepted connections, and what the listener asks of callers. Without TLS, they must
/// come from a loopback address or a Unix socket. If the listener knows tokens or asks for
/// certificates, a caller must show them to get a proof.
///
/// # Errors
/// Returns an error if threads cannot be made, if the transport fails, or if work is still running
/// when the grace time is over.
pub fn run<'a>(
    incoming: impl Into<Incoming>,
    provers: Vec<Prover>,
    limits: Limits,
    shutdown: impl Future<Output = ()> + Send + 'a,
) -> BoxFuture<'a, Result<(), ServeError>> {
    serve_provers(incoming.into(), provers, limits, Box::pin(shutdown))
}

/// [`run`], in a form that is compiled in this crate.
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
        let largest = Method::open(limits.request_bytes).restricted();
        let methods =
            Methods::new(SMALL).with("Prove", largest.clone()).with("ProveStream", largest);
        let service = Service {
            name: <ProverServiceServer<Handler> as NamedService>::NAME,
            routes: Routes::new(service),
            descriptors: DESCRIPTORS,
            methods,
            health: Health::default(),
        };
        serve(incoming, service, (&limits, &admission), shutdown).await
    })
}
