//! What is read of a ledger: what everybody fetches, what people get for what was appended for
//! them, sums; and reading a ledger without its lock.

pub(crate) mod grant;
pub(crate) mod reader;
pub(crate) mod shard;
pub(crate) mod totals;
