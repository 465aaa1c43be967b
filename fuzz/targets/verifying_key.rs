//! Verifying keys: what can be read is written again as the same bytes, and a development key never
//! passes for another kind.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wufu_fuzz::reached;
use wufu_verifier::{Trust, VerifyingKey, groth16::key::Provenance};

fuzz_target!(|data: &[u8]| {
    let Ok(key) = VerifyingKey::decode(data, Trust::AcceptDevelopment) else {
        assert!(VerifyingKey::decode(data, Trust::CeremonyOnly).is_err());
        return;
    };
    assert_eq!(key.encode(), data);
    assert_eq!(key.points().inputs.len(), key.circuit().public_inputs() + 1);
    let strict = VerifyingKey::decode(data, Trust::CeremonyOnly);
    assert_eq!(strict.is_ok(), key.provenance() == Provenance::Ceremony);
    reached(if strict.is_ok() { "ceremony" } else { "development" });
});
