//! Number-theoretic transforms over the scalar field.
//!
//! A transform of n = 8·m elements is one radix-8 step across eight blocks, followed by eight
//! transforms of m elements, one per lane, in radix-4 steps. The transform to coefficients
//! decimates in frequency, and the transform back decimates in time, so elements are never
//! reordered. In between, coefficients are in bit-reversed order, which does not matter for
//! pointwise operations.
//!
//! # Source
//! Gentleman and Sande (1966), Cooley and Tukey (1965); Montgomery products and lazy sums as in
//! `field`.

use std::{fmt, sync::Mutex};

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup as _, BigInt, FftField as _, Field as _, PrimeField as _};

use crate::{
    Backend, Error,
    backend::{Form, Isa, Kernel, Listed, Slots, dispatch},
    field::Lanes,
    reference,
};

/// Binary logarithm of the largest size that is not worth lanes. The reference evaluates those.
const SMALL: u32 = 5;
/// Vectors per block: a block stays in the first-level cache.
const BLOCK: usize = 64;

/// Transforms of one size onto one coset.
pub struct Ntt {
    backend: Backend,
    log_size: u32,
    shift: Fr,
    /// The tables in the backend's own form; empty for small sizes.
    tables: Slots<TablesForm>,
    /// Buffers that the next call reuses.
    buffers: Mutex<Slots<BuffersForm>>,
}

impl fmt::Debug for Ntt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ntt")
            .field("backend", &self.backend)
            .field("log_size", &self.log_size)
            .finish_non_exhaustive()
    }
}

impl Ntt {
    /// Computes the tables for 2^`log_size` elements and the coset that begins at `shift`.
    ///
    /// # Errors
    /// Returns an error if the field has no root of unity of that order, or if the CPU does
    /// not support the backend.
    pub fn new(backend: Backend, log_size: u32, shift: Fr) -> Result<Self, Error> {
        let root = 1u64.checked_shl(log_size).and_then(Fr::get_root_of_unity);
        let root =
            root.filter(|_| log_size <= Fr::TWO_ADICITY).ok_or(Error::Size { got: log_size })?;
        let tables = dispatch!(backend, isa => tables(isa, log_size, root, shift))?;
        Ok(Self { backend, log_size, shift, tables, buffers: Mutex::new(Slots::empty()) })
    }

    /// Number of elements in a transform.
    pub fn size(&self) -> usize {
        1 << self.log_size
    }

    /// Evaluates two polynomials on the coset and writes the products of their values, as integers.
    /// The polynomials are given by their values `a` and `b` on the subgroup.
    ///
    /// # Shapes
    /// `a` and `b` have at most as many elements as the domain; missing elements count as zero.
    /// `products` has exactly as many elements as the domain. Position i belongs to `shift * w^i`.
    ///
    /// # Errors
    /// Returns an error if there are too many values, or if `products` has another length.
    ///
    /// # Cost
    /// Four transforms. Those of `a` and `b` run on two threads if the pool has them.
    pub fn coset_products(
        &self,
        a: &[Fr],
        b: &[Fr],
        products: &mut [BigInt<4>],
    ) -> Result<(), Error> {
        let expected = self.size();
        for got in [products.len(), a.len().max(expected), b.len().max(expected)] {
            if got != expected {
                return Err(Error::Scalars { got, expected });
            }
        }
        dispatch!(self.backend, isa => self.products(isa, a, b, products))
    }

    fn products<I: Listed>(&self, isa: I, a: &[Fr], b: &[Fr], products: &mut [BigInt<4>]) {
        let Some(tables) = I::slot(&self.tables) else {
            return small(self.shift, a, b, products);
        };
        let kept = self.buffers.lock().ok();
        let kept = kept.and_then(|mut kept| I::slot_mut(&mut kept).as_mut()?.pop());
        let mut buffers =
            kept.unwrap_or_else(|| Box::new([(); 2].map(|()| Buffers::new(isa, tables))));
        let [x, y] = &mut *buffers;
        rayon::join(
            || isa.run(ToCoset { tables, values: a, buffers: x }),
            || isa.run(ToCoset { tables, values: b, buffers: y }),
        );
        isa.run(Products { x: &x.natural, y: &y.natural, products });
        for buffer in [&mut x.natural, &mut x.permuted, &mut y.natural, &mut y.permuted] {
            buffer.fill(Lanes::zero(isa));
        }
        if let Ok(mut kept) = self.buffers.lock() {
            // `black_box` keeps the compiler from removing the writes of zeros.
            I::slot_mut(&mut kept).get_or_insert_default().push(std::hint::black_box(buffers));
        }
    }
}

/// The same by the reference, for small sizes.
fn small(shift: Fr, a: &[Fr], b: &[Fr], products: &mut [BigInt<4>]) {
    let padded = |values: &[Fr]| {
        let mut values = values.to_vec();
        values.resize(products.len(), Fr::ZERO);
        reference::coset(&values, shift).unwrap_or_default()
    };
    let (a, b) = (padded(a), padded(b));
    for ((out, a), b) in products.iter_mut().zip(a).zip(b) {
        *out = (a * b).into_bigint();
    }
}

/// [`Tables`] for each backend.
struct TablesForm;

impl Form for TablesForm {
    type Of<I: Isa> = Tables<I::Fr>;
}

/// [`Buffers`] for each backend: a pair for each of the calls that ran concurrently.
struct BuffersForm;

impl Form for BuffersForm {
    type Of<I: Isa> = Vec<Box<[Buffers<I::Fr>; 2]>>;
}

/// The constants of a transform and of its inverse. With n = 8·m elements there are m vectors.
struct Tables<L: Lanes> {
    inverse: Twiddles<L>,
    forward: Twiddles<L>,
    /// shift^k / n for every coefficient k, in the order that decimation in frequency leaves.
    coset: Vec<L>,
}

struct Twiddles<L: Lanes> {
    /// For each binary logarithm of a size, the powers of the root of that order, up to half of
    /// them.
    powers: Vec<Vec<L::Single>>,
    /// Factors of the radix-8 step. In vector t, slot s holds w^(k·i) for i from 8t to 8t + 7, one
    /// per lane. Here k is s with its bits reversed.
    first: Vec<[L; 8]>,
    /// The powers 1 to 3 of the root of order 8.
    eighths: [L; 3],
}

fn tables<I: Listed>(isa: I, log_size: u32, root: Fr, shift: Fr) -> Slots<TablesForm> {
    let mut slots = Slots::empty();
    *I::slot_mut(&mut slots) = made(isa, log_size, root, shift);
    slots
}

fn made<I: Isa>(isa: I, log_size: u32, root: Fr, shift: Fr) -> Option<Tables<I::Fr>> {
    if log_size <= SMALL {
        return None;
    }
    let n = 1usize << log_size;
    let (back, scale) = (root.inverse()?, Fr::from(n as u64).inverse()?);
    let mut powers = Vec::with_capacity(n);
    let mut power = scale;
    for _ in 0..n {
        powers.push(power);
        power *= shift;
    }
    let m = n / 8;
    let coset = (0..m).map(|i| {
        let coefficient = |lane: usize| (lane * m + i).reverse_bits() >> (usize::BITS - log_size);
        let lanes: [Fr; 8] = std::array::from_fn(|lane| powers[coefficient(lane)]);
        I::Fr::from_plain(isa, &lanes)
    });
    Some(Tables {
        inverse: Twiddles::new(isa, log_size, back),
        forward: Twiddles::new(isa, log_size, root),
        coset: coset.collect(),
    })
}

impl<L: Lanes<Plain = Fr>> Twiddles<L> {
    fn new(isa: L::Isa, log_size: u32, root: Fr) -> Self {
        let (n, m) = (1usize << log_size, 1usize << (log_size - 3));
        let mut all = vec![Fr::ONE; n];
        for i in 1..n {
            all[i] = all[i - 1] * root;
        }
        let powers = (0..=log_size - 3).map(|log| {
            // The root of order 2^log is the power 2^(log_size - log) of the root of order
            // 2^log_size.
            (0..1usize << log >> 1).map(|i| L::single(&all[i << (log_size - log)])).collect()
        });
        let first = (0..m / 8).map(|t| {
            std::array::from_fn(|slot| {
                let k = slot.reverse_bits() >> (usize::BITS - 3);
                let lanes = std::array::from_fn(|lane| all[k * (8 * t + lane) % n]);
                L::from_plain(isa, &lanes)
            })
        });
        Self {
            powers: powers.collect(),
            first: first.collect(),
            eighths: [1, 2, 3].map(|k| L::splat(isa, &all[k * m])),
        }
    }
}

/// Buffers for one polynomial.
struct Buffers<L> {
    natural: Vec<L>,
    permuted: Vec<L>,
}

impl<L: Lanes> Buffers<L> {
    fn new(isa: L::Isa, tables: &Tables<L>) -> Self {
        let vectors = vec![L::zero(isa); tables.coset.len()];
        Self { natural: vectors.clone(), permuted: vectors }
    }
}

/// Transforms values on the subgroup to values on the coset.
struct ToCoset<'a, L: Lanes> {
    tables: &'a Tables<L>,
    values: &'a [Fr],
    buffers: &'a mut Buffers<L>,
}

impl<L: Lanes<Plain = Fr>> Kernel<L::Isa> for ToCoset<'_, L> {
    type Output = ();

    #[inline(always)]
    fn run(self, isa: L::Isa) {
        let Self { tables, values, buffers: Buffers { natural, permuted } } = self;
        for (vector, eight) in natural.iter_mut().enumerate() {
            let values = values.get(8 * vector..).unwrap_or(&[]);
            *eight = match values.first_chunk::<8>() {
                Some(values) => L::from_plain(isa, values),
                None => {
                    let lane = |lane: usize| values.get(lane).copied().unwrap_or(Fr::ZERO);
                    L::from_plain(isa, &std::array::from_fn(lane))
                }
            };
        }
        tables.inverse.to_coefficients(isa, natural, permuted);
        for (coefficient, power) in permuted.iter_mut().zip(&tables.coset) {
            *coefficient = coefficient.mul(power);
        }
        tables.forward.to_values(isa, permuted, natural);
    }
}

struct Products<'a, L> {
    x: &'a [L],
    y: &'a [L],
    products: &'a mut [BigInt<4>],
}

impl<L: Lanes> Kernel<L::Isa> for Products<'_, L> {
    type Output = ();

    #[inline(always)]
    fn run(self, _: L::Isa) {
        for ((out, x), y) in self.products.chunks_mut(8).zip(self.x).zip(self.y) {
            out.copy_from_slice(&x.mul(y).to_integers());
        }
    }
}

/// One radix-4 step on every block of `size` vectors, decimating in frequency or in time.
macro_rules! blocks {
    ($isa:ident, $twiddles:expr, $vectors:expr, $size:expr, $step:ident) => {{
        let (quarter, log) = ($size / 4, $size.trailing_zeros() as usize);
        let (outer, inner) = (&$twiddles.powers[log], &$twiddles.powers[log - 1]);
        for block in $vectors.chunks_exact_mut($size) {
            let (low, high) = block.split_at_mut(2 * quarter);
            let ((a, b), (c, d)) = (low.split_at_mut(quarter), high.split_at_mut(quarter));
            let columns = a.iter_mut().zip(b).zip(c).zip(d);
            let powers = outer.iter().zip(&outer[quarter..]).zip(inner);
            for ((((a, b), c), d), ((w0, w1), w2)) in columns.zip(powers) {
                let w0 = L::broadcast($isa, w0);
                let w1 = L::broadcast($isa, w1);
                let w2 = L::broadcast($isa, w2);
                $step!(a, b, c, d, w0, w1, w2);
            }
        }
    }};
}

macro_rules! frequency {
    ($a:ident, $b:ident, $c:ident, $d:ident, $w0:ident, $w1:ident, $w2:ident) => {{
        let (even, odd) = ($a.add($c), $b.add($d));
        let lower = $a.sub_lazy($c).mul(&$w0);
        let upper = $b.sub_lazy($d).mul(&$w1);
        *$a = even.add(&odd);
        *$b = even.sub_lazy(&odd).mul(&$w2);
        *$c = lower.add(&upper);
        *$d = lower.sub_lazy(&upper).mul(&$w2);
    }};
}

macro_rules! time {
    ($a:ident, $b:ident, $c:ident, $d:ident, $w0:ident, $w1:ident, $w2:ident) => {{
        let (right, left) = ($b.mul(&$w2), $d.mul(&$w2));
        let (even, odd) = ($a.add(&right), $a.sub(&right));
        let lower = $c.add(&left).mul(&$w0);
        let upper = $c.sub(&left).mul(&$w1);
        *$a = even.add(&lower);
        *$c = even.sub(&lower);
        *$b = odd.add(&upper);
        *$d = odd.sub(&upper);
    }};
}

/// A radix-2 step without factors.
macro_rules! butterfly {
    ($x:expr, $i:expr, $j:expr) => {{
        let (sum, difference) = ($x[$i].add(&$x[$j]), $x[$i].sub(&$x[$j]));
        $x[$i] = sum;
        $x[$j] = difference;
    }};
}

impl<L: Lanes<Plain = Fr>> Twiddles<L> {
    /// Transforms values in order to coefficients in bit-reversed order, without scaling.
    #[inline(always)]
    fn to_coefficients(&self, isa: L::Isa, from: &[L], to: &mut [L]) {
        let eighth = from.len() / 8;
        let [w1, w2, w3] = &self.eighths;
        for (t, factors) in self.first.iter().enumerate() {
            let mut x: [L; 8] = [
                from[t],
                from[t + eighth],
                from[t + 2 * eighth],
                from[t + 3 * eighth],
                from[t + 4 * eighth],
                from[t + 5 * eighth],
                from[t + 6 * eighth],
                from[t + 7 * eighth],
            ];
            butterfly!(x, 0, 4);
            butterfly!(x, 1, 5);
            butterfly!(x, 2, 6);
            butterfly!(x, 3, 7);
            x[5] = x[5].mul(w1);
            x[6] = x[6].mul(w2);
            x[7] = x[7].mul(w3);
            butterfly!(x, 0, 2);
            butterfly!(x, 1, 3);
            butterfly!(x, 4, 6);
            butterfly!(x, 5, 7);
            x[3] = x[3].mul(w2);
            x[7] = x[7].mul(w2);
            butterfly!(x, 0, 1);
            butterfly!(x, 2, 3);
            butterfly!(x, 4, 5);
            butterfly!(x, 6, 7);
            for slot in 1..8 {
                x[slot] = x[slot].mul(&factors[slot]);
            }
            to[8 * t..8 * t + 8].copy_from_slice(&L::transpose(x));
        }
        let mut size = to.len();
        while size > BLOCK {
            blocks!(isa, self, to, size, frequency);
            size /= 4;
        }
        for block in to.chunks_exact_mut(size) {
            let mut size = size;
            while size > 2 {
                blocks!(isa, self, block, size, frequency);
                size /= 4;
            }
            if size == 2 {
                for pair in block.chunks_exact_mut(2) {
                    butterfly!(pair, 0, 1);
                }
            }
        }
    }

    /// Transforms coefficients in bit-reversed order to values in order. Overwrites `from`.
    #[inline(always)]
    fn to_values(&self, isa: L::Isa, from: &mut [L], to: &mut [L]) {
        let log = from.len().trailing_zeros();
        let mut block = from.len();
        while block > BLOCK {
            block /= 4;
        }
        for block in from.chunks_exact_mut(block) {
            let mut size = 4;
            if log % 2 == 1 {
                for pair in block.chunks_exact_mut(2) {
                    butterfly!(pair, 0, 1);
                }
                size = 8;
            }
            while size <= block.len() {
                blocks!(isa, self, block, size, time);
                size *= 4;
            }
        }
        let mut size = 4 * block;
        while size <= from.len() {
            blocks!(isa, self, from, size, time);
            size *= 4;
        }
        let eighth = to.len() / 8;
        let [w1, w2, w3] = &self.eighths;
        for (t, factors) in self.first.iter().enumerate() {
            let eight = &from[8 * t..8 * t + 8];
            let mut x = L::transpose([
                eight[0], eight[1], eight[2], eight[3], eight[4], eight[5], eight[6], eight[7],
            ]);
            for slot in 1..8 {
                x[slot] = x[slot].mul(&factors[slot]);
            }
            butterfly!(x, 0, 1);
            butterfly!(x, 2, 3);
            butterfly!(x, 4, 5);
            butterfly!(x, 6, 7);
            x[3] = x[3].mul(w2);
            x[7] = x[7].mul(w2);
            butterfly!(x, 0, 2);
            butterfly!(x, 1, 3);
            butterfly!(x, 4, 6);
            butterfly!(x, 5, 7);
            x[5] = x[5].mul(w1);
            x[6] = x[6].mul(w2);
            x[7] = x[7].mul(w3);
            butterfly!(x, 0, 4);
            butterfly!(x, 1, 5);
            butterfly!(x, 2, 6);
            butterfly!(x, 3, 7);
            to[t] = x[0];
            to[t + eighth] = x[1];
            to[t + 2 * eighth] = x[2];
            to[t + 3 * eighth] = x[3];
            to[t + 4 * eighth] = x[4];
            to[t + 5 * eighth] = x[5];
            to[t + 6 * eighth] = x[6];
            to[t + 7 * eighth] = x[7];
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use ark_ff::UniformRand as _;
    use rand::{SeedableRng as _, rngs::StdRng};

    use super::*;
    use crate::backend::EmulatedIsa;

    /// Runs in emulation, so that all bounds are checked.
    #[test]
    fn coset_products_are_the_plain_ones() {
        let mut rng = StdRng::seed_from_u64(2);
        for log_size in 6..=10 {
            let (n, shift) = (1usize << log_size, Fr::rand(&mut rng));
            let [a, b] = [(); 2].map(|()| (0..n).map(|_| Fr::rand(&mut rng)).collect::<Vec<_>>());
            let root = Fr::get_root_of_unity(n as u64).unwrap();
            let ntt = Ntt {
                backend: Backend::Portable,
                log_size,
                shift,
                tables: tables(EmulatedIsa, log_size, root, shift),
                buffers: Mutex::new(Slots::empty()),
            };
            let (mut wanted, mut got) = (vec![BigInt::zero(); n], vec![BigInt::zero(); n]);
            small(shift, &a, &b, &mut wanted);
            ntt.products(EmulatedIsa, &a, &b, &mut got);
            assert!(got == wanted, "2^{log_size}");
        }
    }
}
