//! The items that a wallet holds, and how to forget one.

use std::{collections::BTreeMap, fmt, str::FromStr};

use wufu_verifier::log::name::LogName;

use crate::{
    store::{Holding, InclusionStatus, StoreError},
    wallet::Wallet,
};

/// The name of an item: its log and its place there, such as `wufu/cards:12`. If several items
/// claim the same place, of which at most one is really this wallet's, they are `wufu/cards:12.1`,
/// `wufu/cards:12.2`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemName {
    /// The log.
    pub log: LogName,
    /// The place in the log.
    pub place: u64,
    /// Which of several items at that place, from 1.
    pub which: Option<u64>,
}

/// The text is not the name of an item.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{got:?} is not the name of an item, expected LOG:PLACE as `wufu wallet list` shows it, such \
     as wufu/cards:12. Claims and answers have no such name: they are never forgotten"
)]
pub struct ItemNameError {
    /// The text.
    pub got: String,
}

impl FromStr for ItemName {
    type Err = ItemNameError;

    fn from_str(text: &str) -> Result<Self, ItemNameError> {
        let parse = || {
            let (log, rest) = text.rsplit_once(':')?;
            let (place, which) = match rest.split_once('.') {
                None => (rest, None),
                Some((place, which)) => (place, Some(which.parse().ok()?)),
            };
            Some(Self { log: log.parse().ok()?, place: place.parse().ok()?, which })
        };
        // A name has one spelling, so "+1" and "01" are refused.
        let name = parse().filter(|name| name.to_string() == text);
        name.ok_or_else(|| ItemNameError { got: text.into() })
    }
}

impl fmt::Display for ItemName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.log, self.place)?;
        self.which.map_or(Ok(()), |which| write!(f, ".{which}"))
    }
}

/// An item that the wallet holds.
#[derive(Clone, Debug)]
pub struct Item {
    name: ItemName,
    holding: Holding,
}

impl Item {
    /// The item's name.
    pub fn name(&self) -> &ItemName {
        &self.name
    }

    /// What the item is.
    pub fn holding(&self) -> &Holding {
        &self.holding
    }

    /// Whether the item is in its log.
    pub fn standing(&self) -> InclusionStatus {
        self.holding.standing()
    }

    pub(crate) fn into_holding(self) -> Holding {
        self.holding
    }
}

/// Why an item was not found or not forgotten.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ForgetError {
    /// There is no such item.
    #[error("this wallet holds no item {name}: see `wufu wallet list`")]
    None {
        /// The item's name.
        name: ItemName,
    },
    /// Several items claim that place.
    #[error("this wallet holds {count} items at {name}: say which one, {name}.1 to {name}.{count}")]
    Several {
        /// The place.
        name: ItemName,
        /// How many items there are.
        count: usize,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Wallet {
    /// All items: cards, places in person logs, and donations, in this order, each in the order of
    /// their logs.
    ///
    /// # Errors
    /// Returns an error if the store fails.
    pub fn items(&self) -> Result<Vec<Item>, StoreError> {
        let mut holdings = Vec::new();
        for card in self.cards()? {
            holdings.push((LogName::cards(&card.grant.org), Holding::Card(card)));
        }
        for person in self.persons()? {
            holdings.push((LogName::persons(&person.grant.org), Holding::Person(person)));
        }
        for donation in self.donations()? {
            let log = donation.receipt.origin.parse();
            let log = log.map_err(|_| StoreError::Damaged { entry: "a donation's log" })?;
            holdings.push((log, Holding::Donation(donation)));
        }
        let mut several = BTreeMap::<(LogName, u64), u64>::new();
        for (log, holding) in &holdings {
            *several.entry((log.clone(), holding.path().0.index())).or_default() += 1;
        }
        several.retain(|_, count| *count > 1);
        let mut seen = BTreeMap::<(LogName, u64), u64>::new();
        let items = holdings.into_iter().map(|(log, holding)| {
            let at = (log, holding.path().0.index());
            let which = several.contains_key(&at).then(|| {
                let which = seen.entry(at.clone()).or_default();
                *which += 1;
                *which
            });
            let (log, place) = at;
            Item { name: ItemName { log, place, which }, holding }
        });
        Ok(items.collect())
    }

    /// The item with this name.
    ///
    /// # Errors
    /// Returns an error if there is none, if there are several, or if the store fails.
    pub fn item(&self, name: &ItemName) -> Result<Item, ForgetError> {
        let items = self.items()?.into_iter();
        let at_place = |item: &Item| (&item.name.log, item.name.place) == (&name.log, name.place);
        let mut found: Vec<Item> = items.filter(at_place).collect();
        if let (None, count @ 2..) = (name.which, found.len()) {
            return Err(ForgetError::Several { name: name.clone(), count });
        }
        let at = found.iter().position(|item| item.name.which == name.which);
        at.map(|at| found.swap_remove(at)).ok_or_else(|| ForgetError::None { name: name.clone() })
    }

    /// Forgets an item, and returns it for the last time. Only whoever sent it can send it again.
    /// What was shown and claimed with it is still remembered, so that a returning item is not
    /// shown under a second policy or claimed twice.
    ///
    /// # Errors
    /// Returns an error if there is no such item, if there are several, or if the store fails.
    pub fn forget(&self, name: &ItemName) -> Result<Item, ForgetError> {
        let item = self.item(name)?;
        self.store().forget(item.holding.leaf())?;
        Ok(item)
    }
}

#[cfg(test)]
mod tests {
    use wufu_circuits::Seed;
    use wufu_verifier::{Amount, Fr, ProjectKey, Time};

    use super::*;
    use crate::{source::MemoryLedger, store::AnswerEntry};

    #[test]
    fn an_item_has_one_name() {
        for text in ["wufu/cards:0", "wufu/persons:7.2", "cerf/donations/1:12", "a:b/cards:3"] {
            assert_eq!(text.parse::<ItemName>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "wufu",
            "wufu/cards",
            "wufu/cards:",
            "wufu/cards:x",
            "wufu/cards:01",
            ":1",
            "wufu/claims:1",
        ] {
            let error = text.parse::<ItemName>().unwrap_err();
            assert!(error.to_string().contains("never forgotten"), "{text}");
        }
    }

    /// Rows of docs/failures.md: 33.
    /// Forgetting a donation and taking it in again must not be a way to show it to a verifier
    /// under a second policy.
    #[test]
    fn what_was_shown_with_a_forgotten_item_stays_known() {
        let ledger = MemoryLedger::new("cerf", [1; 32]);
        let wallet = Wallet::in_memory(Seed::from_bytes([3; 32])).unwrap();
        let donation =
            (ProjectKey::new(1, 1).unwrap(), Amount::new(5).unwrap(), Time::new(7).unwrap());
        let receipt = ledger.donate(&wallet.address("cerf"), donation);
        ledger.seal(5);
        let receipt = ledger.sealed_donation(receipt);
        wallet.receive_donation(&receipt).unwrap();
        let leaf = wallet.donations().unwrap()[0].leaf;
        let purpose = Some("a purpose".into());
        let answer = AnswerEntry { verifier: [9; 32], leaf, made: Some(5), purpose };
        wallet.store().show(&answer, Fr::from(1u64)).unwrap().unwrap();

        wallet.forget(&"cerf/donations/1:0".parse().unwrap()).unwrap();
        assert!(wallet.items().unwrap().is_empty());
        let gone = wallet.forget(&"cerf/donations/1:0".parse().unwrap());
        assert!(matches!(gone, Err(ForgetError::None { .. })));

        wallet.receive_donation(&receipt).unwrap();
        let refused = wallet.store().show(&answer, Fr::from(2u64)).unwrap();
        assert_eq!(refused, Err(Fr::from(1u64)));
        assert_eq!(wallet.answers().unwrap(), [answer]);
    }
}
