//! Files that commands read and write.

pub mod read;
pub mod write;

use std::{path::Path, time::SystemTime};

use anyhow::{Context as _, bail};
pub use read::{
    ReadFailure, is_stdin, name, read, read_at_most, read_envelope, read_grants, read_message,
    read_request, read_secret, read_text,
};
pub use write::{FileMessage, is_stdout, replace, write, write_secret};
use wufu_proto::{
    file::{self as message},
    json::{self},
};
use wufu_verifier::encoding::hex::{self, Hex};

/// Writes a message as a file, binary or JSON.
pub fn write_message<M: FileMessage>(path: &Path, message: &M, json: bool) -> anyhow::Result<()> {
    let bytes = if json { json::to_file(message)?.into_bytes() } else { message::encode(message) };
    write(path, M::KIND, &bytes)
}

/// Unix seconds.
pub fn now() -> anyhow::Result<u64> {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok();
    let since =
        since.context("this machine's clock is before 1970, expected today's time: set the clock");
    Ok(since?.as_secs())
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    Hex(bytes).to_string()
}

/// Bytes from hexadecimal digits.
pub fn unhex<const N: usize>(field: &str, text: &str) -> anyhow::Result<[u8; N]> {
    let wrong = || {
        let got = text.chars().count();
        if text.len() == 2 * N {
            format!("{field} has a character that is not a hexadecimal digit, expected {}", 2 * N)
        } else {
            format!("{field} is {got} characters, expected {} hexadecimal digits", 2 * N)
        }
    };
    let mut out = [0; N];
    match hex::decode(text.as_bytes(), &mut out) {
        Ok(()) => Ok(out),
        Err(_) => bail!(wrong()),
    }
}
