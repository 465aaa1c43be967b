//! How to ask: policies, and signed requests for proofs.
#![allow(unsafe_code)]

use core::ffi::c_void;

use ed25519_dalek::SigningKey;
use wufu_proto::{file, v1};
use wufu_verifier::{
    Amount, KeyId, Policy, ProjectKey, ProjectSet, ProofRequest, Reason, Time,
    check::request::{self, RequestError},
    statement::policy,
};
use zeroize::Zeroizing;

use super::{
    Buffer, Bytes, Question, WUFU_DONATION, WUFU_MISUSE,
    bytes::{OutParam, reference, take_back},
    guard,
};

/// The largest amount, in minor units: a bound that accepts every amount.
pub const WUFU_MAX_AMOUNT: u64 = 281_474_976_710_655;
/// The latest time, in Unix seconds: a bound that accepts every time.
pub const WUFU_MAX_TIME: u64 = 1_099_511_627_775;

/// The amounts and times that a policy accepts, including all four bounds.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Bounds {
    /// The smallest amount, in minor units.
    pub amount_min: u64,
    /// The largest amount, in minor units.
    pub amount_max: u64,
    /// The earliest time, in Unix seconds.
    pub time_min: u64,
    /// The latest time, in Unix seconds.
    pub time_max: u64,
}

/// A signed request whose signature was checked.
pub struct Request {
    request: ProofRequest,
    /// What [`wufu_request_question`] lends.
    policy: Vec<u8>,
    key_ids: Vec<u8>,
}

impl Request {
    fn new(request: ProofRequest) -> Self {
        let question = request.question();
        let policy = question.policy.encode();
        let key_ids = question.key_ids.iter().flat_map(|id| *id.as_bytes()).collect();
        Self { request, policy, key_ids }
    }
}

/// Encodes a policy in canonical bytes. It accepts a donation to one of `count` projects, each
/// `institution * 2^32 + project`, in any order, within `bounds`. Null bounds accept every amount
/// and every time. `out` is null if it fails.
///
/// Returns 0, or the reason why the policy is refused (401 to 415).
///
/// # Safety
/// `projects` points at `count`, `bounds` is null or points at what its type says, and `out` points
/// at a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wufu_policy_encode(
    projects: *const u64,
    count: usize,
    bounds: *const Bounds,
    out: *mut *mut Buffer,
) -> u16 {
    guard(|| {
        // SAFETY: the caller's word.
        let out = unsafe { OutParam::pointer(out) }?;
        let fits = count.checked_mul(8).is_some_and(|bytes| isize::try_from(bytes).is_ok());
        if count > 0 && (projects.is_null() || !fits) {
            return Err(WUFU_MISUSE);
        }
        let projects = match count {
            0 => &[][..],
            // SAFETY: not null, not longer than memory can be; the rest is the caller's word.
            count => unsafe { core::slice::from_raw_parts(projects, count) },
        };
        // SAFETY: the caller's word.
        let bounds = unsafe { bounds.as_ref() };
        let policy = policy(projects, bounds).map_err(|error| error.reason().code())?;
        out.hand_out(Buffer(policy.encode()));
        Ok(())
    })
}

fn policy(projects: &[u64], bounds: Option<&Bounds>) -> Result<Policy, policy::PolicyError> {
    let keys = projects.iter().map(|key| ProjectKey::from_u64(*key));
    let projects = ProjectSet::new(keys.collect::<Result<Vec<_>, _>>()?)?;
    let (amount, time) = match bounds {
        None => (policy::Bounds::ANY_AMOUNT, policy::Bounds::ANY_TIME),
        Some(bounds) => (
            policy::Bounds::amounts(
                Amount::new(bounds.amount_min)?,
                Amount::new(bounds.amount_max)?,
            )?,
            policy::Bounds::times(Time::new(bounds.time_min)?, Time::new(bounds.time_max)?)?,
        ),
    };
    Ok(Policy { projects, amount, time })
}

/// Signs a request with an Ed25519 seed of 32 bytes, of which no copy is left. It reads these
/// fields of `ask`: `circuit`, which is `WUFU_DONATION`, `purpose`, `origin`, `policy`, `payload`,
/// which is the challenge (32 fresh random bytes), `expiry` and `key_ids`. `out` is null if it
/// fails.
///
/// Returns 0, or the reason why the question is refused (401 to 426).
///
/// # Safety
/// `seed` is readable, `ask` is null or points at what its type says, and `out` points at a place
/// for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wufu_request_sign(
    seed: Bytes,
    ask: *const Question,
    out: *mut *mut Request,
) -> u16 {
    guard(|| {
        // SAFETY: the caller's word.
        let out = unsafe { OutParam::pointer(out) }?;
        // SAFETY: the caller's word.
        let (seed, ask) = unsafe { (seed.read()?, reference(ask)?) };
        let seed: [u8; 32] = seed.try_into().map_err(|_| WUFU_MISUSE)?;
        let seed = Zeroizing::new(seed);
        // SAFETY: the caller's word.
        let question = unsafe { asked(ask) }?;
        // Wiped when it is dropped.
        let key = SigningKey::from_bytes(&seed);
        let request = ProofRequest::sign(&key, question);
        out.hand_out(Request::new(request.map_err(|error| error.reason().code())?));
        Ok(())
    })
}

/// Signs a request with a key that the caller keeps elsewhere, whose public half is
/// `ask->verifier`. It calls `sign` once, with `context` and the bytes to sign. `sign` writes the
/// 64 bytes of an Ed25519 signature to `signature` and returns whether it did. Everything else is
/// as in [`wufu_request_sign`]. If there is no signature, or it is not the verifier's, the reason
/// is 426.
///
/// # Safety
/// As [`wufu_request_sign`]; and `sign` returns, without unwinding or jumping out of this call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wufu_request_sign_with(
    ask: *const Question,
    sign: Option<
        unsafe extern "C" fn(context: *mut c_void, message: Bytes, signature: *mut u8) -> bool,
    >,
    context: *mut c_void,
    out: *mut *mut Request,
) -> u16 {
    guard(|| {
        // SAFETY: the caller's word.
        let out = unsafe { OutParam::pointer(out) }?;
        // SAFETY: the caller's word.
        let ask = unsafe { reference(ask) }?;
        let sign = sign.ok_or(WUFU_MISUSE)?;
        // SAFETY: the caller's word.
        let (question, verifier) = unsafe { (asked(ask)?, ask.verifier.read()?) };
        let verifier: [u8; 32] = verifier.try_into().map_err(|_| WUFU_MISUSE)?;
        let message = ProofRequest::signed_bytes(&verifier, &question);
        let message = message.map_err(|error| error.reason().code())?;
        let mut signature = [0; 64];
        let lent = Bytes { data: message.as_ptr(), len: message.len() };
        // SAFETY: the message and the place for the signature live as long as the call; the rest is
        // the caller's word.
        if !unsafe { sign(context, lent, signature.as_mut_ptr()) } {
            return Err(Reason::RequestSignature.code());
        }
        let request = ProofRequest::new(verifier, question, signature);
        out.hand_out(Request::new(request.map_err(|error| error.reason().code())?));
        Ok(())
    })
}

/// Returns the question.
///
/// # Safety
/// Its pointers are null or point at what they say.
unsafe fn asked(ask: &Question) -> Result<request::Question, u16> {
    if ask.circuit != WUFU_DONATION {
        return Err(RequestError::Circuit.reason().code());
    }
    // SAFETY: the caller's word, for all of them.
    let (purpose, origin) = unsafe { (ask.purpose.text()?, ask.origin.text()?) };
    // SAFETY: as before.
    let (policy, challenge) = unsafe { (ask.policy.read()?, ask.payload.read()?) };
    // SAFETY: as before.
    let ids = unsafe { ask.key_ids.read()? };
    let policy = Policy::decode(policy).map_err(|error| error.reason().code())?;
    let (key_ids, []) = ids.as_chunks::<32>() else {
        return Err(RequestError::Keys { got: ids.len() }.reason().code());
    };
    Ok(request::Question {
        purpose: purpose.into(),
        origin: origin.into(),
        policy,
        challenge: challenge.try_into().map_err(|_| WUFU_MISUSE)?,
        expiry: ask.expiry,
        key_ids: key_ids.iter().copied().map(KeyId).collect(),
    })
}

/// Reads a request from its file and checks its signature. `out` is null if it fails.
///
/// Returns 0 or the reason. The request's verifier is whoever signed it: read only your own
/// requests, or compare the verifier.
///
/// # Safety
/// `request` is readable, and `out` points at a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wufu_request_decode(request: Bytes, out: *mut *mut Request) -> u16 {
    guard(|| {
        // SAFETY: the caller's word.
        let out = unsafe { OutParam::pointer(out) }?;
        // SAFETY: the caller's word.
        let request = file::request(unsafe { request.read() }?);
        out.hand_out(Request::new(request.map_err(|error| error.reason().code())?));
        Ok(())
    })
}

/// Encodes a request as a file, which wallets and every other library read. `out` is null if it
/// fails.
///
/// # Safety
/// `request` is null or of this library, and `out` points at a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wufu_request_encode(
    request: *const Request,
    out: *mut *mut Buffer,
) -> u16 {
    guard(|| {
        // SAFETY: the caller's word.
        let out = unsafe { OutParam::pointer(out) }?;
        // SAFETY: the caller's word.
        let request = unsafe { reference(request) }?;
        out.hand_out(Buffer(file::encode(&v1::ProofRequest::from(&request.request))));
        Ok(())
    })
}

/// Writes what a request asks to a question: `circuit`, `verifier`, `purpose`, `origin`, `policy`,
/// `payload`, `key_ids` and `expiry`. The other fields keep their values: set `key`, `log`, `now`
/// and `window`. What is written is borrowed from the request until the request is freed.
///
/// # Safety
/// `request` is null or of this library; `question` is null or points at a question that was
/// filled, with zeros at least.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wufu_request_question(
    request: *const Request,
    question: *mut Question,
) -> u16 {
    guard(|| {
        // SAFETY: the caller's word, for both.
        let (request, question) =
            unsafe { (reference(request)?, question.as_mut().ok_or(WUFU_MISUSE)?) };
        let lend = |bytes: &[u8]| Bytes { data: bytes.as_ptr(), len: bytes.len() };
        let Request { request, policy, key_ids } = request;
        let asked = request.question();
        question.circuit = WUFU_DONATION;
        question.verifier = lend(request.verifier());
        question.purpose = lend(asked.purpose.as_bytes());
        question.origin = lend(asked.origin.as_bytes());
        question.policy = lend(policy);
        question.payload = lend(&asked.challenge);
        question.key_ids = lend(key_ids);
        question.expiry = asked.expiry;
        Ok(())
    })
}

/// Frees a request.
///
/// # Safety
/// It is null, or of this library and not freed before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn wufu_request_free(request: *mut Request) {
    // SAFETY: the caller's word.
    unsafe { take_back(request) }
}

// cbindgen does not look into other crates.
const _: () =
    assert!(WUFU_MAX_AMOUNT == Amount::MAX.minor() && WUFU_MAX_TIME == Time::MAX.seconds());
