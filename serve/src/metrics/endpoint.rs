//! A port of its own for metrics and probes, over plain HTTP/1.1.
//!
//! - `/metrics`: all metrics, in Prometheus' text format
//! - `/healthz`: 200 as long as the process answers
//! - `/readyz`: 200 if every service of the process serves, else 503 and the reasons
//!
//! Clients of this port can hold little: there are few connections, each carries one request, and
//! each ends within a time limit.

use std::{convert::Infallible, sync::Arc, time::Duration};

use http::{Method, Request, Response, StatusCode, header::CONTENT_TYPE};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{sleep, timeout},
};

use super::{catalogue, process};
use crate::{health, repeats::Repeats};

/// The longest request line and headers, in bytes. It is the least that hyper accepts.
const HEADERS: usize = 8 * 1024;
/// Upper bounds of the buckets of every histogram, in seconds.
const BUCKETS: [f64; 15] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];
/// How often what was recorded is folded into the histograms if nobody asks.
const UPKEEP: Duration = Duration::from_secs(5);
/// How long the listener pauses after a failure.
const REST: Duration = Duration::from_millis(500);

/// Why metrics cannot be recorded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InstallError {
    /// The process has a recorder already.
    #[error("the process records metrics already: {0}")]
    Recorder(#[from] BuildError),
}

/// Limits on what the clients of the metrics port may use.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EndpointLimits {
    /// Open connections. Further ones are closed at once.
    pub connections: usize,
    /// How long a request's headers may take to arrive.
    pub headers: Duration,
    /// How long a connection may last.
    pub whole: Duration,
}

impl Default for EndpointLimits {
    /// 16 connections, 5 seconds for headers, 20 seconds for everything.
    fn default() -> Self {
        let (headers, whole) = (Duration::from_secs(5), Duration::from_secs(20));
        Self { connections: 16, headers, whole }
    }
}

/// Renders what was recorded. Cloning is cheap.
#[derive(Clone)]
pub struct Exporter(PrometheusHandle);

impl std::fmt::Debug for Exporter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Exporter").finish_non_exhaustive()
    }
}

impl Exporter {
    /// All metrics, in Prometheus' text format.
    pub fn render(&self) -> String {
        health::record();
        let mut text = self.0.render();
        process::render(&mut text);
        text
    }
}

/// Begins to record metrics in this process.
///
/// # Errors
/// Returns an error if the process has a recorder already.
pub fn install() -> Result<Exporter, InstallError> {
    let recorder = PrometheusBuilder::new().set_buckets(&BUCKETS)?.install_recorder()?;
    catalogue::describe();
    Ok(Exporter(recorder))
}

/// Answers requests for metrics and probes. It never returns; dropping the future ends it.
pub async fn serve(listener: TcpListener, exporter: Exporter, limits: EndpointLimits) {
    let (places, failures) = (Arc::new(Semaphore::new(limits.connections)), Repeats::new());
    let upkeep = exporter.clone();
    let _upkeep = AbortOnDrop(tokio::spawn(async move {
        loop {
            sleep(UPKEEP).await;
            upkeep.0.run_upkeep();
        }
    }));
    let mut connections = tokio::task::JoinSet::new();
    loop {
        // Ended tasks are forgotten.
        while connections.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, _)) => {
                let Ok(place) = places.clone().try_acquire_owned() else { continue };
                let (exporter, limits) = (exporter.clone(), limits.clone());
                connections.spawn(async move {
                    let _place = place;
                    // A client that left early, or was too slow, is of no interest.
                    let _ = timeout(limits.whole, attend(stream, exporter, &limits)).await;
                });
            }
            Err(error) => {
                if let Some(before) = failures.happened(&format!("{:?}", error.kind())) {
                    tracing::warn!(%error, before, "could not accept a connection for metrics");
                }
                sleep(REST).await;
            }
        }
    }
}

struct AbortOnDrop(tokio::task::JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Answers one request.
async fn attend(
    stream: TcpStream,
    exporter: Exporter,
    limits: &EndpointLimits,
) -> Result<(), hyper::Error> {
    let answer = service_fn(move |request: Request<Incoming>| {
        let response = respond(&exporter, request.method(), request.uri().path());
        async move { Ok::<_, Infallible>(response) }
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.headers)
        .max_buf_size(HEADERS)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), answer)
        .await
}

fn respond(exporter: &Exporter, method: &Method, path: &str) -> Response<String> {
    if !matches!(*method, Method::GET | Method::HEAD) {
        return text(StatusCode::METHOD_NOT_ALLOWED, "expected GET\n".into());
    }
    match path {
        "/metrics" => text(StatusCode::OK, exporter.render()),
        "/healthz" => text(StatusCode::OK, "ok\n".into()),
        "/readyz" => match health::conditions() {
            None => text(StatusCode::SERVICE_UNAVAILABLE, "not ready: starting\n".into()),
            Some(held) if held.is_empty() => text(StatusCode::OK, "ready\n".into()),
            Some(held) => {
                let names: Vec<&str> = held.iter().map(|held| held.as_str()).collect();
                let why = format!("not ready: {}\n", names.join(", "));
                text(StatusCode::SERVICE_UNAVAILABLE, why)
            }
        },
        _ => text(StatusCode::NOT_FOUND, "expected /metrics, /healthz or /readyz\n".into()),
    }
}

fn text(status: StatusCode, body: String) -> Response<String> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let kind = http::HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}
