//! What a wallet holds: names of items, taking them in, looking for them in their logs, and their
//! status.

pub mod item;
pub mod receive;
pub(crate) mod renew;
pub mod status;
