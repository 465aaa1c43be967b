//! Another witness with the same inputs: the proof that an open wire is a hole.

use std::collections::{BTreeMap, BTreeSet};

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field, UniformRand};
use rand::{SeedableRng, rngs::StdRng};

use super::{
    polynomial::{self, roots},
    propagation::Hunt,
    system::{Form, System},
};

/// How long to search.
#[derive(Clone, Copy, Debug)]
pub struct Search {
    /// The number of open wires that are changed, one at a time.
    pub seeds: usize,
    /// The number of choices that are made for each changed wire and value.
    pub choices: usize,
}

impl Default for Search {
    fn default() -> Self {
        Self { seeds: 128, choices: 2_000 }
    }
}

/// Builds a witness that differs from `z` only in wires that the hunt left open.
///
/// It changes one open wire and repairs everything that depends on it: a row with one missing wire
/// determines it; where no row does, a wire with a range keeps its value or takes another of its
/// range. All rows are checked at the end.
///
/// # Shapes
/// `z` satisfies the system. So does the witness that is returned.
///
/// # Errors
/// Returns `None` if none was found, which proves nothing.
pub fn second(hunt: &Hunt<'_>, z: &[Fr], search: &Search) -> Option<Vec<Fr>> {
    let system = hunt.system;
    let open = hunt.undetermined();
    let rows = open_rows(system, hunt);
    let (ranged, bare): (Vec<u32>, Vec<u32>) =
        open.iter().partition(|wire| hunt.ranges[**wire as usize].is_some());
    let mut rng = StdRng::seed_from_u64(0);
    // In turns: a bit can be flipped, a bare wire can be anything.
    let longest = ranged.len().max(bare.len());
    let turns = (0..longest).flat_map(|i| [bare.get(i), ranged.get(i)]).flatten().copied();
    for seed in turns.take(search.seeds) {
        let mut repair = Repair::new(system, hunt, &rows, z, seed);
        let honest = z[seed as usize];
        let mut values = vec![honest + Fr::ONE, Fr::ZERO, Fr::ONE, -honest, Fr::rand(&mut rng)];
        if let Some(range) = hunt.ranges[seed as usize] {
            values.splice(0..0, [range.low, range.low + range.step]);
        }
        values.retain(|value| *value != honest);
        for value in values {
            repair.reset(z);
            repair.choices = search.choices;
            if repair.begin(seed, value) && system.broken(&repair.z).is_empty() {
                return Some(repair.z);
            }
        }
    }
    None
}

/// Returns the rows with open wires, and the open wires of each.
fn open_rows(system: &System, hunt: &Hunt<'_>) -> BTreeMap<usize, BTreeSet<u32>> {
    let mut rows = BTreeMap::new();
    for (number, row) in system.rows.iter().enumerate() {
        let wires = row.iter().flatten().map(|term| term.0).filter(|wire| hunt.is_open(*wire));
        let wires: BTreeSet<u32> = wires.collect();
        if !wires.is_empty() {
            rows.insert(number, wires);
        }
    }
    rows
}

/// What a wire must be for a row to hold.
enum Requirement {
    Anything,
    One(Fr),
    Either(Vec<Fr>),
    Nothing,
}

struct Repair<'a> {
    system: &'a System,
    hunt: &'a Hunt<'a>,
    // The rows that depend on the changed wire, with their open wires, and the rows of each wire.
    rows: BTreeMap<usize, &'a BTreeSet<u32>>,
    rows_by_wire: BTreeMap<u32, Vec<usize>>,
    honest: &'a [Fr],
    z: Vec<Fr>,
    missing: BTreeSet<u32>,
    // The wires that were set, to be undone.
    trail: Vec<u32>,
    choices: usize,
}

impl<'a> Repair<'a> {
    fn new(
        system: &'a System,
        hunt: &'a Hunt<'a>,
        all: &'a BTreeMap<usize, BTreeSet<u32>>,
        honest: &'a [Fr],
        seed: u32,
    ) -> Self {
        let mut by_wire: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for (row, wires) in all {
            for wire in wires {
                by_wire.entry(*wire).or_default().push(*row);
            }
        }
        let (mut rows, mut rows_by_wire) = (BTreeMap::new(), BTreeMap::new());
        let mut to_see = vec![seed];
        while let Some(wire) = to_see.pop() {
            if rows_by_wire.contains_key(&wire) {
                continue;
            }
            let of_wire = by_wire.get(&wire).cloned().unwrap_or_default();
            for row in &of_wire {
                if let Some(wires) = all.get(row)
                    && rows.insert(*row, wires).is_none()
                {
                    to_see.extend(wires);
                }
            }
            rows_by_wire.insert(wire, of_wire);
        }
        let (z, missing, trail) = (honest.to_vec(), BTreeSet::new(), Vec::new());
        Self { system, hunt, rows, rows_by_wire, honest, z, missing, trail, choices: 0 }
    }

    fn reset(&mut self, z: &[Fr]) {
        self.z = z.to_vec();
        self.missing = self.rows_by_wire.keys().copied().collect();
        self.trail.clear();
    }

    fn begin(&mut self, seed: u32, value: Fr) -> bool {
        self.set(seed, value) && self.complete(0)
    }

    /// Sets a wire, and whatever rows then determine. Returns whether no row is broken.
    fn set(&mut self, wire: u32, value: Fr) -> bool {
        let mut to_set = vec![(wire, value)];
        while let Some((wire, value)) = to_set.pop() {
            if !self.missing.remove(&wire) {
                if self.z[wire as usize] != value {
                    return false;
                }
                continue;
            }
            self.z[wire as usize] = value;
            self.trail.push(wire);
            for row in &self.rows_by_wire[&wire] {
                let must = match self.only_missing(*row) {
                    Some(None) if !self.holds(*row) => return false,
                    Some(Some(other)) => (other, self.must(*row, other)),
                    _ => continue,
                };
                match must {
                    (other, Requirement::One(value)) => to_set.push((other, value)),
                    (_, Requirement::Nothing) => return false,
                    (_, Requirement::Anything | Requirement::Either(_)) => {}
                }
            }
        }
        true
    }

    /// Returns the only missing wire of a row, or `Some(None)` if none is missing, or `None` if
    /// several are.
    fn only_missing(&self, row: usize) -> Option<Option<u32>> {
        let mut missing = self.rows[&row].iter().filter(|wire| self.missing.contains(wire));
        match (missing.next(), missing.next()) {
            (wire, None) => Some(wire.copied()),
            _ => None,
        }
    }

    fn complete(&mut self, depth: usize) -> bool {
        let Some((wire, values)) = self.next_choice() else {
            return true;
        };
        if depth > 1_000 {
            return false;
        }
        for value in values {
            if self.choices == 0 {
                return false;
            }
            self.choices -= 1;
            let before = self.trail.len();
            if self.set(wire, value) && self.complete(depth + 1) {
                return true;
            }
            for wire in self.trail.drain(before..) {
                self.missing.insert(wire);
            }
        }
        false
    }

    /// Returns a missing wire and the values to try for it, its own first. A wire with a range
    /// comes before one with two possible values by a row, and all others come last, so that sums
    /// are balanced by wires that may be anything.
    fn next_choice(&self) -> Option<(u32, Vec<Fr>)> {
        let range = |wire: &u32| self.hunt.ranges[*wire as usize];
        let mut choice = self.missing.iter().find_map(|wire| {
            let range = range(wire)?;
            Some((*wire, vec![range.low, range.low + range.step]))
        });
        choice = choice.or_else(|| {
            self.missing.iter().find_map(|wire| {
                self.rows_by_wire[wire].iter().find_map(|row| {
                    let only = self.only_missing(*row) == Some(Some(*wire));
                    match only.then(|| self.must(*row, *wire)) {
                        Some(Requirement::Either(values)) => Some((*wire, values)),
                        _ => None,
                    }
                })
            })
        });
        let first = || self.missing.first().map(|wire| (*wire, vec![Fr::ZERO, Fr::ONE]));
        let free = choice.is_none();
        let (wire, mut values) = choice.or_else(first)?;
        let own = self.honest[wire as usize];
        if free || values.contains(&own) {
            values.retain(|value| *value != own);
            values.insert(0, own);
        }
        Some((wire, values))
    }

    /// Returns the combination as a line in one wire, with all others as they are.
    fn line(&self, form: &Form, wire: u32) -> [Fr; 2] {
        form.iter().fold([Fr::ZERO; 2], |[at_zero, slope], (other, k)| match *other == wire {
            true => [at_zero, slope + k],
            false => [at_zero + self.z[*other as usize] * k, slope],
        })
    }

    fn must(&self, row: usize, wire: u32) -> Requirement {
        let [a, b, c] = self.system.rows[row].each_ref().map(|form| self.line(form, wire));
        let f = polynomial::add_scaled(polynomial::product(&a, &b), -Fr::ONE, &c);
        let roots = match f.len() {
            0 => return Requirement::Anything,
            _ => roots(&f),
        };
        match roots.as_slice() {
            [] => Requirement::Nothing,
            [value] => Requirement::One(*value),
            _ => Requirement::Either(roots),
        }
    }

    fn holds(&self, row: usize) -> bool {
        let [[a, _], [b, _], [c, _]] =
            self.system.rows[row].each_ref().map(|form| self.line(form, u32::MAX));
        a * b == c
    }
}
