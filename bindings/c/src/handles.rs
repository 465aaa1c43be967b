//! What a verifier keeps between calls: keys, logs, and what it learned about floods of bad proofs.
#![allow(unsafe_code)]

use wufu_verifier::{
    BatchVerifier, Reason, Trust, VerifyingKey,
    log::{
        checkpoint::Checkpoint,
        history::{LogHistory, Window},
        signed_note::LogKey,
    },
};

use super::{
    Bytes, WUFU_MISUSE,
    bytes::{OutParam, reference, take_back},
    guard,
};

/// A verifying key that was checked. Pin it.
pub struct Key(pub(crate) VerifyingKey);

/// The checkpoints of one log that this verifier holds.
pub struct Log(pub(crate) LogHistory);

/// Remembers floods of bad proofs between batches.
pub struct Batch(pub(crate) BatchVerifier);

/// Decodes a verifying key. Accepts only ceremony keys, unless `accept_development` is true:
/// whoever made a development key can forge.
///
/// Returns 0 and writes the key to `out`, or returns the reason and writes null.
///
/// # Safety
/// `key` is readable, and `out` points at a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wufu_key_decode(
    key: Bytes,
    accept_development: bool,
    out: *mut *mut Key,
) -> u16 {
    guard(|| {
        // SAFETY: the caller's word.
        let out = unsafe { OutParam::pointer(out) }?;
        let trust = if accept_development { Trust::AcceptDevelopment } else { Trust::CeremonyOnly };
        // SAFETY: the caller's word.
        let bytes = unsafe { key.read() }?;
        let key = VerifyingKey::decode(bytes, trust).map_err(|error| error.reason().code())?;
        out.hand_out(Key(key));
        Ok(())
    })
}

/// Writes the 32 bytes of a key's id to `out`, or zeros if it fails.
///
/// # Safety
/// `key` is of this library, and `out` points at 32 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wufu_key_id(key: *const Key, out: *mut u8) -> u16 {
    guard(|| {
        // SAFETY: the caller's word; 32 bytes have no alignment.
        let out = unsafe { OutParam::at(out.cast::<[u8; 32]>(), [0; 32]) }?;
        // SAFETY: the caller's word.
        out.put(*unsafe { reference(key) }?.0.id().as_bytes());
        Ok(())
    })
}

/// Frees a key.
///
/// # Safety
/// It is null, or of this library and not freed before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wufu_key_free(key: *mut Key) {
    // SAFETY: the caller's word. (Dropping it runs nothing that could panic.)
    unsafe { take_back(key) }
}

/// Creates an empty history of the log `origin` (org/log). `epoch_seconds` is the published length
/// of an epoch, or 0 if there is none: then the first checkpoint sets the length for all others.
/// `out` is null if it fails.
///
/// # Safety
/// `origin` is readable, and `out` points at a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wufu_log_new(
    origin: Bytes,
    epoch_seconds: u64,
    out: *mut *mut Log,
) -> u16 {
    guard(|| {
        // SAFETY: the caller's word.
        let out = unsafe { OutParam::pointer(out) }?;
        // SAFETY: the caller's word.
        let origin = unsafe { origin.text() }?;
        let log = match epoch_seconds {
            0 => LogHistory::new(origin),
            seconds => LogHistory::scheduled(origin, seconds),
        };
        out.hand_out(Log(log));
        Ok(())
    })
}

/// Opens a signed checkpoint with the log's pinned key, and adds it to the history.
///
/// Returns 0 or the reason. 524 (`history-contradiction`) means that the log's operator lied: from
/// then on nothing of that log is accepted.
///
/// # Safety
/// `log` is of this library and used by nobody else meanwhile; `log_key` and `note` are readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wufu_log_insert(log: *mut Log, log_key: Bytes, note: Bytes) -> u16 {
    guard(|| {
        // SAFETY: the caller's word.
        let (log, log_key, note) = unsafe { (log.as_mut(), log_key.text()?, note.read()?) };
        let log = log.ok_or(WUFU_MISUSE)?;
        let log_key = LogKey::parse(log_key).map_err(|error| error.reason().code())?;
        let note = core::str::from_utf8(note);
        let note = note.map_err(|_| Reason::NoteForm.code())?;
        let checkpoint = Checkpoint::open(&log_key, note);
        let checkpoint = checkpoint.map_err(|error| error.reason().code())?;
        log.0.insert(checkpoint).map_err(|error| error.reason().code())
    })
}

/// Opens every signed checkpoint of `notes`, a text of several as `wufu ledger checkpoints` writes
/// it, and adds those of this log. Checkpoints of the same operator's other logs are skipped once
/// their signatures are checked. Unless `count` is null, it becomes the number of checkpoints of
/// this log, or 0 if the call fails.
///
/// Returns 0 or the reason why a note is refused. Then nothing was added, unless the reason is 521
/// to 524: those before the refused checkpoint were added. 521 (`history-origin`): none is of this
/// log. For 524 see [`wufu_log_insert`].
///
/// # Safety
/// `log` is of this library and used by nobody else meanwhile; `log_key` and `notes` are readable;
/// `count` is null or points at a place.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wufu_log_insert_all(
    log: *mut Log,
    log_key: Bytes,
    notes: Bytes,
    count: *mut usize,
) -> u16 {
    let mut unwanted = 0;
    let count = if count.is_null() { &raw mut unwanted } else { count };
    guard(|| {
        // SAFETY: the caller's word; a place that it did not give is ours.
        let count = unsafe { OutParam::at(count, 0) }?;
        // SAFETY: the caller's word.
        let (log, log_key, notes) = unsafe { (log.as_mut(), log_key.text()?, notes.read()?) };
        let log = log.ok_or(WUFU_MISUSE)?;
        let log_key = LogKey::parse(log_key).map_err(|error| error.reason().code())?;
        let notes = core::str::from_utf8(notes).map_err(|_| Reason::NoteForm.code())?;
        let inserted = log.0.insert_all(&log_key, notes);
        count.put(inserted.map_err(|error| error.reason().code())?);
        Ok(())
    })
}

/// Drops the checkpoints that were replaced longer ago than `window` seconds at `now`. Checks at
/// `now` or later, with this window or a shorter one, do not accept their roots anyway. What was
/// `root-expired` is `root-unknown` from then on. Without this call a log keeps all checkpoints for
/// ever.
///
/// # Safety
/// `log` is of this library and used by nobody else meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wufu_log_prune(log: *mut Log, now: u64, window: u64) -> u16 {
    guard(|| {
        // SAFETY: the caller's word.
        unsafe { log.as_mut() }.ok_or(WUFU_MISUSE)?.0.prune(now, Window(window));
        Ok(())
    })
}

/// Frees a log.
///
/// # Safety
/// It is null, or of this library and not freed before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wufu_log_free(log: *mut Log) {
    // SAFETY: the caller's word.
    unsafe { take_back(log) }
}

/// Creates a batch verifier. `out` is null if it fails.
///
/// # Safety
/// `out` points at a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wufu_batch_new(out: *mut *mut Batch) -> u16 {
    guard(|| {
        // SAFETY: the caller's word.
        unsafe { OutParam::pointer(out) }?.hand_out(Batch(BatchVerifier::default()));
        Ok(())
    })
}

/// Frees a batch verifier.
///
/// # Safety
/// It is null, or of this library and not freed before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wufu_batch_free(batch: *mut Batch) {
    // SAFETY: the caller's word.
    unsafe { take_back(batch) }
}
