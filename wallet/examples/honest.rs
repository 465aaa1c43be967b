//! Writes `vectors/honest.json`: for each circuit a development key, a true statement and its
//! proof, from fixed seeds. `vectors/envelopes.json` is made from it, with good and bad cases, and
//! without a prover.
//!
//! Run `cargo run --release -p wufu-wallet --example honest`, then `cargo xtask vectors`. Run both
//! again when a circuit changes, because its id is in its key.
#![allow(clippy::unwrap_used, clippy::expect_used, dead_code)]

use ed25519_dalek::SigningKey;
use prost::Message as _;
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use wufu_analysis::samples;
use wufu_circuits::{
    Card, Circuit, DonationWitness, FiveFuWitness, GiftWitness, Kind, Ownership, Path, Person,
    Seed, tree::set_path,
};
use wufu_proto::{
    Envelope,
    claim::ClaimBinding,
    envelope::{Binding, LogEpoch},
    v1,
};
use wufu_prover::{Prover, setup};
use wufu_verifier::{
    Amount, CircuitName, Fr, KeyId, Policy, ProjectKey, ProjectSet, ProofRequest, Record, Root,
    Time, VerifyingKey,
    check::request::Question,
    encoding::canonical::Writer,
    hash::{
        h2f::{Context, h2f},
        merkle::{CARD_DEPTH, DONATION_DEPTH, PERSON_DEPTH},
    },
    log::checkpoint::{Checkpoint, LogState},
    statement::{self, CLAIM, policy::Bounds},
};

/// The file's path.
pub const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../vectors/honest.json");

/// The campaign and the charity.
const CAMPAIGN: &str = "wufu-2018";
const CHARITY: &str = "cerf";
/// Epochs last ten minutes. The claim's roots are in force in this one, and the gift's in the next.
const EPOCH: u64 = 2_531_173;
const EPOCH_SECONDS: u64 = 600;
/// When everything expires.
const EXPIRY: u64 = (EPOCH + 10) * EPOCH_SECONDS;

fn main() {
    let text = serde_json::to_string_pretty(&honest(&CircuitName::ALL)).unwrap();
    std::fs::write(FILE, text + "\n").unwrap();
}

/// Builds the file, or its part for some circuits.
pub fn honest(circuits: &[CircuitName]) -> Value {
    let proofs: Vec<Value> = circuits.iter().map(|circuit| prove(*circuit)).collect();
    json!({
        "about": "For each circuit a development key (whoever made it can forge: it is for tests), \
                  a true statement and its proof in an envelope, and the checkpoint notes of its \
                  logs. Made from fixed seeds.",
        "epoch": EPOCH,
        "expiry": EXPIRY,
        "proofs": proofs,
    })
}

/// Makes the proof of a statement.
struct Maker {
    circuit: CircuitName,
    seed: u64,
    make: fn(&Prover, &mut StdRng) -> Answer,
    payload: Option<&'static str>,
}

const MAKERS: [Maker; 3] = [
    Maker { circuit: CircuitName::FiveFu, seed: 1, make: claim, payload: None },
    Maker { circuit: CircuitName::Donation, seed: 2, make: donation, payload: None },
    Maker { circuit: CircuitName::Gift, seed: 3, make: gift, payload: Some("to a friend") },
];

fn prove(circuit: CircuitName) -> Value {
    let maker = MAKERS.iter().find(|maker| maker.circuit == circuit);
    let Maker { seed, make, payload, .. } = maker.expect("a maker of this statement's proof");
    let rng = &mut StdRng::seed_from_u64(*seed);
    let key = setup::development(circuit, rng).unwrap();
    let prover = Prover::new(wufu_arkworks::engine(key));
    let (envelope, notes) = make(&prover, rng);
    json!({
        "circuit": circuit.as_str(),
        "key": hex::encode(prover.verifying_key().encode()),
        "envelope": hex::encode(v1::Envelope::from(&envelope).encode_to_vec()),
        "notes": notes,
        "payload": payload.map(hex::encode),
    })
}

/// An envelope, and the notes of its logs, which a verifier gets from another source.
type Answer = (Envelope, Vec<String>);

/// The envelope around a proof of `instance`.
fn envelope<C: Circuit>(
    prover: &Prover,
    rng: &mut StdRng,
    instance: &C,
    checkpoints: Vec<Checkpoint>,
    binding: Binding,
) -> Answer {
    let proven = prover.prove(instance, rng, |_| ()).unwrap();
    let notes = checkpoints.iter().map(|checkpoint| checkpoint.note().into()).collect();
    let epochs = checkpoints.iter().map(|checkpoint| LogEpoch {
        origin: checkpoint.origin().into(),
        epoch: checkpoint.epoch(),
    });
    let (proof, key_id) = (&proven.proof, proven.key_id);
    let envelope = Envelope::new(&proven.statement, proof, key_id, epochs.collect(), binding);
    (envelope.unwrap(), notes)
}

fn claim(prover: &Prover, rng: &mut StdRng) -> Answer {
    let sk = samples::spend_key(rng, CAMPAIGN);
    let pk = sk.public_key();
    let cards = Kind::ALL.map(|kind| Card::issued(kind, CAMPAIGN, rng.r#gen(), element(rng)));
    let leaves = cards.each_ref().map(|card| card.commitment(pk).fr());
    let mut paths = samples::paths::<CARD_DEPTH>(rng, &leaves).into_iter();
    let cards = cards.map(|card| (card, paths.next().unwrap()));
    let person = Person { salt: element(rng) };
    let person_path: Path<PERSON_DEPTH> = samples::paths(rng, &[person.leaf(pk)]).remove(0);
    let org = CAMPAIGN.to_string();
    let binding = ClaimBinding { org, payout: b"alipay:2088".to_vec(), expiry: EXPIRY };
    let ext = ext(prover.verifying_key(), CAMPAIGN.as_bytes(), &binding.payout);
    let roots = (cards[0].1.top(), person_path.top());
    let scope = statement::scope(CAMPAIGN.as_bytes(), CLAIM);
    let witness = FiveFuWitness::new(&sk, cards, (person, person_path), scope, ext);
    let notes = vec![
        checkpoint(CAMPAIGN, "cards", EPOCH, 1_250_000, roots.0),
        checkpoint(CAMPAIGN, "persons", EPOCH, 250_000, roots.1),
    ];
    envelope(prover, rng, &witness.into_instance(), notes, Binding::Claim(binding))
}

fn donation(prover: &Prover, rng: &mut StdRng) -> Answer {
    let sk = samples::spend_key(rng, CHARITY);
    let ownership = Ownership::new(b"2018-000747000", element(rng));
    let project = |institution, project| ProjectKey::new(institution, project).unwrap();
    let record = Record {
        project: project(37, 304),
        amount: Amount::new(46_700).unwrap(),
        time: Time::new(1_517_000_000).unwrap(),
        own: ownership.own(sk.public_key()),
    };
    let path: Path<DONATION_DEPTH> = samples::paths(rng, &[record.leaf()]).remove(0);
    let policy = Policy {
        projects: ProjectSet::new([project(1, 1), project(37, 304), project(2, 9)]).unwrap(),
        amount: Bounds::amounts(Amount::new(10_000).unwrap(), Amount::MAX).unwrap(),
        time: Bounds::times(Time::new(1_500_000_000).unwrap(), Time::MAX).unwrap(),
    };
    let set_path = set_path(&policy.projects, record.project).unwrap();
    let key = prover.verifying_key();
    let question = Question {
        purpose: "tax relief 2018".into(),
        origin: format!("{CHARITY}/donations/1"),
        policy,
        challenge: rng.r#gen(),
        expiry: EXPIRY,
        key_ids: vec![key.id()],
    };
    let request = ProofRequest::sign(&SigningKey::from_bytes(&[7; 32]), question).unwrap();
    let policy = (&request.question().policy, set_path);
    let ext = request.ext(key.id());
    let witness = DonationWitness::new(&sk, (&record, &ownership), path, policy, ext);
    let instance = witness.into_instance(request.scope());
    let note = checkpoint(CHARITY, "donations/1", EPOCH, 747_000, instance.public.root);
    let binding = Binding::Request(Box::new(request));
    envelope(prover, rng, &instance, vec![note], binding)
}

fn gift(prover: &Prover, rng: &mut StdRng) -> Answer {
    let seed = Seed::random(rng);
    let sk = seed.spend_key(CAMPAIGN);
    let friend = samples::spend_key(rng, CAMPAIGN).public_key();
    let card = Card::issued(Kind::Harmony, CAMPAIGN, rng.r#gen(), element(rng));
    let cm = card.commitment(sk.public_key());
    let path: Path<CARD_DEPTH> = samples::paths(rng, &[cm.fr()]).remove(0);
    let ext = ext(prover.verifying_key(), CAMPAIGN.as_bytes(), b"to a friend");
    let rcm_out = seed.gift_rcm(Card::nullifier(&sk, cm), friend);
    let witness = GiftWitness::new(&sk, (&card, path), friend, rcm_out, ext);
    let instance = witness.into_instance();
    let note = checkpoint(CAMPAIGN, "cards", EPOCH + 1, 1_250_001, instance.public.root);
    envelope(prover, rng, &instance, vec![note], Binding::None)
}

fn ext(key: &VerifyingKey, verifier: &[u8], payload: &[u8]) -> Fr {
    let key_id: KeyId = key.id();
    statement::Binding { verifier, payload, expiry: EXPIRY, key_id }.ext()
}

fn checkpoint(org: &str, log: &str, epoch: u64, size: u64, root: Fr) -> Checkpoint {
    let origin = format!("{org}/{log}");
    let state =
        LogState { origin: &origin, size, root: Root(root), epoch, epoch_seconds: EPOCH_SECONDS };
    Checkpoint::sign(org, &SigningKey::from_bytes(&[9; 32]), &state).unwrap()
}

/// Any field element.
fn element(rng: &mut StdRng) -> Fr {
    h2f(Context::Receipt, Writer::new().u64(rng.r#gen()))
}
