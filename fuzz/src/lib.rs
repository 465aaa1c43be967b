//! What the fuzz targets share: a record of what was accepted. A target that refuses all of its
//! inputs asserts nothing, and yet seems to pass.
use std::{
    collections::BTreeSet,
    env,
    fs::OpenOptions,
    io::Write,
    sync::{Mutex, OnceLock},
};

/// Records that an input was accepted as `what`. With `WUFU_REACHED=FILE` the name is appended to
/// that file, once. `.ci/fuzz` runs the seeds in this way first, and fails if a target names
/// something that no seed reaches.
pub fn reached(what: &str) {
    static FILE: OnceLock<Option<Mutex<BTreeSet<String>>>> = OnceLock::new();
    let told = FILE.get_or_init(|| env::var_os("WUFU_REACHED").map(|_| Mutex::default()));
    let (Some(told), Some(path)) = (told, env::var_os("WUFU_REACHED")) else { return };
    let Ok(mut told) = told.lock() else { return };
    if told.insert(what.to_string()) {
        let file = OpenOptions::new().create(true).append(true).open(path);
        let mut file = file.expect("cannot open the file of reached names");
        writeln!(file, "{what}").expect("cannot write the file of reached names");
    }
}
