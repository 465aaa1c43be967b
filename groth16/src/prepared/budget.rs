//! Chooses the tables that fit into a memory budget.

use bn254x8::{G1, G2, Group as _, msm::Shape};

/// Default size limit of all tables, in bytes. It keeps the prepared key of Five Fu below 256 MB.
pub const DEFAULT_BUDGET: usize = 240_000_000;

/// Relative costs of an addition in the second and in the first group.
const G2_ADDITION: usize = 5;
const G1_ADDITION: usize = 2;

/// Costs for [`part_cost`]: of an addition in either group, and of sorting a digit. They are rough
/// measurements.
const PART_G1: usize = 17;
const PART_G2: usize = 43;
const PART_SORT: usize = 3;

/// Additions per bucket when a sum is completed.
const BUCKET: usize = 3;

/// The windows considered for tables.
pub(super) const WINDOWS: std::ops::RangeInclusive<u32> = 4..=18;

/// The shapes of the tables A, B in G1, B in G2, and L with H.
pub(super) type Shapes = [Shape; 4];

/// One possible layout of a table.
#[derive(Clone, Copy)]
struct Choice {
    shape: Shape,
    bytes: usize,
    cost: usize,
}

/// The cost of a sum over a table, in units used only here.
pub(super) fn cost(shape: &Shape, in_g2: bool) -> usize {
    let windows = shape.windows() as usize;
    let additions = shape.bases * windows + bucket_sets(shape) * BUCKET * (1 << (shape.window - 1));
    additions * if in_g2 { G2_ADDITION } else { G1_ADDITION }
}

/// The cost of a sum over some bases of a table, in units of its own: sorting and adding each
/// digit, and [`BUCKET`] additions for each bucket.
pub(super) fn part_cost(shape: &Shape, bases: usize, in_g2: bool) -> usize {
    let addition = if in_g2 { PART_G2 } else { PART_G1 };
    let buckets = bucket_sets(shape) * BUCKET * (1 << (shape.window - 1));
    sort_cost(shape, bases) + addition * (bases * shape.windows() as usize + buckets)
}

/// The cost of sorting the digits.
pub(super) fn sort_cost(shape: &Shape, bases: usize) -> usize {
    PART_SORT * bases * shape.windows() as usize
}

/// Number of bucket sets. Windows without rows of their own need separate buckets.
fn bucket_sets(shape: &Shape) -> usize {
    shape.step.min(shape.windows()) as usize
}

/// The fastest tables for these numbers of bases that take at most `budget` bytes. If nothing fits,
/// the tables hold only the bases.
pub(super) fn shapes(bases: [usize; 4], budget: usize) -> Shapes {
    let choices: [Vec<Choice>; 4] = std::array::from_fn(|query| choices(bases[query], query == 2));
    // Start with the smallest tables. Then repeatedly take the change that saves most per byte.
    let mut taken = [0; 4];
    let bytes = |taken: &[usize; 4]| -> usize {
        (0..4).map(|query| choices[query][taken[query]].bytes).sum()
    };
    loop {
        let now = bytes(&taken);
        let steps = (0..4).flat_map(|query| {
            let from = choices[query][taken[query]];
            let further = choices[query].iter().enumerate().skip(taken[query] + 1);
            further.map(move |(to, choice)| {
                (query, to, from.cost - choice.cost, choice.bytes - from.bytes)
            })
        });
        let fitting = steps.filter(|(_, _, _, more)| now + more <= budget);
        let best = fitting.max_by(|(_, _, saved, more), (_, _, other_saved, other_more)| {
            // Compares saved / more with other_saved / other_more. A change always takes some
            // bytes.
            let times = |a: &usize, b: &usize| *a as u128 * *b as u128;
            times(saved, other_more).cmp(&times(other_saved, more))
        });
        match best {
            Some((query, to, ..)) => taken[query] = to,
            None => return std::array::from_fn(|query| choices[query][taken[query]].shape),
        }
    }
}

/// The layouts of a table that are faster than every smaller one, smallest first.
fn choices(bases: usize, in_g2: bool) -> Vec<Choice> {
    let row = if in_g2 { G2::ROW } else { G1::ROW };
    let mut all = Vec::new();
    for window in WINDOWS {
        for step in 1..=255u32.div_ceil(window) {
            let shape = Shape { bases, window, step };
            let bytes = bases * shape.levels() as usize * row;
            all.push(Choice { shape, bytes, cost: cost(&shape, in_g2) });
        }
    }
    all.sort_by_key(|choice| (choice.bytes, choice.cost));
    let mut best = usize::MAX;
    all.retain(|choice| {
        let better = choice.cost < best;
        best = best.min(choice.cost);
        better
    });
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(shapes: &Shapes) -> usize {
        let row = |query: usize| if query == 2 { G2::ROW } else { G1::ROW };
        (0..4).map(|query| shapes[query].bases * shapes[query].levels() as usize * row(query)).sum()
    }

    #[test]
    fn tables_keep_to_their_budget_and_use_it() {
        let bases = [32_000, 21_000, 21_000, 64_000];
        let bare = shapes(bases, 0);
        assert!(bare.iter().all(|shape| shape.levels() == 1));
        let least = bytes(&bare);
        let total = |shapes: &Shapes| -> usize {
            (0..4).map(|query| cost(&shapes[query], query == 2)).sum()
        };
        let mut last = total(&bare);
        for budget in [least, 2 * least, 5 * least, DEFAULT_BUDGET] {
            let shapes = shapes(bases, budget);
            assert!(bytes(&shapes) <= budget);
            assert!(total(&shapes) <= last, "more memory is slower");
            last = total(&shapes);
        }
        assert!(last < total(&bare));
        let full = shapes(bases, DEFAULT_BUDGET);
        assert!(full.iter().all(|shape| shape.step == 1), "{full:?}");
    }

    #[test]
    fn nothing_to_sum_needs_no_memory() {
        assert_eq!(bytes(&shapes([0; 4], 0)), 0);
        assert_eq!(bytes(&shapes([0; 4], DEFAULT_BUDGET)), 0);
        assert!(shapes([1, 0, 0, 2], 0).iter().all(|shape| WINDOWS.contains(&shape.window)));
    }
}
