//! Asks a busy ledger again, until the time limit of the call is over.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use rand::{Rng as _, rngs::OsRng};
use tonic::{
    Code, Response, Status,
    transport::{Channel, Error},
};
use tonic_types::StatusExt as _;

use crate::endpoint::{Endpoint, plain, within};

/// The longest additional wait, on top of what the server asks for: after the first refusal, and
/// after many. It doubles each time, and the wallet waits for a random part of it, so that wallets
/// that were refused together do not come back together.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(8));

/// A server is too busy for a call, and the wallet will ask again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BusyWait {
    /// The server's address.
    pub endpoint: String,
    /// How often the server has refused the call.
    pub refused: u32,
    /// How long the wallet waits before it asks again.
    pub time: Duration,
    /// How long the wallet will go on asking, from now.
    pub left: Duration,
}

/// A callback that is called before each wait.
pub type OnWait = Arc<dyn Fn(&BusyWait) + Send + Sync>;

/// The callback, if there is one.
#[derive(Clone, Default)]
pub(crate) struct WaitListener(pub(crate) Option<OnWait>);

impl fmt::Debug for WaitListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "WaitListener(..)" } else { "WaitListener(none)" })
    }
}

/// A server was too busy for a call, however often it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{endpoint} is busy: it refused the call {times} within {seconds} s ({words}){next}",
    times = times(*refused),
    seconds = time.as_secs(),
    next = next(*retry)
)]
pub struct BusyError {
    /// The server's address.
    pub endpoint: String,
    /// How often the server has refused the call.
    pub refused: u32,
    /// The time limit of the call.
    pub time: Duration,
    /// After how long to try again, if the server said so.
    pub retry: Option<Duration>,
    /// The server's last message.
    pub words: String,
}

fn times(refused: u32) -> String {
    if refused == 1 { "once".into() } else { format!("{refused} times") }
}

fn next(retry: Option<Duration>) -> String {
    let later = "; try again later".to_owned();
    // Rounded up, because coming a little late does no harm.
    retry.map_or(later, |retry| format!("; try again in {} s", retry.as_millis().div_ceil(1000)))
}

/// Why there is no answer.
pub(crate) enum CallFailure {
    Connect(Error),
    Busy(BusyError),
    /// An error, already fit to be shown.
    Status(Status),
}

/// Makes a call over a new connection, and repeats it while the server is too busy, until `limit`
/// is over.
pub(crate) async fn ask<T, A>(
    endpoint: &Endpoint,
    limit: Duration,
    listener: &WaitListener,
    call: impl Fn(Channel) -> A,
) -> Result<T, CallFailure>
where
    A: Future<Output = Result<Response<T>, Status>>,
{
    let (began, mut left, mut refused, mut backoff) = (Instant::now(), limit, 0, BACKOFF.0);
    loop {
        let channel = endpoint.connect(limit).await.map_err(CallFailure::Connect)?;
        let status = match within(left, call(channel)).await {
            Ok(answer) => return Ok(answer.into_inner()),
            Err(status) if status.code() == Code::ResourceExhausted => status,
            Err(status) => return Err(CallFailure::Status(plain(&status))),
        };
        refused += 1;
        let retry = status.get_details_retry_info().and_then(|info| info.retry_delay);
        let time = retry.unwrap_or_default() + backoff.mul_f64(OsRng.gen_range(0.0..=1.0));
        left = limit.saturating_sub(began.elapsed());
        let endpoint = endpoint.to_string();
        if time >= left {
            let words = plain(&status).message().to_owned();
            return Err(CallFailure::Busy(BusyError {
                endpoint,
                refused,
                time: limit,
                retry,
                words,
            }));
        }
        if let Some(told) = &listener.0 {
            told(&BusyWait { endpoint, refused, time, left });
        }
        tokio::time::sleep(time).await;
        left = limit.saturating_sub(began.elapsed());
        backoff = (backoff * 2).min(BACKOFF.1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn giving_up_says_the_tries_and_when_to_come_back() {
        let busy = |refused, retry| {
            let (endpoint, words) = ("unix:l.sock".into(), "too many shards are being read".into());
            BusyError { endpoint, refused, time: Duration::from_secs(60), retry, words }.to_string()
        };
        assert_eq!(
            busy(1, Some(Duration::from_millis(1001))),
            "unix:l.sock is busy: it refused the call once within 60 s (too many shards are being \
             read); try again in 2 s"
        );
        assert!(busy(7, None).ends_with("; try again later") && busy(7, None).contains("7 times"));
    }
}
