//! The accepted connections that a service is given.

use std::{any::Any, error::Error, io, pin::Pin};

use tokio::net::{TcpStream, UnixStream};
use tokio_stream::{Stream, StreamExt as _};

use crate::{
    access::Access, authority::unix_transport, tls::TlsServer, tokens::TokenFile,
    transport::Transport,
};

/// Accepted connections, and what a listener asks of them. Without TLS, they must come from a
/// loopback address or a Unix socket.
///
/// The type does not depend on the kind of connection, so HTTP/2 is compiled once, in this crate,
/// and not again in every program that serves.
pub struct Incoming {
    pub(crate) connections: Connections,
    pub(crate) tls: Option<TlsServer>,
    pub(crate) tokens: Option<TokenFile>,
}

pub(crate) type Connections = Pin<Box<dyn Stream<Item = io::Result<Box<dyn Transport>>> + Send>>;

impl Incoming {
    /// The same connections, over TLS. Each handshake takes place in its connection, in one of the
    /// limited places and within [`Limits::greeting`](crate::Limits::greeting).
    #[must_use]
    pub fn with_tls(self, tls: TlsServer) -> Self {
        Self { tls: Some(tls), ..self }
    }

    /// The same connections, but callers of restricted methods must show one of these tokens.
    #[must_use]
    pub fn with_tokens(self, tokens: TokenFile) -> Self {
        Self { tokens: Some(tokens), ..self }
    }

    /// Whether the listener asks clients for a certificate.
    pub fn asks_for_certificates(&self) -> bool {
        self.tls.as_ref().is_some_and(TlsServer::asks_for_certificates)
    }

    /// Whether the listener knows clients by their tokens.
    pub fn knows_tokens(&self) -> bool {
        self.tokens.is_some()
    }

    pub(crate) fn access(&self) -> Access {
        Access { tokens: self.tokens.clone(), certificates: self.asks_for_certificates() }
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
        let connections = stream.map(|accepted| match accepted {
            Ok(io) => Ok(fitted(io)),
            Err(error) => Err(as_io(error.into())),
        });
        Self { connections: Box::pin(connections), tls: None, tokens: None }
    }
}

/// Prepares a connection. With TCP_NODELAY, the last part of an answer does not wait for the
/// client's acknowledgement of the part before it, which takes 40 ms.
fn fitted(io: impl Transport) -> Box<dyn Transport> {
    if let Some(stream) = (&io as &dyn Any).downcast_ref::<TcpStream>() {
        // It only costs time if this fails.
        let _ = stream.set_nodelay(true);
    }
    let mut io = Some(io);
    let unix = (&mut io as &mut dyn Any).downcast_mut::<Option<UnixStream>>();
    if let Some(stream) = unix.and_then(Option::take) {
        return unix_transport(stream);
    }
    match io {
        Some(io) => Box::new(io),
        // Only a Unix stream was taken, and it has been returned.
        None => Box::new(tokio::io::empty()),
    }
}

/// Returns the error unchanged if it is an I/O error.
fn as_io(error: Box<dyn Error + Send + Sync>) -> io::Error {
    match error.downcast() {
        Ok(error) => *error,
        Err(other) => io::Error::other(other),
    }
}
