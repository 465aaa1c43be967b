//! Where services are reached, and how they say so.

use serde_json::json;

use crate::{
    listen::Listener,
    output::{self, Output},
};

/// The prover's usual port.
pub const PROVER_PORT: u16 = 7181;
/// The ledger's usual port.
pub const LEDGER_PORT: u16 = 7182;
/// The dealer's usual port.
pub const DEALER_PORT: u16 = 7183;
/// The evaluator's usual port.
pub const EVALUATOR_PORT: u16 = 7184;

/// Says where a role listens.
pub fn listening(role: &str, listener: &Listener, output: Output) -> anyhow::Result<()> {
    let url = listener.url()?;
    output.result(
        "listening",
        format_args!("{role} on {url}"),
        json!({ "role": role, "url": url }),
    );
    // Whoever waits for this line would wait for ever.
    output::check()
}
