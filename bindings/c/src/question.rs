//! What a verifier asked, in the form that C uses.
#![allow(unsafe_code)]

use std::collections::BTreeMap;

use wufu_proto::Envelope;
use wufu_verifier::{
    ClaimCheck, DonationCheck, GiftCheck, KeyId, OpenedProof, Policy,
    check::{AnyVerified, request},
    log::history::Window,
};

use super::{Bytes, Key, Log, WUFU_MISUSE, bytes::reference};

/// Five Fu: all five cards, no earlier claim, a payee.
pub const WUFU_FIVE_FU: u32 = 1;
/// Donation: a donation within the verifier's bounds.
pub const WUFU_DONATION: u32 = 2;
/// Gift: a card handed on.
pub const WUFU_GIFT: u32 = 3;

/// What this verifier asked, and what it holds. Take none of it from the envelope. Fill it with
/// zeros first.
#[repr(C)]
pub struct Question {
    /// `WUFU_FIVE_FU`, `WUFU_DONATION` or `WUFU_GIFT`.
    pub circuit: u32,
    /// The pinned key.
    pub key: *const Key,
    /// For a donation: the donation log. Otherwise: the campaign's card log.
    pub log: *const Log,
    /// For Five Fu: the campaign's person log. Otherwise: null.
    pub persons: *const Log,
    /// The time of the check, in Unix seconds.
    pub now: u64,
    /// How long a root counts after it was replaced, in seconds. 3600 is usual.
    pub window: u64,
    /// When the question expires, in Unix seconds.
    pub expiry: u64,
    /// For a donation: the 32 bytes of the Ed25519 key that signed the request. Otherwise: the name
    /// of the campaign, a text.
    pub verifier: Bytes,
    /// For a donation: the challenge, 32 bytes. For Five Fu: the payout. For a gift: the payload.
    pub payload: Bytes,
    /// For a donation: what the answer is for, a text.
    pub purpose: Bytes,
    /// For a donation: the name of the log, a text.
    pub origin: Bytes,
    /// For a donation: the policy, in canonical bytes.
    pub policy: Bytes,
    /// For a donation: the ids of the accepted keys, 32 bytes each, one after the other.
    pub key_ids: Bytes,
}

/// A question that can be asked.
pub(crate) enum QuestionKind<'a> {
    FiveFu { check: ClaimCheck<'a>, payout: &'a [u8], expiry: u64 },
    Donation(Box<DonationAsked<'a>>),
    Gift { check: GiftCheck<'a>, payload: &'a [u8], expiry: u64 },
}

pub(crate) struct DonationAsked<'a> {
    question: request::Question,
    verifier: [u8; 32],
    key: &'a Key,
    log: &'a Log,
    now: u64,
    window: Window,
}

/// The policies that a call read, by the position of their bytes. Clones share their tree.
pub(crate) type Policies = BTreeMap<(*const u8, usize), Policy>;

impl Question {
    /// Reads the question.
    ///
    /// # Safety
    /// Its pointers are null or point at what they say, for as long as the result or `policies` is
    /// used.
    pub(crate) unsafe fn read<'a>(&self, policies: &mut Policies) -> Result<QuestionKind<'a>, u16> {
        let Self { now, expiry, .. } = *self;
        let window = Window(self.window);
        // SAFETY: the caller's word, for all of them.
        let (key, log): (&'a Key, &'a Log) =
            unsafe { (reference(self.key)?, reference(self.log)?) };
        // SAFETY: as before.
        let payload: &'a [u8] = unsafe { self.payload.read() }?;
        if self.circuit == WUFU_DONATION {
            // SAFETY: as before.
            let (verifier, key_ids) = unsafe { (self.verifier.read()?, self.key_ids.read()?) };
            // SAFETY: as before.
            let (purpose, origin) = unsafe { (self.purpose.text()?, self.origin.text()?) };
            let place = (self.policy.data, self.policy.len);
            let policy = match policies.get(&place) {
                Some(policy) => policy.clone(),
                None => {
                    // SAFETY: as before.
                    let policy = Policy::decode(unsafe { self.policy.read() }?);
                    let policy = policy.map_err(|_| WUFU_MISUSE)?;
                    policies.insert(place, policy.clone());
                    policy
                }
            };
            let (ids, rest) = key_ids.as_chunks::<32>();
            if !rest.is_empty() {
                return Err(WUFU_MISUSE);
            }
            let question = request::Question {
                purpose: purpose.into(),
                origin: origin.into(),
                policy,
                challenge: payload.try_into().map_err(|_| WUFU_MISUSE)?,
                expiry,
                key_ids: ids.iter().copied().map(KeyId).collect(),
            };
            let verifier = verifier.try_into().map_err(|_| WUFU_MISUSE)?;
            let asked = DonationAsked { question, verifier, key, log, now, window };
            return Ok(QuestionKind::Donation(Box::new(asked)));
        }
        // SAFETY: as before.
        let org: &'a str = unsafe { self.verifier.text() }?;
        let (key, cards) = (&key.0, &log.0);
        match self.circuit {
            WUFU_FIVE_FU => {
                // SAFETY: as before.
                let persons = &unsafe { reference(self.persons) }?.0;
                let check = ClaimCheck { key, cards, persons, org, now, window };
                Ok(QuestionKind::FiveFu { check, payout: payload, expiry })
            }
            WUFU_GIFT => {
                let check = GiftCheck { key, cards, org, now, window };
                Ok(QuestionKind::Gift { check, payload, expiry })
            }
            _ => Err(WUFU_MISUSE),
        }
    }
}

impl QuestionKind<'_> {
    /// Checks an envelope, except for the parts that a batch does for many together.
    pub(crate) fn open(&self, envelope: &Envelope) -> OpenedProof<'_, AnyVerified> {
        let presented = envelope.presented();
        match self {
            Self::FiveFu { check, payout, expiry } => check.open(presented, payout, *expiry).into(),
            Self::Gift { check, payload, expiry } => check.open(presented, payload, *expiry).into(),
            Self::Donation(asked) => {
                let DonationAsked { question, verifier, key, log, now, window } = asked.as_ref();
                let (key, log, now, window) = (&key.0, &log.0, *now, *window);
                DonationCheck { key, log, verifier, question, now, window }.open(presented).into()
            }
        }
    }
}
