//! Claims: what a claim binds, how it is submitted, and what becomes of it.

use wufu_verifier::{
    FiveFu, KeyId, Nullifier, Proof, Statement,
    check::{PresentedProof, UnverifiedProof},
};

use crate::{error::ConvertError, read, v1};

/// The longest payee, in bytes.
pub use wufu_verifier::log::receipt::MAX_PAYOUT;

/// What a claim binds, beside the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimBinding {
    /// The campaign.
    pub org: String,
    /// The payee, 1 to [`MAX_PAYOUT`] bytes.
    pub payout: Vec<u8>,
    /// When the claim expires, in Unix seconds.
    pub expiry: u64,
}

impl TryFrom<v1::ClaimBinding> for ClaimBinding {
    type Error = ConvertError;

    fn try_from(message: v1::ClaimBinding) -> Result<Self, ConvertError> {
        let v1::ClaimBinding { org, payout, expiry } = message;
        let org = read::org("org", &org)?;
        read::length("payout", payout.len(), 1, MAX_PAYOUT)?;
        Ok(Self { org, payout, expiry })
    }
}

impl From<&ClaimBinding> for v1::ClaimBinding {
    fn from(binding: &ClaimBinding) -> Self {
        let ClaimBinding { org, payout, expiry } = binding.clone();
        Self { org, payout, expiry }
    }
}

/// A claim as it is submitted. Its public inputs are canonical and its proof has the right length,
/// but nothing is verified. The check reads the proof's points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    statement: FiveFu,
    payout: Vec<u8>,
    expiry: u64,
    // As a verifier reads it. The inputs are canonical, so encoding them again gives the bytes that
    // arrived.
    proof: UnverifiedProof,
}

impl Claim {
    /// Creates a claim from its parts.
    ///
    /// # Errors
    /// Returns an error if the payee is empty or too long.
    pub fn new(
        key_id: KeyId,
        statement: FiveFu,
        proof: &Proof,
        payout: Vec<u8>,
        expiry: u64,
    ) -> Result<Self, ConvertError> {
        Self::of(key_id, statement, proof.encode(), payout, expiry)
    }

    fn of(
        key_id: KeyId,
        statement: FiveFu,
        proof: Vec<u8>,
        payout: Vec<u8>,
        expiry: u64,
    ) -> Result<Self, ConvertError> {
        read::length("payout", payout.len(), 1, MAX_PAYOUT)?;
        let proof = UnverifiedProof { key_id, public_inputs: statement.encode(), proof };
        Ok(Self { statement, payout, expiry, proof })
    }

    /// The key that the proof claims to be made under.
    pub fn key_id(&self) -> KeyId {
        self.proof.key_id
    }

    /// The statement that the claim makes.
    pub fn statement(&self) -> &FiveFu {
        &self.statement
    }

    /// The payee, 1 to [`MAX_PAYOUT`] bytes.
    pub fn payout(&self) -> &[u8] {
        &self.payout
    }

    /// When the claim expires, in Unix seconds.
    pub fn expiry(&self) -> u64 {
        self.expiry
    }

    /// Returns what a verifier checks.
    pub fn presented(&self) -> PresentedProof<'_> {
        self.proof.presented()
    }
}

impl TryFrom<v1::SubmitClaimRequest> for Claim {
    type Error = ConvertError;

    fn try_from(message: v1::SubmitClaimRequest) -> Result<Self, ConvertError> {
        let key_id = read::key_id("key id", &message.key_id)?;
        let statement = FiveFu::decode(&message.public_inputs)?;
        Proof::check_length(&message.proof)?;
        Self::of(key_id, statement, message.proof, message.payout, message.expiry)
    }
}

impl From<&Claim> for v1::SubmitClaimRequest {
    fn from(claim: &Claim) -> Self {
        Self {
            key_id: claim.proof.key_id.as_bytes().to_vec(),
            public_inputs: claim.proof.public_inputs.clone(),
            proof: claim.proof.proof.clone(),
            payout: claim.payout.clone(),
            expiry: claim.expiry,
        }
    }
}

/// What became of a claim. The ledger signs both notes: open them with its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClaimOutcome {
    /// The claim is admitted.
    Admitted {
        /// The claim's number.
        claim: u64,
        /// The receipt.
        note: String,
    },
    /// One of its nullifiers was spent before.
    Spent {
        /// The nullifier.
        nullifier: Nullifier,
        /// The claim that spent it. Only the holder of the same spend key can have made it.
        earlier: Box<Claim>,
        /// The refusal.
        note: String,
    },
}

impl TryFrom<v1::SubmitClaimResponse> for ClaimOutcome {
    type Error = ConvertError;

    fn try_from(message: v1::SubmitClaimResponse) -> Result<Self, ConvertError> {
        use v1::submit_claim_response::Outcome;
        Ok(match read::some("outcome", message.outcome)? {
            Outcome::Admitted(v1::ClaimAdmitted { claim, note }) => Self::Admitted { claim, note },
            Outcome::Spent(v1::ClaimSpent { nullifier, earlier, note }) => Self::Spent {
                nullifier: Nullifier::decode(&nullifier)?,
                earlier: Box::new(read::some("earlier claim", earlier)?.try_into()?),
                note,
            },
        })
    }
}

impl From<&ClaimOutcome> for v1::SubmitClaimResponse {
    fn from(outcome: &ClaimOutcome) -> Self {
        use v1::submit_claim_response::Outcome;
        let outcome = match outcome {
            ClaimOutcome::Admitted { claim, note } => {
                Outcome::Admitted(v1::ClaimAdmitted { claim: *claim, note: note.clone() })
            }
            ClaimOutcome::Spent { nullifier, earlier, note } => Outcome::Spent(v1::ClaimSpent {
                nullifier: nullifier.to_bytes().to_vec(),
                earlier: Some(earlier.as_ref().into()),
                note: note.clone(),
            }),
        };
        Self { outcome: Some(outcome) }
    }
}
