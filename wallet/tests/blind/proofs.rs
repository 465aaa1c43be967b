//! Proofs over the wire, and what the servers learn from them.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use tokio::time::timeout;
use tonic::{Code, Request};
use wufu_groth16::PreparedEngine;
use wufu_proto::{
    blind::{CHUNK, FORMAT},
    connection::connect,
    v1::{
        self, dealer_service_client::DealerServiceClient,
        evaluator_service_client::EvaluatorServiceClient,
    },
    witness::UncheckedWitness,
};
use wufu_prover::{
    Prover, blind,
    service::{
        ServeError,
        blind::{ClientIdentity, Config, run_dealer, run_evaluator},
    },
};
use wufu_verifier::encoding::field;
use wufu_wallet::{
    Endpoint, LocalProver, ProofMode, ProofSource as _,
    prover::{BlindError, ProverError},
};

use super::servers::*;

const A_MINUTE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_of_two_servers_says_what_each_learned() {
    let (dealer, evaluator) = (dealer(1).await, evaluator().await);
    let prover = wallet(vec![dealer], vec![evaluator]);
    for seed in [1, 2, 3] {
        let made = prover.prove(job(seed), quiet()).await.unwrap();
        holds(&made);
        assert_eq!(made.mode.name(), "blind");
        let servers = made.mode.servers();
        assert_eq!(
            servers.iter().map(|server| server.role).collect::<Vec<_>>(),
            ["dealer", "evaluator"]
        );
        // The result said that a dealer had learned of this proof, although its masks were fetched
        // earlier.
        let earlier = servers[0].learned.contains("nothing from this proof");
        assert_eq!(earlier, seed == 2, "{}", servers[0].learned);
    }
    // A false statement is sent to nobody.
    let mut bad = job(4);
    let UncheckedWitness::Gift(gift) = &mut bad.witnessed else { panic!() };
    gift.private.rcm_out += wufu_verifier::Fr::from(1u64);
    let nobody: Endpoint = "127.0.0.1:9".parse().unwrap();
    let refused =
        wallet(vec![super::servers::dealer(2).await], vec![nobody]).prove(bad, quiet()).await;
    assert!(matches!(refused, Err(ProverError::False(_))), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn masks_of_two_dealers_add_up() {
    let dealers = vec![dealer(1).await, dealer(2).await];
    let made = wallet(dealers, vec![evaluator().await]).prove(job(1), quiet()).await.unwrap();
    holds(&made);
    assert_eq!(made.mode.servers().len(), 3);
}

/// Rows of docs/failures.md: 26.
/// A retry takes another token, so no two jobs share a mask, whatever became of the first.
#[tokio::test(flavor = "multi_thread")]
async fn after_bad_evaluators_each_job_is_masked_anew() {
    let dealer = dealer(1).await;
    let all = [Conduct::Cheats, Conduct::Garbage, Conduct::OtherRelease, Conduct::Refuses];
    for conduct in all {
        let (bad, seen) = spy(conduct).await;
        let (other, also) = spy(Conduct::Cheats).await;
        let (good, last) = spy(Conduct::Honest).await;
        let prover = wallet(vec![dealer.clone()], vec![bad, other, good]);
        let mut masked = Vec::new();
        // The order is random, and all three are asked.
        for _ in 0..4 {
            holds(&prover.prove(job(1), quiet()).await.unwrap());
        }
        for spy in [seen, also, last] {
            masked.extend(spy.seen.lock().unwrap().iter().map(|seen| seen.masked.clone()));
        }
        assert!(masked.len() >= 4);
        for (n, one) in masked.iter().enumerate() {
            for other in &masked[..n] {
                let same = one.chunks(32).zip(other.chunks(32)).filter(|(a, b)| a == b).count();
                assert_eq!(same, 0, "two jobs share a mask");
            }
        }
    }
    // Three evaluators are tried, and no fourth.
    let mut spies = Vec::new();
    for _ in 0..4 {
        spies.push(spy(Conduct::Cheats).await);
    }
    let endpoints = spies.iter().map(|(endpoint, _)| endpoint.clone()).collect();
    let refused = wallet(vec![dealer], endpoints).prove(job(1), quiet()).await;
    let Err(ProverError::Blind(error)) = refused else { panic!("{refused:?}") };
    assert!(matches!(*error, BlindError::Answer { .. }), "{error}");
    let asked = spies.iter().filter(|(_, spy)| !spy.seen.lock().unwrap().is_empty()).count();
    assert_eq!(asked, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_engine_a_failure_is_mended_at_home() {
    let (bad, spy) = spy(Conduct::Cheats).await;
    let (second, other) = super::servers::spy(Conduct::Honest).await;
    let local = LocalProver::new([Prover::new(PreparedEngine::new(prepared().clone()))]);
    let prover = wallet(vec![dealer(1).await], vec![bad]).with_rescue(Arc::new(local));
    let made = prover.prove(job(1), quiet()).await.unwrap();
    holds(&made);
    assert!(matches!(
        &made.mode,
        ProofMode::Blind { failure: Some(_), evaluators, .. } if evaluators.len() == 1
    ));
    assert_eq!(spy.seen.lock().unwrap().len(), 1);
    drop((second, other));
}

/// Rows of docs/failures.md: 36.
#[tokio::test(flavor = "multi_thread")]
async fn a_dealer_that_deals_a_seed_twice_is_refused() {
    let (dealer, _) = dealer_spy(true).await;
    let prover = wallet(vec![dealer], vec![evaluator().await]);
    for _ in 0..2 {
        holds(&prover.prove(job(1), quiet()).await.unwrap());
    }
    let refused = prover.prove(job(1), quiet()).await;
    let Err(ProverError::Blind(error)) = refused else { panic!("{refused:?}") };
    assert!(error.to_string().contains("seen before"), "{error}");
}

/// Rows of docs/failures.md: 35.
/// Both servers record every call and compare: what one server has of a wallet is never at the
/// other, except for what is the same for all wallets.
#[tokio::test(flavor = "multi_thread")]
async fn joined_records_of_both_servers_yield_nothing() {
    let (dealer, dealt) = dealer_spy(false).await;
    let (endpoint, evaluated) = spy(Conduct::Honest).await;
    for seed in 1..=3 {
        let prover = wallet(vec![dealer.clone()], vec![endpoint.clone()]);
        for _ in 0..2 {
            holds(&prover.prove(job(seed), quiet()).await.unwrap());
        }
    }
    let (dealt, evaluated) = (dealt.seen.lock().unwrap(), evaluated.seen.lock().unwrap());
    assert_eq!((dealt.len(), evaluated.len()), (3, 6));
    // Every field of an evaluator's record is the same for all wallets, and so is every field of
    // the dealer's, except for what it drew.
    for records in [&dealt[..], &evaluated[..]] {
        assert!(!records[0].fields.is_empty());
        for record in records {
            assert_eq!(record.fields, records[0].fields, "a field tells wallets apart");
        }
    }
    let names: BTreeSet<&str> = evaluated[0].fields.iter().map(|(name, _)| name.as_str()).collect();
    assert!(names.contains("key") && names.contains("sizes"), "{names:?}");
    // Nothing that the dealer drew is at the evaluator, not even among the masked numbers.
    let id = verifying().id();
    let pieces: BTreeSet<&[u8]> =
        dealt.iter().flat_map(|record| record.answer.windows(12)).collect();
    let common = |bytes: &[u8]| {
        let public =
            [id.as_bytes(), &b"wufu-bt1"[..]].iter().any(|p| p.windows(12).any(|w| w == bytes));
        // Points at infinity and expiries of tokens say nothing.
        public || bytes.iter().filter(|byte| **byte == 0).count() > 3
    };
    for record in evaluated.iter() {
        for bytes in [&record.masked, &record.answer] {
            let found = bytes.windows(12).find(|window| pieces.contains(window) && !common(window));
            assert_eq!(found, None, "a piece of a token is at the evaluator");
        }
    }
    // No secret of a witness is at either server.
    for seed in 1..=3 {
        let UncheckedWitness::Gift(gift) = job(seed).witnessed else { panic!() };
        let witness = &gift.private;
        for secret in
            [witness.sk, witness.pk, witness.rho, witness.rcm, witness.cm, witness.rcm_out]
        {
            let bytes = field::encode(&secret);
            let told = |record: &Seen| {
                [&record.masked, &record.answer]
                    .iter()
                    .any(|held| held.windows(8).any(|window| window == &bytes[..8]))
            };
            assert!(!dealt.iter().chain(evaluated.iter()).any(told), "a server holds a secret");
        }
    }
}

/// A connection of its own.
async fn channel(endpoint: &Endpoint) -> tonic::transport::Channel {
    let endpoint = tonic::transport::Endpoint::from_shared(endpoint.to_string()).unwrap();
    connect(endpoint).await.unwrap()
}

/// Rows of docs/failures.md: 35.
#[tokio::test(flavor = "multi_thread")]
async fn an_identity_or_a_second_call_is_refused() {
    let (dealer, endpoint) = (dealer(1).await, evaluator().await);
    let id = verifying().id().as_bytes().to_vec();
    let ask = || v1::DealRequest { format: FORMAT, key_id: id.clone(), count: 1 };
    for name in
        ["authorization", "cookie", "x-forwarded-for", "x-client-id", "traceparent", "user-bin"]
    {
        let mut request = Request::new(ask());
        if name.ends_with("-bin") {
            let value = tonic::metadata::MetadataValue::from_bytes(b"me");
            request.metadata_mut().insert_bin(name, value);
        } else {
            request.metadata_mut().insert(name, "me".parse().unwrap());
        }
        let mut client = DealerServiceClient::new(channel(&dealer.endpoint).await);
        let refused = client.deal(request).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{name}");
        assert!(refused.message().contains(name), "{}", refused.message());
        let mut client = EvaluatorServiceClient::new(channel(&endpoint).await);
        let mut request = Request::new(tokio_stream::iter(Vec::new()));
        if !name.ends_with("-bin") {
            request.metadata_mut().insert(name, "me".parse().unwrap());
            let refused = client.evaluate(request).await.unwrap_err();
            assert!(refused.message().contains(name), "{}", refused.message());
        }
    }
    // The second call over a connection, whatever the first was.
    let mut client = DealerServiceClient::new(channel(&dealer.endpoint).await);
    client.deal(ask()).await.unwrap();
    assert_eq!(client.deal(ask()).await.unwrap_err().code(), Code::FailedPrecondition);
    let mut client = EvaluatorServiceClient::new(channel(&endpoint).await);
    for code in [Code::InvalidArgument, Code::FailedPrecondition] {
        let refused = client.evaluate(tokio_stream::iter(Vec::new())).await.unwrap_err();
        assert_eq!(refused.code(), code);
    }
    // Configuring one is an error at the start.
    for identity in [ClientIdentity::Certificate, ClientIdentity::Bearer] {
        let mut config = Config::default();
        config.identity = identity;
        let (incoming, _) = listen().await;
        let ended =
            run_evaluator(incoming, vec![evaluating()], config.clone(), std::future::pending());
        let ended = timeout(A_MINUTE, ended).await.expect("it is served all the same");
        assert!(matches!(ended, Err(ServeError::Identity { role: "evaluator", .. })));
        let (incoming, _) = listen().await;
        let dealing = blind::Dealer::new(prepared().clone(), signing(1)).unwrap();
        let ended = run_dealer(incoming, vec![dealing], config, std::future::pending());
        let ended = timeout(A_MINUTE, ended).await.expect("it is served all the same");
        assert!(matches!(ended, Err(ServeError::Identity { role: "dealer", .. })));
    }
}

/// Rows of docs/failures.md: 20.
#[tokio::test(flavor = "multi_thread")]
async fn requests_of_another_form_are_refused_clearly() {
    let (dealer, endpoint) = (dealer(1).await, evaluator().await);
    let id = verifying().id().as_bytes().to_vec();
    let good = v1::DealRequest { format: FORMAT, key_id: id.clone(), count: 1 };
    let asks = [
        (v1::DealRequest { format: FORMAT + 1, ..good.clone() }, "format"),
        (v1::DealRequest { key_id: vec![1; 31], ..good.clone() }, "31 bytes"),
        (v1::DealRequest { key_id: vec![1; 32], ..good.clone() }, "no key"),
        (v1::DealRequest { count: 0, ..good.clone() }, "0 tokens"),
        (v1::DealRequest { count: 17, ..good }, "17 tokens"),
    ];
    for (ask, word) in asks {
        let mut client = DealerServiceClient::new(channel(&dealer.endpoint).await);
        let refused = client.deal(ask).await.unwrap_err();
        assert!(refused.message().contains(word), "{}: {word}", refused.message());
    }
    let total = evaluating().shape().request_bytes();
    let head = |format, key_id: &[u8]| v1::EvaluateRequest {
        format,
        key_id: key_id.to_vec(),
        masked: Vec::new(),
    };
    let part =
        |length| v1::EvaluateRequest { format: 0, key_id: Vec::new(), masked: vec![0; length] };
    let whole = |length: usize| {
        let mut all = vec![head(FORMAT, &id)];
        let lengths = (0..length.div_ceil(CHUNK)).map(|n| CHUNK.min(length - n * CHUNK));
        all.extend(lengths.map(part));
        all
    };
    let mut unreduced = whole(total);
    unreduced.last_mut().unwrap().masked.fill(0xff);
    let asks = [
        (vec![head(FORMAT + 1, &id)], "format"),
        (vec![head(FORMAT, &[1; 32])], "no key"),
        (vec![part(CHUNK)], "format"),
        (whole(total - 32), "expected"),
        (whole(total + 32), "expected"),
        (vec![head(FORMAT, &id), part(CHUNK - 32)], "expected"),
        (vec![head(FORMAT, &id), head(FORMAT, &id)], "second head"),
        (vec![head(FORMAT, &id)], "masked numbers is 0 bytes"),
        (unreduced, "modulus"),
    ];
    for (ask, word) in asks {
        let mut client = EvaluatorServiceClient::new(channel(&endpoint).await);
        let refused = client.evaluate(tokio_stream::iter(ask)).await.unwrap_err();
        assert_eq!(
            refused.code(),
            if word == "no key" { Code::NotFound } else { Code::InvalidArgument }
        );
        assert!(refused.message().contains(word), "{}: {word}", refused.message());
    }
    // Exactly this many bytes are accepted.
    let mut client = EvaluatorServiceClient::new(channel(&endpoint).await);
    client.evaluate(tokio_stream::iter(whole(total))).await.unwrap();
}
