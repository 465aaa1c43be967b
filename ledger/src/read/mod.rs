//! Reading a ledger: what everybody fetches, the grants of what was appended for people, and sums.
//! Also reading without the ledger's lock.

pub(crate) mod grant;
pub(crate) mod reader;
pub(crate) mod shard;
pub(crate) mod totals;
