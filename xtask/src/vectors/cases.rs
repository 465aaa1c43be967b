//! The cases of a message, and values that the cases of several messages share.

use ark_ff::{BigInteger, PrimeField};
use prost::{Message, Name};
use serde_json::{Value, json};
use wufu_proto::json::to_json;
use wufu_verifier::{
    Fr,
    encoding::{canonical::Writer, field},
    hash::h2f::{Context, h2f},
};

use super::read_message;

/// The cases of one message.
pub(super) struct Cases {
    message: String,
    accepted: Vec<Value>,
    refused: Vec<Value>,
    refused_json: Vec<Value>,
}

impl Cases {
    /// The first accepted message, and the refused cases that apply to every message.
    pub(super) fn new<M: Message + Name>(good: &M) -> Self {
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

    pub(super) fn accept<M: Message + Name>(&mut self, case: &str, message: &M) -> &mut Self {
        let json: Value = serde_json::from_str(&to_json(message).unwrap()).unwrap();
        let bytes = hex::encode(message.encode_to_vec());
        self.accepted.push(json!({ "case": case, "bytes": bytes, "json": json }));
        self
    }

    pub(super) fn refuse<M: Message>(
        &mut self,
        case: &str,
        message: &M,
        reason: &str,
    ) -> &mut Self {
        self.refuse_bytes(case, &message.encode_to_vec(), reason)
    }

    pub(super) fn refuse_bytes(&mut self, case: &str, bytes: &[u8], reason: &str) -> &mut Self {
        let error = match read_message(&self.message, bytes, "{}") {
            Ok(_) => panic!("{}: {case} is accepted", self.message),
            Err(error) => error,
        };
        let (bytes, code) = (hex::encode(bytes), error.reason().as_str());
        self.refused.push(json!({ "case": case, "bytes": bytes, "reason": code, "text": reason }));
        self
    }

    pub(super) fn refuse_json(&mut self, case: &str, good: &[u8], text: &str) {
        let read = read_message(&self.message, good, text).unwrap();
        assert!(read.from_json.is_err(), "{}: {case} is accepted", self.message);
        self.refused_json.push(json!({ "case": case, "text": text }));
    }

    pub(super) fn finish(self) -> Value {
        let Self { message, accepted, refused, refused_json } = self;
        json!({
            "message": message,
            "accepted": accepted,
            "refused": refused,
            "refused_json": refused_json,
        })
    }
}

/// A field element of full size.
pub(super) fn fr(n: u64) -> Fr {
    h2f(Context::Receipt, Writer::new().text("vectors").u64(n))
}

pub(super) fn bytes(n: u64) -> [u8; 32] {
    field::encode(&fr(n))
}

/// `x + r`, another encoding of `x`. The sum fits in 32 bytes for every x.
pub(super) fn alias(bytes: &[u8]) -> Vec<u8> {
    let mut big = field::decode("x", bytes).unwrap().into_bigint();
    assert!(!big.add_with_carry(&Fr::MODULUS));
    big.to_bytes_le()
}

pub(super) fn modulus() -> Vec<u8> {
    Fr::MODULUS.to_bytes_le()
}

pub(super) fn not_canonical(field: &str) -> String {
    format!("{field} is not canonical: the 32-byte integer is not below the modulus")
}

pub(super) fn length(field: &str, got: usize, expected: &str) -> String {
    format!("{field} is {got} bytes, expected {expected}")
}

pub(super) const TEXT: &str = "org is not a name without white space, control signs and plus";
