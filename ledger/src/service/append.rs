//! The operator's calls: appending for people, and listing their grants again. The gate has checked
//! the operator's token before a request arrives here.

use std::ops::Range;

use tonic::{Request, Response, Status};
use wufu_circuits::Address;
use wufu_proto::{
    append::{Append, AppendOutcome},
    v1,
};
use wufu_serve::{AuthorisedCall, RequestCharge};

use super::{handler::Handler, limits::MAX_APPEND, refusal, watch::appended};
use crate::{AppendError, GrantError, Log};

impl Handler {
    /// Appends entries, and answers when the next checkpoint covers them, because only then is
    /// there a path. The entries are durable before that, whatever happens to the answer.
    pub(super) async fn append_and_wait(
        &self,
        mut request: Request<v1::AppendRequest>,
    ) -> Result<Response<v1::AppendResponse>, Status> {
        AuthorisedCall::of(&request)?;
        let charged = RequestCharge::of(&mut request);
        let request = request.into_inner();
        let entries = request.cards.len() + request.persons.len() + request.donations.len();
        if entries > MAX_APPEND {
            let text = format!("{entries} entries, expected at most {MAX_APPEND}");
            return Err(Status::invalid_argument(text));
        }
        let what = Append::try_from(request).map_err(refusal::malformed)?;
        let (mut closed, mut stopping) = (self.ledger.closed(), self.stopping.clone());
        let placed = self.ledger.append(what).await.map_err(|error| {
            if let AppendError::Store(error) = &error {
                self.watch.failed(error);
            }
            refusal::append(error)
        })?;
        appended(Log::Cards, length(&placed.cards));
        appended(Log::Persons, length(&placed.persons));
        appended(Log::DONATIONS, length(&placed.donations));
        // The request is no longer needed, and the wait may take as long as an epoch. Others need
        // the memory.
        if let Some(charged) = charged {
            charged.release();
        }
        loop {
            match self.ledger.grants(&placed).await {
                Ok(appended) => return Ok(Response::new((&appended).into())),
                Err(GrantError::NotYet { .. }) if !*stopping.borrow() => {}
                Err(GrantError::NotYet { .. }) => return Err(later()),
                Err(error) => return Err(refusal::grant(error)),
            }
            tokio::select! {
                // If the sender is gone, there is nothing more to wait for.
                closed = closed.changed() => closed.map_err(|_| later())?,
                _ = stopping.changed() => return Err(later()),
            }
        }
    }

    /// Lists everything that was appended for an address.
    pub(super) async fn grants_again(
        &self,
        request: Request<v1::ListGrantsRequest>,
    ) -> Result<Response<v1::ListGrantsResponse>, Status> {
        AuthorisedCall::of(&request)?;
        let address = request.into_inner().address;
        let address = address.ok_or_else(|| Status::invalid_argument("address is missing"))?;
        let address = Address::try_from(&address).map_err(refusal::malformed)?;
        self.ledger.is_ours(&address).map_err(refusal::append)?;
        let grants: AppendOutcome =
            self.ledger.grants_of(address.pk).await.map_err(refusal::grant)?;
        Ok(Response::new(v1::ListGrantsResponse { grants: Some((&grants).into()) }))
    }
}

fn length(range: &Range<u64>) -> u64 {
    range.end.saturating_sub(range.start)
}

fn later() -> Status {
    Status::unavailable(
        "everything was appended, but the ledger stops before the next checkpoint: call ListGrants",
    )
}
