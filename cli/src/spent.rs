//! A verifier's spent set in a file, for `wufu verify --spent`.

use std::{
    fs::{self, File, OpenOptions},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use anyhow::{Context as _, bail};
use redb::{Database, Durability, TableDefinition, backends::FileBackend};
use wufu_verifier::{NullifierStore, spent::SpendError, statement::Nullifier};

/// Nullifier to nothing.
const SPENT: TableDefinition<'_, &[u8], ()> = TableDefinition::new("spent");

/// A spent set in one file.
pub struct SpentFile(Database);

impl SpentFile {
    /// Opens the file, or makes a new one when told to. One that is not there, or is empty, is never taken for "nothing was
    /// shown": it may have been lost.
    pub fn open(path: &Path, new: bool) -> anyhow::Result<Self> {
        let name = || path.display().to_string();
        if new {
            let mut options = OpenOptions::new();
            let file = options.read(true).write(true).create_new(true).mode(0o600).open(path);
            let file = file.with_context(name)?;
            let database = Database::builder()
                .create_with_backend(FileBackend::new(file).with_context(name)?)
                .with_context(name)?;
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            File::open(folder.unwrap_or(Path::new(".")))?.sync_all().with_context(name)?;
            return Ok(Self(database));
        }
        let length = fs::metadata(path)
            .with_context(|| format!("{} (--new-spent makes one)", name()))?
            .len();
        if length == 0 {
            bail!("{}: 0 bytes, expected nullifiers: it was lost, or never written", name());
        }
        Ok(Self(Database::open(path).with_context(name)?))
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
        // f28: a file that is lost is not one in which nothing was shown.
        assert!(SpentFile::open(&path, false).is_err());
        fs::write(&path, "").unwrap();
        assert!(SpentFile::open(&path, false).is_err());
        fs::remove_file(&path).unwrap();
        let mut store = SpentFile::open(&path, true).unwrap();
        store.check_and_insert(&[[1; 32]]).unwrap();
        let refused = store.check_and_insert(&[[2; 32], [1; 32]]);
        assert!(matches!(refused, Err(SpendError::Spent { nullifier }) if nullifier == [1; 32]));
        store.check_and_insert(&[[2; 32]]).unwrap();
        drop(store);
        assert!(SpentFile::open(&path, true).is_err());
        let mut store = SpentFile::open(&path, false).unwrap();
        assert!(store.check_and_insert(&[[2; 32]]).is_err());
    }
}
