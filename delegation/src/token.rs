//! Tokens: a dealer makes them ahead of time, and a wallet uses each once.

use std::fmt;

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey as DealerKey};
use wufu_verifier::{
    KeyId,
    encoding::{
        canonical::Writer,
        readable::{Span, Utc},
    },
};
use zeroize::{Zeroize, Zeroizing};

use crate::{
    mask::MaskSeed,
    sums::{FourSums, SumsError},
};

/// The first field of what is signed.
const CONTEXT: &str = "wufu 2026-11 blind token v1";
const MAGIC: &[u8; 8] = b"wufu-bt1";

/// The longest time that a token may still live, in seconds.
pub const MAX_LIFE: u64 = 86_400;
/// How long a dealer lets a token live, in seconds. It leaves an hour for clocks that differ.
pub const LIFE: u64 = 82_800;

/// Errors from reading a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The wrong number of bytes.
    #[error("token is {got} bytes, expected {}", Token::BYTES)]
    Length {
        /// The number of bytes.
        got: usize,
    },
    /// The bytes do not begin like a token of this version.
    #[error("not a token of version 1")]
    Magic,
    /// The signature is not the dealer's.
    #[error("token's signature is not the dealer's")]
    Signature,
    /// The token is for another key.
    #[error("token is for key {got}, expected {expected}")]
    Key {
        /// The key that the token is for.
        got: KeyId,
        /// The expected key.
        expected: KeyId,
    },
    /// The token has expired.
    #[error("token expired at {}, {} ago", Utc(*expiry), Span(now.saturating_sub(*expiry)))]
    Expired {
        /// When it expired, in Unix seconds.
        expiry: u64,
        /// The time now, in Unix seconds.
        now: u64,
    },
    /// The token would live longer than a token may.
    #[error("token expires at {}, expected at most a day after {}", Utc(*expiry), Utc(*now))]
    Life {
        /// When it expires, in Unix seconds.
        expiry: u64,
        /// The time now, in Unix seconds.
        now: u64,
    },
    /// The sums are refused.
    #[error("token's {0}")]
    Sums(#[from] SumsError),
}

/// A seed and the four sums over its masks, signed by a dealer. It serves one request.
///
/// Only the proof made with it shows whether the sums are those of the seed.
pub struct Token {
    key_id: KeyId,
    seed: MaskSeed,
    sums: FourSums,
    expiry: u64,
    signature: Signature,
}

impl Token {
    /// The length of an encoded token.
    pub const BYTES: usize = 8 + 32 + 32 + FourSums::BYTES + 8 + 64;
    const SIGNED: usize = Self::BYTES - 64;

    /// Signs a token. `expiry` is in Unix seconds; at that second the token has expired.
    pub fn issue(
        dealer: &SigningKey,
        key_id: KeyId,
        seed: MaskSeed,
        sums: FourSums,
        expiry: u64,
    ) -> Self {
        let signature = Signature::from_bytes(&[0; 64]);
        let mut token = Self { key_id, seed, sums, expiry, signature };
        token.signature = dealer.sign(&message(&token.encode()[..Self::SIGNED]));
        token
    }

    /// Decodes a token, and checks that it may be used now.
    ///
    /// # Errors
    /// Returns an error if the bytes are malformed, the signature is not the dealer's, the token is
    /// for another key, has expired, or expires in more than a day.
    ///
    /// # Cost
    /// One signature, four square roots and one subgroup check in G2: less than a millisecond.
    pub fn open(
        bytes: &[u8],
        dealer: &DealerKey,
        key_id: KeyId,
        now: u64,
    ) -> Result<Self, TokenError> {
        let bytes: &[u8; Self::BYTES] =
            bytes.try_into().map_err(|_| TokenError::Length { got: bytes.len() })?;
        if &bytes[..8] != MAGIC {
            return Err(TokenError::Magic);
        }
        let (signed, signature) = bytes.split_at(Self::SIGNED);
        let signature = Signature::from_slice(signature).map_err(|_| TokenError::Signature)?;
        let signed_by = dealer.verify_strict(&message(signed), &signature);
        signed_by.map_err(|_| TokenError::Signature)?;
        let got = KeyId(array(&signed[8..40]));
        if got != key_id {
            return Err(TokenError::Key { got, expected: key_id });
        }
        let expiry = u64::from_le_bytes(array(&signed[Self::SIGNED - 8..]));
        if expiry <= now {
            return Err(TokenError::Expired { expiry, now });
        }
        if expiry - now > MAX_LIFE {
            return Err(TokenError::Life { expiry, now });
        }
        let sums = FourSums::decode(&signed[72..72 + FourSums::BYTES])?;
        let seed = MaskSeed::from_bytes(array(&signed[40..72]));
        Ok(Self { key_id, seed, sums, expiry, signature })
    }

    /// Encodes the token. Keep these bytes as secret as the masks.
    ///
    /// # Shapes
    /// `wufu-bt1` (8 bytes), key id (32), seed (32), sums (160), expiry in Unix seconds (8,
    /// little-endian), Ed25519 signature (64) over the canonical bytes of two fields: the context
    /// and all before the signature.
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut out = Zeroizing::new(Vec::with_capacity(Self::BYTES));
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(self.key_id.as_bytes());
        out.extend_from_slice(self.seed.as_bytes());
        self.sums.write(&mut out);
        out.extend_from_slice(&self.expiry.to_le_bytes());
        out.extend_from_slice(&self.signature.to_bytes());
        out
    }

    /// The key that the token is for.
    pub fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// The seed of its masks.
    pub fn seed(&self) -> &MaskSeed {
        &self.seed
    }

    /// The sums over its masks.
    pub fn sums(&self) -> &FourSums {
        &self.sums
    }

    /// When it expires, in Unix seconds.
    pub fn expiry(&self) -> u64 {
        self.expiry
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        self.sums.zeroize();
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("key_id", &self.key_id)
            .field("expiry", &self.expiry)
            .finish_non_exhaustive()
    }
}

/// What is signed. The seed is part of it, so it is wiped.
fn message(signed: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(Writer::new().text(CONTEXT).bytes(signed).finish())
}

/// Copies bytes of a known length.
fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(bytes);
    out
}
