//! Connections: so many at a time, and none that stays without speaking.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Sleep, sleep},
};
use tokio_stream::{Stream, StreamExt as _};
use tonic::transport::server::Connected;

/// Bytes that a client sends before anything else: HTTP/2's preface and an empty SETTINGS frame.
const GREETING: usize = 24 + 9;

/// Lets `most` connections live at a time, and closes those beyond at once; closes a connection whose client has not
/// greeted after `patience`. (One that goes silent later is found by HTTP/2's own pings.)
pub(super) fn bounded<IO, E>(
    incoming: impl Stream<Item = Result<IO, E>>,
    most: usize,
    patience: Duration,
) -> impl Stream<Item = Result<Connection<IO>, E>> {
    let places = Arc::new(Semaphore::new(most));
    incoming.filter_map(move |io| {
        let io = match io {
            Ok(io) => io,
            Err(error) => return Some(Err(error)),
        };
        let Ok(place) = places.clone().try_acquire_owned() else {
            tracing::warn!(most, "connection refused: there are as many as may be");
            return None;
        };
        let greeting = Some((Box::pin(sleep(patience)), 0));
        Some(Ok(Connection { io, greeting, job: Job::default(), _place: place }))
    })
}

/// All that a handler is told of a connection: whether it was used. Neither an address nor a certificate.
#[derive(Clone, Debug, Default)]
pub(super) struct Job(Arc<AtomicBool>);

impl Job {
    /// Whether this is the connection's first job. It says so once.
    pub(super) fn begin(&self) -> bool {
        !self.0.swap(true, Ordering::Relaxed)
    }
}

/// A connection that holds one of the places.
pub(super) struct Connection<IO> {
    io: IO,
    // Until the client has greeted: when it must have, and the bytes so far.
    greeting: Option<(Pin<Box<Sleep>>, usize)>,
    job: Job,
    _place: OwnedSemaphorePermit,
}

impl<IO: Connected> Connected for Connection<IO> {
    type ConnectInfo = Job;

    fn connect_info(&self) -> Job {
        self.job.clone()
    }
}

impl<IO: AsyncRead + Unpin> AsyncRead for Connection<IO> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.io).poll_read(cx, buffer);
        let Some((silent, bytes)) = &mut this.greeting else { return read };
        *bytes += buffer.filled().len() - before;
        if *bytes >= GREETING {
            this.greeting = None;
        } else if silent.as_mut().poll(cx).is_ready() {
            let error = io::Error::new(io::ErrorKind::TimedOut, "the client did not greet");
            return Poll::Ready(Err(error));
        }
        read
    }
}

impl<IO: AsyncWrite + Unpin> AsyncWrite for Connection<IO> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().io).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().io).poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}
