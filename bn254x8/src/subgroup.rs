//! Membership in the second group, for points of the twisted curve.

use ark_bn254::{Config, G2Affine};
use ark_ec::{AffineRepr as _, bn::BnConfig};

use crate::{
    Backend, Error,
    backend::{Isa, dispatch},
    pairing::{Begin, Entries, Frobenius, Move, OppositeMask, Step, lanes},
};

/// Points that share inversions.
const CHUNK: usize = 1024;

/// Indices of the points that are not in the second group, in ascending order. Infinity is in the
/// group.
///
/// Points must be on the curve.
///
/// # Errors
/// Returns an error if the CPU does not support the backend.
///
/// # Cost
/// 64 doublings and 24 additions for each point. Every 1,024 points share one inversion per step.
///
/// # Source
/// A point P is in the group exactly when `[6x + 2]P + psi(P) - psi^2(P) + psi^3(P) = 0`, where psi
/// is the twisted Frobenius. This is the relation behind the optimal ate pairing. Dai, Lin, Zhao,
/// Zhou ("Fast subgroup membership testings for G1, G2 and GT on pairing-friendly curves", ePrint
/// 2022/348) show when such a relation suffices. With psi^2 - t·psi + p = 0 it reads
/// `(a + b·psi)(P) = 0`, so the order of P divides the norm a^2 + a·b·t + b^2·p. It suffices if the
/// greatest common divisor of that norm and the order of the whole twisted curve is the group's
/// order r. A test computes it.
pub fn outside_subgroup(backend: Backend, points: &[G2Affine]) -> Result<Vec<usize>, Error> {
    dispatch!(backend, isa => {
        let finite: Vec<usize> = (0..points.len()).filter(|i| !points[*i].is_zero()).collect();
        let some: Vec<G2Affine> = finite.iter().map(|i| points[*i]).collect();
        outside(isa, &some).into_iter().map(|i| finite[i]).collect()
    })
}

/// [`outside_subgroup`] for finite points.
pub(crate) fn outside<I: Isa>(isa: I, points: &[G2Affine]) -> Vec<usize> {
    let mut out = Vec::new();
    for (c, points) in points.chunks(CHUNK).enumerate() {
        out.extend(chunk(isa, points).into_iter().map(|i| CHUNK * c + i));
    }
    out
}

fn chunk<I: Isa>(isa: I, points: &[G2Affine]) -> Vec<usize> {
    let mut entries: Entries<I> = isa.run(Begin(points));
    // Lanes that met equal x, where affine addition is undefined. arkworks decides about them.
    let mut slow = vec![0u8; entries.vectors.len()];
    let mut step = |entries: &mut Entries<I>, step: Move| {
        for (vector, lanes) in isa.run(Step { entries, lines: None, step }) {
            slow[vector] |= lanes;
        }
    };
    for digit in <Config as BnConfig>::ATE_LOOP_COUNT.iter().rev().skip(1) {
        step(&mut entries, Move::Double);
        if *digit != 0 {
            step(&mut entries, Move::Add { negative: *digit < 0 });
        }
    }
    for negative in [false, true] {
        isa.run(Frobenius(&mut entries));
        step(&mut entries, Move::Add { negative });
    }
    isa.run(Frobenius(&mut entries));
    let wrong = isa.run(OppositeMask(&entries));
    let masks: Vec<u8> = wrong.iter().zip(&slow).map(|(wrong, slow)| wrong | slow).collect();
    let mut out = lanes(&masks, points.len());
    out.retain(|i| {
        let lane_is_slow = slow[i / 8] >> (i % 8) & 1 == 1;
        !lane_is_slow || !points[*i].is_in_correct_subgroup_assuming_on_curve()
    });
    out
}
