//! A donation log of a tenth of the real size: 74,700 records, which are counted, and fetched once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

use std::time::Instant;

use crate::common::*;
use wufu_circuits::Seed;
use wufu_proto::v1;
use wufu_wallet::{
    EnvelopeFormat, LogName, Sources, Wallet, envelope,
    plan::count,
    source::{MemoryLedger, RecordedCall},
};

const RECORDS: u64 = 74_700;

fn fetched(ledger: &MemoryLedger, from: usize) -> Vec<u64> {
    let shard = |call: &RecordedCall| match call {
        RecordedCall::Shard(_, _, shard) => Some(*shard),
        _ => None,
    };
    let mut shards: Vec<u64> = ledger.calls()[from..].iter().filter_map(shard).collect();
    shards.sort_unstable();
    shards
}

#[tokio::test]
async fn a_full_shard_is_fetched_and_hashed_once() {
    let base = tempfile::tempdir().unwrap();
    let folder = base.path().join("wallet");
    let ledger = MemoryLedger::new(CHARITY, [1; 32]);
    let log = LogName::donations(CHARITY, 1);
    let sources = Sources::one(ledger.clone());
    let wallet = Wallet::restore(&folder, Seed::from_bytes([3; 32])).unwrap();
    wallet.pin_log_key(&ledger.log_key()).unwrap();
    // The wallet's own donation is in the first shard, and its receipt is older than the end of
    // that shard.
    charity(&wallet, &ledger, 10, &[500]);
    ledger.append_records(&log, &others(RECORDS - 11));
    ledger.seal(6);

    let mut wallet = wallet;
    for (round, expected) in [vec![0, 1], vec![1], vec![1], vec![0, 1]].into_iter().enumerate() {
        match round {
            // Again in one process, then in another, then with a damaged file.
            0 | 1 => {}
            2 => {
                drop(wallet);
                wallet = Wallet::open(&folder).unwrap();
            }
            _ => {
                drop(wallet);
                let kept = std::fs::read_dir(folder.join("shards")).unwrap().next().unwrap();
                let file = kept.unwrap().path().join("0");
                let mut bytes = std::fs::read(&file).unwrap();
                bytes[8] ^= 1;
                std::fs::write(&file, bytes).unwrap();
                wallet = Wallet::open(&folder).unwrap();
            }
        }
        let before = ledger.calls().len();
        let began = Instant::now();
        let view = wallet.donation_log(&sources, &log, NOW).await.unwrap();
        let looked = began.elapsed();
        assert_eq!(fetched(&ledger, before), expected, "round {round}");
        let began = Instant::now();
        assert_eq!(count(&view, &any()), RECORDS);
        eprintln!(
            "{RECORDS} records: fetched and checked in {looked:?}, counted in {:?}",
            began.elapsed()
        );
        assert_eq!(view.records().count() as u64, RECORDS);
        let policy = amounts(100, 50_000);
        let naive = view.records().filter(|record| policy.admits(record)).count();
        assert_eq!(count(&view, &policy), naive as u64);
        assert_eq!(count(&view, &amounts(500, 500)), 2);
    }
    // The wallet has every record, so the missed path came back without a look-up.
    let status = wallet.sync(&sources, CHARITY, NOW).await.unwrap();
    assert_eq!((status[0].ready, status[0].away.len(), status[0].size), (1, 0, RECORDS));
}

#[tokio::test]
async fn grants_are_read_from_files_of_either_format() {
    let ledger = MemoryLedger::new(CAMPAIGN, [1; 32]);
    let wallet = wallet(3, &ledger);
    let address = wallet.address(CAMPAIGN);
    let card = ledger.issue(&address, wufu_circuits::Kind::Harmony);
    let person = ledger.register(&address);
    let receipt = MemoryLedger::new(CHARITY, [2; 32]);
    let donation = receipt.donate(
        &wallet.address(CHARITY),
        (project(1), wufu_verifier::Amount::MIN, wufu_verifier::Time::MIN),
    );
    ledger.seal(1);
    receipt.seal(1);
    let card = v1::CardGrant::from(&ledger.sealed_card(card));
    let person = v1::PersonGrant::from(&ledger.sealed_person(person));
    let donation = v1::DonationReceipt::from(&receipt.sealed_donation(donation));
    let all = v1::AppendResponse {
        cards: vec![card.clone()],
        persons: vec![person.clone()],
        donations: vec![donation.clone()],
    };
    for format in [EnvelopeFormat::Protobuf, EnvelopeFormat::Json] {
        let wallet = crate::common::wallet(3, &ledger);
        let singles = [
            envelope::encode(&card, format).unwrap(),
            envelope::encode(&person, format).unwrap(),
            envelope::encode(&donation, format).unwrap(),
        ];
        for bytes in &singles {
            let received = wallet.receive(bytes).unwrap();
            assert!(matches!(received[..], [Ok(_)]), "{received:?}");
        }
        assert_eq!(wallet.cards().unwrap().len(), 1);
        assert_eq!(wallet.persons().unwrap().len(), 1);
        assert_eq!(wallet.donations().unwrap().len(), 1);
        // By now, all of it is in memory.
        let again = wallet.receive(&envelope::encode(&all, format).unwrap()).unwrap();
        assert_eq!((again.len(), again.iter().filter(|item| item.is_ok()).count()), (3, 0));
        let fresh = crate::common::wallet(3, &ledger);
        let all = fresh.receive(&envelope::encode(&all, format).unwrap()).unwrap();
        assert_eq!(all.iter().filter(|item| item.is_ok()).count(), 3);
    }
}

/// Rows of docs/failures.md: 39.
/// `wallet receive` tried four decoders in turn on any input: four million empty grants became 600
/// MB, and an envelope was "no AppendResponse". Now a file says what it is, and anything but a
/// grant is refused by name, before it is decoded.
#[test]
fn a_file_that_is_received_says_what_it_is() {
    let ledger = MemoryLedger::new("wufu", [1; 32]);
    let wallet = crate::common::wallet(3, &ledger);
    let told = |bytes: &[u8]| wallet.receive(bytes).map(drop).unwrap_err().to_string();
    let envelope = v1::Envelope { version: 1, circuit: "gift".into(), ..Default::default() };
    let flood = b"\x0a\x00".repeat(4_000_000);
    let head = format!("wufu-file/1 wufu.v1.AppendResponse {}\n", flood.len());
    let items = vec!["{}"; 4_000_000].join(",");
    let json = format!("{{\"@type\":\"wufu.v1.AppendResponse\",\"cards\":[{items}]}}");
    for (bytes, expected) in [
        (Vec::new(), "the file is empty"),
        (b"{}".to_vec(), "the file does not say what it is"),
        (b"garbage".to_vec(), "the file does not say what it is"),
        (vec![0xff; 40], "the file does not say what it is"),
        (flood.clone(), "the file does not say what it is"),
        (b"\xef\xbb\xbf{}".to_vec(), "a byte-order mark"),
        (
            envelope::encode(&envelope, EnvelopeFormat::Protobuf).unwrap(),
            "this is an envelope, expected",
        ),
        (
            envelope::encode(&envelope, EnvelopeFormat::Json).unwrap(),
            "this is an envelope, expected",
        ),
        ([head.as_bytes(), &flood].concat(), "4000000 entries, expected 1 to 65536"),
        (json.into_bytes(), "more items than any AppendResponse, expected at most 65536"),
    ] {
        let told = told(&bytes);
        assert!(told.contains(expected), "{told}");
    }

    // Of a file that says what it is, no more is read than such a message can be long.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("grant");
    let mut file = std::fs::File::create(&path).unwrap();
    std::io::Write::write_all(&mut file, b"wufu-file/1 wufu.v1.CardGrant 1000000000\n").unwrap();
    file.set_len(1_000_000_000).unwrap();
    let refused = envelope::read_bytes(&path).map(drop).unwrap_err();
    let is_long = matches!(refused, envelope::MessageError::Long { got: 16_385, max: 16_384, .. });
    assert!(is_long, "{refused:?}");
}
