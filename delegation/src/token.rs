//! Tokens: what a dealer makes beforehand, and a wallet uses once.

use std::fmt;

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey as DealerKey};
use wufu_verifier::{KeyId, encoding::canonical::Writer};
use zeroize::{Zeroize, Zeroizing};

use crate::{
    mask::MaskSeed,
    sums::{FourSums, SumsError},
};

/// The first field of what is signed.
const CONTEXT: &str = "wufu 2026-11 blind token v1";
const MAGIC: &[u8; 8] = b"wufu-bt1";

/// The longest that a token may still live, in seconds.
pub const MAX_LIFE: u64 = 86_400;
/// How long a dealer lets a token live, in seconds: it leaves an hour for clocks that differ.
pub const LIFE: u64 = 82_800;

/// Why bytes are not a token that may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The wrong number of bytes.
    #[error("token is {got} bytes, expected {}", Token::BYTES)]
    Length {
        /// How many there were.
        got: usize,
    },
    /// The bytes do not begin like a token of this version.
    #[error("these bytes are no token of version 1")]
    Magic,
    /// The signature is not the dealer's.
    #[error("token's signature is not the dealer's")]
    Signature,
    /// It is for another key.
    #[error("token is for key {got}, expected {expected}")]
    Key {
        /// The key that it is for.
        got: KeyId,
        /// The key that was asked for.
        expected: KeyId,
    },
    /// Its time is over.
    #[error("token ended at {expiry}, and it is {now}")]
    Expired {
        /// When it ended, in Unix seconds.
        expiry: u64,
        /// The time now.
        now: u64,
    },
    /// It lives longer than a token may.
    #[error("token ends at {expiry}, expected a day after {now} at most")]
    Life {
        /// When it ends, in Unix seconds.
        expiry: u64,
        /// The time now.
        now: u64,
    },
    /// Its sums.
    #[error("token's {0}")]
    Sums(#[from] SumsError),
}

/// A seed, the four sums over its masks, and the word of a dealer that it is so. It serves one request.
///
/// Whether the sums are those of the seed is known when a proof verifies, not before.
pub struct Token {
    key_id: KeyId,
    seed: MaskSeed,
    sums: FourSums,
    expiry: u64,
    signature: Signature,
}

impl Token {
    /// Length of an encoded token.
    pub const BYTES: usize = 8 + 32 + 32 + FourSums::BYTES + 8 + 64;
    const SIGNED: usize = Self::BYTES - 64;

    /// Signs a token. `expiry` in Unix seconds: at that second it is over.
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

    /// Decodes a token and checks that it may be used now.
    ///
    /// # Errors
    /// When the bytes have another form, the signature is not the dealer's, the token is for another key, its time is over or longer than
    /// a day.
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

    /// Encodes the token. Where these bytes lie the masks lie.
    ///
    /// # Shapes
    /// `wufu-bt1` (8 bytes), key id (32), seed (32), sums (160), expiry in Unix seconds (8, little-endian), Ed25519 signature (64) over
    /// the canonical bytes of two fields: the context and all before the signature.
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

    /// The key that it is for.
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

    /// When it ends, in Unix seconds.
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

/// What is signed. The seed is in it, so it is wiped.
fn message(signed: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(Writer::new().text(CONTEXT).bytes(signed).finish())
}

/// Bytes of a known number.
fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(bytes);
    out
}
