//! Poseidon, eight hashes at a time. The caller supplies the parameters.
//!
//! - `constants`: what the caller supplies
//! - `recurrence`: rewrites the partial rounds so that each takes one inner product
//! - `table`: all constants in the order of their use
//! - this module: the rounds

mod constants;
mod recurrence;
mod table;
#[cfg(test)]
mod tests;

use std::fmt;

use ark_bn254::Fr;
use ark_ff::AdditiveGroup as _;

use crate::{
    Backend, Error,
    backend::{Form, Isa, Kernel, Listed, Slots, dispatch},
    field::{InnerProduct, Lanes},
};
pub use constants::Constants;
use constants::WIDEST;
use table::{Mix, Table};

/// A constant in the form that the lanes of `I` broadcast.
type Single<I> = <<I as Isa>::Fr as Lanes>::Single;

/// A prepared permutation.
///
/// # Source
/// Grassi, Khovratovich, Rechberger, Roy, Schofnegger: "Poseidon", USENIX Security 2021.
pub struct Permutation {
    backend: Backend,
    width: usize,
    /// The table in the backend's form.
    table: Slots<TableForm>,
}

impl fmt::Debug for Permutation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permutation")
            .field("backend", &self.backend)
            .field("width", &self.width)
            .finish_non_exhaustive()
    }
}

impl Permutation {
    /// Prepares a permutation.
    ///
    /// # Shapes
    /// Those of [`Constants`]: `width` constants for each round, and `width` rows of `width`
    /// elements.
    ///
    /// # Errors
    /// Returns an error if the shape is wrong, if the matrix has no recurrence (random ones nearly
    /// always have one), or if the CPU does not support the backend.
    ///
    /// # Cost
    /// About a millisecond.
    pub fn new(backend: Backend, constants: &Constants<'_>) -> Result<Self, Error> {
        let width = constants.width;
        let table = Table::new(constants).ok_or(Error::Permutation { width })?;
        let table = dispatch!(backend, isa => in_form(isa, &table))?;
        Ok(Self { backend, width, table })
    }

    /// Hashes many tuples of N elements, where N is one less than the width. A hash is element 0 of
    /// the permutation of `[0, inputs..]`.
    ///
    /// # Shapes
    /// `hashes[i]` becomes the hash of `inputs[i]`. Both slices have the same length.
    ///
    /// # Errors
    /// Returns an error if N is not one less than the width, or if the slices differ in length.
    /// Nothing is written then.
    ///
    /// # Cost
    /// Fewer than eight hashes cost as much as eight.
    pub fn hash_many<const N: usize>(
        &self,
        inputs: &[[Fr; N]],
        hashes: &mut [Fr],
    ) -> Result<(), Error> {
        if N + 1 != self.width {
            return Err(Error::Inputs { got: N, expected: self.width - 1 });
        }
        let (got, expected) = (hashes.len(), inputs.len());
        if got != expected {
            return Err(Error::Scalars { got, expected });
        }
        self.hash_flat(inputs.as_flattened(), hashes)
    }

    /// [`Self::hash_many`] of tuples that are stored one after another. It is not generic over N,
    /// so that the kernels are compiled once, in this crate.
    fn hash_flat(&self, inputs: &[Fr], hashes: &mut [Fr]) -> Result<(), Error> {
        dispatch!(self.backend, isa => self.run(isa, inputs, hashes))?
    }

    fn run<I: Listed>(&self, isa: I, inputs: &[Fr], hashes: &mut [Fr]) -> Result<(), Error> {
        // The permutation was prepared for this backend.
        let backend = self.backend;
        let table = I::slot(&self.table).as_ref();
        let table = table.ok_or(Error::Backend { backend })?;
        isa.run(Hash { table, inputs, hashes });
        Ok(())
    }
}

/// The constants in the form that each backend broadcasts.
struct TableForm;

impl Form for TableForm {
    type Of<I: Isa> = Table<Single<I>>;
}

fn in_form<I: Listed>(_: I, table: &Table<Fr>) -> Slots<TableForm> {
    let mut slots = Slots::empty();
    *I::slot_mut(&mut slots) = Some(table.map(&I::Fr::single));
    slots
}

/// The kernel that computes many hashes.
struct Hash<'a, S> {
    table: &'a Table<S>,
    /// Tuples of `width - 1` elements, one after another.
    inputs: &'a [Fr],
    hashes: &'a mut [Fr],
}

impl<I: Isa> Kernel<I> for Hash<'_, Single<I>> {
    type Output = ();

    #[inline(always)]
    fn run(self, isa: I) {
        let table = self.table;
        let arity = table.width - 1;
        for (inputs, hashes) in self.inputs.chunks(8 * arity).zip(self.hashes.chunks_mut(8)) {
            let mut state = [I::Fr::zero(isa); WIDEST];
            state[0] = I::Fr::broadcast(isa, &table.start[0]);
            for i in 0..arity {
                let mut lanes = [Fr::ZERO; 8];
                for (lane, input) in lanes.iter_mut().zip(inputs.chunks_exact(arity)) {
                    *lane = input[i];
                }
                let constant = I::Fr::broadcast(isa, &table.start[i + 1]);
                state[i + 1] = I::Fr::from_plain(isa, &lanes).plus(&constant);
            }
            for mix in &table.opening {
                round(isa, mix, &mut state);
            }
            partial(isa, table, &mut state);
            for mix in &table.closing {
                round(isa, mix, &mut state);
            }
            let state = substituted::<I>(&state, table.width);
            let zero = I::Fr::zero(isa);
            let hash = I::Fr::weighted(isa, &table.last, &state[..table.width], &zero).to_plain();
            hashes.copy_from_slice(&hash[..hashes.len()]);
        }
    }
}

/// The S-boxes of a full round. The state must be below 9 p.
#[inline(always)]
fn substituted<I: Isa>(state: &[I::Fr; WIDEST], width: usize) -> [I::Fr; WIDEST] {
    let mut out = *state;
    for x in &mut out[..width] {
        *x = x.square().square().mul(x);
    }
    out
}

/// A full round, followed by the addition of the next round's constants. The state is then below
/// 2.2 p.
#[inline(always)]
fn round<I: Isa>(isa: I, mix: &Mix<Single<I>>, state: &mut [I::Fr; WIDEST]) {
    let width = mix.rows.len();
    let values = substituted::<I>(state, width);
    for ((element, row), constant) in state.iter_mut().zip(&mix.rows).zip(&mix.constants) {
        let constant = I::Fr::broadcast(isa, constant);
        *element = I::Fr::weighted(isa, row, &values[..width], &constant);
    }
}

/// The partial rounds. The state must come from [`round`] with `enter`, so that the addends of the
/// first rounds are below 2.2 p.
///
/// y stays below 6 p, by induction. kappa is at most 12, so kappa·y is below 72 p and v is below
/// 1.9 p. An inner product of up to 8 values of each kind is below 1.8 p. The next y is then below
/// (1.9 + 1.8 + 2.2) p = 5.9 p.
#[inline(always)]
fn partial<I: Isa>(isa: I, table: &Table<Single<I>>, state: &mut [I::Fr; WIDEST]) {
    round(isa, &table.enter, state);
    let n = table.width - 1;
    // The last n values of v, then the last n of y. Round k writes slot k mod n.
    let mut past = [I::Fr::zero(isa); 2 * WIDEST];
    let mut y = state[0];
    let mut slot = 0;
    for (k, constant) in table.constants.iter().enumerate() {
        past[n + slot] = y;
        let more = if k < n { state[k + 1] } else { I::Fr::broadcast(isa, constant) };
        let linear = I::Fr::weighted(isa, &table.step[slot], &past[..2 * n], &more);
        let mut multiple = y;
        for _ in 1..table.kappa {
            multiple = multiple.plus(&y);
        }
        let v = y.square().square().mul(&multiple);
        past[slot] = v;
        y = v.plus(&linear);
        slot = if slot + 1 == n { 0 } else { slot + 1 };
    }
    past[n + slot] = y;
    for ((element, row), constant) in
        state.iter_mut().zip(&table.leave.rows).zip(&table.leave.constants)
    {
        let constant = I::Fr::broadcast(isa, constant);
        *element = I::Fr::weighted(isa, row, &past[..2 * n], &constant);
    }
}
