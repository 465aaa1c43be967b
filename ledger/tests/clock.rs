//! SECURITY.md, row 41: a clock that is far ahead when an epoch closes.
//!
//! A computer started with its clock 30 days ahead, another one 80 years. The ledger signed that
//! day's epoch, and then refused every earlier one. The log stood still for all that time, and the
//! service logged an error twice a second. Now such a step is refused before anything is signed,
//! unless the operator confirms the clock.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use wufu_ledger::{EpochError, Ledger, LedgerPolicy};
use wufu_verifier::encoding::readable::Utc;

use crate::common::{NOW, cards, ledger};

const DAY: u64 = 86_400;

/// Rows of docs/failures.md: 41.
#[tokio::test]
async fn a_clock_30_days_or_80_years_ahead_signs_nothing() {
    let (folder, ledger) = ledger().await;
    ledger.append(cards(0..2)).await.unwrap();
    ledger.close_epoch(NOW).await.unwrap();
    ledger.append(cards(2..4)).await.unwrap();
    for ahead in [30 * DAY, 80 * 365 * DAY, u64::MAX / 2] {
        let refused = ledger.close_epoch(NOW + ahead).await.unwrap_err();
        let EpochError::Jump { got, newest, signed, longest, .. } = refused else {
            panic!("{refused}")
        };
        assert_eq!((got, newest), ((NOW + ahead) / 600, NOW / 600));
        assert_eq!((signed, longest), (Utc(NOW / 600 * 600), DAY));
    }
    let refused = ledger.close_epoch(NOW + 30 * DAY).await.unwrap_err().to_string();
    for part in [
        "the clock says 2018-03-17 14:10 UTC",
        "began at 2018-02-15 14:10 UTC",
        "more than a day",
        "--accept-clock",
    ] {
        assert!(refused.contains(part), "{part}: {refused}");
    }
    // Nothing was signed, so the right time is still accepted.
    let closed = ledger.close_epoch(NOW + 600).await.unwrap();
    assert_eq!(closed.signed.len(), 1);
    assert_eq!(ledger.checkpoints("wufu/cards", 0).await.unwrap().len(), 2);
    // A ledger that is opened again has not forgotten what it signed.
    ledger.append(cards(4..5)).await.unwrap();
    ledger.close().await;
    let ledger = Ledger::open(folder.path()).await.unwrap();
    assert!(matches!(ledger.close_epoch(NOW + 30 * DAY).await, Err(EpochError::Jump { .. })));
}

/// Rows of docs/failures.md: 41.
/// The first epoch had nothing to be compared with. A ledger whose clock was wrong before the first
/// signature stood still.
#[tokio::test]
async fn the_first_epoch_is_compared_with_the_creation_time() {
    let (folder, ledger) = ledger().await;
    ledger.append(cards(0..2)).await.unwrap();
    let refused = ledger.close_epoch(NOW + 30 * DAY).await;
    assert!(matches!(refused, Err(EpochError::Jump { .. })), "{refused:?}");
    ledger.close().await;
    let ledger = Ledger::open(folder.path()).await.unwrap();
    let refused = ledger.close_epoch(NOW + 30 * DAY).await;
    assert!(matches!(refused, Err(EpochError::Jump { .. })), "{refused:?}");
    assert_eq!(ledger.close_epoch(NOW + DAY / 2).await.unwrap().signed.len(), 1);
}

/// Rows of docs/failures.md: 41.
#[tokio::test]
async fn a_ledger_switched_off_for_weeks_can_go_on() {
    let (folder, ledger) = ledger().await;
    ledger.append(cards(0..2)).await.unwrap();
    ledger.close_epoch(NOW).await.unwrap();
    ledger.close().await;
    let ledger = Ledger::open(folder.path()).await.unwrap();
    let later = NOW + 40 * DAY;
    assert!(ledger.close_epoch(later).await.is_err());
    ledger.accept_clock(later);
    // Only once: a clock that is further ahead than the accepted one is refused again.
    assert!(ledger.close_epoch(later + 30 * DAY).await.is_err());
    let closed = ledger.close_epoch(later).await.unwrap();
    // There is no new leaf. The accepted time is signed all the same, so that the next process
    // knows it.
    assert_eq!((closed.signed.len(), closed.summary), (0, Some(2)));
    ledger.append(cards(2..3)).await.unwrap();
    ledger.close().await;
    let ledger = Ledger::open(folder.path()).await.unwrap();
    assert_eq!(ledger.close_epoch(later + 600).await.unwrap().signed.len(), 1);
    assert_eq!(ledger.audit().await.unwrap().findings, []);
}

/// Rows of docs/failures.md: 41.
/// A ledger that is served for weeks without new entries follows its clock.
#[tokio::test]
async fn an_idle_ledger_follows_its_clock() {
    let (folder, ledger) = ledger().await;
    ledger.append(cards(0..2)).await.unwrap();
    let (mut now, mut summaries) = (NOW, 0);
    for _ in 0..60 * 4 {
        summaries += u64::from(ledger.close_epoch(now).await.unwrap().summary.is_some());
        now += DAY / 4;
    }
    assert!((50..=120).contains(&summaries), "{summaries} summaries in 60 days");
    ledger.append(cards(2..3)).await.unwrap();
    ledger.close().await;
    let ledger = Ledger::open(folder.path()).await.unwrap();
    assert_eq!(ledger.close_epoch(now).await.unwrap().signed.len(), 1);
    assert_eq!(ledger.audit().await.unwrap().findings, []);
}

/// Rows of docs/failures.md: 41.
#[tokio::test]
async fn the_longest_step_is_a_day_or_ten_epochs() {
    for (epoch_seconds, longest) in [(1, DAY), (600, DAY), (DAY, 10 * DAY)] {
        let folder = tempfile::tempdir().unwrap();
        let mut policy = LedgerPolicy::new("wufu");
        policy.epoch_seconds = epoch_seconds;
        let ledger = Ledger::create(folder.path(), &policy, NOW).await.unwrap();
        let now = NOW / DAY * DAY;
        // There is nothing to compare the first step with.
        ledger.append(cards(0..1)).await.unwrap();
        ledger.close_epoch(now).await.unwrap();
        ledger.append(cards(1..2)).await.unwrap();
        let refused = ledger.close_epoch(now + longest + epoch_seconds).await;
        assert!(matches!(refused, Err(EpochError::Jump { .. })), "{epoch_seconds}: {refused:?}");
        let closed = ledger.close_epoch(now + longest).await.unwrap();
        assert_eq!(closed.signed.len(), 1, "{epoch_seconds}");
    }
}
