//! A prepared proving key.

use std::fmt;

use wufu_verifier::{KeyId, VerifyingKey};

use super::{Options, PrepareError, Progress, Queries};
use crate::{ProvingKey, R1csRef};

/// A proving key in the form that proofs need, with its verifying key. It is immutable; share it in
/// an `Arc`.
pub struct PreparedKey {
    verifying: VerifyingKey,
    queries: Queries,
}

impl PreparedKey {
    /// Prepares a key, given the rows of its circuit.
    ///
    /// # Errors
    /// Returns an error if the number of points is wrong, or if the backend is not available.
    ///
    /// # Cost
    /// The cost of [`Queries::new`]. Do it once, and [`PreparedKey::save`] the result.
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

    /// The fingerprint of the verifying key.
    pub fn id(&self) -> KeyId {
        self.verifying.id()
    }

    /// The key under which proofs verify.
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
