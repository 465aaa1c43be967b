//! All combinations that are determined, as a vector space.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field};

use super::{
    propagation::{DeterminedBy, Hunt},
    system::Form,
};

/// Combinations of more open wires are skipped.
const MOST: usize = 400;

/// The determined combinations of open wires: reduced rows, each under its pivot, which stands in
/// no other row.
///
/// A combination is determined if it is a sum of rows, although none of its wires need be. circom
/// leaves out linear rows, and writes what they gave as a combination wherever it is used.
#[derive(Default)]
pub(super) struct Space {
    rows: BTreeMap<u32, BTreeMap<u32, Fr>>,
    // By wire, the pivots of the rows in which it stands.
    holders: HashMap<u32, BTreeSet<u32>>,
}

impl Space {
    /// Returns what is left of a combination after subtracting the rows.
    fn reduced(&self, form: &[(u32, Fr)]) -> BTreeMap<u32, Fr> {
        let mut out: BTreeMap<u32, Fr> = form.iter().copied().collect();
        for (wire, k) in form {
            if let Some(row) = self.rows.get(wire) {
                subtract(&mut out, *k, row);
            }
        }
        out
    }

    /// Whether a combination is a sum of rows.
    fn contains(&self, form: &[(u32, Fr)]) -> bool {
        // A wire that stands in no row is in no sum of rows.
        form.iter().all(|(wire, _)| self.holders.get(wire).is_some_and(|rows| !rows.is_empty()))
            && self.reduced(form).is_empty()
    }

    /// Adds a combination. Returns the wires that are now determined.
    fn add(&mut self, form: &[(u32, Fr)]) -> BTreeSet<u32> {
        let mut row = self.reduced(form);
        let mut single = BTreeSet::new();
        let Some((pivot, scale)) =
            row.iter().next().and_then(|(wire, k)| Some((*wire, k.inverse()?)))
        else {
            return single;
        };
        row.values_mut().for_each(|k| *k *= scale);
        for other in self.holders.get(&pivot).cloned().unwrap_or_default() {
            let Some(mut changed) = self.take(other) else { continue };
            let k = changed.get(&pivot).copied().unwrap_or(Fr::ZERO);
            subtract(&mut changed, k, &row);
            if changed.len() == 1 {
                single.insert(other);
            }
            self.put(other, changed);
        }
        if row.len() == 1 {
            single.insert(pivot);
        }
        self.put(pivot, row);
        single
    }

    /// Forgets a wire that is known. Returns what else this determines.
    fn forget(&mut self, wire: u32) -> BTreeSet<u32> {
        let mut single = BTreeSet::new();
        for pivot in self.holders.remove(&wire).unwrap_or_default() {
            let Some(mut row) = self.take(pivot) else { continue };
            row.remove(&wire);
            if pivot == wire {
                let form: Form = row.into_iter().collect();
                single.extend(self.add(&form));
            } else {
                if row.len() == 1 {
                    single.insert(pivot);
                }
                self.put(pivot, row);
            }
        }
        single
    }

    fn take(&mut self, pivot: u32) -> Option<BTreeMap<u32, Fr>> {
        let row = self.rows.remove(&pivot)?;
        for wire in row.keys() {
            if let Some(holders) = self.holders.get_mut(wire) {
                holders.remove(&pivot);
            }
        }
        Some(row)
    }

    fn put(&mut self, pivot: u32, row: BTreeMap<u32, Fr>) {
        for wire in row.keys() {
            self.holders.entry(*wire).or_default().insert(pivot);
        }
        self.rows.insert(pivot, row);
    }
}

impl Hunt<'_> {
    /// Adds what is new to the space of determined combinations, and looks for wires and factors in
    /// it. Returns whether anything is new.
    pub(super) fn spaces(&mut self) -> bool {
        let mut found = false;
        while self.update_space() {
            found = true;
            self.simple_rules();
        }
        // From where the last one was found: the rounds of a hash follow one another.
        let rows = self.system.rows.len();
        let mut missed = 0;
        while missed < rows {
            let row = self.next_row % rows;
            self.next_row = row + 1;
            if !self.factors_in_space(row) {
                missed += 1;
                continue;
            }
            (found, missed) = (true, 0);
            self.simple_rules();
            while self.update_space() {
                self.simple_rules();
            }
        }
        found
    }

    /// Brings the space up to date. Returns whether it found a wire.
    fn update_space(&mut self) -> bool {
        let mut single = BTreeSet::new();
        for wire in std::mem::take(&mut self.newly_known) {
            single.extend(self.space.forget(wire));
        }
        while self.in_space < self.equations.len() {
            let equation = &self.equations[self.in_space];
            self.in_space += 1;
            if (2..=MOST).contains(&equation.open) {
                let open = self.open_part(&equation.form);
                single.extend(self.space.add(&open));
            }
        }
        let mut found = false;
        for wire in single {
            found |= self.is_open(wire);
            self.know(wire, DeterminedBy::System);
        }
        found
    }

    /// Whether a factor of a row is determined although its wires are open. The row then counts it
    /// as closed.
    fn factors_in_space(&mut self, row: usize) -> bool {
        let mut found = false;
        for place in 0..2 {
            if !(1..=MOST as u32).contains(&self.open[row][place]) {
                continue;
            }
            let open = self.open_part(&self.system.rows[row][place]);
            if self.space.contains(&open) {
                self.close(row, place);
                found = true;
            }
        }
        found
    }
}

fn subtract(from: &mut BTreeMap<u32, Fr>, factor: Fr, other: &BTreeMap<u32, Fr>) {
    for (wire, k) in other {
        let entry = from.entry(*wire).or_insert(Fr::ZERO);
        *entry -= factor * k;
        if *entry == Fr::ZERO {
            from.remove(wire);
        }
    }
}

/// Returns the wires that have one value if each of `forms` has one.
pub(super) fn pinned(forms: impl IntoIterator<Item = Form>) -> BTreeSet<u32> {
    let mut space = Space::default();
    for form in forms {
        space.add(&form);
    }
    space.rows.into_iter().filter(|(_, row)| row.len() == 1).map(|(pivot, _)| pivot).collect()
}
