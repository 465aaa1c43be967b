//! What a ledger's service takes on.

use std::{sync::Arc, time::Duration};

use http::{HeaderMap, header::AUTHORIZATION};
use tonic::Status;
use wufu_serve::{Budget, Method, Methods};

use crate::OperatorToken;

/// Largest answer, and largest request of the operator, in bytes: a full shard of donations is 3.7 MB, a roof 2 MiB.
pub const MAX_MESSAGE: usize = 8 << 20;
/// Largest claim, in bytes.
pub const MAX_CLAIM: usize = 4 << 10;
/// Largest request of every other call, in bytes.
pub const MAX_QUERY: usize = 1 << 10;
/// Most entries of one `Append`: its answer, of 0.9 kB for each, stays below [`MAX_MESSAGE`].
pub const MAX_APPEND: usize = 8192;
/// Most checkpoints of one `ListCheckpoints`: ask again from the epoch after that of the last.
pub const MAX_CHECKPOINTS: usize = 512;

/// What a ledger's service takes on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Connections, bytes and times of the transport.
    pub serve: wufu_serve::Limits,
    /// Bytes of the operator's requests that are being received or handled. Strangers cannot use them up.
    pub operator: usize,
    /// Shards, roofs and lists of projects that are read or not yet sent, at the same time: up to 3.7 MB each.
    pub answers: usize,
    /// Calls for them that may wait for their turn. Those beyond are refused.
    pub queue: usize,
    /// How long such a call may wait for its turn.
    pub wait: Duration,
}

impl Default for Limits {
    /// 48 MiB of the operator's requests, 16 answers, 128 calls that wait for up to half a minute. 64 MiB of answers may be unsent:
    /// 16 of the largest.
    fn default() -> Self {
        let mut serve = wufu_serve::Limits::default();
        serve.unsent = 64 << 20;
        Self { serve, operator: 48 << 20, answers: 16, queue: 128, wait: Duration::from_secs(30) }
    }
}

impl Limits {
    /// The limits of every call. Who may append is decided on the headers.
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
