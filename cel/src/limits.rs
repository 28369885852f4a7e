//! The bounds of an expression at compile time and at run time, all in one place. Other rooms
//! enforce them.

/// Longest source, in bytes. Kubernetes allows more, but a check of this length is a program, not a
/// rule.
pub const MAX_SOURCE_BYTES: usize = 8 * 1024;

/// Deepest nesting of an expression. The API server's parser allows 250. Readable checks stay below
/// 30, and the recursion must fit a small stack in debug builds too.
pub const MAX_DEPTH: u16 = 120;

/// Deepest nesting of an expression together with the variables it uses.
pub const MAX_CHAIN_DEPTH: u16 = 240;

/// Most nodes of one parsed expression.
pub const MAX_NODES: u32 = 4_000;

/// Deepest nesting of comprehensions (`all`, `map`, …) within one expression.
pub const MAX_FOLD_DEPTH: u16 = 6;

/// Most work of the type checker for one expression, in visited type nodes. The length of the source
/// does not bound it, because types can double with every line (`{a: a}`).
pub const MAX_CHECK_WORK: u32 = 400_000;

/// Most steps of one expression: the API server's per-call limit, in units of about the same size (a
/// selected field, an iteration, ten bytes of text).
pub const MAX_STEPS: u64 = 1_000_000;

/// Most steps of all expressions on one object: the API server's budget for one policy.
pub const MAX_OBJECT_STEPS: u64 = 10_000_000;

/// Most bytes that the values of all expressions on one object may hold at the same time. Values
/// borrowed from the object do not count.
pub const MAX_OBJECT_BYTES: usize = 16 * 1024 * 1024;

/// Longest text an expression may build, in bytes.
pub const MAX_TEXT_BYTES: usize = 1024 * 1024;

/// Most elements of a list or map an expression may build.
pub const MAX_ELEMENTS: usize = 131_072;

/// Memory a compiled pattern may take, in bytes.
pub const MAX_PATTERN_BYTES: usize = 1024 * 1024;

/// Most patterns compiled at run time that one evaluation caches.
pub const MAX_CACHED_PATTERNS: usize = 16;
