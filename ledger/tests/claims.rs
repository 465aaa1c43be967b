//! Claims: each is admitted once, and every later attempt gets the first claim as its answer.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use crate::common::{
    NOW, address, cards,
    forge::{Says, Trapdoor},
    ledger, persons, wallet,
};
use wufu_ledger::{AppendError, ClaimError, Ledger, LedgerPolicy};
use wufu_proto::{append::Append, claim::ClaimOutcome};
use wufu_verifier::{
    Nullifier, VerifyError,
    log::{checkpoint::Checkpoint, history::RootError},
};

const NULLIFIERS: [u64; 6] = [1, 10, 11, 12, 13, 14];

/// A ledger with cards and persons, at an epoch.
async fn campaign() -> (tempfile::TempDir, Ledger, [Checkpoint; 2]) {
    let (folder, ledger) = ledger().await;
    ledger.append(cards(0..5)).await.unwrap();
    ledger.append(persons(0..2)).await.unwrap();
    let [cards, persons] = ledger.close_epoch(NOW).await.unwrap().signed.try_into().unwrap();
    (folder, ledger, [cards, persons])
}

fn says<'a>([cards, persons]: &'a [Checkpoint; 2], payout: &'a [u8]) -> Says<'a> {
    Says { org: "wufu", cards, persons, nullifiers: NULLIFIERS, payout, expiry: NOW + 600 }
}

#[tokio::test]
async fn a_claim_is_admitted_once_and_repeats_name_it() {
    let (folder, ledger, roots) = campaign().await;
    let trapdoor = Trapdoor::new(1);
    let first = trapdoor.claim(&says(&roots, b"alice"), 1);
    let verified = ledger.check_claim(&trapdoor.key, &first, NOW).unwrap();
    let ClaimOutcome::Admitted { claim: 1, note } =
        ledger.claim(&verified, &first, NOW).await.unwrap()
    else {
        panic!("not admitted")
    };
    let text = ledger.log_key().open(&note).unwrap();
    let payout: String = b"alice".iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(text.starts_with("wufu/claims\nclaim 1\nnullifier 0100"), "{text}");
    assert!(text.contains(&format!("\npayout {payout}\n")), "{text}");
    assert_eq!(text.matches("\nnullifier ").count(), 6);
    // A claim's note cannot be read as a checkpoint.
    assert!(Checkpoint::open(ledger.log_key(), &note).is_err());

    // Row f06: the same statement with a re-randomised proof, for another payee, and with one
    // nullifier in common.
    let mut one_card = says(&roots, b"mallory");
    one_card.nullifiers = [2, 20, 21, 12, 23, 24];
    let again = [
        trapdoor.claim(&says(&roots, b"alice"), 1),
        trapdoor.claim(&says(&roots, b"alice"), 2),
        trapdoor.claim(&says(&roots, b"mallory"), 3),
        trapdoor.claim(&one_card, 4),
    ];
    assert_ne!(again[1].presented().proof, first.presented().proof);
    for (claim, expected) in again.iter().zip([1u8, 1, 1, 12]) {
        let verified = ledger.check_claim(&trapdoor.key, claim, NOW).unwrap();
        let outcome = ledger.claim(&verified, claim, NOW + 1).await.unwrap();
        let ClaimOutcome::Spent { nullifier, earlier, note } = outcome else {
            panic!("admitted again")
        };
        assert_eq!(nullifier, Nullifier(expected.into()));
        assert_eq!(*earlier, first);
        let text = ledger.log_key().open(&note).unwrap();
        assert!(text.contains("\nspent by claim 1\n"), "{text}");
    }
    // The claim whose card was spent elsewhere lost none of its other nullifiers.
    let mut rest = one_card;
    rest.nullifiers[3] = 22;
    let rest = trapdoor.claim(&rest, 5);
    ledger.close().await;
    let ledger = Ledger::open(folder.path()).await.unwrap();
    let verified = ledger.check_claim(&trapdoor.key, &rest, NOW).unwrap();
    let outcome = ledger.claim(&verified, &rest, NOW).await.unwrap();
    assert!(matches!(outcome, ClaimOutcome::Admitted { claim: 2, .. }), "{outcome:?}");
    assert_eq!(ledger.claims().await.unwrap(), 2);
    let audit = ledger.audit().await.unwrap();
    assert_eq!((audit.claims, audit.findings), (2, vec![]));
}

#[tokio::test]
async fn what_was_verified_is_what_is_kept() {
    let (_folder, ledger, roots) = campaign().await;
    let trapdoor = Trapdoor::new(1);
    let claim = trapdoor.claim(&says(&roots, b"alice"), 1);
    let verified = ledger.check_claim(&trapdoor.key, &claim, NOW).unwrap();
    let mut other = says(&roots, b"alice");
    other.nullifiers[5] = 99;
    for (other, expected) in [
        (trapdoor.claim(&other, 1), "statement"),
        (Trapdoor::new(2).claim(&says(&roots, b"alice"), 1), "statement"),
    ] {
        let refused = ledger.claim(&verified, &other, NOW).await;
        assert!(
            matches!(refused, Err(ClaimError::NotVerified { field }) if field == expected),
            "{refused:?}"
        );
    }
    let over = ledger.claim(&verified, &claim, NOW + 600).await;
    assert!(matches!(over, Err(ClaimError::Over { .. })), "{over:?}");
    let mut twice = says(&roots, b"alice");
    twice.nullifiers[5] = twice.nullifiers[4];
    let twice = trapdoor.claim(&twice, 1);
    let verified_twice = ledger.check_claim(&trapdoor.key, &twice, NOW).unwrap();
    let refused = ledger.claim(&verified_twice, &twice, NOW).await;
    assert!(matches!(refused, Err(ClaimError::Twice { .. })), "{refused:?}");
    assert_eq!(ledger.claims().await.unwrap(), 0);
    let outcome = ledger.claim(&verified, &claim, NOW).await.unwrap();
    assert!(matches!(outcome, ClaimOutcome::Admitted { claim: 1, .. }));
}

/// Rows of docs/failures.md: 15, 31.
#[tokio::test]
async fn only_roots_of_one_epoch_within_the_window_count() {
    let (_folder, ledger, old) = campaign().await;
    let trapdoor = Trapdoor::new(1);
    ledger.append(cards(5..9)).await.unwrap();
    let later = NOW + 600;
    let newer = ledger.close_epoch(later).await.unwrap().signed.remove(0);
    let mixed = [newer.clone(), old[1].clone()];
    let check = |roots: &[Checkpoint; 2], now: u64| {
        let mut says = says(roots, b"alice");
        says.expiry = now + 60;
        let claim = trapdoor.claim(&says, 1);
        ledger.check_claim(&trapdoor.key, &claim, now).map(|verified| verified.epoch())
    };
    // The person log kept its last root, so the new cards and the old persons are from one epoch.
    assert_eq!(check(&mixed, later), Ok(later / 600));
    assert_eq!(check(&old, later), Ok(NOW / 600));
    ledger.append(persons(2..3)).await.unwrap();
    let third = ledger.close_epoch(later + 600).await.unwrap().signed.remove(0);
    // These were never in force together.
    let never = [old[0].clone(), third.clone()];
    let unknown = Err(VerifyError::Root(RootError::Unknown));
    assert_eq!(check(&never, later + 600), unknown);
    assert_eq!(check(&[newer, third], later + 600), Ok(later / 600 + 1));
    // Replaced, and outside the window.
    let replaced = later / 600 * 600;
    assert_eq!(check(&old, replaced + 3600), Ok(NOW / 600));
    let expired = RootError::Expired { age: 3601, window: 3600 };
    assert_eq!(check(&old, replaced + 3601), Err(VerifyError::Root(expired)));
}

#[tokio::test]
async fn the_person_log_is_frozen_by_the_first_claim() {
    let (_folder, ledger, roots) = campaign().await;
    let trapdoor = Trapdoor::new(1);
    let claim = trapdoor.claim(&says(&roots, b"alice"), 1);
    let verified = ledger.check_claim(&trapdoor.key, &claim, NOW).unwrap();
    ledger.claim(&verified, &claim, NOW).await.unwrap();
    let late = ledger.append(persons(7..8)).await;
    assert!(matches!(late, Err(AppendError::Frozen)), "{late:?}");
    // A batch is appended completely or not at all.
    let mut batch = cards(20..22);
    batch.persons = vec![address(8)];
    assert!(matches!(ledger.append(batch).await, Err(AppendError::Frozen)));
    assert_eq!(ledger.size(wufu_ledger::Log::Cards).await.unwrap(), 5);
    let cards: Append = cards(20..22);
    assert!(ledger.append(cards).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_many_concurrent_claims_of_a_person_wins() {
    let (_folder, ledger, roots) = campaign().await;
    let trapdoor = std::sync::Arc::new(Trapdoor::new(1));
    let tasks: Vec<_> = (0..32u64)
        .map(|n| {
            let (ledger, trapdoor, roots) = (ledger.clone(), trapdoor.clone(), roots.clone());
            tokio::spawn(async move {
                let payout = n.to_le_bytes();
                let mut says = says(&roots, &payout);
                // Every other claim has the person in common. The others have a card in common.
                says.nullifiers = [1, 100 + n, 200 + n, 300 + n, 400 + n, 14];
                says.nullifiers[if n % 2 == 0 { 5 } else { 0 }] = 500 + n;
                let claim = trapdoor.claim(&says, n);
                let verified = ledger.check_claim(&trapdoor.key, &claim, NOW).unwrap();
                let outcome = ledger.claim(&verified, &claim, NOW).await.unwrap();
                (n % 2, matches!(outcome, ClaimOutcome::Admitted { .. }))
            })
        })
        .collect();
    let mut admitted = [0, 0];
    for task in tasks {
        let (which, ok) = task.await.unwrap();
        admitted[which as usize] += usize::from(ok);
    }
    assert_eq!(admitted, [1, 1]);
    assert_eq!(ledger.claims().await.unwrap(), 2);
    assert_eq!(ledger.audit().await.unwrap().findings, []);
}

/// Rows of docs/failures.md: 15.
#[tokio::test]
async fn a_claim_verified_for_another_org_is_refused() {
    let (_folder, ledger) = ledger().await;
    let folder = tempfile::TempDir::new().unwrap();
    let other = Ledger::create(folder.path(), &LedgerPolicy::new("other"), NOW).await.unwrap();
    let mut both = cards(0..0);
    both.cards = vec![crate::common::card(0, 0)];
    both.cards[0].address = wallet(0).address("other");
    both.persons = vec![wallet(0).address("other")];
    other.append(both).await.unwrap();
    let roots: [Checkpoint; 2] = other.close_epoch(NOW).await.unwrap().signed.try_into().unwrap();
    let trapdoor = Trapdoor::new(1);
    let claim = trapdoor.claim(&Says { org: "other", ..says(&roots, b"alice") }, 1);
    let verified = other.check_claim(&trapdoor.key, &claim, NOW).unwrap();
    let refused = ledger.claim(&verified, &claim, NOW).await;
    assert!(matches!(refused, Err(ClaimError::NotVerified { field: "verifier" })), "{refused:?}");
    assert_eq!(ledger.claims().await.unwrap(), 0);
    let outcome = other.claim(&verified, &claim, NOW).await.unwrap();
    assert!(matches!(outcome, ClaimOutcome::Admitted { claim: 1, .. }));
}

#[tokio::test]
async fn a_claim_that_ends_while_it_waits_is_refused() {
    let (_folder, ledger, roots) = campaign().await;
    let trapdoor = Trapdoor::new(1);
    let claim = trapdoor.claim(&says(&roots, b"alice"), 1);
    let verified = ledger.check_claim(&trapdoor.key, &claim, NOW).unwrap();
    let late = ledger.claim_by(&verified, &claim, || NOW + 600).await;
    assert!(matches!(late, Err(ClaimError::Over { now, .. }) if now == NOW + 600), "{late:?}");
    assert_eq!(ledger.claims().await.unwrap(), 0);
    // The note contains the time at which the claim was stored.
    let outcome = ledger.claim_by(&verified, &claim, || NOW + 599).await.unwrap();
    let ClaimOutcome::Admitted { claim: 1, note } = outcome else { panic!("not admitted") };
    assert!(note.contains(&format!("\ntime {}\n", NOW + 599)), "{note}");
}
