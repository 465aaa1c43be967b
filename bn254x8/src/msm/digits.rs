//! Scalars as signed digits, sorted by bucket.
//!
//! Entries of secret scalars tell the scalars: everything here is wiped when dropped.

use ark_ff::BigInt;

use super::Shape;

/// An entry names a row of the table; its top bit says that the row's negative is meant.
pub(super) const SIGN: u32 = 1 << 31;
/// A longer run of entries of one bucket is cut, so that no lane is left alone with it.
pub(super) const LONGEST: u32 = 160;
/// The low bits of a bucket's number, sorted by last.
const LOW: u32 = 8;

/// Entries of one bucket.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Slot {
    /// Where they begin among the sorted entries.
    pub(super) start: u32,
    /// How many they are.
    pub(super) length: u32,
    /// The bucket: its weight is one more.
    pub(super) bucket: u32,
    /// Whether the bucket has other slots, too.
    pub(super) shared: bool,
}

/// Sorted entries and the memory for sorting.
#[derive(Default)]
pub(super) struct Digits {
    /// Bucket and entry, in the order of the scalars.
    found: Vec<u64>,
    /// The same, in the order of the buckets' high bits.
    parted: Vec<u64>,
    /// The entries in the order of the buckets; [`LONGEST`] zeros follow, that name the first row.
    pub(super) entries: Vec<u32>,
    unordered: Vec<Slot>,
    /// Longest first.
    pub(super) slots: Vec<Slot>,
}

impl Digits {
    /// The digits of every `step`-th window from `first`, sorted. Scalars are of the bases from `base` on.
    pub(super) fn sort(&mut self, shape: &Shape, first: u32, base: usize, scalars: &[BigInt<4>]) {
        let buckets = 1usize << (shape.window - 1);
        let low = LOW.min(shape.window - 1);
        let mut parts = vec![0usize; (buckets >> low) + 1];
        self.find(shape, first, base, scalars, |bucket| parts[(bucket >> low) as usize + 1] += 1);
        for i in 1..parts.len() {
            parts[i] += parts[i - 1];
        }
        self.parted.clear();
        self.parted.resize(self.found.len(), 0);
        let mut ends = parts.clone();
        for &found in &self.found {
            let end = &mut ends[(found >> 32 >> low) as usize];
            self.parted[*end] = found;
            *end += 1;
        }
        self.entries.clear();
        self.entries.resize(self.found.len() + LONGEST as usize, 0);
        self.unordered.clear();
        let mut lengths = [0u32; LONGEST as usize + 1];
        for (part, bounds) in parts.windows(2).enumerate() {
            let part_entries = &self.parted[bounds[0]..bounds[1]];
            let mut ends = [0u32; 1 << LOW];
            let mask = (1u64 << low) - 1;
            for found in part_entries {
                ends[(found >> 32 & mask) as usize] += 1;
            }
            let mut start = bounds[0] as u32;
            for (i, end) in ends.iter_mut().enumerate() {
                let (mut left, shared) = (*end, *end > LONGEST);
                *end = start;
                while left > 0 {
                    let length = left.min(LONGEST);
                    let bucket = (part as u32) << low | i as u32;
                    self.unordered.push(Slot { start, length, bucket, shared });
                    lengths[length as usize] += 1;
                    start += length;
                    left -= length;
                }
            }
            for found in part_entries {
                let end = &mut ends[(found >> 32 & mask) as usize];
                self.entries[*end as usize] = *found as u32;
                *end += 1;
            }
        }
        self.order(&lengths);
    }

    /// The slots by length.
    fn order(&mut self, lengths: &[u32; LONGEST as usize + 1]) {
        let (mut ends, mut end) = ([0u32; LONGEST as usize + 1], 0);
        for length in (0..lengths.len()).rev() {
            ends[length] = end;
            end += lengths[length];
        }
        self.slots.clear();
        self.slots.resize(self.unordered.len(), Slot::default());
        for slot in &self.unordered {
            let end = &mut ends[slot.length as usize];
            self.slots[*end as usize] = *slot;
            *end += 1;
        }
    }

    /// Fills `found`. A digit is from -2^(window - 1) + 1 to 2^(window - 1); zeros make no entry.
    #[inline]
    fn find(
        &mut self,
        shape: &Shape,
        first: u32,
        base: usize,
        scalars: &[BigInt<4>],
        mut count: impl FnMut(u32),
    ) {
        let (bits, windows) = (shape.window, shape.windows());
        let (half, full) = (1u32 << (bits - 1), 1u32 << bits);
        self.found.clear();
        self.found.reserve(scalars.len() * shape.levels() as usize);
        for (i, scalar) in scalars.iter().enumerate() {
            let BigInt(w) = *scalar;
            let mut row = (base + i) as u32;
            let (mut carry, mut next) = (0, first);
            // Small scalars are many: nothing is above their last bit but a carry.
            let length = w
                .iter()
                .rposition(|word| *word != 0)
                .map_or(0, |top| 64 * top as u32 + 64 - w[top].leading_zeros());
            for window in 0..windows.min(length / bits + 2) {
                let at = window * bits;
                let (word, shift) = ((at >> 6) as usize, at & 63);
                let mut digit = w.get(word).map_or(0, |w| w >> shift);
                if shift + bits > 64 {
                    digit |= w.get(word + 1).map_or(0, |w| w << (64 - shift));
                }
                let digit = (digit as u32 & (full - 1)) + carry;
                let negative = digit > half;
                carry = u32::from(negative);
                let magnitude = if negative { full - digit } else { digit };
                if window != next {
                    continue;
                }
                next += shape.step;
                if magnitude != 0 {
                    let bucket = magnitude - 1;
                    count(bucket);
                    self.found.push(u64::from(bucket) << 32 | u64::from(row | carry << 31));
                }
                row += shape.bases as u32;
            }
        }
    }
}

impl Digits {
    /// Forgets the digits, not the room for them.
    pub(super) fn wipe(&mut self) {
        // Up to the capacity: what a longer sum left lies beyond the length.
        fn all<T: Copy>(values: &mut Vec<T>, zero: T) {
            values.clear();
            values.resize(values.capacity(), zero);
            // Whoever looks may see it, so the zeros are really written.
            std::hint::black_box(&mut *values);
            values.clear();
        }
        all(&mut self.found, 0);
        all(&mut self.parted, 0);
        all(&mut self.entries, 0);
        all(&mut self.unordered, Slot::default());
        all(&mut self.slots, Slot::default());
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
                digits.sort(&shape, first, 5, &scalars);
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
        digits.sort(&shape, 0, 0, &vec![BigInt::from(3u64); 1000]);
        assert!(digits.slots.iter().all(|slot| slot.shared && slot.bucket == 2));
        assert_eq!(digits.slots.iter().map(|slot| slot.length).sum::<u32>(), 1000);
        assert_eq!(digits.slots[0].length, LONGEST);
        digits.sort(&shape, 0, 0, &[]);
        assert!(digits.slots.is_empty());
    }
}
