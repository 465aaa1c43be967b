//! Attacks on the transport: garbage, silence, floods, oversized messages. Other clients are served
//! all the while, and memory stays bounded.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use wufu_testing as _;

mod common;
mod keys;

use std::{fs, net::SocketAddr, time::Duration};

use rand::RngCore;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use tonic::{
    Code,
    codegen::{Bytes, http::Request},
};
use wufu_prover::{Prover, service::Limits};

use common::{LONG, Server, Simulator, gift, gift_request, resident, rng};

async fn server(change: impl FnOnce(&mut Limits)) -> (Server, Prover) {
    let mut limits = Limits::default();
    (limits.workers, limits.threads, limits.queue) = (1, 1, 16);
    change(&mut limits);
    let prover = Prover::new(Simulator::new(None));
    (Server::start(vec![prover.clone()], limits).await, prover)
}

/// Checks that an honest request is served.
async fn serves(server: &Server, prover: &Prover) {
    let request = gift_request(prover.verifying_key(), &gift(1));
    let answer = async { server.client().await.prove(request).await };
    timeout(LONG, answer).await.unwrap().unwrap();
}

/// Rows of docs/failures.md: 22.
#[test]
fn h2_is_not_one_of_the_versions_that_fall() {
    let lock = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock")).unwrap();
    let mut lines = lock.lines();
    let mut found = 0;
    while let Some(line) = lines.next() {
        if line == "name = \"h2\"" {
            let version = lines.next().unwrap();
            let version = version.trim_start_matches("version = \"").trim_end_matches('"');
            let parts: Vec<u32> = version.split('.').map(|part| part.parse().unwrap()).collect();
            assert!(parts >= vec![0, 4, 16], "h2 {version}, expected 0.4.16 or above");
            found += 1;
        }
    }
    assert!(found > 0);
}

/// Rows of docs/failures.md: 22.
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_garbage_connections_is_bounded() {
    let (server, prover) = server(|_| ()).await;
    serves(&server, &prover).await;
    let before = resident();
    let mut rng = rng(1);
    for round in 0..2000 {
        let mut garbage = vec![0; 1 + round % 200];
        rng.fill_bytes(&mut garbage);
        // Some of them begin like a real connection.
        if round % 3 == 0 {
            garbage.splice(0..0, *b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        }
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        // The server may have closed the connection already.
        let _ = stream.write_all(&garbage).await;
    }
    serves(&server, &prover).await;
    let grown = resident().saturating_sub(before);
    assert!(grown < 64 << 20, "{grown} bytes more");
    server.ended().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn excess_connections_close_and_silent_ones_give_way() {
    let greeting = Duration::from_secs(3);
    let (server, prover) = server(|limits| {
        (limits.serve.connections, limits.serve.greeting) = (8, greeting);
    })
    .await;
    let mut silent = Vec::new();
    for _ in 0..8 {
        silent.push(TcpStream::connect(server.address).await.unwrap());
    }
    // Half of the preface is not a greeting, either.
    silent[0].write_all(b"PRI * HTTP/2.0").await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let mut ninth = TcpStream::connect(server.address).await.unwrap();
    // It closes before one of the others, which have been silent for longer. The bytes that they
    // receive (the server may greet first) do not count as an end.
    let (mut one, mut other) = ([0; 16], Vec::new());
    tokio::select! {
        biased;
        closed = timeout(LONG, ninth.read(&mut one)) => {
            assert!(matches!(closed.expect("it is held"), Ok(0) | Err(_)));
        }
        _ = silent[1].read_to_end(&mut other) => panic!("a silent connection gave way to one \
                                                         beyond the limit"),
    }
    for mut stream in silent {
        // Whatever the server sends at the end, the connection closes.
        let mut rest = Vec::new();
        let _ = timeout(LONG, stream.read_to_end(&mut rest)).await.unwrap();
    }
    serves(&server, &prover).await;
    server.ended().await.unwrap();
}

/// Posts a body to `Prove` over a plain HTTP/2 connection. Returns the gRPC code.
async fn post(address: SocketAddr, body: Vec<u8>) -> Code {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut client, connection) = h2::client::handshake(stream).await.unwrap();
    let connection = tokio::spawn(connection);
    let request = Request::post("http://127.0.0.1/wufu.v1.ProverService/Prove")
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(())
        .unwrap();
    let (answer, mut send) = client.send_request(request, false).unwrap();
    send.reserve_capacity(body.len());
    // The server may stop reading at any point.
    let _ = send.send_data(Bytes::from(body), true);
    let answer = timeout(LONG, answer).await.unwrap().unwrap();
    let code = |value: &tonic::codegen::http::HeaderValue| Code::from_bytes(value.as_bytes());
    let found = match answer.headers().get("grpc-status") {
        Some(value) => code(value),
        None => {
            let mut body = answer.into_body();
            while let Some(data) = body.data().await {
                let _ = data.unwrap();
            }
            code(body.trailers().await.unwrap().unwrap().get("grpc-status").unwrap())
        }
    };
    connection.abort();
    found
}

fn framed(compressed: u8, length: u32, body: &[u8]) -> Vec<u8> {
    [&[compressed][..], &length.to_be_bytes(), body].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn oversized_and_garbage_messages_are_refused() {
    let (server, prover) = server(|_| ()).await;
    let largest = Limits::default().request_bytes;
    let mut request = gift_request(prover.verifying_key(), &gift(1));
    // One byte too many, whatever the bytes are.
    request.key_id = vec![1; largest];
    let status = server.client().await.prove(request).await.unwrap_err();
    assert_eq!(status.code(), Code::OutOfRange, "{status}");

    let address = server.address;
    // The declared length is judged before the bytes arrive.
    assert_eq!(post(address, framed(0, u32::MAX, &[1; 100])).await, Code::OutOfRange);
    // Compressed, though the server never offered it.
    assert_eq!(post(address, framed(1, 4, &[1; 4])).await, Code::Internal);
    assert_ne!(post(address, framed(9, 4, &[1; 4])).await, Code::Ok);
    assert_ne!(post(address, framed(0, 100, &[1; 50])).await, Code::Ok);
    assert_ne!(post(address, Vec::new()).await, Code::Ok);
    let mut rng = rng(2);
    for length in [1, 2, 3, 10, 100, 1000, 10_000] {
        let mut garbage = vec![0; length];
        rng.fill_bytes(&mut garbage);
        let code = post(address, framed(0, length as u32, &garbage)).await;
        assert!(matches!(code, Code::Internal | Code::InvalidArgument), "{length}: {code:?}");
    }
    // Nested until the decoder gives up.
    let mut nested = vec![];
    for _ in 0..200 {
        let mut outer = vec![0x12];
        prost::encoding::encode_varint(nested.len() as u64, &mut outer);
        outer.append(&mut nested);
        nested = outer;
    }
    assert_ne!(post(address, framed(0, nested.len() as u32, &nested)).await, Code::Ok);
    serves(&server, &prover).await;
    server.ended().await.unwrap();
}

/// Rows of docs/failures.md: 22.
#[tokio::test(flavor = "multi_thread")]
async fn requests_that_are_reset_at_once_do_not_pile_up() {
    let (server, prover) = server(|_| ()).await;
    serves(&server, &prover).await;
    let before = resident();
    let stream = TcpStream::connect(server.address).await.unwrap();
    let (mut client, connection) = h2::client::handshake(stream).await.unwrap();
    let connection = tokio::spawn(connection);
    let mut sent = 0;
    for _ in 0..20_000 {
        let Ok(ready) = timeout(LONG, client.clone().ready()).await.unwrap() else { break };
        client = ready;
        let request = Request::post("http://127.0.0.1/wufu.v1.ProverService/Prove")
            .header("content-type", "application/grpc")
            .body(())
            .unwrap();
        let Ok((answer, mut send)) = client.send_request(request, false) else { break };
        send.send_reset(h2::Reason::CANCEL);
        drop(answer);
        sent += 1;
        if sent % 100 == 0 {
            tokio::task::yield_now().await;
        }
    }
    assert!(sent > 0);
    serves(&server, &prover).await;
    connection.abort();
    let grown = resident().saturating_sub(before);
    assert!(grown < 64 << 20, "{grown} bytes more after {sent} requests");
    server.ended().await.unwrap();
}

/// Rows of docs/failures.md: 22.
#[tokio::test(flavor = "multi_thread")]
async fn headers_without_an_end_are_cut_off() {
    let (server, prover) = server(|_| ()).await;
    let before = resident();
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
    let frame = |kind: u8, flags: u8, id: u32, body: &[u8]| {
        let length = (body.len() as u32).to_be_bytes();
        [&length[1..], &[kind, flags], &id.to_be_bytes(), body].concat()
    };
    stream.write_all(&frame(4, 0, 0, &[])).await.unwrap();
    // The same literal header without indexing again and again, and never END_HEADERS.
    let header = [&[0x00, 0x01, b'x', 0x7f, 0xe1, 0x07][..], &[b'y'; 1120]].concat();
    let body: Vec<u8> = header.iter().copied().cycle().take(14 * header.len()).collect();
    stream.write_all(&frame(1, 0, 1, &body)).await.unwrap();
    let mut sent = 0;
    while sent < 256 << 20 {
        let written = timeout(LONG, stream.write_all(&frame(9, 0, 1, &body))).await.unwrap();
        if written.is_err() {
            break;
        }
        sent += body.len();
    }
    assert!(sent < 16 << 20, "{sent} bytes of headers were taken");
    serves(&server, &prover).await;
    let grown = resident().saturating_sub(before);
    assert!(grown < 64 << 20, "{grown} bytes more");
    server.ended().await.unwrap();
}
