//! A wallet: a seed and a store.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use rand::rngs::OsRng;
use wufu_circuits::{Address, Seed, SpendKey};
use wufu_verifier::{
    Fr, KeyId, Record, VerifyingKey,
    encoding::field,
    log::{name::LogName, signed_note::LogKey},
};

use crate::{
    file::{self, FileError},
    prover::blind::TOKEN_FOLDER,
    seed::{self, SeedError},
    store::{
        AnswerEntry, CardHolding, ClaimEntry, DonationHolding, Evidence, PersonHolding, PinError,
        Store, StoreError,
    },
};

/// The seed's file in the wallet's folder.
pub const SEED_FILE: &str = "seed";
/// The store's file in the wallet's folder.
pub const STORE_FILE: &str = "wallet.redb";
/// The folder of checked shards, inside the wallet's folder: public data, which may be deleted at
/// any time.
pub const SHARD_FOLDER: &str = "shards";

/// Domain of the identity of a seed, which the store records.
const OWNER_CONTEXT: &str = "wufu 2026-12 wallet memory owner v1";

/// Why a wallet cannot be created or opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The folder already contains a wallet, or parts of one. Nothing is overwritten.
    #[error(
        "{folder} already holds a wallet ({name} is there): choose another folder (--dir)",
        folder = folder.display()
    )]
    Held {
        /// The folder.
        folder: PathBuf,
        /// The file or folder that exists.
        name: &'static str,
    },
    /// There is no wallet in the folder.
    #[error(
        "there is no wallet in {folder}: create one with `wufu wallet new --dir {folder}`, restore \
         one from its seed with `wufu wallet restore`, or name another folder (--dir)",
        folder = folder.display()
    )]
    Missing {
        /// The folder.
        folder: PathBuf,
    },
    /// The store belongs to another seed.
    #[error(
        "{folder}: wallet.redb belongs to another seed than the one here, so its items are another \
         wallet's. Bring back its seed, or make a wallet of this seed in another folder: wufu \
         wallet restore {folder}/seed --dir OTHER",
        folder = folder.display()
    )]
    OtherSeed {
        /// The folder.
        folder: PathBuf,
    },
    /// The folder cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// The seed cannot be read or written.
    #[error(transparent)]
    Seed(#[from] SeedError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Full shards of donation logs, each with its root, by log and number.
pub(crate) type ShardMemory = BTreeMap<(LogName, u64), (Fr, Arc<Vec<Record>>)>;

/// A wallet. Clones are the same wallet.
#[derive(Clone)]
pub struct Wallet(Arc<Inner>);

struct Inner {
    seed: Seed,
    store: Store,
    folder: Option<PathBuf>,
    shards: Mutex<ShardMemory>,
}

impl fmt::Debug for Wallet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.folder {
            Some(folder) => write!(f, "Wallet({})", folder.display()),
            None => f.write_str("Wallet(in memory)"),
        }
    }
}

impl Wallet {
    /// Creates a wallet with a fresh seed, in a folder of mode 0700, which is created if it does
    /// not exist.
    ///
    /// # Errors
    /// Returns an error if the folder is open to others, contains a wallet or parts of one, or
    /// cannot be written.
    pub fn create(folder: &Path) -> Result<Self, OpenError> {
        Self::restore(folder, Seed::random(&mut OsRng))
    }

    /// Creates a wallet with a seed that was kept elsewhere. Its issuers must send its items again.
    ///
    /// # Errors
    /// The same errors as [`Wallet::create`].
    pub fn restore(folder: &Path, seed: Seed) -> Result<Self, OpenError> {
        Self::check_free(folder)?;
        file::private_folder(folder)?;
        seed::write(&folder.join(SEED_FILE), &seed)?;
        drop(Store::create(&folder.join(STORE_FILE))?);
        Self::open(folder)
    }

    /// Checks that a folder contains no wallet, and no part of one.
    ///
    /// # Errors
    /// Returns an error if it contains one.
    pub fn check_free(folder: &Path) -> Result<(), OpenError> {
        // A store or masks without their seed belong to another wallet.
        for name in [SEED_FILE, STORE_FILE, TOKEN_FOLDER] {
            if folder.join(name).symlink_metadata().is_ok() {
                return Err(OpenError::Held { folder: folder.into(), name });
            }
        }
        Ok(())
    }

    /// Checks that a folder contains a wallet, or a part of one.
    ///
    /// # Errors
    /// Returns an error if there is no such folder, or no part of a wallet in it.
    pub fn check_there(folder: &Path) -> Result<(), OpenError> {
        match folder.symlink_metadata() {
            Ok(found) if !found.is_dir() => Ok(()),
            _ if Self::check_free(folder).is_err() => Ok(()),
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Ok(()),
            _ => Err(OpenError::Missing { folder: folder.into() }),
        }
    }

    /// Opens a wallet.
    ///
    /// # Errors
    /// Returns an error if the folder, the seed or the store is open to others, missing or damaged,
    /// or if the wallet is open in another process.
    pub fn open(folder: &Path) -> Result<Self, OpenError> {
        Self::check_there(folder)?;
        file::check_folder(folder)?;
        let seed = seed::read(&folder.join(SEED_FILE))?;
        let store = Store::open(&folder.join(STORE_FILE))?;
        let wallet = Self::with(seed, store, Some(folder.into()));
        wallet.check_owner(folder)?;
        Ok(wallet)
    }

    /// Refuses the store of another seed. The store of an earlier release does not say whose it is,
    /// but its items do.
    fn check_owner(&self, folder: &Path) -> Result<(), OpenError> {
        let owner = blake3::derive_key(OWNER_CONTEXT, self.0.seed.as_bytes());
        let is_ours = match self.store().owner()? {
            Some(found) => found == owner,
            None => self.holds_only_its_own()?,
        };
        if !is_ours {
            return Err(OpenError::OtherSeed { folder: folder.into() });
        }
        if self.store().owner()?.is_none() {
            self.store().set_owner(owner)?;
        }
        Ok(())
    }

    /// Whether all leaves in the store follow from this wallet's keys.
    fn holds_only_its_own(&self) -> Result<bool, StoreError> {
        let pk = |org: &str| self.address(org).pk;
        let cards = self
            .cards()?
            .into_iter()
            .all(|held| held.grant.card.commitment(pk(&held.grant.org)).to_bytes() == held.leaf);
        let persons = self
            .persons()?
            .into_iter()
            .all(|held| field::encode(&held.grant.person.leaf(pk(&held.grant.org))) == held.leaf);
        let donations = self.donations()?.into_iter().all(|held| {
            let log = held.receipt.origin.parse::<LogName>();
            log.is_ok_and(|log| {
                field::encode(&held.receipt.record(pk(&log.org)).leaf()) == held.leaf
            })
        });
        Ok(cards && persons && donations)
    }

    /// A wallet in memory, which writes nothing and ends with the process.
    ///
    /// # Errors
    /// Returns an error if there is not enough memory.
    pub fn in_memory(seed: Seed) -> Result<Self, OpenError> {
        let store = Store::in_memory()?;
        Ok(Self::with(seed, store, None))
    }

    fn with(seed: Seed, store: Store, folder: Option<PathBuf>) -> Self {
        Self(Arc::new(Inner { seed, store, folder, shards: Mutex::default() }))
    }

    /// The wallet of a made-up owner, in memory: it owns the donation with this receipt in a ledger
    /// whose owners are all derived from the text `seed`. For trials: see [`Seed::dev_owner`].
    ///
    /// # Errors
    /// The same errors as [`Wallet::in_memory`].
    pub fn dev(seed: &str, receipt: &[u8]) -> Result<Self, OpenError> {
        Self::in_memory(Seed::dev_owner(seed, receipt))
    }

    /// The folder, unless the wallet is in memory.
    pub fn folder(&self) -> Option<&Path> {
        self.0.folder.as_deref()
    }

    /// The address to which an organisation's cards and donations may be sent.
    pub fn address(&self, org: &str) -> Address {
        self.0.seed.address(org)
    }

    pub(crate) fn spend_key(&self, org: &str) -> SpendKey {
        self.0.seed.spend_key(org)
    }

    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    pub(crate) fn shard_memory(&self) -> &Mutex<ShardMemory> {
        &self.0.shards
    }

    /// Pins the key that signs an organisation's logs. Get it from a source other than the ledger
    /// itself.
    ///
    /// # Errors
    /// Returns an error if another key is pinned: an organisation never changes its key.
    pub fn pin_log_key(&self, key: &LogKey) -> Result<(), PinError> {
        self.store().pin_log_key(key)
    }

    /// The pinned key of an organisation's logs.
    ///
    /// # Errors
    /// Returns an error if the store fails.
    pub fn log_key(&self, org: &str) -> Result<Option<LogKey>, StoreError> {
        self.store().log_key(org)
    }

    /// The pinned log keys of all organisations.
    ///
    /// # Errors
    /// Returns an error if the store fails.
    pub fn log_keys(&self) -> Result<Vec<LogKey>, StoreError> {
        self.store().log_keys()
    }

    /// The currency of an organisation's donations, an ISO 4217 code, if its ledger named one. It
    /// is not signed, so use it only to show amounts.
    ///
    /// # Errors
    /// Returns an error if the store fails.
    pub fn currency(&self, org: &str) -> Result<Option<String>, StoreError> {
        self.store().currency(org)
    }

    /// Stores the currency that an organisation's ledger names.
    ///
    /// # Errors
    /// Returns an error if the store fails.
    pub fn keep_currency(&self, org: &str, code: &str) -> Result<(), StoreError> {
        self.store().keep_currency(org, code)
    }

    /// Pins a verifying key. The wallet makes proofs only under pinned keys.
    ///
    /// # Errors
    /// Returns an error if the store fails.
    pub fn pin_verifying_key(&self, key: &VerifyingKey) -> Result<(), StoreError> {
        self.store().pin_verifying_key(key)
    }

    /// The pinned verifying key with this id.
    ///
    /// # Errors
    /// Returns an error if the store fails.
    pub fn verifying_key(&self, id: KeyId) -> Result<Option<VerifyingKey>, StoreError> {
        self.store().verifying_key(id)
    }

    /// The ids of the pinned verifying keys.
    ///
    /// # Errors
    /// Returns an error if the store fails.
    pub fn verifying_keys(&self) -> Result<Vec<KeyId>, StoreError> {
        self.store().verifying_keys()
    }

    /// The cards, by organisation, kind and place.
    ///
    /// # Errors
    /// Returns an error if the store fails.
    pub fn cards(&self) -> Result<Vec<CardHolding>, StoreError> {
        self.store().cards()
    }

    /// The places in person logs, by organisation. A place that was found in its log comes first.
    ///
    /// # Errors
    /// Returns an error if the store fails.
    pub fn persons(&self) -> Result<Vec<PersonHolding>, StoreError> {
        self.store().persons()
    }

    /// The donations, by log and place.
    ///
    /// # Errors
    /// Returns an error if the store fails.
    pub fn donations(&self) -> Result<Vec<DonationHolding>, StoreError> {
        self.store().donations()
    }

    /// The claims that were made in a campaign, oldest first.
    ///
    /// # Errors
    /// Returns an error if the store fails.
    pub fn claims(&self, org: &str) -> Result<Vec<ClaimEntry>, StoreError> {
        self.store().claims(org)
    }

    /// The campaigns in which claims were made.
    ///
    /// # Errors
    /// Returns an error if the store fails.
    pub fn claimed_orgs(&self) -> Result<Vec<String>, StoreError> {
        self.store().claimed_orgs()
    }

    /// The answered requests, oldest first.
    ///
    /// # Errors
    /// Returns an error if the store fails.
    pub fn answers(&self) -> Result<Vec<AnswerEntry>, StoreError> {
        self.store().answers()
    }

    /// The evidence that the operator of a log lied, if there is any.
    ///
    /// # Errors
    /// Returns an error if the store fails.
    pub fn evidence(&self, log: &LogName) -> Result<Option<Evidence>, StoreError> {
        self.store().evidence(log)
    }

    /// Runs blocking or long computations on a separate thread.
    pub(crate) async fn blocking<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Self) -> T + Send + 'static,
    ) -> Result<T, TaskStopped> {
        let wallet = self.clone();
        Ok(tokio::task::spawn_blocking(move || act(&wallet)).await?)
    }
}

/// A computation of the wallet was stopped: the program ends, or there is a bug.
#[derive(Debug, thiserror::Error)]
#[error("a computation of the wallet was stopped: {0}")]
pub struct TaskStopped(#[from] tokio::task::JoinError);

#[cfg(test)]
mod tests {
    use std::{fs::Permissions, os::unix::fs::PermissionsExt as _};

    use super::*;

    #[test]
    fn a_wallet_is_found_again_and_never_replaced() {
        let base = tempfile::tempdir().unwrap();
        let folder = base.path().join("wallet");
        let address = Wallet::create(&folder).unwrap().address("wufu");
        assert_eq!(Wallet::open(&folder).unwrap().address("wufu"), address);
        assert!(matches!(Wallet::create(&folder), Err(OpenError::Held { .. })));
        // For a missing folder, the error was "No such file or directory", and nothing said how to
        // create a wallet.
        for none in [base.path().join("none"), base.path().into()] {
            let missing = Wallet::open(&none).unwrap_err();
            assert!(matches!(missing, OpenError::Missing { .. }), "{missing}");
        }
        // If only the seed is lost, the store must not go to another seed.
        std::fs::remove_file(folder.join(SEED_FILE)).unwrap();
        assert!(matches!(Wallet::create(&folder), Err(OpenError::Held { .. })));
        assert!(matches!(Wallet::open(&folder), Err(OpenError::Seed(_))));
    }

    /// Rows of docs/failures.md: 51.
    /// A wallet whose store was lost opened as one that had never shown or claimed anything.
    #[test]
    fn a_seed_without_its_memory_is_not_an_empty_wallet() {
        let base = tempfile::tempdir().unwrap();
        let folder = base.path().join("wallet");
        drop(Wallet::create(&folder).unwrap());
        std::fs::write(folder.join(STORE_FILE), b"").unwrap();
        let empty = Wallet::open(&folder).unwrap_err();
        assert!(matches!(empty, OpenError::Store(StoreError::Empty { .. })), "{empty}");
        std::fs::remove_file(folder.join(STORE_FILE)).unwrap();
        let missing = Wallet::open(&folder).unwrap_err();
        assert!(matches!(missing, OpenError::Store(StoreError::Missing { .. })), "{missing}");
        assert!(!folder.join(STORE_FILE).exists(), "none is made on the way");
    }

    /// With a seed that was copied beside the store of another wallet, the items of that wallet
    /// were listed, and every proof failed later.
    #[test]
    fn a_memory_beside_another_seed_is_refused() {
        let base = tempfile::tempdir().unwrap();
        let (one, two) = (base.path().join("one"), base.path().join("two"));
        drop(Wallet::create(&one).unwrap());
        drop(Wallet::create(&two).unwrap());
        std::fs::copy(two.join(SEED_FILE), one.join(SEED_FILE)).unwrap();
        let refused = Wallet::open(&one).unwrap_err();
        assert!(matches!(refused, OpenError::OtherSeed { .. }), "{refused}");
        let said = refused.to_string();
        assert!(said.contains("wallet.redb") && said.contains("wufu wallet restore"), "{said}");
        drop(Wallet::open(&two).unwrap());
    }

    #[test]
    fn a_wallet_that_others_may_read_is_refused() {
        let base = tempfile::tempdir().unwrap();
        let folder = base.path().join("wallet");
        drop(Wallet::create(&folder).unwrap());
        for name in ["", SEED_FILE, STORE_FILE] {
            let path = folder.join(name);
            let before = std::fs::metadata(&path).unwrap().permissions();
            std::fs::set_permissions(&path, Permissions::from_mode(before.mode() | 0o040)).unwrap();
            assert!(Wallet::open(&folder).is_err(), "{name:?} was shared");
            std::fs::set_permissions(&path, before).unwrap();
            drop(Wallet::open(&folder).unwrap());
        }
    }

    #[test]
    fn clones_are_one_wallet_and_two_processes_are_not() {
        let base = tempfile::tempdir().unwrap();
        let folder = base.path().join("wallet");
        let wallet = Wallet::create(&folder).unwrap();
        assert!(matches!(Wallet::open(&folder), Err(OpenError::Store(StoreError::Open))));
        drop(wallet.clone());
        assert!(wallet.cards().unwrap().is_empty());
    }

    /// Rows of docs/failures.md: 16.
    #[test]
    fn debug_shows_no_secret() {
        let wallet = Wallet::in_memory(Seed::from_bytes([0xab; 32])).unwrap();
        assert_eq!(format!("{wallet:?}"), "Wallet(in memory)");
    }

    #[test]
    fn made_up_owners_are_those_of_the_ledger() {
        let wallet = Wallet::dev("trial", b"receipt 7").unwrap();
        assert_eq!(wallet.address("cerf"), Seed::dev_owner("trial", b"receipt 7").address("cerf"));
    }
}
