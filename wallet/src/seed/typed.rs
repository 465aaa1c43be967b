//! A seed as people write it down and type it: 24 words, or hexadecimal digits.

use bip39::{Language, Mnemonic};
use wufu_circuits::Seed;
use zeroize::{Zeroize as _, Zeroizing};

use super::{LABEL, SeedError, checksum, from_hex};

/// The number of words of a seed: 256 bits and a checksum of 8 bits, 11 bits each.
const WORDS: usize = 24;

/// The seed as 24 words of the English list of BIP-39. The words are the seed itself, without a
/// password. Other BIP-39 programs derive other keys from them.
///
/// # Errors
/// Never: every seed has 24 words.
pub fn to_words(seed: &Seed) -> Result<Zeroizing<String>, SeedError> {
    let mnemonic = Mnemonic::from_entropy(seed.as_bytes()).map_err(|_| SeedError::Form)?;
    // Allocated at once, because growing would leave copies behind. No word has more than eight
    // letters.
    let mut words = Zeroizing::new(String::with_capacity(WORDS * 9));
    for word in mnemonic.words() {
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(word);
    }
    Ok(words)
}

/// Reads a seed that somebody typed, or that [`to_text`](super::to_text) or [`to_words`] wrote: 24
/// words, or 64 hexadecimal digits with or without their checksum, or both. Case, blanks, line
/// endings and numbers before the words ("1. abandon") do not matter.
///
/// # Errors
/// Returns an error if the text is neither, or was mistyped. No error repeats what was typed.
pub fn from_typed(text: &[u8]) -> Result<Seed, SeedError> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let text = std::str::from_utf8(text).map_err(|_| SeedError::NotText)?;
    let text = Zeroizing::new(text.to_lowercase());
    let parts: Vec<&str> = text.split_whitespace().filter(|part| !is_number(part)).collect();
    let (hex, rest) = match parts.iter().position(|part| *part == LABEL.trim_end()) {
        // The digits stand before it, and the checksum after it.
        Some(at) => (&parts[..at], &parts[at + 1..]),
        None => (&parts[..], &[][..]),
    };
    let digits = |part: &&str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let length: usize = hex.iter().map(|part| part.len()).sum();
    match (hex, rest) {
        ([], []) => Err(SeedError::Empty),
        // Sixty-four digits cannot be 24 words: the shortest words have three letters.
        (_, []) if hex.iter().all(digits) && (length == 64 || hex.len() == 1) => {
            of_digits(hex, length)
        }
        (words, []) => of_words(words),
        (_, [sum, words @ ..]) if hex.iter().all(digits) => {
            let seed = of_digits(hex, length)?;
            let mut expected = [0; 4];
            from_hex(sum.as_bytes(), &mut expected)?;
            if checksum(&seed) != expected {
                return Err(SeedError::Checksum);
            }
            if !words.is_empty() && of_words(words)?.as_bytes() != seed.as_bytes() {
                return Err(SeedError::Apart);
            }
            Ok(seed)
        }
        _ => Err(SeedError::Form),
    }
}

/// Whether a part is the number of a word, as on a form.
fn is_number(part: &str) -> bool {
    let digits = part.strip_suffix(['.', ')', ':']).unwrap_or(part);
    (1..=2).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn of_digits(parts: &[&str], got: usize) -> Result<Seed, SeedError> {
    if got != 64 {
        return Err(SeedError::Digits { got });
    }
    let digits = Zeroizing::new(parts.concat());
    let mut bytes = Zeroizing::new([0; 32]);
    from_hex(digits.as_bytes(), bytes.as_mut_slice())?;
    Ok(Seed::from_bytes(*bytes))
}

fn of_words(words: &[&str]) -> Result<Seed, SeedError> {
    if words.len() != WORDS {
        return Err(SeedError::Words { got: words.len() });
    }
    let mut sentence = Zeroizing::new(String::with_capacity(WORDS * 9));
    for (at, word) in words.iter().enumerate() {
        if Language::English.find_word(word).is_none() {
            return Err(SeedError::Word { at: at + 1 });
        }
        if at > 0 {
            sentence.push(' ');
        }
        sentence.push_str(word);
    }
    let mnemonic = Mnemonic::parse_in_normalized(Language::English, &sentence);
    let (mut entropy, length) = mnemonic.map_err(|_| SeedError::WordChecksum)?.to_entropy_array();
    let seed = entropy.first_chunk::<32>().filter(|_| length == 32).map(|bytes| {
        let bytes = Zeroizing::new(*bytes);
        Seed::from_bytes(*bytes)
    });
    entropy.zeroize();
    seed.ok_or(SeedError::Form)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::seed::to_text;

    const ZEROS: &str = "abandon abandon abandon abandon abandon abandon abandon abandon abandon \
                         abandon abandon abandon abandon abandon abandon abandon abandon abandon \
                         abandon abandon abandon abandon abandon art";

    fn typed(text: &str) -> Result<[u8; 32], SeedError> {
        from_typed(text.as_bytes()).map(|seed| *seed.as_bytes())
    }

    /// `wallet seed` printed a seed, but no command read one. Now whatever it prints is accepted,
    /// in any form in which editors, terminals and people leave it.
    #[test]
    fn what_was_printed_is_taken_back_as_people_leave_it() {
        let bytes = [0x3c; 32];
        let seed = Seed::from_bytes(bytes);
        let (text, words) = (to_text(&seed), to_words(&seed).unwrap());
        assert_eq!(words.split(' ').count(), 24);
        let digits = text.lines().next().unwrap().to_owned();
        let numbered: Vec<String> =
            words.split(' ').zip(1..).map(|(word, n)| format!("{n}. {word}")).collect();
        let blocks: Vec<&str> =
            digits.as_bytes().chunks(8).map(|part| std::str::from_utf8(part).unwrap()).collect();
        let forms = [
            text.to_string(),
            words.to_string(),
            format!("{}{}\n", text.as_str(), words.as_str()),
            digits.clone(),
            format!("{digits}\n"),
            text.replace('\n', "\r\n"),
            format!("\u{feff}{}", text.as_str()),
            format!("\n  \t{}\u{a0} \r\n\r\n", text.as_str()),
            digits.to_uppercase(),
            blocks.join(" "),
            words.replace(' ', "\r\n"),
            format!("  {}\r\n", words.to_uppercase()),
            numbered.join("\n"),
            numbered.join("  "),
        ];
        for form in forms {
            assert_eq!(typed(&form).ok(), Some(bytes), "{form:?}");
        }
    }

    #[test]
    fn the_words_are_those_of_the_standard() {
        assert_eq!(typed(ZEROS).unwrap(), [0; 32]);
        assert_eq!(to_words(&Seed::from_bytes([0; 32])).unwrap().as_str(), ZEROS);
        let ones = to_words(&Seed::from_bytes([0xff; 32])).unwrap();
        assert!(ones.starts_with("zoo zoo") && ones.ends_with("zoo vote"));
    }

    #[test]
    fn what_was_mistyped_is_named_without_being_repeated() {
        let text = to_text(&Seed::from_bytes([0x3c; 32]));
        let cases = [
            ("", "empty"),
            (" \r\n", "empty"),
            ("3c3c", "4 hexadecimal digits, expected 64"),
            (&ZEROS.replacen("abandon", "abandom", 1), "word 1 is not"),
            (&ZEROS.replace("art", "zoo"), "checksum"),
            (&ZEROS.replacen("abandon ", "", 1), "23 words, expected 24"),
            (
                "legal winner thank year wave sausage worth useful legal winner thank yellow",
                "12 words",
            ),
            (&text.replacen('3', "4", 1), "checksum"),
            (&text.replacen('3', "", 1), "63 hexadecimal digits"),
            (&text.replace("checksum", "sum"), "words"),
            (&format!("{} abcd", text.as_str()), "1 word, expected 24"),
            // Of a checksum with nine digits, only the first eight were read.
            (&format!("{}0", text.trim_end()), &SeedError::Form.to_string()),
            (&format!("{}{ZEROS}", text.as_str()), "do not name the same seed"),
        ];
        for (given, expected) in cases {
            let error = typed(given).unwrap_err();
            let said = format!("{error} {error:?}");
            assert!(error.to_string().contains(expected), "{given:?}: {error}");
            for secret in ["3c3c", "4c3c", "abando", "zoo", "legal"] {
                assert!(!said.contains(secret), "{said}");
            }
        }
        assert!(matches!(from_typed(&[0xff, 0xfe, 0x33, 0]), Err(SeedError::NotText)));
    }

    proptest! {
        #[test]
        fn words_and_seed_go_both_ways(bytes in any::<[u8; 32]>()) {
            let words = to_words(&Seed::from_bytes(bytes)).unwrap();
            prop_assert_eq!(typed(&words).unwrap(), bytes);
        }

        #[test]
        fn no_text_is_too_odd(text in any::<Vec<u8>>()) {
            let _ = from_typed(&text);
        }
    }
}
