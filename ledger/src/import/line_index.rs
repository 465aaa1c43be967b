//! Finds the line of a file that a donation is on.

use std::collections::BTreeMap;

/// The lines of a file that donations are on, by the donations' numbers in the ledger.
///
/// # Cost
/// Memory: one entry for each run of donations whose numbers and lines both grow by one. A file
/// that is new, or that was imported before, is one run, except for its blank and bad rows.
#[derive(Debug, Default)]
pub(super) struct LineIndex {
    // The first number of each run, with its line and the length of the run.
    runs: BTreeMap<i64, (u64, u64)>,
}

impl LineIndex {
    /// The line of a donation, if it is in the file.
    pub(super) fn line(&self, number: i64) -> Option<u64> {
        let (first, (line, count)) = self.runs.range(..=number).next_back()?;
        let at = number.abs_diff(*first);
        (at < *count).then_some(line + at)
    }

    /// Adds a donation that is not in the index yet.
    pub(super) fn push(&mut self, number: i64, line: u64) {
        if let Some((first, (start, count))) = self.runs.range_mut(..=number).next_back()
            && number.abs_diff(*first) == *count
            && *start + *count == line
        {
            *count += 1;
            return;
        }
        self.runs.insert(number, (line, 1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_by_number_in_any_order_of_arrival() {
        let mut lines = LineIndex::default();
        let pairs = [(5, 2), (6, 3), (8, 4), (1, 5), (2, 6), (7, 9), (3, 7), (9, 5)];
        for (number, line) in pairs {
            assert_eq!(lines.line(number), None, "{number}");
            lines.push(number, line);
        }
        for (number, line) in pairs {
            assert_eq!(lines.line(number), Some(line), "{number}");
        }
        assert_eq!([0, 4, 10].map(|number| lines.line(number)), [None; 3]);
        // The runs are 5 to 6, 8 to 9, 1 to 3, and 7.
        assert_eq!(lines.runs.len(), 4);
    }
}
