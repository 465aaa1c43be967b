//! The check of a gift.

use crate::{
    check::{
        asked::is_log,
        error::VerifyError,
        opened::OpenedProof,
        presented::PresentedProof,
        verified::{Verified, bound},
    },
    groth16::key::VerifyingKey,
    hash::element::Root,
    log::{
        history::{LogHistory, Window},
        name::Log,
    },
    statement::{Binding, Gift},
};

/// Checks a gift, in which a card of the campaign gets a new owner.
#[derive(Clone, Copy, Debug)]
pub struct GiftCheck<'a> {
    /// The pinned key.
    pub key: &'a VerifyingKey,
    /// The checkpoints of the card log.
    pub cards: &'a LogHistory,
    /// The campaign.
    pub org: &'a str,
    /// The time of the check, in Unix seconds.
    pub now: u64,
    /// How long a replaced root still counts.
    pub window: Window,
}

impl<'k> GiftCheck<'k> {
    /// Checks a gift that carries `payload` and expires at `expiry`.
    ///
    /// # Errors
    /// Returns the first thing that is wrong, in the order that [`crate::check`] states.
    ///
    /// # Cost
    /// One to two milliseconds.
    pub fn verify(
        &self,
        presented: PresentedProof<'_>,
        payload: &[u8],
        expiry: u64,
    ) -> Result<Verified<Gift>, VerifyError> {
        self.open(presented, payload, expiry).verify()
    }

    /// Checks a gift, except for the parts that a batch does for many proofs together.
    pub fn open(
        &self,
        presented: PresentedProof<'_>,
        payload: &[u8],
        expiry: u64,
    ) -> OpenedProof<'k, Verified<Gift>> {
        OpenedProof::read(self.key, presented, |statement| self.fits(statement, payload, expiry))
    }

    /// Checks that the gift belongs to this campaign and counts at this time.
    fn fits(
        &self,
        statement: Gift,
        payload: &[u8],
        expiry: u64,
    ) -> Result<Verified<Gift>, VerifyError> {
        is_log(self.cards, self.org, Log::Cards)?;
        let root = self.cards.accept(Root(statement.root), self.now, self.window);
        let epoch = root.map_err(VerifyError::Root)?.epoch();
        let verifier = self.org.as_bytes();
        let binding = Binding { verifier, payload, expiry, key_id: self.key.id() };
        bound(statement, |s| s.ext, binding, self.now, epoch)
    }
}
