//! Text for a terminal: tables, the explanation of one workload, shares, and escaping. Functions from
//! a document to text; `commands` writes it.

pub mod plain;
mod progress;
pub mod share;
pub mod summary;
pub(in crate::report) mod table;
pub mod text;
pub mod why;
