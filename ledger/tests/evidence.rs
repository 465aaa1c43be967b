//! The files beside the database reveal that a signed state was deleted from it, or that an older
//! one was put back.
//!
//! Somebody who deleted the state, the summaries and `summary.note` had a ledger like that of the
//! first release, which signed none. The audit found nothing, and the next command signed whatever
//! rows there were. Putting back an older state of the same epoch went unnoticed as well. Now the
//! file of the signing key says that it has signed a state, and `state.note` holds the newest one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{fs, path::Path};

use wufu_ledger::{
    AppendError, Coverage, EpochError, Finding, Ledger, LedgerReader, StoreError, SummaryError,
};

use crate::common::{
    NOW, address, cards,
    edits::{PENDING, change, claim, copy, findings, folder, import},
    ledger,
};

const LESS_MONEY: &str = "UPDATE receipts SET amount = 1 WHERE receipt = x'7033'";

/// Removes everything that was signed, and each trace of it, except the mark in the signing key's
/// file.
async fn without_states(folder: &Path) {
    let sql = "DELETE FROM checkpoints; DELETE FROM summaries; DELETE FROM state";
    change(folder, sql).await;
    for file in ["summary.note", "state.note"] {
        fs::remove_file(folder.join(file)).unwrap();
    }
}

/// Rows of docs/failures.md: 42.
#[tokio::test]
async fn a_ledger_without_its_signed_states_signs_nothing() {
    let good = folder().await;
    let emptied = "DELETE FROM checkpoints; DELETE FROM summaries; DELETE FROM state";
    let older = "DELETE FROM checkpoints; DROP TABLE state; DROP TABLE summaries; \
         DROP INDEX receipts_by_seq; ALTER TABLE receipts DROP COLUMN seq; \
         DELETE FROM _sqlx_migrations WHERE version > 1";
    for sql in [emptied, older] {
        let edited = copy(good.path());
        change(edited.path(), LESS_MONEY).await;
        if sql == older {
            change(edited.path(), "UPDATE receipts SET seq = NULL").await;
        }
        change(edited.path(), sql).await;
        for file in ["summary.note", "state.note"] {
            fs::remove_file(edited.path().join(file)).unwrap();
        }
        let expected = "signing.key says that this ledger signed its state";
        for opened in ["never", "once"] {
            let named = findings(edited.path()).await;
            assert!(named.iter().any(|line| line.contains(expected)), "{opened}: {named:#?}");
            let ledger = Ledger::open(edited.path()).await.unwrap();
            let error = ledger.close_epoch(NOW + 1200).await.unwrap_err();
            assert!(matches!(error, EpochError::Store(StoreError::State)), "{error}");
            let error = ledger.append(cards(9..10)).await.unwrap_err();
            assert!(matches!(error, AppendError::Store(StoreError::State)), "{error}");
            assert_eq!(ledger.checkpoints("wufu/cards", 0).await.unwrap().len(), 0);
            ledger.close().await;
        }
    }
}

/// The operator can accept such a database as it is. From then on, the audit says that it cannot
/// tell what was there before.
#[tokio::test]
async fn the_operator_can_accept_a_database_without_states() {
    let folder = folder().await;
    without_states(folder.path()).await;
    let ledger = Ledger::open(folder.path()).await.unwrap();
    assert!(ledger.close_epoch(NOW + 1200).await.is_err());
    ledger.accept_database().await.unwrap();
    ledger.append(cards(9..10)).await.unwrap();
    ledger.close_epoch(NOW + 1200).await.unwrap();
    ledger.close().await;
    let audit = LedgerReader::open(folder.path()).await.unwrap().audit().await.unwrap();
    assert_eq!(audit.findings, []);
    assert_eq!(audit.coverage, wufu_ledger::Coverage::SinceMigration);
}

/// Rows of docs/failures.md: 42.
/// Two appends in one epoch were acknowledged, and then the database from between them was put
/// back. No summary distinguishes the two.
#[tokio::test]
async fn a_database_older_than_its_state_takes_nothing() {
    let (folder, ledger) = ledger().await;
    import(&ledger, PENDING).await;
    ledger.append(cards(0..2)).await.unwrap();
    ledger.close_epoch(NOW).await.unwrap();
    ledger.close().await;
    let database = folder.path().join("ledger.db");
    let backup = fs::read(&database).unwrap();
    let file = folder.path().join("state.note");
    let older = fs::read(&file).unwrap();
    let ledger = Ledger::open(folder.path()).await.unwrap();
    ledger.append(cards(2..4)).await.unwrap();
    ledger.close().await;
    let (newest, state) = (fs::read(&database).unwrap(), fs::read(&file).unwrap());

    fs::write(&database, &backup).unwrap();
    let named = findings(folder.path()).await;
    let expected =
        "the signed state is older than state.note: rows that were acknowledged are gone";
    assert!(named.iter().any(|line| line.contains(expected)), "{named:#?}");
    let ledger = Ledger::open(folder.path()).await.unwrap();
    let refusals = [
        ledger.append(cards(4..5)).await.map(drop).map_err(|error| error.to_string()),
        ledger.own(b"p1", &address(1)).await.map(drop).map_err(|error| error.to_string()),
        ledger.close_epoch(NOW + 600).await.map(drop).map_err(|error| error.to_string()),
    ];
    for refused in refusals {
        let refused = refused.unwrap_err();
        assert!(refused.contains("ledger.db is older than state.note"), "{refused}");
        assert!(refused.contains("2 rows, but 4 were signed"), "{refused}");
    }
    assert_eq!(fs::read(&file).unwrap(), state, "the evidence stays");
    ledger.close().await;

    // Another ledger with the same number of rows.
    fs::remove_file(&file).unwrap();
    let ledger = Ledger::open(folder.path()).await.unwrap();
    ledger.append(cards(6..8)).await.unwrap();
    ledger.close().await;
    fs::write(&file, &state).unwrap();
    let named = findings(folder.path()).await;
    let expected = "state.note holds a different signed state with the same number of rows";
    assert!(named.iter().any(|line| line.contains(expected)), "{named:#?}");
    let ledger = Ledger::open(folder.path()).await.unwrap();
    let refused = ledger.append(cards(8..9)).await.unwrap_err().to_string();
    assert!(refused.contains("hold different signed states"), "{refused}");
    ledger.close().await;

    // The process ended between the commit and writing the file, or a power failure destroyed the
    // file. That is not an error.
    for kept in [older, Vec::new()] {
        fs::write(&database, &newest).unwrap();
        fs::write(&file, kept).unwrap();
        assert_eq!(findings(folder.path()).await, Vec::<String>::new());
        let ledger = Ledger::open(folder.path()).await.unwrap();
        ledger.append(cards(4..5)).await.unwrap();
        ledger.close().await;
        assert!(!fs::read(&file).unwrap().is_empty());
    }
}

/// Rows of docs/failures.md: 32.
/// `own` made a leaf of whatever amount was in the row, and the next epoch signed it.
#[tokio::test]
async fn a_pending_donation_that_was_edited_gets_no_owner() {
    let (folder, ledger) = ledger().await;
    import(&ledger, PENDING).await;
    ledger.close_epoch(NOW).await.unwrap();
    let later = "receipt,institution,project,amount,date\np4,First,A,5,2018-02-15\n";
    import(&ledger, later).await;
    ledger.close().await;
    for edit in [
        LESS_MONEY,
        "UPDATE receipts SET project_key = 4294967297 WHERE receipt = x'7033'",
        "UPDATE receipts SET time = time + 1 WHERE receipt = x'7033'",
        "UPDATE receipts SET receipt = x'7038' WHERE receipt = x'7033'; \
         UPDATE receipts SET receipt = x'7033' WHERE receipt = x'7032'",
        "UPDATE receipts SET seq = 4 WHERE receipt = x'7033'; \
         UPDATE receipts SET seq = 3 WHERE receipt = x'7034'",
    ] {
        let edited = copy(folder.path());
        change(edited.path(), edit).await;
        let ledger = Ledger::open(edited.path()).await.unwrap();
        let refused = ledger.own(b"p3", &address(1)).await.unwrap_err();
        assert!(refused.is_failure(), "{refused}");
        assert!(
            refused.to_string().contains("the rows of donations in ledger.db"),
            "{edit}: {refused}"
        );
        assert_eq!(ledger.totals().await.unwrap().pending, 4, "{edit}");
        ledger.close().await;
    }
    // A donation that was entered in another epoch is as it was.
    let edited = copy(folder.path());
    change(edited.path(), LESS_MONEY).await;
    let ledger = Ledger::open(edited.path()).await.unwrap();
    ledger.own(b"p4", &address(1)).await.unwrap();
    // The epoch is not signed, however.
    let refused = ledger.close_epoch(NOW + 600).await.unwrap_err();
    let EpochError::Summary(SummaryError::Edited { part, .. }) = &refused else {
        panic!("{refused}")
    };
    assert_eq!(*part, "donations");
    assert!(refused.to_string().contains("--accept-database"), "{refused}");
}

/// Rows of docs/failures.md: 32.
/// Edits of rows from before this process, and of rows that it entered itself: neither is signed.
#[tokio::test]
async fn an_epoch_is_signed_only_over_the_entered_rows() {
    for is_open in [false, true] {
        let (folder, ledger) = ledger().await;
        import(&ledger, PENDING).await;
        ledger.close_epoch(NOW).await.unwrap();
        ledger.append(cards(0..2)).await.unwrap();
        let later = "receipt,institution,project,amount,date\np4,First,A,5,2018-02-15\n";
        import(&ledger, later).await;
        let ledger = if is_open {
            ledger
        } else {
            ledger.close().await;
            Ledger::open(folder.path()).await.unwrap()
        };
        change(folder.path(), "UPDATE receipts SET amount = 1 WHERE receipt = x'7034'").await;
        let refused = ledger.close_epoch(NOW + 600).await.unwrap_err();
        assert!(
            matches!(&refused, EpochError::Summary(SummaryError::Edited { part: "donations", .. })),
            "{is_open}: {refused}"
        );
        assert_eq!(ledger.checkpoints("wufu/cards", 0).await.unwrap().len(), 0);
        // With the original row back, the ledger continues.
        change(folder.path(), "UPDATE receipts SET amount = 500 WHERE receipt = x'7034'").await;
        assert_eq!(ledger.close_epoch(NOW + 600).await.unwrap().signed.len(), 1);
        ledger.close().await;
        assert_eq!(findings(folder.path()).await, Vec::<String>::new());
    }
}

/// If the states were deleted and summary.note was left, the audit said about the rows that no
/// checkpoint covers: "the next command that writes signs it". No command does.
#[tokio::test]
async fn an_audit_without_the_state_promises_no_signature() {
    let folder = folder().await;
    change(folder.path(), "DELETE FROM summaries; DELETE FROM state").await;
    let audit = LedgerReader::open(folder.path()).await.unwrap().audit().await.unwrap();
    let problem = "the database has none, but summary.note holds one";
    assert!(audit.findings.contains(&Finding::Summary { number: None, problem }));
    assert_eq!(audit.coverage, Coverage::Lost);
    assert!(audit.coverage.to_string().starts_with("not compared: "), "{}", audit.coverage);
    let ledger = Ledger::open(folder.path()).await.unwrap();
    assert!(ledger.close_epoch(NOW + 1200).await.is_err());
}

/// Deleting a claim also deleted what it had spent, so the same cards could be claimed again.
#[tokio::test]
async fn with_a_claim_deleted_no_other_is_admitted() {
    let folder = folder().await;
    let ledger = Ledger::open(folder.path()).await.unwrap();
    change(folder.path(), "DELETE FROM claims; DELETE FROM spent").await;
    let newest = async |origin| ledger.checkpoint(origin, None).await.unwrap();
    let signed = [newest("wufu/cards").await, newest("wufu/persons").await];
    let refused = claim(&ledger, &signed, 2, NOW + 600).await.unwrap_err().to_string();
    assert!(refused.contains("list of claims"), "{refused}");
    assert_eq!(ledger.claims().await.unwrap(), 0);
}

/// Entries after a gap would have the leaf indices of other entries.
#[tokio::test]
async fn a_log_of_another_size_than_signed_takes_nothing() {
    let folder = folder().await;
    let ledger = Ledger::open(folder.path()).await.unwrap();
    change(folder.path(), "UPDATE logs SET size = size + 1 WHERE log = 1").await;
    let refused = ledger.append(cards(20..21)).await.unwrap_err();
    assert!(refused.is_failure() && refused.to_string().contains("log size"), "{refused}");
}
