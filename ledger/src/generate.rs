//! Makes up a donation log of realistic shape: 37 institutions, 304 projects, 747,000 transfers,
//! 349,000,000.00 RMB.

use std::io;

use rand::{Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;
use wufu_verifier::{Amount, Time};

use crate::{
    append::{AppendError, donation::Donations},
    import::amount::format_amount,
    policy::CurrencyCode,
};

/// The size of a made-up log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogShape {
    /// The number of institutions. Each has at least one project.
    pub institutions: u32,
    /// The number of projects. Each has at least one transfer.
    pub projects: u32,
    /// The number of transfers.
    pub transfers: u32,
    /// The exact sum of all transfers, in minor units.
    pub total: u64,
    /// The first second of the year in which they were made.
    pub from: u64,
    /// The last second of that year.
    pub until: u64,
}

impl LogShape {
    /// The size of the charity ledger of 2017/18, from 15 February to 15 February.
    pub const FULL: Self = Self {
        institutions: 37,
        projects: 304,
        transfers: 747_000,
        total: 34_900_000_000,
        from: 1_487_116_800,
        until: 1_518_652_799,
    };

    /// A tenth of the transfers and of the sum, with the same number of institutions and projects.
    pub const TENTH: Self = Self { transfers: 74_700, total: 3_490_000_000, ..Self::FULL };
}

/// Makes up donations of a shape. The same seed gives the same donations on every machine.
///
/// Amounts are skewed like real ones: their logarithm is nearly normal, and most are whole yuan.
/// Projects and institutions follow Zipf's law. Times are spread evenly over the year. All
/// computations use integers, so that the sum is exact.
///
/// # Errors
/// Returns an error for an impossible shape: fewer transfers than projects, fewer projects than
/// institutions, a sum that leaves a transfer with nothing or too much, or more than 99,999,999
/// transfers.
///
/// # Cost
/// Under a second for [`LogShape::FULL`].
pub fn generate(seed: u64, shape: &LogShape) -> Result<Donations, GenerateError> {
    let LogShape { institutions, projects, transfers, total, from, until } = *shape;
    let fits = 0 < institutions && institutions <= projects && projects <= transfers;
    if !fits || transfers > 99_999_999 || until < from || total < u64::from(transfers) {
        return Err(GenerateError::LogShape { got: *shape });
    }
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let by_institution = Zipf::new(institutions);
    let owners: Vec<u32> = (0..projects)
        .map(|project| if project < institutions { project } else { by_institution.draw(&mut rng) })
        .collect();
    let amounts = amounts(&mut rng, transfers as usize, total);
    let mut times: Vec<u64> = (0..transfers).map(|_| rng.gen_range(from..=until)).collect();
    times.sort_unstable();
    let by_project = Zipf::new(projects);
    let mut drawn: Vec<u32> = (0..transfers).map(|_| by_project.draw(&mut rng)).collect();
    // Every project gets at least one transfer.
    for project in 0..projects {
        let at = u64::from(project) * u64::from(transfers) / u64::from(projects);
        drawn[at as usize] = project;
    }
    let mut donations = Donations::default();
    for (at, ((amount, time), project)) in amounts.into_iter().zip(times).zip(drawn).enumerate() {
        let institution = format!("Foundation {:02}", owners[project as usize] + 1);
        let project = format!("Project {:03}", project + 1);
        let (amount, time) = (Amount::new(amount), Time::new(time));
        let (Ok(amount), Ok(time)) = (amount, time) else {
            return Err(GenerateError::LogShape { got: *shape });
        };
        let receipt = format!("T{:08}", at + 1);
        let line = at as u64 + 2;
        donations.push(receipt.as_bytes(), (&institution, &project), amount, time, line)?;
    }
    Ok(donations)
}

/// Why no donations were made up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GenerateError {
    /// No set of donations has this shape.
    #[error("no set of donations has this shape: {got:?}")]
    LogShape {
        /// The requested shape.
        got: LogShape,
    },
    /// One of the donations was refused.
    #[error(transparent)]
    Append(#[from] AppendError),
}

/// Amounts with a nearly normal logarithm, and with `total` as their sum.
fn amounts(rng: &mut ChaCha20Rng, count: usize, total: u64) -> Vec<u64> {
    // The exponent is the number of ones among 24 coins: mean 12, deviation 2.4.
    let raw: Vec<u64> = (0..count)
        .map(|_| {
            let bits = rng.next_u64();
            let exponent = (bits & 0xff_ffff).count_ones();
            (1 << exponent) + ((bits >> 24) & ((1 << exponent) - 1))
        })
        .collect();
    let sum: u128 = raw.iter().map(|raw| u128::from(*raw)).sum();
    let mut amounts: Vec<u64> = raw
        .iter()
        .map(|raw| {
            // Below `total`, so it fits.
            let scaled = (u128::from(*raw) * u128::from(total) / sum) as u64;
            let whole = if scaled >= 1000 { scaled / 100 * 100 } else { scaled };
            whole.max(1)
        })
        .collect();
    // What rounding removed is given back, first in whole units and then in minor ones. What the
    // minimum amounts added is taken away.
    let mut have: u64 = amounts.iter().sum();
    let mut at = 0;
    while have != total {
        let amount = &mut amounts[at % count];
        if have > total {
            let less = (have - total).min(*amount - 1).min(100);
            *amount -= less;
            have -= less;
        } else if *amount >= 1000 || at >= count {
            let more = (total - have).min(100);
            *amount += more;
            have += more;
        }
        at += 1;
    }
    amounts
}

/// Draws 0, 1, 2, … with weights 1, 1/2, 1/3, …
struct Zipf {
    sums: Vec<u64>,
}

impl Zipf {
    fn new(count: u32) -> Self {
        let weights = (1..=u64::from(count)).map(|rank| (1 << 32) / rank);
        let sums = weights.scan(0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        });
        Self { sums: sums.collect() }
    }

    fn draw(&self, rng: &mut ChaCha20Rng) -> u32 {
        let total = self.sums.last().copied().unwrap_or(1);
        let at = rng.gen_range(0..total);
        // At most `count`.
        self.sums.partition_point(|sum| *sum <= at) as u32
    }
}

/// Writes donations as CSV, in the form that an import reads without a mapping.
///
/// # Errors
/// Returns an error if the output cannot be written.
pub fn write_csv(
    donations: &Donations,
    currency: CurrencyCode,
    to: impl io::Write,
) -> Result<(), csv::Error> {
    let mut writer = csv::Writer::from_writer(to);
    writer.write_record(["receipt", "institution", "project", "amount", "currency", "date"])?;
    let decimals = usize::from(currency.decimals());
    for row in &donations.rows {
        let (institution, project) = donations.names(row);
        let amount = format_amount(row.amount.minor().into(), decimals);
        // Seconds are below 2^40, so they fit.
        let time = jiff::Timestamp::from_second(row.time.seconds() as i64);
        let time =
            time.map_err(|_| csv::Error::from(io::Error::other("a time past the year 9999")))?;
        let (receipt, code) = (row.receipt.as_ref(), currency.code().as_bytes());
        let (institution, project) = (institution.as_bytes(), project.as_bytes());
        let (amount, time) = (amount.as_bytes(), time.to_string());
        writer.write_record([receipt, institution, project, amount, code, time.as_bytes()])?;
    }
    writer.flush()?;
    Ok(())
}
