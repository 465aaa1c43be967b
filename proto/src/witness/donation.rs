//! The witness of a donation.

use wufu_circuits::{DonationInstance, DonationWitness, Ownership, tree};
use wufu_verifier::{Amount, Fr, Policy, ProjectKey, Record, Scope, Time, encoding::field};

use super::{bytes, children, path, secret, spend_key};
use crate::{error::ConvertError, read, v1};

/// Reads a witness and the policy that it must meet.
pub(super) fn read(
    message: &v1::DonationWitness,
) -> Result<(DonationInstance, Policy), ConvertError> {
    let sk = spend_key(&message.sk)?;
    let ownership = Ownership {
        receipt: read::element("receipt", &message.receipt)?,
        rcm: read::element("rcm", &message.rcm)?,
    };
    let record = Record {
        project: ProjectKey::from_u64(message.project_key)
            .map_err(|_| secret("project key", "institution and project, each from 1"))?,
        amount: Amount::new(message.amount).map_err(|_| secret("amount", "below 2^48"))?,
        time: Time::new(message.time).map_err(|_| secret("time", "below 2^40"))?,
        own: ownership.own(sk.public_key()),
    };
    let place = path(&message.path)?;
    let policy = Policy::try_from(read::some("policy", message.policy.as_ref())?)?;
    let scope = Scope(read::element("scope", &message.scope)?);
    let ext = read::element("ext", &message.ext)?;
    // A project outside the set has no path. Any path will do then: the check names clause D6.
    let member = tree::set_path(&policy.projects, record.project).unwrap_or_default();
    let mut witness =
        DonationWitness::new(&sk, (&record, &ownership), place, (&policy, member), ext);
    witness.set_root = policy.projects.root();
    Ok((witness.into_instance(scope), policy))
}

impl From<(&DonationInstance, &Policy)> for v1::DonationWitness {
    /// A number that does not fit the record becomes one that every reader refuses.
    fn from((instance, policy): (&DonationInstance, &Policy)) -> Self {
        let witness = &instance.private;
        let integer = |value: &Fr| field::to_u64(value).unwrap_or(u64::MAX);
        Self {
            sk: bytes(&witness.sk),
            project_key: integer(&witness.project_key),
            amount: integer(&witness.amount),
            time: integer(&witness.time),
            receipt: bytes(&witness.receipt),
            rcm: bytes(&witness.rcm),
            path: children(&witness.path),
            policy: Some(policy.into()),
            scope: bytes(&instance.public.scope),
            ext: bytes(&witness.ext),
        }
    }
}
