//! Ledgers whose database is edited from outside.

use std::path::Path;

use sqlx::{ConnectOptions, Connection, Executor, sqlite::SqliteConnectOptions};
use wufu_ledger::{
    ClaimError, Ledger, LedgerReader,
    import::{ImportOptions, Rows},
};
use wufu_verifier::log::checkpoint::Checkpoint;

use super::{
    NOW, cards, donations,
    forge::{Says, Trapdoor},
    ledger, persons,
};

/// Donations without an owner, for three projects.
pub const PENDING: &str = "receipt,institution,project,amount,date\n\
    p1,First,A,5,2018-02-15\np2,First,B,70,2018-02-15\np3,Second,A,900,2018-02-15\n";

/// Imports donations.
pub async fn import(ledger: &Ledger, csv: &str) {
    let currency = "CNY".parse().unwrap();
    let rows = Rows::read(csv.as_bytes(), "f", &Default::default(), currency).unwrap();
    ledger.import(rows, ImportOptions::default(), |_| ()).await.unwrap();
}

/// A folder with a closed ledger that has some of everything, in two epochs: 9 donations with an
/// owner, 3 without one, and a claim.
pub async fn folder() -> tempfile::TempDir {
    let (folder, ledger) = ledger().await;
    for what in [cards(0..6), persons(0..4), donations(1..8)] {
        ledger.append(what).await.unwrap();
    }
    import(&ledger, PENDING).await;
    let signed = ledger.close_epoch(NOW).await.unwrap().signed;
    ledger.append(donations(8..10)).await.unwrap();
    claim(&ledger, &signed, 1, NOW).await.unwrap();
    ledger.close_epoch(NOW + 600).await.unwrap();
    ledger.close().await;
    folder
}

/// Admits a claim that uses these checkpoints of the card log and the person log.
pub async fn claim(
    ledger: &Ledger,
    signed: &[Checkpoint],
    number: u64,
    now: u64,
) -> Result<(), ClaimError> {
    let trapdoor = Trapdoor::new(1);
    let (nullifiers, payout, expiry) = ([1, 2, 3, 4, 5, 6], b"payee".as_slice(), now + 60);
    let (cards, persons) = (&signed[0], &signed[1]);
    let says = Says { org: "wufu", cards, persons, nullifiers, payout, expiry };
    let claim = trapdoor.claim(&says, number);
    let verified = ledger.check_claim(&trapdoor.key, &claim, now).unwrap();
    ledger.claim(&verified, &claim, now).await.map(drop)
}

/// Changes a ledger's database from outside.
pub async fn change(folder: &Path, sql: &str) {
    let options = SqliteConnectOptions::new().filename(folder.join("ledger.db"));
    let mut connection = options.foreign_keys(false).connect().await.unwrap();
    let done = connection.execute(sqlx::AssertSqlSafe(sql.to_owned())).await.unwrap();
    assert!(done.rows_affected() > 0, "{sql} changed nothing");
    connection.close().await.unwrap();
}

/// The findings of an audit.
pub async fn findings(folder: &Path) -> Vec<String> {
    let reader = LedgerReader::open(folder).await.unwrap();
    let audit = reader.audit().await.unwrap();
    audit.findings.iter().map(ToString::to_string).collect()
}

/// A copy of a ledger's folder.
pub fn copy(from: &Path) -> tempfile::TempDir {
    let to = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), to.path().join(file.file_name())).unwrap();
    }
    to
}
