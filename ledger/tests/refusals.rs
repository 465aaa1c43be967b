//! Refusals that no other test of this folder causes, one at a time. Each of these checks could be
//! removed without any test failing.

use std::{fs, os::unix::fs::PermissionsExt as _};

use ark_bn254::{Fr, G1Affine, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};
use tempfile::TempDir;
use wufu_ledger::{AppendError, FolderError, Ledger, OpenError, service::ServeError};
use wufu_proto::{append::Append, grant::MAX_RECEIPT};
use wufu_verifier::{
    CircuitName, VerifyingKey,
    groth16::key::{KeyPoints, Provenance, Reduction},
};

use crate::common::{
    NOW, cards, donation, donations, edits::change, ledger, policy, served::serve,
};

/// A closed ledger with some cards and donations.
async fn closed() -> TempDir {
    let (folder, ledger) = ledger().await;
    for what in [cards(0..6), donations(1..8)] {
        ledger.append(what).await.unwrap();
    }
    ledger.close_epoch(NOW).await.unwrap();
    ledger.close().await;
    folder
}

/// A roof without its last root, and a shard that lacks a record. A wallet would refuse both, and
/// say that the ledger lies.
#[tokio::test]
async fn a_roof_without_its_last_root_is_told_and_not_sent() {
    let folder = closed().await;
    let ledger = Ledger::open(folder.path()).await.unwrap();
    // While the ledger is open, because opening it compares each log with its checkpoint.
    change(folder.path(), "UPDATE checkpoints SET open_root = NULL").await;
    let error = ledger.roof("wufu/cards", NOW / 600).await.unwrap_err();
    assert!(error.to_string().contains("list of shard roots"), "{error}");
    ledger.close().await;
}

#[tokio::test]
async fn a_shard_without_a_record_is_told_and_not_sent() {
    let folder = closed().await;
    let ledger = Ledger::open(folder.path()).await.unwrap();
    change(folder.path(), "DELETE FROM records WHERE place = 3").await;
    let error = ledger.shard("wufu/donations/1", NOW / 600, 0).await.unwrap_err();
    assert!(error.to_string().contains("it has a gap"), "{error}");
    ledger.close().await;
}

/// With another epoch length, every checkpoint would be off schedule.
#[tokio::test]
async fn a_ledger_keeps_the_rules_that_it_began_with() {
    let folder = closed().await;
    let path = folder.path().join("policy.json");
    let text = fs::read_to_string(&path).unwrap();
    let other = text.replace("600", "1200");
    assert_ne!(other, text);
    fs::write(&path, other).unwrap();
    let error = Ledger::open(folder.path()).await.map(drop).unwrap_err();
    assert!(matches!(error, OpenError::Changed { .. }), "{error}");
}

#[tokio::test]
async fn a_receipt_has_a_length_that_a_grant_can_carry() {
    let (_folder, ledger) = ledger().await;
    let append = |receipt: &str| {
        let donations = vec![donation(1, receipt, 5)];
        ledger.append(Append { donations, ..Append::default() })
    };
    for got in [0, MAX_RECEIPT + 1] {
        let refused = append(&"a".repeat(got)).await.unwrap_err();
        assert!(matches!(refused, AppendError::ReceiptLength { got: n } if n == got), "{refused}");
    }
    append(&"a".repeat(MAX_RECEIPT)).await.unwrap();
}

/// A ledger that accepted a key for gifts would refuse every claim, and blame the claims.
#[tokio::test]
async fn claims_are_taken_under_a_key_for_claims_alone() {
    let g1 = |times: u64| (G1Affine::generator() * Fr::from(times)).into_affine();
    let g2 = |times: u64| (G2Affine::generator() * Fr::from(times)).into_affine();
    let points = KeyPoints {
        alpha: g1(3),
        beta: g2(5),
        gamma: g2(7),
        delta: g2(11),
        inputs: [13, 17, 19, 23, 29].map(g1).to_vec(),
    };
    let (development, libsnark) = (Provenance::Development, Reduction::Libsnark);
    let key = VerifyingKey::new(CircuitName::Gift, development, libsnark, points).unwrap();
    let (_folder, ledger) = ledger().await;
    let served = serve(&ledger, Some(key)).await;
    let refused = served.refused().await;
    assert!(matches!(refused, ServeError::Circuit { got: CircuitName::Gift }), "{refused}");
}

/// If others may write the lock file, they may hold the lock, and then nobody can open the ledger.
#[tokio::test]
async fn a_lock_that_others_may_write_is_refused() {
    let folder = TempDir::new().unwrap();
    let lock = folder.path().join("lock");
    fs::write(&lock, b"").unwrap();
    fs::set_permissions(&lock, fs::Permissions::from_mode(0o666)).unwrap();
    let error = Ledger::create(folder.path(), &policy(), NOW).await.map(drop).unwrap_err();
    assert!(matches!(error, OpenError::Folder(FolderError::Readable { .. })), "{error}");
}

/// The messages were once "no rows returned by a query that expected to return at least one row",
/// and "database holds a broken rule" without advice.
#[tokio::test]
async fn missing_database_rows_are_reported_with_advice() {
    for (sql, expected) in [
        ("DELETE FROM commits", "database holds a broken count of commits: it is missing: "),
        ("DELETE FROM settings", "database holds a broken rule: "),
        ("DELETE FROM logs", "database holds a broken log size: it is missing: "),
    ] {
        let folder = closed().await;
        change(folder.path(), sql).await;
        let error = match Ledger::open(folder.path()).await {
            Err(error) => error.to_string(),
            Ok(ledger) => ledger.append(cards(6..7)).await.unwrap_err().to_string(),
        };
        assert!(error.contains(expected), "{sql}: {error}");
        assert!(
            error.contains("`wufu ledger audit`") && error.contains("from a backup"),
            "{error}"
        );
    }
}

/// Rows of docs/failures.md: 53.
/// The import refused names that hide something, but an append over gRPC did not, so such names
/// were in the signed directory.
#[tokio::test]
async fn a_donation_with_a_deceptive_name_is_not_appended() {
    let (_folder, ledger) = ledger().await;
    for hidden in ["x\u{202e}y", "x\u{200b}", "x\u{ad}y", "cafe\u{301}", "x\ny"] {
        for field in ["receipt", "institution", "project"] {
            let mut entry = donation(1, "r1", 5);
            match field {
                "receipt" => entry.receipt = hidden.into(),
                "institution" => entry.institution = hidden.into(),
                _ => entry.project = hidden.into(),
            }
            let append = Append { donations: vec![entry], ..Append::default() };
            let refused = ledger.append(append).await.unwrap_err();
            assert!(
                matches!(&refused, AppendError::Name { field: named, .. } if *named == field),
                "{field} {hidden:?}: {refused}"
            );
        }
    }
    assert_eq!(ledger.totals().await.unwrap().donations, 0);
}
