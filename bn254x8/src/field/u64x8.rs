//! Eight 64-bit words at a time: what the limbs are made of.

use super::Line;

/// Eight words of 64 bits. One exists only on a machine that has the instructions for it: the first is made from its
/// [`U64x8::Token`], all others from another.
///
/// All arithmetic wraps.
pub trait U64x8: Copy + Send + Sync + 'static {
    /// Whoever has it runs on a machine with the instructions.
    type Token: Copy + Send + Sync + 'static;

    /// The same word in every lane.
    fn from_word(token: Self::Token, word: u64) -> Self;
    /// The words of a line.
    fn from_line(token: Self::Token, line: &Line) -> Self;
    /// The words as a line.
    fn store(self) -> Line;
    /// The same word in every lane, made from another.
    fn splat(self, word: u64) -> Self;
    /// The words of a line, made from another.
    fn load(self, line: &[u64; 8]) -> Self;

    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn and(self, other: Self) -> Self;
    fn or(self, other: Self) -> Self;
    fn shl<const N: u32>(self) -> Self;
    fn shr<const N: u32>(self) -> Self;
    /// Shifts in the sign.
    fn sar<const N: u32>(self) -> Self;
    /// The low word of (`high`:`self`) shifted right.
    fn funnel<const N: u32>(self, high: Self) -> Self;
    /// Adds the low 52 bits of the product of the factors' low 52 bits.
    fn add_low(self, a: Self, b: Self) -> Self;
    /// Adds the product's bits 52 to 103.
    fn add_high(self, a: Self, b: Self) -> Self;
    /// Lane i gets `table[self[i] mod 8]`.
    fn lookup(self, table: &[u64; 8]) -> Self;
    /// Lane i gets lane `order[i]`, which is below 8.
    fn permute(self, order: &[u64; 8]) -> Self;
    /// Lanes whose bit is set come from `other`.
    fn select(self, lanes: u8, other: Self) -> Self;
    /// Lanes that are zero.
    fn zeros(self) -> u8;
    /// Lanes whose top bit is set.
    fn negatives(self) -> u8;
    /// Lane j of row i becomes lane i of row j.
    fn transpose(rows: [Self; 8]) -> [Self; 8];
}
