//! Checks of the ledger that could be removed without any test failing. Each is tested alone:
//! everything else in the test is valid.

use crate::common::{
    NOW, address, cards,
    forge::{Says, Trapdoor},
    ledger, persons,
    served::{bearer, refused, serve, with_token},
};
use tonic::Code;
use wufu_ledger::{
    AppendError, ClaimError, Ledger, LedgerPolicy, Owners,
    import::{CsvFormat, ImportOptions, Rows},
};
use wufu_proto::{
    append::AppendOutcome,
    claim::{Claim, ClaimOutcome},
    v1,
};
use wufu_verifier::{KeyId, Proof, encoding::readable::Utc, log::checkpoint::Checkpoint};

/// A claim with the statement and proof of another one, but with these other values.
fn reworded(claim: &Claim, key_id: KeyId, payout: &[u8], expiry: u64) -> Claim {
    let proof = Proof::decode(claim.presented().proof).unwrap();
    Claim::new(key_id, claim.statement().clone(), &proof, payout.to_vec(), expiry).unwrap()
}

/// The values of a claim were compared with what was verified, but no test noticed if one
/// comparison was missing, because the other values differed as well. The payee decides where the
/// money goes.
#[tokio::test]
async fn a_claim_is_stored_with_its_verified_values() {
    let (_folder, ledger) = ledger().await;
    ledger.append(cards(0..5)).await.unwrap();
    ledger.append(persons(0..2)).await.unwrap();
    let roots: [Checkpoint; 2] = ledger.close_epoch(NOW).await.unwrap().signed.try_into().unwrap();
    let (trapdoor, [cards, persons]) = (Trapdoor::new(1), &roots);
    let (nullifiers, expiry) = ([1, 10, 11, 12, 13, 14], NOW + 600);
    let says = Says { org: "wufu", cards, persons, nullifiers, payout: b"alice", expiry };
    let claim = trapdoor.claim(&says, 1);
    let verified = ledger.check_claim(&trapdoor.key, &claim, NOW).unwrap();

    let key = trapdoor.key.id();
    let (later, other_key) = (expiry + 1, KeyId([9; 32]));
    for (field, other) in [
        ("payout", reworded(&claim, key, b"mallory", expiry)),
        ("expiry", reworded(&claim, key, b"alice", later)),
        ("key id", reworded(&claim, other_key, b"alice", expiry)),
    ] {
        assert_eq!(other.statement(), claim.statement());
        let refused = ledger.claim(&verified, &other, NOW).await;
        let Err(ClaimError::NotVerified { field: differs }) = refused else {
            panic!("{field}: {refused:?}")
        };
        assert_eq!(differs, field);
    }
    // The org: the same claim, word for word, at another ledger.
    let folder = tempfile::TempDir::new().unwrap();
    let other = Ledger::create(folder.path(), &LedgerPolicy::new("other"), NOW).await.unwrap();
    let refused = other.claim(&verified, &claim, NOW).await;
    assert!(matches!(refused, Err(ClaimError::NotVerified { field: "verifier" })), "{refused:?}");
    assert_eq!((ledger.claims().await.unwrap(), other.claims().await.unwrap()), (0, 0));
    let outcome = ledger.claim(&verified, &claim, NOW).await.unwrap();
    assert!(matches!(outcome, ClaimOutcome::Admitted { claim: 1, .. }), "{outcome:?}");
}

/// Three calls take an epoch, but only one was tested with an epoch that has not begun. The others
/// would have answered with what is in force now, and a caller would have stored it as what is in
/// force then.
#[tokio::test]
async fn no_call_answers_for_an_epoch_that_has_not_begun() {
    let (_folder, ledger) = ledger().await;
    ledger.append(cards(0..5)).await.unwrap();
    ledger.close_epoch(NOW).await.unwrap();
    let served = serve(&ledger, None).await;
    let mut client = served.client().await;
    let (origin, now) = (String::from("wufu/cards"), NOW / 600);
    for epoch in [now + 1, now + 1000, u64::MAX] {
        let begins = Utc(epoch.saturating_mul(600));
        let text = format!(
            "epoch {epoch} has not begun: it begins at {begins}; the current epoch is {now}, which \
             began at {}",
            Utc(now * 600)
        );
        let expected = (Code::OutOfRange, text);
        let ask = v1::GetCheckpointRequest { origin: origin.clone(), epoch: Some(epoch) };
        assert_eq!(refused(client.get_checkpoint(ask).await), expected);
        let ask = v1::GetRoofRequest { origin: origin.clone(), epoch };
        assert_eq!(refused(client.get_roof(ask).await), expected);
        let ask = v1::GetShardRequest { origin: origin.clone(), epoch, shard: 0 };
        assert_eq!(refused(client.get_shard(ask).await), expected);
    }
    let ask = v1::GetCheckpointRequest { origin: origin.clone(), epoch: Some(now) };
    assert!(client.get_checkpoint(ask).await.is_ok());
    assert!(client.get_roof(v1::GetRoofRequest { origin, epoch: now }).await.is_ok());
    served.end().await;
}

/// An address of another org with one of our public keys. What was appended for that key is not
/// what was asked for.
#[tokio::test]
async fn grants_are_listed_for_addresses_of_this_org() {
    let (_folder, ledger) = ledger().await;
    ledger.append(cards(0..5)).await.unwrap();
    ledger.close_epoch(NOW).await.unwrap();
    let served = serve(&ledger, None).await;
    let mut client = served.client().await;
    let token = bearer(&ledger);
    let mut foreign = address(1);
    foreign.org = "other".into();
    let mut list = async |address: &wufu_circuits::Address| {
        let ask = v1::ListGrantsRequest { address: Some(address.into()) };
        client.list_grants(with_token(&token, ask)).await
    };
    let text = "the address belongs to \"other\", expected \"wufu\"";
    assert_eq!(refused(list(&foreign).await), (Code::InvalidArgument, text.into()));
    let grants = list(&address(1)).await.unwrap().into_inner().grants.unwrap();
    assert_eq!(AppendOutcome::try_from(grants).unwrap().cards.len(), 1);
    served.end().await;
}

/// An address of another org with one of our public keys, for a donation that waits for its owner.
#[tokio::test]
async fn a_pending_donations_owner_is_of_this_org() {
    let (_folder, ledger) = ledger().await;
    let text = "receipt,institution,project,amount,date\nr1,I,P,1,2018-02-15\n";
    let rows = Rows::read(text.as_bytes(), "f", &CsvFormat::default(), "CNY".parse().unwrap());
    let options = ImportOptions { owners: Owners::Listed([].into()), skip_bad: false };
    ledger.import(rows.unwrap(), options, |_| ()).await.unwrap();
    let mut foreign = address(1);
    foreign.org = "other".into();
    let refused = ledger.own(b"r1", &foreign).await;
    assert!(matches!(refused, Err(AppendError::Org { .. })), "{refused:?}");
    assert_eq!(ledger.own(b"r1", &address(1)).await.unwrap().donations, 0..1);
}
