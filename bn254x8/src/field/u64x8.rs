//! Vectors of eight 64-bit words, of which limbs are made.

use super::Line;

/// Eight words of 64 bits. A value exists only on a machine that has the instructions for it: it is
/// made from a [`U64x8::Token`] or from another value.
///
/// All arithmetic wraps.
pub trait U64x8: Copy + Send + Sync + 'static {
    /// Proof that the CPU has the instructions.
    type Token: Copy + Send + Sync + 'static;

    /// The same word in every lane.
    fn from_word(token: Self::Token, word: u64) -> Self;
    /// Loads the words of a line.
    fn from_line(token: Self::Token, line: &Line) -> Self;
    /// Stores the words as a line.
    fn store(self) -> Line;
    /// The same word in every lane. `self` only proves that the instructions exist.
    fn splat(self, word: u64) -> Self;
    /// Loads eight words. `self` only proves that the instructions exist.
    fn load(self, line: &[u64; 8]) -> Self;

    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn and(self, other: Self) -> Self;
    fn or(self, other: Self) -> Self;
    fn shl<const N: u32>(self) -> Self;
    fn shr<const N: u32>(self) -> Self;
    /// Arithmetic shift right: copies the sign bit into the vacated bits.
    fn sar<const N: u32>(self) -> Self;
    /// The low word of (`high`:`self`) shifted right.
    fn funnel<const N: u32>(self, high: Self) -> Self;
    /// Adds bits 0 to 51 of the product of the low 52 bits of `a` and `b`.
    fn add_low(self, a: Self, b: Self) -> Self;
    /// Adds bits 52 to 103 of that product.
    fn add_high(self, a: Self, b: Self) -> Self;
    /// Table lookup: lane i becomes `table[self[i] mod 8]`.
    fn lookup(self, table: &[u64; 8]) -> Self;
    /// Permutes lanes: lane i of the result is lane `order[i]`. Entries of `order` must be below 8.
    fn permute(self, order: &[u64; 8]) -> Self;
    /// Takes the lanes whose bit is set from `other`, and the rest from `self`.
    fn select(self, lanes: u8, other: Self) -> Self;
    /// The lanes that are zero, as a bit mask.
    fn zeros(self) -> u8;
    /// The lanes whose top bit is set, as a bit mask.
    fn negatives(self) -> u8;
    /// Transposes: lane j of row i becomes lane i of row j.
    fn transpose(rows: [Self; 8]) -> [Self; 8];
}
