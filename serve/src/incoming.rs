//! What a service is given to serve: connections, as they are accepted.

use std::{error::Error, io, pin::Pin};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_stream::{Stream, StreamExt as _};

/// A connection: a TCP stream, a Unix stream, or what a test puts in their place.
pub trait Transport: AsyncRead + AsyncWrite + Unpin + Send + 'static {}

impl<IO: AsyncRead + AsyncWrite + Unpin + Send + 'static> Transport for IO {}

/// Accepted connections, of a loopback address or a Unix socket: until TLS comes, no other is to be served.
///
/// One type, whatever the connections are: HTTP/2 is compiled once, here, and not in every program that serves.
pub struct Incoming(Connections);

pub(crate) type Connections = Pin<Box<dyn Stream<Item = io::Result<Box<dyn Transport>>> + Send>>;

impl Incoming {
    pub(crate) fn into_connections(self) -> Connections {
        self.0
    }
}

/// Connections from a stream. An error is a connection that could not be accepted: it is logged, and
/// the stream is asked again.
impl<S, IO, E> From<S> for Incoming
where
    S: Stream<Item = Result<IO, E>> + Send + 'static,
    IO: Transport,
    E: Into<Box<dyn Error + Send + Sync>>,
{
    fn from(stream: S) -> Self {
        Self(Box::pin(stream.map(|accepted| match accepted {
            Ok(io) => Ok(Box::new(io) as Box<dyn Transport>),
            Err(error) => Err(as_io(error.into())),
        })))
    }
}

/// The error as it is, if it is one of input and output.
fn as_io(error: Box<dyn Error + Send + Sync>) -> io::Error {
    match error.downcast() {
        Ok(error) => *error,
        Err(other) => io::Error::other(other),
    }
}
