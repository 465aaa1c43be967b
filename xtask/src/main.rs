//! `cargo xtask TASK`, with the task `vectors` or `api`.

use anyhow::Context as _;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["vectors"] => xtask::vectors::write().context("vectors/ cannot be written"),
        ["api"] => xtask::api::write().context("docs/api.md cannot be written"),
        other => {
            anyhow::bail!("not a task: expected `vectors` or `api`, found `{}`", other.join(" "))
        }
    }
}
