//! The audit reports edits of what no checkpoint covers.
//!
//! A ledger of 1,053 donations without an owner was edited with SQL: all of them were deleted,
//! amounts were changed, every checkpoint was deleted, a project was renamed. The audit found
//! nothing and exited with 0, and the next epoch signed the result. A checkpoint covers only
//! leaves. Now a signed state covers every other row, and summaries of it are signed together with
//! the checkpoints.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;

use wufu_ledger::{
    AppendError, Coverage, EpochError, Ledger, LedgerReader, StoreError, SummaryError,
    import::{ImportOptions, Rows},
};

use crate::common::{
    NOW, address, cards, donations,
    edits::{PENDING, change, copy, findings, folder, import},
    forge::{Says, Trapdoor},
    ledger, persons,
};

/// Each edit, and the finding that reports it.
const EDITS: &[(&str, &str)] = &[
    // The four edits that were reported.
    (
        "DELETE FROM receipts WHERE place IS NULL",
        "donations: 9 rows, expected 12: rows are missing",
    ),
    (
        "UPDATE receipts SET amount = amount + 1 WHERE receipt = x'7032'",
        "donations: of rows 1 to 10, at least one is not as it was signed",
    ),
    ("DELETE FROM checkpoints", "checkpoints: 0 rows, expected 4: rows are missing"),
    (
        "UPDATE projects SET name = 'Other' WHERE project = 4",
        "projects: of rows 1 to 6, at least one is not as it was signed",
    ),
    // Donations without an owner: one removed, one added, the same sum distributed differently,
    // another name, date or project.
    ("DELETE FROM receipts WHERE receipt = x'7031'", "donations without owner: 2, expected 3"),
    (
        "INSERT INTO receipts (log, receipt, project_key, amount, time, seq) \
         VALUES (3, x'7039', 4294967297, 1, 1, 13)",
        "donations: 13 rows, expected 12: the ledger did not write the others",
    ),
    (
        "UPDATE receipts SET amount = CASE receipt WHEN x'7031' THEN 7000 ELSE 500 END \
         WHERE receipt IN (x'7031', x'7032')",
        "donations: of rows 1 to 10",
    ),
    ("UPDATE receipts SET receipt = x'7038' WHERE receipt = x'7033'", "donations: of rows 1 to 10"),
    ("UPDATE receipts SET time = time + 1 WHERE receipt = x'7033'", "donations: of rows 1 to 10"),
    (
        "UPDATE receipts SET project_key = 4294967297 WHERE receipt = x'7033'",
        "donations: of rows 1 to 10",
    ),
    (
        "UPDATE receipts SET owner = zeroblob(32), rcm = zeroblob(32), place = 9 \
         WHERE receipt = x'7033'",
        "donations without owner: 2, expected 3",
    ),
    ("UPDATE receipts SET seq = 20 WHERE receipt = x'7031'", "donations: of rows 1 to 10"),
    // Donations with an owner.
    ("UPDATE receipts SET receipt = x'7a' WHERE place = 8", "what was issued to its owner"),
    ("UPDATE receipts SET owner = zeroblob(32) WHERE place = 8", "what was issued to its owner"),
    ("UPDATE receipts SET rcm = zeroblob(32) WHERE place = 0", "what was issued to its owner"),
    // What was issued to the owners of cards and to persons.
    ("UPDATE cards SET rcm = zeroblob(32) WHERE place = 2", "what was issued to its owner"),
    ("UPDATE cards SET owner = zeroblob(32) WHERE place = 2", "what was issued to its owner"),
    ("UPDATE persons SET salt = zeroblob(32) WHERE place = 2", "what was issued to its owner"),
    (
        "INSERT INTO cards SELECT 99, kind, owner, rcm, 99 FROM cards LIMIT 1",
        "issued cards: 7 rows, expected 6",
    ),
    // Names.
    (
        "UPDATE institutions SET name = 'Third' WHERE institution = 3",
        "institutions: of rows 1 to 3, at least one is not as it was signed",
    ),
    ("UPDATE projects SET institution = 3 WHERE project = 5", "projects: of rows 1 to 6"),
    (
        "INSERT INTO projects (log, project, institution, name) VALUES (3, 7, 1, 'More')",
        "projects: 7 rows, expected 6: the ledger did not write the others",
    ),
    // Claims, and what they spent.
    ("DELETE FROM claims; DELETE FROM spent", "claims: 0 rows, expected 1: rows are missing"),
    ("UPDATE claims SET payout = x'00'", "claims: row 1 is not the one that was signed"),
    ("UPDATE claims SET note = ''", "claims: row 1 is not the one that was signed"),
    ("UPDATE claims SET time = time + 1", "claims: row 1 is not the one that was signed"),
    (
        "DELETE FROM spent WHERE substr(nullifier, 1, 1) = x'04'",
        "claim 1: some of its nullifiers are not recorded as spent by it",
    ),
    // Checkpoints, summaries and the state.
    (
        "DELETE FROM checkpoints WHERE log = 3 AND size = 7",
        "checkpoints: 3 rows, expected 4: rows are missing",
    ),
    ("UPDATE checkpoints SET note = note || ' '", "its note is not signed"),
    (
        "UPDATE checkpoints SET open_root = zeroblob(32) WHERE log = 1",
        "checkpoints: of rows 1 to 3, at least one is not as it was signed",
    ),
    ("DELETE FROM summaries", "summary 2: it is in summary.note, but missing in the database"),
    ("DELETE FROM summaries WHERE number = 1", "summary 1: it is missing"),
    (
        "DELETE FROM summaries WHERE number = 2",
        "summary 2: it is in summary.note, but missing in the database",
    ),
    ("UPDATE summaries SET epoch = 7 WHERE number = 1", "summary 1: its note is not signed"),
    (
        "UPDATE summaries SET note = (SELECT note FROM summaries WHERE number = 2)",
        "summary 0: its note is not signed, or differs from its row",
    ),
    ("DELETE FROM state", "summary: the signed state is missing"),
    (
        "UPDATE state SET note = (SELECT note FROM summaries WHERE number = 2)",
        "summary: the signed state is missing, or this ledger's key did not sign it",
    ),
    (
        "DELETE FROM state; DELETE FROM summaries",
        "summary: the database has none, but summary.note holds one",
    ),
    (
        "DROP TABLE state; DROP TABLE summaries; DELETE FROM checkpoints",
        "summary: the database has none, but summary.note holds one",
    ),
    ("UPDATE logs SET origin = 'other/cards' WHERE log = 1", "the rules or the logs' names"),
    ("INSERT INTO settings VALUES ('more', '1')", "the rules or the logs' names"),
];

#[tokio::test]
async fn every_edit_of_what_no_checkpoint_covers_is_named() {
    let good = folder().await;
    let reader = LedgerReader::open(good.path()).await.unwrap();
    let audit = reader.audit().await.unwrap();
    assert_eq!(audit.findings, []);
    assert_eq!((audit.checkpoints, audit.summaries, audit.claims), (4, 3, 1));
    assert_eq!((audit.sum, audit.coverage), (45 + 97_500, Coverage::Whole));
    drop(reader);
    for (sql, expected) in EDITS {
        let edited = copy(good.path());
        change(edited.path(), sql).await;
        let named = findings(edited.path()).await;
        assert!(named.iter().any(|line| line.contains(expected)), "{sql}: {named:#?}");
    }
}

/// An edit keeps being reported, and is not signed: the ledger continues from what it signed, not
/// from what the database holds.
#[tokio::test]
async fn an_edit_is_still_named_after_the_next_entries() {
    let good = folder().await;
    for (sql, expected) in [
        ("DELETE FROM receipts WHERE place IS NULL", "donations: 12 rows, expected 15"),
        (
            "UPDATE projects SET name = 'Other' WHERE project = 4",
            "projects: of rows 1 to 6, at least one is not as it was signed",
        ),
        ("UPDATE claims SET payout = x'00'", "claims: row 1 is not the one that was signed"),
    ] {
        let edited = copy(good.path());
        change(edited.path(), sql).await;
        let ledger = Ledger::open(edited.path()).await.unwrap();
        for epoch in 2..4 {
            ledger.append(donations(8 + epoch..9 + epoch)).await.unwrap();
            let refused = ledger.close_epoch(NOW + 600 * epoch).await.unwrap_err();
            let is_edited = matches!(refused, EpochError::Summary(SummaryError::Edited { .. }));
            assert!(is_edited, "{sql}: {refused}");
        }
        ledger.append(donations(20..21)).await.unwrap();
        ledger.close().await;
        let named = findings(edited.path()).await;
        assert!(named.iter().any(|line| line.contains(expected)), "{sql}: {named:#?}");
    }
}

/// Rows that were added since the last summary are covered as well, because every transaction signs
/// the state that it leaves.
#[tokio::test]
async fn an_edit_between_two_epochs_is_named() {
    let (folder, ledger) = ledger().await;
    ledger.close_epoch(NOW).await.unwrap();
    import(&ledger, PENDING).await;
    ledger.append(cards(0..3)).await.unwrap();
    ledger.close().await;
    assert_eq!(findings(folder.path()).await, Vec::<String>::new());
    for (sql, expected) in [
        ("DELETE FROM receipts", "donations: 0 rows, expected 3: rows are missing"),
        ("UPDATE receipts SET amount = 1 WHERE receipt = x'7033'", "donations: of rows 1 to 3"),
        (
            "UPDATE institutions SET name = 'X' WHERE institution = 1",
            "institutions: of rows 1 to 2",
        ),
    ] {
        let edited = copy(folder.path());
        change(edited.path(), sql).await;
        let named = findings(edited.path()).await;
        assert!(named.iter().any(|line| line.contains(expected)), "{sql}: {named:#?}");
    }
}

/// An import of donations without owners adds no leaf, so no log signs. The summary is signed all
/// the same.
#[tokio::test]
async fn donations_without_owner_alone_are_summarised() {
    let (folder, ledger) = ledger().await;
    import(&ledger, PENDING).await;
    let closed = ledger.close_epoch(NOW).await.unwrap();
    assert_eq!((closed.signed, closed.summary), (vec![], Some(1)));
    // Without anything new, nothing is signed.
    assert_eq!(ledger.close_epoch(NOW + 600).await.unwrap().summary, None);
    ledger.close().await;
    change(folder.path(), "DELETE FROM receipts").await;
    let named = findings(folder.path()).await;
    let expected = [
        "donations: 0 rows, expected 3: rows are missing",
        "donations without owner: 0, expected 3",
        "sum of all donations: 0.00 CNY, expected 975.00 CNY",
        "sum of donations without owner: 0.00 CNY, expected 975.00 CNY",
    ];
    assert_eq!(named, expected);
}

#[tokio::test]
async fn totals_reconcile_after_a_pending_donation_is_owned() {
    let (folder, ledger) = ledger().await;
    import(&ledger, PENDING).await;
    ledger.close_epoch(NOW).await.unwrap();
    ledger.own(b"p2", &address(1)).await.unwrap();
    assert_eq!(ledger.audit().await.unwrap().findings, []);
    ledger.close_epoch(NOW + 600).await.unwrap();
    ledger.own(b"p1", &address(2)).await.unwrap();
    ledger.close().await;
    let audit = LedgerReader::open(folder.path()).await.unwrap().audit().await.unwrap();
    assert_eq!(audit.findings, []);
    assert_eq!((audit.leaves["wufu/donations/1"], audit.summaries), (2, 3));
}

/// When its checkpoints were deleted, the ledger signed new ones from the first leaf on: a second
/// history under the same key.
#[tokio::test]
async fn deleted_checkpoints_or_summaries_stop_signing() {
    let good = folder().await;
    let refused = async |edited: &Path| {
        let ledger = Ledger::open(edited).await.unwrap();
        let refused = ledger.close_epoch(NOW + 1200).await.unwrap_err();
        let notes = ledger.checkpoints("wufu/cards", 0).await.unwrap().len();
        ledger.close().await;
        (refused, notes)
    };
    let edited = copy(good.path());
    change(edited.path(), "DELETE FROM checkpoints").await;
    let (error, notes) = refused(edited.path()).await;
    let expected = SummaryError::Checkpoints { got: 0, expected: 4 };
    assert!(matches!(&error, EpochError::Summary(got) if *got == expected), "{error}");
    assert_eq!(notes, 0);

    let edited = copy(good.path());
    change(edited.path(), "DELETE FROM summaries WHERE number > 0").await;
    let (error, _) = refused(edited.path()).await;
    let expected = SummaryError::Behind { got: Some(0), expected: 2 };
    assert!(matches!(&error, EpochError::Summary(got) if *got == expected), "{error}");

    // Everything that was signed is gone, and only the file beside the database reveals that.
    let edited = copy(good.path());
    let sql = "DELETE FROM checkpoints; DELETE FROM summaries; DELETE FROM state";
    change(edited.path(), sql).await;
    let (error, notes) = refused(edited.path()).await;
    assert!(matches!(error, EpochError::Store(StoreError::State)), "{error}");
    assert_eq!(notes, 0);
    let ledger = Ledger::open(edited.path()).await.unwrap();
    let error = ledger.append(cards(9..10)).await.unwrap_err();
    assert!(matches!(error, AppendError::Store(StoreError::State)), "{error}");
}

/// Rows of docs/failures.md: 42.
#[tokio::test]
async fn below_its_high_water_mark_a_database_signs_nothing() {
    let (folder, ledger) = ledger().await;
    ledger.append(cards(0..2)).await.unwrap();
    ledger.close_epoch(NOW).await.unwrap();
    ledger.close().await;
    let backup = std::fs::read(folder.path().join("ledger.db")).unwrap();
    let [mark, state] = ["summary.note", "state.note"].map(|name| folder.path().join(name));
    let old_mark = std::fs::read(&mark).unwrap();
    let ledger = Ledger::open(folder.path()).await.unwrap();
    ledger.append(cards(2..4)).await.unwrap();
    ledger.close_epoch(NOW + 600).await.unwrap();
    ledger.close().await;
    let [newest, new_mark, new_state] =
        [&folder.path().join("ledger.db"), &mark, &state].map(|file| std::fs::read(file).unwrap());

    // The backup is restored.
    std::fs::write(folder.path().join("ledger.db"), &backup).unwrap();
    let expected = [
        "summary 2: it is in summary.note, but missing in the database",
        "summary: the signed state is older than state.note: rows that were acknowledged are gone",
    ];
    assert_eq!(findings(folder.path()).await, expected);
    let ledger = Ledger::open(folder.path()).await.unwrap();
    // The ledger accepted cards, donations and claims until the next epoch. What was spent since
    // the backup was admitted again.
    let expected = SummaryError::Behind { got: Some(1), expected: 2 };
    let error = ledger.append(cards(4..5)).await.unwrap_err();
    assert!(error.is_failure(), "{error}");
    assert_eq!(error.to_string(), expected.to_string());
    assert!(error.to_string().contains("--accept-database"), "{error}");
    let error = ledger.close_epoch(NOW + 1200).await.unwrap_err();
    assert!(matches!(&error, EpochError::Summary(got) if *got == expected), "{error}");
    ledger.accept_database().await.unwrap();
    assert!(ledger.close_epoch(NOW + 1200).await.is_err(), "the mark was replaced by an older one");

    // Without the files, the ledger continues only if the operator says so. That makes a second
    // summary 2, which the first file reveals.
    std::fs::remove_file(&mark).unwrap();
    std::fs::remove_file(&state).unwrap();
    let error = ledger.close_epoch(NOW + 1200).await.unwrap_err();
    assert!(matches!(error, EpochError::Summary(SummaryError::FileMissing)), "{error}");
    ledger.accept_database().await.unwrap();
    ledger.append(cards(4..5)).await.unwrap();
    ledger.close_epoch(NOW + 1200).await.unwrap();
    std::fs::write(&mark, &new_mark).unwrap();
    let error = ledger.close_epoch(NOW + 1800).await.unwrap_err();
    let expected = SummaryError::Forked { number: 2 };
    assert!(matches!(&error, EpochError::Summary(got) if *got == expected), "{error}");
    ledger.close().await;
    let ledger = Ledger::open(folder.path()).await.unwrap();
    let error = ledger.append(cards(5..6)).await.unwrap_err();
    assert_eq!(error.to_string(), expected.to_string());
    ledger.close().await;
    let expected = "summary 2: summary.note holds a different summary with that number";
    assert_eq!(findings(folder.path()).await, [expected]);
    std::fs::write(&mark, "nonsense").unwrap();
    let expected = "summary 2: summary.note is not signed by this ledger's key";
    assert_eq!(findings(folder.path()).await, [expected]);

    // The process ended between the commit and writing the file. The file is one summary behind,
    // which is not an error.
    std::fs::write(folder.path().join("ledger.db"), &newest).unwrap();
    std::fs::write(&mark, &old_mark).unwrap();
    std::fs::write(&state, &new_state).unwrap();
    assert_eq!(findings(folder.path()).await, Vec::<String>::new());
    let ledger = Ledger::open(folder.path()).await.unwrap();
    assert_eq!(std::fs::read(&mark).unwrap(), new_mark, "opening the ledger writes the file");
    ledger.append(cards(4..5)).await.unwrap();
    ledger.close_epoch(NOW + 1200).await.unwrap();
    assert_eq!(ledger.audit().await.unwrap().findings, []);
}

/// A restored backup admitted claims until the next epoch, because it did not know what was spent
/// since.
#[tokio::test]
async fn below_its_high_water_mark_it_admits_nothing() {
    let (folder, ledger) = ledger().await;
    for what in [cards(0..6), persons(0..4)] {
        ledger.append(what).await.unwrap();
    }
    import(&ledger, PENDING).await;
    let signed = ledger.close_epoch(NOW).await.unwrap().signed;
    ledger.close().await;
    let file = folder.path().join("ledger.db");
    let backup = std::fs::read(&file).unwrap();
    let ledger = Ledger::open(folder.path()).await.unwrap();
    ledger.append(cards(6..7)).await.unwrap();
    ledger.close_epoch(NOW + 600).await.unwrap();
    ledger.close().await;
    std::fs::write(&file, &backup).unwrap();

    let ledger = Ledger::open(folder.path()).await.unwrap();
    let trapdoor = Trapdoor::new(1);
    let (nullifiers, payout, expiry) = ([1, 2, 3, 4, 5, 6], b"payee".as_slice(), NOW + 60);
    let (at_cards, at_persons) = (&signed[0], &signed[1]);
    let says =
        Says { org: "wufu", cards: at_cards, persons: at_persons, nullifiers, payout, expiry };
    let claim = trapdoor.claim(&says, 1);
    let verified = ledger.check_claim(&trapdoor.key, &claim, NOW).unwrap();
    let claimed = ledger.claim(&verified, &claim, NOW).await;
    let csv = "receipt,institution,project,amount,date\np4,First,A,5,2018-02-15\n";
    let rows = Rows::read(csv.as_bytes(), "f", &Default::default(), "CNY".parse().unwrap());
    let imported = ledger.import(rows.unwrap(), ImportOptions::default(), |_| ()).await;
    let refusals = [
        ("claim", claimed.map(drop).map_err(|error| error.to_string())),
        ("import", imported.map(drop).map_err(|error| error.to_string())),
        ("own", ledger.own(b"p1", &address(1)).await.map(drop).map_err(|error| error.to_string())),
        ("append", ledger.append(persons(4..5)).await.map(drop).map_err(|error| error.to_string())),
    ];
    let expected = SummaryError::Behind { got: Some(1), expected: 2 }.to_string();
    for (write, refused) in refusals {
        assert_eq!(refused, Err(expected.clone()), "{write}");
    }
    assert_eq!(ledger.claims().await.unwrap(), 0);
}

/// If the file was truncated, the operator had to guess that it must be deleted.
#[tokio::test]
async fn the_operator_can_replace_a_truncated_summary_note() {
    let (folder, ledger) = ledger().await;
    ledger.append(cards(0..2)).await.unwrap();
    ledger.close_epoch(NOW).await.unwrap();
    let mark = folder.path().join("summary.note");
    let good = std::fs::read(&mark).unwrap();
    ledger.append(cards(2..4)).await.unwrap();
    for cut in [0, 1, good.len() / 2, good.len() - 1] {
        std::fs::write(&mark, &good[..cut]).unwrap();
        let error = ledger.close_epoch(NOW + 600).await.unwrap_err();
        assert!(matches!(error, EpochError::Summary(SummaryError::FileUnsigned)), "{error}");
        assert!(error.to_string().contains("--accept-database"), "{error}");
        ledger.accept_database().await.unwrap();
        assert_eq!(std::fs::read(&mark).unwrap(), good, "{cut} bytes");
    }
    ledger.close_epoch(NOW + 600).await.unwrap();
    assert_eq!(ledger.audit().await.unwrap().findings, []);
}

/// The process ended between committing the first summary and writing the file. The audit once
/// reported that as a finding.
#[tokio::test]
async fn a_missing_file_of_the_first_summary_is_no_finding() {
    let (folder, ledger) = ledger().await;
    ledger.close().await;
    let mark = folder.path().join("summary.note");
    let first = std::fs::read(&mark).unwrap();
    std::fs::remove_file(&mark).unwrap();
    assert_eq!(findings(folder.path()).await, Vec::<String>::new());
    let ledger = Ledger::open(folder.path()).await.unwrap();
    assert_eq!(std::fs::read(&mark).unwrap(), first, "opening the ledger writes the file");
    ledger.append(cards(0..2)).await.unwrap();
    ledger.close_epoch(NOW).await.unwrap();
    ledger.close().await;
    std::fs::remove_file(&mark).unwrap();
    let expected = "summary 1: summary.note, which should hold it, is missing";
    assert_eq!(findings(folder.path()).await, [expected]);
}

/// A ledger from an older release has no summary. The first command that writes signs one over the
/// rows that it finds.
#[tokio::test]
async fn a_ledger_of_an_older_release_is_taken_over() {
    let folder = folder().await;
    for sql in [
        "UPDATE receipts SET seq = NULL",
        "DROP TABLE state; DROP TABLE summaries; DROP INDEX receipts_by_seq; \
         ALTER TABLE receipts DROP COLUMN seq; DELETE FROM _sqlx_migrations WHERE version > 1",
    ] {
        change(folder.path(), sql).await;
    }
    for file in ["summary.note", "state.note"] {
        std::fs::remove_file(folder.path().join(file)).unwrap();
    }
    // The older release did not mark its key, either.
    let key = folder.path().join("signing.key");
    let digits = std::fs::read_to_string(&key).unwrap().lines().next().unwrap().to_owned();
    std::fs::write(&key, digits + "\n").unwrap();
    let reader = LedgerReader::open(folder.path()).await.unwrap();
    let audit = reader.audit().await.unwrap();
    assert_eq!((audit.findings, audit.coverage), (vec![], Coverage::None));
    drop(reader);

    let ledger = Ledger::open(folder.path()).await.unwrap();
    let audit = ledger.audit().await.unwrap();
    assert_eq!((audit.findings, audit.coverage), (vec![], Coverage::SinceMigration));
    assert_eq!(audit.summaries, 1);
    import(&ledger, "receipt,institution,project,amount,date\np4,First,A,5,2018-02-15\n").await;
    ledger.own(b"p1", &address(1)).await.unwrap();
    ledger.close_epoch(NOW + 1200).await.unwrap();
    ledger.close().await;
    assert_eq!(findings(folder.path()).await, Vec::<String>::new());
    // What was there before is covered from now on.
    change(folder.path(), "DELETE FROM receipts WHERE receipt = x'7032'").await;
    let named = findings(folder.path()).await;
    assert!(named.contains(&"donations without owner: 2, expected 3".into()), "{named:?}");
}
