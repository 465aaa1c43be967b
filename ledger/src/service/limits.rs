//! Limits on the work of a ledger's service.

use std::{sync::Arc, time::Duration};

use http::{HeaderMap, header::AUTHORIZATION};
use tonic::Status;
use wufu_serve::{Budget, Method, Methods};

use crate::OperatorToken;

/// The largest answer, and the operator's largest request, in bytes. A full shard of donations has
/// 3.7 MB, a roof 2 MiB.
pub const MAX_MESSAGE: usize = 8 << 20;
/// The largest claim, in bytes.
pub const MAX_CLAIM: usize = 4 << 10;
/// The largest request of every other call, in bytes.
pub const MAX_QUERY: usize = 1 << 10;
/// The most entries in one `Append`. Its answer has 0.9 kB for each, and stays below
/// [`MAX_MESSAGE`].
pub const MAX_APPEND: usize = 8192;
/// The most checkpoints in one answer of `ListCheckpoints`. To get more, ask again from the epoch
/// after the last one's.
pub const MAX_CHECKPOINTS: usize = 512;

/// Limits on the work of a ledger's service.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The transport's limits.
    pub serve: wufu_serve::Limits,
    /// Bytes of the operator's requests that are being received or handled. Other callers cannot
    /// use them up.
    pub operator: usize,
    /// How many shards, roofs and lists of projects may be in memory at the same time, from before
    /// they are read until they are sent. Each has up to 3.7 MB.
    pub answers: usize,
    /// How many calls for these may wait for their turn. Further calls are refused.
    pub queue: usize,
    /// How long such a call may wait.
    pub wait: Duration,
    /// The least free space on the disk, in bytes. With less, the service reports NOT_SERVING.
    pub free: u64,
}

impl Default for Limits {
    /// 48 MiB of the operator's requests, 16 answers, and 128 calls that wait up to half a minute.
    /// 64 MiB of answers may be unsent, which is 16 of the largest. 64 MiB of the disk stay free.
    fn default() -> Self {
        let mut serve = wufu_serve::Limits::default();
        serve.unsent = 64 << 20;
        let (wait, free) = (Duration::from_secs(30), 64 << 20);
        Self { serve, operator: 48 << 20, answers: 16, queue: 128, wait, free }
    }
}

impl Limits {
    /// The limits of every call. Whether a caller may append is decided by the headers.
    pub(super) fn methods(&self, token: &OperatorToken) -> Methods {
        let (token, budget) = (token.clone(), Some(Budget::new(self.operator)));
        let authorise = move |headers: &HeaderMap| authorise(&token, headers);
        let list =
            Method { authorise: Some(Arc::new(authorise)), budget, ..Method::open(MAX_QUERY) };
        let append =
            Method { request_bytes: MAX_MESSAGE, fields: Some(MAX_APPEND), ..list.clone() };
        Methods::new(MAX_QUERY)
            .with("Append", append)
            .with("ListGrants", list)
            .with("SubmitClaim", Method::open(MAX_CLAIM))
    }
}

/// Checks that the caller shows the operator's token.
fn authorise(token: &OperatorToken, headers: &HeaderMap) -> Result<(), Status> {
    let Some(header) = headers.get(AUTHORIZATION) else {
        return Err(Status::unauthenticated("no operator token: expected authorization: Bearer …"));
    };
    match header.as_bytes().strip_prefix(b"Bearer ") {
        Some(shown) if token.is(shown) => Ok(()),
        _ => Err(Status::unauthenticated("this is not the operator's token")),
    }
}
