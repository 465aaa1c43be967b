//! Files of messages: the first line, and what may not follow it.

use prost::{Message as _, Name as _};
use serde_json::{Value, json};
use wufu_circuits::Address;
use wufu_proto::{FileError, file, limits::MessageLimits, v1};
use wufu_verifier::CircuitName;

use super::{honest, proofs};

/// Reads the file as a reader that expects the message `name` does, and returns the message's
/// protobuf.
pub fn read_file(name: &str, bytes: &[u8]) -> Result<Vec<u8>, FileError> {
    fn bare<M: MessageLimits>(message: &M) -> Vec<u8> {
        message.encode_to_vec()
    }
    Ok(match name {
        "wufu.v1.Envelope" => bare(&v1::Envelope::from(&file::envelope(bytes)?)),
        "wufu.v1.ProofRequest" => bare(&v1::ProofRequest::from(&file::request(bytes)?)),
        "wufu.v1.Address" => {
            let message = file::decode::<v1::Address>(bytes)?;
            Address::try_from(&message)?;
            bare(&message)
        }
        other => panic!("no reader for {other}"),
    })
}

struct Cases {
    message: String,
    cases: Vec<Value>,
}

impl Cases {
    fn add(&mut self, case: &str, bytes: &[u8]) {
        let (message, file) = (&self.message, hex::encode(bytes));
        self.cases.push(match read_file(message, bytes) {
            Ok(bare) => json!({
                "case": case, "message": message, "file": file, "verdict": "accepted",
                "bytes": hex::encode(bare),
            }),
            Err(error) => json!({
                "case": case, "message": message, "file": file, "verdict": "refused",
                "reason": error.reason().as_str(),
            }),
        });
    }
}

/// Cases for every kind of message.
fn common<M: MessageLimits>(good: &M) -> Vec<Value> {
    let (name, body, whole) = (M::full_name(), good.encode_to_vec(), file::encode(good));
    let mut cases = Cases { message: name.clone(), cases: vec![] };
    let length = body.len();
    let with = |head: String| [head.as_bytes(), &body].concat();
    cases.add("as it is", &whole);
    cases.add("bare protobuf, as it travels", &body);
    cases.add("no bytes", b"");
    cases.add("the first line alone", &whole[..whole.len() - length]);
    cases.add("the last byte is missing", &whole[..whole.len() - 1]);
    cases.add("a byte follows", &[&whole[..], &[0]].concat());
    cases.add("the first line does not end", b"wufu-file/1 wufu.v1.Envelope");
    cases.add("another version", &with(format!("wufu-file/2 {name} {length}\n")));
    cases.add("a length of one too many", &with(format!("wufu-file/1 {name} {}\n", length + 1)));
    cases.add("a length with a leading zero", &with(format!("wufu-file/1 {name} 0{length}\n")));
    cases.add("a length with a sign", &with(format!("wufu-file/1 {name} +{length}\n")));
    cases.add(
        "a length beyond 64 bits",
        &with(format!("wufu-file/1 {name} 18446744073709551616\n")),
    );
    cases.add("no length", &with(format!("wufu-file/1 {name}\n")));
    cases.add("no name", &with(format!("wufu-file/1  {length}\n")));
    cases.add("two spaces", &with(format!("wufu-file/1 {name}  {length}\n")));
    cases.add("a carriage return", &with(format!("wufu-file/1 {name} {length}\r\n")));
    cases.add("a byte-order mark", &[b"\xef\xbb\xbf", &whole[..]].concat());
    cases.add("an empty line first", &[b"\n", &whole[..]].concat());
    cases
        .add("a message that is not known", &with(format!("wufu-file/1 wufu.v1.Other {length}\n")));
    cases.add(
        "a name of another package",
        &with(format!("wufu-file/1 other.v1.Envelope {length}\n")),
    );
    cases.add("a file in a file", &{
        let head = format!("wufu-file/1 {name} {}\n", whole.len());
        [head.as_bytes(), &whole].concat()
    });
    let twice = [&body[..], &body[..]].concat();
    let head = format!("wufu-file/1 {name} {}\n", twice.len());
    cases.add("everything twice", &[head.as_bytes(), &twice].concat());
    cases.add("a text", b"an envelope, I promise\n");
    cases.cases
}

/// All cases.
pub fn files() -> Value {
    let envelope = honest::envelope(CircuitName::Donation);
    let request = proofs::request();
    let request = v1::ProofRequest::from(&request);
    let address = v1::Address { org: "wufu".into(), pk: super::bytes(1).into(), ek: vec![9; 32] };
    let mut all = [common(&envelope), common(&request), common(&address)].concat();

    let mut cases = Cases { message: v1::Envelope::full_name(), cases: vec![] };
    cases.add("a request in place of an envelope", &file::encode(&request));
    cases.add("bare, a request in place of an envelope", &request.encode_to_vec());
    let epochs = vec![v1::LogEpoch::default(); 17];
    cases.add("17 epochs", &file::encode(&v1::Envelope { epochs, ..envelope.clone() }));
    all.append(&mut cases.cases);

    let mut cases = Cases { message: v1::ProofRequest::full_name(), cases: vec![] };
    cases.add("an envelope in place of a request", &file::encode(&envelope));
    all.append(&mut cases.cases);

    let mut cases = Cases { message: v1::Address::full_name(), cases: vec![] };
    let org = "a".repeat(v1::Address::LIMITS.bytes);
    cases.add("longer than any address", &file::encode(&v1::Address { org, ..address }));
    all.append(&mut cases.cases);
    json!({
        "about": "Files of messages: see README.md, Files. `message` is the kind that the reader \
                  expects, `file` what it reads, in hex; `bytes` is the protobuf of what was \
                  accepted. A refused one is refused for the reason given, the same in every \
                  language.",
        "files": all,
    })
}
