//! Connections: how many there may be, and when one is closed because its client is silent or does
//! not read.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, Sleep, sleep},
};
use tokio_stream::Stream;
use tonic::transport::server::Connected;

use crate::{
    flow::Clock,
    incoming::{Connections, Incoming},
    limits::Limits,
    metrics::{self, Reason, names},
    peer::Peer,
    repeats::Repeats,
    tls::{TlsServer, TlsTransport},
    transport::Transport,
};

/// What every client sends first: HTTP/2's preface and an empty SETTINGS frame. In bytes.
const GREETING: usize = 24 + 9;
/// How long a connection may be silent or idle once the limit on connections was reached, and for
/// how long after that this rule holds.
const CROWDED: Duration = Duration::from_secs(1);
const CROWD: Duration = Duration::from_secs(5);
/// How long the listener pauses after a failure: at first, and at most.
const REST: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// What all connections of a service share.
pub(crate) struct ConnectionLimiter {
    limits: Limits,
    most: usize,
    places: Arc<Semaphore>,
    clock: Clock,
    // Until this time, idle connections are closed to make room for others.
    crowded: AtomicU64,
    closed: AtomicBool,
    refused: Repeats,
    failed: Repeats,
}

impl ConnectionLimiter {
    pub(crate) fn new(limits: &Limits) -> Self {
        let most = limits.places();
        Self {
            limits: limits.clone(),
            most,
            places: Arc::new(Semaphore::new(most)),
            clock: Clock::start(),
            crowded: AtomicU64::new(0),
            closed: AtomicBool::new(false),
            refused: Repeats::new(),
            failed: Repeats::new(),
        }
    }

    /// Closes every connection.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    fn place(&self) -> Option<OwnedSemaphorePermit> {
        let place = self.places.clone().try_acquire_owned().ok();
        if place.is_none() {
            metrics::refused(Reason::Connections);
            let until = self.clock.now().saturating_add(CROWD.as_millis() as u64);
            self.crowded.store(until, Ordering::Relaxed);
            if let Some(before) = self.refused.happened("full") {
                let most = self.most;
                tracing::warn!(most, before, "refusing connections: every place is taken");
            }
        }
        place
    }

    fn is_crowded(&self) -> bool {
        self.clock.now() < self.crowded.load(Ordering::Relaxed)
    }
}

/// The incoming connections, each in one of a limited number of places. A connection that finds no
/// free place is closed at once. When a connection cannot be accepted, the error is logged and the
/// listener pauses: if the process is out of file descriptors, accepting would fail again at once,
/// and the loop would keep everything else from running.
pub(crate) struct BoundedIncoming {
    incoming: Connections,
    tls: Option<TlsServer>,
    house: Arc<ConnectionLimiter>,
    rest: Option<Pin<Box<Sleep>>>,
    next: Duration,
}

impl BoundedIncoming {
    pub(crate) fn new(incoming: Incoming, house: Arc<ConnectionLimiter>) -> Self {
        let Incoming { connections: incoming, tls, .. } = incoming;
        Self { incoming, tls, house, rest: None, next: REST.0 }
    }

    fn failed(&mut self, error: &io::Error) {
        use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
        let kind = error.kind();
        // A client that left before it was accepted is not a failure on our side.
        if matches!(kind, ConnectionAborted | ConnectionReset | Interrupted) {
            return;
        }
        if let Some(before) = self.house.failed.happened(&format!("{kind:?}")) {
            tracing::warn!(%error, before, "could not accept a connection");
        }
        self.rest = Some(Box::pin(sleep(self.next)));
        self.next = (self.next * 2).min(REST.1);
    }
}

impl Stream for BoundedIncoming {
    type Item = io::Result<Connection>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if let Some(rest) = &mut this.rest {
                ready!(rest.as_mut().poll(cx));
                this.rest = None;
            }
            match ready!(this.incoming.as_mut().poll_next(cx)) {
                None => return Poll::Ready(None),
                Some(Err(error)) => this.failed(&error),
                Some(Ok(io)) => {
                    this.next = REST.0;
                    if let Some(before) = this.house.failed.over() {
                        tracing::info!(before, "accepting connections again");
                    }
                    if let Some(place) = this.house.place() {
                        let connection = Connection::new(io, &this.tls, &this.house, place);
                        return Poll::Ready(Some(Ok(connection)));
                    }
                }
            }
        }
    }
}

/// A connection that holds one of the places.
pub(crate) struct Connection {
    io: Box<dyn Transport>,
    house: Arc<ConnectionLimiter>,
    peer: Peer,
    // How many bytes of the greeting have arrived.
    greeted: usize,
    look: Pin<Box<Sleep>>,
    // While the socket accepts no bytes: the time by which it must.
    blocked: Option<Pin<Box<Sleep>>>,
    _place: OwnedSemaphorePermit,
    _counted: Counted,
}

/// Counts a connection as open until it is dropped.
struct Counted;

impl Counted {
    fn new() -> Self {
        ::metrics::counter!(names::CONNECTIONS_TOTAL).increment(1);
        ::metrics::gauge!(names::CONNECTIONS).increment(1.0);
        Self
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        ::metrics::gauge!(names::CONNECTIONS).decrement(1.0);
    }
}

impl Connection {
    fn new(
        io: Box<dyn Transport>,
        tls: &Option<TlsServer>,
        house: &Arc<ConnectionLimiter>,
        place: OwnedSemaphorePermit,
    ) -> Self {
        let look = Box::pin(sleep(house.limits.tick()));
        let (house, peer) = (house.clone(), Peer::new());
        let io: Box<dyn Transport> = match tls {
            Some(tls) => Box::new(TlsTransport::new(io, tls.clone(), peer.clone())),
            None => io,
        };
        let (blocked, _counted) = (None, Counted::new());
        Self { io, house, peer, greeted: 0, look, blocked, _place: place, _counted }
    }

    /// Checks regularly whether the connection may stay. This runs in the connection's own task,
    /// which hyper wakes by polling the socket.
    fn watch(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        while self.look.as_mut().poll(cx).is_ready() {
            self.inspect().map_err(|why| io::Error::new(io::ErrorKind::TimedOut, why))?;
            self.look.as_mut().reset(Instant::now() + self.house.limits.tick());
        }
        Ok(())
    }

    fn inspect(&self) -> Result<(), &'static str> {
        let (limits, now) = (&self.house.limits, self.peer.now());
        let waits = |limit: Duration| {
            if self.house.is_crowded() { limit.min(CROWDED) } else { limit }.as_millis()
        };
        if self.house.closed.load(Ordering::Relaxed) {
            return Err("the service has shut down");
        }
        if self.greeted < GREETING {
            let late = u128::from(now) >= waits(limits.greeting);
            return if late {
                Err("the client did not send HTTP/2's greeting in time")
            } else {
                Ok(())
            };
        }
        if self.peer.is_idle() {
            let since = now.saturating_sub(self.peer.idle_since());
            if u128::from(since) >= waits(limits.idle) {
                return Err("the client made no call in time");
            }
        }
        if self.peer.flows().are_stuck(limits, now) {
            return Err("the client does not read its answers");
        }
        Ok(())
    }

    /// Checks the time limit for the greeting. With TLS, what is written first waits for the
    /// client's part of the handshake.
    fn greet(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if self.greeted < GREETING { self.watch(cx) } else { Ok(()) }
    }

    /// Limits how long the socket may accept no bytes.
    fn progress<T>(
        &mut self,
        cx: &mut Context<'_>,
        polled: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.blocked = None;
            return polled;
        }
        let stall = self.house.limits.stall;
        let blocked = self.blocked.get_or_insert_with(|| Box::pin(sleep(stall)));
        ready!(blocked.as_mut().poll(cx));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client does not read")))
    }
}

impl Connected for Connection {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        self.peer.clone()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.watch(cx)?;
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.io).poll_read(cx, buffer);
        if this.greeted < GREETING {
            this.greeted += buffer.filled().len() - before;
        }
        read
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.greet(cx)?;
        let polled = Pin::new(&mut this.io).poll_write(cx, bytes);
        this.progress(cx, polled)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.greet(cx)?;
        let polled = Pin::new(&mut this.io).poll_flush(cx);
        this.progress(cx, polled)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.io).poll_shutdown(cx);
        this.progress(cx, polled)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.greet(cx)?;
        let polled = Pin::new(&mut this.io).poll_write_vectored(cx, bytes);
        this.progress(cx, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

    use super::*;

    fn connection(limits: &Limits) -> (Connection, DuplexStream, Arc<ConnectionLimiter>) {
        let house = Arc::new(ConnectionLimiter::new(limits));
        let (io, client) = duplex(16);
        let place = house.place().unwrap();
        (Connection::new(Box::new(io), &None, &house, place), client, house)
    }

    /// The error with which a connection's task ends, which must not take long.
    async fn ended(work: impl Future<Output = io::Result<()>>) -> String {
        let work = tokio::time::timeout(Duration::from_secs(60), work);
        work.await.expect("it goes on").unwrap_err().to_string()
    }

    /// Rows of docs/failures.md: 40.
    /// A client that stopped reading once held its connection's buffers.
    #[tokio::test]
    async fn a_socket_that_takes_nothing_is_given_up() {
        let limits = Limits { stall: Duration::from_millis(50), ..Limits::default() };
        let (mut connection, client, _house) = connection(&limits);
        let text = ended(async { connection.write_all(&[0; 17]).await }).await;
        assert_eq!(text, "the client does not read");
        drop(client);
    }

    /// Rows of docs/failures.md: 40.
    #[tokio::test]
    async fn a_connection_ends_with_its_service() {
        let (mut connection, client, house) = connection(&Limits::default());
        house.close();
        let text = ended(async { connection.read_u8().await.map(drop) }).await;
        assert_eq!(text, "the service has shut down");
        drop(client);
    }
}
