//! Grants and gifts: what is handed to people.

use serde_json::Value;
use wufu_circuits::{Card, Kind, Path, Person, address::Address};
use wufu_proto::{
    grant::{CardGift, CardGrant, DonationReceipt, PersonGrant},
    shard_path::ShardPath,
    v1,
    voucher::Voucher,
};
use wufu_verifier::{
    Amount, Fr, Nullifier, ProjectKey, PublicKey, Time, hash::merkle::SHARD_DEPTH,
};

use super::{Cases, TEXT, alias, bytes, fr, length, modulus, not_canonical};

pub fn address() -> Value {
    let address = Address { org: "wufu-2018".into(), pk: PublicKey(fr(1)), ek: bytes(2) };
    let good = v1::Address::from(&address);
    let change = |f: fn(&mut v1::Address)| {
        let mut other = good.clone();
        f(&mut other);
        other
    };
    let mut cases = Cases::new(&good);
    cases
        .accept("a Chinese name", &change(|m| m.org = "五福".into()))
        .refuse("pk + r", &change(|m| m.pk = alias(&m.pk)), &not_canonical("pk"))
        .refuse("pk = r", &change(|m| m.pk = modulus()), &not_canonical("pk"))
        .refuse("pk of 31 bytes", &change(|m| m.pk.truncate(31)), &length("pk", 31, "32"))
        .refuse("pk of 33 bytes", &change(|m| m.pk.push(0)), &length("pk", 33, "32"))
        .refuse("no ek", &change(|m| m.ek.clear()), &length("ek", 0, "32"))
        .refuse("no org", &change(|m| m.org.clear()), &length("org", 0, "1 to 256"))
        .refuse("a long org", &change(|m| m.org = "a".repeat(257)), &length("org", 257, "1 to 256"))
        .refuse("a space in org", &change(|m| m.org = "wu fu".into()), TEXT)
        .refuse("a line in org", &change(|m| m.org = "wufu\n".into()), TEXT)
        .refuse_bytes("nothing", &[], &length("org", 0, "1 to 256"))
        .accept("an org of two scripts", &change(|m| m.org = "五福-Café".into()))
        .refuse(
            "U+200B in org",
            &change(|m| m.org = "wu\u{200b}fu".into()),
            "org holds U+200B at character 3, an invisible or formatting character",
        )
        .refuse(
            "U+202E in org",
            &change(|m| m.org = "wufu\u{202e}".into()),
            "org holds U+202E at character 5, which changes the direction of text",
        )
        .refuse(
            "an org in normal form NFD",
            &change(|m| m.org = "cafe\u{301}".into()),
            "org is not in Unicode normal form NFC at character 4 (U+0065)",
        );
    cases.finish()
}

pub fn card_grant() -> Value {
    let grant = CardGrant {
        org: "wufu-2018".into(),
        card: Card::issued(Kind::Dedication, "wufu-2018", 7, fr(3)),
        serial: 7,
        path: shard_path(70_001),
        epoch: 2_530_000,
    };
    let good = v1::CardGrant::from(&grant);
    let change = |f: fn(&mut v1::CardGrant)| {
        let mut other = good.clone();
        f(&mut other);
        other
    };
    let path = |f: fn(&mut v1::ShardPath)| {
        let mut other = good.clone();
        f(other.path.as_mut().unwrap());
        other
    };
    let mut cases = Cases::new(&good);
    cases
        .accept(
            "kind 0, place 0, epoch 0",
            &change(|m| {
                (m.kind, m.epoch) = (0, 0);
                m.path.as_mut().unwrap().index = 0;
            }),
        )
        .refuse("kind 5", &change(|m| m.kind = 5), "kind is 5, expected 0 to 4")
        .refuse(
            "kind 2^32 - 1",
            &change(|m| m.kind = u32::MAX),
            "kind is 4294967295, expected 0 to 4",
        )
        .refuse("rho + r", &change(|m| m.rho = alias(&m.rho)), &not_canonical("rho"))
        .refuse("rcm + r", &change(|m| m.rcm = alias(&m.rcm)), &not_canonical("rcm"))
        .refuse("no rcm", &change(|m| m.rcm.clear()), "rcm is 0 bytes, expected 32")
        .refuse("no path", &change(|m| m.path = None), "path is missing")
        .refuse(
            "place 2^32",
            &path(|p| p.index = 1 << 32),
            "index is 4294967296, expected below 2^32",
        )
        .refuse(
            "seven levels",
            &path(|p| p.siblings.truncate(672)),
            &length("siblings", 672, "768"),
        )
        .refuse(
            "nine levels",
            &path(|p| p.siblings.resize(864, 0)),
            &length("siblings", 864, "768"),
        )
        .refuse(
            "the last sibling + r",
            &path(|p| {
                let last = alias(&p.siblings[736..]);
                p.siblings[736..].copy_from_slice(&last);
            }),
            &not_canonical("sibling"),
        )
        .refuse("a tab in org", &change(|m| m.org = "a\tb".into()), TEXT);
    cases.finish()
}

pub fn person_grant() -> Value {
    let grant = PersonGrant {
        org: "wufu-2018".into(),
        person: Person { salt: fr(4) },
        path: shard_path(12),
        epoch: 9,
    };
    let good = v1::PersonGrant::from(&grant);
    let change = |f: fn(&mut v1::PersonGrant)| {
        let mut other = good.clone();
        f(&mut other);
        other
    };
    let mut cases = Cases::new(&good);
    cases
        .refuse("salt + r", &change(|m| m.salt = alias(&m.salt)), &not_canonical("salt"))
        .refuse("salt of 31 bytes", &change(|m| m.salt.truncate(31)), &length("salt", 31, "32"))
        .refuse("no path", &change(|m| m.path = None), "path is missing")
        .refuse("no org", &change(|m| m.org.clear()), &length("org", 0, "1 to 256"));
    cases.finish()
}

pub fn donation_receipt() -> Value {
    let receipt = DonationReceipt {
        origin: "cerf/donations/1".into(),
        project: ProjectKey::new(37, 304).unwrap(),
        amount: Amount::new(34_900_000_000).unwrap(),
        time: Time::new(1_518_704_280).unwrap(),
        receipt: b"2018-000747000".to_vec(),
        rcm: fr(5),
        path: shard_path(65_535),
        epoch: 11,
    };
    let good = v1::DonationReceipt::from(&receipt);
    let change = |f: fn(&mut v1::DonationReceipt)| {
        let mut other = good.clone();
        f(&mut other);
        other
    };
    let origin = "origin is not a log's name, org/log";
    let key = "project key is 0x2500000000, expected institution and project from 1";
    let mut cases = Cases::new(&good);
    cases
        .accept("amount 0", &change(|m| m.amount = 0))
        .accept(
            "the largest amount and time",
            &change(|m| {
                (m.amount, m.time) = ((1 << 48) - 1, (1 << 40) - 1);
            }),
        )
        .refuse(
            "amount 2^48",
            &change(|m| m.amount = 1 << 48),
            "amount is 281474976710656 minor units, expected below 2^48",
        )
        .refuse(
            "time 2^40",
            &change(|m| m.time = 1 << 40),
            "time is 1099511627776 seconds, expected below 2^40",
        )
        .refuse("project 0", &change(|m| m.project_key = 37 << 32), key)
        .refuse(
            "institution 0",
            &change(|m| m.project_key = 304),
            "project key is 0x130, expected institution and project from 1",
        )
        .refuse("no receipt", &change(|m| m.receipt.clear()), &length("receipt", 0, "1 to 256"))
        .refuse(
            "a long receipt",
            &change(|m| m.receipt = vec![1; 257]),
            &length("receipt", 257, "1 to 256"),
        )
        .refuse("rcm + r", &change(|m| m.rcm = alias(&m.rcm)), &not_canonical("rcm"))
        .refuse("no log in origin", &change(|m| m.origin = "cerf".into()), origin)
        .refuse("an empty org in origin", &change(|m| m.origin = "/donations/1".into()), origin)
        .accept("a receipt of words", &change(|m| m.receipt = "Ёлка 五福 №1".into()))
        .refuse(
            "a receipt that is not UTF-8",
            &change(|m| m.receipt = vec![0xff]),
            "receipt is not UTF-8, expected the name of a receipt",
        )
        .refuse(
            "U+00AD in a receipt",
            &change(|m| m.receipt = "2018\u{ad}-1".into()),
            "receipt holds U+00AD at character 5, an invisible or formatting character",
        )
        .refuse(
            "a receipt in normal form NFD",
            &change(|m| m.receipt = "cafe\u{301}".into()),
            "receipt is not in Unicode normal form NFC at character 4 (U+0065)",
        )
        .refuse(
            "a receipt with two spaces in a row",
            &change(|m| m.receipt = "2018  1".into()),
            "receipt has a space too many at character 6, expected single spaces between words",
        );
    cases.finish()
}

pub fn gift() -> Value {
    let card = Card::given(Kind::Patriotism, Nullifier(fr(6)), fr(7));
    let good = v1::Gift::from(&CardGift { org: "wufu-2018".into(), card });
    let change = |f: fn(&mut v1::Gift)| {
        let mut other = good.clone();
        f(&mut other);
        other
    };
    let mut cases = Cases::new(&good);
    cases
        .refuse("kind 5", &change(|m| m.kind = 5), "kind is 5, expected 0 to 4")
        .refuse("rho + r", &change(|m| m.rho = alias(&m.rho)), &not_canonical("rho"))
        .refuse("rcm + r", &change(|m| m.rcm = alias(&m.rcm)), &not_canonical("rcm"))
        .refuse("rho of 31 bytes", &change(|m| m.rho.truncate(31)), &length("rho", 31, "32"));
    cases.finish()
}

pub fn voucher() -> Value {
    let good = v1::Voucher::from(&Voucher {
        org: "wufu-2018".into(),
        code: bytes(8),
        expiry: 1_518_704_280,
    });
    let change = |f: fn(&mut v1::Voucher)| {
        let mut other = good.clone();
        f(&mut other);
        other
    };
    let mut cases = Cases::new(&good);
    cases
        .refuse("a code of 31 bytes", &change(|m| m.code.truncate(31)), &length("code", 31, "32"))
        .refuse("a code of 33 bytes", &change(|m| m.code.push(1)), &length("code", 33, "32"))
        .refuse("a plus in org", &change(|m| m.org = "a+b".into()), TEXT);
    cases.finish()
}

fn shard_path(index: u64) -> ShardPath {
    let levels: [[Fr; 4]; SHARD_DEPTH] =
        std::array::from_fn(|h| std::array::from_fn(|c| fr(1000 + (4 * h + c) as u64)));
    ShardPath::new(index, &Path::from_levels(&levels).unwrap()).unwrap()
}
