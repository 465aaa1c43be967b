//! What fuzz targets share: a record of what was accepted. A target whose inputs are all refused asserts nothing, and looks well.
use std::{
    collections::BTreeSet,
    env,
    fs::OpenOptions,
    io::Write,
    sync::{Mutex, OnceLock},
};

/// Says that an input was accepted as `what`. With `WUFU_REACHED=FILE` it is appended there, once: `.ci/fuzz` runs the seeds that way
/// first, and fails when something that a target names is in none of them.
pub fn reached(what: &str) {
    static FILE: OnceLock<Option<Mutex<BTreeSet<String>>>> = OnceLock::new();
    let told = FILE.get_or_init(|| env::var_os("WUFU_REACHED").map(|_| Mutex::default()));
    let (Some(told), Some(path)) = (told, env::var_os("WUFU_REACHED")) else { return };
    let Ok(mut told) = told.lock() else { return };
    if told.insert(what.to_string()) {
        let file = OpenOptions::new().create(true).append(true).open(path);
        let mut file = file.expect("the file of what was reached cannot be opened");
        writeln!(file, "{what}").expect("the file of what was reached cannot be written");
    }
}
