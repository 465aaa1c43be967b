//! The gRPC services of blind mode, `wufu.v1.DealerService` and `wufu.v1.EvaluatorService`: each alone learns which circuit is
//! proved, when and from which address, and nothing of a witness or statement.
//!
//! What they learn together is everything, so they are run by operators who share nothing. Neither knows its clients: a
//! certificate, a token or a cookie would join what both know of one, so none is taken, requests that carry any are refused,
//! and a connection is good for one call. Nothing outlives a request, and nothing is logged but circuit and outcome.

mod anonymous;
mod dealer;
mod evaluator;

use std::{
    collections::HashMap,
    fmt,
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tonic::{Status, server::NamedService, service::Routes};
use wufu_proto::{
    DESCRIPTORS,
    blind::CHUNK,
    v1::{
        dealer_service_server::DealerServiceServer,
        evaluator_service_server::EvaluatorServiceServer,
    },
};
use wufu_serve::{Incoming, Methods, Service};
use wufu_verifier::{CircuitId, KeyId};

use super::{Limits, SMALL, ServeError, admission::Admission, serving::serve};
use crate::blind::{Dealer, Evaluator};
use dealer::DealerHandler;
use evaluator::EvaluatorHandler;

/// How a client might be known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientIdentity {
    /// Not at all.
    #[default]
    None,
    /// By a certificate.
    Certificate,
    /// By a token that it shows.
    Bearer,
}

impl fmt::Display for ClientIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Certificate => "a client certificate",
            Self::Bearer => "a bearer token",
        })
    }
}

/// How a dealer or an evaluator is run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// What it takes on. (The largest request is what the protocol says.)
    pub limits: Limits,
    /// Masked numbers that are held at the same time, in bytes.
    pub held: usize,
    /// How long an evaluator waits for all of a job's bytes. Until they are there the job takes memory and no worker's time.
    pub receive: Duration,
    /// How the transport in front of it knows clients. Anything but [`ClientIdentity::None`] is an error at the start, and not
    /// passed over: who asks for it should learn why there is none.
    pub identity: ClientIdentity,
}

impl Default for Config {
    /// [`Limits::default`] with 256 connections; 256 MiB, of which a job of Five Fu takes 2.1 MB; 20 seconds, some 0.9 Mbit/s.
    fn default() -> Self {
        let mut limits = Limits::default();
        limits.serve.connections = 256;
        limits.serve.streams = STREAMS;
        let receive = Duration::from_secs(20);
        Self { limits, held: 256 << 20, receive, identity: ClientIdentity::None }
    }
}

/// One key's work each, by the key's id. Only circuits whose witnesses nobody can guess: neither work is there for another.
type ByKey<T> = Arc<HashMap<KeyId, Arc<T>>>;

fn anonymous(role: &'static str, config: &Config) -> Result<(), ServeError> {
    match config.identity {
        ClientIdentity::None => Ok(()),
        identity => Err(ServeError::Identity { role, identity }),
    }
}

fn by_key<T>(
    role: &'static str,
    works: Vec<T>,
    key: impl Fn(&T) -> (KeyId, CircuitId),
) -> ByKey<T> {
    let entry = |work| {
        let (key, circuit) = key(&work);
        tracing::info!(%circuit, "{role} ready");
        (key, Arc::new(work))
    };
    Arc::new(works.into_iter().map(entry).collect())
}

/// Set when nobody waits any more: what has not begun does not begin.
#[derive(Default)]
struct CancelOnDrop(Arc<AtomicBool>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What there is to know of a call when it has ended. Not its refusal's words, which may hold something that the client sent.
fn ended<T>(circuit: Option<CircuitId>, result: &Result<T, Status>) {
    let circuit = circuit.map(|circuit| circuit.to_string());
    let circuit = circuit.as_deref().unwrap_or("unknown");
    match result {
        Ok(_) => tracing::info!(circuit, "done"),
        Err(status) => tracing::info!(circuit, code = ?status.code(), "refused"),
    }
}

/// Serves tokens, a dealer for each key, until `shutdown`, as [`run`](super::run) does with proofs.
///
/// # Errors
/// When a client identity is configured, when threads or transport fail, or the grace time is over.
pub async fn run_dealer(
    incoming: impl Incoming,
    dealers: Vec<Dealer>,
    config: Config,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    anonymous("dealer", &config)?;
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
}

/// Serves sums over masked numbers, an evaluator for each key, until `shutdown`, as [`run`](super::run) does with proofs.
///
/// # Errors
/// When a client identity is configured, when threads or transport fail, or the grace time is over.
pub async fn run_evaluator(
    incoming: impl Incoming,
    evaluators: Vec<Evaluator>,
    config: Config,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    anonymous("evaluator", &config)?;
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
}

/// One call, and room for health and reflection.
const STREAMS: u32 = 4;
/// Bytes of a job that may be on their way. All of them are read as they arrive.
const WINDOW: u32 = 512 * 1024;
