//! From source text to a tree: CEL's grammar and its macros, nothing about types or values.
//!
//! A parser of our own, so that length, size and depth are bounded while reading and every node
//! knows its place. It accepts what the API server's parser accepts.

pub(crate) mod ast;
mod cursor;
mod grammar;
mod lexer;
mod literal;
mod macros;
mod names;

pub(crate) use grammar::parse;
pub(crate) use names::names_of_variables;
