//! Parses, dispatches, prints one error chain, and turns the outcome into an exit code.

fn main() {}
