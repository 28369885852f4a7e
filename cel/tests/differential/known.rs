//! Differences that stay, each with the reason. docs/cel.md lists the same.

use goldenpath_cel::EvalError;

use crate::oracle::Verdict;

pub fn listed(source: &str, verdict: &Verdict) -> bool {
    // `variables` without a name is a value on the server only.
    let bare = source.match_indices("variables").any(|(at, name)| {
        let after = source[at + name.len()..].trim_start();
        !after.starts_with('.')
    });
    // A panic of the server ends the whole evaluation; here it is an error that `||` may absorb.
    let panics = verdict.values.iter().any(|outcome| {
        let error = outcome.error.as_deref();
        error.is_some_and(|error| error.starts_with("internal error: "))
    });
    let dense: String = source.chars().filter(|c| !c.is_whitespace()).collect();
    let lone_comma = dense.contains("[,]") || dense.contains("{,}");
    bare || panics || lone_comma
}

/// Whether an error here says that a quantity is beyond 10²⁹, which the server calculates with.
pub fn too_large(error: &EvalError) -> bool {
    let error = error.to_string();
    error == "quantity is too large" || error == "unable to parse numeric part of quantity"
}
