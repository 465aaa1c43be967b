//! Servers that are reached over TLS.

use std::{fmt, net::IpAddr};

use wufu_proto::connection::{PublicKeyHash, TlsClient};

use super::{error::EndpointError, machine::is_this_machine};

/// The port of a URL that names none.
const PORT: u16 = 443;

/// A server that proves with a certificate who it is, so it may be anywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsEndpoint {
    host: TlsHost,
    port: u16,
    pin: Option<PublicKeyHash>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum TlsHost {
    // In lower case, without a dot at the end.
    Name(String),
    Address(IpAddr),
}

impl TlsEndpoint {
    /// Parses what follows `https://`: `HOST[:PORT][/][#sha256:HEX]`.
    pub(super) fn parse(text: &str, rest: &str) -> Result<Self, EndpointError> {
        let form = || EndpointError::Form { got: text.into() };
        let (place, pin) = match rest.split_once('#') {
            Some((place, pin)) => {
                let pinned = pin.parse::<PublicKeyHash>();
                (place, Some(pinned.map_err(|_| EndpointError::Pin { got: pin.into() })?))
            }
            None => (rest, None),
        };
        let place = place.strip_suffix('/').unwrap_or(place);
        // An address of version 6 has colons of its own.
        let (host, port) = match place.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, port.parse().map_err(|_| form())?),
            _ => (place, PORT),
        };
        let host = TlsHost::parse(host).ok_or_else(form)?;
        if port == 0 { Err(form()) } else { Ok(Self { host, port, pin }) }
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The key that the server must have, if it is pinned.
    pub fn pin(&self) -> Option<PublicKeyHash> {
        self.pin
    }

    /// Whether the host is this machine, by its name or a loopback address.
    pub(super) fn is_this_machine(&self) -> bool {
        match &self.host {
            TlsHost::Name(name) => name == "localhost",
            TlsHost::Address(ip) => is_this_machine(*ip),
        }
    }

    /// Whether both lead to one server. Names are not resolved, so two names of one machine count
    /// as two, unless a pin shows that they have one key.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let is_same_host =
            self.host == other.host || self.is_this_machine() && other.is_this_machine();
        let is_same_key = self.pin.is_some() && self.pin == other.pin;
        is_same_key || is_same_host && self.port == other.port
    }

    /// The client for this server.
    pub(super) fn client(&self) -> TlsClient {
        TlsClient::new(self.host.to_string(), self.port).with_pin(self.pin)
    }

    /// The URL without the pin, which is nobody else's business.
    pub(super) fn origin(&self) -> String {
        match &self.host {
            TlsHost::Address(IpAddr::V6(ip)) => format!("https://[{ip}]:{}", self.port),
            host => format!("https://{host}:{}", self.port),
        }
    }
}

impl TlsHost {
    fn parse(host: &str) -> Option<Self> {
        if let Some(six) = host.strip_prefix('[') {
            let ip: IpAddr = six.strip_suffix(']')?.parse().ok()?;
            return ip.is_ipv6().then(|| Self::Address(ip.to_canonical()));
        }
        if let Ok(ip) = host.parse::<IpAddr>() {
            return ip.is_ipv4().then_some(Self::Address(ip));
        }
        let name = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        let is_label = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        // `127.1` and `0x7f.1` are addresses to some programs and names to others.
        let last = name.rsplit('.').next()?;
        let is_number = last.starts_with(|c: char| c.is_ascii_digit());
        (name.len() <= 253 && !is_number && name.split('.').all(is_label))
            .then_some(Self::Name(name))
    }
}

impl fmt::Display for TlsHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Address(ip) => ip.fmt(f),
        }
    }
}

impl fmt::Display for TlsEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin())?;
        self.pin.map_or(Ok(()), |pin| write!(f, "#{pin}"))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use crate::endpoint::{Endpoint, EndpointError};

    #[test]
    fn another_machines_url_has_one_form() {
        let pin = format!("sha256:{}", "ab".repeat(32));
        let pinned = format!("https://p.example:7181#{pin}");
        for (given, expected) in [
            ("https://prover.example", "https://prover.example:443"),
            ("HTTPS://Prover.Example.:7181/", "https://prover.example:7181"),
            ("https://192.0.2.7:1", "https://192.0.2.7:1"),
            ("https://[2001:DB8::1]", "https://[2001:db8::1]:443"),
            ("https://[::ffff:192.0.2.7]:5", "https://192.0.2.7:5"),
            ("https://localhost:7181", "https://localhost:7181"),
            (&pinned, &pinned),
            (&format!("https://p.example:7181/#sha256:{}", "AB".repeat(32)), &pinned),
        ] {
            let endpoint = given.parse::<Endpoint>().map(|endpoint| endpoint.to_string());
            assert_eq!(endpoint.as_deref(), Ok(expected), "{given}");
        }
        for given in [
            "https://",
            "https://:7181",
            "https://a_b:1",
            "https://-a.example",
            "https://a..example",
            "https://127.1:7181",
            "https://user@p.example:1",
            "https://p.example:0",
            "https://p.example:65536",
            "https://p.example:1/path",
            "https://p.example?x",
            "https://2001:db8::1",
            "https://[2001:db8::1",
            "https://[192.0.2.7]:1",
        ] {
            let refused = given.parse::<Endpoint>();
            assert!(matches!(refused, Err(EndpointError::Form { .. })), "{given}: {refused:?}");
        }
        for pin in ["", "sha256:", "sha256:00", "md5:00", &pin[1..], &format!("{pin}0")] {
            let refused = format!("https://p.example#{pin}").parse::<Endpoint>();
            assert!(matches!(refused, Err(EndpointError::Pin { .. })), "{pin}: {refused:?}");
        }
    }

    /// A dealer must not pass as an evaluator, or a ledger as its own second source, because one
    /// URL says https and the other does not, or is spelled in another way.
    #[test]
    fn one_tls_server_is_one_however_it_is_spelled() {
        let same = |one: &str, two: &str| {
            let [one, two] = [one, two].map(|text| text.parse::<Endpoint>().unwrap());
            assert_eq!(one.is_same(&two), two.is_same(&one));
            one.is_same(&two)
        };
        let pin = format!("#sha256:{}", "00".repeat(32));
        let other = format!("#sha256:{}", "01".repeat(32));
        for (one, two) in [
            ("https://a.example", "https://A.example.:443/"),
            ("https://a.example", &format!("https://a.example{pin}")),
            (&format!("https://a.example{other}"), &format!("https://a.example{pin}")),
            // One key is one server, wherever it is.
            (&format!("https://a.example{pin}"), &format!("https://192.0.2.7:9{pin}")),
            ("https://localhost:7181", "https://127.0.0.1:7181"),
            ("https://localhost:7181", "http://[::1]:7181"),
            ("https://127.0.0.2:7181", "http://localhost:7181"),
        ] {
            assert!(same(one, two), "{one} and {two}");
        }
        for (one, two) in [
            ("https://a.example", "https://b.example"),
            ("https://a.example", "https://a.example:7181"),
            ("https://a.example:7181", "http://127.0.0.1:7181"),
            ("https://localhost:7181", "http://127.0.0.1:7182"),
            ("https://localhost:7181", "unix:localhost:7181"),
        ] {
            assert!(!same(one, two), "{one} and {two}");
        }
    }
}
