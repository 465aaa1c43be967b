//! A check names the logs that it reads. `ClaimCheck` has two: the check of either name could be taken out, and no test failed.
//! So each is wrong here by itself, in a history whose roots are the ones that the proof is about.

use wufu_verifier::{CircuitName, VerifyError};

use crate::batch::scene::Scene;

fn wrong(got: &str, expected: &str) -> Result<(), VerifyError> {
    Err(VerifyError::Log { got: got.into(), expected: expected.into() })
}

#[test]
fn a_claim_is_checked_against_both_logs_of_its_campaign() {
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
fn a_gift_is_checked_against_the_card_log_of_its_campaign() {
    let mut scene = Scene::new(CircuitName::Gift, 5);
    let gift = scene.gift();
    assert_eq!(scene.gift_by(&scene.log("wufu", "wufu/cards"), &gift), Ok(()));
    for (org, origin) in [("other", "other/cards"), ("wufu", "wufu/persons")] {
        assert_eq!(scene.gift_by(&scene.log(org, origin), &gift), wrong(origin, "wufu/cards"));
    }
}
