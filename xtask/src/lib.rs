//! Tasks of the project. `cargo xtask vectors` writes the test vectors, and `cargo xtask api` the
//! reference of services and messages.

pub mod api;
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
pub mod vectors;
