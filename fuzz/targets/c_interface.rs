//! The verifier's C interface, called as C calls it. Whatever the bytes are, it answers like the
//! library beneath it, and never with "this library's mistake".
#![no_main]

use std::{ptr, sync::OnceLock};

use ed25519_dalek::SigningKey;
use libfuzzer_sys::fuzz_target;
use wufu_fuzz::reached;
use wufu_proto::{file, v1};
use wufu_verifier::{Reason, Trust, VerifyingKey, encoding::canonical::Reader, log::signed_note};

#[path = "../../bindings/c/src/lib.rs"]
#[allow(dead_code, unreachable_pub, unused_imports)]
mod interface;

use interface::*;

/// The number of fields in a question and its envelope.
const FIELDS: u32 = 9;
const GIFT: &[u8] = include_bytes!("../seeds/verifying_key/02");

fuzz_target!(|data: &[u8]| {
    let Some((sort, data)) = data.split_first() else { return };
    match sort % 4 {
        0 => key(data),
        1 => log(data),
        2 => {
            // SAFETY: the bytes live as long as the call.
            let code = known(unsafe { wufu_envelope_read(bytes(data)) });
            let read = match data {
                [] => Err(Reason::MessageChoice),
                _ => file::envelope(data).map_err(|error| error.reason()),
            };
            assert_eq!(code, read.map_or_else(Reason::code, |_| WUFU_ACCEPTED));
            request(data);
            if code == WUFU_ACCEPTED {
                reached("envelope");
            }
        }
        _ => question(data),
    }
});

fn bytes(data: &[u8]) -> Bytes {
    Bytes { data: data.as_ptr(), len: data.len() }
}

fn known(code: u16) -> u16 {
    assert_ne!(code, WUFU_INTERNAL);
    code
}

/// A key, which the caller owns until it is given back.
fn decoded(data: &[u8]) -> (u16, *mut Key) {
    let mut key = ptr::null_mut();
    // SAFETY: the bytes live as long as the call, and there is a place for the pointer.
    (known(unsafe { wufu_key_decode(bytes(data), true, &mut key) }), key)
}

fn key(data: &[u8]) {
    let (code, key) = decoded(data);
    match VerifyingKey::decode(data, Trust::AcceptDevelopment) {
        Ok(same) => {
            let mut id = [0; 32];
            // SAFETY: the key is not given back yet, and there are 32 bytes.
            assert_eq!(unsafe { wufu_key_id(key, id.as_mut_ptr()) }, WUFU_ACCEPTED);
            assert_eq!((code, &id), (WUFU_ACCEPTED, same.id().as_bytes()));
            reached("key");
        }
        Err(error) => assert!(code == error.reason().code() && key.is_null()),
    }
    // SAFETY: null, or given back once.
    unsafe { wufu_key_free(key) };
}

fn new_log(origin: &[u8]) -> (u16, *mut Log) {
    let mut log = ptr::null_mut();
    // SAFETY: the bytes live as long as the call, and there is a place for the pointer.
    (known(unsafe { wufu_log_new(bytes(origin), 0, &mut log) }), log)
}

/// A note for the log that its first line names, as it is and signed again.
fn log(data: &[u8]) {
    let origin = data.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let (code, log) = new_log(origin);
    assert_eq!(code == WUFU_ACCEPTED, core::str::from_utf8(origin).is_ok());
    let signing = SigningKey::from_bytes(&[9; 32]);
    let Ok(key) = signed_note::LogKey::new("cerf", signing.verifying_key()) else { return };
    let key = key.to_string();
    // SAFETY: the log is null or not given back yet, and the bytes live as long as the calls.
    let insert =
        |note: &[u8]| known(unsafe { wufu_log_insert(log, bytes(key.as_bytes()), bytes(note)) });
    insert(data);
    if let Ok(text) = core::str::from_utf8(data)
        && let Ok(signed) = signed_note::sign("cerf", &signing, text)
        && insert(signed.as_bytes()) == WUFU_ACCEPTED
    {
        assert_eq!(
            insert(signed.as_bytes()),
            WUFU_ACCEPTED,
            "the second insertion differs from the first"
        );
        let (twice, mut count) = (format!("{signed}\n{signed}"), 0);
        let key = bytes(key.as_bytes());
        // SAFETY: as before, and there is a place for the count.
        let code = unsafe { wufu_log_insert_all(log, key, bytes(twice.as_bytes()), &mut count) };
        assert_eq!((known(code), count), (WUFU_ACCEPTED, 2));
        reached("checkpoint");
    }
    // SAFETY: null, or given back once.
    unsafe { wufu_log_free(log) };
}

/// A request. If it can be read, it is written to a file that reads back as the same request.
fn request(data: &[u8]) {
    let mut read = ptr::null_mut();
    // SAFETY: the bytes live as long as the call, and there is a place for the pointer.
    let code = known(unsafe { wufu_request_decode(bytes(data), &mut read) });
    match file::request(data) {
        Ok(same) => {
            let mut buffer = ptr::null_mut();
            // SAFETY: the request is not given back yet, and there is a place for the pointer.
            assert_eq!(unsafe { wufu_request_encode(read, &mut buffer) }, WUFU_ACCEPTED);
            // SAFETY: the buffer is not given back yet.
            let Bytes { data, len } = unsafe { wufu_buffer_bytes(buffer) };
            // SAFETY: as before.
            let written = unsafe { std::slice::from_raw_parts(data, len) };
            assert_eq!(written, file::encode(&v1::ProofRequest::from(&same)));
            // SAFETY: given back once.
            unsafe { wufu_buffer_free(buffer) };
            assert_eq!(code, WUFU_ACCEPTED);
            reached("request");
        }
        Err(error) => assert!(code == error.reason().code() && read.is_null()),
    }
    // SAFETY: null, or given back once.
    unsafe { wufu_request_free(read) };
}

/// Handles that all questions share.
struct Held {
    key: *mut Key,
    log: *mut Log,
}

// SAFETY: nothing is inserted into the log, and neither is given back.
unsafe impl Send for Held {}
unsafe impl Sync for Held {}

fn held() -> &'static Held {
    static HELD: OnceLock<Held> = OnceLock::new();
    HELD.get_or_init(|| Held { key: decoded(GIFT).1, log: new_log(b"wufu/cards").1 })
}

/// An envelope and a question, whose fields come from the input. Nothing is accepted, because the
/// log has no checkpoint.
fn question(data: &[u8]) {
    let Ok(mut reader) = Reader::new(data, FIELDS) else { return };
    let mut fields = [&[][..]; FIELDS as usize];
    for field in &mut fields {
        let Ok(read) = reader.bytes("field") else { return };
        *field = read;
    }
    let [envelope, numbers, verifier, payload, purpose, origin, policy, key_ids, persons] = fields;
    let number = |at: usize| numbers.get(at).copied().map_or(0, u64::from);
    let question = Question {
        circuit: number(0) as u32,
        key: held().key,
        log: held().log,
        persons: if persons.is_empty() { ptr::null() } else { held().log },
        now: number(1),
        window: number(2),
        expiry: number(3),
        verifier: bytes(verifier),
        payload: bytes(payload),
        purpose: bytes(purpose),
        origin: bytes(origin),
        policy: bytes(policy),
        key_ids: bytes(key_ids),
    };
    let mut verdict = Verdict { reason: 0, nullifier_count: 9, epoch: 9, nullifiers: [[9; 32]; 6] };
    // SAFETY: handles and bytes live as long as the call.
    let code = known(unsafe { wufu_verify(bytes(envelope), &question, &mut verdict) });
    assert!(code != WUFU_ACCEPTED && verdict.reason == code);
    assert!(verdict.nullifier_count == 0 && verdict.nullifiers == [[0; 32]; 6]);
    // SAFETY: as before, one of each.
    let together =
        unsafe { wufu_verify_batch(ptr::null_mut(), &bytes(envelope), &question, 1, &mut verdict) };
    assert!(together == WUFU_ACCEPTED || together == code);
    assert_eq!(verdict.reason, code);
    if code != WUFU_MISUSE {
        reached("question");
    }
}
