//! Waiting, so that two things a wallet does are not seen to be one after the other.

use std::time::Duration;

use rand::{Rng as _, rngs::OsRng};

/// How long a wallet waits between looking up, asking a dealer, another one, an evaluator, another one, proving at home after that,
/// and showing the proof: a random time each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delay(Duration);

impl Delay {
    /// Not at all: for trials on one machine, where nobody is hidden from anybody.
    pub const NONE: Self = Self(Duration::ZERO);

    /// Up to this.
    pub const fn up_to(most: Duration) -> Self {
        Self(most)
    }

    pub(super) async fn wait(self) {
        if !self.0.is_zero() {
            let part = OsRng.gen_range(0.0..=1.0);
            tokio::time::sleep(self.0.mul_f64(part)).await;
        }
    }
}

impl Default for Delay {
    /// Up to half a minute.
    fn default() -> Self {
        Self(Duration::from_secs(30))
    }
}
