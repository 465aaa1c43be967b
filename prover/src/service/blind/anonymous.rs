//! That nothing in a request says who sent it.

use tonic::{Request, Status, metadata::KeyRef};
use wufu_serve::Peer;

/// What gRPC itself sends. Everything else is refused: `authorization`, `cookie`, `x-forwarded-for`, a trace's id would each be
/// something by which a client is known here and at the other server.
const ALLOWED: [&str; 6] =
    ["te", "content-type", "user-agent", "grpc-timeout", "grpc-encoding", "grpc-accept-encoding"];

/// Takes the connection's one job, when nothing says whose it is.
pub(super) fn begin<T>(request: &Request<T>) -> Result<(), Status> {
    let job = request.extensions().get::<Peer>();
    if !job.ok_or_else(|| Status::internal("a call without a connection"))?.begin() {
        return Err(Status::failed_precondition(
            "this connection has had its one job: two would be known to be one client's",
        ));
    }
    for key in request.metadata().keys() {
        let name = match key {
            KeyRef::Ascii(name) => name.as_str(),
            KeyRef::Binary(name) => name.as_str(),
        };
        if !ALLOWED.contains(&name) {
            return Err(Status::invalid_argument(format!(
                "the request carries {name}: this role takes nothing by which a client is known"
            )));
        }
    }
    Ok(())
}
