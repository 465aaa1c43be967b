//! Splits scalars into signed digits and sorts them by bucket.
//!
//! The entries of secret scalars reveal the scalars, so everything here is wiped when dropped.

use ark_ff::BigInt;

use super::{shape::Shape, wipe::wipe};
use crate::backend::{Isa, Kernel};

/// The longest run of entries in one slot. A bucket with more entries gets several slots, so that
/// no lane keeps working alone.
pub(super) const LONGEST: u32 = 160;
/// The low bits of a bucket's number, which are sorted last.
const LOW: u32 = 8;
/// Words of a scalar after half of a digit's range was added in every position.
const WORDS: usize = 5;

/// A run of entries of one bucket.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Slot {
    /// Where the run begins among the sorted entries.
    pub(super) start: u32,
    /// Number of entries.
    pub(super) length: u32,
    /// The bucket. Its weight is this number plus one.
    pub(super) bucket: u32,
    /// Whether the bucket has other slots as well.
    pub(super) shared: bool,
}

/// The sorted entries, and the memory for sorting. Only the first part of `sums`, `level`, `parted`
/// and `entries` is in use.
#[derive(Default)]
pub(super) struct Digits {
    /// The long scalars with half of each digit's range added, stored word by word: first all
    /// lowest words, and so on.
    sums: Vec<u64>,
    /// The positions of the long scalars.
    long: Vec<u32>,
    /// Magnitude and entry of each scalar that fits into one digit.
    short: Vec<[u32; 2]>,
    /// One digit of each sum: its magnitude, with its sign in the lowest bit.
    level: Vec<u32>,
    /// Low bits of the bucket, sign and row, ordered by the bucket's high bits.
    parted: Vec<u32>,
    /// For each part, where its filled region ends. `starts` holds where each part begins.
    ends: Vec<u32>,
    starts: Vec<u32>,
    /// The entries, ordered by bucket.
    pub(super) entries: Vec<u32>,
    unordered: Vec<Slot>,
    /// The slots, longest first.
    pub(super) slots: Vec<Slot>,
}

/// The kernel that sorts the digits of every `step`-th window, starting at `first`. Scalar i
/// belongs to base `base + i`.
pub(super) struct Sort<'a> {
    pub(super) digits: &'a mut Digits,
    pub(super) shape: &'a Shape,
    pub(super) first: u32,
    pub(super) base: usize,
    pub(super) scalars: &'a [BigInt<4>],
}

impl<I: Isa> Kernel<I> for Sort<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self, _: I) {
        let Self { digits, shape, first, base, scalars } = self;
        let rows = usize::BITS - shape.rows().leading_zeros();
        // Low bits, sign and row must fit into one word. Rows are below 2^31.
        let low = LOW.min(shape.window - 1).min(31 - rows.min(31));
        digits.add_halves(shape, first, base, scalars);
        digits.part(shape, first, low);
        digits.finish(low);
    }
}

impl Digits {
    /// Adds half of a digit's range in every position. A signed digit, from -2^(window - 1) to
    /// 2^(window - 1) - 1, is then an unsigned digit of the sum minus that half, and no digit
    /// depends on a carry from a lower one.
    #[inline(always)]
    fn add_halves(&mut self, shape: &Shape, first: u32, base: usize, scalars: &[BigInt<4>]) {
        let half = 1u64 << (shape.window - 1);
        let mut halves = [0u64; WORDS];
        for place in 0..shape.windows() {
            let bit = place * shape.window + shape.window - 1;
            halves[(bit / 64) as usize] |= 1 << (bit % 64);
        }
        room(&mut self.long, scalars.len());
        room(&mut self.short, scalars.len());
        for (i, BigInt(w)) in scalars.iter().enumerate() {
            let at = (base + i) as u32;
            // Many scalars are small.
            if w[1] | w[2] | w[3] != 0 || w[0] > half {
                self.long.push(at);
            } else if w[0] != 0 && first == 0 {
                self.short.push([w[0] as u32, at]);
            }
        }
        let count = self.long.len();
        lengthen(&mut self.sums, WORDS * count);
        lengthen(&mut self.level, count);
        let (s0, rest) = self.sums[..WORDS * count].split_at_mut(count);
        let (s1, rest) = rest.split_at_mut(count);
        let (s2, rest) = rest.split_at_mut(count);
        let (s3, s4) = rest.split_at_mut(count);
        for (i, at) in self.long.iter().enumerate() {
            let BigInt(w) = scalars[*at as usize - base];
            let (sum, carry) = add(w[0], halves[0], false);
            s0[i] = sum;
            let (sum, carry) = add(w[1], halves[1], carry);
            s1[i] = sum;
            let (sum, carry) = add(w[2], halves[2], carry);
            s2[i] = sum;
            let (sum, carry) = add(w[3], halves[3], carry);
            s3[i] = sum;
            s4[i] = halves[4] + u64::from(carry);
        }
    }

    /// Extracts one digit of every long scalar.
    #[inline(always)]
    fn fill_level(&mut self, window: u32, place: u32) {
        let count = self.long.len();
        let (half, mask) = (1u32 << (window - 1), (1u32 << window) - 1);
        let (word, shift) = ((place * window / 64) as usize, place * window % 64);
        let low = &self.sums[word * count..][..count];
        // If the digit ends within its word, the mask removes everything from the next word. Any
        // word will then do.
        let next = if shift + window > 64 { word + 1 } else { word };
        let high = &self.sums[next * count..][..count];
        for ((level, low), high) in self.level[..count].iter_mut().zip(low).zip(high) {
            let digit = (low >> shift | high << 1 << (63 - shift)) as u32 & mask;
            let (up, down) = (digit.wrapping_sub(half), half.wrapping_sub(digit));
            *level = if digit < half { down << 1 | 1 } else { up << 1 };
        }
    }

    /// Distributes all digits by the high bits of their buckets. `starts` holds where each part
    /// begins. Zeros form a part of their own, the first.
    #[inline(always)]
    fn part(&mut self, shape: &Shape, first: u32, low: u32) {
        let (window, count) = (shape.window, self.long.len());
        // Rounds up: magnitude 0 is in part 0, magnitudes 1 to 2^low are in part 1, and so on.
        let round = (1u32 << low) - 1;
        let parts = (1usize << (window - 1) >> low) + 2;
        room(&mut self.ends, parts);
        self.ends.resize(parts, 0);
        for [magnitude, _] in &self.short {
            self.ends[((magnitude + round) >> low) as usize + 1] += 1;
        }
        for place in (first..shape.windows()).step_by(shape.step as usize) {
            self.fill_level(window, place);
            let Self { ends, level, .. } = &mut *self;
            for digit in &level[..count] {
                ends[((digit / 2 + round) >> low) as usize + 1] += 1;
            }
        }
        for i in 1..parts {
            self.ends[i] += self.ends[i - 1];
        }
        room(&mut self.starts, parts);
        self.starts.extend_from_slice(&self.ends);
        let all = self.starts.last().map_or(0, |end| *end as usize);
        lengthen(&mut self.parted, all);
        lengthen(&mut self.entries, all);
        let low_bits = |magnitude: u32| (magnitude.wrapping_sub(1) & round) << (31 - low) << 1;
        let sign_bit = 31 - low;
        let Self { short, ends, parted, .. } = &mut *self;
        for [magnitude, row] in short {
            let end = &mut ends[((*magnitude + round) >> low) as usize];
            parted[*end as usize] = low_bits(*magnitude) | *row;
            *end += 1;
        }
        let mut level_base = 0;
        for place in (first..shape.windows()).step_by(shape.step as usize) {
            self.fill_level(window, place);
            let Self { long, level, ends, parted, .. } = &mut *self;
            for (digit, at) in level[..count].iter().zip(&*long) {
                let (magnitude, sign) = (digit / 2, digit & 1);
                let end = &mut ends[((magnitude + round) >> low) as usize];
                parted[*end as usize] = low_bits(magnitude) | sign << sign_bit | (level_base + at);
                *end += 1;
            }
            level_base += shape.bases as u32;
        }
    }

    /// Sorts within each part.
    #[inline(always)]
    fn finish(&mut self, low: u32) {
        // One slot for each bucket, and one for each full slot of a long bucket.
        let buckets = self.starts.len().saturating_sub(2) << low;
        let all = self.starts.last().map_or(0, |end| *end as usize);
        room(&mut self.unordered, buckets + all / LONGEST as usize);
        let mut lengths = [0u32; LONGEST as usize + 1];
        let (sign_bit, row_mask) = (31 - low, (1u32 << (31 - low)) - 1);
        let round = (1usize << low) - 1;
        for (part, bounds) in self.starts.windows(2).enumerate().skip(1) {
            let bounds = bounds[0] as usize..bounds[1] as usize;
            let from = &self.parted[bounds.clone()];
            let to = &mut self.entries[bounds.clone()];
            let mut ends = [0u32; 1 << LOW];
            for found in from {
                ends[(u64::from(*found) << low >> 32) as usize & ((1 << LOW) - 1)] += 1;
            }
            let mut start = 0;
            for (i, end) in ends[..=round].iter_mut().enumerate() {
                let (mut left, shared) = (*end, *end > LONGEST);
                *end = start;
                while left > 0 {
                    let length = left.min(LONGEST);
                    let bucket = (part as u32 - 1) << low | i as u32;
                    let first = bounds.start as u32 + start;
                    self.unordered.push(Slot { start: first, length, bucket, shared });
                    lengths[length as usize] += 1;
                    start += length;
                    left -= length;
                }
            }
            for found in from {
                let low_bits = (u64::from(*found) << low >> 32) as usize & ((1 << LOW) - 1);
                let end = &mut ends[low_bits];
                to[*end as usize] = found & row_mask | found >> sign_bit << 31;
                *end += 1;
            }
        }
        self.order(&lengths);
    }

    /// Orders the slots by length.
    #[inline(always)]
    fn order(&mut self, lengths: &[u32; LONGEST as usize + 1]) {
        let (mut ends, mut end) = ([0u32; LONGEST as usize + 1], 0);
        for length in (0..lengths.len()).rev() {
            ends[length] = end;
            end += lengths[length];
        }
        room(&mut self.slots, self.unordered.len());
        self.slots.resize(self.unordered.len(), Slot::default());
        for slot in &self.unordered {
            let end = &mut ends[slot.length as usize];
            self.slots[*end as usize] = *slot;
            *end += 1;
        }
    }
}

/// Makes the vector at least this long. Its old contents are not kept.
fn lengthen<T: Copy + Default>(values: &mut Vec<T>, length: usize) {
    if values.len() < length {
        room(values, length);
        values.resize(length, T::default());
    }
}

/// Empties the vector and reserves room. Memory that must be returned to the allocator is wiped
/// first.
fn room<T>(values: &mut Vec<T>, length: usize) {
    if values.capacity() < length {
        wipe(values);
        values.reserve_exact(length);
    }
    values.clear();
}

/// The sum, and the carry.
#[inline(always)]
fn add(a: u64, b: u64, carry: bool) -> (u64, bool) {
    let (sum, first) = a.overflowing_add(b);
    let (sum, second) = sum.overflowing_add(u64::from(carry));
    (sum, first | second)
}

impl Digits {
    /// Overwrites the digits, and keeps the allocations.
    pub(super) fn wipe(&mut self) {
        wipe(&mut self.sums);
        wipe(&mut self.long);
        wipe(&mut self.short);
        wipe(&mut self.level);
        wipe(&mut self.ends);
        wipe(&mut self.starts);
        wipe(&mut self.parted);
        wipe(&mut self.entries);
        wipe(&mut self.unordered);
        wipe(&mut self.slots);
    }
}

impl Drop for Digits {
    fn drop(&mut self) {
        self.wipe();
    }
}

#[cfg(test)]
mod tests {
    use ark_bn254::Fr;
    use ark_ff::{PrimeField as _, UniformRand as _};
    use rand::{SeedableRng as _, rngs::StdRng};

    use super::*;
    use crate::{backend::portable::Portable, msm::shape::SIGN};

    fn sort(digits: &mut Digits, shape: &Shape, first: u32, base: usize, scalars: &[BigInt<4>]) {
        Portable.run(Sort { digits, shape, first, base, scalars });
    }

    #[test]
    fn entries_add_up_to_the_scalars() {
        let mut rng = StdRng::seed_from_u64(1);
        for (window, step) in [(4, 1), (5, 3), (8, 2), (13, 1), (15, 4), (18, 15)] {
            let shape = Shape { bases: 70, window, step };
            let mut scalars: Vec<BigInt<4>> =
                (0..60).map(|_| Fr::rand(&mut rng).into_bigint()).collect();
            let largest = Fr::from(-1i64).into_bigint();
            let half = BigInt::from(1u64 << (window - 1));
            scalars.extend([BigInt::from(0u64), BigInt::from(1u64), largest, half]);
            let mut sums = vec![Fr::from(0u64); scalars.len()];
            let mut digits = Digits::default();
            for first in 0..step {
                sort(&mut digits, &shape, first, 5, &scalars);
                assert!(digits.slots.windows(2).all(|pair| pair[0].length >= pair[1].length));
                for slot in &digits.slots {
                    let range = slot.start as usize..(slot.start + slot.length) as usize;
                    for entry in &digits.entries[range] {
                        let (row, sign) = (entry & !SIGN, entry & SIGN);
                        let (level, base) = (row as usize / 70, row as usize % 70);
                        let bit = (first as usize + level * step as usize) * window as usize;
                        let mut power = BigInt::<4>::from(1u64);
                        power <<= bit as u32;
                        let value = Fr::from(power) * Fr::from(slot.bucket as u64 + 1);
                        sums[base - 5] += if sign == 0 { value } else { -value };
                    }
                }
            }
            for (sum, scalar) in sums.iter().zip(&scalars) {
                assert_eq!(sum.into_bigint(), *scalar, "window {window}, step {step}");
            }
        }
    }

    #[test]
    fn long_buckets_are_cut() {
        let shape = Shape { bases: 1000, window: 6, step: 1 };
        let mut digits = Digits::default();
        sort(&mut digits, &shape, 0, 0, &[BigInt::from(3u64); 1000]);
        assert!(digits.slots.iter().all(|slot| slot.shared && slot.bucket == 2));
        assert_eq!(digits.slots.iter().map(|slot| slot.length).sum::<u32>(), 1000);
        assert_eq!(digits.slots[0].length, LONGEST);
        sort(&mut digits, &shape, 0, 0, &[]);
        assert!(digits.slots.is_empty());
    }
}
