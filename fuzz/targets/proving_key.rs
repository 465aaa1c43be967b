//! Files of proving keys (ours, prepared ones, snarkjs's), up to some kilobytes: lengths that lie must cost neither memory nor
//! time. The hash at the end of ours is put right first, so that more is read than it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wufu_prover::{ProvingKey, engine::prepared::Header, iden3::zkey};
use wufu_verifier::{CircuitName, Trust, key::Provenance};

fuzz_target!(|data: &[u8]| {
    let mut file = data.to_vec();
    file.extend_from_slice(blake3::hash(data).as_bytes());
    for bytes in [data, &file] {
        if let Ok(key) = ProvingKey::decode(bytes, Trust::AcceptDevelopment) {
            assert_eq!(key.encode().ok().as_deref(), Some(bytes));
        }
        let _ = Header::parse(bytes, Trust::AcceptDevelopment);
    }
    // A key of some kilobytes is too small for any circuit.
    assert!(zkey::read(data, CircuitName::Gift, Provenance::Development).is_err());
});
