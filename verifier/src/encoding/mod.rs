//! How values are encoded: field elements, canonical bytes, and texts that people read.

pub mod canonical;
pub mod decimal;
pub mod field;
pub mod hex;
pub mod readable;
pub mod text;
