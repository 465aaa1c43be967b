//! Overwriting what a sum leaves in memory.

use std::mem::MaybeUninit;

/// Memory that is overwritten and kept.
pub trait Wipe {
    /// Overwrites everything that could reveal a scalar, and keeps the allocations.
    fn wipe(&mut self);
}

/// Empties a vector and writes zeros over its entire allocation.
pub(super) fn wipe<T>(values: &mut Vec<T>) {
    values.clear();
    for value in values.spare_capacity_mut() {
        *value = MaybeUninit::zeroed();
    }
    // `black_box` keeps the compiler from removing the writes of zeros.
    std::hint::black_box(values);
}
