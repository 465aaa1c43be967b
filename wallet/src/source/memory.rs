//! A ledger in memory, for tests: it has whole signed logs, and records what it was asked.

#![allow(clippy::unwrap_used, reason = "for tests: the impossible is a failed test")]

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex},
};

use ed25519_dalek::SigningKey;
use wufu_circuits::{Address, Card, Kind, Ownership, Person, Tree};
use wufu_proto::{
    grant::{CardGrant, DonationReceipt, PersonGrant},
    log::{Roof, Shard, ShardContent},
    shard_path::ShardPath,
};
use wufu_verifier::{
    Amount, Fr, ProjectKey, Record, Root, Time,
    hash::merkle::{SHARD_DEPTH, SHARD_LEAVES},
    log::{
        checkpoint::{Checkpoint, LogState},
        name::LogName,
        signed_note::{self, LogKey},
    },
};

use super::{CheckpointSource, LedgerSource, SourceError};
use crate::sync::view::{leaves, parents};

/// The length of its epochs, in seconds.
pub const EPOCH_SECONDS: u64 = 600;

/// A call to a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordedCall {
    /// Asks for a checkpoint.
    Checkpoint(LogName, Option<u64>),
    /// Asks for a roof.
    Roof(LogName, u64),
    /// Asks for a shard.
    Shard(LogName, u64, u64),
}

#[derive(Clone)]
struct Log {
    tree: Tree,
    records: Vec<Record>,
    checkpoints: BTreeMap<u64, Checkpoint>,
}

#[derive(Default)]
struct State {
    logs: BTreeMap<LogName, Log>,
    calls: Vec<RecordedCall>,
    serial: u64,
}

/// A ledger in memory. Clones are the same ledger; a [`MemoryLedger::fork`] is another ledger with
/// the same past.
#[derive(Clone)]
pub struct MemoryLedger {
    org: String,
    key: SigningKey,
    state: Arc<Mutex<State>>,
}

impl fmt::Debug for MemoryLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemoryLedger({})", self.org)
    }
}

impl MemoryLedger {
    /// An empty ledger of `org` that signs with the key of this seed.
    pub fn new(org: &str, seed: [u8; 32]) -> Self {
        Self { org: org.into(), key: SigningKey::from_bytes(&seed), state: Arc::default() }
    }

    /// Another ledger with the same past, which claims to be this one.
    pub fn fork(&self) -> Self {
        let state = self.state.lock().unwrap();
        let state = State { logs: state.logs.clone(), calls: Vec::new(), serial: state.serial };
        Self { state: Arc::new(Mutex::new(state)), ..self.clone() }
    }

    /// The organisation.
    pub fn org(&self) -> &str {
        &self.org
    }

    /// The log key to pin.
    pub fn log_key(&self) -> LogKey {
        LogKey::new(&self.org, self.key.verifying_key()).unwrap()
    }

    /// Signs a text as the organisation.
    pub fn sign(&self, text: &str) -> String {
        signed_note::sign(&self.org, &self.key, text).unwrap()
    }

    /// The calls so far, in order.
    pub fn calls(&self) -> Vec<RecordedCall> {
        self.state.lock().unwrap().calls.clone()
    }

    /// Appends leaves to a log of cards or persons, and returns the place of the first.
    pub fn append(&self, log: &LogName, leaves: &[Fr]) -> u64 {
        self.extend(log, leaves, &[])
    }

    /// Appends records to a donation log, and returns the place of the first.
    pub fn append_records(&self, log: &LogName, records: &[Record]) -> u64 {
        self.extend(log, &leaves(records), records)
    }

    fn extend(&self, log: &LogName, leaves: &[Fr], records: &[Record]) -> u64 {
        let mut state = self.state.lock().unwrap();
        let entry = state.logs.entry(log.clone()).or_insert_with(|| Log {
            tree: Tree::new(log.log.depth()),
            records: Vec::new(),
            checkpoints: BTreeMap::new(),
        });
        let place = entry.tree.len() as u64;
        entry.tree.extend_with(leaves, parents).unwrap();
        entry.records.extend_from_slice(records);
        place
    }

    /// Signs the state of every log, for an epoch.
    pub fn seal(&self, epoch: u64) {
        let mut state = self.state.lock().unwrap();
        for (name, log) in &mut state.logs {
            let origin = name.to_string();
            let (size, root) = (log.tree.len() as u64, log.tree.root());
            let signed = LogState {
                origin: &origin,
                size,
                root: Root(root),
                epoch,
                epoch_seconds: EPOCH_SECONDS,
            };
            let checkpoint = Checkpoint::sign(&self.org, &self.key, &signed).unwrap();
            log.checkpoints.insert(epoch, checkpoint);
        }
    }

    /// Appends a card for an address. The grant gets its path after the next
    /// [`MemoryLedger::seal`].
    pub fn issue(&self, to: &Address, kind: Kind) -> CardGrant {
        let serial = self.next();
        let card = Card::issued(kind, &self.org, serial, Fr::from(serial + 1_000_000));
        let index = self.append(&LogName::cards(&self.org), &[card.commitment(to.pk).fr()]);
        let path = ShardPath::new(index, &wufu_circuits::Path::default()).unwrap();
        CardGrant { org: self.org.clone(), card, serial, path, epoch: 0 }
    }

    /// Appends a person. The grant gets its path after the next [`MemoryLedger::seal`].
    pub fn register(&self, who: &Address) -> PersonGrant {
        let person = Person { salt: Fr::from(self.next() + 2_000_000) };
        let index = self.append(&LogName::persons(&self.org), &[person.leaf(who.pk)]);
        let path = ShardPath::new(index, &wufu_circuits::Path::default()).unwrap();
        PersonGrant { org: self.org.clone(), person, path, epoch: 0 }
    }

    /// Appends a donation. The receipt gets its path after the next [`MemoryLedger::seal`].
    pub fn donate(
        &self,
        who: &Address,
        (project, amount, time): (ProjectKey, Amount, Time),
    ) -> DonationReceipt {
        let receipt = format!("receipt {}", self.next()).into_bytes();
        let rcm = Fr::from(self.next() + 3_000_000);
        let own = Ownership::new(&receipt, rcm).own(who.pk);
        let log = LogName::donations(&self.org, 1);
        let index = self.append_records(&log, &[Record { project, amount, time, own }]);
        let path = ShardPath::new(index, &wufu_circuits::Path::default()).unwrap();
        let origin = log.to_string();
        DonationReceipt { origin, project, amount, time, receipt, rcm, path, epoch: 0 }
    }

    /// The current path of a leaf inside its shard, and the newest epoch.
    pub fn path(&self, log: &LogName, index: u64) -> (ShardPath, u64) {
        let state = self.state.lock().unwrap();
        let entry = &state.logs[log];
        let inner = entry.tree.shard_path(index as usize).unwrap();
        (
            ShardPath::addressed(index, &inner).unwrap(),
            *entry.checkpoints.last_key_value().unwrap().0,
        )
    }

    /// The grant with its path.
    pub fn sealed_card(&self, mut grant: CardGrant) -> CardGrant {
        (grant.path, grant.epoch) = self.path(&LogName::cards(&self.org), grant.path.index());
        grant
    }

    /// The grant with its path.
    pub fn sealed_person(&self, mut grant: PersonGrant) -> PersonGrant {
        (grant.path, grant.epoch) = self.path(&LogName::persons(&self.org), grant.path.index());
        grant
    }

    /// The receipt with its path.
    pub fn sealed_donation(&self, mut receipt: DonationReceipt) -> DonationReceipt {
        let log = LogName::donations(&self.org, 1);
        (receipt.path, receipt.epoch) = self.path(&log, receipt.path.index());
        receipt
    }

    fn next(&self) -> u64 {
        let mut state = self.state.lock().unwrap();
        state.serial += 1;
        state.serial
    }

    fn asked(&self, call: RecordedCall, log: &LogName) -> Result<Log, SourceError> {
        let mut state = self.state.lock().unwrap();
        state.calls.push(call);
        state.logs.get(log).cloned().ok_or_else(|| self.none(log, None))
    }

    fn none(&self, log: &LogName, epoch: Option<u64>) -> SourceError {
        SourceError::NoCheckpoint { from: self.name(), origin: log.to_string(), epoch }
    }

    fn in_force(&self, log: &Log, name: &LogName, epoch: u64) -> Result<Checkpoint, SourceError> {
        let found = log.checkpoints.range(..=epoch).next_back();
        found.map(|(_, held)| held.clone()).ok_or_else(|| self.none(name, Some(epoch)))
    }
}

#[tonic::async_trait]
impl CheckpointSource for MemoryLedger {
    fn name(&self) -> String {
        format!("{} in memory", self.org)
    }

    async fn checkpoint(&self, log: &LogName, epoch: Option<u64>) -> Result<String, SourceError> {
        let entry = self.asked(RecordedCall::Checkpoint(log.clone(), epoch), log)?;
        let held = self.in_force(&entry, log, epoch.unwrap_or(u64::MAX))?;
        Ok(held.note().into())
    }
}

#[tonic::async_trait]
impl LedgerSource for MemoryLedger {
    async fn roof(&self, log: &LogName, epoch: u64) -> Result<Roof, SourceError> {
        let entry = self.asked(RecordedCall::Roof(log.clone(), epoch), log)?;
        let held = self.in_force(&entry, log, epoch)?;
        let mut tree = entry.tree.clone();
        if held.size() < tree.len() as u64 {
            tree = Tree::new(log.log.depth());
            tree.extend(&entry.tree.leaves()[..held.size() as usize]).unwrap();
        }
        Ok(Roof { note: held.note().into(), shard_roots: tree.level(SHARD_DEPTH).to_vec() })
    }

    async fn shard(&self, log: &LogName, epoch: u64, shard: u64) -> Result<Shard, SourceError> {
        let entry = self.asked(RecordedCall::Shard(log.clone(), epoch, shard), log)?;
        let size = self.in_force(&entry, log, epoch)?.size() as usize;
        let first = (shard as usize * SHARD_LEAVES).min(size);
        let range = first..size.min(first + SHARD_LEAVES);
        let content = if entry.records.is_empty() {
            ShardContent::Leaves(entry.tree.leaves()[range].to_vec())
        } else {
            ShardContent::Records(entry.records[range].to_vec())
        };
        Ok(Shard { shard, content })
    }
}
