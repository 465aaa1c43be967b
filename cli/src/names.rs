//! Names on the command line. They are hashed, signed or compared byte for byte, so a faulty name
//! is refused at once.

use wufu_verifier::{
    encoding::text::{self, NameError},
    log::name::{DonationLogError, LogName},
};

/// A name of one word: an organisation or a log.
pub fn word(text: &str) -> Result<String, NameError> {
    text::check_word(text).map(|()| text.into())
}

/// The name of an organisation. Folders and files are named after it, here and elsewhere.
pub fn org(text: &str) -> Result<String, String> {
    if text.chars().all(|c| c == '.') && !text.is_empty() {
        return Err(format!(
            "{text} is the name of a folder in every file system, expected a letter or digit in \
             the name"
        ));
    }
    if text.contains('/') {
        return Err("expected the name of an organisation, without a /, such as wufu".into());
    }
    word(text).map_err(|error| error.to_string())
}

/// The name of a donation log that a request may ask about.
pub fn donation_log(text: &str) -> Result<String, DonationLogError> {
    LogName::parse_donations(text).map(|log| log.to_string())
}

/// A name of one or more words: a payee or a purpose.
pub fn name(text: &str) -> Result<String, NameError> {
    text::check_name(text).map(|()| text.into())
}

/// The name of a receipt, in the normal form in which ledgers keep it.
pub fn receipt(text: &str) -> Result<String, NameError> {
    name(&text::normalize(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of docs/failures.md: 53.
    /// Keys, scopes and payees follow from names as they were typed or pasted.
    #[test]
    fn a_deceptive_name_is_refused_on_the_command_line() {
        for hidden in ["wu\u{200b}fu", "wufu\u{ad}", "\u{202e}wufu", "", " "] {
            assert!(word(hidden).is_err() && name(hidden).is_err() && receipt(hidden).is_err());
        }
        assert!(word("account 42").is_err());
        assert_eq!(name("account 42"), Ok("account 42".into()));
        assert!(name("Cafe\u{301}").is_err());
        assert!(org("wufu").is_ok() && org("v.1").is_ok() && org("wu\u{200b}fu").is_err());
        // A folder of such a name is its own parent, or is not a folder of its own.
        for dots in [".", "..", "..."] {
            assert!(org(dots).is_err(), "{dots}");
        }
        // `wallet address --org a/b` gave an address at an organisation that no ledger can be of.
        assert!(org("wufu/cards").is_err() && org("a/b").unwrap_err().contains("without a /"));
        assert_eq!(receipt("Cafe\u{301}"), Ok("Caf\u{e9}".into()));
    }
}
