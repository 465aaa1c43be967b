//! The witness of a gift.

use wufu_circuits::{Card, GiftInstance, GiftWitness};
use wufu_verifier::{PublicKey, encoding::field};

use super::{bytes, children, path, secret, spend_key};
use crate::{error::ConvertError, grant, read, v1};

impl TryFrom<v1::GiftWitness> for GiftInstance {
    type Error = ConvertError;

    fn try_from(message: v1::GiftWitness) -> Result<Self, ConvertError> {
        let sk = spend_key(&message.sk)?;
        let opening = read::some("card", message.card.as_ref())?;
        let card = Card {
            kind: grant::kind(message.kind).map_err(|_| secret("kind", "0 to 4"))?,
            rho: read::element("rho", &opening.rho)?,
            rcm: read::element("rcm", &opening.rcm)?,
        };
        let place = path(&opening.path)?;
        let friend = PublicKey(read::element("friend pk", &message.friend_pk)?);
        let rcm_out = read::element("rcm out", &message.rcm_out)?;
        let ext = read::element("ext", &message.ext)?;
        Ok(GiftWitness::new(&sk, (&card, place), friend, rcm_out, ext).into_instance())
    }
}

impl From<&GiftInstance> for v1::GiftWitness {
    fn from(instance: &GiftInstance) -> Self {
        let witness = &instance.private;
        // A value that is not a kind becomes a number that every reader refuses.
        let kind = field::to_u64(&witness.kind).and_then(|kind| u32::try_from(kind).ok());
        Self {
            sk: bytes(&witness.sk),
            kind: kind.unwrap_or(u32::MAX),
            card: Some(v1::CardOpening {
                rho: bytes(&witness.rho),
                rcm: bytes(&witness.rcm),
                path: children(&witness.path),
            }),
            friend_pk: bytes(&witness.pk_friend),
            rcm_out: bytes(&witness.rcm_out),
            ext: bytes(&witness.ext),
        }
    }
}
