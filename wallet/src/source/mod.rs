//! Where a wallet reads logs: public files, the same for everybody.
//!
//! What a source says is not believed: see [`crate::sync::view`]. What it is asked says nothing of
//! whose wallet asks: whole roofs, whole shards, no identity, and nothing that joins one look-up
//! with another.

mod grpc;
mod memory;
mod notes;

pub use grpc::GrpcSource;
pub use memory::{EPOCH_SECONDS, MemoryLedger, RecordedCall};
pub use notes::NoteFile;

use std::{fmt, sync::Arc};

use wufu_proto::{
    ConvertError,
    log::{Roof, Shard},
};

use wufu_verifier::log::name::LogName;

use crate::endpoint::{EndpointError, patience::BusyError};

/// Why a source did not answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// Where it is said to be.
    #[error(transparent)]
    Place(#[from] EndpointError),
    /// The connection.
    #[error("no connection to {endpoint}: {error}")]
    Connect {
        /// Whereto.
        endpoint: String,
        /// What the transport says.
        #[source]
        error: tonic::transport::Error,
    },
    /// It is too busy.
    #[error(transparent)]
    Busy(#[from] BusyError),
    /// It answered with an error.
    #[error("{endpoint} answered {code:?}: {message}", code = status.code(), message = status.message())]
    Status {
        /// Who.
        endpoint: String,
        /// The answer.
        #[source]
        status: Box<tonic::Status>,
    },
    /// It answered with something that is no answer.
    #[error("{endpoint} answered badly: {error}")]
    Answer {
        /// Who.
        endpoint: String,
        /// What is wrong with it.
        #[source]
        error: ConvertError,
    },
    /// It answered with another shard than the one that it was asked for.
    #[error("{endpoint} sent shard {got}, expected {expected}")]
    Shard {
        /// Who.
        endpoint: String,
        /// The shard that came.
        got: u64,
        /// The shard that was asked for.
        expected: u64,
    },
    /// A file of checkpoints cannot be read.
    #[error("{path}: {error}", path = path.display())]
    File {
        /// Which file.
        path: std::path::PathBuf,
        /// What the system says.
        #[source]
        error: std::io::Error,
    },
    /// A file is not one of signed checkpoints.
    #[error("{path}: {fault}", path = path.display())]
    Notes {
        /// Which file.
        path: std::path::PathBuf,
        /// What is wrong with it.
        fault: wufu_verifier::log::notes::NotesError,
    },
    /// It holds no checkpoint of the log that is in force at the epoch.
    #[error(
        "{from} has no checkpoint of {origin} in force at {epoch}: it is older, of another log or cut short: get its notes again \
         (wufu ledger checkpoints), or name another source",
        epoch = at(*epoch)
    )]
    NoCheckpoint {
        /// Who.
        from: String,
        /// The log.
        origin: String,
        /// The epoch, or the newest.
        epoch: Option<u64>,
    },
}

fn at(epoch: Option<u64>) -> String {
    epoch.map_or_else(|| "any epoch".into(), |epoch| format!("epoch {epoch}"))
}

/// Who has checkpoints: a ledger, a mirror, a file.
#[tonic::async_trait]
pub trait CheckpointSource: fmt::Debug + Send + Sync {
    /// Its name, for people.
    fn name(&self) -> String;

    /// The signed checkpoint of a log in force at an epoch, or the newest.
    ///
    /// # Errors
    /// Returns an error if there is none, or no answer.
    async fn checkpoint(&self, log: &LogName, epoch: Option<u64>) -> Result<String, SourceError>;
}

/// Who has whole logs. Roofs and shards are static files: any mirror will do.
#[tonic::async_trait]
pub trait LedgerSource: CheckpointSource {
    /// The roots of all shards at an epoch.
    ///
    /// # Errors
    /// Returns an error if there is no answer.
    async fn roof(&self, log: &LogName, epoch: u64) -> Result<Roof, SourceError>;

    /// One shard at an epoch, whole.
    ///
    /// # Errors
    /// Returns an error if there is no answer.
    async fn shard(&self, log: &LogName, epoch: u64, shard: u64) -> Result<Shard, SourceError>;
}

/// With whom a checkpoint is compared before it is used.
#[derive(Clone, Debug)]
pub enum SecondSource {
    /// With another source: a mirror, another address, a file.
    Compare(Arc<dyn CheckpointSource>),
    /// With nobody. The operator could then show this wallet a root that nobody else sees, and know
    /// it by that.
    OneSource,
}

/// Where a wallet reads, and with whom it compares.
#[derive(Clone, Debug)]
pub struct Sources {
    /// Where it reads.
    pub ledger: Arc<dyn LedgerSource>,
    /// With whom it compares.
    pub second: SecondSource,
}

impl Sources {
    /// A ledger, and somebody else to compare its checkpoints with.
    pub fn compared(
        ledger: impl LedgerSource + 'static,
        second: impl CheckpointSource + 'static,
    ) -> Self {
        Self { ledger: Arc::new(ledger), second: SecondSource::Compare(Arc::new(second)) }
    }

    /// A ledger alone.
    pub fn one(ledger: impl LedgerSource + 'static) -> Self {
        Self { ledger: Arc::new(ledger), second: SecondSource::OneSource }
    }
}
