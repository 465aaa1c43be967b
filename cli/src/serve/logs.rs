//! The log of a service: which lines it has, and that SIGHUP can change that.

use tracing_subscriber::{
    Layer as _, filter::Targets, fmt, layer::SubscriberExt as _, reload,
    util::SubscriberInitExt as _,
};

use super::reload::Reload;
use crate::output::{self, Output};

/// Parses what to log.
pub fn filter(text: &str) -> Result<Targets, String> {
    text.parse().map_err(|_| {
        "expected a level (off, error, warn, info, debug, trace), or levels by crate, such as \
         info,wufu_prover=debug"
            .to_owned()
    })
}

/// Starts the log on standard error.
pub fn start(wanted: Targets, output: Output, reload: &Reload) {
    let (wanted, handle) = reload::Layer::new(wanted);
    let lines = fmt::layer().with_writer(std::io::stderr).with_ansi(output::has_colour());
    let lines = if output.is_json() { lines.json().boxed() } else { lines.boxed() };
    tracing_subscriber::registry().with(lines.with_filter(wanted)).init();
    reload.register(&["log"], move |settings| {
        if let Some(text) = settings.values("log").first().and_then(|text| text.to_str()) {
            handle.reload(filter(text).map_err(anyhow::Error::msg)?)?;
        }
        Ok(())
    });
}
