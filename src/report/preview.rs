//! What a draft would change, in words: a golden path against the live cluster, and an exception.

pub mod exception;
pub mod path;
