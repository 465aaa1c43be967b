//! Compares the sums of every backend that the CPU supports with the plain sum.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use ark_bn254::{Fq, Fr, G1Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{BigInt, PrimeField as _, UniformRand as _};
use bn254x8::{
    Backend, Error, G1, G2, Group, Scratch, Table,
    msm::{Shape, Sum, msm_both},
    reference,
};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

/// Bytes aligned to a cache line.
struct Aligned {
    bytes: Vec<u8>,
    start: usize,
}

impl Aligned {
    fn new(content: &[u8]) -> Self {
        let mut bytes = vec![0; content.len() + 63];
        let start = bytes.as_ptr().align_offset(64);
        bytes[start..start + content.len()].copy_from_slice(content);
        bytes.truncate(start + content.len());
        Self { bytes, start }
    }
}

impl AsRef<[u8]> for Aligned {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[self.start..]
    }
}

/// Tries each list of scalars. One table for each backend serves all lists.
fn every<G: Group>(window: u32, step: u32, bases: &[G::Affine], lists: &[Vec<BigInt<4>>]) {
    let shape = Shape { bases: bases.len(), window, step };
    let wanted: Vec<Sum<G>> = lists.iter().map(|list| reference::msm(bases, list)).collect();
    for backend in Backend::available() {
        let table = Table::<G>::new(backend, shape, bases, &|_| ()).unwrap();
        // The same table from bytes.
        let bytes = Aligned::new(table.as_bytes());
        let length = table.as_bytes().len();
        let read = Table::<G>::from_bytes(backend, shape, Arc::new(bytes), 0..length).unwrap();
        let mut scratch = Scratch::new();
        for (list, (scalars, wanted)) in lists.iter().zip(&wanted).enumerate() {
            let bases = bases.len();
            let context = format!("window {window}, step {step}, {bases} bases, list {list}");
            for _ in 0..2 {
                let got = table.msm(0..bases, scalars, &mut scratch).unwrap();
                assert!(got == *wanted, "{backend}, {context}");
            }
            // From the table that was read, the sum in two halves.
            let middle = bases / 3;
            let low = read.msm(0..middle, &scalars[..middle], &mut scratch).unwrap();
            let high = read.msm(middle..bases, &scalars[middle..], &mut scratch).unwrap();
            assert!(low + high == *wanted, "{backend}, halves, {context}");
        }
    }
}

/// Sums over tables of both groups with the same scalars, for equal shapes and for different ones.
/// The bases are drawn here.
fn both(shape: Shape, lists: &[Vec<BigInt<4>>]) {
    for backend in Backend::available() {
        both_on(backend, shape, lists);
    }
}

fn both_on(backend: Backend, shape: Shape, lists: &[Vec<BigInt<4>>]) {
    let mut rng = StdRng::seed_from_u64(11);
    let (first, second) =
        (points::<G1>(shape.bases, &mut rng), points::<G2>(shape.bases, &mut rng));
    let other = Shape { window: shape.window + 1, step: shape.step.min(2), ..shape };
    let one = Table::<G1>::new(backend, shape, &first, &|_| ()).unwrap();
    for shape in [shape, other] {
        let two = Table::<G2>::new(backend, shape, &second, &|_| ()).unwrap();
        let range = shape.bases / 4..shape.bases;
        for scalars in lists {
            let (scalars, range) = (&scalars[range.clone()], range.clone());
            let scratch = (&mut Scratch::new(), &mut Scratch::new());
            let sums = msm_both((&one, &two), range.clone(), scalars, scratch).unwrap();
            let wanted = reference::msm(&first[range.clone()], scalars);
            assert!(sums.0 == wanted, "{backend}, {shape:?}");
            assert!(sums.1 == reference::msm(&second[range], scalars), "{backend}, {shape:?}");
        }
    }
}

fn points<G: Group>(count: usize, rng: &mut StdRng) -> Vec<G::Affine> {
    (0..count).map(|_| Sum::<G>::rand(rng).into_affine()).collect()
}

fn scalars(count: usize, rng: &mut StdRng) -> Vec<BigInt<4>> {
    (0..count)
        .map(|_| match rng.gen_range(0..8) {
            0 => BigInt::zero(),
            1 => BigInt::from(1u64),
            2 => Fr::from(-1i64).into_bigint(),
            3 => BigInt::from(rng.r#gen::<u16>()),
            4 => BigInt::from(rng.r#gen::<u64>()),
            _ => Fr::rand(rng).into_bigint(),
        })
        .collect()
}

fn group<G: Group>() {
    let mut rng = StdRng::seed_from_u64(3);
    for (count, window, step) in
        [(1, 4, 1), (7, 5, 1), (9, 6, 2), (60, 4, 64), (130, 8, 1), (200, 9, 3), (90, 7, 37)]
    {
        let bases = points::<G>(count, &mut rng);
        let lists = [
            scalars(count, &mut rng),
            vec![BigInt::zero(); count],
            vec![BigInt::from(1u64); count],
            vec![Fr::from(-1i64).into_bigint(); count],
        ];
        every::<G>(window, step, &bases, &lists);
        both(Shape { bases: count, window, step }, &lists);
    }
}

#[test]
fn sums_in_the_first_group() {
    group::<G1>();
}

#[test]
fn sums_in_the_second_group() {
    group::<G2>();
}

/// Bases that collide with themselves and their negatives: in buckets (equal x in a round), between
/// buckets (doublings in the reduction), and with sums at infinity.
fn collisions<G: Group>() {
    let mut rng = StdRng::seed_from_u64(4);
    let one = points::<G>(1, &mut rng)[0];
    let two = (one + one).into_affine();
    let negative = (-one.into_group()).into_affine();
    let few =
        [one, two, negative, one, (two + one).into_affine(), (-two.into_group()).into_affine()];
    for count in [2usize, 3, 16, 100, 400] {
        let same = vec![one; count];
        let turns: Vec<_> = (0..count).map(|i| few[i % few.len()]).collect();
        let opposite: Vec<_> = (0..count).map(|i| [one, negative][i % 2]).collect();
        let powers: Vec<_> =
            (0..count).map(|i| one.mul_bigint([1u64 << (i % 60)]).into_affine()).collect();
        for (window, step) in [(4, 1), (6, 1), (5, 51)] {
            let lists = [
                vec![BigInt::from(5u64); count],
                (0..count).map(|i| BigInt::from(i as u64 % 5)).collect(),
                scalars(count, &mut rng),
            ];
            for bases in [&same, &turns, &opposite, &powers] {
                every::<G>(window, step, bases, &lists);
            }
            both(Shape { bases: count, window, step }, &lists);
        }
    }
}

#[test]
fn collisions_in_the_first_group() {
    collisions::<G1>();
}

#[test]
fn collisions_in_the_second_group() {
    collisions::<G2>();
}

/// Enough bases for full chunks of slots and for long segments. A bound that was wrong by a fifth
/// once passed all small sums and failed one addition in ten thousand.
#[test]
fn many_additions() {
    let mut rng = StdRng::seed_from_u64(5);
    let start = points::<G1>(1, &mut rng)[0].into_group();
    let mut bases = vec![start];
    while bases.len() < 6000 {
        bases.push(bases[bases.len() - 1] + bases[bases.len() / 2]);
    }
    let bases = Sum::<G1>::normalize_batch(&bases);
    let scalars: Vec<_> = bases.iter().map(|_| Fr::rand(&mut rng).into_bigint()).collect();
    let wanted: Sum<G1> = reference::msm(&bases, &scalars);
    for backend in Backend::available() {
        for window in [10, 13, 15] {
            let shape = Shape { bases: bases.len(), window, step: 1 };
            let table = Table::<G1>::new(backend, shape, &bases, &|_| ()).unwrap();
            let got = table.msm(0..bases.len(), &scalars, &mut Scratch::new()).unwrap();
            assert!(got == wanted, "{backend}, window {window}");
        }
    }
}

#[test]
fn rows_are_below_the_prime() {
    let mut rng = StdRng::seed_from_u64(6);
    let bases = points::<G2>(20, &mut rng);
    for backend in Backend::available() {
        let shape = Shape { bases: 20, window: 6, step: 1 };
        let table = Table::<G2>::new(backend, shape, &bases, &|_| ()).unwrap();
        for coordinate in table.as_bytes().chunks(32) {
            let word =
                |i: usize| u64::from_le_bytes(coordinate[8 * i..8 * i + 8].try_into().unwrap());
            assert!(BigInt([word(0), word(1), word(2), word(3)]) < Fq::MODULUS);
        }
    }
}

#[test]
fn bad_shapes_bytes_and_scalars_are_refused() {
    let mut rng = StdRng::seed_from_u64(6);
    let mut bases = points::<G1>(3, &mut rng);
    let new = |window, step, bases: &[_]| {
        let shape = Shape { bases: bases.len(), window, step };
        Table::<G1>::new(Backend::Portable, shape, bases, &|_| ()).map(|_| ())
    };
    assert_eq!(new(3, 1, &bases), Err(Error::Window { got: 3 }));
    assert_eq!(new(19, 1, &bases), Err(Error::Window { got: 19 }));
    assert_eq!(new(15, 0, &bases), Err(Error::Step { got: 0, limit: 17 }));
    assert_eq!(new(15, 18, &bases), Err(Error::Step { got: 18, limit: 17 }));
    let table = Table::<G1>::new(
        Backend::Portable,
        Shape { bases: 3, window: 8, step: 1 },
        &bases,
        &|_| (),
    );
    let table = table.unwrap();
    let mut scratch = Scratch::new();
    let mut msm =
        |range, scalars: &[BigInt<4>]| table.msm(range, scalars, &mut scratch).map(|_| ());
    let one = BigInt::from(1u64);
    assert_eq!(msm(0..3, &[one; 2]), Err(Error::Scalars { got: 2, expected: 3 }));
    assert_eq!(msm(1..4, &[one; 3]), Err(Error::Scalars { got: 3, expected: 3 }));
    assert_eq!(msm(0..2, &[one, Fr::MODULUS]), Err(Error::Scalar { index: 1 }));
    assert_eq!(msm(1..1, &[]), Ok(()));
    bases[1] = G1Affine::zero();
    assert_eq!(new(8, 1, &bases), Err(Error::Infinity { index: 1 }));
    let shape = Shape { bases: 1, window: 8, step: 32 };
    let from = |range| {
        Table::<G1>::from_bytes(Backend::Portable, shape, Arc::new(Aligned::new(&[0; 192])), range)
    };
    assert!(from(64..128).is_ok());
    assert_eq!(from(64..127).err(), Some(Error::Length { got: 63, expected: 64 }));
    assert_eq!(from(0..192).err(), Some(Error::Length { got: 192, expected: 64 }));
    assert_eq!(from(190..254).err(), Some(Error::Length { got: 64, expected: 64 }));
    assert_eq!(from(8..72).err(), Some(Error::Alignment { got: 8 }));
    if Backend::best() == Backend::Portable {
        let table = Table::<G1>::new(Backend::Avx512Ifma, shape, &bases[..1], &|_| ());
        assert_eq!(table.err(), Some(Error::Backend { backend: Backend::Avx512Ifma }));
    }
}
