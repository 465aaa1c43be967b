//! Where a server is.

use std::{fmt, net::IpAddr, path::PathBuf, str::FromStr, time::Duration};

use tonic::{
    Status,
    transport::{Channel, Endpoint, Error},
};

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);
/// Largest answer that is neither a roof nor a shard, in bytes. A longer one is refused before it is decoded.
pub(crate) const SMALL_ANSWER: usize = 64 << 10;

/// A server on this machine. Others need TLS, which is not there yet: what a wallet sends is for no wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A TCP port of a loopback address.
    Loopback {
        /// The address.
        ip: IpAddr,
        /// The port.
        port: u16,
    },
    /// A Unix socket.
    Socket(PathBuf),
}

/// The text is no place that a wallet may connect to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlaceError {
    /// It has another form.
    #[error("{got:?} is no address, expected http://127.0.0.1:PORT or unix:PATH")]
    Form {
        /// The text.
        got: String,
    },
    /// It is another machine.
    #[error(
        "{host} is not this machine, and there is no TLS yet: expected a loopback address or a Unix socket"
    )]
    Remote {
        /// The host.
        host: String,
    },
}

impl Place {
    /// A fresh connection, used for one call. It carries no identity, and shares nothing with another.
    pub(crate) async fn connect(&self, timeout: Duration) -> Result<Channel, Error> {
        // A redirect, a proxy, a user agent of its own: none of them.
        let endpoint = Endpoint::from_shared(self.to_string())?;
        endpoint.connect_timeout(CONNECT).timeout(timeout).connect().await
    }
}

/// The whole answer, not only its beginning, within the time.
pub(crate) async fn within<T>(
    timeout: Duration,
    answer: impl Future<Output = Result<T, Status>>,
) -> Result<T, Status> {
    let late = |_| Status::deadline_exceeded(format!("no answer in {} ms", timeout.as_millis()));
    tokio::time::timeout(timeout, answer).await.unwrap_or_else(|elapsed| Err(late(elapsed)))
}

/// Most characters of a server's words that are repeated.
const WORDS: usize = 300;

/// A server's error as it may be shown: no control characters, which would move a terminal's cursor or colour its words, no more
/// than 300 characters, and nothing beside code and words.
pub fn plain(status: &Status) -> Status {
    let words = status.message().chars();
    // Direction and joiners of text are no control characters, and hide what stands there as well.
    let hides = |c| matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    let shown = |c: &char| !c.is_control() && !hides(*c);
    Status::new(status.code(), words.filter(shown).take(WORDS).collect::<String>())
}

impl FromStr for Place {
    type Err = PlaceError;

    fn from_str(text: &str) -> Result<Self, PlaceError> {
        let form = || PlaceError::Form { got: text.into() };
        if let Some(path) = text.strip_prefix("unix:") {
            // As in gRPC's names: `unix:PATH`, or `unix:///PATH` for one from the root. Between two slashes and the third stood a host.
            let from_root = path.trim_start_matches('/');
            return match path.len() - from_root.len() {
                0 if from_root.is_empty() => Err(form()),
                0 => Ok(Self::Socket(path.into())),
                2 => Err(form()),
                _ => Ok(Self::Socket(format!("/{from_root}").into())),
            };
        }
        let rest = text.strip_prefix("http://").unwrap_or(text);
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = rest.rsplit_once(':').ok_or_else(form)?;
        let port = port.parse().map_err(|_| form())?;
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        // Not resolved: whoever answers for a name may send us elsewhere.
        let ip: IpAddr = match host {
            "localhost" => IpAddr::from([127, 0, 0, 1]),
            host => host.parse().map_err(|_| form())?,
        };
        if ip.is_loopback() {
            Ok(Self::Loopback { ip, port })
        } else {
            Err(PlaceError::Remote { host: host.into() })
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loopback { ip: IpAddr::V4(ip), port } => write!(f, "http://{ip}:{port}"),
            Self::Loopback { ip: IpAddr::V6(ip), port } => write!(f, "http://[{ip}]:{port}"),
            Self::Socket(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server's words were printed as they came: with escapes, they wrote over what the wallet had said.
    #[test]
    fn a_servers_words_are_shown_plain_and_short() {
        let came = "no\u{1b}[2J\u{1b}[1;1Hproof \u{202e}verified\r\n\u{9b}1m\u{7} \u{798f}";
        let said = plain(&Status::internal(came));
        assert_eq!(said.message(), "no[2J[1;1Hproof verified1m \u{798f}");
        assert_eq!(said.code(), tonic::Code::Internal);
        let mut long = Status::with_details(
            tonic::Code::Aborted,
            "\u{798f}".repeat(1 << 20),
            vec![7; 100].into(),
        );
        long.metadata_mut().insert("x", "y".parse().unwrap());
        let said = plain(&long);
        assert_eq!(said.message().chars().count(), WORDS);
        assert!(said.details().is_empty() && said.metadata().is_empty());
    }

    #[test]
    fn this_machine_alone() {
        let text = |text: &str| text.parse::<Place>().map(|place| place.to_string());
        for (given, expected) in [
            ("http://127.0.0.1:50051", "http://127.0.0.1:50051"),
            ("127.9.9.9:1", "http://127.9.9.9:1"),
            ("localhost:7/", "http://127.0.0.1:7"),
            ("http://[::1]:9", "http://[::1]:9"),
            ("unix:/run/wufu.sock", "unix:/run/wufu.sock"),
            ("unix:///run/wufu.sock", "unix:/run/wufu.sock"),
            ("unix:////run//wufu.sock", "unix:/run//wufu.sock"),
            ("unix:run/wufu.sock", "unix:run/wufu.sock"),
        ] {
            assert_eq!(text(given).as_deref(), Ok(expected));
        }
        for host in ["10.0.0.1", "0.0.0.0", "192.0.2.7", "[2001:db8::1]", "[::]"] {
            assert!(
                matches!(text(&format!("http://{host}:1")), Err(PlaceError::Remote { .. })),
                "{host}"
            );
        }
        for given in [
            "",
            "http://",
            "https://127.0.0.1:1",
            "127.0.0.1",
            "example.org:1",
            "127.0.0.1:x",
            "unix:",
            "unix://",
            "unix://host/run/wufu.sock",
        ] {
            assert!(matches!(text(given), Err(PlaceError::Form { .. })), "{given}");
        }
    }
}
