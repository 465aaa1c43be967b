//! The Grain generator of the Poseidon paper, appendix E, for prime fields.

use std::collections::{BTreeSet, VecDeque};

use ark_bn254::Fr;
use ark_ff::{BigInt, BigInteger, Field, PrimeField};

use crate::poseidon_table::linear::Matrix;

/// Bits of the modulus.
const BITS: usize = 254;
pub const FULL_ROUNDS: usize = 8;

/// The parameters that the generator gives for one width.
pub struct Dense {
    pub width: usize,
    pub partial_rounds: usize,
    pub round_constants: Vec<Fr>,
    pub mds: Matrix,
}

impl Dense {
    pub fn generate(width: usize, partial_rounds: usize) -> Self {
        let mut grain = Grain::new(width, partial_rounds);
        let count = (FULL_ROUNDS + partial_rounds) * width;
        let round_constants = (0..count)
            .map(|_| (0..).find_map(|_| Fr::from_bigint(grain.integer())).unwrap())
            .collect();

        // A Cauchy matrix 1 / (x_i + y_j) over 2 t different values, here reduced, not rejected.
        let values: Vec<Fr> = (0..2 * width)
            .map(|_| Fr::from_le_bytes_mod_order(&grain.integer().to_bytes_le()))
            .collect();
        assert_eq!(values.iter().collect::<BTreeSet<_>>().len(), 2 * width);
        let (xs, ys) = values.split_at(width);
        let mds =
            xs.iter().map(|x| ys.iter().map(|y| (*x + y).inverse().unwrap()).collect()).collect();
        Self { width, partial_rounds, round_constants, mds }
    }
}

/// A shift register of 80 bits.
struct Grain(VecDeque<bool>);

impl Grain {
    fn new(width: usize, partial_rounds: usize) -> Self {
        let mut register = VecDeque::new();
        // Prime field, x^alpha, and the sizes; then 30 ones.
        let fields =
            [(1, 2), (0, 4), (BITS, 12), (width, 12), (FULL_ROUNDS, 10), (partial_rounds, 10)];
        for (value, bits) in fields {
            register.extend((0..bits).rev().map(|bit| value >> bit & 1 == 1));
        }
        register.extend([true; 30]);
        let mut grain = Self(register);
        for _ in 0..160 {
            grain.step();
        }
        grain
    }

    fn step(&mut self) -> bool {
        let new = [62, 51, 38, 23, 13, 0].into_iter().fold(false, |sum, tap| sum ^ self.0[tap]);
        self.0.pop_front();
        self.0.push_back(new);
        new
    }

    /// Of each pair of bits, returns the second if the first is set.
    fn bit(&mut self) -> bool {
        loop {
            let (keep, bit) = (self.step(), self.step());
            if keep {
                return bit;
            }
        }
    }

    /// An integer of as many bits as the modulus, most significant first.
    fn integer(&mut self) -> BigInt<4> {
        let bits: Vec<bool> = (0..BITS).map(|_| self.bit()).collect();
        BigInt::from_bits_be(&bits)
    }
}
