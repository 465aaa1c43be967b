//! The signals that a service reacts to.

use std::future::Future;

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
};

use super::log_file::LogFile;

/// Tells whether the process was asked to end. All clones tell the same.
#[derive(Clone, Debug)]
pub struct Signals(watch::Receiver<bool>);

impl Signals {
    /// Catches SIGINT, SIGTERM and SIGHUP from here on. No signal is lost, whenever it comes.
    /// SIGHUP opens the log file again.
    ///
    /// # Errors
    /// Returns an error if the system refuses a handler.
    pub fn install(log: Option<LogFile>) -> anyhow::Result<Self> {
        let interrupt = signal(SignalKind::interrupt())?;
        let terminate = signal(SignalKind::terminate())?;
        let hangup = signal(SignalKind::hangup())?;
        let (end, told) = watch::channel(false);
        tokio::spawn(async move {
            listen(interrupt, terminate, hangup, log).await;
            end.send_replace(true);
            // Keeps the value for those who ask later.
            end.closed().await;
        });
        Ok(Self(told))
    }

    /// Completes when the process gets SIGINT or SIGTERM, or if it got one before.
    pub fn told_to_end(&self) -> impl Future<Output = ()> + Send + 'static + use<> {
        let mut told = self.0.clone();
        async move {
            // If the sender is gone, the process ends too.
            let _ = told.wait_for(|told| *told).await;
        }
    }
}

/// Waits for SIGINT or SIGTERM. SIGHUP opens the log file again, which may have been moved. There
/// are no settings in files to read again, but without a handler it would kill the process.
async fn listen(
    mut interrupt: Signal,
    mut terminate: Signal,
    mut hangup: Signal,
    log: Option<LogFile>,
) {
    loop {
        tokio::select! {
            _ = interrupt.recv() => return,
            _ = terminate.recv() => return,
            _ = hangup.recv() => {
                if let Some(log) = &log {
                    match log.reopen() {
                        Ok(()) => tracing::info!("SIGHUP: opened the log file again"),
                        Err(error) => tracing::error!(%error, "SIGHUP: the old log file stays"),
                    }
                }
                tracing::info!(
                    "SIGHUP: nothing was reloaded; restart the service to change its settings"
                );
            }
        }
    }
}
