//! Claims over gRPC.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::{Arc, atomic::Ordering};

use crate::common::{
    NOW, cards,
    forge::{Says, Trapdoor},
    ledger, persons, policy,
    served::{Client, refused, serve},
};
use tempfile::TempDir;
use tonic::{Code, transport::Channel};
use wufu_ledger::{Ledger, service::ServeError};
use wufu_proto::{
    claim::{Claim, ClaimOutcome},
    connection::connect,
    v1::{self, ledger_service_client::LedgerServiceClient},
};

/// Rows of docs/failures.md: 17.
#[tokio::test(flavor = "multi_thread")]
async fn concurrent_clients_each_get_their_own_answer() {
    let (_folder, ledger) = ledger().await;
    ledger.append(cards(0..5)).await.unwrap();
    ledger.append(persons(0..5)).await.unwrap();
    let [cards, persons] = ledger.close_epoch(NOW).await.unwrap().signed.try_into().unwrap();
    let trapdoor = Arc::new(Trapdoor::new(1));
    let served = serve(&ledger, Some(trapdoor.key.clone())).await;
    let tasks: Vec<_> = (0..100u64)
        .map(|n| {
            let (trapdoor, cards, persons) = (trapdoor.clone(), cards.clone(), persons.clone());
            let at = served.at;
            let key = ledger.log_key().clone();
            tokio::spawn(async move {
                let payout = format!("payee {n}");
                let nullifiers = [0, 1, 2, 3, 4, 5].map(|k| 10 * n + k + 1);
                let (org, payout, expiry) = ("wufu", payout.as_bytes(), NOW + 60);
                let (cards, persons) = (&cards, &persons);
                let says = Says { org, cards, persons, nullifiers, payout, expiry };
                let claim = trapdoor.claim(&says, n);
                let endpoint = Channel::from_shared(format!("http://{at}")).unwrap();
                let mut client = LedgerServiceClient::new(connect(endpoint).await.unwrap());
                let submit = async |client: &mut Client, claim: &Claim| {
                    let answer = client.submit_claim(v1::SubmitClaimRequest::from(claim)).await;
                    ClaimOutcome::try_from(answer.unwrap().into_inner()).unwrap()
                };
                let ClaimOutcome::Admitted { claim: number, note } =
                    submit(&mut client, &claim).await
                else {
                    panic!("{n} was not admitted")
                };
                let hex: String = payout.iter().map(|byte| format!("{byte:02x}")).collect();
                let text = key.open(&note).unwrap();
                assert!(text.starts_with(&format!("wufu/claims\nclaim {number}\n")), "{text}");
                assert!(text.contains(&format!("\npayout {hex}\n")), "{text}");
                // The same claim with another proof: the answer is the first claim.
                let again = trapdoor.claim(&says, 1000 + n);
                let ClaimOutcome::Spent { earlier, .. } = submit(&mut client, &again).await else {
                    panic!("{n} was admitted twice")
                };
                assert_eq!(*earlier, claim);
                number
            })
        })
        .collect();
    let mut numbers = Vec::new();
    for task in tasks {
        numbers.push(task.await.unwrap());
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=100).collect::<Vec<_>>());
    served.end().await;
}

/// Rows of docs/failures.md: 19.
/// Claims that arrive while others are checked are checked together. A bad one does not affect the
/// others.
#[tokio::test(flavor = "multi_thread")]
async fn bad_claims_are_refused_and_the_rest_are_admitted() {
    let (_folder, ledger) = ledger().await;
    ledger.append(cards(0..5)).await.unwrap();
    ledger.append(persons(0..5)).await.unwrap();
    let [cards, persons] = ledger.close_epoch(NOW).await.unwrap().signed.try_into().unwrap();
    let trapdoor = Trapdoor::new(1);
    let served = serve(&ledger, Some(trapdoor.key.clone())).await;
    let (cards, persons, expiry) = (&cards, &persons, NOW + 60);
    let requests: Vec<_> = (0..90u64)
        .map(|n| {
            let nullifiers = [0, 1, 2, 3, 4, 5].map(|k| 10 * n + k + 1);
            let says = Says { org: "wufu", cards, persons, nullifiers, payout: b"payee", expiry };
            let mut request = v1::SubmitClaimRequest::from(&trapdoor.claim(&says, n));
            match n % 10 {
                3 => request.public_inputs[64] ^= 1,
                5 => request.proof[..32].fill(0xff),
                7 => request.expiry += 1,
                _ => {}
            }
            request
        })
        .collect();
    let client = served.client().await;
    // A client that does not know yet how many calls a connection allows sends more, and the excess
    // calls are refused.
    client.clone().get_ledger_info(v1::GetLedgerInfoRequest {}).await.unwrap();
    let answers = requests.into_iter().map(|request| {
        let mut client = client.clone();
        tokio::spawn(async move { client.submit_claim(request).await })
    });
    let mut numbers = Vec::new();
    for (n, answer) in answers.collect::<Vec<_>>().into_iter().enumerate() {
        let answer = answer.await.unwrap();
        let expected = match n % 10 {
            3 => "the proof does not prove the statement",
            5 => "proof's A is not the canonical encoding",
            7 => "public input ext is not what was asked for",
            _ => {
                let outcome = ClaimOutcome::try_from(answer.unwrap().into_inner()).unwrap();
                let ClaimOutcome::Admitted { claim, .. } = outcome else { panic!("{n} is spent") };
                numbers.push(claim);
                continue;
            }
        };
        let (code, text) = refused(answer);
        assert!(code == Code::InvalidArgument && text.contains(expected), "{n}: {code:?} {text}");
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=63).collect::<Vec<_>>());
    served.end().await;
}

#[tokio::test]
async fn a_bad_claim_is_refused_by_field_without_charge() {
    let (_folder, ledger) = ledger().await;
    ledger.append(cards(0..5)).await.unwrap();
    ledger.append(persons(0..5)).await.unwrap();
    let [cards, persons] = ledger.close_epoch(NOW).await.unwrap().signed.try_into().unwrap();
    let trapdoor = Trapdoor::new(1);
    let served = serve(&ledger, Some(trapdoor.key.clone())).await;
    let mut client = served.client().await;
    let (nullifiers, payout, expiry) = ([1, 2, 3, 4, 5, 6], b"payee".as_slice(), NOW + 60);
    let (cards, persons) = (&cards, &persons);
    let says = Says { org: "wufu", cards, persons, nullifiers, payout, expiry };
    let good = v1::SubmitClaimRequest::from(&trapdoor.claim(&says, 1));
    let mut cases = Vec::new();
    let mut case = |expected: &'static str, change: &dyn Fn(&mut v1::SubmitClaimRequest)| {
        let mut request = good.clone();
        change(&mut request);
        cases.push((expected, request));
    };
    case("key id is 31 bytes, expected 32", &|r| r.key_id.truncate(31));
    case("proof is under key", &|r| r.key_id[0] ^= 1);
    case("public inputs of five-fu are 255 bytes, expected 256 (8 of 32)", &|r| {
        r.public_inputs.truncate(255)
    });
    case("public input nf_p is not canonical", &|r| r.public_inputs[32..64].fill(0xff));
    case("proof is 129 bytes, expected 128", &|r| r.proof.push(0));
    case("proof's A is not the canonical encoding", &|r| r.proof[..32].fill(0xff));
    case("payout is 0 bytes, expected 1 to 256", &|r| r.payout.clear());
    case("payout is 257 bytes, expected 1 to 256", &|r| r.payout = vec![0; 257]);
    case("public input ext is not what was asked for", &|r| r.payout = b"mallory".into());
    case("public input ext is not what was asked for", &|r| r.expiry += 1);
    case("the proof does not prove the statement", &|r| r.public_inputs[64] ^= 1);
    case("root belongs to no epoch that this verifier knows", &|r| r.public_inputs[0] ^= 1);
    for (expected, request) in cases {
        let (code, text) = refused(client.submit_claim(request).await);
        let known = matches!(code, Code::InvalidArgument | Code::FailedPrecondition);
        assert!(known && text.contains(expected), "{code:?} {text}, expected {expected}");
    }
    served.clock.fetch_add(60, Ordering::SeqCst);
    let (code, text) = refused(client.submit_claim(good.clone()).await);
    assert!(code == Code::FailedPrecondition && text.contains("expired at"), "{text}");
    served.clock.fetch_sub(1, Ordering::SeqCst);
    let answer = client.submit_claim(good).await.unwrap().into_inner();
    assert!(matches!(ClaimOutcome::try_from(answer), Ok(ClaimOutcome::Admitted { claim: 1, .. })));
    served.end().await;

    let served = serve(&ledger, None).await;
    let mut client = served.client().await;
    let (code, text) = refused(client.submit_claim(v1::SubmitClaimRequest::default()).await);
    assert_eq!((code, text.as_str()), (Code::FailedPrecondition, "this ledger takes no claims"));
    served.end().await;
}

#[tokio::test]
async fn a_development_key_takes_no_claims_in_production() {
    let folder = TempDir::new().unwrap();
    let mut policy = policy();
    policy.production = true;
    let ledger = Ledger::create(folder.path(), &policy, NOW).await.unwrap();
    let served = serve(&ledger, Some(Trapdoor::new(1).key)).await;
    let refused = served.refused().await;
    assert!(matches!(refused, ServeError::Development), "{refused}");
}
