//! The ledger over gRPC: `wufu.v1.LedgerService`, with health checks and reflection.

mod append;
mod claim_batcher;
mod clock;
mod handler;
mod limits;
mod refusal;
mod turns;

use std::{future::Future, mem::discriminant, time::Duration};

use futures_util::future::BoxFuture;
use tokio::{sync::watch, time::timeout};
use tonic::{server::NamedService, service::Routes};
use wufu_proto::{DESCRIPTORS, v1::ledger_service_server::LedgerServiceServer};
use wufu_serve::{Incoming, Repeats, Service, ServiceEnd};
use wufu_verifier::{VerifyingKey, groth16::key::Provenance};

use crate::{EpochError, GrantReader, Ledger, LedgerPolicy};
use claim_batcher::ClaimBatcher;
pub use clock::{Clock, system_clock};
use handler::Handler;
pub use limits::{Limits, MAX_APPEND, MAX_CHECKPOINTS, MAX_CLAIM, MAX_MESSAGE, MAX_QUERY};

/// How often the clock is looked at, at least.
const TICK: Duration = Duration::from_millis(500);

/// Errors that stop the ledger service.
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
    /// The transport failed.
    #[error(transparent)]
    Serve(#[from] wufu_serve::ServeError),
    /// Calls in flight did not finish in time.
    #[error(
        "{calls} {} not finished within {within:?} after the service was told to end",
        if *.calls == 1 { "call was" } else { "calls were" }
    )]
    Grace {
        /// Calls that were still at work.
        calls: usize,
        /// How long they had.
        within: Duration,
    },
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
/// Returns an error if the key for claims is of another circuit, or a development key in production; if the transport
/// fails, or calls in flight are not finished within the grace time.
pub fn run<'a>(
    incoming: impl Into<Incoming>,
    ledger: Ledger,
    claims: Option<VerifyingKey>,
    clock: Clock,
    shutdown: impl Future<Output = ()> + Send + 'a,
) -> BoxFuture<'a, Result<(), ServeError>> {
    run_within(incoming, ledger, claims, clock, Limits::default(), shutdown)
}

/// Serves a ledger as [`run`] does, within these limits.
///
/// # Errors
/// Returns an error where [`run`] does.
pub fn run_within<'a>(
    incoming: impl Into<Incoming>,
    ledger: Ledger,
    claims: Option<VerifyingKey>,
    clock: Clock,
    limits: Limits,
    shutdown: impl Future<Output = ()> + Send + 'a,
) -> BoxFuture<'a, Result<(), ServeError>> {
    serve(incoming.into(), (ledger, true), claims, clock, limits, Box::pin(shutdown))
}

/// Serves a ledger that is read, as it was when it was opened, until `shutdown`: it takes no claims, appends nothing
/// and closes no epochs. Another process may be writing it.
///
/// # Errors
/// Returns an error if the transport fails, or calls in flight are not finished within the grace time.
pub fn run_reader<'a>(
    incoming: impl Into<Incoming>,
    reader: GrantReader,
    clock: Clock,
    shutdown: impl Future<Output = ()> + Send + 'a,
) -> BoxFuture<'a, Result<(), ServeError>> {
    let (ledger, limits) = ((reader.into_ledger(), false), Limits::default());
    serve(incoming.into(), ledger, None, clock, limits, Box::pin(shutdown))
}

/// Serves a ledger, and closes its epochs if it is to be written. Neither generic nor an `async fn`: so
/// it is compiled in this crate, and not in each that calls it.
fn serve<'a>(
    incoming: Incoming,
    (ledger, is_written): (Ledger, bool),
    claims: Option<VerifyingKey>,
    clock: Clock,
    limits: Limits,
    shutdown: BoxFuture<'a, ()>,
) -> BoxFuture<'a, Result<(), ServeError>> {
    Box::pin(async move {
        if let Some(key) = &claims {
            check(key, ledger.policy())?;
        }
        let (stop, stopping) = watch::channel(false);
        let closer = is_written
            .then(|| tokio::spawn(close_epochs(ledger.clone(), clock.clone(), stopping.clone())));
        let (batcher, mut checks) = claims
            .map(|key| ClaimBatcher::new(ledger.clone(), key, clock.clone()))
            .map_or_else(Default::default, |(batcher, checks)| (Some(batcher), checks));
        let methods = limits.methods(ledger.operator_token());
        let handler = Handler::new(ledger, batcher, clock, stopping, &limits);
        let shards = handler.shards.clone();
        let service = LedgerServiceServer::new(handler)
            .max_decoding_message_size(MAX_MESSAGE)
            .max_encoding_message_size(MAX_MESSAGE);
        let service = Service {
            name: <LedgerServiceServer<Handler> as NamedService>::NAME,
            routes: Routes::new(service),
            descriptors: DESCRIPTORS,
            methods,
        };
        let ending = Box::new(|| {
            shards.close();
            stop.send_replace(true);
        });
        let served = wufu_serve::serve(incoming, service, &limits.serve, shutdown, ending).await;
        stop.send_replace(true);
        if let Some(closer) = closer {
            // It ends by itself; were it to panic, there would be nothing left to do.
            let _ = closer.await;
        }
        // Nobody is left who could ask them.
        checks.shutdown().await;
        match served? {
            ServiceEnd::Cut { working } if working > 0 => {
                Err(ServeError::Grace { calls: working, within: limits.serve.grace })
            }
            _ => Ok(()),
        }
    })
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

/// Closes each epoch as it begins. A failure is logged and tried again.
async fn close_epochs(ledger: Ledger, clock: Clock, mut stopping: watch::Receiver<bool>) {
    let (mut last, failures) = (None, Repeats::new());
    while !*stopping.borrow() {
        let now = clock();
        let epoch = ledger.policy().epoch(now);
        if last != Some(epoch) {
            match ledger.close_epoch(now).await {
                Ok(closed) => {
                    last = Some(epoch);
                    if let Some(before) = failures.over() {
                        tracing::info!(epoch, before, "epochs are closed again");
                    }
                    for checkpoint in closed.signed {
                        let (origin, size) = (checkpoint.origin(), checkpoint.size());
                        tracing::info!(origin, size, epoch, "signed a checkpoint");
                    }
                }
                Err(error) => {
                    // The text tells the time, which is another each time.
                    let kind = match &error {
                        EpochError::Store(error) => error.kind(),
                        error => format!("{:?}", discriminant(error)),
                    };
                    if let Some(before) = failures.happened(&kind) {
                        tracing::error!(%error, epoch, before, "the epoch could not be closed");
                    }
                }
            }
        }
        // A stop is noticed at once; a sender that is gone is one, too.
        if let Ok(Err(_)) = timeout(TICK, stopping.changed()).await {
            break;
        }
    }
}
