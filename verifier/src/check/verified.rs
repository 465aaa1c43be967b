//! The result of a successful check. Only the checks of this module create one.

use alloc::vec::Vec;

use ark_bn254::Fr;

use crate::{
    check::{asked::asked, error::VerifyError},
    hash::element::Nullifier,
    statement::{Binding, Donation, FiveFu, Gift, Statement, id::KeyId},
};

/// A statement whose proof was checked, with everything that it is bound to. Only the checks of
/// [`crate::check`] create one.
///
/// Its nullifiers are not spent yet: see [`Verified::spend`]. It cannot be copied, so nobody pays
/// out on it twice.
#[derive(Debug, PartialEq, Eq)]
pub struct Verified<S> {
    statement: S,
    verifier: Vec<u8>,
    key_id: KeyId,
    epoch: u64,
    payload: Vec<u8>,
    expiry: u64,
}

impl<S> Verified<S> {
    /// The statement that was proved.
    pub fn statement(&self) -> &S {
        &self.statement
    }

    /// For whom the proof was checked: the organisation of a claim or gift, or the 32 bytes of the
    /// verifier's key.
    pub fn verifier(&self) -> &[u8] {
        &self.verifier
    }

    /// The verifying key.
    pub fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// The epoch whose roots the proof uses.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// What the proof binds: the challenge of a request, or the payee of a claim.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// When it expires, in Unix seconds.
    pub fn expiry(&self) -> u64 {
        self.expiry
    }
}

/// [`Verified`] of any statement, for batches of several statements.
#[derive(Debug, PartialEq, Eq)]
pub enum AnyVerified {
    /// A claim.
    FiveFu(Verified<FiveFu>),
    /// An answer to a request.
    Donation(Verified<Donation>),
    /// A gift.
    Gift(Verified<Gift>),
}

impl AnyVerified {
    /// The epoch whose roots the proof uses.
    pub fn epoch(&self) -> u64 {
        match self {
            Self::FiveFu(verified) => verified.epoch(),
            Self::Donation(verified) => verified.epoch(),
            Self::Gift(verified) => verified.epoch(),
        }
    }

    /// The nullifiers to spend.
    pub fn nullifiers(&self) -> Vec<Nullifier> {
        match self {
            Self::FiveFu(verified) => verified.statement().nullifiers(),
            Self::Donation(verified) => verified.statement().nullifiers(),
            Self::Gift(verified) => verified.statement().nullifiers(),
        }
    }
}

impl From<Verified<FiveFu>> for AnyVerified {
    fn from(verified: Verified<FiveFu>) -> Self {
        Self::FiveFu(verified)
    }
}

impl From<Verified<Donation>> for AnyVerified {
    fn from(verified: Verified<Donation>) -> Self {
        Self::Donation(verified)
    }
}

impl From<Verified<Gift>> for AnyVerified {
    fn from(verified: Verified<Gift>) -> Self {
        Self::Gift(verified)
    }
}

/// Checks payload and expiry. The result goes into an [`OpenedProof`], and comes out if the
/// equation holds.
pub(super) fn bound<S>(
    statement: S,
    ext: impl Fn(&S) -> Fr,
    binding: Binding<'_>,
    now: u64,
    epoch: u64,
) -> Result<Verified<S>, VerifyError> {
    asked("ext", ext(&statement), binding.ext())?;
    let Binding { verifier, payload, expiry, key_id } = binding;
    if now >= expiry {
        return Err(VerifyError::Over { expiry, now });
    }
    let (verifier, payload) = (verifier.to_vec(), payload.to_vec());
    Ok(Verified { statement, verifier, key_id, epoch, payload, expiry })
}
