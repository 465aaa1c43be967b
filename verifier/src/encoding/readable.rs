//! Times, durations and numbers in messages, in the form that people read.

use alloc::string::String;
use core::fmt;

/// Unix seconds, shown as a date and a time in UTC: `2026-11-30 21:22 UTC`, with seconds if there
/// are any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Utc(pub u64);

impl fmt::Display for Utc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, second) = (self.0 / 86_400, self.0 % 86_400);
        let (year, month, day) = civil(days);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(f, "{year}-{month:02}-{day:02} {hour:02}:{minute:02}")?;
        if second > 0 {
            write!(f, ":{second:02}")?;
        }
        f.write_str(" UTC")
    }
}

/// Returns year, month and day in the Gregorian calendar, of a day counted from 1 January 1970.
///
/// # Source
/// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`: years that
/// begin on 1 March.
fn civil(days: u64) -> (u64, u64, u64) {
    const DAYS_TO_1970: u64 = 719_468;
    const DAYS_OF_400_YEARS: u64 = 146_097;
    let days = days + DAYS_TO_1970;
    let (era, day) = (days / DAYS_OF_400_YEARS, days % DAYS_OF_400_YEARS);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (400 * era + year + u64::from(month <= 2), month, day)
}

/// A number of seconds, shown in its two largest units that are not zero: `1 h 27 min`, `3 d 2 h`,
/// `45 s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub u64);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0;
        let units = [
            (seconds / 86_400, "d"),
            (seconds / 3600 % 24, "h"),
            (seconds / 60 % 60, "min"),
            (seconds % 60, "s"),
        ];
        let mut separator = "";
        for (count, unit) in units.into_iter().filter(|(count, _)| *count > 0).take(2) {
            write!(f, "{separator}{count} {unit}")?;
            separator = " ";
        }
        if separator.is_empty() { f.write_str("0 s") } else { Ok(()) }
    }
}

/// Groups digits by three: `1,000`.
pub fn grouped(digits: &str) -> String {
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn times_are_dates_of_the_calendar() {
        for (seconds, expected) in [
            (0, "1970-01-01 00:00 UTC"),
            (951_782_400, "2000-02-29 00:00 UTC"),
            (951_868_800, "2000-03-01 00:00 UTC"),
            (1_518_704_280, "2018-02-15 14:18 UTC"),
            (1_518_704_281, "2018-02-15 14:18:01 UTC"),
            (1_796_073_720, "2026-11-30 21:22 UTC"),
            (4_107_542_399, "2100-02-28 23:59:59 UTC"),
            (4_107_542_400, "2100-03-01 00:00 UTC"),
            ((1 << 40) - 1, "36812-02-20 00:36:15 UTC"),
        ] {
            assert_eq!(Utc(seconds).to_string(), expected, "{seconds}");
        }
        // Every number terminates.
        assert!(Utc(u64::MAX).to_string().ends_with(" UTC"));
    }

    #[test]
    fn durations_have_two_units_at_most() {
        for (seconds, expected) in [
            (0, "0 s"),
            (45, "45 s"),
            (60, "1 min"),
            (61, "1 min 1 s"),
            (600, "10 min"),
            (3600, "1 h"),
            (3601, "1 h 1 s"),
            (5220, "1 h 27 min"),
            (86_400, "1 d"),
            (266_399, "3 d 1 h"),
            (266_400, "3 d 2 h"),
        ] {
            assert_eq!(Span(seconds).to_string(), expected, "{seconds}");
        }
    }
}
