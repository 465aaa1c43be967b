//! Cards. Each serial number is issued once.

use wufu_circuits::card::Card;
use wufu_proto::append::CardIssue;
use wufu_verifier::{Commitment, Fr, PublicKey};

use crate::random;

/// A card and its owner.
pub(crate) struct IssuedCard {
    pub(crate) card: Card,
    pub(crate) serial: u64,
    pub(crate) owner: PublicKey,
}

/// The cards' leaves, in order. Computed on the calling thread.
pub(crate) fn leaves<'a>(cards: impl ExactSizeIterator<Item = &'a IssuedCard>) -> Vec<Fr> {
    let commitments = Card::commitments(cards.map(|card| (&card.card, card.owner)));
    commitments.into_iter().map(Commitment::fr).collect()
}

/// Makes the card that was ordered.
pub(crate) fn issue(org: &str, order: &CardIssue, serial: u64) -> IssuedCard {
    let card = Card::issued(order.kind, org, serial, random::element());
    IssuedCard { card, serial, owner: order.address.pk }
}
