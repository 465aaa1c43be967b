//! A ledger that is too busy for a call says when to try again. About 70 connections could keep a
//! ledger busy, and a wallet gave up at the first refusal. Now it tries again, reports the wait,
//! and gives up when the time limit is over or would be.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    sync::{Arc, Mutex, atomic::Ordering},
    time::Duration,
};

use wufu_wallet::{
    GrpcSource, LogName, Sources, SubmitOutcome,
    endpoint::patience::{BusyWait, OnWait},
    source::{LedgerSource as _, SourceError},
    submit::SubmitError,
};

use crate::{
    common::*,
    transport::{Recorder, serve_ledger, trial},
};

/// Records each wait.
fn told() -> (Arc<Mutex<Vec<BusyWait>>>, OnWait) {
    let waits = Arc::<Mutex<Vec<BusyWait>>>::default();
    let told = waits.clone();
    (waits, Arc::new(move |wait| told.lock().unwrap().push(wait.clone())))
}

/// Rows of docs/failures.md: 40.
#[tokio::test]
async fn a_busy_ledger_is_asked_again_and_the_wait_is_told() {
    let (_, ledger) = trial(3);
    let recorder = Recorder { again: Duration::from_millis(20), ..Recorder::new(&ledger) };
    let endpoint = serve_ledger(&recorder).await;
    let (waits, told) = told();
    let source = GrpcSource::new(endpoint.clone()).with_waits(told);
    recorder.busy.store(2, Ordering::SeqCst);
    source.shard(&LogName::cards(CAMPAIGN), 5, 0).await.unwrap();
    let waits = waits.lock().unwrap().clone();
    assert_eq!(waits.iter().map(|wait| wait.refused).collect::<Vec<_>>(), [1, 2]);
    for wait in &waits {
        assert_eq!(wait.endpoint, endpoint.to_string());
        // Not sooner than the ledger said, and each wait within the remaining time.
        assert!(wait.time >= recorder.again && wait.time < wait.left, "{wait:?}");
    }
    // Each call has its own connection.
    let mut peers: Vec<_> = recorder.seen().iter().map(|seen| seen.peer.unwrap()).collect();
    peers.sort();
    peers.dedup();
    assert_eq!(peers.len(), 3);
}

/// Rows of docs/failures.md: 40.
#[tokio::test]
async fn a_wallet_does_not_wait_for_what_comes_too_late() {
    let (_, ledger) = trial(3);
    let recorder = Recorder { again: Duration::from_secs(3600), ..Recorder::new(&ledger) };
    recorder.busy.store(u32::MAX, Ordering::SeqCst);
    let (waits, told) = told();
    let source = GrpcSource::new(serve_ledger(&recorder).await).with_waits(told);
    let refused = source.roof(&LogName::cards(CAMPAIGN), 5).await.unwrap_err();
    assert!(matches!(&refused, SourceError::Busy(busy) if busy.refused == 1), "{refused:?}");
    let said = refused.to_string();
    assert!(said.contains("is busy") && said.contains("try again in 3600 s"), "{said}");
    assert!(waits.lock().unwrap().is_empty());
}

/// Rows of docs/failures.md: 40.
#[tokio::test]
async fn a_claim_is_submitted_again_to_a_busy_ledger() {
    let (wallet, ledger) = trial(3);
    let ask = claim_ask(claim_prover().verifying_key().id());
    let plan = wallet.plan_claim(&Sources::one(ledger.clone()), &ask, NOW).await.unwrap();
    let answer = plan.prove(&local(claim_prover()), quiet(), NOW).await.unwrap();
    let recorder = Recorder::new(&ledger);
    let endpoint = serve_ledger(&recorder).await;
    recorder.busy.store(1, Ordering::SeqCst);
    let (waits, told) = told();
    let submitted = wallet.submit_telling(&endpoint, &answer.envelope, told).await.unwrap();
    assert!(matches!(submitted, SubmitOutcome::Admitted { claim: 1, .. }));
    assert_eq!(waits.lock().unwrap().len(), 1);

    let late = Recorder { again: Duration::from_secs(3600), ..recorder };
    late.busy.store(1, Ordering::SeqCst);
    let refused = wallet.submit(&serve_ledger(&late).await, &answer.envelope).await;
    assert!(matches!(refused, Err(SubmitError::Busy(_))), "{refused:?}");
}
