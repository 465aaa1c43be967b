//! What the operators of logs sign, and which of it counts at a given time.

pub mod checkpoint;
pub mod directory;
pub mod history;
pub mod name;
pub mod notes;
pub mod receipt;
pub mod signed_note;
