//! Threads for hashing, apart from those that serve.

use rayon::prelude::*;
use wufu_circuits::{gadgets::path::Children, tree};
use wufu_verifier::Fr;

use crate::store::StoreError;

/// A pool of threads, one per core.
pub(crate) struct Workers {
    pool: rayon::ThreadPool,
}

impl Workers {
    /// Starts the threads.
    pub(crate) fn start() -> std::io::Result<Self> {
        let pool = rayon::ThreadPoolBuilder::new()
            .thread_name(|index| format!("wufu-ledger-{index}"))
            .build()
            .map_err(std::io::Error::other)?;
        Ok(Self { pool })
    }

    /// Runs `work` on the pool, and waits for it without holding a thread that serves.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, StoreError> {
        let (send, receive) = tokio::sync::oneshot::channel();
        self.pool.spawn(move || {
            // Nobody waits any more: then the result is of no use.
            let _ = send.send(work());
        });
        receive.await.map_err(|_| StoreError::Stopped)
    }
}

/// How many hashes a thread makes at once: whole vectors of lanes, and enough of them to be worth the way there.
pub(crate) const HASHES: usize = 64;

/// The nodes over these children, hashed on all threads of the pool that calls.
pub(crate) fn parents(children: &[Children]) -> Vec<Fr> {
    if children.len() < HASHES {
        return tree::parents(children);
    }
    children.par_chunks(HASHES).flat_map_iter(tree::parents).collect()
}
