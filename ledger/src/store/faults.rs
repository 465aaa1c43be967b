//! The fault table: the database fails at each point of an operation, and no operation may be half
//! done.
//!
//! The points are SQLite's instructions (its progress handler interrupts the statement), the commit
//! (its commit hook refuses), and missing tables.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use sqlx::{ConnectOptions, Executor};
use tempfile::TempDir;
use wufu_circuits::{Kind, Seed};
use wufu_proto::{
    append::{Append, CardIssue, DonationEntry},
    claim::{Claim, ClaimOutcome},
};
use wufu_verifier::{Amount, Time, log::checkpoint::Checkpoint};

use crate::{
    Ledger, LedgerPolicy, Log,
    import::{ImportOptions, Rows},
    read::totals::DonationSums,
};

#[path = "../../tests/common/forge.rs"]
mod forge;
use forge::{Says, Trapdoor};

const NOW: u64 = 1_518_704_280;

fn address(n: u8) -> wufu_circuits::Address {
    Seed::from_bytes([n; 32]).address("wufu")
}

fn batch(n: u8) -> Append {
    let donation = DonationEntry {
        address: address(n),
        receipt: format!("r{n}").into(),
        institution: format!("Foundation {n}"),
        project: "Project".into(),
        amount: Amount::new(100).unwrap(),
        time: Time::new(NOW).unwrap(),
    };
    let card = CardIssue { address: address(n), kind: Kind::Harmony, serial: None };
    Append { cards: vec![card; 2], persons: vec![address(n)], donations: vec![donation] }
}

/// The state of a ledger, as far as it can be observed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct State {
    sizes: Vec<u64>,
    totals: DonationSums,
    institutions: usize,
    claims: u64,
    checkpoints: Vec<Vec<Checkpoint>>,
}

async fn state(ledger: &Ledger) -> State {
    let (mut sizes, mut checkpoints) = (Vec::new(), Vec::new());
    for log in Log::ALL {
        sizes.push(ledger.size(log).await.unwrap());
        checkpoints.push(ledger.checkpoints(&ledger.origin(log), 0).await.unwrap());
    }
    let audit = ledger.audit().await.unwrap();
    assert_eq!(audit.findings, []);
    State {
        sizes,
        totals: ledger.totals().await.unwrap(),
        institutions: ledger.projects().await.unwrap().institutions().len(),
        claims: ledger.claims().await.unwrap(),
        checkpoints,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Append,
    Import,
    Own,
    Close,
    Claim,
}

impl Operation {
    const ALL: [Self; 5] = [Self::Append, Self::Import, Self::Own, Self::Close, Self::Claim];

    /// Runs the operation. Returns the error's text if it fails.
    async fn run(self, ledger: &Ledger, claim: &Claim, trapdoor: &Trapdoor) -> Result<(), String> {
        match self {
            Self::Append => text(ledger.append(batch(9)).await.map(drop)),
            Self::Import => {
                let csv = "receipt,institution,project,amount,date\n\
                    x1,New,A,5,2018-02-15\nx2,New,B,5,2018-02-15\n";
                let currency = "CNY".parse().unwrap();
                let rows = Rows::read(csv.as_bytes(), "f", &Default::default(), currency).unwrap();
                let owners =
                    crate::Owners::Development { seed: "trial".into(), org: "wufu".into() };
                let options = ImportOptions { owners, skip_bad: false };
                text(ledger.import(rows, options, |_| ()).await.map(drop))
            }
            Self::Own => text(ledger.own(b"pending", &address(7)).await.map(drop)),
            Self::Close => text(ledger.close_epoch(NOW + 600).await.map(drop)),
            Self::Claim => {
                let verified = ledger.check_claim(&trapdoor.key, claim, NOW).unwrap();
                match ledger.claim(&verified, claim, NOW).await {
                    Ok(ClaimOutcome::Admitted { .. }) => Ok(()),
                    Ok(other) => panic!("charged, and not admitted: {other:?}"),
                    Err(error) => Err(error.to_string()),
                }
            }
        }
    }
}

fn text<E: std::fmt::Display>(result: Result<(), E>) -> Result<(), String> {
    result.map_err(|error| error.to_string())
}

/// A ledger's folder with some of everything in it, and a claim that is valid there.
async fn template() -> (TempDir, Trapdoor, Claim) {
    let folder = TempDir::new().unwrap();
    let mut policy = LedgerPolicy::new("wufu");
    policy.currency = Some("CNY".parse().unwrap());
    let ledger = Ledger::create(folder.path(), &policy, NOW).await.unwrap();
    ledger.append(batch(1)).await.unwrap();
    let csv = "receipt,institution,project,amount,date\npending,I,P,1,2018-02-15\n";
    let rows = Rows::read(csv.as_bytes(), "f", &Default::default(), "CNY".parse().unwrap());
    ledger.import(rows.unwrap(), ImportOptions::default(), |_| ()).await.unwrap();
    let signed = ledger.close_epoch(NOW).await.unwrap().signed;
    ledger.append(batch(2)).await.unwrap();
    let trapdoor = Trapdoor::new(1);
    let (nullifiers, payout, expiry) = ([1, 2, 3, 4, 5, 6], b"payee".as_slice(), NOW + 600);
    let (cards, persons) = (&signed[0], &signed[1]);
    let says = Says { org: "wufu", cards, persons, nullifiers, payout, expiry };
    let claim = trapdoor.claim(&says, 1);
    ledger.close().await;
    (folder, trapdoor, claim)
}

async fn copy(from: &Path) -> (TempDir, Ledger) {
    let folder = TempDir::new().unwrap();
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
    }
    let ledger = Ledger::open(folder.path()).await.unwrap();
    (folder, ledger)
}

/// After a failure, the state is the same, in this process and in the next one, and the operation
/// succeeds when it is tried again.
async fn nothing_happened(
    (folder, ledger): (TempDir, Ledger),
    before: &State,
    operation: Operation,
    trapdoor: &Trapdoor,
    claim: &Claim,
    at: &str,
) {
    assert_eq!(&state(&ledger).await, before, "{operation:?} failed {at}");
    ledger.close().await;
    let ledger = Ledger::open(folder.path()).await.unwrap();
    assert_eq!(&state(&ledger).await, before, "{operation:?} failed {at}, opened again");
    operation.run(&ledger, claim, trapdoor).await.unwrap();
    assert_ne!(&state(&ledger).await, before, "{operation:?} after a failure {at}");
}

/// Runs an operation and interrupts its writer at instruction `at`. Also returns the number of
/// instructions.
async fn interrupted(
    operation: Operation,
    ledger: &Ledger,
    claim: &Claim,
    trapdoor: &Trapdoor,
    at: u64,
) -> (Result<(), String>, u64) {
    let steps = Arc::new(AtomicU64::new(0));
    let counter = steps.clone();
    {
        let mut writer = ledger.inner.store.writer.lock().await;
        let mut handle = writer.as_mut().unwrap().sqlite().lock_handle().await.unwrap();
        handle.set_progress_handler(1, move || counter.fetch_add(1, Ordering::Relaxed) != at);
    }
    let done = operation.run(ledger, claim, trapdoor).await;
    (done, steps.load(Ordering::Relaxed))
}

/// Rows of docs/failures.md: 28.
/// The last instructions of a commit come after the last write. A commit that was interrupted there
/// returned an error and took effect: the ledger said that nothing was appended, and everything
/// was. This was found by trying every instruction.
#[tokio::test]
async fn a_failure_at_any_instruction_is_all_or_nothing() {
    let full = std::env::var_os("WUFU_FULL").is_some();
    let (template, trapdoor, claim) = template().await;
    for operation in Operation::ALL {
        let (_folder, ledger) = copy(template.path()).await;
        let (done, steps) = interrupted(operation, &ledger, &claim, &trapdoor, u64::MAX).await;
        done.unwrap();
        // All of the first and the last points, and a sample of those between.
        let points = (0..steps)
            .filter(|at| full || *at < 20 || *at + 12 > steps || at % (steps / 25 + 1) == 0);
        let (mut failures, mut happened) = (0, 0);
        for at in points {
            let (folder, ledger) = copy(template.path()).await;
            let before = state(&ledger).await;
            let (done, _) = interrupted(operation, &ledger, &claim, &trapdoor, at).await;
            if let Err(error) = done {
                failures += 1;
                assert!(error.starts_with("database: "), "{error}");
                let (ledger, point) = ((folder, ledger), format!("at instruction {at}"));
                nothing_happened(ledger, &before, operation, &trapdoor, &claim, &point).await;
            } else {
                // The caller was told that it succeeded, and it did.
                happened += 1;
                assert_ne!(state(&ledger).await, before, "{operation:?} at instruction {at}");
                assert!(at + 12 > steps, "{operation:?}: instruction {at} of {steps} did not fail");
            }
        }
        assert!(failures > 40 && happened > 0, "{operation:?}: {failures} and {happened}");
    }
}

/// Rows of docs/failures.md: 28.
/// If not even a new connection can determine the outcome, the ledger accepts nothing more.
#[tokio::test]
async fn a_commit_of_which_nobody_knows_halts_the_ledger() {
    let (template, trapdoor, claim) = template().await;
    let (folder, ledger) = copy(template.path()).await;
    let before = state(&ledger).await;
    {
        let mut writer = ledger.inner.store.writer.lock().await;
        let mut handle = writer.as_mut().unwrap().sqlite().lock_handle().await.unwrap();
        let (file, away) = (folder.path().join("ledger.db"), folder.path().join("away.db"));
        handle.set_commit_hook(move || {
            std::fs::rename(&file, &away).unwrap();
            false
        });
    }
    for operation in [Operation::Claim, Operation::Claim, Operation::Append, Operation::Close] {
        let refused = operation.run(&ledger, &claim, &trapdoor).await.unwrap_err();
        let expected = "it is not known whether the last commit happened: open the ledger again";
        assert_eq!(refused, expected, "{operation:?}");
    }
    drop(ledger);
    std::fs::rename(folder.path().join("away.db"), folder.path().join("ledger.db")).unwrap();
    let ledger = Ledger::open(folder.path()).await.unwrap();
    assert_eq!(state(&ledger).await, before);
    Operation::Claim.run(&ledger, &claim, &trapdoor).await.unwrap();
}

/// Rows of docs/failures.md: 28.
#[tokio::test]
async fn a_failed_commit_leaves_nothing() {
    let (template, trapdoor, claim) = template().await;
    for operation in Operation::ALL {
        let (folder, ledger) = copy(template.path()).await;
        let before = state(&ledger).await;
        {
            let mut writer = ledger.inner.store.writer.lock().await;
            writer
                .as_mut()
                .unwrap()
                .sqlite()
                .lock_handle()
                .await
                .unwrap()
                .set_commit_hook(|| false);
        }
        let failed = operation.run(&ledger, &claim, &trapdoor).await.unwrap_err();
        assert!(failed.starts_with("database: "), "{failed}");
        let ledger = (folder, ledger);
        nothing_happened(ledger, &before, operation, &trapdoor, &claim, "at commit").await;
    }
}

/// Rows of docs/failures.md: 28.
#[tokio::test]
async fn a_missing_table_refuses() {
    let (template, trapdoor, claim) = template().await;
    for operation in Operation::ALL {
        let tables: &[&str] = match operation {
            Operation::Append => {
                &["logs", "leaves", "cards", "persons", "receipts", "records", "claims"]
            }
            Operation::Import => &["logs", "receipts", "records", "institutions", "projects"],
            Operation::Own => &["logs", "receipts", "records"],
            Operation::Close => &["logs", "leaves", "records", "checkpoints"],
            Operation::Claim => &["claims", "spent"],
        };
        for table in tables {
            let (_folder, ledger) = copy(template.path()).await;
            let before = state(&ledger).await;
            let rename = |from: &str, to: &str| {
                sqlx::AssertSqlSafe(format!("ALTER TABLE {from} RENAME TO {to}"))
            };
            let change = async |from: &str, to: &str| {
                let mut writer = ledger.inner.store.writer.lock().await;
                if writer.is_none() {
                    let fresh = ledger.inner.store.options.connect().await.unwrap();
                    *writer = Some(fresh.into());
                }
                writer.as_mut().unwrap().sqlite().execute(rename(from, to)).await.unwrap();
            };
            change(table, "gone").await;
            let failed = operation.run(&ledger, &claim, &trapdoor).await.unwrap_err();
            assert!(failed.starts_with("database: "), "{operation:?} without {table}: {failed}");
            change("gone", table).await;
            assert_eq!(state(&ledger).await, before, "{operation:?} without {table}");
            operation.run(&ledger, &claim, &trapdoor).await.unwrap();
        }
    }
}

/// Rows of docs/failures.md: 28.
#[tokio::test]
async fn a_full_disk_refuses_and_leaves_whole_batches() {
    let (template, _, _) = template().await;
    let (_folder, ledger) = copy(template.path()).await;
    let before = state(&ledger).await;
    {
        let mut writer = ledger.inner.store.writer.lock().await;
        let writer = writer.as_mut().unwrap().sqlite();
        let pages: i64 =
            sqlx::query_scalar("PRAGMA page_count").fetch_one(&mut *writer).await.unwrap();
        let limit = format!("PRAGMA max_page_count = {pages}");
        writer.execute(sqlx::AssertSqlSafe(limit)).await.unwrap();
    }
    let (mut failed, mut appended) = (None, 0);
    // Until the free space within the existing pages is used up.
    for n in 10..250 {
        match ledger.append(batch(n)).await {
            Ok(_) => appended += 1,
            Err(error) => {
                failed = Some(error.to_string());
                break;
            }
        }
    }
    assert!(failed.as_deref().is_some_and(|text| text.contains("full")), "{failed:?}");
    let grown: Vec<u64> = state(&ledger).await.sizes;
    let grown: Vec<u64> = grown.iter().zip(&before.sizes).map(|(now, then)| now - then).collect();
    assert_eq!(grown, [2 * appended, appended, appended]);
}
