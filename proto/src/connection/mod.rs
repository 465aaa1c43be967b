//! Connections to services: what every client has in common.
//!
//! Only TLS may leave the machine. Without it, clients connect to loopback addresses and Unix
//! sockets alone; who names an address checks that.

mod error;
mod tls;
mod trust;

use std::{pin::Pin, time::Duration};

use hyper_util::rt::TokioIo;
use tonic::transport::{Channel, Endpoint, Error, Uri};

pub use error::{CertificateFault, TlsClientError};
pub use tls::{ClientCertificate, TlsClient};
pub use trust::{Authorities, PublicKeyHash, TrustError, trust_only};

/// The future that [`connect`] returns.
pub type Connecting = Pin<Box<dyn Future<Output = Result<Channel, Error>> + Send>>;

/// How often a client asks whether the server is still there while a call is open, and how long the
/// server may take to answer. Without this, a call would wait for its whole time limit when the
/// network is cut.
const KEEP_ALIVE: (Duration, Duration) = (Duration::from_secs(20), Duration::from_secs(10));

/// Connects to a service without TLS, as [`Endpoint::connect`] does.
///
/// The HTTP/2 client is generic, so it would be compiled again in every crate and test binary that
/// connects. Behind this plain function it is compiled once.
///
/// # Errors
/// Returns an error if nobody answers within the endpoint's connect timeout.
pub fn connect(endpoint: Endpoint) -> Connecting {
    Box::pin(async move { kept(endpoint).connect().await })
}

/// Connects to a service over TLS. The endpoint's URI is `https://HOST:PORT`, with the client's
/// host and port.
///
/// # Errors
/// Returns an error if nobody answers within the endpoint's connect timeout, or if the server's
/// certificate is not accepted. Its sources have a [`TlsClientError`].
pub fn connect_tls(endpoint: Endpoint, client: TlsClient) -> Connecting {
    Box::pin(async move {
        let connector = tower::service_fn(move |_: Uri| {
            let client = client.clone();
            async move { client.open().await.map(TokioIo::new) }
        });
        kept(endpoint).connect_with_connector(connector).await
    })
}

fn kept(endpoint: Endpoint) -> Endpoint {
    endpoint.http2_keep_alive_interval(KEEP_ALIVE.0).keep_alive_timeout(KEEP_ALIVE.1)
}
