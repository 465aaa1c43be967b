//! Files that commands read and write.

use std::{
    fmt::Write as _,
    fs,
    io::{Read as _, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::Path,
    time::SystemTime,
};

use anyhow::{Context as _, bail};
use tempfile::NamedTempFile;
use wufu_proto::{file as message, json, limits::Limited};
use zeroize::Zeroizing;

/// No message of ours is larger.
const MAX_BYTES: u64 = 16 << 20;

/// Reads a whole file of sane size.
pub fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let name = || path.display().to_string();
    let file = fs::File::open(path).with_context(name)?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).with_context(name)?;
    if bytes.len() as u64 > MAX_BYTES {
        bail!("{}: more than {MAX_BYTES} bytes, expected a message", path.display());
    }
    Ok(bytes)
}

/// Reads a text file of sane size.
pub fn read_text(path: &Path) -> anyhow::Result<String> {
    String::from_utf8(read(path)?).with_context(|| format!("{}: not UTF-8", path.display()))
}

/// Writes a file whole or not at all, readable by its owner alone.
pub fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let name = || path.display().to_string();
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let mut file = NamedTempFile::new_in(parent.unwrap_or(Path::new("."))).with_context(name)?;
    file.write_all(bytes).with_context(name)?;
    file.as_file().sync_all().with_context(name)?;
    file.persist(path).with_context(name)?;
    Ok(())
}

/// Copies a file of sane size, whole or not at all.
pub fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    write(to, &read(from)?)
}

/// Writes a new secret file, mode 0600. Never overwrites.
pub fn write_secret(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let name = || path.display().to_string();
    let mut options = fs::OpenOptions::new();
    let mut file =
        options.write(true).create_new(true).mode(0o600).open(path).with_context(name)?;
    file.write_all(bytes).with_context(name)?;
    file.sync_all().with_context(name)
}

/// Reads a secret file, and refuses one that others can read.
pub fn read_secret(path: &Path) -> anyhow::Result<Vec<u8>> {
    let meta = fs::metadata(path).with_context(|| path.display().to_string())?;
    if meta.mode() & 0o077 != 0 {
        bail!(
            "{}: mode is {:o}, expected 600: others can read it (chmod 600)",
            path.display(),
            meta.mode() & 0o777
        );
    }
    read(path)
}

/// Reads a message from its file: binary or JSON. No more of it is read than such a message can be long.
pub fn read_message<M: Limited>(path: &Path) -> anyhow::Result<M> {
    let name = || path.display().to_string();
    let file = fs::File::open(path).with_context(name)?;
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(message::worth_reading::<M>()).read_to_end(&mut bytes).with_context(name)?;
    message::decode(&bytes).with_context(name)
}

/// Writes a message as a file, binary or JSON.
pub fn write_message<M: Limited>(path: &Path, message: &M, json: bool) -> anyhow::Result<()> {
    let bytes = if json {
        json::to_file(message)?.into_bytes()
    } else {
        message::encode(message)
    };
    write(path, &bytes)
}

/// Unix seconds.
pub fn now() -> anyhow::Result<u64> {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    Ok(since.context("the clock is before 1970")?.as_secs())
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// Bytes from hexadecimal digits.
pub fn unhex<const N: usize>(field: &str, text: &str) -> anyhow::Result<[u8; N]> {
    let wrong =
        || format!("{field} is {} characters, expected {} hexadecimal digits", text.len(), 2 * N);
    let bytes = text.as_bytes();
    if bytes.len() != 2 * N {
        bail!(wrong());
    }
    let mut out = [0; N];
    for (byte, pair) in out.iter_mut().zip(bytes.chunks_exact(2)) {
        let pair = std::str::from_utf8(pair).with_context(wrong)?;
        // `from_str_radix` takes a sign.
        if !pair.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            bail!(wrong());
        }
        *byte = u8::from_str_radix(pair, 16).with_context(wrong)?;
    }
    Ok(out)
}
