//! From wire to wire: what the inputs determine.

use std::collections::HashSet;

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field};

use super::{
    sets::{Range, Sets},
    space::Space,
    system::{Form, System, add_scaled, constant},
};

/// The rule that determined a wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DeterminedBy {
    /// It is an input, or the constant one.
    Given,
    /// It is the only open wire in a combination that is determined.
    Row,
    /// As [`DeterminedBy::Row`], in a product whose other factor is determined and not zero.
    Factor,
    /// It is a digit of a number that is determined: each digit has few values, and their sum never
    /// wraps.
    Digits,
    /// Several combinations together have one solution.
    System,
    /// It is determined both if a determined factor is zero and if it is not.
    Case,
}

/// A combination that is determined, although not all of its wires need be.
pub(super) struct Equation {
    pub(super) form: Form,
    pub(super) open: usize,
    /// Whether a row says that it is zero. Otherwise the inputs decide its value.
    pub(super) zero: bool,
    how: DeterminedBy,
}

/// A hunt in progress: some wires are given, and they determine others.
///
/// # Cost
/// About the cost of reading the rows, and one examination for each wire that is found, in each row
/// in which it stands.
pub struct Hunt<'a> {
    pub(super) system: &'a System,
    // By wire. Wires past the system's own stand for one combination each.
    how: Vec<Option<DeterminedBy>>,
    pub(super) ranges: Vec<Option<Range>>,
    // The number of open wires in a row's three combinations.
    pub(super) open: Vec<[u32; 3]>,
    // Combinations that are determined, whatever their wires are.
    closed: Vec<[bool; 3]>,
    // Combinations of a row that are equations already.
    taken: Vec<[bool; 3]>,
    rows_by_wire: Vec<Vec<(u32, u8)>>,
    pub(super) equations: Vec<Equation>,
    equations_by_wire: Vec<Vec<u32>>,
    // Combinations that are not zero in any witness, with the first coefficient one.
    not_zero: HashSet<Form>,
    rows_to_see: Vec<u32>,
    equations_to_see: Vec<u32>,
    pub(super) space: Space,
    // The number of equations in the space, wires that it has yet to forget, and the row at which
    // to continue.
    pub(super) in_space: usize,
    pub(super) newly_known: Vec<u32>,
    pub(super) next_row: usize,
}

impl<'a> Hunt<'a> {
    /// Starts a hunt in which only the constant one is given.
    pub fn new(system: &'a System) -> Self {
        let Sets { ranges, zero } = Sets::new(system);
        let mut rows_by_wire = vec![Vec::new(); ranges.len()];
        for (row, forms) in (0u32..).zip(&system.rows) {
            for (matrix, form) in (0u8..).zip(forms) {
                for (wire, _) in form {
                    rows_by_wire[*wire as usize].push((row, matrix));
                }
            }
        }
        let mut hunt = Self {
            system,
            how: vec![None; ranges.len()],
            open: system.rows.iter().map(|row| row.each_ref().map(|f| f.len() as u32)).collect(),
            taken: vec![[false; 3]; system.rows.len()],
            equations_by_wire: vec![Vec::new(); ranges.len()],
            ranges,
            rows_by_wire,
            equations: Vec::new(),
            not_zero: HashSet::new(),
            rows_to_see: (0..system.rows.len() as u32).collect(),
            equations_to_see: Vec::new(),
            closed: vec![[false; 3]; system.rows.len()],
            space: Space::default(),
            in_space: 0,
            newly_known: Vec::new(),
            next_row: 0,
        };
        for form in zero {
            hunt.add_equation(form, true, DeterminedBy::Row);
        }
        for (row, [a, b, c]) in system.rows.iter().enumerate() {
            // A row with a constant factor is a combination that is zero.
            let linear = match (constant(a), constant(b)) {
                (Some(k), _) => Some(add_scaled(b, k, &add_scaled(c, -Fr::ONE, &vec![]))),
                (_, Some(k)) => Some(add_scaled(a, k, &add_scaled(c, -Fr::ONE, &vec![]))),
                _ => None,
            };
            if let Some(form) = linear {
                hunt.taken[row] = [true; 3];
                hunt.add_equation(form, true, DeterminedBy::Row);
            } else if constant(c).is_some_and(|k| k != Fr::ZERO) {
                // If a product is not zero, neither factor is.
                hunt.not_zero.extend([scaled(a), scaled(b)]);
            }
        }
        hunt.know(0, DeterminedBy::Given);
        hunt
    }

    /// Runs a hunt in which the public and the declared private wires are given.
    pub fn with_inputs(system: &'a System) -> Self {
        let mut hunt = Self::new(system);
        system.inputs().for_each(|wire| hunt.give(wire));
        hunt.run();
        hunt
    }

    /// Marks a wire as known.
    pub fn give(&mut self, wire: u32) {
        self.know(wire, DeterminedBy::Given);
    }

    /// Returns why a wire is determined, if it is.
    pub fn how(&self, wire: u32) -> Option<DeterminedBy> {
        self.how.get(wire as usize).copied().flatten()
    }

    /// Returns the wires that are not determined.
    pub fn undetermined(&self) -> Vec<u32> {
        (0..self.system.wires as u32).filter(|wire| self.how(*wire).is_none()).collect()
    }

    /// Applies all rules until none finds anything new.
    pub fn run(&mut self) {
        loop {
            self.simple_rules();
            if !(self.digits() || self.spaces() || self.cases()) {
                return;
            }
        }
    }

    /// Says why a wire may be open. This is a hint where to look, not a proof.
    pub fn hint(&self, wire: u32) -> &'static str {
        let rows = &self.rows_by_wire[wire as usize];
        let open = |row: u32| self.open[row as usize];
        if rows.is_empty() {
            "stands in no row"
        } else if self.equations_by_wire[wire as usize].iter().any(|equation| {
            let form = &self.equations[*equation as usize].form;
            let mut others = form.iter().filter(|(other, _)| self.is_open(*other));
            others.clone().count() > 1
                && others.any(|(other, _)| self.ranges[*other as usize].is_none())
        }) {
            "a term of a determined sum in which not every open term has a range"
        } else if self.ranges[wire as usize].is_some() {
            "one of two values, and no sum that settles which"
        } else if rows.iter().any(|(row, matrix)| *matrix < 2 && open(*row) == [1, 1, 0]) {
            "a root of a determined square"
        } else if rows.iter().any(|(row, matrix)| {
            let [a, b, c] = open(*row);
            c == 0 && [b, a][usize::from(*matrix) % 2] == 0 && *matrix < 2
        }) {
            "times a determined factor that may be zero"
        } else {
            "follows from other open wires, or from none"
        }
    }

    pub(super) fn is_open(&self, wire: u32) -> bool {
        self.how[wire as usize].is_none()
    }

    /// Returns the open part of a combination.
    pub(super) fn open_part(&self, form: &Form) -> Form {
        form.iter().filter(|(wire, _)| self.is_open(*wire)).copied().collect()
    }

    pub(super) fn know(&mut self, wire: u32, how: DeterminedBy) {
        let place = wire as usize;
        if self.how[place].replace(how).is_some() {
            return;
        }
        self.newly_known.push(wire);
        for (row, matrix) in &self.rows_by_wire[place] {
            if !self.closed[*row as usize][usize::from(*matrix)] {
                self.open[*row as usize][usize::from(*matrix)] -= 1;
            }
            self.rows_to_see.push(*row);
        }
        for equation in &self.equations_by_wire[place] {
            self.equations[*equation as usize].open -= 1;
            self.equations_to_see.push(*equation);
        }
    }

    /// Marks a combination of a row as determined.
    pub(super) fn close(&mut self, row: usize, place: usize) {
        self.closed[row][place] = true;
        self.open[row][place] = 0;
        self.rows_to_see.push(row as u32);
    }

    fn add_equation(&mut self, form: Form, zero: bool, how: DeterminedBy) {
        let number = self.equations.len() as u32;
        let open = form.iter().filter(|(wire, _)| self.is_open(*wire)).count();
        for (wire, _) in &form {
            self.equations_by_wire[*wire as usize].push(number);
        }
        self.equations.push(Equation { form, open, zero, how });
        self.equations_to_see.push(number);
    }

    pub(super) fn simple_rules(&mut self) {
        loop {
            if let Some(number) = self.equations_to_see.pop() {
                let Equation { form, open: 1, how, .. } = &self.equations[number as usize] else {
                    continue;
                };
                let (wire, how) = (form.iter().find(|(wire, _)| self.is_open(*wire)), *how);
                if let Some((wire, _)) = wire {
                    self.know(*wire, how);
                }
            } else if let Some(row) = self.rows_to_see.pop() {
                self.see(row as usize);
            } else {
                return;
            }
        }
    }

    /// Makes an equation of the one combination of a row that the others determine.
    fn see(&mut self, row: usize) {
        let system = self.system;
        let forms = &system.rows[row];
        let (place, how) = match self.open[row] {
            [0, 0, c] if c > 0 => (2, DeterminedBy::Row),
            [a, 0, 0] if a > 0 && self.is_not_zero(&forms[1]) => (0, DeterminedBy::Factor),
            [0, b, 0] if b > 0 && self.is_not_zero(&forms[0]) => (1, DeterminedBy::Factor),
            _ => return,
        };
        if !std::mem::replace(&mut self.taken[row][place], true) {
            self.add_equation(forms[place].clone(), false, how);
        }
    }

    fn is_not_zero(&self, form: &Form) -> bool {
        !self.not_zero.is_empty() && self.not_zero.contains(&scaled(form))
    }
}

/// Returns the combination, scaled so that its first coefficient is one.
pub(super) fn scaled(form: &Form) -> Form {
    let scale = form.first().and_then(|(_, k)| k.inverse()).unwrap_or(Fr::ZERO);
    form.iter().map(|(wire, k)| (*wire, *k * scale)).collect()
}
