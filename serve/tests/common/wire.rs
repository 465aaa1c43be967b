//! A client that does what no honest client does: it sends half a request, and does not read its
//! answer.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    future::Future,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use h2::{
    SendStream,
    client::{ResponseFuture, SendRequest},
};
use tokio::{
    net::TcpStream,
    task::{JoinHandle, JoinSet},
    time::timeout,
};
use tonic::{
    Code,
    codegen::{
        Bytes,
        http::{HeaderMap, Request},
    },
};

/// How long a test waits for anything before it fails.
const LONG: Duration = Duration::from_secs(60);

/// Waits for `work`, but not for ever.
pub async fn within<T>(what: &str, work: impl Future<Output = T>) -> T {
    let done = timeout(LONG, work).await;
    done.unwrap_or_else(|_| panic!("after {LONG:?} still waiting for {what}"))
}

/// An HTTP/2 connection of its own.
pub struct Wire {
    client: SendRequest<Bytes>,
    connection: JoinHandle<Result<(), h2::Error>>,
}

/// A call in progress. Its answer is not read, and its request does not end, unless a test asks for
/// it.
pub struct Call {
    pub answer: ResponseFuture,
    pub send: SendStream<Bytes>,
}

impl Wire {
    /// Connects. `window` is the number of bytes of answers that it accepts unread.
    pub async fn connect(address: SocketAddr, window: u32) -> Self {
        let stream = within("a connection", TcpStream::connect(address)).await.unwrap();
        Self::try_over(stream, window).await.unwrap()
    }

    /// The same, over a connection that the server may have refused.
    pub async fn try_over(stream: TcpStream, window: u32) -> Option<Self> {
        let mut builder = h2::client::Builder::new();
        builder.initial_window_size(window).initial_connection_window_size(1 << 20);
        let (client, connection) = within("a greeting", builder.handshake(stream)).await.ok()?;
        Some(Self { client, connection: tokio::spawn(connection) })
    }

    /// Sends the headers and these bytes. The request ends only if `ends` is true.
    pub async fn call(&mut self, path: &str, token: Option<&str>, body: Bytes, ends: bool) -> Call {
        self.try_call(path, token, body, ends).await.unwrap()
    }

    /// The same, over a connection that the server may have closed.
    pub async fn try_call(
        &mut self,
        path: &str,
        token: Option<&str>,
        body: Bytes,
        ends: bool,
    ) -> Option<Call> {
        let ready = within("a stream", self.client.clone().ready()).await;
        self.client = ready.ok()?;
        let mut request = Request::post(format!("http://127.0.0.1{path}"))
            .header("content-type", "application/grpc")
            .header("te", "trailers");
        if let Some(token) = token {
            request = request.header("authorization", token);
        }
        let request = request.body(()).unwrap();
        let (answer, mut send) = self.client.send_request(request, false).ok()?;
        // The server may stop reading at any point.
        let _ = send.send_data(body, ends);
        Some(Call { answer, send })
    }

    /// How many calls the server takes at the same time.
    pub fn streams(&self) -> usize {
        self.client.current_max_send_streams().min(64)
    }

    /// Waits until the server has closed the connection.
    pub async fn closed(mut self) {
        let _ = within("the server to close the connection", &mut self.connection).await;
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.connection.abort();
    }
}

impl Call {
    /// The code of the answer. `None` if the connection or the stream ended without one.
    pub async fn code(self) -> Option<Code> {
        self.read(true).await
    }

    /// The code of an answer whose body is not read, from its trailers. `None` if it is cut off.
    pub async fn unread(self) -> Option<Code> {
        self.read(false).await
    }

    async fn read(self, reads: bool) -> Option<Code> {
        let Self { answer, send } = self;
        let read = async move {
            let answer = answer.await.ok()?;
            let code = |headers: &HeaderMap| {
                headers.get("grpc-status").map(|value| Code::from_bytes(value.as_bytes()))
            };
            if let Some(code) = code(answer.headers()) {
                return Some(code);
            }
            let mut body = answer.into_body();
            while let Some(data) = body.data().await {
                let length = data.ok()?.len();
                if reads {
                    let _ = body.flow_control().release_capacity(length);
                }
            }
            code(&body.trailers().await.ok()??)
        };
        let code = within("an answer", read).await;
        drop(send);
        code
    }
}

/// Calls whose answers are read only up to their headers.
pub struct Heads {
    refused: Arc<AtomicUsize>,
    _calls: JoinSet<()>,
}

impl Heads {
    pub fn of(calls: impl IntoIterator<Item = Call>) -> Self {
        let (refused, mut tasks) = (Arc::new(AtomicUsize::new(0)), JoinSet::new());
        for Call { answer, send } in calls {
            let refused = refused.clone();
            tasks.spawn(async move {
                let answer = answer.await;
                let headers = answer.as_ref().ok().map(|answer| answer.headers());
                let status = headers.and_then(|headers| headers.get("grpc-status"));
                let code = status.map(|status| Code::from_bytes(status.as_bytes()));
                if code == Some(Code::ResourceExhausted) {
                    refused.fetch_add(1, Ordering::SeqCst);
                }
                std::future::pending::<()>().await;
                drop((answer, send));
            });
        }
        Self { refused, _calls: tasks }
    }

    /// Waits until this many calls are refused because there is no room.
    pub async fn refused(&self, count: usize) {
        within("all others to be refused", async {
            while self.refused.load(Ordering::SeqCst) < count {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await;
    }
}

/// A message in gRPC's framing, with the length that it claims.
pub fn framed(claims: usize, body: &[u8]) -> Bytes {
    [&[0][..], &u32::try_from(claims).unwrap().to_be_bytes(), body].concat().into()
}
