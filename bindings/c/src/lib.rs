//! The C interface of the verifier: envelopes in, verdicts out.
//!
//! `include/wufu_verifier.h` is generated from these comments, and `examples/embed.c` is a complete
//! program. Start with [`wufu_key_decode`], [`wufu_log_new`] and [`wufu_verify`].
//!
//! **Verdicts** are numbers. 0 is accepted. Numbers from 101 on are the reasons of
//! `wufu_verifier::Reason`, which never change and are the same in every language. [`WUFU_MISUSE`]
//! and [`WUFU_INTERNAL`] are reasons of this interface only, and accept nothing either.
//!
//! **Ownership.** What a function writes through a pointer to a pointer belongs to the caller, who
//! frees it once with the `_free` function of its type; null may be freed. Everything else that is
//! passed is borrowed for the length of the call. Texts that are returned belong to the library and
//! stay valid. What is written and what is read may not overlap.
//!
//! **Results** are written without reading what was there before, so the place may be
//! uninitialised. It holds a refusal, null or zeros until the call succeeds.
//!
//! **Threads.** Any number of threads may use a [`Key`] at once, and a [`Log`] too while nobody
//! inserts. Only one thread at a time may use a [`Batch`].
//!
//! **Panics** do not leave the library. No known input causes one, and [`WUFU_INTERNAL`] would
//! report it. On wasm32 a panic is a trap and ends the instance. If memory runs out, the process
//! ends.

mod buffer;
mod bytes;
mod handles;
mod question;
mod reason;
mod request;
mod verdict;

use std::panic::{AssertUnwindSafe, catch_unwind};

pub use buffer::{Buffer, wufu_buffer_bytes, wufu_buffer_free};
pub use bytes::Bytes;
pub use handles::{
    Batch, Key, Log, wufu_batch_free, wufu_batch_new, wufu_key_decode, wufu_key_free, wufu_key_id,
    wufu_log_free, wufu_log_insert, wufu_log_insert_all, wufu_log_new, wufu_log_prune,
};
pub use question::{Question, WUFU_DONATION, WUFU_FIVE_FU, WUFU_GIFT};
pub use reason::{wufu_reason_meaning, wufu_reason_name};
pub use request::{
    Bounds, Request, WUFU_MAX_AMOUNT, WUFU_MAX_TIME, wufu_policy_encode, wufu_request_decode,
    wufu_request_encode, wufu_request_free, wufu_request_question, wufu_request_sign,
    wufu_request_sign_with,
};
pub use verdict::{
    Verdict, WUFU_MAX_ENVELOPE, WUFU_NULLIFIERS, wufu_envelope_read, wufu_verify, wufu_verify_batch,
};

/// The envelope is verified, or the call succeeded.
pub const WUFU_ACCEPTED: u16 = 0;

/// The caller's mistake: a null pointer, a text that is not UTF-8, a question that cannot be asked.
pub const WUFU_MISUSE: u16 = 1;

/// This library's mistake. Nothing is verified. Do not use again what was passed to be changed.
pub const WUFU_INTERNAL: u16 = 2;

/// Runs the body of a function of the interface. A panic ends here.
fn guard(body: impl FnOnce() -> Result<(), u16>) -> u16 {
    // Nothing looks again at what a panic left half done: the caller is told so.
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => WUFU_ACCEPTED,
        Ok(Err(code)) => code,
        Err(_) => WUFU_INTERNAL,
    }
}
