//! Amounts in a form for people.

use std::fmt;

use wufu_verifier::encoding::readable::grouped;

use crate::policy::CurrencyCode;

/// An amount in minor units, displayed with its currency: `1,000.00 CNY`. Without a currency, the
/// minor units are displayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Money {
    /// The number of minor units.
    pub minor: u128,
    /// The currency.
    pub currency: Option<CurrencyCode>,
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(currency) = self.currency else {
            let noun = if self.minor == 1 { "minor unit" } else { "minor units" };
            return write!(f, "{} {noun}", grouped(&self.minor.to_string()));
        };
        let decimals = usize::from(currency.decimals());
        let digits = format!("{:0>width$}", self.minor, width = decimals + 1);
        let (whole, fraction) = digits.split_at(digits.len() - decimals);
        let point = if fraction.is_empty() { "" } else { "." };
        write!(f, "{}{point}{fraction} {currency}", grouped(whole))
    }
}
