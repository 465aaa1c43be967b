//! What a cheater without a wallet would try: witnesses of false statements, made from real cards
//! and records.

use anyhow::Context as _;
use wufu_circuits::{
    Card, DonationInstance, DonationWitness, FiveFuInstance, FiveFuWitness, Kind, Path, Tree,
    tree::set_path,
};
use wufu_ledger::{Ledger, Log};
use wufu_proto::shard_path::ShardPath;
use wufu_verifier::{
    Fr, ProofRequest,
    hash::merkle::{CARD_DEPTH, DONATION_DEPTH, PERSON_DEPTH, SHARD_DEPTH},
    statement::{Binding, CLAIM, scope},
};

use super::world::World;

/// Bo's five cards, of which two are of one kind, presented as five kinds.
pub async fn one_kind_twice(world: &World) -> anyhow::Result<FiveFuInstance> {
    const CARD_ROOF: usize = CARD_DEPTH - SHARD_DEPTH;
    const PERSON_ROOF: usize = PERSON_DEPTH - SHARD_DEPTH;
    let ledger = world.campaign.ledger();
    let sk = world.bo_seed.spend_key(&world.campaign.org);
    let pk = sk.public_key();
    let mut grants = ledger.grants_of(pk).await?;
    grants.cards.sort_by_key(|grant| grant.card.kind);
    let roof = roof(ledger, Log::Cards, CARD_ROOF).await?;
    let mut cards = Vec::new();
    for (kind, grant) in Kind::ALL.into_iter().zip(&grants.cards) {
        let leaf = grant.card.commitment(pk).fr();
        let path = whole::<CARD_DEPTH, CARD_ROOF>(&roof, &grant.path, leaf)?;
        let said = Card { kind, rho: grant.card.rho, rcm: grant.card.rcm };
        cards.push((said, path));
    }
    let cards = cards.try_into().ok().context("Bo has five cards")?;
    let person = grants.persons.pop().context("Bo is registered")?;
    let roof = self::roof(ledger, Log::Persons, PERSON_ROOF).await?;
    let leaf = person.person.leaf(pk);
    let path = whole::<PERSON_DEPTH, PERSON_ROOF>(&roof, &person.path, leaf)?;
    let (verifier, key_id) = (world.campaign.org.as_bytes(), world.five_fu.id());
    let ext = Binding { verifier, payload: b"Bo", expiry: world.now + 3600, key_id }.ext();
    let witness =
        FiveFuWitness::new(&sk, cards, (person.person.clone(), path), scope(verifier, CLAIM), ext);
    Ok(witness.into_instance())
}

/// The donor's donation, under a policy that it does not meet.
pub async fn outside(world: &World, request: &ProofRequest) -> anyhow::Result<DonationInstance> {
    const ROOF: usize = DONATION_DEPTH - SHARD_DEPTH;
    let sk = world.donor_seed.spend_key(&world.charity.org);
    let receipt = &world.receipt;
    let record = receipt.record(sk.public_key());
    let roof = roof(world.charity.ledger(), Log::DONATIONS, ROOF).await?;
    let path = whole::<DONATION_DEPTH, ROOF>(&roof, &receipt.path, record.leaf())?;
    let policy = &request.question().policy;
    let set = set_path(&policy.projects, record.project).context("the project is in the set")?;
    let ext = request.ext(world.donation.id());
    let witness =
        DonationWitness::new(&sk, (&record, &receipt.ownership()), path, (policy, set), ext);
    Ok(witness.into_instance(request.scope()))
}

async fn roof(ledger: &Ledger, log: Log, depth: usize) -> anyhow::Result<Tree> {
    let roots = ledger.roof(&ledger.origin(log), u64::MAX).await?.shard_roots;
    let mut tree = Tree::roof(depth);
    tree.extend(&roots)?;
    Ok(tree)
}

fn whole<const DEPTH: usize, const ROOF: usize>(
    roof: &Tree,
    path: &ShardPath,
    leaf: Fr,
) -> anyhow::Result<Path<DEPTH>> {
    let shard = usize::try_from(path.shard())?;
    Ok(Path::join(&path.path(leaf), &roof.path::<ROOF>(shard)?)?)
}
