//! Blind mode's gRPC services, `wufu.v1.DealerService` and `wufu.v1.EvaluatorService`. Each of them
//! learns which circuit is proved, when, and from which address, and nothing about a witness or a
//! statement.
//!
//! Together the two could learn everything, so they are run by operators who share nothing. Neither
//! may identify its clients. A certificate, a token or a cookie would let them link what each knows
//! about a client. So the services accept none of these, refuse requests that carry any, and take
//! one job per connection. Nothing outlives a request, and only the circuit and the outcome are
//! logged.

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
use wufu_serve::{Health, Incoming, Methods, Service};

use super::{admission::Admission, error::ServeError, limits::SMALL, serving::serve};
use crate::blind::{Dealer, Evaluator};
pub use config::{ClientIdentity, Config};
use dealer::DealerHandler;
use evaluator::EvaluatorHandler;
use roles::{by_key, refuse_identity};

/// Serves tokens until `shutdown` resolves, with one dealer for each key. It stops as
/// [`run`](super::run) does.
///
/// # Errors
/// Returns an error if a client identity is configured, if threads cannot be made, if the transport
/// fails, or if work is still running when the grace time is over.
pub fn run_dealer<'a>(
    incoming: impl Into<Incoming>,
    dealers: Vec<Dealer>,
    config: Config,
    shutdown: impl Future<Output = ()> + Send + 'a,
) -> BoxFuture<'a, Result<(), ServeError>> {
    serve_dealer(incoming.into(), dealers, config, Box::pin(shutdown))
}

/// [`run_dealer`], in a form that is compiled in this crate.
fn serve_dealer<'a>(
    incoming: Incoming,
    dealers: Vec<Dealer>,
    config: Config,
    shutdown: BoxFuture<'a, ()>,
) -> BoxFuture<'a, Result<(), ServeError>> {
    Box::pin(async move {
        refuse_identity("dealer", &config, &incoming)?;
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
            health: Health::default(),
        };
        serve(incoming, service, (&config.limits, &admission), shutdown).await
    })
}

/// Serves sums over masked numbers until `shutdown` resolves, with one evaluator for each key. It
/// stops as [`run`](super::run) does.
///
/// # Errors
/// Returns an error if a client identity is configured, if threads cannot be made, if the transport
/// fails, or if work is still running when the grace time is over.
pub fn run_evaluator<'a>(
    incoming: impl Into<Incoming>,
    evaluators: Vec<Evaluator>,
    config: Config,
    shutdown: impl Future<Output = ()> + Send + 'a,
) -> BoxFuture<'a, Result<(), ServeError>> {
    serve_evaluator(incoming.into(), evaluators, config, Box::pin(shutdown))
}

/// [`run_evaluator`], in a form that is compiled in this crate.
fn serve_evaluator<'a>(
    incoming: Incoming,
    evaluators: Vec<Evaluator>,
    config: Config,
    shutdown: BoxFuture<'a, ()>,
) -> BoxFuture<'a, Result<(), ServeError>> {
    Box::pin(async move {
        refuse_identity("evaluator", &config, &incoming)?;
        let id = |evaluator: &Evaluator| (evaluator.key().id(), evaluator.shape().circuit().id());
        let evaluators = by_key("evaluator", evaluators, id);
        let admission = Arc::new(Admission::new(&config.limits)?);
        let handler = EvaluatorHandler::new(evaluators, &config, admission.clone());
        // A message's tags and lengths take some bytes as well.
        let largest = CHUNK + 64;
        let service = EvaluatorServiceServer::new(handler).max_decoding_message_size(largest);
        let service = Service {
            name: <EvaluatorServiceServer<EvaluatorHandler> as NamedService>::NAME,
            routes: Routes::new(service),
            descriptors: DESCRIPTORS,
            methods: Methods::new(largest),
            health: Health::default(),
        };
        let mut limits = config.limits.clone();
        // With these windows a job arrives in a few round trips.
        limits.serve.windows = (WINDOW, WINDOW);
        limits.serve.receive = config.receive;
        serve(incoming, service, (&limits, &admission), shutdown).await
    })
}
/// How many bytes of a job may be in transit. They are all read as they arrive.
const WINDOW: u32 = 512 * 1024;
