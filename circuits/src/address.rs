//! Addresses, where cards and donations are sent, and their text form.

use std::{fmt, str::FromStr};

use base64ct::{Base64UrlUnpadded, Encoding};
use wufu_verifier::{
    PublicKey,
    encoding::{
        canonical::{CanonicalError, Reader, Writer},
        text::{self, NameError},
    },
};

/// The beginning of an address's text.
pub const PREFIX: &str = "wufu1";

const CHECKSUM_CONTEXT: &str = "wufu 2026-11 address checksum v1";
const CHECKSUM_BYTES: usize = 4;
// Longer texts are not decoded: an organisation's name is short.
const MAX_TEXT: usize = 1024;

/// The public side of a wallet at one organisation.
///
/// Its text form is `wufu1` and base64url of the canonical bytes (org, pk, ek) followed by four
/// bytes of checksum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The campaign or charity.
    pub org: String,
    /// The owner's public key.
    pub pk: PublicKey,
    /// The owner's X25519 public key, for messages.
    pub ek: [u8; 32],
}

/// Errors from reading an address.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AddressError {
    /// It does not begin with `wufu1`.
    Prefix,
    /// It is longer than an address can be.
    Length {
        /// Its length, in characters.
        got: usize,
    },
    /// What follows is not base64url without padding.
    Base64,
    /// The checksum is wrong, which shows a typing error.
    Checksum,
    /// The bytes are not those of an address.
    Canonical(CanonicalError),
    /// The organisation's name is refused: keys are derived from it, and people read it.
    Org(NameError),
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prefix => write!(f, "address does not begin with {PREFIX}"),
            Self::Length { got } => {
                write!(f, "address has {got} characters, expected at most {MAX_TEXT}")
            }
            Self::Base64 => write!(f, "address is not base64url without padding"),
            Self::Checksum => write!(f, "address has a wrong checksum: mistyped or cut"),
            Self::Canonical(error) => write!(f, "address: {error}"),
            Self::Org(error) => write!(f, "the org of the address {error}"),
        }
    }
}

impl std::error::Error for AddressError {}

impl From<CanonicalError> for AddressError {
    fn from(error: CanonicalError) -> Self {
        Self::Canonical(error)
    }
}

impl Address {
    /// Returns the canonical bytes.
    ///
    /// # Shapes
    /// Three fields: org, `pk`, `ek`.
    pub fn encode(&self) -> Vec<u8> {
        Writer::new().text(&self.org).field(&self.pk.fr()).bytes(&self.ek).finish()
    }

    /// Decodes canonical bytes.
    ///
    /// # Errors
    /// Returns an error if there are not three fields, or one of them is invalid.
    pub fn decode(bytes: &[u8]) -> Result<Self, AddressError> {
        let mut reader = Reader::new(bytes, 3)?;
        let address = Self {
            org: reader.text("org")?,
            pk: PublicKey(reader.field("pk")?),
            ek: reader.array("ek")?,
        };
        reader.finish()?;
        // An empty name deceives nobody, and no ledger or wallet has one. The known answers hold
        // such an address.
        if !address.org.is_empty() {
            text::check_word(&address.org).map_err(AddressError::Org)?;
        }
        Ok(address)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = self.encode();
        let sum = checksum(&bytes);
        bytes.extend_from_slice(&sum);
        write!(f, "{PREFIX}{}", Base64UrlUnpadded::encode_string(&bytes))
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if text.len() > MAX_TEXT {
            return Err(AddressError::Length { got: text.len() });
        }
        let body = text.strip_prefix(PREFIX).ok_or(AddressError::Prefix)?;
        let bytes = Base64UrlUnpadded::decode_vec(body).map_err(|_| AddressError::Base64)?;
        let (bytes, sum) =
            bytes.split_last_chunk::<CHECKSUM_BYTES>().ok_or(AddressError::Checksum)?;
        if *sum != checksum(bytes) {
            return Err(AddressError::Checksum);
        }
        Self::decode(bytes)
    }
}

fn checksum(bytes: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let [a, b, c, d, ..] = blake3::derive_key(CHECKSUM_CONTEXT, bytes);
    [a, b, c, d]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::Seed;

    #[test]
    fn every_mistyped_character_is_noticed() {
        let address = Seed::from_bytes([3; 32]).address("五福");
        let text = address.to_string();
        assert_eq!(text.parse(), Ok(address));
        for at in 0..text.len() {
            for wrong in b'-'..=b'z' {
                let mut other = text.clone().into_bytes();
                let right = std::mem::replace(&mut other[at], wrong);
                let other = String::from_utf8(other).unwrap();
                assert!(wrong == right || other.parse::<Address>().is_err(), "{other}");
            }
            assert!(text[..at].parse::<Address>().is_err());
        }
        assert!(format!("{text}A").parse::<Address>().is_err());
    }

    /// Rows of docs/failures.md: 53.
    /// An address of "wufu" with a zero-width space looks like one of "wufu", and no card that is
    /// sent there can be spent.
    #[test]
    fn an_address_of_an_org_that_deceives_is_refused() {
        for org in ["wufu\u{200b}", "wu\u{ad}fu", "\u{3164}", "cafe\u{301}", "wu fu"] {
            let text = Seed::from_bytes([3; 32]).address(org).to_string();
            assert!(matches!(text.parse::<Address>(), Err(AddressError::Org(_))), "{org:?}");
        }
    }

    /// Rows of docs/failures.md: 2.
    #[test]
    fn an_alias_of_pk_is_refused() {
        let mut bytes = Writer::new().text("a").bytes(&[0xff; 32]).bytes(&[0; 32]).finish();
        assert!(matches!(
            Address::decode(&bytes),
            Err(AddressError::Canonical(CanonicalError::Field(_)))
        ));
        let sum = checksum(&bytes);
        bytes.extend_from_slice(&sum);
        let text = format!("{PREFIX}{}", Base64UrlUnpadded::encode_string(&bytes));
        assert!(matches!(text.parse::<Address>(), Err(AddressError::Canonical(_))));
    }
}
