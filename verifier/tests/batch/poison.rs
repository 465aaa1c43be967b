//! What bad proofs cost, in Miller loops and final exponentiations. No clock is read.

use wufu_verifier::{
    BatchVerifier, CircuitName, Reason,
    check::batch::{CREDIT, MAX, Work},
};

use crate::batch::scene::{Scene, Shown, entropy, outside_subgroup, reasons, spoil};

struct Flood {
    scene: Scene,
    good: Shown,
    bad: Shown,
    verifier: BatchVerifier,
}

impl Flood {
    fn new() -> Self {
        let mut scene = Scene::new(CircuitName::Gift, 31);
        let good = scene.gift();
        let mut bad = good.clone();
        spoil(&mut bad);
        Self { scene, good, bad, verifier: BatchVerifier::default() }
    }

    /// Checks a batch with these bad proofs, and that they are named.
    fn check(&mut self, count: usize, is_bad: impl Fn(usize) -> bool) -> Work {
        let shown = (0..count).map(|at| if is_bad(at) { &self.bad } else { &self.good });
        let pending = shown.map(|shown| self.scene.open(shown)).collect();
        let outcome = self.verifier.verify(pending, &mut entropy()).unwrap();
        let spoilers: Vec<usize> = outcome.spoilers().collect();
        assert_eq!(spoilers, (0..count).filter(|at| is_bad(*at)).collect::<Vec<_>>());
        outcome.work
    }
}

/// Rows of docs/failures.md: 19.
#[test]
fn a_flood_costs_single_checks_and_a_constant() {
    let mut flood = Flood::new();
    let mut total = 0;
    let rounds = [MAX, MAX, MAX, 300, 300, 64, 300, 64, 1];
    // Once it has cost the constant, it costs not one loop more than one by one.
    for (round, count) in rounds.into_iter().enumerate() {
        let cost = flood.check(count, |_| true).total();
        total += cost;
        if round > 5 {
            assert_eq!(cost, Work::alone() * count as u64, "round {round}");
        }
    }
    let alone = Work::alone() * rounds.into_iter().sum::<usize>() as u64;
    assert!(total <= alone + CREDIT * Work::alone(), "{total} for what is {alone} one by one");
    // When the flood is over, good proofs are checked together again.
    flood.check(64, |_| false);
    flood.check(256, |_| false);
    let after = flood.check(256, |_| false);
    assert_eq!(after, Work { miller_loops: 256 + 3, final_exponentiations: 1 });
}

/// Rows of docs/failures.md: 19.
/// The bound covers everything that a verifier ever does: no order of good and bad proofs exceeds
/// it.
#[test]
fn no_mixture_costs_more_than_the_bound() {
    for period in [2, 3, 5, 17, 50] {
        let mut flood = Flood::new();
        let (mut spent, mut good, mut bad) = (0, 0, 0);
        for round in 0..6 {
            // Good rounds that build up credit, then poison.
            let is_bad = |at: usize| round % 2 == 1 && at.is_multiple_of(period);
            let count = 100;
            spent += flood.check(count, is_bad).total();
            let bads = (0..count).filter(|at| is_bad(*at)).count() as u64;
            (good, bad) = (good + count as u64 - bads, bad + bads);
            let bound = Work::alone() * (5 * good / 4 + bad + CREDIT);
            assert!(spent <= bound, "{spent} above {bound}");
        }
        // Mostly good batches stay cheaper than one by one.
        assert!(spent < Work::alone() * (good + bad), "period {period}: {spent}");
    }
}

/// Rows of docs/failures.md: 19.
#[test]
fn one_bad_proof_costs_at_most_half_a_batch_more() {
    for (count, bads) in [(MAX, vec![0, 31, 513, MAX - 1]), (256, vec![0, 100, 255])] {
        let mut flood = Flood::new();
        let clean = flood.check(count, |_| false).total();
        for bad in bads {
            flood.verifier = BatchVerifier::default();
            let spoiled = flood.check(count, |at| at == bad).total();
            // Where eight loops run at once, an equation is expensive beside them, and a small
            // batch has few loops.
            let more = if count == MAX { clean / 2 } else { clean };
            assert!(spoiled <= clean + more, "{bad} of {count}: {spoiled}, clean {clean}");
        }
    }
}

/// Rows of docs/failures.md: 19.
/// One bad proof in twenty was once too many for the search: it gave up, and all had to be checked
/// one by one.
#[test]
fn many_bad_ones_are_found_for_less_than_one_by_one() {
    let mut flood = Flood::new();
    let work = flood.check(MAX, |at| at.is_multiple_of(20));
    // None of them alone, which would be one equation each.
    assert!(work.final_exponentiations < MAX as u64 / 2, "{work:?}");
}

/// Rows of docs/failures.md: 4.
/// A B outside its subgroup is found in the Miller loop that every proof takes. The other proofs
/// need no search.
#[test]
fn a_point_outside_its_subgroup_costs_others_nothing() {
    let mut flood = Flood::new();
    let clean = flood.check(256, |_| false);
    let mut outside = flood.good.clone();
    outside.proof[32..96].copy_from_slice(&outside_subgroup(1)[0]);
    for step in [256, 100, 8, 1] {
        let shown = (0..256).map(|at| if at % step == 0 { &outside } else { &flood.good });
        let pending = shown.map(|shown| flood.scene.open(shown)).collect();
        let outcome = flood.verifier.verify(pending, &mut entropy()).unwrap();
        let expected = (0..256).map(|at| (at % step == 0).then_some(Reason::PointInvalid));
        assert_eq!(reasons(&outcome), expected.collect::<Vec<_>>());
        let strangers = 256u64.div_ceil(step as u64);
        let loops = clean.miller_loops + 2 * strangers;
        assert_eq!(outcome.work, Work { miller_loops: loops, final_exponentiations: 1 });
    }
}
