//! The signals that a service reacts to.

use std::future::Future;

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
};

/// Tells whether the process was asked to end, or to reload. All clones tell the same.
#[derive(Clone, Debug)]
pub struct Signals {
    told: watch::Receiver<bool>,
    // How often SIGHUP came.
    hangups: watch::Receiver<u64>,
}

impl Signals {
    /// Catches SIGINT, SIGTERM and SIGHUP from here on. No signal is lost, whenever it comes.
    ///
    /// # Errors
    /// Returns an error if the system refuses a handler.
    pub fn install() -> anyhow::Result<Self> {
        let interrupt = signal(SignalKind::interrupt())?;
        let terminate = signal(SignalKind::terminate())?;
        let hangup = signal(SignalKind::hangup())?;
        let (end, told) = watch::channel(false);
        let (hung_up, hangups) = watch::channel(0);
        tokio::spawn(async move {
            listen(interrupt, terminate, hangup, hung_up).await;
            end.send_replace(true);
            // Keeps the value for those who ask later.
            end.closed().await;
        });
        Ok(Self { told, hangups })
    }

    /// Calls this at each SIGHUP from now on. Several that come while it runs are one.
    pub fn on_hangup(&self, reload: impl Fn() + Clone + Send + 'static) {
        let mut hangups = self.hangups.clone();
        hangups.mark_unchanged();
        tokio::spawn(async move {
            while hangups.changed().await.is_ok() {
                // It reads files. If it panicked, nothing could be done about it here.
                let _ = tokio::task::spawn_blocking(reload.clone()).await;
            }
        });
    }

    /// Completes when the process gets SIGINT or SIGTERM, or if it got one before.
    pub fn told_to_end(&self) -> impl Future<Output = ()> + Send + 'static + use<> {
        let mut told = self.told.clone();
        async move {
            // If the sender is gone, the process ends too.
            let _ = told.wait_for(|told| *told).await;
        }
    }
}

/// Waits for SIGINT or SIGTERM, and counts each SIGHUP, which would kill a process without a
/// handler.
async fn listen(
    mut interrupt: Signal,
    mut terminate: Signal,
    mut hangup: Signal,
    hung_up: watch::Sender<u64>,
) {
    loop {
        tokio::select! {
            _ = interrupt.recv() => return,
            _ = terminate.recv() => return,
            _ = hangup.recv() => hung_up.send_modify(|count| *count += 1),
        }
    }
}
