//! The constants of a permutation, in the order of their use.

use ark_bn254::Fr;
use ark_ff::AdditiveGroup as _;

use super::{
    constants::{Constants, WIDEST},
    recurrence::Recurrence,
};

/// The constants for a state of `width` = n + 1 elements.
#[derive(Debug)]
pub(super) struct Table<S> {
    pub(super) width: usize,
    pub(super) kappa: u64,
    /// The constants added before the first round.
    pub(super) start: Vec<S>,
    /// The full rounds before the partial ones, except the last, whose linear layer is `enter`.
    pub(super) opening: Vec<Mix<S>>,
    pub(super) enter: Mix<S>,
    /// The constants added to y in each partial round. In the first n rounds `enter` supplies them.
    pub(super) constants: Vec<S>,
    /// For each round modulo n, the weights of v and then of y, in slots 0 to n - 1.
    pub(super) step: Vec<Vec<S>>,
    /// Computes the state from the slots after the last partial round.
    pub(super) leave: Mix<S>,
    /// The full rounds after the partial ones, except the last, of which only the row `last` is
    /// needed.
    pub(super) closing: Vec<Mix<S>>,
    pub(super) last: Vec<S>,
}

/// A linear layer, and the constants that are added after it.
#[derive(Debug)]
pub(super) struct Mix<S> {
    pub(super) rows: Vec<Vec<S>>,
    pub(super) constants: Vec<S>,
}

impl Table<Fr> {
    /// `None` if [`Constants`] does not allow the shape, or if the matrix has no recurrence.
    pub(super) fn new(constants: &Constants<'_>) -> Option<Self> {
        let Constants { width, full_rounds, partial_rounds, round_constants, mds } = *constants;
        let shaped = (2..=WIDEST).contains(&width)
            && full_rounds >= 4
            && full_rounds.is_multiple_of(2)
            && partial_rounds >= width
            && full_rounds.checked_add(partial_rounds)?.checked_mul(width)?
                == round_constants.len()
            && mds.len() == width * width;
        if !shaped {
            return None;
        }
        let (n, half) = (width - 1, full_rounds / 2);
        let rows = |flat: &[Fr]| flat.chunks(width).map(<[Fr]>::to_vec).collect::<Vec<_>>();
        let (matrix, rounds) = (rows(mds), rows(round_constants));
        let partial = half..half + partial_rounds;
        let recurrence = Recurrence::new(&matrix, &rounds[partial.start..=partial.end])?;
        let mix = |round: usize| Mix { rows: matrix.clone(), constants: rounds[round].clone() };

        let [of_v, of_y] = &recurrence.step;
        let step = (0..n).map(|k| {
            // Before round k, slot i holds v from (k - 1 - i) mod n + 1 rounds ago, and y from
            // (k - i) mod n rounds ago.
            let v = (0..n).map(|i| of_v[(k + 2 * n - 1 - i) % n]);
            v.chain((0..n).map(|i| of_y[(k + n - i) % n])).collect()
        });
        let end = partial_rounds % n;
        let in_slots = |of_v: &[Fr], of_y: &[Fr]| -> Vec<Fr> {
            let v = (0..n).map(|i| of_v[(end + 2 * n - 1 - i) % n]);
            v.chain((0..n).map(|i| of_y[(end + n - i) % n])).collect()
        };
        let mut newest = vec![Fr::ZERO; n];
        newest[0] = recurrence.scale;
        let mut leave =
            Mix { rows: vec![in_slots(&vec![Fr::ZERO; n], &newest)], constants: vec![Fr::ZERO] };
        for (of_v, of_y) in recurrence.leave[0].iter().zip(&recurrence.leave[1]) {
            leave.rows.push(in_slots(of_v, of_y));
        }
        leave.constants.extend(recurrence.leave_constants);
        Some(Self {
            width,
            kappa: recurrence.kappa,
            start: rounds[0].clone(),
            opening: (1..half).map(mix).collect(),
            enter: Mix {
                rows: recurrence.enter,
                constants: recurrence.constants[..width].to_vec(),
            },
            constants: recurrence.constants[1..].to_vec(),
            step: step.collect(),
            leave,
            closing: (partial.end + 1..rounds.len()).map(mix).collect(),
            last: matrix[0].clone(),
        })
    }

    /// The same table with every element converted to another form.
    pub(super) fn map<S>(&self, form: &impl Fn(&Fr) -> S) -> Table<S> {
        let row = |row: &Vec<Fr>| row.iter().map(form).collect::<Vec<S>>();
        let mix = |mix: &Mix<Fr>| Mix {
            rows: mix.rows.iter().map(row).collect(),
            constants: row(&mix.constants),
        };
        Table {
            width: self.width,
            kappa: self.kappa,
            start: row(&self.start),
            opening: self.opening.iter().map(mix).collect(),
            enter: mix(&self.enter),
            constants: row(&self.constants),
            step: self.step.iter().map(row).collect(),
            leave: mix(&self.leave),
            closing: self.closing.iter().map(mix).collect(),
            last: row(&self.last),
        }
    }
}
