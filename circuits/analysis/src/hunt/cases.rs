//! Case distinctions: a determined factor is zero, or it is not.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    propagation::{DeterminedBy, Hunt, scaled},
    space::pinned,
    system::{Form, constant},
};

/// Larger groups of rows are skipped.
const MOST: usize = 64;

impl Hunt<'_> {
    /// Examines rows with one determined factor in both cases. Returns whether anything is new.
    ///
    /// This determines the output of circomlib's `IsZero`: `in inv = 1 - out`, `in out = 0`. If
    /// `in` is zero, the first row says what `out` is; if not, the second does.
    pub(super) fn cases(&mut self) -> bool {
        // By the determined factor: the other factors and the products.
        let mut groups: BTreeMap<Form, Vec<(Form, Form)>> = BTreeMap::new();
        for (row, [a, b, c]) in self.system.rows.iter().enumerate() {
            let [open_a, open_b, open_c] = self.open[row];
            let (factor, other) = match (open_a, open_b) {
                (0, 0) => continue,
                (0, _) => (a, b),
                (_, 0) => (b, a),
                _ => continue,
            };
            if constant(factor).is_none() && open_a + open_b + open_c <= MOST as u32 {
                let parts = (self.open_part(other), self.open_part(c));
                groups.entry(scaled(factor)).or_default().push(parts);
            }
        }
        let mut found = BTreeSet::new();
        for rows in groups.into_values().filter(|rows| rows.len() <= MOST) {
            let zero = pinned(rows.iter().map(|(_, product)| product.clone()));
            if !zero.is_empty() {
                found.extend(&zero & &when_not_zero(&rows));
            }
        }
        for wire in &found {
            self.know(*wire, DeterminedBy::Case);
        }
        !found.is_empty()
    }
}

/// Returns what rows determine if their common factor is determined and not zero.
fn when_not_zero(rows: &[(Form, Form)]) -> BTreeSet<u32> {
    let mut known = BTreeSet::new();
    loop {
        let open = |form: &Form| -> Form {
            form.iter().filter(|(wire, _)| !known.contains(wire)).copied().collect()
        };
        let equations = rows.iter().filter_map(|(other, product)| {
            let (other, product) = (open(other), open(product));
            match (other.is_empty(), product.is_empty()) {
                (true, false) => Some(product),
                (false, true) => Some(other),
                _ => None,
            }
        });
        let new = pinned(equations);
        if new.is_empty() {
            return known;
        }
        known.extend(new);
    }
}
