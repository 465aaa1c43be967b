//! When an answer is due.

use std::time::Duration;

use tokio::time::Instant;
use tonic::Request;
use wufu_serve::ArrivalTime;

/// Time reserved for the way back: an answer that arrives after the caller's deadline is useless.
const WAY: Duration = Duration::from_millis(20);

/// When a request must be answered: at the time that `grpc-timeout` asks for or after `longest`,
/// whichever comes first. Both count from the request's headers, so a caller who sends slowly has
/// less time left.
///
/// A header that cannot be parsed is ignored, as tonic does.
pub(super) fn deadline<T>(request: &Request<T>, longest: Duration) -> Instant {
    let header = request.metadata().get("grpc-timeout").and_then(|value| value.to_str().ok());
    let asked = header.and_then(parse).map(|asked| asked - WAY.min(asked / 10));
    came(request) + asked.unwrap_or(longest).min(longest)
}

/// When the headers of a request arrived.
pub(super) fn came<T>(request: &Request<T>) -> Instant {
    request.extensions().get::<ArrivalTime>().map_or_else(Instant::now, |came| came.0)
}

/// # Source
/// gRPC over HTTP/2: 1 to 8 digits and a unit.
fn parse(header: &str) -> Option<Duration> {
    let (digits, unit) = header.split_at_checked(header.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let count: u64 = digits.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(count * 3600),
        "M" => Duration::from_secs(count * 60),
        "S" => Duration::from_secs(count),
        "m" => Duration::from_millis(count),
        "u" => Duration::from_micros(count),
        "n" => Duration::from_nanos(count),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_are_read_as_grpc_writes_them() {
        assert_eq!(parse("2H"), Some(Duration::from_secs(7200)));
        assert_eq!(parse("3M"), Some(Duration::from_secs(180)));
        assert_eq!(parse("99999999S"), Some(Duration::from_secs(99_999_999)));
        assert_eq!(parse("5m"), Some(Duration::from_millis(5)));
        assert_eq!(parse("5u"), Some(Duration::from_micros(5)));
        assert_eq!(parse("5n"), Some(Duration::from_nanos(5)));
        for bad in ["", "S", "5", "-5S", "+5S", "123456789S", "5.5S", "5s", "五S"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
