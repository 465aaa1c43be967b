//! The tally: the number of rows in each part of the ledger, and a hash over all of them.
//!
//! A checkpoint covers only the leaves of a log. The tally covers everything else as well:
//! donations without an owner, names, claims, and the checkpoints themselves. Every transaction
//! that adds rows extends the tally and signs it again. So a row that somebody changed, added or
//! removed outside the ledger no longer matches it.
//!
//! # Cost
//! Rows are only ever added, so a part's hash is a chain. Extending it costs one BLAKE3 hash for
//! each new row, whatever the ledger's size. Two columns do change, a donation's owner and leaf
//! index, and the donation's leaf binds them.

use std::fmt::Write as _;

use wufu_verifier::{
    Record,
    encoding::{
        field,
        hex::{self, Hex},
    },
};

use crate::log::Log;

/// A part of the ledger whose rows have an order and are never changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Cards,
    Persons,
    Records,
    Donations,
    Institutions,
    Projects,
    Claims,
    Checkpoints,
}

impl Part {
    pub(crate) const ALL: [Self; 8] = [
        Self::Cards,
        Self::Persons,
        Self::Records,
        Self::Donations,
        Self::Institutions,
        Self::Projects,
        Self::Claims,
        Self::Checkpoints,
    ];

    /// The part's name in the signed text and in messages.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Cards => "cards",
            Self::Persons => "persons",
            Self::Records => "records",
            Self::Donations => "donations",
            Self::Institutions => "institutions",
            Self::Projects => "projects",
            Self::Claims => "claims",
            Self::Checkpoints => "checkpoints",
        }
    }

    /// The part that holds a log's leaves.
    pub(crate) const fn of(log: Log) -> Self {
        match log {
            Log::Cards => Self::Cards,
            Log::Persons => Self::Persons,
            Log::Donations(_) => Self::Records,
        }
    }
}

/// A value of a row, as the database stores it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    Number(i64),
    Bytes(&'a [u8]),
    Null,
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(bytes)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Bytes(text.as_bytes())
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

/// The hashed values of a donation's row: receipt, project key, amount and time.
pub(crate) fn donation_row(receipt: &[u8], facts: [i64; 3]) -> [Value<'_>; 4] {
    let [project, amount, time] = facts.map(Value::from);
    [receipt.into(), project, amount, time]
}

/// The hashed values of a checkpoint's row, in the order of its columns.
pub(crate) fn checkpoint_row<'a>(
    numbers: [i64; 3],
    open_root: Option<&'a [u8]>,
    note: &'a str,
) -> [Value<'a>; 5] {
    let [log, epoch, size] = numbers.map(Value::from);
    [log, epoch, size, open_root.map_or(Value::Null, Value::from), note.into()]
}

/// The hashed values of a claim's row, in the order of its columns.
pub(crate) fn claim_row<'a>(
    number: i64,
    bytes: [&'a [u8]; 4],
    times: [i64; 2],
    note: &'a str,
) -> [Value<'a>; 8] {
    let [key_id, inputs, proof, payout] = bytes.map(Value::from);
    let [expiry, time] = times.map(Value::from);
    [number.into(), key_id, inputs, proof, payout, expiry, time, note.into()]
}

/// The number of rows, and the hash of the last row and the hash before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chain {
    pub(crate) rows: u64,
    pub(crate) hash: [u8; 32],
}

impl Chain {
    /// The chain of a part without rows.
    pub(crate) fn new(part: Part) -> Self {
        let name = format!("wufu ledger rows: {}", part.name());
        Self { rows: 0, hash: *blake3::hash(name.as_bytes()).as_bytes() }
    }

    /// Adds a row. Each value carries its kind and length, so different rows have different hashes.
    pub(crate) fn push(&mut self, row: &[Value<'_>]) {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.hash);
        for value in row {
            match value {
                Value::Null => hasher.update(&[0]),
                Value::Number(number) => hasher.update(&[1]).update(&number.to_le_bytes()),
                Value::Bytes(bytes) => {
                    hasher.update(&[2]).update(&(bytes.len() as u64).to_le_bytes()).update(bytes)
                }
            };
        }
        self.rows += 1;
        self.hash = *hasher.finalize().as_bytes();
    }
}

/// Everything that the ledger holds, counted and hashed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tally {
    chains: [Chain; 8],
    /// The sum of all donations, in minor units.
    pub(crate) sum: u128,
    /// The number of donations without an owner.
    pub(crate) pending: u64,
    /// The sum of the donations without an owner.
    pub(crate) pending_sum: u128,
    /// The hash of the rules under which the logs were started.
    pub(crate) rules: [u8; 32],
    /// Whether the tally exists since the first row. A ledger of the first release has one only
    /// since it was migrated.
    pub(crate) from_start: bool,
}

impl Tally {
    /// The tally of a ledger without rows.
    pub(crate) fn new(rules: [u8; 32], from_start: bool) -> Self {
        let chains = Part::ALL.map(Chain::new);
        Self { chains, sum: 0, pending: 0, pending_sum: 0, rules, from_start }
    }

    /// The rows of a part.
    pub(crate) fn chain(&self, part: Part) -> &Chain {
        &self.chains[part as usize]
    }

    /// The tally of only the leaves in the logs that `covers` selects, given the log and its number
    /// of leaves.
    pub(crate) fn of_leaves(&self, covers: impl Fn(Log, u64) -> bool) -> Self {
        let mut leaves = Self::new(self.rules, self.from_start);
        for log in Log::ALL {
            let part = Part::of(log) as usize;
            if covers(log, self.chains[part].rows) {
                leaves.chains[part] = self.chains[part];
            }
        }
        leaves
    }

    /// Adds a row to a part.
    pub(crate) fn push(&mut self, part: Part, row: &[Value<'_>]) {
        self.chains[part as usize].push(row);
    }

    /// Adds a leaf of the card or person log.
    pub(crate) fn push_leaf(&mut self, log: Log, leaf: &[u8]) {
        self.push(Part::of(log), &[leaf.into()]);
    }

    /// Adds a record of the donation log. The record's leaf binds all of it.
    pub(crate) fn push_record(&mut self, record: &Record) {
        self.push_leaf(Log::DONATIONS, &field::encode(&record.leaf()));
    }

    /// Adds a donation. It is pending if it has no owner.
    pub(crate) fn push_donation(&mut self, receipt: &[u8], facts: [i64; 3], owned: bool) {
        self.push(Part::Donations, &donation_row(receipt, facts));
        let [_, amount, _] = facts;
        // The table's constraints keep amounts above zero.
        let amount = u128::from(amount.unsigned_abs());
        self.sum += amount;
        if !owned {
            self.pending += 1;
            self.pending_sum += amount;
        }
    }

    /// Gives a pending donation its owner. Returns `None` if no pending donation has this amount.
    pub(crate) fn own(&mut self, amount: u64) -> Option<()> {
        self.pending = self.pending.checked_sub(1)?;
        self.pending_sum = self.pending_sum.checked_sub(amount.into())?;
        Some(())
    }

    /// The lines of the signed text.
    ///
    /// # Shapes
    /// `rules HASH`, `since start` or `since migration`, a line `PART ROWS HASH` for each part,
    /// `sum MINOR`, `pending ROWS sum MINOR`; hashes in hexadecimal digits.
    pub(crate) fn text(&self) -> String {
        let since = if self.from_start { "start" } else { "migration" };
        let mut text = format!("rules {}\nsince {since}\n", Hex(&self.rules));
        for (part, chain) in Part::ALL.iter().zip(&self.chains) {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{} {} {}", part.name(), chain.rows, Hex(&chain.hash));
        }
        let _ = writeln!(text, "sum {}", self.sum);
        let _ = writeln!(text, "pending {} sum {}", self.pending, self.pending_sum);
        text
    }

    /// Parses the output of [`Tally::text`]. Returns `None` for any other form.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let rules = unhex(lines.next()?.strip_prefix("rules ")?)?;
        let from_start = lines.next()? == "since start";
        let mut tally = Self::new(rules, from_start);
        for (part, chain) in Part::ALL.iter().zip(&mut tally.chains) {
            let rest = lines.next()?.strip_prefix(part.name())?.strip_prefix(' ')?;
            let (rows, hash) = rest.split_once(' ')?;
            *chain = Chain { rows: rows.parse().ok()?, hash: unhex(hash)? };
        }
        tally.sum = lines.next()?.strip_prefix("sum ")?.parse().ok()?;
        let (pending, sum) = lines.next()?.strip_prefix("pending ")?.split_once(" sum ")?;
        tally.pending = pending.parse().ok()?;
        tally.pending_sum = sum.parse().ok()?;
        // A tally has exactly one text: no sign, no leading zero, no extra line.
        (tally.text() == text).then_some(tally)
    }
}

/// 32 bytes from lower-case hexadecimal digits.
pub(crate) fn unhex(digits: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    hex::decode(digits.as_bytes(), &mut bytes).ok()?;
    (Hex(&bytes).to_string() == digits).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tally_has_one_text() {
        let mut tally = Tally::new([7; 32], true);
        tally.push_donation(b"r1", [1, 50, 9], true);
        tally.push_donation(b"r2", [1, 70, 9], false);
        tally.push(Part::Claims, &[Value::Null, "text".into()]);
        let text = tally.text();
        assert_eq!(Tally::parse(&text), Some(tally.clone()));
        assert!(text.ends_with("sum 120\npending 1 sum 70\n"), "{text}");
        for (from, to) in [
            ("sum 120", "sum 0120"),
            ("sum 120", "sum +120"),
            ("since start", "since ever"),
            ("donations 2 ", "donations 2  "),
            ("rules 07", "rules 0"),
            ("pending", "waiting"),
        ] {
            assert_eq!(Tally::parse(&text.replace(from, to)), None, "{from} to {to}");
        }
        assert_eq!(Tally::parse(&(text + "more\n")), None);
        assert_eq!(tally.own(71), None);
    }

    /// Rows of docs/failures.md: 38.
    #[test]
    fn rows_of_other_values_hash_otherwise() {
        let hash = |row: &[Value<'_>]| {
            let mut chain = Chain::new(Part::Projects);
            chain.push(row);
            chain.hash
        };
        let ab = hash(&["a".into(), "b".into()]);
        assert_ne!(ab, hash(&["ab".into(), "".into()]));
        assert_ne!(ab, hash(&["ab".into()]));
        assert_ne!(hash(&[Value::Null]), hash(&["".into()]));
        assert_ne!(hash(&[1.into()]), hash(&[(&[1u8, 0, 0, 0, 0, 0, 0, 0][..]).into()]));
        assert_ne!(Chain::new(Part::Projects), Chain::new(Part::Institutions));
    }
}
