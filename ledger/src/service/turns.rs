//! Turns at large reads: so many at the database, so many answers in memory, and a bounded queue before them.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError},
    time::{Instant, timeout_at},
};
use tonic::{Request, Status};
use wufu_serve::{Peer, PeerTurn, busy};

use super::Limits;
use crate::store::SHARD_READERS;

/// When a call that is refused may try again.
const AGAIN: Duration = Duration::from_secs(1);
/// Turns of one connection at the same time, those it waits for included. A wallet has one: it opens a connection for each call.
const OF_ONE: usize = 2;

/// Who may read a shard now, who waits, who is refused. Cheap to clone: every clone is the same queue.
#[derive(Clone)]
pub(super) struct Turns {
    // A permit for each call that waits or has its turn.
    places: Arc<Semaphore>,
    // A permit for each answer, from before it is read until it is sent.
    answers: Arc<Semaphore>,
    // A permit for each read.
    readers: Arc<Semaphore>,
    wait: Duration,
}

/// What a call holds while it reads.
pub(super) struct Turn {
    /// Until the answer is sent.
    pub(super) answer: Answer,
    _reader: OwnedSemaphorePermit,
}

/// A place for an answer: one of all, and one of its connection.
pub(super) struct Answer {
    _one: OwnedSemaphorePermit,
    _of_peer: PeerTurn,
}

impl Turns {
    pub(super) fn new(limits: &Limits) -> Self {
        let semaphore = |count: usize| Arc::new(Semaphore::new(count.min(Semaphore::MAX_PERMITS)));
        Self {
            places: semaphore(limits.answers.saturating_add(limits.queue)),
            answers: semaphore(limits.answers),
            readers: semaphore(SHARD_READERS as usize),
            wait: limits.wait,
        }
    }

    /// The connection's share of the turns. It is refused if the connection has as many as it may.
    pub(super) fn of_peer<T>(request: &Request<T>) -> Result<PeerTurn, Status> {
        let peer = request.extensions().get::<Peer>();
        let peer = peer.ok_or_else(|| Status::internal("a call without a connection"))?;
        let text = "this connection is reading as many shards as it may";
        peer.turn(OF_ONE).ok_or_else(|| busy(text, AGAIN))
    }

    /// Waits for a turn, in the order of asking.
    pub(super) async fn take(&self, of_peer: PeerTurn) -> Result<Turn, Status> {
        let full = |error| match error {
            TryAcquireError::NoPermits => busy("too many shards are being read", AGAIN),
            TryAcquireError::Closed => ending(),
        };
        let _place = self.places.clone().try_acquire_owned().map_err(full)?;
        let until = Instant::now() + self.wait;
        let one = self.permit(&self.answers, until).await?;
        let answer = Answer { _one: one, _of_peer: of_peer };
        let _reader = self.permit(&self.readers, until).await?;
        Ok(Turn { answer, _reader })
    }

    async fn permit(
        &self,
        of: &Arc<Semaphore>,
        until: Instant,
    ) -> Result<OwnedSemaphorePermit, Status> {
        let permit = timeout_at(until, of.clone().acquire_owned()).await;
        permit.map_err(|_| busy("too many shards are being read", AGAIN))?.map_err(|_| ending())
    }

    /// Refuses whoever waits, and whoever comes.
    pub(super) fn close(&self) {
        self.places.close();
        self.answers.close();
        self.readers.close();
    }
}

fn ending() -> Status {
    Status::unavailable("the ledger is ending")
}
