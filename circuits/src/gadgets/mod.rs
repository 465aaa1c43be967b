//! The building blocks of statements: the hash, ranges, and membership in a tree. A gadget lays
//! rows and knows no statement.

pub mod path;
pub mod poseidon;
pub mod range;
