//! Tests whether values look independent and uniform in the field.

use std::collections::BTreeMap;

use ark_bn254::Fr;
use ark_ff::{BigInt, BigInteger, PrimeField};

/// A statistic exceeds its limit by chance with a probability below e^-40. For a thousand
/// statistics, that is one in 10^14.
const RARE: f64 = 40.0;
/// Two values that are this near to each other, or one that is this near to zero, are not there by
/// chance: among a million values, the probability is below 2^-80.
const NEAR_BITS: u32 = 128;

/// Why values are not uniform.
#[derive(Clone, Debug, PartialEq)]
pub enum Trace {
    /// Two values, or a value and zero, are equal or nearly so.
    Near { of: &'static str },
    /// Some parts of the field have too many values, and others too few.
    Skewed { of: &'static str, where_: String, chi_square: f64, limit: f64 },
}

/// Looks for traces in what jobs sent: in the values, and in the differences between each job and
/// the one before it.
///
/// # Shapes
/// The values of each job. All jobs have the same number of values.
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
    // All values together, in fine steps: the position in the field, and each byte except the two
    // highest, which the modulus cuts off.
    even(of, "the field", all.iter().map(place::<256>), 256)?;
    for byte in 0..30 {
        let of_byte = all.iter().map(|value| value.to_bytes_le()[byte].into());
        even(of, &format!("byte {byte}"), of_byte, 256)?;
    }
    // Each position separately, in coarse steps.
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

/// Whether two values are near each other, where the field is taken as a circle, or one is near
/// zero.
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

/// Which of `PARTS` equal parts of the field holds the value.
fn place<const PARTS: u128>(value: &BigInt<4>) -> usize {
    // The highest limb alone determines the position to within 2^-61 of the field.
    (u128::from(value.0[3]) * PARTS / (u128::from(Fr::MODULUS.0[3]) + 1)) as usize
}

/// Refuses counts that are too uneven.
///
/// # Source
/// The limit: Laurent, Massart, "Adaptive estimation of a quadratic functional by model selection"
/// (2000), lemma 1: chi-square of k degrees passes `k + 2 sqrt(k t) + 2 t` with a probability of
/// e^-t at the most.
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
