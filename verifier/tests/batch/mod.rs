//! Batches: the same verdict as one by one, whatever is wrong and wherever it stands, and never at
//! a cost that somebody else can set.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod logs;
mod poison;
mod scene;
mod simulate;
mod verdicts;
