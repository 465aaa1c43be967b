//! What the operators of logs sign, and which of it counts at a time.

pub mod checkpoint;
pub mod history;
pub mod notes;
pub mod signed_note;
