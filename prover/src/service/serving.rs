//! What every role does alike: it is served until it is told to end, and then its workers finish.

use futures_util::future::BoxFuture;
use wufu_serve::{Incoming, Service, ServiceEnd};

use super::{admission::Admission, error::ServeError, limits::Limits};

/// Serves until `shutdown`. Then nobody is admitted any more, requests that wait are refused, and work that has begun is
/// finished within the grace time.
pub(super) async fn serve(
    incoming: Incoming,
    service: Service,
    (limits, admission): (&Limits, &Admission),
    shutdown: BoxFuture<'_, ()>,
) -> Result<(), ServeError> {
    let mut transport = limits.serve.clone();
    // A request has no more time to arrive than to be answered.
    transport.receive = transport.receive.min(limits.time);
    let close = Box::new(|| admission.close());
    match wufu_serve::serve(incoming, service, &transport, shutdown, close).await? {
        ServiceEnd::Cut { .. } if admission.busy() => {
            admission.stop();
            Err(ServeError::Grace(transport.grace))
        }
        _ => Ok(()),
    }
}
