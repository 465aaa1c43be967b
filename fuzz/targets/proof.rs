//! Proofs, public inputs and records: what can be read is written again as the same bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wufu_fuzz::reached;
use wufu_verifier::{Donation, FiveFu, Gift, Proof, Record, Statement, encoding::field};

fuzz_target!(|data: &[u8]| {
    if let Ok(proof) = Proof::decode(data) {
        assert_eq!(proof.encode(), data);
        reached("proof");
    }
    statement::<FiveFu>(data);
    statement::<Donation>(data);
    statement::<Gift>(data);
    if let Ok(record) = Record::decode(data) {
        assert_eq!(record.encode(), data);
        reached("record");
    }
    if let Ok(value) = field::decode("value", data) {
        assert_eq!(field::encode(&value), data);
        reached("value");
    }
});

fn statement<S: Statement>(data: &[u8]) {
    if let Ok(statement) = S::decode(data) {
        assert_eq!(statement.encode(), data);
        assert_eq!(statement.public_inputs().len(), S::CIRCUIT.public_inputs());
        reached(S::CIRCUIT.as_str());
    }
}
