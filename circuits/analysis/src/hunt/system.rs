//! Rows, as somebody reads them who has not made them.

use ark_bn254::Fr;
use ark_ff::AdditiveGroup;

/// A linear combination of wires.
///
/// # Shapes
/// `(wire, coefficient)`, sorted by wire, each wire once, no coefficient zero. Wire 0 is one.
pub type Form = Vec<(u32, Fr)>;

/// The row `A·z * B·z = C·z`, as the combinations A, B and C.
pub type Row = [Form; 3];

/// A rank-1 system.
///
/// # Shapes
/// Wires are: one, the public ones, the declared private inputs, the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct System {
    pub(super) wires: usize,
    pub(super) public: usize,
    pub(super) private: usize,
    pub(super) rows: Vec<Row>,
}

impl System {
    /// Creates a system by hand. Wires that its rows name beyond `wires` are counted as well.
    pub fn new(public: usize, private: usize, wires: usize, rows: Vec<Row>) -> Self {
        let named = rows.iter().flatten().flatten().map(|(wire, _)| *wire as usize + 1).max();
        let wires = wires.max(1 + public + private).max(named.unwrap_or(0));
        let rows = rows.into_iter().map(|row| row.map(canonical)).collect();
        Self { wires, public, private, rows }
    }

    /// The number of wires, the constant one included.
    pub fn wires(&self) -> usize {
        self.wires
    }

    /// The number of public wires, outputs included, without the constant one.
    pub fn public(&self) -> usize {
        self.public
    }

    /// The number of declared private inputs.
    pub fn private(&self) -> usize {
        self.private
    }

    /// The rows.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Returns the system without some rows, to see whether they are missed.
    pub fn without(&self, rows: impl IntoIterator<Item = usize>) -> Self {
        let mut without = self.clone();
        for row in rows {
            if let Some(row) = without.rows.get_mut(row) {
                *row = Row::default();
            }
        }
        without
    }

    /// The public and the declared private wires.
    pub fn inputs(&self) -> std::ops::Range<u32> {
        1..1 + (self.public + self.private) as u32
    }

    /// Returns the wires that stand in no row, so that the rows hold whatever their values are.
    pub fn unused(&self) -> Vec<u32> {
        let mut used = vec![false; self.wires];
        used[0] = true;
        for (wire, _) in self.rows.iter().flatten().flatten() {
            used[*wire as usize] = true;
        }
        (0..self.wires as u32).filter(|wire| !used[*wire as usize]).collect()
    }

    /// Returns the rows that do not hold over `z`, which must have a value for every wire.
    pub fn broken(&self, z: &[Fr]) -> Vec<usize> {
        let holds = |row: &Row| {
            let [a, b, c] = row.each_ref().map(|form| eval(form, z));
            a * b == c
        };
        (0..self.rows.len()).filter(|row| !holds(&self.rows[*row])).collect()
    }
}

/// Evaluates a combination.
pub(super) fn eval(form: &Form, z: &[Fr]) -> Fr {
    form.iter().fold(Fr::ZERO, |sum, (wire, k)| sum + z[*wire as usize] * k)
}

/// Returns the value of a combination that is a constant.
pub(super) fn constant(form: &Form) -> Option<Fr> {
    match form.as_slice() {
        [] => Some(Fr::ZERO),
        [(0, k)] => Some(*k),
        _ => None,
    }
}

/// `left * factor + right`.
pub(super) fn add_scaled(left: &Form, factor: Fr, right: &Form) -> Form {
    let scaled = left.iter().map(|(wire, k)| (*wire, *k * factor));
    canonical(scaled.chain(right.iter().copied()).collect())
}

/// Sorted, merged, without zeros.
pub(super) fn canonical(mut form: Form) -> Form {
    form.sort_by_key(|(wire, _)| *wire);
    form.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 += next.1;
        }
        same
    });
    form.retain(|(_, k)| *k != Fr::ZERO);
    form
}

/// Returns the combination without its constant, scaled so that the first coefficient is one;
/// `None` for a constant.
pub(super) fn direction(form: &Form) -> Option<Form> {
    use ark_ff::Field;
    let wires: &[(u32, Fr)] = match form.first() {
        Some((0, _)) => &form[1..],
        _ => form,
    };
    let first = wires.first()?.1;
    if first == Fr::ONE {
        return Some(wires.to_vec());
    }
    let scale = first.inverse()?;
    Some(wires.iter().map(|(wire, k)| (*wire, *k * scale)).collect())
}
