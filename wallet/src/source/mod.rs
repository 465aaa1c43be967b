//! The sources from which a wallet reads logs: public data, which is the same for everybody.
//!
//! The wallet checks everything that a source says: see [`crate::sync::view`]. Its questions say
//! nothing about whose wallet asks: it asks for whole roofs and whole shards, without identity, and
//! nothing links two look-ups.

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

/// Why a source gave no usable answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The address is not one that a wallet may connect to.
    #[error(transparent)]
    Place(#[from] EndpointError),
    /// The connection failed.
    #[error("no connection to {endpoint}: {error}")]
    Connect {
        /// The source's address.
        endpoint: String,
        /// The transport's error.
        #[source]
        error: tonic::transport::Error,
    },
    /// The source is too busy.
    #[error(transparent)]
    Busy(#[from] BusyError),
    /// The source answered with an error.
    #[error(
        "{endpoint} answered {code:?}: {message}",
        code = status.code(),
        message = status.message()
    )]
    Status {
        /// The source.
        endpoint: String,
        /// The error, fit to be shown.
        #[source]
        status: Box<tonic::Status>,
    },
    /// The answer is malformed.
    #[error("{endpoint} gave a faulty answer: {error}")]
    Answer {
        /// The source.
        endpoint: String,
        /// What is wrong with it.
        #[source]
        error: ConvertError,
    },
    /// The source sent another shard than the requested one.
    #[error("{endpoint} sent shard {got}, expected {expected}")]
    Shard {
        /// The source.
        endpoint: String,
        /// The shard that it sent.
        got: u64,
        /// The requested shard.
        expected: u64,
    },
    /// A file of checkpoints cannot be read.
    #[error("{path}: {error}", path = path.display())]
    File {
        /// The file's path.
        path: std::path::PathBuf,
        /// The system's error.
        #[source]
        error: std::io::Error,
    },
    /// A file does not consist of signed checkpoints.
    #[error("{path}: {fault}", path = path.display())]
    Notes {
        /// The file's path.
        path: std::path::PathBuf,
        /// What is wrong with it.
        fault: wufu_verifier::log::notes::NotesError,
    },
    /// The source has no checkpoint of the log that is in force at the epoch.
    #[error(
        "{from} has no checkpoint of {origin} in force at {epoch}, because it is older, of another \
         log or cut short: get its notes again (wufu ledger checkpoints), or name another source",
        epoch = at(*epoch)
    )]
    NoCheckpoint {
        /// The source.
        from: String,
        /// The log.
        origin: String,
        /// The epoch; `None` for the newest.
        epoch: Option<u64>,
    },
}

fn at(epoch: Option<u64>) -> String {
    epoch.map_or_else(|| "any epoch".into(), |epoch| format!("epoch {epoch}"))
}

/// A source of checkpoints: a ledger, a mirror or a file.
#[tonic::async_trait]
pub trait CheckpointSource: fmt::Debug + Send + Sync {
    /// The name of the source, for people.
    fn name(&self) -> String;

    /// The signed checkpoint of a log that is in force at an epoch, or the newest one.
    ///
    /// # Errors
    /// Returns an error if there is none, or if the source does not answer.
    async fn checkpoint(&self, log: &LogName, epoch: Option<u64>) -> Result<String, SourceError>;
}

/// A source of whole logs. Roofs and shards are static files, so any mirror will do.
#[tonic::async_trait]
pub trait LedgerSource: CheckpointSource {
    /// The roots of all shards at an epoch.
    ///
    /// # Errors
    /// Returns an error if the source does not answer.
    async fn roof(&self, log: &LogName, epoch: u64) -> Result<Roof, SourceError>;

    /// One whole shard at an epoch.
    ///
    /// # Errors
    /// Returns an error if the source does not answer.
    async fn shard(&self, log: &LogName, epoch: u64, shard: u64) -> Result<Shard, SourceError>;
}

/// The second source, with which a checkpoint is compared before it is used.
#[derive(Clone, Debug)]
pub enum SecondSource {
    /// Compare with another source: a mirror, another address or a file.
    Compare(Arc<dyn CheckpointSource>),
    /// Compare with none. The operator could then show this wallet a root that nobody else sees,
    /// and recognise the wallet by it.
    OneSource,
}

/// The ledger that a wallet reads, and the second source that it compares with.
#[derive(Clone, Debug)]
pub struct Sources {
    /// The ledger to read.
    pub ledger: Arc<dyn LedgerSource>,
    /// The second source.
    pub second: SecondSource,
}

impl Sources {
    /// A ledger, and a second source to compare its checkpoints with.
    pub fn compared(
        ledger: impl LedgerSource + 'static,
        second: impl CheckpointSource + 'static,
    ) -> Self {
        Self { ledger: Arc::new(ledger), second: SecondSource::Compare(Arc::new(second)) }
    }

    /// A ledger without a second source.
    pub fn one(ledger: impl LedgerSource + 'static) -> Self {
        Self { ledger: Arc::new(ledger), second: SecondSource::OneSource }
    }
}
