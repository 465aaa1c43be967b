//! How much memory strangers can make a prover, a dealer or an evaluator hold. Each runs in a
//! process of its own, whose peak memory is measured.
//!
//! 160 connections once made a prover hold 846 MB, while a comment promised less than 256 MiB for a
//! thousand connections.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use wufu_testing as _;

#[path = "../../serve/tests/common/child.rs"]
mod child;
#[path = "../../serve/tests/common/wire.rs"]
mod wire;

use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::Code;
use wufu_proto::blind::CHUNK;
use wufu_prover::service::{
    blind::{Config, run_dealer, run_evaluator},
    run,
};

use child::{Child, told_to_end};
use wire::{Wire, framed};

/// The serving process: this test binary, started again by the tests below.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the others as a process of its own"]
async fn serve() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    child::listening(listener.local_addr().unwrap());
    let incoming = TcpListenerStream::new(listener);
    let config = Config::default();
    match std::env::var("ROLE").unwrap().as_str() {
        "prover" => {
            let limits = wufu_prover::service::Limits::default();
            run(incoming, vec![], limits, told_to_end()).await.unwrap();
        }
        "dealer" => run_dealer(incoming, vec![], config, told_to_end()).await.unwrap(),
        _ => run_evaluator(incoming, vec![], config, told_to_end()).await.unwrap(),
    }
}

/// Sends half a request on every stream of this many connections, and then makes an honest call.
/// Returns how far the peak rose.
async fn half_sent(role: &str, path: &str, largest: usize, connections: usize) -> u64 {
    let child = Child::start(&[("ROLE", role)]);
    let mut honest = Wire::connect(child.at, 65_535).await;
    let call = honest.call(path, None, framed(0, &[]), true).await;
    assert_eq!(call.code().await, Some(Code::InvalidArgument));
    let before = child.resident();
    let (mut wires, mut calls) = (Vec::new(), Vec::new());
    let body = framed(largest, &vec![1; largest - 1]);
    for _ in 0..connections {
        let mut wire = Wire::connect(child.at, 65_535).await;
        for _ in 0..wire.streams() {
            // A refused connection makes room for the next.
            let Some(call) = wire.try_call(path, None, body.clone(), false).await else { break };
            calls.push(call);
        }
        wires.push(wire);
    }
    let mut honest = Wire::connect(child.at, 65_535).await;
    let call = honest.call(path, None, framed(0, &[]), true).await;
    assert_eq!(call.code().await, Some(Code::InvalidArgument), "nobody else is served");
    let grown = child.peak().saturating_sub(before);
    drop((calls, wires, honest));
    child.end();
    grown
}

/// The promise in the documentation of [`wufu_serve`], and some memory for the allocator.
fn promised(largest: usize, connections: usize) -> u64 {
    let limits = wufu_serve::Limits::default();
    let each = wufu_serve::CONNECTION + wufu_serve::CALL + 2 * largest;
    (connections * each + limits.in_flight + limits.unsent + (8 << 20)) as u64
}

/// Rows of docs/failures.md: 40.
#[tokio::test(flavor = "multi_thread")]
async fn half_sent_requests_hold_no_more_than_is_promised() {
    for (role, path, largest) in [
        ("prover", "/wufu.v1.ProverService/Prove", 64 * 1024),
        ("dealer", "/wufu.v1.DealerService/Deal", 1024),
        ("evaluator", "/wufu.v1.EvaluatorService/Evaluate", CHUNK + 64),
    ] {
        let connections = 160;
        let grown = half_sent(role, path, largest, connections).await;
        let most = promised(largest, connections);
        assert!(grown <= most, "{role}: {grown} bytes more, expected at most {most}");
    }
    // The promise for a thousand connections to a prover.
    assert!(promised(64 * 1024, 1000) < 256 << 20, "{}", promised(64 * 1024, 1000));
}

/// Rows of docs/failures.md: 40.
#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_connections_hold_less_than_256_mib() {
    if std::env::var_os("WUFU_FULL").is_none() {
        return;
    }
    let grown = half_sent("prover", "/wufu.v1.ProverService/Prove", 64 * 1024, 1000).await;
    assert!(grown < 256 << 20, "{grown} bytes more");
}
