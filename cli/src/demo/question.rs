//! The question of the demo's verifier.

use std::path::Path;

use rand::{RngCore as _, rngs::OsRng};
use wufu_proto::v1;
use wufu_verifier::{
    Amount, KeyId, Policy, ProjectSet, ProofRequest, Time, check::request::Question,
    statement::policy::Bounds,
};

use crate::files;

/// What the answer is for.
const PURPOSE: &str = "tax relief";

/// A question about a donation of at least `min` to any project, to be signed. It expires after a
/// day.
pub(super) fn question(
    origin: &str,
    projects: &ProjectSet,
    key_id: KeyId,
    min: Amount,
    now: u64,
) -> anyhow::Result<Question> {
    let mut challenge = [0; 32];
    OsRng.fill_bytes(&mut challenge);
    Ok(Question {
        purpose: PURPOSE.into(),
        origin: origin.into(),
        policy: Policy {
            projects: projects.clone(),
            amount: Bounds::amounts(min, Amount::MAX)?,
            time: Bounds::times(Time::MIN, Time::MAX)?,
        },
        challenge,
        expiry: now + 86_400,
        key_ids: vec![key_id],
    })
}

/// Writes a request to a file.
pub(super) fn write_request(path: &Path, request: &ProofRequest) -> anyhow::Result<()> {
    files::write_message(path, &v1::ProofRequest::from(request), false)
}
