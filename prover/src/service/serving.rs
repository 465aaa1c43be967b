//! What every role does alike: connections, health, reflection, and an end that is told beforehand.

use std::{future::Future, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::oneshot,
    time::timeout,
};
use tokio_stream::Stream;
use tonic::{
    service::Routes,
    transport::server::{Connected, Server},
};
use tonic_health::{ServingStatus, server::health_reporter};
use wufu_proto::DESCRIPTORS;

use super::{Limits, ServeError, admission::Admission, connection};

/// What a role says and takes, besides its calls.
pub(super) struct Role {
    /// Its service's full name.
    pub(super) name: &'static str,
    /// Calls at the same time over one connection, health and reflection included.
    pub(super) streams: u32,
    /// What a connection, and a call, may have sent that nobody has read, in bytes.
    pub(super) windows: (u32, u32),
}

/// Serves these routes until `shutdown`. Then nobody is admitted any more, who waits is sent away, and what has begun is
/// finished within the grace time.
pub(super) async fn serve<IO, E>(
    incoming: impl Stream<Item = Result<IO, E>>,
    routes: Routes,
    role: Role,
    (limits, admission): (&Limits, &Admission),
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError>
where
    IO: AsyncRead + AsyncWrite + Connected + Unpin + Send + 'static,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (health, health_service) = health_reporter();
    health.set_service_status(role.name, ServingStatus::Serving).await;
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            // Only what is served here: the descriptions hold the other roles, too.
            .with_service_name(role.name)
            .with_service_name("grpc.health.v1.Health")
    };

    let (end, ending) = oneshot::channel::<()>();
    let incoming = connection::bounded(incoming, limits.connections, limits.greeting);
    let (connection_window, stream_window) = role.windows;
    let serving = Server::builder()
        .http2_keepalive_interval(Some(Duration::from_secs(30)))
        .http2_keepalive_timeout(Some(Duration::from_secs(10)))
        .http2_max_header_list_size(16 * 1024)
        .initial_connection_window_size(connection_window)
        .initial_stream_window_size(stream_window)
        .max_concurrent_streams(role.streams)
        .add_routes(routes)
        .add_service(health_service)
        .add_service(reflection().build_v1()?)
        .add_service(reflection().build_v1alpha()?)
        .serve_with_incoming_shutdown(incoming, async {
            // A sender that is gone says the same.
            let _ = ending.await;
        });
    tokio::pin!(serving);
    tokio::select! {
        served = &mut serving => return Ok(served?),
        () = shutdown => {}
    }

    tracing::info!("ending: nobody is admitted any more");
    admission.close();
    for service in [role.name, ""] {
        health.set_service_status(service, ServingStatus::NotServing).await;
    }
    // Ends the streams of those who watch: else they would be waited for.
    let mut health = health;
    for service in [role.name, ""] {
        health.clear_service_status(service).await;
    }
    let _ = end.send(());
    match timeout(limits.grace, serving).await {
        Ok(served) => Ok(served?),
        // A connection that somebody keeps open is no work.
        Err(_) if !admission.busy() => Ok(()),
        Err(_) => {
            admission.stop();
            Err(ServeError::Grace(limits.grace))
        }
    }
}
