//! The addresses of services, and how a service prints its own.

use serde_json::json;

use super::notify;
use crate::{
    listen::Listener,
    output::{self, Output},
};

/// The prover's default port.
pub const PROVER_PORT: u16 = 7181;
/// The ledger's default port.
pub const LEDGER_PORT: u16 = 7182;
/// The dealer's default port.
pub const DEALER_PORT: u16 = 7183;
/// The evaluator's default port.
pub const EVALUATOR_PORT: u16 = 7184;

/// Prints where a role listens.
pub fn listening(role: &str, listener: &Listener, output: Output) -> anyhow::Result<()> {
    let url = listener.url()?;
    output.result(
        "listening",
        format_args!("{role} on {url}"),
        json!({ "role": role, "url": url }),
    );
    // Without this check, whoever waits for the line could wait for ever.
    output::check()?;
    notify::ready();
    Ok(())
}
