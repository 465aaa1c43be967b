//! How much memory callers can make a ledger hold. The ledger runs in a process of its own, whose
//! peak memory is measured.
//!
//! An `Append` of 8 MiB with 4 million empty entries and no token was once decoded before the token
//! was checked, which took 667 MB and 6 seconds, and 1.3 GB for four at once. 64 calls that sent
//! all but one byte of 8 MiB were held for ever. A client that did not read its shards cost 3.7 MB
//! for each.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use wufu_testing as _;

#[path = "../../serve/tests/common/child.rs"]
mod child;
mod common;
#[path = "../../serve/tests/common/wire.rs"]
mod wire;

use std::{sync::Arc, time::Duration};

use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Code, codegen::Bytes};
use wufu_ledger::{
    Ledger, Log,
    service::{Limits, MAX_MESSAGE, run_within},
};
use wufu_proto::append::Append;

use child::{Child, told_to_end};
use common::{NOW, card, policy};
use wire::{Heads, Wire, framed, within};

const APPEND: &str = "/wufu.v1.LedgerService/Append";
const INFO: &str = "/wufu.v1.LedgerService/GetLedgerInfo";
const SHARD: &str = "/wufu.v1.LedgerService/GetShard";

/// The number of cards in the ledger. A shard with them has 640 KB.
const CARDS: u64 = 20_000;

/// The serving process: this test binary, started again by the tests below.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the others as a process of its own"]
async fn serve() {
    let folder = tempfile::TempDir::new().unwrap();
    let ledger = Ledger::create(folder.path(), &policy(), NOW).await.unwrap();
    println!("\ntoken {}", *ledger.operator_token().to_hex());
    let one = card(1, 1);
    for _ in 0..CARDS / 5000 {
        let cards = vec![one.clone(); 5000];
        ledger.append(Append { cards, ..Append::default() }).await.unwrap();
    }
    ledger.close_epoch(NOW).await.unwrap();
    assert_eq!(ledger.size(Log::Cards).await.unwrap(), CARDS);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    child::listening(listener.local_addr().unwrap());
    let incoming = TcpListenerStream::new(listener);
    let mut limits = Limits::default();
    limits.serve.receive = Duration::from_secs(4);
    let clock = Arc::new(|| NOW);
    run_within(incoming, ledger, None, clock, limits, told_to_end()).await.unwrap();
}

/// Checks that another client is served.
async fn serves(child: &Child) {
    let mut wire = Wire::connect(child.at, 65_535).await;
    let call = wire.call(INFO, None, framed(0, &[]), true).await;
    assert_eq!(call.code().await, Some(Code::Ok), "nobody else is served");
}

/// Makes four calls at once, each with 4 million empty entries. Returns the codes, and how far the
/// peak rose.
async fn millions(token: Option<&str>) -> (Vec<Option<Code>>, u64) {
    let child = Child::start(&[]);
    serves(&child).await;
    let token = token.map(|_| format!("Bearer {}", child.said("token")));
    let before = child.resident();
    let entries: Bytes = [0x0a, 0].repeat(MAX_MESSAGE / 2 - 1).into();
    let body = framed(entries.len(), &entries);
    let mut wires = Vec::new();
    for _ in 0..4 {
        wires.push(Wire::connect(child.at, 65_535).await);
    }
    let mut calls = Vec::new();
    for wire in &mut wires {
        calls.push(wire.call(APPEND, token.as_deref(), body.clone(), true).await);
    }
    let mut codes = Vec::new();
    for call in calls {
        codes.push(call.code().await);
    }
    serves(&child).await;
    let grown = child.peak().saturating_sub(before);
    child.end();
    (codes, grown)
}

/// Rows of docs/failures.md: 39.
#[tokio::test(flavor = "multi_thread")]
async fn four_million_entries_without_a_token_stay_unread() {
    let (codes, grown) = millions(None).await;
    assert_eq!(codes, [Some(Code::Unauthenticated); 4]);
    assert!(grown <= 32 << 20, "{grown} bytes more");
}

/// Rows of docs/failures.md: 39.
#[tokio::test(flavor = "multi_thread")]
async fn four_million_operator_entries_are_not_decoded() {
    let (codes, grown) = millions(Some("the token")).await;
    for code in codes {
        // Refused at the first entry too many, or because of more bytes at once than the operator
        // may send.
        assert!(matches!(code, Some(Code::InvalidArgument | Code::ResourceExhausted)), "{code:?}");
    }
    assert!(grown <= 32 << 20, "{grown} bytes more");
}

/// Rows of docs/failures.md: 40.
#[tokio::test(flavor = "multi_thread")]
async fn unfinished_appends_are_bounded_and_ended() {
    let child = Child::start(&[]);
    serves(&child).await;
    let token = format!("Bearer {}", child.said("token"));
    let before = child.resident();
    // One entry of nearly 8 MiB, so that only its last byte is missing.
    let length = MAX_MESSAGE - 8;
    let mut entry = vec![0x1a];
    prost::encoding::encode_varint(length as u64, &mut entry);
    entry.resize(entry.len() + length - 1, 0);
    let body = framed(entry.len() + 1, &entry);
    let mut wire = Wire::connect(child.at, 65_535).await;
    let mut calls = Vec::new();
    for _ in 0..64 {
        calls.push(wire.call(APPEND, Some(&token), body.clone(), false).await);
    }
    serves(&child).await;
    let mut codes = Vec::new();
    for call in calls {
        codes.push(call.code().await);
    }
    let count = |code: Code| codes.iter().filter(|got| **got == Some(code)).count();
    let (late, full) = (count(Code::DeadlineExceeded), count(Code::ResourceExhausted));
    assert_eq!(late + full, 64, "{codes:?}");
    assert!((1..=3).contains(&late), "{late} of 8 MiB were received");
    let grown = child.peak().saturating_sub(before);
    assert!(grown <= 96 << 20, "{grown} bytes more");
    // Their memory is free again.
    let call = wire.call(APPEND, Some(&token), framed(2, &[0x0a, 0]), true).await;
    assert_eq!(call.code().await, Some(Code::InvalidArgument));
    child.end();
}

/// Rows of docs/failures.md: 40.
#[tokio::test(flavor = "multi_thread")]
async fn shards_that_nobody_reads_are_bounded() {
    let child = Child::start(&[]);
    serves(&child).await;
    let before = child.resident();
    let query = prost::Message::encode_to_vec(&wufu_proto::v1::GetShardRequest {
        origin: "wufu/cards".into(),
        epoch: NOW / 600,
        shard: 0,
    });
    let query = framed(query.len(), &query);
    let (mut wires, mut calls) = (Vec::new(), Vec::new());
    for _ in 0..8 {
        let mut wire = Wire::connect(child.at, 1000).await;
        for _ in 0..64 {
            calls.push(wire.call(SHARD, None, query.clone(), true).await);
        }
        wires.push(wire);
    }
    // Calls that are neither answered nor waiting are refused. The others are not read.
    let limits = Limits::default();
    let most = limits.answers + limits.queue + limits.answers;
    let unread = Heads::of(calls);
    unread.refused(512 - most).await;
    serves(&child).await;
    let grown = child.peak().saturating_sub(before);
    let most = limits.answers * (CARDS as usize) * 32 + (48 << 20);
    assert!(grown <= most as u64, "{grown} bytes more, expected at most {most}");
    drop((unread, wires));
    within("the end", async { child.end() }).await;
}
