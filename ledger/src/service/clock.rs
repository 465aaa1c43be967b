//! The service's clock.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

/// Returns the time in Unix seconds.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// The computer's clock.
pub fn system_clock() -> Clock {
    Arc::new(|| SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
}
