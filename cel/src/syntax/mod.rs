//! From source to a tree: CEL's grammar and its macros. Knows neither types nor values.
//!
//! The parser bounds length, size and depth while it reads, and records the offset of every node. It
//! accepts the same sources as the API server's parser.

pub(crate) mod ast;
mod cursor;
mod grammar;
mod lexer;
mod literal;
mod macros;
mod names;

pub(crate) use grammar::parse;
pub(crate) use names::names_of_variables;
