//! `wufu setup clear`: deletes the development keys, and nothing else.

use std::{fs, io, path::Path};

use anyhow::bail;
use serde_json::json;
use wufu_verifier::CircuitName;

use crate::{cache, files::ReadFailure, human, output::Output};

/// Deletes the files that set-up makes in the folder of keys, and the folder if nothing else is in
/// it.
pub fn clear(output: Output) -> anyhow::Result<()> {
    let folder = cache::named_keys()?;
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
    for place in parent.into_iter().chain([folder.as_path()]) {
        match fs::symlink_metadata(place) {
            Ok(found) if found.is_symlink() => bail!(
                "{}: this is a link, expected a folder of keys: nothing was deleted; delete the \
                 files yourself in the folder that it leads to",
                place.display()
            ),
            Ok(found) if !found.is_dir() => {
                bail!("{}: this is a file, expected a folder of keys", place.display())
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let text = format!("no keys to delete: there is no folder {}", place.display());
                output.result(
                    "cleared",
                    text,
                    json!({ "folder": folder, "deleted": [], "left": 0 }),
                );
                return Ok(());
            }
            Err(error) => return Err(ReadFailure::new(place, error).into()),
        }
    }
    let _lock = cache::lock_keys(output)?;
    let (mut deleted, mut left) = (Vec::new(), 0u64);
    let unreadable = |error| ReadFailure::new(&folder, error);
    for entry in fs::read_dir(&folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let name = entry.file_name();
        let ours = name.to_str().filter(|name| is_made_here(name));
        let (Some(name), true) = (ours, entry.file_type().map_err(unreadable)?.is_file()) else {
            left += 1;
            continue;
        };
        remove(&entry.path())?;
        deleted.push(name.to_owned());
    }
    deleted.sort();
    if left == 0 {
        // If somebody has put a file there meanwhile, the folder stays.
        let _ = fs::remove_dir(&folder);
    }
    let mut text =
        format!("deleted {} in {}", human::count(deleted.len(), "file"), folder.display());
    for name in &deleted {
        text += &format!("\n  {name}");
    }
    if left > 0 {
        text += &format!("\nleft {}, which set-up did not make", human::count(left, "other file"));
    }
    output.result("cleared", text, json!({ "folder": folder, "deleted": deleted, "left": left }));
    Ok(())
}

/// Whether set-up gives a file such a name: a circuit, sixteen digits of its id, and the kind of
/// file.
fn is_made_here(name: &str) -> bool {
    let Some((stem, kind)) = name.split_once('.') else { return false };
    let is_circuit = CircuitName::ALL.iter().any(|circuit| {
        let digits = stem.strip_prefix(circuit.as_str()).and_then(|rest| rest.strip_prefix('-'));
        digits.is_some_and(|digits| {
            digits.len() == 16
                && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        })
    });
    let prepared = kind.strip_suffix(".checked").unwrap_or(kind).strip_suffix(".pp");
    let is_backend = |name: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        !name.is_empty() && name.chars().all(plain)
    };
    is_circuit
        && (matches!(kind, "pk" | "vk" | "kit" | "kit-id") || prepared.is_some_and(is_backend))
}

/// Deletes a file. A file that does not exist is not an error.
pub fn remove(path: &Path) -> anyhow::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(ReadFailure::new(path, error).into())
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_set_up_gives_are_its_own() {
        for ours in [
            "five-fu-e05b0b8bd6b6df22.pk",
            "donation-4e5433a90a32f6e3.vk",
            "donation-4e5433a90a32f6e3.kit",
            "donation-4e5433a90a32f6e3.kit-id",
            "gift-0000000000000000.avx512ifma.pp",
            "gift-0000000000000000.portable-100mb.pp",
            "gift-0000000000000000.portable-100mb.pp.checked",
        ] {
            assert!(is_made_here(ours), "{ours}");
        }
        for other in [
            "",
            "id_ed25519",
            "verifier.key",
            "donation.vk",
            "donation-4e54.vk",
            "x-4e5433a90a32f6e3.vk",
            "donation-4E5433A90A32F6E3.vk",
            "donation-4e5433a90a32f6e3.key",
            "donation-4e5433a90a32f6e3.pp",
            "donation-4e5433a90a32f6e3.a b.pp",
            "donation-4e5433a90a32f6e3",
        ] {
            assert!(!is_made_here(other), "{other}");
        }
    }
}
