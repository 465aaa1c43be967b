//! Files of prepared keys. What an input lacks (lengths, hashes) is filled in, so that the fuzzer
//! reaches everything after these fields.
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

/// The number of bytes before the verifying key.
const BEGINNING: usize = 204;
/// How many bases a query has, and how many bytes follow. More would not reach more code.
const FEW: u8 = 15;
const MOST: usize = 1 << 18;

fuzz_target!(|data: &[u8]| {
    let _ = Header::parse(data, &keys::circuit(CircuitName::Gift), Trust::AcceptDevelopment);
    let Some(file) = mended(data) else { return };
    assert!(load(data).is_err(), "a file whose hashes are not its own was loaded");
    if let Ok(key) = load(&file) {
        // A byte outside the header is changed, too.
        let mut other = file;
        if let Some(last) = other.last_mut() {
            *last ^= 1;
        }
        assert!(load(&other).is_err(), "{} was loaded though changed", key.summary());
        reached("prepared key");
    }
});

/// The input with few bases, and with correct lengths and hashes.
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

/// Loads a file with these bytes, for the backend and circuit that it names.
fn load(bytes: &[u8]) -> Result<PreparedKey, PreparedFileError> {
    static FOLDER: OnceLock<Option<TempDir>> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| tempfile::tempdir().ok()).as_ref();
    let path = folder.expect("no folder for temporary files").path().join("key");
    // An existing attestation belongs to another file.
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
