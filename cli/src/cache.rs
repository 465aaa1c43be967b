//! The user's cache folder, where development keys are kept.

use std::path::PathBuf;

use anyhow::Context as _;
use directories::ProjectDirs;

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
