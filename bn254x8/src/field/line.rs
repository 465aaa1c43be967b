//! Field elements in memory.

use bytemuck::{Pod, Zeroable};

/// A cache line: 64 bytes at a multiple of 64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C, align(64))]
pub struct Line(pub(crate) [u64; 8]);

/// A point's coordinates x and y as a table stores them: four words each, in the backend's
/// Montgomery form.
pub type Row1 = [Line; 1];
/// The same over Fq2: x.c0, x.c1, y.c0, y.c1.
pub type Row2 = [Line; 2];

/// A vector in memory: the limbs of c0, then those of c1. Elements are below p or
/// [reduced](super::Lanes), as the code that saved them states.
#[derive(Clone, Copy, Debug)]
pub struct SavedLanes(pub(super) [Line; 10]);
