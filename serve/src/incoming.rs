//! The accepted connections that a service is given.

use std::{error::Error, io, pin::Pin};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_stream::{Stream, StreamExt as _};

/// A connection: a TCP stream, a Unix stream, or a test's stand-in for one.
pub trait Transport: AsyncRead + AsyncWrite + Unpin + Send + 'static {}

impl<IO: AsyncRead + AsyncWrite + Unpin + Send + 'static> Transport for IO {}

/// Accepted connections. They must come from a loopback address or a Unix socket, because there is
/// no TLS yet.
///
/// The type does not depend on the kind of connection, so HTTP/2 is compiled once, in this crate,
/// and not again in every program that serves.
pub struct Incoming(Connections);

pub(crate) type Connections = Pin<Box<dyn Stream<Item = io::Result<Box<dyn Transport>>> + Send>>;

impl Incoming {
    pub(crate) fn into_connections(self) -> Connections {
        self.0
    }
}

/// Takes connections from a stream. An error from the stream means that one connection could not be
/// accepted: it is logged, and the stream is polled again.
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

/// Returns the error unchanged if it is an I/O error.
fn as_io(error: Box<dyn Error + Send + Sync>) -> io::Error {
    match error.downcast() {
        Ok(error) => *error,
        Err(other) => io::Error::other(other),
    }
}
