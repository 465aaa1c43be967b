//! Amounts, times and durations on the command line. Bare numbers are minor units and seconds.

use jiff::{
    civil::{self, DateTime},
    tz::Offset,
};
use wufu_circuits::{Address, address::AddressError};
use wufu_ledger::CurrencyCode;
use wufu_verifier::{Amount, Time};

use super::{MoneyArg, Span, count, number};

/// Parses an amount.
///
/// # Shapes
/// `1,000.00 CNY`, `1000 CNY`, `CNY 1000.5`; or a bare whole number of minor units.
pub fn parse_money(text: &str) -> Result<MoneyArg, String> {
    let expected = "expected an amount with its currency, such as 1,000.00 CNY, \
                    or a bare number of minor units";
    let text = text.trim();
    let is_letter = |c: char| c.is_ascii_alphabetic();
    let (code, number) = if text.starts_with(is_letter) {
        text.split_at(text.find(|c: char| !is_letter(c)).unwrap_or(text.len()))
    } else {
        let (number, code) = text.split_at(text.find(is_letter).unwrap_or(text.len()));
        (code, number)
    };
    let (code, number) = (code.trim(), number.trim());
    if code.is_empty() {
        if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(expected.into());
        }
        let minor = number.parse().ok().and_then(|minor| Amount::new(minor).ok());
        let amount = minor.ok_or("too large, expected less than 2^48 minor units")?;
        return Ok(MoneyArg { amount, currency: None });
    }
    let code = match code.to_ascii_uppercase() {
        // What people in China write.
        code if code == "RMB" => "CNY".into(),
        code => code,
    };
    let currency: CurrencyCode = code.parse().map_err(|_| {
        format!("{code:?} is not a currency of ISO 4217 with minor units; {expected}")
    })?;
    let plain = ungrouped(number).ok_or(expected)?;
    let decimals = currency.decimals().into();
    let amount = wufu_ledger::import::amount::parse_amount(&plain, decimals);
    let amount = amount.map_err(|error| format!("{number} {error}; {expected}"))?;
    Ok(MoneyArg { amount, currency: Some(currency) })
}

/// The digits without commas. Commas must group the whole part by three, or be absent.
fn ungrouped(number: &str) -> Option<String> {
    let (whole, rest) = number.split_at(number.find('.').unwrap_or(number.len()));
    let mut groups = whole.split(',');
    let first = groups.next()?;
    let groups: Vec<&str> = groups.collect();
    let long = groups.iter().all(|group| group.len() == 3);
    if !groups.is_empty() && (first.is_empty() || first.len() > 3 || !long) {
        return None;
    }
    Some(format!("{first}{}{rest}", groups.concat()))
}

/// Parses the beginning of a period: a date alone is its first second in UTC.
pub fn parse_from(text: &str) -> Result<Time, String> {
    parse_time(text, civil::Time::midnight())
}

/// Parses the end of a period: a date alone is its last second in UTC.
pub fn parse_until(text: &str) -> Result<Time, String> {
    parse_time(text, civil::Time::constant(23, 59, 59, 0))
}

/// Parses a time.
///
/// # Shapes
/// `2018-02-15`, `2018-02-15 +08:00`, `2018-02-15 22:18 +08:00`, `2018-02-15T14:18:30Z`,
/// `2018-02-15 14:18 UTC`; or Unix seconds, which may follow `@`.
fn parse_time(text: &str, of_day: civil::Time) -> Result<Time, String> {
    let expected = "expected a date such as 2018-02-15, or a time with its zone such as \
                    \"2018-02-15 22:18 +08:00\" or \"2018-02-15 14:18 UTC\"";
    let text = text.trim();
    let digits = text.strip_prefix('@').unwrap_or(text);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        // Four digits are a year to most people, and eight a day.
        if digits == text && matches!(digits.len(), 4 | 6 | 8) {
            return Err(format!("ambiguous: write @{text} for Unix seconds; {expected}"));
        }
        let seconds = digits.parse().ok().and_then(|seconds| Time::new(seconds).ok());
        return seconds
            .ok_or_else(|| format!("too late, expected less than 2^40 Unix seconds; {expected}"));
    }
    let (date, rest) = text.split_at_checked(10).ok_or(expected)?;
    let date: civil::Date = date.parse().map_err(|_| expected)?;
    let rest = rest.strip_prefix(['T', 't']).unwrap_or(rest).trim_start();
    let (clock, zone) = match rest.find(|c: char| !c.is_ascii_digit() && c != ':') {
        // An offset begins with its sign.
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let (clock, zone) = (clock.trim(), zone.trim());
    let clock = if clock.is_empty() { of_day } else { parse_clock(clock).ok_or(expected)? };
    let offset = match zone {
        "" if rest.is_empty() => Offset::UTC,
        "" => return Err(format!("has no time zone; {expected}")),
        "Z" | "z" | "UTC" => Offset::UTC,
        zone => parse_offset(zone).ok_or(expected)?,
    };
    let time = offset.to_timestamp(DateTime::from_parts(date, clock)).map_err(|_| expected)?;
    let seconds = u64::try_from(time.as_second()).map_err(|_| "expected 1970 or later")?;
    Time::new(seconds).map_err(|error| error.to_string())
}

/// `22:18` or `22:18:30`.
fn parse_clock(text: &str) -> Option<civil::Time> {
    let mut parts = text.split(':').map(|part| {
        let two = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        two.then(|| part.parse::<i8>().ok()).flatten()
    });
    let (hour, minute) = (parts.next()??, parts.next()??);
    let second = match parts.next() {
        None => 0,
        Some(second) => second?,
    };
    if parts.next().is_some() {
        return None;
    }
    civil::Time::new(hour, minute, second, 0).ok()
}

/// `+08:00`, `-0330` or `+8`.
fn parse_offset(text: &str) -> Option<Offset> {
    let mut rest = text.chars();
    let sign = match rest.next()? {
        '+' => 1,
        '-' | '\u{2212}' => -1,
        _ => return None,
    };
    let rest = rest.as_str();
    let (hours, minutes) = match (rest.split_once(':'), rest.len()) {
        (Some(parts), _) => parts,
        (None, 4) => rest.split_at_checked(2)?,
        (None, _) => (rest, "0"),
    };
    let number = |text: &str| {
        let good = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        good.then(|| text.parse::<i32>().ok()).flatten()
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    // The largest offset in use is +14:00, in Kiribati.
    if hours > 14 || minutes > 59 {
        return None;
    }
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}

/// Parses a duration, in seconds.
///
/// # Shapes
/// `1 h 30 min`, `10 min`, `2 d`, `45 s`; or a bare number of seconds.
pub fn parse_span(text: &str) -> Result<u64, String> {
    let expected = "expected a duration such as \"1 h 30 min\", \"10 min\" or \"2 d\", \
                    or a bare number of seconds";
    let long = || format!("too long; {expected}");
    let mut rest = text.trim();
    if !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()) {
        return rest.parse().map_err(|_| long());
    }
    let (mut seconds, mut last) = (0u64, u64::MAX);
    while !rest.is_empty() {
        let (number, after) =
            rest.split_at(rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()));
        let after = after.trim_start();
        let (unit, after) =
            after.split_at(after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len()));
        let size = match unit {
            "s" | "sec" | "secs" | "second" | "seconds" => 1,
            "m" | "min" | "mins" | "minute" | "minutes" => 60,
            "h" | "hour" | "hours" => 3600,
            "d" | "day" | "days" => 86_400,
            _ => return Err(expected.into()),
        };
        // Units go from large to small, each once.
        if number.is_empty() || size >= last {
            return Err(expected.into());
        }
        let number: u64 = number.parse().map_err(|_| long())?;
        let more = number.checked_mul(size).ok_or_else(long)?;
        seconds = seconds.checked_add(more).ok_or_else(long)?;
        (rest, last) = (after.trim_start(), size);
    }
    if last == u64::MAX { Err(expected.into()) } else { Ok(seconds) }
}

/// Parses a whole number within bounds, both of which are allowed.
pub fn whole<T: TryFrom<u64>, const MIN: u64, const MAX: u64>(text: &str) -> Result<T, String> {
    let expected = match (MIN, MAX) {
        (0, u64::MAX) => "expected a whole number, such as 7".to_owned(),
        _ => format!("expected a whole number from {} to {}", number(MIN), number(MAX)),
    };
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let found = text.parse().ok().filter(|found| digits && (MIN..=MAX).contains(found));
    found.and_then(|found| T::try_from(found).ok()).ok_or(expected)
}

/// Parses a currency's code.
pub fn parse_currency(text: &str) -> Result<CurrencyCode, String> {
    let code = text.trim().to_ascii_uppercase();
    code.parse().map_err(|_| "expected an ISO 4217 currency, such as USD".into())
}

/// Parses a duration between one second and one day.
pub fn parse_timeout(text: &str) -> Result<u64, String> {
    match parse_span(text)? {
        seconds @ 1..=86_400 => Ok(seconds),
        seconds => Err(format!("is {}, expected 1 s to 1 d", Span(seconds))),
    }
}

/// Parses an address. The error tells one that was cut short from other texts.
pub fn parse_address(text: &str) -> Result<Address, String> {
    text.parse().map_err(|error: AddressError| {
        let got = count(text.chars().count(), "character");
        let fault = match error {
            AddressError::Base64 | AddressError::Checksum => {
                format!("this address of {got} was cut short or mistyped ({error})")
            }
            error => format!("{error} ({got})"),
        };
        format!("{fault}: expected a whole address, as wufu wallet address prints it")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(code: &str) -> Option<CurrencyCode> {
        Some(code.parse().unwrap())
    }

    /// Bounds were minor units and Unix seconds on the command line, and "0 to 281474976710655
    /// minor units" when they were open.
    #[test]
    fn amounts_are_read_as_people_write_them() {
        for (text, minor, currency) in [
            ("1,000.00 CNY", 100_000, code("CNY")),
            ("1000CNY", 100_000, code("CNY")),
            ("CNY 1000.5", 100_050, code("CNY")),
            ("349,000,000.00 RMB", 34_900_000_000, code("CNY")),
            ("0.01 usd", 1, code("USD")),
            ("1,000 JPY", 1000, code("JPY")),
            ("1.234 KWD", 1234, code("KWD")),
            ("100000", 100_000, None),
            ("0", 0, None),
        ] {
            let amount = Amount::new(minor).unwrap();
            assert_eq!(parse_money(text), Ok(MoneyArg { amount, currency }), "{text}");
        }
        for bad in [
            "",
            "1,000",
            "1000.00",
            "1,00.00 CNY",
            "1,0000 CNY",
            ",100 CNY",
            "1.000,00 EUR",
            "-1 CNY",
            "1 JPY.",
            "1.5 JPY",
            "1.234 CNY",
            "CNY",
            "1 XAU",
            "1 ZZZ",
            "1e3 CNY",
            "¥5",
            "1 CNY 2",
            "281474976710656",
            "2814749767106.56 CNY",
            "\u{661} CNY",
        ] {
            assert!(parse_money(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn times_are_read_with_their_zone() {
        const DAY: u64 = 1_518_652_800;
        for (text, from, until) in [
            ("2018-02-15", DAY, DAY + 86_399),
            ("2018-02-15 UTC", DAY, DAY + 86_399),
            ("2018-02-15 +08:00", DAY - 28_800, DAY + 57_599),
            ("2018-02-15 22:18 +08:00", 1_518_704_280, 1_518_704_280),
            ("2018-02-15 22:18+08:00", 1_518_704_280, 1_518_704_280),
            ("2018-02-15T14:18:00Z", 1_518_704_280, 1_518_704_280),
            ("2018-02-15 14:18 UTC", 1_518_704_280, 1_518_704_280),
            ("2018-02-15 10:48:01 -0330", 1_518_704_281, 1_518_704_281),
            ("1518704280", 1_518_704_280, 1_518_704_280),
            ("@2018", 2018, 2018),
            ("0", 0, 0),
        ] {
            assert_eq!(parse_from(text).map(Time::seconds), Ok(from), "{text}");
            assert_eq!(parse_until(text).map(Time::seconds), Ok(until), "{text}");
        }
        for bad in [
            "",
            "2018",
            "20180215",
            "2018-02-30",
            "2018-2-15",
            "15.02.2018",
            "2018-02-15 22:18",
            "2018-02-15 24:00 UTC",
            "2018-02-15 22:60 UTC",
            "2018-02-15 22 UTC",
            "1969-12-31",
            "2018-02-15 22:18 CST",
            "2018-02-15 22:18 +15:00",
            "1099511627776",
            "yesterday",
            "@",
            "-1",
            "2018-02-15 22:18:00:00 UTC",
            "2018-02-1\u{665}",
        ] {
            assert!(parse_from(bad).is_err(), "{bad:?}");
        }
        assert!(parse_from("2018-02-15 22:18").unwrap_err().contains("no time zone"));
    }

    /// "invalid digit found in string" and "number too large to fit in target type" did not say
    /// what was expected, and are words of Rust.
    #[test]
    fn whole_numbers_say_what_they_may_be() {
        assert_eq!(whole::<u16, 1, 256>("256"), Ok(256));
        assert_eq!(whole::<u64, 0, { u64::MAX }>("18446744073709551615"), Ok(u64::MAX));
        for bad in ["", "x", "-1", "+1", "1.5", "0", "257", "99999999999999999999", "\u{661}"] {
            let refused = whole::<u16, 1, 256>(bad).unwrap_err();
            assert_eq!(refused, "expected a whole number from 1 to 256", "{bad:?}");
        }
        let large = whole::<u64, 0, { u64::MAX }>("99999999999999999999").unwrap_err();
        assert!(large.contains("expected a whole number"), "{large}");
    }

    #[test]
    fn durations_are_read_in_units_or_seconds() {
        for (text, seconds) in [
            ("1 h 30 min", 5400),
            ("1h30min", 5400),
            ("10 min", 600),
            ("2 days", 172_800),
            ("45 s", 45),
            ("86400", 86_400),
            ("0", 0),
        ] {
            assert_eq!(parse_span(text), Ok(seconds), "{text}");
        }
        for bad in [
            "",
            "h",
            "1 w",
            "1.5 h",
            "1 min 1 h",
            "1 h 1 h",
            "-1 s",
            "1 h 30",
            "1 y",
            "99999999999999999999",
            "999999999999999999 d",
        ] {
            assert!(parse_span(bad).is_err(), "{bad:?}");
        }
    }
}
