//! Waiting, so that two things a wallet does are not seen to be one after the other.

use std::{fmt, sync::Arc, time::Duration};

use rand::{Rng as _, rngs::OsRng};

/// How long a wallet waits between looking up, asking a dealer, another one, an evaluator, another
/// one, proving at home after that, and showing the proof: a random time each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delay(Duration);

impl Delay {
    /// Not at all: for trials on one machine, where nobody is hidden from anybody.
    pub const NONE: Self = Self(Duration::ZERO);

    /// Up to this.
    pub const fn up_to(most: Duration) -> Self {
        Self(most)
    }

    /// The longest that one of the waits can be.
    pub const fn most(self) -> Duration {
        self.0
    }

    /// A random part of it.
    pub(super) fn draw(self) -> Duration {
        if self.0.is_zero() { self.0 } else { self.0.mul_f64(OsRng.gen_range(0.0..=1.0)) }
    }
}

impl Default for Delay {
    /// Up to half a minute.
    fn default() -> Self {
        Self(Duration::from_secs(30))
    }
}

/// Before what a wallet waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitReason {
    /// Before the next dealer is asked.
    NextDealer,
    /// Before masks are used that were fetched just now.
    UseMasks,
    /// Before an evaluator is asked.
    Evaluator,
    /// Before the wallet's own engine proves, after an evaluator failed.
    Local,
    /// Before the proof is handed over.
    Show,
}

impl WaitReason {
    /// Its name, for machines.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NextDealer => "next dealer",
            Self::UseMasks => "use masks",
            Self::Evaluator => "evaluator",
            Self::Local => "local",
            Self::Show => "show",
        }
    }

    /// What the wallet is about to do.
    pub const fn before(self) -> &'static str {
        match self {
            Self::NextDealer => "asking the next dealer",
            Self::UseMasks => "using the masks that were just fetched",
            Self::Evaluator => "asking the evaluator",
            Self::Local => "proving in the wallet",
            Self::Show => "handing over the proof",
        }
    }

    /// Why it waits.
    pub const fn why(self) -> &'static str {
        match self {
            Self::NextDealer => {
                "so that two dealers cannot tell from the time that one wallet asked both"
            }
            Self::UseMasks => {
                "so that the dealer cannot tell from the time which proof its masks are for"
            }
            Self::Evaluator => {
                "so that whoever saw the ledger being read, or another server being asked, cannot tell from the time that it was this wallet"
            }
            Self::Local => {
                "so that the evaluator that failed cannot recognise the proof by its time"
            }
            Self::Show => {
                "so that whoever sees the proof cannot tell from the time which servers helped to make it"
            }
        }
    }
}

/// What a wallet that proves blind does that takes time.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BlindStep {
    /// It waits on purpose.
    Wait {
        /// Before what.
        reason: WaitReason,
        /// How long.
        time: Duration,
    },
    /// It asks a server.
    Ask {
        /// "dealer" or "evaluator".
        role: &'static str,
        /// Where that is.
        endpoint: String,
        /// How long the answer may take.
        limit: Duration,
    },
}

/// Is told of each step before it begins.
pub type OnStep = Arc<dyn Fn(BlindStep) + Send + Sync>;

/// Who is told, if anybody.
#[derive(Clone, Default)]
pub(super) struct StepListener(pub(super) Option<OnStep>);

impl StepListener {
    pub(super) fn tell(&self, step: BlindStep) {
        if let Some(told) = &self.0 {
            told(step);
        }
    }
}

impl fmt::Debug for StepListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "StepListener(..)" } else { "StepListener(none)" })
    }
}
