//! A verifier's spent set in a file, for `wufu verify --spent`.

use std::path::Path;

use anyhow::Context as _;
use redb::{Database, Durability, TableDefinition};
use wufu_verifier::{NullifierStore, spent::SpendError, statement::Nullifier};

/// Nullifier to nothing.
const SPENT: TableDefinition<'_, &[u8], ()> = TableDefinition::new("spent");

/// A spent set in one file.
pub struct SpentFile(Database);

impl SpentFile {
    /// Opens the file, or makes it.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        Ok(Self(Database::create(path).with_context(|| path.display().to_string())?))
    }

    fn insert(&mut self, nullifiers: &[Nullifier]) -> Result<Option<Nullifier>, redb::Error> {
        let mut transaction = self.0.begin_write()?;
        transaction.set_durability(Durability::Immediate)?;
        {
            let mut table = transaction.open_table(SPENT)?;
            for nullifier in nullifiers {
                if table.insert(nullifier.as_slice(), ())?.is_some() {
                    // The transaction is dropped here, and with it whatever it inserted.
                    return Ok(Some(*nullifier));
                }
            }
        }
        transaction.commit()?;
        Ok(None)
    }
}

impl NullifierStore for SpentFile {
    type Error = redb::Error;

    fn check_and_insert(
        &mut self,
        nullifiers: &[Nullifier],
    ) -> Result<(), SpendError<redb::Error>> {
        match self.insert(nullifiers) {
            Ok(None) => Ok(()),
            Ok(Some(nullifier)) => Err(SpendError::Spent { nullifier }),
            Err(error) => Err(SpendError::Store(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_or_none_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("spent");
        let mut store = SpentFile::open(&path).unwrap();
        store.check_and_insert(&[[1; 32]]).unwrap();
        let refused = store.check_and_insert(&[[2; 32], [1; 32]]);
        assert!(matches!(refused, Err(SpendError::Spent { nullifier }) if nullifier == [1; 32]));
        store.check_and_insert(&[[2; 32]]).unwrap();
        drop(store);
        let mut store = SpentFile::open(&path).unwrap();
        assert!(store.check_and_insert(&[[2; 32]]).is_err());
    }
}
