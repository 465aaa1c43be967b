//! Circuits and witnesses in iden3's files: no allocation is larger than the file, and what can be
//! read can be used.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wufu_analysis::hunt::{System, read_witness};
use wufu_fuzz::reached;

fuzz_target!(|data: &[u8]| {
    if let Ok(system) = System::read(data) {
        assert!(system.public() + system.private() < system.wires().max(1));
        assert!(system.unused().len() <= system.wires());
        reached("circuit");
    }
    if let Ok(witness) = read_witness(data) {
        assert!(32 * witness.len() <= data.len());
        reached("witness");
    }
});
