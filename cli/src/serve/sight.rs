//! How an operator sees a service: its log and its metrics.

use std::{net::SocketAddr, path::PathBuf};

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use serde_json::json;
use tokio::net::TcpListener;
use tracing_subscriber::{
    Layer as _, filter::Targets, fmt, layer::SubscriberExt as _, reload,
    util::SubscriberInitExt as _,
};
use wufu_serve::metrics::{self, EndpointLimits};

use super::{log_file::LogFile, reload::Reload};
use crate::{
    listen,
    output::{self, Output},
};

/// Options of every service that say how it can be seen.
#[derive(Args, Clone, Debug)]
pub struct SightArgs {
    /// What to log on standard error: a level, or levels by crate, such as info,wufu_prover=debug.
    /// A witness is never logged
    #[arg(
        long,
        global = true,
        default_value = "info",
        value_name = "FILTER",
        value_parser = filter
    )]
    log: Targets,
    /// Log lines for people, or one JSON object per line. Without it, JSON if --json is given
    #[arg(long, global = true, value_name = "FORMAT")]
    log_format: Option<LogFormat>,
    /// Append the log to this file instead of standard error. SIGHUP opens the file again, so that
    /// it can be moved away
    #[arg(long, global = true, value_name = "FILE")]
    log_file: Option<PathBuf>,
    /// Serve metrics and probes over HTTP on this address and port: /metrics, /healthz and
    /// /readyz. There is neither TLS nor a token, so beyond loopback use a network that only
    /// the operator reaches
    #[arg(
        long,
        global = true,
        value_name = "ADDRESS:PORT",
        value_parser = listen::address
    )]
    metrics: Option<SocketAddr>,
}

/// What a line of the log looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    /// For people.
    Text,
    /// One JSON object.
    Json,
}

/// Parses what to log.
fn filter(text: &str) -> Result<Targets, String> {
    text.parse().map_err(|_| {
        "expected a level (off, error, warn, info, debug, trace), or levels by crate, such as \
         info,wufu_prover=debug"
            .to_owned()
    })
}

impl SightArgs {
    /// Begins to log. SIGHUP can change what is logged, and opens the log file again.
    ///
    /// # Errors
    /// Returns an error if the file cannot be opened.
    pub fn begin_log(&self, output: Output, reload: &Reload) -> anyhow::Result<()> {
        let (wanted, handle) = reload::Layer::new(self.log.clone());
        let is_json = self.log_format.map_or(output.is_json(), |format| format == LogFormat::Json);
        let file = self.log_file.as_deref().map(LogFile::open).transpose();
        let file = file.context("--log-file")?;
        // Colours are for terminals, and never in a file.
        let lines = fmt::layer().with_ansi(file.is_none() && !is_json && output::has_colour());
        let lines = match (&file, is_json) {
            (None, false) => lines.with_writer(std::io::stderr).boxed(),
            (None, true) => lines.with_writer(std::io::stderr).json().boxed(),
            (Some(file), false) => lines.with_writer(file.clone()).boxed(),
            (Some(file), true) => lines.with_writer(file.clone()).json().boxed(),
        };
        tracing_subscriber::registry().with(lines.with_filter(wanted)).init();
        if let Some(file) = file {
            reload.register(&[], move |_| {
                match file.reopen() {
                    Ok(()) => tracing::info!("SIGHUP: opened the log file again"),
                    Err(error) => tracing::error!(%error, "SIGHUP: the old log file stays"),
                }
                Ok(())
            });
        }
        reload.register(&["log"], move |settings| {
            if let Some(text) = settings.values("log").first().and_then(|text| text.to_str()) {
                handle.reload(filter(text).map_err(anyhow::Error::msg)?)?;
            }
            Ok(())
        });
        Ok(())
    }

    /// Begins to record metrics, and serves them until the process ends.
    ///
    /// # Errors
    /// Returns an error if the address cannot be listened on.
    pub async fn begin_metrics(&self, output: Output) -> anyhow::Result<()> {
        let Some(address) = self.metrics else { return Ok(()) };
        let listener = TcpListener::bind(address).await;
        let listener = listener.with_context(|| format!("--metrics {address}"))?;
        let address = listener.local_addr()?;
        if !address.ip().is_loopback() {
            tracing::warn!(%address, "metrics are served beyond loopback, without TLS or a token");
        }
        let exporter = metrics::install()?;
        tokio::spawn(metrics::serve(listener, exporter, EndpointLimits::default()));
        let url = format!("http://{address}/metrics");
        output.note("metrics", format_args!("metrics on {url}"), json!({ "url": url }));
        output::check()
    }
}
