//! What was shown to whom, and what was claimed.

use redb::{ReadableTable, TableDefinition, WriteTransaction};
use wufu_verifier::{
    Fr,
    canonical::{CanonicalError, Reader, Writer},
    field,
};

use super::{Bytes32, Store, StoreError};

/// By verifier's key and donation: the hash of the policy.
const SHOWN: TableDefinition<'_, (Bytes32, Bytes32), Bytes32> = TableDefinition::new("shown");
/// By org and number.
const CLAIMS: TableDefinition<'_, (&str, u64), &[u8]> = TableDefinition::new("claims");

pub(super) fn create_tables(transaction: &WriteTransaction) -> Result<(), StoreError> {
    transaction.open_table(SHOWN)?;
    transaction.open_table(CLAIMS)?;
    Ok(())
}

/// A claim that was made: somebody may have the proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimEntry {
    /// Its number among the wallet's claims of this campaign, from 0.
    pub number: u64,
    /// The payee.
    pub payout: Vec<u8>,
    /// When it ends, in Unix seconds.
    pub expiry: u64,
    /// The envelope, as a file has it.
    pub envelope: Vec<u8>,
    /// The ledger's signed receipt, when the claim was admitted.
    pub receipt: Option<String>,
}

impl ClaimEntry {
    /// Whether it was admitted, or may still be.
    pub(crate) fn is_live(&self, now: u64) -> bool {
        self.receipt.is_some() || now < self.expiry
    }

    fn encode(&self) -> Vec<u8> {
        let Self { payout, expiry, envelope, receipt, .. } = self;
        // A note is never empty.
        let receipt = receipt.as_deref().unwrap_or_default();
        Writer::new().bytes(payout).u64(*expiry).bytes(envelope).text(receipt).finish()
    }

    fn decode(number: u64, bytes: &[u8]) -> Result<Self, CanonicalError> {
        let mut reader = Reader::new(bytes, 4)?;
        let entry = Self {
            number,
            payout: reader.bytes("payout")?.to_vec(),
            expiry: reader.u64("expiry")?,
            envelope: reader.bytes("envelope")?.to_vec(),
            receipt: Some(reader.text("receipt")?).filter(|note| !note.is_empty()),
        };
        reader.finish()?;
        Ok(entry)
    }
}

impl Store {
    /// The policy under which a donation was shown to a verifier, if it was.
    ///
    /// # Errors
    /// When the store fails.
    pub fn shown(&self, verifier: &Bytes32, leaf: &Bytes32) -> Result<Option<Fr>, StoreError> {
        self.read(|transaction| {
            let found = transaction.open_table(SHOWN)?.get((*verifier, *leaf))?;
            found.map(|policy| read_policy(policy.value())).transpose()
        })
    }

    /// Remembers that a donation is shown to a verifier under a policy, unless it was under another one: then gives that.
    /// To be called before anything is shown.
    ///
    /// # Errors
    /// When the store fails: then nothing may be shown.
    pub fn show(
        &self,
        verifier: &Bytes32,
        leaf: &Bytes32,
        policy: Fr,
    ) -> Result<Result<(), Fr>, StoreError> {
        self.write(|transaction| {
            let mut table = transaction.open_table(SHOWN)?;
            let held = table.get((*verifier, *leaf))?.map(|policy| policy.value());
            match held.map(read_policy).transpose()? {
                Some(held) if held != policy => Ok(Err(held)),
                Some(_) => Ok(Ok(())),
                None => {
                    table.insert((*verifier, *leaf), field::encode(&policy))?;
                    Ok(Ok(()))
                }
            }
        })
    }

    /// The claims that were made in a campaign, oldest first.
    ///
    /// # Errors
    /// When the store fails.
    pub fn claims(&self, org: &str) -> Result<Vec<ClaimEntry>, StoreError> {
        self.read(|transaction| entries(&transaction.open_table(CLAIMS)?, org))
    }

    /// Keeps a claim that was made, under the next number, which it gives; unless one that was made before is live, and no
    /// second one was wanted (`again`): then gives that.
    ///
    /// # Errors
    /// When the store fails: then the claim may not be shown.
    pub fn add_claim(
        &self,
        org: &str,
        entry: &ClaimEntry,
        again: bool,
        now: u64,
    ) -> Result<Result<u64, ClaimEntry>, StoreError> {
        self.write(|transaction| {
            let mut table = transaction.open_table(CLAIMS)?;
            let made = entries(&table, org)?;
            let number = made.last().map_or(0, |last| last.number + 1);
            let live = made.into_iter().find(|made| made.is_live(now));
            if let Some(live) = live.filter(|_| !again) {
                return Ok(Err(live));
            }
            table.insert((org, number), entry.encode().as_slice())?;
            Ok(Ok(number))
        })
    }

    /// Keeps what became of a claim, once. One that the wallet did not make is passed over.
    ///
    /// # Errors
    /// When the store fails.
    pub fn admit_claim(&self, org: &str, envelope: &[u8], receipt: &str) -> Result<(), StoreError> {
        self.write(|transaction| {
            let mut table = transaction.open_table(CLAIMS)?;
            let made = entries(&table, org)?.into_iter().rev();
            let mut made = made.filter(|entry| entry.envelope == envelope);
            if let Some(mut entry) = made.next().filter(|entry| entry.receipt.is_none()) {
                entry.receipt = Some(receipt.into());
                table.insert((org, entry.number), entry.encode().as_slice())?;
            }
            Ok(())
        })
    }
}

fn entries(
    table: &impl ReadableTable<(&'static str, u64), &'static [u8]>,
    org: &str,
) -> Result<Vec<ClaimEntry>, StoreError> {
    let entries = table.range((org, 0)..=(org, u64::MAX))?.map(|entry| {
        let (key, bytes) = entry?;
        Ok(ClaimEntry::decode(key.value().1, bytes.value())?)
    });
    entries.collect()
}

fn read_policy(bytes: Bytes32) -> Result<Fr, StoreError> {
    Ok(field::decode("policy", &bytes).map_err(CanonicalError::from)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f33_a_second_policy_for_one_verifier_is_refused() {
        let store = Store::in_memory().unwrap();
        let (one, two) = (Fr::from(1u64), Fr::from(2u64));
        assert_eq!(store.shown(&[1; 32], &[9; 32]).unwrap(), None);
        assert_eq!(store.show(&[1; 32], &[9; 32], one).unwrap(), Ok(()));
        assert_eq!(store.show(&[1; 32], &[9; 32], one).unwrap(), Ok(()));
        assert_eq!(store.show(&[1; 32], &[9; 32], two).unwrap(), Err(one));
        assert_eq!(store.shown(&[1; 32], &[9; 32]).unwrap(), Some(one));
        // Another verifier, another donation.
        assert_eq!(store.show(&[2; 32], &[9; 32], two).unwrap(), Ok(()));
        assert_eq!(store.show(&[1; 32], &[8; 32], two).unwrap(), Ok(()));
    }

    #[test]
    fn claims_are_kept_in_order() {
        let store = Store::in_memory().unwrap();
        let claim = |number: u64| ClaimEntry {
            number,
            payout: b"payee".to_vec(),
            expiry: 5,
            envelope: vec![1, 2, number as u8],
            receipt: None,
        };
        for number in [0, 1] {
            assert_eq!(store.add_claim("wufu", &claim(number), true, 4).unwrap(), Ok(number));
        }
        assert_eq!(store.add_claim("cerf", &claim(9), false, 4).unwrap(), Ok(0));
        store.admit_claim("wufu", &[1, 2, 1], "note\n").unwrap();
        store.admit_claim("wufu", &[1, 2, 7], "note\n").unwrap();
        let admitted = ClaimEntry { receipt: Some("note\n".into()), ..claim(1) };
        assert_eq!(store.claims("wufu").unwrap(), [claim(0), admitted]);
        assert_eq!(store.claims("wuf").unwrap(), []);
        // A second receipt does not replace the first.
        store.admit_claim("wufu", &[1, 2, 1], "other\n").unwrap();
        assert_eq!(store.claims("wufu").unwrap()[1].receipt.as_deref(), Some("note\n"));
        // A live one stands in the way, until it is over; one that was admitted always does.
        let live = ClaimEntry { number: 0, ..claim(9) };
        assert_eq!(store.add_claim("cerf", &claim(8), false, 4).unwrap(), Err(live));
        assert_eq!(store.add_claim("cerf", &claim(8), false, 5).unwrap(), Ok(1));
        assert!(store.add_claim("wufu", &claim(2), false, 5).unwrap().is_err());
    }
}
