//! How a call ends.

use http::HeaderMap;
use metrics::{SharedString, counter, gauge, histogram};
use tokio::time::Instant;
use tonic::Code;

use super::names as n;

/// A call that has begun. It is recorded once, when it ends. A call that is dropped before its last
/// byte was handed out counts as cancelled.
pub(crate) struct Outcome {
    method: SharedString,
    began: Instant,
    counts: bool,
    done: bool,
}

impl Outcome {
    /// `attends` tells whether the call is one for health or reflection.
    pub(crate) fn begin(method: SharedString, attends: bool) -> Self {
        let counts = !attends;
        if counts {
            gauge!(n::IN_FLIGHT).increment(1.0);
        }
        Self { method, began: Instant::now(), counts, done: false }
    }

    /// Records the end, with a gRPC code.
    pub(crate) fn end(&mut self, code: Code) {
        if std::mem::replace(&mut self.done, true) {
            return;
        }
        let method = self.method.clone();
        counter!(n::REQUESTS, "method" => method.clone(), "code" => name(code)).increment(1);
        if self.counts {
            gauge!(n::IN_FLIGHT).decrement(1.0);
            let time = self.began.elapsed().as_secs_f64();
            histogram!(n::REQUEST_SECONDS, "method" => method).record(time);
        }
    }

    /// Records the end, if these headers or trailers hold a code.
    pub(crate) fn end_by(&mut self, headers: &HeaderMap) {
        if let Some(code) = headers.get("grpc-status") {
            self.end(Code::from_bytes(code.as_bytes()));
        }
    }
}

impl Drop for Outcome {
    fn drop(&mut self) {
        self.end(Code::Cancelled);
    }
}

/// The name of a code, as gRPC's specification writes it.
fn name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
