//! Names: one function decides whether a text may be shown, hashed or signed as a name.
//!
//! Two names that look alike must not differ, and a name must read as what it is. So a name holds
//! only visible characters, in one encoding ([NFC]), with single spaces inside. Two things are
//! *not* checked: letters of different scripts that look alike (Latin and Cyrillic `a`), and
//! capitals. A name with such letters is another name, as it is in a passport.
//!
//! [NFC]: https://www.unicode.org/reports/tr15/

use alloc::{borrow::Cow, string::String};
use core::fmt;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark, is_nfc};
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

use crate::encoding::hex::Hex;

/// The longest name, in bytes.
pub const MAX_NAME: usize = 256;

/// `Default_Ignorable_Code_Point` of Unicode's `DerivedCoreProperties.txt`, first and last of each
/// range. Unicode reserves whole ranges, so this list is the same in versions 14 to 18. A renderer
/// shows nothing for these characters, whatever their general category is.
///
/// To generate it again: `perl -CS -e 'for (0..0x10ffff) { printf "%04X\n", $_ if chr =~ /\p{DI}/
/// }'`.
const DEFAULT_IGNORABLE: [(char, char); 17] = [
    ('\u{ad}', '\u{ad}'),       // soft hyphen
    ('\u{34f}', '\u{34f}'),     // combining grapheme joiner
    ('\u{61c}', '\u{61c}'),     // Arabic letter mark
    ('\u{115f}', '\u{1160}'),   // Hangul fillers
    ('\u{17b4}', '\u{17b5}'),   // Khmer inherent vowels
    ('\u{180b}', '\u{180f}'),   // Mongolian selectors
    ('\u{200b}', '\u{200f}'),   // zero-width space and joiners, marks of direction
    ('\u{202a}', '\u{202e}'),   // embeddings and overrides of direction
    ('\u{2060}', '\u{206f}'),   // word joiner, isolates of direction
    ('\u{3164}', '\u{3164}'),   // Hangul filler
    ('\u{fe00}', '\u{fe0f}'),   // variation selectors
    ('\u{feff}', '\u{feff}'),   // byte order mark
    ('\u{ffa0}', '\u{ffa0}'),   // halfwidth Hangul filler
    ('\u{fff0}', '\u{fff8}'),   // reserved
    ('\u{1bca0}', '\u{1bca3}'), // shorthand controls
    ('\u{1d173}', '\u{1d17a}'), // musical controls
    ('\u{e0000}', '\u{e0fff}'), // tags, more variation selectors
];

/// Characters that are visible by their properties, and blank in every font: Braille, Khitan and
/// musical ones.
const BLANK: [char; 3] = ['\u{2800}', '\u{16fe4}', '\u{1d159}'];

/// The reason why a name may not hold a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// A control character (Cc), such as a tab or a line end.
    Control,
    /// It changes the direction in which others are shown.
    Direction,
    /// It is invisible: zero-width, ignorable, a format character (Cf) or a filler.
    Invisible,
    /// A separator of lines or paragraphs (Zl, Zp).
    Line,
    /// A space that looks like the ordinary one but is not (Zs).
    Space,
    /// It replaces something that was lost in a conversion.
    Lost,
    /// Private use (Co): every font shows something else.
    Private,
    /// Not assigned (Cn) in the version of Unicode that this release knows, so its normal form may
    /// change.
    Unassigned,
    /// A space or a plus in a text that must be one word.
    Word,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Control => "a control character",
            Self::Direction => "which changes the direction of text",
            Self::Invisible => "an invisible or formatting character",
            Self::Line => "which ends a line",
            Self::Space => "a space other than the ordinary one",
            Self::Lost => "which stands for lost characters",
            Self::Private => "a private-use character",
            Self::Unassigned => "which is not assigned in Unicode 18",
            Self::Word => "where no spaces and no plus may stand",
        })
    }
}

/// Errors from checking a name. Positions count characters, from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameError {
    /// It has no characters.
    Empty,
    /// It is longer than [`MAX_NAME`].
    Long {
        /// Its length, in bytes.
        got: usize,
    },
    /// It holds a character that a name may not hold.
    Character {
        /// The character.
        found: char,
        /// The character's position.
        at: usize,
        /// The reason.
        fault: Fault,
    },
    /// It begins or ends with a space, or has two in a row.
    Space {
        /// The position of the extra space.
        at: usize,
    },
    /// An accent or another combining mark has no character before it.
    Mark {
        /// The mark.
        found: char,
        /// The mark's position.
        at: usize,
    },
    /// It is not in normal form NFC: a text of other bytes would look the same.
    Form {
        /// The first character that NFC writes differently.
        found: char,
        /// The character's position.
        at: usize,
    },
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "is empty, expected 1 to {MAX_NAME} bytes"),
            Self::Long { got } => write!(f, "is {got} bytes, expected at most {MAX_NAME}"),
            Self::Character { found, at, fault } => {
                write!(f, "holds {} at character {at}, {fault}", CodePoint(*found))
            }
            Self::Space { at } => write!(
                f,
                "has a space too many at character {at}, expected single spaces between words"
            ),
            Self::Mark { found, at } => write!(
                f,
                "has the combining mark {} at character {at} without a letter before it",
                CodePoint(*found)
            ),
            Self::Form { found, at } => write!(
                f,
                "is not in Unicode normal form NFC at character {at} ({})",
                CodePoint(*found)
            ),
        }
    }
}

impl core::error::Error for NameError {}

/// Checks a name that people read: of a project, an institution, a receipt or a purpose.
///
/// # Shapes
/// 1 to [`MAX_NAME`] bytes of UTF-8 in NFC: visible characters, with single spaces (U+0020) between
/// them.
///
/// # Errors
/// Returns the first fault, with its code point and position.
pub fn check_name(text: &str) -> Result<(), NameError> {
    if text.is_empty() {
        return Err(NameError::Empty);
    }
    if text.len() > MAX_NAME {
        return Err(NameError::Long { got: text.len() });
    }
    let mut before = ' ';
    for (found, at) in text.chars().zip(1..) {
        if let Some(fault) = fault(found) {
            return Err(NameError::Character { found, at, fault });
        }
        if before == ' ' && found == ' ' {
            return Err(NameError::Space { at });
        }
        if before == ' ' && is_combining_mark(found) {
            return Err(NameError::Mark { found, at });
        }
        before = found;
    }
    if before == ' ' {
        return Err(NameError::Space { at: text.chars().count() });
    }
    if !is_nfc(text) {
        let same = text.chars().zip(text.nfc()).take_while(|(is, should)| is == should).count();
        let found = text.chars().nth(same).unwrap_or(before);
        return Err(NameError::Form { found, at: same + 1 });
    }
    Ok(())
}

/// Checks a name that is one word: of an organisation, a log or a log key.
///
/// # Shapes
/// A name without spaces and plus signs.
///
/// # Errors
/// Returns the first fault, with its code point and position.
pub fn check_word(text: &str) -> Result<(), NameError> {
    check_name(text)?;
    match text.chars().zip(1..).find(|(c, _)| matches!(c, ' ' | '+')) {
        Some((found, at)) => Err(NameError::Character { found, at, fault: Fault::Word }),
        None => Ok(()),
    }
}

/// Returns why a name may not hold a character: wherever it stands, it hides something from the
/// reader.
pub fn fault(c: char) -> Option<Fault> {
    if matches!(c, ' '..='~') {
        return None;
    }
    match c {
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            return Some(Fault::Direction);
        }
        '\u{fffc}' | '\u{fffd}' => return Some(Fault::Lost),
        _ => {}
    }
    let ignorable = DEFAULT_IGNORABLE.iter().any(|(first, last)| (*first..=*last).contains(&c));
    if ignorable || BLANK.contains(&c) {
        return Some(Fault::Invisible);
    }
    match c.general_category() {
        GeneralCategory::Control => Some(Fault::Control),
        GeneralCategory::Format => Some(Fault::Invisible),
        GeneralCategory::LineSeparator | GeneralCategory::ParagraphSeparator => Some(Fault::Line),
        GeneralCategory::SpaceSeparator => Some(Fault::Space),
        GeneralCategory::PrivateUse => Some(Fault::Private),
        GeneralCategory::Unassigned => Some(Fault::Unassigned),
        _ => None,
    }
}

/// Returns the text in normal form NFC, for importers of names. It checks nothing else.
pub fn normalize(text: &str) -> Cow<'_, str> {
    if is_nfc(text) { Cow::Borrowed(text) } else { Cow::Owned(text.nfc().collect()) }
}

/// A code point in Unicode's notation: U+202E.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodePoint(pub char);

impl fmt::Display for CodePoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "U+{:04X}", u32::from(self.0))
    }
}

/// A text in quotes that is safe to show, whoever wrote it: faulty characters are escaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuotedText<'a>(pub &'a str);

impl fmt::Display for QuotedText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for c in self.0.chars() {
            match c {
                '"' | '\\' | '\t' | '\r' | '\n' => write!(f, "{}", c.escape_default())?,
                _ if fault(c).is_some() => write!(f, "{}", c.escape_unicode())?,
                _ => write!(f, "{c}")?,
            }
        }
        f.write_str("\"")
    }
}

/// Shows the bytes of a name in a message or a list: in quotes as [`QuotedText`] if they are text,
/// in hexadecimal if not.
pub fn shown(bytes: &[u8]) -> String {
    use fmt::Write as _;
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = match core::str::from_utf8(bytes) {
        Ok(text) => write!(out, "{}", QuotedText(text)),
        Err(_) => write!(out, "{}", Hex(bytes)),
    };
    out
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    /// Rows of docs/failures.md: 53.
    /// Names that look alike or reorder text. An institution's name with a bidirectional override
    /// or a zero-width space was imported and printed; U+061C, U+00AD, U+3164 and U+E0041 passed
    /// even where some such characters were refused.
    #[test]
    fn hiding_or_reordering_characters_are_refused() {
        for (hidden, expected) in [
            ('\0', Fault::Control),
            ('\t', Fault::Control),
            ('\n', Fault::Control),
            ('\u{7f}', Fault::Control),
            ('\u{85}', Fault::Control),
            ('\u{9b}', Fault::Control),
            ('\u{a0}', Fault::Space),
            ('\u{ad}', Fault::Invisible),
            ('\u{34f}', Fault::Invisible),
            ('\u{600}', Fault::Invisible),
            ('\u{61c}', Fault::Direction),
            ('\u{115f}', Fault::Invisible),
            ('\u{1160}', Fault::Invisible),
            ('\u{1680}', Fault::Space),
            ('\u{17b4}', Fault::Invisible),
            ('\u{180b}', Fault::Invisible),
            ('\u{180e}', Fault::Invisible),
            ('\u{2003}', Fault::Space),
            ('\u{200b}', Fault::Invisible),
            ('\u{200c}', Fault::Invisible),
            ('\u{200d}', Fault::Invisible),
            ('\u{200e}', Fault::Direction),
            ('\u{2028}', Fault::Line),
            ('\u{2029}', Fault::Line),
            ('\u{202a}', Fault::Direction),
            ('\u{202e}', Fault::Direction),
            ('\u{202f}', Fault::Space),
            ('\u{205f}', Fault::Space),
            ('\u{2060}', Fault::Invisible),
            ('\u{2066}', Fault::Direction),
            ('\u{2069}', Fault::Direction),
            ('\u{206a}', Fault::Invisible),
            ('\u{2800}', Fault::Invisible),
            ('\u{3000}', Fault::Space),
            ('\u{3164}', Fault::Invisible),
            ('\u{e000}', Fault::Private),
            ('\u{fe0f}', Fault::Invisible),
            ('\u{feff}', Fault::Invisible),
            ('\u{ffa0}', Fault::Invisible),
            ('\u{fff9}', Fault::Invisible),
            ('\u{fffd}', Fault::Lost),
            ('\u{ffff}', Fault::Unassigned),
            ('\u{378}', Fault::Unassigned),
            ('\u{1d173}', Fault::Invisible),
            ('\u{e0001}', Fault::Invisible),
            ('\u{e0041}', Fault::Invisible),
            ('\u{e0100}', Fault::Invisible),
            ('\u{f0000}', Fault::Private),
            ('\u{10ffff}', Fault::Unassigned),
        ] {
            for (text, at) in [
                (String::from_iter(['R', 'e', 'd', hidden, 'C']), 4),
                (String::from_iter([hidden, 'A']), 1),
                (String::from_iter(['福', hidden]), 2),
                (String::from(hidden), 1),
            ] {
                let error = NameError::Character { found: hidden, at, fault: expected };
                assert_eq!(check_name(&text), Err(error.clone()), "{text:?}");
                assert_eq!(check_word(&text), Err(error.clone()), "{text:?}");
                let told = error.to_string();
                assert!(told.contains(&CodePoint(hidden).to_string()), "{told}");
                assert!(told.contains(&alloc::format!("at character {at}, ")), "{told}");
            }
        }
        let told = check_name("Red\u{202e}Cross").unwrap_err().to_string();
        assert_eq!(told, "holds U+202E at character 4, which changes the direction of text");
    }

    /// Rows of docs/failures.md: 53.
    #[test]
    fn a_name_has_one_normal_form_and_single_spaces() {
        use NameError as E;
        for (text, error) in [
            ("", E::Empty),
            (" ", E::Space { at: 1 }),
            ("   ", E::Space { at: 1 }),
            (" a", E::Space { at: 1 }),
            ("a ", E::Space { at: 2 }),
            ("a  b", E::Space { at: 3 }),
            ("\u{301}a", E::Mark { found: '\u{301}', at: 1 }),
            ("a \u{301}", E::Mark { found: '\u{301}', at: 3 }),
            ("Cafe\u{301}", E::Form { found: 'e', at: 4 }),
            ("\u{212b}", E::Form { found: '\u{212b}', at: 1 }),
            ("a\u{1112}\u{1161}", E::Form { found: '\u{1112}', at: 2 }),
            // Two marks in the other order.
            ("q\u{307}\u{323}", E::Form { found: '\u{307}', at: 2 }),
        ] {
            assert_eq!(check_name(text), Err(error), "{text:?}");
        }
        assert_eq!(check_name(&"a".repeat(257)), Err(E::Long { got: 257 }));
        assert_eq!(check_name(&"a".repeat(256)), Ok(()));
        assert_eq!(check_name(&normalize("Cafe\u{301}")), Ok(()));
        assert!(matches!(normalize("Café"), Cow::Borrowed("Café")));
        for text in [
            "tax relief 2018",
            "五福",
            "Ёлка",
            "हिन्दी",
            "한글",
            "العربية",
            "q\u{323}\u{307}",
            "🦀",
            "O'Brien & Søn, №1",
        ] {
            assert_eq!(check_name(text), Ok(()), "{text:?}");
        }
        for word in ["wufu", "cerf/donations/1", "五福", "wufu-2018", "PeterNeumann"] {
            assert_eq!(check_word(word), Ok(()));
        }
        for (text, found, at) in [("wu fu", ' ', 3), ("a+b", '+', 2)] {
            let error = E::Character { found, at, fault: Fault::Word };
            assert_eq!(check_word(text), Err(error));
        }
    }

    /// Rows of docs/failures.md: 53.
    #[test]
    fn messages_show_nothing_hidden() {
        assert_eq!(shown("a\"\u{202e}\u{3164}\n福".as_bytes()), "\"a\\\"\\u{202e}\\u{3164}\\n福\"");
        assert_eq!(shown(&[0xff, 0x01]), "ff01");
    }

    /// Characters without a fault are visible by every property, and the table is in order.
    #[test]
    fn the_table_is_sorted_and_holds_what_it_says() {
        assert!(DEFAULT_IGNORABLE.iter().all(|(first, last)| first <= last));
        assert!(DEFAULT_IGNORABLE.is_sorted());
        let ignorable: usize =
            DEFAULT_IGNORABLE.iter().map(|(a, b)| *b as usize - *a as usize + 1).sum();
        // The number that Unicode's file states in its last line.
        assert_eq!(ignorable, 4174);
        assert_eq!(unicode_properties::UNICODE_VERSION.0, 18);
        assert_eq!(unicode_normalization::UNICODE_VERSION.0, 18);
        assert!(('\u{4e00}'..='\u{9fff}').all(|c| fault(c).is_none()));
    }
}
