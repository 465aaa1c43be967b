//! What a wallet holds, thing by thing, and how one is forgotten.

use std::{collections::BTreeMap, fmt, str::FromStr};

use wufu_verifier::log::name::LogName;

use crate::{
    store::{Holding, InclusionStatus, StoreError},
    wallet::Wallet,
};

/// The name of something that is held: its log and place, as `wufu/cards:12`. Where several things are said to be at
/// one place, of which one is this wallet's at most, they are `wufu/cards:12.1`, `wufu/cards:12.2`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemName {
    /// The log.
    pub log: LogName,
    /// The place in it.
    pub place: u64,
    /// Which of several, from 1.
    pub which: Option<u64>,
}

/// The text names nothing that a wallet holds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{got:?} is not the name of an item, expected LOG:PLACE as `wufu wallet list` shows it, such as wufu/cards:12. \
     Claims and answers have none: they are never forgotten"
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
        // One name, one text: "+1" and "01" are none.
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

/// Something that is held.
#[derive(Clone, Debug)]
pub struct Item {
    name: ItemName,
    holding: Holding,
}

impl Item {
    /// What it is called.
    pub fn name(&self) -> &ItemName {
        &self.name
    }

    /// What it is.
    pub fn holding(&self) -> &Holding {
        &self.holding
    }

    /// Whether it is in its log.
    pub fn standing(&self) -> InclusionStatus {
        self.holding.standing()
    }

    pub(crate) fn into_holding(self) -> Holding {
        self.holding
    }
}

/// Why nothing was forgotten.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ForgetError {
    /// There is no such thing.
    #[error("this wallet holds nothing that is called {name}: see `wufu wallet list`")]
    None {
        /// Its name.
        name: ItemName,
    },
    /// Several things are said to be at that place.
    #[error(
        "this wallet holds {count} things that are called {name}: say which, {name}.1 to {name}.{count}"
    )]
    Several {
        /// The place.
        name: ItemName,
        /// How many there are.
        count: usize,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Wallet {
    /// What is held: cards, places in person logs, donations, in this order and each in the order of their logs.
    ///
    /// # Errors
    /// When the store fails.
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

    /// The thing that is held under a name.
    ///
    /// # Errors
    /// When there is none, there are several, or the store fails.
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

    /// Forgets something that is held, and gives it a last time. It comes back from whoever sent it, and from nowhere
    /// else. What was shown and claimed with it stays known, so that nothing is shown under a second policy or claimed
    /// twice when it comes back.
    ///
    /// # Errors
    /// When there is no such thing, there are several, or the store fails.
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
    /// To forget a donation and take it in again must not be a way to show it to a verifier under a second policy.
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
