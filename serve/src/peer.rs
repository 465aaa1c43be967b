//! A client, as far as a service knows it.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
};

use crate::{
    flow::{Clock, Flows},
    principal::Principal,
};

/// A client, known only by its connection: its address is not kept. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Peer(Arc<State>);

#[derive(Debug)]
struct State {
    clock: Clock,
    used: AtomicBool,
    calls: AtomicUsize,
    // How many of these calls are for health or reflection. An open watch does not keep the
    // connection open.
    attending: AtomicUsize,
    // Large answers that are being prepared or sent.
    turns: AtomicUsize,
    // When the last call ended, or when the last call for health or reflection began.
    idle: AtomicU64,
    flows: Flows,
    // Known after the handshake, if the listener asks for certificates.
    certificate: OnceLock<Principal>,
}

impl Peer {
    pub(crate) fn new() -> Self {
        let (clock, flows) = (Clock::start(), Flows::default());
        let (used, idle) = (AtomicBool::new(false), AtomicU64::new(0));
        let none = || AtomicUsize::new(0);
        let (calls, attending, turns) = (none(), none(), none());
        let certificate = OnceLock::new();
        Self(Arc::new(State { clock, used, calls, attending, turns, idle, flows, certificate }))
    }

    /// Keeps what the client's certificate says.
    pub(crate) fn identify(&self, certificate: Principal) {
        // A connection has one handshake.
        let _ = self.0.certificate.set(certificate);
    }

    /// The client's certificate, if it showed one.
    pub(crate) fn certificate(&self) -> Option<&Principal> {
        self.0.certificate.get()
    }

    /// Returns `true` for the first job on this connection, and `false` ever after.
    pub fn begin(&self) -> bool {
        !self.0.used.swap(true, Ordering::Relaxed)
    }

    /// Takes one of the connection's turns at an expensive operation, unless `most` turns are taken
    /// already. Dropping the value gives the turn back.
    pub fn turn(&self, most: usize) -> Option<PeerTurn> {
        let turns = &self.0.turns;
        let more = |held: usize| (held < most).then(|| held + 1);
        let taken = turns.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        taken.ok().map(|held| PeerTurn { peer: self.clone(), is_first: held == 0 })
    }

    /// Counts one more call. Returns how many there were before it.
    pub(crate) fn enter(&self) -> usize {
        self.0.calls.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn leave(&self) {
        self.0.idle.store(self.now(), Ordering::Relaxed);
        self.0.calls.fetch_sub(1, Ordering::Relaxed);
    }

    /// Marks the call that just entered as one for health or reflection, which does not keep the
    /// connection open.
    pub(crate) fn attend(&self) {
        self.0.idle.store(self.now(), Ordering::Relaxed);
        self.0.attending.fetch_add(1, Ordering::Relaxed);
    }

    /// Ends such a call. The caller calls [`Self::leave`] next.
    pub(crate) fn attended(&self) {
        self.0.attending.fetch_sub(1, Ordering::Relaxed);
    }

    /// Whether no call keeps the connection open.
    pub(crate) fn is_idle(&self) -> bool {
        self.0.calls.load(Ordering::Relaxed) <= self.0.attending.load(Ordering::Relaxed)
    }

    /// When the last call ended, or when the last call for health or reflection began.
    pub(crate) fn idle_since(&self) -> u64 {
        self.0.idle.load(Ordering::Relaxed)
    }

    pub(crate) fn flows(&self) -> &Flows {
        &self.0.flows
    }

    pub(crate) fn now(&self) -> u64 {
        self.0.clock.now()
    }
}

/// A connection's turn, from [`Peer::turn`]. Dropping it gives the turn back.
#[derive(Debug)]
pub struct PeerTurn {
    peer: Peer,
    is_first: bool,
}

impl PeerTurn {
    /// Whether the connection held no other turn when it took this one.
    pub fn is_first(&self) -> bool {
        self.is_first
    }
}

impl Drop for PeerTurn {
    fn drop(&mut self) {
        self.peer.0.turns.fetch_sub(1, Ordering::Relaxed);
    }
}
