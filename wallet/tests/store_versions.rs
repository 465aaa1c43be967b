//! A wallet's file of an earlier release. Version 1 had one place in each person log, in another
//! table, and recorded neither what was found in its log nor when a claim was made or a donation
//! was shown. Its files can still be opened, but nothing tested this: a wallet that lost its place
//! or cards on the way could not claim, and one that forgot what it had shown would show it again.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use redb::{
    Database, Key, ReadTransaction, ReadableDatabase as _, ReadableTable as _, TableDefinition,
    TableHandle as _, Value, WriteTransaction,
};
use wufu_verifier::{Fr, encoding::canonical::Writer};
use wufu_wallet::{
    InclusionStatus, Wallet,
    source::MemoryLedger,
    store::{AnswerEntry, ClaimEntry, Store},
};

use crate::common::*;

type Bytes32 = [u8; 32];

const META: TableDefinition<'static, &str, u64> = TableDefinition::new("meta");
/// Version 2: by organisation and leaf.
const PLACES: TableDefinition<'static, (&str, Bytes32), &[u8]> = TableDefinition::new("places");
/// Version 1: by organisation.
const PERSONS: TableDefinition<'static, &str, (Bytes32, &[u8])> = TableDefinition::new("persons");
const CLAIMS: TableDefinition<'static, (&str, u64), &[u8]> = TableDefinition::new("claims");
const STANDINGS: &str = "standings";

/// The tables that are the same in both versions.
fn copy<K: Key + 'static, V: Value + 'static>(
    (from, to): (&ReadTransaction, &WriteTransaction),
    table: TableDefinition<'static, K, V>,
) {
    let mut copied = to.open_table(table).unwrap();
    for entry in from.open_table(table).unwrap().iter().unwrap() {
        let (key, value) = entry.unwrap();
        copied.insert(key.value(), value.value()).unwrap();
    }
}

/// Rewrites the file in the format of version 1.
fn downgrade(path: &Path, claims: &[ClaimEntry]) {
    let old = path.with_extension("old");
    fs::rename(path, &old).unwrap();
    let (from, to) = (Database::open(&old).unwrap(), Database::create(path).unwrap());
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    let (read, write) = (from.begin_read().unwrap(), to.begin_write().unwrap());
    let both = (&read, &write);
    copy::<&str, &str>(both, TableDefinition::new("log keys"));
    copy::<Bytes32, &[u8]>(both, TableDefinition::new("verifying keys"));
    copy::<Bytes32, &[u8]>(both, TableDefinition::new("cards"));
    copy::<Bytes32, &[u8]>(both, TableDefinition::new("donations"));
    copy::<(Bytes32, Bytes32), Bytes32>(both, TableDefinition::new("shown"));
    copy::<(&str, u64), &str>(both, TableDefinition::new("checkpoints"));
    copy::<&str, (&str, &[u8])>(both, TableDefinition::new("roofs"));
    copy::<&str, &[u8]>(both, TableDefinition::new("evidence"));
    copy::<(&str, u64), (Bytes32, Bytes32)>(both, TableDefinition::new("shards"));
    {
        let mut persons = write.open_table(PERSONS).unwrap();
        for entry in read.open_table(PLACES).unwrap().iter().unwrap() {
            let (key, value) = entry.unwrap();
            let (org, leaf) = key.value();
            assert!(persons.insert(org, (leaf, value.value())).unwrap().is_none());
        }
        // Without the times when they were made.
        let mut kept = write.open_table(CLAIMS).unwrap();
        for ClaimEntry { number, payout, expiry, envelope, receipt, .. } in claims {
            let receipt = receipt.as_deref().unwrap_or_default();
            let writer = Writer::new().bytes(payout).u64(*expiry).bytes(envelope).text(receipt);
            kept.insert((CAMPAIGN, *number), writer.finish().as_slice()).unwrap();
        }
        write.open_table(META).unwrap().insert("version", 1).unwrap();
    }
    write.commit().unwrap();
    drop((read, from));
    fs::remove_file(old).unwrap();
}

/// The items: each leaf with its log and place.
fn held(wallet: &Wallet) -> Vec<(Bytes32, String, u64)> {
    let cards = wallet.cards().unwrap().into_iter();
    let persons = wallet.persons().unwrap().into_iter();
    let donations = wallet.donations().unwrap().into_iter();
    cards
        .map(|card| (card.leaf, card.grant.org.clone(), card.grant.path.index()))
        .chain(persons.map(|held| (held.leaf, held.grant.org.clone(), held.grant.path.index())))
        .chain(
            donations
                .map(|held| (held.leaf, held.receipt.origin.clone(), held.receipt.path.index())),
        )
        .collect()
}

fn claim(number: u64, receipt: Option<&str>) -> ClaimEntry {
    ClaimEntry {
        number,
        made: None,
        payout: b"payee".to_vec(),
        expiry: NOW + 600,
        envelope: vec![number as u8; 9],
        receipt: receipt.map(Into::into),
        refusal: None,
    }
}

#[test]
fn a_file_of_version_1_opens_with_all_its_contents() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("wallet");
    let path = home.join("wallet.redb");
    let wallet = Wallet::create(&home).unwrap();
    let campaign = MemoryLedger::new(CAMPAIGN, [1; 32]);
    let cerf = MemoryLedger::new(CHARITY, [2; 32]);
    for ledger in [&campaign, &cerf] {
        wallet.pin_log_key(&ledger.log_key()).unwrap();
    }
    let key = &crate::swapped::verifying_keys()[0];
    wallet.pin_verifying_key(key).unwrap();
    crowd(&campaign, 3, 2);
    give(&campaign, &wallet, 5);
    charity(&wallet, &cerf, 5, &[100, 200]);
    let before = held(&wallet);
    assert_eq!(before.len(), 5 + 1 + 2);
    let leaf = wallet.donations().unwrap()[0].leaf;
    drop(wallet);
    let (verifier, policy) = ([9; 32], Fr::from(5u64));
    let shown = AnswerEntry { verifier, leaf, made: None, purpose: None };
    Store::open(&path).unwrap().show(&shown, policy).unwrap().unwrap();

    let claims = [claim(0, None), claim(1, Some("claim 7\n"))];
    downgrade(&path, &claims);
    let version = || {
        let database = Database::open(&path).unwrap();
        let read = database.begin_read().unwrap();
        let names = read.list_tables().unwrap().map(|table| table.name().to_owned());
        let names: Vec<String> = names.collect();
        let version = read.open_table(META).unwrap().get("version").unwrap().unwrap().value();
        (version, names)
    };
    let (number, names) = version();
    assert_eq!(number, 1);
    assert!(!names.iter().any(|name| name == STANDINGS || name == PLACES.name()), "{names:?}");

    // Opened twice, because the first time rewrites it.
    for _ in 0..2 {
        let wallet = Wallet::open(&home).unwrap();
        assert_eq!(held(&wallet), before);
        assert_eq!(wallet.log_keys().unwrap(), [cerf.log_key(), campaign.log_key()]);
        assert_eq!(wallet.verifying_keys().unwrap(), [key.id()]);
        assert_eq!(wallet.claims(CAMPAIGN).unwrap(), claims);
        assert_eq!(wallet.answers().unwrap(), std::slice::from_ref(&shown));
        // The file does not say what was found, so the wallet looks again.
        let unconfirmed = |standing| standing == InclusionStatus::Unconfirmed;
        assert!(wallet.cards().unwrap().iter().all(|card| unconfirmed(card.standing)));
        assert!(wallet.persons().unwrap().iter().all(|held| unconfirmed(held.standing)));
        drop(wallet);
        let (number, names) = version();
        assert_eq!(number, 2);
        assert!(!names.iter().any(|name| name == PERSONS.name()), "{names:?}");
    }

    // What was shown stays shown, and only under that policy.
    let store = Store::open(&path).unwrap();
    assert_eq!(store.shown(&verifier, &leaf).unwrap(), Some(policy));
    assert_eq!(store.show(&shown, Fr::from(6u64)).unwrap(), Err(policy));
    drop(store);
    // Now it is a wallet of this release: a card that comes again is already held.
    let wallet = Wallet::open(&home).unwrap();
    let card = &wallet.cards().unwrap()[0];
    assert_eq!(card.grant.org, CAMPAIGN);
    wallet.receive_card(&card.grant).expect_err("it was taken in twice");
}
