//! A connection whose handshake takes place when it is first read or written.
//!
//! So the handshake runs in the connection's own task, in one of the limited places, and under the
//! time limit for greetings. A client that is slow to shake hands holds up nobody else.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::{Accept, TlsAcceptor, server::TlsStream};

use super::TlsServer;
use crate::{peer::Peer, principal::Principal, transport::Transport};

type Stream = TlsStream<Box<dyn Transport>>;

pub(crate) struct TlsTransport {
    state: State,
    server: TlsServer,
    peer: Peer,
}

enum State {
    Handshake(Box<Accept<Box<dyn Transport>>>),
    Open(Box<Stream>),
    Failed,
}

impl TlsTransport {
    pub(crate) fn new(io: Box<dyn Transport>, server: TlsServer, peer: Peer) -> Self {
        let accept = TlsAcceptor::from(server.config()).accept(io);
        Self { state: State::Handshake(Box::new(accept)), server, peer }
    }

    /// The open stream, once the handshake is complete.
    fn open(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Pin<&mut Stream>>> {
        if let State::Handshake(accept) = &mut self.state {
            let shaken = ready!(Pin::new(accept.as_mut()).poll(cx)).and_then(agreed);
            self.state = match shaken {
                Ok(stream) => {
                    if let Some(certificate) = stream.get_ref().1.peer_certificates() {
                        self.peer.identify(Principal::of_certificate(certificate));
                    }
                    State::Open(Box::new(stream))
                }
                Err(error) => {
                    self.server.failed(&error);
                    self.state = State::Failed;
                    return Poll::Ready(Err(error));
                }
            };
        }
        Poll::Ready(match &mut self.state {
            State::Open(stream) => Ok(Pin::new(stream.as_mut())),
            State::Handshake(_) | State::Failed => {
                Err(io::Error::new(io::ErrorKind::NotConnected, "the TLS handshake failed"))
            }
        })
    }
}

/// Refuses a client that did not agree on a protocol. rustls itself accepts one that offers none.
fn agreed(stream: Stream) -> io::Result<Stream> {
    if stream.get_ref().1.alpn_protocol().is_none() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "the client offered no protocol (ALPN), expected h2",
        ));
    }
    Ok(stream)
}

impl AsyncRead for TlsTransport {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.get_mut().open(cx))?.poll_read(cx, buffer)
    }
}

impl AsyncWrite for TlsTransport {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.get_mut().open(cx))?.poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.get_mut().open(cx))?.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().state {
            State::Open(stream) => Pin::new(stream.as_mut()).poll_shutdown(cx),
            // Dropping the transport closes the socket.
            State::Handshake(_) | State::Failed => Poll::Ready(Ok(())),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.get_mut().open(cx))?.poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }
}
