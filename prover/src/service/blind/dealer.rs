//! The dealer's gRPC call.

use std::{
    sync::{Arc, atomic::Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

use rand::rngs::OsRng;
use tokio::time::{Instant, timeout_at};
use tonic::{Request, Response, Status};
use wufu_delegation::LIFE;
use wufu_proto::{
    blind::{Deal, DealtTokens},
    v1::{self, dealer_service_server::DealerService},
};
use wufu_serve::metrics;
use wufu_verifier::CircuitId;

use super::{
    anonymous,
    roles::{ByKey, CancelOnDrop, ended},
};
use crate::{
    blind::Dealer,
    service::{admission::Admission, deadline::deadline, limits::Limits, refusal},
};

/// What all calls share.
#[derive(Clone)]
pub(super) struct DealerHandler {
    dealers: ByKey<Dealer>,
    limits: Limits,
    admission: Arc<Admission>,
}

impl DealerHandler {
    pub(super) fn new(dealers: ByKey<Dealer>, limits: Limits, admission: Arc<Admission>) -> Self {
        Self { dealers, limits, admission }
    }

    async fn dealt(
        &self,
        request: Request<v1::DealRequest>,
        circuit: &mut Option<CircuitId>,
    ) -> Result<DealtTokens, Status> {
        anonymous::begin(&request)?;
        let deadline = deadline(&request, self.limits.time);
        let deal = Deal::try_from(request.into_inner());
        let deal = deal.map_err(|error| refusal::malformed(&error))?;
        let dealer = self.dealers.get(&deal.key_id).ok_or_else(|| refusal::unknown(deal.key_id))?;
        let dealer = dealer.clone();
        let name = dealer.shape().circuit();
        *circuit = Some(name.id());
        let came = Instant::now();
        let worker = self.admission.admit(deadline).await?;
        let began = Instant::now();
        metrics::queue_wait(began - came);
        let gone = CancelOnDrop::default();
        let (left, admission) = (gone.0.clone(), self.admission.clone());
        let go_on = move || {
            !left.load(Ordering::Relaxed) && !admission.stopped() && Instant::now() < deadline
        };
        let work = worker.run(move || deal_all(&dealer, deal.count, go_on));
        let done = timeout_at(deadline, work).await.map_err(|_| refusal::late())?;
        let dealt = done.map_err(|_| Status::internal("the dealer failed"))??;
        self.admission.took(began.elapsed());
        metrics::stage(name.as_str(), "deal", began.elapsed());
        metrics::jobs(name.as_str(), "token", dealt.0.len() as u64);
        Ok(dealt)
    }
}

/// A worker's part: makes the tokens. Before each token it checks that the caller still waits.
fn deal_all(
    dealer: &Dealer,
    count: usize,
    go_on: impl Fn() -> bool,
) -> Result<DealtTokens, Status> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_err(|_| Status::internal("the dealer's clock is before 1970"))?.as_secs();
    let token = |_| {
        if !go_on() {
            return Err(Status::cancelled("the caller no longer waits for the tokens"));
        }
        let token = dealer.deal(&mut OsRng, now.saturating_add(LIFE));
        let token = token.map_err(|error| {
            tracing::error!(%error, "could not make a token");
            Status::internal("the dealer failed")
        })?;
        Ok(token.encode())
    };
    Ok(DealtTokens((0..count).map(token).collect::<Result<_, _>>()?))
}

#[tonic::async_trait]
impl DealerService for DealerHandler {
    async fn deal(
        &self,
        request: Request<v1::DealRequest>,
    ) -> Result<Response<v1::DealResponse>, Status> {
        let mut circuit = None;
        let dealt = self.dealt(request, &mut circuit).await;
        ended(circuit, &dealt);
        Ok(Response::new(dealt?.into()))
    }
}
