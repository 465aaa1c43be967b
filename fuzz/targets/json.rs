//! The JSON form: a message that can be read is the same when it is written and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wufu_fuzz::reached;
use wufu_proto::{
    json::{from_json, to_file, to_json},
    limits::MessageLimits,
    v1,
};

fuzz_target!(|data: &[u8]| {
    let Ok(text) = core::str::from_utf8(data) else { return };
    message::<v1::Address>(text);
    message::<v1::CardGrant>(text);
    message::<v1::PersonGrant>(text);
    message::<v1::DonationReceipt>(text);
    message::<v1::Gift>(text);
    message::<v1::Voucher>(text);
    message::<v1::Policy>(text);
    message::<v1::ProofRequest>(text);
    message::<v1::Envelope>(text);
});

fn message<M: MessageLimits + PartialEq>(text: &str) {
    let Ok(message) = from_json::<M>(text) else { return };
    let Ok(written) = to_json(&message) else { panic!("it was read, and cannot be written") };
    let Ok(file) = to_file(&message) else { panic!("it was written, and not as a file") };
    // White space and escapes in the input can be shorter than those in the output.
    if file.len() <= M::LIMITS.bytes {
        assert!(from_json::<M>(&written).as_ref() == Ok(&message), "another message: {written}");
        assert!(from_json::<M>(&file) == Ok(message), "another message: {file}");
    }
    reached(M::NAME);
}
