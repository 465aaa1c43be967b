//! `vectors/messages.json`: what it says is accepted is, byte for byte, and what it says is refused is, for that reason.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../examples/vectors/main.rs"]
mod generator;

use prost::{Message, Name};
use serde_json::Value;
use wufu_circuits::Address;
use wufu_proto::{
    ConvertError, Envelope, decode,
    grant::{CardGift, CardGrant, DonationReceipt, PersonGrant},
    json::{from_json, to_json},
    v1,
    voucher::Voucher,
};
use wufu_verifier::{Policy, ProofRequest, checkpoint::Checkpoint, field, note::LogKey};

fn file() -> Value {
    serde_json::from_str(&std::fs::read_to_string(generator::FILE).unwrap()).unwrap()
}

/// Reads a message, understands it, writes it again.
fn through<M, D>(bytes: &[u8]) -> Result<M, ConvertError>
where
    M: Message + Name + Default,
    D: TryFrom<M, Error = ConvertError>,
    M: for<'a> From<&'a D>,
{
    let message = decode::<M>(bytes)?;
    Ok(M::from(&D::try_from(message)?))
}

struct Read {
    bytes: Vec<u8>,
    json: String,
    from_json: Vec<u8>,
}

fn read<M, D>(bytes: &[u8], json: &str) -> Result<Read, ConvertError>
where
    M: Message + Name + Default,
    D: TryFrom<M, Error = ConvertError>,
    M: for<'a> From<&'a D>,
{
    let message = through::<M, D>(bytes)?;
    Ok(Read {
        bytes: message.encode_to_vec(),
        json: to_json(&message).unwrap(),
        from_json: from_json::<M>(json).unwrap().encode_to_vec(),
    })
}

fn by_name(name: &str, bytes: &[u8], json: &str) -> Result<Read, ConvertError> {
    match name {
        "wufu.v1.Address" => read::<v1::Address, Address>(bytes, json),
        "wufu.v1.CardGrant" => read::<v1::CardGrant, CardGrant>(bytes, json),
        "wufu.v1.PersonGrant" => read::<v1::PersonGrant, PersonGrant>(bytes, json),
        "wufu.v1.DonationReceipt" => read::<v1::DonationReceipt, DonationReceipt>(bytes, json),
        "wufu.v1.Gift" => read::<v1::Gift, CardGift>(bytes, json),
        "wufu.v1.Voucher" => read::<v1::Voucher, Voucher>(bytes, json),
        "wufu.v1.Policy" => read::<v1::Policy, Policy>(bytes, json),
        "wufu.v1.ProofRequest" => read::<v1::ProofRequest, ProofRequest>(bytes, json),
        "wufu.v1.Envelope" => read::<v1::Envelope, Envelope>(bytes, json),
        other => panic!("no reader for {other}"),
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("no text {key} in {value}"))
}

fn cases(of: &Value, key: &str) -> Vec<Value> {
    let cases = of[key].as_array().unwrap().clone();
    assert!(!cases.is_empty());
    cases
}

#[test]
fn accepted_messages_come_back_byte_for_byte() {
    let messages = cases(&file(), "messages");
    assert_eq!(messages.len(), 9);
    for message in messages {
        let name = text(&message, "message");
        for case in cases(&message, "accepted") {
            let what = format!("{name}: {}", text(&case, "case"));
            let bytes = hex::decode(text(&case, "bytes")).unwrap();
            let read = by_name(name, &bytes, &case["json"].to_string());
            let read = read.unwrap_or_else(|error| panic!("{what}: {error}"));
            assert_eq!(read.bytes, bytes, "{what}");
            assert_eq!(read.from_json, bytes, "{what}");
            assert_eq!(serde_json::from_str::<Value>(&read.json).unwrap(), case["json"], "{what}");
        }
    }
}

#[test]
fn f02_f04_f05_f38_refused_messages_are_refused_for_the_reason_given() {
    for message in cases(&file(), "messages") {
        let name = text(&message, "message");
        for case in cases(&message, "refused") {
            let what = format!("{name}: {}", text(&case, "case"));
            let bytes = hex::decode(text(&case, "bytes")).unwrap();
            match by_name(name, &bytes, "{}") {
                Ok(_) => panic!("{what} was accepted"),
                Err(error) => assert_eq!(error.to_string(), text(&case, "reason"), "{what}"),
            }
        }
    }
}

#[test]
fn checkpoints_are_opened_or_refused() {
    let checkpoints = &file()["checkpoints"];
    let key = LogKey::parse(text(checkpoints, "log_key")).unwrap();
    for case in cases(checkpoints, "accepted") {
        let checkpoint = Checkpoint::open(&key, text(&case, "note")).unwrap();
        assert_eq!(checkpoint.origin(), text(&case, "origin"));
        assert_eq!(checkpoint.size(), case["size"].as_u64().unwrap());
        assert_eq!(checkpoint.epoch(), case["epoch"].as_u64().unwrap());
        assert_eq!(checkpoint.time(), case["time"].as_u64().unwrap());
        assert_eq!(hex::encode(field::encode(&checkpoint.root())), text(&case, "root"));
    }
    for case in cases(checkpoints, "refused") {
        let error = Checkpoint::open(&key, text(&case, "note")).unwrap_err();
        assert_eq!(error.to_string(), text(&case, "reason"), "{}", text(&case, "case"));
    }
}

#[test]
fn the_file_is_what_the_generator_writes() {
    assert_eq!(file(), generator::vectors());
}
