//! What both roles have in common.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use tonic::Status;
use wufu_serve::Incoming;
use wufu_verifier::{CircuitId, KeyId};

use super::config::{ClientIdentity, Config};
use crate::service::error::ServeError;

/// One worker object for each key, by key id. Only circuits whose witness nobody can guess get one:
/// neither role works for other circuits.
pub(super) type ByKey<T> = Arc<HashMap<KeyId, Arc<T>>>;

/// # Errors
/// Returns an error if the configuration or the listener would identify clients.
pub(super) fn refuse_identity(
    role: &'static str,
    config: &Config,
    incoming: &Incoming,
) -> Result<(), ServeError> {
    let identity = match config.identity {
        ClientIdentity::None if incoming.asks_for_certificates() => ClientIdentity::Certificate,
        ClientIdentity::None if incoming.knows_tokens() => ClientIdentity::Bearer,
        identity => identity,
    };
    match identity {
        ClientIdentity::None => Ok(()),
        identity => Err(ServeError::Identity { role, identity }),
    }
}

pub(super) fn by_key<T>(
    role: &'static str,
    works: Vec<T>,
    key: impl Fn(&T) -> (KeyId, CircuitId),
) -> ByKey<T> {
    let entry = |work| {
        let (key, circuit) = key(&work);
        tracing::info!(%circuit, "{role} ready");
        (key, Arc::new(work))
    };
    Arc::new(works.into_iter().map(entry).collect())
}

/// Sets the flag when the caller stops waiting. Work that has not begun is then skipped.
#[derive(Default)]
pub(super) struct CancelOnDrop(pub(super) Arc<AtomicBool>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Logs how a call ended. The refusal's text is left out, because it may quote what the client
/// sent.
pub(super) fn ended<T>(circuit: Option<CircuitId>, result: &Result<T, Status>) {
    let circuit = circuit.map(|circuit| circuit.to_string());
    let circuit = circuit.as_deref().unwrap_or("unknown");
    match result {
        Ok(_) => tracing::info!(circuit, "done"),
        Err(status) => tracing::info!(circuit, code = ?status.code(), "refused"),
    }
}
