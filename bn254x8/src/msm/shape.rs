//! The layout of a table.

use std::ops::Range;

use crate::{Error, field::Row2};

/// An entry names a row of the table. Its top bit means that the row's point is negated.
pub(super) const SIGN: u32 = 1 << 31;

/// The layout of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Number of bases.
    pub bases: usize,
    /// Bits of a digit.
    pub window: u32,
    /// Each base has a row for every `step`-th window. A step of 1 is fastest. A step of all
    /// windows is smallest: the table then holds only the bases.
    pub step: u32,
}

impl Shape {
    /// The supported bits of a digit.
    pub const WINDOWS: Range<u32> = 4..19;

    /// Number of digits of a scalar.
    pub fn windows(&self) -> u32 {
        255u32.div_ceil(self.window)
    }

    /// Number of rows for each base.
    pub fn levels(&self) -> u32 {
        self.windows().div_ceil(self.step)
    }

    /// Number of rows in the table: all bases at the first level, then all at the second, and so
    /// on.
    pub fn rows(&self) -> usize {
        self.bases * self.levels() as usize
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        if !Self::WINDOWS.contains(&self.window) {
            return Err(Error::Window { got: self.window });
        }
        if self.step == 0 || self.step > self.windows() {
            return Err(Error::Step { got: self.step, limit: self.windows() });
        }
        let limit = SIGN as usize;
        let rows = self.bases.checked_mul(self.levels() as usize);
        // The size in bytes must fit into a usize, too. On 32-bit machines that is the lower limit.
        match rows.filter(|rows| rows.checked_mul(size_of::<Row2>()).is_some()) {
            Some(rows) if rows < limit => Ok(()),
            rows => Err(Error::Rows { got: rows.unwrap_or(usize::MAX), limit }),
        }
    }
}
