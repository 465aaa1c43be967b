//! A ledger over gRPC. Every call has a connection of its own.

use std::time::Duration;

use tonic::transport::Channel;
use wufu_proto::{
    ConvertError,
    log::{CheckpointQuery, LedgerInfo, Roof, RoofQuery, Shard, ShardQuery},
    v1::{self, ledger_service_client::LedgerServiceClient},
};

use super::{CheckpointSource, LedgerSource, SourceError};
use crate::{
    log::LogName,
    place::{Place, SMALL_ANSWER, plain, within},
};

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(60);
/// The largest answer: the roof of a full card log is 2 MiB, a shard of donations 3.5 MiB.
const MAX_ANSWER: usize = 8 << 20;

/// A ledger's gRPC service. It is asked without identity, each time over a new connection, so that no two look-ups of a
/// wallet can be joined by what they carry.
#[derive(Clone, Debug)]
pub struct GrpcSource {
    place: Place,
}

impl GrpcSource {
    /// The ledger at this place. Nothing is connected yet.
    pub fn new(place: Place) -> Self {
        Self { place }
    }

    /// A client that takes answers of at most so many bytes.
    async fn client(&self, largest: usize) -> Result<LedgerServiceClient<Channel>, SourceError> {
        let channel = self.place.connect(TIMEOUT).await;
        let place = || self.place.to_string();
        let channel = channel.map_err(|error| SourceError::Connect { place: place(), error })?;
        Ok(LedgerServiceClient::new(channel).max_decoding_message_size(largest))
    }

    /// What the ledger says of itself: its logs, its key, its rules. None of it is signed.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn info(&self) -> Result<LedgerInfo, SourceError> {
        let mut client = self.client(SMALL_ANSWER).await?;
        let answer = within(TIMEOUT, client.get_ledger_info(v1::GetLedgerInfoRequest {})).await;
        self.converted(self.answered(answer)?)
    }

    fn converted<T: TryFrom<M, Error = ConvertError>, M>(
        &self,
        message: M,
    ) -> Result<T, SourceError> {
        let place = || self.place.to_string();
        message.try_into().map_err(|error| SourceError::Answer { place: place(), error })
    }

    fn answered<T>(
        &self,
        answer: Result<tonic::Response<T>, tonic::Status>,
    ) -> Result<T, SourceError> {
        answer.map(tonic::Response::into_inner).map_err(|status| SourceError::Status {
            place: self.place.to_string(),
            status: Box::new(plain(&status)),
        })
    }
}

#[tonic::async_trait]
impl CheckpointSource for GrpcSource {
    fn name(&self) -> String {
        self.place.to_string()
    }

    async fn checkpoint(&self, log: &LogName, epoch: Option<u64>) -> Result<String, SourceError> {
        let query = CheckpointQuery { origin: log.to_string(), epoch };
        let request = v1::GetCheckpointRequest::from(&query);
        let mut client = self.client(SMALL_ANSWER).await?;
        let answer = within(TIMEOUT, client.get_checkpoint(request)).await;
        Ok(self.answered(answer)?.note)
    }
}

#[tonic::async_trait]
impl LedgerSource for GrpcSource {
    async fn roof(&self, log: &LogName, epoch: u64) -> Result<Roof, SourceError> {
        let query = RoofQuery { origin: log.to_string(), epoch };
        let mut client = self.client(MAX_ANSWER).await?;
        let answer = within(TIMEOUT, client.get_roof(v1::GetRoofRequest::from(&query))).await;
        self.converted(self.answered(answer)?)
    }

    async fn shard(&self, log: &LogName, epoch: u64, shard: u64) -> Result<Shard, SourceError> {
        let query = ShardQuery { origin: log.to_string(), epoch, shard };
        let mut client = self.client(MAX_ANSWER).await?;
        let answer = within(TIMEOUT, client.get_shard(v1::GetShardRequest::from(&query))).await;
        let answer: Shard = self.converted(self.answered(answer)?)?;
        let (place, got, expected) = (self.name(), answer.shard, shard);
        if got == expected { Ok(answer) } else { Err(SourceError::Shard { place, got, expected }) }
    }
}
