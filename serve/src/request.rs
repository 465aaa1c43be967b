//! A request's bytes, on their way to the decoder.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_util::sync::WaitForCancellationFutureOwned;
use tonic::{Status, body::Body};

use crate::{
    call::Call,
    frames::Frames,
    methods::Method,
    metrics::{self, Reason},
};

/// A request's body, which must arrive in time and within its limits.
pub(crate) struct RequestBody {
    inner: Body,
    call: Arc<Call>,
    frames: Frames,
    limit: Duration,
    late: Pin<Box<Sleep>>,
    ending: Pin<Box<WaitForCancellationFutureOwned>>,
    done: bool,
}

impl RequestBody {
    pub(crate) fn new(inner: Body, call: Arc<Call>, method: &Method, came: Instant) -> Self {
        let limit = call.desk.limits.receive;
        let ending = Box::pin(call.desk.ending.clone().cancelled_owned());
        let (frames, late) = (Frames::new(method), Box::pin(sleep_until(came + limit)));
        Self { inner, call, frames, limit, late, ending, done: false }
    }

    fn poll_inner(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        // The time is checked first, so that it also stops a client that never stops sending.
        if self.late.as_mut().poll(cx).is_ready() {
            metrics::refused(Reason::Slow);
            let text = format!("the request was not complete {:?} after its headers", self.limit);
            return Poll::Ready(Some(Err(Status::deadline_exceeded(text))));
        }
        if let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(cx) {
            let call = &self.call;
            return Poll::Ready(frame.map(|frame| {
                let frame = frame?;
                let data = frame.data_ref().map_or(&[] as &[u8], |data| &data[..]);
                self.frames.look(data, |length| call.message(length)).inspect_err(|status| {
                    // A refusal for want of memory is counted where it is made.
                    if status.code() == tonic::Code::OutOfRange {
                        metrics::refused(Reason::Size);
                    }
                })?;
                Ok(frame)
            }));
        }
        if self.ending.as_mut().poll(cx).is_ready() {
            metrics::refused(Reason::Ending);
            return Poll::Ready(Some(Err(ending())));
        }
        Poll::Pending
    }
}

/// What a client is told when the shutdown cuts off its call.
pub(crate) fn ending() -> Status {
    Status::unavailable("the service is shutting down")
}

impl http_body::Body for RequestBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = self.get_mut();
        if this.done {
            return Poll::Ready(None);
        }
        let polled = this.poll_inner(cx);
        this.done = matches!(polled, Poll::Ready(None | Some(Err(_))));
        if this.done || this.inner.is_end_stream() {
            this.call.received();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.done || self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
