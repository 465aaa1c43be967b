//! Comparisons with what the verifier asked.

use ark_bn254::Fr;

use crate::{
    check::error::VerifyError,
    log::{history::LogHistory, name::Log},
};

/// Checks that a history is of a log of the campaign.
pub(super) fn is_log(history: &LogHistory, org: &str, log: Log) -> Result<(), VerifyError> {
    let expected = log.origin(org);
    if history.origin() == expected {
        return Ok(());
    }
    Err(VerifyError::Log { got: history.origin().into(), expected })
}

/// Checks that a public input is what the verifier asked for.
pub(super) fn asked(input: &'static str, got: Fr, expected: Fr) -> Result<(), VerifyError> {
    if got == expected { Ok(()) } else { Err(VerifyError::NotAsked { input }) }
}
