//! A ledger over gRPC. Every call has its own connection.

use std::time::Duration;

use tonic::{Response, Status, transport::Channel};
use wufu_proto::{
    ConvertError,
    log::{CheckpointQuery, LedgerInfo, Roof, RoofQuery, Shard, ShardQuery},
    v1::{self, ledger_service_client::LedgerServiceClient},
};

use super::{CheckpointSource, LedgerSource, SourceError};
use wufu_verifier::log::name::LogName;

use crate::endpoint::{
    Endpoint, SMALL_ANSWER,
    patience::{self, CallFailure, OnWait, WaitListener},
};

/// The time limit for an answer, including all waits for a busy ledger.
const TIMEOUT: Duration = Duration::from_secs(60);
/// The largest answer: the roof of a full card log is 2 MiB, a shard of donations 3.5 MiB.
const MAX_ANSWER: usize = 8 << 20;

/// A ledger's gRPC service. It is asked without identity, and over a new connection each time, so
/// that two look-ups of a wallet carry nothing that links them.
#[derive(Clone, Debug)]
pub struct GrpcSource {
    endpoint: Endpoint,
    listener: WaitListener,
}

impl GrpcSource {
    /// The ledger at this endpoint. This does not connect yet.
    pub fn new(endpoint: Endpoint) -> Self {
        Self { endpoint, listener: WaitListener::default() }
    }

    /// The same, but it calls `told` before each wait for a busy ledger.
    #[must_use]
    pub fn with_waits(self, told: OnWait) -> Self {
        Self { listener: WaitListener(Some(told)), ..self }
    }

    /// Makes a call whose answer may have `largest` bytes.
    async fn ask<T, A>(
        &self,
        largest: usize,
        call: impl Fn(LedgerServiceClient<Channel>) -> A,
    ) -> Result<T, SourceError>
    where
        A: Future<Output = Result<Response<T>, Status>>,
    {
        let call =
            |channel| call(LedgerServiceClient::new(channel).max_decoding_message_size(largest));
        let answer = patience::ask(&self.endpoint, TIMEOUT, &self.listener, call).await;
        let endpoint = || self.endpoint.to_string();
        answer.map_err(|failed| match failed {
            CallFailure::Connect(error) => SourceError::Connect { endpoint: endpoint(), error },
            CallFailure::Busy(busy) => SourceError::Busy(busy),
            CallFailure::Status(status) => {
                SourceError::Status { endpoint: endpoint(), status: Box::new(status) }
            }
        })
    }

    /// What the ledger says about itself: its logs, key and rules. None of this is signed.
    ///
    /// # Errors
    /// Returns an error if the ledger does not answer.
    pub async fn info(&self) -> Result<LedgerInfo, SourceError> {
        let call = |mut client: LedgerServiceClient<Channel>| async move {
            client.get_ledger_info(v1::GetLedgerInfoRequest {}).await
        };
        let answer = self.ask(SMALL_ANSWER, call).await?;
        self.converted(answer)
    }

    fn converted<T: TryFrom<M, Error = ConvertError>, M>(
        &self,
        message: M,
    ) -> Result<T, SourceError> {
        let endpoint = || self.endpoint.to_string();
        message.try_into().map_err(|error| SourceError::Answer { endpoint: endpoint(), error })
    }
}

#[tonic::async_trait]
impl CheckpointSource for GrpcSource {
    fn name(&self) -> String {
        self.endpoint.to_string()
    }

    async fn checkpoint(&self, log: &LogName, epoch: Option<u64>) -> Result<String, SourceError> {
        let query = CheckpointQuery { origin: log.to_string(), epoch };
        let request = v1::GetCheckpointRequest::from(&query);
        let call = |mut client: LedgerServiceClient<Channel>| {
            let request = request.clone();
            async move { client.get_checkpoint(request).await }
        };
        Ok(self.ask(SMALL_ANSWER, call).await?.note)
    }
}

#[tonic::async_trait]
impl LedgerSource for GrpcSource {
    async fn roof(&self, log: &LogName, epoch: u64) -> Result<Roof, SourceError> {
        let query = RoofQuery { origin: log.to_string(), epoch };
        let call = |mut client: LedgerServiceClient<Channel>| {
            let request = v1::GetRoofRequest::from(&query);
            async move { client.get_roof(request).await }
        };
        let answer = self.ask(MAX_ANSWER, call).await?;
        self.converted(answer)
    }

    async fn shard(&self, log: &LogName, epoch: u64, shard: u64) -> Result<Shard, SourceError> {
        let query = ShardQuery { origin: log.to_string(), epoch, shard };
        let call = |mut client: LedgerServiceClient<Channel>| {
            let request = v1::GetShardRequest::from(&query);
            async move { client.get_shard(request).await }
        };
        let answer = self.ask(MAX_ANSWER, call).await?;
        let answer: Shard = self.converted(answer)?;
        let (endpoint, got, expected) = (self.name(), answer.shard, shard);
        if got == expected {
            Ok(answer)
        } else {
            Err(SourceError::Shard { endpoint, got, expected })
        }
    }
}
