//! A circuit's proving key, prepared.

use std::fmt;

use wufu_verifier::{KeyId, VerifyingKey};

use super::{Options, PrepareError, Progress, Queries};
use crate::{ProvingKey, R1csRef};

/// A proving key in the form that proofs need, with its verifying key. It never changes; share it behind an `Arc`.
pub struct PreparedKey {
    verifying: VerifyingKey,
    queries: Queries,
}

impl PreparedKey {
    /// Prepares a key with the rows of its circuit.
    ///
    /// # Errors
    /// When its points are not as many as its circuit needs, or the backend is not there.
    ///
    /// # Cost
    /// As [`Queries::new`]: once, then [`PreparedKey::save`] it.
    pub fn new(
        key: &ProvingKey,
        rows: R1csRef<'_>,
        options: Options,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<Self, PrepareError> {
        let verifying = key.verifying_key().clone();
        let reduction = verifying.reduction();
        let queries = Queries::new(key.points(), reduction, rows, options, progress)?;
        Ok(Self { verifying, queries })
    }

    pub(super) fn from_parts(verifying: VerifyingKey, queries: Queries) -> Self {
        Self { verifying, queries }
    }

    /// The fingerprint of its verifying key.
    pub fn id(&self) -> KeyId {
        self.verifying.id()
    }

    /// The key that its proofs verify under.
    pub fn verifying_key(&self) -> &VerifyingKey {
        &self.verifying
    }

    /// The prepared points.
    pub fn queries(&self) -> &Queries {
        &self.queries
    }

    /// Backend, windows and size, for people and logs.
    pub fn summary(&self) -> String {
        let windows = self.queries.shapes().map(|shape| match shape.step {
            1 => shape.window.to_string(),
            step => format!("{}/{step}", shape.window),
        });
        format!(
            "bn254x8 {} (windows {}; {} MB of tables)",
            self.queries.backend(),
            windows.join(" "),
            self.queries.table_bytes() / 1_000_000,
        )
    }
}

impl fmt::Debug for PreparedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreparedKey")
            .field("verifying", &self.verifying)
            .field("engine", &self.summary())
            .finish()
    }
}
