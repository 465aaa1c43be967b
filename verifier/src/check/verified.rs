//! The value of success. The checks of this room make it, and nothing else.

use alloc::vec::Vec;

use ark_bn254::Fr;

use crate::{
    check::{asked::asked, error::VerifyError},
    statement::{Binding, Donation, FiveFu, Gift, Nullifier, Statement, id::KeyId},
};

/// A statement whose proof was checked, with what it is bound to. Only the checks of
/// [`crate::check`] make one.
///
/// It is not yet spent: see [`Verified::spend`]. It cannot be copied, so that nobody pays on it
/// twice.
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
    /// What was proved.
    pub fn statement(&self) -> &S {
        &self.statement
    }

    /// For whom it was checked: the org of a claim or gift, else the 32 bytes of the verifier's
    /// key.
    pub fn verifier(&self) -> &[u8] {
        &self.verifier
    }

    /// The key that proved it.
    pub fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// The epoch whose roots it is about.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// What the proof binds: the challenge of a request, the payee of a claim.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// When it ends, in Unix seconds.
    pub fn expiry(&self) -> u64 {
        self.expiry
    }
}

/// [`Verified`] of whichever statement: what a batch of several gives.
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
    /// The epoch whose roots it is about.
    pub fn epoch(&self) -> u64 {
        match self {
            Self::FiveFu(verified) => verified.epoch(),
            Self::Donation(verified) => verified.epoch(),
            Self::Gift(verified) => verified.epoch(),
        }
    }

    /// What is to be spent.
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

/// Payload and expiry. What comes of it goes into a [`OpenedProof`] and comes out when the equation
/// holds.
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
