//! The metrics port: what it shows, what it does not tell, and what its clients cannot do to it.

use std::{sync::OnceLock, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tonic::{Code, transport::Endpoint};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
use wufu_serve::{
    Condition, Health,
    metrics::{EndpointLimits, Exporter, Reason, install, refused, serve, table},
};

use crate::common::{
    LARGE, Running, SERVICE, SMALL,
    wire::{Wire, framed, within},
};

/// The process's one recorder. Other tests are counted, too.
fn exporter() -> Exporter {
    static EXPORTER: OnceLock<Exporter> = OnceLock::new();
    EXPORTER.get_or_init(|| install().unwrap()).clone()
}

async fn endpoint(limits: EndpointLimits) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(serve(listener, exporter(), limits));
    at
}

/// What is answered to a request, up to its end.
async fn ask(at: std::net::SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(at).await.unwrap();
    // The server may have closed the connection already.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = within("an answer", stream.read_to_end(&mut answer)).await;
    String::from_utf8(answer).unwrap()
}

async fn get(at: std::net::SocketAddr, path: &str) -> String {
    ask(at, &format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")).await
}

/// The value of a series, which is 0 if there is none.
fn value(scrape: &str, series: &str) -> f64 {
    let line = scrape.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.map_or(0.0, |value| value.parse().unwrap())
}

#[test]
fn the_document_lists_every_metric() {
    let document = include_str!("../../docs/metrics.md");
    assert!(document.contains(&table()), "docs/metrics.md needs this table:\n{}", table());
}

/// Rows of docs/failures.md: 16.
#[tokio::test(flavor = "multi_thread")]
async fn calls_are_counted_and_what_they_say_is_not_kept() {
    let at = endpoint(EndpointLimits::default()).await;
    let service = Running::start(|_| ()).await;
    let before = get(at, "/metrics").await;
    let mut wire = Wire::connect(service.at, 65_535).await;
    let mut codes = Vec::new();
    for path in [SMALL, LARGE, "/wufu.v1.ProverService/c0ffee", "/c0ffee/c0ffee"] {
        let call = wire.call(path, Some("c0ffee"), framed(0, &[]), true).await;
        codes.push(call.code().await.unwrap());
    }
    assert_eq!(codes[..2], [Code::Ok, Code::Unauthenticated]);
    let oversized = wire.call(SMALL, None, framed(100_000, &[7; 10]), true).await;
    assert_eq!(oversized.code().await, Some(Code::OutOfRange));

    let scrape = get(at, "/metrics").await;
    let more = |series: &str| value(&scrape, series) - value(&before, series);
    for series in [
        "wufu_requests_total{method=\"GetInfo\",code=\"OK\"}",
        "wufu_requests_total{method=\"GetInfo\",code=\"OUT_OF_RANGE\"}",
        "wufu_requests_total{method=\"Prove\",code=\"UNAUTHENTICATED\"}",
        "wufu_request_seconds_count{method=\"GetInfo\"}",
        "wufu_refusals_total{reason=\"identity\"}",
        "wufu_refusals_total{reason=\"size\"}",
        "wufu_connections_total",
    ] {
        assert!(more(series) >= 1.0, "{series}: {scrape}");
    }
    assert!(more("wufu_requests_total{method=\"other\",code=\"UNIMPLEMENTED\"}") >= 2.0);
    assert!(value(&scrape, "wufu_connections") >= 1.0);
    assert!(value(&scrape, "process_resident_memory_bytes") > 1e6);
    assert!(!scrape.contains("c0ffee"), "{scrape}");
    assert!(!scrape.contains("127.0.0.1"), "{scrape}");
    service.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_reason_has_a_series() {
    let exporter = exporter();
    for reason in Reason::ALL {
        refused(reason);
        let series = format!("wufu_refusals_total{{reason=\"{}\"}}", reason.as_str());
        assert!(value(&exporter.render(), &series) >= 1.0, "{series}");
    }
}

/// Rows of docs/failures.md: 40.
#[tokio::test(flavor = "multi_thread")]
async fn health_and_probes_name_what_is_wrong() {
    let at = endpoint(EndpointLimits::default()).await;
    assert!(get(at, "/healthz").await.starts_with("HTTP/1.1 200 "));
    assert!(get(at, "/other").await.starts_with("HTTP/1.1 404 "));
    assert!(ask(at, "POST /metrics HTTP/1.1\r\n\r\n").await.starts_with("HTTP/1.1 4"));

    let health = Health::default();
    let service = Running::start_with(|_| (), health.clone()).await;
    let endpoint = Endpoint::from_shared(format!("http://{}", service.at)).unwrap();
    let mut client = HealthClient::new(endpoint.connect().await.unwrap());
    let question = || HealthCheckRequest { service: SERVICE.into() };
    let mut watch = client.watch(question()).await.unwrap().into_inner();
    let mut said = async || {
        let change = within("a change", watch.message()).await.unwrap().unwrap();
        change.status().as_str_name()
    };
    assert_eq!(said().await, "SERVING");
    health.set(Condition::EpochsStuck);
    assert_eq!(said().await, "NOT_SERVING");
    for name in [SERVICE, ""] {
        let question = HealthCheckRequest { service: name.into() };
        let status = client.check(question).await.unwrap().into_inner().status();
        assert_eq!(status.as_str_name(), "NOT_SERVING", "{name}");
    }
    let ready = get(at, "/readyz").await;
    assert!(ready.starts_with("HTTP/1.1 503 ") && ready.contains("epochs-stuck"), "{ready}");
    let scrape = get(at, "/metrics").await;
    assert_eq!(value(&scrape, "wufu_condition{condition=\"epochs-stuck\"}"), 1.0);
    assert_eq!(value(&scrape, "wufu_ready"), 0.0);
    // It still answers those who call it all the same.
    let mut wire = Wire::connect(service.at, 65_535).await;
    let call = wire.call(SMALL, None, framed(0, &[]), true).await;
    assert_eq!(call.code().await, Some(Code::Ok));
    health.clear(Condition::EpochsStuck);
    assert_eq!(said().await, "SERVING");
    assert!(!get(at, "/readyz").await.contains("epochs-stuck"));
    drop((wire, watch, client));
    service.end().await;
}

/// Rows of docs/failures.md: 40.
#[tokio::test(flavor = "multi_thread")]
async fn the_metrics_port_cannot_be_held() {
    let mut limits = EndpointLimits::default();
    limits.connections = 2;
    limits.headers = Duration::from_millis(200);
    limits.whole = Duration::from_secs(1);
    let at = endpoint(limits).await;
    // Silent connections, one that never ends its headers, and one with too many of them.
    let silent = [TcpStream::connect(at).await.unwrap(), TcpStream::connect(at).await.unwrap()];
    within("a place", async {
        while !get(at, "/healthz").await.contains("ok") {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let endless = ask(at, "GET /metrics HTTP/1.1\r\nHost: a\r\n").await;
    assert!(!endless.contains("200 OK"), "{endless}");
    let long = format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", "a".repeat(64 * 1024));
    let long = ask(at, &long).await;
    assert!(!long.contains("200 OK"), "{long}");
    drop(silent);
}

/// Rows of docs/failures.md: 40.
#[tokio::test(flavor = "multi_thread")]
async fn the_metrics_port_has_few_places() {
    let mut limits = EndpointLimits::default();
    limits.connections = 1;
    let at = endpoint(limits).await;
    // It is accepted first, and takes the only place.
    let silent = TcpStream::connect(at).await.unwrap();
    assert_eq!(get(at, "/healthz").await, "");
    drop(silent);
    within("the place", async {
        while !get(at, "/healthz").await.contains("ok") {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}
