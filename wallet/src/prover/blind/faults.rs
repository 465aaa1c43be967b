//! The fault table: the storage under a token store fails at one operation, permanently or once, in
//! the middle of a write or with unsynced writes lost. No token is given out that is not spent on
//! disk, and no store that is opened from what is left gives a token a second time.

use std::{
    collections::BTreeSet,
    fs, io,
    path::Path,
    sync::{Arc, Mutex},
};

use ed25519_dalek::SigningKey;
use redb::{Database, ReadableDatabase as _, StorageBackend, TableDefinition};
use wufu_delegation::{FourSums, MaskSeed, Token};
use wufu_verifier::KeyId;
use zeroize::Zeroizing;

use super::tokens::{Note, TokenStore, TokenStoreError};

const KEY: KeyId = KeyId([7; 32]);
const NOW: u64 = 1_800_000_000;

/// A disk: its synced content, and the writes since then, in order.
#[derive(Clone, Debug, Default)]
struct Disk {
    synced: Vec<u8>,
    written: Vec<Write>,
    now: Vec<u8>,
    /// The number of operations so far.
    done: usize,
    /// The operation that fails, and whether all later ones fail too.
    fails: Option<(usize, bool)>,
}

#[derive(Clone, Debug)]
enum Write {
    Length(usize),
    Bytes(usize, Vec<u8>),
}

impl Write {
    fn onto(&self, image: &mut Vec<u8>) {
        match self {
            Self::Length(length) => image.resize(*length, 0),
            Self::Bytes(at, bytes) => {
                let end = at + bytes.len();
                image.resize(image.len().max(end), 0);
                image[*at..end].copy_from_slice(bytes);
            }
        }
    }
}

/// Which of the unsynced writes survive the crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CrashOutcome {
    None,
    All,
    EverySecond,
}

impl Disk {
    fn fails(&mut self) -> bool {
        self.done += 1;
        self.fails.is_some_and(|(at, for_good)| self.done == at || for_good && self.done > at)
    }

    fn write(&mut self, write: Write) {
        write.onto(&mut self.now);
        self.written.push(write);
    }

    /// The content of the disk after a crash.
    fn after(&self, left: CrashOutcome) -> Self {
        let mut image = self.synced.clone();
        for (n, write) in self.written.iter().enumerate() {
            if left == CrashOutcome::All || left == CrashOutcome::EverySecond && n % 2 == 0 {
                write.onto(&mut image);
            }
        }
        Self { synced: image.clone(), now: image, ..Self::default() }
    }
}

#[derive(Clone, Debug, Default)]
struct Shared(Arc<Mutex<Disk>>);

fn failed() -> io::Error {
    io::Error::other("the disk fails")
}

impl StorageBackend for Shared {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.lock().unwrap().now.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let disk = self.0.lock().unwrap();
        let from = usize::try_from(offset).unwrap();
        out.copy_from_slice(disk.now.get(from..from + out.len()).ok_or_else(failed)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut disk = self.0.lock().unwrap();
        if disk.fails() {
            return Err(failed());
        }
        disk.write(Write::Length(usize::try_from(len).unwrap()));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut disk = self.0.lock().unwrap();
        if disk.fails() {
            return Err(failed());
        }
        disk.synced = disk.now.clone();
        disk.written.clear();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut disk = self.0.lock().unwrap();
        let fails = disk.fails();
        // A torn write: half of the data.
        let data = if fails { &data[..data.len() / 2] } else { data };
        disk.write(Write::Bytes(usize::try_from(offset).unwrap(), data.to_vec()));
        if fails { Err(failed()) } else { Ok(()) }
    }
}

fn signing() -> SigningKey {
    SigningKey::from_bytes(&[1; 32])
}

fn token(seed: u8) -> Zeroizing<Vec<u8>> {
    let mut sums = [0; 160];
    for flags in [31, 63, 127, 159] {
        sums[flags] = 0x40;
    }
    let sums = FourSums::decode(&sums).unwrap();
    Token::issue(&signing(), KEY, MaskSeed::from_bytes([seed; 32]), sums, NOW + 60).encode()
}

fn spend(store: &TokenStore) -> Result<Option<u8>, TokenStoreError> {
    let tokens = store.spend(&[signing().verifying_key()], KEY, NOW)?;
    Ok(tokens.map(|tokens| tokens[0].seed().as_bytes()[0]))
}

fn keep(store: &TokenStore, seeds: [u8; 3]) -> Result<(), TokenStoreError> {
    store.keep(&signing().verifying_key(), KEY, &seeds.map(token), NOW)
}

fn open(disk: &Shared, folder: &Path) -> Result<TokenStore, TokenStoreError> {
    let database = Database::builder()
        .set_check_integrity_on_open(true)
        .create_with_backend(disk.clone())
        .map_err(crate::store::StoreError::from)?;
    let note = Note::File { path: folder.join("note"), file: (1, 2), boot: b"boot".to_vec() };
    TokenStore::with(database, note, NOW)
}

/// Writes the note that matches the disk, as if no note were ever lost or late. Then the file alone
/// must prevent a second use.
fn fit(disk: &Shared, folder: &Path) {
    let Ok(database) = Database::builder().create_with_backend(disk.clone()) else { return };
    let transaction = database.begin_read().unwrap();
    let meta = TableDefinition::<&str, [u8; 32]>::new("meta");
    let Ok(meta) = transaction.open_table(meta) else { return };
    let generation = meta.get("generation").unwrap().unwrap().value();
    let mut note = Note::File { path: folder.join("note"), file: (1, 2), boot: b"boot".to_vec() };
    note.write(&generation).unwrap();
}

/// Opens a store, takes in tokens and spends some, and continues whatever fails. Returns what was
/// given, and whether the store was ever open.
fn live(disk: &Shared, folder: &Path) -> (Vec<u8>, bool) {
    let mut given = Vec::new();
    let Ok(store) = open(disk, folder) else { return (given, false) };
    for seeds in [[1, 2, 3], [4, 5, 6]] {
        let _ = keep(&store, seeds);
        for _ in 0..2 {
            given.extend(spend(&store).ok().flatten());
        }
    }
    (given, true)
}

/// Rows of docs/failures.md: 26.
/// A token that left the store is spent, wherever the disk fails.
#[test]
fn no_disk_failure_gives_a_token_twice() {
    let whole = {
        let (disk, folder) = (Shared::default(), tempfile::tempdir().unwrap());
        let (given, _) = live(&disk, folder.path());
        assert_eq!(given.len(), 4);
        disk.0.lock().unwrap().done
    };
    assert!(whole > 20, "{whole} operations");
    let (mut again, mut refused) = (0, 0);
    for at in 1..=whole {
        for for_good in [false, true] {
            let (disk, folder) = (Shared::default(), tempfile::tempdir().unwrap());
            disk.0.lock().unwrap().fails = Some((at, for_good));
            let (given, opened) = live(&disk, folder.path());
            let unique: BTreeSet<u8> = given.iter().copied().collect();
            assert_eq!(unique.len(), given.len(), "{given:?}, {at}, {for_good}");
            refused += usize::from(given.len() < 4);
            let note = fs::read(folder.path().join("note")).ok();
            for left in [CrashOutcome::None, CrashOutcome::All, CrashOutcome::EverySecond] {
                for fitting in [false, true] {
                    let case = format!("operation {at}, for good: {for_good}, {left:?}, {fitting}");
                    let after = Shared(Arc::new(Mutex::new(disk.0.lock().unwrap().after(left))));
                    if let Some(note) = &note {
                        fs::write(folder.path().join("note"), note).unwrap();
                    }
                    if fitting {
                        fit(&after, folder.path());
                    }
                    let store = match open(&after, folder.path()) {
                        Ok(store) => store,
                        // A file that was never complete gave nothing.
                        Err(error) => {
                            assert!(!opened && given.is_empty(), "{case}: {error}");
                            continue;
                        }
                    };
                    while let Some(seed) = spend(&store).unwrap() {
                        assert!(!given.contains(&seed), "{case}: {seed} is given twice");
                        again += 1;
                    }
                    // The store works as usual.
                    keep(&store, [7, 8, 9]).unwrap();
                    assert!(spend(&store).unwrap().is_some(), "{case}");
                }
            }
        }
    }
    assert!(
        again > whole && refused > 0,
        "{again} tokens outlived a fault, {refused} runs were cut"
    );
}

/// Rows of docs/failures.md: 26.
/// Writing the note is the last step. If that fails, nothing is given out, and the token is lost.
#[test]
fn a_note_that_cannot_be_written_gives_no_token() {
    let (disk, folder) = (Shared::default(), tempfile::tempdir().unwrap());
    let outside = folder.path().join("outside");
    fs::create_dir(&outside).unwrap();
    let store = open(&disk, &outside).unwrap();
    keep(&store, [1, 2, 3]).unwrap();
    fs::rename(&outside, folder.path().join("away")).unwrap();
    assert!(spend(&store).is_err());
    fs::rename(folder.path().join("away"), &outside).unwrap();
    // The file is newer than its note, so all tokens are dead.
    assert_eq!(spend(&store).unwrap(), None);
}
