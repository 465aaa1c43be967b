//! Requests that are refused before they are decoded.
//!
//! A ledger once decoded 4 million empty entries, which took 667 MB and 6 seconds, and only then
//! checked the caller's token.

use std::sync::atomic::Ordering;

use tonic::{Code, codegen::Bytes};

use crate::common::{
    BYTES, LARGE, Running, SMALL,
    wire::{Wire, framed},
};

/// Rows of docs/failures.md: 39.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_without_its_token_is_refused_on_its_headers() {
    let running = Running::start(|_| ()).await;
    let mut wire = Wire::connect(running.at, 65_535).await;
    for token in [None, Some("Bearer to"), Some("toy"), Some("")] {
        // Not a byte of a message, and no end of the request.
        let call = wire.call(LARGE, token, Bytes::new(), false).await;
        assert_eq!(call.code().await, Some(Code::Unauthenticated), "{token:?}");
    }
    let call = wire.call(LARGE, Some("Bearer toy"), framed(0, &[]), true).await;
    assert_eq!(call.code().await, Some(Code::Ok));
    assert_eq!(running.toy.calls.load(Ordering::SeqCst), 1);
    running.end().await;
}

/// Rows of docs/failures.md: 39.
#[tokio::test(flavor = "multi_thread")]
async fn each_call_refuses_long_messages_by_length_alone() {
    let running = Running::start(|_| ()).await;
    let mut wire = Wire::connect(running.at, 65_535).await;
    for (path, most) in [(SMALL, 1024), (LARGE, BYTES), ("/grpc.health.v1.Health/Check", 1024)] {
        for length in [most + 1, u32::MAX as usize] {
            // Only the length, without the bytes that it announces.
            let call = wire.call(path, Some("Bearer toy"), framed(length, &[]), false).await;
            assert_eq!(call.code().await, Some(Code::OutOfRange), "{path} {length}");
        }
    }
    assert_eq!(running.toy.calls.load(Ordering::SeqCst), 0);
    running.serves().await.unwrap();
    running.end().await;
}

/// Rows of docs/failures.md: 39.
#[tokio::test(flavor = "multi_thread")]
async fn excess_entries_are_refused_while_they_arrive() {
    let running = Running::start(|_| ()).await;
    let mut wire = Wire::connect(running.at, 65_535).await;
    let entries = |count: usize| [0x0a, 0].repeat(count);
    let call = wire.call(LARGE, Some("Bearer toy"), framed(200, &entries(100)), true).await;
    assert_eq!(call.code().await, Some(Code::Ok));
    // One entry too many, out of thousands that are announced and never arrive.
    let call = wire.call(LARGE, Some("Bearer toy"), framed(60_000, &entries(101)), false).await;
    assert_eq!(call.code().await, Some(Code::InvalidArgument));
    running.end().await;
}
