//! What the operator may do: appending for people, and giving their grants again. The gate has seen the operator's token before
//! a request comes here.

use tonic::{Request, Response, Status};
use wufu_circuits::Address;
use wufu_proto::{
    append::{Append, AppendOutcome},
    v1,
};
use wufu_serve::{AuthorisedCall, RequestCharge};

use super::{handler::Handler, limits::MAX_APPEND, refusal};
use crate::GrantError;

impl Handler {
    /// Appends, and answers when the next checkpoint covers what was appended: only then is there a path. What is appended is
    /// durable before, whatever becomes of the answer.
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
        let placed = self.ledger.append(what).await.map_err(refusal::append)?;
        // The entries are gone, and the wait may take as long as an epoch: others need the bytes.
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
                // Of a sender that is gone there is no more to wait for.
                closed = closed.changed() => closed.map_err(|_| later())?,
                _ = stopping.changed() => return Err(later()),
            }
        }
    }

    /// Everything that was appended for an address.
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

fn later() -> Status {
    Status::unavailable(
        "everything was appended, but the ledger ends before the next checkpoint: ask ListGrants",
    )
}
