//! A check names the logs that it reads. `ClaimCheck` has two; the check of either name could be
//! removed, and no test failed. So each name is wrong here on its own, in a history whose roots are
//! the ones that the proof is about.

use wufu_verifier::{
    Amount, CircuitName, KeyId, Policy, ProjectKey, ProjectSet, Time, VerifyError,
    check::request::Question, statement::policy::Bounds,
};

use crate::batch::scene::{EXPIRY, Scene};

fn wrong(got: &str, expected: &str) -> Result<(), VerifyError> {
    Err(VerifyError::Log { got: got.into(), expected: expected.into() })
}

#[test]
fn a_claim_is_checked_against_both_campaign_logs() {
    let mut scene = Scene::new(CircuitName::FiveFu, 5);
    let claim = scene.claim();
    let [cards, persons] = ["wufu/cards", "wufu/persons"].map(|origin| scene.log("wufu", origin));
    let others = ["other/cards", "other/persons"].map(|origin| scene.log("other", origin));
    assert_eq!(scene.claim_by([&cards, &persons], &claim), Ok(()));
    for (got, log) in [("other/cards", &others[0]), ("wufu/persons", &persons)] {
        assert_eq!(scene.claim_by([log, &persons], &claim), wrong(got, "wufu/cards"));
    }
    for (got, log) in [("other/persons", &others[1]), ("wufu/cards", &cards)] {
        assert_eq!(scene.claim_by([&cards, log], &claim), wrong(got, "wufu/persons"));
    }
}

#[test]
fn a_gift_is_checked_against_its_campaigns_card_log() {
    let mut scene = Scene::new(CircuitName::Gift, 5);
    let gift = scene.gift();
    assert_eq!(scene.gift_by(&scene.log("wufu", "wufu/cards"), &gift), Ok(()));
    for (org, origin) in [("other", "other/cards"), ("wufu", "wufu/persons")] {
        assert_eq!(scene.gift_by(&scene.log(org, origin), &gift), wrong(origin, "wufu/cards"));
    }
}

/// An answer to one question does not answer another one, whichever of its fields differs.
#[test]
fn a_donation_answers_the_question_that_was_asked() {
    let mut scene = Scene::new(CircuitName::Donation, 6);
    let verifier = [9; 32];
    let projects = |number| ProjectSet::new([ProjectKey::new(1, number).unwrap()]).unwrap();
    let policy = |number| Policy {
        projects: projects(number),
        amount: Bounds::amounts(Amount::MIN, Amount::MAX).unwrap(),
        time: Bounds::times(Time::MIN, Time::MAX).unwrap(),
    };
    let question = Question {
        purpose: "membership".into(),
        origin: "charity/donations/1".into(),
        policy: policy(1),
        challenge: [3; 32],
        expiry: EXPIRY,
        key_ids: vec![scene.trapdoor.key.id()],
    };
    let log = scene.log("charity", "charity/donations/1");
    let shown = scene.donation(&verifier, &question);
    assert_eq!(scene.donation_by((&verifier, &question), &log, &shown), Ok(()));

    let asked = |field| Err(VerifyError::Question { field });
    let shows = |input| Err(VerifyError::NotAsked { input });
    for (other, expected) in [
        (Question { key_ids: vec![KeyId([8; 32])], ..question.clone() }, asked("key ids")),
        (Question { origin: "charity/donations/2".into(), ..question.clone() }, asked("origin")),
        (Question { purpose: "vote".into(), ..question.clone() }, shows("scope")),
        (Question { policy: policy(2), ..question.clone() }, shows("policy")),
        (Question { challenge: [4; 32], ..question.clone() }, shows("ext")),
        (Question { expiry: EXPIRY + 1, ..question.clone() }, shows("ext")),
    ] {
        assert_eq!(scene.donation_by((&verifier, &other), &log, &shown), expected, "{other:?}");
    }
    assert_eq!(scene.donation_by((&[10; 32], &question), &log, &shown), shows("scope"));
}

/// A key of one circuit, and a proof of another statement with any number of public inputs.
#[test]
fn a_key_of_another_circuit_checks_nothing() {
    let mut scene = Scene::new(CircuitName::Gift, 7);
    let gift = scene.gift();
    let [cards, persons] = ["wufu/cards", "wufu/persons"].map(|origin| scene.log("wufu", origin));
    let expected = VerifyError::Circuit { got: CircuitName::Gift, expected: CircuitName::FiveFu };
    assert_eq!(scene.claim_by([&cards, &persons], &gift), Err(expected));
}
