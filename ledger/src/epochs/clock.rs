//! The clock by which epochs are closed.

use std::sync::atomic::Ordering;

use futures_util::future::BoxFuture;
use wufu_verifier::encoding::readable::Utc;

use super::error::EpochError;
use crate::{
    ledger::Ledger,
    policy::LedgerPolicy,
    store::{ReadPurpose, StoreError, checkpoints},
};

/// The longest step of the clock, in epochs, that is taken without being asked: a day or ten epochs, whichever is
/// longer.
pub(super) fn longest_jump(policy: &LedgerPolicy) -> u64 {
    86_400u64.div_ceil(policy.epoch_seconds.max(1)).max(10)
}

impl Ledger {
    /// Refuses a clock that went back past what was signed, or is so far ahead of it that it may be wrong: the log
    /// could sign nothing more until the time really comes.
    ///
    /// A clock that was ahead only when the ledger was made stops nothing: no epoch was closed then.
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

    /// Vouches for the clock: the next epoch that is closed may be the one at `now`, however long nothing was signed.
    ///
    /// A ledger follows its clock while it is served. One that was switched off for longer than a day needs this once.
    pub fn accept_clock(&self, now: u64) {
        self.inner.seen.fetch_max(self.policy().epoch(now), Ordering::AcqRel);
    }

    /// When what is appended now can be signed: in this epoch, or in the next one if this one was signed already. In
    /// Unix seconds.
    ///
    /// # Errors
    /// When the database fails.
    pub fn next_close(&self, now: u64) -> BoxFuture<'_, Result<u64, StoreError>> {
        Box::pin(async move {
            let mut reader = self.inner.store.reader(ReadPurpose::Short).await?;
            let newest = checkpoints::newest_epoch(&mut reader).await?;
            let next = newest.map_or(0, |newest| newest + 1);
            Ok(now.max(next.saturating_mul(self.policy().epoch_seconds)))
        })
    }
}
