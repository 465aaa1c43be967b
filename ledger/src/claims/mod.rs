//! Claims and the spent set: six nullifiers and what they pay for, in one transaction.

use futures_util::future::BoxFuture;
use wufu_proto::claim::{Claim, ClaimOutcome};
use wufu_verifier::{
    BatchVerifier, ClaimCheck, FiveFu, Statement, Verified, VerifyError, VerifyingKey,
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
    statement::Nullifier,
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
    /// What was verified is not what was given to be kept. This is the caller's mistake.
    #[error("the claim is not the one that was verified: {field} differs")]
    NotVerified {
        /// What differs.
        field: &'static str,
    },
    /// The claim ended meanwhile.
    #[error("the claim expired at {}, {} ago", Utc(*expiry), Span(now.saturating_sub(*expiry)))]
    Over {
        /// When it ended, in Unix seconds.
        expiry: u64,
        /// The time.
        now: u64,
    },
    /// A nullifier stands twice in the statement.
    #[error("nullifier {} stands twice in the claim", Hex(.nullifier))]
    Twice {
        /// The nullifier.
        nullifier: Nullifier,
    },
    /// A note could not be signed.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The database. That never counts as "not spent".
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Tells the time, once.
type ClockReading = Box<dyn FnOnce() -> u64 + Send>;

impl Ledger {
    /// Checks a claim against this ledger's own checkpoints, at `now`.
    ///
    /// # Errors
    /// When it is not a claim of this campaign that is good now, under `key`.
    ///
    /// # Cost
    /// About two milliseconds on the thread that calls, and one hash for each epoch of the window.
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

    /// [`Ledger::check_claim`] of each, in order, together: each has the verdict that it has alone.
    ///
    /// # Errors
    /// When `entropy` fails. Then nothing is verified.
    ///
    /// # Cost
    /// [`wufu_verifier::check::batch`] says it.
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

    /// Spends the six nullifiers of a verified claim and enters it, both or neither.
    ///
    /// When one of them was spent, the answer is the claim that spent it: only a holder of the key can have made that.
    ///
    /// # Errors
    /// When `claim` is not what was verified, it ended, or the database fails. Then nothing was charged.
    pub fn claim<'a>(
        &'a self,
        verified: &'a Verified<FiveFu>,
        claim: &'a Claim,
        now: u64,
    ) -> BoxFuture<'a, Result<ClaimOutcome, ClaimError>> {
        self.claim_by(verified, claim, move || now)
    }

    /// [`Ledger::claim`], at the time that a clock tells once it is this claim's turn to write: it may have ended while
    /// it waited.
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

    /// [`Ledger::claim_by`], compiled in this crate.
    fn claim_at<'a>(
        &'a self,
        verified: &'a Verified<FiveFu>,
        claim: &'a Claim,
        clock: ClockReading,
    ) -> BoxFuture<'a, Result<ClaimOutcome, ClaimError>> {
        Box::pin(async move {
            same(self.org(), verified, claim)?;
            let mut nullifiers = claim.statement().nullifiers();
            nullifiers.sort_unstable();
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

    /// Enters a claim and its nullifiers.
    async fn enter(
        &self,
        tx: &mut Transaction<'_>,
        claim: &Claim,
        now: u64,
    ) -> Result<(u64, String), ClaimError> {
        let number = claims::newest(tx.connection()?).await? + 1;
        let mut state = self.state(tx).await?;
        if number != state.tally.chain(Part::Claims).rows + 1 {
            // With a claim gone, what it spent may be gone as well.
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

    /// How many claims were admitted.
    ///
    /// # Errors
    /// When the database fails.
    pub fn claims(&self) -> BoxFuture<'_, Result<u64, StoreError>> {
        Box::pin(async move {
            claims::count(&mut self.inner.store.reader(ReadPurpose::Short).await?).await
        })
    }
}

/// Checks that a claim is the one that was verified, for this org.
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

/// The first nullifier that was spent, in the order of the statement, and the claim that spent it.
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
