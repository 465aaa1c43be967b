//! Runs a service until it is told to stop.

use std::{sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use tokio::{
    sync::oneshot,
    task::AbortHandle,
    time::{sleep, timeout},
};
use tonic::{service::Routes, transport::server::Server};
use tonic_health::{
    ServingStatus,
    server::{HealthReporter, health_reporter},
};

use crate::{
    call::CallLimiter,
    connection::{BoundedIncoming, ConnectionLimiter},
    gate::Gate,
    health::{self, Condition, Health},
    incoming::Incoming,
    limits::Limits,
    methods::Methods,
    metrics::{self, MethodNames},
    watched::Watched,
};

/// The longest list of headers of a call, in bytes.
const HEADERS: u32 = 8 * 1024;
/// How long the remaining connections may take to close once no call is left.
const GOODBYE: Duration = Duration::from_secs(1);
/// How long clients that watch the health have to read that the service ends.
const FAREWELL: Duration = Duration::from_millis(100);
/// How long it may take to close the others by force: each notices within a second.
const CLOSE: Duration = Duration::from_secs(2);

/// A service to run.
#[derive(Debug)]
pub struct Service {
    /// The full name, such as `wufu.v1.LedgerService`.
    pub name: &'static str,
    /// The handlers.
    pub routes: Routes,
    /// The descriptor set that describes the service, for reflection.
    pub descriptors: &'static [u8],
    /// The limits of its calls.
    pub methods: Methods,
    /// Whether it can do its work. Health checks report it.
    pub health: Health,
}

/// Errors that stop a service.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The service's descriptor set is malformed. This is our bug.
    #[error("reflection: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// The transport failed.
    #[error(transparent)]
    Transport(#[from] tonic::transport::Error),
}

/// How a service ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceEnd {
    /// Every call was finished.
    Whole,
    /// The grace time was over before all calls were finished.
    Cut {
        /// The number of calls that a handler was still working on. All others only waited for
        /// their client.
        working: usize,
    },
}

/// Serves until `shutdown` resolves, with health checks and reflection.
///
/// The shutdown then goes as follows: `ending` is called; no call is admitted any more; streams for
/// health and reflection end; requests that have not arrived completely are refused; calls in
/// flight are finished within the grace time. At last, all connections are closed.
///
/// The function is neither generic nor an `async fn`, so it is compiled in this crate, and not in
/// each crate that calls it.
///
/// # Errors
/// Returns an error if the transport fails.
pub fn serve<'a>(
    incoming: Incoming,
    service: Service,
    limits: &'a Limits,
    shutdown: BoxFuture<'a, ()>,
    ending: Box<dyn FnOnce() + Send + 'a>,
) -> BoxFuture<'a, Result<ServiceEnd, ServeError>> {
    Box::pin(async move {
        let Service { name, routes, descriptors, methods, health: own } = service;
        let (mut health, health_service) = health_reporter();
        tell(&mut health, name, &own).await;
        let _running = health::register(&own);
        metrics::start(name);
        let names = MethodNames::of(name, descriptors);
        let reflection = || {
            tonic_reflection::server::Builder::configure()
                .register_encoded_file_descriptor_set(descriptors)
                .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
                // List only this service: the descriptor set describes the other roles, too.
                .with_service_name(name)
                .with_service_name("grpc.health.v1.Health")
        };
        let (house, desk) =
            (Arc::new(ConnectionLimiter::new(limits)), Arc::new(CallLimiter::new(limits)));
        let _closing = CloseOnDrop(house.clone());
        let _watching = (
            incoming.tls.as_ref().map(|tls| AbortOnDrop::watch(&tls.watched())),
            incoming.tokens.as_ref().map(|tokens| AbortOnDrop::watch(&tokens.watched())),
        );
        let (end, ended) = oneshot::channel::<()>();
        let serving = Server::builder()
            .http2_keepalive_interval(Some(Duration::from_secs(30)))
            .http2_keepalive_timeout(Some(Duration::from_secs(10)))
            .http2_max_header_list_size(HEADERS)
            .initial_connection_window_size(limits.windows.0)
            .initial_stream_window_size(limits.windows.1)
            .max_concurrent_streams(limits.streams)
            .layer(Gate::new(name, methods, incoming.access(), names, desk.clone()))
            .add_routes(routes)
            .add_service(health_service)
            .add_service(reflection().build_v1()?)
            .add_service(reflection().build_v1alpha()?)
            .serve_with_incoming_shutdown(BoundedIncoming::new(incoming, house.clone()), async {
                // If the sender is dropped, that means the same.
                let _ = ended.await;
            });
        tokio::pin!(serving);
        tokio::select! {
            served = &mut serving => return Ok(served.map(|()| ServiceEnd::Whole)?),
            () = follow(&mut health, name, &own) => {}
            () = shutdown => {}
        }

        tracing::info!("shutting down: refusing new calls, finishing the requests in flight");
        ending();
        own.set(Condition::Ending);
        tell(&mut health, name, &own).await;
        // Clients that watch the health are told, and then their streams end.
        for watched in [name, ""] {
            health.clear_service_status(watched).await;
        }
        // Their tasks need a moment for that. Streams that are still open afterwards are cut off.
        sleep(FAREWELL).await;
        desk.ending.cancel();
        let _ = end.send(());
        let finished = async {
            tokio::select! {
                served = &mut serving => Some(served),
                () = desk.empty() => None,
            }
        };
        match timeout(limits.grace, finished).await {
            Ok(Some(served)) => return Ok(served.map(|()| ServiceEnd::Whole)?),
            Ok(None) => {}
            Err(_) => {
                let working = desk.working();
                house.close();
                let _ = timeout(CLOSE, serving).await;
                return Ok(ServiceEnd::Cut { working });
            }
        }
        // There is no need to wait for a client that keeps a connection open without a call.
        if let Ok(served) = timeout(GOODBYE, &mut serving).await {
            return Ok(served.map(|()| ServiceEnd::Whole)?);
        }
        house.close();
        let _ = timeout(CLOSE, serving).await;
        Ok(ServiceEnd::Whole)
    })
}

/// A task that reads files again, as long as the service runs.
struct AbortOnDrop(AbortHandle);

impl AbortOnDrop {
    fn watch<T: Clone + Send + Sync + 'static>(watched: &Arc<Watched<T>>) -> Self {
        Self(tokio::spawn(Watched::watch(Arc::downgrade(watched))).abort_handle())
    }
}

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Reports whether the service serves: by its name, and as the whole server.
async fn tell(reporter: &mut HealthReporter, name: &'static str, health: &Health) {
    let serves = health.conditions().is_empty();
    let status = if serves { ServingStatus::Serving } else { ServingStatus::NotServing };
    for watched in [name, ""] {
        reporter.set_service_status(watched, status).await;
    }
}

/// Reports every change. It never returns.
async fn follow(reporter: &mut HealthReporter, name: &'static str, health: &Health) {
    let mut changes = health.watch();
    // The sender is in `health`.
    while changes.changed().await.is_ok() {
        let held: Vec<&str> = health.conditions().iter().map(|held| held.as_str()).collect();
        if held.is_empty() {
            tracing::info!(service = name, "serving again");
        } else {
            tracing::error!(service = name, reasons = held.join(", "), "not serving");
        }
        tell(reporter, name, health).await;
    }
}

/// Closes all connections when the service ends, whatever the reason.
struct CloseOnDrop(Arc<ConnectionLimiter>);

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        self.0.close();
    }
}
