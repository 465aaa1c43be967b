//! The audit. It recomputes every leaf from its record, every root from the leaves and every sum
//! from the records, and checks every claim's nullifiers.

pub(crate) mod entry;
pub(crate) mod finding;
mod signed_state;

use std::collections::BTreeMap;

use futures_util::future::BoxFuture;
use wufu_verifier::{
    Fr, Statement,
    encoding::{field, hex::Hex, readable::Utc},
    hash::merkle::SHARD_LEAVES,
    log::{checkpoint::Checkpoint, history::LogHistory},
};

use crate::{
    audit::{
        entry::problems,
        finding::{Coverage, Finding},
    },
    folder::{Folder, FolderError},
    ledger::Ledger,
    log::Log,
    log_tree::LogTree,
    policy::money::Money,
    store::{
        Connection, ReadPurpose, StoreError,
        checkpoints::{self, CheckpointRow},
        claims, entries, logs, sums, unsigned,
    },
    workers::HASHES,
};

/// What an audit checked, and what it found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    /// The number of leaves in each log, by origin.
    pub leaves: BTreeMap<String, u64>,
    /// The number of checkpoints in all logs.
    pub checkpoints: u64,
    /// The recomputed sum of all donations, in minor units.
    pub sum: u128,
    /// The number of admitted claims.
    pub claims: u64,
    /// The number of signed summaries of what no checkpoint covers.
    pub summaries: u64,
    /// Since when such summaries have been signed.
    pub coverage: Coverage,
    /// Everything that is wrong. It is empty for a sound ledger.
    pub findings: Vec<Finding>,
}

impl Ledger {
    /// Recomputes every leaf from its record and its secrets, every root from the leaves and every
    /// sum from the records. Lists everything that does not match.
    ///
    /// # Errors
    /// Returns an error if the database fails. A mismatch is not an error but a finding.
    ///
    /// # Cost
    /// On all cores: three and a third hashes for each donation, one and a third for each card and
    /// person, and a few for each checkpoint. Memory: one shard at a time.
    pub fn audit(&self) -> BoxFuture<'_, Result<Audit, StoreError>> {
        Box::pin(async move {
            // The file is read before the database. An epoch that closes in between then puts the
            // database ahead of the file, which is harmless.
            let marks = HighWaterMarks::read(&self.inner.folder)?;
            self.audit_against(&marks).await
        })
    }

    /// Audits the ledger, given high-water marks that were read before its database.
    pub(crate) async fn audit_against(&self, marks: &HighWaterMarks) -> Result<Audit, StoreError> {
        let mut reader = self.inner.store.snapshot(ReadPurpose::Short).await?;
        let mut audit = Audit::default();
        for log in Log::ALL {
            self.audit_log(&mut reader, log, &mut audit).await?;
        }
        self.audit_sums(&mut reader, &mut audit).await?;
        audit_claims(&mut reader, &mut audit).await?;
        self.audit_tally(&mut reader, marks, &mut audit).await?;
        Ok(audit)
    }

    async fn audit_log(
        &self,
        reader: &mut Connection,
        log: Log,
        audit: &mut Audit,
    ) -> Result<(), StoreError> {
        let origin = self.origin(log);
        let expected = logs::size(reader, log).await?;
        let mut checkpoints = self.audit_notes(reader, log, audit).await?.into_iter().peekable();
        let mut tree = LogTree::new(log);
        while tree.size() < expected {
            // Up to the end of the shard or the next checkpoint's size, whichever comes first.
            let room = tree.size() + tree.room() as u64;
            let next = checkpoints.peek().map_or(u64::MAX, |(checkpoint, _)| checkpoint.size());
            let end = expected.min(room).min(next.max(tree.size() + 1));
            let indices = tree.size()..end;
            let entries = entries::read(reader, log, self.org(), indices.clone()).await?;
            let whole = entries.len() as u64 == indices.end - indices.start;
            let checked = self.inner.workers.run(move || {
                use rayon::prelude::*;
                let problems: Vec<_> = entries.par_chunks(HASHES).flat_map_iter(problems).collect();
                let leaves: Option<Vec<Fr>> = entries.iter().map(|entry| entry.leaf).collect();
                let grown = leaves.map(|leaves| tree.extend(&leaves).is_ok()) == Some(true);
                (problems, grown.then_some(tree))
            });
            let (problems, grown) = checked.await?;
            for (leaf_index, problem) in problems {
                audit.findings.push(Finding::Entry { origin: origin.clone(), leaf_index, problem });
            }
            // Without all leaves there is no tree to compare with.
            let Some(grown) = grown.filter(|_| whole) else {
                let got = indices.start;
                audit.findings.push(Finding::Size { origin: origin.clone(), got, expected });
                return Ok(());
            };
            tree = grown;
            while let Some((checkpoint, open_root)) =
                checkpoints.next_if(|(checkpoint, _)| checkpoint.size() <= tree.size())
            {
                let fits = checkpoint.size() == tree.size()
                    && Some(checkpoint.root().fr()) == tree.root()
                    && open_root == tree.open_root().map(|root| field::encode(&root).to_vec());
                if !fits {
                    let problem = "the root does not match the leaves";
                    let (origin, epoch) = (origin.clone(), checkpoint.epoch());
                    let began = self.epoch_begin(epoch);
                    audit.findings.push(Finding::Checkpoint { origin, epoch, began, problem });
                }
            }
        }
        for (checkpoint, _) in checkpoints {
            let (origin, epoch) = (origin.clone(), checkpoint.epoch());
            let problem = "it covers more leaves than there are";
            let began = self.epoch_begin(epoch);
            audit.findings.push(Finding::Checkpoint { origin, epoch, began, problem });
        }
        audit_shards(reader, log, &origin, &tree, audit).await?;
        audit.leaves.insert(origin, tree.size());
        Ok(())
    }

    async fn audit_sums(
        &self,
        reader: &mut Connection,
        audit: &mut Audit,
    ) -> Result<(), StoreError> {
        let [records, pending, receipts] = sums::of_rows(reader).await?;
        audit.sum = receipts;
        if records + pending != receipts {
            let (records, receipts) = (self.money(records + pending), self.money(receipts));
            audit.findings.push(Finding::Sum { records, receipts });
        }
        Ok(())
    }

    /// An amount in this ledger's currency.
    pub(crate) fn money(&self, minor: u128) -> Money {
        Money { minor, currency: self.policy().currency }
    }

    /// When an epoch begins.
    pub(crate) fn epoch_begin(&self, epoch: u64) -> Utc {
        Utc(epoch.saturating_mul(self.policy().epoch_seconds))
    }

    /// Opens every checkpoint of a log, and compares it with its row and with the others.
    async fn audit_notes(
        &self,
        reader: &mut Connection,
        log: Log,
        audit: &mut Audit,
    ) -> Result<Vec<(Checkpoint, Option<Vec<u8>>)>, StoreError> {
        let origin = self.origin(log);
        let rows = checkpoints::rows(reader, log).await?;
        let mut history = LogHistory::new(&origin);
        let mut good = Vec::with_capacity(rows.len());
        for CheckpointRow { epoch, size, open_root, note } in rows {
            audit.checkpoints += 1;
            let opened = Checkpoint::open(self.log_key(), &note).ok().filter(|checkpoint| {
                checkpoint.epoch() == epoch
                    && size == Some(checkpoint.size())
                    && checkpoint.time() == epoch * self.policy().epoch_seconds
            });
            let problem = match opened {
                None => "its note is not signed, or differs from its row",
                Some(checkpoint) if history.insert(checkpoint.clone()).is_ok() => {
                    good.push((checkpoint, open_root));
                    continue;
                }
                Some(_) => "it contradicts another checkpoint",
            };
            let began = self.epoch_begin(epoch);
            let origin = origin.clone();
            audit.findings.push(Finding::Checkpoint { origin, epoch, began, problem });
        }
        Ok(good)
    }
}

async fn audit_shards(
    reader: &mut Connection,
    log: Log,
    origin: &str,
    tree: &LogTree,
    audit: &mut Audit,
) -> Result<(), StoreError> {
    let rows = checkpoints::shards(reader, log).await?;
    // Every shard that a checkpoint covers completely must have a root.
    let filled = checkpoints::covered(reader, log).await? / SHARD_LEAVES as u64;
    let missing = (0..filled).find(|shard| rows.iter().all(|row| row.0 != *shard));
    if let Some(shard) = missing {
        audit.findings.push(Finding::Shard { origin: origin.into(), shard });
    }
    for (shard, root) in rows {
        let made = usize::try_from(shard).ok().and_then(|shard| tree.full().get(shard));
        if made.is_none() || made.copied() != root {
            audit.findings.push(Finding::Shard { origin: origin.into(), shard });
        }
    }
    Ok(())
}

/// The newest signed summary and state, as the files beside the database hold them.
#[derive(Debug)]
pub(crate) struct HighWaterMarks {
    pub(crate) summary: Option<String>,
    pub(crate) state: Option<String>,
}

impl HighWaterMarks {
    pub(crate) fn read(folder: &Folder) -> Result<Self, FolderError> {
        Ok(Self { summary: folder.summary()?, state: folder.state()? })
    }
}

async fn audit_claims(reader: &mut Connection, audit: &mut Audit) -> Result<(), StoreError> {
    let mut spent = claims::spent(reader).await?;
    for (number, claim) in claims::rows(reader).await? {
        audit.claims += 1;
        let problem = match claim {
            None => Some("it cannot be read"),
            Some(claim) => {
                let missing = claim
                    .statement()
                    .nullifiers()
                    .into_iter()
                    .filter(|nullifier| {
                        spent.remove(nullifier.to_bytes().as_slice()) != Some(number)
                    })
                    .count();
                (missing > 0).then_some("some of its nullifiers are not recorded as spent by it")
            }
        };
        if let Some(problem) = problem {
            let claim = unsigned("claim", number)?;
            audit.findings.push(Finding::Claim { claim, problem });
        }
    }
    let left = spent
        .into_keys()
        .map(|nullifier| Finding::Spent { nullifier: Hex(&nullifier).to_string() });
    audit.findings.extend(left);
    Ok(())
}
