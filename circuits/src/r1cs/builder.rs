//! A pass over a circuit.

use ark_bn254::Fr;
use ark_ff::AdditiveGroup;

use super::{
    assignment::Assignment,
    num::Num,
    size::Size,
    system::{R1cs, Recorder},
};
use crate::clause::Clause;

/// What a pass over a circuit is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Record the rows. The values mean nothing.
    Shape,
    /// Compute the wires and the values of the rows.
    Witness,
    /// Do both at once.
    Both,
}

/// The beginning of a pass, which hands out the inputs, public ones first.
pub struct Declaration {
    builder: Builder,
}

impl Declaration {
    /// Begins a pass over a circuit of `size` with its public inputs, in order.
    pub fn new<const N: usize>(mode: Mode, size: Size, public: [Fr; N]) -> (Self, [Num; N]) {
        let mut builder = Builder {
            recorder: matches!(mode, Mode::Shape | Mode::Both).then(Recorder::default),
            assignment: matches!(mode, Mode::Witness | Mode::Both)
                .then(|| Assignment::begin(size, N)),
            wires: 1,
            rows: 0,
            public: N,
            private: 0,
            clause: Clause::F1,
        };
        let public = public.map(|value| builder.wire(value));
        (Self { builder }, public)
    }

    /// Declares the next private input.
    pub fn private(&mut self, value: Fr) -> Num {
        self.builder.private += 1;
        self.builder.wire(value)
    }

    /// Ends the declaration. The first rows belong to `clause`.
    pub fn begin(mut self, clause: Clause) -> Builder {
        self.builder.clause = clause;
        self.builder
    }
}

/// The rest of a pass over a circuit, after the declaration.
pub struct Builder {
    recorder: Option<Recorder>,
    assignment: Option<Assignment>,
    wires: u32,
    rows: usize,
    public: usize,
    private: usize,
    clause: Clause,
}

impl Builder {
    /// Assigns the rows that follow to `clause`.
    pub fn clause(&mut self, clause: Clause) {
        self.clause = clause;
    }

    /// Returns a constant. It costs no wire.
    pub fn constant(&self, value: Fr) -> Num {
        Num::constant(value, self.recorder.is_some())
    }

    /// Creates a wire. Until rows constrain it, it can have any value.
    pub fn wire(&mut self, value: Fr) -> Num {
        let wire = self.wires;
        self.wires += 1;
        if let Some(assignment) = &mut self.assignment {
            assignment.push_wire(value);
        }
        Num::wire(wire, value, self.recorder.is_some())
    }

    /// Whether rows are recorded.
    pub(crate) fn records(&self) -> bool {
        self.recorder.is_some()
    }

    /// Creates a wire of which only the value is needed. Rows must not be recorded.
    #[inline]
    pub(crate) fn bare_wire(&mut self, value: Fr) {
        self.wires += 1;
        if let Some(assignment) = &mut self.assignment {
            assignment.push_wire(value);
        }
    }

    /// Returns the wire that was created last, whose value is `value`. Rows must not be recorded.
    pub(crate) fn last_wire(&self, value: Fr) -> Num {
        Num::wire(self.wires - 1, value, false)
    }

    /// Adds the row `a * b = c` of bare values. Rows must not be recorded.
    #[inline]
    pub(crate) fn bare_row(&mut self, a: Fr, b: Fr, c: Fr) {
        self.rows += 1;
        if let Some(assignment) = &mut self.assignment {
            assignment.push_row(a, b, c);
        }
    }

    /// Adds the row `a * b = c`.
    #[track_caller]
    pub fn row(&mut self, a: &Num, b: &Num, c: &Num) {
        self.rows += 1;
        if let Some(recorder) = &mut self.recorder {
            recorder.push(a, b, c, self.clause);
        }
        if let Some(assignment) = &mut self.assignment {
            assignment.push_row(a.value(), b.value(), c.value());
        }
    }

    /// Creates a wire for `a * b`, and adds its row.
    #[track_caller]
    pub fn product(&mut self, a: &Num, b: &Num) -> Num {
        let product = self.wire(a.value() * b.value());
        self.row(a, b, &product);
        product
    }

    /// Adds the row `a * b = 0`.
    #[track_caller]
    pub fn product_is_zero(&mut self, a: &Num, b: &Num) {
        let zero = self.constant(Fr::ZERO);
        self.row(a, b, &zero);
    }

    /// Ends the pass. Returns the shape and the assignment; each is empty unless the mode asked for
    /// it.
    pub fn finish(self) -> (R1cs, Assignment) {
        let shape = self.recorder.unwrap_or_default();
        let assignment = self.assignment.unwrap_or_else(|| Assignment::begin(Size::default(), 0));
        (shape.finish(self.public, self.private, self.wires), assignment)
    }

    /// Returns the size so far.
    pub fn size(&self) -> Size {
        // Lossless: a wire number is an index into vectors that are in memory.
        Size { rows: self.rows, wires: self.wires as usize }
    }
}
