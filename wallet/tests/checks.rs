//! Refusals that no other test here covers, one at a time: each of these checks could be removed
//! without a failing test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::Path,
};

use wufu_circuits::Seed;
use wufu_proto::{shard_path::ShardPath, v1};
use wufu_verifier::Fr;
use wufu_wallet::{
    ClaimAsk, LogName, Sources, Wallet, envelope,
    file::{self, FileError},
    holdings::receive::ReceiveError,
    plan::PlanError,
    seed::SeedError,
    source::{CheckpointSource, LedgerSource, MemoryLedger, SourceError},
    store::StoreError,
    sync::SyncError,
    wallet::OpenError,
};

use crate::{campaign::Liar, common::*};

/// The path as an earlier release sends it: it does not say whose it is.
fn unnamed(path: &ShardPath) -> ShardPath {
    let mut message = v1::ShardPath::from(path);
    message.leaf.clear();
    ShardPath::try_from(&message).unwrap()
}

/// Two wallets of one campaign; the second has everything.
fn ours_and_theirs() -> (MemoryLedger, Wallet, Wallet) {
    let ledger = MemoryLedger::new(CAMPAIGN, [1; 32]);
    crowd(&ledger, 3, 2);
    let (ours, theirs) = (wallet(3, &ledger), wallet(4, &ledger));
    give(&ledger, &theirs, 5);
    (ledger, ours, theirs)
}

#[tokio::test]
async fn what_is_somebody_elses_is_not_received() {
    let (ledger, ours, theirs) = ours_and_theirs();
    let (card, person) = (&theirs.cards().unwrap()[0].grant, &theirs.persons().unwrap()[0].grant);
    let refused = [ours.receive_card(card).unwrap_err(), ours.receive_person(person).unwrap_err()];
    for error in refused {
        assert!(matches!(error, ReceiveError::NotOurs { .. }), "{error}");
    }
    // The file does not say whose it is, but the wallet knows the log's root.
    ours.campaign(&Sources::one(ledger), CAMPAIGN, NOW).await.unwrap();
    let (mut card, mut person) = (card.clone(), person.clone());
    (card.path, person.path) = (unnamed(&card.path), unnamed(&person.path));
    let refused =
        [ours.receive_card(&card).unwrap_err(), ours.receive_person(&person).unwrap_err()];
    for error in refused {
        assert!(matches!(error, ReceiveError::NotInLog { .. }), "{error}");
    }
    card.serial += 1;
    let error = ours.receive_card(&card).unwrap_err();
    assert!(matches!(error, ReceiveError::Serial), "{error}");
    // A place that no person log has.
    person.path = ShardPath::new(1 << 31, &wufu_circuits::Path::default()).unwrap();
    let error = ours.receive_person(&person).unwrap_err();
    assert!(matches!(error, ReceiveError::NoSuchPlace { .. }), "{error}");
    assert!(ours.items().unwrap().is_empty());
}

#[test]
fn a_donation_is_received_from_a_donation_log_alone() {
    let ledger = MemoryLedger::new(CHARITY, [2; 32]);
    let wallet = wallet(3, &ledger);
    charity(&wallet, &ledger, 3, &[100]);
    let mut receipt = wallet.donations().unwrap().remove(0).receipt;
    receipt.origin = LogName::cards(CHARITY).to_string();
    let error = wallet.receive_donation(&receipt).unwrap_err();
    assert!(matches!(error, ReceiveError::Sort { .. }), "{error}");
}

#[tokio::test]
async fn a_claim_has_a_payee_and_time_left() {
    let (ledger, _, wallet) = ours_and_theirs();
    let key = claim_prover().verifying_key();
    wallet.pin_verifying_key(key).unwrap();
    let sources = Sources::one(ledger);
    let ask = claim_ask(key.id());
    for length in [0, wufu_proto::claim::MAX_PAYOUT + 1] {
        let ask = ClaimAsk { payout: vec![7; length], ..ask.clone() };
        let error = wallet.plan_claim(&sources, &ask, NOW).await.unwrap_err();
        assert!(matches!(error, PlanError::Binding(_)), "{error}");
        assert!(error.to_string().contains("payout"), "{error}");
    }
    let over = wallet.plan_claim(&sources, &ClaimAsk { expiry: NOW, ..ask.clone() }, NOW).await;
    assert!(matches!(over, Err(PlanError::Over { expiry: NOW, now: NOW })), "{over:?}");
    wallet.plan_claim(&sources, &ask, NOW).await.unwrap();
}

/// Whether asked for the newest checkpoint or an earlier one, it always gives the newest.
#[derive(Clone, Debug)]
struct Newest(MemoryLedger);

#[tonic::async_trait]
impl CheckpointSource for Newest {
    fn name(&self) -> String {
        "newest".into()
    }

    async fn checkpoint(&self, log: &LogName, _: Option<u64>) -> Result<String, SourceError> {
        self.0.checkpoint(log, None).await
    }
}

#[tonic::async_trait]
impl LedgerSource for Newest {
    async fn roof(&self, log: &LogName, epoch: u64) -> Result<wufu_proto::log::Roof, SourceError> {
        self.0.roof(log, epoch).await
    }

    async fn shard(
        &self,
        log: &LogName,
        epoch: u64,
        shard: u64,
    ) -> Result<wufu_proto::log::Shard, SourceError> {
        self.0.shard(log, epoch, shard).await
    }
}

/// Rows of docs/failures.md: 31.
#[tokio::test]
async fn an_answer_of_another_epoch_is_refused() {
    let (ledger, wallet, _) = ours_and_theirs();
    let past = ledger.fork();
    ledger.append(&LogName::cards(CAMPAIGN), &[Fr::from(9u64)]);
    ledger.seal(6);
    // The roof of an earlier epoch.
    let liar = Liar { honest: ledger.clone(), roofs: past, spoil: |_| {} };
    let refused = wallet.campaign(&Sources::one(liar), CAMPAIGN, NOW).await;
    assert!(matches!(refused, Err(SyncError::Epoch { got: 5, expected: 6, .. })), "{refused:?}");
    // The second source gives a later checkpoint than the one in force at the requested epoch. When
    // it is asked, the card log is at epoch 6 and the person log at 5; then both advance.
    ledger.append(&LogName::persons(CAMPAIGN), &[Fr::from(10u64)]);
    let ahead = ledger.fork();
    ahead.seal(7);
    let sources = Sources::compared(ledger, Newest(ahead));
    let refused = wallet.campaign(&sources, CAMPAIGN, NOW).await;
    assert!(matches!(refused, Err(SyncError::Epoch { .. })), "{refused:?}");
}

fn write(path: &Path, bytes: &[u8], mode: u32) {
    fs::write(path, bytes).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_secret_file_has_the_right_owner_and_length() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    write(&path, b"1234", 0o600);
    assert_eq!(file::read_secret(&path, 4).unwrap().as_slice(), b"1234");
    for other in [3, 5] {
        let error = file::read_secret(&path, other).unwrap_err();
        assert!(matches!(error, FileError::Length { got: 4, .. }), "{error}");
    }
    write(&path, b"1234", 0o640);
    let error = file::read_secret(&path, 4).unwrap_err();
    assert!(matches!(error, FileError::Shared { mode: 0o640, .. }), "{error}");
    write(&path, b"1234", 0o600);
    let link = folder.path().join("link");
    symlink(&path, &link).unwrap();
    let error = file::read_secret(&link, 4).unwrap_err();
    assert!(matches!(error, FileError::Kind { .. }), "{error}");
    let error = file::check_folder(&path).unwrap_err();
    assert!(matches!(error, FileError::Kind { expected: "folder", .. }), "{error}");
}

/// Needs the right to give a folder to somebody else; without it, the test does nothing.
#[test]
fn a_folder_of_somebody_else_is_told() {
    let folder = tempfile::tempdir().unwrap();
    file::check_owner(folder.path()).unwrap();
    if std::os::unix::fs::chown(folder.path(), Some(12_345), None).is_err() {
        return;
    }
    // A user who may give a folder away may also write in it.
    let error = file::check_owner(folder.path()).unwrap_err();
    assert!(matches!(error, FileError::Owner { got: 12_345, .. }), "{error}");
}

/// Rows of docs/failures.md: 51.
#[test]
fn a_wallet_without_its_memory_or_seed_stays_shut() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("wallet");
    drop(Wallet::restore(&home, Seed::from_bytes([3; 32])).unwrap());
    let memory = home.join("wallet.redb");
    let good = fs::read(&memory).unwrap();
    write(&memory, b"", 0o600);
    let error = Wallet::open(&home).unwrap_err();
    assert!(matches!(error, OpenError::Store(StoreError::Empty { .. })), "{error}");
    assert_eq!(fs::metadata(&memory).unwrap().len(), 0, "it is left as it is");
    fs::remove_file(&memory).unwrap();
    let error = Wallet::open(&home).unwrap_err();
    assert!(matches!(error, OpenError::Store(StoreError::Missing { .. })), "{error}");
    assert!(!memory.exists(), "nothing is made in its place");
    write(&memory, &good, 0o600);
    // One digit of the seed.
    let path = home.join("seed");
    let mut text = fs::read(&path).unwrap();
    text[0] = if text[0] == b'0' { b'1' } else { b'0' };
    write(&path, &text, 0o600);
    let error = Wallet::open(&home).unwrap_err();
    assert!(matches!(error, OpenError::Seed(SeedError::Checksum)), "{error}");
}

#[test]
fn no_wallet_is_made_over_a_part_of_another() {
    for part in ["seed", "wallet.redb", "blind"] {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("wallet");
        fs::create_dir(&home).unwrap();
        fs::set_permissions(&home, fs::Permissions::from_mode(0o700)).unwrap();
        fs::write(home.join(part), b"").unwrap();
        let error = Wallet::create(&home).unwrap_err();
        assert!(matches!(error, OpenError::Held { name, .. } if name == part), "{part}: {error}");
    }
}

/// Rows of docs/failures.md: 39.
/// A sparse file takes no room on the disk, but it took its full length in memory.
#[test]
fn a_file_longer_than_any_message_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long");
    fs::File::create(&path).unwrap().set_len(envelope::MAX_BYTES + 1).unwrap();
    let error = envelope::read_bytes(&path).unwrap_err();
    assert!(matches!(error, envelope::MessageError::Long { .. }), "{error}");
}
