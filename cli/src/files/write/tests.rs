//! `--out` replaced whatever existed: a seed, a signing key, a pipe, or a link instead of its
//! target. And every file got mode 0600, even public ones.

use std::{
    os::unix::fs::{FileTypeExt as _, symlink},
    process::Command,
};

use super::*;

const NOTE: &[u8] = b"wufu/cards\n5\nAAAA\nepoch 3 of 600 s\ntime 1800\n\n\xe2\x80\x94 a x\n";

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

fn refused(path: &Path, kind: FileKind) -> String {
    let before = fs::read(path).unwrap();
    let error = write(path, kind, b"new").unwrap_err().to_string();
    assert_eq!(fs::read(path).unwrap(), before, "{error}");
    assert!(error.contains(&path.display().to_string()), "{error}");
    error
}

#[test]
fn only_a_file_of_the_same_kind_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    write(&path, CHECKPOINTS, NOTE).unwrap();
    write(&path, CHECKPOINTS, NOTE).unwrap();
    for kind in KINDS.into_iter().filter(|kind| kind.name != CHECKPOINTS.name) {
        let error = refused(&path, kind);
        assert!(error.contains("holds a file of checkpoints, expected a new file or"), "{error}");
        assert!(error.contains(kind.name), "{error}");
    }
    // A seed, a key of hexadecimal digits, a database, a text, and a single byte.
    let seed = format!("{}\n{}\n", "ab".repeat(32), "cd".repeat(4));
    let key = format!("{}\n", "58".repeat(32));
    for secret in
        [seed.as_bytes(), key.as_bytes(), b"SQLite format 3\0", b"# notes\n", b"\n", b"\0"]
    {
        fs::write(&path, secret).unwrap();
        for kind in KINDS {
            assert!(refused(&path, kind).contains("something else"));
        }
    }
    // An empty file may be replaced: nothing is lost.
    fs::write(&path, "").unwrap();
    write(&path, CHECKPOINTS, NOTE).unwrap();
    assert_eq!(fs::read(&path).unwrap(), NOTE);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn public_files_are_readable_and_modes_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let public = folder.path().join("public");
    write(&public, CHECKPOINTS, NOTE).unwrap();
    // The mode depends on the umask of the tests.
    let plain = folder.path().join("plain");
    fs::write(&plain, "").unwrap();
    assert_eq!(mode(&public), mode(&plain) & 0o644);
    let private = folder.path().join("private");
    write(&private, GRANTS, b"").unwrap();
    assert_eq!(mode(&private), 0o600);
    for kept in [0o640, 0o600, 0o755] {
        fs::set_permissions(&public, Permissions::from_mode(kept)).unwrap();
        write(&public, CHECKPOINTS, NOTE).unwrap();
        assert_eq!(mode(&public), kept);
    }
    fs::set_permissions(&public, Permissions::from_mode(0o444)).unwrap();
    assert!(refused(&public, CHECKPOINTS).contains("read-only (mode 444)"));
}

#[test]
fn links_are_followed() {
    let folder = tempfile::tempdir().unwrap();
    let [target, link, dangling, new] =
        ["target", "link", "dangling", "new"].map(|name| folder.path().join(name));
    fs::write(&target, "").unwrap();
    symlink("target", &link).unwrap();
    symlink("new", &dangling).unwrap();
    write(&link, CHECKPOINTS, NOTE).unwrap();
    write(&dangling, CHECKPOINTS, NOTE).unwrap();
    for (link, target) in [(&link, &target), (&dangling, &new)] {
        assert!(fs::symlink_metadata(link).unwrap().is_symlink());
        assert_eq!(fs::read(target).unwrap(), NOTE);
    }
    // A link to another kind of file protects it as well.
    fs::write(&target, "a seed").unwrap();
    refused(&link, CHECKPOINTS);
    let ring = folder.path().join("ring");
    symlink("ring", &ring).unwrap();
    assert!(write(&ring, CHECKPOINTS, NOTE).is_err());
    assert!(write(folder.path(), CHECKPOINTS, NOTE).unwrap_err().to_string().contains("folder"));
    let nowhere = write(&folder.path().join("no/where"), CHECKPOINTS, NOTE).unwrap_err();
    assert!(nowhere.to_string().contains("there is no folder"), "{nowhere}");
}

#[test]
fn devices_and_pipes_are_written_through() {
    write(Path::new("/dev/null"), CHECKPOINTS, NOTE).unwrap();
    assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    // Opened for reading and writing, so that neither side waits for the other.
    let reader = OpenOptions::new().read(true).write(true).open(&pipe).unwrap();
    write(&pipe, CHECKPOINTS, NOTE).unwrap();
    assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo());
    let mut got = vec![0; NOTE.len()];
    io::Read::read_exact(&mut &reader, &mut got).unwrap();
    assert_eq!(got, NOTE);
}

#[test]
fn a_secret_overwrites_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    write_secret(&path, b"one").unwrap();
    assert_eq!(mode(&path), 0o600);
    for existing in [&b"one"[..], b""] {
        fs::write(&path, existing).unwrap();
        let error = write_secret(&path, b"two").unwrap_err().to_string();
        assert!(error.contains("never overwrites"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), existing);
    }
}
