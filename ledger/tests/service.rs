//! The service: a real server on a free port, called over gRPC.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::atomic::Ordering;

use crate::common::{
    NOW, address, cards, donations, ledger, persons,
    served::{bearer, covered, grown, refused, serve, with_token},
};
use tonic::{Code, transport::Channel};
use wufu_circuits::Seed;
use wufu_ledger::{
    Ledger, Log,
    service::{MAX_CHECKPOINTS, MAX_MESSAGE},
};
use wufu_proto::{
    append::{Append, AppendOutcome},
    connection::connect,
    log::{LedgerInfo, Roof, Shard, ShardContent},
    v1,
};
use wufu_verifier::{
    encoding::readable::Utc,
    hash::merkle::{SHARD_DEPTH, empty_root, root, root_from},
};

#[tokio::test]
async fn everybody_gets_consistent_checkpoints_and_shards() {
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

    for (log, size) in [(Log::Cards, 9), (Log::Persons, 3), (Log::DONATIONS, 5)] {
        let checkpoint = covered(&mut client, &ledger, log, size).await;
        let (origin, epoch) = (ledger.origin(log), checkpoint.epoch());
        assert_eq!(epoch, NOW / 600);
        let request = v1::GetRoofRequest { origin: origin.clone(), epoch };
        let roof: Roof = client.get_roof(request).await.unwrap().into_inner().try_into().unwrap();
        assert_eq!(roof.note, checkpoint.note());
        let request = v1::GetShardRequest { origin: origin.clone(), epoch, shard: 0 };
        let shard = client.get_shard(request).await.unwrap().into_inner();
        let shard = Shard::try_from(shard).unwrap();
        assert_eq!(matches!(shard.content, ShardContent::Records(_)), log == Log::DONATIONS);
        let leaves = shard.content.leaves();
        assert_eq!(roof.shard_roots, [root(&leaves, SHARD_DEPTH).unwrap()]);
        let whole =
            root_from(&roof.shard_roots, empty_root(SHARD_DEPTH), log.depth() - SHARD_DEPTH);
        assert_eq!(whole, Some(checkpoint.root().fr()));

        let all = v1::ListCheckpointsRequest { origin: origin.clone(), from_epoch: 0 };
        let all = client.list_checkpoints(all).await.unwrap().into_inner().notes;
        assert_eq!(all, [checkpoint.note()]);
        // What does not exist is refused, and the message says so.
        let ask = v1::GetShardRequest { origin: origin.clone(), epoch, shard: 1 };
        let expected = format!("{origin} has 1 shard at epoch {epoch}, so there is no shard 1");
        assert_eq!(refused(client.get_shard(ask).await), (Code::OutOfRange, expected));
        let ask = v1::GetRoofRequest { origin: origin.clone(), epoch: epoch - 1 };
        let expected = format!("{origin} has no checkpoint at or before epoch {}", epoch - 1);
        assert_eq!(refused(client.get_roof(ask).await), (Code::NotFound, expected));
        let [began, begins] = [epoch, epoch + 1].map(|epoch| Utc(epoch * 600));
        let expected = format!(
            "epoch {} has not begun: it begins at {begins}; the current epoch is {epoch}, which \
             began at {began}",
            epoch + 1
        );
        for future in [epoch + 1, u64::MAX] {
            let ask = v1::GetShardRequest { origin: origin.clone(), epoch: future, shard: 0 };
            let got = refused(client.get_shard(ask).await);
            assert_eq!(got.0, Code::OutOfRange);
            assert!(future == u64::MAX || got.1 == expected, "{got:?}");
        }
    }
    for origin in ["wufu/gold", "other/cards", "wufu/donations/2"] {
        let ask = v1::GetCheckpointRequest { origin: origin.into(), epoch: None };
        let expected = format!("this ledger has no log {origin:?}");
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
async fn only_the_operator_appends_and_gets_grants() {
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

    // The answer comes with the next epoch, when its checkpoints are signed. The leaves are durable
    // at once.
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
    grown(&ledger, Log::DONATIONS, 3, &waiting).await;
    served.clock.fetch_add(600, Ordering::SeqCst);
    let appended = waiting.await.unwrap().unwrap().into_inner();
    let appended = AppendOutcome::try_from(appended).unwrap();
    let epoch = NOW / 600 + 1;
    assert_eq!((appended.cards.len(), appended.persons.len(), appended.donations.len()), (3, 1, 2));
    for (grant, n) in appended.cards.iter().zip(0u64..) {
        let leaf = grant.card.commitment(address(n).pk).fr();
        assert_eq!((grant.epoch, grant.path.index()), (epoch, n + 1));
        assert!(grant.path.path(leaf).root(leaf).is_some());
    }
    // The same, by address.
    let ask = v1::ListGrantsRequest { address: Some((&address(1)).into()) };
    let again = client.list_grants(with_token(&token, ask)).await.unwrap().into_inner();
    let again = AppendOutcome::try_from(again.grants.unwrap()).unwrap();
    assert_eq!(again.cards, [appended.cards[1].clone()]);
    assert_eq!((again.persons, again.donations.len()), (appended.persons, 1));

    // Refusals say what is wrong.
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
        (Code::InvalidArgument, "the address belongs to \"other\", expected \"wufu\"")
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
async fn at_the_end_a_waiting_append_is_told_it_is_durable() {
    let (folder, ledger) = ledger().await;
    let served = serve(&ledger, None).await;
    let mut client = served.client().await;
    // Use up this epoch's checkpoint.
    let token = bearer(&ledger);
    ledger.append(cards(0..1)).await.unwrap();
    ledger.close_epoch(NOW).await.unwrap();
    let request = with_token(&token, v1::AppendRequest::from(&cards(1..2)));
    let waiting = tokio::spawn(async move { client.append(request).await });
    grown(&ledger, Log::Cards, 2, &waiting).await;
    served.end().await;
    let (code, text) = refused(waiting.await.unwrap());
    assert!(code == Code::Unavailable && text.contains("everything was appended"), "{text}");
    drop(ledger);
    let ledger = Ledger::open(folder.path()).await.unwrap();
    assert_eq!(ledger.size(Log::Cards).await.unwrap(), 2);
}

/// Rows of docs/failures.md: 22.
#[tokio::test]
async fn oversized_and_garbage_messages_are_refused_alone() {
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

    // Health and reflection answer as well.
    let channel = Channel::from_shared(format!("http://{}", served.at)).unwrap();
    let channel = connect(channel).await.unwrap();
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

#[tokio::test]
async fn checkpoints_come_in_pages_as_they_are_stored() {
    use sqlx::{ConnectOptions, Connection, Executor, sqlite::SqliteConnectOptions};
    let (folder, ledger) = ledger().await;
    let served = serve(&ledger, None).await;
    let mut client = served.client().await;
    // Notes of epochs 10, 20, …, 6000. The recipient opens them, and not the ledger.
    let file = folder.path().join("ledger.db");
    let mut connection = SqliteConnectOptions::new().filename(file).connect().await.unwrap();
    let insert = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 600) \
         INSERT INTO checkpoints (log, epoch, size, note) \
         SELECT (SELECT log FROM logs WHERE origin = 'wufu/cards'), 10 * n, n, 'note ' || n FROM n";
    assert_eq!(connection.execute(insert).await.unwrap().rows_affected(), 600);
    connection.close().await.unwrap();
    let mut page = async |from_epoch| {
        let ask = v1::ListCheckpointsRequest { origin: "wufu/cards".into(), from_epoch };
        client.list_checkpoints(ask).await.unwrap().into_inner().notes
    };
    let notes = |range: std::ops::RangeInclusive<u64>| {
        range.map(|n| format!("note {n}")).collect::<Vec<_>>()
    };
    assert_eq!(MAX_CHECKPOINTS, 512);
    assert_eq!(page(0).await, notes(1..=512));
    // The checkpoint in force at the epoch after the last one, and the rest. Then nothing new.
    assert_eq!(page(5121).await, notes(512..=600));
    assert_eq!(page(6001).await, notes(600..=600));
    served.end().await;
}
