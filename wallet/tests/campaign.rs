//! Claims, and which logs of a campaign a wallet accepts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use crate::common::*;
use wufu_circuits::Kind;
use wufu_proto::log::{Roof, Shard};
use wufu_verifier::{
    ClaimCheck, Fr,
    hash::merkle::SHARD_LEAVES,
    log::{
        checkpoint::Checkpoint,
        history::{LogHistory, Window},
    },
};
use wufu_wallet::{
    EarlierClaim, LogName, SecondSource, Sources, Wallet,
    holdings::receive::ReceiveError,
    plan::{PlanError, ProveError},
    source::{CheckpointSource, LedgerSource, MemoryLedger, RecordedCall, SourceError},
    store::Evidence,
    sync::{
        SyncError,
        view::{OwnLeafError, ViewError},
    },
};

fn trial() -> (Wallet, MemoryLedger) {
    let ledger = MemoryLedger::new(CAMPAIGN, [1; 32]);
    let wallet = wallet(3, &ledger);
    crowd(&ledger, 100, 50);
    give(&ledger, &wallet, 5);
    (wallet, ledger)
}

fn cards() -> LogName {
    LogName::cards(CAMPAIGN)
}

#[tokio::test]
async fn a_claim_is_planned_proved_and_kept() {
    let (wallet, ledger) = trial();
    let key = claim_prover().verifying_key();
    let ask = claim_ask(key.id());
    let sources = Sources::compared(ledger.clone(), ledger.fork());
    let unpinned = wallet.plan_claim(&sources, &ask, NOW).await;
    assert!(matches!(unpinned, Err(PlanError::NoKey { asked: 1 })));
    wallet.pin_verifying_key(key).unwrap();
    let plan = wallet.plan_claim(&sources, &ask, NOW).await.unwrap();
    assert_eq!((plan.report().anonymity, plan.report().epoch), (51, 5));

    // Two plans for different payees: the one that is proved first wins.
    let rival = wufu_wallet::ClaimAsk { payout: b"rival".to_vec(), ..ask.clone() };
    let rival = wallet.plan_claim(&sources, &rival, NOW).await.unwrap();

    // From here on nothing is fetched.
    let asked = ledger.calls();
    let answer = plan.prove(&local(claim_prover()), quiet(), NOW).await.unwrap();
    assert_eq!(ledger.calls(), asked);
    assert!(
        !asked.iter().any(|call| matches!(call, RecordedCall::Shard(.., shard) if *shard != 0))
    );

    let named: Vec<_> =
        answer.envelope.epochs().iter().map(|log| (log.origin.as_str(), log.epoch)).collect();
    assert_eq!(named, [("wufu/cards", 5), ("wufu/persons", 5)]);
    let (mut held, others) = (Vec::new(), ledger.fork());
    for log in [cards(), LogName::persons(CAMPAIGN)] {
        let note = others.checkpoint(&log, None).await.unwrap();
        let mut history = LogHistory::new(&log.to_string());
        history.insert(Checkpoint::open(&ledger.log_key(), &note).unwrap()).unwrap();
        held.push(history);
    }
    let check = ClaimCheck {
        key,
        cards: &held[0],
        persons: &held[1],
        org: CAMPAIGN,
        now: NOW,
        window: Window::default(),
    };
    assert!(check.verify(answer.envelope.presented(), &ask.payout, ask.expiry).is_ok());
    assert!(check.verify(answer.envelope.presented(), b"other", ask.expiry).is_err());

    // The claim is recorded, and a second one is made only on purpose.
    let rival = rival.prove(&local(claim_prover()), quiet(), NOW).await;
    assert!(matches!(rival, Err(ProveError::Claimed { earlier: EarlierClaim::Open, .. })));
    assert_eq!(wallet.claims(CAMPAIGN).unwrap().len(), 1);
    let second = wallet.plan_claim(&sources, &ask, NOW).await;
    assert!(matches!(second, Err(PlanError::Claimed { earlier: EarlierClaim::Open, .. })));
    let again = wufu_wallet::ClaimAsk { again: true, payout: b"other".to_vec(), ..ask.clone() };
    let again = wallet.plan_claim(&sources, &again, NOW).await.unwrap();
    assert_eq!(again.statement().nf_p, plan.statement().nf_p);
    // Once it has expired, a new claim may be made.
    let later = wufu_wallet::ClaimAsk { expiry: NOW + 2000, ..ask };
    assert!(wallet.plan_claim(&sources, &later, NOW + 600).await.is_ok());
}

/// Rows of docs/failures.md: 33.
#[tokio::test]
async fn a_claim_among_few_persons_is_refused() {
    let (wallet, ledger) = trial();
    let key = claim_prover().verifying_key();
    wallet.pin_verifying_key(key).unwrap();
    let sources = Sources::one(ledger.clone());
    // With the default limit.
    let ask = wufu_wallet::ClaimAsk::new(CAMPAIGN, b"payee", NOW + 600, key.id());
    let refused = wallet.plan_claim(&sources, &ask, NOW).await;
    assert!(matches!(refused, Err(PlanError::FewPersons { got: 51, expected: 1000 })));
    for (min_anonymity, enough) in [(52, false), (51, true)] {
        let ask = wufu_wallet::ClaimAsk { min_anonymity, ..ask.clone() };
        assert_eq!(wallet.plan_claim(&sources, &ask, NOW).await.is_ok(), enough);
    }
    // The count is the size of the log: 949 persons more, an epoch later.
    let more: Vec<Fr> = (40_000_000u64..40_000_949).map(Fr::from).collect();
    ledger.append(&LogName::persons(CAMPAIGN), &more);
    ledger.seal(6);
    let plan = wallet.plan_claim(&sources, &ask, NOW).await.unwrap();
    assert_eq!(plan.report().anonymity, 1000);
}

#[tokio::test]
async fn four_kinds_are_no_claim() {
    let ledger = MemoryLedger::new(CAMPAIGN, [1; 32]);
    let wallet = wallet(3, &ledger);
    let key = claim_prover().verifying_key();
    wallet.pin_verifying_key(key).unwrap();
    let address = wallet.address(CAMPAIGN);
    let some = Kind::ALL.map(|kind| (kind != Kind::Harmony).then(|| ledger.issue(&address, kind)));
    let person = ledger.register(&address);
    ledger.seal(1);
    let sources = Sources::one(ledger.clone());
    let ask = claim_ask(key.id());
    let nobody = wallet.plan_claim(&sources, &ask, NOW).await;
    assert!(matches!(nobody, Err(PlanError::NoPerson { .. })));
    wallet.receive_person(&ledger.sealed_person(person)).unwrap();
    for card in some.into_iter().flatten() {
        wallet.receive_card(&ledger.sealed_card(card)).unwrap();
    }
    let Err(PlanError::Cards { missing, .. }) = wallet.plan_claim(&sources, &ask, NOW).await else {
        panic!("four kinds were enough");
    };
    assert_eq!(missing, [Kind::Harmony]);
    assert_eq!(ledger.calls(), []);
}

#[tokio::test]
async fn what_is_held_is_not_taken_twice() {
    let (wallet, ledger) = trial();
    let card = wallet.cards().unwrap().remove(0).grant;
    assert!(matches!(wallet.receive_card(&card), Err(ReceiveError::Held { .. })));
    // A newer path does not make it another card.
    let newer = ledger.sealed_card(card.clone());
    assert!(matches!(wallet.receive_card(&newer), Err(ReceiveError::Held { .. })));
    let mut other = card;
    other.serial += 1;
    assert!(matches!(wallet.receive_card(&other), Err(ReceiveError::Serial)));
    // Once a place was found in its log, it is the only one.
    wallet.campaign(&Sources::one(ledger.clone()), CAMPAIGN, NOW).await.unwrap();
    let person = ledger.register(&wallet.address(CAMPAIGN));
    ledger.seal(6);
    let second = wallet.receive_person(&ledger.sealed_person(person));
    assert!(matches!(second, Err(ReceiveError::PersonHolding { .. })));
    assert_eq!(wallet.cards().unwrap().len(), 5);
}

/// Rows of docs/failures.md: 31.
#[tokio::test]
async fn two_states_of_one_epoch_are_refused_and_kept() {
    let (wallet, ledger) = trial();
    // The same epoch with one leaf more, for this wallet alone.
    let special = ledger.fork();
    special.append(&cards(), &[Fr::from(77u64)]);
    special.seal(5);
    let sources = Sources::compared(special.clone(), ledger.clone());
    let refused = wallet.campaign(&sources, CAMPAIGN, NOW).await;
    assert!(matches!(refused, Err(SyncError::Contradiction(_))), "{refused:?}");
    let Some(Evidence::States { held, came }) = wallet.evidence(&cards()).unwrap() else {
        panic!("nothing was kept");
    };
    let key = ledger.log_key();
    let (held, came) =
        (Checkpoint::open(&key, &held).unwrap(), Checkpoint::open(&key, &came).unwrap());
    assert_eq!((held.epoch(), came.epoch()), (5, 5));
    assert_ne!(held.size(), came.size());
    // From here on neither is accepted, and nobody is asked.
    for source in [ledger.clone(), special] {
        let asked = source.calls().len();
        let refused = wallet.campaign(&Sources::one(source.clone()), CAMPAIGN, NOW).await;
        assert!(matches!(refused, Err(SyncError::Contradicted { .. })));
        assert_eq!(source.calls().len(), asked);
    }
    // A roof that comes with another checkpoint of the epoch does the same.
    let fresh = crate::common::wallet(3, &ledger);
    let special = ledger.fork();
    special.append(&cards(), &[Fr::from(78u64)]);
    special.seal(5);
    let liar = Liar { honest: ledger.clone(), roofs: special, spoil: |_| {} };
    let refused = fresh.campaign(&Sources::one(liar), CAMPAIGN, NOW).await;
    assert!(matches!(refused, Err(SyncError::Contradiction(_))));
    assert!(fresh.evidence(&cards()).unwrap().is_some());
}

/// Rows of docs/failures.md: 31.
#[tokio::test]
async fn a_changed_full_shard_is_refused_and_kept() {
    let ledger = MemoryLedger::new(CAMPAIGN, [1; 32]);
    let wallet = wallet(3, &ledger);
    give(&ledger, &wallet, 1);
    let past = ledger.fork();
    let fill: Vec<Fr> = (1..=SHARD_LEAVES as u64).map(|n| Fr::from(n + 1000)).collect();
    ledger.append(&cards(), &fill);
    ledger.seal(2);
    wallet.campaign(&Sources::one(ledger.clone()), CAMPAIGN, NOW).await.unwrap();
    assert_eq!(wallet.cards().unwrap().len(), 5);

    // Another first shard, in a log that grew. The checkpoints alone contradict nothing.
    let mut other = fill;
    other[7] = Fr::from(7u64);
    past.append(&cards(), &other);
    past.append(&cards(), &[Fr::from(8u64)]);
    past.seal(3);
    let refused = wallet.campaign(&Sources::one(past.clone()), CAMPAIGN, NOW).await;
    assert!(matches!(refused, Err(SyncError::ChangedShard { shard: 0, .. })), "{refused:?}");
    let Some(Evidence::Shard { shard: 0, held, came }) = wallet.evidence(&cards()).unwrap() else {
        panic!("nothing was kept");
    };
    // Anybody can check it: both roofs hash to the roots of their signed notes, and differ.
    for roof in [&held, &came] {
        let checkpoint = Checkpoint::open(&ledger.log_key(), &roof.note).unwrap();
        assert!(wufu_wallet::sync::view::RoofView::check(&cards(), checkpoint, roof).is_ok());
    }
    assert_ne!(held.shard_roots[0], came.shard_roots[0]);
    let refused = wallet.campaign(&Sources::one(ledger), CAMPAIGN, NOW).await;
    assert!(matches!(refused, Err(SyncError::Contradicted { .. })));
}

/// Rows of docs/failures.md: 31.
#[tokio::test]
async fn both_roots_are_those_in_force_at_one_epoch() {
    let (wallet, ledger) = trial();
    let sources = Sources::one(ledger.clone());
    // The card log advances between two questions, so the wallet asks for it again.
    let moving = Moving(ledger.clone());
    let view = wallet.campaign(&Sources::one(moving), CAMPAIGN, NOW).await.unwrap();
    assert_eq!(view.cards.checkpoint().epoch(), 6);
    assert_eq!(view.persons.checkpoint().epoch(), 6);
    // A log without appends keeps its last checkpoint.
    let view = wallet.campaign(&sources, CAMPAIGN, NOW).await.unwrap();
    assert_eq!(view.epoch(), 6);
}

#[tokio::test]
async fn an_older_or_future_state_is_refused() {
    let (wallet, ledger) = trial();
    let past = ledger.fork();
    ledger.append(&cards(), &[Fr::from(9u64)]);
    ledger.seal(6);
    wallet.campaign(&Sources::one(ledger.clone()), CAMPAIGN, NOW).await.unwrap();
    let old = wallet.campaign(&Sources::one(past.clone()), CAMPAIGN, NOW).await;
    assert!(matches!(old, Err(SyncError::Epoch { got: 5, expected: 6, .. })), "{old:?}");
    // A mirror that is behind confirms nothing.
    let behind = Sources::compared(ledger.clone(), past);
    let behind = wallet.campaign(&behind, CAMPAIGN, NOW).await;
    assert!(matches!(behind, Err(SyncError::Epoch { got: 5, expected: 6, .. })), "{behind:?}");
    ledger.seal(7);
    let future = wallet.campaign(&Sources::one(ledger.clone()), CAMPAIGN, NOW).await;
    assert!(matches!(future, Err(SyncError::Future { ahead: 540, .. })), "{future:?}");
    assert_eq!(wallet.evidence(&cards()).unwrap(), None);
}

#[tokio::test]
async fn another_key_or_log_is_refused() {
    let (wallet, ledger) = trial();
    let forger = MemoryLedger::new(CAMPAIGN, [2; 32]);
    crowd(&forger, 100, 50);
    forger.seal(9);
    assert!(wallet.pin_log_key(&forger.log_key()).is_err());
    let refused = wallet.campaign(&Sources::one(forger), CAMPAIGN, NOW).await;
    assert!(matches!(refused, Err(SyncError::Checkpoint { .. })));
    let unknown = wallet.campaign(&Sources::one(ledger), "other", NOW).await;
    assert!(matches!(unknown, Err(SyncError::NoLogKey { .. })));
}

#[tokio::test]
async fn what_does_not_come_to_the_signed_root_is_refused() {
    let (_, ledger) = trial();
    let campaign = |spoil: fn(&mut Spoiled<'_>)| {
        let liar = Liar { honest: ledger.clone(), roofs: ledger.clone(), spoil };
        let wallet = wallet(3, &ledger);
        async move { wallet.campaign(&Sources::one(liar), CAMPAIGN, NOW).await.map(drop) }
    };
    campaign(|_| {}).await.unwrap();
    let refused = campaign(|spoiled| {
        if let Spoiled::Roof(roof) = spoiled {
            roof.shard_roots[0] += Fr::from(1u64);
        }
    });
    assert!(matches!(refused.await, Err(SyncError::View(ViewError::Root { .. }))));
    let refused = campaign(|spoiled| {
        if let Spoiled::Roof(roof) = spoiled {
            roof.shard_roots.push(Fr::from(1u64));
        }
    });
    assert!(matches!(
        refused.await,
        Err(SyncError::View(ViewError::Shards { got: 2, expected: 1, .. }))
    ));
    let refused = campaign(|spoiled| {
        if let Spoiled::Shard(wufu_proto::log::ShardContent::Leaves(leaves)) = spoiled {
            leaves[3] += Fr::from(1u64);
        }
    });
    assert!(matches!(refused.await, Err(SyncError::View(ViewError::Shard { shard: 0, .. }))));
    let refused = campaign(|spoiled| {
        if let Spoiled::Shard(wufu_proto::log::ShardContent::Leaves(leaves)) = spoiled {
            leaves.pop();
        }
    });
    assert!(matches!(
        refused.await,
        Err(SyncError::View(ViewError::Leaves { got: 104, expected: 105, .. }))
    ));
    let refused = campaign(|spoiled| {
        if let Spoiled::Shard(content) = spoiled {
            **content = wufu_proto::log::ShardContent::Records(Vec::new());
        }
    });
    assert!(matches!(refused.await, Err(SyncError::View(ViewError::Content { shard: 0, .. }))));
}

#[tokio::test]
async fn a_path_is_kept_or_looked_up_once_if_missed() {
    let ledger = MemoryLedger::new(CAMPAIGN, [1; 32]);
    let (present, away) = (wallet(3, &ledger), wallet(4, &ledger));
    give(&ledger, &present, 1);
    give(&ledger, &away, 2);
    let sources = Sources::one(ledger.clone());
    let key = claim_prover().verifying_key();
    for wallet in [&present, &away] {
        wallet.pin_verifying_key(key).unwrap();
    }
    let ask = claim_ask(key.id());
    let fill: Vec<Fr> = (1..SHARD_LEAVES as u64).map(|n| Fr::from(n + 1000)).collect();
    // One leaf short of full, so that the last open state that `present` sees is not the final one.
    ledger.append(&cards(), &fill[..SHARD_LEAVES - 11]);
    ledger.seal(3);
    present.sync(&sources, CAMPAIGN, NOW).await.unwrap();
    ledger.append(&cards(), &fill[SHARD_LEAVES - 11..]);
    ledger.seal(4);
    for wallet in [&present, &away] {
        let asked = ledger.calls().len();
        let refused = wallet.plan_claim(&sources, &ask, NOW).await;
        let Err(PlanError::OwnLeaf(OwnLeafError::Away { shard: 0, .. })) = refused else {
            panic!("{refused:?}");
        };
        // The full shard was not fetched in secret: that would tell whose claim it is.
        assert!(!ledger.calls()[asked..].contains(&RecordedCall::Shard(cards(), 4, 0)));
        let status = wallet.sync(&sources, CAMPAIGN, NOW).await.unwrap();
        assert_eq!((status[0].ready, &status[0].away), (0, &vec![0]));
        wallet.look_up(&sources, &cards(), 0, NOW).await.unwrap();
        let asked = ledger.calls().len();
        wallet.plan_claim(&sources, &ask, NOW).await.unwrap();
        assert!(!ledger.calls()[asked..].contains(&RecordedCall::Shard(cards(), 4, 0)));
        let status = wallet.sync(&sources, CAMPAIGN, NOW).await.unwrap();
        assert_eq!((status[0].ready, status[0].size), (5, SHARD_LEAVES as u64 + 9));
    }
}

#[tokio::test]
async fn a_leaf_that_is_not_there_yet_is_told() {
    let (wallet, ledger) = trial();
    let past = ledger.fork();
    wallet.pin_verifying_key(claim_prover().verifying_key()).unwrap();
    let other = crate::common::wallet(4, &ledger);
    other.pin_verifying_key(claim_prover().verifying_key()).unwrap();
    give(&ledger, &other, 6);
    let ask = claim_ask(claim_prover().verifying_key().id());
    let refused = other.plan_claim(&Sources::one(past), &ask, NOW).await;
    let Err(PlanError::OwnLeaf(OwnLeafError::NotYet { epoch: 5, .. })) = refused else {
        panic!("{refused:?}");
    };
    assert!(other.plan_claim(&Sources::one(ledger), &ask, NOW).await.is_ok());
}

pub enum Spoiled<'a> {
    Roof(&'a mut Roof),
    Shard(&'a mut wufu_proto::log::ShardContent),
}

/// A source that gives roofs of another ledger, and corrupts the card log.
#[derive(Clone)]
pub struct Liar {
    pub honest: MemoryLedger,
    pub roofs: MemoryLedger,
    pub spoil: fn(&mut Spoiled<'_>),
}

impl std::fmt::Debug for Liar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Liar")
    }
}

#[tonic::async_trait]
impl CheckpointSource for Liar {
    fn name(&self) -> String {
        "liar".into()
    }

    async fn checkpoint(&self, log: &LogName, epoch: Option<u64>) -> Result<String, SourceError> {
        self.honest.checkpoint(log, epoch).await
    }
}

#[tonic::async_trait]
impl LedgerSource for Liar {
    async fn roof(&self, log: &LogName, epoch: u64) -> Result<Roof, SourceError> {
        let mut roof = self.roofs.roof(log, epoch).await?;
        (self.spoil)(&mut Spoiled::Roof(&mut roof));
        Ok(roof)
    }

    async fn shard(&self, log: &LogName, epoch: u64, shard: u64) -> Result<Shard, SourceError> {
        let mut shard = self.honest.shard(log, epoch, shard).await?;
        (self.spoil)(&mut Spoiled::Shard(&mut shard.content));
        Ok(shard)
    }
}

/// A ledger whose next epoch begins right after it gave its newest card checkpoint.
#[derive(Clone, Debug)]
struct Moving(MemoryLedger);

#[tonic::async_trait]
impl CheckpointSource for Moving {
    fn name(&self) -> String {
        "moving".into()
    }

    async fn checkpoint(&self, log: &LogName, epoch: Option<u64>) -> Result<String, SourceError> {
        let note = self.0.checkpoint(log, epoch).await;
        if epoch.is_none() && *log == cards() {
            crowd(&self.0, 3, 3);
            self.0.seal(6);
        }
        note
    }
}

#[tonic::async_trait]
impl LedgerSource for Moving {
    async fn roof(&self, log: &LogName, epoch: u64) -> Result<Roof, SourceError> {
        self.0.roof(log, epoch).await
    }

    async fn shard(&self, log: &LogName, epoch: u64, shard: u64) -> Result<Shard, SourceError> {
        self.0.shard(log, epoch, shard).await
    }
}

/// Rows of docs/failures.md: 23.
#[tokio::test]
async fn a_note_file_is_a_second_source() {
    let (wallet, ledger) = trial();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoints");
    let logs = [cards(), LogName::persons(CAMPAIGN)];
    let mut text = String::new();
    for log in &logs {
        text += &(ledger.checkpoint(log, None).await.unwrap() + "\n");
    }
    std::fs::write(&path, &text).unwrap();
    let file = Arc::new(wufu_wallet::NoteFile::new(&path));
    let ledger_source = Arc::new(ledger.clone());
    let sources = Sources { ledger: ledger_source, second: SecondSource::Compare(file) };
    let view = wallet.campaign(&sources, CAMPAIGN, NOW).await.unwrap();
    assert_eq!(view.cards.compared(), Some(path.to_str().unwrap()));
    // The printed checkpoint contradicts the ledger, and the wallet that has both has the evidence.
    let special = ledger.fork();
    special.append(&cards(), &[Fr::from(5u64)]);
    special.seal(5);
    let sources = Sources { ledger: Arc::new(special), ..sources };
    let fresh = crate::common::wallet(9, &ledger);
    let refused = fresh.campaign(&sources, CAMPAIGN, NOW).await;
    assert!(matches!(refused, Err(SyncError::Contradiction(_))));
    assert!(fresh.evidence(&cards()).unwrap().is_some());
}
