//! Tasks of the project itself. `cargo xtask vectors` writes the test vectors.
//!
//! Read next: [`vectors`], which makes the files, and `vectors/README.md`, which says how to use
//! them.

#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
pub mod vectors;
