//! Threads for hashing, separate from those that serve.

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

    /// Runs `work` on the pool. Waits for it without blocking a thread that serves.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, StoreError> {
        let (send, receive) = tokio::sync::oneshot::channel();
        self.pool.spawn(move || {
            // If the caller is gone, the result is not needed.
            let _ = send.send(work());
        });
        receive.await.map_err(|_| StoreError::Stopped)
    }
}

/// How many hashes a thread computes at a time: whole vectors of lanes, and enough of them to pay
/// for handing the work over.
pub(crate) const HASHES: usize = 64;

/// Hashes children to their parent nodes, on all threads of the calling pool.
pub(crate) fn parents(children: &[Children]) -> Vec<Fr> {
    if children.len() < HASHES {
        return tree::parents(children);
    }
    children.par_chunks(HASHES).flat_map_iter(tree::parents).collect()
}
