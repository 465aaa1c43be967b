//! The audit: every leaf from its record, every root from the leaves, every sum from the records, every claim's
//! nullifiers.

use std::collections::BTreeMap;

use sqlx::SqliteConnection;
use wufu_verifier::{
    Fr, Statement,
    encoding::{field, readable::Utc},
    hash::merkle::SHARD_LEAVES,
    log::{checkpoint::Checkpoint, history::LogHistory},
};

use crate::{
    audit_entry::{Entry, cards, persons, problems, records},
    claim::{ClaimRow, of_row},
    finding::{Coverage, Finding},
    folder::{Folder, FolderError, hex},
    leaf,
    ledger::Ledger,
    log::Log,
    log_tree::LogTree,
    money::Money,
    store::{StoreError, element, signed, unsigned},
    workers::HASHES,
};

/// What an audit looked at, and what does not fit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    /// Leaves of each log, by origin.
    pub leaves: BTreeMap<String, u64>,
    /// Checkpoints of all logs.
    pub checkpoints: u64,
    /// Sum of all donations, recomputed, in minor units.
    pub sum: u128,
    /// Admitted claims.
    pub claims: u64,
    /// Signed summaries of what no checkpoint covers.
    pub summaries: u64,
    /// Since when such summaries were signed.
    pub coverage: Coverage,
    /// Everything that does not fit. Empty is good.
    pub findings: Vec<Finding>,
}

impl Ledger {
    /// Recomputes every leaf from its record and its secrets, every root from the leaves and every sum from the
    /// records, and names what does not fit.
    ///
    /// # Errors
    /// When the database fails. What does not fit is no error, but a finding.
    ///
    /// # Cost
    /// Three hashes and a third for each donation, one and a third for each card and person, on all cores; a few for
    /// each checkpoint. Memory: a shard at a time.
    pub async fn audit(&self) -> Result<Audit, StoreError> {
        // Before the database: an epoch that is closed meanwhile puts the file ahead of what is read here.
        let marks = Marks::read(&self.inner.folder)?;
        self.audit_against(&marks).await
    }

    /// Audits the ledger, whose high-water marks were read before its database.
    pub(crate) async fn audit_against(&self, marks: &Marks) -> Result<Audit, StoreError> {
        let mut reader = self.inner.store.snapshot(self.inner.store.readers()).await?;
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
        reader: &mut SqliteConnection,
        log: Log,
        audit: &mut Audit,
    ) -> Result<(), StoreError> {
        let origin = self.origin(log);
        let expected = leaf::size(reader, log).await?;
        let mut checkpoints = self.audit_notes(reader, log, audit).await?.into_iter().peekable();
        let mut tree = LogTree::new(log);
        while tree.size() < expected {
            // Up to the end of the shard, or to the next checkpoint's size, whichever comes first.
            let room = tree.size() + tree.room() as u64;
            let next = checkpoints.peek().map_or(u64::MAX, |(checkpoint, _)| checkpoint.size());
            let end = expected.min(room).min(next.max(tree.size() + 1));
            let places = tree.size()..end;
            let entries: Vec<Entry> = match log {
                Log::Cards => cards(reader, self.org(), places.clone()).await?,
                Log::Persons => persons(reader, places.clone()).await?,
                Log::Donations => records(reader, places.clone()).await?,
            };
            let whole = entries.len() as u64 == places.end - places.start;
            let checked = self.inner.workers.run(move || {
                use rayon::prelude::*;
                let problems: Vec<_> = entries.par_chunks(HASHES).flat_map_iter(problems).collect();
                let leaves: Option<Vec<Fr>> = entries.iter().map(|entry| entry.leaf).collect();
                let grown = leaves.map(|leaves| tree.extend(&leaves).is_ok()) == Some(true);
                (problems, grown.then_some(tree))
            });
            let (problems, grown) = checked.await?;
            for (place, problem) in problems {
                audit.findings.push(Finding::Entry { origin: origin.clone(), place, problem });
            }
            // Without all of its leaves there is no tree to compare anything with.
            let Some(grown) = grown.filter(|_| whole) else {
                let got = places.start;
                audit.findings.push(Finding::Size { origin: origin.clone(), got, expected });
                return Ok(());
            };
            tree = grown;
            while let Some((checkpoint, open_root)) =
                checkpoints.next_if(|(checkpoint, _)| checkpoint.size() <= tree.size())
            {
                let fits = checkpoint.size() == tree.size()
                    && Some(checkpoint.root()) == tree.root()
                    && open_root == tree.open_root().map(|root| field::encode(&root).to_vec());
                if !fits {
                    let problem = "the root is not that of the leaves";
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
        reader: &mut SqliteConnection,
        audit: &mut Audit,
    ) -> Result<(), StoreError> {
        let [records, pending, receipts] = sums(reader).await?;
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
        reader: &mut SqliteConnection,
        log: Log,
        audit: &mut Audit,
    ) -> Result<Vec<(Checkpoint, Option<Vec<u8>>)>, StoreError> {
        let origin = self.origin(log);
        let query =
            "SELECT epoch, size, open_root, note FROM checkpoints WHERE log = $1 ORDER BY epoch";
        let query = sqlx::query_as(query).bind(log.id());
        let rows: Vec<(i64, i64, Option<Vec<u8>>, String)> = query.fetch_all(reader).await?;
        let mut history = LogHistory::new(&origin);
        let mut good = Vec::with_capacity(rows.len());
        for (epoch, size, open_root, note) in rows {
            audit.checkpoints += 1;
            let epoch = unsigned("epoch", epoch)?;
            let opened = Checkpoint::open(self.log_key(), &note).ok().filter(|checkpoint| {
                checkpoint.epoch() == epoch
                    && signed(checkpoint.size()).is_ok_and(|got| got == size)
                    && checkpoint.time() == epoch * self.policy().epoch_seconds
            });
            let problem = match opened {
                None => "its note is not signed, or says something else than its row",
                Some(checkpoint) if history.insert(checkpoint.clone()).is_ok() => {
                    good.push((checkpoint, open_root));
                    continue;
                }
                Some(_) => "it contradicts another",
            };
            let began = self.epoch_begin(epoch);
            let origin = origin.clone();
            audit.findings.push(Finding::Checkpoint { origin, epoch, began, problem });
        }
        Ok(good)
    }
}

async fn audit_shards(
    reader: &mut SqliteConnection,
    log: Log,
    origin: &str,
    tree: &LogTree,
    audit: &mut Audit,
) -> Result<(), StoreError> {
    let query = "SELECT shard, root FROM shards WHERE log = $1 ORDER BY shard";
    let rows: Vec<(i64, Vec<u8>)> =
        sqlx::query_as(query).bind(log.id()).fetch_all(&mut *reader).await?;
    // Every shard that a checkpoint filled is there.
    let covered =
        sqlx::query_scalar("SELECT COALESCE(MAX(size), 0) FROM checkpoints WHERE log = $1");
    let covered: i64 = covered.bind(log.id()).fetch_one(reader).await?;
    let filled = unsigned("size", covered)? / SHARD_LEAVES as u64;
    let missing = (0..filled).find(|shard| rows.iter().all(|row| row.0.unsigned_abs() != *shard));
    if let Some(shard) = missing {
        audit.findings.push(Finding::Shard { origin: origin.into(), shard });
    }
    for (shard, root) in rows {
        let shard = unsigned("shard", shard)?;
        let made = usize::try_from(shard).ok().and_then(|shard| tree.full().get(shard));
        if made.is_none() || made.copied() != element("shard root", &root).ok() {
            audit.findings.push(Finding::Shard { origin: origin.into(), shard });
        }
    }
    Ok(())
}

/// The newest signed summary and state, as the files beside the database have them.
#[derive(Debug)]
pub(crate) struct Marks {
    pub(crate) summary: Option<String>,
    pub(crate) state: Option<String>,
}

impl Marks {
    pub(crate) fn read(folder: &Folder) -> Result<Self, FolderError> {
        Ok(Self { summary: folder.summary()?, state: folder.state()? })
    }
}

/// The sums of what is public, of what is pending, and of all donations.
async fn sums(reader: &mut SqliteConnection) -> Result<[u128; 3], StoreError> {
    let sums = [
        "SELECT amount FROM records WHERE log = $1 AND place >= $2 AND place < $3",
        "SELECT amount FROM receipts WHERE log = $1 AND place IS NULL AND $2 < $3",
        "SELECT amount FROM receipts WHERE log = $1 AND $2 < $3",
    ];
    let mut totals = [0u128; 3];
    for (total, query) in totals.iter_mut().zip(sums) {
        use tokio_stream::StreamExt as _;
        let query = sqlx::query_scalar(query).bind(Log::Donations.id()).bind(0i64).bind(i64::MAX);
        let mut rows = query.fetch(&mut *reader);
        while let Some(amount) = rows.next().await {
            *total += u128::from(unsigned("amount", amount?)?);
        }
    }
    Ok(totals)
}

async fn audit_claims(reader: &mut SqliteConnection, audit: &mut Audit) -> Result<(), StoreError> {
    let spent: Vec<(Vec<u8>, i64)> =
        sqlx::query_as("SELECT nullifier, claim FROM spent").fetch_all(&mut *reader).await?;
    let mut spent: BTreeMap<Vec<u8>, i64> = spent.into_iter().collect();
    let query =
        "SELECT claim, key_id, public_inputs, proof, payout, expiry FROM claims ORDER BY claim";
    type Row = (i64, Vec<u8>, Vec<u8>, Vec<u8>, Vec<u8>, i64);
    let rows: Vec<Row> = sqlx::query_as(query).fetch_all(reader).await?;
    for (number, key_id, inputs, proof, payout, expiry) in rows {
        audit.claims += 1;
        let row: ClaimRow = (key_id, inputs, proof, payout, expiry);
        let problem = match of_row(row) {
            Err(_) => Some("it cannot be read"),
            Ok(claim) => {
                let missing = claim
                    .statement()
                    .nullifiers()
                    .into_iter()
                    .filter(|nullifier| spent.remove(nullifier.as_slice()) != Some(number))
                    .count();
                (missing > 0).then_some("not all of its nullifiers are spent by it")
            }
        };
        if let Some(problem) = problem {
            let claim = unsigned("claim", number)?;
            audit.findings.push(Finding::Claim { claim, problem });
        }
    }
    let left = spent.into_keys().map(|nullifier| Finding::Spent { nullifier: hex(&nullifier) });
    audit.findings.extend(left);
    Ok(())
}
