//! Blind mode, from a witness to a verified proof over the wire: servers that cheat or fail, and
//! what they know together.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[cfg(target_os = "linux")]
mod kill;
mod proofs;
mod rules;
mod servers;
mod slow;
mod tls;
mod waits;
