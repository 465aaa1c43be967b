//! An answer's bytes, on their way to the client.

use std::{
    any::Any,
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::HeaderMap;
use http_body::Frame;
use tokio_util::sync::WaitForCancellationFutureOwned;
use tonic::{Status, body::Body};

use crate::{
    budget::Charge,
    call::Call,
    flow::Flow,
    metrics::{Outcome, names},
    queue::Queue,
    request::ending,
};

/// How many bytes the transport gets at a time. The rest stays here until it asks for more.
const PIECE: usize = 16 * 1024;

/// A value that stays alive until an answer has been sent or abandoned. The handler puts it into
/// the response's extensions.
#[derive(Clone)]
pub struct ResponseGuard {
    held: Arc<dyn Any + Send + Sync>,
    queue: Queue,
}

impl ResponseGuard {
    /// Keeps `held` alive until the answer is gone.
    pub fn new(held: impl Any + Send + Sync) -> Self {
        Self::wanted(held, &Queue::default())
    }

    /// Keeps `held` alive, while the calls in `queue` wait for it. As long as any call waits, the
    /// client must read faster: see [`crate::Limits::wanted`].
    pub fn wanted(held: impl Any + Send + Sync, queue: &Queue) -> Self {
        Self { held: Arc::new(held), queue: queue.clone() }
    }
}

impl fmt::Debug for ResponseGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseGuard").field("owners", &Arc::strong_count(&self.held)).finish()
    }
}

/// An answer's body. Its bytes count as unsent until the socket has taken them.
pub(crate) struct ResponseBody {
    inner: Body,
    rest: Bytes,
    call: Arc<Call>,
    flow: Arc<Flow>,
    hold: Option<ResponseGuard>,
    outcome: Outcome,
    // Resolves when the shutdown cuts off the calls in flight.
    ending: Option<Pin<Box<WaitForCancellationFutureOwned>>>,
    done: bool,
}

impl ResponseBody {
    pub(crate) fn new(
        inner: Body,
        call: Arc<Call>,
        hold: Option<ResponseGuard>,
        attends: bool,
        outcome: Outcome,
    ) -> Self {
        let queue = hold.as_ref().map(|hold| hold.queue.clone()).unwrap_or_default();
        let flow = Arc::new(Flow::new(queue));
        call.peer.flows().add(Arc::downgrade(&flow));
        let ending = attends.then(|| Box::pin(call.desk.ending.clone().cancelled_owned()));
        Self { inner, rest: Bytes::new(), call, flow, hold, outcome, ending, done: false }
    }

    /// Takes the handler's next bytes. Returns trailers instead if too many bytes are unsent
    /// already.
    fn take(&mut self, data: Bytes) -> Option<Frame<Bytes>> {
        let length = data.len();
        let mut charge = None;
        // Shorter answers are covered by what every call is charged.
        if length > PIECE {
            match self.call.desk.unsent.take(length) {
                Ok(taken) => charge = Some(taken),
                Err(status) => return Some(self.end(&status)),
            }
        }
        self.flow.gave(length, self.call.peer.now());
        metrics::gauge!(names::UNSENT_BYTES).increment(length as f64);
        let (flow, call, hold) = (self.flow.clone(), self.call.clone(), self.hold.clone());
        let unsent = UnsentBytes { data, flow, _call: call, _hold: hold, _charge: charge };
        self.rest = Bytes::from_owner(unsent);
        None
    }

    fn end(&mut self, status: &Status) -> Frame<Bytes> {
        self.done = true;
        self.outcome.end(status.code());
        let mut trailers = HeaderMap::new();
        // The texts are our own, and all of them are valid header values.
        let _ = status.add_header(&mut trailers);
        Frame::trailers(trailers)
    }
}

/// Bytes that count as unsent until the last slice of them is dropped.
struct UnsentBytes {
    data: Bytes,
    flow: Arc<Flow>,
    _call: Arc<Call>,
    _hold: Option<ResponseGuard>,
    _charge: Option<Charge>,
}

impl AsRef<[u8]> for UnsentBytes {
    fn as_ref(&self) -> &[u8] {
        &self.data
    }
}

impl Drop for UnsentBytes {
    fn drop(&mut self) {
        self.flow.sent(self.data.len());
        metrics::gauge!(names::UNSENT_BYTES).decrement(self.data.len() as f64);
    }
}

impl http_body::Body for ResponseBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = self.get_mut();
        loop {
            if !this.rest.is_empty() {
                this.flow.moved(this.call.peer.now());
                let piece = this.rest.split_to(PIECE.min(this.rest.len()));
                return Poll::Ready(Some(Ok(Frame::data(piece))));
            }
            // The last piece has been handed out, so this keeps nothing of it.
            this.rest = Bytes::new();
            if this.done {
                return Poll::Ready(None);
            }
            match Pin::new(&mut this.inner).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) if data.is_empty() => {}
                    Ok(data) => {
                        if let Some(refusal) = this.take(data) {
                            return Poll::Ready(Some(Ok(refusal)));
                        }
                    }
                    Err(frame) => {
                        if let Some(trailers) = frame.trailers_ref() {
                            this.outcome.end_by(trailers);
                        }
                        return Poll::Ready(Some(Ok(frame)));
                    }
                },
                Poll::Ready(other) => {
                    if let Some(Err(status)) = &other {
                        this.outcome.end(status.code());
                    }
                    return Poll::Ready(other);
                }
                Poll::Pending => {
                    let Some(cut) = &mut this.ending else { return Poll::Pending };
                    ready!(cut.as_mut().poll(cx));
                    let end = this.end(&ending());
                    return Poll::Ready(Some(Ok(end)));
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && (self.done || self.inner.is_end_stream())
    }
}
