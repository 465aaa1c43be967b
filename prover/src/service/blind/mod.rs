//! The gRPC services of blind mode, `wufu.v1.DealerService` and `wufu.v1.EvaluatorService`: each alone learns which circuit is
//! proved, when and from which address, and nothing of a witness or statement.
//!
//! What they learn together is everything, so they are run by operators who share nothing. Neither knows its clients: a
//! certificate, a token or a cookie would join what both know of one, so none is taken, requests that carry any are refused,
//! and a connection is good for one call. Nothing outlives a request, and nothing is logged but circuit and outcome.

mod anonymous;
mod dealer;
mod evaluator;

use std::{collections::HashMap, fmt, future::Future, sync::Arc, time::Duration};

use ed25519_dalek::SigningKey;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_stream::Stream;
use tonic::{Status, server::NamedService, service::Routes, transport::server::Connected};
use wufu_proto::{
    blind::CHUNK,
    v1::{
        dealer_service_server::DealerServiceServer,
        evaluator_service_server::EvaluatorServiceServer,
    },
};
use wufu_verifier::{CircuitName, KeyId};

use super::{
    Limits, ServeError,
    admission::Admission,
    serving::{Role, serve},
};
use crate::engine::PreparedKey;
use dealer::Dealer;
use evaluator::Evaluator;

/// Longest life of a token.
pub const DAY: Duration = Duration::from_secs(86_400);

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
    /// How long a token lives, a [`DAY`] at the most.
    pub lifetime: Duration,
    /// How the transport in front of it knows clients. Anything but [`ClientIdentity::None`] is an error at the start, and not
    /// passed over: who asks for it should learn why there is none.
    pub identity: ClientIdentity,
}

impl Default for Config {
    /// [`Limits::default`] with 256 connections; 256 MiB, of which Five Fu takes 2.1 MB; tokens of a day.
    fn default() -> Self {
        let limits = Limits { connections: 256, ..Limits::default() };
        Self { limits, held: 256 << 20, lifetime: DAY, identity: ClientIdentity::None }
    }
}

/// The keys that a role works with, by id.
type Keys = Arc<HashMap<KeyId, Arc<PreparedKey>>>;

/// Whether every witness of a circuit holds secrets of 128 bits. A server that guesses a whole witness can have its guess
/// confirmed, so a circuit with less to guess is not for blind mode.
const fn allowed(circuit: CircuitName) -> bool {
    // Each holds a spend key: a hash of 32 random bytes.
    matches!(circuit, CircuitName::FiveFu | CircuitName::Donation | CircuitName::Gift)
}

fn keys(
    role: &'static str,
    keys: Vec<Arc<PreparedKey>>,
    config: &Config,
) -> Result<Keys, ServeError> {
    if config.identity != ClientIdentity::None {
        return Err(ServeError::Identity { role, identity: config.identity });
    }
    for key in &keys {
        let circuit = key.circuit();
        if !allowed(circuit) {
            return Err(ServeError::Circuit { circuit });
        }
        tracing::info!(circuit = %circuit.id(), "{role} ready");
    }
    Ok(Arc::new(keys.into_iter().map(|key| (key.id(), key)).collect()))
}

/// What there is to know of a call when it has ended. Not its refusal's words, which may hold something that the client sent.
fn ended<T>(circuit: Option<CircuitName>, result: &Result<T, Status>) {
    let circuit = circuit.map(|circuit| circuit.id().to_string());
    let circuit = circuit.as_deref().unwrap_or("unknown");
    match result {
        Ok(_) => tracing::info!(circuit, "done"),
        Err(status) => tracing::info!(circuit, code = ?status.code(), "refused"),
    }
}

/// Serves tokens, signed with `signing`, for these keys until `shutdown`, as [`run`](super::run) does with proofs.
///
/// # Errors
/// When a client identity is configured, a circuit is not on the list; when threads or transport fail, or the grace time is
/// over.
pub async fn run_dealer<IO, E>(
    incoming: impl Stream<Item = Result<IO, E>>,
    (keys, signing): (Vec<Arc<PreparedKey>>, SigningKey),
    config: Config,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError>
where
    IO: AsyncRead + AsyncWrite + Connected + Unpin + Send + 'static,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let keys = self::keys("dealer", keys, &config)?;
    let admission = Arc::new(Admission::new(&config.limits)?);
    let dealer = Dealer::new(keys, signing, &config, admission.clone());
    let service = DealerServiceServer::new(dealer).max_decoding_message_size(1024);
    let role = Role {
        name: <DealerServiceServer<Dealer> as NamedService>::NAME,
        streams: STREAMS,
        windows: (64 * 1024, 64 * 1024),
    };
    serve(incoming, Routes::new(service), role, (&config.limits, &admission), shutdown).await
}

/// Serves sums over masked numbers for these keys until `shutdown`, as [`run`](super::run) does with proofs.
///
/// # Errors
/// When a client identity is configured, a circuit is not on the list; when threads or transport fail, or the grace time is
/// over.
pub async fn run_evaluator<IO, E>(
    incoming: impl Stream<Item = Result<IO, E>>,
    keys: Vec<Arc<PreparedKey>>,
    config: Config,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError>
where
    IO: AsyncRead + AsyncWrite + Connected + Unpin + Send + 'static,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let keys = self::keys("evaluator", keys, &config)?;
    let admission = Arc::new(Admission::new(&config.limits)?);
    let evaluator = Evaluator::new(keys, &config, admission.clone());
    // Tags and lengths of a message take some bytes.
    let service = EvaluatorServiceServer::new(evaluator).max_decoding_message_size(CHUNK + 64);
    let role = Role {
        name: <EvaluatorServiceServer<Evaluator> as NamedService>::NAME,
        streams: STREAMS,
        // A job comes in a few round trips. All connections together stay below 256 MiB.
        windows: (1 << 20, 1 << 20),
    };
    serve(incoming, Routes::new(service), role, (&config.limits, &admission), shutdown).await
}

/// One call, and room for health and reflection.
const STREAMS: u32 = 4;
