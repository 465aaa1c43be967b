//! Reading needs no lock.
//!
//! While a ledger was served, `info`, `audit` and `checkpoints` were once refused, because another
//! process had the ledger open. On a read-only medium, they could not make the lock file.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::{path::Path, process::Command};

use wufu_ledger::{Ledger, LedgerReader, Log, PendingEntries};

use crate::common::{NOW, address, card, cards, donations, ledger, persons};
use wufu_proto::append::Append;

const FOLDER: &str = "WUFU_READER_FOLDER";

#[tokio::test]
async fn a_ledger_that_is_open_elsewhere_can_be_read() {
    let (folder, ledger) = ledger().await;
    for what in [cards(0..6), persons(0..2), donations(1..4)] {
        ledger.append(what).await.unwrap();
    }
    ledger.close_epoch(NOW).await.unwrap();
    let reader = LedgerReader::open(folder.path()).await.unwrap();
    // The reader sees the ledger as it was, in one transaction, whatever is written meanwhile.
    ledger.append(cards(6..9)).await.unwrap();
    ledger.append(donations(4..9)).await.unwrap();
    ledger.close_epoch(NOW + 600).await.unwrap();
    for _ in 0..2 {
        let sizes: Vec<u64> =
            reader.info().await.unwrap().logs.iter().map(|log| log.size).collect();
        assert_eq!(sizes, [6, 2, 3]);
        assert_eq!(reader.totals().await.unwrap().donations, 3);
        assert_eq!(reader.checkpoints("wufu/cards", 0).await.unwrap().len(), 1);
        let audit = reader.audit().await.unwrap();
        assert_eq!((audit.findings, audit.checkpoints, audit.sum), (vec![], 3, 6));
    }
    // The same holds for grants, with the trees of that moment.
    let grants = reader.with_trees().await.unwrap().grants_of(address(1).pk).await.unwrap();
    assert_eq!((grants.cards.len(), grants.persons.len(), grants.donations.len()), (1, 1, 1));
    assert!(grants.cards.iter().all(|grant| grant.epoch == NOW / 600));
    // A new reader sees the rest, and the writer is not disturbed.
    let reader = LedgerReader::open(folder.path()).await.unwrap();
    let audit = reader.audit().await.unwrap();
    assert_eq!((audit.findings, audit.checkpoints), (vec![], 5));
    ledger.append(persons(5..6)).await.unwrap();
    drop(reader);
    ledger.close().await;
}

#[tokio::test]
async fn what_waits_for_the_next_checkpoint_is_counted() {
    let (folder, ledger) = ledger().await;
    let batch = Append { cards: vec![card(1, 0), card(1, 2), card(2, 1)], ..Append::default() };
    ledger.append(batch).await.unwrap();
    ledger.append(donations(1..3)).await.unwrap();
    let waiting = async |owner| {
        let reader = LedgerReader::open(folder.path()).await.unwrap();
        reader.waiting_of(address(owner).pk).await.unwrap()
    };
    assert_eq!(waiting(1).await, PendingEntries { cards: 2, persons: 0, donations: 1 });
    assert_eq!(waiting(1).await.count(), 3);
    assert_eq!(waiting(9).await, PendingEntries::default());
    assert_eq!(ledger.next_close(NOW).await.unwrap(), NOW);
    ledger.close_epoch(NOW).await.unwrap();
    assert_eq!(waiting(1).await, PendingEntries::default());
    ledger.append(persons(1..2)).await.unwrap();
    assert_eq!(waiting(1).await.count(), 1);
    // This epoch was signed, so the next one covers them.
    assert_eq!(ledger.next_close(NOW).await.unwrap(), (NOW / 600 + 1) * 600);
    assert_eq!(ledger.next_close(NOW + 900).await.unwrap(), NOW + 900);
}

/// A process for which the folder is read-only.
#[tokio::test]
async fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let folder = Path::new(&folder);
    assert!(std::fs::write(folder.join("probe"), "").is_err(), "the folder can be written");
    let refused = Ledger::open(folder).await;
    assert!(refused.is_err(), "{refused:?}");
    match LedgerReader::open(folder).await {
        Ok(reader) => {
            let audit = reader.audit().await.unwrap();
            let size = reader.info().await.unwrap().logs[0].size;
            let notes = reader.checkpoints(&reader.origin(Log::Cards), 0).await.unwrap().len();
            println!("read {size} leaves, {notes} notes, {} findings", audit.findings.len());
        }
        Err(error) => println!("refused: {error}"),
    }
}

/// The child's output for a folder that is mounted read-only for it. `None` if mounting is not
/// allowed.
fn read_only(folder: &Path) -> Option<String> {
    let script = "mount --bind \"$1\" \"$1\" && mount -o remount,ro,bind \"$1\" || exit 77\n\
         exec \"$2\" --exact reader::child --nocapture";
    let child = Command::new("unshare")
        .args(["-m", "sh", "-c", script, "sh"])
        .arg(folder)
        .arg(std::env::current_exe().unwrap())
        .env(FOLDER, folder)
        .output();
    let output =
        child.ok().filter(|output| output.status.success() || output.status.code() == Some(101))?;
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    Some(text)
}

#[tokio::test]
async fn a_ledger_on_a_read_only_medium_can_be_read() {
    let (folder, ledger) = ledger().await;
    ledger.append(cards(0..6)).await.unwrap();
    ledger.close_epoch(NOW).await.unwrap();
    ledger.close().await;
    let names = || {
        let mut names: Vec<_> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|file| file.unwrap().file_name())
            .collect();
        names.sort();
        names
    };
    let before = names();
    let Some(said) = read_only(folder.path()) else {
        println!("skipped: nothing can be mounted here");
        return;
    };
    assert!(said.contains("read 6 leaves, 1 notes, 0 findings"), "{said}");
    assert_eq!(names(), before);

    // Without the index of the write-ahead log, its pages cannot be read. The reader says so, and
    // does not show an older ledger.
    let ledger = Ledger::open(folder.path()).await.unwrap();
    ledger.append(cards(6..8)).await.unwrap();
    let copy = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        if file.file_name() != "ledger.db-shm" {
            std::fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
        }
    }
    ledger.close().await;
    let said = read_only(copy.path()).unwrap();
    let expected = ["read 8 leaves, 1 notes, 0 findings", "ledger.db-wal holds"];
    assert!(expected.iter().any(|expected| said.contains(expected)), "{said}");
}
