//! `wufu health`: whether a service is ready, for supervisors that can only run a command.

use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{help::usage, output::Output};

/// No answer is longer.
const MAX_BYTES: u64 = 16 << 10;
/// No service takes longer to answer.
const LIMIT: Duration = Duration::from_secs(4);

/// Arguments of `wufu health`.
#[derive(Args, Debug)]
#[command(after_help = usage(
    "when a supervisor such as Docker watches a service by running a command. It exits with 0 if \
     the service is ready, and with 2 if it is not.",
    &["wufu health 127.0.0.1:9181"],
))]
pub struct HealthArgs {
    /// The address and port that the service has its metrics on (--metrics)
    #[arg(value_name = "ADDRESS:PORT")]
    at: String,
}

/// Asks the service, and prints its answer.
pub async fn run(args: HealthArgs, output: Output) -> anyhow::Result<()> {
    let at = args.at.strip_prefix("http://").unwrap_or(&args.at).trim_end_matches('/');
    let asked = tokio::time::timeout(LIMIT, ask(at)).await;
    let answer = asked.with_context(|| format!("{at}: no answer within {} s", LIMIT.as_secs()))?;
    let answer = answer.with_context(|| at.to_owned())?;
    let (code, body) = parse(&answer)
        .with_context(|| format!("{at}: expected an answer over HTTP: is this --metrics?"))?;
    if code != 200 {
        bail!("{at}: not ready: {body}");
    }
    output.result("health", format_args!("{at}: ready"), json!({ "at": at, "ready": true }));
    Ok(())
}

async fn ask(at: &str) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(at).await?;
    let request = format!("GET /readyz HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(MAX_BYTES).read_to_end(&mut answer).await?;
    Ok(answer)
}

/// The status of an answer, and its body in one line.
fn parse(answer: &[u8]) -> Option<(u16, String)> {
    let text = String::from_utf8_lossy(answer);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut words = head.lines().next()?.split(' ');
    words.next().filter(|word| word.starts_with("HTTP/1."))?;
    let code = words.next()?.parse().ok()?;
    let lines = body.lines().map(str::trim).filter(|line| !line.is_empty());
    let line: Vec<&str> = lines.collect();
    // What a stranger sent must not control a terminal.
    let line = line.join("; ").chars().filter(|char| !char.is_control()).collect();
    Some((code, line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_and_other_bytes_refused() {
        let ready = parse(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok\n").unwrap();
        assert_eq!(ready, (200, "ok".into()));
        let not = parse(b"HTTP/1.1 503 x\r\n\r\ndisk full\nhalted\x1b[1m").unwrap();
        assert_eq!(not, (503, "disk full; halted[1m".into()));
        for bad in [&b""[..], b"ok", b"SSH-2.0\r\n\r\n", b"HTTP/1.1 many\r\n\r\n", b"\x16\x03\x01"]
        {
            assert!(parse(bad).is_none());
        }
    }
}
