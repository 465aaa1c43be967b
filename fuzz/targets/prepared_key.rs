//! Files of prepared keys: what an input leaves out (lengths, hashes) is put right, so that all that comes after them is read, too.
#![no_main]

use std::{fs, sync::OnceLock};

use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;
use wufu_fuzz::reached;
use wufu_groth16::{
    PreparedKey,
    prepared::{Header, PreparedFileError, remove},
};
use wufu_prover::keys;
use wufu_verifier::{CircuitName, Trust};

/// What comes before the verifying key.
const BEGINNING: usize = 204;
/// Bases a query and bytes of a file: more is not more to read.
const FEW: u8 = 15;
const MOST: usize = 1 << 18;

fuzz_target!(|data: &[u8]| {
    let _ = Header::parse(data, &keys::circuit(CircuitName::Gift), Trust::AcceptDevelopment);
    let Some(file) = mended(data) else { return };
    assert!(load(data).is_err(), "a file whose hashes are not its own was loaded");
    if let Ok(key) = load(&file) {
        // Not of its header alone: a byte of the rest is as good as another.
        let mut other = file;
        if let Some(last) = other.last_mut() {
            *last ^= 1;
        }
        assert!(load(&other).is_err(), "{} was loaded though changed", key.summary());
        reached("prepared key");
    }
});

/// The input with few bases, and with lengths and hashes as they must be.
fn mended(data: &[u8]) -> Option<Vec<u8>> {
    let mut start = data.get(..BEGINNING)?.to_vec();
    for query in 0..4 {
        let bases = 24 + 12 * query;
        start[bases] &= FEW;
        start[bases + 1..bases + 4].fill(0);
    }
    let length = u32::from_le_bytes(*start.last_chunk::<4>()?) as usize;
    let key = data.get(BEGINNING..BEGINNING.checked_add(length)?)?;
    let body = &data[BEGINNING + length..];
    let header = (BEGINNING + length + 64).next_multiple_of(64);
    start[12..16].copy_from_slice(&u32::try_from(header).ok()?.to_le_bytes());
    start.extend(key);
    start.resize(header, 0);

    let end =
        match Header::parse(&start, &keys::circuit(CircuitName::Gift), Trust::AcceptDevelopment) {
            Err(PreparedFileError::Length { expected, .. }) if expected <= MOST => expected,
            _ => return None,
        };
    start[16..24].copy_from_slice(&(end as u64).to_le_bytes());
    let mut rest = body.to_vec();
    rest.resize(end.checked_sub(header)?, 0);
    start[header - 64..header - 32].copy_from_slice(blake3::hash(&rest).as_bytes());
    let hash = blake3::hash(&start[..header - 32]);
    start[header - 32..].copy_from_slice(hash.as_bytes());
    start.extend(rest);
    Some(start)
}

/// Loads a file of these bytes, for the backend and circuit that it says it is for.
fn load(bytes: &[u8]) -> Result<PreparedKey, PreparedFileError> {
    static FOLDER: OnceLock<Option<TempDir>> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| tempfile::tempdir().ok()).as_ref();
    let path = folder.expect("no folder for temporary files").path().join("key");
    // An attestation that is there is of another file.
    remove(&path)?;
    fs::write(&path, bytes)?;
    let backend = match bytes.get(8) {
        Some(1) => bn254x8::Backend::Portable,
        _ => bn254x8::Backend::Avx512Ifma,
    };
    let load = |circuit| {
        PreparedKey::load(&path, &keys::circuit(circuit), backend, Trust::AcceptDevelopment)
    };
    let loaded = match load(CircuitName::Gift) {
        Err(PreparedFileError::Circuit { got, .. }) => {
            load(CircuitName::from_name(got).expect("the name of a circuit"))
        }
        loaded => loaded,
    };
    Ok(loaded?.0)
}
