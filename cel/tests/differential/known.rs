//! Accepted differences, each with its reason. docs/cel.md lists the same.

use goldenpath_cel::EvalError;

use crate::oracle::Verdict;

pub fn listed(source: &str, verdict: &Verdict) -> bool {
    // `variables` without a name is a value on the server only.
    let bare = source.match_indices("variables").any(|(at, name)| {
        let after = source[at + name.len()..].trim_start();
        !after.starts_with('.')
    });
    // The server panics, which ends the whole evaluation. Here `||` may absorb the error.
    let panics = verdict.values.iter().any(|outcome| {
        let error = outcome.error.as_deref();
        error.is_some_and(|error| error.starts_with("internal error: "))
    });
    let dense: String = source.chars().filter(|c| !c.is_whitespace()).collect();
    let lone_comma = dense.contains("[,]") || dense.contains("{,}");
    bare || panics || lone_comma
}

/// Whether an error here is about a quantity beyond 10²⁹, which the server supports.
pub fn too_large(error: &EvalError) -> bool {
    let error = error.to_string();
    error == "quantity is too large" || error == "unable to parse numeric part of quantity"
}
