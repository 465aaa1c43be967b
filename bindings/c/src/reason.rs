//! Reasons as texts.
#![allow(unsafe_code)]

use std::{
    collections::BTreeMap,
    ffi::{CString, c_char},
    ptr,
    sync::OnceLock,
};

use wufu_verifier::Reason;

use super::{WUFU_ACCEPTED, WUFU_INTERNAL, WUFU_MISUSE};

/// The name and meaning of each code, made once and kept.
fn texts() -> &'static BTreeMap<u16, [CString; 2]> {
    static TEXTS: OnceLock<BTreeMap<u16, [CString; 2]>> = OnceLock::new();
    TEXTS.get_or_init(|| {
        let own = [
            (WUFU_ACCEPTED, "accepted", "It is verified."),
            (
                WUFU_MISUSE,
                "misuse",
                "The caller's mistake: a null pointer, or a question that cannot be asked.",
            ),
            (WUFU_INTERNAL, "internal", "The library's mistake. Nothing is verified."),
        ];
        let reasons =
            Reason::ALL.iter().map(|reason| (reason.code(), reason.as_str(), reason.meaning()));
        // Neither has a zero inside.
        let text = |text: &str| CString::new(text).unwrap_or_default();
        own.into_iter()
            .chain(reasons)
            .map(|(code, name, says)| (code, [text(name), text(says)]))
            .collect()
    })
}

fn text(code: u16, which: usize) -> *const c_char {
    let found = || texts().get(&code).map_or(ptr::null(), |texts| texts[which].as_ptr());
    std::panic::catch_unwind(found).unwrap_or(ptr::null())
}

/// Returns the name of a verdict, such as `scope-not-asked`. It is the same in every language. Null
/// if the number is not a verdict.
#[unsafe(no_mangle)]
pub extern "C" fn wufu_reason_name(reason: u16) -> *const c_char {
    text(reason, 0)
}

/// Returns the meaning of a verdict, in one sentence. Null if the number is not a verdict.
#[unsafe(no_mangle)]
pub extern "C" fn wufu_reason_meaning(reason: u16) -> *const c_char {
    text(reason, 1)
}
