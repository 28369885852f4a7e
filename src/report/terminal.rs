//! Reports for a terminal: tables, one workload explained, shares, and text made safe to show.
//! Everything here is a function from a document to text; writing it is the screen's work.

pub mod plain;
pub mod share;
pub(in crate::report) mod table;
pub mod text;
pub mod why;
