//! SIGHUP: configuration and certificates are read again while the service runs.

use std::sync::{Arc, Mutex, PoisonError};

use crate::{configuration::Settings, output};

/// Applies new settings to a part of the service.
type Apply = Box<dyn FnMut(&Settings) -> anyhow::Result<()> + Send>;

/// What a running service can change.
struct Part {
    /// The options whose new values it applies.
    options: &'static [&'static str],
    apply: Apply,
}

/// The settings of the running service, and the parts of it that can change. All clones are one.
#[derive(Clone)]
pub struct Reload(Arc<Mutex<Running>>);

struct Running {
    settings: Settings,
    parts: Vec<Part>,
}

impl Reload {
    /// A service that was started with these settings.
    pub fn new(settings: Settings) -> Self {
        Self(Arc::new(Mutex::new(Running { settings, parts: Vec::new() })))
    }

    /// Registers what a SIGHUP does for `options`. `apply` is called at every SIGHUP, because files
    /// that the settings name can have new contents. If it fails, it must have changed nothing.
    pub fn register(
        &self,
        options: &'static [&'static str],
        apply: impl FnMut(&Settings) -> anyhow::Result<()> + Send + 'static,
    ) {
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        running.parts.push(Part { options, apply: Box::new(apply) });
    }

    /// Reads the settings again, applies what can change, and names in the log what cannot. If the
    /// settings cannot be read, the old ones stay; certificates are read again all the same.
    pub fn now(&self) {
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Running { settings, parts } = &mut *running;
        let new = match settings.read_again() {
            Ok(new) => new,
            Err(error) => {
                let error = output::chain(&error);
                tracing::error!("SIGHUP: the old settings stay: {error}");
                settings.clone()
            }
        };
        let changed: Vec<String> = settings.changed(&new).into_iter().map(str::to_owned).collect();
        let mut applied = Vec::new();
        for part in parts {
            match (part.apply)(&new) {
                Ok(()) => applied.extend(part.options),
                Err(error) => {
                    let (options, error) = (part.options.join(", "), output::chain(&error));
                    tracing::error!("SIGHUP: the old {options} stays in force: {error}");
                }
            }
        }
        settings.take(&new, &applied);
        let is_applied = |name: &&String| applied.contains(&name.as_str());
        let (now, later): (Vec<_>, Vec<_>) = changed.iter().partition(is_applied);
        let names = |names: &[&String]| {
            names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ")
        };
        let known = if now.is_empty() { "nothing".to_owned() } else { names(&now) };
        tracing::info!("SIGHUP: settings were read again; changed: {known}");
        if !later.is_empty() {
            tracing::warn!("SIGHUP: restart to change: {}", names(&later));
        }
    }
}
