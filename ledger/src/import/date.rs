//! Converts dates and times to Unix seconds.

use std::{fmt, str::FromStr};

use jiff::{
    Timestamp,
    civil::{self, Date, DateTime},
    tz::{AmbiguousOffset, Offset, TimeZone},
};
use wufu_verifier::Time;

/// A time zone, for times without an offset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self(TimeZone::UTC);
}

/// The text is not a time zone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{got:?} is not a time zone, expected a name such as Asia/Shanghai, an offset such as +08:00, \
     or UTC"
)]
pub struct ZoneError {
    /// The given text.
    pub got: String,
}

impl FromStr for Zone {
    type Err = ZoneError;

    fn from_str(text: &str) -> Result<Self, ZoneError> {
        if matches!(text, "UTC" | "utc" | "Z" | "z") {
            return Ok(Self::UTC);
        }
        let wrong = || ZoneError { got: text.into() };
        if text.starts_with(['+', '-']) {
            let seconds = offset(text).ok().flatten().ok_or_else(wrong)?;
            let seconds = i32::try_from(seconds).map_err(|_| wrong())?;
            let offset = Offset::from_seconds(seconds).map_err(|_| wrong())?;
            return Ok(Self(TimeZone::fixed(offset)));
        }
        TimeZone::get(text).map(Self).map_err(|_| wrong())
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.iana_name() {
            Some(name) => f.write_str(name),
            None => write!(f, "{}", self.0.to_offset(Timestamp::UNIX_EPOCH)),
        }
    }
}

/// Why a text is not a date or time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DateError {
    /// The text is empty.
    #[error("is empty, expected a date")]
    Empty,
    /// The text has another form.
    #[error(
        "is not of the form YYYY-MM-DD or YYYY-MM-DD hh:mm:ss, with or without seconds, fraction \
         and offset"
    )]
    Form,
    /// The form is right, but there is no such date or time.
    #[error("is not a date or time that exists")]
    Calendar,
    /// The date is before 1970.
    #[error("is before 1970-01-01, the first day that a record can hold")]
    Early,
    /// A time of day without a zone, which could be a different moment in each zone.
    #[error(
        "is a time of day without a time zone, expected an offset such as +08:00 or Z at its end; \
         --timezone says which zone all such times are in"
    )]
    Zone,
    /// The clocks of the zone were put forward past that time.
    #[error("is a time that clocks in {zone} skipped when they were put forward")]
    Skipped {
        /// The name of the zone.
        zone: String,
    },
    /// The clocks of the zone were put back, and showed that time twice.
    #[error(
        "is a time that clocks in {zone} showed twice when they were put back, expected an offset \
         at its end"
    )]
    Twice {
        /// The name of the zone.
        zone: String,
    },
    /// The time is in the future.
    #[error("is in the future, expected at most {} (--allow-future accepts it)", Minute::of(.now))]
    Future {
        /// The time of the import.
        now: Time,
    },
}

/// A time in a form for people: `2018-02-15 22:18 UTC`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Minute(pub(crate) Time);

impl Minute {
    const fn of(time: &Time) -> Self {
        Self(*time)
    }
}

impl fmt::Display for Minute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.seconds();
        match i64::try_from(seconds).ok().and_then(|at| Timestamp::from_second(at).ok()) {
            Some(time) => write!(f, "{}", time.strftime("%Y-%m-%d %H:%M UTC")),
            // After the year 9999.
            None => write!(f, "{seconds} s after 1970"),
        }
    }
}

/// Refuses a time that is later than `now`.
///
/// # Errors
/// Returns an error if the time is later. A date without a time or zone may be up to fourteen hours
/// later, because that day has then begun somewhere.
pub fn check_not_future(
    text: &str,
    time: Time,
    zone: Option<&Zone>,
    now: Time,
) -> Result<(), DateError> {
    let slack = if zone.is_none() && text.len() == 10 { 14 * 3600 } else { 0 };
    if time.seconds() > now.seconds().saturating_add(slack) {
        return Err(DateError::Future { now });
    }
    Ok(())
}

/// Parses a date, a time in RFC 3339 form, or a time as messages and lists show it. Fractions of a
/// second are dropped.
///
/// A date means the midnight at its beginning, in `zone` or in UTC. A time of day needs an offset,
/// or else it is in `zone`.
///
/// # Shapes
/// `2018-02-15`; or a date, `T` or a space, a time of day with or without seconds, and an offset
/// with or without a space before it: `2018-02-15T22:18:00+08:00`, `2018-02-15 22:18 +0800`,
/// `2018-02-15 14:18 UTC`, `2018-02-15 14:18:00Z`. With a zone, also `2018-01-16T22:51:30.42`.
///
/// # Errors
/// Returns an error if the text has another form, has no zone, names a date or time that does not
/// exist, or is before 1970.
pub fn parse_date(text: &str, zone: Option<&Zone>) -> Result<Time, DateError> {
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
        let utc = Zone::UTC;
        let zone = zone.unwrap_or(&utc);
        if let Ok(offset) = zone.0.to_fixed_offset() {
            return seconds(date.at(0, 0, 0, 0), offset.seconds().into());
        }
        // Some zones put their clocks forward at midnight. The day then begins later.
        let begin = date.to_zoned(zone.0.clone()).map_err(|_| DateError::Calendar)?;
        return count(begin.timestamp().as_second());
    };
    if !matches!(separator, 'T' | 't' | ' ') {
        return Err(DateError::Form);
    }
    let (clock, rest) = rest[1..].split_at_checked(5).ok_or(DateError::Form)?;
    let [hour, minute] = numbers(clock, ':', [2, 2])?;
    let (second, rest) = match rest.strip_prefix(':') {
        Some(rest) => {
            let (second, rest) = rest.split_at_checked(2).ok_or(DateError::Form)?;
            let [second] = numbers(second, ':', [2])?;
            (second, without_fraction(rest)?)
        }
        None => (0, rest),
    };
    let time = civil::Time::new(hour as i8, minute as i8, second as i8, 0);
    let time = date.to_datetime(time.map_err(|_| DateError::Calendar)?);
    let rest = match rest.strip_prefix(' ') {
        Some("") => return Err(DateError::Form),
        Some(rest) => rest,
        None => rest,
    };
    if let Some(offset) = offset(rest)? {
        return seconds(time, offset);
    }
    let zone = zone.ok_or(DateError::Zone)?;
    if let Ok(offset) = zone.0.to_fixed_offset() {
        return seconds(time, offset.seconds().into());
    }
    let found = zone.0.to_ambiguous_timestamp(time);
    match found.offset() {
        AmbiguousOffset::Gap { .. } => return Err(DateError::Skipped { zone: zone.to_string() }),
        AmbiguousOffset::Fold { .. } => return Err(DateError::Twice { zone: zone.to_string() }),
        AmbiguousOffset::Unambiguous { .. } => {}
    }
    count(found.unambiguous().map_err(|_| DateError::Calendar)?.as_second())
}

/// The Unix time at which a clock `offset` seconds ahead of UTC shows `time`.
fn seconds(time: DateTime, offset: i64) -> Result<Time, DateError> {
    let since = time.duration_since(DateTime::constant(1970, 1, 1, 0, 0, 0, 0));
    count(since.as_secs() - offset)
}

fn count(seconds: i64) -> Result<Time, DateError> {
    let seconds = u64::try_from(seconds).map_err(|_| DateError::Early)?;
    Time::new(seconds).map_err(|_| DateError::Calendar)
}

/// The text after a fraction of a second, if there is one.
fn without_fraction(text: &str) -> Result<&str, DateError> {
    let Some(fraction) = text.strip_prefix('.') else { return Ok(text) };
    let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 { Err(DateError::Form) } else { Ok(&fraction[digits..]) }
}

/// Parses numbers with these counts of digits.
fn numbers<const N: usize>(
    text: &str,
    separator: char,
    digits: [usize; N],
) -> Result<[i16; N], DateError> {
    let mut parts = text.split(separator);
    let mut out = [0; N];
    for (number, digits) in out.iter_mut().zip(digits) {
        let part = parts.next().unwrap_or_default();
        if part.len() != digits || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(DateError::Form);
        }
        *number = part.parse().map_err(|_| DateError::Form)?;
    }
    if parts.next().is_some() { Err(DateError::Form) } else { Ok(out) }
}

/// The number of seconds that local time is ahead of UTC, if the text says so.
fn offset(text: &str) -> Result<Option<i64>, DateError> {
    if text.is_empty() {
        return Ok(None);
    }
    if matches!(text, "Z" | "z" | "UTC") {
        return Ok(Some(0));
    }
    let sign = match text.as_bytes().first() {
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ => return Err(DateError::Form),
    };
    let [hours, minutes] = match text[1..].split_at_checked(2) {
        Some((hours, minutes)) if minutes.len() == 2 => {
            let ([hours], [minutes]) = (numbers(hours, ':', [2])?, numbers(minutes, ':', [2])?);
            [hours, minutes]
        }
        _ => numbers(&text[1..], ':', [2, 2])?,
    };
    if hours > 23 || minutes > 59 {
        return Err(DateError::Calendar);
    }
    Ok(Some(sign * (3600 * i64::from(hours) + 60 * i64::from(minutes))))
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
            ("2018-02-15 14:18:00Z", 1_518_704_280),
            ("2018-02-15T09:48:00.999-04:30", 1_518_704_280),
            // Times in the form that this program prints were once refused.
            ("2018-02-15 14:18 UTC", 1_518_704_280),
            ("2018-02-15 22:18 +08:00", 1_518_704_280),
            ("2018-02-15 22:18+0800", 1_518_704_280),
            ("2018-02-15T14:18Z", 1_518_704_280),
            ("2018-02-15 14:18:00 UTC", 1_518_704_280),
            ("2018-02-15T22:18:00 +08:00", 1_518_704_280),
            ("2018-02-15 09:48:00.5-0430", 1_518_704_280),
            ("2018-01-16T22:51:30.42Z", 1_516_143_090),
            ("2016-02-29", 1_456_704_000),
            ("9999-12-31T23:59:59Z", 253_402_300_799),
        ] {
            for zone in [None, Some(&Zone::UTC)] {
                assert_eq!(parse_date(text, zone).map(Time::seconds), Ok(expected), "{text}");
            }
        }
        use DateError as E;
        for (text, expected) in [
            ("", E::Empty),
            ("15/02/2018", E::Form),
            ("2018-2-15", E::Form),
            ("20180215", E::Form),
            ("2018-02-15T", E::Form),
            ("2018-02-15 ", E::Form),
            ("2018-02-15T14", E::Form),
            ("2018-02-15T14:1", E::Form),
            ("2018-02-15T14:18:", E::Form),
            ("2018-02-15T14:18.5Z", E::Form),
            ("2018-02-15 14:18 ", E::Form),
            ("2018-02-15 14:18  UTC", E::Form),
            ("2018-02-15 14:18 CET", E::Form),
            ("2018-02-15 14:18 +800", E::Form),
            ("2018-02-15 14:18 +08:0", E::Form),
            ("2018-02-15 14:18 PM", E::Form),
            ("2018-02-15 +08:00", E::Form),
            ("2018-02-15T14:18:00.", E::Form),
            ("2018-02-15T14:18:00+8", E::Form),
            ("2018-02-15T14:18:00+08:00:00", E::Form),
            ("2018-02-15X14:18:00", E::Form),
            ("2018-02-15T14:18:00[Asia/Shanghai]", E::Form),
            ("2018-02-15 14:18:00", E::Zone),
            ("2018-02-15T14:18:00", E::Zone),
            ("2018-02-15T14:18", E::Zone),
            ("2018-02-15 14:18", E::Zone),
            ("2018-01-16T22:51:30.42", E::Zone),
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
            ("2018-02-15 14:18 +0860", E::Calendar),
            ("2018-02-15 24:00 UTC", E::Calendar),
            ("1969-12-31", E::Early),
            ("1970-01-01T00:00:00+00:01", E::Early),
        ] {
            assert_eq!(parse_date(text, None), Err(expected), "{text}");
        }
    }

    /// `2018-02-15 22:18:00` was once silently taken as UTC, which was eight hours off for somebody
    /// in Shanghai.
    #[test]
    fn a_time_without_an_offset_is_in_the_given_zone() {
        let zone = |name: &str| name.parse::<Zone>().unwrap();
        for (text, name, expected) in [
            ("2018-02-15 22:18:00", "Asia/Shanghai", 1_518_704_280),
            ("2018-02-15 22:18:00", "+08:00", 1_518_704_280),
            ("2018-02-15 22:18", "+0800", 1_518_704_280),
            ("2018-02-15 22:18:00", "UTC", 1_518_733_080),
            // A time with an offset keeps it.
            ("2018-02-15 14:18:00Z", "Asia/Shanghai", 1_518_704_280),
            ("2018-02-15", "Asia/Shanghai", 1_518_624_000),
            ("2018-07-01T12:00:00", "Europe/Berlin", 1_530_439_200),
            ("2018-01-01T12:00:00", "Europe/Berlin", 1_514_804_400),
            // In São Paulo, this day began at one o'clock.
            ("2017-10-15", "America/Sao_Paulo", 1_508_036_400),
        ] {
            let read = parse_date(text, Some(&zone(name)));
            assert_eq!(read.map(Time::seconds), Ok(expected), "{text} {name}");
        }
        let berlin = zone("Europe/Berlin");
        let refused = |text| parse_date(text, Some(&berlin)).unwrap_err().to_string();
        assert_eq!(
            refused("2018-03-25T02:30:00"),
            "is a time that clocks in Europe/Berlin skipped when they were put forward"
        );
        assert_eq!(
            refused("2018-10-28T02:30:00"),
            "is a time that clocks in Europe/Berlin showed twice when they were put back, expected \
             an offset at its end"
        );
        for bad in
            ["", "Shanghai", "+8", "08:00", "+24:00", "+08:00:00", "Mars/Base", "../../etc/passwd"]
        {
            assert_eq!(bad.parse::<Zone>(), Err(ZoneError { got: bad.into() }));
        }
    }

    /// Dates in 2099 and 2999 were once accepted: a mistyped year, and then a donation that no
    /// policy of this century asks for.
    #[test]
    fn what_is_in_the_future_is_refused() {
        let now = Time::new(1_518_704_280).unwrap();
        let check = |text, zone| check_not_future(text, parse_date(text, zone).unwrap(), zone, now);
        for text in ["2018-02-15", "2018-02-15T14:18:00Z", "1970-01-01", "2018-02-16"] {
            assert_eq!(check(text, None), Ok(()), "{text}");
        }
        for text in ["2018-02-15T14:18:01Z", "2018-02-17", "2099-01-01", "2999-12-31"] {
            assert_eq!(check(text, None), Err(DateError::Future { now }), "{text}");
        }
        assert_eq!(check("2018-02-16", Some(&Zone::UTC)), Err(DateError::Future { now }));
        let told = DateError::Future { now }.to_string();
        assert!(
            told.starts_with("is in the future, expected at most 2018-02-15 14:18 UTC"),
            "{told}"
        );
    }

    /// Computes the days since 1970 arithmetically.
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
            let (date, time) = (
                format!("{year:04}-{month:02}-{day:02}"),
                format!("{hour:02}:{minute:02}:{second:02}"),
            );
            let text = format!("{date}T{time}{sign}{oh:02}:{om:02}");
            let expected = u64::try_from(local - 60 * offset).map_err(|_| DateError::Early);
            prop_assert_eq!(parse_date(&text, None).map(Time::seconds), expected, "{}", text);
        }

        #[test]
        fn nothing_panics(text in "\\PC{0,30}") {
            let _ = parse_date(&text, None);
            let _ = parse_date(&text, Some(&Zone::UTC));
        }
    }
}
