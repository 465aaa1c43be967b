//! Tests of the limb arithmetic at its bounds: with the real instructions where the CPU has
//! them, and in emulation everywhere.

use ark_bn254::{Fq, Fq2, Fr};
use ark_ff::{AdditiveGroup as _, BigInt, Field as _, PrimeField as _, UniformRand as _};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

use super::{
    Coordinate, Extension, Fp, Fp2, InnerProduct, Lanes,
    bound::Bound,
    fp::UncarriedProduct,
    prime::{Base, MASK, Prime, Scalar},
    u64x8::U64x8,
};
use crate::backend::{Emulated, EmulatedIsa, Isa};

/// A number as five limbs, the top one unbounded.
type Number = [u64; 5];

fn add(a: Number, b: Number) -> Number {
    let (mut out, mut carry) = ([0; 5], 0);
    for i in 0..5 {
        let limb = a[i] + b[i] + carry;
        (out[i], carry) = if i < 4 { (limb & MASK, limb >> 52) } else { (limb, 0) };
    }
    out
}

fn less_one(mut a: Number) -> Number {
    for limb in &mut a {
        if *limb > 0 {
            *limb -= 1;
            return a;
        }
        *limb = MASK;
    }
    a
}

/// The field element that a number in Montgomery form represents: the number divided by 2^260.
fn element<P: Prime>(number: Number) -> P::Plain {
    let shift = P::Plain::from(1u64 << 52);
    let value = number.iter().rev().fold(P::Plain::ZERO, |sum, l| sum * shift + P::Plain::from(*l));
    value * P::Plain::from(2u64).pow([260u64]).inverse().unwrap()
}

/// Numbers near every multiple of p up to `times`, and random ones below `times`·p.
fn numbers<P: Prime>(times: u64, rng: &mut StdRng) -> Vec<Number> {
    let mut out = vec![[0; 5], [1, 0, 0, 0, 0]];
    let mut multiple = [0; 5];
    for _ in 0..times {
        multiple = add(multiple, P::P);
        out.extend([less_one(multiple), less_one(less_one(multiple))]);
        out.push([MASK, MASK, MASK, MASK, multiple[4].saturating_sub(1)]);
        if out.len() < 3 * times as usize {
            out.extend([multiple, add(multiple, [1, 0, 0, 0, 0])]);
        }
    }
    let top = multiple[4];
    for _ in 0..40 {
        let mut number: Number = std::array::from_fn(|_| rng.r#gen::<u64>() & MASK);
        number[4] = rng.gen_range(0..top);
        out.push(number);
    }
    out
}

fn lanes<P: Prime, W: U64x8>(token: W::Token, numbers: &[Number; 8], times: f64) -> Fp<P, W> {
    let word = |i: usize| W::from_line(token, &super::Line(numbers.map(|number| number[i])));
    Fp::new([word(0), word(1), word(2), word(3), word(4)], Bound::of(times))
}

/// The numbers in the lanes. Asserts that each is below its bound and that carries are propagated.
fn out<P: Prime, W: U64x8>(got: Fp<P, W>) -> [Number; 8] {
    let limbs = got.limbs.map(|limb| limb.store().0);
    let numbers: [Number; 8] = std::array::from_fn(|lane| limbs.map(|limb| limb[lane]));
    for number in &numbers {
        assert!(number[..4].iter().all(|limb| *limb <= MASK));
        let top = got.bound.times() * P::P[4] as f64 * (1.0 + 1e-9) + 1.0;
        assert!((number[4] as f64) <= top, "{number:?} is over {} p", got.bound.times());
    }
    numbers
}

fn check<P: Prime, W: U64x8>(got: Fp<P, W>, wanted: impl Fn(usize) -> P::Plain) {
    for (lane, number) in out(got).into_iter().enumerate() {
        assert_eq!(element::<P>(number), wanted(lane), "lane {lane}");
    }
}

fn field<P: Prime, W: U64x8>(token: W::Token)
where
    W::Token: Isa,
{
    let mut rng = StdRng::seed_from_u64(7);
    // Bounds of two operands: pairs with the largest allowed product, and small ones.
    for (ta, tb) in [(9, 9), (84, 1), (1, 84), (2, 2), (4, 21), (40, 2)] {
        let (na, nb) = (numbers::<P>(ta, &mut rng), numbers::<P>(tb, &mut rng));
        for (i, _) in na.iter().enumerate() {
            let a: [Number; 8] = std::array::from_fn(|l| na[(i + l) % na.len()]);
            let b: [Number; 8] = std::array::from_fn(|l| nb[(3 * i + 5 * l) % nb.len()]);
            let (x, y) = (lanes::<P, W>(token, &a, ta as f64), lanes::<P, W>(token, &b, tb as f64));
            let (ea, eb) = (a.map(element::<P>), b.map(element::<P>));
            check(x.mul(&y), |l| ea[l] * eb[l]);
            let (xy, yx) = Fp::mul_two(&x, &y, &y, &x);
            check(xy, |l| ea[l] * eb[l]);
            check(yx, |l| ea[l] * eb[l]);
            if tb <= 2 {
                check(x.mul_sub(&y, &y), |l| ea[l] * eb[l] - eb[l]);
                let (less, minus) = Fp::mul_sub_two([&x, &y, &y], [&y, &y, &y]);
                check(less, |l| ea[l] * eb[l] - eb[l]);
                check(minus, |l| eb[l] * eb[l] - eb[l]);
            }
            if ta <= 9 {
                check(x.square(), |l| ea[l].square());
            }
            if tb <= 4 && ta <= 9 {
                let sum = Fp::sum_of_products::<true>(&x, &y, &y, &y);
                check(sum, |l| ea[l] * eb[l] + eb[l] * eb[l]);
            }
            if ta + tb < 84 {
                check(x.add_lazy(&y), |l| ea[l] + eb[l]);
            }
            if tb <= 4 && ta < 80 {
                check(x.sub_multiple::<4>(&y), |l| ea[l] - eb[l]);
                check(y.negative::<4>(), |l| -eb[l]);
            }
        }
    }
    let number = numbers::<P>(2, &mut rng);
    for (i, _) in number.iter().enumerate() {
        for (j, _) in number.iter().enumerate().step_by(3) {
            let a: [Number; 8] = std::array::from_fn(|l| number[(i + l) % number.len()]);
            let b: [Number; 8] = std::array::from_fn(|l| number[(j + 3 * l) % number.len()]);
            let (x, y) = (lanes::<P, W>(token, &a, 2.0), lanes::<P, W>(token, &b, 2.0));
            let (ea, eb) = (a.map(element::<P>), b.map(element::<P>));
            check(x.add(&y), |l| ea[l] + eb[l]);
            check(x.sub(&y), |l| ea[l] - eb[l]);
            check(x.sub_lazy(&y), |l| ea[l] - eb[l]);
            check(
                x.select(0b1010_0110, &y),
                |l| if 0b1010_0110 >> l & 1 == 1 { eb[l] } else { ea[l] },
            );
            assert_eq!(x.to_integers(), ea.map(|e| e.into_bigint()));
            assert_eq!(x.to_plain(), ea);
            let canonical = out(x.canonical());
            assert!(canonical.iter().all(|n| n.iter().rev().lt(P::P.iter().rev())));
            check(x.canonical(), |l| ea[l]);
            check(
                x.canonical().negate(0b0101),
                |l| if 0b0101 >> l & 1 == 1 { -ea[l] } else { ea[l] },
            );
            check(x.canonical().negate_sub_lazy(0b0101, &y), |l| {
                if 0b0101 >> l & 1 == 1 { -ea[l] - eb[l] } else { ea[l] - eb[l] }
            });
            match x.inverse(token) {
                Some(inverse) => check(inverse, |l| ea[l].inverse().unwrap()),
                None => assert!(ea.contains(&P::Plain::ZERO)),
            }
        }
    }
    reductions::<P, W>(token, &mut rng);
    weighted::<P, W>(token, &mut rng);
    let plain: [P::Plain; 8] = std::array::from_fn(|_| P::Plain::rand(&mut rng));
    check(Fp::<P, W>::from_plain(token, &plain), |l| plain[l]);
    check(Fp::<P, W>::splat(token, &plain[3]), |_| plain[3]);
    let rows: [Fp<P, W>; 8] = std::array::from_fn(|i| {
        let row = std::array::from_fn(|j| P::Plain::from((8 * i + j) as u64));
        Fp::from_plain(token, &row)
    });
    for (j, column) in Fp::transpose(rows).into_iter().enumerate() {
        check(column, |i| P::Plain::from((8 * i + j) as u64));
    }
    assert_eq!(Fp::<P, W>::zero(token).zeros(), 0xff);
}

/// Inner products with constants at their bounds, including the largest possible elements.
fn weighted<P: Prime, W: U64x8>(token: W::Token, rng: &mut StdRng)
where
    W::Token: Isa,
{
    // The number of values, the bound of each, and the bound of what is added, in multiples of p.
    for (count, times, above) in [(1, 84, 2), (4, 21, 9), (14, 6, 40), (16, 5, 82), (9, 2, 1)] {
        let (values, mores) = (numbers::<P>(times, rng), numbers::<P>(above, rng));
        for i in 0..values.len() {
            let pick = |from: &[Number], k: usize| -> [Number; 8] {
                std::array::from_fn(|l| from[(i + 3 * l + k) % from.len()])
            };
            let chosen: Vec<[Number; 8]> = (0..count).map(|k| pick(&values, k)).collect();
            let more = pick(&mores, 0);
            let weights: Vec<P::Plain> = (0..count)
                .map(|k| match (i + k) % 3 {
                    0 => element::<P>(less_one(P::P)),
                    1 => -P::Plain::ONE,
                    _ => P::Plain::rand(rng),
                })
                .collect();
            let single: Vec<_> = weights.iter().map(Fp::<P, W>::single).collect();
            let vectors: Vec<Fp<P, W>> =
                chosen.iter().map(|v| lanes(token, v, times as f64)).collect();
            let sum = Fp::weighted(token, &single, &vectors, &lanes(token, &more, above as f64));
            check(sum, |l| {
                let products = weights.iter().zip(&chosen);
                products.map(|(w, v)| *w * element::<P>(v[l])).sum::<P::Plain>()
                    + element::<P>(more[l])
            });
        }
    }
}

/// The reduction at each boundary of its table and one below it, and `third` at its extremes.
fn reductions<P: Prime, W: U64x8>(token: W::Token, rng: &mut StdRng)
where
    W::Token: Isa,
{
    let mut all = numbers::<P>(5, rng);
    for k in 1..8u64 {
        // k·2^253, and one less.
        let at = [0, 0, 0, 0, k << 45];
        all.extend([at, less_one(at), add(at, [1, 0, 0, 0, 0])]);
    }
    all.push([MASK, MASK, MASK, MASK, (1 << 48) - 1]);
    for chunk in all.chunks(8) {
        let a: [Number; 8] = std::array::from_fn(|l| chunk[l % chunk.len()]);
        let x = lanes::<P, W>(token, &a, 5.29);
        check(x.reduce(), |l| element::<P>(a[l]));
    }
    let halves = |times: f64| (P::P[4] as f64 * times) as u64;
    let edge = |times: f64| [[0; 5], [MASK, MASK, MASK, MASK, halves(times) - 1]];
    for x1 in edge(1.65) {
        for x2 in edge(1.65) {
            for square in edge(1.25) {
                let part = |n: Number, times: f64| lanes::<P, W>(token, &[n; 8], times);
                let (a, b, s) = (part(x1, 1.65), part(x2, 1.65), part(square, 1.25));
                let third = b.sub_lazy(&a).third_of(UncarriedProduct::new(s.limbs, s.bound), &a);
                let wanted = element::<P>(square) - element::<P>(x1) - element::<P>(x2);
                check(third, |_| wanted);
            }
        }
    }
}

fn pairs<W: U64x8>(token: W::Token)
where
    W::Token: Isa,
{
    let mut rng = StdRng::seed_from_u64(8);
    let edges = numbers::<Base>(4, &mut rng);
    for (i, _) in edges.iter().enumerate() {
        let pick =
            |k: usize| -> [Number; 8] { std::array::from_fn(|l| edges[(k * i + l) % edges.len()]) };
        let (a0, a1, b0, b1) = (pick(1), pick(3), pick(5), pick(7));
        let pair = |c0: &[Number; 8], c1: &[Number; 8]| Fp2::<W> {
            c0: lanes(token, c0, 4.0),
            c1: lanes(token, c1, 4.0),
        };
        let plain = |c0: &[Number; 8], c1: &[Number; 8]| -> [Fq2; 8] {
            std::array::from_fn(|l| Fq2::new(element::<Base>(c0[l]), element::<Base>(c1[l])))
        };
        let (a, b) = (pair(&a0, &a1), pair(&b0, &b1));
        let (ea, eb) = (plain(&a0, &a1), plain(&b0, &b1));
        let check = |got: Fp2<W>, wanted: &dyn Fn(usize) -> Fq2| {
            check(got.c0, |l| wanted(l).c0);
            check(got.c1, |l| wanted(l).c1);
        };
        check(a.mul(&b), &|l| ea[l] * eb[l]);
        check(a.square(), &|l| ea[l].square());
        let less = b.reduce();
        check(a.mul_sub(&b, &less), &|l| ea[l] * eb[l] - eb[l]);
        check(less.sub_lazy(&less).third(&a.reduce(), &less), &|l| ea[l].square() - eb[l] - eb[l]);
        let (ab, ba) = Fp2::mul_two(&a, &b, &b, &a);
        check(ab, &|l| ea[l] * eb[l]);
        check(ba, &|l| ea[l] * eb[l]);
        if let Some(inverse) = a.inverse(token) {
            check(inverse, &|l| ea[l].inverse().unwrap());
        }
    }
    sums::<W>(token);
    let plain: [Fq2; 8] = std::array::from_fn(|_| Fq2::rand(&mut rng));
    let other: [Fq2; 8] = std::array::from_fn(|_| Fq2::rand(&mut rng));
    let (x, y) = (Fp2::<W>::from_plain(token, &plain), Fp2::<W>::from_plain(token, &other));
    let rows = Fp2::store(&x.canonical(), &y.canonical());
    for lane in 0..8 {
        assert_eq!(Fp2::<W>::point(&rows[lane]), (plain[lane], other[lane]));
        assert_eq!(Fp2::<W>::row(&plain[lane], &other[lane]), rows[lane]);
    }
    let (x, y) = Fp2::<W>::load(token, rows.each_ref());
    assert_eq!((x.to_plain(), y.to_plain()), (plain, other));
}

/// Sums of products in Fq2 at the bounds of a product with a line and of a square.
fn sums<W: U64x8>(token: W::Token)
where
    W::Token: Isa,
{
    let mut rng = StdRng::seed_from_u64(10);
    let xi = Fq2::new(Fq::from(9u64), Fq::ONE);
    let edges = numbers::<Base>(2, &mut rng);
    // Reduced: below 1.65 p.
    let mut small = numbers::<Base>(1, &mut rng);
    small.push([MASK, MASK, MASK, MASK, (Base::P[4] as f64 * 1.65) as u64 - 1]);
    // The coefficients of a line.
    let mut line = numbers::<Base>(1, &mut rng);
    line.push([MASK, MASK, MASK, MASK, (Base::P[4] as f64 * 1.2) as u64 - 1]);
    for (i, _) in edges.iter().enumerate() {
        let pick = |from: &[Number], k: usize, times: f64| -> (Fp2<W>, [Fq2; 8]) {
            let part = |k: usize| -> [Number; 8] {
                std::array::from_fn(|l| from[(k * i + l) % from.len()])
            };
            let (c0, c1) = (part(k), part(k + 2));
            let pair = Fp2 { c0: lanes(token, &c0, times), c1: lanes(token, &c1, times) };
            (
                pair,
                std::array::from_fn(|l| Fq2::new(element::<Base>(c0[l]), element::<Base>(c1[l]))),
            )
        };
        let check = |got: Fp2<W>, wanted: &dyn Fn(usize) -> Fq2| {
            check(got.c0, |l| wanted(l).c0);
            check(got.c1, |l| wanted(l).c1);
        };
        let ((a, ea), (b, eb)) = (pick(&small, 1, 1.65), pick(&small, 5, 1.65));
        let ((c, ec), (d, ed)) = (pick(&edges, 3, 2.0), pick(&edges, 7, 2.0));
        let sum = Fp2::dot([&a, &b], [&c.factor(), &d.factor()]);
        check(sum, &|l| ea[l] * ec[l] + eb[l] * ed[l]);
        let sum = Fp2::dot([&a, &b, &a, &b], [&c.factor(), &d.factor(), &d.factor(), &c.factor()]);
        check(sum, &|l| (ea[l] + eb[l]) * (ec[l] + ed[l]));
        let ((c, ec), (d, ed)) = (pick(&line, 3, 1.2), pick(&line, 7, 1.2));
        let sum = Fp2::dot([&a, &b], [&c.xi_factor(), &d.xi_factor()]);
        check(sum, &|l| (ea[l] * ec[l] + eb[l] * ed[l]) * xi);
        check(a.xi(), &|l| ea[l] * xi);
        check(d.conjugate(), &|l| Fq2::new(ed[l].c0, -ed[l].c1));
        check(a.scale(&d.c0), &|l| Fq2::new(ea[l].c0 * ed[l].c0, ea[l].c1 * ed[l].c0));
    }
}

#[test]
fn limbs_are_right_at_their_bounds() {
    field::<Base, Emulated>(EmulatedIsa);
    field::<Scalar, Emulated>(EmulatedIsa);
    pairs::<Emulated>(EmulatedIsa);
}

#[cfg(target_arch = "x86_64")]
#[test]
fn registers_are_right_at_their_bounds() {
    use crate::backend::avx512::{Avx512, Zmm};
    let Some(token) = Avx512::detect() else {
        eprintln!(
            "SKIPPED: the CPU has no AVX-512 IFMA, so its field arithmetic was tested \
             in emulation only"
        );
        return;
    };
    field::<Base, Zmm>(token);
    field::<Scalar, Zmm>(token);
    pairs::<Zmm>(token);
}

#[test]
#[should_panic(expected = "not reduced below 2 p")]
fn a_product_over_the_bound_is_seen() {
    let x = lanes::<Base, Emulated>(EmulatedIsa, &[[1, 0, 0, 0, 0]; 8], 9.2);
    let _ = x.mul(&x);
}

#[test]
fn plain_lanes_are_the_fields() {
    let mut rng = StdRng::seed_from_u64(9);
    let a: [Fq; 8] = std::array::from_fn(|_| Fq::rand(&mut rng));
    let b: [Fq; 8] = std::array::from_fn(|_| Fq::rand(&mut rng));
    let (x, y) = (crate::backend::Plain(a), crate::backend::Plain(b));
    let rows = <crate::backend::Plain<Fq> as Coordinate>::store(&x, &y);
    let (u, v) = <crate::backend::Plain<Fq> as Coordinate>::load(
        crate::backend::portable::Portable,
        rows.each_ref(),
    );
    assert_eq!((u.to_plain(), v.to_plain()), (a, b));
    let third = y.sub_lazy(&x).third(&x, &x);
    assert_eq!(third.to_plain(), std::array::from_fn(|l| a[l].square() - a[l] - b[l]));
    let scalars: [Fr; 8] = std::array::from_fn(|i| Fr::from(i as u64));
    assert_eq!(
        crate::backend::Plain(scalars).to_integers(),
        std::array::from_fn(|i| BigInt::from(i as u64))
    );
}
