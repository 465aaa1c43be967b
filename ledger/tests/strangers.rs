//! What strangers can do to a ledger. It limits them, serves others meanwhile, closes its epochs,
//! and stops when it is told to.
//!
//! 512 calls for shards once made an honest `GetCheckpoint` wait for 30 seconds, and epochs failed
//! to close, because all of them shared four connections to the database. 1,100 silent connections
//! stopped everything. One open health watch delayed the shutdown by ten seconds and turned it into
//! a failure.

#[path = "../../serve/tests/common/wire.rs"]
mod wire;

use std::{sync::atomic::Ordering, time::Duration};

use tokio::{io::AsyncReadExt as _, net::TcpStream};
use tonic::{Code, codegen::Bytes};
use wufu_ledger::{
    Log,
    service::{Limits, MAX_CLAIM, MAX_MESSAGE, MAX_QUERY},
};
use wufu_proto::{append::Append, v1};

use crate::common::{
    NOW, card, cards, ledger,
    served::{Served, bearer, covered, serve, serve_within, with_token},
};
use wire::{Heads, Wire, framed, within};

const SERVICE: &str = "wufu.v1.LedgerService";

fn path(method: &str) -> String {
    format!("/{SERVICE}/{method}")
}

fn message(message: &impl prost::Message) -> Bytes {
    let bytes = message.encode_to_vec();
    framed(bytes.len(), &bytes)
}

/// Limits under which no client is cut off during the test.
fn patient(limits: &mut Limits) {
    let long = Duration::from_secs(600);
    (limits.serve.stall, limits.serve.wanted, limits.wait) = (long, (long, long), long);
}

/// Whether an honest client is served.
async fn serves(served: &Served) -> bool {
    let Ok(stream) = TcpStream::connect(served.at).await else { return false };
    let Some(mut wire) = Wire::try_over(stream, 65_535).await else { return false };
    let body = framed(0, &[]);
    let Some(call) = wire.try_call(&path("GetLedgerInfo"), None, body, true).await else {
        return false;
    };
    call.code().await == Some(Code::Ok)
}

/// Rows of docs/failures.md: 39.
#[tokio::test(flavor = "multi_thread")]
async fn who_may_append_is_decided_on_the_headers() {
    let (_folder, ledger) = ledger().await;
    let served = serve(&ledger, None).await;
    let mut wire = Wire::connect(served.at, 65_535).await;
    for method in ["Append", "ListGrants"] {
        for token in [None, Some("Bearer 00"), Some("")] {
            // Not a byte of the message, and no end of the request.
            let call = wire.call(&path(method), token, Bytes::new(), false).await;
            assert_eq!(call.code().await, Some(Code::Unauthenticated), "{method} {token:?}");
        }
    }
    served.end().await;
}

/// Rows of docs/failures.md: 39.
#[tokio::test(flavor = "multi_thread")]
async fn every_call_has_a_largest_request() {
    let (_folder, ledger) = ledger().await;
    let served = serve(&ledger, None).await;
    let token = bearer(&ledger);
    for (method, most) in [
        ("GetLedgerInfo", MAX_QUERY),
        ("GetCheckpoint", MAX_QUERY),
        ("ListCheckpoints", MAX_QUERY),
        ("GetRoof", MAX_QUERY),
        ("GetShard", MAX_QUERY),
        ("GetProjects", MAX_QUERY),
        ("ListGrants", MAX_QUERY),
        ("SubmitClaim", MAX_CLAIM),
        ("Append", MAX_MESSAGE),
    ] {
        let mut wire = Wire::connect(served.at, 65_535).await;
        for length in [most + 1, u32::MAX as usize] {
            let call = wire.call(&path(method), Some(&token), framed(length, &[]), false).await;
            assert_eq!(call.code().await, Some(Code::OutOfRange), "{method}: {length}");
        }
    }
    assert!(serves(&served).await);
    served.end().await;
}

/// Rows of docs/failures.md: 39.
#[tokio::test(flavor = "multi_thread")]
async fn the_entries_of_an_append_are_counted_on_arrival() {
    let (_folder, ledger) = ledger().await;
    let served = serve(&ledger, None).await;
    let mut wire = Wire::connect(served.at, 65_535).await;
    // A few more entries than allowed, of 4 million that are announced, and no end of the request.
    let body = framed(MAX_MESSAGE, &[0x1a, 0].repeat(8193));
    let call = wire.call(&path("Append"), Some(&bearer(&ledger)), body, false).await;
    assert_eq!(call.code().await, Some(Code::InvalidArgument));
    served.end().await;
}

/// Rows of docs/failures.md: 40.
#[tokio::test(flavor = "multi_thread")]
async fn silent_connections_stop_neither_others_nor_epochs() {
    let (_folder, ledger) = ledger().await;
    let mut limits = Limits::default();
    (limits.serve.connections, limits.serve.greeting) = (8, Duration::from_secs(2));
    let served = serve_within(&ledger, None, limits).await;
    let mut silent = Vec::new();
    for _ in 0..8 {
        silent.push(TcpStream::connect(served.at).await.unwrap());
    }
    for _ in 0..20 {
        let mut beyond = TcpStream::connect(served.at).await.unwrap();
        let _ = within("a connection to be closed", beyond.read(&mut [0; 8])).await;
    }
    // Nobody is served yet, but the epoch closes.
    ledger.append(cards(0..3)).await.unwrap();
    served.clock.fetch_add(600, Ordering::SeqCst);
    within("the epoch to close", async {
        while ledger.checkpoints("wufu/cards", 0).await.unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    within("an honest client to be served", async {
        while !serves(&served).await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    served.end().await;
    drop(silent);
}

/// Rows of docs/failures.md: 40.
#[tokio::test(flavor = "multi_thread")]
async fn half_sent_requests_are_ended() {
    let (_folder, ledger) = ledger().await;
    let mut limits = Limits::default();
    limits.serve.receive = Duration::from_secs(1);
    let served = serve_within(&ledger, None, limits).await;
    let token = bearer(&ledger);
    let mut wire = Wire::connect(served.at, 65_535).await;
    let mut calls = Vec::new();
    for (method, length) in [("GetShard", 500), ("SubmitClaim", 4000), ("Append", 100_000)] {
        for sent in [0, 4, length] {
            let body = framed(length, &vec![0xff; length - 1]).slice(..sent);
            calls.push(wire.call(&path(method), Some(&token), body, false).await);
        }
    }
    assert!(serves(&served).await);
    for call in calls {
        assert_eq!(call.code().await, Some(Code::DeadlineExceeded));
    }
    served.end().await;
}

/// Rows of docs/failures.md: 40.
#[tokio::test(flavor = "multi_thread")]
async fn shards_that_nobody_reads_starve_nobody_else() {
    let (_folder, ledger) = ledger().await;
    // A shard of 160 KB. That is more than the transport buffers for a client that does not read.
    let cards = vec![card(1, 1); 5000];
    ledger.append(Append { cards, ..Append::default() }).await.unwrap();
    ledger.close_epoch(NOW).await.unwrap();
    let mut limits = Limits::default();
    (limits.answers, limits.queue) = (4, 2);
    // No client is cut off during the test.
    patient(&mut limits);
    let served = serve_within(&ledger, None, limits).await;
    let origin = ledger.origin(Log::Cards);
    let query = message(&v1::GetShardRequest { origin, epoch: NOW / 600, shard: 0 });
    let (mut wires, mut calls) = (Vec::new(), Vec::new());
    for _ in 0..8 {
        let mut wire = Wire::connect(served.at, 1000).await;
        for _ in 0..64 {
            calls.push(wire.call(&path("GetShard"), None, query.clone(), true).await);
        }
        wires.push(wire);
    }
    // 512 calls are in flight. Others can read and append, and the epoch closes.
    let mut client = served.client().await;
    covered(&mut client, &ledger, Log::Cards, 5000).await;
    let mut operator = served.client().await;
    let request =
        with_token(&bearer(&ledger), v1::AppendRequest::from(&crate::common::cards(5..6)));
    let appended = tokio::spawn(async move { operator.append(request).await });
    within("the card to be there", async {
        while ledger.size(Log::Cards).await.unwrap() < 5001 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    served.clock.fetch_add(600, Ordering::SeqCst);
    within("the grant", appended).await.unwrap().unwrap();
    covered(&mut client, &ledger, Log::Cards, 5001).await;

    // Four are answered, at most six wait, and all others are refused and told when to try again.
    let unread = Heads::of(calls);
    unread.refused(512 - 10).await;
    drop((unread, wires));
    // Their places are free again as soon as the ledger notices that they are gone.
    let mut wire = Wire::connect(served.at, 65_535).await;
    within("a shard", async {
        loop {
            let call = wire.call(&path("GetShard"), None, query.clone(), true).await;
            match call.code().await {
                Some(Code::ResourceExhausted) => {
                    tokio::time::sleep(Duration::from_millis(20)).await
                }
                code => break assert_eq!(code, Some(Code::Ok)),
            }
        }
    })
    .await;
    served.end().await;
}

/// Three connections with 64 calls each once held every place for a shard, and every answer.
#[tokio::test(flavor = "multi_thread")]
async fn one_connection_reads_two_shards_at_a_time_at_most() {
    let (_folder, ledger) = ledger().await;
    // A shard of 160 KB. That is more than the transport buffers for a client that does not read.
    let cards = vec![card(1, 1); 5000];
    ledger.append(Append { cards, ..Append::default() }).await.unwrap();
    ledger.close_epoch(NOW).await.unwrap();
    let mut limits = Limits::default();
    // No client is cut off during the test.
    patient(&mut limits);
    let served = serve_within(&ledger, None, limits).await;
    let origin = ledger.origin(Log::Cards);
    let query = message(&v1::GetShardRequest { origin, epoch: NOW / 600, shard: 0 });
    let (mut greedy, mut calls) = (Wire::connect(served.at, 1000).await, Vec::new());
    for _ in 0..64 {
        calls.push(greedy.call(&path("GetShard"), None, query.clone(), true).await);
    }
    // There is room for 16 answers and for 128 waiting calls. Two of these calls get a share of it.
    let unread = Heads::of(calls);
    unread.refused(62).await;
    let mut wire = Wire::connect(served.at, 65_535).await;
    let call = wire.call(&path("GetShard"), None, query, true).await;
    assert_eq!(call.code().await, Some(Code::Ok));
    drop((unread, greedy));
    served.end().await;
}

/// Rows of docs/failures.md: 40.
/// 72 connections that asked for two shards each, and read neither, once held all 16 answers and
/// all 128 waiting places, for two minutes at a time. An honest client, which makes one call over a
/// connection of its own, was refused, or waited in vain. Now its call replaces a second call, and
/// answers that nobody reads are cut off while another call waits.
#[tokio::test(flavor = "multi_thread")]
async fn an_honest_client_is_served_when_places_are_full() {
    let (_folder, ledger) = ledger().await;
    // A shard of 160 KB. That is more than the transport buffers for a client that does not read.
    let cards = vec![card(1, 1); 5000];
    ledger.append(Append { cards, ..Append::default() }).await.unwrap();
    ledger.close_epoch(NOW).await.unwrap();
    let mut limits = Limits::default();
    patient(&mut limits);
    (limits.serve.answer, limits.serve.wanted.0) =
        (Duration::from_secs(600), Duration::from_millis(500));
    let served = serve_within(&ledger, None, limits).await;
    let origin = ledger.origin(Log::Cards);
    let query = message(&v1::GetShardRequest { origin, epoch: NOW / 600, shard: 0 });
    let (mut wires, mut calls) = (Vec::new(), Vec::new());
    for _ in 0..80 {
        let mut wire = Wire::connect(served.at, 1000).await;
        for _ in 0..2 {
            calls.extend(wire.try_call(&path("GetShard"), None, query.clone(), true).await);
        }
        wires.push(wire);
    }
    let unread = Heads::of(calls);
    for _ in 0..3 {
        let mut wire = Wire::connect(served.at, 65_535).await;
        let call = wire.call(&path("GetShard"), None, query.clone(), true).await;
        assert_eq!(call.code().await, Some(Code::Ok));
    }
    drop((unread, wires));
    served.end().await;
}

/// Rows of docs/failures.md: 40.
#[tokio::test(flavor = "multi_thread")]
async fn no_client_delays_the_end_or_makes_it_a_failure() {
    let (_folder, ledger) = ledger().await;
    let mut limits = Limits::default();
    // No time is asserted: the grace time is longer than the test waits for anything.
    limits.serve.grace = Duration::from_secs(3600);
    // Use up this epoch's checkpoint, so that an append waits.
    ledger.append(cards(1..2)).await.unwrap();
    ledger.close_epoch(NOW).await.unwrap();
    let served = serve_within(&ledger, None, limits).await;
    let token = bearer(&ledger);
    let mut wire = Wire::connect(served.at, 65_535).await;
    let name = [&[0x0a, SERVICE.len() as u8][..], SERVICE.as_bytes()].concat();
    let health = "/grpc.health.v1.Health/Watch";
    let watch = wire.call(health, None, framed(name.len(), &name), true).await;
    let reflection = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    let reflection = wire.call(reflection, None, Bytes::new(), false).await;
    let half = wire.call(&path("SubmitClaim"), None, framed(1000, &[0x0a; 10]), false).await;
    // An append that waits for the end of the epoch.
    let entry = message(&v1::AppendRequest::from(&cards(0..1)));
    let append = wire.call(&path("Append"), Some(&token), entry, true).await;
    within("the card to be there", async {
        while ledger.size(Log::Cards).await.unwrap() < 2 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    assert!(serves(&served).await);
    let silent = TcpStream::connect(served.at).await.unwrap();
    let calls = [("watch", watch), ("half", half), ("append", append)];
    let ((), ()) = tokio::join!(within("the service to end", served.end()), async {
        // The stream ends with either code.
        assert!(matches!(reflection.code().await, Some(Code::Ok | Code::Unavailable)));
        for (what, call) in calls {
            let expected = if what == "watch" { Code::Ok } else { Code::Unavailable };
            assert_eq!(call.code().await, Some(expected), "{what}");
        }
    });
    drop((silent, wire));
}
