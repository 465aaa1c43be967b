use wufu_circuits::{Kind, Seed};
use wufu_proto::append::{Append, CardIssue};

use super::*;
use crate::{AppendError, LedgerPolicy};

const NOW: u64 = 1_518_704_280;

async fn ledger(folder: &Path) -> Ledger {
    let policy = LedgerPolicy::new("wufu");
    Ledger::create(&folder.join("ledger"), &policy, NOW).await.unwrap()
}

fn cards(count: usize) -> Append {
    let address = Seed::from_bytes([7; 32]).address("wufu");
    let card = CardIssue { address, kind: Kind::Harmony, serial: None };
    Append { cards: vec![card; count], ..Append::default() }
}

/// Rows of docs/failures.md: 40.
/// A ledger whose disk was full reported SERVING, and so kept getting requests.
#[tokio::test]
async fn a_database_that_is_full_is_not_serving() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger(folder.path()).await;
    let watch = Watch::new(ledger.clone(), 0);
    ledger.inner.store.grow_no_more().await;
    let error = ledger.append(cards(8192)).await.unwrap_err();
    let AppendError::Store(error) = error else { panic!("{error}") };
    watch.failed(&error);
    assert!(watch.health().conditions().contains(&Condition::DiskFull), "{error}");

    // The disk itself takes something, so the service tries again.
    watch.look_at_disk().await;
    assert!(watch.health().conditions().is_empty());
}

/// Rows of docs/failures.md: 40.
#[tokio::test]
async fn too_little_free_space_is_not_serving() {
    let folder = tempfile::tempdir().unwrap();
    let watch = Watch::new(ledger(folder.path()).await, u64::MAX);
    watch.look_at_disk().await;
    assert!(watch.health().conditions().contains(&Condition::DiskFull));
}

/// Rows of docs/failures.md: 40.
#[tokio::test]
async fn epochs_that_fail_to_close_are_not_serving() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger(folder.path()).await;
    let watch = Watch::new(ledger.clone(), 0);
    let epoch = ledger.policy().epoch_seconds;
    ledger.append(cards(1)).await.unwrap();
    let close = async |now| {
        watch.closes();
        watch.closed(&ledger.close_epoch(now).await, now);
        watch.health().conditions().contains(&Condition::EpochsStuck)
    };
    assert!(!close(NOW + 2 * epoch).await);
    // The clock goes back.
    assert!(!close(NOW).await && !close(NOW).await);
    assert!(close(NOW).await);
    assert!(!close(NOW + 3 * epoch).await);
}
