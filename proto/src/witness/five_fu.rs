//! The witness of a claim.

use wufu_circuits::{Card, CardWitness, FiveFuInstance, FiveFuWitness, Kind, Path, Person};
use wufu_verifier::{Fr, Scope};

use super::{bytes, children, path, spend_key};
use crate::{error::ConvertError, read, v1};

impl TryFrom<v1::FiveFuWitness> for FiveFuInstance {
    type Error = ConvertError;

    fn try_from(message: v1::FiveFuWitness) -> Result<Self, ConvertError> {
        let sk = spend_key(&message.sk)?;
        read::count("cards", message.cards.len(), 5, 5)?;
        let mut cards = Kind::ALL
            .map(|kind| (Card { kind, rho: Fr::default(), rcm: Fr::default() }, Path::default()));
        for ((card, place), opening) in cards.iter_mut().zip(&message.cards) {
            card.rho = read::element("rho", &opening.rho)?;
            card.rcm = read::element("rcm", &opening.rcm)?;
            *place = path(&opening.path)?;
        }
        let person = Person { salt: read::element("person salt", &message.person_salt)? };
        let place = path(&message.person_path)?;
        let scope = Scope(read::element("scope", &message.scope)?);
        let ext = read::element("ext", &message.ext)?;
        Ok(FiveFuWitness::new(&sk, cards, (person, place), scope, ext).into_instance())
    }
}

impl From<&FiveFuInstance> for v1::FiveFuWitness {
    fn from(instance: &FiveFuInstance) -> Self {
        let witness = &instance.private;
        let card = |card: &CardWitness| v1::CardOpening {
            rho: bytes(&card.rho),
            rcm: bytes(&card.rcm),
            path: children(&card.path),
        };
        Self {
            sk: bytes(&witness.sk),
            cards: witness.cards.iter().map(card).collect(),
            person_salt: bytes(&witness.salt),
            person_path: children(&witness.person),
            scope: bytes(&witness.scope),
            ext: bytes(&witness.ext),
        }
    }
}
