//! Comparisons with what was asked.

use ark_bn254::Fr;

use crate::{
    check::error::VerifyError,
    log::{history::LogHistory, name::Log},
};

/// A history is that of a log of the campaign.
pub(super) fn is_log(history: &LogHistory, org: &str, log: Log) -> Result<(), VerifyError> {
    let expected = log.origin(org);
    if history.origin() == expected {
        return Ok(());
    }
    Err(VerifyError::Log { got: history.origin().into(), expected })
}

/// A public input is what was asked for.
pub(super) fn asked(input: &'static str, got: Fr, expected: Fr) -> Result<(), VerifyError> {
    if got == expected { Ok(()) } else { Err(VerifyError::NotAsked { input }) }
}
