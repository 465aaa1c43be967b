//! Checks: what a verifier asked, against what it was given.
//!
//! Each check recomputes what it asked for and takes nothing from the answer on trust. The order is: lengths and canonical
//! encoding; key id and circuit; number of public inputs; curve and subgroup; roots within the window; scope, policy, payload
//! and expiry; the pairing equation. Then the caller's store takes the nullifiers ([`Verified::spend`]).
//!
//! `verify` does it all for one proof. `open` does all but the two that many proofs can share, and leaves them to
//! [`verify_batch`](crate::batch::verify_batch): subgroup and equation.

use alloc::{collections::BTreeMap, format, string::String, vec::Vec};
use core::fmt;

use ark_bn254::Fr;

use crate::{
    epochs::{self, LogHistory, RootError, Window},
    key::{KeyId, VerifyingKey},
    pending::OpenedProof,
    proof::ProofError,
    readable::{Span, Utc},
    request::Question,
    statement::{
        self, Binding, CLAIM, CircuitName, Donation, FiveFu, Gift, InputsError, Nullifier,
        Statement,
    },
};

/// What somebody gives to a verifier. Nothing of it is believed.
#[derive(Clone, Copy, Debug)]
pub struct PresentedProof<'a> {
    /// The id of the key that the proof is said to be under, 32 bytes.
    pub key_id: &'a [u8],
    /// The public inputs, 32 bytes each, in order.
    pub public_inputs: &'a [u8],
    /// The proof, 128 bytes.
    pub proof: &'a [u8],
}

/// Why a proof is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum VerifyError {
    /// The key id is not 32 bytes.
    KeyIdLength {
        /// How many bytes it has.
        got: usize,
    },
    /// The proof is under another key than the pinned one.
    Key {
        /// The key that it names.
        got: KeyId,
        /// The key that is pinned.
        expected: KeyId,
    },
    /// The pinned key is for another circuit. This is the caller's mistake.
    Circuit {
        /// The key's circuit.
        got: CircuitName,
        /// The statement's circuit.
        expected: CircuitName,
    },
    /// The question does not allow this key, or is about another log. This is the caller's mistake.
    Question {
        /// What does not fit.
        field: &'static str,
    },
    /// A history is of another log than the campaign's. This is the caller's mistake.
    Log {
        /// The history's log.
        got: String,
        /// The log that it must be of.
        expected: String,
    },
    /// The public inputs cannot be read.
    Inputs(InputsError),
    /// The proof cannot be read.
    Proof(ProofError),
    /// Root or anchor is not accepted now.
    Root(RootError),
    /// A public input is not what this verifier asked for.
    NotAsked {
        /// Which: `scope`, `policy` or `ext`.
        input: &'static str,
    },
    /// The request or claim is over.
    Over {
        /// When it ended, in Unix seconds.
        expiry: u64,
        /// The time of the check.
        now: u64,
    },
    /// The pairing equation does not hold: the proof proves nothing.
    Equation,
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyIdLength { got } => write!(f, "key id is {got} bytes, expected 32"),
            Self::Key { got, expected } => {
                write!(f, "proof is under key {got}, expected {expected}")
            }
            Self::Circuit { got, expected } => {
                write!(f, "the pinned key is for {got}, expected one for {expected}")
            }
            Self::Question { field } => write!(f, "the question does not fit this check: {field}"),
            Self::Log { got, expected } => {
                write!(f, "history is of {got:?}, expected {expected:?}")
            }
            Self::Inputs(error) => error.fmt(f),
            Self::Proof(error) => error.fmt(f),
            Self::Root(error) => error.fmt(f),
            Self::NotAsked { input } => write!(f, "public input {input} is not what was asked for"),
            Self::Over { expiry, now } => {
                let ago = Span(now.saturating_sub(*expiry));
                write!(f, "the request or claim expired at {}, {ago} ago", Utc(*expiry))
            }
            Self::Equation => write!(f, "the proof does not prove the statement"),
        }
    }
}

impl core::error::Error for VerifyError {}

/// A statement whose proof was checked, with what it is bound to. Only the checks of this module make one.
///
/// It is not yet spent: see [`Verified::spend`]. It cannot be copied, so that nobody pays on it twice.
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

    /// For whom it was checked: the org of a claim or gift, else the 32 bytes of the verifier's key.
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

/// Checks the answer to a question of this verifier, which it sent as a [`ProofRequest`](crate::ProofRequest).
#[derive(Clone, Copy, Debug)]
pub struct DonationCheck<'a> {
    /// The pinned key.
    pub key: &'a VerifyingKey,
    /// The donation log's checkpoints.
    pub log: &'a LogHistory,
    /// This verifier's id: the Ed25519 key that signs its requests.
    pub verifier: &'a [u8; 32],
    /// What this verifier asked: its own words, not some that came with the answer.
    pub question: &'a Question,
    /// Unix seconds.
    pub now: u64,
    /// For how long a replaced root counts.
    pub window: Window,
}

impl<'k> DonationCheck<'k> {
    /// Checks an answer.
    ///
    /// # Errors
    /// The first thing that is wrong, in the order of the module's page.
    ///
    /// # Cost
    /// One to two milliseconds: one subgroup check, one verification, two hashes.
    pub fn verify(&self, presented: PresentedProof<'_>) -> Result<Verified<Donation>, VerifyError> {
        self.open(presented).verify()
    }

    /// Checks an answer in all but what a batch does for many.
    pub fn open(&self, presented: PresentedProof<'_>) -> OpenedProof<'k, Verified<Donation>> {
        OpenedProof::read(self.key, presented, |shown| self.fits(shown))
    }

    /// What was shown is what was asked, at a time that counts.
    fn fits(&self, shown: Donation) -> Result<Verified<Donation>, VerifyError> {
        let question = self.question;
        if !question.key_ids.contains(&self.key.id()) {
            return Err(VerifyError::Question { field: "key ids" });
        }
        if question.origin != self.log.origin() {
            return Err(VerifyError::Question { field: "origin" });
        }
        let root = self.log.accept(shown.root, self.now, self.window);
        let epoch = root.map_err(VerifyError::Root)?.epoch();
        asked("scope", shown.scope, statement::scope(self.verifier, &question.purpose))?;
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

/// What somebody gives to a campaign: a proof, to whom its share goes, and when the claim ends.
#[derive(Clone, Copy, Debug)]
pub struct SubmittedClaim<'a> {
    /// The proof.
    pub presented: PresentedProof<'a>,
    /// The payee.
    pub payout: &'a [u8],
    /// In Unix seconds.
    pub expiry: u64,
}

/// The anchors of a campaign's epochs, each hashed when it is first asked for.
struct Anchors {
    scope: Fr,
    made: BTreeMap<[Fr; 2], Fr>,
}

impl Anchors {
    fn new(org: &str) -> Self {
        Self { scope: statement::scope(org.as_bytes(), CLAIM), made: BTreeMap::new() }
    }

    /// That of both roots.
    fn of(&mut self, cards: Fr, persons: Fr) -> Fr {
        let scope = self.scope;
        let made = self.made.entry([cards, persons]);
        *made.or_insert_with(|| statement::anchor(cards, persons, scope))
    }
}

/// Checks a claim: a Five Fu proof for a campaign.
#[derive(Clone, Copy, Debug)]
pub struct ClaimCheck<'a> {
    /// The pinned key.
    pub key: &'a VerifyingKey,
    /// The card log's checkpoints.
    pub cards: &'a LogHistory,
    /// The person log's checkpoints.
    pub persons: &'a LogHistory,
    /// The campaign.
    pub org: &'a str,
    /// Unix seconds.
    pub now: u64,
    /// For how long a replaced root counts.
    pub window: Window,
}

impl<'k> ClaimCheck<'k> {
    /// Checks a claim that is to be paid to `payout` and ends at `expiry`.
    ///
    /// # Errors
    /// The first thing that is wrong, in the order of the module's page.
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

    /// Checks a claim in all but what a batch does for many.
    pub fn open(
        &self,
        presented: PresentedProof<'_>,
        payout: &[u8],
        expiry: u64,
    ) -> OpenedProof<'k, Verified<FiveFu>> {
        self.open_with(&mut Anchors::new(self.org), SubmittedClaim { presented, payout, expiry })
    }

    /// [`ClaimCheck::open`] of each, in order: the hashes that all claims of a campaign share are made once.
    ///
    /// # Cost
    /// One hash for the scope and one for each epoch of the window; then one for each claim, that of what it is bound to.
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

    /// The claim is one of this campaign, at a time that counts.
    fn fits(
        &self,
        anchors: &mut Anchors,
        statement: FiveFu,
        payout: &[u8],
        expiry: u64,
    ) -> Result<Verified<FiveFu>, VerifyError> {
        is_log(self.cards, self.org, "cards")?;
        is_log(self.persons, self.org, "persons")?;
        let made = |cards, persons| anchors.of(cards, persons);
        let (anchor, now, window) = (statement.anchor, self.now, self.window);
        let roots = epochs::find_anchor(self.cards, self.persons, anchor, now, window, made);
        let epoch = roots.map_err(VerifyError::Root)?.epoch;
        let verifier = self.org.as_bytes();
        let binding = Binding { verifier, payload: payout, expiry, key_id: self.key.id() };
        bound(statement, |s| s.ext, binding, self.now, epoch)
    }
}

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
    /// The first thing that is wrong, in the order of the module's page.
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
        is_log(self.cards, self.org, "cards")?;
        let root = self.cards.accept(statement.root, self.now, self.window);
        let epoch = root.map_err(VerifyError::Root)?.epoch();
        let verifier = self.org.as_bytes();
        let binding = Binding { verifier, payload, expiry, key_id: self.key.id() };
        bound(statement, |s| s.ext, binding, self.now, epoch)
    }
}

fn is_log(history: &LogHistory, org: &str, log: &str) -> Result<(), VerifyError> {
    let expected = format!("{org}/{log}");
    if history.origin() == expected {
        return Ok(());
    }
    Err(VerifyError::Log { got: history.origin().into(), expected })
}

fn asked(input: &'static str, got: Fr, expected: Fr) -> Result<(), VerifyError> {
    if got == expected { Ok(()) } else { Err(VerifyError::NotAsked { input }) }
}

/// Payload and expiry. What comes of it goes into a [`OpenedProof`] and comes out when the equation holds.
fn bound<S>(
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_anchor_that_is_kept_is_that_of_its_roots_and_of_nothing_else() {
        let scope = |org: &str| statement::scope(org.as_bytes(), CLAIM);
        for org in ["wufu", "wufu-2019"] {
            let mut anchors = Anchors::new(org);
            // Each is asked for twice, and so are both orders of the roots.
            for _ in 0..2 {
                for [cards, persons] in [[1u64, 2], [2, 1], [1, 1], [2, 2], [1, 3]] {
                    let (cards, persons) = (Fr::from(cards), Fr::from(persons));
                    let expected = statement::anchor(cards, persons, scope(org));
                    assert_eq!(anchors.of(cards, persons), expected);
                }
            }
            assert_eq!(anchors.made.len(), 5);
        }
    }
}
