//! The shutdown of a service, whatever its clients do.
//!
//! One open health watch once delayed a ledger's shutdown by ten seconds and made it exit with 2.
//! One open reflection call delayed a prover's by thirty seconds.

use std::time::Duration;

use tokio::net::TcpStream;
use tonic::{Code, codegen::Bytes};
use wufu_serve::ServiceEnd;

use crate::common::{
    LARGE, Running, SERVICE, SMALL, unsent,
    wire::{Wire, framed, within},
};

/// Rows of docs/failures.md: 40.
#[tokio::test(flavor = "multi_thread")]
async fn idle_streams_and_half_sent_requests_delay_no_end() {
    // No time is asserted: the grace time is longer than the test waits for anything.
    let running = Running::start(|limits| {
        (limits.grace, limits.receive) = (Duration::from_secs(3600), Duration::from_secs(3600));
    })
    .await;
    let silent = TcpStream::connect(running.at).await.unwrap();
    let mut wire = Wire::connect(running.at, 65_535).await;
    let name = [&[0x0a, SERVICE.len() as u8][..], SERVICE.as_bytes()].concat();
    let watched = framed(name.len(), &name);
    let watch = wire.call("/grpc.health.v1.Health/Watch", None, watched.clone(), true).await;
    let unread = wire.call("/grpc.health.v1.Health/Watch", None, watched, true).await;
    let path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    let reflection = wire.call(path, None, Bytes::new(), false).await;
    let half = wire.call(LARGE, Some("Bearer toy"), framed(60_000, &[0xff; 1000]), false).await;
    let headers = wire.call(SMALL, None, Bytes::new(), false).await;
    running.serves().await.unwrap();

    let (ended, ()) = tokio::join!(running.end(), async {
        // The stream ends with either code.
        assert!(matches!(reflection.code().await, Some(Code::Ok | Code::Unavailable)));
        for (what, call) in [("watch", watch), ("half", half)] {
            let expected = if what == "watch" { Code::Ok } else { Code::Unavailable };
            assert_eq!(call.code().await, Some(expected), "{what}");
        }
    });
    assert_eq!(ended, ServiceEnd::Whole);
    drop((silent, unread, headers));
    within("the connection to be closed", wire.closed()).await;
}

/// Rows of docs/failures.md: 40.
#[tokio::test(flavor = "multi_thread")]
async fn an_unread_answer_delays_the_end_by_the_grace_time() {
    let running = Running::start(|limits| limits.grace = Duration::from_millis(300)).await;
    let mut wire = Wire::connect(running.at, 1000).await;
    let call = wire.call(LARGE, Some("Bearer toy"), framed(0, &[]), true).await;
    within("the answer", async {
        while unsent(&running.toy) == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    // No handler is working on it.
    assert_eq!(running.end().await, ServiceEnd::Cut { working: 0 });
    wire.closed().await;
    drop(call);
}
