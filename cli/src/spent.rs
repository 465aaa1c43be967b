//! A verifier's spent set in a file, for `wufu verify --spent`.

use std::{
    fs::{self, OpenOptions},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use anyhow::{Context as _, bail};
use redb::{Database, Durability, ReadableDatabase as _, TableDefinition, backends::FileBackend};
use wufu_verifier::{Nullifier, NullifierStore, check::spent::SpendError};

use crate::files::ReadFailure;

/// The nullifiers, without values.
const SPENT: TableDefinition<'_, &[u8], ()> = TableDefinition::new("spent");

/// A spent set in one file.
pub struct SpentFile(Database);

impl SpentFile {
    /// Opens the file, or creates it when `new` is set. A missing or empty file never counts as
    /// "nothing was shown", because it may have been lost.
    pub fn open(path: &Path, new: bool) -> anyhow::Result<Self> {
        let name = || path.display().to_string();
        if new {
            let mut options = OpenOptions::new();
            let file = options.read(true).write(true).create_new(true).mode(0o600).open(path);
            let file = file.with_context(|| {
                format!(
                    "{}: --new-spent creates this file: leave the flag out if the file exists",
                    name()
                )
            })?;
            let database = Database::builder()
                .create_with_backend(FileBackend::new(file).with_context(name)?)
                .with_context(name)?;
            fill(&database).with_context(name)?;
            wufu_files::sync_folder(path).with_context(name)?;
            return Ok(Self(database));
        }
        let length = fs::metadata(path)
            .map_err(|error| ReadFailure::new(path, error))
            .context("--spent (the first time, --new-spent creates the file)")?
            .len();
        if length == 0 {
            bail!(
                "{}: 0 bytes, expected a file of nullifiers: it was lost, or never written",
                name()
            );
        }
        let file = OpenOptions::new().read(true).write(true).open(path).with_context(name)?;
        // Damage is reported here, and not by a panic later.
        let database = FileBackend::new(file).and_then(|backend| {
            Database::builder().set_check_integrity_on_open(true).create_with_backend(backend)
        });
        let whole = || {
            format!(
                "{}: {length} bytes, expected a whole file of nullifiers: it was cut off or \
                 damaged",
                name()
            )
        };
        let store = Self(database.with_context(whole)?);
        // Another database must not count as one in which nothing was shown.
        let other = || format!("{}: this is another database, expected one of nullifiers", name());
        store.0.begin_read()?.open_table(SPENT).with_context(other)?;
        Ok(store)
    }

    fn insert(&mut self, nullifiers: &[Nullifier]) -> Result<Option<Nullifier>, redb::Error> {
        let mut transaction = self.0.begin_write()?;
        transaction.set_durability(Durability::Immediate)?;
        {
            let mut table = transaction.open_table(SPENT)?;
            for nullifier in nullifiers {
                if table.insert(nullifier.to_bytes().as_slice(), ())?.is_some() {
                    // Dropping the transaction undoes whatever it inserted.
                    return Ok(Some(*nullifier));
                }
            }
        }
        transaction.commit()?;
        Ok(None)
    }
}

/// Creates the table, so that a file of nullifiers can be told from another database.
fn fill(database: &Database) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    transaction.open_table(SPENT)?;
    Ok(transaction.commit()?)
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
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use redb::StorageBackend;

    use super::*;

    fn nullifier(n: u64) -> Nullifier {
        Nullifier(n.into())
    }

    #[test]
    fn all_or_none_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("spent");
        // A lost file must not count as one in which nothing was shown.
        assert!(SpentFile::open(&path, false).is_err());
        fs::write(&path, "").unwrap();
        assert!(SpentFile::open(&path, false).is_err());
        fs::remove_file(&path).unwrap();
        let mut store = SpentFile::open(&path, true).unwrap();
        store.check_and_insert(&[nullifier(1)]).unwrap();
        let refused = store.check_and_insert(&[nullifier(2), nullifier(1)]);
        let one = nullifier(1);
        assert!(matches!(refused, Err(SpendError::Spent { nullifier }) if nullifier == one));
        store.check_and_insert(&[nullifier(2)]).unwrap();
        drop(store);
        assert!(SpentFile::open(&path, true).is_err());
        let mut store = SpentFile::open(&path, false).unwrap();
        assert!(store.check_and_insert(&[nullifier(2)]).is_err());
    }
    /// A disk that fails at one call and at all later ones.
    #[derive(Clone, Debug, Default)]
    struct Disk(Arc<Mutex<Held>>);

    #[derive(Debug, Default)]
    struct Held {
        bytes: Vec<u8>,
        /// What was synced: only this is sure to survive a power cut.
        durable: Vec<u8>,
        calls: usize,
        fails_from: Option<usize>,
    }

    impl Disk {
        fn of(bytes: Vec<u8>) -> Self {
            Self(Arc::new(Mutex::new(Held { durable: bytes.clone(), bytes, ..Held::default() })))
        }

        fn fail_from(&self, call: Option<usize>) {
            let mut held = self.0.lock().unwrap();
            (held.calls, held.fails_from) = (0, call);
        }

        fn open(&self) -> SpentFile {
            SpentFile(Database::builder().create_with_backend(self.clone()).unwrap())
        }

        fn call<T>(&self, does: impl FnOnce(&mut Held) -> T) -> io::Result<T> {
            let mut held = self.0.lock().unwrap();
            held.calls += 1;
            if held.fails_from.is_some_and(|from| held.calls > from) {
                return Err(io::Error::other("the disk is gone"));
            }
            Ok(does(&mut held))
        }
    }

    impl StorageBackend for Disk {
        fn len(&self) -> io::Result<u64> {
            self.call(|held| held.bytes.len() as u64)
        }

        fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
            let from = offset as usize;
            let read = |held: &mut Held| Some(held.bytes.get(from..from + out.len())?.to_vec());
            let bytes = self.call(read)?.ok_or(io::ErrorKind::UnexpectedEof)?;
            out.copy_from_slice(&bytes);
            Ok(())
        }

        fn set_len(&self, length: u64) -> io::Result<()> {
            self.call(|held| held.bytes.resize(length as usize, 0))
        }

        fn sync_data(&self) -> io::Result<()> {
            self.call(|held| held.durable = held.bytes.clone())
        }

        fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
            let from = offset as usize;
            self.call(|held| held.bytes[from..from + data.len()].copy_from_slice(data))
        }
    }

    /// Which of these the store contains: each is tried on a copy.
    fn holds(bytes: &[u8], nullifiers: &[Nullifier]) -> Vec<bool> {
        let held = |nullifier| {
            let mut store = Disk::of(bytes.to_vec()).open();
            match store.check_and_insert(&[nullifier]) {
                Ok(()) => false,
                Err(SpendError::Spent { .. }) => true,
                Err(error) => panic!("{error}"),
            }
        };
        nullifiers.iter().map(|nullifier| held(*nullifier)).collect()
    }

    /// Rows of docs/failures.md: 28.
    /// A store that failed counted as "not seen". Here the disk fails from each call on. What was
    /// shown is never accepted again, a failure is not an acceptance, and the file keeps all
    /// nullifiers of a proof or none.
    #[test]
    fn a_failing_disk_accepts_nothing_keeps_all_or_none() {
        let first = Disk::default();
        let mut store = first.open();
        store.check_and_insert(&[nullifier(1)]).unwrap();
        drop(store);
        let before = first.0.lock().unwrap().durable.clone();
        let new = [nullifier(2), nullifier(3)];
        let mut refused = 0;
        for fails_from in 0.. {
            let disk = Disk::of(before.clone());
            let mut store = disk.open();
            disk.fail_from(Some(fails_from));
            let answer = store.check_and_insert(&new);
            // Whatever the answer was, what was shown before is not new, and neither is this proof
            // once it was accepted.
            assert!(store.check_and_insert(&[nullifier(1)]).is_err(), "from call {fails_from}");
            assert!(answer.is_err() || store.check_and_insert(&new).is_err());
            let whole = disk.0.lock().unwrap().calls <= fails_from;
            drop(store);
            let held = disk.0.lock().unwrap();
            for left in [&held.bytes, &held.durable] {
                let there = holds(left, &[nullifier(1), nullifier(2), nullifier(3)]);
                assert!(there[0] && there[1] == there[2], "from call {fails_from}: {there:?}");
                assert!(answer.is_err() || there[1], "accepted, and not kept: call {fails_from}");
            }
            match answer {
                Ok(()) if whole => break,
                Ok(()) => {}
                Err(SpendError::Store(_)) => refused += 1,
                Err(error) => panic!("{error}"),
            }
        }
        assert!(refused > 3, "{refused} calls");
    }

    /// Rows of docs/failures.md: 51.
    /// A file that was empty, cut off at any length, zeroed or of another kind counted as one in
    /// which nothing was shown.
    #[test]
    fn a_truncated_file_is_not_read_as_an_empty_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("spent.db");
        SpentFile::open(&path, true).unwrap().check_and_insert(&[nullifier(1)]).unwrap();
        let whole = fs::read(&path).unwrap();
        let refused = |bytes: &[u8]| {
            fs::write(&path, bytes).unwrap();
            let Err(error) = SpentFile::open(&path, false) else {
                panic!("{} bytes are a file of nullifiers", bytes.len());
            };
            assert!(format!("{error:#}").contains("spent.db"), "{error:#}");
        };
        for length in (0..whole.len()).step_by(4093).chain([1, 8, 512, whole.len() - 1]) {
            refused(&whole[..length]);
        }
        refused(&vec![0; whole.len()]);
        fs::remove_file(&path).unwrap();
        drop(Database::create(&path).unwrap());
        assert!(SpentFile::open(&path, false).is_err(), "another database");
        fs::write(&path, &whole).unwrap();
        assert!(SpentFile::open(&path, false).unwrap().check_and_insert(&[nullifier(1)]).is_err());
    }
}
