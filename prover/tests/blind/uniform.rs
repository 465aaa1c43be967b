//! Whether values look as if each had been drawn from the whole field, apart from all others.

use std::collections::BTreeMap;

use ark_bn254::Fr;
use ark_ff::{BigInt, BigInteger, PrimeField};

/// By chance a statistic passes its limit with a probability below e^-40: of a thousand of them, one in 10^14.
const RARE: f64 = 40.0;
/// Values of which two are this near, or one is to zero, are no chance: of a million values any two are nearer with a probability
/// below 2^-80.
const NEAR_BITS: u32 = 128;

/// What is not uniform.
#[derive(Clone, Debug, PartialEq)]
pub enum Trace {
    /// Two values, or a value and zero, are the same or nearly so.
    Near { of: &'static str },
    /// Some parts of the field have too many values, others too few.
    Skewed { of: &'static str, where_: String, chi_square: f64, limit: f64 },
}

/// Looks for traces in what jobs sent: in values, and in the differences between each job and the one before it.
///
/// # Shapes
/// The values of each job, as many for all.
pub fn uniform(jobs: &[Vec<Fr>]) -> Result<(), Trace> {
    look("values", jobs)?;
    let between: Vec<Vec<Fr>> = jobs
        .windows(2)
        .map(|pair| pair[0].iter().zip(&pair[1]).map(|(one, other)| *one - other).collect())
        .collect();
    look("differences", &between)
}

fn look(of: &'static str, jobs: &[Vec<Fr>]) -> Result<(), Trace> {
    let jobs: Vec<Vec<BigInt<4>>> =
        jobs.iter().map(|job| job.iter().map(|value| value.into_bigint()).collect()).collect();
    let all: Vec<BigInt<4>> = jobs.iter().flatten().copied().collect();
    if near(&all) {
        return Err(Trace::Near { of });
    }
    // All of them, finely: the place in the field, and each byte but the two highest, which the modulus cuts off.
    even(of, "the field", all.iter().map(place::<256>), 256)?;
    for byte in 0..30 {
        let of_byte = all.iter().map(|value| value.to_bytes_le()[byte].into());
        even(of, &format!("byte {byte}"), of_byte, 256)?;
    }
    // Each position by itself, coarsely.
    let Some(first) = jobs.first() else { return Ok(()) };
    if jobs.len() < 16 * 8 {
        return Ok(());
    }
    for at in 0..first.len() {
        let values = || jobs.iter().map(|job| &job[at]);
        even(of, &format!("the field at {at}"), values().map(place::<16>), 16)?;
        let low = values().map(|value| (value.0[0] % 16) as usize);
        even(of, &format!("the lowest bits at {at}"), low, 16)?;
    }
    Ok(())
}

/// Whether two are near each other on the circle of the field, or one is near zero.
fn near(values: &[BigInt<4>]) -> bool {
    let mut sorted = values.to_vec();
    sorted.push(BigInt::default());
    sorted.sort_unstable();
    sorted.push(Fr::MODULUS);
    sorted.windows(2).any(|pair| {
        let mut gap = pair[1];
        gap.sub_with_borrow(&pair[0]);
        gap.num_bits() <= NEAR_BITS
    })
}

/// Which of `PARTS` equal parts of the field.
fn place<const PARTS: u128>(value: &BigInt<4>) -> usize {
    // The highest limb tells to 2^-61 of the field.
    (u128::from(value.0[3]) * PARTS / (u128::from(Fr::MODULUS.0[3]) + 1)) as usize
}

/// Refuses counts that are too far from even.
///
/// # Source
/// The limit: Laurent, Massart, "Adaptive estimation of a quadratic functional by model selection" (2000), lemma 1: chi-square of
/// k degrees passes `k + 2 sqrt(k t) + 2 t` with a probability of e^-t at the most.
fn even(
    of: &'static str,
    where_: &str,
    parts: impl Iterator<Item = usize>,
    count: usize,
) -> Result<(), Trace> {
    let mut counts = BTreeMap::new();
    parts.for_each(|part| *counts.entry(part).or_insert(0u32) += 1);
    let total: f64 = counts.values().map(|seen| f64::from(*seen)).sum();
    let expected = total / count as f64;
    let off = |part: usize| f64::from(counts.get(&part).copied().unwrap_or(0)) - expected;
    let chi_square = (0..count).map(|part| off(part) * off(part) / expected).sum::<f64>();
    let degrees = (count - 1) as f64;
    let limit = degrees + 2.0 * (degrees * RARE).sqrt() + 2.0 * RARE;
    if chi_square > limit {
        return Err(Trace::Skewed { of, where_: where_.into(), chi_square, limit });
    }
    Ok(())
}
