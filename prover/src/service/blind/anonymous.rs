//! Checks that nothing in a request identifies its sender.

use tonic::{Request, Status, metadata::KeyRef};
use wufu_serve::{
    Peer,
    metrics::{Reason, refused},
};

/// What gRPC itself sends. All other metadata is refused. For example, `authorization`, `cookie`,
/// `x-forwarded-for` or a trace id could link a client's calls here with its calls to the other
/// server.
const ALLOWED: [&str; 6] =
    ["te", "content-type", "user-agent", "grpc-timeout", "grpc-encoding", "grpc-accept-encoding"];

/// Starts the connection's only job, if nothing in the request identifies the client.
pub(super) fn begin<T>(request: &Request<T>) -> Result<(), Status> {
    let job = request.extensions().get::<Peer>();
    if !job.ok_or_else(|| Status::internal("a call without a connection"))?.begin() {
        refused(Reason::Linkable);
        return Err(Status::failed_precondition(
            "this connection has already carried its one job: a second would link both to one \
             client",
        ));
    }
    for key in request.metadata().keys() {
        let name = match key {
            KeyRef::Ascii(name) => name.as_str(),
            KeyRef::Binary(name) => name.as_str(),
        };
        if !ALLOWED.contains(&name) {
            refused(Reason::Linkable);
            return Err(Status::invalid_argument(format!(
                "the request carries {name}: this role accepts no metadata that could identify a \
                 client"
            )));
        }
    }
    Ok(())
}
