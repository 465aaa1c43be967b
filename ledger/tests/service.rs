//! The service: a real server on a port of its own, asked over gRPC.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use common::{
    NOW, address, cards, donations,
    forge::{Says, Trapdoor},
    ledger, persons, policy,
};
use prost::Message;
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Code, Request, Status, transport::Channel};
use wufu_circuits::Seed;
use wufu_ledger::{
    Ledger, Log, Owners,
    generate::{Shape, generate},
    import::ImportOptions,
    service::{Clock, MAX_MESSAGE, ServeError, run},
};
use wufu_proto::{
    append::{Append, Appended},
    claim::{Claim, ClaimOutcome},
    log::{LedgerInfo, Roof, Shard, ShardContent},
    v1::{self, ledger_service_client::LedgerServiceClient},
};
use wufu_verifier::{
    VerifyingKey,
    checkpoint::Checkpoint,
    merkle::{SHARD_DEPTH, SHARD_LEAVES, empty_root, root, root_from},
};

type Client = LedgerServiceClient<Channel>;

struct Served {
    at: SocketAddr,
    clock: Arc<AtomicU64>,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<Result<(), ServeError>>,
}

async fn serve(ledger: &Ledger, claims: Option<VerifyingKey>) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let clock = Arc::new(AtomicU64::new(NOW));
    let (stop, stopped) = oneshot::channel();
    let hands: Clock = {
        let clock = clock.clone();
        Arc::new(move || clock.load(Ordering::SeqCst))
    };
    let (ledger, incoming) = (ledger.clone(), TcpListenerStream::new(listener));
    let ended = tokio::spawn(async move {
        run(incoming, ledger, claims, hands, async {
            let _ = stopped.await;
        })
        .await
    });
    Served { at, clock, stop, ended }
}

impl Served {
    async fn client(&self) -> Client {
        let client = LedgerServiceClient::connect(format!("http://{}", self.at)).await.unwrap();
        client.max_decoding_message_size(MAX_MESSAGE).max_encoding_message_size(2 * MAX_MESSAGE)
    }

    async fn end(self) {
        self.stop.send(()).unwrap();
        self.ended.await.unwrap().unwrap();
    }
}

fn with_token<T>(token: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", token.parse().unwrap());
    request
}

fn bearer(ledger: &Ledger) -> String {
    format!("Bearer {}", *ledger.operator_token().to_hex())
}

/// Waits until the newest checkpoint of a log has this size.
async fn covered(client: &mut Client, ledger: &Ledger, log: Log, size: u64) -> Checkpoint {
    for _ in 0..200 {
        let request = v1::GetCheckpointRequest { origin: ledger.origin(log), epoch: None };
        if let Ok(answer) = client.get_checkpoint(request).await {
            let note = answer.into_inner().note;
            let checkpoint = Checkpoint::open(ledger.log_key(), &note).unwrap();
            if checkpoint.size() == size {
                return checkpoint;
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{log:?} never came to {size} leaves")
}

fn refused<T: std::fmt::Debug>(answer: Result<T, Status>) -> (Code, String) {
    let status = answer.unwrap_err();
    (status.code(), status.message().to_owned())
}

#[tokio::test]
async fn everybody_gets_checkpoints_roofs_and_shards_that_fit_together() {
    let (_folder, ledger) = ledger().await;
    for what in [cards(0..9), persons(0..3), donations(0..5)] {
        ledger.append(what).await.unwrap();
    }
    let served = serve(&ledger, None).await;
    let mut client = served.client().await;
    let info = client.get_ledger_info(v1::GetLedgerInfoRequest {}).await.unwrap().into_inner();
    let info = LedgerInfo::try_from(info).unwrap();
    assert_eq!((info.org.as_str(), info.epoch_seconds, info.window.0), ("wufu", 600, 3600));
    assert_eq!((&info.log_key, info.currency.as_deref()), (ledger.log_key(), Some("CNY")));
    assert_eq!(info.logs.iter().map(|log| log.size).collect::<Vec<_>>(), [9, 3, 5]);
    assert_eq!(info.logs.iter().map(|log| log.depth).collect::<Vec<_>>(), [16, 15, 14]);

    for (log, size) in [(Log::Cards, 9), (Log::Persons, 3), (Log::Donations, 5)] {
        let checkpoint = covered(&mut client, &ledger, log, size).await;
        let (origin, epoch) = (ledger.origin(log), checkpoint.epoch());
        assert_eq!(epoch, NOW / 600);
        let request = v1::GetRoofRequest { origin: origin.clone(), epoch };
        let roof: Roof = client.get_roof(request).await.unwrap().into_inner().try_into().unwrap();
        assert_eq!(roof.note, checkpoint.note());
        let request = v1::GetShardRequest { origin: origin.clone(), epoch, shard: 0 };
        let shard = client.get_shard(request).await.unwrap().into_inner();
        let shard = Shard::try_from(shard).unwrap();
        assert_eq!(matches!(shard.content, ShardContent::Records(_)), log == Log::Donations);
        let leaves = shard.content.leaves();
        assert_eq!(roof.shard_roots, [root(&leaves, SHARD_DEPTH).unwrap()]);
        let whole =
            root_from(&roof.shard_roots, empty_root(SHARD_DEPTH), log.depth() - SHARD_DEPTH);
        assert_eq!(whole, Some(checkpoint.root()));

        let all = v1::ListCheckpointsRequest { origin: origin.clone(), from_epoch: 0 };
        let all = client.list_checkpoints(all).await.unwrap().into_inner().notes;
        assert_eq!(all, [checkpoint.note()]);
        // What is not there is refused, and says so.
        let ask = v1::GetShardRequest { origin: origin.clone(), epoch, shard: 1 };
        let expected = format!("{origin} has 1 shards at epoch {epoch}, so none is number 1");
        assert_eq!(refused(client.get_shard(ask).await), (Code::OutOfRange, expected));
        let ask = v1::GetRoofRequest { origin: origin.clone(), epoch: epoch - 1 };
        let expected = format!("{origin} has no checkpoint at or before epoch {}", epoch - 1);
        assert_eq!(refused(client.get_roof(ask).await), (Code::NotFound, expected));
        let expected = format!("epoch {} has not begun: it is epoch {epoch} now", epoch + 1);
        for future in [epoch + 1, u64::MAX] {
            let ask = v1::GetShardRequest { origin: origin.clone(), epoch: future, shard: 0 };
            let got = refused(client.get_shard(ask).await);
            assert_eq!(got.0, Code::OutOfRange);
            assert!(future == u64::MAX || got.1 == expected, "{got:?}");
        }
    }
    for origin in ["wufu/gold", "other/cards", "wufu/donations/2"] {
        let ask = v1::GetCheckpointRequest { origin: origin.into(), epoch: None };
        let expected = format!("{origin:?} is no log of this ledger");
        assert_eq!(refused(client.get_checkpoint(ask).await), (Code::NotFound, expected));
    }
    for origin in ["", "wufu", "a b/cards"] {
        let ask = v1::GetRoofRequest { origin: origin.into(), epoch: 0 };
        let (code, text) = refused(client.get_roof(ask).await);
        assert!(code == Code::InvalidArgument && text.starts_with("origin "), "{text}");
    }
    let note = client.get_projects(v1::GetProjectsRequest {}).await.unwrap().into_inner().note;
    assert!(note.starts_with("wufu/donations/1/projects\ninstitution 1 Foundation\nproject 1 1 "));
    served.end().await;
}

#[tokio::test]
async fn only_the_operator_appends_and_gets_grants_when_the_epoch_ends() {
    let (_folder, ledger) = ledger().await;
    let served = serve(&ledger, None).await;
    let mut client = served.client().await;
    let what = |range| v1::AppendRequest::from(&cards(range));
    let token = bearer(&ledger);
    let almost = format!("{}0", &token[..token.len() - 1]);
    let almost = if almost == token { format!("{}1", &token[..token.len() - 1]) } else { almost };
    for wrong in
        ["Bearer ", "Bearer", "", &token[7..], &token[..70], &almost, &token.to_lowercase()]
    {
        let (code, _) = refused(client.append(with_token(wrong, what(0..1))).await);
        assert_eq!(code, Code::Unauthenticated, "{wrong:?}");
        let ask = v1::ListGrantsRequest { address: Some((&address(0)).into()) };
        let (code, _) = refused(client.list_grants(with_token(wrong, ask)).await);
        assert_eq!(code, Code::Unauthenticated, "{wrong:?}");
    }
    let (code, text) = refused(client.append(what(0..1)).await);
    assert!(code == Code::Unauthenticated && text.starts_with("no operator token"), "{text}");
    assert_eq!(ledger.size(Log::Cards).await.unwrap(), 0);

    // The answer comes with the next epoch, when this one's checkpoints are signed; the leaves are durable at once.
    for first in [cards(90..91), persons(90..91), donations(90..91)] {
        ledger.append(first).await.unwrap();
    }
    ledger.close_epoch(NOW).await.unwrap();
    let mut batch = cards(0..3);
    batch.persons = vec![address(1)];
    batch.donations = donations(1..3).donations;
    let request = with_token(&token, v1::AppendRequest::from(&batch));
    let mut other = client.clone();
    let waiting = tokio::spawn(async move { other.append(request).await });
    while ledger.size(Log::Donations).await.unwrap() < 3 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    served.clock.fetch_add(600, Ordering::SeqCst);
    let appended = waiting.await.unwrap().unwrap().into_inner();
    let appended = Appended::try_from(appended).unwrap();
    let epoch = NOW / 600 + 1;
    assert_eq!((appended.cards.len(), appended.persons.len(), appended.donations.len()), (3, 1, 2));
    for (grant, n) in appended.cards.iter().zip(0u64..) {
        let leaf = grant.card.commitment(address(n).pk);
        assert_eq!((grant.epoch, grant.path.index()), (epoch, n + 1));
        assert!(grant.path.path(leaf).root(leaf).is_some());
    }
    // The same again, by address.
    let ask = v1::ListGrantsRequest { address: Some((&address(1)).into()) };
    let again = client.list_grants(with_token(&token, ask)).await.unwrap().into_inner();
    let again = Appended::try_from(again.grants.unwrap()).unwrap();
    assert_eq!(again.cards, [appended.cards[1].clone()]);
    assert_eq!((again.persons, again.donations.len()), (appended.persons, 1));

    // Refusals name what is wrong.
    let refuse = async |what: v1::AppendRequest| {
        refused(client.clone().append(with_token(&token, what)).await)
    };
    let twice = refuse((&donations(2..4)).into()).await;
    assert_eq!(twice, (Code::AlreadyExists, "receipt \"r2\" was imported already".into()));
    let mut bad = what(0..1);
    bad.cards[0].kind = 5;
    assert_eq!(refuse(bad).await, (Code::InvalidArgument, "kind is 5, expected 0 to 4".into()));
    let mut bad = what(0..1);
    bad.cards[0].address.as_mut().unwrap().pk.pop();
    assert_eq!(refuse(bad).await, (Code::InvalidArgument, "pk is 31 bytes, expected 32".into()));
    let mut bad = what(0..1);
    bad.cards[0].address = None;
    assert_eq!(refuse(bad).await, (Code::InvalidArgument, "address is missing".into()));
    let foreign =
        Append { persons: vec![Seed::from_bytes([1; 32]).address("other")], ..Append::default() };
    let (code, text) = refuse((&foreign).into()).await;
    assert_eq!(
        (code, text.as_str()),
        (Code::InvalidArgument, "address is of \"other\", expected \"wufu\"")
    );
    let mut many = what(0..1);
    many.cards = vec![many.cards[0].clone(); 8193];
    assert_eq!(
        refuse(many).await,
        (Code::InvalidArgument, "8193 entries, expected at most 8192".into())
    );
    let (code, text) = refuse(v1::AppendRequest::default()).await;
    assert!(code == Code::InvalidArgument && text.contains("entries"), "{text}");
    assert_eq!(ledger.size(Log::Cards).await.unwrap(), 4);
    served.end().await;
}

#[tokio::test]
async fn an_append_that_waits_is_told_that_it_is_durable_when_the_service_ends() {
    let (folder, ledger) = ledger().await;
    let served = serve(&ledger, None).await;
    let mut client = served.client().await;
    // Use up this epoch's checkpoint.
    let token = bearer(&ledger);
    ledger.append(cards(0..1)).await.unwrap();
    ledger.close_epoch(NOW).await.unwrap();
    let request = with_token(&token, v1::AppendRequest::from(&cards(1..2)));
    let waiting = tokio::spawn(async move { client.append(request).await });
    while ledger.size(Log::Cards).await.unwrap() < 2 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    served.end().await;
    let (code, text) = refused(waiting.await.unwrap());
    assert!(code == Code::Unavailable && text.contains("everything was appended"), "{text}");
    drop(ledger);
    let ledger = Ledger::open(folder.path()).await.unwrap();
    assert_eq!(ledger.size(Log::Cards).await.unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn f17_claims_of_many_clients_at_once_are_each_answered_with_their_own() {
    let (_folder, ledger) = ledger().await;
    ledger.append(cards(0..5)).await.unwrap();
    ledger.append(persons(0..5)).await.unwrap();
    let [cards, persons] = ledger.close_epoch(NOW).await.unwrap().signed.try_into().unwrap();
    let trapdoor = Arc::new(Trapdoor::new(1));
    let served = serve(&ledger, Some(trapdoor.key.clone())).await;
    let tasks: Vec<_> = (0..100u64)
        .map(|n| {
            let (trapdoor, cards, persons) = (trapdoor.clone(), cards.clone(), persons.clone());
            let at = served.at;
            let key = ledger.log_key().clone();
            tokio::spawn(async move {
                let payout = format!("payee {n}");
                let nullifiers = [0, 1, 2, 3, 4, 5].map(|k| 10 * n + k + 1);
                let (org, payout, expiry) = ("wufu", payout.as_bytes(), NOW + 60);
                let (cards, persons) = (&cards, &persons);
                let says = Says { org, cards, persons, nullifiers, payout, expiry };
                let claim = trapdoor.claim(&says, n);
                let mut client =
                    LedgerServiceClient::connect(format!("http://{at}")).await.unwrap();
                let submit = async |client: &mut Client, claim: &Claim| {
                    let answer = client.submit_claim(v1::SubmitClaimRequest::from(claim)).await;
                    ClaimOutcome::try_from(answer.unwrap().into_inner()).unwrap()
                };
                let ClaimOutcome::Admitted { claim: number, note } =
                    submit(&mut client, &claim).await
                else {
                    panic!("{n} was not admitted")
                };
                let hex: String = payout.iter().map(|byte| format!("{byte:02x}")).collect();
                let text = key.open(&note).unwrap();
                assert!(text.starts_with(&format!("wufu/claims\nclaim {number}\n")), "{text}");
                assert!(text.contains(&format!("\npayout {hex}\n")), "{text}");
                // Again, with another proof: what came before.
                let again = trapdoor.claim(&says, 1000 + n);
                let ClaimOutcome::Spent { earlier, .. } = submit(&mut client, &again).await else {
                    panic!("{n} was admitted twice")
                };
                assert_eq!(*earlier, claim);
                number
            })
        })
        .collect();
    let mut numbers = Vec::new();
    for task in tasks {
        numbers.push(task.await.unwrap());
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=100).collect::<Vec<_>>());
    served.end().await;
}

#[tokio::test]
async fn a_claim_that_is_no_good_is_refused_with_the_field_and_nothing_is_charged() {
    let (_folder, ledger) = ledger().await;
    ledger.append(cards(0..5)).await.unwrap();
    ledger.append(persons(0..5)).await.unwrap();
    let [cards, persons] = ledger.close_epoch(NOW).await.unwrap().signed.try_into().unwrap();
    let trapdoor = Trapdoor::new(1);
    let served = serve(&ledger, Some(trapdoor.key.clone())).await;
    let mut client = served.client().await;
    let (nullifiers, payout, expiry) = ([1, 2, 3, 4, 5, 6], b"payee".as_slice(), NOW + 60);
    let (cards, persons) = (&cards, &persons);
    let says = Says { org: "wufu", cards, persons, nullifiers, payout, expiry };
    let good = v1::SubmitClaimRequest::from(&trapdoor.claim(&says, 1));
    let mut cases = Vec::new();
    let mut case = |expected: &'static str, change: &dyn Fn(&mut v1::SubmitClaimRequest)| {
        let mut request = good.clone();
        change(&mut request);
        cases.push((expected, request));
    };
    case("key id is 31 bytes, expected 32", &|r| r.key_id.truncate(31));
    case("proof is under key", &|r| r.key_id[0] ^= 1);
    case("public inputs of five-fu are 255 bytes, expected 256 (8 of 32)", &|r| {
        r.public_inputs.truncate(255)
    });
    case("public input nf_p is not canonical", &|r| r.public_inputs[32..64].fill(0xff));
    case("proof is 129 bytes, expected 128", &|r| r.proof.push(0));
    case("proof's A is not the canonical encoding", &|r| r.proof[..32].fill(0xff));
    case("payout is 0 bytes, expected 1 to 256", &|r| r.payout.clear());
    case("payout is 257 bytes, expected 1 to 256", &|r| r.payout = vec![0; 257]);
    case("public input ext is not what was asked for", &|r| r.payout = b"mallory".into());
    case("public input ext is not what was asked for", &|r| r.expiry += 1);
    case("the proof does not prove the statement", &|r| r.public_inputs[64] ^= 1);
    case("root is of no epoch that this verifier knows", &|r| r.public_inputs[0] ^= 1);
    for (expected, request) in cases {
        let (code, text) = refused(client.submit_claim(request).await);
        let known = matches!(code, Code::InvalidArgument | Code::FailedPrecondition);
        assert!(known && text.contains(expected), "{code:?} {text}, expected {expected}");
    }
    served.clock.fetch_add(60, Ordering::SeqCst);
    let (code, text) = refused(client.submit_claim(good.clone()).await);
    assert!(code == Code::FailedPrecondition && text.contains("it ended at"), "{text}");
    served.clock.fetch_sub(1, Ordering::SeqCst);
    let answer = client.submit_claim(good).await.unwrap().into_inner();
    assert!(matches!(ClaimOutcome::try_from(answer), Ok(ClaimOutcome::Admitted { claim: 1, .. })));
    served.end().await;

    let served = serve(&ledger, None).await;
    let mut client = served.client().await;
    let (code, text) = refused(client.submit_claim(v1::SubmitClaimRequest::default()).await);
    assert_eq!((code, text.as_str()), (Code::FailedPrecondition, "this ledger takes no claims"));
    served.end().await;
}

#[tokio::test]
async fn a_development_key_takes_no_claims_in_production() {
    let folder = TempDir::new().unwrap();
    let mut policy = policy();
    policy.production = true;
    let ledger = Ledger::create(folder.path(), &policy).await.unwrap();
    let served = serve(&ledger, Some(Trapdoor::new(1).key)).await;
    let ended = served.ended.await.unwrap();
    assert!(matches!(ended, Err(ServeError::Development)), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn f25_f31_a_shard_comes_whole_and_once_full_never_changes() {
    let (_folder, ledger) = ledger().await;
    let import = async |seed, transfers| {
        let shape = Shape { transfers, total: 40_000_000, ..Shape::FULL };
        let mut rows = wufu_ledger::import::Rows::from(generate(seed, &shape).unwrap());
        rows.donations.rename_receipts(&format!("{seed}-"));
        let owners = Owners::Development { seed: "trial".into(), org: "wufu".into() };
        ledger.import(rows, ImportOptions { owners, skip_bad: false }, |_| ()).await.unwrap()
    };
    let first = import(1, 65_600).await;
    let served = serve(&ledger, None).await;
    let mut client = served.client().await;
    let origin = ledger.origin(Log::Donations);
    let checkpoint = covered(&mut client, &ledger, Log::Donations, first.leaves).await;
    let epoch = checkpoint.epoch();
    let roof = async |epoch| {
        let request = v1::GetRoofRequest { origin: origin.clone(), epoch };
        Roof::try_from(served.client().await.get_roof(request).await.unwrap().into_inner()).unwrap()
    };
    // Whoever wants any leaf of the shard sends these bytes, and gets these.
    let shard = async |epoch, place: u64| {
        let shard = place / SHARD_LEAVES as u64;
        let request = v1::GetShardRequest { origin: origin.clone(), epoch, shard };
        let sent = request.encode_to_vec();
        let got = served.client().await.get_shard(request).await.unwrap().into_inner();
        (sent, got)
    };
    let of_first = shard(epoch, 0).await;
    for place in [1, 4096, 65_535] {
        assert_eq!(shard(epoch, place).await, of_first);
    }
    assert_eq!(of_first.1.encoded_len(), 65_536 * 56 + 5);
    let open = Shard::try_from(shard(epoch, 65_536).await.1).unwrap();
    assert_eq!(open.content.leaves().len(), 64);
    let before = roof(epoch).await;
    assert_eq!(before.shard_roots.len(), 2);
    let leaves = Shard::try_from(of_first.1.clone()).unwrap().content.leaves();
    assert_eq!(root(&leaves, SHARD_DEPTH), Some(before.shard_roots[0]));

    // Later appends change neither the full shard nor what was in force before.
    import(2, 400).await;
    served.clock.fetch_add(600, Ordering::SeqCst);
    let later = covered(&mut client, &ledger, Log::Donations, 66_000).await;
    let after = roof(later.epoch()).await;
    assert_eq!(after.shard_roots[0], before.shard_roots[0]);
    assert_ne!(after.shard_roots[1], before.shard_roots[1]);
    assert_eq!(shard(later.epoch(), 7).await.1, of_first.1);
    assert_eq!(roof(epoch).await, before);
    assert_eq!(Shard::try_from(shard(epoch, 65_536).await.1).unwrap(), open);

    // A receipt of the full shard and one of the open shard lead to the newest root.
    for receipt in ["1-T00000001", "1-T00065536", "1-T00065537", "2-T00000400"] {
        let receipt = ledger.donation_receipt(receipt.as_bytes()).await.unwrap();
        let owner = Seed::dev_owner("trial", &receipt.receipt);
        let leaf = receipt.record(owner.spend_key("wufu").public_key()).leaf();
        let top = receipt.path.path(leaf).root(leaf).unwrap();
        assert_eq!(top, after.shard_roots[receipt.path.shard() as usize]);
    }
    served.end().await;
}

#[test]
fn f25_what_anybody_may_ask_names_no_leaf() {
    let files = prost_types::FileDescriptorSet::decode(wufu_proto::DESCRIPTORS).unwrap();
    let ledger = files.file.iter().find(|file| file.name() == "wufu/v1/ledger.proto").unwrap();
    let message = |name: &str| {
        let short = name.rsplit('.').next().unwrap();
        ledger.message_type.iter().find(|message| message.name() == short).unwrap()
    };
    for method in &ledger.service[0].method {
        // The operator's own, and the claim.
        if matches!(method.name(), "Append" | "ListGrants" | "SubmitClaim") {
            continue;
        }
        for field in &message(method.input_type()).field {
            let harmless = ["origin", "epoch", "from_epoch", "shard"].contains(&field.name());
            assert!(harmless, "{} asks for {}", method.name(), field.name());
        }
    }
}

#[tokio::test]
async fn f22_oversized_and_garbage_messages_are_refused_and_others_are_served() {
    use tokio::io::AsyncWriteExt;
    let (_folder, ledger) = ledger().await;
    let served = serve(&ledger, None).await;
    let mut client = served.client().await;
    let mut large = donations(0..1);
    large.donations[0].receipt = vec![b'r'; MAX_MESSAGE + 1];
    let large = with_token(&bearer(&ledger), v1::AppendRequest::from(&large));
    let (code, text) = refused(client.append(large).await);
    assert!(matches!(code, Code::OutOfRange | Code::ResourceExhausted), "{code:?} {text}");
    let large = v1::SubmitClaimRequest { payout: vec![0; MAX_MESSAGE], ..Default::default() };
    let (code, text) = refused(client.submit_claim(large).await);
    assert!(matches!(code, Code::OutOfRange | Code::ResourceExhausted), "{code:?} {text}");
    for garbage in [
        b"GET / HTTP/1.1\r\n\r\n".as_slice(),
        &[0xff; 4096],
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00",
    ] {
        let mut raw = tokio::net::TcpStream::connect(served.at).await.unwrap();
        raw.write_all(garbage).await.unwrap();
        drop(raw);
    }
    let mut client = served.client().await;
    assert!(client.get_ledger_info(v1::GetLedgerInfoRequest {}).await.is_ok());

    // Health and reflection answer, too.
    let channel = Channel::from_shared(format!("http://{}", served.at)).unwrap();
    let channel = channel.connect().await.unwrap();
    use tonic_health::pb::{
        HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
    };
    let ask = HealthCheckRequest { service: "wufu.v1.LedgerService".into() };
    let health = HealthClient::new(channel.clone()).check(ask).await.unwrap().into_inner();
    assert_eq!(health.status(), ServingStatus::Serving);
    use tonic_reflection::pb::v1::{
        ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
        server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
    };
    let ask = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut answers = ServerReflectionClient::new(channel)
        .server_reflection_info(tokio_stream::once(ask))
        .await
        .unwrap()
        .into_inner();
    let answer = answers.message().await.unwrap().unwrap().message_response;
    let Some(MessageResponse::ListServicesResponse(list)) = answer else { panic!("no list") };
    assert!(list.service.iter().any(|service| service.name == "wufu.v1.LedgerService"));
    served.end().await;
}
