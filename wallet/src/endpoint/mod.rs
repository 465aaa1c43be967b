//! Servers: their addresses, connections to them, and what they say.

mod error;
mod https;
mod machine;
pub mod patience;

use std::{
    fmt,
    net::IpAddr,
    path::PathBuf,
    str::FromStr,
    time::{Duration, Instant},
};

use tonic::{
    Code, Status,
    transport::{self, Channel, Error},
};
use wufu_proto::connection::{ClientCertificate, connect, connect_tls};
use wufu_verifier::encoding::text;

pub use error::EndpointError;
pub use https::TlsEndpoint;
pub use machine::{is_same_file, is_this_machine};

/// The time limit for a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// Largest answer that is neither a roof nor a shard, in bytes. A longer one is refused before it
/// is decoded.
pub(crate) const SMALL_ANSWER: usize = 64 << 10;

/// A server: on this machine, or anywhere over TLS. What a wallet sends must not cross a network
/// unprotected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// A TCP port of a loopback address.
    Loopback {
        /// The address.
        ip: IpAddr,
        /// The port.
        port: u16,
    },
    /// A Unix socket.
    Socket(PathBuf),
    /// A server that shows a certificate, on any machine.
    Tls(TlsEndpoint),
}

impl Endpoint {
    /// Whether both lead to one server, however they are spelled: two names of one socket, a link
    /// to it, or two names of this machine.
    ///
    /// All addresses of this machine count as one, because a server can listen on all of them. So
    /// two servers need two ports.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Loopback { port: one, .. }, Self::Loopback { port: two, .. }) => one == two,
            (Self::Socket(one), Self::Socket(two)) => is_same_file(one, two),
            (Self::Tls(one), Self::Tls(two)) => one.is_same(two),
            (Self::Tls(tls), Self::Loopback { port, .. })
            | (Self::Loopback { port, .. }, Self::Tls(tls)) => {
                tls.is_this_machine() && tls.port() == *port
            }
            _ => false,
        }
    }

    /// Opens a new connection, for one call. It carries no identity, and shares nothing with other
    /// connections: no TLS session is resumed.
    ///
    /// # Errors
    /// Returns an error if nobody answers there within 10 seconds, or if the server's certificate
    /// is not accepted.
    pub async fn connect(&self, timeout: Duration) -> Result<Channel, Error> {
        self.connect_as(timeout, None).await
    }

    /// The same, but the client shows this certificate if the server asks for one.
    pub(crate) async fn connect_as(
        &self,
        timeout: Duration,
        certificate: Option<ClientCertificate>,
    ) -> Result<Channel, Error> {
        // No redirect, no proxy, and no user agent of its own.
        let endpoint = |url: String| {
            let endpoint = transport::Endpoint::from_shared(url)?;
            Ok::<_, Error>(endpoint.connect_timeout(CONNECT).timeout(timeout))
        };
        match self {
            Self::Tls(tls) => {
                let client = tls.client().with_certificate(certificate);
                connect_tls(endpoint(tls.origin())?, client).await
            }
            Self::Loopback { .. } | Self::Socket(_) => connect(endpoint(self.to_string())?).await,
        }
    }
}

/// Waits for the whole answer, and not only for its beginning, within the time.
pub(crate) async fn within<T>(
    timeout: Duration,
    answer: impl Future<Output = Result<T, Status>>,
) -> Result<T, Status> {
    let late =
        || Status::deadline_exceeded(format!("no answer within {} s", timeout.as_secs_f64()));
    let began = Instant::now();
    match tokio::time::timeout(timeout, answer).await {
        // The channel has its own timer with the same limit, and reports a cancellation.
        Ok(Err(status)) if status.code() == Code::Cancelled && began.elapsed() >= timeout => {
            Err(late())
        }
        Ok(answer) => answer,
        Err(_) => Err(late()),
    }
}

/// How many characters of a server's message are shown.
const WORDS: usize = 300;

/// A server's error as it may be shown: its code and at most 300 characters of its message, without
/// characters that hide or reorder words, move a terminal's cursor or change its colours.
pub fn plain(status: &Status) -> Status {
    let words = status.message().chars();
    // Joiners and direction marks are not control characters, but can hide text as well.
    let shown = |c: &char| text::fault(*c).is_none();
    let said: String = words.filter(shown).take(WORDS).collect();
    let said = match status.code() {
        _ if !said.trim().is_empty() => said,
        // Every gRPC server answers so for a service that it does not have.
        Code::Unimplemented => "this is a server of another kind: check the address".into(),
        _ => "the server did not say why".into(),
    };
    Status::new(status.code(), said)
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        let form = || EndpointError::Form { got: text.into() };
        if let Some(path) = text.strip_prefix("unix:") {
            // As in gRPC's names: `unix:PATH`, or `unix:///PATH` for an absolute path. Between the
            // second and the third slash would be a host.
            let from_root = path.trim_start_matches('/');
            return match path.len() - from_root.len() {
                0 if from_root.is_empty() => Err(form()),
                0 => Ok(Self::Socket(path.into())),
                2 => Err(form()),
                _ => Ok(Self::Socket(format!("/{from_root}").into())),
            };
        }
        let https = text.get(..8).filter(|scheme| scheme.eq_ignore_ascii_case("https://"));
        if let Some(scheme) = https {
            return Ok(Self::Tls(TlsEndpoint::parse(text, &text[scheme.len()..])?));
        }
        let scheme = text.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("http://"));
        let rest = scheme.map_or(text, |scheme| &text[scheme.len()..]);
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = rest.rsplit_once(':').ok_or_else(form)?;
        let port = port.parse().map_err(|_| form())?;
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        // Names are not resolved: whoever answers for a name could send us elsewhere.
        let name = host.strip_suffix('.').unwrap_or(host);
        let ip: IpAddr = if name.eq_ignore_ascii_case("localhost") {
            IpAddr::from([127, 0, 0, 1])
        } else {
            host.parse::<IpAddr>().map_err(|_| form())?.to_canonical()
        };
        if is_this_machine(ip) {
            Ok(Self::Loopback { ip, port })
        } else {
            Err(EndpointError::Remote { host: host.into() })
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loopback { ip: IpAddr::V4(ip), port } => write!(f, "http://{ip}:{port}"),
            Self::Loopback { ip: IpAddr::V6(ip), port } => write!(f, "http://[{ip}]:{port}"),
            Self::Socket(path) => write!(f, "unix:{}", path.display()),
            Self::Tls(tls) => tls.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server's message was printed as it came: with escape codes, it overwrote what the wallet
    /// had printed.
    #[test]
    fn a_servers_words_are_shown_plain_and_short() {
        let came = "no\u{1b}[2J\u{1b}[1;1Hproof \
            \u{202e}veri\u{ad}\u{3164}\u{e0041}fied\r\n\u{9b}1m\u{7} \u{798f}";
        let said = plain(&Status::internal(came));
        assert_eq!(said.message(), "no[2J[1;1Hproof verified1m \u{798f}");
        assert_eq!(said.code(), tonic::Code::Internal);
        // For a server of another kind, the error was only "answered Unimplemented: ".
        assert!(plain(&Status::unimplemented("")).message().contains("another kind"));
        assert!(plain(&Status::internal("\u{7}")).message().contains("did not say why"));
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
        let text = |text: &str| text.parse::<Endpoint>().map(|endpoint| endpoint.to_string());
        for (given, expected) in [
            ("http://127.0.0.1:50051", "http://127.0.0.1:50051"),
            ("127.9.9.9:1", "http://127.9.9.9:1"),
            ("localhost:7/", "http://127.0.0.1:7"),
            ("http://[::1]:9", "http://[::1]:9"),
            ("HTTP://LocalHost.:7", "http://127.0.0.1:7"),
            ("http://[::ffff:127.0.0.1]:9", "http://127.0.0.1:9"),
            ("unix:/run/wufu.sock", "unix:/run/wufu.sock"),
            ("unix:///run/wufu.sock", "unix:/run/wufu.sock"),
            ("unix:////run//wufu.sock", "unix:/run//wufu.sock"),
            ("unix:run/wufu.sock", "unix:run/wufu.sock"),
        ] {
            assert_eq!(text(given).as_deref(), Ok(expected));
        }
        for host in ["10.0.0.1", "0.0.0.0", "192.0.2.7", "[2001:db8::1]", "[::]"] {
            assert!(
                matches!(text(&format!("http://{host}:1")), Err(EndpointError::Remote { .. })),
                "{host}"
            );
        }
        for given in [
            "",
            "http://",
            "127.0.0.1",
            "example.org:1",
            "127.0.0.1:x",
            "unix:",
            "unix://",
            "unix://host/run/wufu.sock",
        ] {
            assert!(matches!(text(given), Err(EndpointError::Form { .. })), "{given}");
        }
    }

    /// `--second` accepted the ledger itself under another spelling, and reported that both had
    /// been compared. A dealer passed as an evaluator in the same way. What counts is where a name
    /// leads.
    #[test]
    fn one_server_is_one_however_it_is_spelled() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let _ledger = std::os::unix::net::UnixListener::bind(at("l.sock")).unwrap();
        let _other = std::os::unix::net::UnixListener::bind(at("o.sock")).unwrap();
        std::fs::create_dir(at("d")).unwrap();
        std::os::unix::fs::symlink(at("l.sock"), at("link.sock")).unwrap();
        std::os::unix::fs::symlink(folder.path(), at("here")).unwrap();
        std::fs::hard_link(at("l.sock"), at("hard.sock")).unwrap();
        let socket = |name: &str| format!("unix:{}", at(name).display());
        let names = ["l.sock", "d/../l.sock", "./l.sock", "link.sock", "here/l.sock", "hard.sock"];
        let tcp = [
            "127.0.0.1:7182",
            "http://127.0.0.1:7182/",
            "http://localhost:7182",
            "http://LOCALHOST.:07182",
            "http://[::1]:7182",
            "http://[::ffff:127.0.0.1]:7182",
            "http://127.0.0.2:7182",
        ];
        let one_server: [Vec<String>; 2] =
            [names.map(socket).into(), tcp.map(str::to_owned).into()];
        let endpoint = |text: &String| text.parse::<Endpoint>().unwrap();
        for spellings in &one_server {
            for (one, two) in
                spellings.iter().flat_map(|one| spellings.iter().map(move |two| (one, two)))
            {
                assert!(endpoint(one).is_same(&endpoint(two)), "{one} and {two}");
            }
        }
        let others = [socket("o.sock"), "http://127.0.0.1:7183".into(), socket("none.sock")];
        for (one, two) in one_server.iter().flatten().zip(others.iter().cycle()) {
            assert!(!endpoint(one).is_same(&endpoint(two)), "{one} and {two}");
        }
        // The same holds for sockets that do not exist yet.
        assert!(endpoint(&socket("new.sock")).is_same(&endpoint(&socket("d/../new.sock"))));
        assert!(!endpoint(&socket("new.sock")).is_same(&endpoint(&socket("d/new.sock"))));
    }
}
