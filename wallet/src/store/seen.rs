//! What a wallet has seen of logs: checkpoints, the newest roof, shards on disk, and evidence that
//! an operator lied.

use redb::{ReadableTable, TableDefinition, WriteTransaction};
use wufu_proto::log::Roof;
use wufu_verifier::{
    Fr,
    encoding::{
        canonical::{CanonicalError, Reader, Writer},
        field,
    },
    log::{
        checkpoint::Checkpoint,
        history::{HistoryError, LogHistory},
        name::LogName,
        signed_note::LogKey,
    },
};

use super::{Bytes32, Store, StoreError, origin};

/// The signed note of a checkpoint, by log and epoch.
const CHECKPOINTS: TableDefinition<'_, (&str, u64), &str> = TableDefinition::new("checkpoints");
/// The note of the newest roof, and its roots, by log.
const ROOFS: TableDefinition<'_, &str, (&str, &[u8])> = TableDefinition::new("roofs");
/// Evidence, by log.
const EVIDENCE: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("evidence");
/// The root and the BLAKE3 hash of a shard on disk, by log and shard.
const SHARDS: TableDefinition<'_, (&str, u64), (Bytes32, Bytes32)> = TableDefinition::new("shards");

pub(super) fn create_tables(transaction: &WriteTransaction) -> Result<(), StoreError> {
    transaction.open_table(CHECKPOINTS)?;
    transaction.open_table(ROOFS)?;
    transaction.open_table(EVIDENCE)?;
    transaction.open_table(SHARDS)?;
    Ok(())
}

/// Evidence that the operator of a log lied. Its notes are signed: keep and publish them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// Two states of a log that cannot both be honest.
    States {
        /// The note that the wallet had.
        held: String,
        /// The note that contradicts it.
        came: String,
    },
    /// A full shard that changed.
    Shard {
        /// The number of the shard.
        shard: u64,
        /// The roof that the wallet had, with its note.
        held: Roof,
        /// The roof that contradicts it, with its note.
        came: Roof,
    },
}

const STATES: u64 = 1;
const SHARD: u64 = 2;

impl Evidence {
    /// The evidence as canonical bytes.
    ///
    /// # Shapes
    /// Six fields: 1 or 2, shard, note and roots that the wallet had, note and roots that came
    /// (roots: 32 bytes each).
    pub fn encode(&self) -> Vec<u8> {
        let fields = |tag, shard: u64, held: &str, held_roots: &[Fr], came: &str, roots: &[Fr]| {
            let bytes = |roots: &[Fr]| roots.iter().flat_map(field::encode).collect::<Vec<u8>>();
            let writer = Writer::new().u64(tag).u64(shard).text(held).bytes(&bytes(held_roots));
            writer.text(came).bytes(&bytes(roots)).finish()
        };
        match self {
            Self::States { held, came } => fields(STATES, 0, held, &[], came, &[]),
            Self::Shard { shard, held, came } => {
                let (held_roots, roots) = (&held.shard_roots, &came.shard_roots);
                fields(SHARD, *shard, &held.note, held_roots, &came.note, roots)
            }
        }
    }

    /// Reads canonical bytes.
    ///
    /// # Errors
    /// Returns an error if the bytes have another form.
    pub fn decode(bytes: &[u8]) -> Result<Self, CanonicalError> {
        let mut reader = Reader::new(bytes, 6)?;
        let (tag, shard) = (reader.u64("tag")?, reader.u64("shard")?);
        let mut roof = || {
            let note = reader.text("note")?;
            let shard_roots = roots(reader.bytes("roots")?)?;
            Ok::<_, CanonicalError>(Roof { note, shard_roots })
        };
        let (held, came) = (roof()?, roof()?);
        reader.finish()?;
        let bare = shard == 0 && held.shard_roots.is_empty() && came.shard_roots.is_empty();
        match tag {
            STATES if bare => Ok(Self::States { held: held.note, came: came.note }),
            SHARD => Ok(Self::Shard { shard, held, came }),
            _ => Err(CanonicalError::Count { got: 0, expected: 6 }),
        }
    }
}

fn roots(bytes: &[u8]) -> Result<Vec<Fr>, CanonicalError> {
    bytes.chunks(32).map(|chunk| Ok(field::decode("root", chunk)?)).collect()
}

/// The newest checked roof of a log.
#[derive(Clone, Debug)]
pub struct KnownRoof {
    /// The checkpoint of the roof.
    pub checkpoint: Checkpoint,
    /// The roots of its shards.
    pub roots: Vec<Fr>,
}

impl Store {
    /// The checkpoints of a log that the wallet has seen.
    ///
    /// # Errors
    /// Returns an error if the store fails.
    pub fn history(&self, log: &LogName, key: &LogKey) -> Result<LogHistory, StoreError> {
        let origin = origin(log);
        self.read(|transaction| read_history(&transaction.open_table(CHECKPOINTS)?, &origin, key))
    }

    /// Stores a checkpoint, or the evidence against its log. Returns the history with the
    /// checkpoint.
    ///
    /// # Errors
    /// Returns an error if the store fails. The inner result is an error if the checkpoint
    /// contradicts one that was seen.
    pub fn observe(
        &self,
        log: &LogName,
        key: &LogKey,
        checkpoint: &Checkpoint,
    ) -> Result<Result<LogHistory, HistoryError>, StoreError> {
        let origin = origin(log);
        self.write(|transaction| {
            let mut table = transaction.open_table(CHECKPOINTS)?;
            let mut history = read_history(&table, &origin, key)?;
            let known = history.checkpoints().any(|held| held.epoch() == checkpoint.epoch());
            match history.insert(checkpoint.clone()) {
                Ok(()) if known => Ok(Ok(history)),
                Ok(()) => {
                    table.insert((origin.as_str(), checkpoint.epoch()), checkpoint.note())?;
                    Ok(Ok(history))
                }
                Err(error) => {
                    if let HistoryError::Contradiction(evidence) = &error {
                        let held = evidence.held.note().to_owned();
                        let evidence =
                            Evidence::States { held, came: evidence.came.note().to_owned() };
                        keep(transaction, &origin, &evidence)?;
                    }
                    Ok(Err(error))
                }
            }
        })
    }

    /// The evidence that the operator of a log lied, if there is any. The first evidence is kept.
    ///
    /// # Errors
    /// Returns an error if the store fails.
    pub fn evidence(&self, log: &LogName) -> Result<Option<Evidence>, StoreError> {
        self.read(|transaction| {
            let found = transaction.open_table(EVIDENCE)?.get(origin(log).as_str())?;
            Ok(found.map(|bytes| Evidence::decode(bytes.value())).transpose()?)
        })
    }

    /// Stores evidence against a log.
    ///
    /// # Errors
    /// Returns an error if the store fails.
    pub fn keep_evidence(&self, log: &LogName, evidence: &Evidence) -> Result<(), StoreError> {
        self.write(|transaction| keep(transaction, &origin(log), evidence))
    }

    /// The newest checked roof of a log.
    ///
    /// # Errors
    /// Returns an error if the store fails.
    pub fn roof(&self, log: &LogName, key: &LogKey) -> Result<Option<KnownRoof>, StoreError> {
        self.read(|transaction| {
            let found = transaction.open_table(ROOFS)?.get(origin(log).as_str())?;
            let known = found.map(|entry| {
                let (note, bytes) = entry.value();
                Ok(KnownRoof { checkpoint: Checkpoint::open(key, note)?, roots: roots(bytes)? })
            });
            known.transpose()
        })
    }

    /// Stores a checked roof.
    ///
    /// # Errors
    /// Returns an error if the store fails.
    pub fn keep_roof(
        &self,
        log: &LogName,
        checkpoint: &Checkpoint,
        roots: &[Fr],
    ) -> Result<(), StoreError> {
        let bytes: Vec<u8> = roots.iter().flat_map(field::encode).collect();
        self.write(|transaction| {
            let mut table = transaction.open_table(ROOFS)?;
            table.insert(origin(log).as_str(), (checkpoint.note(), bytes.as_slice()))?;
            Ok(())
        })
    }

    /// The root and the BLAKE3 hash of a shard on disk.
    ///
    /// # Errors
    /// Returns an error if the store fails.
    pub fn shard(&self, log: &LogName, shard: u64) -> Result<Option<(Fr, Bytes32)>, StoreError> {
        self.read(|transaction| {
            let found = transaction.open_table(SHARDS)?.get((origin(log).as_str(), shard))?;
            let entry = found.map(|entry| {
                let (root, hash) = entry.value();
                Ok((field::decode("root", &root).map_err(CanonicalError::from)?, hash))
            });
            entry.transpose()
        })
    }

    /// Records a shard on disk.
    ///
    /// # Errors
    /// Returns an error if the store fails.
    pub fn keep_shard(
        &self,
        log: &LogName,
        shard: u64,
        root: Fr,
        hash: Bytes32,
    ) -> Result<(), StoreError> {
        self.write(|transaction| {
            let mut table = transaction.open_table(SHARDS)?;
            table.insert((origin(log).as_str(), shard), (field::encode(&root), hash))?;
            Ok(())
        })
    }
}

fn read_history(
    table: &impl ReadableTable<(&'static str, u64), &'static str>,
    origin: &str,
    key: &LogKey,
) -> Result<LogHistory, StoreError> {
    let mut history = LogHistory::new(origin);
    for entry in table.range((origin, 0)..=(origin, u64::MAX))? {
        let checkpoint = Checkpoint::open(key, entry?.1.value())?;
        let held = history.insert(checkpoint);
        held.map_err(|_| StoreError::Damaged { entry: "the checkpoints of a log" })?;
    }
    Ok(history)
}

fn keep(
    transaction: &WriteTransaction,
    origin: &str,
    evidence: &Evidence,
) -> Result<(), StoreError> {
    let mut table = transaction.open_table(EVIDENCE)?;
    if table.get(origin)?.is_none() {
        table.insert(origin, evidence.encode().as_slice())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn arb_roof() -> impl Strategy<Value = Roof> {
        ("[ -~\n]{0,80}", proptest::collection::vec(any::<u64>().prop_map(Fr::from), 0..5))
            .prop_map(|(note, shard_roots)| Roof { note, shard_roots })
    }

    proptest! {
        #[test]
        fn evidence_goes_both_ways(shard in any::<u64>(), held in arb_roof(), came in arb_roof()) {
            let states = Evidence::States { held: held.note.clone(), came: came.note.clone() };
            for evidence in [states, Evidence::Shard { shard, held, came }] {
                let bytes = evidence.encode();
                prop_assert_eq!(Evidence::decode(&bytes), Ok(evidence));
                for end in 0..bytes.len() {
                    prop_assert!(Evidence::decode(&bytes[..end]).is_err());
                }
            }
        }
    }

    /// Found by fuzzing: evidence of two states with a shard number or roots was accepted, and
    /// those fields were ignored.
    #[test]
    fn two_states_have_neither_shard_nor_roots() {
        let states = Evidence::States { held: "a".into(), came: "b".into() };
        assert_eq!(
            Evidence::decode(&states.encode()).map(|read| read.encode()),
            Ok(states.encode())
        );
        let written = |shard: u64, roots: &[u8]| {
            let writer = Writer::new().u64(STATES).u64(shard).text("a").bytes(roots);
            writer.text("b").bytes(&[]).finish()
        };
        assert_eq!(written(0, &[]), states.encode());
        assert!(Evidence::decode(&written(1, &[])).is_err());
        assert!(Evidence::decode(&written(0, &[1; 32])).is_err());
    }
}
