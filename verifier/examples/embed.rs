//! How a verifier embeds this crate: it pins a key and a log, asks a question, and checks the
//! answer.
//!
//! ```sh
//! cargo run --release -p wufu-verifier --example embed -- KEY LOG_KEY CHECKPOINTS REQUEST ENVELOPE
//! ```
//!
//! All five are files that `wufu demo` writes: a verifying key, a log key, signed checkpoints, this
//! verifier's own request, and the answer that somebody presented. (`wufu-proto` reads the files of
//! messages. Without features it needs only prost.)
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::{env, error::Error, fs::File, io::Read as _, process::ExitCode, time::SystemTime};

use wufu_proto::{file, limits::MAX_ENVELOPE};
use wufu_verifier::{
    DonationCheck, Trust, VerifyingKey,
    check::spent::MemoryStore,
    log::{
        history::{LogHistory, Window},
        notes,
        signed_note::LogKey,
    },
};

/// Reads a file, but no more than `max` bytes.
fn read(path: &str, max: usize) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(max as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > max { Err(format!("{path}: more than {max} bytes").into()) } else { Ok(bytes) }
}

fn main() -> ExitCode {
    match check() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("refused: {error}");
            ExitCode::FAILURE
        }
    }
}

fn check() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [key, log_key, checkpoints, request, envelope] = args.as_slice() else {
        return Err("five arguments: see the head of this file".into());
    };
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs();
    let text = |path, max| Ok::<_, Box<dyn Error>>(String::from_utf8(read(path, max)?)?);

    // The ten lines that matter.
    // In production, accept `CeremonyOnly`.
    let key = VerifyingKey::decode(&read(key, 4096)?, Trust::AcceptDevelopment)?;
    let log_key = LogKey::parse(&text(log_key, 4096)?)?;
    // Your own request, not one that came with the answer.
    let request = file::request(&read(request, MAX_ENVELOPE)?)?;
    let mut log = LogHistory::new(&request.question().origin);
    log.insert_all(&log_key, &text(checkpoints, notes::MAX_BYTES)?)?;
    // In production, use a database.
    let mut spent = MemoryStore::default();

    let envelope = file::envelope(&read(envelope, MAX_ENVELOPE)?)?;
    let (verifier, question) = (request.verifier(), request.question());
    let check =
        DonationCheck { key: &key, log: &log, verifier, question, now, window: Window::default() };
    let admitted = check.verify(envelope.presented())?.spend(&mut spent)?;

    println!(
        "accepted: a donation that you asked for, shown for the first time, as of epoch {}",
        admitted.verified().epoch()
    );
    Ok(())
}
