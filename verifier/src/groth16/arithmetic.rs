//! The curve arithmetic of batches, for many points at a time: in lanes with feature `simd`, on
//! arkworks without it.
//!
//! Both give the same answers, except that a coefficient's 128 bits stand for another scalar in
//! each. A build has one or the other.

use alloc::vec::Vec;

use ark_bn254::{Bn254, Fq, Fq12, G1Affine, G2Affine};
use ark_ec::pairing::Pairing;

#[cfg(feature = "simd")]
pub use lanes::refused_by_lanes;
#[cfg(feature = "simd")]
pub(crate) use lanes::{
    FEWEST, Lines, exponentiation_in_loops, final_exponentiation, inside_subgroup, inverse_roots,
    miller_products, miller_values, multiples, scalar_of,
};
#[cfg(not(feature = "simd"))]
pub(crate) use plain::{
    FEWEST, Lines, exponentiation_in_loops, final_exponentiation, inside_subgroup, inverse_roots,
    miller_products, miller_values, multiples, scalar_of,
};

/// Two points to pair, on their curves.
pub(crate) type Pair = (G1Affine, G2Affine);

/// A pair that contributes one.
pub(crate) const NO_PAIR: Pair = (G1Affine::identity(), G2Affine::identity());

/// Products of Miller loops. After the final exponentiation they are products of pairings.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Products {
    /// One product for each group of pairs, in order, without the pairs in `outside`.
    pub(crate) products: Vec<Fq12>,
    /// The pairs whose second point is not in the subgroup, in order.
    pub(crate) outside: Vec<usize>,
}

/// The arithmetic on arkworks.
#[cfg_attr(feature = "simd", allow(dead_code, reason = "the plain path stays, and is tested"))]
mod plain {
    use ark_bn254::{Fr, G1Projective, g1::Config as G1};
    use ark_ec::{CurveGroup, pairing::MillerLoopOutput, scalar_mul::glv::GLVConfig};
    use ark_ff::{AdditiveGroup, Field};

    use super::{Bn254, Fq, Fq12, G1Affine, G2Affine, NO_PAIR, Pair, Pairing, Products, Vec};

    /// Returns the coefficient that 128 bits stand for: `low + lambda * high`, where `lambda` is
    /// the eigenvalue of the endomorphism.
    ///
    /// 2^128 integers give 2^128 different field elements: the shortest relation `a + lambda b = 0
    /// (mod r)` has a number of 127 bits, and two equal coefficients would give one whose numbers
    /// are below 2^64. A multiple by such a coefficient takes 64 doublings.
    ///
    /// # Source
    /// Gallant, Lambert, Vanstone, "Faster Point Multiplication on Elliptic Curves with Efficient
    /// Endomorphisms" (2001).
    pub fn scalar_of(coefficient: u128) -> Fr {
        let (low, high) = halves(coefficient);
        Fr::from(low) + <G1 as GLVConfig>::LAMBDA * Fr::from(high)
    }

    #[allow(clippy::cast_possible_truncation, reason = "the low half is what is wanted")]
    const fn halves(coefficient: u128) -> (u64, u64) {
        (coefficient as u64, (coefficient >> 64) as u64)
    }

    /// Returns `scalar_of(coefficients[i]) * points[i]`. Both lists have the same length.
    pub fn multiples(points: &[G1Affine], coefficients: &[u128]) -> Vec<G1Affine> {
        let multiples: Vec<G1Projective> =
            points.iter().zip(coefficients).map(|(point, by)| multiple(point, *by)).collect();
        G1Projective::normalize_batch(&multiples)
    }

    /// Processes both halves at once. Where both have a one, it adds `P + phi(P) = -phi(phi(P))`,
    /// which is affine too.
    fn multiple(point: &G1Affine, by: u128) -> G1Projective {
        let (low, high) = halves(by);
        let image = <G1 as GLVConfig>::endomorphism_affine(point);
        let both = -<G1 as GLVConfig>::endomorphism_affine(&image);
        let mut sum = G1Projective::ZERO;
        for bit in (0..u64::BITS).rev() {
            sum.double_in_place();
            match (low >> bit & 1, high >> bit & 1) {
                (0, 0) => {}
                (1, 0) => sum += point,
                (0, _) => sum += image,
                _ => sum += both,
            }
        }
        sum
    }

    /// `(q - 3) / 4`, the lowest limb first.
    const EXPONENT: [u64; 4] = [
        0x4f08_2305_b61f_3f51,
        0x65e0_5aa4_5a1c_72a3,
        0x6e14_116d_a060_5617,
        0x0c19_139c_b84c_680a,
    ];

    /// Returns `v^((q - 3) / 4)` of each: one over a root of v if v is a square; if not, minus one
    /// over a root of -v.
    pub fn inverse_roots(values: &[Fq]) -> Vec<Fq> {
        values.iter().map(|value| value.pow(EXPONENT)).collect()
    }

    /// Returns which of these points of the twist are in the subgroup of order r.
    pub fn inside_subgroup(points: &[G2Affine]) -> Vec<bool> {
        points.iter().map(G2Affine::is_in_correct_subgroup_assuming_on_curve).collect()
    }

    /// Returns the products of the Miller loops of every `length` pairs, and the pairs that are
    /// left out.
    pub fn miller_products(pairs: &[Pair], length: usize) -> Products {
        let inside = inside_subgroup(&pairs.iter().map(|pair| pair.1).collect::<Vec<_>>());
        let outside = (0..pairs.len()).filter(|at| inside.get(*at) != Some(&true)).collect();
        products_without(pairs, length, outside)
    }

    /// The same, if the pairs to leave out are known.
    pub fn products_without(pairs: &[Pair], length: usize, outside: Vec<usize>) -> Products {
        let mut pairs = pairs.to_vec();
        outside.iter().for_each(|at| pairs[*at] = NO_PAIR);
        let product = |pairs: &[Pair]| {
            let (left, right): (Vec<_>, Vec<_>) = pairs.iter().copied().unzip();
            Bn254::multi_miller_loop(left, right).0
        };
        Products { products: pairs.chunks(length).map(product).collect(), outside }
    }

    /// Returns the Miller loop of each pair.
    pub fn miller_values(pairs: &[Pair]) -> Vec<Fq12> {
        pairs.iter().map(|(left, right)| Bn254::multi_miller_loop([left], [right]).0).collect()
    }

    /// Raises a product to the power that gives 1 exactly if the pairings multiply to 1. Returns
    /// `None` for 0, which no product of Miller loops is.
    pub fn final_exponentiation(product: Fq12) -> Option<Fq12> {
        Bn254::final_exponentiation(MillerLoopOutput(product)).map(|output| output.0)
    }

    /// Fewer proofs than this are checked one by one, because they share too little.
    pub const FEWEST: usize = 2;

    /// How many Miller loops of a product take as long as a final exponentiation and what goes with
    /// it.
    pub const fn exponentiation_in_loops() -> u64 {
        1
    }

    /// The lines of two fixed points of the second group.
    #[derive(Clone)]
    pub struct Lines([<Bn254 as Pairing>::G2Prepared; 2]);

    impl Lines {
        /// Computes the lines of points in the subgroup.
        pub fn new(points: [G2Affine; 2]) -> Self {
            Self(points.map(Into::into))
        }

        /// Returns the product of the Miller loops of `points` with the fixed points, and of the
        /// pair, whose second point is in the subgroup.
        pub fn miller_product(&self, points: [G1Affine; 2], pair: (G1Affine, G2Affine)) -> Fq12 {
            let [first, second] = &self.0;
            let right = [first.clone(), second.clone(), pair.1.into()];
            Bn254::multi_miller_loop([points[0], points[1], pair.0], right).0
        }

        /// The same for a pair that is on its curves. Returns `None` if its second point is not in
        /// the subgroup.
        pub fn miller_product_checked(
            &self,
            points: [G1Affine; 2],
            pair: (G1Affine, G2Affine),
        ) -> Option<Fq12> {
            let inside = pair.1.is_in_correct_subgroup_assuming_on_curve();
            inside.then(|| self.miller_product(points, pair))
        }
    }
}

/// The arithmetic in lanes, with whatever this machine has. What lanes cannot do runs on arkworks.
#[cfg(feature = "simd")]
mod lanes {
    use core::{
        num::NonZeroUsize,
        sync::atomic::{AtomicU64, Ordering},
    };

    use ark_ec::CurveGroup;
    use ark_ff::Field;
    use bn254x8::{Backend, Error, pairing, roots, subgroup};

    use super::{Fq, Fq12, G1Affine, G2Affine, Pair, Products, Vec, plain};

    pub use pairing::scalar_of;

    /// Fewer points are faster one by one: lanes take as long for one as for eight.
    const FEW: usize = 6;

    /// Fewer proofs than this are checked one by one, which is faster than together on arkworks.
    pub const FEWEST: usize = FEW;

    static REFUSED: AtomicU64 = AtomicU64::new(0);

    /// Returns how often lanes refused work in this process, so that arkworks did it at many times
    /// the cost. Anything but 0 is our bug.
    pub fn refused_by_lanes() -> u64 {
        REFUSED.load(Ordering::Relaxed)
    }

    /// Returns what lanes gave. They refuse only lists of unequal lengths and a backend that the
    /// machine lacks. That would be our bug, and no reason not to verify.
    fn lanes_or<T>(given: Result<T, Error>, plain: impl FnOnce() -> T) -> T {
        given.unwrap_or_else(|error| {
            debug_assert!(false, "lanes refuse: {error}");
            REFUSED.fetch_add(1, Ordering::Relaxed);
            plain()
        })
    }

    /// Returns `v^((q - 3) / 4)` of each.
    pub fn inverse_roots(values: &[Fq]) -> Vec<Fq> {
        let backend = Backend::best();
        // Without instructions for them, eight lanes take eight times as long as one.
        if backend == Backend::Portable && values.len() < FEW {
            return plain::inverse_roots(values);
        }
        let roots = roots::inverse_roots(backend, values);
        lanes_or(roots, || plain::inverse_roots(values))
    }

    /// Returns `scalar_of(coefficients[i]) * points[i]`.
    pub fn multiples(points: &[G1Affine], coefficients: &[u128]) -> Vec<G1Affine> {
        let one_by_one = || {
            let pairs = points.iter().zip(coefficients);
            pairs.map(|(point, by)| (*point * scalar_of(*by)).into_affine()).collect()
        };
        if points.len() < FEW {
            return one_by_one();
        }
        lanes_or(pairing::multiples(Backend::best(), points, coefficients), one_by_one)
    }

    /// Returns which of these points of the twist are in the subgroup of order r.
    pub fn inside_subgroup(points: &[G2Affine]) -> Vec<bool> {
        if points.len() < FEW {
            return plain::inside_subgroup(points);
        }
        let told = subgroup::outside_subgroup(Backend::best(), points).map(|outside| {
            let mut inside = alloc::vec![true; points.len()];
            outside.into_iter().for_each(|at| inside[at] = false);
            inside
        });
        lanes_or(told, || plain::inside_subgroup(points))
    }

    /// Returns the products of the Miller loops of every `length` pairs, and the pairs that are
    /// left out. `length` is rounded up to whole vectors, so it is a multiple of eight, or at least
    /// the number of pairs.
    ///
    /// At its end the loop knows whose point is outside. The contribution of such a pair is
    /// computed once more, and divided out.
    pub fn miller_products(pairs: &[Pair], length: usize) -> Products {
        let eights = NonZeroUsize::new(length.div_ceil(8)).filter(|_| pairs.len() >= FEW);
        let Some(eights) = eights else { return plain::miller_products(pairs, length) };
        let length = 8 * eights.get();
        let checked = pairing::miller_products(Backend::best(), pairs, eights).map(|checked| {
            let pairing::Checked { mut products, outside } = checked;
            let strangers: Vec<Pair> = outside.iter().map(|at| pairs[*at]).collect();
            for (at, value) in outside.iter().zip(miller_values(&strangers)) {
                match value.inverse() {
                    Some(inverse) => products[at / length] *= inverse,
                    // A product of lines is not zero. If it were, the other pairs are multiplied
                    // again.
                    None => return plain::products_without(pairs, length, outside),
                }
            }
            Products { products, outside }
        });
        lanes_or(checked, || plain::miller_products(pairs, length))
    }

    /// Returns the Miller loop of each pair.
    pub fn miller_values(pairs: &[Pair]) -> Vec<Fq12> {
        if pairs.is_empty() {
            return Vec::new();
        }
        let values = pairing::miller_values(Backend::best(), pairs);
        lanes_or(values, || plain::miller_values(pairs))
    }

    /// Raises a product to the power that gives 1 exactly if the pairings multiply to 1. Returns
    /// `None` for 0, which no product of Miller loops is.
    pub fn final_exponentiation(product: Fq12) -> Option<Fq12> {
        let power = pairing::final_exponentiation(Backend::best(), &product);
        lanes_or(power, || plain::final_exponentiation(product))
    }

    /// How many Miller loops of a product take as long as a final exponentiation and what goes with
    /// it. Where eight loops run at once, loops are cheap and a single equation is not.
    pub fn exponentiation_in_loops() -> u64 {
        match Backend::best() {
            Backend::Avx512Ifma => 13,
            _ => plain::exponentiation_in_loops(),
        }
    }

    /// The lines of two fixed points of the second group.
    #[derive(Clone)]
    pub struct Lines {
        points: [G2Affine; 2],
        lines: Option<pairing::Fixed>,
    }

    impl Lines {
        /// Computes the lines of points in the subgroup.
        pub fn new(points: [G2Affine; 2]) -> Self {
            Self { points, lines: pairing::Fixed::new(Backend::best(), points).ok() }
        }

        /// Returns the product of the Miller loops of `points` with the fixed points, and of the
        /// pair, whose second point is in the subgroup.
        pub fn miller_product(&self, points: [G1Affine; 2], pair: (G1Affine, G2Affine)) -> Fq12 {
            let fixed = self.lines.as_ref().and_then(|lines| lines.miller_product(&points, &pair));
            fixed.unwrap_or_else(|| plain::Lines::new(self.points).miller_product(points, pair))
        }

        /// The same for a pair that is on its curves. Returns `None` if its second point is not in
        /// the subgroup.
        pub fn miller_product_checked(
            &self,
            points: [G1Affine; 2],
            pair: (G1Affine, G2Affine),
        ) -> Option<Fq12> {
            match &self.lines {
                Some(lines) => lines.miller_product(&points, &pair),
                None => plain::Lines::new(self.points).miller_product_checked(points, pair),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ark_bn254::{Fq, Fq2, Fr, G1Projective};
    use ark_ec::{AffineRepr, CurveGroup, PrimeGroup, pairing::MillerLoopOutput};
    use ark_ff::Field;

    use super::*;

    fn points(count: u64) -> Vec<G1Affine> {
        (1..=count)
            .map(|k| (G1Projective::generator() * Fr::from(k * k * k)).into_affine())
            .collect()
    }

    #[test]
    fn a_multiple_is_that_by_the_scalar() {
        let edges = [0, 1, 2, u128::from(u64::MAX), 1 << 64, (1 << 64) + 1, u128::MAX, 3 << 63];
        let points = points(edges.len() as u64);
        for (at, (point, by)) in points.iter().zip(edges).enumerate() {
            let by_scalar = |scalar: Fr| (*point * scalar).into_affine();
            assert_eq!(multiples(&points, &edges)[at], by_scalar(scalar_of(by)), "{by:#x}");
            let plain = plain::multiples(&points, &edges)[at];
            assert_eq!(plain, by_scalar(plain::scalar_of(by)), "{by:#x}, plain");
        }
    }

    #[test]
    fn an_inverse_root_tells_squares() {
        for value in (0..40u64).map(Fq::from) {
            let [root] = inverse_roots(&[value])[..] else { panic!("one for one") };
            assert_eq!(root, plain::inverse_roots(&[value])[0]);
            let squared = (value * root).square();
            assert_eq!(squared, if value.sqrt().is_some() { value } else { -value });
        }
    }

    #[test]
    fn a_product_is_that_of_the_pairings() {
        let left = points(5);
        let right: Vec<G2Affine> =
            (1..=5u64).map(|k| (G2Affine::generator() * Fr::from(k + 7)).into_affine()).collect();
        let pairs: Vec<_> = left.iter().copied().zip(right.iter().copied()).collect();
        let finished = |product: Fq12| Bn254::final_exponentiation(MillerLoopOutput(product));
        let Products { products, outside } = miller_products(&pairs, 8);
        assert_eq!((products.len(), outside.len()), (1, 0));
        assert_eq!(finished(products[0]), Some(Bn254::multi_pairing(&left, &right)));
        for (value, pair) in miller_values(&pairs).into_iter().zip(&pairs) {
            assert_eq!(finished(value), Some(Bn254::pairing(pair.0, pair.1)));
        }
        assert_eq!(miller_values(&[]), []);
    }

    /// Points of the twist, none of them in the subgroup.
    fn strangers(count: usize) -> Vec<G2Affine> {
        let mut x = Fq2::new(Fq::from(7u64), Fq::ONE);
        let mut points = Vec::new();
        while points.len() < count {
            points.extend(G2Affine::get_point_from_x_unchecked(x, points.len() % 2 == 0));
            x += Fq2::ONE;
        }
        points
    }

    /// Rows of docs/failures.md: 4.
    /// Wherever they stand and however many there are, the product is that of the others.
    #[test]
    fn pairs_outside_the_subgroup_are_named_and_left_out() {
        let finished = |product: &Fq12| Bn254::final_exponentiation(MillerLoopOutput(*product));
        let left = points(20);
        let right: Vec<G2Affine> =
            (1..=20u64).map(|k| (G2Affine::generator() * Fr::from(k)).into_affine()).collect();
        let good: Vec<Pair> = left.into_iter().zip(right).collect();
        let strangers = strangers(20);
        let whole: Vec<usize> = (0..20).collect();
        let some = [&[][..], &[0], &[19], &[7, 8], &[0, 1, 2, 3, 4, 5, 6, 7], &whole];
        for outside in some {
            let mut pairs = good.clone();
            outside.iter().for_each(|at| pairs[*at].1 = strangers[*at]);
            let told = miller_products(&pairs, 8);
            assert_eq!(told.outside, outside);
            assert_eq!(told.products.len(), 3);
            for (part, product) in told.products.iter().enumerate() {
                let rest = (8 * part..20.min(8 * part + 8)).filter(|at| !outside.contains(at));
                let (left, right): (Vec<_>, Vec<_>) = rest.map(|at| good[at]).unzip();
                assert_eq!(finished(product), Some(Bn254::multi_pairing(left, right)));
            }
            let few = miller_products(&pairs[..2], 8);
            let expected = outside.iter().copied().filter(|at| *at < 2).collect::<Vec<_>>();
            assert_eq!(few.outside, expected);
        }
    }

    /// Rows of docs/failures.md: 4.
    #[test]
    fn points_of_the_twist_outside_the_subgroup_are_told() {
        let mut points = strangers(20);
        points.push(G2Affine::generator());
        let inside = inside_subgroup(&points);
        assert_eq!(inside.len(), points.len());
        assert!(inside[20] && inside[..20].iter().all(|inside| !inside));
    }
}
