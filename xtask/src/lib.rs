//! Generated files of the project. `cargo xtask vectors` writes the test vectors.

#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
pub mod vectors;
