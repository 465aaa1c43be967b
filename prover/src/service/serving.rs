//! What every role has in common: it is served until it is told to stop, and then its workers
//! finish.

use futures_util::future::BoxFuture;
use wufu_serve::{Incoming, Service, ServiceEnd};

use super::{admission::Admission, error::ServeError, limits::Limits};

/// Serves until `shutdown` resolves. Then no request is admitted any more, waiting requests are
/// refused, and requests in flight finish within the grace time.
pub(super) async fn serve(
    incoming: Incoming,
    service: Service,
    (limits, admission): (&Limits, &Admission),
    shutdown: BoxFuture<'_, ()>,
) -> Result<(), ServeError> {
    let mut transport = limits.serve.clone();
    // A request may not take longer to arrive than it may take in total.
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
