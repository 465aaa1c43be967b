//! Which answers to a claim a wallet accepts, and what happens if an answer is lost.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use wufu_proto::{
    claim::{Claim, ClaimOutcome},
    envelope::Binding,
};
use wufu_verifier::{Proof, Statement as _};
use wufu_wallet::{Sources, SubmitOutcome, Wallet, source::MemoryLedger, submit::SubmitError};

use crate::{
    common::*,
    transport::{Recorder, serve_ledger, trial},
};

#[tokio::test]
async fn a_claims_outcome_counts_only_signed_and_proved() {
    let (wallet, ledger) = trial(3);
    let sources = Sources::one(ledger.clone());
    let ask = claim_ask(claim_prover().verifying_key().id());
    let plan = wallet.plan_claim(&sources, &ask, NOW).await.unwrap();
    let prover = local(claim_prover());
    let answer = plan.prove(&prover, quiet(), NOW).await.unwrap();
    let again = wufu_wallet::ClaimAsk { again: true, payout: b"other".to_vec(), ..ask };
    let plan = wallet.plan_claim(&sources, &again, NOW).await.unwrap();
    let second = plan.prove(&prover, quiet(), NOW).await.unwrap();

    let submit = |recorder: Recorder, envelope| {
        let wallet = wallet.clone();
        async move { wallet.submit(&serve_ledger(&recorder).await, envelope).await }
    };
    // Not signed, signed by the organisation about something else, or about another number.
    let twists: [fn(&MemoryLedger, ClaimOutcome) -> ClaimOutcome; 3] = [
        |ledger, _| {
            let note = MemoryLedger::new(ledger.org(), [2; 32]).sign("wufu/claims\nclaim 1\n");
            ClaimOutcome::Admitted { claim: 1, note }
        },
        |ledger, _| ClaimOutcome::Admitted {
            claim: 1,
            note: ledger.sign("wufu/claims\nclaim 1\n"),
        },
        |_, outcome| match outcome {
            ClaimOutcome::Admitted { note, .. } => ClaimOutcome::Admitted { claim: 2, note },
            other => other,
        },
    ];
    for (number, twist) in twists.into_iter().enumerate() {
        let recorder = Recorder { twist, ..Recorder::new(&ledger) };
        let got = submit(recorder, &answer.envelope).await;
        match number {
            0 => assert!(matches!(got, Err(SubmitError::Unsigned(_))), "{got:?}"),
            _ => assert!(matches!(got, Err(SubmitError::OtherAnswer { .. })), "{got:?}"),
        }
    }
    assert!(wallet.claims(CAMPAIGN).unwrap().iter().all(|claim| claim.receipt.is_none()));

    let recorder = Recorder::new(&ledger);
    let got = submit(recorder.clone(), &answer.envelope).await.unwrap();
    assert!(matches!(got, SubmitOutcome::Admitted { claim: 1, .. }));
    let receipt = wallet.claims(CAMPAIGN).unwrap()[0].receipt.clone();
    assert!(receipt.as_ref().is_some_and(|note| note.starts_with("wufu/claims")));
    // The same claim again changes nothing, and gets the same answer: "admitted as claim 1" once
    // came with the signed refusal of the second submission.
    let got = submit(recorder.clone(), &answer.envelope).await.unwrap();
    assert_eq!(got, SubmitOutcome::Admitted { claim: 1, note: receipt.clone().unwrap() });
    assert_eq!(wallet.claims(CAMPAIGN).unwrap()[0].receipt, receipt);
    assert_eq!(wallet.claims(CAMPAIGN).unwrap()[0].admitted(), Some(1));
    // A claim has one number: a ledger that signs another one for it is refused.
    let renumber: fn(&MemoryLedger, ClaimOutcome) -> ClaimOutcome = |ledger, outcome| {
        let ClaimOutcome::Spent { nullifier, earlier, note } = outcome else { return outcome };
        let text = note.split("\n\n").next().unwrap();
        let note = ledger.sign(&format!("{}\n", text.replace("claim 1", "claim 2")));
        ClaimOutcome::Spent { nullifier, earlier, note }
    };
    let got = submit(Recorder { twist: renumber, ..recorder.clone() }, &answer.envelope).await;
    assert!(matches!(got, Err(SubmitError::OtherAnswer { .. })), "{got:?}");
    let got = submit(recorder.clone(), &second.envelope).await.unwrap();
    let SubmitOutcome::Spent { nullifier, earlier_payout, .. } = got else { panic!("spent twice") };
    assert!(plan.statement().nullifiers().contains(&nullifier));
    assert_eq!(earlier_payout, b"payee");
    // The refusal is stored. `wallet list` used to say that the claim was not submitted.
    let refused = wallet.claims(CAMPAIGN).unwrap().pop().unwrap();
    assert!(refused.refusal.as_ref().is_some_and(|note| note.starts_with("wufu/refusals")));
    assert_eq!((refused.refused_for(), refused.receipt), (Some(1), None));

    // The ledger says that it is spent, but shows no claim that a holder of the key could have
    // made.
    let forged: fn(&MemoryLedger, ClaimOutcome) -> ClaimOutcome = |_, outcome| match outcome {
        ClaimOutcome::Spent { nullifier, earlier, note } => {
            let proof = Proof::decode(earlier.presented().proof).unwrap();
            let other = Claim::new(
                earlier.key_id(),
                earlier.statement().clone(),
                &proof,
                b"forged".to_vec(),
                earlier.expiry(),
            );
            ClaimOutcome::Spent { nullifier, earlier: Box::new(other.unwrap()), note }
        }
        other => other,
    };
    let got = submit(Recorder { twist: forged, ..recorder }, &second.envelope).await;
    assert!(matches!(got, Err(SubmitError::Unproved { .. })), "{got:?}");

    // Once a claim is admitted, a second one is made only on purpose.
    let ask = wufu_wallet::ClaimAsk { again: false, expiry: NOW + 10_000, ..again };
    let refused = wallet.plan_claim(&sources, &ask, NOW + 5000).await;
    let Err(error @ wufu_wallet::plan::PlanError::Claimed { .. }) = refused else {
        panic!("{refused:?}");
    };
    // With the ledger's number.
    assert!(error.to_string().starts_with("claim 1 was admitted"), "{error}");
}

#[tokio::test]
async fn a_lost_answer_is_recovered_and_a_log_key_required() {
    let (wallet, ledger) = trial(3);
    let ask = claim_ask(claim_prover().verifying_key().id());
    let plan = wallet.plan_claim(&Sources::one(ledger.clone()), &ask, NOW).await.unwrap();
    let answer = plan.prove(&local(claim_prover()), quiet(), NOW).await.unwrap();
    let recorder = Recorder::new(&ledger);
    let endpoint = serve_ledger(&recorder).await;

    let stranger = Wallet::in_memory(wufu_circuits::Seed::from_bytes([9; 32])).unwrap();
    let refused = stranger.submit(&endpoint, &answer.envelope).await;
    assert!(matches!(refused, Err(SubmitError::Log(_))), "{refused:?}");
    assert_eq!(recorder.seen(), []);

    // The ledger admits it, and its answer never comes.
    let Binding::Claim(binding) = answer.envelope.binding() else { panic!("no claim") };
    let proof = Proof::decode(answer.envelope.presented().proof).unwrap();
    let (key, statement) = (answer.envelope.key_id(), plan.statement().clone());
    let (payout, expiry) = (binding.payout.clone(), binding.expiry);
    recorder.outcome(Claim::new(key, statement, &proof, payout, expiry).unwrap());
    assert_eq!(wallet.claims(CAMPAIGN).unwrap()[0].receipt, None);
    let got = wallet.submit(&endpoint, &answer.envelope).await.unwrap();
    let SubmitOutcome::Admitted { claim: 1, note } = got else { panic!("{got:?}") };
    assert_eq!(wallet.claims(CAMPAIGN).unwrap()[0].receipt.as_ref(), Some(&note));
    // From here on, the same answer each time.
    let got = wallet.submit(&endpoint, &answer.envelope).await.unwrap();
    assert_eq!(got, SubmitOutcome::Admitted { claim: 1, note });
}
