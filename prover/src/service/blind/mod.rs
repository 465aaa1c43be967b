//! The gRPC services of blind mode, `wufu.v1.DealerService` and `wufu.v1.EvaluatorService`: each alone learns which circuit is
//! proved, when and from which address, and nothing of a witness or statement.
//!
//! What they learn together is everything, so they are run by operators who share nothing. Neither knows its clients: a
//! certificate, a token or a cookie would join what both know of one, so none is taken, requests that carry any are refused,
//! and a connection is good for one call. Nothing outlives a request, and nothing is logged but circuit and outcome.

mod anonymous;
pub(super) mod config;
mod dealer;
mod evaluator;
mod roles;

use std::{future::Future, sync::Arc};

use futures_util::future::BoxFuture;
use tonic::{server::NamedService, service::Routes};
use wufu_proto::{
    DESCRIPTORS,
    blind::CHUNK,
    v1::{
        dealer_service_server::DealerServiceServer,
        evaluator_service_server::EvaluatorServiceServer,
    },
};
use wufu_serve::{Incoming, Methods, Service};

use super::{admission::Admission, error::ServeError, limits::SMALL, serving::serve};
use crate::blind::{Dealer, Evaluator};
pub use config::{ClientIdentity, Config};
use dealer::DealerHandler;
use evaluator::EvaluatorHandler;
use roles::{by_key, refuse_identity};

/// Serves tokens, a dealer for each key, until `shutdown`, as [`run`](super::run) does with proofs.
///
/// # Errors
/// When a client identity is configured, when threads or transport fail, or the grace time is over.
pub fn run_dealer<'a>(
    incoming: impl Into<Incoming>,
    dealers: Vec<Dealer>,
    config: Config,
    shutdown: impl Future<Output = ()> + Send + 'a,
) -> BoxFuture<'a, Result<(), ServeError>> {
    serve_dealer(incoming.into(), dealers, config, Box::pin(shutdown))
}

/// [`run_dealer`], compiled in this crate.
fn serve_dealer<'a>(
    incoming: Incoming,
    dealers: Vec<Dealer>,
    config: Config,
    shutdown: BoxFuture<'a, ()>,
) -> BoxFuture<'a, Result<(), ServeError>> {
    Box::pin(async move {
        refuse_identity("dealer", &config)?;
        let id = |dealer: &Dealer| (dealer.key().id(), dealer.shape().circuit().id());
        let dealers = by_key("dealer", dealers, id);
        let admission = Arc::new(Admission::new(&config.limits)?);
        let handler = DealerHandler::new(dealers, config.limits.clone(), admission.clone());
        let service = DealerServiceServer::new(handler).max_decoding_message_size(SMALL);
        let service = Service {
            name: <DealerServiceServer<DealerHandler> as NamedService>::NAME,
            routes: Routes::new(service),
            descriptors: DESCRIPTORS,
            methods: Methods::new(SMALL),
        };
        serve(incoming, service, (&config.limits, &admission), shutdown).await
    })
}

/// Serves sums over masked numbers, an evaluator for each key, until `shutdown`, as [`run`](super::run) does with proofs.
///
/// # Errors
/// When a client identity is configured, when threads or transport fail, or the grace time is over.
pub fn run_evaluator<'a>(
    incoming: impl Into<Incoming>,
    evaluators: Vec<Evaluator>,
    config: Config,
    shutdown: impl Future<Output = ()> + Send + 'a,
) -> BoxFuture<'a, Result<(), ServeError>> {
    serve_evaluator(incoming.into(), evaluators, config, Box::pin(shutdown))
}

/// [`run_evaluator`], compiled in this crate.
fn serve_evaluator<'a>(
    incoming: Incoming,
    evaluators: Vec<Evaluator>,
    config: Config,
    shutdown: BoxFuture<'a, ()>,
) -> BoxFuture<'a, Result<(), ServeError>> {
    Box::pin(async move {
        refuse_identity("evaluator", &config)?;
        let id = |evaluator: &Evaluator| (evaluator.key().id(), evaluator.shape().circuit().id());
        let evaluators = by_key("evaluator", evaluators, id);
        let admission = Arc::new(Admission::new(&config.limits)?);
        let handler = EvaluatorHandler::new(evaluators, &config, admission.clone());
        // Tags and lengths of a message take some bytes.
        let largest = CHUNK + 64;
        let service = EvaluatorServiceServer::new(handler).max_decoding_message_size(largest);
        let service = Service {
            name: <EvaluatorServiceServer<EvaluatorHandler> as NamedService>::NAME,
            routes: Routes::new(service),
            descriptors: DESCRIPTORS,
            methods: Methods::new(largest),
        };
        let mut limits = config.limits.clone();
        // A job comes in a few round trips.
        limits.serve.windows = (WINDOW, WINDOW);
        limits.serve.receive = config.receive;
        serve(incoming, service, (&limits, &admission), shutdown).await
    })
}
/// Bytes of a job that may be on their way. All of them are read as they arrive.
const WINDOW: u32 = 512 * 1024;
