//! The common part of all gRPC services of Wufu: a listener that cannot be exhausted, limits that
//! hold before a message is decoded, health checks, reflection, and an orderly shutdown.
//!
//! A service describes its calls in [`Methods`], and [`serve`] runs it. A gate in front of the
//! handlers sees a call's headers first, and its bytes after that:
//!
//! - A call that needs a token is refused by its headers, before a byte of its message is read.
//! - A message that is longer than its call allows is refused when its length arrives, before it is
//!   stored. So is one with more repeated entries than its call allows.
//! - A request must arrive completely within [`Limits::receive`] of its headers. A client must read
//!   its answer at a minimum pace.
//! - Bytes that are received but not yet handled are counted over all connections and limited. So
//!   are bytes that are answered but not yet sent.
//!
//! ```
//! use tokio::{net::TcpListener, sync::oneshot};
//! use tokio_stream::wrappers::TcpListenerStream;
//! use tonic::{service::Routes, transport::Endpoint};
//! use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
//! use wufu_serve::{Health, Limits, Method, Methods, Service, ServiceEnd, serve};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let name = "wufu.v1.ProverService";
//! let service = Service {
//!     name,
//!     // A real service has `Routes::new(ProverServiceServer::new(handler))`.
//!     routes: Routes::default(),
//!     descriptors: wufu_proto::DESCRIPTORS,
//!     methods: Methods::new(1024).with("Prove", Method::open(64 * 1024)),
//!     health: Health::default(),
//! };
//! let listener = TcpListener::bind("127.0.0.1:0").await?;
//! let address = listener.local_addr()?;
//! let (stop, stopped) = oneshot::channel::<()>();
//! let running = tokio::spawn(async move {
//!     let (limits, incoming) = (Limits::default(), TcpListenerStream::new(listener));
//!     let shutdown = Box::pin(async { drop(stopped.await) });
//!     serve(incoming.into(), service, &limits, shutdown, Box::new(|| ())).await
//! });
//!
//! let channel = Endpoint::from_shared(format!("http://{address}"))?.connect().await?;
//! let question = HealthCheckRequest { service: name.into() };
//! let health = HealthClient::new(channel).check(question).await?;
//! assert_eq!(health.into_inner().status().as_str_name(), "SERVING");
//!
//! drop(stop);
//! assert_eq!(running.await??, ServiceEnd::Whole);
//! # Ok(())
//! # }
//! ```
//!
//! Read next: [`serve`] for the order of a shutdown, [`Limits`] for the numbers, [`ResponseGuard`]
//! and [`Peer`] for handlers with large answers.
//!
//! # Cost
//! The most memory that clients can make a service hold is
//! `connections * (CONNECTION + CALL + 2 * largest open request) + in_flight + unsent`, in addition
//! to what the handlers hold. `prover/tests/held.rs` measures it. With the defaults, and requests
//! of 64 KiB, that is `1024 * 192 KiB + 32 MiB + 24 MiB`, which is 248 MiB. A service with larger
//! answers sets a larger [`Limits::unsent`], and says so. With TLS, each connection also holds what
//! rustls buffers: up to 64 KiB that its client has not read, and a record of 16 KiB that arrives.

#[cfg(test)]
use wufu_testing as _;

mod access;
mod answer;
mod authority;
mod budget;
mod call;
mod connection;
mod flow;
mod frames;
mod gate;
mod health;
mod incoming;
mod limits;
mod methods;
pub mod metrics;
mod peer;
mod principal;
mod queue;
mod repeats;
mod request;
mod serving;
mod tls;
mod tokens;
mod transport;
mod watched;

pub use answer::ResponseGuard;
pub use authority::unix_transport;
pub use budget::{Budget, busy};
pub use call::{ArrivalTime, CALL, RequestCharge};
pub use health::{Condition, Health};
pub use incoming::Incoming;
pub use limits::Limits;
pub use methods::{AuthorisedCall, HeaderCheck, Method, Methods};
pub use peer::{Peer, PeerTurn};
pub use principal::Principal;
pub use queue::{Queue, QueueGuard};
pub use repeats::Repeats;
pub use serving::{ServeError, Service, ServiceEnd, serve};
pub use tls::{ClientCertificates, PemKind, TlsError, TlsFiles, TlsServer};
pub use tokens::{TokenFile, token_line};
pub use transport::Transport;

/// What an open connection takes for its HTTP/2 state and buffers, in bytes.
pub const CONNECTION: usize = 48 * 1024;
