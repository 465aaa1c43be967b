//! Claims and the spent set. A claim and its six nullifiers are stored in one transaction.

use futures_util::future::BoxFuture;
use wufu_proto::claim::{Claim, ClaimOutcome};
use wufu_verifier::{
    BatchVerifier, ClaimCheck, FiveFu, Nullifier, Statement, Verified, VerifyError, VerifyingKey,
    check::{
        SubmittedClaim,
        batch::{Entropy, EntropyError, Outcome},
    },
    encoding::{
        hex::Hex,
        readable::{Span, Utc},
    },
    log::{
        history::LogHistory,
        receipt::{ClaimReceipt, ClaimRefusal},
        signed_note::NoteError,
    },
};

use crate::{
    epochs::tally::{Part, claim_row},
    ledger::Ledger,
    log::Log,
    store::{Connection, ReadPurpose, StoreError, Transaction, claims, signed},
};

/// Why a claim is neither admitted nor found spent. Nothing was charged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimError {
    /// The given claim is not the one that was verified. This is the caller's mistake.
    #[error("the claim is not the one that was verified: {field} differs")]
    NotVerified {
        /// The field that differs.
        field: &'static str,
    },
    /// The claim expired in the meantime.
    #[error("the claim expired at {}, {} ago", Utc(*expiry), Span(now.saturating_sub(*expiry)))]
    Over {
        /// When the claim expired, in Unix seconds.
        expiry: u64,
        /// The current time, in Unix seconds.
        now: u64,
    },
    /// The statement contains a nullifier twice.
    #[error("nullifier {} occurs twice in the claim", Hex(&.nullifier.to_bytes()))]
    Twice {
        /// The repeated nullifier.
        nullifier: Nullifier,
    },
    /// A note could not be signed.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The database failed. That never counts as "not spent".
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads the clock, once.
type ClockReading = Box<dyn FnOnce() -> u64 + Send>;

impl Ledger {
    /// Checks a claim against this ledger's own checkpoints, at the time `now`.
    ///
    /// # Errors
    /// Returns an error if the claim is not for this campaign, or is not valid now under `key`.
    ///
    /// # Cost
    /// About two milliseconds on the calling thread, and one hash for each epoch of the window.
    pub fn check_claim(
        &self,
        key: &VerifyingKey,
        claim: &Claim,
        now: u64,
    ) -> Result<Verified<FiveFu>, VerifyError> {
        let (cards, persons) = (self.view(Log::Cards), self.view(Log::Persons));
        let check = self.claim_check(key, &cards.history, &persons.history, now);
        check.verify(claim.presented(), claim.payout(), claim.expiry())
    }

    /// Checks claims together. Each gets the verdict that [`Ledger::check_claim`] would give it
    /// alone. The verdicts are in order.
    ///
    /// # Errors
    /// Returns an error if `entropy` fails. Then nothing was verified.
    ///
    /// # Cost
    /// See [`wufu_verifier::check::batch`].
    pub fn check_claims<'c>(
        &self,
        key: &VerifyingKey,
        claims: impl Iterator<Item = &'c Claim>,
        now: u64,
        verifier: &mut BatchVerifier,
        entropy: &mut impl Entropy,
    ) -> Result<Outcome<Verified<FiveFu>>, EntropyError> {
        let (cards, persons) = (self.view(Log::Cards), self.view(Log::Persons));
        let check = self.claim_check(key, &cards.history, &persons.history, now);
        let claimed = claims.map(|claim| SubmittedClaim {
            presented: claim.presented(),
            payout: claim.payout(),
            expiry: claim.expiry(),
        });
        verifier.verify(check.open_all(claimed), entropy)
    }

    fn claim_check<'a>(
        &'a self,
        key: &'a VerifyingKey,
        cards: &'a LogHistory,
        persons: &'a LogHistory,
        now: u64,
    ) -> ClaimCheck<'a> {
        ClaimCheck { key, cards, persons, org: self.org(), now, window: self.policy().window() }
    }

    /// Spends the six nullifiers of a verified claim and stores the claim, both or neither.
    ///
    /// If a nullifier was spent before, the answer is the claim that spent it. Only a holder of the
    /// spend key can have made that claim.
    ///
    /// # Errors
    /// Returns an error if `claim` is not what was verified, if it has expired, or if the database
    /// fails. Then nothing was charged.
    pub fn claim<'a>(
        &'a self,
        verified: &'a Verified<FiveFu>,
        claim: &'a Claim,
        now: u64,
    ) -> BoxFuture<'a, Result<ClaimOutcome, ClaimError>> {
        self.claim_by(verified, claim, move || now)
    }

    /// Does the same as [`Ledger::claim`], but reads the time from `clock` when it is this claim's
    /// turn to write, because the claim may expire while it waits.
    ///
    /// # Errors
    /// As [`Ledger::claim`].
    pub fn claim_by<'a>(
        &'a self,
        verified: &'a Verified<FiveFu>,
        claim: &'a Claim,
        clock: impl FnOnce() -> u64 + Send + 'static,
    ) -> BoxFuture<'a, Result<ClaimOutcome, ClaimError>> {
        self.claim_at(verified, claim, Box::new(clock))
    }

    /// [`Ledger::claim_by`], in a form that is compiled in this crate.
    fn claim_at<'a>(
        &'a self,
        verified: &'a Verified<FiveFu>,
        claim: &'a Claim,
        clock: ClockReading,
    ) -> BoxFuture<'a, Result<ClaimOutcome, ClaimError>> {
        Box::pin(async move {
            same(self.org(), verified, claim)?;
            let mut nullifiers = claim.statement().nullifiers();
            nullifiers.sort_unstable_by_key(|nullifier| nullifier.to_bytes());
            if let Some(pair) = nullifiers.windows(2).find(|pair| pair[0] == pair[1]) {
                return Err(ClaimError::Twice { nullifier: pair[0] });
            }
            let (ledger, claim) = (self.clone(), claim.clone());
            self.finish(async move { ledger.spend(&claim, clock).await }).await
        })
    }

    async fn spend(&self, claim: &Claim, clock: ClockReading) -> Result<ClaimOutcome, ClaimError> {
        let mut tx = self.inner.store.begin().await?;
        let now = clock();
        if now >= claim.expiry() {
            tx.refuse().await?;
            return Err(ClaimError::Over { expiry: claim.expiry(), now });
        }
        if let Some((nullifier, number)) = first_spent(tx.connection()?, claim).await? {
            let earlier = claims::read(tx.connection()?, number).await?;
            tx.refuse().await?;
            let refusal = ClaimRefusal { nullifier, claim: number, time: now };
            let note = refusal.sign(self.org(), &self.inner.signing)?;
            return Ok(ClaimOutcome::Spent { nullifier, earlier: Box::new(earlier), note });
        }
        let (number, note) = self.enter(&mut tx, claim, now).await?;
        tx.commit().await?;
        Ok(ClaimOutcome::Admitted { claim: number, note })
    }

    /// Stores a claim and its nullifiers.
    async fn enter(
        &self,
        tx: &mut Transaction<'_>,
        claim: &Claim,
        now: u64,
    ) -> Result<(u64, String), ClaimError> {
        let number = claims::newest(tx.connection()?).await? + 1;
        let mut state = self.state(tx).await?;
        if number != state.tally.chain(Part::Claims).rows + 1 {
            // A claim is missing, so its nullifiers may be missing as well.
            return Err(StoreError::Broken { what: "list of claims" }.into());
        }
        let receipt = ClaimReceipt {
            claim: number,
            nullifiers: ClaimReceipt::nullifiers_of(claim.statement()),
            key_id: claim.key_id(),
            payout: claim.payout().to_vec(),
            expiry: claim.expiry(),
            time: now,
        };
        let note = receipt.sign(self.org(), &self.inner.signing)?;
        claims::insert(tx, number, claim, now, &note).await?;
        for nullifier in claim.statement().nullifiers() {
            claims::spend(tx, &nullifier, number).await?;
        }
        let presented = claim.presented();
        let bytes = [presented.key_id, presented.public_inputs, presented.proof, claim.payout()];
        let times = [claim.expiry() as i64, signed(now)?];
        let row = claim_row(signed(number)?, bytes, times, &note);
        state.tally.push(Part::Claims, &row);
        self.sign_state(tx, &state).await?;
        Ok((number, note))
    }

    /// The number of admitted claims.
    ///
    /// # Errors
    /// Returns an error if the database fails.
    pub fn claims(&self) -> BoxFuture<'_, Result<u64, StoreError>> {
        Box::pin(async move {
            claims::count(&mut self.inner.store.reader(ReadPurpose::Short).await?).await
        })
    }
}

/// Checks that a claim is the one that was verified, for this organisation.
fn same(org: &str, verified: &Verified<FiveFu>, claim: &Claim) -> Result<(), ClaimError> {
    let fields = [
        ("verifier", verified.verifier() == org.as_bytes()),
        ("statement", verified.statement() == claim.statement()),
        ("key id", verified.key_id() == claim.key_id()),
        ("payout", verified.payload() == claim.payout()),
        ("expiry", verified.expiry() == claim.expiry()),
    ];
    match fields.into_iter().find(|(_, same)| !same) {
        Some((field, _)) => Err(ClaimError::NotVerified { field }),
        None => Ok(()),
    }
}

/// The first nullifier, in the statement's order, that was spent before, and the claim that spent
/// it.
async fn first_spent(
    connection: &mut Connection,
    claim: &Claim,
) -> Result<Option<(Nullifier, u64)>, StoreError> {
    for nullifier in claim.statement().nullifiers() {
        if let Some(number) = claims::spent_by(connection, &nullifier).await? {
            return Ok(Some((nullifier, number)));
        }
    }
    Ok(None)
}
