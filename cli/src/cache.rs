//! The user's cache folder, where development keys are kept.

use std::{
    fs::{self, File, TryLockError},
    path::PathBuf,
};

use anyhow::{Context as _, bail};
use directories::ProjectDirs;

use crate::output::Output;

/// Beside the folder of keys and never deleted, so that all processes lock one and the same file.
const LOCK: &str = "keys.lock";

/// `$WUFU_CACHE` unless it is empty, else the platform's cache folder for `wufu`.
pub fn folder() -> anyhow::Result<PathBuf> {
    if let Some(folder) = std::env::var_os("WUFU_CACHE").filter(|folder| !folder.is_empty()) {
        return Ok(folder.into());
    }
    let dirs = ProjectDirs::from("", "", "wufu")
        .context("there is no home folder to keep keys in: set WUFU_CACHE to one")?;
    Ok(dirs.cache_dir().to_path_buf())
}

/// Where development keys are.
pub fn keys() -> anyhow::Result<PathBuf> {
    Ok(folder()?.join("keys"))
}

/// Waits until no other process makes or deletes keys here. It ends with what is given.
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
    output.text("waiting for another wufu, which is making keys: some seconds for each circuit");
    lock.lock().with_context(name)?;
    Ok(lock)
}

/// Where development keys are that may be deleted: a folder that the environment names. Without
/// `HOME`, or with an empty one, the platform takes the home folder of the user who runs this from
/// the system's list of users, which nobody asked for.
pub fn named_keys() -> anyhow::Result<PathBuf> {
    let is_named = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if !["WUFU_CACHE", "XDG_CACHE_HOME", "HOME"].into_iter().any(is_named) {
        bail!(
            "nothing was deleted: HOME is empty or not set, so it is not said whose keys are meant. Set HOME, or WUFU_CACHE \
             to the folder"
        );
    }
    keys()
}
