//! The donations that a verifier accepts: a set of projects, and bounds of amount and time.

use alloc::{boxed::Box, collections::BTreeSet, sync::Arc, vec::Vec};
use core::fmt;

use ark_bn254::Fr;
use once_cell::race::OnceBox;

use crate::{
    encoding::canonical::{CanonicalError, Reader, Writer},
    hash::{
        domain::Domain,
        merkle::{self, SET_DEPTH},
        poseidon::{hash3, hash4},
    },
    statement::record::{Amount, ProjectKey, Record, RecordError, Time},
};

/// Errors from reading or building a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PolicyError {
    /// The set has no projects.
    EmptySet,
    /// The set has more projects than places.
    LargeSet {
        /// The number of projects.
        got: usize,
    },
    /// The keys of an encoded set are not in strictly ascending order.
    Order,
    /// The keys of an encoded set are not eight bytes each.
    SetLength {
        /// The number of bytes.
        got: usize,
    },
    /// The lower bound is above the upper one.
    Bounds {
        /// `amount` or `time`.
        field: &'static str,
        /// The lower bound.
        min: u64,
        /// The upper bound.
        max: u64,
    },
    /// A number is out of range.
    Record(RecordError),
    /// The bytes are malformed.
    Canonical(CanonicalError),
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmptySet => write!(f, "set has 0 projects, expected 1 to {}", ProjectSet::PLACES),
            Self::LargeSet { got } => {
                write!(f, "set has {got} projects, expected 1 to {}", ProjectSet::PLACES)
            }
            Self::Order => write!(f, "set is not in strictly ascending order"),
            Self::SetLength { got } => write!(f, "set is {got} bytes, expected a multiple of 8"),
            Self::Bounds { field, min, max } => {
                write!(f, "{field} bounds are {min} to {max}, expected the lower one first")
            }
            Self::Record(error) => error.fmt(f),
            Self::Canonical(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for PolicyError {}

impl From<RecordError> for PolicyError {
    fn from(error: RecordError) -> Self {
        Self::Record(error)
    }
}

impl From<CanonicalError> for PolicyError {
    fn from(error: CanonicalError) -> Self {
        Self::Canonical(error)
    }
}

/// A set of 1 to 4,096 projects: sorted, without duplicates. A set of one project discloses it, a
/// set of all hides it.
///
/// Clones share what was computed.
#[derive(Clone)]
pub struct ProjectSet(Arc<Members>);

struct Members {
    keys: Vec<ProjectKey>,
    /// Computed when it is first needed. A verifier compares every answer with its own set; the
    /// roots of other people's requests are never needed.
    root: OnceBox<Fr>,
}

impl PartialEq for ProjectSet {
    fn eq(&self, other: &Self) -> bool {
        self.keys() == other.keys()
    }
}

impl Eq for ProjectSet {}

impl fmt::Debug for ProjectSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ProjectSet").field(&self.keys()).finish()
    }
}

impl ProjectSet {
    /// The number of places in the set's tree.
    pub const PLACES: usize = 1 << (2 * SET_DEPTH);

    /// Creates the set of these projects, in any order and with any duplicates.
    ///
    /// # Errors
    /// Returns an error if there is none, or there are more than [`ProjectSet::PLACES`].
    ///
    /// # Cost
    /// No hash: the root is computed when it is first needed.
    pub fn new(keys: impl IntoIterator<Item = ProjectKey>) -> Result<Self, PolicyError> {
        let keys: BTreeSet<ProjectKey> = keys.into_iter().collect();
        match keys.len() {
            0 => Err(PolicyError::EmptySet),
            got if got > Self::PLACES => Err(PolicyError::LargeSet { got }),
            _ => {
                let (keys, root) = (keys.into_iter().collect(), OnceBox::new());
                Ok(Self(Arc::new(Members { keys, root })))
            }
        }
    }

    /// The members, in ascending order.
    pub fn keys(&self) -> &[ProjectKey] {
        &self.0.keys
    }

    /// Returns whether a project is a member.
    pub fn contains(&self, key: ProjectKey) -> bool {
        self.keys().binary_search(&key).is_ok()
    }

    /// Returns the leaves of the tree before it is filled, and the value that fills it: the last
    /// member.
    pub fn leaves(&self) -> (Vec<Fr>, Fr) {
        filled(self.keys())
    }

    /// Computes `set_root`, the root of the tree over the members. The last one is repeated to fill
    /// it.
    ///
    /// # Cost
    /// A third of a hash for each project, once for a set and its clones.
    pub fn root(&self) -> Fr {
        let made = || {
            let (leaves, last) = self.leaves();
            // A set never holds more than fits, so there always is a root.
            Box::new(merkle::root_from(&leaves, last, SET_DEPTH).unwrap_or_default())
        };
        *self.0.root.get_or_init(made)
    }
}

fn filled(keys: &[ProjectKey]) -> (Vec<Fr>, Fr) {
    let leaves: Vec<Fr> = keys.iter().map(|key| Fr::from(key.to_u64())).collect();
    let last = leaves.last().copied().unwrap_or_default();
    (leaves, last)
}

/// An interval that includes both ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds<T> {
    min: T,
    max: T,
}

impl<T: Copy + PartialOrd> Bounds<T> {
    /// Returns whether a value lies inside.
    pub fn contains(&self, value: T) -> bool {
        self.min <= value && value <= self.max
    }

    /// The lower end.
    pub fn min(&self) -> T {
        self.min
    }

    /// The upper end.
    pub fn max(&self) -> T {
        self.max
    }
}

impl Bounds<Amount> {
    /// Every amount.
    pub const ANY_AMOUNT: Self = Self { min: Amount::MIN, max: Amount::MAX };

    /// Creates the bounds from `min` to `max`.
    ///
    /// # Errors
    /// Returns an error if they are swapped.
    pub fn amounts(min: Amount, max: Amount) -> Result<Self, PolicyError> {
        if min > max {
            let (min, max) = (min.minor(), max.minor());
            return Err(PolicyError::Bounds { field: "amount", min, max });
        }
        Ok(Self { min, max })
    }
}

impl Bounds<Time> {
    /// Every time.
    pub const ANY_TIME: Self = Self { min: Time::MIN, max: Time::MAX };

    /// Creates the bounds from `min` to `max`.
    ///
    /// # Errors
    /// Returns an error if they are swapped.
    pub fn times(min: Time, max: Time) -> Result<Self, PolicyError> {
        if min > max {
            let (min, max) = (min.seconds(), max.seconds());
            return Err(PolicyError::Bounds { field: "time", min, max });
        }
        Ok(Self { min, max })
    }
}

/// The donations that a verifier accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The accepted projects.
    pub projects: ProjectSet,
    /// The accepted amounts.
    pub amount: Bounds<Amount>,
    /// The accepted times.
    pub time: Bounds<Time>,
}

impl Policy {
    /// Returns whether a public record meets the policy.
    pub fn admits(&self, record: &Record) -> bool {
        self.projects.contains(record.project)
            && self.amount.contains(record.amount)
            && self.time.contains(record.time)
    }

    /// Computes the public input `H(D_POL, set_root, H(amt_min, amt_max, t_min, t_max))`.
    ///
    /// # Cost
    /// Two hashes, and the root of the set if nothing needed it before.
    pub fn hash(&self) -> Fr {
        let bounds = hash4([
            self.amount.min.minor().into(),
            self.amount.max.minor().into(),
            self.time.min.seconds().into(),
            self.time.max.seconds().into(),
        ]);
        hash3([Domain::Pol.value(), self.projects.root(), bounds])
    }

    /// Encodes the policy.
    ///
    /// # Shapes
    /// Canonical bytes of five fields: the keys (u64 little-endian each, ascending), lower and
    /// upper amount, lower and upper time.
    pub fn encode(&self) -> Vec<u8> {
        let keys: Vec<u8> =
            self.projects.keys().iter().flat_map(|key| key.to_u64().to_le_bytes()).collect();
        Writer::new()
            .bytes(&keys)
            .u64(self.amount.min.minor())
            .u64(self.amount.max.minor())
            .u64(self.time.min.seconds())
            .u64(self.time.max.seconds())
            .finish()
    }

    /// Decodes a policy.
    ///
    /// # Errors
    /// Returns an error if the bytes are not what [`Policy::encode`] writes for some policy.
    pub fn decode(bytes: &[u8]) -> Result<Self, PolicyError> {
        let mut reader = Reader::new(bytes, 5)?;
        let set = reader.bytes("projects")?;
        let mut bound = |field| reader.u64(field);
        let (amount_min, amount_max) = (bound("amount_min")?, bound("amount_max")?);
        let (time_min, time_max) = (bound("time_min")?, bound("time_max")?);
        reader.finish()?;

        let (chunks, []) = set.as_chunks::<8>() else {
            return Err(PolicyError::SetLength { got: set.len() });
        };
        if chunks.len() > ProjectSet::PLACES {
            return Err(PolicyError::LargeSet { got: chunks.len() });
        }
        let keys = chunks
            .iter()
            .map(|chunk| ProjectKey::from_u64(u64::from_le_bytes(*chunk)))
            .collect::<Result<Vec<_>, _>>()?;
        if !keys.is_sorted_by(|one, next| one < next) {
            return Err(PolicyError::Order);
        }
        Ok(Self {
            projects: ProjectSet::new(keys)?,
            amount: Bounds::amounts(Amount::new(amount_min)?, Amount::new(amount_max)?)?,
            time: Bounds::times(Time::new(time_min)?, Time::new(time_max)?)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(project: u32) -> ProjectKey {
        ProjectKey::new(1, project).unwrap()
    }

    fn policy() -> Policy {
        Policy {
            projects: ProjectSet::new([key(3), key(1), key(2)]).unwrap(),
            amount: Bounds::amounts(Amount::new(1).unwrap(), Amount::new(10).unwrap()).unwrap(),
            time: Bounds::ANY_TIME,
        }
    }

    /// Rows of docs/failures.md: 38.
    #[test]
    fn order_and_repetition_do_not_change_a_set() {
        let shuffled = ProjectSet::new([key(2), key(3), key(1), key(3)]).unwrap();
        assert_eq!(shuffled.root(), policy().projects.root());
        let filled: Vec<Fr> = [1, 2]
            .into_iter()
            .chain(core::iter::repeat_n(3, 4094))
            .map(|project| key(project).to_u64().into())
            .collect();
        assert_eq!(Some(shuffled.root()), merkle::root(&filled, SET_DEPTH));
    }

    /// Anybody who sent a request, signed by a key of their own, made its reader build the tree:
    /// 1,365 hashes for an answer that nobody wanted.
    #[test]
    fn a_set_is_hashed_on_demand_and_once_for_all_copies() {
        let policy = Policy::decode(&policy().encode()).unwrap();
        let copy = policy.clone();
        assert!(policy.projects.0.root.get().is_none());
        let root = copy.projects.root();
        assert_eq!(policy.projects.0.root.get(), Some(&root));
        // A set equals another by its members, hashed or not.
        assert_eq!(Policy::decode(&policy.encode()), Ok(copy));
    }

    /// Rows of docs/failures.md: 13.
    #[test]
    fn swapped_and_wide_bounds_are_refused() {
        let (low, high) = (Amount::new(1).unwrap(), Amount::new(2).unwrap());
        assert!(matches!(Bounds::amounts(high, low), Err(PolicyError::Bounds { .. })));
        let (low, high) = (Time::new(1).unwrap(), Time::new(2).unwrap());
        assert!(matches!(Bounds::times(high, low), Err(PolicyError::Bounds { .. })));
        let wide = Writer::new()
            .bytes(&key(1).to_u64().to_le_bytes())
            .u64(0)
            .u64(1 << 48)
            .u64(0)
            .u64(1)
            .finish();
        assert!(matches!(Policy::decode(&wide), Err(PolicyError::Record(_))));
    }

    /// Rows of docs/failures.md: 5.
    #[test]
    fn only_what_encode_writes_is_read() {
        let bytes = policy().encode();
        assert_eq!(Policy::decode(&bytes), Ok(policy()));
        for end in 0..bytes.len() {
            assert!(Policy::decode(&bytes[..end]).is_err());
        }
        let set = |projects: &[u32]| {
            let keys: Vec<u8> =
                projects.iter().flat_map(|p| key(*p).to_u64().to_le_bytes()).collect();
            Writer::new().bytes(&keys).u64(0).u64(1).u64(0).u64(1).finish()
        };
        assert!(Policy::decode(&set(&[1, 2])).is_ok());
        assert_eq!(Policy::decode(&set(&[2, 1])), Err(PolicyError::Order));
        assert_eq!(Policy::decode(&set(&[1, 1])), Err(PolicyError::Order));
        assert_eq!(Policy::decode(&set(&[])), Err(PolicyError::EmptySet));
    }

    #[test]
    fn a_set_has_room_for_4096() {
        assert!(ProjectSet::new((1..=4096).map(key)).is_ok());
        let large = ProjectSet::new((1..=4097).map(key));
        assert_eq!(large, Err(PolicyError::LargeSet { got: 4097 }));
    }
}
