//! How every wire follows from a few, so that one can be changed and all others made to fit again.

use std::collections::BTreeMap;

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field};
use wufu_circuits::{Clause, R1cs, r1cs::Matrix};

/// One level of a path: three rows that say that the node is one of the children, then the rows of
/// the hash above it.
pub struct Level {
    /// The first of its rows.
    pub row: usize,
    pub clause: Clause,
    pub node: usize,
    pub children: [usize; 4],
}

impl Level {
    /// Rows of `u`, of `v`, and of `u v = 0`.
    pub const MEMBERSHIP: usize = 3;
    /// Rows of the hash.
    pub const HASH: usize = 297;

    /// Returns all levels of a circuit, in the order of their rows: one path after the other, each
    /// from the leaf's level up.
    pub fn all(shape: &R1cs) -> Vec<Self> {
        let [a, b, c] = shape.matrices();
        let paths = [Clause::F3, Clause::F5, Clause::D3, Clause::D6, Clause::G3];
        let is_zero = |row: &usize| {
            paths.contains(&shape.clauses()[*row])
                && c.row(*row).is_empty()
                && a.row(*row).len() == 1
                && b.row(*row).len() == 1
        };
        let level = |zero: usize| {
            let row = zero - 2;
            let pairs = [a.row(row), b.row(row), a.row(row + 1), b.row(row + 1)];
            // Each is a child minus the node.
            let wire = |pair: &[(u32, Fr)], k: Fr| {
                assert_eq!(pair.len(), 2);
                pair.iter().find(|term| term.1 == k).unwrap().0 as usize
            };
            let node = wire(pairs[0], -Fr::ONE);
            assert!(pairs.iter().all(|pair| wire(pair, -Fr::ONE) == node));
            let children = pairs.map(|pair| wire(pair, Fr::ONE));
            Self { row, clause: shape.clauses()[row], node, children }
        };
        (0..shape.rows()).filter(is_zero).map(level).collect()
    }

    /// Returns the child that is the node in `z`.
    pub fn own(&self, z: &[Fr]) -> usize {
        *self.children.iter().find(|child| z[**child] == z[self.node]).unwrap()
    }

    /// Returns a child that is not the node in `z`.
    pub fn neighbour(&self, z: &[Fr]) -> usize {
        *self.children.iter().find(|child| z[**child] != z[self.node]).unwrap()
    }
}

enum From {
    /// The row, and the inverse of the wire's coefficient in C.
    Row(usize, Fr),
    /// The same value as another wire: the child that a node is.
    Copy(usize),
}

/// The steps from the independent wires to all others.
pub struct Plan {
    steps: Vec<(usize, From)>,
    // By wire, the position of its step.
    place: Vec<Option<usize>>,
    // By row, the wire that it gives.
    gives: BTreeMap<usize, usize>,
    // By wire, the rows in which it stands, and the children that follow it.
    rows: Vec<Vec<usize>>,
    copies: Vec<Vec<usize>>,
}

impl Plan {
    /// Creates a plan. `known` is by wire; `ties` are wires that must follow another.
    pub fn new(shape: &R1cs, mut known: Vec<bool>, ties: &[(usize, usize)]) -> Self {
        for (child, _) in ties {
            known[*child] = false;
        }
        let mut rows: Vec<usize> = (0..shape.rows()).collect();
        let mut ties: Vec<(usize, usize)> = ties.to_vec();
        let mut steps: Vec<(usize, From)> = Vec::new();
        let [a, b, c] = shape.matrices();
        loop {
            let before = steps.len();
            ties.retain(|(child, node)| {
                if known[*node] && !known[*child] {
                    known[*child] = true;
                    steps.push((*child, From::Copy(*node)));
                }
                !known[*child]
            });
            rows.retain(|row| {
                let open = |matrix: &Matrix| {
                    let mut terms = matrix.row(*row).iter().filter(|(w, _)| !known[*w as usize]);
                    (terms.next().copied(), terms.next().is_some())
                };
                match [open(a), open(b), open(c)] {
                    [(None, _), (None, _), (None, _)] => false,
                    [(None, _), (None, _), (Some((wire, factor)), false)] => {
                        known[wire as usize] = true;
                        steps.push((wire as usize, From::Row(*row, factor.inverse().unwrap())));
                        false
                    }
                    _ => true,
                }
            });
            if steps.len() == before {
                break;
            }
        }
        let mut place = vec![None; shape.wires()];
        let mut gives = BTreeMap::new();
        for (at, (wire, from)) in steps.iter().enumerate() {
            place[*wire] = Some(at);
            if let From::Row(row, _) = from {
                gives.insert(*row, *wire);
            }
        }
        let mut standing = vec![Vec::new(); shape.wires()];
        for matrix in shape.matrices() {
            for (row, terms) in matrix.rows().enumerate() {
                for (wire, _) in terms.iter().filter(|(wire, _)| *wire != 0) {
                    standing[*wire as usize].push(row);
                }
            }
        }
        standing.iter_mut().for_each(|rows| {
            rows.sort_unstable();
            rows.dedup();
        });
        let mut copies = vec![Vec::new(); shape.wires()];
        for (wire, from) in &steps {
            if let From::Copy(node) = from {
                copies[*node].push(*wire);
            }
        }
        Self { steps, place, gives, rows: standing, copies }
    }

    /// Returns the wire that a row gives.
    pub fn gives(&self, row: usize) -> Option<usize> {
        self.gives.get(&row).copied()
    }

    /// Changes wires of `z` and makes all others follow. A changed wire follows nothing. Returns
    /// the rows that were touched.
    pub fn change(&self, shape: &R1cs, z: &mut [Fr], changes: &[(usize, Fr)]) -> Vec<usize> {
        let mut is_touched = vec![false; shape.rows()];
        let mut touched = Vec::new();
        let mut to_do = vec![false; self.steps.len()];
        let mut set = |z: &mut [Fr], to_do: &mut [bool], wire: usize, value: Fr| {
            if z[wire] == value {
                return;
            }
            z[wire] = value;
            for child in &self.copies[wire] {
                self.place[*child].into_iter().for_each(|place| to_do[place] = true);
            }
            for row in &self.rows[wire] {
                if !std::mem::replace(&mut is_touched[*row], true) {
                    touched.push(*row);
                    let place = self.gives(*row).and_then(|given| self.place[given]);
                    place.into_iter().for_each(|place| to_do[place] = true);
                }
            }
        };
        for (wire, value) in changes {
            set(z, &mut to_do, *wire, *value);
        }
        let matrices = shape.matrices();
        // A step only touches rows of later ones, so each is done once.
        for (step, (wire, from)) in self.steps.iter().enumerate() {
            if !to_do[step] || changes.iter().any(|(changed, _)| changed == wire) {
                continue;
            }
            let value = match from {
                From::Copy(node) => z[*node],
                From::Row(row, inverse) => {
                    let [a, b, c] = matrices.map(|matrix| eval(matrix, *row, z));
                    z[*wire] + (a * b - c) * inverse
                }
            };
            set(z, &mut to_do, *wire, value);
        }
        touched
    }
}

fn eval(matrix: &Matrix, row: usize, z: &[Fr]) -> Fr {
    matrix.row(row).iter().fold(Fr::ZERO, |sum, (wire, k)| sum + z[*wire as usize] * k)
}
