//! What a service is given to serve: connections, as they are accepted.

use std::error::Error;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_stream::Stream;
use tonic::transport::server::Connected;

/// A connection: a TCP stream, a Unix stream, or what a test puts in their place.
pub trait Transport: AsyncRead + AsyncWrite + Connected + Unpin + Send + 'static {}

impl<IO: AsyncRead + AsyncWrite + Connected + Unpin + Send + 'static> Transport for IO {}

/// Accepted connections, of a loopback address or a Unix socket: until TLS comes, no other is to be served.
pub trait Incoming: Stream<Item = Result<Self::Io, Self::Error>> {
    /// A connection.
    type Io: Transport;
    /// Why one could not be accepted.
    type Error: Into<Box<dyn Error + Send + Sync>>;
}

impl<S, IO, E> Incoming for S
where
    S: Stream<Item = Result<IO, E>>,
    IO: Transport,
    E: Into<Box<dyn Error + Send + Sync>>,
{
    type Io = IO;
    type Error = E;
}
