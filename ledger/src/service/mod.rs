//! The ledger over gRPC: `wufu.v1.LedgerService`, with health checks and reflection.

mod append;
mod claim_batcher;
mod clock;
mod handler;
mod limits;
mod refusal;
mod turns;
mod watch;

use std::{future::Future, mem::discriminant, time::Duration};

use futures_util::future::BoxFuture;
use tokio::{sync::watch::Receiver, time::timeout};
use tonic::{server::NamedService, service::Routes};
use wufu_proto::{DESCRIPTORS, v1::ledger_service_server::LedgerServiceServer};
use wufu_serve::{Incoming, Repeats, Service, ServiceEnd};
use wufu_verifier::{VerifyingKey, groth16::key::Provenance};

use crate::{EpochError, GrantReader, Ledger, LedgerPolicy};
use claim_batcher::ClaimBatcher;
pub use clock::{Clock, system_clock};
use handler::Handler;
pub use limits::{Limits, MAX_APPEND, MAX_CHECKPOINTS, MAX_CLAIM, MAX_MESSAGE, MAX_QUERY};
use watch::Watch;

/// The clock is checked at least this often.
const TICK: Duration = Duration::from_millis(500);

/// Errors that stop the ledger service.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The key for claims belongs to another circuit.
    #[error("the key for claims is for {got}, expected five-fu")]
    Circuit {
        /// The key's circuit.
        got: wufu_verifier::CircuitName,
    },
    /// The key for claims is a development key, but the ledger is in production.
    #[error("the key for claims is a development key, which is refused in production")]
    Development,
    /// The transport failed.
    #[error(transparent)]
    Serve(#[from] wufu_serve::ServeError),
    /// Calls in flight did not finish within the grace time.
    #[error(
        "{calls} {} not finished within {within:?} after the service was told to stop",
        if *.calls == 1 { "call was" } else { "calls were" }
    )]
    Grace {
        /// How many calls were still being handled.
        calls: usize,
        /// The grace time.
        within: Duration,
    },
}

/// Serves a ledger until `shutdown` resolves. Closes its epochs by the clock, each as the next one
/// begins.
///
/// `claims` is the key under which claims must be proved. Without it, the ledger takes no claims.
/// Appending requires the operator's token, or one of the listener's, as `authorization: Bearer …`.
/// If the listener asks for certificates, appending requires one as well.
///
/// # Shapes
/// `incoming`: accepted connections, and what the listener asks of callers. Without TLS, they must
/// come from a loopback address or a Unix socket.
///
/// # Errors
/// Returns an error if the key for claims belongs to another circuit, or is a development key in
/// production; if the transport fails; or if calls in flight do not finish within the grace time.
pub fn run<'a>(
    incoming: impl Into<Incoming>,
    ledger: Ledger,
    claims: Option<VerifyingKey>,
    clock: Clock,
    shutdown: impl Future<Output = ()> + Send + 'a,
) -> BoxFuture<'a, Result<(), ServeError>> {
    run_within(incoming, ledger, claims, clock, Limits::default(), shutdown)
}

/// Serves a ledger as [`run`] does, with these limits.
///
/// # Errors
/// As [`run`].
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

/// Serves a ledger that was opened for reading, as it was then, until `shutdown` resolves. The
/// service takes no claims, appends nothing and closes no epochs. Another process may write the
/// ledger meanwhile.
///
/// # Errors
/// Returns an error if the transport fails, or if calls in flight do not finish within the grace
/// time.
pub fn run_reader<'a>(
    incoming: impl Into<Incoming>,
    reader: GrantReader,
    clock: Clock,
    shutdown: impl Future<Output = ()> + Send + 'a,
) -> BoxFuture<'a, Result<(), ServeError>> {
    let (ledger, limits) = ((reader.into_ledger(), false), Limits::default());
    serve(incoming.into(), ledger, None, clock, limits, Box::pin(shutdown))
}

/// Serves a ledger, and closes its epochs if it may be written. The function is neither generic nor
/// an `async fn`, so it is compiled in this crate, and not in each crate that calls it.
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
        let (stop, stopping) = tokio::sync::watch::channel(false);
        let watch = Watch::new(ledger.clone(), limits.free);
        let closer = is_written.then(|| {
            tokio::spawn(close_epochs(
                watch.clone(),
                ledger.clone(),
                clock.clone(),
                stopping.clone(),
            ))
        });
        let watching = tokio::spawn(watch.clone().run(is_written, stopping.clone()));
        let (batcher, mut checks) = claims
            .map(|key| ClaimBatcher::new(ledger.clone(), key, clock.clone()))
            .map_or_else(Default::default, |(batcher, checks)| (Some(batcher), checks));
        let methods = limits.methods(ledger.operator_token());
        let handler = Handler::new(ledger, batcher, clock, stopping, (&limits, watch.clone()));
        let shards = handler.shards.clone();
        let service = LedgerServiceServer::new(handler)
            .max_decoding_message_size(MAX_MESSAGE)
            .max_encoding_message_size(MAX_MESSAGE);
        let service = Service {
            name: <LedgerServiceServer<Handler> as NamedService>::NAME,
            routes: Routes::new(service),
            descriptors: DESCRIPTORS,
            methods,
            health: watch.health(),
        };
        let ending = Box::new(|| {
            shards.close();
            stop.send_replace(true);
        });
        let served = wufu_serve::serve(incoming, service, &limits.serve, shutdown, ending).await;
        stop.send_replace(true);
        if let Some(closer) = closer {
            // It ends by itself. If it panicked, nothing could be done about it here.
            let _ = closer.await;
        }
        watching.abort();
        // No call is left that could send claims.
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

/// Closes each epoch when the next one begins. A failure is logged, and closing is tried again.
async fn close_epochs(watch: Watch, ledger: Ledger, clock: Clock, mut stopping: Receiver<bool>) {
    let (mut last, failures) = (None, Repeats::new());
    while !*stopping.borrow() {
        let now = clock();
        let epoch = ledger.policy().epoch(now);
        if last != Some(epoch) {
            watch.closes();
            let closed = ledger.close_epoch(now).await;
            watch.closed(&closed, now);
            match closed {
                Ok(closed) => {
                    last = Some(epoch);
                    if let Some(before) = failures.over() {
                        tracing::info!(epoch, before, "closing epochs again");
                    }
                    for checkpoint in closed.signed {
                        let (origin, size) = (checkpoint.origin(), checkpoint.size());
                        tracing::info!(origin, size, epoch, "signed a checkpoint");
                    }
                }
                Err(error) => {
                    // The text contains the time, which is different each time.
                    let kind = match &error {
                        EpochError::Store(error) => error.kind(),
                        error => format!("{:?}", discriminant(error)),
                    };
                    if let Some(before) = failures.happened(&kind) {
                        tracing::error!(%error, epoch, before, "could not close the epoch");
                    }
                }
            }
        }
        // A shutdown is noticed at once, and so is a sender that is gone.
        if let Ok(Err(_)) = timeout(TICK, stopping.changed()).await {
            break;
        }
    }
}
