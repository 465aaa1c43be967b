//! Appending, closing epochs, grants, and opening a ledger again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use crate::common::{
    NOW, address, card, cards, donation, donations, ledger, persons, policy, wallet,
};
use wufu_circuits::Path;
use wufu_ledger::{
    AppendError, EpochError, GrantError, Ledger, LedgerPolicy, Log, OpenError, Placement,
};
use wufu_proto::append::Append;
use wufu_verifier::{
    Fr,
    encoding::readable::Utc,
    hash::merkle::{CARD_DEPTH, SHARD_DEPTH, empty_root, root_from},
    log::{checkpoint::Checkpoint, history::LogHistory},
};

#[tokio::test]
async fn what_is_appended_comes_back_with_its_path() {
    let (folder, ledger) = ledger().await;
    let placed = ledger.append(cards(0..7)).await.unwrap();
    assert_eq!(placed, Placement { cards: 0..7, ..Placement::default() });
    let waiting = ledger.grants(&placed).await;
    assert!(
        matches!(waiting, Err(GrantError::NotYet { leaf_index: 0, size: 0, .. })),
        "{waiting:?}"
    );
    ledger.append(persons(0..3)).await.unwrap();
    let given = ledger.append(donations(1..5)).await.unwrap();

    let closed = ledger.close_epoch(NOW).await.unwrap();
    assert_eq!((closed.epoch, closed.signed.len(), closed.waiting), (NOW / 600, 3, vec![]));
    let root = |log: Log| {
        let origin = ledger.origin(log);
        let found = closed.signed.iter().find(|checkpoint| checkpoint.origin() == origin);
        let checkpoint = found.unwrap();
        assert_eq!(checkpoint.time(), closed.epoch * 600);
        assert!(Checkpoint::open(ledger.log_key(), checkpoint.note()).is_ok());
        checkpoint.root().fr()
    };
    let up = |node: Fr, log: Log| {
        let roof = log.depth() - SHARD_DEPTH;
        root_from(&[node], empty_root(SHARD_DEPTH), roof).unwrap()
    };
    let grants = ledger.grants(&placed).await.unwrap();
    assert_eq!(grants.cards.len(), 7);
    for (grant, n) in grants.cards.iter().zip(0u64..) {
        let leaf = grant.card.commitment(address(n).pk).fr();
        assert_eq!((grant.serial, grant.path.index(), grant.epoch), (n + 1, n, closed.epoch));
        let path: Path<SHARD_DEPTH> = grant.path.path(leaf);
        assert_eq!(up(path.root(leaf).unwrap(), Log::Cards), root(Log::Cards));
    }
    let persons = ledger.grants_of(address(1).pk).await.unwrap();
    assert_eq!((persons.cards.len(), persons.persons.len(), persons.donations.len()), (1, 1, 1));
    let leaf = persons.persons[0].person.leaf(address(1).pk);
    let path = persons.persons[0].path.path(leaf);
    assert_eq!(up(path.root(leaf).unwrap(), Log::Persons), root(Log::Persons));
    for (receipt, n) in ledger.grants(&given).await.unwrap().donations.iter().zip(1u64..) {
        let leaf = receipt.record(address(n).pk).leaf();
        assert_eq!((receipt.amount.minor(), receipt.time.seconds()), (n, NOW - n));
        let path = receipt.path.path(leaf);
        assert_eq!(up(path.root(leaf).unwrap(), Log::DONATIONS), root(Log::DONATIONS));
        let again = ledger.donation_receipt(&receipt.receipt).await.unwrap();
        assert_eq!(&again, receipt);
    }

    // The grants are the same after the ledger was opened again.
    let before = ledger.grants(&placed).await.unwrap();
    let checkpoints = closed.signed.clone();
    ledger.close().await;
    let ledger = Ledger::open(folder.path()).await.unwrap();
    assert_eq!(ledger.grants(&placed).await.unwrap(), before);
    for checkpoint in &checkpoints {
        let newest = ledger.checkpoint(checkpoint.origin(), None).await.unwrap();
        assert_eq!(&newest, checkpoint);
    }
    assert_eq!(ledger.size(Log::Cards).await.unwrap(), 7);
    assert_eq!(Log::Cards.depth(), CARD_DEPTH);
}

/// Rows of docs/failures.md: 38.
#[tokio::test]
async fn a_duplicate_append_is_refused_and_leaves_nothing() {
    let (_folder, ledger) = ledger().await;
    let mut first = donations(1..4);
    first.cards = vec![card(1, 0)];
    first.cards[0].serial = Some(7);
    first.persons = vec![address(1)];
    ledger.append(first.clone()).await.unwrap();
    let sizes = async || {
        let mut sizes = Vec::new();
        for log in Log::ALL {
            sizes.push(ledger.size(log).await.unwrap());
        }
        sizes
    };
    assert_eq!(sizes().await, [1, 1, 3]);

    let refused = async |what: Append| ledger.append(what).await.unwrap_err().to_string();
    // A serial that was issued, a receipt that was imported, and a person who is registered: alone,
    // and at the end of a batch that begins well.
    let one = Append { cards: first.cards.clone(), ..Append::default() };
    assert_eq!(refused(one.clone()).await, "serial 7 was issued already");
    let one = Append { cards: vec![card(2, 1), one.cards[0].clone()], ..Append::default() };
    assert_eq!(refused(one).await, "serial 7 was issued already");
    let mut two = card(2, 1);
    two.serial = Some(9);
    let twice = Append { cards: vec![two.clone(), two], ..Append::default() };
    assert_eq!(refused(twice).await, "serial 9 was issued already");
    let mut far = card(2, 1);
    far.serial = Some(u64::MAX);
    let far = refused(Append { cards: vec![far], ..Append::default() }).await;
    assert_eq!(far, "serial is 18446744073709551615, expected below 2^63");

    assert_eq!(refused(donations(3..9)).await, "receipt \"r3\" was imported already");
    let mut twice = donations(8..10);
    twice.donations.push(donation(1, "r9", 5));
    assert_eq!(refused(twice).await, "receipt \"r9\" was imported already");

    let again = Append {
        cards: vec![card(5, 0)],
        persons: vec![address(2), address(1)],
        ..Append::default()
    };
    assert!(refused(again).await.ends_with("is registered already"));
    let twice = Append { persons: vec![address(3), address(3)], ..Append::default() };
    assert!(refused(twice).await.ends_with("is registered already"));
    let other = Append { persons: vec![wallet(3).address("other")], ..Append::default() };
    assert_eq!(refused(other).await, "the address belongs to \"other\", expected \"wufu\"");
    assert_eq!(sizes().await, [1, 1, 3]);
    assert_eq!(ledger.projects().await.unwrap().projects().len(), 3);

    // The next serial follows the highest one.
    let placed = ledger.append(cards(0..1)).await.unwrap();
    ledger.close_epoch(NOW).await.unwrap();
    assert_eq!(ledger.grants(&placed).await.unwrap().cards[0].serial, 8);
}

/// Rows of docs/failures.md: 23, 31.
#[tokio::test]
async fn a_log_never_signs_twice_for_an_epoch() {
    let (folder, ledger) = ledger().await;
    ledger.append(cards(0..2)).await.unwrap();
    let first = ledger.close_epoch(NOW).await.unwrap();
    assert_eq!(first.signed.len(), 1);
    // Without anything new, nothing is signed, however often.
    assert_eq!(ledger.close_epoch(NOW).await.unwrap().signed, []);
    // New leaves wait if the epoch was signed.
    ledger.append(cards(2..4)).await.unwrap();
    let again = ledger.close_epoch(NOW + 1).await.unwrap();
    assert_eq!((again.signed, again.waiting), (vec![], vec![Log::Cards]));
    // That holds for a ledger that was opened again, too.
    ledger.close().await;
    let ledger = Ledger::open(folder.path()).await.unwrap();
    assert_eq!(ledger.close_epoch(NOW).await.unwrap().signed, []);
    // An earlier epoch is refused as well.
    let back = ledger.close_epoch(NOW - 600).await.unwrap_err().to_string();
    let epoch = NOW / 600;
    let [then, signed] =
        [epoch - 1, epoch].map(|epoch| format!("{} (epoch {epoch})", Utc(epoch * 600)));
    let expected = format!(
        "the clock says {then}, but the epoch that began at {signed} was signed: the clock went \
         back, and nothing was signed. Set the clock, or wait until then"
    );
    assert_eq!(back, expected);
    assert_eq!(ledger.checkpoint("wufu/cards", None).await.unwrap(), first.signed[0]);

    // The next epoch covers them. A log without new leaves keeps its last checkpoint.
    ledger.append(persons(0..1)).await.unwrap();
    let second = ledger.close_epoch(NOW + 600).await.unwrap();
    assert_eq!(second.signed.iter().map(Checkpoint::size).collect::<Vec<_>>(), [4, 1]);
    let third = ledger.append(persons(1..2)).await.unwrap();
    assert_eq!(third.persons, 1..2);
    assert_eq!(ledger.close_epoch(NOW + 1200).await.unwrap().signed.len(), 1);
    let origin = "wufu/cards";
    assert_eq!(ledger.checkpoint(origin, Some(epoch + 2)).await.unwrap(), second.signed[0]);
    assert_eq!(ledger.checkpoint(origin, Some(epoch)).await.unwrap(), first.signed[0]);
    assert!(ledger.checkpoint(origin, Some(epoch - 1)).await.is_err());

    // A verifier that keeps all checkpoints finds no contradiction.
    let mut history = LogHistory::new("wufu/persons");
    let all = ledger.checkpoints("wufu/persons", 0).await.unwrap();
    assert_eq!(all.len(), 2);
    for checkpoint in all {
        history.insert(checkpoint).unwrap();
    }
    assert_eq!(ledger.checkpoints("wufu/persons", epoch + 2).await.unwrap().len(), 1);
    assert_eq!(ledger.checkpoints("wufu/persons", epoch + 9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_folder_has_one_ledger_one_writer_and_its_secrets() {
    let (folder, ledger) = ledger().await;
    let second = Ledger::open(folder.path()).await.unwrap_err().to_string();
    assert!(second.contains("is open in another process"), "{second}");
    let clone = ledger.clone();
    drop(ledger);
    assert!(Ledger::open(folder.path()).await.is_err(), "a clone still has it");
    drop(clone);
    let again = Ledger::create(folder.path(), &policy(), NOW).await.unwrap_err().to_string();
    assert!(again.contains("already holds a ledger"), "{again}");
    let none = Ledger::open(&folder.path().join("none")).await.unwrap_err().to_string();
    assert!(none.contains("holds no ledger"), "{none}");

    use std::os::unix::fs::PermissionsExt;
    for secret in ["signing.key", "operator.token"] {
        let file = folder.path().join(secret);
        let mode = || std::fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(), 0o600, "{secret}");
        for open in [0o604, 0o640] {
            std::fs::set_permissions(&file, PermissionsExt::from_mode(open)).unwrap();
            let error = Ledger::open(folder.path()).await.unwrap_err().to_string();
            assert!(error.contains(&format!("has mode {open:o}, expected 600")), "{error}");
        }
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
        let good = std::fs::read(&file).unwrap();
        std::fs::write(&file, "short\n").unwrap();
        let error = Ledger::open(folder.path()).await.unwrap_err().to_string();
        assert!(error.contains("is not a line of 64"), "{error}");
        std::fs::write(&file, good).unwrap();
    }
    // The database records what was issued to whom, so only its owner may read it and the files
    // that SQLite puts beside it.
    let database = folder.path().join("ledger.db");
    for file in std::fs::read_dir(folder.path()).unwrap().map(Result::unwrap) {
        if file.file_name().to_string_lossy().starts_with("ledger.db") {
            let mode = file.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{:?}", file.path());
        }
    }
    std::fs::set_permissions(&database, PermissionsExt::from_mode(0o644)).unwrap();
    let error = Ledger::open(folder.path()).await.unwrap_err().to_string();
    assert!(error.contains("ledger.db has mode 644, expected 600"), "{error}");
    std::fs::set_permissions(&database, PermissionsExt::from_mode(0o600)).unwrap();
    // The rules that the logs depend on cannot change.
    let file = folder.path().join("policy.json");
    let good = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, good.replace("600", "60")).unwrap();
    let changed = Ledger::open(folder.path()).await.unwrap_err();
    assert!(matches!(changed, OpenError::Changed { rule: "epoch_seconds", .. }), "{changed}");
    std::fs::write(&file, good).unwrap();
    Ledger::open(folder.path()).await.unwrap();
}

#[tokio::test]
async fn a_ledger_without_currency_takes_no_donations() {
    let folder = tempfile::TempDir::new().unwrap();
    let ledger = Ledger::create(folder.path(), &LedgerPolicy::new("wufu"), NOW).await.unwrap();
    let refused = ledger.append(donations(0..1)).await;
    assert!(matches!(refused, Err(AppendError::NoCurrency)), "{refused:?}");
    ledger.append(cards(0..1)).await.unwrap();
}

#[tokio::test]
async fn concurrent_appends_get_distinct_leaf_indices() {
    let (_folder, ledger) = ledger().await;
    let tasks: Vec<_> = (0..20u64)
        .map(|n| {
            let ledger = ledger.clone();
            tokio::spawn(async move { ledger.append(cards(10 * n..10 * n + 10)).await.unwrap() })
        })
        .collect();
    let mut indices = Vec::new();
    for task in tasks {
        indices.extend(task.await.unwrap().cards);
    }
    indices.sort_unstable();
    assert_eq!(indices, (0..200).collect::<Vec<_>>());
    let closed = ledger.close_epoch(NOW).await.unwrap();
    assert_eq!(closed.signed[0].size(), 200);
}

/// Rows of docs/failures.md: 31.
#[tokio::test]
async fn after_a_log_signs_an_epoch_all_wait_for_the_next() {
    let (_folder, ledger) = ledger().await;
    ledger.append(persons(0..2)).await.unwrap();
    assert_eq!(ledger.close_epoch(NOW).await.unwrap().signed.len(), 1);
    // The other logs have not signed in this epoch, but the epoch was signed: their roots must stay
    // as they were.
    ledger.append(cards(0..3)).await.unwrap();
    ledger.append(donations(1..3)).await.unwrap();
    let again = ledger.close_epoch(NOW + 1).await.unwrap();
    assert_eq!((again.signed, again.waiting), (vec![], vec![Log::Cards, Log::DONATIONS]));
    assert!(ledger.checkpoint("wufu/cards", Some(NOW / 600)).await.is_err());
    let next = ledger.close_epoch(NOW + 600).await.unwrap();
    assert_eq!(next.signed.iter().map(Checkpoint::size).collect::<Vec<_>>(), [3, 2]);
    assert_eq!(next.waiting, []);
}

/// Rows of docs/failures.md: 31.
#[tokio::test(flavor = "multi_thread")]
async fn closes_at_the_same_time_sign_what_is_new_once() {
    let (_folder, ledger) = ledger().await;
    for round in 0..10u64 {
        ledger.append(cards(round..round + 1)).await.unwrap();
        let tasks: Vec<_> = (0..8)
            .map(|n| {
                let ledger = ledger.clone();
                let now = NOW + 600 * (2 * round + n % 2);
                tokio::spawn(async move { ledger.close_epoch(now).await })
            })
            .collect();
        let mut signed = Vec::new();
        for task in tasks {
            // A close of the earlier epoch may come too late.
            match task.await.unwrap() {
                Ok(closed) => signed.extend(closed.signed),
                Err(error) => assert!(matches!(error, EpochError::Backwards { .. }), "{error}"),
            }
        }
        assert_eq!(signed.iter().map(Checkpoint::size).collect::<Vec<_>>(), [round + 1]);
    }
    assert_eq!(ledger.checkpoints("wufu/cards", 0).await.unwrap().len(), 10);
    assert_eq!(ledger.audit().await.unwrap().findings, []);
}

#[tokio::test]
async fn no_automatic_serial_passes_the_highest() {
    let (_folder, ledger) = ledger().await;
    let mut highest = card(0, 0);
    highest.serial = Some(i64::MAX as u64);
    ledger.append(Append { cards: vec![card(1, 1), highest], ..Append::default() }).await.unwrap();
    let refused = ledger.append(cards(2..3)).await.unwrap_err().to_string();
    assert_eq!(refused, "serial is 9223372036854775808, expected below 2^63");
    assert_eq!(ledger.size(Log::Cards).await.unwrap(), 2);
    let mut low = card(3, 0);
    low.serial = Some(9);
    ledger.append(Append { cards: vec![low], ..Append::default() }).await.unwrap();
}
