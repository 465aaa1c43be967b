//! The audit reports what somebody changed in the database.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use crate::common::{
    NOW, cards, donations,
    edits::{change, claim},
    ledger, persons,
};
use sqlx::{ConnectOptions, Executor, sqlite::SqliteConnectOptions};
use wufu_ledger::{Ledger, OpenError};
use wufu_verifier::{
    Amount, Record,
    encoding::{field, readable::Utc},
};

/// A folder with a closed ledger that has some of everything, in two epochs.
async fn folder() -> tempfile::TempDir {
    let (folder, ledger) = ledger().await;
    for what in [cards(0..6), persons(0..4), donations(1..8)] {
        ledger.append(what).await.unwrap();
    }
    let signed = ledger.close_epoch(NOW).await.unwrap().signed;
    ledger.append(donations(8..10)).await.unwrap();
    ledger.close_epoch(NOW + 600).await.unwrap();
    claim(&ledger, &signed, 1, NOW).await.unwrap();
    let audit = ledger.audit().await.unwrap();
    assert_eq!(audit.findings, []);
    assert_eq!((audit.sum, audit.claims, audit.checkpoints), (45, 1, 4));
    assert_eq!(audit.leaves["wufu/donations/1"], 9);
    ledger.close().await;
    folder
}

async fn findings(folder: &tempfile::TempDir) -> Vec<String> {
    let ledger = Ledger::open(folder.path()).await.unwrap();
    let audit = ledger.audit().await.unwrap();
    audit.findings.iter().map(ToString::to_string).collect()
}

/// Rows of docs/failures.md: 32.
#[tokio::test]
async fn a_record_that_does_not_make_its_leaf_is_named() {
    let folder = folder().await;
    let log = "wufu/donations/1";
    change(folder.path(), "UPDATE records SET amount = amount + 1 WHERE place = 3").await;
    let named = [
        format!("{log} leaf 3: the leaf does not match its record"),
        "records and pending donations add up to 0.46 CNY, expected 0.45 CNY".to_owned(),
    ];
    assert_eq!(findings(&folder).await, named);
    // The owner's part changes with it: the sums agree, but the leaf still does not match.
    change(folder.path(), "UPDATE receipts SET amount = amount + 1 WHERE place = 3").await;
    let named = [
        named[0].clone(),
        "donations: of rows 1 to 7, at least one is not as it was signed".into(),
        "sum of all donations: 0.46 CNY, expected 0.45 CNY".into(),
    ];
    assert_eq!(findings(&folder).await, named);
}

/// Rows of docs/failures.md: 32.
#[tokio::test]
async fn a_leaf_changed_with_its_record_is_not_as_signed() {
    let folder = folder().await;
    let ledger = Ledger::open(folder.path()).await.unwrap();
    let epoch = NOW / 600;
    let shard = ledger.shard("wufu/donations/1", epoch, 0).await.unwrap();
    let wufu_proto::log::ShardContent::Records(records) = shard.content else { panic!() };
    ledger.close().await;
    let other = Record { amount: Amount::new(5).unwrap(), ..records[3] };
    let leaf: String =
        field::encode(&other.leaf()).iter().map(|byte| format!("{byte:02x}")).collect();
    let sql = format!("UPDATE records SET amount = 5, leaf = x'{leaf}' WHERE place = 3");
    // The audit reports it while the ledger is open.
    let ledger = Ledger::open(folder.path()).await.unwrap();
    change(folder.path(), &sql).await;
    let audit = ledger.audit().await.unwrap();
    let named: Vec<String> = audit.findings.iter().map(ToString::to_string).collect();
    let log = "wufu/donations/1";
    let [began, next] = [epoch, epoch + 1].map(|epoch| Utc(epoch * 600));
    assert_eq!(
        named,
        [
            format!("{log} leaf 3: it does not match what was issued to its owner"),
            format!("{log} epoch {epoch}, from {began}: the root does not match the leaves"),
            format!("{log} epoch {}, from {next}: the root does not match the leaves", epoch + 1),
            "records and pending donations add up to 0.46 CNY, expected 0.45 CNY".into(),
            "records: of rows 1 to 7, at least one is not as it was signed".into(),
        ]
    );
    ledger.close().await;
    // The ledger cannot be opened again: the newest root does not match the leaves.
    let refused = Ledger::open(folder.path()).await.unwrap_err();
    assert!(matches!(&refused, OpenError::Checkpoint { origin } if origin == log), "{refused}");
}

#[tokio::test]
async fn every_other_change_is_named_too() {
    let log = "wufu/donations/1";
    let epoch = NOW / 600;
    let began = Utc(epoch * 600);
    let cases: &[(&str, &[String])] = &[
        (
            "UPDATE receipts SET amount = amount + 1 WHERE place = 2",
            &[
                format!("{log} leaf 2: it does not match what was issued to its owner"),
                "records and pending donations add up to 0.45 CNY, expected 0.46 CNY".into(),
                "donations: of rows 1 to 7, at least one is not as it was signed".into(),
                "sum of all donations: 0.46 CNY, expected 0.45 CNY".into(),
            ],
        ),
        (
            "UPDATE receipts SET rcm = zeroblob(32) WHERE place = 8",
            &[format!("{log} leaf 8: it does not match what was issued to its owner")],
        ),
        (
            "UPDATE receipts SET place = NULL, owner = NULL, rcm = NULL WHERE place = 1",
            &[
                format!("{log} leaf 1: there is no record of its owner"),
                "records and pending donations add up to 0.47 CNY, expected 0.45 CNY".into(),
                "donations without owner: 1, expected 0".into(),
                "sum of donations without owner: 0.02 CNY, expected 0.00 CNY".into(),
            ],
        ),
        (
            "UPDATE cards SET kind = (kind + 1) % 5 WHERE place = 4",
            &["wufu/cards leaf 4: it does not match what was issued to its owner".into()],
        ),
        (
            "DELETE FROM cards WHERE place = 5",
            &[
                "wufu/cards leaf 5: there is no record of its owner".into(),
                "issued cards: 5 rows, expected 6: rows are missing".into(),
            ],
        ),
        (
            "UPDATE persons SET salt = zeroblob(32) WHERE place = 0",
            &["wufu/persons leaf 0: it does not match what was issued to its owner".into()],
        ),
        (
            "UPDATE logs SET size = 11 WHERE log = 3",
            &["wufu/donations/1: 9 entries without a gap, expected 11".into()],
        ),
        (
            "UPDATE checkpoints SET open_root = zeroblob(32) WHERE log = 2",
            &[
                format!(
                    "wufu/persons epoch {epoch}, from {began}: the root does not match the leaves"
                ),
                "checkpoints: of rows 1 to 3, at least one is not as it was signed".into(),
            ],
        ),
        (
            "UPDATE checkpoints SET size = 8 WHERE log = 3 AND size = 7",
            &[
                format!(
                    "{log} epoch {epoch}, from {began}: its note is not signed, or differs from \
                     its row"
                ),
                "checkpoints: of rows 1 to 3, at least one is not as it was signed".into(),
            ],
        ),
        (
            "INSERT INTO shards (log, shard, root) VALUES (1, 0, zeroblob(32))",
            &["wufu/cards shard 0: the root does not match its leaves".into()],
        ),
        (
            "DELETE FROM spent WHERE substr(nullifier, 1, 1) = x'04'",
            &["claim 1: some of its nullifiers are not recorded as spent by it".into()],
        ),
        (
            "INSERT INTO spent (nullifier, claim) VALUES (zeroblob(32), 1)",
            &[format!("nullifier {} is spent, but no claim shows it", "00".repeat(32))],
        ),
        (
            "UPDATE claims SET proof = zeroblob(128)",
            &[
                "claim 1: it cannot be read".into(),
                "claims: row 1 is not the one that was signed".into(),
            ],
        ),
    ];
    for (sql, expected) in cases {
        let folder = folder().await;
        change(folder.path(), sql).await;
        let mut named = findings(&folder).await;
        // The nullifiers of a claim that cannot be read have no claim, which adds six lines.
        named.retain(|line| !line.contains("is spent, but") || expected.contains(line));
        assert_eq!(&named, expected, "{sql}");
    }
}

/// Rows of docs/failures.md: 23, 31.
#[tokio::test]
async fn the_database_refuses_two_checkpoints_of_an_epoch() {
    let folder = folder().await;
    let file = folder.path().join("ledger.db");
    let mut connection = SqliteConnectOptions::new().filename(file).connect().await.unwrap();
    for (sql, table) in [
        (
            "INSERT INTO checkpoints SELECT log, epoch, size + 5, open_root, note FROM checkpoints \
             LIMIT 1",
            "checkpoints",
        ),
        ("INSERT INTO leaves SELECT log, place + 100, leaf FROM leaves LIMIT 1", "leaves"),
        (
            "INSERT INTO records SELECT log, place + 100, project_key, amount, time, own, leaf \
             FROM records LIMIT 1",
            "records",
        ),
        ("INSERT INTO spent SELECT nullifier, claim FROM spent LIMIT 1", "spent"),
    ] {
        let refused = connection.execute(sql).await.unwrap_err().to_string();
        assert!(refused.contains("UNIQUE constraint failed"), "{table}: {refused}");
        assert!(refused.contains(table), "{table}: {refused}");
    }
}
