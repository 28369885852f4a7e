//! What the platform team's own objects come to: figures of objectives, surveys, the roadmap and its
//! personas, and wins. Objects are read elsewhere, and statuses are written elsewhere.

pub mod objective;
pub mod persona;
pub mod roadmap;
pub mod survey;
pub mod wins;
