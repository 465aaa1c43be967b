//! Shared by the tests: campaigns and charities in memory, and keys that are made once.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::{Arc, OnceLock};

use ed25519_dalek::SigningKey;
use rand::{SeedableRng, rngs::StdRng};
use wufu_circuits::{Kind, Seed};
use wufu_prover::{Prover, setup};
use wufu_verifier::{
    Amount, CircuitName, Fr, KeyId, Policy, ProjectKey, ProjectSet, ProofRequest, Record, Time,
    check::request::Question, statement::policy::Bounds,
};
use wufu_wallet::{
    ClaimAsk, LocalProver, LogName, Wallet,
    prover::OnStage,
    source::{EPOCH_SECONDS, MemoryLedger},
};

/// The time of the tests, in Unix seconds.
pub const NOW: u64 = 6 * EPOCH_SECONDS + 60;
pub const CAMPAIGN: &str = "wufu";
pub const CHARITY: &str = "cerf";

fn prover(circuit: CircuitName) -> Prover {
    let mut rng = StdRng::seed_from_u64(7);
    Prover::new(wufu_arkworks::engine(setup::development(circuit, &mut rng).unwrap()))
}

/// A development key for donations, made once.
pub fn donation_prover() -> &'static Prover {
    static PROVER: OnceLock<Prover> = OnceLock::new();
    PROVER.get_or_init(|| prover(CircuitName::Donation))
}

/// A development key for claims, made once.
pub fn claim_prover() -> &'static Prover {
    static PROVER: OnceLock<Prover> = OnceLock::new();
    PROVER.get_or_init(|| prover(CircuitName::FiveFu))
}

pub fn local(prover: &Prover) -> LocalProver {
    LocalProver::new([prover.clone()])
}

pub fn quiet() -> OnStage {
    Arc::new(|_| {})
}

/// A wallet in memory that knows a ledger's key.
pub fn wallet(seed: u8, ledger: &MemoryLedger) -> Wallet {
    let wallet = Wallet::in_memory(Seed::from_bytes([seed; 32])).unwrap();
    wallet.pin_log_key(&ledger.log_key()).unwrap();
    wallet
}

/// Fills a campaign's logs with other people's leaves.
pub fn crowd(ledger: &MemoryLedger, cards: u64, persons: u64) {
    let leaves = |from: u64, count| (from..from + count).map(Fr::from).collect::<Vec<_>>();
    ledger.append(&LogName::cards(CAMPAIGN), &leaves(10_000_000, cards));
    ledger.append(&LogName::persons(CAMPAIGN), &leaves(20_000_000, persons));
}

/// Gives a wallet all five cards and a place in the person log, at the epoch that is sealed next.
pub fn give(ledger: &MemoryLedger, wallet: &Wallet, epoch: u64) {
    let address = wallet.address(CAMPAIGN);
    let cards = Kind::ALL.map(|kind| ledger.issue(&address, kind));
    let person = ledger.register(&address);
    ledger.seal(epoch);
    for card in cards {
        wallet.receive_card(&ledger.sealed_card(card)).unwrap();
    }
    wallet.receive_person(&ledger.sealed_person(person)).unwrap();
}

pub fn claim_ask(key: KeyId) -> ClaimAsk {
    // The campaigns of most tests are small.
    ClaimAsk { min_anonymity: 1, ..ClaimAsk::new(CAMPAIGN, b"payee", NOW + 600, key) }
}

pub fn project(project: u32) -> ProjectKey {
    ProjectKey::new(1, project).unwrap()
}

/// Other people's records: projects 1 to 4 in turn, amounts 0, 1, 2 …
pub fn others(count: u64) -> Vec<Record> {
    let record = |n: u64| Record {
        project: project((n % 4) as u32 + 1),
        amount: Amount::new(n).unwrap(),
        time: Time::new(1_500_000_000 + n).unwrap(),
        own: Fr::from(30_000_000 + n),
    };
    (0..count).map(record).collect()
}

/// A donation log with other people's records, of which the wallet gives `amounts` to project 1.
pub fn charity(wallet: &Wallet, ledger: &MemoryLedger, crowd: u64, amounts: &[u64]) {
    ledger.append_records(&LogName::donations(CHARITY, 1), &others(crowd));
    let address = wallet.address(CHARITY);
    let donate = |amount: &u64| {
        let what = (project(1), Amount::new(*amount).unwrap(), Time::new(1_600_000_000).unwrap());
        ledger.donate(&address, what)
    };
    let receipts: Vec<_> = amounts.iter().map(donate).collect();
    ledger.seal(5);
    for receipt in receipts {
        wallet.receive_donation(&ledger.sealed_donation(receipt)).unwrap();
    }
}

/// Any donation to projects 1 to 4.
pub fn any() -> Policy {
    Policy {
        projects: ProjectSet::new((1..=4).map(project)).unwrap(),
        amount: Bounds::ANY_AMOUNT,
        time: Bounds::ANY_TIME,
    }
}

pub fn amounts(min: u64, max: u64) -> Policy {
    let bound = |minor| Amount::new(minor).unwrap();
    Policy { amount: Bounds::amounts(bound(min), bound(max)).unwrap(), ..any() }
}

pub fn question(policy: Policy, keys: &[KeyId]) -> Question {
    Question {
        purpose: "trial".into(),
        origin: LogName::donations(CHARITY, 1).to_string(),
        policy,
        challenge: [9; 32],
        expiry: NOW + 600,
        key_ids: keys.to_vec(),
    }
}

pub fn ask(verifier: u8, question: Question) -> ProofRequest {
    ProofRequest::sign(&SigningKey::from_bytes(&[verifier; 32]), question).unwrap()
}
