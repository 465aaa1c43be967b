//! Bearer tokens, of which a service knows only the hashes.

use std::{fmt, path::PathBuf, sync::Arc};

use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConditionallySelectable as _, ConstantTimeEq as _};

use crate::{tls::TlsError, watched::Watched};

/// The longest name of a token, in bytes.
const NAME: usize = 64;

/// The tokens that a service accepts, read again when the file's contents change. So a token is
/// added, replaced or withdrawn without a restart. Cloning is cheap.
///
/// # Shapes
/// The file is text. A line is `NAME:HASH`, where the hash is SHA-256 over the token's bytes in 64
/// lower-case hex digits. Empty lines and lines that begin with `#` count for nothing. A file
/// without any line is taken for one that is just being written, and refused; to withdraw all
/// tokens, leave a `#`.
///
/// A token is as hard to guess as it is random, so it must have at least 128 random bits: the hash
/// is fast, and does not make up for a weak one.
#[derive(Clone)]
pub struct TokenFile(Arc<Watched<Arc<[Entry]>>>);

/// A token's name and hash.
pub(crate) struct Entry {
    name: Arc<str>,
    hash: [u8; 32],
}

impl TokenFile {
    /// Reads the file.
    ///
    /// # Errors
    /// Returns an error that names the file, and the line that has another form.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, TlsError> {
        let path: PathBuf = path.into();
        let watched = Watched::open("tokens", vec![path.clone()], move |contents| {
            parse(&path, contents.first().map_or(&[][..], Vec::as_slice))
        })?;
        Ok(Self(Arc::new(watched)))
    }

    /// The same, but the file is read again this often.
    #[must_use]
    pub fn with_interval(self, interval: std::time::Duration) -> Self {
        self.0.set_interval(interval);
        self
    }

    /// Reads the file again now, and replaces the tokens if its contents have changed. Returns
    /// whether they have. After an error, the earlier tokens stay.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn reload(&self) -> Result<bool, TlsError> {
        self.0.reload()
    }

    /// Reads the file again now, and logs what came of it.
    pub fn refresh(&self) {
        self.0.reload_and_log();
    }

    /// The name of a token. The time that this takes does not depend on which line matches, or
    /// whether one does.
    pub(crate) fn name(&self, token: &[u8]) -> Option<Arc<str>> {
        let (entries, shown) = (self.0.value(), Sha256::digest(token));
        let (mut is_found, mut found) = (Choice::from(0), 0u32);
        for (n, entry) in (0u32..).zip(entries.iter()) {
            let is_same = entry.hash.ct_eq(&shown);
            found.conditional_assign(&n, is_same);
            is_found |= is_same;
        }
        let entry = entries.get(usize::try_from(found).ok()?)?;
        bool::from(is_found).then(|| entry.name.clone())
    }

    pub(crate) fn watched(&self) -> Arc<Watched<Arc<[Entry]>>> {
        self.0.clone()
    }
}

impl fmt::Debug for TokenFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<Arc<str>> = self.0.value().iter().map(|entry| entry.name.clone()).collect();
        f.debug_struct("TokenFile").field("names", &names).finish_non_exhaustive()
    }
}

/// The line of a token file that makes a service accept this token, without its end. `None` if the
/// name is not 1 to 64 letters, digits, `.`, `-` and `_`.
pub fn token_line(name: &str, token: &[u8]) -> Option<String> {
    let hash = Sha256::digest(token);
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    is_name(name).then(|| format!("{name}:{hex}"))
}

fn is_name(name: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    (1..=NAME).contains(&name.len()) && name.bytes().all(is_allowed)
}

fn parse(path: &std::path::Path, bytes: &[u8]) -> Result<Arc<[Entry]>, TlsError> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut has_line = false;
    for (n, line) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
        let line = line.trim_ascii();
        has_line |= !line.is_empty();
        if line.is_empty() || line.starts_with(b"#") {
            continue;
        }
        let entry = entry(line).ok_or(TlsError::TokenLine { path: path.into(), line: n })?;
        if entries.iter().any(|earlier| earlier.hash == entry.hash) {
            return Err(TlsError::TokenTwice { path: path.into(), line: n });
        }
        entries.push(entry);
    }
    if has_line { Ok(entries.into()) } else { Err(TlsError::Empty { path: path.into() }) }
}

fn entry(line: &[u8]) -> Option<Entry> {
    let (name, hex) = std::str::from_utf8(line).ok()?.split_once(':')?;
    let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if !is_name(name) || hex.len() != 64 || !hex.bytes().all(is_hex) {
        return None;
    }
    let mut hash = [0; 32];
    for (n, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(2 * n..2 * n + 2)?, 16).ok()?;
    }
    Some(Entry { name: name.into(), hash })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_token_is_known_by_its_hash_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens");
        let lines = [token_line("a", b"one").unwrap(), token_line("b.B-2_", b"two").unwrap()];
        std::fs::write(&path, format!("# mine\r\n\n{}\r\n{}", lines[0], lines[1])).unwrap();
        let tokens = TokenFile::open(&path).unwrap();
        assert_eq!(tokens.name(b"one").as_deref(), Some("a"));
        assert_eq!(tokens.name(b"two").as_deref(), Some("b.B-2_"));
        let hash = lines[0].split_once(':').unwrap().1;
        for wrong in [&b""[..], b"on", b"one ", b"ONE", hash.as_bytes(), lines[0].as_bytes()] {
            assert_eq!(tokens.name(wrong), None);
        }
        // The same as sha256sum prints.
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(token_line("n", b"abc").unwrap(), format!("n:{known}"));
        // Withdrawn, without any other.
        std::fs::write(&path, "#").unwrap();
        assert!(tokens.reload().unwrap());
        assert_eq!(tokens.name(b"one"), None);
    }

    #[test]
    fn a_line_of_another_form_is_refused_unquoted() {
        let hash = "0".repeat(64);
        for line in [
            "secret".to_owned(),
            format!(":{hash}"),
            format!("a b:{hash}"),
            format!("{}:{hash}", "n".repeat(65)),
            format!("n:{}", &hash[1..]),
            format!("n:{hash}0"),
            format!("n:{}A", &hash[1..]),
            format!("n:+{}", &hash[1..]),
            format!("n: {hash}"),
            format!("n:{hash}:x"),
        ] {
            let error = parse(Path::new("t"), format!("# x\n{line}\n").as_bytes()).err().unwrap();
            assert!(matches!(error, TlsError::TokenLine { line: 2, .. }), "{line}");
            assert!(!error.to_string().contains(&line), "{error}");
        }
        let twice = format!("a:{hash}\nb:{hash}\n");
        let error = parse(Path::new("t"), twice.as_bytes()).err();
        assert!(matches!(error, Some(TlsError::TokenTwice { line: 2, .. })));
        assert!(matches!(parse(Path::new("t"), b" \n\n").err(), Some(TlsError::Empty { .. })));
    }
}
