//! Prepared keys as files: a file reads back as it was written, and every other file is refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    fs::{self, File},
    io::{Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    sync::OnceLock,
    time::{Duration, SystemTime},
};

use ark_bn254::Fr;
use bn254x8::Backend;
use wufu_analysis::samples;
use wufu_circuits::Circuit as _;
use wufu_groth16::{
    Engine as _, PreparedEngine, PreparedKey,
    prepared::{DEFAULT_BUDGET, Header, Integrity, Options, PreparedFileError, remove},
};
use wufu_prover::keys;
use wufu_verifier::{CircuitName, Trust, groth16::key::KeyError};

use crate::keys::{key, rng};

/// The gift's key with bare points, prepared once, as the bytes of a file.
fn bytes() -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gift.pp");
        prepared(0).save(&path).unwrap();
        fs::read(path).unwrap()
    })
}

fn prepared(budget: usize) -> PreparedKey {
    let options = Options { backend: Backend::best(), budget };
    keys::prepare(key(CircuitName::Gift), options, &|_| ()).unwrap()
}

fn load(path: &Path) -> Result<(PreparedKey, Integrity), PreparedFileError> {
    PreparedKey::load(
        path,
        &keys::circuit(CircuitName::Gift),
        Backend::best(),
        Trust::AcceptDevelopment,
    )
}

/// A folder that contains the file.
fn written() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gift.pp");
    fs::write(&path, bytes()).unwrap();
    (folder, path)
}

/// The error for a file with these bytes and no attestation.
fn refused(bytes: &[u8]) -> PreparedFileError {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gift.pp");
    fs::write(&path, bytes).unwrap();
    match load(&path) {
        Err(error) => error,
        Ok(_) => panic!("it was read"),
    }
}

/// The file with some bytes of its header changed, and with a new hash of the header.
fn changed(change: impl FnOnce(&mut [u8])) -> Vec<u8> {
    let mut out = bytes().to_vec();
    let header = u32::from_le_bytes(out[12..16].try_into().unwrap()) as usize;
    change(&mut out[..header]);
    let hash = blake3::hash(&out[..header - 32]);
    out[header - 32..header].copy_from_slice(hash.as_bytes());
    out
}

#[test]
fn what_is_read_proves_as_what_was_written() {
    let gift = samples::gift(&mut rng(41));
    let assignment = gift.assign();
    for budget in [0, 2_000_000, DEFAULT_BUDGET] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gift.pp");
        let before = prepared(budget);
        before.save(&path).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        let (after, checked) = load(&path).unwrap();
        assert_eq!(checked, Integrity::Hashed);
        assert_eq!(after.id(), before.id());
        assert_eq!(after.summary(), before.summary());
        // As long as its tables, and little more.
        let size = usize::try_from(fs::metadata(&path).unwrap().len()).unwrap();
        let tables = after.queries().table_bytes();
        assert!((tables..tables + 300_000).contains(&size), "{size} bytes, {tables} of tables");
        let [before, after] = [before, after].map(PreparedEngine::new);
        let (r, s) = (Fr::from(3u64), Fr::from(4u64));
        let proof = after.prove(keys::values(&assignment), r, s).unwrap();
        assert_eq!(proof, before.prove(keys::values(&assignment), r, s).unwrap());
    }
}

/// Waits until a change may be attested.
fn settle() {
    std::thread::sleep(Duration::from_millis(3_100));
}

/// An attestation was once written at once. A second write within one step of the file system's
/// clock then looked like no change.
#[test]
fn a_change_of_just_now_is_not_on_record() {
    let (_folder, path) = written();
    assert_eq!(load(&path).unwrap().1, Integrity::Hashed);
    assert!(!path.with_extension("pp.checked").exists());
    assert_eq!(load(&path).unwrap().1, Integrity::Hashed);
}

#[cfg(unix)]
#[test]
fn a_file_that_others_may_write_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_folder, path) = written();
    for mode in [0o620, 0o602, 0o666] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let error = load(&path).unwrap_err();
        assert!(
            matches!(error, PreparedFileError::Writable { mode: got } if got == mode),
            "{error}"
        );
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    load(&path).unwrap();
}

#[test]
fn a_check_is_on_record_until_the_file_changes() {
    let (_folder, path) = written();
    settle();
    let checked = || load(&path).map(|(_, checked)| checked);
    assert_eq!(checked().unwrap(), Integrity::Hashed);
    assert_eq!(checked().unwrap(), Integrity::Attested);
    // An attestation that says something else, or is cut off, has no effect.
    let record = path.with_extension("pp.checked");
    let whole = fs::read(&record).unwrap();
    for other in [&whole[..whole.len() - 1], &[0; 8], &[]] {
        fs::write(&record, other).unwrap();
        assert_eq!(checked().unwrap(), Integrity::Hashed);
        assert_eq!(checked().unwrap(), Integrity::Attested);
    }
    // One byte of the last table is changed, and the modification time is set back.
    let before = fs::metadata(&path).unwrap().modified().unwrap();
    let mut file = File::options().write(true).open(&path).unwrap();
    file.seek(SeekFrom::End(-1)).unwrap();
    file.write_all(&[bytes()[bytes().len() - 1] ^ 1]).unwrap();
    file.set_modified(before).unwrap();
    file.sync_all().unwrap();
    drop(file);
    assert!(matches!(checked(), Err(PreparedFileError::Hash { part: "points" })));
    // The right bytes again. This is another change, so the file is hashed again.
    fs::write(&path, bytes()).unwrap();
    assert_eq!(checked().unwrap(), Integrity::Hashed);
    // A copy in its place has another inode number, whatever its times.
    let copy = path.with_extension("copy");
    fs::copy(&path, &copy).unwrap();
    File::options().write(true).open(&copy).unwrap().set_modified(before).unwrap();
    fs::rename(&copy, &path).unwrap();
    assert_eq!(checked().unwrap(), Integrity::Hashed);
    // Only touched: the file is hashed again, and found to be the same.
    let later = SystemTime::now() + Duration::from_secs(5);
    File::options().write(true).open(&path).unwrap().set_modified(later).unwrap();
    assert_eq!(checked().unwrap(), Integrity::Hashed);
    // A new key with the same name.
    prepared(0).save(&path).unwrap();
    assert_eq!(checked().unwrap(), Integrity::Hashed);
    remove(&path).unwrap();
    assert!(!path.exists() && !record.exists());
    remove(&path).unwrap();
    assert!(matches!(checked(), Err(PreparedFileError::Io(_))));
}

#[test]
fn a_record_is_of_its_own_file() {
    let ((_one_folder, one), (_two_folder, two)) = (written(), written());
    settle();
    assert_eq!(load(&one).unwrap().1, Integrity::Hashed);
    fs::copy(one.with_extension("pp.checked"), two.with_extension("pp.checked")).unwrap();
    assert_eq!(load(&two).unwrap().1, Integrity::Hashed);
}

/// Rows of docs/failures.md: 5.
#[test]
fn a_file_that_is_cut_off_or_longer_is_refused() {
    let bytes = bytes();
    let header = u32::from_le_bytes(bytes[12..16].try_into().unwrap()) as usize;
    let mut ends: Vec<usize> = (0..header + 70).step_by(7).collect();
    ends.extend([header - 1, header, bytes.len() / 2, bytes.len() - 64, bytes.len() - 1]);
    for end in ends {
        let error = refused(&bytes[..end]);
        let fits = match error {
            PreparedFileError::Length { got, .. } => got == end,
            // An empty file cannot be mapped on every system.
            PreparedFileError::Magic | PreparedFileError::Io(_) => end < 8,
            _ => false,
        };
        assert!(fits, "{end} bytes: {error}");
    }
    let longer = [bytes, &[0; 64]].concat();
    assert!(matches!(refused(&longer), PreparedFileError::Length { .. }));
}

/// Rows of docs/failures.md: 5.
#[test]
fn a_file_with_a_changed_byte_is_refused() {
    let bytes = bytes();
    let header = u32::from_le_bytes(bytes[12..16].try_into().unwrap()) as usize;
    let parse = |bytes: &[u8]| {
        Header::parse(bytes, &keys::circuit(CircuitName::Gift), Trust::AcceptDevelopment)
    };
    assert_eq!(parse(bytes).unwrap().verifying_key().circuit(), CircuitName::Gift);
    // Every byte of the header, and one in a thousand of the others.
    let mut other = bytes.to_vec();
    for at in 0..header {
        for flip in [1, 0x80] {
            other[at] ^= flip;
            assert!(parse(&other).is_err(), "byte {at} may change");
            other[at] ^= flip;
        }
    }
    for at in (header..bytes.len()).step_by(bytes.len() / 60) {
        other[at] ^= 4;
        let error = refused(&other);
        assert!(matches!(error, PreparedFileError::Hash { part: "points" }), "byte {at}: {error}");
        other[at] ^= 4;
    }
}

/// Rows of docs/failures.md: 20.
#[test]
fn another_version_circuit_or_backend_is_refused() {
    assert!(matches!(refused(&changed(|header| header[7] = b'2')), PreparedFileError::Magic));
    let (_folder, path) = written();
    for circuit in [CircuitName::FiveFu, CircuitName::Donation] {
        let refused = PreparedKey::load(
            &path,
            &keys::circuit(circuit),
            Backend::best(),
            Trust::AcceptDevelopment,
        );
        let Err(PreparedFileError::Circuit { got, expected }) = refused else {
            panic!("{refused:?}")
        };
        assert_eq!((got, expected), (CircuitName::Gift.as_str(), circuit.as_str()));
    }
    let other = match Backend::best() {
        Backend::Portable => Backend::Avx512Ifma,
        _ => Backend::Portable,
    };
    let refused_for = PreparedKey::load(
        &path,
        &keys::circuit(CircuitName::Gift),
        other,
        Trust::AcceptDevelopment,
    );
    assert!(
        matches!(refused_for, Err(PreparedFileError::Backend { expected, .. }) if expected == other)
    );
    let development = PreparedKey::load(
        &path,
        &keys::circuit(CircuitName::Gift),
        Backend::best(),
        Trust::CeremonyOnly,
    );
    assert!(matches!(development, Err(PreparedFileError::Verifying(KeyError::Development))));
    // The id of another circuit in the verifying key, with a new hash.
    let id = *CircuitName::Donation.id().as_bytes();
    let at = bytes().windows(32).position(|id| id == CircuitName::Gift.id().as_bytes()).unwrap();
    let error = refused(&changed(|header| header[at..at + 32].copy_from_slice(&id)));
    assert!(matches!(error, PreparedFileError::Verifying(KeyError::Length { .. })), "{error}");
}

#[test]
fn headers_that_say_what_cannot_be_are_refused() {
    let word = |at: usize, word: u32| {
        refused(&changed(|header| header[at..at + 4].copy_from_slice(&word.to_le_bytes())))
    };
    // Where the fields are: backend, length of the header, length of the file, then bases, window
    // and step of each query.
    for got in [0, 3, u32::MAX] {
        let error = word(8, got);
        assert!(matches!(error, PreparedFileError::Field { field: "backend", .. }), "{error}");
    }
    for query in 0..4 {
        let at = 24 + 12 * query;
        for bases in [0, 1, 1 << 20, u32::MAX] {
            let error = word(at, bases);
            assert!(matches!(error, PreparedFileError::Length { .. }), "{bases} bases: {error}");
        }
        for window in [0, 3, 19, u32::MAX] {
            let error = word(at + 4, window);
            assert!(matches!(error, PreparedFileError::Field { field: "window", .. }), "{error}");
        }
        for step in [0, 65, u32::MAX] {
            let error = word(at + 8, step);
            assert!(matches!(error, PreparedFileError::Field { field: "step", .. }), "{error}");
        }
    }
    let verifying = 24 + 48 + 128;
    for (length, named) in [
        (0, "length of the header"),
        (1000, "length of the header"),
        (4097, "length of the verifying key"),
        (u32::MAX, "length of the verifying key"),
    ] {
        let error = word(verifying, length);
        assert!(
            matches!(error, PreparedFileError::Field { field, .. } if field == named),
            "{length}: {error}"
        );
    }
    // The length field of the file, with a file of unchanged length; and the padding of the header.
    for at in [16, 20] {
        let error = word(at, 1 << 16);
        assert!(matches!(error, PreparedFileError::Length { .. }), "{error}");
    }
    let header = u32::from_le_bytes(bytes()[12..16].try_into().unwrap()) as usize;
    let error = refused(&changed(|bytes| {
        assert_eq!(bytes[header - 65], 0, "the header of this key has no padding");
        bytes[header - 65] = 1;
    }));
    assert!(matches!(error, PreparedFileError::Bounds), "{error}");
    // A point that is not on the curve.
    let error = refused(&changed(|header| header[24 + 48] ^= 1));
    assert!(matches!(error, PreparedFileError::Point), "{error}");
}

/// The file is as long as its header says, but holds more points than its circuit has wires.
#[test]
fn a_table_of_more_points_than_wires_is_refused() {
    let wires = key(CircuitName::Gift).points().a_query.len() as u32;
    let with = |length: u64| {
        changed(|header| {
            header[24..28].copy_from_slice(&(wires + 1).to_le_bytes());
            header[16..24].copy_from_slice(&length.to_le_bytes());
        })
    };
    let PreparedFileError::Length { expected, .. } = refused(&with(0)) else { panic!() };
    let mut file = with(expected as u64);
    file.resize(expected, 0);
    let error = refused(&file);
    assert!(matches!(error, PreparedFileError::Bounds), "{error}");
}

#[test]
fn a_map_that_names_no_wire_is_refused() {
    let bytes = bytes();
    let header = u32::from_le_bytes(bytes[12..16].try_into().unwrap()) as usize;
    let wires = key(CircuitName::Gift).points().a_query.len() as u32;
    let last = header + 4 * (u32::from_le_bytes(bytes[24..28].try_into().unwrap()) as usize - 1);
    for (at, entry) in [(last, wires), (last, u32::MAX), (header + 4, 0), (header, u32::MAX)] {
        let mut other = bytes.to_vec();
        other[at..at + 4].copy_from_slice(&entry.to_le_bytes());
        // Both hashes are new: whoever writes files can do that.
        let body = blake3::hash(&other[header..]);
        other[header - 64..header - 32].copy_from_slice(body.as_bytes());
        let hash = blake3::hash(&other[..header - 32]);
        other[header - 32..header].copy_from_slice(hash.as_bytes());
        let error = refused(&other);
        assert!(matches!(error, PreparedFileError::Bounds), "{error}");
    }
}

#[test]
fn a_key_is_saved_whole_or_not_at_all() {
    let (folder, path) = written();
    let key = prepared(0);
    assert!(key.save(&folder.path().join("none").join("gift.pp")).is_err());
    assert!(key.save(folder.path()).is_err());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    assert_eq!(fs::read(path).unwrap(), bytes());
}
