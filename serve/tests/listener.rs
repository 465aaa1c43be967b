//! Clients that take places and stay silent, and a process that has run out of descriptors.
//!
//! 1,100 silent connections at `ulimit -n 1024` once made the ledger's accept loop spin: nobody was
//! served, epochs no longer closed, and nothing was logged.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_stream::{Stream, wrappers::TcpListenerStream};
use tonic::{Code, codegen::Bytes, service::Routes};
use wufu_proto::{DESCRIPTORS, v1::prover_service_server::ProverServiceServer};
use wufu_serve::{Health, Limits, Service, serve};

use crate::common::{
    LARGE, Running, SERVICE, SMALL, Toy, methods, unsent,
    wire::{Wire, framed, within},
};

/// Reads until the server closes the connection.
async fn closed(mut stream: TcpStream) {
    let mut rest = Vec::new();
    let _ = within("a connection to be closed", stream.read_to_end(&mut rest)).await;
}

/// Rows of docs/failures.md: 40.
#[tokio::test(flavor = "multi_thread")]
async fn silent_connections_give_way_and_excess_ones_close() {
    let running = Running::start(|limits| {
        (limits.connections, limits.greeting) = (8, Duration::from_millis(1500));
    })
    .await;
    let mut silent = Vec::new();
    for _ in 0..8 {
        silent.push(TcpStream::connect(running.at).await.unwrap());
    }
    // Half of the preface is not a greeting, either.
    silent[0].write_all(b"PRI * HTTP/2.0").await.unwrap();
    for _ in 0..20 {
        closed(TcpStream::connect(running.at).await.unwrap()).await;
    }
    running.serves_soon().await;
    for stream in silent {
        closed(stream).await;
    }
    running.end().await;
}

/// Rows of docs/failures.md: 40.
#[tokio::test(flavor = "multi_thread")]
async fn connections_that_only_greet_give_way_when_full() {
    let running = Running::start(|limits| limits.connections = 8).await;
    let mut idle = Vec::new();
    for _ in 0..8 {
        idle.push(Wire::connect(running.at, 65_535).await);
    }
    // The first call is refused, and then there is room.
    running.serves_soon().await;
    for wire in idle {
        wire.closed().await;
    }
    running.end().await;
}

/// An open health watch once counted as a call, so eight strangers with one watch each held every
/// place for ever.
#[tokio::test(flavor = "multi_thread")]
async fn connections_that_only_watch_give_way_when_full() {
    let running = Running::start(|limits| limits.connections = 8).await;
    let name = [&[0x0a, SERVICE.len() as u8][..], SERVICE.as_bytes()].concat();
    let watched = framed(name.len(), &name);
    let (watch, reflection) = (
        "/grpc.health.v1.Health/Watch",
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    );
    let (mut wires, mut calls) = (Vec::new(), Vec::new());
    for _ in 0..4 {
        let mut wire = Wire::connect(running.at, 65_535).await;
        calls.push(wire.call(watch, None, watched.clone(), true).await);
        wires.push(wire);
        let mut wire = Wire::connect(running.at, 65_535).await;
        calls.push(wire.call(reflection, None, Bytes::new(), false).await);
        wires.push(wire);
    }
    // The first call is refused, and then there is room.
    running.serves_soon().await;
    for wire in wires {
        wire.closed().await;
    }
    drop(calls);
    running.end().await;
}

/// A listener that fails this many times, as one does that is out of descriptors.
struct Failing {
    left: usize,
    polls: Arc<AtomicUsize>,
    then: TcpListenerStream,
}

impl Stream for Failing {
    type Item = io::Result<TcpStream>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polls = self.polls.fetch_add(1, Ordering::SeqCst);
        assert!(polls < 1_000_000, "the listener does not pause");
        if self.left > 0 {
            self.left -= 1;
            // EMFILE
            return Poll::Ready(Some(Err(io::Error::from_raw_os_error(24))));
        }
        Pin::new(&mut self.then).poll_next(cx)
    }
}

/// Rows of docs/failures.md: 40.
#[tokio::test(flavor = "multi_thread")]
async fn a_listener_without_descriptors_pauses_its_tries() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let polls = Arc::new(AtomicUsize::new(0));
    let then = TcpListenerStream::new(listener);
    let failing = Failing { left: usize::MAX, polls: polls.clone(), then };
    let routes = Routes::new(ProverServiceServer::new(Toy::default()));
    let service = Service {
        name: SERVICE,
        routes,
        descriptors: DESCRIPTORS,
        methods: methods(),
        health: Health::default(),
    };
    let told = Box::pin(async { tokio::time::sleep(Duration::from_millis(1000)).await });
    let limits = Limits::default();
    let served = serve(failing.into(), service, &limits, told, Box::new(|| ()));
    let ended = within("the service to end", served).await;
    ended.unwrap();
    // At 0, 50, 150, 350 and 750 milliseconds. A loop that spins would try millions of times.
    let polls = polls.load(Ordering::SeqCst);
    assert!((1..=20).contains(&polls), "{polls} tries");
}

/// Rows of docs/failures.md: 40.
#[tokio::test(flavor = "multi_thread")]
async fn half_sent_requests_end_while_others_are_served() {
    let running = Running::start(|limits| {
        limits.receive = Duration::from_millis(1000);
        // Room for a few calls, in addition to the first of each connection.
        limits.in_flight = 512 * 1024;
    })
    .await;
    let body = framed(60_000, &[0xff; 40_000]);
    let (mut wires, mut calls) = (Vec::new(), Vec::new());
    for _ in 0..4 {
        let mut wire = Wire::connect(running.at, 65_535).await;
        for _ in 0..16 {
            calls.push(wire.call(LARGE, Some("Bearer toy"), body.clone(), false).await);
        }
        wires.push(wire);
    }
    running.serves().await.unwrap();
    let mut codes = Vec::new();
    for call in calls {
        codes.push(call.code().await.unwrap());
    }
    let count = |code: Code| codes.iter().filter(|got| **got == code).count();
    let (late, full) = (count(Code::DeadlineExceeded), count(Code::ResourceExhausted));
    assert_eq!(late + full, 64, "{codes:?}");
    // The first call of each connection, and as many more as the budget allows, at 136 KiB each.
    assert!((4..=4 + 3).contains(&late), "{late} calls were received, {full} refused");
    assert_eq!(running.toy.calls.load(Ordering::SeqCst), 1);
    // Everything was given back.
    let mut wire = Wire::connect(running.at, 65_535).await;
    let call = wire.call(LARGE, Some("Bearer toy"), framed(0, &[]), true).await;
    assert_eq!(call.code().await, Some(Code::Ok));
    running.end().await;
}

/// Rows of docs/failures.md: 40.
#[tokio::test(flavor = "multi_thread")]
async fn answers_that_nobody_reads_are_bounded_and_cut_off() {
    let running = Running::start(|limits| {
        limits.stall = Duration::from_secs(3);
        // Room for two answers.
        limits.unsent = 600 * 1024;
    })
    .await;
    let mut wire = Wire::connect(running.at, 1000).await;
    let mut calls = JoinSet::new();
    for _ in 0..8 {
        let call = wire.call(LARGE, Some("Bearer toy"), framed(0, &[]), true).await;
        calls.spawn(call.unread());
    }
    running.serves().await.unwrap();
    // Two answers fit, and are cut off with their connection. The others are refused before any
    // part of them is sent.
    let codes = within("eight calls to end", calls.join_all()).await;
    let count = |code| codes.iter().filter(|got| **got == code).count();
    assert_eq!((count(None), count(Some(Code::ResourceExhausted))), (2, 6), "{codes:?}");
    wire.closed().await;
    within("the answers to be given up", async {
        while unsent(&running.toy) > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    running.serves().await.unwrap();
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_reads_slowly_but_reads_is_served() {
    let running = Running::start(|limits| limits.stall = Duration::from_secs(30)).await;
    let mut wire = Wire::connect(running.at, 4096).await;
    let call = wire.call(LARGE, Some("Bearer toy"), framed(0, &[]), true).await;
    assert_eq!(call.code().await, Some(Code::Ok));
    let call = wire.call(SMALL, None, framed(0, &[]), true).await;
    assert_eq!(call.code().await, Some(Code::Ok));
    assert_eq!(unsent(&running.toy), 0);
    running.end().await;
}
