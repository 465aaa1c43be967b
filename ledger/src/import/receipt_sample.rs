//! A number of receipts, with some of them as examples.

use std::collections::BTreeSet;

use crate::append::donation::lossy;

/// How many receipts are named as examples.
const EXAMPLES: usize = 3;

/// How many receipts there are, and the first three by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReceiptSample {
    /// How many receipts there are.
    pub count: u64,
    /// The first of them, by name.
    pub first: BTreeSet<String>,
}

impl ReceiptSample {
    pub(super) fn push(&mut self, receipt: &[u8]) {
        self.append(Self { count: 1, first: [lossy(receipt)].into() });
    }

    pub(super) fn append(&mut self, other: Self) {
        self.count += other.count;
        self.first.extend(other.first);
        while self.first.len() > EXAMPLES {
            self.first.pop_last();
        }
    }
}
