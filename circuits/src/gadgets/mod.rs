//! What statements and nouns are made of: the hash, ranges, and membership in a tree. A gadget lays rows and knows no
//! statement.

pub mod path;
pub mod poseidon;
pub mod range;
