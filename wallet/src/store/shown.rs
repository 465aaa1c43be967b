//! What was shown to which verifier, and which claims were made.

use redb::{ReadableTable, TableDefinition, TableError, WriteTransaction};
use wufu_verifier::{
    Fr,
    encoding::{
        canonical::{CanonicalError, Reader, Writer},
        field,
    },
    log::receipt::ClaimAnswer,
};

use super::{Bytes32, Store, StoreError};

/// The hash of the policy, by verifier's key and donation.
const SHOWN: TableDefinition<'_, (Bytes32, Bytes32), Bytes32> = TableDefinition::new("shown");
/// Claims, by organisation and number.
const CLAIMS: TableDefinition<'_, (&str, u64), &[u8]> = TableDefinition::new("claims");

/// The ledger's signed refusals of claims, by organisation and number. They have their own table,
/// which earlier releases ignore.
const REFUSALS: TableDefinition<'_, (&str, u64), &str> = TableDefinition::new("refused claims");

/// Answered requests, by number, oldest first.
const ANSWERS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("answers");

pub(super) fn create_tables(transaction: &WriteTransaction) -> Result<(), StoreError> {
    transaction.open_table(SHOWN)?;
    transaction.open_table(CLAIMS)?;
    transaction.open_table(ANSWERS)?;
    transaction.open_table(REFUSALS)?;
    Ok(())
}

/// A claim that was made. Somebody may have the proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimEntry {
    /// Its number among the wallet's claims in this campaign, from 0. People see the ledger's
    /// number instead: [`ClaimEntry::admitted`].
    pub number: u64,
    /// When it was made, in Unix seconds. Earlier releases did not record it.
    pub made: Option<u64>,
    /// The payee.
    pub payout: Vec<u8>,
    /// When it expires, in Unix seconds.
    pub expiry: u64,
    /// The encoded envelope.
    pub envelope: Vec<u8>,
    /// The ledger's signed receipt, if the claim was admitted.
    pub receipt: Option<String>,
    /// The ledger's signed refusal, if an earlier claim had spent one of its nullifiers.
    pub refusal: Option<String>,
}

impl ClaimEntry {
    /// The ledger's number of the claim, as the signed receipt says.
    pub fn admitted(&self) -> Option<u64> {
        number_in(self.receipt.as_deref()?)
    }

    /// The number of the earlier claim that was admitted, as the ledger's signed refusal says.
    pub fn refused_for(&self) -> Option<u64> {
        number_in(self.refusal.as_deref()?)
    }

    /// Whether it was admitted or may still be, or was refused, in which case another one would be
    /// refused too.
    pub(crate) fn is_live(&self, now: u64) -> bool {
        self.receipt.is_some() || self.refusal.is_some() || now < self.expiry
    }

    fn encode(&self) -> Vec<u8> {
        let Self { made, payout, expiry, envelope, receipt, .. } = self;
        // An empty note and time 0 mean none: no note is empty, and nothing was made in 1970.
        let receipt = receipt.as_deref().unwrap_or_default();
        let writer = Writer::new().bytes(payout).u64(*expiry).bytes(envelope).text(receipt);
        writer.u64(made.unwrap_or_default()).finish()
    }

    fn decode(number: u64, bytes: &[u8]) -> Result<Self, CanonicalError> {
        // Earlier releases wrote four fields.
        let (mut reader, dated) = match Reader::new(bytes, 5) {
            Ok(reader) => (reader, true),
            Err(_) => (Reader::new(bytes, 4)?, false),
        };
        let mut entry = Self {
            number,
            made: None,
            payout: reader.bytes("payout")?.to_vec(),
            expiry: reader.u64("expiry")?,
            envelope: reader.bytes("envelope")?.to_vec(),
            receipt: Some(reader.text("receipt")?).filter(|note| !note.is_empty()),
            refusal: None,
        };
        if dated {
            entry.made = Some(reader.u64("made")?).filter(|made| *made > 0);
        }
        reader.finish()?;
        Ok(entry)
    }
}

/// The claim's number in a note that was checked when it came: in a receipt, or in a refusal, which
/// names the earlier claim.
pub(crate) fn number_in(note: &str) -> Option<u64> {
    ClaimAnswer::of_checked(note).map(|answer| answer.claim())
}

/// A request that was answered. Its verifier may have the proof.
#[derive(Clone, PartialEq, Eq)]
pub struct AnswerEntry {
    /// The verifier's key.
    pub verifier: Bytes32,
    /// The donation's leaf.
    pub leaf: Bytes32,
    /// When it was answered, in Unix seconds. Earlier releases did not record it.
    pub made: Option<u64>,
    /// The purpose that the request stated. Earlier releases did not record it.
    pub purpose: Option<String>,
}

impl std::fmt::Debug for AnswerEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AnswerEntry(..)")
    }
}

impl AnswerEntry {
    fn encode(&self) -> Vec<u8> {
        let Self { verifier, leaf, made, purpose } = self;
        let purpose = purpose.as_deref().unwrap_or_default();
        let writer = Writer::new().bytes(verifier).bytes(leaf);
        writer.u64(made.unwrap_or_default()).text(purpose).finish()
    }

    fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        let mut reader = Reader::new(bytes, 4)?;
        let mut key = |field| {
            let bytes = reader.bytes(field)?.try_into();
            bytes.map_err(|_| StoreError::Damaged { entry: "an answered request" })
        };
        let (verifier, leaf) = (key("verifier")?, key("leaf")?);
        let made = Some(reader.u64("made")?).filter(|made| *made > 0);
        let purpose = Some(reader.text("purpose")?);
        reader.finish()?;
        Ok(Self { verifier, leaf, made, purpose })
    }
}

impl Store {
    /// The policy under which a donation was shown to a verifier, if it was shown.
    ///
    /// # Errors
    /// Returns an error if the store fails.
    pub fn shown(&self, verifier: &Bytes32, leaf: &Bytes32) -> Result<Option<Fr>, StoreError> {
        self.read(|transaction| {
            let found = transaction.open_table(SHOWN)?.get((*verifier, *leaf))?;
            found.map(|policy| read_policy(policy.value())).transpose()
        })
    }

    /// Records that a donation is shown to a verifier under a policy, and for which request. If it
    /// was shown under another policy, nothing is recorded, and that policy is returned. Call this
    /// before anything is shown.
    ///
    /// # Errors
    /// Returns an error if the store fails. Then nothing may be shown.
    pub fn show(&self, answer: &AnswerEntry, policy: Fr) -> Result<Result<(), Fr>, StoreError> {
        let AnswerEntry { verifier, leaf, .. } = answer;
        self.write(|transaction| {
            let mut table = transaction.open_table(SHOWN)?;
            let held = table.get((*verifier, *leaf))?.map(|policy| policy.value());
            match held.map(read_policy).transpose()? {
                Some(held) if held != policy => return Ok(Err(held)),
                Some(_) => {}
                None => drop(table.insert((*verifier, *leaf), field::encode(&policy))?),
            }
            let mut answers = transaction.open_table(ANSWERS)?;
            let number = answers.last()?.map_or(0, |(last, _)| last.value() + 1);
            answers.insert(number, answer.encode().as_slice())?;
            Ok(Ok(()))
        })
    }

    /// The answered requests, oldest first. Those of earlier releases come first, without time and
    /// purpose.
    ///
    /// # Errors
    /// Returns an error if the store fails.
    pub fn answers(&self) -> Result<Vec<AnswerEntry>, StoreError> {
        self.read(|transaction| {
            let dated = transaction.open_table(ANSWERS)?;
            let dated = dated.iter()?.map(|entry| AnswerEntry::decode(entry?.1.value()));
            let dated = dated.collect::<Result<Vec<_>, StoreError>>()?;
            let mut answers = Vec::new();
            for entry in transaction.open_table(SHOWN)?.iter()? {
                let (verifier, leaf) = entry?.0.value();
                if !dated.iter().any(|dated| (dated.verifier, dated.leaf) == (verifier, leaf)) {
                    answers.push(AnswerEntry { verifier, leaf, made: None, purpose: None });
                }
            }
            answers.extend(dated);
            Ok(answers)
        })
    }

    /// The campaigns in which claims were made.
    ///
    /// # Errors
    /// Returns an error if the store fails.
    pub fn claimed_orgs(&self) -> Result<Vec<String>, StoreError> {
        self.read(|transaction| {
            let mut orgs = Vec::new();
            for entry in transaction.open_table(CLAIMS)?.iter()? {
                orgs.push(entry?.0.value().0.to_owned());
            }
            orgs.dedup();
            Ok(orgs)
        })
    }

    /// The claims that were made in a campaign, oldest first.
    ///
    /// # Errors
    /// Returns an error if the store fails.
    pub fn claims(&self, org: &str) -> Result<Vec<ClaimEntry>, StoreError> {
        self.read(|transaction| {
            let mut claims = entries(&transaction.open_table(CLAIMS)?, org)?;
            match transaction.open_table(REFUSALS) {
                Ok(refusals) => add_refusals(&mut claims, &refusals, org)?,
                // The file is of an earlier release, and no claim was refused since.
                Err(TableError::TableDoesNotExist(_)) => {}
                Err(error) => return Err(error.into()),
            }
            Ok(claims)
        })
    }

    /// Stores a claim under the next number, and returns the number. If an earlier claim is live
    /// and no second one is wanted (`again`), nothing is stored, and the earlier claim is returned.
    ///
    /// # Errors
    /// Returns an error if the store fails. Then the claim may not be shown.
    pub fn add_claim(
        &self,
        org: &str,
        entry: &ClaimEntry,
        again: bool,
        now: u64,
    ) -> Result<Result<u64, ClaimEntry>, StoreError> {
        self.write(|transaction| {
            let mut table = transaction.open_table(CLAIMS)?;
            let mut made = entries(&table, org)?;
            add_refusals(&mut made, &transaction.open_table(REFUSALS)?, org)?;
            let number = made.last().map_or(0, |last| last.number + 1);
            let live = made.into_iter().find(|made| made.is_live(now));
            if let Some(live) = live.filter(|_| !again) {
                return Ok(Err(live));
            }
            table.insert((org, number), entry.encode().as_slice())?;
            Ok(Ok(number))
        })
    }

    /// Stores the receipt of a claim, and returns the stored receipt, which is the first one that
    /// came. A claim that the wallet did not make is ignored.
    ///
    /// # Errors
    /// Returns an error if the store fails.
    pub fn admit_claim(
        &self,
        org: &str,
        envelope: &[u8],
        receipt: &str,
    ) -> Result<Option<String>, StoreError> {
        self.write(|transaction| {
            let mut table = transaction.open_table(CLAIMS)?;
            let made = entries(&table, org)?.into_iter().rev();
            let mut made = made.filter(|entry| entry.envelope == envelope);
            let Some(mut entry) = made.next() else { return Ok(None) };
            if entry.receipt.is_none() {
                entry.receipt = Some(receipt.into());
                table.insert((org, entry.number), entry.encode().as_slice())?;
            }
            Ok(entry.receipt)
        })
    }
}

impl Store {
    /// Stores the ledger's first signed refusal of a claim. A claim that the wallet did not make is
    /// ignored.
    ///
    /// # Errors
    /// Returns an error if the store fails.
    pub fn refuse_claim(
        &self,
        org: &str,
        envelope: &[u8],
        refusal: &str,
    ) -> Result<(), StoreError> {
        self.write(|transaction| {
            let made = entries(&transaction.open_table(CLAIMS)?, org)?.into_iter().rev();
            let mut made = made.filter(|entry| entry.envelope == envelope);
            let Some(entry) = made.next() else { return Ok(()) };
            let mut refusals = transaction.open_table(REFUSALS)?;
            if refusals.get((org, entry.number))?.is_none() {
                refusals.insert((org, entry.number), refusal)?;
            }
            Ok(())
        })
    }
}

fn add_refusals(
    claims: &mut [ClaimEntry],
    refusals: &impl ReadableTable<(&'static str, u64), &'static str>,
    org: &str,
) -> Result<(), StoreError> {
    for claim in claims {
        let note = refusals.get((org, claim.number))?;
        claim.refusal = note.map(|note| note.value().to_owned());
    }
    Ok(())
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
    use wufu_verifier::{
        KeyId, Nullifier,
        log::receipt::{ClaimReceipt, ClaimRefusal, NULLIFIERS},
    };

    use super::*;

    fn answer(verifier: u8, leaf: u8, made: u64) -> AnswerEntry {
        let purpose = Some(format!("purpose {made}"));
        AnswerEntry { verifier: [verifier; 32], leaf: [leaf; 32], made: Some(made), purpose }
    }

    fn refusal_of(claim: u64) -> String {
        let refusal = ClaimRefusal { nullifier: Nullifier(1.into()), claim, time: 3 };
        refusal.text("wufu") + "\n\u{2014} wufu x\n"
    }

    /// Rows of docs/failures.md: 33.
    #[test]
    fn a_second_policy_for_one_verifier_is_refused() {
        let store = Store::in_memory().unwrap();
        let (one, two) = (Fr::from(1u64), Fr::from(2u64));
        assert_eq!(store.shown(&[1; 32], &[9; 32]).unwrap(), None);
        assert_eq!(store.show(&answer(1, 9, 5), one).unwrap(), Ok(()));
        assert_eq!(store.show(&answer(1, 9, 6), one).unwrap(), Ok(()));
        assert_eq!(store.show(&answer(1, 9, 7), two).unwrap(), Err(one));
        assert_eq!(store.shown(&[1; 32], &[9; 32]).unwrap(), Some(one));
        // Another verifier, another donation.
        assert_eq!(store.show(&answer(2, 9, 8), two).unwrap(), Ok(()));
        assert_eq!(store.show(&answer(1, 8, 9), two).unwrap(), Ok(()));
        // A refused answer was not recorded as shown.
        let shown = [answer(1, 9, 5), answer(1, 9, 6), answer(2, 9, 8), answer(1, 8, 9)];
        assert_eq!(store.answers().unwrap(), shown);
    }

    /// `wallet list` never said that a donation had been shown. Entries of earlier releases have no
    /// time.
    #[test]
    fn an_earlier_releases_answer_is_listed_without_time() {
        let store = Store::in_memory().unwrap();
        store.show(&answer(1, 9, 5), Fr::from(1u64)).unwrap().unwrap();
        let policy = field::encode(&Fr::from(1u64));
        let old = store.write(|transaction| {
            transaction.open_table(SHOWN)?.insert(([2; 32], [9; 32]), policy)?;
            Ok::<_, StoreError>(())
        });
        old.unwrap();
        let undated = AnswerEntry { made: None, purpose: None, ..answer(2, 9, 0) };
        assert_eq!(store.answers().unwrap(), [undated, answer(1, 9, 5)]);
    }

    #[test]
    fn an_earlier_releases_claim_is_read_without_time() {
        let writer = Writer::new().bytes(b"payee").u64(5).bytes(&[1, 2]).text("");
        let entry = ClaimEntry::decode(3, &writer.finish()).unwrap();
        assert_eq!((entry.number, entry.made, entry.expiry), (3, None, 5));
        let dated = ClaimEntry { made: Some(7), ..entry };
        assert_eq!(ClaimEntry::decode(3, &dated.encode()), Ok(dated));
    }

    /// The wallet counted its claims from 0 and the ledger from 1, so that people saw two numbers
    /// for one claim. The number is the ledger's, from its signed receipt or from the refusal of a
    /// second submission.
    #[test]
    fn a_claim_has_the_number_that_the_ledger_signed() {
        let receipt = ClaimReceipt {
            claim: 7,
            nullifiers: [Nullifier(1.into()); NULLIFIERS],
            key_id: KeyId([9; 32]),
            payout: b"payee".to_vec(),
            expiry: 5,
            time: 3,
        };
        let receipt = receipt.text("wufu") + "\n\u{2014} wufu x\n";
        assert_eq!(number_in(&receipt), Some(7));
        assert_eq!(number_in(&refusal_of(7)), Some(7));
        for other in ["", "wufu/claims\nclaim x\n", "wufu/claims\n\nclaim 7\n"] {
            assert_eq!(number_in(other), None, "{other:?}");
        }
    }

    #[test]
    fn claims_are_kept_in_order() {
        let store = Store::in_memory().unwrap();
        let claim = |number: u64| ClaimEntry {
            number,
            made: Some(3),
            payout: b"payee".to_vec(),
            expiry: 5,
            envelope: vec![1, 2, number as u8],
            receipt: None,
            refusal: None,
        };
        for number in [0, 1] {
            assert_eq!(store.add_claim("wufu", &claim(number), true, 4).unwrap(), Ok(number));
        }
        assert_eq!(store.add_claim("cerf", &claim(9), false, 4).unwrap(), Ok(0));
        let note = Some("note\n".to_owned());
        assert_eq!(store.admit_claim("wufu", &[1, 2, 1], "note\n").unwrap(), note);
        assert_eq!(store.admit_claim("wufu", &[1, 2, 7], "note\n").unwrap(), None);
        let admitted = ClaimEntry { receipt: note.clone(), ..claim(1) };
        assert_eq!(store.claims("wufu").unwrap(), [claim(0), admitted]);
        assert_eq!(store.claims("wuf").unwrap(), []);
        assert_eq!(store.claimed_orgs().unwrap(), ["cerf", "wufu"]);
        // A second receipt does not replace the first.
        assert_eq!(store.admit_claim("wufu", &[1, 2, 1], "other\n").unwrap(), note);
        assert_eq!(store.claims("wufu").unwrap()[1].receipt, note);
        // A live claim stands in the way until it expires; an admitted one always does.
        let live = ClaimEntry { number: 0, ..claim(9) };
        assert_eq!(store.add_claim("cerf", &claim(8), false, 4).unwrap(), Err(live));
        assert_eq!(store.add_claim("cerf", &claim(8), false, 5).unwrap(), Ok(1));
        assert!(store.add_claim("wufu", &claim(2), false, 5).unwrap().is_err());
    }

    /// A claim that the ledger had refused was listed as not submitted. The first refusal is
    /// stored, and prevents another claim, which would be refused as well.
    #[test]
    fn a_refusal_is_kept_with_its_claim() {
        let store = Store::in_memory().unwrap();
        let (payout, envelope) = (b"payee".to_vec(), vec![7]);
        let (made, receipt, refusal) = (Some(3), None, None);
        let claim = ClaimEntry { number: 0, made, payout, expiry: 5, envelope, receipt, refusal };
        assert_eq!(store.add_claim("wufu", &claim, false, 4).unwrap(), Ok(0));
        let note = &refusal_of(9);
        store.refuse_claim("wufu", &[8], "of a claim that is not ours\n").unwrap();
        assert_eq!(store.claims("wufu").unwrap(), std::slice::from_ref(&claim));
        store.refuse_claim("wufu", &[7], note).unwrap();
        store.refuse_claim("wufu", &[7], "another\n").unwrap();
        let kept = &store.claims("wufu").unwrap()[0];
        assert_eq!((kept.refusal.as_deref(), kept.refused_for()), (Some(note.as_str()), Some(9)));
        let later = store.add_claim("wufu", &claim, false, 100).unwrap().unwrap_err();
        assert_eq!(later.refused_for(), Some(9));
        assert_eq!(store.add_claim("wufu", &claim, true, 100).unwrap(), Ok(1));
    }
}
