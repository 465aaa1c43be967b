//! Ledgers in temporary folders.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod edits;
pub mod forge;
pub mod served;

use tempfile::TempDir;
use wufu_circuits::{Address, Kind, Seed};
use wufu_ledger::{Ledger, LedgerPolicy};
use wufu_proto::append::{Append, CardIssue, DonationEntry};
use wufu_verifier::{Amount, Time};

/// When the tests take place.
pub const NOW: u64 = 1_518_704_280;

pub fn policy() -> LedgerPolicy {
    let mut policy = LedgerPolicy::new("wufu");
    policy.currency = Some("CNY".parse().unwrap());
    policy
}

pub async fn ledger() -> (TempDir, Ledger) {
    let folder = TempDir::new().unwrap();
    let ledger = Ledger::create(folder.path(), &policy(), NOW).await.unwrap();
    (folder, ledger)
}

pub fn wallet(number: u64) -> Seed {
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&number.to_le_bytes());
    Seed::from_bytes(seed)
}

pub fn address(number: u64) -> Address {
    wallet(number).address("wufu")
}

pub fn card(owner: u64, kind: usize) -> CardIssue {
    CardIssue { address: address(owner), kind: Kind::from_index(kind).unwrap(), serial: None }
}

pub fn cards(range: std::ops::Range<u64>) -> Append {
    Append { cards: range.map(|n| card(n, n as usize % 5)).collect(), ..Append::default() }
}

pub fn persons(range: std::ops::Range<u64>) -> Append {
    Append { persons: range.map(address).collect(), ..Append::default() }
}

pub fn donation(owner: u64, receipt: &str, minor: u64) -> DonationEntry {
    DonationEntry {
        address: address(owner),
        receipt: receipt.into(),
        institution: "Foundation".into(),
        project: format!("Project {}", owner % 3),
        amount: Amount::new(minor).unwrap(),
        time: Time::new(NOW - minor).unwrap(),
    }
}

pub fn donations(range: std::ops::Range<u64>) -> Append {
    let donations = range.map(|n| donation(n, &format!("r{n}"), n)).collect();
    Append { donations, ..Append::default() }
}
