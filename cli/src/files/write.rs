//! Files that commands write: they never overwrite a file of another kind, and get the mode that
//! fits their content.

use std::{
    fs::{self, File, Metadata, OpenOptions, Permissions},
    io::{self, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, chown},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use wufu_files::{Draft, folder};
use wufu_proto::{append::AppendOutcome, grant::DonationReceipt, limits::MessageLimits, v1};
use wufu_verifier::{
    ProofRequest, Trust, VerifyingKey,
    log::{notes, signed_note::LogKey},
};

use super::read::{ReadFailure, read, read_message};
use crate::output;

/// What a file contains, and who may read it.
#[derive(Clone, Copy)]
pub struct FileKind {
    /// The name with its article, for messages.
    name: &'static str,
    /// Whether it tells what somebody holds, so that only its owner may read it.
    private: bool,
    /// Recognises a file of this kind.
    holds: fn(&Path) -> bool,
}

/// A message that is written into a file of its own.
pub trait FileMessage: MessageLimits {
    /// Its kind of file.
    const KIND: FileKind;
}

/// A proof and what it is about.
pub const ENVELOPE: FileKind = FileKind {
    name: "an envelope",
    private: false,
    holds: |path| {
        let read = read_message::<v1::Envelope>(path).ok();
        read.is_some_and(|message| wufu_proto::Envelope::try_from(message).is_ok())
    },
};
/// A verifier's signed request.
pub const REQUEST: FileKind = FileKind {
    name: "a request",
    private: false,
    holds: |path| {
        let read = read_message::<v1::ProofRequest>(path).ok();
        read.is_some_and(|message| ProofRequest::try_from(message).is_ok())
    },
};
/// The grants of an address.
pub const GRANTS: FileKind = FileKind {
    name: "a file of grants",
    private: true,
    holds: |path| {
        let read = read_message::<v1::AppendResponse>(path).ok();
        read.is_some_and(|message| AppendOutcome::try_from(message).is_ok())
    },
};
/// A donation, for its owner.
pub const RECEIPT: FileKind = FileKind {
    name: "a receipt",
    private: true,
    holds: |path| {
        let read = read_message::<v1::DonationReceipt>(path).ok();
        read.is_some_and(|message| DonationReceipt::try_from(message).is_ok())
    },
};
/// Signed notes.
pub const CHECKPOINTS: FileKind = FileKind {
    name: "a file of checkpoints",
    private: false,
    holds: |path| read(path).is_ok_and(|bytes| notes::decode(&bytes).is_ok()),
};
/// A verifying key.
pub const VERIFYING_KEY: FileKind = FileKind {
    name: "a verifying key",
    private: false,
    holds: |path| {
        read(path).is_ok_and(|bytes| VerifyingKey::decode(&bytes, Trust::AcceptDevelopment).is_ok())
    },
};
/// A kit for blind proving.
pub const KIT: FileKind = FileKind {
    name: "a kit",
    private: false,
    holds: |path| read(path).is_ok_and(|bytes| bytes.starts_with(b"wufu-bk1")),
};
/// An organisation's log key.
pub const LOG_KEY: FileKind = FileKind {
    name: "a log key",
    private: false,
    holds: |path| {
        read(path).is_ok_and(|bytes| {
            String::from_utf8(bytes).is_ok_and(|text| LogKey::parse(&text).is_ok())
        })
    },
};

const KINDS: [FileKind; 8] =
    [ENVELOPE, REQUEST, GRANTS, RECEIPT, CHECKPOINTS, VERIFYING_KEY, KIT, LOG_KEY];

impl FileMessage for v1::Envelope {
    const KIND: FileKind = ENVELOPE;
}

impl FileMessage for v1::ProofRequest {
    const KIND: FileKind = REQUEST;
}

impl FileMessage for v1::AppendResponse {
    const KIND: FileKind = GRANTS;
}

impl FileMessage for v1::DonationReceipt {
    const KIND: FileKind = RECEIPT;
}

/// Whether a path stands for standard output.
pub fn is_stdout(path: &Path) -> bool {
    path == Path::new("-") || path == Path::new("/dev/stdout")
}

/// Checks that a file may be written, before work is spent on what goes into it.
pub fn check(path: &Path, kind: FileKind) -> anyhow::Result<()> {
    target(path, kind).map(|_| ())
}

/// The output of a command: standard output or a file.
enum Target {
    Stdout,
    /// A file that does not exist yet, with all links resolved.
    New(PathBuf),
    /// A device, a pipe or a descriptor.
    Through,
    /// An existing file of the same kind, or an empty one.
    Old(PathBuf, Metadata),
}

fn target(path: &Path, kind: FileKind) -> anyhow::Result<Target> {
    if is_stdout(path) {
        return Ok(Target::Stdout);
    }
    let found = match fs::metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(Target::New(link_target(path)?));
        }
        Err(error) => return Err(ReadFailure::new(path, error).into()),
    };
    if found.is_dir() {
        bail!("{}: this is a folder, expected a file's name", path.display());
    }
    if !found.is_file() || is_descriptor(path) {
        return Ok(Target::Through);
    }
    if found.len() > 0 && !(kind.holds)(path) {
        let other = KINDS.iter().find(|other| (other.holds)(path));
        bail!(
            "{}: holds {}, expected a new file or {} to replace: choose another name",
            path.display(),
            other.map_or("something else", |other| other.name),
            kind.name
        );
    }
    if found.mode() & 0o222 == 0 {
        bail!(
            "{}: read-only (mode {:03o}), expected a file that may be replaced: choose another \
             name",
            path.display(),
            found.mode() & 0o777
        );
    }
    let target = fs::canonicalize(path).map_err(|error| ReadFailure::new(path, error))?;
    Ok(Target::Old(target, found))
}

/// Writes a file, completely or not at all.
///
/// An existing file is replaced only by one of the same kind, and keeps its mode; a private file
/// (one that tells what somebody holds) becomes readable by its owner only, whatever its mode was.
/// Links are followed, devices and pipes are written to, and `-` is standard output. A new file is
/// readable by everybody (mode 0644, less the umask), and a new private file by its owner only.
pub fn write(path: &Path, kind: FileKind, bytes: &[u8]) -> anyhow::Result<()> {
    match target(path, kind)? {
        Target::Stdout => print(bytes),
        Target::Through => through(path, bytes),
        Target::New(target) => create(&target, if kind.private { 0o600 } else { 0o644 }, bytes),
        Target::Old(target, found) => {
            // A private file is for its owner only, whatever it replaces.
            let kept = if kind.private { 0o7700 } else { 0o7777 };
            replace_with(&target, bytes, |file| {
                file.set_permissions(Permissions::from_mode(found.mode() & kept))
            })?;
            // Only the superuser can give the file back to another owner.
            let _ = chown(&target, Some(found.uid()), Some(found.gid()));
            Ok(())
        }
    }
}

/// Replaces a file in a folder that belongs to this program, whatever it contains.
pub fn replace(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    replace_with(path, bytes, |_| Ok(()))
}

/// Writes a new secret with mode 0600. Never overwrites a file.
pub fn write_secret(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    if is_stdout(path) {
        return print(bytes);
    }
    match fs::metadata(path) {
        Ok(found) if !found.is_file() && !found.is_dir() => return through(path, bytes),
        _ => {}
    }
    let mut options = OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600).open(path);
    let mut file = match file {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => bail!(
            "{}: exists, expected a new file, since a secret never overwrites anything: choose \
             another name",
            path.display()
        ),
        other => other.map_err(|error| Unwritable::new(path, error))?,
    };
    file.write_all(bytes).map_err(|error| Unwritable::new(path, error))?;
    file.sync_all().map_err(|error| Unwritable::new(path, error))?;
    Ok(())
}

/// Creates a new file. If another process created one of that name meanwhile, that one stays.
fn create(path: &Path, mode: u32, bytes: &[u8]) -> anyhow::Result<()> {
    let created = Draft::with_mode(path, mode).create(|file| file.write_all(bytes));
    Ok(created.map_err(|error: io::Error| Unwritable::new(path, error))?)
}

fn replace_with(
    path: &Path,
    bytes: &[u8],
    prepare: impl FnOnce(&File) -> io::Result<()>,
) -> anyhow::Result<()> {
    let replaced = Draft::with_mode(path, 0o644).replace(|file| {
        prepare(file)?;
        file.write_all(bytes)
    });
    Ok(replaced.map_err(|error| Unwritable::new(path, error))?)
}

/// Writes into a device or pipe.
fn through(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let unwritable = |error| Unwritable::new(path, error);
    // A descriptor of a regular file needs appending; devices and pipes accept it.
    let mut file = OpenOptions::new().append(true).open(path).map_err(unwritable)?;
    file.write_all(bytes).map_err(unwritable)?;
    Ok(())
}

fn print(bytes: &[u8]) -> anyhow::Result<()> {
    output::to_stdout(|out| out.write_all(bytes)).context("standard output")
}

/// Whether a path such as `/dev/fd/3` names a descriptor, whose file belongs to whoever opened it.
fn is_descriptor(path: &Path) -> bool {
    let in_proc =
        path.starts_with("/proc") && path.parent().is_some_and(|parent| parent.ends_with("fd"));
    in_proc || path.starts_with("/dev/fd") || path == Path::new("/dev/stderr")
}

/// Follows links to the place where the new file belongs.
fn link_target(path: &Path) -> anyhow::Result<PathBuf> {
    const MOST_LINKS: usize = 40;
    let mut path = path.to_path_buf();
    for _ in 0..MOST_LINKS {
        match fs::read_link(&path) {
            Ok(target) => path = folder(&path).join(target),
            Err(_) => return Ok(path),
        }
    }
    bail!("{}: too many links, expected a file's name", path.display())
}

/// A file that cannot be written.
#[derive(Debug)]
struct Unwritable {
    path: PathBuf,
    error: io::Error,
}

impl Unwritable {
    fn new(path: &Path, error: io::Error) -> Self {
        Self { path: path.into(), error }
    }
}

impl std::fmt::Display for Unwritable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let path = self.path.display();
        match self.error.kind() {
            io::ErrorKind::NotFound => {
                let folder = folder(&self.path).display();
                write!(f, "{path}: there is no folder {folder} to write to: make it first")
            }
            io::ErrorKind::PermissionDenied => {
                write!(f, "{path}: permission denied, expected a place that this user may write to")
            }
            _ => write!(f, "{path}: cannot be written: {}", self.error),
        }
    }
}

impl std::error::Error for Unwritable {}

#[cfg(test)]
mod tests;
