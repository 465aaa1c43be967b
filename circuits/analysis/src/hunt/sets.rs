//! Wires that can have only a few values, whatever the inputs are.

use std::collections::HashMap;

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field};

use super::{
    polynomial::{self, MAX_DEGREE, Polynomial, roots},
    system::{Form, Row, System, constant, direction},
};

/// The values `low + step k` for `k` from 0 to below `2^bits`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) low: Fr,
    pub(super) step: Fr,
    pub(super) bits: u32,
}

/// What rows say about single wires, or single combinations of wires.
pub(super) struct Sets {
    /// By wire. Wires past the system's own stand for one combination each.
    pub(super) ranges: Vec<Option<Range>>,
    /// Combinations that are zero.
    pub(super) zero: Vec<Form>,
}

impl Sets {
    pub(super) fn new(system: &System) -> Self {
        let mut sets = Self { ranges: vec![None; system.wires], zero: Vec::new() };
        for row in &system.rows {
            if let Some((form, values)) = one_unknown(row) {
                sets.found(form, &values);
            }
        }
        for (wire, values) in vanishing(system) {
            sets.found(vec![(wire, Fr::ONE)], &values);
        }
        sets
    }

    /// Notes that `form` is one of `values`.
    fn found(&mut self, mut form: Form, values: &[Fr]) {
        match values {
            [value] => {
                form.insert(0, (0, -*value));
                form.retain(|(_, k)| *k != Fr::ZERO);
                self.zero.push(form);
            }
            [low, high] => {
                let range = Some(Range { low: *low, step: *high - low, bits: 1 });
                match form.as_slice() {
                    [(wire, k)] if *k == Fr::ONE => self.ranges[*wire as usize] = range,
                    _ => {
                        form.push((self.ranges.len() as u32, -Fr::ONE));
                        self.ranges.push(range);
                        self.zero.push(form);
                    }
                }
            }
            // No value: the rows never hold. More than two: none of our rules applies.
            _ => {}
        }
    }
}

/// Returns the one combination that all three of a row are multiples of, up to a constant, and the
/// values that it may have.
fn one_unknown(row: &Row) -> Option<(Form, Vec<Fr>)> {
    let [a, b, c] = row;
    let wires = |form: &Form| form.iter().map(|(wire, _)| *wire).filter(|wire| *wire != 0).count();
    // A cheap test that decides nearly every row.
    if wires(a) == 0 || wires(a) != wires(b) || (wires(c) != 0 && wires(c) != wires(a)) {
        return None;
    }
    let form = direction(a)?;
    if direction(b)? != form || direction(c).is_some_and(|other| other != form) {
        return None;
    }
    // Each is k * form + constant, and the form's first coefficient is one.
    let line = |of: &Form| -> Polynomial {
        let at = |wire| of.iter().find(|term| term.0 == wire).map_or(Fr::ZERO, |term| term.1);
        vec![at(0), at(form[0].0)]
    };
    let f = polynomial::add_scaled(polynomial::product(&line(a), &line(b)), -Fr::ONE, &line(c));
    (!f.is_empty()).then(|| (form, roots(&f)))
}

/// Wires of which a product over several rows is zero, as `k (k - 1) (k - 2) (k - 3) (k - 4) = 0`,
/// with the values that they may have.
fn vanishing(system: &System) -> Vec<(u32, Vec<Fr>)> {
    // Wires that are a polynomial of another wire.
    let mut of: HashMap<u32, (u32, Polynomial)> = HashMap::new();
    let mut found = Vec::new();
    let mut done = vec![false; system.rows.len()];
    let single = |wire: u32, of: &HashMap<u32, (u32, Polynomial)>| {
        of.get(&wire).cloned().unwrap_or_else(|| (wire, vec![Fr::ZERO, Fr::ONE]))
    };
    // The combination as a polynomial of `base`, or of whichever wire comes first.
    let read = |form: &Form, base: &mut Option<u32>, of: &HashMap<u32, (u32, Polynomial)>| {
        let mut sum = Polynomial::new();
        for (wire, k) in form {
            let (root, f) = match wire {
                0 => (base.unwrap_or(0), vec![Fr::ONE]),
                wire => single(*wire, of),
            };
            if *wire != 0 && *base.get_or_insert(root) != root {
                return None;
            }
            sum = polynomial::add_scaled(sum, *k, &f);
        }
        Some(sum)
    };
    loop {
        let before = of.len();
        for (row, [a, b, c]) in system.rows.iter().enumerate() {
            if done[row] || constant(a).is_some() || constant(b).is_some() {
                continue;
            }
            let mut base = None;
            let (Some(left), Some(right)) = (read(a, &mut base, &of), read(b, &mut base, &of))
            else {
                continue;
            };
            let Some(base) = base else { continue };
            if left.len() + right.len() > MAX_DEGREE + 2 {
                continue;
            }
            let f = polynomial::product(&left, &right);
            if let Some(rest) = read(c, &mut Some(base), &of) {
                let f = polynomial::add_scaled(f, -Fr::ONE, &rest);
                // A quadratic in one wire is found without this.
                if f.len() > 3 {
                    found.push((base, roots(&f)));
                }
                done[row] = true;
            } else if let [(wire, k)] = c.as_slice()
                && !of.contains_key(wire)
                && let Some(inverse) = k.inverse()
            {
                of.insert(*wire, (base, polynomial::add_scaled(vec![], inverse, &f)));
                done[row] = true;
            }
        }
        if of.len() == before {
            return found;
        }
    }
}
