//! The spent set, which ensures that a claim, a showing or a gift happens only once.

use alloc::{collections::BTreeSet, vec::Vec};
use core::{convert::Infallible, fmt};

use crate::{check::Verified, encoding::hex::Hex, hash::element::Nullifier, statement::Statement};

/// Errors from spending nullifiers. None of them is spent in any of these cases.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SpendError<E> {
    /// One of them was spent before, or stands twice in one statement.
    Spent {
        /// The nullifier.
        nullifier: Nullifier,
    },
    /// The store failed. That never counts as "not spent".
    Store(E),
}

impl<E: fmt::Display> fmt::Display for SpendError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Spent { nullifier } => {
                write!(f, "nullifier was spent before: {}", Hex(&nullifier.to_bytes()))
            }
            Self::Store(error) => write!(f, "the spent set failed: {error}"),
        }
    }
}

impl<E: fmt::Debug + fmt::Display> core::error::Error for SpendError<E> {}

/// A set of nullifiers. Check and insertion are one call, so that nothing can happen between them.
pub trait NullifierStore {
    /// The errors of the store.
    type Error;

    /// Inserts all of the nullifiers, or none.
    ///
    /// # Errors
    /// Returns [`SpendError::Spent`] if one is in the set already or stands twice, and
    /// [`SpendError::Store`] if the store failed or could not make the insertion durable.
    fn check_and_insert(&mut self, nullifiers: &[Nullifier])
    -> Result<(), SpendError<Self::Error>>;
}

/// A verified statement whose nullifiers were not spent before and are spent now. Pay out on this
/// value: it cannot be copied.
#[derive(Debug, PartialEq, Eq)]
pub struct Admitted<S>(Verified<S>);

impl<S> Admitted<S> {
    /// The verified statement.
    pub fn verified(&self) -> &Verified<S> {
        &self.0
    }
}

impl<S: Statement> Verified<S> {
    /// Spends the statement's nullifiers.
    ///
    /// # Errors
    /// Returns an error if one of them was spent before, or the store fails.
    pub fn spend<T: NullifierStore>(
        self,
        store: &mut T,
    ) -> Result<Admitted<S>, SpendError<T::Error>> {
        store.check_and_insert(&self.statement().nullifiers())?;
        Ok(Admitted(self))
    }
}

/// A spent set in memory, for tests and for verifiers whose challenges end with the process.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    spent: BTreeSet<Nullifier>,
}

impl NullifierStore for MemoryStore {
    type Error = Infallible;

    fn check_and_insert(&mut self, nullifiers: &[Nullifier]) -> Result<(), SpendError<Infallible>> {
        let mut fresh = BTreeSet::new();
        for nullifier in nullifiers {
            if self.spent.contains(nullifier) || !fresh.insert(*nullifier) {
                return Err(SpendError::Spent { nullifier: *nullifier });
            }
        }
        self.spent.extend(fresh);
        Ok(())
    }
}

impl MemoryStore {
    /// The spent nullifiers, in ascending order.
    pub fn nullifiers(&self) -> Vec<Nullifier> {
        self.spent.iter().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nullifier(n: u64) -> Nullifier {
        Nullifier(n.into())
    }

    #[test]
    fn all_or_none() {
        let mut store = MemoryStore::default();
        assert_eq!(store.check_and_insert(&[nullifier(1), nullifier(2)]), Ok(()));
        let spent = Err(SpendError::Spent { nullifier: nullifier(2) });
        assert_eq!(store.check_and_insert(&[nullifier(3), nullifier(2)]), spent);
        assert_eq!(store.check_and_insert(&[nullifier(3)]), Ok(()));
        let twice = Err(SpendError::Spent { nullifier: nullifier(4) });
        assert_eq!(store.check_and_insert(&[nullifier(4), nullifier(4)]), twice);
        assert_eq!(store.nullifiers(), [nullifier(1), nullifier(2), nullifier(3)]);
    }
}
