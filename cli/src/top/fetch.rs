//! Reads a metrics port. It is plain HTTP/1.0, so an answer is what comes until the end.

use std::{fmt, str::FromStr, time::Duration};

use anyhow::{Context as _, bail};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

/// The longest answer, in bytes.
const LONGEST: u64 = 8 << 20;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A metrics port: a host and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target(String);

impl FromStr for Target {
    type Err = &'static str;

    /// Reads `http://HOST:PORT`, with or without `http://` and `/metrics`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "expected a host and a port, such as http://127.0.0.1:9181";
        let authority = text.strip_prefix("http://").unwrap_or(text);
        let authority = authority.strip_suffix("/metrics").unwrap_or(authority);
        let authority = authority.strip_suffix('/').unwrap_or(authority);
        let (host, port) = authority.rsplit_once(':').ok_or(WRONG)?;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || ".-_:[]".contains(c);
        if host.is_empty() || !host.chars().all(is_plain) || port.parse::<u16>().is_err() {
            return Err(WRONG);
        }
        Ok(Self(authority.into()))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}", self.0)
    }
}

impl Target {
    /// Reads all metrics.
    ///
    /// # Errors
    /// Returns an error if the port does not answer in time, or not with metrics.
    pub async fn fetch(&self) -> anyhow::Result<String> {
        let fetched = timeout(PATIENCE, self.get()).await;
        let fetched = fetched.unwrap_or_else(|_| bail!("no answer within {PATIENCE:?}"));
        fetched.with_context(|| self.to_string())
    }

    async fn get(&self) -> anyhow::Result<String> {
        let mut stream = TcpStream::connect(&self.0).await?;
        let request = format!("GET /metrics HTTP/1.0\r\nHost: {}\r\n\r\n", self.0);
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.take(LONGEST + 1).read_to_end(&mut answer).await?;
        if answer.len() as u64 > LONGEST {
            bail!("the answer is longer than {LONGEST} bytes");
        }
        let answer = String::from_utf8(answer).context("the answer is not text")?;
        let (head, body) =
            answer.split_once("\r\n\r\n").context("this is not a metrics port: not HTTP")?;
        let status = head.split_ascii_whitespace().nth(1).unwrap_or_default();
        if status != "200" {
            bail!("this is not a metrics port: it answered /metrics with status {status:.3}");
        }
        Ok(body.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_host_and_a_port() {
        for (text, expected) in [
            ("127.0.0.1:9181", Some("127.0.0.1:9181")),
            ("http://127.0.0.1:9181/metrics", Some("127.0.0.1:9181")),
            ("http://[::1]:9181/", Some("[::1]:9181")),
            ("wufu.example:80", Some("wufu.example:80")),
            ("https://wufu.example:80", None),
            ("127.0.0.1", None),
            (":80", None),
            ("a b:80", None),
            ("a:80/other", None),
            ("a:65536", None),
        ] {
            let target: Option<Target> = text.parse().ok();
            assert_eq!(target, expected.map(|text| Target(text.into())), "{text}");
        }
    }
}
