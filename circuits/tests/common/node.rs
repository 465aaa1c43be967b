//! Node, where it is installed.

use std::{
    env,
    fs::File,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Prepares the packages of `circuits/twins` and these twins, and returns their folder,
/// `target/twins`.
///
/// Returns `None` if node, npm or the packages are missing, and says so on standard error. With
/// `CI=true` or `WUFU_NODE=required` that is a failure.
pub fn ready(twins: &[&str]) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let present = |name| Command::new(name).arg("--version").stdout(Stdio::null()).status().is_ok();
    if !present("node") || !present("npm") {
        return absent("node or npm is not installed");
    }
    std::fs::create_dir_all(root.join("target")).unwrap();
    // Tests run side by side, and one of them prepares it.
    let lock = File::create(root.join("target/twins.lock")).unwrap();
    lock.lock().unwrap();
    let built = Command::new("node")
        .arg(root.join("circuits/twins/build.mjs"))
        .args(twins)
        .stdout(Stdio::null())
        .status();
    if !built.is_ok_and(|status| status.success()) {
        return absent("circuits/twins/build.mjs failed: are the packages within reach?");
    }
    Some(root.join("target/twins"))
}

fn absent(why: &str) -> Option<PathBuf> {
    let set = |name, value| env::var_os(name).is_some_and(|held| held == value);
    assert!(!set("CI", "true") && !set("WUFU_NODE", "required"), "{why}");
    say(&format!("SKIPPED: {why}"));
    None
}

/// Prints a line for whoever runs the test, even if it passes: the test harness holds back what a
/// macro prints.
pub fn say(what: &str) {
    io::stderr().write_all(format!("{what}\n").as_bytes()).unwrap();
}
