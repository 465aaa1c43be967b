//! Seeds, keys and addresses.

use std::fmt;

use ark_bn254::Fr;
use rand::{CryptoRng, RngCore};
use wufu_verifier::{
    Nullifier, PublicKey,
    encoding::canonical::Writer,
    hash::{
        domain::Domain,
        h2f::{Context, h2f},
        poseidon::hash2,
    },
};
use x25519_dalek::StaticSecret;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{
    address::Address,
    gadgets::poseidon,
    r1cs::{Builder, Declaration, Num},
};

/// The BLAKE3 context of the X25519 key, which is bytes and not a field element.
pub const ENCRYPTION_CONTEXT: &str = "wufu 2026-11 encryption key v1";

/// The BLAKE3 context of seeds of made-up owners.
pub const DEV_OWNER_CONTEXT: &str = "wufu 2026-11 dev owner v1";

/// 32 random bytes that, with the ledger, restore everything in a wallet.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Seed([u8; 32]);

impl Seed {
    /// Draws a fresh seed.
    pub fn random(rng: &mut (impl CryptoRng + RngCore)) -> Self {
        let mut seed = Self([0; 32]);
        rng.fill_bytes(&mut seed.0);
        seed
    }

    /// Creates the seed from its bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns the seed of the made-up wallet that owns the donation with this receipt, in trials
    /// in which all owners come from the text `seed`. Anybody who knows the text can show every
    /// donation.
    pub fn dev_owner(seed: &str, receipt: &[u8]) -> Self {
        let message = Zeroizing::new(Writer::new().text(seed).bytes(receipt).finish());
        Self(blake3::derive_key(DEV_OWNER_CONTEXT, &message))
    }

    /// The bytes, to be stored where only the owner can read them.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Computes `sk = H2F("spend key", seed, org)`. The keys of two organisations share nothing.
    pub fn spend_key(&self, org: &str) -> SpendKey {
        SpendKey(h2f(Context::SpendKey, Writer::new().bytes(&self.0).text(org)))
    }

    /// Returns the X25519 secret for messages to the address at `org`.
    pub fn decryption_key(&self, org: &str) -> StaticSecret {
        let mut message = Writer::new().bytes(&self.0).text(org).finish();
        let mut bytes = blake3::derive_key(ENCRYPTION_CONTEXT, &message);
        message.zeroize();
        let secret = StaticSecret::from(bytes);
        bytes.zeroize();
        secret
    }

    /// Returns the wallet's address at an organisation.
    pub fn address(&self, org: &str) -> Address {
        let ek = x25519_dalek::PublicKey::from(&self.decryption_key(org));
        let pk = self.spend_key(org).public_key();
        Address { org: org.into(), pk, ek: ek.to_bytes() }
    }

    /// Computes `rcm_out = H2F("gift rcm", seed, nf_in, pk_friend)`, so that a wiped wallet can
    /// make the gift again.
    ///
    /// The friend's key is part of it. Somebody who was offered the card and did not get it knows
    /// the blinding of that offer; with one blinding for all friends, they could try addresses
    /// until one makes the card that somebody else got.
    pub fn gift_rcm(&self, nf_in: Nullifier, pk_friend: PublicKey) -> Fr {
        h2f(
            Context::GiftRcm,
            Writer::new().bytes(&self.0).field(&nf_in.fr()).field(&pk_friend.fr()),
        )
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(..)")
    }
}

/// `sk`: whoever has it can spend, show and recognise everything that its owner has at one
/// organisation.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SpendKey(Fr);

impl SpendKey {
    /// Creates the key from its value.
    pub fn from_field(value: Fr) -> Self {
        Self(value)
    }

    /// Returns the value, for a witness.
    pub fn to_field(&self) -> Fr {
        self.0
    }

    /// Computes `pk = H(D_PK, sk)`.
    pub fn public_key(&self) -> PublicKey {
        PublicKey(hash2([Domain::Pk.value(), self.0]))
    }
}

impl fmt::Debug for SpendKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SpendKey(..)")
    }
}

/// `sk` inside a circuit.
pub struct SpendKeyVar(Num);

impl SpendKeyVar {
    /// Declares the key.
    pub fn declare(declaration: &mut Declaration, sk: Fr) -> Self {
        Self(declaration.private(sk))
    }

    /// Constrains `pk` to be the public key: `pk = H(D_PK, sk)`.
    ///
    /// # Cost
    /// 237 rows.
    pub fn public_key(&self, b: &mut Builder, pk: &Num) {
        let domain = b.constant(Domain::Pk.value());
        poseidon::hash2_is(b, [&domain, &self.0], pk);
    }

    /// The value.
    pub fn num(&self) -> &Num {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::{Card, Kind};

    #[test]
    fn keys_of_two_orgs_and_two_seeds_share_nothing() {
        let (one, two) = (Seed::from_bytes([1; 32]), Seed::from_bytes([2; 32]));
        let addresses = [one.address("a"), one.address("b"), two.address("a")];
        for (i, left) in addresses.iter().enumerate() {
            for right in &addresses[i + 1..] {
                assert_ne!(left.pk, right.pk);
                assert_ne!(left.ek, right.ek);
            }
        }
        assert_eq!(one.address("a"), Seed::from_bytes([1; 32]).address("a"));
    }

    /// Rows of docs/failures.md: 38.
    #[test]
    fn made_up_owners_of_two_receipts_share_nothing() {
        let owner = |seed, receipt: &str| *Seed::dev_owner(seed, receipt.as_bytes()).as_bytes();
        assert_eq!(owner("trial", "a"), owner("trial", "a"));
        assert_ne!(owner("trial", "a"), owner("trial", "b"));
        assert_ne!(owner("a1", "2"), owner("a", "12"));
    }

    #[test]
    fn a_friend_without_the_card_cannot_tell_who_got_it() {
        let seed = Seed::from_bytes([3; 32]);
        let sk = seed.spend_key("wufu");
        let card = Card::issued(Kind::Harmony, "wufu", 5, Fr::from(11u64));
        let nf_in = Card::nullifier(&sk, card.commitment(sk.public_key()));
        let [ann, bob] =
            [1, 2].map(|friend| Seed::from_bytes([friend; 32]).spend_key("wufu").public_key());
        // Ann was told how her card would open. Bob got it, and (nf_in, cm_out) is public.
        let offered = Card::given(card.kind, nf_in, seed.gift_rcm(nf_in, ann));
        let given = Card::given(card.kind, nf_in, seed.gift_rcm(nf_in, bob));
        let cm_out = given.commitment(bob);
        for address in [ann, bob, sk.public_key()] {
            assert_ne!(offered.commitment(address), cm_out);
        }
        // After a wipe, the giver makes the same gift again.
        let again = Card::given(card.kind, nf_in, seed.gift_rcm(nf_in, bob));
        assert_eq!(again.commitment(bob), cm_out);
    }

    /// Rows of docs/failures.md: 16.
    #[test]
    fn debug_shows_no_secret() {
        let seed = Seed::from_bytes([7; 32]);
        assert_eq!(format!("{seed:?}"), "Seed(..)");
        assert_eq!(format!("{:?}", seed.spend_key("a")), "SpendKey(..)");
    }
}
