//! Turns at large reads: a limited number of reads at a time, a limited number of answers in
//! memory, and a bounded queue in front of them.
//!
//! A caller is known only by its connection. So a connection that has no turn goes before the
//! second call of one that has a turn: it waits in front of such calls, and replaces one of them if
//! the queue is full.

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
use wufu_serve::{
    Peer, PeerTurn, Queue, ResponseGuard, busy,
    metrics::{Reason, refused},
};

use super::limits::Limits;
use crate::store::SHARD_READERS;

/// How long a refused call should wait before it tries again.
const AGAIN: Duration = Duration::from_secs(1);
/// How many turns one connection may have at the same time, including those that it waits for. A
/// wallet needs one, because it opens a connection for each call.
const OF_ONE: usize = 2;

/// Decides which calls may read a shard now, which wait, and which are refused. Cloning is cheap,
/// and all clones share one queue.
#[derive(Clone)]
pub(super) struct Turns {
    answers: AnswerPermits,
    // One permit for each concurrent read.
    readers: Arc<Semaphore>,
    wait: Duration,
}

/// What a call holds while it reads.
pub(super) struct Turn {
    answer: PendingAnswer,
    _reader: OwnedSemaphorePermit,
}

/// What an answer holds until it is sent: a permit, and one of its connection's turns.
struct PendingAnswer {
    permit: AnswerPermit,
    _of_peer: PeerTurn,
}

impl Turn {
    /// An answer that keeps its permit until it is sent. The client must read it faster while other
    /// calls wait for a permit.
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

    /// Takes one of the connection's turns. Refuses the call if the connection has none left.
    pub(super) fn of_peer<T>(request: &Request<T>) -> Result<PeerTurn, Status> {
        let peer = request.extensions().get::<Peer>();
        let peer = peer.ok_or_else(|| Status::internal("a call without a connection"))?;
        let text = "this connection is already reading as many shards as it may";
        peer.turn(OF_ONE).ok_or_else(|| {
            refused(Reason::Queue);
            busy(text, AGAIN)
        })
    }

    /// Waits for a turn. Calls of connections that have none go first. Otherwise calls are served
    /// in the order in which they asked.
    pub(super) async fn take(&self, of_peer: PeerTurn) -> Result<Turn, Status> {
        let until = Instant::now() + self.wait;
        let permit = self.answers.take(of_peer.is_first(), until).await?;
        let answer = PendingAnswer { permit, _of_peer: of_peer };
        let reader = timeout_at(until, self.readers.clone().acquire_owned()).await;
        let _reader = reader.map_err(|_| full())?.map_err(|_| ending())?;
        Ok(Turn { answer, _reader })
    }

    /// Refuses all waiting calls and all further ones.
    pub(super) fn close(&self) {
        self.answers.close();
        self.readers.close();
    }
}

/// Permits for answers. An answer holds one from before it is read until it is sent.
#[derive(Clone)]
struct AnswerPermits(Arc<SharedQueue>);

struct SharedQueue {
    // The number of waiting calls, for the transport.
    queue: Queue,
    // Never locked while a permit is given back.
    state: Mutex<QueueState>,
}

struct QueueState {
    free: usize,
    // How many calls may wait.
    room: usize,
    // While a call waits, no permit is free.
    first: WaitingCalls,
    further: WaitingCalls,
    closed: bool,
}

type WaitingCalls = VecDeque<oneshot::Sender<AnswerPermit>>;

/// A permit. When it is dropped, it goes to a waiting call.
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
            // The queue was closed.
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
    /// Joins a line, if there is room or if another call must make room.
    fn wait(&mut self, first: bool) -> Option<oneshot::Receiver<AnswerPermit>> {
        // Calls that were abandoned no longer wait.
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
            // If the caller has left meanwhile, the permit is dropped here and goes to the next
            // one.
            let _ = caller.send(Self(self.0.clone()));
        }
    }
}

fn full() -> Status {
    refused(Reason::Queue);
    busy("too many shards are being read", AGAIN)
}

fn ending() -> Status {
    Status::unavailable("the ledger is shutting down")
}

#[cfg(test)]
mod tests {
    use tokio::task::{JoinHandle, yield_now};
    use tonic::Code;

    use super::*;

    /// Calls that wait, in the order in which they asked. All of them have asked when this returns.
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
    /// About 70 connections with two calls each once filled every permit, so a caller with a single
    /// call was refused.
    #[tokio::test]
    async fn a_first_call_comes_before_second_calls_of_others() {
        let permits = AnswerPermits::new(1, 3);
        let held = ask(&permits, &[true]).await.remove(0).await.unwrap().unwrap();
        let mut calls = ask(&permits, &[false, true, false]).await;
        // The queue is full. A second call is refused, and a first call replaces the last second
        // call.
        let refused = ask(&permits, &[false]).await.remove(0);
        assert_eq!(code(refused).await, Some(Code::ResourceExhausted));
        let late = ask(&permits, &[true]).await.remove(0);
        assert_eq!(code(calls.remove(2)).await, Some(Code::ResourceExhausted));
        // Both first calls get their turn before the second call that asked earlier.
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
        // A call whose time is over is refused.
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
