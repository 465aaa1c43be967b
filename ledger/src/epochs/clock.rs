//! The clock that decides when epochs close.

use std::sync::atomic::Ordering;

use futures_util::future::BoxFuture;
use wufu_verifier::encoding::readable::Utc;

use super::error::EpochError;
use crate::{
    ledger::Ledger,
    policy::LedgerPolicy,
    store::{ReadPurpose, StoreError, checkpoints},
};

/// The longest step of the clock, in epochs, that is accepted without confirmation: a day or ten
/// epochs, whichever is longer.
pub(super) fn longest_jump(policy: &LedgerPolicy) -> u64 {
    86_400u64.div_ceil(policy.epoch_seconds.max(1)).max(10)
}

impl Ledger {
    /// Refuses a clock that is behind what was signed, or so far ahead of it that it may be wrong.
    /// A log that followed such a clock could sign nothing more until that time really came.
    ///
    /// A clock that was ahead only when the ledger was made stops nothing, because no epoch was
    /// closed then.
    pub(super) fn refuse_clock(
        &self,
        epoch: u64,
        signed: Option<u64>,
        made: Option<u64>,
    ) -> Result<(), EpochError> {
        let policy = self.policy();
        let time = |epoch: u64| Utc(epoch.saturating_mul(policy.epoch_seconds));
        if let Some(newest) = signed.filter(|newest| *newest > epoch) {
            let (clock, signed) = (time(epoch), time(newest));
            return Err(EpochError::Backwards { got: epoch, newest, clock, signed });
        }
        let Some(newest) = signed.or(made) else { return Ok(()) };
        let followed = newest.max(self.inner.seen.load(Ordering::Acquire));
        let longest = longest_jump(policy);
        if epoch.saturating_sub(followed) <= longest {
            return Ok(());
        }
        Err(EpochError::Jump {
            got: epoch,
            newest,
            clock: time(epoch),
            signed: time(newest),
            longest: longest * policy.epoch_seconds,
            is_first: signed.is_none(),
        })
    }

    /// Confirms the clock: the next epoch to close may be the one at `now`, however long ago
    /// something was last signed.
    ///
    /// A ledger that is being served follows its clock. One that was off for longer than a day
    /// needs this call once.
    pub fn accept_clock(&self, now: u64) {
        self.inner.seen.fetch_max(self.policy().epoch(now), Ordering::AcqRel);
    }

    /// When entries that are appended now can be signed, in Unix seconds: in the current epoch, or
    /// in the next one if the current one was signed already.
    ///
    /// # Errors
    /// Returns an error if the database fails.
    pub fn next_close(&self, now: u64) -> BoxFuture<'_, Result<u64, StoreError>> {
        Box::pin(async move {
            let mut reader = self.inner.store.reader(ReadPurpose::Short).await?;
            let newest = checkpoints::newest_epoch(&mut reader).await?;
            let next = newest.map_or(0, |newest| newest + 1);
            Ok(now.max(next.saturating_mul(self.policy().epoch_seconds)))
        })
    }
}
