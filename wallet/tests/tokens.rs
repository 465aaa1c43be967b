//! The token store against kills, copies, restores and wrong clocks. Notes are in memory, as on
//! Linux.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::{
    collections::BTreeSet,
    env, fs,
    io::{BufRead as _, BufReader, Read as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use ed25519_dalek::{SigningKey, VerifyingKey as DealerKey};
use redb::{ReadableDatabase as _, ReadableTableMetadata as _};
use wufu_delegation::{FourSums, MaskSeed, Token};
use wufu_testing::Process;
use wufu_verifier::KeyId;
use wufu_wallet::prover::{
    TokenStore,
    blind::{TOKEN_FOLDER, TokenStoreError},
};
use zeroize::Zeroizing;

const KEY: KeyId = KeyId([7; 32]);
const NOW: u64 = 1_800_000_000;

fn signing(n: u8) -> SigningKey {
    SigningKey::from_bytes(&[n; 32])
}

fn dealer(n: u8) -> DealerKey {
    signing(n).verifying_key()
}

/// A token of this seed. All its sums are the identity.
fn token(by: u8, seed: u8, expiry: u64) -> Zeroizing<Vec<u8>> {
    let mut sums = [0; 160];
    for flags in [31, 63, 127, 159] {
        sums[flags] = 0x40;
    }
    let sums = FourSums::decode(&sums).unwrap();
    Token::issue(&signing(by), KEY, MaskSeed::from_bytes([seed; 32]), sums, expiry).encode()
}

type Name = ([u8; 32], [u8; 32], [u8; 32]);

struct Home {
    _base: [tempfile::TempDir; 2],
    wallet: PathBuf,
    outside: PathBuf,
}

impl Home {
    fn new() -> Self {
        let (base, memory) =
            (tempfile::tempdir().unwrap(), tempfile::tempdir_in("/dev/shm").unwrap());
        let (wallet, outside) = (base.path().join("wallet"), memory.path().join("outside"));
        wufu_wallet::file::private_folder(&wallet).unwrap();
        Self { _base: [base, memory], wallet, outside }
    }

    fn open(&self) -> TokenStore {
        self.open_at(NOW)
    }

    fn open_at(&self, now: u64) -> TokenStore {
        TokenStore::open(&self.wallet, &self.outside, now).unwrap()
    }

    /// The note of its last change.
    fn note(&self) -> PathBuf {
        fs::read_dir(&self.outside).unwrap().next().unwrap().unwrap().path()
    }

    /// How many tokens are in the file, expired or not. The file must not be open.
    fn in_file(&self) -> u64 {
        let database = redb::Database::open(self.file()).unwrap();
        let transaction = database.begin_read().unwrap();
        let fresh = redb::TableDefinition::<Name, &[u8]>::new("fresh");
        transaction.open_table(fresh).unwrap().len().unwrap()
    }

    fn file(&self) -> PathBuf {
        self.wallet.join(TOKEN_FOLDER).join("tokens.redb")
    }
}

/// Takes all tokens that the store still gives out.
fn drain(store: &TokenStore) -> Vec<[u8; 32]> {
    let mut seeds = Vec::new();
    // More than any test stores, so that an endless supply is a failure and not a hanging test.
    for _ in 0..100 {
        let Some(tokens) = store.spend(&[dealer(1)], KEY, NOW).unwrap() else { return seeds };
        seeds.extend(tokens.iter().map(|token| *token.seed().as_bytes()));
    }
    panic!("the store gives tokens without end");
}

fn stocked(home: &Home) -> TokenStore {
    let store = home.open();
    let tokens: Vec<_> = (1..=4).map(|seed| token(1, seed, NOW + 3600)).collect();
    store.keep(&dealer(1), KEY, &tokens, NOW).unwrap();
    store
}

#[test]
fn a_token_is_given_once_and_in_its_time() {
    let home = Home::new();
    let store = stocked(&home);
    store.keep(&dealer(1), KEY, &[token(1, 9, NOW + 10)], NOW).unwrap();
    assert_eq!(store.left(&dealer(1), KEY, NOW).unwrap(), 5);
    assert_eq!(store.left(&dealer(1), KEY, NOW + 10).unwrap(), 4);
    assert_eq!(store.left(&dealer(1), KeyId([8; 32]), NOW).unwrap(), 0);
    // One token of each dealer, or none at all.
    assert!(store.spend(&[dealer(1), dealer(2)], KEY, NOW).unwrap().is_none());
    store.keep(&dealer(2), KEY, &[token(2, 20, NOW + 3600)], NOW).unwrap();
    assert_eq!(store.spend(&[dealer(1), dealer(2)], KEY, NOW).unwrap().unwrap().len(), 2);
    drop(store);
    let store = home.open();
    let seeds = drain(&store);
    assert_eq!(seeds.len(), 4);
    assert_eq!(seeds.iter().collect::<BTreeSet<_>>().len(), 4);
    // Another signature, a key that is not pinned, or a lifetime of more than a day: nothing that
    // came with it is kept.
    for bad in [token(2, 30, NOW + 60), token(1, 30, NOW + 86_401), token(1, 30, NOW)] {
        let came = [token(1, 31, NOW + 60), bad];
        assert!(matches!(store.keep(&dealer(1), KEY, &came, NOW), Err(TokenStoreError::Token(_))));
    }
    assert_eq!(drain(&store), Vec::<[u8; 32]>::new());
}

/// Rows of docs/failures.md: 36.
#[test]
fn a_seed_that_came_before_is_always_refused() {
    let home = Home::new();
    let store = stocked(&home);
    let again = |store: &TokenStore, seed, by, now| {
        let came = [token(by, 50 + by, now + 60), token(by, seed, now + 60)];
        let refused = store.keep(&dealer(by), KEY, &came, now);
        assert!(matches!(refused, Err(TokenStoreError::Repeated)), "{refused:?}");
        assert_eq!(store.left(&dealer(by), KEY, now).unwrap(), if by == 1 { 4 } else { 0 });
    };
    // A seed that is unused, from the same dealer and from another one.
    again(&store, 1, 1, NOW);
    again(&store, 1, 2, NOW);
    // Twice in one answer.
    let twice = [token(1, 60, NOW + 60), token(1, 60, NOW + 70)];
    assert!(matches!(store.keep(&dealer(1), KEY, &twice, NOW), Err(TokenStoreError::Repeated)));
    // A used seed, after the store was opened again; and a month later.
    assert_eq!(drain(&store).len(), 4);
    drop(store);
    let store = home.open();
    for now in [NOW, NOW + 30 * 86_400] {
        let refused = store.keep(&dealer(1), KEY, &[token(1, 2, now + 60)], now);
        assert!(matches!(refused, Err(TokenStoreError::Repeated)), "{refused:?}");
    }
}

/// Copies a folder as programs that make backups do.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(to, fs::Permissions::from_mode(0o700)).unwrap();
}

/// Rows of docs/failures.md: 36.
#[test]
fn snapshot_spend_restore_and_the_tokens_are_dead() {
    // Restored as a whole folder, as bytes in the existing file, without a spend in between, and as
    // a copy elsewhere.
    for (way, spends) in [("replaced", true), ("written over", true), ("replaced", false)] {
        let home = Home::new();
        drop(stocked(&home));
        let (folder, kept) = (home.wallet.join(TOKEN_FOLDER), home.wallet.join("snapshot"));
        copy(&folder, &kept);
        let bytes = fs::read(home.file()).unwrap();
        if spends {
            let store = home.open();
            assert!(store.spend(&[dealer(1)], KEY, NOW).unwrap().is_some());
        }
        if way == "replaced" {
            // The old one is kept, so that the new one does not get its inode by chance.
            fs::rename(&folder, home.wallet.join("old")).unwrap();
            fs::rename(&kept, &folder).unwrap();
        } else {
            fs::write(home.file(), bytes).unwrap();
        }
        let store = home.open();
        assert_eq!(store.left(&dealer(1), KEY, NOW).unwrap(), 0, "{way}");
        assert!(store.spend(&[dealer(1)], KEY, NOW).unwrap().is_none(), "{way}");
        // It still knows the seeds that it has seen, and new tokens work.
        let again = store.keep(&dealer(1), KEY, &[token(1, 1, NOW + 60)], NOW);
        assert!(matches!(again, Err(TokenStoreError::Repeated)));
        store.keep(&dealer(1), KEY, &[token(1, 99, NOW + 60)], NOW).unwrap();
        drop(store);
        assert_eq!(drain(&home.open()), [[99; 32]]);
    }
    // A clone while the first one is in use, and a reboot of the machine.
    let home = Home::new();
    drop(stocked(&home));
    let clone = Home { wallet: home.wallet.with_file_name("clone"), ..Home::new() };
    wufu_wallet::file::private_folder(&clone.wallet).unwrap();
    copy(&home.wallet.join(TOKEN_FOLDER), &clone.wallet.join(TOKEN_FOLDER));
    let store = TokenStore::open(&clone.wallet, &home.outside, NOW).unwrap();
    assert_eq!(store.left(&dealer(1), KEY, NOW).unwrap(), 0);
    drop(store);
    assert_eq!(home.open().left(&dealer(1), KEY, NOW).unwrap(), 4);
    fs::remove_dir_all(&home.outside).unwrap();
    assert_eq!(home.open().left(&dealer(1), KEY, NOW).unwrap(), 0);
}

/// Rows of docs/failures.md: 36.
/// A note on a disk survived a reboot. Now it contains the machine's boot id.
#[test]
fn a_note_of_an_earlier_uptime_fits_no_file() {
    let home = Home::new();
    drop(stocked(&home));
    assert_eq!(home.open().left(&dealer(1), KEY, NOW).unwrap(), 4);
    let boot = fs::read("/proc/sys/kernel/random/boot_id").unwrap();
    let mut note = fs::read(home.note()).unwrap();
    let at = note.windows(boot.len()).position(|bytes| bytes == boot).expect("it has the boot id");
    note[at] ^= 1;
    fs::write(home.note(), note).unwrap();
    assert_eq!(home.open().left(&dealer(1), KEY, NOW).unwrap(), 0);
}

/// Rows of docs/failures.md: 36.
/// A folder of notes on a disk was restored together with the wallet's: file and note matched, and
/// the tokens came back to life.
#[test]
fn without_tmpfs_tokens_end_with_the_process() {
    let disk = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    if wufu_wallet::file::in_memory(disk.path()) {
        println!("not tried: {} is in memory", disk.path().display());
        return;
    }
    let home = Home { outside: disk.path().join("outside"), ..Home::new() };
    let store = stocked(&home);
    assert!(store.spend(&[dealer(1)], KEY, NOW).unwrap().is_some());
    assert_eq!(store.left(&dealer(1), KEY, NOW).unwrap(), 3);
    drop(store);
    assert_eq!(fs::read_dir(&home.outside).unwrap().count(), 0);
    let store = home.open();
    assert!(store.spend(&[dealer(1)], KEY, NOW).unwrap().is_none());
    // It still knows the seeds that it has seen.
    let again = store.keep(&dealer(1), KEY, &[token(1, 4, NOW + 60)], NOW);
    assert!(matches!(again, Err(TokenStoreError::Repeated)));
}

/// Rows of docs/failures.md: 36.
/// A clock that went back made expired tokens valid again.
#[test]
fn a_clock_that_goes_back_revives_no_token() {
    let home = Home::new();
    let tokens = [token(1, 1, NOW + 100), token(1, 2, NOW + 9000)];
    home.open().keep(&dealer(1), KEY, &tokens, NOW).unwrap();
    let store = home.open_at(NOW + 100);
    assert_eq!(store.left(&dealer(1), KEY, NOW).unwrap(), 1);
    // A token that expires before the latest known time is not taken in either.
    let late = store.keep(&dealer(1), KEY, &[token(1, 3, NOW + 100)], NOW);
    assert!(matches!(late, Err(TokenStoreError::Token(_))), "{late:?}");
    drop(store);
    let store = home.open();
    let seeds: Vec<_> = drain(&store).iter().map(|seed| seed[0]).collect();
    assert_eq!(seeds, [2]);
    // If the clock goes back by more than a token's lifetime, it was wrong before or is wrong now.
    // No token is left, and new ones are accepted.
    store.keep(&dealer(1), KEY, &[token(1, 4, NOW + 9000)], NOW).unwrap();
    let before = NOW - 86_401;
    assert_eq!(store.left(&dealer(1), KEY, before).unwrap(), 0);
    assert!(store.spend(&[dealer(1)], KEY, before).unwrap().is_none());
    assert!(store.spend(&[dealer(1)], KEY, NOW).unwrap().is_none());
    store.keep(&dealer(1), KEY, &[token(1, 5, NOW + 60)], NOW).unwrap();
    assert_eq!(store.left(&dealer(1), KEY, NOW).unwrap(), 1);
}

/// Rows of docs/failures.md: 36.
/// Expired seeds stayed in the file until more tokens came.
#[test]
fn tokens_whose_time_is_over_go_with_any_change() {
    let home = Home::new();
    let tokens: Vec<_> = (1..=4).map(|n| token(1, n, NOW + 10 * u64::from(n))).collect();
    home.open().keep(&dealer(1), KEY, &tokens, NOW).unwrap();
    assert_eq!(home.in_file(), 4);
    drop(home.open_at(NOW + 10));
    assert_eq!(home.in_file(), 3);
    let spent = home.open().spend(&[dealer(2)], KEY, NOW + 20).unwrap();
    assert!(spent.is_none());
    assert_eq!(home.in_file(), 2);
    home.open().keep(&dealer(2), KEY, &[token(2, 9, NOW + 60)], NOW + 30).unwrap();
    assert_eq!(home.in_file(), 2);
}

/// The owner of the folder of notes could put back an older note. (Only the superuser can make such
/// a folder.)
#[test]
fn a_notes_folder_of_another_owner_is_refused() {
    let home = Home::new();
    drop(stocked(&home));
    if std::os::unix::fs::chown(&home.outside, Some(12_345), None).is_err() {
        println!("skipped: chown takes the superuser");
        return;
    }
    let refused = TokenStore::open(&home.wallet, &home.outside, NOW).unwrap_err().to_string();
    assert!(refused.contains("12345"), "{refused}");
}

/// Rows of docs/failures.md: 36.
#[test]
fn backup_programs_are_told_to_leave_tokens_out() {
    let home = Home::new();
    drop(home.open());
    let tag = fs::read(home.wallet.join(TOKEN_FOLDER).join("CACHEDIR.TAG")).unwrap();
    assert!(tag.starts_with(b"Signature: 8a477f597d28d172789f06886806bc55"));
    assert!(!home.wallet.join("tokens.redb").exists());
}

/// The process that is killed: this test binary, run again. It takes a token, says so, and waits
/// until it is killed or its test ends.
#[test]
#[ignore = "run by another test as a process of its own"]
fn take_and_wait() {
    let [wallet, outside] =
        ["WALLET", "OUTSIDE"].map(|name| PathBuf::from(env::var_os(name).unwrap()));
    let store = TokenStore::open(&wallet, &outside, NOW).unwrap();
    let tokens = store.spend(&[dealer(1)], KEY, NOW).unwrap().unwrap();
    println!("\nspent {}", tokens[0].seed().as_bytes()[0]);
    std::io::stdin().read_exact(&mut [0]).unwrap_err();
}

/// Rows of docs/failures.md: 26.
/// The process is killed right after the token was marked, before anything could be sent with it.
/// This covers any later time as well.
#[test]
fn a_token_of_a_killed_process_is_never_given_again() {
    let home = Home::new();
    drop(stocked(&home));
    let mut taken = BTreeSet::new();
    for _ in 0..3 {
        let mut command = Command::new(env::current_exe().unwrap());
        command
            .args(["--exact", "tokens::take_and_wait", "--ignored", "--nocapture"])
            .env("WALLET", &home.wallet)
            .env("OUTSIDE", &home.outside)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = Process::start(&mut command).unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let said = lines.filter_map(|line| line.strip_prefix("spent ").map(str::to_owned)).next();
        // After SIGKILL, no part of it runs any more.
        child.kill();
        let seed: u8 = said.expect("it took a token").parse().unwrap();
        assert!(taken.insert(seed), "seed {seed} was given twice");
    }
    let rest: BTreeSet<u8> = drain(&home.open()).iter().map(|seed| seed[0]).collect();
    assert!(rest.is_disjoint(&taken), "{rest:?} and {taken:?}");
    assert_eq!(rest.len(), 1);
}

/// Rows of docs/failures.md: 26.
/// After a crash between the commit of the file and its note, the taken token is lost, and so are
/// all others.
#[test]
fn a_note_that_was_not_written_leaves_no_token() {
    let home = Home::new();
    drop(stocked(&home));
    let note = home.note();
    let before = fs::read(&note).unwrap();
    let store = home.open();
    assert!(store.spend(&[dealer(1)], KEY, NOW).unwrap().is_some());
    drop(store);
    fs::write(&note, before).unwrap();
    assert_eq!(home.open().left(&dealer(1), KEY, NOW).unwrap(), 0);
}

/// Rows of docs/failures.md: 51.
/// A file of 0 bytes opened as an empty store that had seen no seed. Now it is refused by name, and
/// the error says what to do.
#[test]
fn an_empty_or_truncated_store_is_refused_by_name() {
    let home = Home::new();
    drop(stocked(&home));
    let whole = fs::read(home.file()).unwrap();
    let lengths = (0..whole.len()).step_by(4093).chain([1, 8, 512, whole.len() - 1]);
    for length in lengths {
        fs::write(home.file(), &whole[..length]).unwrap();
        let error = TokenStore::open(&home.wallet, &home.outside, NOW).unwrap_err();
        let said = error.to_string();
        assert!(matches!(error, TokenStoreError::Damaged { .. }), "{length} bytes: {said}");
        assert!(said.contains("tokens.redb") && said.contains("remove"), "{said}");
    }
    fs::remove_file(home.file()).unwrap();
    drop(redb::Database::create(home.file()).unwrap());
    fs::set_permissions(home.file(), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let other = TokenStore::open(&home.wallet, &home.outside, NOW).unwrap_err();
    assert!(other.to_string().contains("not one of"), "{other}");
    // Following the message helps.
    fs::remove_dir_all(home.wallet.join(TOKEN_FOLDER)).unwrap();
    assert!(drain(&home.open()).is_empty());
}
