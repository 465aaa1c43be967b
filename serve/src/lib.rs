//! What every gRPC service of Wufu shares: a listener that cannot be exhausted, limits that hold before a message is
//! decoded, health checks, reflection, and an orderly end.
//!
//! A service describes its calls in [`Methods`] and is run by [`serve`]. In front of its handlers stands a gate that
//! sees the headers of a call first and its bytes after that:
//!
//! - Calls that need a token are refused on their headers, before a byte of the message is read.
//! - A message that is longer than its call allows is refused when its length arrives, before it is stored. So is one
//!   with more
//!   repeated entries than its call allows.
//! - A request must be there [`Limits::receive`] after its headers. An answer must be read at a minimum pace.
//! - Bytes that are received but not yet handled, and bytes that are answered but not yet sent, are counted over all
//!   connections, and have a limit.
//!
//! # Cost
//! The most memory that clients can hold is `connections * (CONNECTION + CALL + 2 * largest open request) + in_flight +
//! unsent`, beside what handlers hold for themselves. `prover/tests/held.rs` measures it. With the defaults, and
//! requests of 64 KiB, that is
//! `1024 * 192 KiB + 32 MiB + 24 MiB`, which is 248 MiB. A service with larger answers sets a larger
//! [`Limits::unsent`], and says so.

#[cfg(test)]
use wufu_testing as _;

mod answer;
mod budget;
mod call;
mod connection;
mod flow;
mod frames;
mod gate;
mod incoming;
mod limits;
mod methods;
mod queue;
mod repeats;
mod request;
mod serving;

pub use answer::ResponseGuard;
pub use budget::{Budget, busy};
pub use call::{ArrivalTime, CALL, RequestCharge};
pub use connection::{Peer, PeerTurn};
pub use incoming::{Incoming, Transport};
pub use limits::Limits;
pub use methods::{AuthorisedCall, HeaderCheck, Method, Methods};
pub use queue::{Queue, QueueGuard};
pub use repeats::Repeats;
pub use serving::{ServeError, Service, ServiceEnd, serve};

/// What an open connection takes, in bytes: its HTTP/2 state and buffers.
pub const CONNECTION: usize = 48 * 1024;
