//! Turns at large reads: so many at the database, so many answers in memory, and a bounded queue before them.
//!
//! Of a stranger no more is known than the connection. So a connection that has no turn comes before the second call of one that
//! has: it waits in front of those, and takes the place of one of them if the queue is full.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, oneshot},
    time::{Instant, timeout_at},
};
use tonic::{Request, Response, Status};
use wufu_serve::{Peer, PeerTurn, Queue, ResponseGuard, busy};

use super::limits::Limits;
use crate::store::SHARD_READERS;

/// When a call that is refused may try again.
const AGAIN: Duration = Duration::from_secs(1);
/// Turns of one connection at the same time, those it waits for included. A wallet has one: it opens a connection for each call.
const OF_ONE: usize = 2;

/// Who may read a shard now, who waits, who is refused. Cheap to clone: every clone is the same queue.
#[derive(Clone)]
pub(super) struct Turns {
    answers: AnswerPermits,
    // A permit for each read.
    readers: Arc<Semaphore>,
    wait: Duration,
}

/// What a call holds while it reads.
pub(super) struct Turn {
    answer: PendingAnswer,
    _reader: OwnedSemaphorePermit,
}

/// What an answer holds until it is sent: one of all permits, and one of its connection's turns.
struct PendingAnswer {
    permit: AnswerPermit,
    _of_peer: PeerTurn,
}

impl Turn {
    /// An answer that keeps its permit until it is sent, and must be read faster while others wait for one.
    pub(super) fn answer<T>(self, message: T) -> Response<T> {
        let mut response = Response::new(message);
        let queue = self.answer.permit.0.queue.clone();
        response.extensions_mut().insert(ResponseGuard::wanted(self.answer, &queue));
        response
    }
}

impl Turns {
    pub(super) fn new(limits: &Limits) -> Self {
        let readers = Arc::new(Semaphore::new(SHARD_READERS as usize));
        Self {
            answers: AnswerPermits::new(limits.answers, limits.queue),
            readers,
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

    /// Waits for a turn: first calls of a connection before further ones, each in the order of asking.
    pub(super) async fn take(&self, of_peer: PeerTurn) -> Result<Turn, Status> {
        let until = Instant::now() + self.wait;
        let permit = self.answers.take(of_peer.is_first(), until).await?;
        let answer = PendingAnswer { permit, _of_peer: of_peer };
        let reader = timeout_at(until, self.readers.clone().acquire_owned()).await;
        let _reader = reader.map_err(|_| full())?.map_err(|_| ending())?;
        Ok(Turn { answer, _reader })
    }

    /// Refuses whoever waits, and whoever comes.
    pub(super) fn close(&self) {
        self.answers.close();
        self.readers.close();
    }
}

/// Permits for answers, each held from before an answer is read until it is sent.
#[derive(Clone)]
struct AnswerPermits(Arc<SharedQueue>);

struct SharedQueue {
    // How many wait, for the transport to know.
    queue: Queue,
    // Never held while a permit is given back.
    state: Mutex<QueueState>,
}

struct QueueState {
    free: usize,
    // Most that wait.
    room: usize,
    // While somebody waits, no permit is free.
    first: WaitingCalls,
    further: WaitingCalls,
    closed: bool,
}

type WaitingCalls = VecDeque<oneshot::Sender<AnswerPermit>>;

/// One of the permits. It goes to whoever waits when it is dropped.
struct AnswerPermit(Arc<SharedQueue>);

impl AnswerPermits {
    fn new(free: usize, room: usize) -> Self {
        let (first, further) = (WaitingCalls::new(), WaitingCalls::new());
        let state = Mutex::new(QueueState { free, room, first, further, closed: false });
        Self(Arc::new(SharedQueue { queue: Queue::default(), state }))
    }

    async fn take(&self, first: bool, until: Instant) -> Result<AnswerPermit, Status> {
        let turn = {
            let mut state = self.0.lock();
            if state.closed {
                return Err(ending());
            }
            if state.free > 0 {
                state.free -= 1;
                return Ok(AnswerPermit(self.0.clone()));
            }
            state.wait(first).ok_or_else(full)?
        };
        let _queued = self.0.queue.join();
        match timeout_at(until, turn).await {
            Ok(Ok(permit)) => Ok(permit),
            // It was sent away.
            Ok(Err(_)) if self.0.lock().closed => Err(ending()),
            Ok(Err(_)) | Err(_) => Err(full()),
        }
    }

    fn close(&self) {
        let mut state = self.0.lock();
        state.closed = true;
        state.first.clear();
        state.further.clear();
    }
}

impl SharedQueue {
    fn lock(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl QueueState {
    /// Joins its line, if there is room or a call that must make room.
    fn wait(&mut self, first: bool) -> Option<oneshot::Receiver<AnswerPermit>> {
        // Those that went away no longer wait.
        self.first.retain(|caller| !caller.is_closed());
        self.further.retain(|caller| !caller.is_closed());
        if self.first.len() + self.further.len() >= self.room {
            let last = if first { self.further.pop_back() } else { None };
            last?;
        }
        let (caller, turn) = oneshot::channel();
        if first {
            self.first.push_back(caller)
        } else {
            self.further.push_back(caller)
        }
        Some(turn)
    }

    fn next(&mut self) -> Option<oneshot::Sender<AnswerPermit>> {
        let next = self.first.pop_front().or_else(|| self.further.pop_front());
        if next.is_none() {
            self.free += 1;
        }
        next
    }
}

impl Drop for AnswerPermit {
    fn drop(&mut self) {
        let next = self.0.lock().next();
        if let Some(caller) = next {
            // To one that went away meanwhile it is not sent, but dropped here, and goes to the next.
            let _ = caller.send(Self(self.0.clone()));
        }
    }
}

fn full() -> Status {
    busy("too many shards are being read", AGAIN)
}

fn ending() -> Status {
    Status::unavailable("the ledger is ending")
}

#[cfg(test)]
mod tests {
    use tokio::task::{JoinHandle, yield_now};
    use tonic::Code;

    use super::*;

    /// Calls that wait, in the order of asking. Each has asked when this returns.
    async fn ask(
        permits: &AnswerPermits,
        firsts: &[bool],
    ) -> Vec<JoinHandle<Result<AnswerPermit, Status>>> {
        let mut calls = Vec::new();
        for first in firsts {
            let (permits, first) = (permits.clone(), *first);
            let until = Instant::now() + Duration::from_secs(600);
            calls.push(tokio::spawn(async move { permits.take(first, until).await }));
            yield_now().await;
        }
        calls
    }

    async fn code(call: JoinHandle<Result<AnswerPermit, Status>>) -> Option<Code> {
        call.await.unwrap().err().map(|status| status.code())
    }

    /// Rows of docs/failures.md: 40.
    /// About 70 connections of two calls each filled every permit, and whoever came with one call was refused.
    #[tokio::test]
    async fn a_first_call_comes_before_second_calls_of_others() {
        let permits = AnswerPermits::new(1, 3);
        let held = ask(&permits, &[true]).await.remove(0).await.unwrap().unwrap();
        let mut calls = ask(&permits, &[false, true, false]).await;
        // The queue is full: a second call is refused, a first one takes the place of the last second one.
        let refused = ask(&permits, &[false]).await.remove(0);
        assert_eq!(code(refused).await, Some(Code::ResourceExhausted));
        let late = ask(&permits, &[true]).await.remove(0);
        assert_eq!(code(calls.remove(2)).await, Some(Code::ResourceExhausted));
        // Both first calls have their turn before the second call that asked before them.
        drop(held);
        let permit = calls.remove(1).await.unwrap().unwrap();
        assert!(!late.is_finished() && !calls[0].is_finished());
        drop(permit);
        let permit = late.await.unwrap().unwrap();
        assert!(!calls[0].is_finished());
        drop(permit);
        assert_eq!(code(calls.remove(0)).await, None);
        assert!(permits.0.queue.is_empty());
        assert_eq!(permits.0.lock().free, 1);
    }

    #[tokio::test]
    async fn a_turn_skips_whoever_left_and_nobody_waits_forever() {
        let permits = AnswerPermits::new(1, 2);
        let held = ask(&permits, &[true]).await.remove(0).await.unwrap().unwrap();
        let calls = ask(&permits, &[true, false]).await;
        calls[0].abort();
        yield_now().await;
        drop(held);
        let mut calls = calls.into_iter().skip(1);
        let permit = calls.next().unwrap().await.unwrap().unwrap();
        // Whose time is over is refused.
        let late = permits.take(true, Instant::now()).await.err().map(|status| status.code());
        assert_eq!(late, Some(Code::ResourceExhausted));
        let last = ask(&permits, &[true]).await.remove(0);
        permits.close();
        assert_eq!(code(last).await, Some(Code::Unavailable));
        drop(permit);
        let closed = ask(&permits, &[true]).await.remove(0);
        assert_eq!(code(closed).await, Some(Code::Unavailable));
    }
}
