//! The signals that a service hears.

use std::future::Future;

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
};

/// Whether the process was told to end. Cheap to clone: every clone hears the same.
#[derive(Clone, Debug)]
pub struct Signals(watch::Receiver<bool>);

impl Signals {
    /// Hears SIGINT, SIGTERM and SIGHUP from here on. None is lost, whenever it comes.
    ///
    /// # Errors
    /// Returns an error if the system refuses a handler.
    pub fn install() -> anyhow::Result<Self> {
        let interrupt = signal(SignalKind::interrupt())?;
        let terminate = signal(SignalKind::terminate())?;
        let hangup = signal(SignalKind::hangup())?;
        let (end, told) = watch::channel(false);
        tokio::spawn(async move {
            listen(interrupt, terminate, hangup).await;
            end.send_replace(true);
            // Whoever asks later is told, too.
            end.closed().await;
        });
        Ok(Self(told))
    }

    /// Ends when the process is told to, or was told before: by SIGINT or SIGTERM.
    pub fn told_to_end(&self) -> impl Future<Output = ()> + Send + 'static + use<> {
        let mut told = self.0.clone();
        async move {
            // A sender that is gone says the same.
            let _ = told.wait_for(|told| *told).await;
        }
    }
}

/// Waits for SIGINT or SIGTERM. SIGHUP asks other services to read their settings again; ours have
/// none in files, and its default is to kill.
async fn listen(mut interrupt: Signal, mut terminate: Signal, mut hangup: Signal) {
    loop {
        tokio::select! {
            _ = interrupt.recv() => return,
            _ = terminate.recv() => return,
            _ = hangup.recv() => {
                tracing::info!("SIGHUP: nothing was reloaded; restart the service to change its settings");
            }
        }
    }
}
