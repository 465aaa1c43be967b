//! Verdicts on envelopes.
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

/// The largest number of nullifiers of a statement.
pub const WUFU_NULLIFIERS: usize = 6;

/// The longest file of an envelope or a request, in bytes.
pub const WUFU_MAX_ENVELOPE: usize = 204_800;

// cbindgen does not look into other crates.
const _: () = assert!(WUFU_MAX_ENVELOPE == wufu_proto::limits::MAX_ENVELOPE);

/// The verdict on an envelope.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Verdict {
    /// `WUFU_ACCEPTED`, or the reason of the refusal.
    pub reason: u16,
    /// The number of `nullifiers`: 0 unless the envelope is accepted.
    pub nullifier_count: u32,
    /// The epoch whose roots the proof uses.
    pub epoch: u64,
    /// The nullifiers that the proof spends. Admit it only if all of them are new to you: check and
    /// insert them together, or none. Refuse if your store fails.
    pub nullifiers: [[u8; 32]; WUFU_NULLIFIERS],
}

impl Verdict {
    const fn refused(reason: u16) -> Self {
        Self { reason, nullifier_count: 0, epoch: 0, nullifiers: [[0; 32]; WUFU_NULLIFIERS] }
    }

    fn accepted(verified: &AnyVerified) -> Self {
        let mut verdict = Self { epoch: verified.epoch(), ..Self::refused(WUFU_ACCEPTED) };
        for (place, nullifier) in verdict.nullifiers.iter_mut().zip(verified.nullifiers()) {
            *place = nullifier.to_bytes();
            verdict.nullifier_count += 1;
        }
        verdict
    }
}

/// Reads an envelope: its length, its encodings, and that its parts belong together. The check
/// reads the points, and a batch reads those of many together.
fn read(envelope: &[u8]) -> Result<Envelope, u16> {
    if envelope.is_empty() {
        // As in `vectors/`: no bytes are the protobuf of an envelope without a version.
        return Err(Reason::MessageChoice.code());
    }
    file::envelope(envelope).map_err(|error| error.reason().code())
}

/// Checks whether bytes are an envelope. It verifies nothing, and does not read the proof's points.
///
/// `envelope` is a file, or the bare protobuf that gRPC carries. If it has more than
/// `WUFU_MAX_ENVELOPE` bytes, nothing is read. This holds for every function that takes an
/// envelope.
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
/// Returns the reason of the verdict. If it is 0, the envelope is accepted, and its nullifiers are
/// yours to spend. `verdict` is written in every case, unless it is null.
///
/// # Safety
/// Every pointer is null or points at what its type says; `envelope` is readable. `verdict` may be
/// uninitialised, and does not overlap anything that is read.
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

/// Checks `count` envelopes together, each against the question at its position, and writes each
/// verdict to its position. The verdicts are those of [`wufu_verify`]. `batch` remembers floods of
/// bad proofs between calls. With null nothing is remembered, and during a flood every call costs
/// up to 1.4 times as much as checking one by one.
///
/// Questions that point at the same bytes for their policy share its tree of projects, which is
/// computed once in a call (1,365 hashes for the largest).
///
/// Returns 0 if every verdict was found, whatever the verdicts are. Otherwise it returns the
/// reason, writes it as every verdict, and nothing is verified.
///
/// # Safety
/// `envelopes` and `questions` point at `count` each, and `verdicts` at places for as many; `batch`
/// is null, or of this library and used by nobody else meanwhile. `verdicts` may be uninitialised,
/// and do not overlap anything that is read.
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
    // Until more is known, nothing is verified.
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
