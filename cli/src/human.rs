//! Amounts, times, durations and counts as people read and write them. Machine formats are only for
//! `--json`.

mod parse;

use std::fmt::Display;

pub use parse::{
    parse_address, parse_currency, parse_from, parse_money, parse_span, parse_timeout, parse_until,
    whole,
};
use wufu_ledger::CurrencyCode;
pub use wufu_verifier::encoding::readable::{Span, Utc};
use wufu_verifier::{Amount, Policy, Time, encoding::readable::grouped, statement::policy::Bounds};

/// An amount on the command line: `1,000.00 CNY`, or a bare number of minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MoneyArg {
    /// The number of minor units.
    pub amount: Amount,
    /// The currency, unless the number was bare.
    pub currency: Option<CurrencyCode>,
}

impl MoneyArg {
    /// The text for people.
    pub fn text(self, known: Option<CurrencyCode>) -> String {
        money(self.amount.minor().into(), self.currency.or(known))
    }
}

/// An amount in minor units with its currency: `1,000.00 CNY`. Without a currency it is not known
/// where the decimals begin, so the number of minor units is printed.
pub fn money(minor: u128, currency: Option<CurrencyCode>) -> String {
    wufu_ledger::Money { minor, currency }.to_string()
}

/// A number in groups of three: `1,053`.
pub fn number(number: impl TryInto<u128>) -> String {
    grouped(&number.try_into().unwrap_or_default().to_string())
}

/// A number and its noun, singular or plural: `1 card`, `1,053 donations`.
pub fn count(number: impl TryInto<u128>, noun: &str) -> String {
    let number = number.try_into().unwrap_or_default();
    format!("{} {}", grouped(&number.to_string()), plural(number, noun))
}

/// The noun as it stands after a number.
fn plural(number: u128, noun: &str) -> String {
    match noun.strip_suffix('y') {
        _ if number == 1 => noun.into(),
        // "key" and "day" keep their y.
        Some(stem) if !stem.ends_with(['a', 'e', 'o']) => format!("{stem}ies"),
        _ if noun.ends_with('f') => format!("{}ves", noun.trim_end_matches('f')),
        _ => format!("{noun}s"),
    }
}

/// A list of names, or `none`.
pub fn list(items: impl IntoIterator<Item = impl Display>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    if items.is_empty() { "none".into() } else { items.join(", ") }
}

/// The amounts and times that a policy allows: `any amount, any time`, or the bounds. A policy has
/// no currency, so without a known one the amounts are in minor units of the log's currency.
pub fn bounds(policy: &Policy, currency: Option<CurrencyCode>) -> String {
    format!("{}, {}", amounts(&policy.amount, currency), times(&policy.time))
}

/// The amounts that a policy allows, as [`bounds`] prints them.
pub fn amounts(bounds: &Bounds<Amount>, currency: Option<CurrencyCode>) -> String {
    let said = bare_amounts(bounds, currency);
    let open = bounds.min() == Amount::MIN && bounds.max() == Amount::MAX;
    if open || currency.is_some() { said } else { said + " of the log's currency" }
}

fn bare_amounts(bounds: &Bounds<Amount>, currency: Option<CurrencyCode>) -> String {
    let text = |amount: Amount| money(amount.minor().into(), currency);
    match (bounds.min(), bounds.max()) {
        (Amount::MIN, Amount::MAX) => "any amount".into(),
        (min, Amount::MAX) => format!("at least {}", text(min)),
        (Amount::MIN, max) => format!("at most {}", text(max)),
        (min, max) if min == max => format!("exactly {}", text(min)),
        (min, max) => format!("{} to {}", text(min), text(max)),
    }
}

fn times(bounds: &Bounds<Time>) -> String {
    let text = |time: Time| Utc(time.seconds());
    match (bounds.min(), bounds.max()) {
        (Time::MIN, Time::MAX) => "any time".into(),
        (min, Time::MAX) => format!("from {} on", text(min)),
        (Time::MIN, max) => format!("until {}", text(max)),
        (min, max) => format!("from {} until {}", text(min), text(max)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(code: &str) -> Option<CurrencyCode> {
        Some(code.parse().unwrap())
    }

    #[test]
    fn amounts_are_written_as_people_write_them() {
        for (minor, currency, expected) in [
            (100_000, code("CNY"), "1,000.00 CNY"),
            (5, code("CNY"), "0.05 CNY"),
            (1_234_567, code("JPY"), "1,234,567 JPY"),
            (514_548_148_914, code("USD"), "5,145,481,489.14 USD"),
            (1, None, "1 minor unit"),
            (100_000, None, "100,000 minor units"),
        ] {
            assert_eq!(money(minor, currency), expected);
        }
    }

    #[test]
    fn nouns_and_bounds_read_well() {
        let counts =
            [count(1u8, "card"), count(2u8, "card"), count(0u8, "entry"), count(2u8, "key")];
        assert_eq!(counts, ["1 card", "2 cards", "0 entries", "2 keys"]);
        assert_eq!([count(1u8, "leaf"), count(1053u16, "leaf")], ["1 leaf", "1,053 leaves"]);
        assert_eq!(list(["a", "b"]), "a, b");
        assert_eq!(list(Vec::<String>::new()), "none");
        let project = wufu_verifier::ProjectKey::new(1, 1).unwrap();
        let policy = |min, max, from, until| Policy {
            projects: wufu_verifier::ProjectSet::new([project]).unwrap(),
            amount: Bounds::amounts(min, max).unwrap(),
            time: Bounds::times(from, until).unwrap(),
        };
        let open = policy(Amount::MIN, Amount::MAX, Time::MIN, Time::MAX);
        assert_eq!(bounds(&open, None), "any amount, any time");
        let (amount, time) = (Amount::new(100_000).unwrap(), Time::new(1_518_704_280).unwrap());
        let least = policy(amount, Amount::MAX, time, Time::MAX);
        let expected = "at least 1,000.00 CNY, from 2018-02-15 14:18 UTC on";
        assert_eq!(bounds(&least, code("CNY")), expected);
        let most = policy(Amount::MIN, amount, Time::MIN, time);
        let expected =
            "at most 100,000 minor units of the log's currency, until 2018-02-15 14:18 UTC";
        assert_eq!(bounds(&most, None), expected);
    }
}
