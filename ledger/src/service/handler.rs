//! The calls that anybody may make.

use tokio::sync::watch;
use tonic::{Code, Request, Response, Status, async_trait};
use wufu_proto::{
    claim::{Claim, ClaimOutcome},
    log::{CheckpointQuery, HistoryQuery, RoofQuery, ShardQuery},
    v1::{self, ledger_service_server::LedgerService},
};

use super::{
    claim_batcher::ClaimBatcher,
    clock::Clock,
    limits::{Limits, MAX_CHECKPOINTS},
    refusal,
    turns::Turns,
    watch::{Watch, claimed},
};
use crate::{ClaimError, Ledger};

/// A ledger, and what its service needs in addition.
pub(super) struct Handler {
    pub(super) ledger: Ledger,
    pub(super) stopping: watch::Receiver<bool>,
    pub(super) shards: Turns,
    pub(super) watch: Watch,
    clock: Clock,
    /// `None` if the ledger takes no claims.
    claims: Option<ClaimBatcher>,
}

impl Handler {
    pub(super) fn new(
        ledger: Ledger,
        claims: Option<ClaimBatcher>,
        clock: Clock,
        stopping: watch::Receiver<bool>,
        (limits, watch): (&Limits, Watch),
    ) -> Self {
        let shards = Turns::new(limits);
        Self { ledger, stopping, shards, watch, clock, claims }
    }

    /// Refuses an epoch that has not begun: nobody knows yet what will be in force then.
    fn begun(&self, epoch: u64) -> Result<(), Status> {
        let now = self.ledger.policy().epoch((self.clock)());
        if epoch <= now {
            return Ok(());
        }
        let (ledger, begin) = (&self.ledger, self.ledger.epoch_begin(epoch));
        let since = ledger.epoch_begin(now);
        Err(Status::out_of_range(format!(
            "epoch {epoch} has not begun: it begins at {begin}; the current epoch is {now}, which \
             began at {since}"
        )))
    }
}

#[async_trait]
impl LedgerService for Handler {
    async fn get_ledger_info(
        &self,
        _: Request<v1::GetLedgerInfoRequest>,
    ) -> Result<Response<v1::GetLedgerInfoResponse>, Status> {
        let info = self.ledger.info().await.map_err(|error| refusal::store(&error))?;
        Ok(Response::new((&info).into()))
    }

    async fn get_checkpoint(
        &self,
        request: Request<v1::GetCheckpointRequest>,
    ) -> Result<Response<v1::GetCheckpointResponse>, Status> {
        let query = CheckpointQuery::try_from(request.into_inner()).map_err(refusal::malformed)?;
        if let Some(epoch) = query.epoch {
            self.begun(epoch)?;
        }
        let checkpoint = self.ledger.checkpoint(&query.origin, query.epoch).await;
        let note = checkpoint.map_err(refusal::read)?.note().into();
        Ok(Response::new(v1::GetCheckpointResponse { note }))
    }

    async fn list_checkpoints(
        &self,
        request: Request<v1::ListCheckpointsRequest>,
    ) -> Result<Response<v1::ListCheckpointsResponse>, Status> {
        let query = HistoryQuery::try_from(request.into_inner()).map_err(refusal::malformed)?;
        let (origin, from, limit) = (&query.origin, query.from_epoch, MAX_CHECKPOINTS);
        let notes = self.ledger.notes(origin, from, limit).await.map_err(refusal::read)?;
        Ok(Response::new(v1::ListCheckpointsResponse { notes }))
    }

    async fn get_roof(
        &self,
        request: Request<v1::GetRoofRequest>,
    ) -> Result<Response<v1::GetRoofResponse>, Status> {
        let of_peer = Turns::of_peer(&request)?;
        let query = RoofQuery::try_from(request.into_inner()).map_err(refusal::malformed)?;
        self.begun(query.epoch)?;
        let turn = self.shards.take(of_peer).await?;
        let roof = self.ledger.roof(&query.origin, query.epoch).await.map_err(refusal::read)?;
        Ok(turn.answer((&roof).into()))
    }

    async fn get_shard(
        &self,
        request: Request<v1::GetShardRequest>,
    ) -> Result<Response<v1::GetShardResponse>, Status> {
        let of_peer = Turns::of_peer(&request)?;
        let query = ShardQuery::try_from(request.into_inner()).map_err(refusal::malformed)?;
        self.begun(query.epoch)?;
        let turn = self.shards.take(of_peer).await?;
        let shard = self.ledger.shard(&query.origin, query.epoch, query.shard).await;
        Ok(turn.answer((&shard.map_err(refusal::read)?).into()))
    }

    async fn get_projects(
        &self,
        request: Request<v1::GetProjectsRequest>,
    ) -> Result<Response<v1::GetProjectsResponse>, Status> {
        let of_peer = Turns::of_peer(&request)?;
        let turn = self.shards.take(of_peer).await?;
        let note = self.ledger.projects_note().await.map_err(|error| refusal::store(&error))?;
        Ok(turn.answer(v1::GetProjectsResponse { note }))
    }

    async fn append(
        &self,
        request: Request<v1::AppendRequest>,
    ) -> Result<Response<v1::AppendResponse>, Status> {
        self.append_and_wait(request).await
    }

    async fn list_grants(
        &self,
        request: Request<v1::ListGrantsRequest>,
    ) -> Result<Response<v1::ListGrantsResponse>, Status> {
        self.grants_again(request).await
    }

    async fn submit_claim(
        &self,
        request: Request<v1::SubmitClaimRequest>,
    ) -> Result<Response<v1::SubmitClaimResponse>, Status> {
        let none = || Status::failed_precondition("this ledger takes no claims");
        let batcher = self.claims.as_ref().ok_or_else(none)?;
        let claim = Claim::try_from(request.into_inner()).map_err(refusal::malformed)?;
        let verified = batcher.check(claim.clone()).await.inspect_err(|status| {
            let ours = matches!(status.code(), Code::Internal | Code::Unavailable);
            claimed(if ours { "failed" } else { "refused" });
        })?;
        // The time is read again, because the claim may have expired while it waited.
        let clock = self.clock.clone();
        let outcome = self.ledger.claim_by(&verified, &claim, move || clock()).await;
        claimed(match &outcome {
            Ok(ClaimOutcome::Admitted { .. }) => "admitted",
            Ok(ClaimOutcome::Spent { .. }) => "spent",
            Err(ClaimError::Store(error)) => {
                self.watch.failed(error);
                "failed"
            }
            Err(_) => "refused",
        });
        let outcome = outcome.map_err(refusal::claim)?;
        Ok(Response::new((&outcome).into()))
    }
}
