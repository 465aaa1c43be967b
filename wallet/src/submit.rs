//! Claims are submitted over a connection of their own, which carries the claim and nothing else.

use std::time::Duration;

use wufu_proto::{
    ConvertError, Envelope,
    claim::{Claim, ClaimOutcome},
    envelope::Binding,
    v1::{self, ledger_service_client::LedgerServiceClient},
};
use wufu_verifier::{
    CircuitName, FiveFu, Proof, Statement, VerifyError,
    log::{
        receipt::{ClaimReceipt, ClaimRefusal, ReceiptError},
        signed_note::{LogKey, NoteError},
    },
    statement::{self, InputsError, Nullifier},
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

/// How long an answer may take, all waits of a busy ledger included.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Why it is not known what became of a claim.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SubmitError {
    /// The envelope is of another statement.
    #[error("the envelope holds a {got} proof, expected five-fu")]
    Circuit {
        /// Its statement.
        got: CircuitName,
    },
    /// The envelope cannot be read.
    #[error(transparent)]
    Inputs(#[from] InputsError),
    /// The envelope's proof cannot be read.
    #[error(transparent)]
    Proof(#[from] VerifyError),
    /// A message.
    #[error(transparent)]
    Message(#[from] ConvertError),
    /// The connection.
    #[error("no connection to {endpoint}: {error}")]
    Connect {
        /// Whereto.
        endpoint: String,
        /// What the transport says.
        #[source]
        error: tonic::transport::Error,
    },
    /// The ledger is too busy: the claim is not admitted.
    #[error(transparent)]
    Busy(#[from] BusyError),
    /// The ledger answered with an error: the claim is not admitted.
    #[error("{endpoint} answered {code:?}: {message}", code = status.code(), message = status.message())]
    Status {
        /// Who.
        endpoint: String,
        /// The answer.
        #[source]
        status: Box<tonic::Status>,
    },
    /// The answer is not signed by the org.
    #[error("the ledger's answer: {0}")]
    Unsigned(#[from] NoteError),
    /// The answer is signed, and about something else.
    #[error("the ledger's signed answer does not say what became of this claim")]
    OtherAnswer {
        /// The signed note.
        note: String,
    },
    /// The ledger says that a nullifier is spent, and has no proof of it. Keep the note: it is
    /// signed.
    #[error("the ledger says that a nullifier of this claim is spent, and does not prove it")]
    Unproved {
        /// The signed note.
        note: String,
    },
    /// No key is pinned for the org.
    #[error(transparent)]
    Log(#[from] Box<SyncError>),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The program ends.
    #[error(transparent)]
    Stopped(#[from] TaskStopped),
}

/// What became of a claim, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubmitOutcome {
    /// It is admitted, now or when it was submitted before.
    Admitted {
        /// Its number.
        claim: u64,
        /// The org's signed receipt, the same each time. Where that was lost on the way, and for a
        /// claim that another wallet made, the signed refusal of the second submission, which names
        /// the claim that was admitted.
        note: String,
    },
    /// A nullifier of it was spent before, by a claim that only a holder of the key can have made.
    Spent {
        /// The nullifier.
        nullifier: Nullifier,
        /// The payee of the earlier claim.
        earlier_payout: Vec<u8>,
        /// The org's signed refusal.
        note: String,
    },
}

impl Wallet {
    /// Submits a claim: one call, over a new connection, without identity, and again while the
    /// ledger is too busy. Nothing is looked up before or after.
    ///
    /// # Errors
    /// Returns an error if the envelope holds no claim, the ledger does not answer, or its answer
    /// is not signed or not proved.
    pub async fn submit(
        &self,
        endpoint: &Endpoint,
        envelope: &Envelope,
    ) -> Result<SubmitOutcome, SubmitError> {
        self.submit_with(endpoint, envelope, WaitListener::default()).await
    }

    /// Submits a claim as [`Wallet::submit`] does, telling `told` whenever the ledger is too busy
    /// and will be asked again.
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
        // Without it no answer can be believed: nothing is sent then.
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
                // One claim, one number.
                Some(kept) if number_in(&kept) != Some(claim) => {
                    Err(SubmitError::OtherAnswer { note })
                }
                Some(kept) => Ok(SubmitOutcome::Admitted { claim, note: kept }),
                None => Ok(SubmitOutcome::Admitted { claim, note }),
            }
        });
        checked.await?
    }

    /// Believes nothing that is not signed and proved.
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
                // This very claim was admitted, and the answer was lost.
                if earlier.statement() == statement && earlier.payout() == payout {
                    return Ok(SubmitOutcome::Admitted { claim: refusal.claim, note });
                }
                let earlier_payout = earlier.payout().to_vec();
                Ok(SubmitOutcome::Spent { nullifier, earlier_payout, note })
            }
        }
    }

    /// Whether a claim spends the nullifier and is proved: then whoever made it held the card or
    /// the person's key.
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

/// The error of a note that is no answer to a claim.
fn not_an_answer(error: ReceiptError, note: String) -> SubmitError {
    match error {
        ReceiptError::Note(error) => SubmitError::Unsigned(error),
        _ => SubmitError::OtherAnswer { note },
    }
}
