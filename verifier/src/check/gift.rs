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

/// Checks a gift: a card of the campaign becomes another's.
#[derive(Clone, Copy, Debug)]
pub struct GiftCheck<'a> {
    /// The pinned key.
    pub key: &'a VerifyingKey,
    /// The card log's checkpoints.
    pub cards: &'a LogHistory,
    /// The campaign.
    pub org: &'a str,
    /// Unix seconds.
    pub now: u64,
    /// For how long a replaced root counts.
    pub window: Window,
}

impl<'k> GiftCheck<'k> {
    /// Checks a gift that carries `payload` and ends at `expiry`.
    ///
    /// # Errors
    /// The first thing that is wrong, in the order of the page of [`crate::check`].
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

    /// Checks a gift in all but what a batch does for many.
    pub fn open(
        &self,
        presented: PresentedProof<'_>,
        payload: &[u8],
        expiry: u64,
    ) -> OpenedProof<'k, Verified<Gift>> {
        OpenedProof::read(self.key, presented, |statement| self.fits(statement, payload, expiry))
    }

    /// The gift is one of this campaign, at a time that counts.
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
