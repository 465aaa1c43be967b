//! What a wallet refuses from its servers and kits, whom it asks, and what it reports about them.

use std::sync::Arc;

use wufu_delegation::Kit;
use wufu_groth16::PreparedEngine;
use wufu_prover::{Prover, blind};
use wufu_wallet::{
    LocalProver, ProofMode, ProofSource as _,
    prover::{
        BlindError, BlindProver, ProverError,
        blind::{Dealer, blind_key},
    },
};

use super::servers::*;

/// A kit's id was not pinned: with another kit of the same key, its maker could learn about public
/// inputs.
#[test]
fn a_kit_that_is_not_the_pinned_one_is_refused() {
    let pinned = blind::kit(prepared()).unwrap();
    let good = pinned.encode();
    blind_key(verifying(), &good, pinned.id()).unwrap();
    // The base in A of the last public wire becomes alpha. By all checks, this is still a kit of
    // the key.
    let mut bytes = good.clone();
    let at = good.len() - 160;
    bytes.copy_within(40..72, at);
    assert_ne!(bytes, good);
    let other = Kit::decode(&bytes, &verifying()).unwrap();
    let refused = blind_key(verifying(), &bytes, pinned.id()).unwrap_err();
    let BlindError::OtherKit { got, expected } = refused else { panic!("{refused}") };
    assert_eq!((got, expected), (other.id(), pinned.id()));
    assert!(matches!(blind_key(verifying(), &good[1..], pinned.id()), Err(BlindError::Kit(_))));
}

/// One endpoint was accepted as both dealer and evaluator, and two keys at one endpoint as two
/// dealers.
#[tokio::test]
async fn one_place_is_one_server() {
    let [one, two] = [nobody().await, nobody().await];
    let dealer = |n, endpoint: &wufu_wallet::Endpoint| Dealer {
        endpoint: endpoint.clone(),
        key: signing(n).verifying_key(),
    };
    let new = |dealers, evaluators| BlindProver::new([key()], dealers, evaluators, tokens());
    let both = new(vec![dealer(1, &one)], vec![two.clone(), one.clone()]).unwrap_err();
    let BlindError::Both { endpoint } = both else { panic!("{both}") };
    assert_eq!(endpoint, one.to_string());
    let three = nobody().await;
    let twice = [
        (vec![dealer(1, &one), dealer(2, &one)], vec![two.clone()], "dealer"),
        (vec![dealer(1, &one), dealer(1, &three)], vec![two.clone()], "dealer"),
        (vec![dealer(1, &one)], vec![two.clone(), two.clone()], "evaluator"),
    ];
    for (dealers, evaluators, who) in twice {
        let refused = new(dealers, evaluators).unwrap_err();
        assert!(matches!(refused, BlindError::Twice(twice) if twice == who), "{refused}");
    }
    assert!(matches!(new(Vec::new(), vec![two.clone()]), Err(BlindError::Nobody("dealer"))));
    assert!(matches!(new(vec![dealer(1, &one)], Vec::new()), Err(BlindError::Nobody("evaluator"))));
    // A server under another name is the same server.
    let folder = tempfile::tempdir().unwrap();
    let (socket, link) = (folder.path().join("a.sock"), folder.path().join("b.sock"));
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    std::os::unix::fs::symlink(&socket, &link).unwrap();
    let named = |path: &std::path::Path| wufu_wallet::Endpoint::Socket(path.to_path_buf());
    let (socket, link) = (named(&socket), named(&link));
    let both = new(vec![dealer(1, &socket)], vec![link.clone()]).unwrap_err();
    assert!(matches!(both, BlindError::Both { .. }), "{both}");
    let twice = new(vec![dealer(1, &socket), dealer(2, &link)], vec![two.clone()]).unwrap_err();
    assert!(matches!(twice, BlindError::Twice("dealer")), "{twice}");
    let twice = new(vec![dealer(1, &one)], vec![socket, link]).unwrap_err();
    assert!(matches!(twice, BlindError::Twice("evaluator")), "{twice}");
    let at = |address: String| address.parse::<wufu_wallet::Endpoint>().unwrap();
    let port = two.to_string().rsplit_once(':').unwrap().1.to_owned();
    let both = new(vec![dealer(1, &at(format!("localhost:{port}")))], vec![two.clone()]);
    assert!(matches!(both.unwrap_err(), BlindError::Both { .. }));
    new(vec![dealer(1, &one), dealer(2, &three)], vec![two]).unwrap();
}

/// The result said that evaluators had been sent a share, although they could not be reached.
#[tokio::test(flavor = "multi_thread")]
async fn only_servers_that_were_sent_something_are_listed() {
    let (good, gone) = (evaluator().await, [nobody().await, nobody().await]);
    let endpoints = gone.iter().cloned().chain([good.clone()]).collect();
    let prover = wallet(vec![dealer(1).await], endpoints);
    // The order is random.
    for _ in 0..6 {
        let made = prover.prove(job(1), quiet()).await.unwrap();
        let ProofMode::Blind { evaluators, .. } = made.mode else { panic!() };
        assert_eq!(evaluators, [good.to_string()]);
    }
    // If no dealer gave a token, nobody was sent anything.
    let local = LocalProver::new([Prover::new(PreparedEngine::new(prepared().clone()))]);
    let dealer = Dealer { endpoint: nobody().await, key: signing(1).verifying_key() };
    let prover = wallet(vec![dealer], vec![good]).with_rescue(Arc::new(local));
    let made = prover.prove(job(1), quiet()).await.unwrap();
    assert!(matches!(
        &made.mode,
        ProofMode::Blind { evaluators, failure: Some(_), .. } if evaluators.is_empty()
    ));
    // The dealer was not reached either. The result says what failed and where.
    assert!(made.mode.servers().is_empty(), "{:?}", made.mode);
    let failure = made.mode.failure().unwrap();
    assert!(failure.contains("no connection to the dealer at"), "{failure}");
    assert!(made.mode.learned().contains("no server learned anything"), "{}", made.mode.learned());
}

/// After the first evaluator the engine was asked, and its failure ended the attempt: no other
/// evaluator was asked, and only the engine's error was reported.
#[tokio::test(flavor = "multi_thread")]
async fn after_the_engine_fails_another_evaluator_is_asked() {
    let dealer = dealer(1).await;
    // The wallet has an engine for another key, or none.
    let keyless = || Arc::new(LocalProver::new([]));
    let (bad, spy_of_bad) = spy(Conduct::Cheats).await;
    let (worse, spy_of_worse) = spy(Conduct::Refuses).await;
    let (good, _) = spy(Conduct::Honest).await;
    let evaluators = vec![bad.clone(), worse.clone(), good];
    let prover = wallet(vec![dealer.clone()], evaluators).with_rescue(keyless());
    for _ in 0..4 {
        let made = prover.prove(job(1), quiet()).await.unwrap();
        holds(&made);
        assert_eq!(made.mode.name(), "blind");
    }
    // If no evaluator is honest, both are asked, and the error names both failures.
    let before = [&spy_of_bad, &spy_of_worse].map(|spy| spy.seen.lock().unwrap().len());
    let prover = wallet(vec![dealer], vec![bad, worse]).with_rescue(keyless());
    let refused = prover.prove(job(1), quiet()).await;
    let Err(ProverError::Blind(error)) = refused else { panic!("{refused:?}") };
    let BlindError::Home { server, home } = *error else { panic!("{error}") };
    assert!(matches!(*home, ProverError::NoKey { .. }), "{home}");
    assert!(!matches!(*server, ProverError::NoKey { .. }), "{server}");
    let after = [&spy_of_bad, &spy_of_worse].map(|spy| spy.seen.lock().unwrap().len());
    assert_eq!(after, before.map(|calls| calls + 1));
}

/// Any number of tokens was kept.
#[tokio::test(flavor = "multi_thread")]
async fn a_dealer_sends_as_many_tokens_as_it_was_asked_for() {
    let endpoint = evaluator().await;
    for sends in [|count| count - 1, |count| count + 1] {
        let (dealer, _) = dealer_spy_as(3, false, sends).await;
        let prover = wallet(vec![dealer], vec![endpoint.clone()]);
        let refused = prover.prove(job(1), quiet()).await;
        let Err(ProverError::Blind(error)) = refused else { panic!("{refused:?}") };
        let BlindError::Dealt { got, expected: 2, .. } = *error else { panic!("{error}") };
        assert_eq!(got, sends(2));
    }
}

/// A batch that is too large for a dealer is reduced. Every dealer used to refuse it.
#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_of_as_many_tokens_as_a_dealer_gives() {
    let endpoint = evaluator().await;
    let dealer = dealer(1).await;
    for batch in [0, 1_000_000] {
        let prover = wallet(vec![dealer.clone()], vec![endpoint.clone()]).with_batch(batch);
        holds(&prover.prove(job(1), quiet()).await.unwrap());
    }
}

/// The evaluator that is named first does not see every job.
#[tokio::test(flavor = "multi_thread")]
async fn evaluators_are_asked_in_an_order_by_chance() {
    let dealer = dealer(1).await;
    let (one, spy_of_one) = spy(Conduct::Honest).await;
    let (two, spy_of_two) = spy(Conduct::Honest).await;
    let prover = wallet(vec![dealer], vec![one, two]).with_batch(16);
    let calls = || [&spy_of_one, &spy_of_two].map(|spy| spy.seen.lock().unwrap().len());
    // In one of 2^39 runs, one of them is never asked first in 40 proofs.
    for _ in 0..40 {
        holds(&prover.prove(job(1), quiet()).await.unwrap());
        if !calls().contains(&0) {
            return;
        }
    }
    panic!("calls: {:?}", calls());
}
