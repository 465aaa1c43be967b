//! Answers with donations: which requests are answered, and with which donation.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use crate::common::*;
use rand::SeedableRng as _;
use wufu_proto::{
    envelope::LogEpoch,
    log::{Roof, Shard},
    shard_path::ShardPath,
    v1,
    witness::{Job, UncheckedWitness},
};
use wufu_verifier::{
    CircuitName, DonationCheck, KeyId, ProofRequest,
    check::UnverifiedProof,
    log::{
        checkpoint::Checkpoint,
        history::{LogHistory, Window},
    },
};
use wufu_wallet::{
    DonationOptions, EnvelopeFormat, LogName, ProofMode, ProofSource, Sources, Wallet, envelope,
    plan::{PlanError, ProveError},
    prover::{OnStage, ProverAnswer, ProverError},
    source::{CheckpointSource, LedgerSource, MemoryLedger, RecordedCall, SourceError},
    sync::SyncError,
};

fn trial(crowd: u64, amounts: &[u64]) -> (Wallet, MemoryLedger, Sources, KeyId) {
    let ledger = MemoryLedger::new(CHARITY, [1; 32]);
    let wallet = wallet(3, &ledger);
    charity(&wallet, &ledger, crowd, amounts);
    let key = donation_prover().verifying_key();
    wallet.pin_verifying_key(key).unwrap();
    let sources = Sources::compared(ledger.clone(), ledger.fork());
    (wallet, ledger, sources, key.id())
}

fn few(min_anonymity: u64) -> DonationOptions {
    DonationOptions { min_anonymity, ..DonationOptions::default() }
}

/// The verdict of the verifier that asked, with the checkpoint that everybody has.
async fn accepted(
    request: &ProofRequest,
    ledger: &MemoryLedger,
    answer: &wufu_wallet::Answer,
) -> bool {
    let [LogEpoch { origin, epoch }] = answer.envelope.epochs() else { panic!("not one log") };
    assert_eq!(*origin, request.question().origin);
    let note = ledger.fork().checkpoint(&origin.parse().unwrap(), Some(*epoch)).await.unwrap();
    let mut log = LogHistory::new(origin);
    log.insert(Checkpoint::open(&ledger.log_key(), &note).unwrap()).unwrap();
    let check = DonationCheck {
        key: donation_prover().verifying_key(),
        log: &log,
        verifier: request.verifier(),
        question: request.question(),
        now: NOW,
        window: Window::default(),
    };
    check.verify(answer.envelope.presented()).is_ok()
}

#[tokio::test]
async fn an_answer_is_verified_and_says_what_it_cost() {
    let (wallet, ledger, sources, key) = trial(1999, &[500]);
    let request = ask(1, question(any(), &[KeyId([8; 32]), key]));
    let plan = wallet.plan_donation(&sources, &request, &few(1000), NOW).await.unwrap();
    assert_eq!(plan.report().anonymity, 2000);
    assert_eq!((plan.report().epoch, plan.report().epoch_age), (5, 660));
    assert_eq!(plan.report().compared.as_deref(), Some("cerf in memory"));
    assert_eq!((plan.chosen().place, plan.chosen().shown_before), (1999, false));
    let answer = plan.prove(&local(donation_prover()), quiet(), NOW).await.unwrap();
    assert_eq!(answer.mode, ProofMode::Local);
    assert!(accepted(&request, &ledger, &answer).await);
    // It answers no other question.
    assert!(!accepted(&ask(2, request.question().clone()), &ledger, &answer).await);

    let one = Sources::one(ledger.clone());
    let plan = wallet.plan_donation(&one, &request, &few(1000), NOW).await.unwrap();
    assert_eq!(plan.report().compared, None);
    assert!(plan.chosen().shown_before);
}

#[tokio::test]
async fn envelopes_and_requests_are_files_of_either_format() {
    let (wallet, ledger, sources, key) = trial(1200, &[5]);
    let request = ask(1, question(any(), &[key]));
    let plan = wallet.plan_donation(&sources, &request, &few(1), NOW).await.unwrap();
    let answer = plan.prove(&local(donation_prover()), quiet(), NOW).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (asked, answered) = (folder.path().join("ask"), folder.path().join("answer"));
    for format in [EnvelopeFormat::Protobuf, EnvelopeFormat::Json] {
        envelope::write(&answered, &answer.envelope, format).unwrap();
        assert_eq!(envelope::read(&answered).unwrap(), answer.envelope);
        let message = v1::ProofRequest::from(&request);
        std::fs::write(&asked, envelope::encode(&message, format).unwrap()).unwrap();
        let read = envelope::read_request(&asked).unwrap();
        assert_eq!(read, request);
        assert!(accepted(&read, &ledger, &answer).await);
        // Neither answers the other, and a longer expiry is not what was signed.
        assert!(envelope::read_request(&answered).is_err());
        assert!(envelope::read(&asked).is_err());
        let forged = v1::ProofRequest { expiry: message.expiry + 1, ..message };
        std::fs::write(&asked, envelope::encode(&forged, format).unwrap()).unwrap();
        assert!(envelope::read_request(&asked).is_err());
    }
    // The folder contains only these two files.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
}

/// A ledger that gives each wallet a different note: with a signature line of an unknown key that
/// contains a number.
#[derive(Debug)]
struct Tagging(MemoryLedger);

const TAG: &str = "\u{2014} mirror bm8uIDMxIG9mIDI1MCwwMDAsMDAw";

#[tonic::async_trait]
impl CheckpointSource for Tagging {
    fn name(&self) -> String {
        self.0.name()
    }

    async fn checkpoint(&self, log: &LogName, epoch: Option<u64>) -> Result<String, SourceError> {
        Ok(format!("{}{TAG}\n", self.0.checkpoint(log, epoch).await?))
    }
}

#[tonic::async_trait]
impl LedgerSource for Tagging {
    async fn roof(&self, log: &LogName, epoch: u64) -> Result<Roof, SourceError> {
        let roof = self.0.roof(log, epoch).await?;
        Ok(Roof { note: format!("{}{TAG}\n", roof.note), ..roof })
    }

    async fn shard(&self, log: &LogName, epoch: u64, shard: u64) -> Result<Shard, SourceError> {
        self.0.shard(log, epoch, shard).await
    }
}

/// Rows of docs/failures.md: 31.
/// Envelopes once contained the log's note as it came, so that its signer could recognise the
/// wallet by what it showed.
#[tokio::test]
async fn a_note_that_was_signed_for_one_wallet_is_not_shown() {
    let (wallet, ledger, sources, key) = trial(1200, &[5]);
    let tagged = Sources { ledger: Arc::new(Tagging(ledger.clone())), ..sources };
    let request = ask(1, question(any(), &[key]));
    // It agrees with the other source, so the wallet uses it. That is why it must not be passed on.
    let plan = wallet.plan_donation(&tagged, &request, &few(1), NOW).await.unwrap();
    assert!(plan.report().compared.is_some());
    let log = LogName::donations(CHARITY, 1);
    let seen = wallet.donation_log(&tagged, &log, NOW).await.unwrap();
    assert!(seen.view.checkpoint().note().contains(TAG));
    let answer = plan.prove(&local(donation_prover()), quiet(), NOW).await.unwrap();
    assert!(accepted(&request, &ledger, &answer).await);
    for format in [EnvelopeFormat::Protobuf, EnvelopeFormat::Json] {
        let bytes = envelope::encode(&v1::Envelope::from(&answer.envelope), format).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains(TAG) && !text.contains('\u{2014}') && !text.contains("mirror"));
    }
}

/// Rows of docs/failures.md: 33.
#[tokio::test]
async fn a_policy_that_few_records_meet_is_refused() {
    let (wallet, _, sources, key) = trial(3000, &[77]);
    // Amounts 0 to 998 and the wallet's own donation make exactly 1,000 records.
    let plan = |min, max, options: DonationOptions| {
        let request = ask(1, question(amounts(min, max), &[key]));
        let (wallet, sources) = (wallet.clone(), sources.clone());
        async move { wallet.plan_donation(&sources, &request, &options, NOW).await }
    };
    let default = DonationOptions::default;
    assert_eq!(plan(0, 998, default()).await.unwrap().report().anonymity, 1000);
    let refused = plan(0, 997, default()).await;
    assert!(matches!(refused, Err(PlanError::Few { got: 999, expected: 1000 })));
    let single = plan(77, 77, default()).await;
    assert!(matches!(single, Err(PlanError::Few { got: 2, expected: 1000 })));
    // With another limit.
    assert_eq!(plan(77, 77, few(2)).await.unwrap().report().anonymity, 2);
    assert!(matches!(plan(77, 77, few(3)).await, Err(PlanError::Few { got: 2, expected: 3 })));
    // Before that, the error does not tell whether one of the wallet's own donations fits.
    assert!(matches!(plan(5, 5, default()).await, Err(PlanError::Few { got: 1, .. })));
    assert!(matches!(plan(78, 3000, default()).await, Err(PlanError::NoDonation { held: 1, .. })));
}

/// Rows of docs/failures.md: 33.
#[tokio::test]
async fn no_verifier_sees_a_donation_under_two_policies() {
    let (wallet, _, sources, key) = trial(3000, &[100, 900]);
    let prover = local(donation_prover());
    let plan = |verifier, policy, options: DonationOptions| {
        let request = ask(verifier, question(policy, &[key]));
        let (wallet, sources) = (wallet.clone(), sources.clone());
        async move { wallet.plan_donation(&sources, &request, &options, NOW).await }
    };
    let default = DonationOptions::default;
    let first = plan(1, amounts(0, 2000), default()).await.unwrap();
    // Two plans with different policies: the one that is shown first wins.
    let rival = plan(1, amounts(0, 1999), default()).await.unwrap();
    assert_eq!((first.chosen().place, rival.chosen().place), (3000, 3000));
    first.prove(&prover, quiet(), NOW).await.unwrap();
    let second = rival.prove(&prover, quiet(), NOW).await;
    assert!(matches!(second, Err(ProveError::SecondPolicy)));

    // The same policy shows the same donation, a fresh one is a different donation, and another
    // policy takes yet another one.
    let again = plan(1, amounts(0, 2000), default()).await.unwrap();
    assert_eq!((again.chosen().place, again.chosen().shown_before), (3000, true));
    let fresh = DonationOptions { fresh: true, ..default() };
    let other = plan(1, amounts(0, 2000), fresh).await.unwrap();
    assert_eq!((other.chosen().place, other.chosen().shown_before), (3001, false));
    // Of two that meet the policy, one was shown. `fresh` shows the other one, and then none is
    // left. It used to show one again.
    let wanted = |place| DonationOptions { place: Some(place), fresh: true, ..default() };
    let seen = plan(1, amounts(0, 2000), wanted(3000)).await;
    assert!(matches!(seen, Err(PlanError::NoneFresh { shown: 1, .. })), "{seen:?}");
    let fresh = DonationOptions { fresh: true, ..few(1) };
    let only = plan(3, amounts(0, 101), fresh.clone()).await.unwrap();
    assert!(!only.chosen().shown_before);
    only.prove(&prover, quiet(), NOW).await.unwrap();
    for _ in 0..2 {
        let none = plan(3, amounts(0, 101), fresh.clone()).await.unwrap_err();
        assert!(matches!(none, PlanError::NoneFresh { shown: 1, .. }), "{none}");
    }
    // For a place that the wallet does not hold, the error said that nothing meets the policy.
    let other = DonationOptions { place: Some(7), ..default() };
    let not_held = plan(1, amounts(0, 2000), other).await;
    assert!(matches!(not_held, Err(PlanError::NotHeld { place: 7, .. })), "{not_held:?}");
    let other = DonationOptions { place: Some(3001), ..few(1) };
    let too_small = plan(1, amounts(0, 500), other).await;
    assert!(matches!(too_small, Err(PlanError::NotAdmitted { place: 3001, .. })), "{too_small:?}");
    let narrower = plan(1, amounts(0, 1500), default()).await.unwrap();
    assert_eq!(narrower.chosen().place, 3001);
    narrower.prove(&prover, quiet(), NOW).await.unwrap();
    let third = plan(1, amounts(0, 1400), default()).await;
    assert!(matches!(third, Err(PlanError::SecondPolicy)));
    let bisected = plan(1, amounts(0, 500), few(1)).await;
    assert!(matches!(bisected, Err(PlanError::SecondPolicy)));
    // To another verifier, all of them are fresh.
    assert_eq!(plan(2, amounts(0, 1400), default()).await.unwrap().chosen().place, 3000);
    let wanted = DonationOptions { place: Some(3001), ..default() };
    assert_eq!(plan(2, amounts(0, 1400), wanted).await.unwrap().chosen().place, 3001);
}

/// Rows of docs/failures.md: 34.
#[tokio::test]
async fn only_requests_that_may_be_answered_are() {
    let (wallet, ledger, sources, key) = trial(1200, &[5]);
    let plan = |question: wufu_verifier::check::request::Question| {
        let request = ask(1, question);
        let (wallet, sources) = (wallet.clone(), sources.clone());
        async move { wallet.plan_donation(&sources, &request, &few(1), NOW).await }
    };
    let good = || question(any(), &[key]);
    assert!(plan(good()).await.is_ok());
    let asked = ledger.calls().len();

    let over = wufu_verifier::check::request::Question { expiry: NOW, ..good() };
    assert!(matches!(plan(over).await, Err(PlanError::Over { expiry: NOW, now: NOW })));
    let unpinned =
        wufu_verifier::check::request::Question { key_ids: vec![KeyId([8; 32])], ..good() };
    assert!(matches!(plan(unpinned).await, Err(PlanError::NoKey { asked: 1 })));
    let stranger =
        wufu_verifier::check::request::Question { origin: "else/donations/1".into(), ..good() };
    assert!(matches!(plan(stranger).await, Err(PlanError::Sync(SyncError::NoLogKey { .. }))));
    let cards = wufu_verifier::check::request::Question { origin: "cerf/cards".into(), ..good() };
    assert!(matches!(plan(cards).await, Err(PlanError::NoDonationLog(_))));
    let none = wufu_verifier::check::request::Question { origin: "cerf".into(), ..good() };
    assert!(matches!(plan(none).await, Err(PlanError::NoDonationLog(_))));
    wallet.pin_verifying_key(claim_prover().verifying_key()).unwrap();
    let claim = claim_prover().verifying_key().id();
    let other = wufu_verifier::check::request::Question { key_ids: vec![claim], ..good() };
    assert!(matches!(plan(other).await, Err(PlanError::Circuit { .. })));
    // None of them made the wallet ask anybody.
    assert_eq!(ledger.calls().len(), asked);
}

/// A prover that returns other proofs than the requested ones.
#[derive(Debug)]
struct Cheat(ProverAnswer);

#[tonic::async_trait]
impl ProofSource for Cheat {
    fn mode(&self) -> ProofMode {
        ProofMode::Trusted { endpoint: "cheat".into() }
    }

    async fn prove(&self, _: Job, _: OnStage) -> Result<ProverAnswer, ProverError> {
        Ok(self.0.clone())
    }
}

#[tokio::test]
async fn a_proof_is_believed_only_after_it_verifies() {
    let (wallet, _, sources, key) = trial(1200, &[5, 6]);
    let request = ask(1, question(any(), &[key]));
    let at = |place| DonationOptions { place: Some(place), ..few(1) };
    let first = wallet.plan_donation(&sources, &request, &at(1200), NOW).await.unwrap();
    let second = wallet.plan_donation(&sources, &request, &at(1201), NOW).await.unwrap();
    let good = first.prove(&local(donation_prover()), quiet(), NOW).await.unwrap();
    let presented = good.envelope.presented();
    let made = ProverAnswer {
        proof: UnverifiedProof {
            key_id: good.envelope.key_id(),
            public_inputs: presented.public_inputs.to_vec(),
            proof: presented.proof.to_vec(),
        },
        timings: good.timings,
        mode: good.mode.clone(),
    };
    assert!(first.prove(&Cheat(made.clone()), quiet(), NOW).await.is_ok());
    // A valid proof of another of the wallet's donations.
    let other = second.prove(&Cheat(made.clone()), quiet(), NOW).await;
    assert!(matches!(other, Err(ProveError::OtherStatement)));
    for at in [0, 40, 100] {
        let mut bad = made.clone();
        bad.proof.proof[at] ^= 1;
        let refused = first.prove(&Cheat(bad), quiet(), NOW).await;
        assert!(matches!(refused, Err(ProveError::Refused(_))), "byte {at} of the proof");
    }
    for input in 0..5 {
        let mut bad = made.clone();
        bad.proof.public_inputs[32 * input] ^= 1;
        let refused = first.prove(&Cheat(bad), quiet(), NOW).await;
        assert!(matches!(refused, Err(ProveError::Refused(_))), "public input {input}");
    }
    let mut bad = made;
    bad.proof.key_id = KeyId([1; 32]);
    assert!(matches!(first.prove(&Cheat(bad), quiet(), NOW).await, Err(ProveError::Refused(_))));
    let late = second.prove(&local(donation_prover()), quiet(), NOW + 600).await;
    assert!(matches!(late, Err(ProveError::Refused(_))));
    // A failed proof does not count as shown.
    let again = wallet.plan_donation(&sources, &request, &at(1201), NOW).await.unwrap();
    assert!(!again.chosen().shown_before);
}

/// Rows of docs/failures.md: 37.
#[tokio::test]
async fn a_key_that_comes_with_the_answer_is_not_believed() {
    let (wallet, _, sources, key) = trial(1200, &[5]);
    let request = ask(1, question(any(), &[key]));
    let plan = wallet.plan_donation(&sources, &request, &few(1), NOW).await.unwrap();
    // Another key for the same circuit, made by the prover, who can forge with it.
    let mut rng = rand::rngs::StdRng::seed_from_u64(8);
    let own = wufu_prover::setup::development(CircuitName::Donation, &mut rng).unwrap();
    let own = wufu_prover::Prover::new(wufu_arkworks::engine(own));
    let UncheckedWitness::Donation(instance, _) = plan_witness(&plan).await else {
        panic!("no donation")
    };
    let proven = own.prove(instance.as_ref(), &mut rng, |_| {}).unwrap();
    for key_id in [own.verifying_key().id(), key] {
        let made = ProverAnswer {
            proof: UnverifiedProof::new(&proven.statement, &proven.proof, key_id),
            timings: Default::default(),
            mode: ProofMode::Trusted { endpoint: "cheat".into() },
        };
        let refused = plan.prove(&Cheat(made), quiet(), NOW).await;
        assert!(matches!(refused, Err(ProveError::Refused(_))), "{refused:?}");
    }
    // What a server says about itself pins nothing.
    let mallory = MemoryLedger::new(CHARITY, [2; 32]);
    charity(
        &Wallet::in_memory(wufu_circuits::Seed::from_bytes([9; 32])).unwrap(),
        &mallory,
        9,
        &[],
    );
    let refused = wallet.sync(&sources_of(&mallory), CHARITY, NOW).await;
    assert!(matches!(refused, Err(SyncError::Checkpoint { .. })));
    assert!(wallet.pin_log_key(&mallory.log_key()).is_err());
}

/// What a trusted prover gets.
async fn plan_witness(plan: &wufu_wallet::DonationPlan) -> UncheckedWitness {
    #[derive(Debug, Default)]
    struct Curious(std::sync::Mutex<Option<UncheckedWitness>>);

    #[tonic::async_trait]
    impl ProofSource for Curious {
        fn mode(&self) -> ProofMode {
            ProofMode::Trusted { endpoint: "curious".into() }
        }

        async fn prove(&self, job: Job, _: OnStage) -> Result<ProverAnswer, ProverError> {
            *self.0.lock().unwrap() = Some(job.witnessed);
            Err(ProverError::Silent { role: "prover", endpoint: "curious".into() })
        }
    }

    let curious = Curious::default();
    plan.prove(&curious, quiet(), NOW).await.unwrap_err();
    curious.0.into_inner().unwrap().unwrap()
}

#[tokio::test]
async fn a_receipt_of_nobody_is_told() {
    let (wallet, ledger, sources, key) = trial(1200, &[5]);
    // A receipt for another wallet, which comes before its epoch is known here.
    let stranger = crate::common::wallet(4, &ledger);
    let what = (project(2), wufu_verifier::Amount::new(9).unwrap(), wufu_verifier::Time::MIN);
    let receipt = ledger.donate(&stranger.address(CHARITY), what);
    ledger.seal(6);
    // From a charity with an earlier release, which did not say whose it is.
    let mut unnamed = ledger.sealed_donation(receipt.clone());
    let mut path = v1::ShardPath::from(&unnamed.path);
    path.leaf.clear();
    unnamed.path = ShardPath::try_from(&path).unwrap();
    wallet.receive_donation(&unnamed).unwrap();
    let status = wallet.sync(&sources_of(&ledger), CHARITY, NOW).await.unwrap();
    assert_eq!(status.len(), 1);
    assert_eq!((status[0].ready, status[0].foreign, status[0].not_yet), (1, 1, 0));
    // The wallet still chooses its own donation; with only the other one, there is an error.
    let request = ask(1, question(any(), &[key]));
    let sources = {
        drop(sources);
        sources_of(&ledger)
    };
    let plan = wallet.plan_donation(&sources, &request, &few(1), NOW).await.unwrap();
    assert_eq!(plan.chosen().place, 1200);
    let only = DonationOptions { place: Some(1201), ..few(1) };
    let refused = wallet.plan_donation(&sources, &request, &only, NOW).await;
    assert!(matches!(refused, Err(PlanError::NotHeld { place: 1201, .. })));
    // Now that the roof is known, it would be refused at once.
    let other = Wallet::in_memory(wufu_circuits::Seed::from_bytes([5; 32])).unwrap();
    other.pin_log_key(&ledger.log_key()).unwrap();
    other.donation_log(&sources, &LogName::donations(CHARITY, 1), NOW).await.unwrap();
    let refused = other.receive_donation(&unnamed);
    assert!(matches!(refused, Err(wufu_wallet::holdings::receive::ReceiveError::NotInLog { .. })));
    let refused = other.receive_donation(&ledger.sealed_donation(receipt));
    assert!(matches!(refused, Err(wufu_wallet::holdings::receive::ReceiveError::NotOurs { .. })));
}

fn sources_of(ledger: &MemoryLedger) -> Sources {
    Sources::one(ledger.clone())
}

/// Rows of docs/failures.md: 25.
#[tokio::test]
async fn every_wallet_asks_the_same() {
    let mut asked: Vec<Vec<RecordedCall>> = Vec::new();
    for amounts in [&[5][..], &[700, 800]] {
        let (wallet, ledger, _, key) = trial(1200, amounts);
        let request = ask(1, question(any(), &[key]));
        let sources = sources_of(&ledger);
        let plan = wallet.plan_donation(&sources, &request, &few(1), NOW).await.unwrap();
        plan.prove(&local(donation_prover()), quiet(), NOW).await.unwrap();
        asked.push(ledger.calls());
    }
    assert_eq!(asked[0], asked[1]);
    let log = LogName::donations(CHARITY, 1);
    let expected = [
        RecordedCall::Checkpoint(log.clone(), None),
        RecordedCall::Roof(log.clone(), 5),
        RecordedCall::Shard(log, 5, 0),
    ];
    assert_eq!(asked[0], expected);
}
