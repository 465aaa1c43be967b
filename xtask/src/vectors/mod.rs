//! Writes `vectors/*.json`: what a verifier decodes and verifies, and messages in files. There are
//! accepted cases, and refused ones with the reason.
//!
//! Keys and proofs come from `vectors/honest.json`, which an example of `wufu-wallet` writes;
//! everything else is made here.

mod curve;
mod directories;
mod envelopes;
mod files;
mod grants;
mod honest;
mod keys;
mod logs;
mod points;
mod policies;
mod proofs;
mod reading;
mod receipts;

use ark_ff::{BigInteger, PrimeField};
use prost::{Message, Name};
use serde_json::{Value, json};
use wufu_proto::json::to_json;
use wufu_verifier::{
    Fr,
    encoding::{canonical::Writer, field},
    hash::h2f::{Context, h2f},
};

pub use files::read_file;
pub use reading::read_message;

/// The folder of the files.
pub const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../vectors/");

/// Writes all files.
///
/// # Errors
/// A file cannot be written.
pub fn write() -> std::io::Result<()> {
    for (name, value) in files() {
        std::fs::write(format!("{FOLDER}{name}"), format!("{value:#}\n"))?;
    }
    Ok(())
}

/// All files.
pub fn files() -> Vec<(&'static str, Value)> {
    vec![
        ("messages.json", messages()),
        ("keys.json", keys::keys()),
        ("proofs.json", points::proofs()),
        ("inputs.json", points::inputs()),
        ("records.json", policies::records()),
        ("policies.json", policies::policies()),
        ("requests.json", policies::requests()),
        ("logs.json", logs::logs()),
        ("receipts.json", receipts::receipts()),
        ("directories.json", directories::directories()),
        ("envelopes.json", envelopes::envelopes()),
        ("files.json", files::files()),
    ]
}

/// All messages that travel.
fn messages() -> Value {
    json!({
        "about": "What travels in Wufu. `bytes` is the protobuf encoding in hex, `json` the same \
                  message in protobuf's JSON. An accepted message is read, understood, and written \
                  again as the same bytes. A refused one is refused for the reason given; `text` \
                  is what our reader says. The texts of `refused_json` are no JSON form of their \
                  message; what they lack is the case's name, and there is no code for it. Secrets \
                  in here are nobody's.",
        "messages": [
            grants::address(),
            grants::card_grant(),
            grants::person_grant(),
            grants::donation_receipt(),
            grants::gift(),
            grants::voucher(),
            proofs::policy(),
            proofs::proof_request(),
            proofs::envelope(),
        ],
        "checkpoints": proofs::checkpoints(),
    })
}

struct Cases {
    message: String,
    accepted: Vec<Value>,
    refused: Vec<Value>,
    refused_json: Vec<Value>,
}

impl Cases {
    /// The cases that apply to every message, derived from the first accepted one.
    fn new<M: Message + Name>(good: &M) -> Self {
        let mut cases = Self {
            message: M::full_name(),
            accepted: vec![],
            refused: vec![],
            refused_json: vec![],
        };
        cases.accept("as it is", good);
        let text = to_json(good).unwrap();
        let (field, fields) = (text.split('"').nth(1).unwrap(), &text[1..text.len() - 1]);
        let snake = field.replace(char::is_uppercase, "_") + "x";
        for (case, json) in [
            ("nothing", String::new()),
            ("null", "null".into()),
            ("an array", format!("[{text}]")),
            ("the last bracket is missing", text[..text.len() - 1].into()),
            ("a comma before the last bracket", format!("{{{fields},}}")),
            ("a second message follows", format!("{text}{text}")),
            ("a field that the message does not have", format!("{{{fields},\"{snake}\":1}}")),
            ("everything twice", format!("{{{fields},{fields}}}")),
            ("an array in place of a field", format!("{{\"{field}\":[[]]}}")),
        ] {
            cases.refuse_json(case, &good.encode_to_vec(), &json);
        }
        let bytes = good.encode_to_vec();
        let malformed = format!("these bytes are no {}", M::NAME);
        let other = format!("these bytes are not the one encoding of their {}", M::NAME);
        cases.refuse_bytes("the last byte is missing", &bytes[..bytes.len() - 1], &malformed);
        cases.refuse_bytes("a zero byte follows", &[&bytes[..], &[0]].concat(), &malformed);
        let unknown = [&bytes[..], &[0xf8, 0x07, 0x01]].concat();
        cases.refuse_bytes("an unknown field 127 follows", &unknown, &other);
        cases.refuse_bytes("everything twice", &[&bytes[..], &bytes[..]].concat(), &other);
        cases
    }

    fn accept<M: Message + Name>(&mut self, case: &str, message: &M) -> &mut Self {
        let json: Value = serde_json::from_str(&to_json(message).unwrap()).unwrap();
        let bytes = hex::encode(message.encode_to_vec());
        self.accepted.push(json!({ "case": case, "bytes": bytes, "json": json }));
        self
    }

    fn refuse<M: Message>(&mut self, case: &str, message: &M, reason: &str) -> &mut Self {
        self.refuse_bytes(case, &message.encode_to_vec(), reason)
    }

    fn refuse_bytes(&mut self, case: &str, bytes: &[u8], reason: &str) -> &mut Self {
        let error = match read_message(&self.message, bytes, "{}") {
            Ok(_) => panic!("{}: {case} is accepted", self.message),
            Err(error) => error,
        };
        let (bytes, code) = (hex::encode(bytes), error.reason().as_str());
        self.refused.push(json!({ "case": case, "bytes": bytes, "reason": code, "text": reason }));
        self
    }

    fn refuse_json(&mut self, case: &str, good: &[u8], text: &str) {
        let read = read_message(&self.message, good, text).unwrap();
        assert!(read.from_json.is_err(), "{}: {case} is accepted", self.message);
        self.refused_json.push(json!({ "case": case, "text": text }));
    }

    fn finish(self) -> Value {
        let Self { message, accepted, refused, refused_json } = self;
        json!({
            "message": message, "accepted": accepted, "refused": refused,
            "refused_json": refused_json,
        })
    }
}

/// A field element of full size.
fn fr(n: u64) -> Fr {
    h2f(Context::Receipt, Writer::new().text("vectors").u64(n))
}

fn bytes(n: u64) -> [u8; 32] {
    field::encode(&fr(n))
}

/// `x + r`, another name for `x`: the sum fits in 32 bytes for every x.
fn alias(bytes: &[u8]) -> Vec<u8> {
    let mut big = field::decode("x", bytes).unwrap().into_bigint();
    assert!(!big.add_with_carry(&Fr::MODULUS));
    big.to_bytes_le()
}

fn modulus() -> Vec<u8> {
    Fr::MODULUS.to_bytes_le()
}

fn not_canonical(field: &str) -> String {
    format!("{field} is not canonical: the 32-byte integer is not below the modulus")
}

fn length(field: &str, got: usize, expected: &str) -> String {
    format!("{field} is {got} bytes, expected {expected}")
}

const TEXT: &str = "org is not a name without white space, control signs and plus";
