//! What is signed: the tally after the newest transaction, and at the end of each epoch the tally
//! with the hash of the summary before.

use std::cmp::Ordering;

use wufu_verifier::{encoding::hex::Hex, log::signed_note::LogKey};

use super::{
    summary_error::SummaryError,
    tally::{Part, Tally, unhex},
};

/// The signed state after the newest transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SignedState {
    /// The number of the newest summary.
    pub(crate) after: u64,
    pub(crate) tally: Tally,
}

impl SignedState {
    /// # Shapes
    /// `ORG/state`, `after summary N`, and [`Tally::text`].
    pub(super) fn text(&self, org: &str) -> String {
        format!("{org}/state\nafter summary {}\n{}", self.after, self.tally.text())
    }

    /// Reads a state that was signed by `key`.
    pub(crate) fn open(key: &LogKey, note: &str) -> Option<Self> {
        let text = key.open(note).ok()?;
        let rest = text.strip_prefix(key.name())?.strip_prefix("/state\nafter summary ")?;
        let (after, tally) = rest.split_once('\n')?;
        let state = Self { after: after.parse().ok()?, tally: Tally::parse(tally)? };
        (state.text(key.name()) == text).then_some(state)
    }

    /// How this state from the database is behind the one in the file, or contradicts it. `None` if
    /// it is neither, or if the file is not a signed state and so proves nothing.
    ///
    /// Every transaction adds rows. So the later of two states has more rows in some part, and
    /// fewer in none.
    pub(crate) fn lost(&self, key: &LogKey, file: Option<&str>) -> Option<SummaryError> {
        let file = Self::open(key, file?)?;
        Part::ALL.into_iter().find_map(|part| {
            let (got, expected) = (self.tally.chain(part), file.tally.chain(part));
            let (part, got, expected, same) =
                (part.name(), got.rows, expected.rows, got.hash == expected.hash);
            match got.cmp(&expected) {
                Ordering::Less => Some(SummaryError::Older { part, got, expected }),
                Ordering::Equal if !same => Some(SummaryError::OtherState { part }),
                _ => None,
            }
        })
    }
}

/// The state at the end of an epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Summary {
    /// Counted from 0. Summary 0 is signed when the ledger is made, or when it is migrated from the
    /// first release.
    pub(crate) number: u64,
    /// The epoch in which it was signed. 0 in summary 0 of a migrated ledger, and in summaries of
    /// older releases.
    pub(crate) epoch: u64,
    /// The BLAKE3 hash of the previous summary's note; zeros in the first summary.
    pub(crate) previous: [u8; 32],
    pub(crate) tally: Tally,
}

impl Summary {
    /// # Shapes
    /// `ORG/summary`, `number N`, `epoch E`, `previous HASH`, and [`Tally::text`].
    pub(super) fn text(&self, org: &str) -> String {
        let Self { number, epoch, previous, tally } = self;
        let previous = Hex(previous);
        format!(
            "{org}/summary\nnumber {number}\nepoch {epoch}\nprevious {previous}\n{}",
            tally.text()
        )
    }

    /// Reads a summary that was signed by `key`.
    pub(crate) fn open(key: &LogKey, note: &str) -> Option<Self> {
        let text = key.open(note).ok()?;
        let rest = text.strip_prefix(key.name())?.strip_prefix("/summary\nnumber ")?;
        let (number, rest) = rest.split_once("\nepoch ")?;
        let (epoch, rest) = rest.split_once("\nprevious ")?;
        let (previous, tally) = rest.split_once('\n')?;
        let (number, epoch) = (number.parse().ok()?, epoch.parse().ok()?);
        let summary =
            Self { number, epoch, previous: unhex(previous)?, tally: Tally::parse(tally)? };
        (summary.text(key.name()) == text).then_some(summary)
    }
}
