//! The user's cache folder, where development keys are kept.

use std::{
    fs::{self, File, TryLockError},
    path::PathBuf,
};

use anyhow::{Context as _, bail};
use directories::ProjectDirs;

use crate::{environment::variable, output::Output};

/// Beside the folder of keys and never deleted, so that all processes lock the same file.
const LOCK: &str = "keys.lock";

/// `$WUFU_CACHE` if it is set and not empty, else the platform's cache folder for `wufu`.
pub fn folder() -> anyhow::Result<PathBuf> {
    if let Some(folder) = variable("WUFU_CACHE") {
        return Ok(folder.into());
    }
    let dirs = ProjectDirs::from("", "", "wufu")
        .context("there is no home folder to keep keys in: set WUFU_CACHE to a folder")?;
    Ok(dirs.cache_dir().to_path_buf())
}

/// The folder of development keys.
pub fn keys() -> anyhow::Result<PathBuf> {
    Ok(folder()?.join("keys"))
}

/// Waits until no other process makes or deletes keys here, and keeps others out for as long as the
/// returned file is open.
pub fn lock_keys(output: Output) -> anyhow::Result<File> {
    let folder = folder()?;
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let path = folder.join(LOCK);
    let name = || path.display().to_string();
    let lock = File::options().create(true).truncate(false).write(true).open(&path);
    let lock = lock.with_context(name)?;
    match lock.try_lock() {
        Ok(()) => return Ok(lock),
        Err(TryLockError::WouldBlock) => {}
        Err(TryLockError::Error(error)) => return Err(error).with_context(name),
    }
    output.text(
        "waiting for another wufu process that is making keys; this takes seconds for each circuit",
    );
    lock.lock().with_context(name)?;
    Ok(lock)
}

/// The folder of development keys that may be deleted: only one that the environment names. Without
/// `HOME`, the platform would look up the user's home folder in the list of users, and nobody asked
/// to delete anything there.
pub fn named_keys() -> anyhow::Result<PathBuf> {
    if !["WUFU_CACHE", "XDG_CACHE_HOME", "HOME"].iter().any(|name| variable(name).is_some()) {
        bail!(
            "nothing was deleted: HOME is empty or not set, so it is not clear whose keys to \
             delete. Set HOME, or set WUFU_CACHE to the folder"
        );
    }
    keys()
}
