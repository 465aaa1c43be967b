//! The check of a campaign's claim.

use alloc::{collections::BTreeMap, vec::Vec};

use crate::{
    check::{
        asked::is_log,
        error::VerifyError,
        opened::OpenedProof,
        presented::PresentedProof,
        verified::{Verified, bound},
    },
    groth16::key::VerifyingKey,
    hash::element::{Anchor, Scope},
    log::{
        history::{self, LogHistory, Window},
        name::Log,
    },
    statement::{self, Binding, CLAIM, ClaimRoots, FiveFu},
};

/// What somebody submits to a campaign: a proof, the payee and the expiry.
#[derive(Clone, Copy, Debug)]
pub struct SubmittedClaim<'a> {
    /// The proof.
    pub presented: PresentedProof<'a>,
    /// The payee.
    pub payout: &'a [u8],
    /// When the claim expires, in Unix seconds.
    pub expiry: u64,
}

/// The anchors of a campaign's epochs. Each is hashed when it is first needed.
struct Anchors {
    scope: Scope,
    made: BTreeMap<ClaimRoots, Anchor>,
}

impl Anchors {
    fn new(org: &str) -> Self {
        Self { scope: statement::scope(org.as_bytes(), CLAIM), made: BTreeMap::new() }
    }

    /// Returns the anchor of both roots.
    fn of(&mut self, roots: ClaimRoots) -> Anchor {
        let scope = self.scope;
        *self.made.entry(roots).or_insert_with(|| statement::anchor(roots, scope))
    }
}

/// Checks a claim: a Five Fu proof for a campaign.
#[derive(Clone, Copy, Debug)]
pub struct ClaimCheck<'a> {
    /// The pinned key.
    pub key: &'a VerifyingKey,
    /// The checkpoints of the card log.
    pub cards: &'a LogHistory,
    /// The checkpoints of the person log.
    pub persons: &'a LogHistory,
    /// The campaign.
    pub org: &'a str,
    /// The time of the check, in Unix seconds.
    pub now: u64,
    /// How long a replaced root still counts.
    pub window: Window,
}

impl<'k> ClaimCheck<'k> {
    /// Checks a claim that pays `payout` and expires at `expiry`.
    ///
    /// # Errors
    /// Returns the first thing that is wrong, in the order that [`crate::check`] states.
    ///
    /// # Cost
    /// One to two milliseconds.
    pub fn verify(
        &self,
        presented: PresentedProof<'_>,
        payout: &[u8],
        expiry: u64,
    ) -> Result<Verified<FiveFu>, VerifyError> {
        self.open(presented, payout, expiry).verify()
    }

    /// Checks a claim, except for the parts that a batch does for many proofs together.
    pub fn open(
        &self,
        presented: PresentedProof<'_>,
        payout: &[u8],
        expiry: u64,
    ) -> OpenedProof<'k, Verified<FiveFu>> {
        self.open_with(&mut Anchors::new(self.org), SubmittedClaim { presented, payout, expiry })
    }

    /// Runs [`ClaimCheck::open`] on each claim, in order. The hashes that all claims of a campaign
    /// share are computed once.
    ///
    /// # Cost
    /// One hash for the scope and one for each epoch of the window; then one for each claim, for
    /// what it binds.
    pub fn open_all<'p>(
        &self,
        claims: impl IntoIterator<Item = SubmittedClaim<'p>>,
    ) -> Vec<OpenedProof<'k, Verified<FiveFu>>> {
        let mut anchors = Anchors::new(self.org);
        claims.into_iter().map(|claimed| self.open_with(&mut anchors, claimed)).collect()
    }

    fn open_with(
        &self,
        anchors: &mut Anchors,
        claimed: SubmittedClaim<'_>,
    ) -> OpenedProof<'k, Verified<FiveFu>> {
        let SubmittedClaim { presented, payout, expiry } = claimed;
        OpenedProof::read(self.key, presented, |shown| self.fits(anchors, shown, payout, expiry))
    }

    /// Checks that the claim belongs to this campaign and counts at this time.
    fn fits(
        &self,
        anchors: &mut Anchors,
        statement: FiveFu,
        payout: &[u8],
        expiry: u64,
    ) -> Result<Verified<FiveFu>, VerifyError> {
        is_log(self.cards, self.org, Log::Cards)?;
        is_log(self.persons, self.org, Log::Persons)?;
        let made = |roots| anchors.of(roots);
        let (anchor, now, window) = (Anchor(statement.anchor), self.now, self.window);
        let roots = history::find_anchor(self.cards, self.persons, anchor, now, window, made);
        let epoch = roots.map_err(VerifyError::Root)?.epoch;
        let verifier = self.org.as_bytes();
        let binding = Binding { verifier, payload: payout, expiry, key_id: self.key.id() };
        bound(statement, |s| s.ext, binding, self.now, epoch)
    }
}

#[cfg(test)]
mod tests {
    use ark_bn254::Fr;

    use super::*;
    use crate::hash::element::Root;

    #[test]
    fn a_kept_anchor_belongs_to_its_roots_alone() {
        let scope = |org: &str| statement::scope(org.as_bytes(), CLAIM);
        for org in ["wufu", "wufu-2019"] {
            let mut anchors = Anchors::new(org);
            // Each is asked for twice, and both orders of the roots are tried.
            for _ in 0..2 {
                for [cards, persons] in [[1u64, 2], [2, 1], [1, 1], [2, 2], [1, 3]] {
                    let [cards, persons] = [cards, persons].map(|root| Root(Fr::from(root)));
                    let roots = ClaimRoots { cards, persons };
                    assert_eq!(anchors.of(roots), statement::anchor(roots, scope(org)));
                }
            }
            assert_eq!(anchors.made.len(), 5);
        }
    }
}
