//! Poseidon inside a circuit, exactly as circomlib has it.
//!
//! Rows are spent only where something is raised to a power: three for each S-box. Everything else
//! is linear and stays a combination of wires, including the lanes that a partial round does not
//! raise. Constant lanes (the first state element and domain constants) cost no rows in the first
//! round. The output is a wire of its own at no cost: the last row of the last S-box states the
//! output instead of the result of the S-box.
//!
//! # Cost
//! 240, 261 and 297 rows for 2, 3 and 4 inputs; three fewer for each constant input.

mod basis;
mod lane;

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Field};
use wufu_verifier::hash::poseidon::Parameters;

use self::{
    basis::{Basis, FOUR, THREE, TWO},
    lane::{Bare, Lane},
};
use crate::r1cs::{Builder, Num};

/// `H(x1, x2, x3)`.
pub fn hash3(b: &mut Builder, inputs: [&Num; 3]) -> Num {
    permute::<4, 3>(b, &THREE, inputs, None)
}

/// `H(x1, x2, x3, x4)`.
pub fn hash4(b: &mut Builder, inputs: [&Num; 4]) -> Num {
    permute::<5, 4>(b, &FOUR, inputs, None)
}

/// Constrains `output` to be `H(x1, x2)`.
pub fn hash2_is(b: &mut Builder, inputs: [&Num; 2], output: &Num) {
    permute::<3, 2>(b, &TWO, inputs, Some(output));
}

/// Constrains `output` to be `H(x1, x2, x3)`.
pub fn hash3_is(b: &mut Builder, inputs: [&Num; 3], output: &Num) {
    permute::<4, 3>(b, &THREE, inputs, Some(output));
}

/// Constrains `output` to be `H(x1, x2, x3, x4)`.
pub fn hash4_is(b: &mut Builder, inputs: [&Num; 4], output: &Num) {
    permute::<5, 4>(b, &FOUR, inputs, Some(output));
}

/// Applies the permutation to `T` lanes, zero and the `N` inputs. Its first lane is `output`, or a
/// new wire.
///
/// While rows are recorded, the lanes are combinations of wires. Otherwise they are bare numbers,
/// which is many times faster.
fn permute<const T: usize, const N: usize>(
    b: &mut Builder,
    basis: &Basis<N>,
    inputs: [&Num; N],
    output: Option<&Num>,
) -> Num {
    if b.records() {
        let inputs = inputs.map(Num::clone);
        return permute_lanes::<Num, T, N>(b, basis, inputs, output.cloned());
    }
    let inputs = inputs.map(Bare::new);
    let out = permute_lanes::<Bare, T, N>(b, basis, inputs, output.map(Bare::new));
    match output {
        Some(output) => output.clone(),
        None => b.last_wire(out.value()),
    }
}

fn permute_lanes<L: Lane, const T: usize, const N: usize>(
    b: &mut Builder,
    basis: &Basis<N>,
    inputs: [L; N],
    output: Option<L>,
) -> L {
    let Parameters { full_rounds, partial_rounds, round_constants, mds, .. } = basis.dense;
    let (mds, _) = mds.as_chunks::<T>();
    let (round_constants, _) = round_constants.as_chunks::<T>();
    let (opening, rest) = round_constants.split_at(full_rounds / 2);
    let (partial, closing) = rest.split_at(*partial_rounds);

    let mut inputs = inputs.into_iter();
    let mut state: [L; T] = std::array::from_fn(|lane| match lane {
        0 => L::constant(b, Fr::ZERO),
        // There are as many inputs as other lanes.
        _ => inputs.next().unwrap_or_else(|| L::constant(b, Fr::ZERO)),
    });
    for constants in opening {
        state = mix(mds, &sboxes(b, &plus_constants(&state, constants)));
    }

    let mut x = state[0].clone();
    let others: [L; N] = std::array::from_fn(|lane| state[lane + 1].clone());
    let mut t = mix(&basis.enter, &others);
    for (constants, of_t) in partial.iter().zip(&basis.constants) {
        let u = sbox(b, &x.plus_constant(constants[0]));
        t = plus_constants(&t, of_t);
        x = u.times(mds[0][0]).plus(&t[0]);
        let last = L::combination(&basis.step, &t);
        t = std::array::from_fn(|i| t.get(i + 1).unwrap_or(&last).plus(&u.times(basis.gain[i])));
    }
    let others = mix(&basis.leave, &t);
    state = std::array::from_fn(|lane| match lane.checked_sub(1) {
        Some(other) => others[other].clone(),
        None => x.clone(),
    });

    for (round, constants) in closing.iter().enumerate() {
        state = plus_constants(&state, constants);
        if round + 1 < closing.len() {
            state = mix(mds, &sboxes(b, &state));
        }
    }
    last_round(b, &mds[0], &state, output)
}

fn plus_constants<L: Lane, const T: usize>(state: &[L; T], constants: &[Fr; T]) -> [L; T] {
    std::array::from_fn(|lane| state[lane].plus_constant(constants[lane]))
}

fn sboxes<L: Lane, const T: usize>(b: &mut Builder, state: &[L; T]) -> [L; T] {
    state.each_ref().map(|lane| sbox(b, lane))
}

fn mix<L: Lane, const T: usize>(matrix: &[[Fr; T]], state: &[L; T]) -> [L; T] {
    std::array::from_fn(|row| L::combination(&matrix[row], state))
}

/// `x^5`, in three rows; none for a constant.
fn sbox<L: Lane>(b: &mut Builder, x: &L) -> L {
    if x.is_constant() {
        return L::constant(b, x.value().square().square() * x.value());
    }
    let fourth = fourth_power(b, x);
    L::product(b, &fourth, x)
}

fn fourth_power<L: Lane>(b: &mut Builder, x: &L) -> L {
    let square = L::product(b, x, x);
    L::product(b, &square, &square)
}

/// The S-boxes of the last round, and the first lane that they mix to.
///
/// The output is `m0 x0^5 + m1 x1^5 + …`. The S-box of the first lane ends in `x0^4 (m0 x0) =
/// output - m1 x1^5 - …`, so the output is a wire and `x0^5` is not. `m0` is not zero: no entry of
/// an MDS matrix is.
fn last_round<L: Lane>(b: &mut Builder, mix: &[Fr], state: &[L], output: Option<L>) -> L {
    let (first, others) = (&state[0], &state[1..]);
    let mut rest = L::constant(b, Fr::ZERO);
    for (lane, factor) in others.iter().zip(&mix[1..]) {
        rest = rest.plus(&sbox(b, lane).times(*factor));
    }
    let fourth = fourth_power(b, first);
    let scaled = first.times(mix[0]);
    let value = rest.value() + fourth.value() * scaled.value();
    let output = output.unwrap_or_else(|| L::wire(b, value));
    L::row(b, &fourth, &scaled, &output.minus(&rest));
    output
}

#[cfg(test)]
mod tests {
    use ark_ff::UniformRand;
    use proptest::prelude::*;
    use rand::{SeedableRng, rngs::StdRng};
    use wufu_verifier::hash::poseidon;

    use super::*;
    use crate::{
        arb_fr,
        clause::Clause,
        r1cs::{Declaration, Mode, R1cs, Size},
    };

    type Hash<const N: usize> = fn(&mut Builder, [&Num; N], &Num);

    fn circuit<const N: usize>(inputs: [Fr; N], output: Fr, hash: Hash<N>) -> (R1cs, Vec<Fr>) {
        let (mut declaration, [output]) = Declaration::new(Mode::Both, Size::default(), [output]);
        let inputs = inputs.map(|input| declaration.private(input));
        let mut b = declaration.begin(Clause::F1);
        hash(&mut b, inputs.each_ref(), &output);
        let (shape, assignment) = b.finish();
        (shape, assignment.z().to_vec())
    }

    #[test]
    fn rows_are_as_specified() {
        let zero = Fr::ZERO;
        assert_eq!(circuit([zero; 2], zero, hash2_is).0.rows(), 240);
        assert_eq!(circuit([zero; 3], zero, hash3_is).0.rows(), 261);
        assert_eq!(circuit([zero; 4], zero, hash4_is).0.rows(), 297);
    }

    /// Rows of docs/failures.md: 8.
    #[test]
    fn no_wire_of_a_hash_can_change_alone() {
        let mut rng = StdRng::seed_from_u64(8);
        let [p, q, r, s] = [(); 4].map(|()| Fr::rand(&mut rng));
        for (shape, z) in [
            circuit([p, q], poseidon::hash2([p, q]), hash2_is),
            circuit([p, q, r], poseidon::hash3([p, q, r]), hash3_is),
            circuit([p, q, r, s], poseidon::hash4([p, q, r, s]), hash4_is),
        ] {
            assert_eq!(shape.check(&z), Ok(()));
            for wire in 1..z.len() {
                let mut other = z.clone();
                other[wire] += Fr::from(1u64);
                assert!(shape.check(&other).is_err(), "wire {wire} is free");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        /// Rows of docs/failures.md: 9.
        #[test]
        fn the_gadget_is_the_native_hash_and_nothing_else(
            x in [arb_fr(), arb_fr(), arb_fr(), arb_fr()], wrong in arb_fr()
        ) {
            let [p, q, r, s] = x;
            let two = circuit([p, q], poseidon::hash2([p, q]), hash2_is);
            prop_assert_eq!(two.0.check(&two.1), Ok(()));
            let three = circuit([p, q, r], poseidon::hash3([p, q, r]), hash3_is);
            prop_assert_eq!(three.0.check(&three.1), Ok(()));
            let four = circuit([p, q, r, s], poseidon::hash4([p, q, r, s]), hash4_is);
            prop_assert_eq!(four.0.check(&four.1), Ok(()));
            for (shape, z) in [
                circuit([p, q], wrong, hash2_is),
                circuit([p, q, r], wrong, hash3_is),
                circuit([p, q, r, s], wrong, hash4_is),
            ] {
                // A random value is not the hash of the others.
                prop_assert!(shape.check(&z).is_err());
            }
        }
    }
}
