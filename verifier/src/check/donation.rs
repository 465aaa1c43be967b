//! The check of an answer to a request.

use crate::{
    check::{
        asked::asked,
        error::VerifyError,
        opened::OpenedProof,
        presented::PresentedProof,
        request::Question,
        verified::{Verified, bound},
    },
    groth16::key::VerifyingKey,
    hash::element::Root,
    log::history::{LogHistory, Window},
    statement::{self, Binding, Donation},
};

/// Checks the answer to a question that this verifier asked in a
/// [`ProofRequest`](crate::ProofRequest).
#[derive(Clone, Copy, Debug)]
pub struct DonationCheck<'a> {
    /// The pinned key.
    pub key: &'a VerifyingKey,
    /// The checkpoints of the donation log.
    pub log: &'a LogHistory,
    /// This verifier's id: the Ed25519 key that signs its requests.
    pub verifier: &'a [u8; 32],
    /// The question that this verifier asked. Take your own copy, not one that came with the
    /// answer.
    pub question: &'a Question,
    /// The time of the check, in Unix seconds.
    pub now: u64,
    /// How long a replaced root still counts.
    pub window: Window,
}

impl<'k> DonationCheck<'k> {
    /// Checks an answer.
    ///
    /// # Errors
    /// Returns the first thing that is wrong, in the order that [`crate::check`] states.
    ///
    /// # Cost
    /// One to two milliseconds: one subgroup check, one verification, two hashes.
    pub fn verify(&self, presented: PresentedProof<'_>) -> Result<Verified<Donation>, VerifyError> {
        self.open(presented).verify()
    }

    /// Checks an answer, except for the parts that a batch does for many proofs together.
    pub fn open(&self, presented: PresentedProof<'_>) -> OpenedProof<'k, Verified<Donation>> {
        OpenedProof::read(self.key, presented, |shown| self.fits(shown))
    }

    /// Checks that what was shown is what was asked, and counts at this time.
    fn fits(&self, shown: Donation) -> Result<Verified<Donation>, VerifyError> {
        let question = self.question;
        if !question.key_ids.contains(&self.key.id()) {
            return Err(VerifyError::Question { field: "key ids" });
        }
        if question.origin != self.log.origin() {
            return Err(VerifyError::Question { field: "origin" });
        }
        let root = self.log.accept(Root(shown.root), self.now, self.window);
        let epoch = root.map_err(VerifyError::Root)?.epoch();
        asked("scope", shown.scope, statement::scope(self.verifier, &question.purpose).fr())?;
        asked("policy", shown.policy, question.policy.hash())?;
        let binding = Binding {
            verifier: self.verifier,
            payload: &question.challenge,
            expiry: question.expiry,
            key_id: self.key.id(),
        };
        bound(shown, |s| s.ext, binding, self.now, epoch)
    }
}
