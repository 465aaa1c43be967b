//! What a user is told while a wallet waits for a ledger.

use std::sync::Arc;

use serde_json::json;
use wufu_wallet::{
    Sources,
    endpoint::patience::{BusyWait, OnWait},
};

use crate::output::{Output, duration};

/// Says that a ledger is busy, and when it is asked again.
pub fn waits(output: Output) -> OnWait {
    Arc::new(move |wait: &BusyWait| {
        let BusyWait { endpoint, refused, time, left } = wait;
        let text = format!(
            "{endpoint} is busy; asking again in {}, for {} at most",
            duration(*time),
            duration(*left)
        );
        let fields = json!({
            "place": endpoint, "refused": refused, "seconds": time.as_secs_f64(), "left": left.as_secs_f64(),
        });
        output.note("busy", text, fields);
    })
}

/// Says whom the wallet asks, before it waits for the answers.
pub fn reading(what: &str, sources: &Sources, output: Output) {
    let ledger = sources.ledger.name();
    let text = format!("reading {what} from {ledger}; each answer may take up to 60 s");
    output.note("reading", text, json!({ "what": what, "ledger": ledger, "limit_seconds": 60 }));
}
