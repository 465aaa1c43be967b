//! Dates and times to Unix seconds.

use jiff::civil::{self, Date, DateTime};
use wufu_verifier::Time;

/// Why a text is no time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DateError {
    /// Nothing there.
    #[error("is empty, expected a date")]
    Empty,
    /// Of another form.
    #[error(
        "is not of the form YYYY-MM-DD or YYYY-MM-DDThh:mm:ss, with or without fraction and offset"
    )]
    Form,
    /// Of the right form, but no calendar or clock has it.
    #[error("is no date of the calendar or no time of the clock")]
    Calendar,
    /// Before 1970.
    #[error("is before 1970-01-01")]
    Early,
}

/// Reads a date (midnight UTC) or a time of RFC 3339, where no offset means UTC. Fractions of a second are cut off.
///
/// # Shapes
/// `2018-02-15`, `2018-01-16T22:51:30.42`, `2018-02-15T22:18:00+08:00`, `2018-02-15 22:18:00Z`.
///
/// # Errors
/// When the text has another form, there is no such date or time, or it is before 1970.
pub fn parse_date(text: &str) -> Result<Time, DateError> {
    if text.is_empty() {
        return Err(DateError::Empty);
    }
    if !text.is_ascii() {
        return Err(DateError::Form);
    }
    let (date, rest) = text.split_at_checked(10).ok_or(DateError::Form)?;
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let date = Date::new(year, month as i8, day as i8).map_err(|_| DateError::Calendar)?;
    let Some(separator) = rest.chars().next() else {
        return seconds(date.at(0, 0, 0, 0), 0);
    };
    if !matches!(separator, 'T' | 't' | ' ') {
        return Err(DateError::Form);
    }
    let (clock, rest) = rest[1..].split_at_checked(8).ok_or(DateError::Form)?;
    let [hour, minute, second] = numbers(clock, ':', [2, 2, 2])?;
    let rest = match rest.strip_prefix('.') {
        Some(fraction) => {
            let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
            if digits == 0 {
                return Err(DateError::Form);
            }
            &fraction[digits..]
        }
        None => rest,
    };
    let offset = offset(rest)?;
    let time = civil::Time::new(hour as i8, minute as i8, second as i8, 0);
    seconds(date.to_datetime(time.map_err(|_| DateError::Calendar)?), offset)
}

fn seconds(time: DateTime, offset: i64) -> Result<Time, DateError> {
    let since = time.duration_since(DateTime::constant(1970, 1, 1, 0, 0, 0, 0));
    let seconds = u64::try_from(since.as_secs() - offset).map_err(|_| DateError::Early)?;
    Time::new(seconds).map_err(|_| DateError::Calendar)
}

/// Three numbers of these many digits.
fn numbers(text: &str, separator: char, digits: [usize; 3]) -> Result<[i16; 3], DateError> {
    let mut parts = text.split(separator);
    let mut out = [0; 3];
    for (number, digits) in out.iter_mut().zip(digits) {
        let part = parts.next().unwrap_or_default();
        if part.len() != digits || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(DateError::Form);
        }
        *number = part.parse().map_err(|_| DateError::Form)?;
    }
    if parts.next().is_some() { Err(DateError::Form) } else { Ok(out) }
}

/// Seconds that local time is ahead of UTC.
fn offset(text: &str) -> Result<i64, DateError> {
    if matches!(text, "" | "Z" | "z") {
        return Ok(0);
    }
    let sign = match text.as_bytes().first() {
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ => return Err(DateError::Form),
    };
    // Seconds that nobody wrote make it the same form as a clock's.
    let [hours, minutes, _] = numbers(&format!("{}:00", &text[1..]), ':', [2, 2, 2])?;
    if hours > 23 || minutes > 59 {
        return Err(DateError::Calendar);
    }
    Ok(sign * (3600 * i64::from(hours) + 60 * i64::from(minutes)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn accepted_and_refused() {
        for (text, expected) in [
            ("1970-01-01", 0),
            ("2018-02-15", 1_518_652_800),
            ("2018-02-15T22:18:00+08:00", 1_518_704_280),
            ("2018-02-15T14:18:00Z", 1_518_704_280),
            ("2018-02-15t14:18:00z", 1_518_704_280),
            ("2018-02-15 14:18:00", 1_518_704_280),
            ("2018-02-15T09:48:00.999-04:30", 1_518_704_280),
            ("2018-01-16T22:51:30.42", 1_516_143_090),
            ("2016-02-29", 1_456_704_000),
            ("9999-12-31T23:59:59Z", 253_402_300_799),
        ] {
            assert_eq!(parse_date(text).map(Time::seconds), Ok(expected), "{text}");
        }
        use DateError as E;
        for (text, expected) in [
            ("", E::Empty),
            ("15/02/2018", E::Form),
            ("2018-2-15", E::Form),
            ("20180215", E::Form),
            ("2018-02-15T", E::Form),
            ("2018-02-15T14:18", E::Form),
            ("2018-02-15T14:18:00.", E::Form),
            ("2018-02-15T14:18:00+8", E::Form),
            ("2018-02-15T14:18:00+08:00:00", E::Form),
            ("2018-02-15T14:18:00 UTC", E::Form),
            ("2018-02-15X14:18:00", E::Form),
            ("2018-02-15T14:18:00[Asia/Shanghai]", E::Form),
            ("+018-02-15", E::Form),
            ("２０１８-02-15", E::Form),
            ("1518704280", E::Form),
            ("2018-02-30", E::Calendar),
            ("2017-02-29", E::Calendar),
            ("2018-13-01", E::Calendar),
            ("2018-00-01", E::Calendar),
            ("2018-02-15T24:00:00Z", E::Calendar),
            ("2018-02-15T14:60:00Z", E::Calendar),
            ("2018-02-15T14:18:00+24:00", E::Calendar),
            ("1969-12-31", E::Early),
            ("1970-01-01T00:00:00+00:01", E::Early),
        ] {
            assert_eq!(parse_date(text), Err(expected), "{text}");
        }
    }

    /// Days since 1970 by arithmetic alone.
    fn days(year: i64, month: i64, day: i64) -> i64 {
        let year = if month <= 2 { year - 1 } else { year };
        let era = year / 400;
        let of_era = year - 400 * era;
        let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
        era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
    }

    proptest! {
        #[test]
        fn every_date_is_what_arithmetic_says(
            year in 1970i64..9999, month in 1i64..=12, day in 1i64..=28,
            hour in 0i64..24, minute in 0i64..60, second in 0i64..60, offset in -719i64..720,
        ) {
            let local = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
            let sign = if offset < 0 { '-' } else { '+' };
            let (oh, om) = (offset.abs() / 60, offset.abs() % 60);
            let text = format!(
                "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{sign}{oh:02}:{om:02}"
            );
            let expected = u64::try_from(local - 60 * offset).map_err(|_| DateError::Early);
            prop_assert_eq!(parse_date(&text).map(Time::seconds), expected, "{}", text);
        }

        #[test]
        fn nothing_panics(text in "\\PC{0,30}") {
            let _ = parse_date(&text);
        }
    }
}
