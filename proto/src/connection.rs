//! Connections to services.

use std::pin::Pin;

use tonic::transport::{Channel, Endpoint, Error};

/// The future that [`connect`] returns.
pub type Connecting = Pin<Box<dyn Future<Output = Result<Channel, Error>> + Send>>;

/// Connects to a service, as [`Endpoint::connect`] does.
///
/// The HTTP/2 client is generic, so it would be compiled again in every crate and test binary that
/// connects. Behind this plain function it is compiled once.
///
/// # Errors
/// Returns an error if nobody answers within the endpoint's connect timeout.
pub fn connect(endpoint: Endpoint) -> Connecting {
    Box::pin(async move { endpoint.connect().await })
}
