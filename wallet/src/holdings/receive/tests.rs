//! Whose item is it? A wallet took in whatever it was given. It then listed other people's cards as
//! its own, refused its own place in a campaign as "held already", and a claim failed with an
//! unrelated message.

use wufu_circuits::{Address, Seed};
use wufu_proto::v1;
use wufu_verifier::{Amount, ProjectKey, Time};

use super::*;
use crate::{
    holdings::item::Item,
    source::{EPOCH_SECONDS, MemoryLedger, Sources},
};

const NOW: u64 = 6 * EPOCH_SECONDS;

fn wallet(ledger: &MemoryLedger, seed: u8) -> Wallet {
    let wallet = Wallet::in_memory(Seed::from_bytes([seed; 32])).unwrap();
    wallet.pin_log_key(&ledger.log_key()).unwrap();
    wallet
}

/// A card, a place and a donation for an address.
fn everything(ledger: &MemoryLedger, who: &Address) -> (CardGrant, PersonGrant, DonationReceipt) {
    let donation = (ProjectKey::new(1, 1).unwrap(), Amount::new(5).unwrap(), Time::new(7).unwrap());
    let card = ledger.issue(who, Kind::ALL[0]);
    let (person, receipt) = (ledger.register(who), ledger.donate(who, donation));
    (card, person, receipt)
}

/// The path as an earlier release sends it: it does not say whose it is.
fn unnamed(path: &ShardPath) -> ShardPath {
    let mut message = v1::ShardPath::from(path);
    message.leaf.clear();
    ShardPath::try_from(&message).unwrap()
}

struct World {
    ledger: MemoryLedger,
    ours: (CardGrant, PersonGrant, DonationReceipt),
    theirs: (CardGrant, PersonGrant, DonationReceipt),
}

impl World {
    fn new() -> Self {
        let ledger = MemoryLedger::new("wufu", [1; 32]);
        let [ours, theirs] = [3, 4].map(|seed| {
            let address = wallet(&ledger, seed).address("wufu");
            everything(&ledger, &address)
        });
        ledger.seal(5);
        let sealed = |(card, person, receipt)| {
            let (card, person) = (ledger.sealed_card(card), ledger.sealed_person(person));
            (card, person, ledger.sealed_donation(receipt))
        };
        Self { ours: sealed(ours), theirs: sealed(theirs), ledger }
    }

    /// The same world, as an earlier release would have sent it.
    fn unnamed(mut self) -> Self {
        for (card, person, receipt) in [&mut self.ours, &mut self.theirs] {
            card.path = unnamed(&card.path);
            person.path = unnamed(&person.path);
            receipt.path = unnamed(&receipt.path);
        }
        self
    }
}

fn standings(wallet: &Wallet) -> Vec<(String, InclusionStatus)> {
    let items = wallet.items().unwrap();
    items.iter().map(|item: &Item| (item.name().to_string(), item.standing())).collect()
}

#[test]
fn another_address_is_refused_without_a_known_root() {
    let World { ledger, ours, theirs } = World::new();
    let wallet = wallet(&ledger, 3);
    let refused = [
        wallet.receive_card(&theirs.0).unwrap_err(),
        wallet.receive_person(&theirs.1).unwrap_err(),
        wallet.receive_donation(&theirs.2).unwrap_err(),
    ];
    for error in refused {
        assert!(matches!(error, ReceiveError::NotOurs { place: 1, .. }), "{error}");
        let said = error.to_string();
        assert!(said.contains("another address") && said.contains("wallet address --org wufu"));
    }
    assert!(wallet.items().unwrap().is_empty(), "nothing of it is kept");
    // The wallet's own items are taken in, once.
    assert_eq!(wallet.receive_card(&ours.0).unwrap(), Inclusion::Later);
    assert_eq!(wallet.receive_person(&ours.1).unwrap(), Inclusion::Later);
    assert_eq!(wallet.receive_donation(&ours.2).unwrap(), Inclusion::Later);
    assert!(matches!(wallet.receive_card(&ours.0), Err(ReceiveError::Held { place: 0, .. })));
    assert!(matches!(wallet.receive_person(&ours.1), Err(ReceiveError::PersonHolding { .. })));
    assert!(matches!(wallet.receive_donation(&ours.2), Err(ReceiveError::Held { .. })));
}

/// A file that named no leaf was "not confirmed yet", whoever owned it. As long as nothing tells
/// the owner, it is refused, and the error says what to do.
#[tokio::test]
async fn a_file_without_leaf_is_refused_until_the_log_knows() {
    let World { ledger, ours, theirs } = World::new().unnamed();
    let wallet = wallet(&ledger, 3);
    let file = |grant: &CardGrant| wufu_proto::file::encode(&v1::CardGrant::from(grant));
    for grant in [&ours.0, &theirs.0] {
        let refused = wallet.receive(&file(grant)).unwrap().remove(0).unwrap_err();
        assert!(matches!(refused, ReceiveError::NoLeaf { .. }), "{refused}");
        assert!(refused.to_string().contains("wufu wallet sync --org wufu"), "{refused}");
    }
    assert!(wallet.items().unwrap().is_empty());
    wallet.campaign(&Sources::one(ledger.clone()), "wufu", NOW).await.unwrap();
    let found = wallet.receive(&file(&ours.0)).unwrap().remove(0).unwrap();
    assert_eq!(found, ReceivedItem::Card(Kind::ALL[0], Inclusion::InLog));
    let refused = wallet.receive(&file(&theirs.0)).unwrap().remove(0);
    assert!(matches!(refused, Err(ReceiveError::NotInLog { .. })), "{refused:?}");
}

/// If a sender names no leaf, or names ours with another path, nothing tells the owner before the
/// root is known. The item is kept as unconfirmed, blocks nothing, and the next sync tells.
#[tokio::test]
async fn items_without_an_owner_wait_for_the_log() {
    let World { ledger, ours, theirs } = World::new().unnamed();
    let wallet = wallet(&ledger, 3);
    for (card, person, receipt) in [&theirs, &ours] {
        assert_eq!(wallet.receive_card(card).unwrap(), Inclusion::Later);
        assert_eq!(wallet.receive_person(person).unwrap(), Inclusion::Later);
        assert_eq!(wallet.receive_donation(receipt).unwrap(), Inclusion::Later);
    }
    assert!(
        standings(&wallet).iter().all(|(_, standing)| *standing == InclusionStatus::Unconfirmed)
    );

    let found = wallet.sync(&Sources::one(ledger.clone()), "wufu", NOW).await.unwrap();
    assert_eq!(found.len(), 3);
    for log in &found {
        assert_eq!((log.ready, log.foreign, log.not_yet), (1, 1, 0), "{}", log.log);
    }
    let expected = [
        ("wufu/cards:0", InclusionStatus::Found),
        ("wufu/cards:1", InclusionStatus::Foreign),
        ("wufu/persons:0", InclusionStatus::Found),
        ("wufu/persons:1", InclusionStatus::Foreign),
        ("wufu/donations/1:0", InclusionStatus::Found),
        ("wufu/donations/1:1", InclusionStatus::Foreign),
    ];
    assert_eq!(standings(&wallet), expected.map(|(name, standing)| (name.into(), standing)));

    // Now that the root is known, they are refused at once, and so is a second place of the
    // wallet's own.
    let (card, person, receipt) = &theirs;
    assert!(matches!(wallet.receive_card(card), Err(ReceiveError::NotInLog { place: 1, .. })));
    assert!(matches!(wallet.receive_person(person), Err(ReceiveError::NotInLog { .. })));
    assert!(matches!(wallet.receive_donation(receipt), Err(ReceiveError::NotInLog { .. })));
    let held = wallet.receive_person(&ours.1);
    assert!(matches!(held, Err(ReceiveError::PersonHolding { place: 0, .. })), "{held:?}");

    for name in ["wufu/cards:1", "wufu/persons:1", "wufu/donations/1:1"] {
        assert_eq!(
            wallet.forget(&name.parse().unwrap()).unwrap().standing(),
            InclusionStatus::Foreign
        );
    }
    assert!(standings(&wallet).iter().all(|(_, standing)| *standing == InclusionStatus::Found));
    assert_eq!(wallet.items().unwrap().len(), 3);
}

#[tokio::test]
async fn only_a_found_leaf_index_excludes_another() {
    let ledger = MemoryLedger::new("wufu", [1; 32]);
    let wallet = wallet(&ledger, 3);
    let address = wallet.address("wufu");
    ledger.append(&LogName::cards("wufu"), &[1u64.into()]);
    let mut persons = [ledger.register(&address), ledger.register(&address)];
    ledger.seal(5);
    persons = persons.map(|person| ledger.sealed_person(person));
    let [first, second] = &persons;
    // With another salt than the log's, nothing tells as long as the root is not known.
    let mut wrong = first.clone();
    (wrong.person.salt, wrong.path) = (7u64.into(), unnamed(&wrong.path));
    assert_eq!(wallet.receive_person(&wrong).unwrap(), Inclusion::Later);
    let again = wallet.receive_person(&wrong);
    assert!(matches!(again, Err(ReceiveError::PersonHolding { .. })), "{again:?}");

    let sources = Sources::one(ledger.clone());
    wallet.campaign(&sources, "wufu", NOW).await.unwrap();
    let never = wallet.receive_person(&wrong);
    assert!(matches!(never, Err(ReceiveError::NotInLog { .. })), "{never:?}");
    assert_eq!(wallet.receive_person(first).unwrap(), Inclusion::InLog);
    for more in [first, second] {
        let held = wallet.receive_person(more);
        assert!(matches!(held, Err(ReceiveError::PersonHolding { .. })), "{held:?}");
    }
    // Both claim place 0. Each has its own name, and only that name forgets it.
    let names = ["wufu/persons:0.1", "wufu/persons:0.2"];
    let items = standings(&wallet);
    assert_eq!(items.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), names);
    assert!(wallet.forget(&"wufu/persons:0".parse().unwrap()).is_err());
    let held = wallet.store().persons_of("wufu").unwrap();
    assert_eq!(held[0].grant.person.salt, first.person.salt);
    assert_eq!(
        [held[0].standing, held[1].standing],
        [InclusionStatus::Found, InclusionStatus::Foreign]
    );
}

/// An item that came before its log's root was known is confirmed when it comes again with a path
/// to a root that is known by then.
#[tokio::test]
async fn a_repeat_with_a_path_to_a_known_root_is_confirmed() {
    let World { ledger, ours, .. } = World::new().unnamed();
    let wallet = wallet(&ledger, 3);
    let mut early = ours.0.clone();
    early.path = ShardPath::new(early.path.index(), &wufu_circuits::Path::default()).unwrap();
    early.epoch = 99;
    assert_eq!(wallet.receive_card(&early).unwrap(), Inclusion::Later);
    wallet.campaign(&Sources::one(ledger.clone()), "wufu", NOW).await.unwrap();
    let other = wallet.forget(&"wufu/cards:0".parse().unwrap()).unwrap();
    assert_eq!(other.standing(), InclusionStatus::Found, "the log was looked at meanwhile");
    assert_eq!(wallet.receive_card(&early).unwrap(), Inclusion::Later);
    assert_eq!(wallet.receive_card(&ours.0).unwrap(), Inclusion::InLog);
    assert!(matches!(wallet.receive_card(&ours.0), Err(ReceiveError::Held { .. })));
    assert_eq!(standings(&wallet), [("wufu/cards:0".to_owned(), InclusionStatus::Found)]);
}

#[test]
fn a_place_that_no_such_log_has_is_refused() {
    let World { ledger, mut ours, .. } = World::new();
    let place = 1 << 31;
    ours.1.path = ShardPath::new(place, &wufu_circuits::Path::default()).unwrap();
    let refused = wallet(&ledger, 3).receive_person(&ours.1);
    assert!(matches!(refused, Err(ReceiveError::NoSuchPlace { .. })), "{refused:?}");
}

/// The store of an earlier release had one place for each campaign, and did not record what was
/// found. It is read, and the next sync tells what is whose.
#[tokio::test]
async fn a_memory_of_the_first_version_is_migrated() {
    let World { ledger, ours, theirs } = World::new().unnamed();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wallet");
    let made = Wallet::restore(&path, Seed::from_bytes([3; 32])).unwrap();
    made.pin_log_key(&ledger.log_key()).unwrap();
    made.receive_card(&ours.0).unwrap();
    made.receive_card(&theirs.0).unwrap();
    drop(made);
    let file = path.join(crate::wallet::STORE_FILE);
    let leaf = field::encode(&theirs.1.person.leaf(wallet(&ledger, 3).address("wufu").pk));
    let database = redb::Database::open(&file).unwrap();
    let transaction = database.begin_write().unwrap();
    {
        type Old = redb::TableDefinition<'static, &'static str, ([u8; 32], &'static [u8])>;
        let mut persons = transaction.open_table(Old::new("persons")).unwrap();
        let bytes = prost::Message::encode_to_vec(&v1::PersonGrant::from(&theirs.1));
        persons.insert("wufu", (leaf, bytes.as_slice())).unwrap();
        let meta = redb::TableDefinition::<&str, u64>::new("meta");
        transaction.open_table(meta).unwrap().insert("version", 1).unwrap();
    }
    transaction.commit().unwrap();
    drop(database);

    let wallet = Wallet::open(&path).unwrap();
    assert_eq!(standings(&wallet).len(), 3);
    // Somebody else's place is held, and ours is still accepted.
    assert_eq!(wallet.receive_person(&ours.1).unwrap(), Inclusion::Later);
    wallet.sync(&Sources::one(ledger.clone()), "wufu", NOW).await.unwrap();
    let foreign = |(name, standing)| (standing == InclusionStatus::Foreign).then_some(name);
    let found: Vec<String> = standings(&wallet).into_iter().filter_map(foreign).collect();
    assert_eq!(found, ["wufu/cards:1", "wufu/persons:1"]);
}

/// A store of an earlier release does not say whose it is, but its items do.
#[test]
fn an_older_memory_of_another_seed_is_refused() {
    let World { ledger, ours, .. } = World::new();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for (name, seed) in [("ours", 3), ("other", 4)] {
        drop(Wallet::restore(&path(name), Seed::from_bytes([seed; 32])).unwrap());
    }
    let wallet = Wallet::open(&path("ours")).unwrap();
    wallet.pin_log_key(&ledger.log_key()).unwrap();
    wallet.receive_donation(&ours.2).unwrap();
    drop(wallet);
    let forget_owner = || {
        let database = redb::Database::open(path("ours").join(crate::wallet::STORE_FILE)).unwrap();
        let transaction = database.begin_write().unwrap();
        let owner = redb::TableDefinition::<&str, [u8; 32]>::new("owner");
        assert!(transaction.delete_table(owner).unwrap());
        transaction.commit().unwrap();
    };
    forget_owner();
    drop(Wallet::open(&path("ours")).unwrap());
    forget_owner();
    let seed = |name: &str| path(name).join(crate::wallet::SEED_FILE);
    std::fs::copy(seed("other"), seed("ours")).unwrap();
    let refused = Wallet::open(&path("ours")).unwrap_err();
    assert!(matches!(refused, crate::wallet::OpenError::OtherSeed { .. }), "{refused}");
}
