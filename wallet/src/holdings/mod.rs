//! What a wallet holds: how it is named, taken in, looked for in a log, and shown.

pub mod item;
pub mod receive;
pub(crate) mod renew;
pub mod status;
