//! Random waits, so that nobody can link two actions of a wallet by their time.

use std::{fmt, sync::Arc, time::Duration};

use rand::{Rng as _, rngs::OsRng};

/// How long a wallet waits between reading the ledger, asking each dealer, asking each evaluator,
/// proving by itself after a failure, and showing the proof. Each wait is a random time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delay(Duration);

impl Delay {
    /// No wait: for trials on one machine, where there is nothing to hide.
    pub const NONE: Self = Self(Duration::ZERO);

    /// Random waits up to this time.
    pub const fn up_to(most: Duration) -> Self {
        Self(most)
    }

    /// The longest time of a single wait.
    pub const fn most(self) -> Duration {
        self.0
    }

    /// A random time up to the longest.
    pub(super) fn draw(self) -> Duration {
        if self.0.is_zero() { self.0 } else { self.0.mul_f64(OsRng.gen_range(0.0..=1.0)) }
    }
}

impl Default for Delay {
    /// Waits of up to half a minute.
    fn default() -> Self {
        Self(Duration::from_secs(30))
    }
}

/// What a wallet waits for, on purpose.
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
    /// The name, for programs.
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
                "so that whoever saw a wallet read the ledger or ask another server cannot tell \
                 from the time that it was this one"
            }
            Self::Local => {
                "so that the evaluator that failed cannot recognise the proof by its time"
            }
            Self::Show => {
                "so that whoever sees the proof cannot tell from the time which servers helped to \
                 make it"
            }
        }
    }
}

/// A slow step of blind proving.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BlindStep {
    /// The wallet waits on purpose.
    Wait {
        /// What it waits for.
        reason: WaitReason,
        /// How long it waits.
        time: Duration,
    },
    /// The wallet asks a server.
    Ask {
        /// "dealer" or "evaluator".
        role: &'static str,
        /// The server's address.
        endpoint: String,
        /// The time limit for the answer.
        limit: Duration,
    },
}

/// A callback that is called before each step.
pub type OnStep = Arc<dyn Fn(BlindStep) + Send + Sync>;

/// The callback, if there is one.
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
