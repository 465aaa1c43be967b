//! Data that is valid for somebody else: a proof of another claim, a refusal that names another
//! nullifier, a key under another id. Each of the checks that refuse them could be removed without
//! a failing test.

use std::sync::Mutex;

use crate::common::*;
use redb::{Database, TableDefinition};
use wufu_proto::{
    claim::{Claim, ClaimOutcome},
    envelope::Binding,
    witness::Job,
};
use wufu_verifier::{
    FiveFu, Nullifier, Proof, Statement as _, Trust, VerifyingKey, log::receipt::ClaimRefusal,
    statement,
};
use wufu_wallet::{
    Answer, ProofMode, ProofSource, Sources, SubmitOutcome, Wallet,
    plan::ProveError,
    prover::{OnStage, ProverAnswer, ProverError},
    source::MemoryLedger,
    store::StoreError,
    submit::SubmitError,
};

use crate::transport::{Recorder, serve_ledger};

/// Two wallets with all cards of one campaign.
fn two() -> ([Wallet; 2], MemoryLedger) {
    let ledger = MemoryLedger::new(CAMPAIGN, [1; 32]);
    crowd(&ledger, 100, 50);
    let wallets = [3, 4].map(|seed| wallet(seed, &ledger));
    for (wallet, epoch) in wallets.iter().zip([5, 6]) {
        give(&ledger, wallet, epoch);
        wallet.pin_verifying_key(claim_prover().verifying_key()).unwrap();
    }
    (wallets, ledger)
}

/// A prover that keeps what it proves.
#[derive(Debug, Default)]
struct Keeps(Mutex<Option<ProverAnswer>>);

#[tonic::async_trait]
impl ProofSource for Keeps {
    fn mode(&self) -> ProofMode {
        ProofMode::Local
    }

    async fn prove(&self, job: Job, stage: OnStage) -> Result<ProverAnswer, ProverError> {
        let made = local(claim_prover()).prove(job, stage).await?;
        *self.0.lock().unwrap() = Some(made.clone());
        Ok(made)
    }
}

/// A prover that answers every job with one proof.
#[derive(Debug)]
struct Repeats(ProverAnswer);

#[tonic::async_trait]
impl ProofSource for Repeats {
    fn mode(&self) -> ProofMode {
        ProofMode::Local
    }

    async fn prove(&self, _: Job, _: OnStage) -> Result<ProverAnswer, ProverError> {
        Ok(self.0.clone())
    }
}

/// The other proof is valid, with the same campaign, payee, expiry, key and roots. But it spends
/// the other wallet's cards.
#[tokio::test]
async fn a_proof_of_anothers_claim_is_not_taken_as_ones_own() {
    let ([mine, theirs], ledger) = two();
    let sources = Sources::one(ledger);
    let ask = claim_ask(claim_prover().verifying_key().id());
    let keeps = Keeps::default();
    let plan = theirs.plan_claim(&sources, &ask, NOW).await.unwrap();
    plan.prove(&keeps, quiet(), NOW).await.unwrap();
    let made = keeps.0.lock().unwrap().take().unwrap();
    let plan = mine.plan_claim(&sources, &ask, NOW).await.unwrap();
    let refused = plan.prove(&Repeats(made), quiet(), NOW).await;
    assert!(matches!(refused, Err(ProveError::OtherStatement)), "{refused:?}");
    // Nothing is recorded as claimed, and the wallet's own proof is accepted.
    assert_eq!(mine.claims(CAMPAIGN).unwrap(), []);
    assert!(plan.prove(&local(claim_prover()), quiet(), NOW).await.is_ok());
}

fn claim_of(answer: &Answer) -> Claim {
    let Binding::Claim(binding) = answer.envelope.binding() else { panic!("no claim") };
    let proof = Proof::decode(answer.envelope.presented().proof).unwrap();
    let statement = answer.envelope.statement::<FiveFu>().unwrap();
    let (payout, expiry) = (binding.payout.clone(), binding.expiry);
    Claim::new(answer.envelope.key_id(), statement, &proof, payout, expiry).unwrap()
}

/// What the ledger of the test below answers: that this nullifier was spent by this claim, with a
/// signed note about the second nullifier.
static ANSWERS: Mutex<Option<(Nullifier, Nullifier, Claim)>> = Mutex::new(None);

fn spent(ledger: &MemoryLedger, _: ClaimOutcome) -> ClaimOutcome {
    let (nullifier, noted, earlier) = ANSWERS.lock().unwrap().take().unwrap();
    let refusal = ClaimRefusal { nullifier: noted, claim: 1, time: NOW };
    let note = ledger.sign(&refusal.text(CAMPAIGN));
    ClaimOutcome::Spent { nullifier, earlier: Box::new(earlier), note }
}

/// A ledger that withholds a claim, and answers with something that is true of another claim, or
/// that it cannot prove.
#[tokio::test]
async fn a_claim_is_spent_by_a_proof_of_its_own_nullifier() {
    let ([mine, theirs], ledger) = two();
    let sources = Sources::one(ledger.clone());
    let ask = claim_ask(claim_prover().verifying_key().id());
    let prove = async |wallet: &Wallet| {
        let plan = wallet.plan_claim(&sources, &ask, NOW).await.unwrap();
        plan.prove(&local(claim_prover()), quiet(), NOW).await.unwrap()
    };
    let (answer, other) = (prove(&mine).await, prove(&theirs).await);
    let (own, foreign) = (claim_of(&answer), claim_of(&other));
    let [ours, not_ours] = [&own, &foreign].map(|claim| claim.statement().nullifiers()[0]);

    // For another payee, with a statement that binds it. The proof is of the statement that binds
    // the first payee.
    let (verifier, payload, expiry) = (CAMPAIGN.as_bytes(), b"forged".as_slice(), own.expiry());
    let key_id = own.key_id();
    let ext = statement::Binding { verifier, payload, expiry, key_id }.ext();
    let proof = Proof::decode(own.presented().proof).unwrap();
    let unproved = FiveFu { ext, ..own.statement().clone() };
    let unproved = Claim::new(key_id, unproved, &proof, payload.to_vec(), expiry).unwrap();
    // For another payee, with a statement and proof that bind the first.
    let unbound = own.statement().clone();
    let unbound = Claim::new(key_id, unbound, &proof, payload.to_vec(), expiry).unwrap();

    let mut recorder = Recorder::new(&ledger);
    recorder.twist = spent;
    let endpoint = serve_ledger(&recorder).await;
    let submit_noted = async |nullifier, noted, earlier: &Claim| {
        *ANSWERS.lock().unwrap() = Some((nullifier, noted, earlier.clone()));
        mine.submit(&endpoint, &answer.envelope).await
    };
    let submit =
        async |nullifier, earlier: &Claim| submit_noted(nullifier, nullifier, earlier).await;
    // The nullifier is really spent, but it is not ours.
    let got = submit(not_ours, &foreign).await;
    assert!(matches!(got, Err(SubmitError::OtherAnswer { .. })), "{got:?}");
    // The ledger names our nullifier, but signs another one.
    let got = submit_noted(ours, not_ours, &own).await;
    assert!(matches!(got, Err(SubmitError::OtherAnswer { .. })), "{got:?}");
    // The ledger names our nullifier, but shows a claim that spends others.
    let got = submit(ours, &foreign).await;
    assert!(matches!(got, Err(SubmitError::Unproved { .. })), "{got:?}");
    for forged in [&unproved, &unbound] {
        let got = submit(ours, forged).await;
        assert!(matches!(got, Err(SubmitError::Unproved { .. })), "{got:?}");
    }
    assert!(mine.claims(CAMPAIGN).unwrap().iter().all(|claim| claim.receipt.is_none()));
    // The claim itself, admitted before.
    let got = submit(ours, &own).await;
    assert!(matches!(got, Ok(SubmitOutcome::Admitted { claim: 1, .. })), "{got:?}");
}

/// The accepted keys of `vectors/keys.json`.
pub fn verifying_keys() -> Vec<VerifyingKey> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../vectors/keys.json");
    let text = std::fs::read_to_string(path).unwrap();
    let file: serde_json::Value = serde_json::from_str(&text).unwrap();
    let keys = file["keys"].as_array().unwrap().iter();
    let bytes = keys.map(|case| hex::decode(case["key"].as_str().unwrap()).unwrap());
    bytes.filter_map(|key| VerifyingKey::decode(&key, Trust::AcceptDevelopment).ok()).collect()
}

/// A key under another key's id: whoever can write to the file could choose the key under which
/// proofs are accepted.
#[test]
fn a_verifying_key_under_the_id_of_another_is_damage() {
    const TABLE: TableDefinition<'_, [u8; 32], &[u8]> = TableDefinition::new("verifying keys");
    let (folder, keys) = (tempfile::tempdir().unwrap(), verifying_keys());
    let home = folder.path().join("wallet");
    let [key, other] = [&keys[0], &keys[1]];
    let pinned = |wallet: &Wallet, id| wallet.verifying_key(id).map(|key| key.map(|key| key.id()));
    let wallet = Wallet::create(&home).unwrap();
    wallet.pin_verifying_key(key).unwrap();
    assert_eq!(pinned(&wallet, key.id()).unwrap(), Some(key.id()));
    assert_eq!(pinned(&wallet, other.id()).unwrap(), None);
    drop(wallet);

    let database = Database::open(home.join("wallet.redb")).unwrap();
    let transaction = database.begin_write().unwrap();
    let mut table = transaction.open_table(TABLE).unwrap();
    table.insert(other.id().0, key.encode().as_slice()).unwrap();
    drop(table);
    transaction.commit().unwrap();
    drop(database);

    let wallet = Wallet::open(&home).unwrap();
    let got = pinned(&wallet, other.id());
    let damaged = matches!(got, Err(StoreError::Damaged { entry: "a verifying key's id" }));
    assert!(damaged, "{got:?}");
    assert_eq!(pinned(&wallet, key.id()).unwrap(), Some(key.id()));
}
