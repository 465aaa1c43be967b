//! What is printed while a wallet waits for a ledger.

use std::sync::Arc;

use serde_json::json;
use wufu_wallet::{
    Sources,
    endpoint::patience::{BusyWait, OnWait},
};

use crate::output::{Output, duration};

/// Prints that a ledger is busy, and when the wallet asks again.
pub fn waits(output: Output) -> OnWait {
    Arc::new(move |wait: &BusyWait| {
        let BusyWait { endpoint, refused, time, left } = wait;
        let text = format!(
            "{endpoint} is busy; asking again in {}, and giving up after {}",
            duration(*time),
            duration(*left)
        );
        let fields = json!({
            "place": endpoint, "refused": refused,
            "seconds": time.as_secs_f64(), "left": left.as_secs_f64(),
        });
        output.note("busy", text, fields);
    })
}

/// Prints which ledger the wallet asks, before it waits for the answers.
pub fn reading(what: &str, sources: &Sources, output: Output) {
    let ledger = sources.ledger.name();
    let text = format!("reading {what} from {ledger}; each answer may take up to 60 s");
    output.note("reading", text, json!({ "what": what, "ledger": ledger, "limit_seconds": 60 }));
}
