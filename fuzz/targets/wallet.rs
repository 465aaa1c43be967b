//! What a wallet reads from its own folder: seeds as text, kept evidence, messages in either form.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wufu_proto::v1;
use wufu_wallet::{envelope, seed, store::Evidence};

fuzz_target!(|data: &[u8]| {
    if let Ok(seed) = seed::from_text(data) {
        assert_eq!(seed::to_text(&seed).as_bytes(), data);
    }
    if let Ok(evidence) = Evidence::decode(data) {
        assert_eq!(evidence.encode(), data);
    }
    let _ = envelope::decode::<v1::Envelope>(data);
    let _ = envelope::decode::<v1::CardGrant>(data);
});
