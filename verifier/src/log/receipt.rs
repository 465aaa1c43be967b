//! What a ledger signs in answer to a claim: a receipt if the claim is admitted, a refusal if one
//! of its nullifiers was spent before.
//!
//! Each answer has exactly one text. A reader gets all of it, or an error that names the line.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::{fmt, str::Split};

use ed25519_dalek::SigningKey;

use crate::{
    Fr, Nullifier,
    encoding::{
        decimal,
        hex::{self, Hex},
        text::QuotedText,
    },
    log::signed_note::{self, LogKey, NoteError},
    statement::{FiveFu, id::KeyId},
};

/// The longest note of an answer in bytes, co-signatures included.
pub const MAX_BYTES: usize = 16 * 1024;

/// The longest payee of a claim, in bytes.
pub const MAX_PAYOUT: usize = 256;

/// The number of nullifiers that a claim spends: one of the person and five of the cards.
pub const NULLIFIERS: usize = 6;

/// How many characters of a line an error shows.
const SHOWN: usize = 80;

/// Errors from reading the answer to a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReceiptError {
    /// The signed note is refused.
    Note(NoteError),
    /// The note is longer than an answer may be.
    Long {
        /// Its length, in bytes.
        got: usize,
    },
    /// A line is not the expected one.
    Line {
        /// The line: `heading`, `claim`, `nullifier`, `spent by claim`, `key`, `payout`, `expiry`,
        /// `time` or `end`.
        field: &'static str,
        /// The beginning of the line.
        found: String,
        /// The expected line.
        expected: String,
    },
    /// The text ends before a line.
    Missing {
        /// The line, as in [`ReceiptError::Line`].
        field: &'static str,
        /// The expected line.
        expected: String,
    },
}

impl ReceiptError {
    /// Returns the line that is wrong, as in [`ReceiptError::Line`], or `None` if the note around
    /// the text is wrong.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::Line { field, .. } | Self::Missing { field, .. } => Some(field),
            Self::Note(_) | Self::Long { .. } => None,
        }
    }
}

impl fmt::Display for ReceiptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Note(error) => error.fmt(f),
            Self::Long { got } => write!(f, "answer is {got} bytes, expected at most {MAX_BYTES}"),
            Self::Line { field, found, expected } => {
                write!(f, "answer's line {field} is {}, expected {expected}", QuotedText(found))
            }
            Self::Missing { field, expected } => {
                write!(f, "answer ends before its line {field}, expected {expected}")
            }
        }
    }
}

impl core::error::Error for ReceiptError {}

impl From<NoteError> for ReceiptError {
    fn from(error: NoteError) -> Self {
        Self::Note(error)
    }
}

/// The receipt of a claim that is admitted.
///
/// # Shapes
/// The lines `ORG/claims`, `claim N`, six times `nullifier HEX` in the order of the statement, `key
/// HEX`, `payout HEX`, `expiry SECONDS`, `time SECONDS`, each ended by a line feed. Numbers are
/// decimal without leading zeros, and hexadecimal digits are lower-case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimReceipt {
    /// The claim's number, from 1.
    pub claim: u64,
    /// The nullifiers that it spent, in the order of the statement.
    pub nullifiers: [Nullifier; NULLIFIERS],
    /// The verifying key.
    pub key_id: KeyId,
    /// The payee, 1 to [`MAX_PAYOUT`] bytes.
    pub payout: Vec<u8>,
    /// When the claim expires, in Unix seconds.
    pub expiry: u64,
    /// When it was admitted, in Unix seconds.
    pub time: u64,
}

impl ClaimReceipt {
    const HEADING: &'static str = "claims";

    /// Returns the nullifiers of a claim's statement, in the form of a receipt.
    pub fn nullifiers_of(statement: &FiveFu) -> [Nullifier; NULLIFIERS] {
        let [_, nullifiers @ .., _] = statement.clone().into_inputs();
        nullifiers.map(Nullifier)
    }

    /// Returns the text that `org` signs.
    pub fn text(&self, org: &str) -> String {
        let Self { claim, nullifiers, key_id, payout, expiry, time } = self;
        let nullifiers: String =
            nullifiers.iter().map(|one| format!("nullifier {}\n", Hex(&one.to_bytes()))).collect();
        format!(
            "{org}/{}\nclaim {claim}\n{nullifiers}key {key_id}\npayout {}\nexpiry {expiry}\n\
             time {time}\n",
            Self::HEADING,
            Hex(payout)
        )
    }

    /// Parses [`ClaimReceipt::text`].
    ///
    /// # Errors
    /// Returns the first line that is missing or malformed.
    pub fn parse(org: &str, text: &str) -> Result<Self, ReceiptError> {
        let mut lines = Lines::of(text)?;
        lines.heading(org, Self::HEADING)?;
        let claim = lines.claim("claim")?;
        let mut nullifiers = [Nullifier(Fr::default()); NULLIFIERS];
        for nullifier in &mut nullifiers {
            *nullifier = lines.nullifier()?;
        }
        let key_id = lines.read("key", "64 hexadecimal digits", |digits| {
            Some(KeyId(hex::parse(digits)?.try_into().ok()?))
        })?;
        let payout = lines.read("payout", "1 to 256 bytes in hexadecimal digits", |digits| {
            hex::parse(digits).filter(|payout| (1..=MAX_PAYOUT).contains(&payout.len()))
        })?;
        let expiry = lines.seconds("expiry")?;
        let time = lines.seconds("time")?;
        lines.end()?;
        Ok(Self { claim, nullifiers, key_id, payout, expiry, time })
    }

    /// Signs the receipt, as `org`.
    ///
    /// # Errors
    /// Returns the errors of [`signed_note::sign`].
    pub fn sign(&self, org: &str, key: &SigningKey) -> Result<String, NoteError> {
        signed_note::sign(org, key, &self.text(org))
    }

    /// Opens a receipt that the organisation signed.
    ///
    /// # Errors
    /// Returns an error if the note is too long or not signed by `key`, and the errors of
    /// [`ClaimReceipt::parse`].
    pub fn open(key: &LogKey, note: &str) -> Result<Self, ReceiptError> {
        Self::parse(key.name(), opened(key, note)?)
    }
}

/// The refusal of a claim of which a nullifier was spent before.
///
/// # Shapes
/// The lines `ORG/refusals`, `nullifier HEX`, `spent by claim N`, `time SECONDS`, as in
/// [`ClaimReceipt`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClaimRefusal {
    /// The nullifier.
    pub nullifier: Nullifier,
    /// The number of the claim that spent it.
    pub claim: u64,
    /// When the later claim was refused, in Unix seconds.
    pub time: u64,
}

impl ClaimRefusal {
    const HEADING: &'static str = "refusals";

    /// Returns the text that `org` signs.
    pub fn text(&self, org: &str) -> String {
        let Self { nullifier, claim, time } = self;
        let (heading, nullifier) = (Self::HEADING, nullifier.to_bytes());
        format!(
            "{org}/{heading}\nnullifier {}\nspent by claim {claim}\ntime {time}\n",
            Hex(&nullifier)
        )
    }

    /// Parses [`ClaimRefusal::text`].
    ///
    /// # Errors
    /// Returns the first line that is missing or malformed.
    pub fn parse(org: &str, text: &str) -> Result<Self, ReceiptError> {
        let mut lines = Lines::of(text)?;
        lines.heading(org, Self::HEADING)?;
        let nullifier = lines.nullifier()?;
        let claim = lines.claim("spent by claim")?;
        let time = lines.seconds("time")?;
        lines.end()?;
        Ok(Self { nullifier, claim, time })
    }

    /// Signs the refusal, as `org`.
    ///
    /// # Errors
    /// Returns the errors of [`signed_note::sign`].
    pub fn sign(&self, org: &str, key: &SigningKey) -> Result<String, NoteError> {
        signed_note::sign(org, key, &self.text(org))
    }

    /// Opens a refusal that the organisation signed.
    ///
    /// # Errors
    /// Returns an error if the note is too long or not signed by `key`, and the errors of
    /// [`ClaimRefusal::parse`].
    pub fn open(key: &LogKey, note: &str) -> Result<Self, ReceiptError> {
        Self::parse(key.name(), opened(key, note)?)
    }
}

/// Either answer to a claim.
#[allow(clippy::large_enum_variant, reason = "one at a time is read")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClaimAnswer {
    /// The claim is admitted.
    Admitted(ClaimReceipt),
    /// The claim is refused.
    Refused(ClaimRefusal),
}

impl ClaimAnswer {
    /// Parses a note whose signature was checked when it arrived, and is not checked again. Returns
    /// `None` if the note is not an answer to a claim.
    pub fn of_checked(note: &str) -> Option<Self> {
        let (text, _) = note.rsplit_once("\n\n").filter(|_| note.len() <= MAX_BYTES)?;
        let text = format!("{text}\n");
        let (org, heading) = text.lines().next()?.rsplit_once('/')?;
        match heading {
            ClaimReceipt::HEADING => ClaimReceipt::parse(org, &text).ok().map(Self::Admitted),
            ClaimRefusal::HEADING => ClaimRefusal::parse(org, &text).ok().map(Self::Refused),
            _ => None,
        }
    }

    /// The number of the claim that is admitted, now or before.
    pub fn claim(&self) -> u64 {
        match self {
            Self::Admitted(receipt) => receipt.claim,
            Self::Refused(refusal) => refusal.claim,
        }
    }
}

/// Opens a note, if it is not too long.
fn opened<'n>(key: &LogKey, note: &'n str) -> Result<&'n str, ReceiptError> {
    if note.len() > MAX_BYTES {
        return Err(ReceiptError::Long { got: note.len() });
    }
    Ok(key.open(note)?)
}

/// The lines of an answer that are still to be read.
struct Lines<'t>(Split<'t, char>);

impl<'t> Lines<'t> {
    /// The lines of a text. Its last line must be ended, too.
    fn of(text: &'t str) -> Result<Self, ReceiptError> {
        if text.len() > MAX_BYTES {
            return Err(ReceiptError::Long { got: text.len() });
        }
        let expected = || "a line feed after the last line".to_string();
        let lines = text.strip_suffix('\n');
        let lines =
            lines.ok_or_else(|| ReceiptError::Missing { field: "end", expected: expected() })?;
        Ok(Self(lines.split('\n')))
    }

    fn line(
        &mut self,
        field: &'static str,
        expected: impl Fn() -> String,
    ) -> Result<&'t str, ReceiptError> {
        self.0.next().ok_or_else(|| ReceiptError::Missing { field, expected: expected() })
    }

    fn heading(&mut self, org: &str, heading: &str) -> Result<(), ReceiptError> {
        let expected = || format!("{org}/{heading}");
        let found = self.line("heading", expected)?;
        let after_org = found.strip_prefix(org).and_then(|rest| rest.strip_prefix('/'));
        let is_it = after_org == Some(heading);
        if is_it { Ok(()) } else { Err(line("heading", found, expected())) }
    }

    /// Reads a line that has a field's name, a space and a value.
    fn read<T>(
        &mut self,
        field: &'static str,
        value: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<T, ReceiptError> {
        let expected = || format!("\"{field} \" and {value}");
        let found = self.line(field, expected)?;
        let digits = found.strip_prefix(field).and_then(|rest| rest.strip_prefix(' '));
        digits.and_then(read).ok_or_else(|| line(field, found, expected()))
    }

    fn claim(&mut self, field: &'static str) -> Result<u64, ReceiptError> {
        let read = |digits: &str| decimal::parse(digits).filter(|number| *number > 0);
        self.read(field, "a number from 1", read)
    }

    fn nullifier(&mut self) -> Result<Nullifier, ReceiptError> {
        let expected = "a field element in 64 hexadecimal digits";
        self.read("nullifier", expected, |digits| Nullifier::decode(&hex::parse(digits)?).ok())
    }

    fn seconds(&mut self, field: &'static str) -> Result<u64, ReceiptError> {
        self.read(field, "Unix seconds", decimal::parse)
    }

    fn end(&mut self) -> Result<(), ReceiptError> {
        self.0.next().map_or(Ok(()), |found| Err(line("end", found, "no more lines".into())))
    }
}

fn line(field: &'static str, found: &str, expected: String) -> ReceiptError {
    ReceiptError::Line { field, found: found.chars().take(SHOWN).collect(), expected }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECEIPT: &str = "wufu/claims\nclaim 7\n\
        nullifier 0100000000000000000000000000000000000000000000000000000000000000\n\
        nullifier 0200000000000000000000000000000000000000000000000000000000000000\n\
        nullifier 0300000000000000000000000000000000000000000000000000000000000000\n\
        nullifier 0400000000000000000000000000000000000000000000000000000000000000\n\
        nullifier 0500000000000000000000000000000000000000000000000000000000000000\n\
        nullifier 0600000000000000000000000000000000000000000000000000000000000000\n\
        key 0909090909090909090909090909090909090909090909090909090909090909\n\
        payout 7061796565\nexpiry 2000\ntime 1000\n";

    fn receipt() -> ClaimReceipt {
        let statement = FiveFu::from_inputs([0u64, 1, 2, 3, 4, 5, 6, 7].map(Into::into));
        let nullifiers = ClaimReceipt::nullifiers_of(&statement);
        let (key_id, payout) = (KeyId([9; 32]), b"payee".to_vec());
        ClaimReceipt { claim: 7, nullifiers, key_id, payout, expiry: 2000, time: 1000 }
    }

    fn refusal() -> ClaimRefusal {
        ClaimRefusal { nullifier: receipt().nullifiers[1], claim: 7, time: 1001 }
    }

    #[test]
    fn an_answer_is_written_as_ledgers_always_wrote_it() {
        assert_eq!(receipt().text("wufu"), RECEIPT);
        let refused = format!(
            "wufu/refusals\nnullifier 02{}\nspent by claim 7\ntime 1001\n",
            "00".repeat(31)
        );
        assert_eq!(refusal().text("wufu"), refused);
    }

    #[test]
    fn an_answer_has_one_text_of_one_org() {
        let signing = SigningKey::from_bytes(&[7; 32]);
        let key = LogKey::new("wufu", signing.verifying_key()).unwrap();
        let note = receipt().sign("wufu", &signing).unwrap();
        assert_eq!(ClaimReceipt::open(&key, &note), Ok(receipt()));
        assert_eq!(ClaimAnswer::of_checked(&note), Some(ClaimAnswer::Admitted(receipt())));
        assert_eq!(ClaimRefusal::open(&key, &note).unwrap_err().field(), Some("heading"));
        let refused = refusal().sign("wufu", &signing).unwrap();
        assert_eq!(ClaimRefusal::open(&key, &refused), Ok(refusal()));
        assert_eq!(ClaimAnswer::of_checked(&refused), Some(ClaimAnswer::Refused(refusal())));
        let stranger = SigningKey::from_bytes(&[8; 32]).verifying_key();
        let stranger = LogKey::new("wufu", stranger).unwrap();
        assert!(matches!(ClaimReceipt::open(&stranger, &note), Err(ReceiptError::Note(_))));
        let long = format!("{note}{}", "\u{2014} other AAAAAAAA\n".repeat(1000));
        assert!(matches!(ClaimReceipt::open(&key, &long), Err(ReceiptError::Long { .. })));
        assert_eq!(ClaimAnswer::of_checked(&long), None);
        assert_eq!(ClaimAnswer::of_checked("wufu/cards\n1\n\n\u{2014} wufu x\n"), None);
    }

    /// Lines were looked for anywhere in the text, so another order, an extra line or a second
    /// claim passed.
    #[test]
    fn a_line_that_is_another_is_named() {
        let refused = |text: &str| {
            let error = ClaimReceipt::parse("wufu", text).unwrap_err();
            let field = error.field().unwrap();
            assert!(error.to_string().contains(&format!("line {field}")), "{error}");
            field
        };
        for (from, to, field) in [
            ("wufu/claims", "wufu/refusals", "heading"),
            ("wufu/claims", "wuf/claims", "heading"),
            ("claim 7\n", "claim 07\n", "claim"),
            ("claim 7\n", "claim 0\n", "claim"),
            ("claim 7\n", "claim 7\nclaim 8\n", "nullifier"),
            ("claim 7\n", "", "claim"),
            ("nullifier 03", "nullifier 3", "nullifier"),
            ("nullifier 03", "nullifier 0C", "nullifier"),
            ("key 09", "key  09", "key"),
            ("payout 7061796565", "payout ", "payout"),
            ("payout 7061796565", "payout 706179656", "payout"),
            ("expiry 2000", "expiry +2000", "expiry"),
            ("time 1000\n", "time 1000 \n", "time"),
            ("time 1000\n", "", "time"),
            ("time 1000\n", "time 1000", "end"),
            ("time 1000\n", "time 1000\nmore\n", "end"),
            ("time 1000\n", "time 1000\n\n", "end"),
        ] {
            assert!(RECEIPT.contains(from), "{from:?}");
            assert_eq!(refused(&RECEIPT.replace(from, to)), field, "{from:?} to {to:?}");
        }
        // A second encoding of a nullifier, and a payee that is too long.
        let alias = RECEIPT.replace(&format!("06{}", "00".repeat(31)), &"ff".repeat(32));
        assert_eq!(refused(&alias), "nullifier");
        let long = RECEIPT.replace("7061796565", &"70".repeat(MAX_PAYOUT + 1));
        assert_eq!(refused(&long), "payout");
        let longest = RECEIPT.replace("7061796565", &"70".repeat(MAX_PAYOUT));
        assert!(ClaimReceipt::parse("wufu", &longest).is_ok());
        let huge = "x".repeat(MAX_BYTES + 1);
        assert!(matches!(ClaimReceipt::parse("wufu", &huge), Err(ReceiptError::Long { .. })));
    }
}
