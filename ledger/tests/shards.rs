//! Shards: they are served whole, are the same for every leaf in them, and are final when they are
//! full.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::atomic::Ordering;

use crate::common::{
    ledger,
    served::{covered, serve},
};
use prost::Message;
use wufu_circuits::Seed;
use wufu_ledger::{
    Log, Owners,
    generate::{LogShape, generate},
    import::{ImportOptions, Rows},
};
use wufu_proto::{
    log::{Roof, Shard},
    v1,
};
use wufu_verifier::hash::merkle::{SHARD_DEPTH, SHARD_LEAVES, root};

/// Rows of docs/failures.md: 25, 31.
#[tokio::test(flavor = "multi_thread")]
async fn a_shard_comes_whole_and_once_full_never_changes() {
    let (_folder, ledger) = ledger().await;
    let import = async |seed, transfers| {
        let shape = LogShape { transfers, total: 40_000_000, ..LogShape::FULL };
        let mut rows = Rows::from(generate(seed, &shape).unwrap());
        rows.donations.rename_receipts(&format!("{seed}-"));
        let owners = Owners::Development { seed: "trial".into(), org: "wufu".into() };
        ledger.import(rows, ImportOptions { owners, skip_bad: false }, |_| ()).await.unwrap()
    };
    let first = import(1, 65_600).await;
    let served = serve(&ledger, None).await;
    let mut client = served.client().await;
    let origin = ledger.origin(Log::DONATIONS);
    let checkpoint = covered(&mut client, &ledger, Log::DONATIONS, first.leaves).await;
    let epoch = checkpoint.epoch();
    let roof = async |epoch| {
        let request = v1::GetRoofRequest { origin: origin.clone(), epoch };
        Roof::try_from(served.client().await.get_roof(request).await.unwrap().into_inner()).unwrap()
    };
    // Whichever leaf of the shard a client needs, it sends these bytes and gets these.
    let shard = async |epoch, leaf_index: u64| {
        let shard = leaf_index / SHARD_LEAVES as u64;
        let request = v1::GetShardRequest { origin: origin.clone(), epoch, shard };
        let sent = request.encode_to_vec();
        let got = served.client().await.get_shard(request).await.unwrap().into_inner();
        (sent, got)
    };
    let of_first = shard(epoch, 0).await;
    for leaf_index in [1, 4096, 65_535] {
        assert_eq!(shard(epoch, leaf_index).await, of_first);
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
    let later = covered(&mut client, &ledger, Log::DONATIONS, 66_000).await;
    let after = roof(later.epoch()).await;
    assert_eq!(after.shard_roots[0], before.shard_roots[0]);
    assert_ne!(after.shard_roots[1], before.shard_roots[1]);
    assert_eq!(shard(later.epoch(), 7).await.1, of_first.1);
    assert_eq!(roof(epoch).await, before);
    assert_eq!(Shard::try_from(shard(epoch, 65_536).await.1).unwrap(), open);

    // A receipt from the full shard and one from the open shard both lead to the newest root.
    for receipt in ["1-T00000001", "1-T00065536", "1-T00065537", "2-T00000400"] {
        let receipt = ledger.donation_receipt(receipt.as_bytes()).await.unwrap();
        let owner = Seed::dev_owner("trial", &receipt.receipt);
        let leaf = receipt.record(owner.spend_key("wufu").public_key()).leaf();
        let top = receipt.path.path(leaf).root(leaf).unwrap();
        assert_eq!(top, after.shard_roots[receipt.path.shard() as usize]);
    }
    served.end().await;
}

/// Rows of docs/failures.md: 25.
#[test]
fn what_anybody_may_ask_names_no_leaf() {
    let files = prost_types::FileDescriptorSet::decode(wufu_proto::DESCRIPTORS).unwrap();
    let ledger = files.file.iter().find(|file| file.name() == "wufu/v1/ledger.proto").unwrap();
    let message = |name: &str| {
        let short = name.rsplit('.').next().unwrap();
        ledger.message_type.iter().find(|message| message.name() == short).unwrap()
    };
    for method in &ledger.service[0].method {
        // These are the operator's calls, and the claim.
        if matches!(method.name(), "Append" | "ListGrants" | "SubmitClaim") {
            continue;
        }
        for field in &message(method.input_type()).field {
            let harmless = ["origin", "epoch", "from_epoch", "shard"].contains(&field.name());
            assert!(harmless, "{} asks for {}", method.name(), field.name());
        }
    }
}
