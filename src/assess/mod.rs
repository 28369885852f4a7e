//! The judgement: pure functions of objects and `now`. No clock, no IO, no client, and no failure
//! the caller cannot act on. Every surface (labels, status, events, metrics, page, commands)
//! reads its answers from here, so that no two of them can disagree.

pub mod defaults;
pub mod quantity;
pub mod source;
pub mod state;
