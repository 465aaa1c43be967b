//! Who may own what in a ledger's folder, and which files make a ledger.
//!
//! `ledger init` once took over a folder that belonged to another user and was open to everybody,
//! with a `signing.key` and an `operator.token` from that user, who could then sign for the org. A
//! database of 0 bytes was opened as a new one, which had forgotten everything that was spent.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, chown, symlink},
    path::Path,
};

use wufu_ledger::{Ledger, LedgerReader};

use crate::common::{NOW, cards, ledger, policy};

async fn created(folder: &Path) -> String {
    match Ledger::create(folder, &policy(), NOW).await {
        Ok(ledger) => {
            ledger.close().await;
            String::new()
        }
        Err(error) => error.to_string(),
    }
}

/// The errors when the folder is opened for writing and for reading.
async fn opened(folder: &Path) -> [String; 2] {
    let writer = match Ledger::open(folder).await {
        Ok(ledger) => {
            ledger.close().await;
            String::new()
        }
        Err(error) => error.to_string(),
    };
    [writer, LedgerReader::open(folder).await.map_or_else(|error| error.to_string(), |_| "".into())]
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// A folder with a closed ledger.
async fn closed() -> tempfile::TempDir {
    let (folder, ledger) = ledger().await;
    ledger.append(cards(0..40)).await.unwrap();
    ledger.close_epoch(NOW).await.unwrap();
    ledger.close().await;
    folder
}

#[tokio::test]
async fn init_refuses_what_somebody_else_put_there() {
    for planted in [
        "signing.key",
        "operator.token",
        "ledger.db",
        "ledger.db-wal",
        "ledger.db-journal",
        "ledger.db-shm",
        "summary.note",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(planted);
        fs::write(&file, "00".repeat(32)).unwrap();
        mode(&file, 0o600);
        let refused = created(folder.path()).await;
        assert!(
            refused.contains(&format!("{planted} already exists, but there is no ledger")),
            "{refused}"
        );
        // Nothing was made, and following the advice works.
        assert!(!folder.path().join("policy.json").exists());
        fs::remove_file(&file).unwrap();
        assert_eq!(created(folder.path()).await, "");
        // A dangling link counts as an existing file.
        let folder = tempfile::tempdir().unwrap();
        symlink("/nowhere/at/all", folder.path().join(planted)).unwrap();
        let refused = created(folder.path()).await;
        assert!(refused.contains("already exists"), "{refused}");
    }
}

#[tokio::test]
async fn a_folder_in_which_others_can_write_is_refused() {
    let folder = closed().await;
    let fresh = tempfile::tempdir().unwrap();
    for open in [0o777, 0o775, 0o757, 0o722] {
        mode(folder.path(), open);
        mode(fresh.path(), open);
        let expected =
            format!("has mode {open:o}, expected 700: others may read or change it (chmod");
        for refused in opened(folder.path()).await.into_iter().chain([created(fresh.path()).await])
        {
            assert!(refused.contains(&expected), "{refused}");
        }
    }
    assert_eq!(fs::read_dir(fresh.path()).unwrap().count(), 0);
    mode(folder.path(), 0o700);
    assert_eq!(opened(folder.path()).await, ["", ""]);
    // Somebody who can only list the folder sees no secret, because each secret has a mode of its
    // own.
    mode(folder.path(), 0o755);
    assert_eq!(opened(folder.path()).await, ["", ""]);
    // What init makes is closed to others.
    let deep = fresh.path().join("deep/er");
    mode(fresh.path(), 0o700);
    assert_eq!(created(&deep).await, "");
    for path in [fresh.path().join("deep"), deep.clone()] {
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
    }
}

#[tokio::test]
async fn files_that_others_can_read_are_refused() {
    let folder = closed().await;
    fs::write(folder.path().join("ledger.db-wal"), "").unwrap();
    for name in ["signing.key", "operator.token", "ledger.db", "ledger.db-wal"] {
        let file = folder.path().join(name);
        for open in [0o644, 0o640, 0o602] {
            mode(&file, open);
            for refused in opened(folder.path()).await {
                let expected = format!("{name} has mode {open:o}, expected 600");
                assert!(refused.contains(&expected), "{refused}");
            }
        }
        mode(&file, 0o600);
    }
    for name in ["policy.json", "summary.note"] {
        let file = folder.path().join(name);
        mode(&file, 0o666);
        for refused in opened(folder.path()).await {
            assert!(refused.contains(&format!("{name} has mode 666")), "{refused}");
        }
        mode(&file, 0o644);
    }
    assert_eq!(opened(folder.path()).await, ["", ""]);
}

#[tokio::test]
async fn links_are_refused() {
    let folder = closed().await;
    let link = tempfile::tempdir().unwrap();
    let link = link.path().join("link");
    symlink(folder.path(), &link).unwrap();
    for path in [link.clone(), link.join("."), format!("{}/", link.display()).into()] {
        for refused in opened(&path).await.into_iter().chain([created(&path).await]) {
            assert!(refused.contains("link is a symbolic link, expected a folder"), "{refused}");
        }
    }
    let away = tempfile::tempdir().unwrap();
    for name in ["signing.key", "operator.token", "ledger.db", "policy.json", "summary.note"] {
        let (file, moved) = (folder.path().join(name), away.path().join(name));
        fs::rename(&file, &moved).unwrap();
        symlink(&moved, &file).unwrap();
        for refused in opened(folder.path()).await {
            let expected = format!("{name} is a symbolic link, expected a regular file");
            assert!(refused.contains(&expected), "{refused}");
        }
        fs::remove_file(&file).unwrap();
        fs::rename(&moved, &file).unwrap();
    }
    let lock = folder.path().join("lock");
    fs::remove_file(&lock).unwrap();
    symlink(away.path().join("victim"), &lock).unwrap();
    let [writer, reader] = opened(folder.path()).await;
    assert!(writer.contains("lock is a symbolic link"), "{writer}");
    assert_eq!(reader, "", "reading needs no lock");
    assert!(!away.path().join("victim").exists());
}

#[tokio::test]
async fn what_belongs_to_another_user_is_refused() {
    let folder = closed().await;
    let fresh = tempfile::tempdir().unwrap();
    let us = fs::metadata(folder.path()).map(|found| std::os::unix::fs::MetadataExt::uid(&found));
    let us = us.unwrap();
    // Only root can give files away.
    if chown(fresh.path(), Some(us + 1), None).is_err() {
        return;
    }
    let refused = created(fresh.path()).await;
    assert!(
        refused.contains(&format!("belongs to user {}, expected user {us}", us + 1)),
        "{refused}"
    );
    for name in ["", "signing.key", "operator.token", "ledger.db", "policy.json", "summary.note"] {
        let file = folder.path().join(name);
        chown(&file, Some(us + 1), None).unwrap();
        for refused in opened(folder.path()).await {
            assert!(refused.contains(&format!("belongs to user {}", us + 1)), "{name}: {refused}");
        }
        chown(&file, Some(us), None).unwrap();
    }
    assert_eq!(opened(folder.path()).await, ["", ""]);
}

/// Rows of docs/failures.md: 51.
#[tokio::test]
async fn an_empty_or_truncated_database_is_refused() {
    let folder = closed().await;
    let file = folder.path().join("ledger.db");
    let good = fs::read(&file).unwrap();
    assert!(good.len() > 3 * 4096, "{} bytes", good.len());
    for (length, expected) in [
        (0, "ledger.db is 0 bytes, expected 512"),
        (1, "ledger.db is 1 bytes, expected 512"),
        (511, "ledger.db is 511 bytes, expected 512"),
        (512, "ledger.db is 512 bytes, expected"),
        (4096, "ledger.db is 4096 bytes, expected"),
        (good.len() - 4096, "it is empty or cut short. Restore it from a backup"),
        (good.len() - 1, "it is empty or cut short. Restore it from a backup"),
    ] {
        fs::write(&file, &good[..length]).unwrap();
        for refused in opened(folder.path()).await {
            assert!(refused.contains(expected), "{length}: {refused}");
            assert!(refused.contains("ledger.db"), "{length}: {refused}");
        }
        assert_eq!(fs::read(&file).unwrap().len(), length, "it was written to");
    }
    fs::write(&file, vec![b'x'; good.len()]).unwrap();
    for refused in opened(folder.path()).await {
        assert!(refused.contains("does not begin like an SQLite database"), "{refused}");
    }
    fs::remove_file(&file).unwrap();
    for refused in opened(folder.path()).await {
        assert!(refused.contains("ledger.db: No such file"), "{refused}");
    }
    assert!(!file.exists());
    fs::write(&file, &good).unwrap();
    mode(&file, 0o600);
    assert_eq!(opened(folder.path()).await, ["", ""]);
    for name in ["signing.key", "operator.token", "policy.json"] {
        let file = folder.path().join(name);
        let good = fs::read(&file).unwrap();
        fs::write(&file, "").unwrap();
        for refused in opened(folder.path()).await {
            assert!(refused.contains(name), "{refused}");
        }
        fs::write(&file, good).unwrap();
    }
}

/// Rows of docs/failures.md: 43.
/// Pages were left in the write-ahead log, so a copy of `ledger.db` alone was an older ledger.
#[tokio::test]
async fn after_a_clean_exit_one_file_holds_everything() {
    let folder = closed().await;
    let wal = folder.path().join("ledger.db-wal");
    assert!(!wal.exists() || fs::metadata(&wal).unwrap().len() == 0);
    let copy = tempfile::tempdir().unwrap();
    for name in ["ledger.db", "policy.json", "signing.key", "operator.token", "summary.note"] {
        fs::copy(folder.path().join(name), copy.path().join(name)).unwrap();
    }
    let audit = async |folder: &Path| {
        let reader = LedgerReader::open(folder).await.unwrap();
        reader.audit().await.unwrap()
    };
    let audited = audit(copy.path()).await;
    assert_eq!(audited, audit(folder.path()).await);
    assert_eq!((audited.leaves["wufu/cards"], audited.findings), (40, vec![]));
}

#[tokio::test]
async fn a_folder_without_a_ledger_is_told_once() {
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path().to_owned(), folder.path().join("nothing")] {
        for refused in opened(&path).await {
            let path = path.display();
            let expected = format!(
                "{path} holds no ledger: expected a folder with a policy.json, as `wufu ledger \
                 init --dir {path} --org NAME` makes it"
            );
            assert_eq!(refused, expected);
        }
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
