//! Waits between steps: whoever sees two actions of a wallet does not see one right after the
//! other.
//!
//! The clock stands still while a connection is open. It jumps when there was none for a while,
//! because then the wallet waits on purpose.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::time::Instant;
use wufu_proto::witness::Job;
use wufu_verifier::check::UnverifiedProof;
use wufu_wallet::{
    ProofSource,
    prover::{
        BlindProver, Delay, OnStage, ProofMode, ProverAnswer, ProverError,
        blind::{BlindStep, WaitReason},
    },
};

use super::servers::*;

/// Waits are random, from zero up to this. One in a million is shorter than [`LEAST`].
const MOST: Duration = Duration::from_secs(1_000_000);
const LEAST: Duration = Duration::from_secs(1);

/// How often the clock is checked, every 10 milliseconds, before the test fails.
const ROUNDS: usize = 30_000;

fn slow(prover: BlindProver, batch: usize) -> BlindProver {
    prover.with_delay(Delay::up_to(MOST)).with_batch(batch)
}

/// Drives a wallet. (A paused clock by itself jumps whenever the runtime waits for a socket, so
/// that every call is late.)
async fn paced<T>(work: impl Future<Output = T>) -> T {
    // While something blocks, the clock does not advance by itself.
    let (end, ended) = std::sync::mpsc::channel::<()>();
    let blocked = tokio::task::spawn_blocking(move || ended.recv());
    let clock = async {
        let mut quiet = 0;
        for _ in 0..ROUNDS {
            let pause = || std::thread::sleep(Duration::from_millis(10));
            tokio::task::spawn_blocking(pause).await.unwrap();
            quiet = if open_connections() == 0 { quiet + 1 } else { 0 };
            if quiet == 25 {
                quiet = 0;
                tokio::time::advance(MOST).await;
            }
        }
        panic!("the wallet still waits after {ROUNDS} rounds of the clock");
    };
    let done = tokio::select! {
        done = work => done,
        () = clock => unreachable!("it panics at its end"),
    };
    drop(end);
    blocked.await.unwrap().unwrap_err();
    done
}

/// Asserts that there is a wait between all of them.
fn apart(times: &[Instant]) {
    for pair in times.windows(2) {
        assert!(pair[1] - pair[0] > LEAST, "{:?}", pair[1] - pair[0]);
    }
}

fn times(seen: &Mutex<Vec<Seen>>) -> Vec<Instant> {
    seen.lock().unwrap().iter().map(|seen| seen.at.unwrap()).collect()
}

/// An engine that takes no time, and records when it began.
#[derive(Debug, Default)]
struct Home(Mutex<Vec<Instant>>);

#[tonic::async_trait]
impl ProofSource for Home {
    fn mode(&self) -> ProofMode {
        ProofMode::Local
    }

    async fn prove(&self, job: Job, _: OnStage) -> Result<ProverAnswer, ProverError> {
        self.0.lock().unwrap().push(Instant::now());
        let (public_inputs, proof) = (Vec::new(), Vec::new());
        let proof = UnverifiedProof { key_id: job.key_id, public_inputs, proof };
        Ok(ProverAnswer { proof, timings: Default::default(), mode: ProofMode::Local })
    }
}

/// An evaluator that failed could see a proof appear exactly as much later as the wallet's machine
/// takes to make one.
#[tokio::test(start_paused = true)]
async fn a_rescue_at_home_waits_before_and_after() {
    let (endpoint, spy) = spy(Conduct::Refuses).await;
    let (dealer, _) = dealer_spy(false).await;
    let home = Arc::new(Home::default());
    let prover = slow(wallet(vec![dealer], vec![endpoint]), 4).with_rescue(home.clone());
    paced(prover.prove(job(1), quiet())).await.unwrap();
    let shown = Instant::now();
    let (failed, began) = (times(&spy.seen)[0], home.0.lock().unwrap()[0]);
    apart(&[failed, began, shown]);
}

/// The first server was asked right after the ledger, and a dealer right after another one. The
/// reported time of a proof included the waits.
#[tokio::test(start_paused = true)]
async fn no_server_is_asked_right_after_another() {
    let began = Instant::now();
    let (endpoint, spy) = spy(Conduct::Honest).await;
    let (one, first) = dealer_spy_as(3, false, |count| count).await;
    let (two, second) = dealer_spy_as(4, false, |count| count).await;
    let prover = slow(wallet(vec![one, two], vec![endpoint]), 4);
    let made = paced(prover.prove(job(1), quiet())).await.unwrap();
    holds(&made);
    let shown = Instant::now();
    let all = [&first.seen, &second.seen, &spy.seen].map(|seen| times(seen)[0]);
    apart(&[began, all[0], all[1], all[2], shown]);
    assert!(made.timings.prove < LEAST, "{:?}", made.timings);
    // The same after a failure: of two evaluators, one refuses.
    let (bad, refusing) = super::servers::spy(Conduct::Refuses).await;
    let (good, last) = super::servers::spy(Conduct::Cheats).await;
    let (dealer, _) = dealer_spy(false).await;
    let prover = slow(wallet(vec![dealer], vec![bad, good]), 4);
    paced(prover.prove(job(1), quiet())).await.unwrap_err();
    let mut both = [times(&refusing.seen)[0], times(&last.seen)[0]];
    both.sort();
    apart(&both);
}

/// When the last token was gone, a dealer was asked right before a proof. Now it is asked after a
/// proof, when few tokens are left.
#[tokio::test(start_paused = true)]
async fn tokens_are_fetched_apart_from_the_proof() {
    let (dealer, dealt) = dealer_spy(false).await;
    let (endpoint, evaluated) = spy(Conduct::Honest).await;
    let prover = slow(wallet(vec![dealer], vec![endpoint]), 4);
    let mut shown = Vec::new();
    for _ in 0..5 {
        holds(&paced(prover.prove(job(1), quiet())).await.unwrap());
        shown.push(Instant::now());
    }
    let (dealt, evaluated) = (times(&dealt.seen), times(&evaluated.seen));
    let all = dealt.iter().map(|at| (*at, 'D')).chain(evaluated.iter().map(|at| (*at, 'E')));
    let mut all: Vec<_> = all.chain(shown.iter().map(|at| (*at, 'S'))).collect();
    all.sort();
    let order: String = all.iter().map(|(_, what)| what).collect();
    // Four tokens are fetched once. When two are left, four more are fetched, between the sums and
    // the showing.
    assert_eq!(order, "DESEDSESESES");
    apart(&all.iter().map(|(at, _)| *at).filter(|at| !shown.contains(at)).collect::<Vec<_>>());
    apart(&[evaluated[1], dealt[1], shown[1]]);

    // Without waits, nothing separates the two calls, so the second one is not made.
    let (dealer, dealt) = dealer_spy(false).await;
    let (endpoint, _) = spy(Conduct::Honest).await;
    holds(&paced(wallet(vec![dealer], vec![endpoint]).prove(job(1), quiet())).await.unwrap());
    assert_eq!(dealt.seen.lock().unwrap().len(), 1);

    // A dealer that cannot be reached then does not prevent the proof from being shown.
    let (mut dealer, _) = dealer_spy(false).await;
    let (endpoint, _) = spy(Conduct::Honest).await;
    let store = tokens();
    let make =
        |dealer, endpoint| BlindProver::new([key()], vec![dealer], vec![endpoint], store.clone());
    let quick =
        make(dealer.clone(), endpoint.clone()).unwrap().with_delay(Delay::NONE).with_batch(2);
    paced(quick.prove(job(1), quiet())).await.unwrap();
    dealer.endpoint = nobody().await;
    let prover = slow(make(dealer, endpoint).unwrap(), 4);
    holds(&paced(prover.prove(job(1), quiet())).await.unwrap());
}

/// For a proof that takes 60 ms, nothing was printed for 40 to 50 s, so that people thought it had
/// failed and ended it. Now each wait is reported before it begins, with its length, and so is each
/// server before it is asked.
#[tokio::test(start_paused = true)]
async fn every_wait_is_announced_with_its_length() {
    let (endpoint, _) = spy(Conduct::Honest).await;
    let (one, _) = dealer_spy_as(3, false, |count| count).await;
    let (two, _) = dealer_spy_as(4, false, |count| count).await;
    let told: Arc<Mutex<Vec<(BlindStep, Instant)>>> = Arc::default();
    let listener = told.clone();
    let listen = move |step| listener.lock().unwrap().push((step, Instant::now()));
    let prover = slow(wallet(vec![one, two], vec![endpoint]), 4).with_steps(Arc::new(listen));
    holds(&paced(prover.prove(job(1), quiet())).await.unwrap());
    let end = Instant::now();
    let steps = std::mem::take(&mut *told.lock().unwrap());
    let names: Vec<&str> = steps
        .iter()
        .map(|(step, _)| match step {
            BlindStep::Wait { reason, .. } => reason.name(),
            BlindStep::Ask { role, .. } => role,
            _ => "something else",
        })
        .collect();
    let expected =
        ["evaluator", "dealer", "next dealer", "dealer", "use masks", "evaluator", "show"];
    assert_eq!(names, expected);
    let after = steps.iter().skip(1).map(|(_, at)| *at).chain([end]);
    for ((step, began), next) in steps.iter().zip(after) {
        if let BlindStep::Wait { reason, time } = step {
            assert!(*time <= MOST && next - *began >= *time, "{reason:?} is as long as was told");
            assert!(!reason.before().is_empty() && !reason.why().is_empty());
        }
    }
    // Without waits, only the servers are reported.
    let prover = prover.with_delay(Delay::NONE);
    prover.prove(job(1), quiet()).await.unwrap();
    let steps = std::mem::take(&mut *told.lock().unwrap());
    assert!(steps.iter().all(|(step, _)| matches!(step, BlindStep::Ask { .. })), "{steps:?}");
    assert!(!steps.is_empty());
    assert_eq!(WaitReason::Local.name(), "local");
}
