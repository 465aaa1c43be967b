//! Submits claims. Each goes over its own connection, which carries nothing else.

use std::time::Duration;

use wufu_proto::{
    ConvertError, Envelope,
    claim::{Claim, ClaimOutcome},
    envelope::Binding,
    v1::{self, ledger_service_client::LedgerServiceClient},
};
use wufu_verifier::{
    CircuitName, FiveFu, Nullifier, Proof, Statement, VerifyError,
    log::{
        receipt::{ClaimReceipt, ClaimRefusal, ReceiptError},
        signed_note::{LogKey, NoteError},
    },
    statement::{self, InputsError},
};

use crate::{
    endpoint::{
        Endpoint, SMALL_ANSWER,
        patience::{self, BusyError, CallFailure, OnWait, WaitListener},
    },
    plan::claim_bytes,
    store::{StoreError, number_in},
    sync::SyncError,
    wallet::{TaskStopped, Wallet},
};

/// The time limit for an answer, including all waits for a busy ledger.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Why the outcome of a claim is not known.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SubmitError {
    /// The envelope is of another statement.
    #[error("the envelope holds a {got} proof, expected five-fu")]
    Circuit {
        /// The statement of the envelope.
        got: CircuitName,
    },
    /// The envelope cannot be read.
    #[error(transparent)]
    Inputs(#[from] InputsError),
    /// The envelope's proof cannot be read.
    #[error(transparent)]
    Proof(#[from] VerifyError),
    /// A message is malformed.
    #[error(transparent)]
    Message(#[from] ConvertError),
    /// The connection failed.
    #[error("no connection to {endpoint}: {error}")]
    Connect {
        /// The ledger's address.
        endpoint: String,
        /// The transport's error.
        #[source]
        error: tonic::transport::Error,
    },
    /// The ledger is too busy, so the claim is not admitted.
    #[error(transparent)]
    Busy(#[from] BusyError),
    /// The ledger answered with an error, so the claim is not admitted.
    #[error(
        "{endpoint} answered {code:?}: {message}",
        code = status.code(),
        message = status.message()
    )]
    Status {
        /// The ledger's address.
        endpoint: String,
        /// The error, fit to be shown.
        #[source]
        status: Box<tonic::Status>,
    },
    /// The answer is not signed by the organisation.
    #[error("the ledger's answer is not signed by its organisation: {0}")]
    Unsigned(#[from] NoteError),
    /// The answer is signed, but is about something else.
    #[error("the ledger's signed answer does not say what became of this claim")]
    OtherAnswer {
        /// The signed note.
        note: String,
    },
    /// The ledger says that a nullifier is spent, but gives no proof of it. Keep the note: it is
    /// signed.
    #[error("the ledger says that a nullifier of this claim is spent, but does not prove it")]
    Unproved {
        /// The signed note.
        note: String,
    },
    /// No log key of the organisation is pinned.
    #[error(transparent)]
    Log(#[from] Box<SyncError>),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The computation was stopped, because the program ends.
    #[error(transparent)]
    Stopped(#[from] TaskStopped),
}

/// The checked outcome of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubmitOutcome {
    /// The claim is admitted, now or at an earlier submission.
    Admitted {
        /// The number of the claim, in the ledger.
        claim: u64,
        /// The organisation's signed receipt, which is the same each time. If the receipt was lost
        /// on the way, or another wallet made the claim, this is the signed refusal of the second
        /// submission, which names the admitted claim.
        note: String,
    },
    /// One of its nullifiers was spent by an earlier claim, which only a holder of the key can have
    /// made.
    Spent {
        /// The spent nullifier.
        nullifier: Nullifier,
        /// The payee of the earlier claim.
        earlier_payout: Vec<u8>,
        /// The organisation's signed refusal.
        note: String,
    },
}

impl Wallet {
    /// Submits a claim with one call, over a new connection and without identity, and repeats it
    /// while the ledger is too busy. Nothing is looked up before or after.
    ///
    /// # Errors
    /// Returns an error if the envelope contains no claim, the ledger does not answer, or its
    /// answer is not signed or not proved.
    pub async fn submit(
        &self,
        endpoint: &Endpoint,
        envelope: &Envelope,
    ) -> Result<SubmitOutcome, SubmitError> {
        self.submit_with(endpoint, envelope, WaitListener::default()).await
    }

    /// Submits a claim as [`Wallet::submit`] does, and calls `told` before each wait for a busy
    /// ledger.
    ///
    /// # Errors
    /// The same errors as [`Wallet::submit`].
    pub async fn submit_telling(
        &self,
        endpoint: &Endpoint,
        envelope: &Envelope,
        told: OnWait,
    ) -> Result<SubmitOutcome, SubmitError> {
        self.submit_with(endpoint, envelope, WaitListener(Some(told))).await
    }

    async fn submit_with(
        &self,
        endpoint: &Endpoint,
        envelope: &Envelope,
        listener: WaitListener,
    ) -> Result<SubmitOutcome, SubmitError> {
        let Binding::Claim(binding) = envelope.binding() else {
            return Err(SubmitError::Circuit { got: envelope.circuit() });
        };
        let proof = Proof::decode(envelope.presented().proof).map_err(VerifyError::Proof)?;
        let statement = envelope.statement::<FiveFu>()?;
        let (payout, expiry) = (binding.payout.clone(), binding.expiry);
        let claim = Claim::new(envelope.key_id(), statement.clone(), &proof, payout, expiry)?;
        let org = binding.org.clone();
        // Without the key no answer could be checked, so nothing is sent.
        let key = self.blocking(move |wallet| wallet.store().log_key(&org)).await??;
        let key = key.ok_or_else(|| Box::new(SyncError::NoLogKey { org: binding.org.clone() }))?;
        let call = |channel| {
            let mut client = LedgerServiceClient::new(channel);
            client = client.max_decoding_message_size(SMALL_ANSWER);
            let request = v1::SubmitClaimRequest::from(&claim);
            async move { client.submit_claim(request).await }
        };
        let answer = patience::ask(endpoint, TIMEOUT, &listener, call).await;
        let at = || endpoint.to_string();
        let answer = answer.map_err(|failed| match failed {
            CallFailure::Connect(error) => SubmitError::Connect { endpoint: at(), error },
            CallFailure::Busy(busy) => SubmitError::Busy(busy),
            CallFailure::Status(status) => {
                SubmitError::Status { endpoint: at(), status: Box::new(status) }
            }
        })?;
        let outcome = ClaimOutcome::try_from(answer)?;
        let org = binding.org.clone();
        let envelope = claim_bytes(envelope);
        let checked = self.blocking(move |wallet| {
            let submitted = wallet.checked(&key, &claim, outcome)?;
            let (claim, note) = match submitted {
                SubmitOutcome::Admitted { claim, note } => (claim, note),
                SubmitOutcome::Spent { ref note, .. } => {
                    wallet.store().refuse_claim(&org, &envelope, note)?;
                    return Ok(submitted);
                }
            };
            match wallet.store().admit_claim(&org, &envelope, &note)? {
                // A claim has only one number.
                Some(kept) if number_in(&kept) != Some(claim) => {
                    Err(SubmitError::OtherAnswer { note })
                }
                Some(kept) => Ok(SubmitOutcome::Admitted { claim, note: kept }),
                None => Ok(SubmitOutcome::Admitted { claim, note }),
            }
        });
        checked.await?
    }

    /// Checks that the outcome is signed and proved.
    fn checked(
        &self,
        key: &LogKey,
        claim: &Claim,
        outcome: ClaimOutcome,
    ) -> Result<SubmitOutcome, SubmitError> {
        let (org, statement, payout) = (key.name(), claim.statement(), claim.payout());
        match outcome {
            ClaimOutcome::Admitted { claim: number, note } => {
                let receipt = match ClaimReceipt::open(key, &note) {
                    Ok(receipt) => receipt,
                    Err(error) => return Err(not_an_answer(error, note)),
                };
                let expected = ClaimReceipt {
                    claim: number,
                    nullifiers: ClaimReceipt::nullifiers_of(statement),
                    key_id: claim.key_id(),
                    payout: payout.to_vec(),
                    expiry: claim.expiry(),
                    time: receipt.time,
                };
                if receipt != expected {
                    return Err(SubmitError::OtherAnswer { note });
                }
                Ok(SubmitOutcome::Admitted { claim: number, note })
            }
            ClaimOutcome::Spent { nullifier, earlier, note } => {
                let refusal = match ClaimRefusal::open(key, &note) {
                    Ok(refusal) => refusal,
                    Err(error) => return Err(not_an_answer(error, note)),
                };
                let ours = statement.nullifiers().contains(&nullifier);
                if !ours || refusal.nullifier != nullifier {
                    return Err(SubmitError::OtherAnswer { note });
                }
                if !self.made_by_a_holder(org, nullifier, &earlier)? {
                    return Err(SubmitError::Unproved { note });
                }
                // The same claim was admitted, and the answer was lost.
                if earlier.statement() == statement && earlier.payout() == payout {
                    return Ok(SubmitOutcome::Admitted { claim: refusal.claim, note });
                }
                let earlier_payout = earlier.payout().to_vec();
                Ok(SubmitOutcome::Spent { nullifier, earlier_payout, note })
            }
        }
    }

    /// Whether a claim spends the nullifier and its proof is valid, so that its maker held the card
    /// or the person's key.
    fn made_by_a_holder(
        &self,
        org: &str,
        nullifier: Nullifier,
        claim: &Claim,
    ) -> Result<bool, SubmitError> {
        let key_id = claim.key_id();
        let Some(key) = self.store().verifying_key(key_id)? else { return Ok(false) };
        let (verifier, payload, expiry) = (org.as_bytes(), claim.payout(), claim.expiry());
        let ext = statement::Binding { verifier, payload, expiry, key_id }.ext();
        let earlier = claim.statement();
        let proof = Proof::decode(claim.presented().proof).map_err(VerifyError::Proof)?;
        Ok(earlier.nullifiers().contains(&nullifier)
            && earlier.ext == ext
            && key.circuit() == CircuitName::FiveFu
            && key.equation_holds(&earlier.public_inputs(), &proof))
    }
}

/// The error for a note that does not answer a claim.
fn not_an_answer(error: ReceiptError, note: String) -> SubmitError {
    match error {
        ReceiptError::Note(error) => SubmitError::Unsigned(error),
        _ => SubmitError::OtherAnswer { note },
    }
}
