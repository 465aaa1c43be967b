//! Messages of the services: converted back and forth, and what is refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use ark_bn254::{G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_ff::{BigInteger, PrimeField, UniformRand};
use ed25519_dalek::SigningKey;
use rand::{Rng, SeedableRng, rngs::StdRng};
use wufu_analysis::samples;
use wufu_circuits::{
    Clause, DonationWitness, Kind, Ownership, Path, Person, Seed, card::Card, tree,
};
use wufu_proto::{
    ConvertError,
    append::{Append, AppendOutcome, CardIssue, DonationEntry},
    claim::{Claim, ClaimOutcome},
    grant::{CardGrant, PersonGrant},
    log::{CheckpointQuery, LedgerInfo, LogInfo, Roof, Shard, ShardContent, ShardQuery},
    prover::{Disclosure, Progress, ProverInfo, ProvingCircuit, ReceivedProof, Stage, Timings},
    shard_path::ShardPath,
    v1,
    witness::{Job, UncheckedWitness},
};
use wufu_verifier::{
    Amount, CircuitName, FiveFu, Fr, KeyId, Nullifier, Policy, ProjectKey, ProjectSet, Proof,
    Record, Scope, Time,
    encoding::field,
    log::{history::Window, signed_note::LogKey},
    statement::policy::Bounds,
};

fn rng() -> StdRng {
    StdRng::seed_from_u64(5)
}

fn proof() -> Proof {
    let (a, b) = (G1Affine::generator(), G2Affine::generator());
    Proof::new(a, b, a).unwrap()
}

/// Converts from domain to wire and back.
fn back<D, M>(value: &D) -> D
where
    M: for<'a> From<&'a D>,
    D: TryFrom<M, Error = ConvertError>,
{
    D::try_from(M::from(value)).unwrap()
}

fn project(project: u32) -> ProjectKey {
    ProjectKey::new(1, project).unwrap()
}

/// A witness for a donation of 500 at time 7 to project 3, with the policy's projects and its
/// largest amount.
fn donation(projects: &[u32], max: u64) -> UncheckedWitness {
    let rng = &mut rng();
    let sk = Seed::from_bytes([1; 32]).spend_key("charity");
    let ownership = Ownership::new(b"receipt", Fr::rand(rng));
    let record = Record {
        project: project(3),
        amount: Amount::new(500).unwrap(),
        time: Time::new(7).unwrap(),
        own: ownership.own(sk.public_key()),
    };
    let policy = Policy {
        projects: ProjectSet::new(projects.iter().map(|p| project(*p))).unwrap(),
        amount: Bounds::amounts(Amount::MIN, Amount::new(max).unwrap()).unwrap(),
        time: Bounds::ANY_TIME,
    };
    let path = samples::paths(rng, &[record.leaf()]).pop().unwrap();
    let member = tree::set_path(&policy.projects, record.project).unwrap_or_default();
    let mut witness =
        DonationWitness::new(&sk, (&record, &ownership), path, (&policy, member), Fr::rand(rng));
    witness.set_root = policy.projects.root();
    UncheckedWitness::Donation(Box::new(witness.into_instance(Scope(Fr::rand(rng)))), policy)
}

fn jobs() -> [Job; 3] {
    let rng = &mut rng();
    let key_id = KeyId(rng.r#gen());
    [
        UncheckedWitness::FiveFu(Box::new(samples::five_fu(rng))),
        donation(&[1, 3, 9], 500),
        UncheckedWitness::Gift(Box::new(samples::gift(rng))),
    ]
    .map(|witnessed| Job { key_id, witnessed })
}

#[test]
fn a_witness_arrives_as_it_was_sent() {
    for job in jobs() {
        assert_eq!(job.witnessed.check(), Ok(()));
        assert_eq!(back::<Job, v1::ProveRequest>(&job), job);
        assert_eq!(back::<Job, v1::ProveStreamRequest>(&job), job);
    }
}

#[test]
fn a_false_donation_arrives_and_its_clause_is_named() {
    for (projects, max, clause) in [(&[1, 9][..], 500, Clause::D6), (&[3][..], 499, Clause::D7)] {
        let witnessed = donation(projects, max);
        let came = back::<UncheckedWitness, v1::Witness>(&witnessed);
        assert_eq!(came, witnessed);
        assert_eq!(came.check().unwrap_err().clause, clause);
    }
}

/// Rows of docs/failures.md: 2, 11.
#[test]
fn witnesses_with_aliases_or_wrong_depths_are_refused() {
    let alias = |bytes: &mut Vec<u8>| {
        let mut big = field::decode("x", bytes).unwrap().into_bigint();
        big.add_with_carry(&Fr::MODULUS);
        *bytes = big.to_bytes_le();
    };
    let refused = |change: &dyn Fn(&mut v1::GiftWitness)| {
        let [_, _, job] = jobs();
        let UncheckedWitness::Gift(instance) = job.witnessed else { panic!() };
        let mut gift = v1::GiftWitness::from(instance.as_ref());
        change(&mut gift);
        let statement = Some(v1::witness::Statement::Gift(gift));
        UncheckedWitness::try_from(v1::Witness { statement }).unwrap_err().to_string()
    };
    let canonical = |name: &str| {
        format!("{name} is not canonical: the 32-byte integer is not below the modulus")
    };
    assert_eq!(refused(&|gift| alias(&mut gift.sk)), canonical("sk"));
    assert_eq!(refused(&|gift| alias(&mut gift.friend_pk)), canonical("friend pk"));
    assert_eq!(refused(&|gift| alias(&mut gift.rcm_out)), canonical("rcm out"));
    assert_eq!(refused(&|gift| alias(&mut gift.ext)), canonical("ext"));
    assert_eq!(refused(&|gift| alias(&mut gift.card.as_mut().unwrap().rho)), canonical("rho"));
    assert_eq!(refused(&|gift| gift.kind = 5), "kind is not 0 to 4");
    assert_eq!(refused(&|gift| gift.card = None), "card is missing");
    for levels in [0, 1, 15, 17] {
        let got = refused(&|gift| {
            let path = gift.card.as_mut().unwrap().path.as_mut().unwrap();
            path.children.resize(levels * 128, 0);
        });
        assert_eq!(got, format!("path is {} bytes, expected 2048", levels * 128));
    }
    let refused = |change: &dyn Fn(&mut v1::DonationWitness)| {
        let [_, job, _] = jobs();
        let UncheckedWitness::Donation(instance, policy) = job.witnessed else { panic!() };
        let mut donation = v1::DonationWitness::from((instance.as_ref(), &policy));
        change(&mut donation);
        let statement = Some(v1::witness::Statement::Donation(donation));
        UncheckedWitness::try_from(v1::Witness { statement }).unwrap_err().to_string()
    };
    // The error names the field and does not show the value.
    assert_eq!(refused(&|d| d.amount = 1 << 48), "amount is not below 2^48");
    assert_eq!(refused(&|d| d.time = 1 << 40), "time is not below 2^40");
    let key = "project key is not institution and project, each from 1";
    assert_eq!(refused(&|d| d.project_key = 5), key);
    let none = UncheckedWitness::try_from(v1::Witness { statement: None }).unwrap_err();
    assert_eq!(none, ConvertError::Missing { field: "statement" });

    let [job, ..] = jobs();
    let UncheckedWitness::FiveFu(instance) = job.witnessed else { panic!() };
    let mut four = v1::FiveFuWitness::from(instance.as_ref());
    four.cards.pop();
    let statement = Some(v1::witness::Statement::FiveFu(four));
    let four = UncheckedWitness::try_from(v1::Witness { statement }).unwrap_err();
    assert_eq!(four.to_string(), "4 cards, expected 5");
}

#[test]
fn answers_of_a_prover() {
    let statement = FiveFu::from_inputs([1u64, 2, 3, 4, 5, 6, 7, 8].map(Fr::from));
    let timings = Timings {
        queued: Duration::from_micros(1),
        witness: Duration::from_micros(2),
        prove: Duration::from_micros(3),
        verify: Duration::from_micros(4),
    };
    let proved =
        ReceivedProof::new(&statement, &proof(), KeyId([1; 32]), Disclosure::Witness, timings);
    assert_eq!(back::<ReceivedProof, v1::ProveResponse>(&proved), proved);
    assert_eq!(proved.statement(), Ok(statement));
    assert_eq!(proved.presented().proof, proof().encode());

    let done = Progress::Done(Box::new(proved.clone()));
    for progress in [Progress::Stage(Stage::Queued), Progress::Stage(Stage::Verifying), done] {
        assert_eq!(back::<Progress, v1::ProveStreamResponse>(&progress), progress);
    }

    let info = ProverInfo {
        version: "0.1.0".into(),
        circuits: vec![ProvingCircuit {
            circuit: CircuitName::Gift,
            circuit_id: CircuitName::Gift.id(),
            key_id: KeyId([2; 32]),
            verifying_key: vec![1, 2, 3],
            rows: 5_900,
            public_inputs: 4,
        }],
        workers: 1,
        queue: 8,
        max_request_bytes: 65_536,
        learned: Disclosure::Witness,
        engine: "ark-groth16".into(),
    };
    assert_eq!(back::<ProverInfo, v1::GetInfoResponse>(&info), info);

    // An answer always says what the prover learned.
    let mut silent = v1::ProveResponse::from(&proved);
    silent.learned = 0;
    let error = ReceivedProof::try_from(silent.clone()).unwrap_err();
    assert_eq!(error.to_string(), "learned is 0, expected 1");
    silent.learned = 2;
    assert_eq!(
        ReceivedProof::try_from(silent).unwrap_err().to_string(),
        "learned is 2, expected 1"
    );
    for (stage, proof, expected) in [
        (0, None, "stage is 0, expected 1 to 5"),
        (6, None, "stage is 6, expected 1 to 5"),
        (5, None, "proof is missing"),
        (3, Some((&proved).into()), "stage with a proof is 3, expected 5"),
    ] {
        let error = Progress::try_from(v1::ProveStreamResponse { stage, proof }).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn answers_of_a_ledger() {
    let key = SigningKey::from_bytes(&[7; 32]).verifying_key();
    let info = LedgerInfo {
        version: "0.1.0".into(),
        org: "cerf".into(),
        log_key: LogKey::new("cerf", key).unwrap(),
        logs: vec![LogInfo { origin: "cerf/donations/1".into(), depth: 14, size: 1_053 }],
        epoch_seconds: 600,
        window: Window(3600),
        currency: Some("USD".into()),
    };
    assert_eq!(back::<LedgerInfo, v1::GetLedgerInfoResponse>(&info), info);
    let refused = |change: fn(&mut v1::GetLedgerInfoResponse)| {
        let mut other = v1::GetLedgerInfoResponse::from(&info);
        change(&mut other);
        LedgerInfo::try_from(other).unwrap_err().to_string()
    };
    let own = "log key is not the org's key, as name+hash+base64";
    assert_eq!(refused(|m| m.org = "serf".into()), own);
    assert_eq!(refused(|m| m.log_key.truncate(20)), own);
    assert_eq!(
        refused(|m| m.currency = "dollar".into()),
        "currency is not three capital letters of ISO 4217"
    );
    assert_eq!(refused(|m| m.logs[0].depth = 17), "depth is 17, expected 9 to 16");
    assert_eq!(refused(|m| m.epoch_seconds = 0), "epoch seconds is 0, expected 1 or more");

    let query = CheckpointQuery { origin: "cerf/donations/1".into(), epoch: Some(3) };
    assert_eq!(back::<CheckpointQuery, v1::GetCheckpointRequest>(&query), query);
    let query = ShardQuery { origin: "cerf/donations/1".into(), epoch: 3, shard: 11 };
    assert_eq!(back::<ShardQuery, v1::GetShardRequest>(&query), query);

    let roof = Roof { note: "note".into(), shard_roots: vec![Fr::from(1u64), Fr::from(2u64)] };
    assert_eq!(back::<Roof, v1::GetRoofResponse>(&roof), roof);
    let cut = v1::GetRoofResponse { note: String::new(), shard_roots: vec![0; 33] };
    assert_eq!(
        Roof::try_from(cut).unwrap_err().to_string(),
        "shard roots is 33 bytes, expected a multiple of 32"
    );

    let record =
        Record { project: project(1), amount: Amount::MAX, time: Time::MAX, own: Fr::from(9u64) };
    let leaves = ShardContent::Leaves(vec![Fr::from(3u64)]);
    for content in [leaves, ShardContent::Records(vec![record, record])] {
        let shard = Shard { shard: 4, content };
        assert_eq!(back::<Shard, v1::GetShardResponse>(&shard), shard);
    }
    assert_eq!(ShardContent::Records(vec![record]).leaves(), [record.leaf()]);
    let large = v1::GetShardResponse {
        shard: 0,
        content: Some(v1::get_shard_response::Content::Leaves(vec![0; 32 * 65_537])),
    };
    assert_eq!(
        Shard::try_from(large).unwrap_err().to_string(),
        "65537 leaves, expected 0 to 65536"
    );
}

#[test]
fn claims() {
    let statement = FiveFu::from_inputs([1u64, 2, 3, 4, 5, 6, 7, 8].map(Fr::from));
    let new =
        |payout: &[u8]| Claim::new(KeyId([1; 32]), statement.clone(), &proof(), payout.to_vec(), 9);
    let claim = new(b"alipay:2088").unwrap();
    assert_eq!(back::<Claim, v1::SubmitClaimRequest>(&claim), claim);
    assert!(new(b"").is_err() && new(&[1; 257]).is_err() && new(&[1; 256]).is_ok());

    let admitted = ClaimOutcome::Admitted { claim: 3, note: "note".into() };
    let spent = ClaimOutcome::Spent {
        nullifier: Nullifier(Fr::from(4u64)),
        earlier: Box::new(claim),
        note: "note".into(),
    };
    for outcome in [admitted, spent] {
        assert_eq!(back::<ClaimOutcome, v1::SubmitClaimResponse>(&outcome), outcome);
    }
    let none = ClaimOutcome::try_from(v1::SubmitClaimResponse { outcome: None });
    assert_eq!(none, Err(ConvertError::Missing { field: "outcome" }));
}

#[test]
fn appends() {
    let address = Seed::from_bytes([2; 32]).address("wufu");
    let append = Append {
        cards: vec![CardIssue { address: address.clone(), kind: Kind::Harmony, serial: Some(0) }],
        persons: vec![address.clone()],
        donations: vec![DonationEntry {
            address,
            receipt: b"1".to_vec(),
            institution: "中国红十字基金会".into(),
            project: "a, b".into(),
            amount: Amount::MIN,
            time: Time::MIN,
        }],
    };
    assert_eq!(back::<Append, v1::AppendRequest>(&append), append);
    let none = Append::try_from(v1::AppendRequest::default()).unwrap_err();
    assert_eq!(none.to_string(), "0 entries, expected 1 to 65536");

    let path = ShardPath::new(5, &Path::default()).unwrap();
    let appended = AppendOutcome {
        cards: vec![CardGrant {
            org: "wufu".into(),
            card: Card::issued(Kind::Harmony, "wufu", 0, Fr::from(1u64)),
            serial: 0,
            path: path.clone(),
            epoch: 1,
        }],
        persons: vec![PersonGrant {
            org: "wufu".into(),
            person: Person { salt: Fr::from(2u64) },
            path,
            epoch: 1,
        }],
        donations: vec![],
    };
    assert_eq!(back::<AppendOutcome, v1::AppendResponse>(&appended), appended);
}
