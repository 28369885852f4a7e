//! The bounds of an expression, before and while it runs.
//!
//! One place for all of them, so that a reader sees at a glance what an expression may cost at
//! most. Nothing here decides anything; the rooms that enforce a bound name it.

/// Longest source accepted, in bytes. Kubernetes itself allows more; a check of this length is a
/// program, not a rule.
pub const MAX_SOURCE_BYTES: usize = 8 * 1024;

/// Deepest nesting of an expression. The API server's own parser goes to 250; a check that people
/// read stays below 30, and recursion must fit a small stack in debug builds too.
pub const MAX_DEPTH: u16 = 120;

/// Deepest chain of parts through an expression and the variables it uses.
pub const MAX_CHAIN_DEPTH: u16 = 240;

/// Most nodes of one parsed expression.
pub const MAX_NODES: u32 = 4_000;

/// Deepest nesting of comprehensions (`all`, `map`, …) within one expression.
pub const MAX_FOLD_DEPTH: u16 = 6;

/// Most work of the type checker for one expression, in visited type nodes. Types can double with
/// every line (`{a: a}`), so this is counted and not derived from the source's length.
pub const MAX_CHECK_WORK: u32 = 400_000;

/// Most steps of one evaluation of one expression; the API server's per-call limit, in units of
/// about the same size (a selected field, an iteration, ten bytes of text).
pub const MAX_STEPS: u64 = 1_000_000;

/// Most steps of all expressions run on one object, as the API server's budget for one policy.
pub const MAX_OBJECT_STEPS: u64 = 10_000_000;

/// Most memory that the values of all expressions on one object may hold at one time, in bytes.
/// What an expression reads from the object is borrowed and costs nothing.
pub const MAX_OBJECT_BYTES: usize = 16 * 1024 * 1024;

/// Longest text an expression may build, in bytes.
pub const MAX_TEXT_BYTES: usize = 1024 * 1024;

/// Most elements of a list or map an expression may build.
pub const MAX_ELEMENTS: usize = 131_072;

/// Memory a compiled pattern may take, in bytes.
pub const MAX_PATTERN_BYTES: usize = 1024 * 1024;

/// Patterns made while evaluating that one evaluation keeps compiled.
pub const MAX_CACHED_PATTERNS: usize = 16;
