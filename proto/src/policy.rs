//! Conversions of policies.

use wufu_verifier::{
    Amount, Policy, ProjectKey, ProjectSet, Time,
    statement::policy::{Bounds, PolicyError},
};

use crate::{error::ConvertError, read, v1};

impl TryFrom<&v1::Policy> for Policy {
    type Error = ConvertError;

    fn try_from(message: &v1::Policy) -> Result<Self, ConvertError> {
        let keys = &message.project_keys;
        read::count("projects", keys.len(), 1, ProjectSet::PLACES)?;
        if !keys.is_sorted_by(|one, next| one < next) {
            return Err(PolicyError::Order.into());
        }
        let keys: Result<Vec<_>, _> = keys.iter().map(|key| ProjectKey::from_u64(*key)).collect();
        let (amount_min, amount_max) =
            (Amount::new(message.amount_min)?, Amount::new(message.amount_max)?);
        let (time_min, time_max) = (Time::new(message.time_min)?, Time::new(message.time_max)?);
        Ok(Self {
            projects: ProjectSet::new(keys?)?,
            amount: Bounds::amounts(amount_min, amount_max)?,
            time: Bounds::times(time_min, time_max)?,
        })
    }
}

impl TryFrom<v1::Policy> for Policy {
    type Error = ConvertError;

    fn try_from(message: v1::Policy) -> Result<Self, ConvertError> {
        Self::try_from(&message)
    }
}

impl From<&Policy> for v1::Policy {
    fn from(policy: &Policy) -> Self {
        Self {
            project_keys: policy.projects.keys().iter().map(|key| key.to_u64()).collect(),
            amount_min: policy.amount.min().minor(),
            amount_max: policy.amount.max().minor(),
            time_min: policy.time.min().seconds(),
            time_max: policy.time.max().seconds(),
        }
    }
}
