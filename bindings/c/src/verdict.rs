//! Envelopes in, verdicts out.
#![allow(unsafe_code)]

use std::{collections::BTreeMap, mem::MaybeUninit};

use wufu_proto::{Envelope, file};
use wufu_verifier::{
    BatchVerifier, OpenedProof, Reason,
    check::{AnyVerified, batch::OsEntropy},
};

use super::{
    Batch, Bytes, Question, WUFU_ACCEPTED, WUFU_INTERNAL, WUFU_MISUSE,
    bytes::{OutParam, reference},
    guard,
    question::QuestionKind,
};

/// The most nullifiers that a statement has.
pub const WUFU_NULLIFIERS: usize = 6;

/// The longest file of an envelope or a request.
pub const WUFU_MAX_ENVELOPE: usize = 204_800;

// cbindgen does not look into other crates.
const _: () = assert!(WUFU_MAX_ENVELOPE == wufu_proto::limits::MAX_ENVELOPE);

/// What is to be said of an envelope.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Verdict {
    /// `WUFU_ACCEPTED`, or why it is not.
    pub reason: u16,
    /// How many of `nullifiers` there are: 0 unless it is accepted.
    pub nullifier_count: u32,
    /// The epoch whose roots the proof is about.
    pub epoch: u64,
    /// What the proof spends. It counts only if all of them are new to you: check and insert them together, or none; a store that cannot tell
    /// refuses.
    pub nullifiers: [[u8; 32]; WUFU_NULLIFIERS],
}

impl Verdict {
    const fn refused(reason: u16) -> Self {
        Self { reason, nullifier_count: 0, epoch: 0, nullifiers: [[0; 32]; WUFU_NULLIFIERS] }
    }

    fn accepted(verified: &AnyVerified) -> Self {
        let mut verdict = Self { epoch: verified.epoch(), ..Self::refused(WUFU_ACCEPTED) };
        for (place, nullifier) in verdict.nullifiers.iter_mut().zip(verified.nullifiers()) {
            *place = nullifier;
            verdict.nullifier_count += 1;
        }
        verdict
    }
}

/// Reads an envelope: length, encodings, and that its parts belong together. Points are the check's: a batch reads them together.
fn read(envelope: &[u8]) -> Result<Envelope, u16> {
    if envelope.is_empty() {
        // As `vectors/` has it: the protobuf of no bytes is a message, of no version.
        return Err(Reason::MessageChoice.code());
    }
    file::envelope(envelope).map_err(|error| error.reason().code())
}

/// Reads an envelope and says whether it is one. It verifies nothing, and does not look whether the proof's points are points.
///
/// `envelope` is a file, or the bare protobuf that travels; of more than `WUFU_MAX_ENVELOPE` bytes nothing is read. So it is in every
/// function that takes one.
///
/// # Safety
/// `envelope` is readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wufu_envelope_read(envelope: Bytes) -> u16 {
    // SAFETY: the caller's word.
    guard(|| read(unsafe { envelope.read() }?).map(|_| ()))
}

/// Checks an envelope against what was asked.
///
/// Gives the verdict's reason: 0 is accepted, and then its nullifiers are yours to spend. `verdict` is written in every case, unless it is
/// null.
///
/// # Safety
/// Every pointer is null or points at what its type says; `envelope` is readable. `verdict`, which need not be filled, overlaps nothing that is read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wufu_verify(
    envelope: Bytes,
    question: *const Question,
    verdict: *mut Verdict,
) -> u16 {
    // SAFETY: the caller's word.
    let Ok(place) = (unsafe { OutParam::at(verdict, Verdict::refused(WUFU_INTERNAL)) }) else {
        return WUFU_MISUSE;
    };
    let mut found = Verdict::refused(WUFU_INTERNAL);
    let code = guard(|| {
        let policies = &mut BTreeMap::new();
        // SAFETY: the caller's word.
        let (question, bytes) = unsafe { (reference(question)?.read(policies)?, envelope.read()?) };
        let envelope = read(bytes)?;
        let verified = question.open(&envelope).verify();
        found = Verdict::accepted(&verified.map_err(|error| error.reason().code())?);
        Ok(())
    });
    if code != WUFU_ACCEPTED {
        found = Verdict::refused(code);
    }
    place.put(found);
    code
}

/// Checks `count` envelopes together, each against the question of its place, and writes each verdict to its place: the one that
/// [`wufu_verify`] gives. `batch` remembers floods of bad proofs between calls; with null nothing is remembered, and while a flood of them lasts every
/// call costs up to 1.4 times what checking one by one does.
///
/// Questions that point at the same bytes for their policy share its tree of projects, which is made once in a call (1,365 hashes for the largest).
///
/// Gives 0 when every verdict was found, whatever it is; else why none was: then every verdict is that, and nothing is verified.
///
/// # Safety
/// `envelopes` and `questions` point at `count` each, and `verdicts` at places for as many; `batch` is null, or of this library and used by
/// nobody else meanwhile. `verdicts`, which need not be filled, overlap nothing that is read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wufu_verify_batch(
    batch: *mut Batch,
    envelopes: *const Bytes,
    questions: *const Question,
    count: usize,
    verdicts: *mut Verdict,
) -> u16 {
    if count == 0 {
        return WUFU_ACCEPTED;
    }
    let sizes = [size_of::<Bytes>(), size_of::<Question>(), size_of::<Verdict>()];
    let fits =
        |size: usize| size.checked_mul(count).is_some_and(|all| isize::try_from(all).is_ok());
    let nulls = envelopes.is_null() || questions.is_null() || verdicts.is_null();
    if nulls || !sizes.into_iter().all(fits) {
        return WUFU_MISUSE;
    }
    // SAFETY: not null, and not longer than memory can be; the rest is the caller's word.
    let places =
        unsafe { core::slice::from_raw_parts_mut(verdicts.cast::<MaybeUninit<Verdict>>(), count) };
    let mut write = |at: usize, verdict: Verdict| {
        if let Some(place) = places.get_mut(at) {
            place.write(verdict);
        }
    };
    // Until it is known better: nothing is verified.
    (0..count).for_each(|at| write(at, Verdict::refused(WUFU_INTERNAL)));
    let mut fresh = BatchVerifier::default();
    let code = guard(|| {
        // SAFETY: as before, for all three.
        let (envelopes, questions, batch) = unsafe {
            let envelopes = core::slice::from_raw_parts(envelopes, count);
            (envelopes, core::slice::from_raw_parts(questions, count), batch.as_mut())
        };
        let batch = batch.map_or(&mut fresh, |batch| &mut batch.0);
        let mut policies = BTreeMap::new();
        // SAFETY: the caller's word, for each.
        let asked = questions.iter().map(|question| unsafe { question.read(&mut policies) });
        let asked: Vec<QuestionKind<'_>> = asked.collect::<Result<_, u16>>()?;
        // SAFETY: the caller's word, for each.
        let bytes = envelopes.iter().map(|envelope| unsafe { envelope.read() });
        let bytes: Vec<&[u8]> = bytes.collect::<Result<_, u16>>()?;
        let mut places = Vec::with_capacity(count);
        let mut pending: Vec<OpenedProof<'_, AnyVerified>> = Vec::with_capacity(count);
        for (at, (bytes, asked)) in bytes.into_iter().zip(&asked).enumerate() {
            match read(bytes) {
                Err(code) => write(at, Verdict::refused(code)),
                Ok(envelope) => {
                    pending.push(asked.open(&envelope));
                    places.push(at);
                }
            }
        }
        let outcome = batch.verify(pending, &mut OsEntropy);
        let outcome = outcome.map_err(|error| error.reason().code())?;
        for (at, verdict) in places.into_iter().zip(outcome.verdicts) {
            match verdict {
                Ok(verified) => write(at, Verdict::accepted(&verified)),
                Err(error) => write(at, Verdict::refused(error.reason().code())),
            }
        }
        Ok(())
    });
    if code != WUFU_ACCEPTED {
        (0..count).for_each(|at| write(at, Verdict::refused(code)));
    }
    code
}
